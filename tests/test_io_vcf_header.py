"""The header of a VCF."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io.vcf_header import looks_like_vcf, read_header

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def header_of(text):
    return read_header(iter(text.splitlines(keepends=True)), "x.vcf")


def test_names_and_lengths():
    header = header_of(
        b"##fileformat=VCFv4.2\n"
        b"##contig=<ID=chr1,length=1000>\n##contig=<assembly=x,ID=chr2, length=20>\n"
        b"##contig=<ID=HLA-A*01:01>\n##contig=<ID=huge,length=9999999999999999999>\n"
        b'##INFO=<ID=DP,Number=1,Type=Integer,Description="a,ID=EV_x, <ID=y>">\n'
        b'##FILTER=<ID=q10,Description="x">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n'
        b"##ALT=<ID=DEL>\n" + COLUMNS + b"\tFORMAT\ts1\n"
    )
    assert header.contig_lengths == {"chr1": 1000, "chr2": 20}
    assert header.declared == {
        "contig": {"chr1", "chr2", "HLA-A*01:01", "huge"},
        "INFO": {"DP"},
        "FILTER": {"q10"},
        "FORMAT": {"GT"},
    }


def test_lines_are_kept_and_the_data_lines_are_left():
    lines = iter([b"##x\r\n", b"\r\n", b"#note\r\n", COLUMNS + b"\r\n", b"data"])
    assert read_header(lines, "x").lines == (b"##x\r\n", b"\r\n", b"#note\r\n", COLUMNS + b"\r\n")
    assert list(lines) == [b"data"]


def test_a_byte_order_mark_is_kept_and_read_over():
    header = header_of(b"\xef\xbb\xbf##contig=<ID=1>\n" + COLUMNS)
    assert header.lines[0].startswith(b"\xef\xbb\xbf")
    assert header_of(b"\xef\xbb\xbf" + COLUMNS).lines == (b"\xef\xbb\xbf" + COLUMNS,)


def test_a_header_that_is_not_utf_8():
    header = header_of(b'##INFO=<ID=X,Description="caf\xe9">\n' + COLUMNS)
    assert header.declared["INFO"] == {"X"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no VCF header line in 0 lines"),
        (b"##fileformat=VCFv4.2\n", "no VCF header line in 1 lines"),
        (b"##x\n##y\n1\t5\t.\tA\tT\t.\t.\t.\n", r"x\.vcf:3: a data line before.*bcftools reheader"),
        (b"##x\n#CHROM POS ID REF ALT QUAL FILTER INFO\n", r"x\.vcf:2: the VCF header line is"),
        (b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\n", r"x\.vcf:1.*expected the tab-separated"),
        (b"#CHROM\tPOS\tID\tREF\tALT\tFILTER\tQUAL\tINFO\n", r"x\.vcf:1"),
        (b"#CHROM\xff" + COLUMNS[6:], r"x\.vcf:1"),
        (b"#CHROMOSOME" + COLUMNS[6:], r"x\.vcf:1"),
    ],
)
def test_what_is_no_header(text, message):
    with pytest.raises(VariantFileError, match=message):
        header_of(text)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_added_lines_end_as_the_others_do(ending, last):
    header = header_of(b"##x" + ending + COLUMNS + (ending if last else b""))
    assert header.line_ending == ending
    extended = header.extended(["##new"])
    assert extended == (header.lines[0], b"##new" + ending, header.lines[1])


def test_a_lonely_column_line_without_an_ending():
    assert header_of(COLUMNS).extended(["##new"]) == (b"##new\n", COLUMNS)


def test_unwanted_lines_go_but_never_the_column_line():
    header = header_of(b"##x\n##y\n" + COLUMNS + b"\n")
    assert header.extended([], re.compile(b"##x|#CHROM")) == (b"##y\n", COLUMNS + b"\n")


def test_text_that_utf_8_cannot_hold_is_spelled_out():
    assert header_of(COLUMNS).extended(["##\udcff"])[0] == b"##\\udcff\n"


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"##fileformat=VCFv4.2", True),
        (COLUMNS, True),
        (b"\xef\xbb\xbf##x", True),
        (b"#CHROM\tPOS\tID\tREF\tALT\n", False),
        (b"chrom\tpos\tref\talt", False),
        (b"", False),
    ],
)
def test_what_looks_like_a_vcf(head, answer):
    assert looks_like_vcf(head) is answer


@settings(deadline=None)
@given(st.lists(st.text('#<>=,ID" contigINFOlength12\t', max_size=40), max_size=8))
def test_any_header_lines_are_kept(texts):
    lines = [b"##" + text.encode() + b"\n" for text in texts]
    assert header_of(b"".join(lines) + COLUMNS).lines == (*lines, COLUMNS)
