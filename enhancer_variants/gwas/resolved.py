"""What a variant of a list turned out to be: one row of the output, before it is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from enhancer_variants.schema import Status

__all__ = ["ORIENTATIONS", "Orientation", "ResolvedAllele"]

Orientation = Literal["", "direct", "complement", "frequency", "palindromic", "assumed", "unknown"]
"""How the list's alleles were put on the forward strand; empty where nothing was found."""

ORIENTATIONS: tuple[Orientation, ...] = (
    "direct",
    "complement",
    "frequency",
    "palindromic",
    "assumed",
    "unknown",
)


@dataclass(frozen=True, slots=True)
class ResolvedAllele:
    """One ALT of a variant of a list, or the reason why there is none.

    Attributes
    ----------
    list_row, list_variant
        0-based number of the row, and of the variant within it.
    contig, position, id, ref, alt
        As a VCF would have them, forward strand of the reference; empty and None where unknown.
    status
        Why there is nothing to score; ``ok`` where the scorer is to judge.
    detail
        What was found, in a short sentence; empty where there is nothing to add.
    orientation
        How the list's alleles were put on the forward strand.
    risk_allele, other_allele
        The list's effect allele, and the one it is compared with, on the forward strand. Empty
        where that cannot be said (palindromic, unknown).
    """

    list_row: int
    list_variant: int
    contig: str = ""
    position: int | None = None
    id: str = ""
    ref: str = ""
    alt: str = ""
    status: Status = Status.OK
    detail: str = ""
    orientation: Orientation = ""
    risk_allele: str = ""
    other_allele: str = ""
