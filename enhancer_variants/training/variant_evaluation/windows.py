"""The reference around each allele: whether its window is complete, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from enhancer_variants.genome import (
    AlleleWindow,
    Contig,
    Reference,
    Variant,
    WindowRule,
    allele_windows,
    place,
)
from enhancer_variants.motifs import MotifPanel, allele_context, motif_shift_sum
from enhancer_variants.schema import Status
from enhancer_variants.training.evaluation import KmerRegression
from enhancer_variants.training.variant_evaluation.cells import Allele
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["PlacedAllele", "gc_changes", "kmer_shifts", "motif_shift_sums", "place_alleles"]

_ALLELES_AT_ONCE = 2_048
"""Alleles for which all motifs are held at once."""


@dataclass(frozen=True, slots=True)
class PlacedAllele:
    """An allele on the reference.

    Attributes
    ----------
    status
        ``ok``, or the one reason why it has no complete window.
    variant, contig
        Its normal form, and where that is; None where it has no place there.
    window
        REF and ALT window; None unless ok.
    """

    status: Status
    variant: Variant | None = None
    contig: Contig | None = None
    window: AlleleWindow | None = None


def place_alleles(
    alleles: Sequence[Allele], reference: Reference, window: int
) -> list[PlacedAllele]:
    """Put alleles on the reference and cut their windows.

    Parameters
    ----------
    alleles
        As the file has them.
    reference
        The genome.
    window
        Bases of a window, W.

    Returns
    -------
    list of PlacedAllele
        In the order given.
    """
    rule = WindowRule(length=window)
    return [_placed(allele, reference, rule) for allele in alleles]


def _placed(allele: Allele, reference: Reference, rule: WindowRule) -> PlacedAllele:
    if allele.problem or allele.position is None:
        return PlacedAllele(Status.INVALID_RECORD)
    found = place(allele.contig, allele.position, allele.ref, allele.alt, reference)
    if found.variant is None or found.contig is None:
        return PlacedAllele(found.status)
    cut = allele_windows(found.variant, found.contig, rule)
    window = cut.windows[0] if cut.windows else None
    return PlacedAllele(cut.status, found.variant, found.contig, window)


def gc_changes(alleles: Sequence[Allele]) -> Numbers:
    """Count the bases G and C that each ALT has more than its REF.

    Examples
    --------
    >>> gc_changes([Allele("1", 5, "", "A", "G", 0, 1), Allele("1", 5, "", "GC", "G", 1, 1)])
    array([ 1., -1.])
    """
    return np.array([_gc(allele.alt) - _gc(allele.ref) for allele in alleles], dtype=np.float64)


def _gc(bases: str) -> int:
    return sum(base in "GCgc" for base in bases)


def kmer_shifts(placed: Sequence[PlacedAllele], regression: KmerRegression) -> Numbers:
    """Score windows with a k-mer model.

    Returns
    -------
    ndarray
        log_odds(ALT) - log_odds(REF), log2 units, > 0: the ALT gains; NaN without a window.
    """
    shifts = np.full(len(placed), np.nan)
    rows = [row for row, allele in enumerate(placed) if allele.window is not None]
    windows = [allele.window for allele in placed if allele.window is not None]
    if windows:
        scored = regression.log_odds([w.ref for w in windows] + [w.alt for w in windows])
        shifts[rows] = scored[len(windows) :] - scored[: len(windows)]
    return shifts


def motif_shift_sums(placed: Sequence[PlacedAllele], panel: MotifPanel) -> Numbers:
    """Sum over motifs the hits that each ALT gains, less those that it loses.

    Returns
    -------
    ndarray
        As the column ``motif_shift_sum`` has it; NaN without a window.
    """
    sums = np.full(len(placed), np.nan)
    for rows in _chunks([row for row, allele in enumerate(placed) if allele.window is not None]):
        contexts = [
            allele_context(allele.variant, allele.contig, panel.margin)
            for allele in map(placed.__getitem__, rows)
            if allele.variant is not None and allele.contig is not None
        ]
        sums[rows] = motif_shift_sum(panel.changes(contexts), panel.weights)
    return sums


def _chunks(rows: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(rows), _ALLELES_AT_ONCE):
        yield rows[begin : begin + _ALLELES_AT_ONCE]
