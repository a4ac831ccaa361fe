"""Where a list has its variants, in the reference's build and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from enhancer_variants.genome import Reference
from enhancer_variants.gwas import Liftover, ListVariant
from enhancer_variants.gwas.coordinates import PlacedVariant, contig_name, find_contig, placed


@pytest.fixture
def chain(tmp_path: Path) -> Liftover:
    """Old chr1:1-10 is new chr2:101-110; old chr1:21-30 is that of chr3:1-10 turned round."""
    path = tmp_path / "old_to_new.chain"
    path.write_text(
        "chain 9 chr1 30 + 0 10 chr2 200 + 100 110 1\n10\n\n"
        "chain 8 chr1 30 + 20 30 chr3 10 - 0 10 2\n10\n"
    )
    return Liftover.read(path)


FORWARD = ListVariant("rs1", "1", 22, "A", "G", 0.2, "G", "A", forward=True)


def test_only_places_are_lifted(chain: Liftover) -> None:
    for variant in (FORWARD, ListVariant("rs1"), ListVariant("rs1", position=4)):
        assert placed(variant, None) == PlacedVariant(variant)
    for variant in (ListVariant("rs1"), ListVariant("rs1", "1"), ListVariant("rs1", position=4)):
        assert placed(variant, chain) == PlacedVariant(variant)


def test_a_stretch_that_runs_the_same_way(chain: Liftover) -> None:
    variant = replace(FORWARD, position=4, alt="AT", effect_allele="AT")
    there = replace(variant, contig="chr2", position=104)
    assert placed(variant, chain) == PlacedVariant(there)


def test_a_stretch_that_is_turned_round(chain: Liftover) -> None:
    there = replace(
        FORWARD, contig="chr3", position=9, effect_allele="T", other_allele="C", ref="C", alt="T"
    )
    assert placed(FORWARD, chain) == PlacedVariant(there, reversed=True)
    # A risk allele alone is complemented as well, one on an unknown strand is left as it is.
    alone = replace(FORWARD, other_allele="", ref="", alt="")
    assert placed(alone, chain).variant.effect_allele == "T"
    unstated = replace(FORWARD, forward=False)
    left = replace(unstated, contig="chr3", position=9)
    assert placed(unstated, chain) == PlacedVariant(left, reversed=True)


@pytest.mark.parametrize("allele", ["GA", "-", "N"])
def test_what_cannot_be_turned_round(chain: Liftover, allele: str) -> None:
    variant = replace(FORWARD, alt=allele, effect_allele=allele)
    failed = placed(variant, chain)
    assert failed.variant == variant
    assert "old_to_new.chain has the stretch of 1:22 the other way round" in failed.failure


def test_no_counterpart(chain: Liftover) -> None:
    failed = placed(replace(FORWARD, position=15), chain)
    assert failed.failure == "old_to_new.chain has no counterpart of 1:15"


def test_names_of_contigs(make_reference: Callable[..., Reference]) -> None:
    reference = make_reference(chr1="ACGT", chrX="ACGT")
    assert contig_name(reference, "1") == "chr1"
    assert contig_name(reference, "", "NC_000023.11") == "chrX"
    assert contig_name(reference, "unheard_of", "X") == "chrX"
    assert contig_name(reference, "chr7", "7") == "chr7"
    assert contig_name(reference, "", "") == ""


@pytest.mark.parametrize("name", ["MT", "chrMT", "mt"])
def test_mt_is_not_the_mitochondrion_of_hg19(
    make_reference: Callable[..., Reference], name: str
) -> None:
    found = find_contig(make_reference(chrM=16569 * "C"), name)
    assert found is not None
    assert found.name == "chrM"
    assert find_contig(make_reference(chrM=16571 * "C"), name) is None
