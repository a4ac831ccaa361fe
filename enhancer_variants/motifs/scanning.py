"""Best hits of many motifs, on both strands, among the placements that overlap a change.

With L the motif's length and [first, end) what is an allele's own
(:mod:`enhancer_variants.motifs.context`), these are the placements that start at first - L + 1 to
end - 1, also where the allele has nothing of its own and first equals end.

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
from enhancer_variants.motifs.context import AlleleContext
from enhancer_variants.motifs.pwm import BASES, SCORE_UNIT, Pwm

__all__ = ["BestHits", "MotifScanner", "best_hits"]

_NO_BASE: Final = 4
MOST_PLACEMENTS: Final = 8192
"""Placements on one change that can be told apart."""

LONGEST_MOTIF: Final = 200
"""Positions of a motif; those that are published have 35 at most."""

_NUMBER_UNIT: Final = SCORE_UNIT / (2 * MOST_PLACEMENTS)

_EACH_WIDTH: Final = 64
"""Alleles with more bases of their own than this are scored with those of the same number."""

_AT_ONCE: Final = 2048
"""Alleles scored at once: many, as each matrix product waits for all its threads."""

_Counts = npt.NDArray[np.intp]


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
            if pwm.length > LONGEST_MOTIF:
                raise InputError(
                    f"motif {pwm.id} has {pwm.length} positions; expected at most {LONGEST_MOTIF}"
                )
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
        Bits; NaN where no placement of the motif overlaps the change within A, C, G and T.
    starts
        Index in the allele's bases of the placement's leftmost one, whatever its strand; -1
        where there is none.
    strands
        1 forward, -1 reverse, 0 none.
    """

    scores: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int32]
    strands: npt.NDArray[np.int8]


def best_hits(
    scanner: MotifScanner, contexts: Sequence[AlleleContext]
) -> tuple[BestHits, BestHits]:
    """Find the best placement of each motif, in REF and in ALT, among those on the change.

    Of placements with one score, the leftmost is taken, and the forward strand before the
    reverse. Placements that hold another letter than A, C, G and T are not scored.

    Parameters
    ----------
    scanner
        The motifs.
    contexts
        Some alleles, with at least the longest motif less one base as margin.

    Returns
    -------
    tuple of BestHits
        Those of REF and those of ALT, of shape (alleles, motifs).

    Raises
    ------
    InputError
        If a margin is too small, or an allele has more placements than can be told apart.

    Examples
    --------
    >>> from enhancer_variants.motifs.context import sequence_context
    >>> scanner = MotifScanner([Pwm("GA", "GA", [[-1, -1, 1, -1], [1, -1, -1, -1]])])
    >>> ref, alt = best_hits(scanner, [sequence_context("CCGACC", "CCGCCC", 1)])
    >>> ref.scores.tolist(), ref.starts.tolist(), alt.scores.tolist()
    ([[2.0]], [[0]], [[0.0]])
    """
    ref = _best_of_allele(scanner, [(context.ref, context.own_ref) for context in contexts])
    alt = _best_of_allele(scanner, [(context.alt, context.own_alt) for context in contexts])
    return ref, alt


def _best_of_allele(
    scanner: MotifScanner, alleles: Sequence[tuple[str, tuple[int, int]]]
) -> BestHits:
    """Best hits in one allele of each context: its bases and what of them is its own."""
    shape, margin = (len(alleles), len(scanner.pwms)), scanner.longest - 1
    found = BestHits(np.full(shape, np.nan), np.full(shape, -1, np.int32), np.zeros(shape, np.int8))
    own = np.array([stretch for _, stretch in alleles], dtype=np.intp).reshape(-1, 2)
    widths = own[:, 1] - own[:, 0]
    room = np.array([len(bases) for bases, _ in alleles], dtype=np.intp) - own[:, 1]
    _check(widths, np.minimum(own[:, 0], room), margin)
    # Alleles of about one width are scored together, the shorter ones followed by N.
    together = np.where(widths > _EACH_WIDTH, widths, 2 ** np.ceil(np.log2(np.maximum(widths, 1))))
    for width in np.unique(together):
        rows = np.flatnonzero(together == width)
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            length = int(width) + 2 * margin
            stretches = [(*alleles[row], margin) for row in some]
            texts = [_around(*stretch).ljust(length, "N") for stretch in stretches]
            codes = _codes(texts, length)
            for group in scanner.groups:
                surplus = scanner.longest - group.length
                near = codes[:, surplus : length - surplus]
                scores, numbers = _best_of(group, near, widths[some])
                hit, place = scores > -np.inf, np.ix_(some, group.places)
                starts = own[some, 0, None] - (group.length - 1) + numbers // 2
                found.scores[place] = np.where(hit, scores, np.nan)
                found.starts[place] = np.where(hit, starts, -1)
                found.strands[place] = np.where(hit, 1 - 2 * (numbers % 2), 0)
    return found


def _check(widths: _Counts, margins: _Counts, needed: int) -> None:
    """Refuse alleles whose placements are not all there, or too many to be numbered."""
    if (widths < 0).any() or (margins < needed).any():
        raise InputError(
            f"an allele with {margins.min()} bases beside what is its own, expected at least "
            f"{needed}, the length of the longest motif less one, on both sides"
        )
    most = widths.max(initial=0) + needed
    if most > MOST_PLACEMENTS:
        raise InputError(
            f"{most} placements overlap one change, expected at most {MOST_PLACEMENTS}: "
            "the allele is too long to be read with motifs"
        )


def _around(bases: str, own: tuple[int, int], margin: int) -> str:
    """Cut the margin to what the longest motif needs."""
    return bases[own[0] - margin : own[1] + margin]


def _codes(texts: Sequence[str], length: int) -> npt.NDArray[np.uint8]:
    """Turn bases into their place in BASES and other letters into none."""
    number = np.full(256, _NO_BASE, dtype=np.uint8)
    number[list(BASES.encode())] = range(4)
    letters = np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8)
    return number[letters].reshape(len(texts), length)


def _best_of(
    group: _SameLength, context: npt.NDArray[np.uint8], widths: _Counts
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Best score of each motif over the placements on each row's own, and which placement it is.

    The number of a placement is twice its start, plus 1 on the reverse strand.
    """
    length, motifs = group.length, len(group.places)
    one_hot = (context[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float64)
    flat = one_hot.reshape(len(context), -1)
    bad_before = np.pad(np.cumsum(context == _NO_BASE, axis=1), ((0, 0), (1, 0)))
    matrix = group.matrix.copy()
    matrix[:4, motifs:] -= _NUMBER_UNIT
    best = np.full((len(context), 2 * motifs), -np.inf)
    scores = np.empty_like(best)
    placements = widths + length - 1
    for start in range(context.shape[1] - length + 1):
        np.matmul(flat[:, 4 * start : 4 * (start + length)], matrix, out=scores)
        bad = (bad_before[:, start + length] > bad_before[:, start]) | (start >= placements)
        if bad.any():
            scores[bad] = -np.inf
        np.maximum(best, scores, out=best)
        matrix[:4] -= 2 * _NUMBER_UNIT
    numbered = np.maximum(best[:, :motifs], best[:, motifs:])
    exact = np.ceil(numbered / SCORE_UNIT) * SCORE_UNIT
    lacking = np.where(np.isfinite(exact), exact, 0) - np.where(np.isfinite(exact), numbered, 0)
    return exact, np.rint(lacking / _NUMBER_UNIT).astype(np.intp)
