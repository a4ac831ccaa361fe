"""Which sites of a source a list's variants are: by place where there is one, else by rsID."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from enhancer_variants.genome import Reference, canonical_contig, is_acgt
from enhancer_variants.gwas.coordinates import find_contig
from enhancer_variants.gwas.risk_list import ListVariant
from enhancer_variants.gwas.site import Site, SiteSource
from enhancer_variants.schema import Status

__all__ = ["FoundSites", "KnownSites", "NotFound", "find_sites", "has_an_indel", "known_sites"]

_Place: TypeAlias = tuple[str, int]

_PLACES_SHOWN: Final = 3
_RSID: Final = re.compile("rs[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundSites:
    """What the source has for a variant; its records of one REF are joined.

    Attributes
    ----------
    sites
        At least one, all at one position.
    detail
        By which other identifier the source has it; else empty.
    by_place_alone
        Whether the source does not know the list's identifier: then alleles that do not fit mean
        that this is another variant.
    """

    sites: tuple[Site, ...]
    detail: str = ""
    by_place_alone: bool = False


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is no site for a variant.

    Attributes
    ----------
    status
        ``rsid_not_found``, ``rsid_ambiguous`` or ``position_conflict``.
    detail
        What was found.
    """

    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class KnownSites:
    """What a source has of a chunk of variants; :func:`known_sites` asks it.

    Attributes
    ----------
    source
        Its name.
    at
        Sites by contig (as the list names it) and position.
    named
        Sites by identifier in lower case, of those that were not found at the list's position.
    """

    source: str
    at: Mapping[_Place, tuple[Site, ...]]
    named: Mapping[str, tuple[Site, ...]]


def known_sites(variants: Sequence[ListVariant], source: SiteSource) -> KnownSites:
    """Ask a source for the places of many variants, then for the rsIDs it does not have there.

    Parameters
    ----------
    variants
        With places in the build of the source.
    source
        The source of sites.
    """
    places = {place for variant in variants for place in _places(variant)}
    at = source.at(places) if places else {}
    rsids = {
        variant.rsid.lower()
        for variant in variants
        if variant.rsid and not any(_is_called(site, variant) for site in _near(variant, at))
    }
    return KnownSites(source.name, at, source.by_rsid(rsids) if rsids else {})


def find_sites(
    variant: ListVariant, known: KnownSites, reference: Reference
) -> FoundSites | NotFound:
    """Find the sites of one variant.

    Parameters
    ----------
    variant
        The variant.
    known
        What the source has of the chunk that it belongs to.
    reference
        The genome: a source's copies of a site on other contigs do not count.

    Notes
    -----
    A variant with a place is looked for there. If the source has its rsID elsewhere, the two
    contradict each other. If it does not have the rsID at all, a site at that place is taken: it
    may be called otherwise now, or have no name. Without a place the rsID has to lead to one
    position.
    """
    near = list(_near(variant, known.at))
    own = [site for site in near if _is_called(site, variant)]
    if own:
        return FoundSites(_joined(_at_one_place(own)))
    named = _on_known_contigs(known.named.get(variant.rsid.lower(), ()), reference)
    if not _has_place(variant):
        return _by_name(variant, named, known.source)
    agreeing = [site for site in named if _agrees(variant, site)]
    if agreeing:
        return _renamed(variant, _at_one_place(agreeing))
    if named:
        return NotFound(
            Status.POSITION_CONFLICT,
            f"the list has {variant.rsid} at {variant.contig}:{variant.position}, "
            f"{known.source} at {_shown(named)}",
        )
    return _by_place_alone(variant, near, known.source)


def _by_place_alone(
    variant: ListVariant, near: Sequence[Site], source: str
) -> FoundSites | NotFound:
    """Take a site of which only the place says that it is the variant."""
    wanted = variant.rsid or "such variant"
    place = f"{variant.contig}:{variant.position}"
    if not variant.rsid:
        near = [site for site in near if _is_of_its_kind(variant, site)]
    elif not variant.effect_allele:
        # Without an allele only its name could tell that a site is not another variant.
        near, all_near = [site for site in near if not _rsids(site)], near
        if all_near and not near:
            there = " ".join(_rsids(all_near[0]))
            return NotFound(
                Status.RSID_NOT_FOUND,
                f"{source} has no {wanted}; at {place} it has {there}, and the list names no "
                "allele to tell whether that is the same",
            )
    if not near:
        detail = f"{source} has no {wanted}, and none at {place}"
        return NotFound(Status.RSID_NOT_FOUND, detail)
    found = _renamed(variant, _at_one_place(near))
    return replace(found, by_place_alone=variant.rsid != "")


def _by_name(variant: ListVariant, named: Sequence[Site], source: str) -> FoundSites | NotFound:
    if not variant.rsid:
        return NotFound(Status.RSID_NOT_FOUND, "the list has neither an rsID nor a position")
    if not named:
        return NotFound(Status.RSID_NOT_FOUND, f"{source} has no {variant.rsid}")
    if len({(canonical_contig(site.contig), site.position) for site in named}) > 1:
        return NotFound(Status.RSID_AMBIGUOUS, f"{source} has {variant.rsid} at {_shown(named)}")
    return _renamed(variant, named)


def _has_place(variant: ListVariant) -> bool:
    return variant.contig != "" and variant.position is not None


def _places(variant: ListVariant) -> Iterator[_Place]:
    """Where a variant can begin: an indel's base before it may count as its first or not."""
    if variant.contig == "" or variant.position is None:
        return
    yield variant.contig, variant.position
    if variant.position > 1 and not _is_surely_an_snv(variant):
        yield variant.contig, variant.position - 1


def _is_surely_an_snv(variant: ListVariant) -> bool:
    listed = (variant.effect_allele, variant.other_allele)
    alleles = (variant.ref, variant.alt) if variant.ref else listed
    return all(len(allele) == 1 and is_acgt(allele) for allele in alleles)


def _is_of_its_kind(variant: ListVariant, site: Site) -> bool:
    """Whether a site has an indel or has none, as the list's two alleles do."""
    first, second = variant.effect_allele, variant.other_allele
    if not first or not second:
        return True
    is_indel = len(first) != len(second) or not is_acgt(first + second)
    return any((len(alt) != len(site.ref)) == is_indel for alt in site.alts)


def _near(variant: ListVariant, at: Mapping[_Place, tuple[Site, ...]]) -> Iterator[Site]:
    for place in _places(variant):
        yield from (site for site in at.get(place, ()) if _agrees(variant, site))


def _agrees(variant: ListVariant, site: Site) -> bool:
    """Whether a site is where the list has the variant, an indel from its anchor or after it."""
    if canonical_contig(site.contig) != canonical_contig(variant.contig):
        return False
    if site.position == variant.position:
        return True
    return has_an_indel(site) and site.position + 1 == variant.position


def has_an_indel(site: Site) -> bool:
    """Whether an ALT of a site has another length than its REF."""
    return any(len(alt) != len(site.ref) for alt in site.alts)


def _is_called(site: Site, variant: ListVariant) -> bool:
    return variant.rsid.lower() in (name.lower() for name in site.ids)


def _rsids(site: Site) -> list[str]:
    """List identifiers that may contradict the list's; ``7:126253551:G:T`` is none."""
    return [name for name in site.ids if _RSID.fullmatch(name)]


def _on_known_contigs(sites: Sequence[Site], reference: Reference) -> Sequence[Site]:
    """Leave out copies on contigs that the reference lacks, unless there are no others."""
    known = [site for site in sites if find_contig(reference, site.contig) is not None]
    return known or sites


def _at_one_place(sites: Sequence[Site]) -> Sequence[Site]:
    """Sites at the last of their positions: where the list has it rather than one base before."""
    last = max(site.position for site in sites)
    return [site for site in sites if site.position == last]


def _joined(sites: Iterable[Site]) -> tuple[Site, ...]:
    """Join records of one REF, as 1000 Genomes has one for each ALT; but no SNV with an indel."""
    alike: dict[tuple[str, bool], list[Site]] = {}
    for site in sites:
        alike.setdefault((site.ref, has_an_indel(site)), []).append(site)
    return tuple(_join(records) if records[1:] else records[0] for records in alike.values())


def _join(records: Sequence[Site]) -> Site:
    shares: dict[str, float | None] = {}
    for record in records:
        of_alts = record.frequencies[1:] or (None,) * len(record.alts)
        for alt, share in zip(record.alts, of_alts, strict=True):
            shares.setdefault(alt, share)
    known = [share for share in shares.values() if share is not None]
    # What a record of one ALT calls REF includes the carriers of the others.
    of_ref = max(0.0, 1 - sum(known)) if len(known) == len(shares) else None
    return replace(
        records[0],
        ids=tuple(dict.fromkeys(name for record in records for name in record.ids)),
        alts=tuple(shares),
        frequencies=(of_ref, *shares.values()) if known else (),
    )


def _renamed(variant: ListVariant, sites: Sequence[Site]) -> FoundSites:
    """Say by which other name the source has a variant."""
    names = dict.fromkeys(name for site in sites for name in _rsids(site))
    is_other = names and variant.rsid and variant.rsid.lower() not in map(str.lower, names)
    return FoundSites(_joined(sites), f"the source calls it {' '.join(names)}" if is_other else "")


def _shown(sites: Sequence[Site]) -> str:
    places = list(dict.fromkeys(f"{site.contig}:{site.position}" for site in sites))
    more = len(places) - _PLACES_SHOWN
    return ", ".join(places[:_PLACES_SHOWN]) + (f" and {more} more" if more > 0 else "")
