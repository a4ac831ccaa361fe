"""Opening variants: every format, every way they can be broken, and regions."""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import subprocess
import sys
import threading

import cyvcf2
import pandas as pd
import pysam
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import OPEN_END, Interval, Variant
from enhancer_variants.io import open_items, open_variants, requested_intervals

HEADER = (
    b"##fileformat=VCFv4.2\n##contig=<ID=1,length=100000>\n##contig=<ID=2,length=100000>\n"
    b"##contig=<ID=empty,length=9>\n"
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    b'##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    b'##ALT=<ID=DEL,Description="Deletion">\n'
)
COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
RECORDS = (
    b"1\t100\trs1\tA\tC,T\t.\tPASS\tDP=3\n"
    b"1\t200\t.\tACGTACGTAC\tA\t.\tPASS\tDP=4\n"
    b"1\t300\t.\tA\t<DEL>\t.\tPASS\tDP=5;END=900\n"
    b"1\t300\t.\tA\tG\t.\tPASS\tDP=6\n"
    b"1\t300\t.\tA\tG\t.\tPASS\tDP=6\n"
    b"2\t50\t.\tG\t.\t.\tPASS\tDP=7\n"
)
VCF = HEADER + COLUMNS + RECORDS
BCF_REMEDY = "copy or download it again"


def read(source, intervals=None):
    with open_variants(source, intervals) as opened:
        return list(opened.records)


def written(path, content):
    path.write_bytes(content)
    return path


def bgzip(path, text):
    with pysam.BGZFile(str(path), "wb", index=None) as file:
        file.write(text)
    return path


def as_bcf(path, text=VCF):
    source = written(path.with_suffix(".as_text.vcf"), text)
    with (
        pysam.VariantFile(str(source)) as rows,
        pysam.VariantFile(str(path), "wb", header=rows.header) as bcf,
    ):
        for row in rows:
            bcf.write(row)
    return path


@pytest.mark.parametrize("pack", ["plain", "gzip", "bgzip"])
def test_text_vcf(tmp_path, pack):
    path = tmp_path / "x.vcf.gz"
    if pack == "bgzip":
        bgzip(path, VCF)
    else:
        path.write_bytes(gzip.compress(VCF) if pack == "gzip" else VCF)
    with open_variants(str(path)) as opened:
        assert (opened.name, opened.kind) == ("x.vcf.gz", "vcf")
        records = list(opened.records)
        assert b"".join(opened.header.lines) == HEADER + COLUMNS
        assert opened.fraction_read() == 1
        assert opened.line_number(records[0]) == 9
    assert b"".join(r.line for r in records) == RECORDS
    assert [r.number for r in records] == list(range(6))
    assert records[0].alts == ("C", "T")


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("header", [HEADER, b""])
@pytest.mark.parametrize("last", [True, False])
def test_endings_marks_and_poor_headers(tmp_path, ending, mark, header, last):
    text = (mark + header + COLUMNS + RECORDS).replace(b"\n", ending)
    text = text if last else text.removesuffix(ending)
    path = written(tmp_path / "x.vcf", text)
    with open_variants(path) as opened:
        lines = b"".join(opened.header.lines) + b"".join(r.line for r in opened.records)
    assert lines == text
    assert not any(r.problem for r in read(path))


def test_files_of_a_header_only(tmp_path):
    assert read(written(tmp_path / "x.vcf", HEADER + COLUMNS)) == []
    assert read(written(tmp_path / "y.vcf", COLUMNS.rstrip())) == []
    assert read(bgzip(tmp_path / "z.vcf.gz", HEADER + COLUMNS)) == []
    assert read(as_bcf(tmp_path / "z.bcf", HEADER + COLUMNS)) == []


def test_every_line_is_one_record_whatever_it_is(tmp_path):
    lines = [
        b"2\t5\t.\tA\tT\t.\t.\t.\n",
        b"1\t9\t.\tA\tT\t.\t.\t.\n",
        b"1\t9\t.\tA\tT\t.\t.\t.\n",
        b"\n",
        b"1\t5\n",
        b"##late\n",
        b"1\t.\t.\tA\tT\t.\t.\t.\n",
        b"1\t-5\t.\tA\tT\t.\t.\t.\n",
        b"1\t1e6\t.\tA\tT\t.\t.\t.\n",
        b"1\t99999999999\t.\tA\tT\t.\t.\t.\n",
        b"1\t5\t.\tA\t\t.\t.\t.\n",
        b"1\t5\t\xff\tA\tT\t.\t.\t.\n",
        b"1\t5\t\x00\tA\tT\t.\t.\t.\n",
        b"1\t5\t.\tA\tA,\t.\t.\t.\n",
        b"1\t5\t.\tA\t" + b",".join([b"T"] * 10_000) + b"\t.\t.\t.\n",
        b"1\t5\t.\tA\tT\t.\t.\t" + b"x" * 10**6 + b"\n",
        b"1\t5\t.\tA\tT\t.\t.\t.\tGT\t0/1\t0/1\n",
        b"1\t5\t.\tA\tT",
    ]
    records = read(written(tmp_path / "x.vcf", HEADER + COLUMNS + b"".join(lines)))
    assert [r.line for r in records] == lines
    bad = [number for number, record in enumerate(records) if record.problem]
    assert bad == [3, 4, 5, 6, 7, 8, 9, 10, 11, 17]


def test_tables(tmp_path):
    text = b"chr,pos,ref,alt\n1,5,A,T\n"
    for path in (
        written(tmp_path / "x.csv", text),
        written(tmp_path / "x.tsv.gz", gzip.compress(text.replace(b",", b"\t"))),
        bgzip(tmp_path / "y.csv.gz", text),
    ):
        with open_variants(path) as opened:
            assert (opened.kind, opened.header) == ("table", None)
            (record,) = opened.records
            assert (record.contig, record.position, record.alts) == ("1", 5, ("T",))
            assert opened.line_number(record) == 2
            assert opened.fraction_read() == 1


def through_standard_input(monkeypatch, data):
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    thread = threading.Thread(target=lambda: (pipe.write(data), pipe.close()))
    thread.start()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reading, "rb")))
    return thread


def test_standard_input(tmp_path, monkeypatch):
    bcf = as_bcf(tmp_path / "x.bcf").read_bytes()
    kinds = {
        "vcf": [VCF, gzip.compress(VCF), bgzip(tmp_path / "x.gz", VCF).read_bytes(), COLUMNS + b"",
                bcf, gzip.decompress(bcf)],
        "table": [b"chr\tpos\tref\talt\n1\t5\tA\tT\n", b"variant\n1:5:A:T\n"],
    }  # fmt: skip
    for kind, inputs in kinds.items():
        for data in inputs:
            thread = through_standard_input(monkeypatch, data)
            with open_variants("-") as opened:
                assert (opened.kind, opened.name) == (kind, "standard input")
                records = list(opened.records)
            thread.join()
            assert len(records) == {COLUMNS: 0}.get(data, 6 if kind == "vcf" else 1)


def test_standard_input_of_another_process():
    code = (
        "from enhancer_variants.io import open_variants\n"
        "print(sum(len(r.alts) for r in open_variants('-').records))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=VCF, capture_output=True, check=True, timeout=100
    )
    assert run.stdout == b"7\n"


def test_bcf(tmp_path, capfd):
    path = as_bcf(tmp_path / "x.bcf")
    with open_variants(path) as opened:
        assert (opened.kind, opened.name) == ("vcf", "x.bcf")
        assert opened.header.contig_lengths == {"1": 100000, "2": 100000, "empty": 9}
        assert b"".join(r.line for r in opened.records) == RECORDS
    assert capfd.readouterr().err == ""  # nothing about an index that is not needed


@pytest.mark.parametrize("pack", [gzip.decompress, lambda b: gzip.compress(gzip.decompress(b))])
def test_bcf_that_is_not_bgzipped(tmp_path, pack):
    path = written(tmp_path / "y.bcf", pack(as_bcf(tmp_path / "x.bcf").read_bytes()))
    assert b"".join(r.line for r in read(path)) == RECORDS
    path.write_bytes(path.read_bytes()[:-11])
    with pytest.raises(VariantFileError, match=r"y\.bcf"):
        read(path)


def test_bcf_through_a_named_pipe(tmp_path):
    content = as_bcf(tmp_path / "x.bcf").read_bytes()
    pipe = tmp_path / "pipe.bcf"
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: pipe.write_bytes(content))
    thread.start()
    assert len(read(pipe)) == 6
    thread.join()


def test_no_temporary_file_is_left(tmp_path, monkeypatch):
    content = gzip.decompress(as_bcf(tmp_path / "x.bcf").read_bytes())
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    for data in (content, content[:40], content[:-5]):
        thread = through_standard_input(monkeypatch, data)
        try:
            read("-")
        except VariantFileError:
            assert data != content
        thread.join()
        assert list(folder.iterdir()) == []


def test_every_cut_of_a_bgzipped_vcf_is_noticed(tmp_path):
    whole = bgzip(tmp_path / "x.vcf.gz", VCF).read_bytes()
    path = tmp_path / "cut.vcf.gz"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(VariantFileError, match=r"cut\.vcf\.gz"):
            read(path)


def test_every_cut_of_a_bcf_is_noticed(tmp_path):
    whole = as_bcf(tmp_path / "x.bcf").read_bytes()
    path = tmp_path / "cut.bcf"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(VariantFileError, match=r"cut\.bcf"):
            read(path)


@pytest.mark.parametrize("name", ["x.vcf.gz", "x.bcf"])
def test_flipped_bytes_give_the_records_or_an_error(tmp_path, name):
    path = tmp_path / name
    whole = (as_bcf(path) if name == "x.bcf" else bgzip(path, VCF)).read_bytes()
    noticed = 0
    for byte in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << random.Random(byte).randrange(8)
        path.write_bytes(damaged)
        try:
            lines = b"".join(r.line for r in read(path))
        except VariantFileError as error:
            noticed += name in str(error)
        else:
            assert lines == RECORDS
    assert noticed > len(whole) / 3 * 0.8


def test_damage_in_the_middle_of_a_bcf_says_how_far_it_was_read(tmp_path):
    rows = b"".join(b"1\t%d\t.\tA\tC\t.\tPASS\tDP=%d\n" % (i, i * i % 977) for i in range(1, 9000))
    path = as_bcf(tmp_path / "x.bcf", HEADER + COLUMNS + rows)
    damaged = bytearray(path.read_bytes())
    damaged[-2000] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(VariantFileError, match=rf"after [1-9][0-9]+ records .*{BCF_REMEDY}"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.vcf", b"", "the file is empty"),
        ("x.vcf.gz", gzip.compress(b""), "the file is empty"),
        ("x.vcf", b"##fileformat=VCFv4.2\n", "no VCF header line in 1 lines"),
        ("x.VCF", RECORDS, "no VCF header line.*bcftools reheader"),
        ("x.vcf", HEADER + RECORDS, r"x\.vcf:8: a data line before the VCF header line"),
        ("x.tsv", RECORDS, "A VCF needs its #CHROM line"),
        ("x.vcf", HEADER + b"#CHROM POS ID REF ALT\n" + RECORDS, r"x\.vcf:8: the VCF header line"),
        ("x.vcf", b"#CHROM\tPOS\tID\tREF\tALT\n", "no VCF header line"),
        ("x.vcf.gz", b"PK\x03\x04abc", "zip archive"),
        ("x.vcf.bz2", b"BZh9abc", "bzip2"),
        ("x.vcf", VCF.decode().encode("utf-16"), "UTF-16"),
        ("x.vcf", VCF.decode().encode("utf-16-le"), "binary data"),
        ("x.bam", gzip.compress(b"BAM\x01" + bytes(100)), "binary data"),
        ("x.vcf.gz", gzip.compress(gzip.compress(VCF)), "binary data"),
        ("x.bcf", b"BCF\x02\x02" + bytes(50), "cannot be read as BCF"),
        ("x.bcf", gzip.compress(b"BCF\x02\x02\xff\xff\xff\x7fabc"), "cannot be read as BCF"),
    ],
)
def test_files_that_are_no_variants(tmp_path, name, content, message):
    with pytest.raises(VariantFileError, match=rf"(?s)^{name}.*{message}|{message}"):
        read(written(tmp_path / name, content))


def test_files_that_cannot_be_opened(tmp_path):
    for path in (tmp_path, tmp_path / "none.vcf", str(tmp_path / "none.vcf")):
        with pytest.raises(VariantFileError, match="cannot be read"):
            open_variants(path)


def test_a_bcf_header_that_is_not_utf_8(tmp_path):
    content = gzip.decompress(as_bcf(tmp_path / "x.bcf").read_bytes())
    path = written(tmp_path / "y.bcf", content.replace(b"Depth", b"Dept\xe9"))
    with pytest.raises(VariantFileError, match="the BCF header is not UTF-8"):
        read(path)


def test_held_readers(tmp_path):
    path = bgzip(tmp_path / "x.vcf.gz", VCF)
    with pysam.VariantFile(str(path)) as held:
        next(held)  # a held pysam file is opened again by its name
        with open_variants(held) as opened:
            assert opened.name == "x.vcf.gz"
            assert b"".join(r.line for r in opened.records) == RECORDS
        assert next(held).pos == 200
    with open_variants(cyvcf2.VCF(str(path))) as opened:
        assert opened.kind == "vcf"
        assert opened.header.contig_lengths["1"] == 100000
        assert b"".join(r.line for r in opened.records) == RECORDS


def test_a_pysam_file_that_is_being_written(tmp_path):
    with (
        pysam.VariantFile(str(tmp_path / "x.vcf"), "w") as held,
        pytest.raises(InputError, match="open for writing"),
    ):
        open_variants(held)


def test_a_cyvcf2_reader_that_fails(tmp_path):
    path = as_bcf(tmp_path / "x.bcf", HEADER + COLUMNS + RECORDS * 2000)
    damaged = bytearray(path.read_bytes())
    damaged[-2000] ^= 255
    reader = cyvcf2.VCF(str(written(path, damaged)))
    with pytest.raises(VariantFileError, match=r"cyvcf2\.VCF cannot be read further.*path"):
        read(reader)


def test_a_cyvcf2_reader_has_no_regions(tmp_path):
    reader = cyvcf2.VCF(str(written(tmp_path / "x.vcf", VCF)))
    with pytest.raises(InputError, match="regions need the file's path"):
        open_variants(reader, [Interval("1", 0, 9)])


def test_items_at_hand():
    frame = pd.DataFrame({"chr": ["1"], "pos": [5], "ref": ["A"], "alt": ["T"]})
    variant = Variant("1", 5, "A", "T")
    for items in (frame, "1:5:A:T", ["1:5:A:T"], iter([variant]), variant, pd.Series(["1:5:A:T"])):
        with open_items(items) as opened:
            assert (opened.kind, opened.name, opened.header) == ("table", "variants", None)
            assert [(r.contig, r.position, r.alts) for r in opened.records] == [("1", 5, ("T",))]
            # What tells its length tells how far it was read.
            counted = isinstance(items, pd.DataFrame | pd.Series | list | str | Variant)
            assert opened.fraction_read() == (1.0 if counted else None)
    with pytest.raises(InputError, match="item 0 is 5"):
        list(open_items(5).records)


# Regions


def indexed(folder, text, kind="vcf.gz"):
    path = folder / f"indexed.{kind}"
    if kind == "bcf":
        as_bcf(path, text)
        pysam.tabix_index(str(path), preset="bcf", force=True)
    else:
        bgzip(path, text)
        pysam.tabix_index(str(path), preset="vcf", force=True, csi=kind == "csi.gz")
    return path


def many_records(seed=1, contigs=("1", "2")):
    chance = random.Random(seed)
    rows = []
    for contig in contigs:
        for position in sorted(chance.randrange(1, 90_000) for _ in range(400)):
            ref = "".join(chance.choice("ACGT") for _ in range(chance.choice([1, 1, 1, 5, 300])))
            alt, info = chance.choice("ACGT"), "."
            if chance.random() < 0.05:
                ref, alt, info = "A", "<DEL>", f"END={position + chance.randrange(3000)}"
            rows.append(f"{contig}\t{position}\t.\t{ref}\t{alt}\t.\tPASS\t{info}\n")
    return HEADER + COLUMNS + "".join(rows).encode()


REGIONS = [
    "1",
    "2:500",
    "1:40000-",
    "1:1-90000",
    "1:5000-6000,1:5500-7000,1:7001-7002,2:1-900",
    "2:80000-80100,1:300-700,2:80050-80200",
    "1:100-100,1:200-200,1:300-300,1:20000-21000,1:20500-20600",
]


@pytest.mark.parametrize("kind", ["vcf.gz", "csi.gz", "bcf"])
@pytest.mark.parametrize("asked", REGIONS)
@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is the oracle")
def test_regions_as_bcftools_reads_them(tmp_path, kind, asked):
    path = indexed(tmp_path, many_records(), kind)
    bed = tmp_path / "regions.bed"
    intervals = requested_intervals(asked.split(","), None, [])
    bed.write_text("".join(f"{i.contig}\t{i.start}\t{i.end}\n" for i in intervals))
    found = sorted(r.line for r in read(path, intervals))
    for option, value in (("-r", asked), ("-R", bed)):
        lines = subprocess.run(
            ["bcftools", "view", "-H", option, str(value), str(path)],
            capture_output=True,
            check=True,
        ).stdout.splitlines(keepends=True)
        assert found == sorted(lines)
    assert read(path, requested_intervals(None, bed, [])) == read(path, intervals)


@pytest.mark.parametrize("kind", ["vcf.gz", "bcf"])
def test_regions_give_each_record_once_and_those_that_reach_in(tmp_path, kind):
    path = indexed(tmp_path, VCF, kind)
    lines = RECORDS.splitlines(keepends=True)

    def numbers(*regions):
        found = [r.line for r in read(path, requested_intervals(regions, None, []))]
        assert [r.number for r in read(path, requested_intervals(regions, None, []))] == [
            *range(len(found))
        ]
        return [*map(lines.index, found)]

    assert numbers("1:205-205", "1:208", "1:200-202") == [1]
    assert numbers("1:210") == []
    assert numbers("1:850-900", "1:1-301", "1:400") == [0, 1, 2, 3, 3]
    assert numbers("2", "1:100") == [5, 0]
    assert numbers("chr1:100", "1:100", "NC_000001.11:100") == [0]
    assert numbers("empty") == []
    assert numbers("chr2", "absent") == [5]
    assert numbers() == []
    assert read(path, [Interval("1", 0, OPEN_END)]) == read(path)[:5]


def test_contig_names_with_chr(tmp_path):
    path = indexed(tmp_path, VCF.replace(b"\n1\t", b"\nchr1\t").replace(b"ID=1", b"ID=chr1"))
    assert len(read(path, [Interval("1", 0, 150)])) == 1


def test_regions_keep_line_endings_and_bytes(tmp_path):
    text = VCF.replace(b"rs1", b"caf\xe9").replace(b"\n", b"\r\n")
    records = read(indexed(tmp_path, text), [Interval("1", 0, 250)])
    assert [r.line for r in records] == text.splitlines(keepends=True)[8:10]
    assert "UTF-8" in records[0].problem


def test_regions_of_records_that_are_none(tmp_path):
    rows = b"1\t100x\t.\tA\tT\t.\t.\t.\n1\t150\tshort\tA\tT\n1\t300\t.\tA\tT\t.\t.\t.\n"
    path = indexed(tmp_path, HEADER + COLUMNS + rows)
    records = read(path, [Interval("1", 0, 120), Interval("1", 130, 900)])
    assert [r.line for r in records] == rows.splitlines(keepends=True)
    assert [bool(r.problem) for r in records] == [True, True, False]


def test_contigs_that_the_file_does_not_know(tmp_path):
    with pytest.raises(InputError, match="has no contig chr7, chr9; its contigs are 1, 2, empty"):
        read(indexed(tmp_path, VCF), [Interval("chr9", 0, 5), Interval("chr7", 0, 5)])


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("x.vcf", lambda p: written(p, VCF), "bgzip FILE, then tabix"),
        ("x.vcf.gz", lambda p: written(p, gzip.compress(VCF)), "bgzip FILE, then tabix"),
        ("x.vcf.gz", lambda p: bgzip(p, VCF), r"regions need an index .*tabix -p vcf x\.vcf\.gz"),
        ("x.bcf", as_bcf, r"regions need an index: bcftools index x\.bcf"),
        ("x.tsv.gz", lambda p: bgzip(p, b"chr\tpos\n"), "this is neither"),
    ],
)
def test_regions_need_an_index(tmp_path, name, make, message):
    with pytest.raises(VariantFileError, match=rf"{name}: .*{message}"):
        open_variants(make(tmp_path / name), [Interval("1", 0, 9)])


def test_regions_of_standard_input():
    with pytest.raises(InputError, match="standard input has no index"):
        open_variants("-", [Interval("1", 0, 9)])


@pytest.mark.parametrize("kind", ["vcf.gz", "bcf"])
def test_regions_of_damaged_files(tmp_path, kind):
    rows = b"".join(b"1\t%d\t.\tA\tC\t.\tPASS\tDP=%d\n" % (i, i * i % 977) for i in range(1, 9000))
    path = indexed(tmp_path, HEADER + COLUMNS + rows, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[:-28])
    with pytest.raises(VariantFileError, match="end marker"):
        read(path, [Interval("1", 0, 9)])
    damaged = bytearray(whole)
    damaged[-1000] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(VariantFileError, match=rf"indexed\.{kind}: .*{BCF_REMEDY[1:]}"):
        read(path, [Interval("1", 0, OPEN_END)])


def test_a_broken_index(tmp_path):
    path = indexed(tmp_path, VCF)
    (tmp_path / "indexed.vcf.gz.tbi").write_bytes(b"nonsense")
    with pytest.raises(VariantFileError, match="regions need an index"):
        read(path, [Interval("1", 0, 9)])
