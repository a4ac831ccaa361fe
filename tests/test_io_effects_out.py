"""One way to write effects, whatever the format: the same records from every input."""

from __future__ import annotations

import gzip
import io
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io import (
    OUTPUT_FORMATS,
    EffectTable,
    effect_writer,
    open_items,
    open_variants,
    output_format,
)
from enhancer_variants.schema import IDENTITY_COLUMNS, Status, model_columns

COLUMNS = (*IDENTITY_COLUMNS, *model_columns("enhancer"))
PROVENANCE = {"enhancer_variants": "1"}
VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=1,length=1000>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "1\t5\trs1\tA\tT\t.\t.\t.\n1\t6\t.\tA\tC,T\t.\t.\tDP=3\n"
)


def table_of(records):
    """Every allele scored, with 0.5 for every number."""
    rows = [(r, alt) for r in records for alt in ([",".join(r.alts)] if r.problem else r.alts)]
    data = {c.name: np.full(len(rows), 0.5) for c in COLUMNS if c.type == "float"}
    data |= {c.name: [None] * len(rows) for c in COLUMNS if c.type != "float"}
    data |= {
        "chrom": [r.contig or None for r, _ in rows],
        "pos": [r.position for r, _ in rows],
        "alt": [alt or None for _, alt in rows],
        "status": [Status.INVALID_RECORD if r.problem else Status.OK for r, _ in rows],
    }
    counts = [1 if r.problem else len(r.alts) for r in records]
    return EffectTable(records, counts, COLUMNS, data)


def write(source, output, chosen=None, *, fail=False, **options):
    with source as opened:
        writer = effect_writer(
            output,
            output_format(output, chosen, "tsv"),
            opened,
            COLUMNS,
            PROVENANCE,
            contig_lengths={"1": 1000},
            **options,
        )
        with writer as write_table:
            for record in opened.records:
                write_table(table_of([record]))
            if fail:
                raise ZeroDivisionError


def rows_of(path):
    """Contig, position and ALT of every row, whatever the format."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    elif ".tsv" in path.suffixes:
        frame = pd.read_csv(path, sep="\t")
    else:
        with open_variants(path) as opened:
            assert "EV_ENHANCER_LOG_ODDS_SHIFT" in opened.header.declared["INFO"]
            return [(r.contig, r.position, alt) for r in opened.records for alt in r.alts]
    assert frame.columns.tolist() == [c.name for c in COLUMNS]
    return [*zip(frame["chrom"].astype(str), frame["pos"], frame["alt"], strict=True)]


def inputs(tmp_path):
    vcf, csv = tmp_path / "in.vcf", tmp_path / "in.csv"
    vcf.write_text(VCF)
    csv.write_text('chr,pos,ref,alt\n1,5,A,T\n1,6,A,"C,T"\n')
    yield open_variants(vcf)
    yield open_variants(csv)
    yield open_items(["1:5:A:T", "1:6:A:C", "1:6:A:T"])


@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
def test_every_format_from_every_input(tmp_path, ending):
    output = tmp_path / "out" / f"x.{ending}"
    output.parent.mkdir()
    for source in inputs(tmp_path):
        write(source, output)
        assert rows_of(output) == [("1", 5, "T"), ("1", 6, "C"), ("1", 6, "T")]
    beside = {f"x.{ending}", f"x.{ending}.json"} if ending.startswith("tsv") else {f"x.{ending}"}
    assert {p.name for p in output.parent.iterdir()} == beside


@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
def test_no_rows_are_a_valid_file(tmp_path, ending):
    write(open_items([]), tmp_path / f"x.{ending}")
    assert rows_of(tmp_path / f"x.{ending}") == []


@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_failure_leaves_what_was_there(tmp_path, ending, old):
    output = tmp_path / f"x.{ending}"
    if old:
        output.write_bytes(old)
    with pytest.raises(ZeroDivisionError):
        write(open_items(["1:5:A:T"]), output, fail=True)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([old] if old else [])


@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
def test_standard_output(tmp_path, monkeypatch, ending):
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.chdir(tmp_path)
    write(open_items(["1:5:A:T"]), "-", ending)
    path = tmp_path / f"x.{ending}"
    path.write_bytes(stdout.buffer.getvalue())
    assert rows_of(path) == [("1", 5, "T")]
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
def test_a_full_device_is_an_error(ending):
    with pytest.raises(OSError, match="No space left"):
        write(open_items(["1:5:A:T"]), "/dev/full", ending)


def too_large(folder):
    """Write 40,000 rows in each format where files may have 2,000 bytes; say which fail for it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    variants = [f"1:{1 + (i * i) % 99991}:A:T" for i in range(40_000)]
    table = table_of(list(open_items(variants).records))
    source, lengths = open_items([]), {"1": 9}
    for ending in OUTPUT_FORMATS:
        try:
            with effect_writer(
                Path(folder, "x"), ending, source, COLUMNS, PROVENANCE, contig_lengths=lengths
            ) as put:
                put(table)
        except OSError:
            print(ending)


def test_a_disk_that_fills_up_is_an_error(tmp_path):
    code = (
        "from importlib.util import spec_from_file_location, module_from_spec\n"
        f"spec = spec_from_file_location('tests', {__file__!r})\n"
        "tests = module_from_spec(spec); spec.loader.exec_module(tests)\n"
        f"tests.too_large({str(tmp_path)!r})\n"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (run.stdout.split(), list(tmp_path.iterdir())) == ([*OUTPUT_FORMATS], []), run.stderr


def test_a_vcf_keeps_its_lines_and_a_crlf_its_endings(tmp_path):
    text = VCF.replace("\n", "\r\n").encode() + b"broken\r\n"
    (tmp_path / "in.vcf.gz").write_bytes(gzip.compress(text))
    write(open_variants(tmp_path / "in.vcf.gz"), tmp_path / "out.vcf")
    lines = (tmp_path / "out.vcf").read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\r\n") for line in lines)
    assert lines[-1] == b"broken\r\n"
    assert lines[-2].startswith(b"1\t6\t.\tA\tC,T\t.\t.\tDP=3;EV_STATUS=ok,ok;")


def test_a_second_run_needs_to_be_told_to_overwrite(tmp_path):
    first, second, third = (tmp_path / f"{n}.vcf" for n in (1, 2, 3))
    first.write_text(VCF)
    write(open_variants(first), second)
    with pytest.raises(InputError, match="already declares EV_"):
        write(open_variants(second), third)
    assert not third.exists()
    write(open_variants(second), third, overwrite_info=True)
    assert third.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("ending", ["vcf", "vcf.gz", "bcf"])
def test_a_row_that_is_no_variant_has_no_vcf_line(tmp_path, ending):
    with pytest.raises(VariantFileError, match=r"(data line|row) 1 is no (record|variant)"):
        write(open_items(["nonsense"]), tmp_path / f"x.{ending}")
    assert list(tmp_path.iterdir()) == []
    write(open_items(["nonsense"]), tmp_path / "x.tsv")
    assert "invalid_record" in (tmp_path / "x.tsv").read_text()
