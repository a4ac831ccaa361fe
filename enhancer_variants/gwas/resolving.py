"""From what a list says to alleles that can be scored: place, REF, ALT, and which is the risk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from enhancer_variants.genome import Reference, place
from enhancer_variants.gwas.coordinates import PlacedVariant, contig_name, placed
from enhancer_variants.gwas.finding import (
    FoundSites,
    KnownSites,
    NotFound,
    find_sites,
    has_an_indel,
    known_sites,
)
from enhancer_variants.gwas.liftover import Liftover
from enhancer_variants.gwas.orientation import OrientedSite, orient
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.gwas.risk_list import ListRow, ListVariant
from enhancer_variants.gwas.site import Site, SiteSource
from enhancer_variants.gwas.without_sites import judged_by_reference
from enhancer_variants.schema import Status

__all__ = ["resolve"]

_LONGEST_SHOWN: Final = 60


def resolve(
    rows: Iterable[ListRow],
    reference: Reference,
    sites: SiteSource | None,
    *,
    liftover: Liftover | None = None,
) -> list[ResolvedAllele]:
    r"""Find the place and the alleles of every variant of some rows of a list.

    Parameters
    ----------
    rows
        Rows of a list: as many as shall be looked up at once, some thousands.
    reference
        The genome, in whose build `sites` are.
    sites
        Where known variants lie and which alleles they have; None if there is no such source.
    liftover
        From the list's build to the reference's, if they are not the same.

    Returns
    -------
    list of ResolvedAllele
        One for each row, variant and ALT, in this order; one with its status for a variant that
        resolves to nothing.

    Raises
    ------
    FastaError
        If the reference is damaged where it is read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from enhancer_variants.gwas import ListRow, ListVariant
    >>> variant = ListVariant("rs1", "chr1", 2, effect_allele="T")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">chr1\nACGT\n")
    ...     with Reference(fasta) as reference:
    ...         [allele] = resolve([ListRow(0, ("rs1-T",), (variant,))], reference, None)
    >>> allele.ref, allele.alt, allele.orientation, allele.risk_allele, allele.other_allele
    ('C', 'T', 'assumed', 'T', 'C')
    """
    asked = [
        (_row(row.number, number, one, reference), one)
        for row in rows
        for number, variant in enumerate(row.variants)
        for one in [placed(variant, liftover)]
    ]
    known = None
    if sites is not None:
        readable = [one.variant for _, one in asked if not (one.failure or one.variant.problem)]
        known = known_sites(readable, sites)
    return [allele for row, one in asked for allele in _resolved(row, one, reference, known)]


def _row(row: int, number: int, one: PlacedVariant, reference: Reference) -> ResolvedAllele:
    """Begin a row with what the list says; a place in another build is no place."""
    variant = one.variant
    if one.failure:
        return ResolvedAllele(row, number, id=variant.rsid)
    contig = contig_name(reference, variant.contig)
    detail = "the chain file has this stretch the other way round" if one.reversed else ""
    return ResolvedAllele(row, number, contig, variant.position, variant.rsid, detail=detail)


def _resolved(
    row: ResolvedAllele, one: PlacedVariant, reference: Reference, known: KnownSites | None
) -> list[ResolvedAllele]:
    variant = one.variant
    if variant.problem:
        return [replace(row, status=Status.INVALID_RECORD, detail=variant.problem)]
    if one.failure:
        return [replace(row, status=Status.LIFTOVER_FAILED, detail=one.failure)]
    if variant.effect_allele and variant.effect_allele == variant.other_allele:
        detail = f"the list has {variant.effect_allele} as both alleles"
        return [replace(row, status=Status.ALLELE_UNKNOWN, detail=detail)]
    rows = _looked_up(row, one, reference, known)
    if one.reversed and variant.forward:
        rows = [
            replace(each, orientation="complement") if each.orientation == "direct" else each
            for each in rows
        ]
    return rows


def _looked_up(
    row: ResolvedAllele, one: PlacedVariant, reference: Reference, known: KnownSites | None
) -> list[ResolvedAllele]:
    """Resolve a variant by its sites, and by what the list itself says where that is enough."""
    variant = one.variant
    has_place = row.contig != "" and row.position is not None
    if known is None:
        if has_place:
            return _by_the_list(row, one, reference)
        detail = "no position in the list and no source of sites: --sites"
        return [replace(row, status=Status.RSID_NOT_FOUND, detail=detail)]
    found = find_sites(variant, known, reference)
    if isinstance(found, FoundSites):
        rows = _by_sites(row, one, found, reference)
        if rows or not found.by_place_alone:
            return rows or [_contradicted(row, variant, found, reference)]
        found = NotFound(
            Status.RSID_NOT_FOUND,
            f"{known.source} has no {variant.rsid}, and {_shown(found.sites)} at its position",
        )
    if found.status is Status.RSID_NOT_FOUND and has_place and variant.forward:
        return _by_the_list(_noted(row, found.detail), one, reference)
    return [replace(row, status=found.status, detail=found.detail)]


def _by_the_list(
    row: ResolvedAllele, one: PlacedVariant, reference: Reference
) -> list[ResolvedAllele]:
    """Resolve a variant by its own REF and ALT, or else by the bases of the reference."""
    variant = one.variant
    if _names_ref_and_alt(variant):
        own = Site(row.contig, row.position or 0, (), variant.ref, (variant.alt,))
        oriented = orient(variant, own)
        if oriented is None:
            return [_contradicted(row, variant, FoundSites((own,)), reference)]
        return _rows(row, oriented)
    if one.reversed and not variant.forward:
        detail = f"{row.detail}: without sites, nothing says which strand the alleles are on"
        return [replace(row, status=Status.ALLELE_UNKNOWN, detail=detail)]
    return [judged_by_reference(row, variant, reference)]


def _by_sites(
    row: ResolvedAllele, one: PlacedVariant, found: FoundSites, reference: Reference
) -> list[ResolvedAllele]:
    """Resolve a variant by its sites; nothing if its alleles are not theirs."""
    variant = one.variant
    row = _noted(row, found.detail)
    if _names_ref_and_alt(variant):
        matching = [site for site in found.sites if _has_alleles(site, variant, reference)]
        if not matching:
            return []
        if row.position is None:
            row = _at_site(row, variant, matching[0], reference)
        row = replace(row, id=row.id or ";".join(matching[0].ids))
        return _by_the_list(row, one, reference)
    oriented = [each for site in found.sites if (each := orient(variant, site)) is not None]
    if variant.effect_allele:
        # A single base is rather one of an SNV than the anchor of an indel at the same place.
        oriented = sorted(oriented, key=lambda each: has_an_indel(each.site))[:1]
    return [
        resolved
        for each in oriented
        for resolved in _rows(_at_site(row, variant, each.site, reference), each)
    ]


def _at_site(
    row: ResolvedAllele, variant: ListVariant, site: Site, reference: Reference
) -> ResolvedAllele:
    return replace(
        row,
        contig=contig_name(reference, variant.contig, site.contig),
        position=site.position,
        id=variant.rsid or ";".join(site.ids),
        ref=site.ref,
    )


def _rows(row: ResolvedAllele, oriented: OrientedSite) -> list[ResolvedAllele]:
    """Give one row for each ALT."""
    ref = oriented.site.ref
    if not oriented.alts:
        detail = "the source has no other allele with a sequence"
        return [replace(row, ref=ref, status=Status.NO_ALT, detail=detail)]
    rows = []
    for alt in oriented.alts:
        risk, other = oriented.compared(alt)
        rows.append(
            replace(
                row,
                ref=ref,
                alt=alt,
                orientation=oriented.orientation,
                risk_allele=risk,
                other_allele=other,
            )
        )
    return rows


def _contradicted(
    row: ResolvedAllele, variant: ListVariant, found: FoundSites, reference: Reference
) -> ResolvedAllele:
    listed = "/".join(filter(None, (variant.effect_allele, variant.other_allele)))
    if _names_ref_and_alt(variant) and found.sites[0].ids:
        listed = f"{variant.ref}>{variant.alt}"
    strands = "the forward strand, which the list states" if variant.forward else "either strand"
    return replace(
        _at_site(row, variant, found.sites[0], reference),
        status=Status.ALLELE_UNKNOWN,
        detail=f"the list has {listed}, the site {_shown(found.sites)}: no match on {strands}",
    )


def _names_ref_and_alt(variant: ListVariant) -> bool:
    return variant.forward and variant.ref != "" and variant.alt != ""


def _has_alleles(site: Site, variant: ListVariant, reference: Reference) -> bool:
    """Whether REF and ALT of the list are alleles of a site, however an indel is spelled."""
    if {variant.ref, variant.alt} <= {site.ref, *site.alts}:
        return True
    if len(variant.ref) == len(variant.alt):
        return False
    mine = place(variant.contig, variant.position or 0, variant.ref, variant.alt, reference)
    if mine.variant is None:
        return False
    theirs = (place(site.contig, site.position, site.ref, alt, reference) for alt in site.alts)
    return any(
        other.variant is not None and replace(other.variant, id=mine.variant.id) == mine.variant
        for other in theirs
    )


def _noted(row: ResolvedAllele, detail: str) -> ResolvedAllele:
    return replace(row, detail="; ".join(filter(None, (row.detail, detail))))


def _shown(sites: tuple[Site, ...]) -> str:
    """Write REF and ALTs of sites, as many as can be read at a glance."""
    text = ", ".join(f"{site.ref}>{','.join(site.alts) or '.'}" for site in sites)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
