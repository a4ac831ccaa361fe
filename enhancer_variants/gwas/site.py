"""Where known variants lie and which alleles they have: what a list is resolved with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Site", "SiteSource"]


@dataclass(frozen=True, slots=True)
class Site:
    """One record of a source of sites.

    Attributes
    ----------
    contig
        As the source names it.
    position
        VCF POS, 1-based.
    ids
        Its identifiers (the ID column, split at ``;``).
    ref, alts
        Alleles of the forward strand, upper case. Without ``*`` and symbolic alleles.
    frequencies
        Frequency of REF and of each ALT in the population asked for, from 0 to 1, None where
        unknown; empty where the source has none for this site.
    """

    contig: str
    position: int
    ids: tuple[str, ...]
    ref: str
    alts: tuple[str, ...]
    frequencies: tuple[float | None, ...] = ()


class SiteSource(Protocol):
    """Answers for many variants at once, offline."""

    @property
    def name(self) -> str:
        """Base name of the file, for provenance."""

    def by_rsid(self, rsids: Collection[str]) -> Mapping[str, tuple[Site, ...]]:
        """Sites of each identifier (``rs`` in lower case), merged ones under the asked name.

        An identifier that is not found is absent.
        """

    def at(self, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[Site, ...]]:
        """Sites that begin at each (contig, 1-based position), whatever the contig's spelling.

        Contigs are compared as `enhancer_variants.genome.canonical_contig` writes them, ``NC_``
        names included. A place without sites is absent.
        """

    def close(self) -> None:
        """Release the file."""
