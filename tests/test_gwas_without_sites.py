"""What a list's alleles are where the reference alone judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from enhancer_variants.genome import Reference
from enhancer_variants.gwas import ListVariant, ResolvedAllele
from enhancer_variants.gwas.without_sites import judged_by_reference
from enhancer_variants.schema import Status

#         12345678901234567890
BASES = "ACGTACGTAATTCCGGNACG"


def judged(
    make_reference: Callable[..., Reference], variant: ListVariant, contig: str = "chr1"
) -> ResolvedAllele:
    row = ResolvedAllele(0, 0, contig, variant.position, "rs1", detail="seen before")
    return judged_by_reference(row, variant, make_reference(chr1=BASES))


def listed(effect: str, other: str, position: int, forward: bool = False) -> ListVariant:
    return ListVariant("rs1", "chr1", position, effect, other, forward=forward)


@pytest.mark.parametrize(
    ("variant", "ref", "alt", "risk", "other"),
    [
        (listed("T", "", 2), "C", "T", "T", "C"),
        (listed("A", "", 2), "C", "A", "A", "C"),
        (listed("C", "T", 2), "C", "T", "C", "T"),
        (listed("T", "C", 2), "C", "T", "T", "C"),
        (listed("A", "GT", 3), "GT", "A", "A", "GT"),
        (listed("CA", "C", 2), "C", "CA", "CA", "C"),
        (listed("A", "", 20), "G", "A", "A", "G"),
        (listed("R", "", 2), "C", "R", "R", "C"),
    ],
)
def test_alleles_that_the_reference_tells(
    make_reference: Callable[..., Reference],
    variant: ListVariant,
    ref: str,
    alt: str,
    risk: str,
    other: str,
) -> None:
    found = judged(make_reference, variant)
    assert (found.status, found.orientation) == (Status.OK, "assumed")
    assert (found.ref, found.alt) == (ref, alt)
    assert (found.risk_allele, found.other_allele) == (risk, other)
    assert (found.id, found.detail) == ("rs1", "seen before")
    known = judged(make_reference, replace(variant, forward=True))
    assert known == replace(found, orientation="direct")


@pytest.mark.parametrize(
    ("variant", "status", "detail"),
    [
        (listed("", "C", 2), Status.ALLELE_UNKNOWN, "names no risk allele"),
        (listed("C", "", 2), Status.ALLELE_UNKNOWN, "risk allele C is REF"),
        (listed("G", "A", 2), Status.ALLELE_UNKNOWN, "has C, the list G/A; without sites"),
        (listed("AT", "A", 10), Status.ALLELE_UNKNOWN, "begins with either of AT/A"),
        (listed("A", "AT", 10, True), Status.ALLELE_UNKNOWN, "begins with either of A/AT"),
        (listed("TT", "", 2), Status.ALLELE_UNKNOWN, "nothing says which bases TT"),
        (listed("A", "", 17), Status.ALLELE_UNKNOWN, "the reference has N"),
        (listed("I", "D", 2), Status.ALLELE_UNKNOWN, "the bases of I/D are not in the list"),
        (listed("-", "", 2), Status.ALLELE_UNKNOWN, "the bases of - are not in the list"),
        (listed("A", "GG", 20), Status.ALLELE_UNKNOWN, "has G, the list A/GG"),
        (listed("A", "", 21), Status.REF_MISMATCH, "chr1 has 20 bases, and no position 21"),
        (listed("A", "", 0), Status.REF_MISMATCH, "and no position 0"),
    ],
)
def test_nothing_to_score(
    make_reference: Callable[..., Reference], variant: ListVariant, status: Status, detail: str
) -> None:
    found = judged(make_reference, variant)
    assert found.status is status
    assert detail in found.detail
    assert (found.ref, found.alt, found.orientation, found.risk_allele) == ("", "", "", "")


def test_a_contig_that_the_reference_lacks(make_reference: Callable[..., Reference]) -> None:
    found = judged(make_reference, listed("A", "G", 2), "chr9")
    assert found.status is Status.NO_CONTIG
    assert found.detail == "the reference has no contig chr9"


def test_forward_alleles_that_are_not_there_are_for_the_scorer(
    make_reference: Callable[..., Reference],
) -> None:
    found = judged(make_reference, listed("A", "G", 2, forward=True))
    assert (found.status, found.ref, found.alt) == (Status.OK, "G", "A")
