"""Effects as VCF: the input's lines, with INFO appended and nothing else changed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from urllib.parse import unquote

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io import EffectTable, VariantRecord, open_variants, parse_vcf_line
from enhancer_variants.io.effects_as_vcf import (
    VcfLines,
    header_of_contigs,
    header_with_effects,
    vcf_writer,
)
from enhancer_variants.io.records import record_from_text
from enhancer_variants.io.vcf_header import read_header
from enhancer_variants.schema import IDENTITY_COLUMNS, Column, Status, model_columns

MODELS = ("enhancer", "NKX2-5", "MAX::MYC")
COLUMNS = (*IDENTITY_COLUMNS, *(c for model in MODELS for c in model_columns(model)))
COLUMN_LINE = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
HEADER = (
    b"##fileformat=VCFv4.2\n##contig=<ID=1,length=1000>\n"
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth, not EV_: a,ID=EV_x">\n' + COLUMN_LINE
)
PROVENANCE = {"enhancer_variants": "1", "input": "caf\xe9.vcf", "notice": "a > b"}
needs_bcftools = pytest.mark.skipif(shutil.which("bcftools") is None, reason="needs bcftools")


def scored(records, statuses=None, details=None, start=0.5):
    """A table in which row i of every float column is start + i, where the status is ok."""
    counts = [1 if r.problem else len(r.alts) for r in records]
    total = sum(counts)
    statuses = statuses or [Status.OK] * total
    shifts = np.arange(total) + start
    shifts[[status != Status.OK for status in statuses]] = np.nan
    data = {}
    for column in COLUMNS:
        if column.type == "float":
            data[column.name] = shifts
        else:
            words = "gain" if column.name.endswith("effect") else "snv"
            data[column.name] = [words if s == Status.OK else None for s in statuses]
    data["status"] = list(statuses)
    data["status_detail"] = details or [None] * total
    return EffectTable(records, counts, COLUMNS, data)


def annotated(line, *args, overwrite_info=False, **kwargs):
    records = [parse_vcf_line(line, 4)]
    lines = VcfLines(COLUMNS, overwrite_info, "x.vcf")
    return b"".join(lines(scored(records, *args, **kwargs)))


def header_of(text, **options):
    header = read_header(iter(text.splitlines(keepends=True)), "x.vcf")
    return b"".join(header_with_effects(header, COLUMNS, PROVENANCE, **options))


def without_ours(info):
    return b";".join(part for part in info.split(b";") if not part.startswith(b"EV_"))


def info_of(line):
    pairs = (entry.partition("=") for entry in line.decode().split("\t")[7].strip().split(";"))
    return {key: value for key, _, value in pairs}


# Header


def test_only_our_lines_are_added():
    text = header_of(HEADER)
    ours = [
        line
        for line in text.splitlines(keepends=True)
        if re.match(rb"##(INFO=<ID=EV_|enhancer_variants=)", line)
    ]
    assert len(ours) == sum(bool(c.vcf_key) for c in COLUMNS) + 1
    for line in ours:
        text = text.replace(line, b"")
    assert text == HEADER


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_added_lines_end_as_the_input_does(ending):
    text = header_of(HEADER.replace(b"\n", ending))
    assert text.count(ending) == text.count(b"\n")
    assert text.endswith(COLUMN_LINE.rstrip() + ending)


def test_declarations_say_number_type_unit_and_sign():
    lines = header_of(HEADER).decode().splitlines()
    assert (
        "##INFO=<ID=EV_NKX2_5_LOG_ODDS_SHIFT,Number=A,Type=Float,Description="
        '"NKX2-5: log_odds(ALT) - log_odds(REF): above 0, the ALT gains. [log2 odds]">'
    ) in lines
    numbers = dict(re.findall(r"##INFO=<ID=(EV_[^,]+),Number=([^,]+),", "\n".join(lines)))
    assert numbers.pop("EV_STATUS") == "."
    assert set(numbers.values()) == {"A"}
    assert "EV_MAX__MYC_EFFECT" in numbers
    (provenance,) = [line for line in lines if line.startswith("##enhancer_variants=")]
    assert json.loads(provenance.partition("=")[2]) == PROVENANCE


def test_descriptions_cannot_break_out_of_their_quotes():
    column = Column("x_y", "float", "", 'a "b" \\c\nd\u2028', "EV_X_Y")
    header = header_of_contigs({"1": 9})
    assert header_with_effects(header, [column], {})[2] == (
        b'##INFO=<ID=EV_X_Y,Number=A,Type=Float,Description="a \\"b\\" \\\\c d ">\n'
    )


def test_header_of_contigs_is_a_vcf_header():
    header = header_of_contigs({"1": 1000, "HLA-A*01:01": 5})
    assert read_header(iter(header.lines), "x").contig_lengths == header.contig_lengths
    assert header.lines[0].startswith(b"##fileformat=VCFv4.")


EARLIER = HEADER.replace(
    COLUMN_LINE,
    b'##INFO=<ID=EV_STATUS,Number=.,Type=String,Description="x">\n'
    b'##INFO=<Number=A,Type=Float,ID=EV_OLD_LOG_ODDS_SHIFT,Description="x">\n'
    b'##enhancer_variants={"enhancer_variants": "0"}\n' + COLUMN_LINE,
)


def test_keys_of_an_earlier_run_are_an_error_or_replaced():
    message = r"declares EV_OLD_LOG_ODDS_SHIFT, EV_STATUS: remove them .*--overwrite-info"
    with pytest.raises(InputError, match=message):
        header_of(EARLIER)
    assert header_of(EARLIER, overwrite_info=True) == header_of(HEADER)


def test_the_provenance_of_an_earlier_run_stays_where_nothing_is_overwritten():
    old = b'##enhancer_variants={"enhancer_variants": "0"}\n'
    text = header_of(HEADER.replace(COLUMN_LINE, old + COLUMN_LINE))
    assert old in text
    assert text.count(b"##enhancer_variants=") == 2


# Records


def test_one_allele():
    line = annotated(b"1\t5\trs1\tA\tT\t9\tPASS\tDP=3\tGT\t0/1\n", start=0.123456789)
    before, _, rest = line.partition(b";EV_STATUS=ok;")
    assert before == b"1\t5\trs1\tA\tT\t9\tPASS\tDP=3"
    assert rest.endswith(b"\tGT\t0/1\n")
    info = info_of(line)
    assert info["EV_KIND"] == "snv"
    assert info["EV_MAX__MYC_LOG_ODDS_SHIFT"] == "0.123457"
    assert info["EV_ENHANCER_EFFECT"] == "gain"
    assert list(info)[1:] == [c.vcf_key for c in COLUMNS if c.vcf_key and c.name != "status_detail"]


def test_several_alleles_have_a_value_each():
    line = annotated(
        b"1\t5\t.\tA\tT,*,C\t.\t.\t.\n",
        [Status.OK, Status.STAR_ALLELE, Status.OK],
        [None, "a, b;c=d|e%f g\th", None],
    )
    info = info_of(line)
    assert info["EV_STATUS"] == "ok,star_allele,ok"
    assert info["EV_ENHANCER_LOG_ODDS_SHIFT"] == "0.5,.,2.5"
    assert info["EV_NKX2_5_EFFECT"] == "gain,.,gain"
    assert info["EV_STATUS_DETAIL"] == ".,a%2C%20b%3Bc%3Dd%7Ce%25f%20g%09h,."
    assert {value.count(",") for value in info.values()} == {2}


def test_an_allele_that_is_not_scored():
    info = info_of(annotated(b"1\t5\t.\tA\tT\t.\t.\t.\n", [Status.REF_MISMATCH], ["found G"]))
    assert info.pop("EV_STATUS") == "ref_mismatch"
    assert info.pop("EV_STATUS_DETAIL") == "found%20G"
    assert set(info.values()) == {"."}


def test_a_record_without_alt_has_a_status_only():
    line = annotated(b"1\t5\t.\tA\t.\t.\t.\tDP=1\n", [Status.NO_ALT])
    assert line == b"1\t5\t.\tA\t.\t.\t.\tDP=1;EV_STATUS=no_alt\n"


@pytest.mark.parametrize(
    "line", [b"\n", b"1\t5\n", b"1\t.\t.\tA\tT\t.\t.\tEV_X=1\n", b"1\t5\t\xff\tA\tT\t.\t.\t.\r\n"]
)
def test_what_is_no_record_passes_unchanged(line):
    assert annotated(line, [Status.INVALID_RECORD], ["a reason"]) == line


INFO = st.sampled_from([b".", b"", b"DP=3", b"A=1;", b";A=1", b"FLAG", b"A=\xc3\xa9", b"A==;;B"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"A", b"A,C", b"A,<DEL>,*", b"A,"]),
            INFO | st.from_regex(rb"[A-Z]=[^\t\n\r\x80-\xff]{0,9}", fullmatch=True),
            st.sampled_from([b"", b"\tGT", b"\tGT:DP\t0/1:3\t./.", b"\tGT\t\t\t"]),
            st.sampled_from([b"\n", b"\r\n"]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_without_our_keys_the_output_is_the_input(rows, ended):
    lines = [
        b"1\t%d\t.\tG\t%s\t.\t.\t%s%s%s" % (i, alt, info, samples, ending)
        for i, (alt, info, samples, ending) in enumerate(rows)
    ]
    if lines and not ended:
        lines[-1] = lines[-1].rstrip(b"\r\n")
    records = [parse_vcf_line(line, i) for i, line in enumerate(lines)]
    outputs = list(VcfLines(COLUMNS)(scored(records)))
    assert len(outputs) == len(lines)
    for line, output in zip(lines, outputs, strict=True):
        fields, given_fields = output.split(b"\t", 8), line.split(b"\t", 8)
        kept = without_ours(fields[7].rstrip(b"\r\n"))
        ending = fields[7][len(fields[7].rstrip(b"\r\n")) :]
        given_info = given_fields[7].rstrip(b"\r\n")
        if given_info in (b".", b""):
            assert kept == b""
        else:
            assert kept.rstrip(b";") == given_info.rstrip(b";")
            assert fields[7].startswith(given_info)
        assert fields[:7] + fields[8:] == given_fields[:7] + given_fields[8:]
        assert ending == given_fields[7][len(given_info) :]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_details_are_encoded_so_that_they_can_be_decoded(detail):
    line = annotated(b"1\t5\t.\tA\tT\t.\t.\t.\n", [Status.EDGE], [detail])
    value = info_of(line).get("EV_STATUS_DETAIL", "")
    assert unquote(value) == detail
    assert not set(value) & set(",;=| \t\r\n\x00\x0b\x0c\x85\xa0\u2028\u3000")


@pytest.mark.parametrize(
    ("info", "kept"),
    [
        (b"EV_STATUS=ok", b""),
        (b"EV_STATUS=ok;DP=3", b"DP=3;"),
        (b"DP=3;EV_OLD=1;EV_FLAG", b"DP=3;"),
        (b"DP=3;EV_OLD=1;AF=EV_1", b"DP=3;AF=EV_1;"),
        (b";A=1;EV_OLD=1", b";A=1;"),
    ],
)
def test_keys_that_a_record_has_are_an_error_or_replaced(info, kept):
    line = b"1\t5\t.\tA\tT\t.\t.\t" + info + b"\n"
    with pytest.raises(InputError, match=r"x\.vcf: data line 5 already has EV_ keys.*overwrite"):
        annotated(line)
    output = annotated(line, overwrite_info=True)
    fresh = annotated(b"1\t5\t.\tA\tT\t.\t.\t.\n").split(b"\t")[7]
    assert output.split(b"\t")[7] == kept + fresh
    again = annotated(output, overwrite_info=True)
    assert again == output


@pytest.mark.parametrize("info", [b"PREV_X=1", b"A=EV_1", b"REV_=2;X_EV_Y=1"])
def test_keys_that_only_look_like_ours_stay(info):
    line = b"1\t5\t.\tA\tT\t.\t.\t" + info + b"\n"
    assert annotated(line).startswith(line.rstrip() + b";EV_STATUS=ok")


def test_rows_of_a_table():
    records = [
        record_from_text(0, "1", 5, "rs1; a\tb", "A", "C,T"),
        VariantRecord(1, "chr 2", 7, "", "AC", ("<DEL>",)),
    ]
    lines = list(VcfLines(COLUMNS)(scored(records)))
    assert lines[0].startswith(b"1\t5\trs1;%20a%09b\tA\tC,T\t.\t.\tEV_STATUS=ok,ok;")
    assert lines[1].startswith(b"chr%202\t7\t.\tAC\t<DEL>\t.\t.\tEV_STATUS=ok;")
    assert all(line.endswith(b"\n") and line.count(b"\t") == 7 for line in lines)


def test_a_row_that_is_no_variant_cannot_be_a_vcf_line():
    records = [record_from_text(3, "1", "x", "", "A", "T")]
    with pytest.raises(VariantFileError, match=r"x: row 4 is no variant .*'x'.*\.tsv"):
        list(VcfLines(COLUMNS, name="x")(scored(records, [Status.INVALID_RECORD])))


def test_numbers_of_other_types():
    column = Column("x_count", "integer", "", "Count.", "EV_X_COUNT")
    record = parse_vcf_line(b"1\t5\t.\tA\tC,T\t.\t.\t.\n", 0)
    data = {"status": ["ok", "ok"], "status_detail": [None, None], "x_count": [12345678, None]}
    table = EffectTable([record], [2], (column,), data)
    (line,) = VcfLines((column,))(table)
    assert line == b"1\t5\t.\tA\tC,T\t.\t.\tEV_X_COUNT=12345678,.\n"


# Files


RECORDS = (
    b"1\t5\trs1\tA\tT\t9\tPASS\tDP=3\n"
    b"1\t6\t.\tA\tT,*,C\t.\t.\t.\n"
    b"1\t6\t.\tA\t.\t.\t.\t.\n"
    b"1\t7\t.\tA\t<DEL>\t.\t.\tDP=1\n"
)
STATUSES = [Status.OK, Status.OK, Status.STAR_ALLELE, Status.OK, Status.NO_ALT, Status.SYMBOLIC]


def write_file(path, *, compressed=False):
    records = [parse_vcf_line(x, i) for i, x in enumerate(RECORDS.splitlines(keepends=True))]
    header = [header_of(HEADER)]
    with vcf_writer(path, header, VcfLines(COLUMNS), compressed=compressed) as write:
        write(scored(records, STATUSES, [None, None, "a=b", None, None, "1;2"]))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_is_read_by_other_programs(tmp_path, compressed):
    path = tmp_path / ("x.vcf.gz" if compressed else "x.vcf")
    write_file(path, compressed=compressed)
    with open_variants(path) as opened:
        assert len(list(opened.records)) == 4
    with pysam.VariantFile(str(path)) as file:
        first, second, third, fourth = file
        assert first.info["EV_NKX2_5_LOG_ODDS_SHIFT"] == (0.5,)
        assert second.info["EV_MAX__MYC_LOG_ODDS_SHIFT"] == (1.5, None, 3.5)
        assert third.info["EV_STATUS"] == ("no_alt",)
        assert unquote(fourth.info["EV_STATUS_DETAIL"][0]) == "1;2"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@needs_bcftools
@pytest.mark.parametrize("compressed", [False, True])
def test_bcftools_reads_every_value(tmp_path, compressed):
    path = tmp_path / "x.vcf.gz"
    write_file(path, compressed=compressed)

    def bcftools(*arguments):
        run = subprocess.run(
            ["bcftools", *arguments, path], capture_output=True, text=True, check=True
        )
        assert run.stderr == ""
        return run.stdout

    assert bcftools("query", "-f", "%EV_STATUS %EV_ENHANCER_LOG_ODDS_SHIFT\n").splitlines() == [
        "ok 0.5",
        "ok,star_allele,ok 1.5,.,3.5",
        "no_alt .",
        "symbolic .",
    ]
    assert len(bcftools("view", "-H").splitlines()) == 4
