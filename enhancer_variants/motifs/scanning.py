"""Best hits of many motifs, on both strands, among the placements that overlap a change.

The part of an allele that is its own is a stretch of its window: the bases it has in place of
the other allele's, without the anchor of a pure insertion or deletion. The allele that lacks
the bases has an empty stretch, the junction between two bases. A placement overlaps the change
if it covers a base of the stretch or spans the junction; with L the motif's length and
[first, end) the stretch, these are in both cases the placements that start at
first - L + 1 to end - 1.

Only the best of all placements is wanted, and which it is. Scores are whole multiples of
SCORE_UNIT, so that their sums are exact; the number of the placement, in a much smaller unit, is
taken off each score before the largest is kept, and read from what the largest lacks to the
next whole multiple. Ties thus go to the placement that comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.motifs.pwm import BASES, SCORE_UNIT, Pwm

__all__ = ["BestHits", "MotifScanner", "best_hits", "own_stretches"]

_NO_BASE: Final = 4
_MOST_PLACEMENTS: Final = 8192
_NUMBER_UNIT: Final = SCORE_UNIT / (2 * _MOST_PLACEMENTS)

_AT_ONCE: Final = 2048
"""Alleles scored at once: many, as each matrix product waits for all its threads."""


@dataclass(frozen=True, slots=True, eq=False)
class _SameLength:
    """Motifs of one length as one matrix: forward strand, then reverse strand."""

    length: int
    places: npt.NDArray[np.intp]
    matrix: npt.NDArray[np.float64]


class MotifScanner:
    """Motifs, laid out so that all of one length are scored by one matrix product.

    Parameters
    ----------
    pwms
        The motifs, at least one; their order is that of all results.

    Raises
    ------
    InputError
        If there is none, or two have one identifier.

    Attributes
    ----------
    pwms
        The motifs, a tuple.

    Examples
    --------
    >>> scanner = MotifScanner([Pwm("toy", "TOY", [[1, -1, -1, -1]] * 3)])
    >>> len(scanner.pwms), scanner.longest
    (1, 3)
    """

    def __init__(self, pwms: Iterable[Pwm]) -> None:
        self.pwms = tuple(pwms)
        if not self.pwms:
            raise InputError("no motif to look for; expected at least one")
        seen: set[str] = set()
        for pwm in self.pwms:
            if pwm.id in seen:
                raise InputError(
                    f"two motifs have the identifier {pwm.id}; results could not be told apart"
                )
            seen.add(pwm.id)
        lengths = np.array([pwm.length for pwm in self.pwms])
        self._groups = tuple(
            self._same_length(int(length), np.flatnonzero(lengths == length))
            for length in np.unique(lengths)
        )

    @property
    def longest(self) -> int:
        """Positions of the longest motif."""
        return self._groups[-1].length

    @property
    def groups(self) -> tuple[_SameLength, ...]:
        """The motifs by length, ascending."""
        return self._groups

    def _same_length(self, length: int, places: npt.NDArray[np.intp]) -> _SameLength:
        forward = [self.pwms[place].scores for place in places]
        columns = [*forward, *(scores[::-1, ::-1] for scores in forward)]
        matrix = np.stack([scores.ravel() for scores in columns], axis=1)
        return _SameLength(length, places, matrix)


@dataclass(frozen=True, slots=True, eq=False)
class BestHits:
    """Best placement of each motif in each allele: arrays of shape (alleles, motifs).

    Attributes
    ----------
    scores
        Bits; NaN where no placement of the motif overlaps the change within A, C, G and T of
        the window.
    starts
        Index in the allele's window of the placement's leftmost base, whatever its strand; -1
        where there is none.
    strands
        1 forward, -1 reverse, 0 none.
    """

    scores: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int32]
    strands: npt.NDArray[np.int8]


def own_stretches(variant: Variant) -> tuple[tuple[int, int], tuple[int, int]]:
    """Find what is REF's own and what is ALT's own: the alleles without their anchor.

    Parameters
    ----------
    variant
        In normal form.

    Returns
    -------
    tuple
        (first, end) of REF's and of ALT's own bases, 0-based and half-open, counted from the
        first base of the allele; first equals end where an allele has none.

    Examples
    --------
    >>> own_stretches(Variant("1", 5, "C", "T"))
    ((0, 1), (0, 1))
    >>> own_stretches(Variant("1", 5, "C", "CTT"))
    ((1, 1), (1, 3))
    >>> own_stretches(Variant("1", 1, "GAC", "C"))
    ((0, 2), (0, 0))
    """
    ref, alt = variant.ref, variant.alt
    shorter = min(len(ref), len(alt))
    before = after = 0
    while before < shorter and ref[before] == alt[before]:
        before += 1
    while after < shorter - before and ref[-1 - after] == alt[-1 - after]:
        after += 1
    return (before, len(ref) - after), (before, len(alt) - after)


def best_hits(
    scanner: MotifScanner,
    sequences: Sequence[str],
    stretches: npt.NDArray[np.intp],
) -> BestHits:
    """Find the best placement of each motif among those that overlap the change.

    Of placements with one score, the leftmost is taken, and the forward strand before the
    reverse. Placements that leave the window, or hold another letter than A, C, G and T, are
    not scored.

    Parameters
    ----------
    scanner
        The motifs.
    sequences
        Windows of the alleles, all of one length.
    stretches
        Shape (alleles, 2): what of each window is the allele's own, [first, end), 0-based;
        empty for a junction.

    Returns
    -------
    BestHits
        Of shape (alleles, motifs).

    Raises
    ------
    InputError
        If the windows differ in length, or a stretch is not in its window.

    Examples
    --------
    >>> scanner = MotifScanner([Pwm("GA", "GA", [[-1, -1, 1, -1], [1, -1, -1, -1]])])
    >>> hits = best_hits(scanner, ["CCGACC", "CCGCCC"], np.array([[3, 4], [3, 4]]))
    >>> hits.scores.ravel().tolist(), hits.starts.ravel().tolist()
    ([2.0, 0.0], [2, 2])
    """
    alleles, motifs = len(sequences), len(scanner.pwms)
    found = BestHits(
        np.full((alleles, motifs), np.nan),
        np.full((alleles, motifs), -1, dtype=np.int32),
        np.zeros((alleles, motifs), dtype=np.int8),
    )
    if not alleles:
        return found
    codes = _codes(sequences, scanner.longest)
    widths = stretches[:, 1] - stretches[:, 0]
    if (stretches[:, 0] < 0).any() or (widths < 0).any() or (stretches > len(sequences[0])).any():
        raise InputError("the change is not in the window; expected first <= end <= window length")
    for width in np.unique(widths):
        rows = np.flatnonzero(widths == width)
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            first = stretches[some, 0, None]
            # With the margin, the longest motif's leftmost placement starts one base after this.
            columns = first + 1 + np.arange(width + 2 * scanner.longest - 2)
            context = codes[some[:, None], columns]
            for group in scanner.groups:
                surplus = scanner.longest - group.length
                scores, numbers = _best_of(group, context[:, surplus : columns.shape[1] - surplus])
                hit, place = scores > -np.inf, np.ix_(some, group.places)
                starts = first - (group.length - 1) + numbers // 2
                found.scores[place] = np.where(hit, scores, np.nan)
                found.starts[place] = np.where(hit, starts, -1)
                found.strands[place] = np.where(hit, 1 - 2 * (numbers % 2), 0)
    return found


def _codes(sequences: Sequence[str], margin: int) -> npt.NDArray[np.uint8]:
    """Turn bases into their place in BASES, other letters and a margin on both sides into none."""
    if len({len(sequence) for sequence in sequences}) != 1:
        raise InputError("windows differ in length; expected all of one length")
    number = np.full(256, _NO_BASE, dtype=np.uint8)
    number[list(BASES.encode())] = range(4)
    letters = np.frombuffer("".join(sequences).encode("ascii", "replace"), dtype=np.uint8)
    codes = number[letters].reshape(len(sequences), -1)
    return np.pad(codes, ((0, 0), (margin, margin)), constant_values=_NO_BASE)


def _best_of(
    group: _SameLength, context: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Best score of each motif over all placements in each row, and which placement it is.

    The number of a placement is twice its start, plus 1 on the reverse strand.
    """
    length, motifs = group.length, len(group.places)
    placements = context.shape[1] - length + 1
    if placements > _MOST_PLACEMENTS:
        raise InputError(
            f"{placements} placements overlap one change, expected at most {_MOST_PLACEMENTS}: "
            "the allele is too long to be read with motifs"
        )
    one_hot = (context[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float64)
    flat = one_hot.reshape(len(context), -1)
    bad_before = np.pad(np.cumsum(context == _NO_BASE, axis=1), ((0, 0), (1, 0)))
    matrix = group.matrix.copy()
    matrix[:4, motifs:] -= _NUMBER_UNIT
    best = np.full((len(context), 2 * motifs), -np.inf)
    scores = np.empty_like(best)
    for start in range(placements):
        np.matmul(flat[:, 4 * start : 4 * (start + length)], matrix, out=scores)
        bad = bad_before[:, start + length] > bad_before[:, start]
        if bad.any():
            scores[bad] = -np.inf
        np.maximum(best, scores, out=best)
        matrix[:4] -= 2 * _NUMBER_UNIT
    numbered = np.maximum(best[:, :motifs], best[:, motifs:])
    exact = np.ceil(numbered / SCORE_UNIT) * SCORE_UNIT
    lacking = np.where(np.isfinite(exact), exact, 0) - np.where(np.isfinite(exact), numbered, 0)
    return exact, np.rint(lacking / _NUMBER_UNIT).astype(np.intp)
