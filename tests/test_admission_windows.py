"""Windows that a check reads: which variants, and which of many."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from enhancer_variants.admission.windows import FEWEST_PAIRS, changes_to_read, pairs_of
from enhancer_variants.errors import AssemblyMismatchError, InputError
from enhancer_variants.genome import Reference


@pytest.fixture
def genome(make_reference: Callable[..., Reference]) -> Reference:
    generator = random.Random(1)
    return make_reference(chr1="".join(generator.choices("ACGT", k=3000)))


def vcf(folder: Path, genome: Reference, starts: list[int], name: str = "common.vcf") -> Path:
    """A VCF of SNVs at 0-based positions."""
    contig = genome.find("chr1")
    assert contig is not None
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for start in starts:
        ref = contig.bases(start, start + 1)
        alt = "ACGT".replace(ref, "")[0]
        lines.append(f"chr1\t{start + 1}\t.\t{ref}\t{alt}\t.\t.\t.")
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def centres(genome: Reference, variants: Path | None, n: int, seed: int) -> list[str]:
    changes, named = changes_to_read(genome, variants, n, seed)
    pairs = pairs_of(changes, named, genome, 20, n, seed)
    refs = [pairs.sequences[place] for place in pairs.ref[:, 0]]
    alts = [pairs.sequences[place] for place in pairs.alt[:, 0]]
    for ref, alt in zip(refs, alts, strict=True):
        assert [place for place in range(20) if ref[place] != alt[place]] == [10]
    return refs


def test_random_snvs_are_the_same_for_the_same_seed(genome: Reference) -> None:
    assert centres(genome, None, 150, 1) == centres(genome, None, 150, 1)
    assert centres(genome, None, 150, 1) != centres(genome, None, 150, 2)


def test_all_variants_of_a_short_file_are_read_in_order(genome: Reference, tmp_path: Path) -> None:
    contig = genome.find("chr1")
    assert contig is not None
    starts = [*range(20, 140)]
    refs = centres(genome, vcf(tmp_path, genome, starts), 500, 0)
    assert refs == [contig.bases(start - 10, start + 10) for start in starts]


def test_of_a_long_file_each_variant_is_as_likely_as_any_other(
    genome: Reference, tmp_path: Path
) -> None:
    contig = genome.find("chr1")
    assert contig is not None
    starts = [*range(100, 1100)]
    variants = vcf(tmp_path, genome, starts)
    place_of = {contig.bases(start - 10, start + 10): start for start in starts}
    thirds: Counter[int] = Counter()
    for seed in range(8):
        taken = [place_of[ref] for ref in centres(genome, variants, 200, seed)]
        assert taken == sorted(taken)
        assert len(set(taken)) == 200
        thirds.update((start - 100) * 3 // 1000 for start in taken)
    # 1,600 draws: 533 for each third, and a standard deviation of less than 19.
    assert all(abs(count - 1600 / 3) < 100 for count in thirds.values())
    assert centres(genome, variants, 200, 3) == centres(genome, variants, 200, 3)


def test_what_cannot_be_read_as_a_window_is_left_out_and_too_few_are_refused(
    genome: Reference, tmp_path: Path
) -> None:
    starts = [*range(FEWEST_PAIRS + 8)]  # of windows of 20 bases, ten begin before the contig
    with pytest.raises(InputError, match=r"^500 of common\.vcf on .*seed 0: 98 could be read as w"):
        centres(genome, vcf(tmp_path, genome, starts), 500, 0)
    assert len(centres(genome, vcf(tmp_path, genome, [*starts, 200, 201]), 500, 0)) == 100


def test_a_file_has_to_be_there_and_of_the_same_build(genome: Reference, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.vcf: no such file; expected a VCF"):
        changes_to_read(genome, tmp_path / "none.vcf", 200, 0)
    variants = vcf(tmp_path, genome, [*range(20, 220)])
    text = variants.read_text()
    header = "##contig=<ID=chr1,length=248956422>\n"
    variants.write_text(text.replace("#CHROM", header + "#CHROM"))
    changes, named = changes_to_read(genome, variants, 200, 0)
    with pytest.raises(AssemblyMismatchError):
        pairs_of(changes, named, genome, 20, 200, 0)
    changes, named = changes_to_read(genome, variants, 200, 0, ignore_assembly=True)
    assert len(pairs_of(changes, named, genome, 20, 200, 0).rows) == 200
