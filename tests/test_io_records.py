"""One line, one record: what is read of it, and that nothing is an exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.genome import Variant
from enhancer_variants.io import VariantRecord, parse_vcf_line
from enhancer_variants.io.records import record_from_text, record_from_variant


def line_of(chrom="chr1", pos="100", id="rs1", ref="A", alt="T", rest=".\tPASS\tDP=3"):  # noqa: A002
    return "\t".join([chrom, pos, id, ref, alt, rest]).encode() + b"\n"


def test_the_five_columns():
    line = line_of(alt="C,<DEL>,*", rest=".\t.\t.\tGT\t0/1\t1/1")
    assert parse_vcf_line(line, 7) == VariantRecord(
        7, "chr1", 100, "rs1", "A", ("C", "<DEL>", "*"), "", line
    )


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_line_endings_stay_in_the_line_only(ending):
    line = line_of().rstrip(b"\n") + ending
    record = parse_vcf_line(line, 0)
    assert (record.problem, record.alts, record.line) == ("", ("T",), line)


@pytest.mark.parametrize("position", ["0", "1", "007", "2147483647"])
def test_positions(position):
    assert parse_vcf_line(line_of(pos=position), 0).position == int(position)


@pytest.mark.parametrize(
    "position",
    [".", "", "-5", "+5", "1e6", "1.0", "1,000", " 5", "5 ", "0x10", "99999999999", "2147483648",
     "9" * 5000, "\u0664", "\u00b2", "1_000", "POS"],
)  # fmt: skip
def test_what_is_no_position(position):
    record = parse_vcf_line(line_of(pos=position), 0)
    assert record.position is None
    assert record.problem.startswith(f"POS is {position[:40]!r}"[:30])
    assert (record.contig, record.ref, record.alts) == ("chr1", "A", ("T",))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\n", "an empty line"),
        (b"\r\n", "an empty line"),
        (b"  \n", "an empty line"),
        (b"chr1\n", "1 of the 8 columns"),
        (b"chr1\t100\trs1\tA\tT\t.\tPASS\n", "7 of the 8 columns"),
        (b"chr1 100 rs1 A T . PASS DP=3\n", "1 of the 8 columns"),
        (b"##contig=<ID=1>\n", "a header line among the records"),
        (b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", "a header line among the records"),
        (b"#chr1\t100\trs1\tA\tT\t.\tPASS\t.\n", "a header line among the records"),
        (line_of(chrom=""), "CHROM is empty"),
        (line_of(ref=""), "REF is empty"),
        (line_of(alt=""), "ALT is empty"),
        (b"chr1\t100\tcaf\xe9\tA\tT\t.\t.\t.\n", "byte 13 of the line is not UTF-8"),
        (b"chr1\t100\t.\tA\tT\t.\t.\t.\tGT\t\xff\n", "byte 25 of the line is not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_record(line, problem):
    record = parse_vcf_line(line, 3)
    assert (record.problem, record.line, record.number) == (problem, line, 3)


def test_an_empty_allele_among_others_is_that_allele_only():
    assert parse_vcf_line(line_of(alt="A,"), 0).alts == ("A", "")
    record = parse_vcf_line(line_of(alt="A,,T"), 0)
    assert (record.alts, record.problem) == (("A", "", "T"), "")


def test_ten_thousand_alleles_and_a_long_line():
    record = parse_vcf_line(line_of(alt=",".join(["C"] * 10_000), rest=".\t.\t" + "x" * 10**7), 0)
    assert len(record.alts) == 10_000
    assert not record.problem


def test_nul_bytes_and_samples_beyond_the_header_are_kept():
    line = line_of(id="a\x00b", rest=".\t.\t.\tGT\t0/1\t0/1\t0/1")
    assert parse_vcf_line(line, 0).id == "a\x00b"
    assert parse_vcf_line(line, 0).line == line


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text("chr1\t.,ACGT*<>#\r\n0\x00", max_size=80).map(str.encode))
def test_any_bytes_are_one_record_with_that_line(line):
    record = parse_vcf_line(line, 5)
    assert (record.line, record.number) == (line, 5)
    assert record.problem or (record.contig and record.position is not None and record.ref)
    assert record.problem or ",".join(record.alts)


@pytest.mark.parametrize("position", [100, "100", 100.0, " 100 ", "100.0"])
def test_positions_of_tables(position):
    assert record_from_text(0, "1", position, "", "A", "T").position == 100


@pytest.mark.parametrize("position", [100.5, "1e2", None, float("nan"), True, -1, "", 2**31])
def test_what_is_no_position_in_a_table(position):
    record = record_from_text(0, "1", position, "", "A", "T")
    assert record.position is None
    assert "not a position" in record.problem


@pytest.mark.parametrize(
    ("cells", "problem"),
    [(("", "A", "T"), "contig is empty"), (("1", "", "T"), "ref is empty"),
     (("1", "A", ""), "alt is empty")],
)  # fmt: skip
def test_empty_cells(cells, problem):
    contig, ref, alt = cells
    assert record_from_text(0, contig, 1, "", ref, alt).problem == problem


def test_several_alts_of_a_table():
    assert record_from_text(0, "1", 5, "rs", "A", "C, T").alts == ("C", "T")


def test_a_variant_as_a_record():
    record = record_from_variant(2, Variant("1", 5, "A", "T", "rs9"))
    assert record == VariantRecord(2, "1", 5, "rs9", "A", ("T",))
    assert record_from_variant(2, Variant("1", 5, "A", "T")).id == ""
