from __future__ import annotations

import gc
from pathlib import Path

import cyvcf2
import pysam
import pytest

from enhancer_variants.demo import demo_files
from enhancer_variants.effects import Requested, is_file, is_variant_source, record_chunks
from enhancer_variants.effects import checked_input as module
from enhancer_variants.errors import AssemblyMismatchError, InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.io import VariantRecord, parse_vcf_line


def record(number: int, width: int = 0) -> VariantRecord:
    return parse_vcf_line(b"chr1\t10\t.\tA\tT\t.\t.\t" + b"x" * width + b"\n", number)


def test_chunks_hold_every_record_once_and_in_order() -> None:
    records = [record(number) for number in range(10)]
    chunks = list(record_chunks(iter(records), 4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    assert [r for chunk in chunks for r in chunk] == records
    assert list(record_chunks([])) == []


def test_chunks_do_not_grow_with_wide_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BYTES_PER_CHUNK", 100)
    wide = [record(number, 60) for number in range(5)]
    assert [len(chunk) for chunk in record_chunks(wide, 4)] == [2, 2, 1]
    assert [len(chunk) for chunk in record_chunks(wide, 4, large=True)] == [4, 1]


def test_chunks_are_large_where_models_are_read_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECORDS_PER_CHUNK", 2)
    records = [record(number) for number in range(100)]
    assert [len(chunk) for chunk in record_chunks(records, large=True)] == [64, 36]
    assert module._LARGE_CHUNK * 4_096 >= 100_000


def test_the_collector_runs_between_chunks() -> None:
    for _ in record_chunks([record(0), record(1)], 1):
        assert gc.isenabled()


def test_what_is_a_source_of_variants_and_what_a_variant() -> None:
    path = demo_files().variants
    assert is_variant_source(path)
    assert is_variant_source(str(path))
    assert is_variant_source(cyvcf2.VCF(str(path)))
    assert is_variant_source(pysam.VariantFile(str(path)))
    assert not is_variant_source("chr1:3000:A:T")
    assert is_variant_source("no/such/file.vcf")  # whose absence is then an error
    assert is_variant_source("-")
    assert not is_variant_source(["chr1:3000:A:T"])
    assert not is_file("x" * 5_000)


def test_regions_are_told_in_any_form(tmp_path: Path) -> None:
    reference = Reference(demo_files().reference)
    requested = Requested.of("-", reference, Interval("chr1", 0, 10), tmp_path / "a.bed")
    assert requested.options() == {"regions": ["chr1:1-10"], "regions_file": "a.bed"}
    assert Requested.of("-", reference).options() == {}
    with pytest.raises(InputError, match="at hand"):
        Requested.of(["chr1:1:A:T"], reference, "chr1:1-10", at_hand=True)


def test_another_build_is_refused_unless_asked_for(tmp_path: Path) -> None:
    files = demo_files()
    vcf = tmp_path / "other.vcf"
    text = files.variants.read_text().replace("##contig=<ID=chr1,", "##contig=<ID=chrY,")
    vcf.write_text(text.replace("#CHROM", "##contig=<ID=chr1,length=5>\n#CHROM"))
    reference = Reference(files.reference)
    strict = Requested.of(vcf, reference)
    with strict.open() as opened, pytest.raises(AssemblyMismatchError, match="5 bases"):
        strict.checked(opened)
    lenient = Requested.of(vcf, reference, ignore_assembly=True)
    with lenient.open() as opened:
        assert lenient.checked(opened) is opened
