"""Overlap of alleles with the intervals of BED files."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, MissingDependencyError, VariantFileError
from enhancer_variants.gwas import ResolvedAllele
from enhancer_variants.gwas.annotation import Annotation, read_annotations
from enhancer_variants.io.regions import named_intervals


def _allele(position: int | None, ref: str = "A", contig: str = "chr1") -> ResolvedAllele:
    return ResolvedAllele(0, 0, contig, position, "", ref, "T")


def _bed(folder: Path, *lines: str) -> Path:
    path = folder / "regions.bed"
    path.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines))
    return path


def test_an_interval_counts_where_it_shares_a_base_with_ref(tmp_path: Path) -> None:
    bed = _bed(tmp_path, "1 9 12 E1", "chr1 11 14 E2", "chr1 11 14 E2", "2 0 99 other")
    annotation = Annotation("ccre", bed)
    alleles = [
        _allele(9),
        _allele(10),
        _allele(12),
        _allele(13, contig="NC_000001.11"),
        _allele(15),
        _allele(8, "ACG"),
        _allele(None, ""),
        _allele(1, contig="chr7"),
    ]
    assert annotation.overlaps(alleles) == [None, "E1", "E1,E2", "E2", None, "E1", None, None]
    assert annotation.overlaps([]) == []
    assert (annotation.column.name, annotation.file) == ("overlaps_ccre", "regions.bed")


def test_intervals_without_a_name_say_yes(tmp_path: Path) -> None:
    bed = _bed(tmp_path, "track name=x", "# comment", "chr1 0 10", "chr1 20 30 . 5")
    annotation = Annotation("peaks", bed)
    assert annotation.overlaps([_allele(5), _allele(25), _allele(41)]) == [
        "yes",
        "yes",
        None,
    ]
    assert Annotation("none", _bed(tmp_path)).overlaps([_allele(5)]) == [None]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    intervals=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8),
    alleles=st.lists(st.tuples(st.integers(1, 35), st.integers(1, 4)), max_size=8),
)
def test_overlaps_are_those_of_a_comparison_with_every_interval(
    tmp_path: Path, intervals: list[tuple[int, int]], alleles: list[tuple[int, int]]
) -> None:
    spans = [(start, start + length, f"E{n}") for n, (start, length) in enumerate(intervals)]
    bed = _bed(tmp_path, *(f"chr1 {start} {end} {name}" for start, end, name in spans))
    found = Annotation("x", bed).overlaps([_allele(p, "A" * n) for p, n in alleles])
    for (position, size), names in zip(alleles, found, strict=True):
        ref = range(position - 1, position - 1 + size)
        expected = [name for start, end, name in spans if {*range(start, end)} & {*ref}]
        assert names == (",".join(expected) or None)


def test_files_and_names_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = _bed(tmp_path, "chr1 0 10")
    assert read_annotations(None) == ()
    assert [a.column.name for a in read_annotations({"a-b": bed})] == ["overlaps_a-b"]
    for name in ("", "a b", "x=y"):
        with pytest.raises(InputError, match="expected a name of letters"):
            Annotation(name, bed)
    with pytest.raises(VariantFileError, match=r"regions.bed:1: .* is no BED line"):
        Annotation("a", _bed(tmp_path, "chr1 here 10"))
    monkeypatch.setitem(sys.modules, "bioframe", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[gwas\]"):
        Annotation("a", bed)


def test_names_of_a_gzipped_bed(tmp_path: Path) -> None:
    path = tmp_path / "x.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t0\t5\tone two\nchr2 3 4 three\n"))
    assert [(str(i), name) for i, name in named_intervals(path)] == [
        ("chr1:1-5", "one two"),
        ("chr2:4-4", "three"),
    ]
