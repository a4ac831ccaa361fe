"""What a list's alleles are where no source of sites can say: the reference alone judges."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from enhancer_variants.genome import Contig, Reference, is_acgt
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.gwas.risk_list import ListVariant
from enhancer_variants.schema import Status

__all__ = ["judged_by_reference"]

_WITHOUT_BASES: Final = frozenset({"-", "I", "D"})


def judged_by_reference(
    row: ResolvedAllele, variant: ListVariant, reference: Reference
) -> ResolvedAllele:
    """Resolve a variant that has a place, by the bases that the reference has there.

    Parameters
    ----------
    row
        The row to fill in; its contig and position are set.
    variant
        What the list says. If its alleles are on the forward strand, the orientation is
        ``direct``, else ``assumed``. They are never complemented.
    reference
        The genome.

    Returns
    -------
    ResolvedAllele
        With REF and ALT, or ``allele_unknown``, ``no_contig``, ``ref_mismatch``.

    Notes
    -----
    Of two alleles, the one that the reference has is REF. A single risk allele that the reference
    does not have is ALT.
    """
    effect, other = variant.effect_allele, variant.other_allele
    if not effect:
        return _unknown(row, "the list names no risk allele")
    if _WITHOUT_BASES & {effect, other}:
        return _unknown(row, f"the bases of {_listed(variant)} are not in the list")
    contig = reference.find(row.contig)
    if contig is None:
        return replace(
            row, status=Status.NO_CONTIG, detail=f"the reference has no contig {row.contig}"
        )
    position = row.position or 0
    if not 1 <= position <= contig.length:
        return replace(
            row,
            status=Status.REF_MISMATCH,
            detail=f"{contig.name} has {contig.length} bases, and no position {position}",
        )
    if other:
        return _of_two(row, variant, contig, position)
    return _of_one(row, variant, contig.bases(position - 1, position))


def _of_two(
    row: ResolvedAllele, variant: ListVariant, contig: Contig, position: int
) -> ResolvedAllele:
    effect, other = variant.effect_allele, variant.other_allele
    fitting = [allele for allele in (effect, other) if _reads(contig, position, allele)]
    if len(fitting) == 2:
        return _unknown(row, f"the reference begins with either of {_listed(variant)}")
    if not fitting and not variant.forward:
        return _unknown(
            row,
            f"the reference has {contig.bases(position - 1, position)}, the list "
            f"{_listed(variant)}; without sites nothing is complemented",
        )
    # An other allele that is not there is for the scorer to report.
    ref = fitting[0] if fitting else other
    return _with_alleles(row, variant, ref, other if ref == effect else effect, other)


def _of_one(row: ResolvedAllele, variant: ListVariant, base: str) -> ResolvedAllele:
    effect = variant.effect_allele
    if len(effect) > 1:
        return _unknown(row, f"nothing says which bases {effect} stands for")
    if not is_acgt(base):
        return _unknown(row, f"the reference has {base} there")
    if effect == base:
        return _unknown(
            row, f"the risk allele {effect} is REF, and nothing says what else there is"
        )
    return _with_alleles(row, variant, base, effect, base)


def _with_alleles(
    row: ResolvedAllele, variant: ListVariant, ref: str, alt: str, other: str
) -> ResolvedAllele:
    return replace(
        row,
        ref=ref,
        alt=alt,
        orientation="direct" if variant.forward else "assumed",
        risk_allele=variant.effect_allele,
        other_allele=other,
    )


def _reads(contig: Contig, position: int, allele: str) -> bool:
    end = position - 1 + len(allele)
    return end <= contig.length and contig.bases(position - 1, end) == allele


def _unknown(row: ResolvedAllele, detail: str) -> ResolvedAllele:
    return replace(row, status=Status.ALLELE_UNKNOWN, detail=detail)


def _listed(variant: ListVariant) -> str:
    return "/".join(filter(None, (variant.effect_allele, variant.other_allele)))
