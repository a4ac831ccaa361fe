"""Proxies: variants that are inherited with a list's lead variants and may be the causal ones."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Protocol

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.gwas.genotypes import Dosages, GenotypePanel, PanelAllele, correlations
from enhancer_variants.gwas.ld_table import LdPartner, read_ld_table
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.gwas.risk_list import ListRow, ListVariant
from enhancer_variants.schema import Status

__all__ = ["LdPanel", "LdTable", "Lead", "ProxyAllele", "ProxySource", "Resolve", "check_r2"]

Resolve = Callable[[Sequence[ListRow]], Sequence[ResolvedAllele]]
"""Finds the alleles of variants of a list, in order (:func:`enhancer_variants.gwas.resolve`)."""

_RSID = re.compile(r"rs[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lead:
    """A variant of a list, with what it resolved to.

    Attributes
    ----------
    variant
        As the list has it.
    alleles
        Its ALTs, or the one reason why there are none; at least one.
    """

    variant: ListVariant
    alleles: tuple[ResolvedAllele, ...]

    @property
    def name(self) -> str:
        """What its proxies call it: its rsID, else where it lies."""
        first = self.alleles[0]
        if self.variant.rsid or first.id:
            return self.variant.rsid or first.id
        contig, position = first.contig or self.variant.contig, first.position
        return f"{contig}:{self.variant.position if position is None else position}"

    @property
    def risk(self) -> tuple[str, str]:
        """Its risk allele and the other one on the forward strand; empty where unknown."""
        known = (a for a in self.alleles if a.risk_allele)
        allele = next(known, self.alleles[0])
        return allele.risk_allele, allele.other_allele


@dataclass(frozen=True, slots=True)
class ProxyAllele:
    """One ALT of a proxy.

    Attributes
    ----------
    allele
        The ALT, under the lead's row and variant. Its risk allele is the one that comes with the
        lead's; empty where nothing says which one that is.
    proxy_of
        Name of the lead.
    r2
        Squared correlation with the lead, from 0 to 1.
    """

    allele: ResolvedAllele
    proxy_of: str
    r2: float


class ProxySource(Protocol):
    """Knows the proxies of lead variants."""

    @property
    def name(self) -> str:
        """Base name of the file, for provenance."""

    @property
    def unknown_leads(self) -> int:
        """How many of the leads asked about it did not have."""

    def proxies(self, leads: Sequence[Lead], resolve: Resolve, /) -> list[list[ProxyAllele]]:
        """Proxies of each lead, the strongest first."""

    def close(self) -> None:
        """Release the file."""


def check_r2(r2: float) -> float:
    """Give an r2 back that is one.

    Raises
    ------
    InputError
        If it is not above 0 and at most 1.
    """
    if not isinstance(r2, Real) or not 0 < r2 <= 1:
        raise InputError(f"r2 is {r2!r}; expected a number above 0 and at most 1, such as 0.8")
    return r2


class LdTable:
    """Proxies from a table of PLINK or LDlink, which is held in memory.

    Leads are looked up by their identifier, else by their position in the list: positions of the
    table and of the list are of one build. What the table says of a proxy is resolved as the list's
    own variants are.

    Parameters
    ----------
    path
        The table (:func:`~enhancer_variants.gwas.ld_table.read_ld_table`).
    r2
        The least r2 of a proxy.

    Raises
    ------
    GwasFileError
        If the table is none of these.
    """

    def __init__(self, path: str | os.PathLike[str], r2: float = 0.8) -> None:
        self.name = Path(path).name
        self.unknown_leads = 0
        self._by_id: dict[str, list[LdPartner]] = {}
        self._by_place: dict[tuple[str, int], list[LdPartner]] = {}
        for ends in read_ld_table(path, check_r2(r2)):
            for end, partner in (ends, ends[::-1]):
                if _RSID.fullmatch(end.id):
                    self._by_id.setdefault(end.id.lower(), []).append(partner)
                place = (canonical_contig(end.contig), end.position)
                self._by_place.setdefault(place, []).append(partner)

    def proxies(self, leads: Sequence[Lead], resolve: Resolve) -> list[list[ProxyAllele]]:
        """Proxies of each lead, the strongest first (`ProxySource`)."""
        partners = [self._partners(lead) for lead in leads]
        asked = [
            (lead, partner)
            for lead, of_lead in zip(leads, partners, strict=True)
            for partner in of_lead
        ]
        rows = [
            ListRow(number, (), (_list_variant(partner),))
            for number, (_, partner) in enumerate(asked)
        ]
        found: list[list[ResolvedAllele]] = [[] for _ in asked]
        for allele in resolve(rows) if rows else ():
            found[allele.list_row].append(allele)
        alleles = iter(zip(asked, found, strict=True))
        return [
            [
                _proxy_allele(*about, allele)
                for _ in of_lead
                for about, of_partner in [next(alleles)]
                for allele in of_partner
                if not _is_own(about[0], allele)
            ]
            for of_lead in partners
        ]

    def close(self) -> None:
        """Nothing is open."""

    def _partners(self, lead: Lead) -> list[LdPartner]:
        """Distinct partners of a lead, itself left out, the strongest first."""
        variant, first = lead.variant, lead.alleles[0]
        ids = {i.lower() for i in (variant.rsid, first.id) if i}
        place = (variant.contig, variant.position)
        if variant.position is None:
            place = (first.contig, first.position)
        known = place[1] is not None
        at = (canonical_contig(place[0]), place[1] or 0)
        found = [p for i in sorted(ids) for p in self._by_id.get(i, ())]
        found = found or (self._by_place.get(at, []) if known else [])
        self.unknown_leads += not found
        distinct: dict[tuple[str, int, str, str], LdPartner] = {}
        for partner in sorted(found, key=lambda p: -p.r2):
            here = known and (canonical_contig(partner.contig), partner.position) == at
            if partner.id.lower() not in ids and not (here and not _RSID.fullmatch(partner.id)):
                key = (canonical_contig(partner.contig), partner.position, partner.ref, partner.alt)
                distinct.setdefault(key, partner)
        return list(distinct.values())


def _is_own(lead: Lead, allele: ResolvedAllele) -> bool:
    """Whether an allele of a proxy is one of the lead's, as where a variant has two names."""
    place = (allele.contig, allele.position, allele.ref, allele.alt)
    return bool(allele.alt) and any(
        place == (a.contig, a.position, a.ref, a.alt) for a in lead.alleles
    )


def _list_variant(partner: LdPartner) -> ListVariant:
    """Say what a table says of a proxy as a list would."""
    return ListVariant(
        rsid=partner.id if _RSID.fullmatch(partner.id) else "",
        contig=partner.contig,
        position=partner.position,
        effect_allele=partner.alt,
        other_allele=partner.ref,
        ref=partner.ref,
        alt=partner.alt,
        forward=bool(partner.alt),
    )


def _proxy_allele(lead: Lead, partner: LdPartner, allele: ResolvedAllele) -> ProxyAllele:
    with_lead: Mapping[str, str] = dict(partner.in_phase)
    risk, other = (with_lead.get(mine, "") for mine in lead.risk)
    told = {risk, other} == {allele.ref, allele.alt}
    if allele.status is Status.ALLELE_UNKNOWN and not partner.alt:
        detail = "the table of proxies has no alleles, and there is no source of sites: --sites"
        allele = replace(allele, detail=detail)
    return ProxyAllele(_under(lead, allele, (risk, other) if told else None), lead.name, partner.r2)


def _under(lead: Lead, allele: ResolvedAllele, risk: tuple[str, str] | None) -> ResolvedAllele:
    """Put a proxy's allele under its lead's row, with its risk alleles where they are known."""
    first = lead.alleles[0]
    return replace(
        allele,
        list_row=first.list_row,
        list_variant=first.list_variant,
        orientation=first.orientation if risk else "unknown",
        risk_allele=risk[0] if risk else "",
        other_allele=risk[1] if risk else "",
    )


class LdPanel:
    """Proxies from the genotypes of a local panel, in the reference's build.

    r2 is the squared correlation of the number of copies of two ALTs in the panel's samples, so
    that phase does not matter. The lead has to be in the panel with the very same position, REF
    and ALT.

    Parameters
    ----------
    path
        Bgzipped, indexed VCF or BCF with genotypes of at least 10 samples.
    r2
        The least r2 of a proxy.
    window
        How far a proxy may be from its lead, in bases to each side.

    Raises
    ------
    VariantFileError, InputError
        If the panel is none.
    """

    def __init__(
        self, path: str | os.PathLike[str], r2: float = 0.8, window: int = 1_000_000
    ) -> None:
        if isinstance(window, bool) or not isinstance(window, int) or window < 1:
            raise InputError(f"ld_window is {window!r}; expected a number of bases above 0")
        self._r2, self._window = check_r2(r2), window
        self._panel = GenotypePanel(path)
        self.name = self._panel.name
        self.contig_lengths = self._panel.contig_lengths
        self.unknown_leads = 0

    def proxies(self, leads: Sequence[Lead], _: Resolve) -> list[list[ProxyAllele]]:
        """Proxies of each lead, the strongest first (`ProxySource`); nothing is resolved."""
        return [self._of(lead) for lead in leads]

    def close(self) -> None:
        """Nothing stays open."""

    def _of(self, lead: Lead) -> list[ProxyAllele]:
        """Join what is found for each ALT that the lead may be: of one proxy, the strongest."""
        own = {(a.position, a.ref, a.alt) for a in lead.alleles}
        strongest: dict[PanelAllele, tuple[float, ResolvedAllele]] = {}
        known = False
        for alt in _alts_in_question(lead):
            found = self._correlated(alt)
            known = known or found is not None
            for allele, r in found or ():
                if (allele.position, allele.ref, allele.alt) not in own and abs(r) > abs(
                    strongest.get(allele, (0.0, alt))[0]
                ):
                    strongest[allele] = (r, alt)
        self.unknown_leads += not known
        found_proxies = sorted(strongest.items(), key=lambda item: -abs(item[1][0]))
        return [
            ProxyAllele(_in_phase(lead, alt, allele, r), lead.name, r * r)
            for allele, (r, alt) in found_proxies
        ]

    def _correlated(self, lead: ResolvedAllele) -> list[tuple[PanelAllele, float]] | None:
        """ALTs within the window past the threshold, with r; None where the panel has no lead."""
        at = lead.position or 0
        around = (lead.contig, at - 1 - self._window, at + self._window)
        copies = next(
            (
                block.counts[number]
                for block in self._panel.blocks(lead.contig, at - 1, at)
                for number, allele in enumerate(block.alleles)
                if (allele.position, allele.ref, allele.alt) == (at, lead.ref, lead.alt)
            ),
            None,
        )
        if copies is None:
            return None
        found: list[tuple[PanelAllele, float]] = []
        for block in self._panel.blocks(*around):
            found += _past(block, correlations(block.counts, copies), self._r2)
        return [(a, r) for a, r in found if abs(a.position - at) <= self._window]


def _past(block: Dosages, r: Iterable[float], least: float) -> list[tuple[PanelAllele, float]]:
    r_of = np.asarray(r)
    with np.errstate(invalid="ignore"):
        past = np.flatnonzero(r_of**2 >= least)
    return [(block.alleles[number], float(r_of[number])) for number in past]


def _alts_in_question(lead: Lead) -> list[ResolvedAllele]:
    """ALTs of a lead that may be the one of the study: the one it names, else all."""
    alts = [a for a in lead.alleles if a.position is not None and a.alt]
    for named in lead.risk:
        if chosen := [a for a in alts if a.alt == named]:
            return chosen
    return alts


def _in_phase(lead: Lead, alt: ResolvedAllele, allele: PanelAllele, r: float) -> ResolvedAllele:
    """Make a proxy's row; its risk allele is the one that comes with the lead's."""
    risk, other = lead.risk
    pair = None
    if {risk, other} == {alt.ref, alt.alt}:
        together = math.copysign(1, r) * (1 if risk == alt.alt else -1)
        pair = (allele.alt, allele.ref) if together > 0 else (allele.ref, allele.alt)
    found = ResolvedAllele(0, 0, alt.contig, allele.position, allele.id, allele.ref, allele.alt)
    return _under(lead, found, pair)
