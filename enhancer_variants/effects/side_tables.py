"""Where rows go that do not fit into one row per allele."""

from __future__ import annotations

from dataclasses import dataclass

from enhancer_variants.io.long_table import WriteRows

__all__ = ["SideTables"]


@dataclass(frozen=True, slots=True)
class SideTables:
    """Where rows go that do not fit into one row per allele; None where nobody wants them.

    Attributes
    ----------
    factors
        Takes a row for each allele and TFBS model, model after model for each chunk.
    motif_hits
        Takes a row for each allele and motif with a hit in REF or ALT.
    hit_lists
        Whether the hits of an allele are wanted as one string too, as a VCF has them.
    """

    factors: WriteRows | None = None
    motif_hits: WriteRows | None = None
    hit_lists: bool = False
