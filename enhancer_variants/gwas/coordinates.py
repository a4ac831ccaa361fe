"""Where a list has its variants, in the build and the contig names of the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from enhancer_variants.genome import Contig, Reference, is_acgt, reverse_complement
from enhancer_variants.gwas.liftover import Liftover
from enhancer_variants.gwas.risk_list import ListVariant

__all__ = ["PlacedVariant", "contig_name", "find_contig", "placed"]

_ACCESSION_OF_MT: Final = "NC_012920.1"
"""Only UCSC's hg19 has another mitochondrion, and calls it chrM."""


@dataclass(frozen=True, slots=True)
class PlacedVariant:
    """A variant of a list, in the build of the reference.

    Attributes
    ----------
    variant
        With its place there, and alleles of the forward strand complemented where that is the
        other one there.
    reversed
        Whether the two builds have this stretch the other way round.
    failure
        Why its place cannot be had in the reference's build, or empty.
    """

    variant: ListVariant
    reversed: bool = False
    failure: str = ""


def placed(variant: ListVariant, liftover: Liftover | None) -> PlacedVariant:
    """Lift a variant's place, if there is a chain file and a place.

    Parameters
    ----------
    variant
        As the list has it.
    liftover
        From the list's build to the reference's, or None if they are the same.

    Notes
    -----
    Where the builds have a stretch the other way round, alleles that the list has on the forward
    strand are complemented. That is done for single bases only: an indel would have another anchor.
    """
    if liftover is None or variant.contig == "" or variant.position is None:
        return PlacedVariant(variant)
    lifted = liftover.lift(variant.contig, variant.position)
    if lifted is None:
        return PlacedVariant(variant, failure=liftover.why_none(variant.contig, variant.position))
    there = replace(variant, contig=lifted.contig, position=lifted.position)
    if lifted.strand == "+":
        return PlacedVariant(there)
    if not variant.forward:
        return PlacedVariant(there, reversed=True)
    alleles = (variant.effect_allele, variant.other_allele, variant.ref, variant.alt)
    if any(len(allele) > 1 or not is_acgt(allele or "A") for allele in alleles):
        return PlacedVariant(
            variant,
            failure=f"{liftover.name} has the stretch of {variant.contig}:{variant.position} the "
            "other way round, where only single bases can be lifted",
        )
    effect, other, ref, alt = map(reverse_complement, alleles)
    there = replace(there, effect_allele=effect, other_allele=other, ref=ref, alt=alt)
    return PlacedVariant(there, reversed=True)


def find_contig(reference: Reference, name: str) -> Contig | None:
    """Find a contig of the reference; lists may call the mitochondrion ``MT``.

    Parameters
    ----------
    reference
        The genome.
    name
        As a list or a source of sites has it.
    """
    if name.upper() in ("MT", "CHRMT"):
        return reference.find(name) or reference.find(_ACCESSION_OF_MT)
    return reference.find(name)


def contig_name(reference: Reference, *names: str) -> str:
    """Give the reference's name of the first of some names that it knows, else the first name.

    Parameters
    ----------
    reference
        The genome.
    names
        Names of one contig; empty ones do not count.
    """
    given = [name for name in names if name]
    for name in given:
        contig = find_contig(reference, name)
        if contig is not None:
            return contig.name
    return given[0] if given else ""
