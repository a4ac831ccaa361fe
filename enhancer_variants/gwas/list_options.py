"""How a risk list is read, resolved and extended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.gwas.formats import EffectAllele, ListFormat
from enhancer_variants.gwas.proxies import check_r2
from enhancer_variants.gwas.site import SiteSource

__all__ = ["FileName", "ListOptions"]

FileName: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """How a risk list is read, resolved and extended.

    Attributes
    ----------
    sites
        VCF or BCF of known variants (dbSNP, 1000 Genomes), in the reference's build, or a source
        that is open.
    merged_ids
        Table of rsIDs that were merged into others.
    population
        Which of the source's frequencies tell palindromic alleles apart.
    chain
        Chain file from the list's build to the reference's.
    effect_allele
        Which of A1 and A2 is the effect allele, where the list's header leaves it open.
    format
        The list's dialect, where its header leaves that open.
    proxies
        Table of linkage disequilibrium (PLINK, LDlink) that names the proxies of the list's
        variants; positions are of the list's build.
    ld_panel
        VCF or BCF with genotypes, bgzipped and indexed, in the reference's build, that proxies are
        computed from.
    r2
        The least r2 of a proxy.
    ld_window
        How far a proxy in `ld_panel` may be from its lead, in bases to each side.
    annotate
        BED files by name: which of their intervals do the alleles lie in?
    """

    sites: FileName | SiteSource | None = None
    merged_ids: FileName | None = None
    population: str | None = None
    chain: FileName | None = None
    effect_allele: EffectAllele | None = None
    format: ListFormat | None = None
    proxies: FileName | None = None
    ld_panel: FileName | None = None
    r2: float = 0.8
    ld_window: int = 1_000_000
    annotate: Mapping[str, FileName] | None = None

    def __post_init__(self) -> None:
        """Refuse options that contradict each other or mean nothing without another."""
        check_r2(self.r2)
        if self.proxies is not None and self.ld_panel is not None:
            raise InputError("proxies come from a table (proxies) or a panel (ld_panel): name one")
        for name in ("merged_ids", "population"):
            if getattr(self, name) is None:
                continue
            if self.sites is None:
                raise InputError(f"{name} is about a source of sites: name one (sites, --sites)")
            if not isinstance(self.sites, str | os.PathLike):
                raise InputError(f"{name} is given; the source of sites is open already")

    @property
    def with_proxies(self) -> bool:
        """Whether proxies are asked for."""
        return self.proxies is not None or self.ld_panel is not None

    def files(self) -> Iterator[FileName]:
        """Every file that is read."""
        named = (self.sites, self.merged_ids, self.chain, self.proxies, self.ld_panel)
        for file in (*named, *(self.annotate or {}).values()):
            if isinstance(file, str | os.PathLike):
                yield file

    def recorded(self) -> dict[str, Any]:
        """Tell what is set, for the provenance: files by their base names."""
        recorded: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or (field.name in {"r2", "ld_window"} and not self.with_proxies):
                continue
            if field.name == "ld_window" and self.ld_panel is None:
                continue
            if field.name == "annotate":
                value = {name: Path(file).name for name, file in value.items()}
            elif field.name == "sites" and not isinstance(value, str | os.PathLike):
                value = value.name
            elif field.name in {"sites", "merged_ids", "chain", "proxies", "ld_panel"}:
                value = Path(value).name
            recorded[field.name] = value
        return recorded
