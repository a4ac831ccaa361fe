"""Variants from tables and lists."""

from __future__ import annotations

import cyvcf2
import numpy as np
import pandas as pd
import pysam
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import Variant
from enhancer_variants.io import VariantRecord
from enhancer_variants.io.tables import (
    records_from_frame,
    records_from_items,
    records_from_text_table,
)


def read(text):
    return list(records_from_text_table(iter(text.splitlines(keepends=True)), "list.tsv"))


def cells(record):
    return record.contig, record.position, record.id, record.ref, record.alts


@pytest.mark.parametrize(
    "header",
    [
        "chrom\tpos\tid\tref\talt",
        "#CHROM\tPOS\tID\tREF\tALT",
        "CHR\tBP\tSNP\tReference_Allele\tAlternate_Allele",
        "chromosome\tbase_pair_location\trsid\tREF_ALLELE\tALT_ALLELE",
        " seqnames \tposition\tvariant_id\treference\talternative",
    ],
)
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_usual_headers(header, delimiter, ending):
    text = ending.join([header, "chr1\t100\trs1\tA\tT", "2\t5\t\tacg\ta"]).replace("\t", delimiter)
    first, second = read(text.encode())
    assert cells(first) == ("chr1", 100, "rs1", "A", ("T",))
    assert cells(second) == ("2", 5, "", "acg", ("a",))
    assert (first.number, second.number, first.line) == (0, 1, b"")


def test_further_columns_order_quotes_and_byte_order_mark():
    text = b'\xef\xbb\xbfALT,note,REF,POS,CHR\n"C,T","a ""b"", c",A,100.0,1\n'
    assert [cells(r) for r in read(text)] == [("1", 100, "", "A", ("C", "T"))]


def test_one_column_of_notations():
    one, two = read(b"variant\nchr1:100:A:T\nnonsense\n")
    assert cells(one) == ("chr1", 100, "", "A", ("T",))
    assert (two.id, two.alts) == ("nonsense", ())
    assert "cannot read 'nonsense'" in two.problem


def test_a_column_of_identifiers_is_read_as_notations():
    assert "cannot read 'rs1'" in read(b"SNP\tBETA\nrs1\t0.1\n")[0].problem


def test_the_first_of_two_columns_of_a_name_counts():
    assert read(b"chr\tpos\tpos\tref\talt\n1\t5\t6\tA\tT\n")[0].position == 5


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"\n", "an empty line"),
        (b"1\t5\tA\n", "3 of the 4 columns"),
        (b"1\t5\tA\tT\tx\n", "5 of the 4 columns"),
        (b"1\tx\tA\tT\n", "not a position"),
        (b"1\t5\t\tT\n", "ref is empty"),
        (b"1\t5\tA\t\xff\n", "an unreadable row"),
        (b"1\t5\tA\t" + b"C" * 200_000 + b"\n", "an unreadable row"),
    ],
)
def test_a_bad_row_is_one_record(row, problem):
    good = b"1\t5\tA\tT\n"
    before, bad, after = read(b"chr\tpos\tref\talt\n" + good + row + good)
    assert problem in bad.problem
    assert not before.problem
    assert not after.problem
    assert [before.number, bad.number, after.number] == [0, 1, 2]


def test_a_table_of_a_header_only():
    assert read(b"chr\tpos\tref\talt") == []


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"chr\tbp\tA1\tA2\n", r"list\.tsv:1: no column for ref, alt.*do not say which"),
        (b"chr\tpos\trsid\n", "no column for ref, alt among chr, pos, rsid"),
        (b"chr\xff\n", r"list\.tsv:1: the header line of this table cannot be read"),
        (b"chr\t" + b"x" * 200_000, r"list\.tsv:1: the header line"),
        (b"chr1\t100\trs1\tA\tT\t.\t.\t.\n", "A VCF needs its #CHROM line"),
        (b"", "no column for contig, position, ref, alt"),
    ],
)
def test_what_is_no_table(header, message):
    with pytest.raises(VariantFileError, match=message):
        read(header)


def test_frames():
    frame = pd.DataFrame(
        {
            "Chromosome": [1.0, 2, "X", None, np.nan],
            "POS": [100, 100.0, "7", 8, None],
            "rsID": ["rs1", None, pd.NA, float("nan"), ""],
            "ref": ["A", "C", "G", "T", "A"],
            "alt": ["T", "G,T", "<DEL>", "A", None],
        },
        index=[9, 9, 3, 1, 0],
    )
    records = list(records_from_frame(frame))
    assert [cells(r) for r in records[:3]] == [
        ("1", 100, "rs1", "A", ("T",)),
        ("2", 100, "", "C", ("G", "T")),
        ("X", 7, "", "G", ("<DEL>",)),
    ]
    assert records[3].problem == "contig is empty"
    assert "not a position" in records[4].problem
    assert [r.number for r in records] == [0, 1, 2, 3, 4]


def test_frames_of_numbers_and_missing_positions():
    frame = pd.DataFrame({"chr": [1], "pos": [7], "ref": ["A"], "alt": ["C"]})
    assert cells(next(records_from_frame(frame))) == ("1", 7, "", "A", ("C",))
    nullable = frame.convert_dtypes()
    assert cells(next(records_from_frame(nullable))) == ("1", 7, "", "A", ("C",))
    nullable["pos"] = pd.array([pd.NA], dtype="Int64")
    assert "not a position" in next(records_from_frame(nullable)).problem


def test_a_frame_without_its_columns():
    with pytest.raises(VariantFileError, match=r"the DataFrame: no column for .*alt"):
        list(records_from_frame(pd.DataFrame({"chr": [], "pos": [], "ref": []})))


def test_items_of_every_kind(tmp_path):
    path = tmp_path / "x.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=1,length=1000>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "1\t5\trs5\tA\tC,T\t.\t.\t.\n1\t6\t.\tA\t.\t.\t.\t.\n"
    )
    with pysam.VariantFile(str(path)) as file:
        held_by_pysam = list(file)
    held_by_cyvcf2 = list(cyvcf2.VCF(str(path)))
    expected = [("1", 5, "rs5", "A", ("C", "T")), ("1", 6, ".", "A", (".",))]
    for held in (held_by_pysam, held_by_cyvcf2):
        assert [cells(r) for r in records_from_items(held)] == expected
    record = VariantRecord(17, "1", 5, "", "A", ("T",))
    items = ["1-5-A-T", Variant("1", 5, "A", "T", "rs5"), record, "?", np.str_("1:5:A:T")]
    records = list(records_from_items(items))
    assert [r.number for r in records] == [0, 1, 2, 3, 4]
    assert [r.id for r in records] == ["", "rs5", "", "?", ""]
    assert records[3].problem


@pytest.mark.parametrize("item", [5, None, b"1:5:A:T", ("1", 5, "A", "T")])
def test_items_of_other_kinds(item):
    with pytest.raises(InputError, match=r"item 1 is .*expected a string"):
        list(records_from_items(["1:5:A:T", item]))
