"""One spelling for each allele: parsimonious and left-aligned, as bcftools norm writes it.

Tan A, Abecasis GR, Kang HM (2015). Unified representation of genetic variants. Bioinformatics
31:2202-2204.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enhancer_variants.errors import InputError
from enhancer_variants.genome.alphabet import is_acgt
from enhancer_variants.genome.variant import Variant

if TYPE_CHECKING:
    from enhancer_variants.genome.reference import ContigSequence

__all__ = ["normal_form"]

_FIRST_PIECE: Final = 64
_LARGEST_PIECE: Final = 16384


def normal_form(variant: Variant, contig: ContigSequence) -> Variant:
    """Write an allele the one way in which every spelling of it comes out.

    What both alleles share is taken off, a pure insertion or deletion is moved as far left as
    it goes, and gets the base before it as its anchor. Alignment stops at a base that is not A,
    C, G or T and at the contig's start; there the base that follows is the anchor.

    Parameters
    ----------
    variant
        Its REF must be what the contig has there, its ALT another text of A, C, G, T, both in
        upper case (:func:`~enhancer_variants.genome.placement.place` checks this).
    contig
        The contig.

    Returns
    -------
    Variant
        On the same contig, with the same identifier.

    Raises
    ------
    InputError
        If ALT equals REF.

    Examples
    --------
    >>> from enhancer_variants.genome.reference import InMemoryContig
    >>> contig = InMemoryContig("toy", "GCACACATT")
    >>> str(normal_form(Variant("toy", 6, "CA", "C"), contig))
    'toy:6:CA:C'
    >>> str(normal_form(Variant("toy", 5, "ACA", "A"), contig))
    'toy:1:GCA:G'
    """
    ref, alt = variant.ref, variant.alt
    if len(ref) == 1 == len(alt):
        return variant
    if ref == alt:
        raise InputError(f"{variant}: ALT equals REF, there is no change to write")
    ref, alt = _without_common_suffix(ref, alt)
    if ref and alt:
        start, ref, alt = _without_common_prefix(variant.start, ref, alt)
    else:
        start, ref, alt = _left_aligned(variant.start, ref, alt, contig)
    return Variant(variant.contig, start + 1, ref, alt, variant.id)


def _without_common_suffix(ref: str, alt: str) -> tuple[str, str]:
    shared, most = 0, min(len(ref), len(alt))
    while shared < most and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    return ref[: len(ref) - shared], alt[: len(alt) - shared]


def _without_common_prefix(start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Take off what both begin with, but leave each a base."""
    shared, most = 0, min(len(ref), len(alt)) - 1
    while shared < most and ref[shared] == alt[shared]:
        shared += 1
    return start + shared, ref[shared:], alt[shared:]


def _left_aligned(
    start: int, deleted: str, inserted: str, contig: ContigSequence
) -> tuple[int, str, str]:
    """Move a pure insertion or deletion left and give it its anchor."""
    unit = deleted or inserted
    steps = _steps_left(start, unit, contig)
    # Each step takes the last base to the front.
    turn = len(unit) - steps % len(unit)
    unit = unit[turn:] + unit[:turn]
    start -= steps
    anchor = contig.bases(start - 1, start) if start else ""
    if is_acgt(anchor):
        start, longer = start - 1, anchor + unit
    else:
        following = start + len(deleted)
        anchor = contig.bases(following, following + 1)
        longer = unit + anchor
    return (start, longer, anchor) if deleted else (start, anchor, longer)


def _steps_left(start: int, unit: str, contig: ContigSequence) -> int:
    """Count how far an inserted or deleted `unit` can move left without changing the haplotype.

    A step is possible where the base before equals the last base of the unit as turned so far.
    """
    steps, piece_length = 0, _FIRST_PIECE
    while start > steps:
        end = start - steps
        piece = contig.bases(max(0, end - piece_length), end)
        for base in reversed(piece):
            if base != unit[-1 - steps % len(unit)]:
                return steps
            steps += 1
        piece_length = min(2 * piece_length, _LARGEST_PIECE)
    return steps
