"""Effects as BCF, which knows only what its header declares."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys

import numpy as np
import pysam
import pytest

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io import EffectTable, open_variants, parse_vcf_line
from enhancer_variants.io.effects_as_bcf import bcf_writer, vcf_as_bcf
from enhancer_variants.io.effects_as_vcf import VcfLines, header_with_effects
from enhancer_variants.io.vcf_header import read_header
from enhancer_variants.schema import IDENTITY_COLUMNS, Status, model_columns

COLUMNS = (*IDENTITY_COLUMNS, *model_columns("NKX2-5"))
COLUMN_LINE = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
HEADER = (
    b"##fileformat=VCFv4.2\n##contig=<ID=1,length=1000>\n"
    b'##FILTER=<ID=PASS,Description="All filters passed">\n'
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n' + COLUMN_LINE
)
RECORDS = [b"1\t5\trs1\tA\tT\t9\tPASS\tDP=3", b"1\t6\t.\tA\tT,C\t.\t.\t."]


def table_of(lines):
    records = [parse_vcf_line(line, i) for i, line in enumerate(lines)]
    counts = [1 if r.problem else len(r.alts) for r in records]
    total = sum(counts)
    data = {c.name: np.arange(total) + 0.5 for c in COLUMNS if c.type == "float"}
    data |= {c.name: [None] * total for c in COLUMNS if c.type != "float"}
    data["status"] = [Status.OK] * total
    return EffectTable(records, counts, COLUMNS, data)


def write(path, header, lines, ending=b"\n"):
    text = header + ending
    read = read_header(iter(text.splitlines(keepends=True)), "x.vcf")
    added = header_with_effects(read, COLUMNS, {"enhancer_variants": "1"})
    with bcf_writer(path, added, VcfLines(COLUMNS, name="x.vcf")) as write_table:
        for line in lines:
            write_table(table_of([line + ending]))
    return path


def without_ours(line):
    fields = line.rstrip(b"\n").split(b"\t")
    kept = [part for part in fields[7].split(b";") if not part.startswith(b"EV_")]
    return b"\t".join([*fields[:7], b";".join(kept) or b".", *fields[8:]])


def read_back(path):
    with open_variants(path) as opened:
        return opened.header, [r.line for r in opened.records]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_records_come_back(tmp_path, ending, mark):
    header = mark + HEADER.replace(b"\n", ending)
    path = write(tmp_path / "x.bcf", header, RECORDS, ending)
    found, lines = read_back(path)
    assert [without_ours(line) for line in lines] == RECORDS
    assert b"EV_NKX2_5_LOG_ODDS_SHIFT=0.5" in lines[0]
    assert b"EV_STATUS=ok,ok" in lines[1]
    assert {"EV_STATUS", "EV_NKX2_5_EFFECT", "DP"} <= found.declared["INFO"]
    assert any(line.startswith(b"##enhancer_variants=") for line in found.lines)
    assert [p.name for p in tmp_path.iterdir()] == ["x.bcf"]


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="needs bcftools")
def test_bcftools_reads_it(tmp_path):
    path = write(tmp_path / "x.bcf", HEADER, RECORDS)
    query = ["bcftools", "query", "-f", "%EV_STATUS %EV_NKX2_5_LOG_ODDS_SHIFT\n", path]
    run = subprocess.run(query, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("ok 0.5\nok,ok 0.5,1.5\n", "")


def test_what_the_header_lacks_is_declared(tmp_path):
    line = b"chr9_alt\t5\t.\tA\tT\t.\tq10;s50\tDP=3;NEW=a;FLAG\tGT:XY\t0/1:a,b"
    empty = b"1\t5\t.\tA\tT\t.\t.\tDP=3\tGT:XY\t./.:."
    path = write(tmp_path / "x.bcf", COLUMN_LINE + b"\tFORMAT\ts1", [line, empty])
    header, lines = read_back(path)
    assert [without_ours(x) for x in lines] == [line, empty]
    assert {"chr9_alt", "1"} <= header.declared["contig"]
    assert {"q10", "s50"} <= header.declared["FILTER"]
    assert {"NEW", "FLAG", "DP"} <= header.declared["INFO"]
    assert header.declared["FORMAT"] == {"GT", "XY"}


def test_comments_and_blank_lines_in_the_header_are_left_out(tmp_path):
    header = HEADER.replace(b"##INFO", b"\n#comment\n##INFO")
    assert len(read_back(write(tmp_path / "x.bcf", header, RECORDS))[1]) == 2


def test_no_records_are_a_valid_file(tmp_path):
    header, lines = read_back(write(tmp_path / "x.bcf", HEADER, []))
    assert lines == []
    assert "EV_STATUS" in header.declared["INFO"]


@pytest.mark.parametrize(
    "line",
    [b"", b"1\t5", b"1\t.\t.\tA\tT\t.\t.\t.", b"1\t5\t\xff\tA\tT\t.\t.\t.", b"##x"],
)
def test_a_line_that_is_no_record_has_no_place(tmp_path, line):
    (tmp_path / "x.bcf").write_text("old")
    message = r"x\.vcf: data line 1 is no record .*write VCF text instead"
    with pytest.raises(VariantFileError, match=message):
        write(tmp_path / "x.bcf", HEADER, [line, *RECORDS])
    assert [p.name for p in tmp_path.iterdir()] == ["x.bcf"]
    assert (tmp_path / "x.bcf").read_text() == "old"


@pytest.mark.parametrize(
    "line",
    [
        b"1\t5\t.\tA\tT\t.\t.\t.\tGT\t0/1",  # samples beyond the header
        b"1\t5\t.\tA\tT\tninety\t.\t.",
        b"1\t5\t.\tA\tT\t\t.\t.",
        b"1\t5\t.\tA\tT\t.\t\t.",
        b"a,b>\t5\t.\tA\tT\t.\t.\t.",
        b"1\t5\t.\tA\tT\t.\t.\tA B,C=1",
        b"1\t5\t.\tA\tT\t.\ta>b,c\t.",
        b"1\t5\ta\x00b\tA\tT\t.\t.\t.",
    ],
)
def test_what_bcf_cannot_hold_is_an_error(tmp_path, line):
    message = r"^x\.vcf: .*; write VCF text instead"
    with pytest.raises(VariantFileError, match=message):
        write(tmp_path / "x.bcf", HEADER, [RECORDS[0], line, RECORDS[1]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"1\t5\t.\tA\tT\t1e3\t.\t.", b"1\t5\t.\tA\tT\t1000\t.\t."),
        (b"1\t5\t\tA\tT\t.\t.\t.", b"1\t5\t.\tA\tT\t.\t.\t."),
        (b"1\t5\t.\tA\tA,,T\t.\t.\t.", b"1\t5\t.\tA\tA,.,T\t.\t.\t."),
        (b"1\t0\t.\tA\tT\t.\t.\t.", b"1\t0\t.\tA\tT\t.\t.\t."),
    ],
)
def test_what_bcf_spells_its_own_way(tmp_path, line, found):
    path = write(tmp_path / "x.bcf", HEADER, [RECORDS[0], line, RECORDS[1]])
    lines = [without_ours(line) for line in read_back(path)[1]]
    assert lines == [RECORDS[0], found, RECORDS[1]]


def test_an_undeclared_key_with_and_without_a_value(tmp_path):
    rows = [b"1\t5\t.\tA\tT\t.\t.\tA;B=x;;C", b"1\t6\t.\tA\tT\t.\t.\tA=y;B=z;C"]
    _, lines = read_back(write(tmp_path / "x.bcf", HEADER, rows))
    assert without_ours(lines[1]) == rows[1]
    assert b"B=x;C" in without_ours(lines[0])


def test_a_record_that_htslib_leaves_out_is_an_error(tmp_path):
    text = tmp_path / "x.vcf"
    text.write_bytes(HEADER + b"\n" + RECORDS[0] + b"\n")
    with pytest.raises(VariantFileError, match="only 1 of 2 records"):
        vcf_as_bcf(text, tmp_path / "x.bcf", 2, "x.vcf")


def test_symbolic_alleles_and_their_end(tmp_path):
    rows = [
        b"1\t5\t.\tA\t<DEL>\t.\t.\t.",  # pysam would write an END
        b"1\t6\t.\tA\t<DEL>\t.\t.\tEND=90",
        b"1\t7\t.\tA\tT\t.\t.\tEND=7",  # and drop this one
        b"1\t8\t.\tA\tA[1:9[,*,<NON_REF>\t.\t.\tDP=1",
    ]
    end = b'##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    header = HEADER.replace(b"##INFO", end + b"##INFO")
    _, lines = read_back(write(tmp_path / "x.bcf", header, rows))
    assert [without_ours(line) for line in lines] == rows
    _, lines = read_back(write(tmp_path / "y.bcf", HEADER, [rows[0], rows[3]]))
    assert [without_ours(line) for line in lines] == [rows[0], rows[3]]


def test_no_path_and_no_time_in_the_file(tmp_path):
    header, _ = read_back(write(tmp_path / "x.bcf", HEADER, RECORDS))
    text = b"".join(header.lines)
    assert b"bcftools" not in text
    assert str(tmp_path).encode() not in text


def test_many_alleles(tmp_path):
    line = b"1\t5\t.\tA\t" + b",".join([b"T"] * 2000) + b"\t.\t.\t."
    (found,) = read_back(write(tmp_path / "x.bcf", HEADER, [line]))[1]
    assert without_ours(found) == line


def test_standard_output(tmp_path, monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.chdir(tmp_path)
    write(None, HEADER, RECORDS)
    (tmp_path / "back.bcf").write_bytes(stdout.buffer.getvalue())
    assert [p.name for p in tmp_path.iterdir()] == ["back.bcf"]
    with pysam.VariantFile("back.bcf") as file:
        assert [row.pos for row in file] == [5, 6]
