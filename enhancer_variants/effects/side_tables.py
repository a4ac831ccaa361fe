"""Where rows go that do not fit into one row per allele."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["SideTables", "WriteRows"]

WriteRows: TypeAlias = Callable[[Mapping[str, Any]], None]
"""Takes rows as columns by name."""


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
