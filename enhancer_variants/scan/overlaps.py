"""How much intervals overlap others, and how far away they are.

All contigs lie one behind the other on one line, so that one binary search answers for all of
them at once. That is what makes thousands of permutations of a genome's calls practical.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.scan.bed_intervals import BedIntervals

__all__ = ["IntervalSet", "Line", "lengths_needed", "merged", "shared_bases"]

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

_PAIRS_AT_ONCE: Final = 1 << 21
"""Pairs of intervals that are looked at together: some 100 MB."""


@dataclass(frozen=True, slots=True)
class Line:
    """Contigs one behind the other, with a base between them that belongs to none.

    Attributes
    ----------
    offsets
        Where each contig begins, by its canonical name.

    Examples
    --------
    >>> import pandas as pd
    >>> from enhancer_variants.scan.bed_intervals import bed_intervals
    >>> calls = bed_intervals(pd.DataFrame({"chrom": ["2"], "start": [3], "end": [8]}))
    >>> Line.of({"1": 100, "2": 50}).place(calls)
    (array([104]), array([109]))
    """

    offsets: dict[str, int]

    @classmethod
    def of(cls, lengths: dict[str, int]) -> Line:
        """Lay out contigs.

        Parameters
        ----------
        lengths
            Bases of each contig that has to have room, by its canonical name.
        """
        ends = np.cumsum([0, *(length + 1 for length in lengths.values())]).tolist()
        return cls(dict(zip(lengths, ends[:-1], strict=True)))

    def place(self, intervals: BedIntervals) -> tuple[Integers, Integers]:
        """Give starts and ends on the line, each of shape ``(intervals,)``."""
        begin = np.array([self.offsets[contig] for contig in intervals.contigs], np.int64)
        moved = begin[intervals.contig] if len(intervals) else np.empty(0, np.int64)
        return intervals.starts + moved, intervals.ends + moved


def merged(starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Merge intervals that overlap or touch.

    Parameters
    ----------
    starts, ends
        0-based half-open, in any order. Shape ``(intervals,)``.

    Returns
    -------
    tuple
        Sorted starts and ends of what they cover.

    Examples
    --------
    >>> merged(np.array([20, 0, 5]), np.array([30, 6, 20]))
    (array([0]), array([30]))
    """
    if not len(starts):
        return starts, ends
    order = np.argsort(starts, kind="stable")
    starts, furthest = starts[order], np.maximum.accumulate(ends[order])
    begins = np.flatnonzero(np.concatenate([[True], starts[1:] > furthest[:-1]]))
    return starts[begins], furthest[np.append(begins[1:] - 1, len(starts) - 1)]


def shared_bases(first: tuple[Integers, Integers], second: tuple[Integers, Integers]) -> int:
    """Count the bases that two merged sets share.

    Parameters
    ----------
    first, second
        As :func:`merged` gives them.

    Examples
    --------
    >>> shared_bases((np.array([0, 50]), np.array([10, 60])), (np.array([5]), np.array([55])))
    10
    """
    return int((_covered(first, second[1]) - _covered(first, second[0])).sum())


def _covered(intervals: tuple[Integers, Integers], positions: Integers) -> Integers:
    """Bases that merged intervals cover in front of each position."""
    starts, ends = intervals
    if not len(starts):
        return np.zeros(len(positions), np.int64)
    before = np.concatenate([[0], np.cumsum(ends - starts)])
    number = np.searchsorted(starts, positions, side="right")
    last = np.maximum(number - 1, 0)
    beyond = np.where(number > 0, np.maximum(ends[last] - positions, 0), 0)
    covered: Integers = before[number] - beyond
    return covered


@dataclass(frozen=True, slots=True, eq=False)
class _LengthClass:
    """Intervals of similar lengths, sorted by start: those near a place are neighbours here."""

    shortest: int
    longest: int
    starts: Integers
    ends: Integers


class IntervalSet:
    """Intervals on a line, made ready to be asked what overlaps them.

    Parameters
    ----------
    starts, ends
        0-based half-open positions on a :class:`Line`, in any order. Shape ``(intervals,)``.

    Examples
    --------
    >>> known = IntervalSet(np.array([100, 400]), np.array([200, 450]))
    >>> known.touches(np.array([150, 200]), np.array([160, 400])).tolist()
    [True, False]
    >>> known.reciprocal(np.array([150, 200]), np.array([250, 400])).tolist()
    [0.5, 0.0]
    """

    def __init__(self, starts: Integers, ends: Integers) -> None:
        self.starts, self.ends = starts, ends
        self.merged = merged(starts, ends)
        self._classes = tuple(_length_classes(starts, ends))

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def bases(self) -> int:
        """Bases that at least one interval covers."""
        starts, ends = self.merged
        return int((ends - starts).sum())

    def touches(self, starts: Integers, ends: Integers) -> npt.NDArray[np.bool_]:
        """Tell which intervals share at least one base with one of the set.

        Parameters
        ----------
        starts, ends
            Of the intervals asked about, best sorted. Shape ``(asked,)``.
        """
        own_starts, own_ends = self.merged
        if not len(own_starts):
            return np.zeros(len(starts), bool)
        following = np.searchsorted(own_ends, starts, side="right")
        inside = following < len(own_starts)
        begin = own_starts[np.where(inside, following, 0)]
        return inside & (begin < ends)

    def reciprocal(self, starts: Integers, ends: Integers, least: float = 0.0) -> Floats:
        """Give the largest reciprocal overlap of each interval with one of the set.

        The reciprocal overlap of two intervals is the number of bases that they share, divided by
        the length of the longer one: both are covered to at least this share by the other.

        Parameters
        ----------
        starts, ends
            Of the intervals asked about. Shape ``(asked,)``.
        least
            Smaller reciprocal overlaps do not matter, and may be given as 0.

        Returns
        -------
        ndarray
            From 0 (no base shared) to 1 (the same interval). Shape ``(asked,)``.
        """
        best = np.zeros(len(starts))
        if not len(starts):
            return best
        lengths = ends - starts
        for members in self._classes:
            # No reciprocal overlap is above the ratio of the two lengths.
            possible = np.flatnonzero(
                (members.longest >= least * lengths) & (lengths >= least * members.shortest)
            )
            if not len(possible):
                continue
            first = np.searchsorted(
                members.starts, starts[possible] - members.longest, side="right"
            )
            last = np.searchsorted(members.starts, ends[possible], side="left")
            for asked, found in _pairs(first, last):
                one = possible[asked]
                shared = np.minimum(ends[one], members.ends[found]) - np.maximum(
                    starts[one], members.starts[found]
                )
                longer = np.maximum(lengths[one], members.ends[found] - members.starts[found])
                _raise_to(best, one, shared / longer)
        return best

    def distances(self, starts: Integers, ends: Integers, line: Line) -> Floats:
        """Give the number of bases between each interval and the nearest of the set.

        Parameters
        ----------
        starts, ends
            Of the intervals asked about. Shape ``(asked,)``.
        line
            On which they are.

        Returns
        -------
        ndarray
            0 where they overlap or touch, NaN where the set has none on the contig. Shape
            ``(asked,)``.
        """
        own_starts, own_ends = self.merged
        nearest = np.full(len(starts), np.nan)
        if not len(own_starts):
            return nearest
        contigs = np.sort(np.fromiter(line.offsets.values(), np.int64, len(line.offsets)))
        own_contig = np.searchsorted(contigs, own_starts, side="right")
        contig = np.searchsorted(contigs, starts, side="right")
        following = np.searchsorted(own_ends, starts, side="right")
        for number, gap in ((following - 1, -1), (following, 1)):
            inside = (number >= 0) & (number < len(own_starts))
            other = np.clip(number, 0, len(own_starts) - 1)
            between = starts - own_ends[other] if gap < 0 else own_starts[other] - ends
            here = inside & (own_contig[other] == contig)
            nearest = np.fmin(nearest, np.where(here, np.maximum(between, 0), np.nan))
        return nearest


def _length_classes(starts: Integers, ends: Integers) -> Iterator[_LengthClass]:
    """Split intervals so that no one in a class is twice as long as another."""
    if not len(starts):
        return
    lengths = ends - starts
    power = np.frexp(lengths.astype(np.float64))[1]
    for one in np.unique(power):
        members = np.flatnonzero(power == one)
        members = members[np.argsort(starts[members], kind="stable")]
        own = lengths[members]
        yield _LengthClass(int(own.min()), int(own.max()), starts[members], ends[members])


def _pairs(first: Integers, last: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Give all (number, index) with ``first[number] <= index < last[number]``, some at once."""
    counts = np.maximum(last - first, 0)
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = int(ends[begin - 1]) if begin else 0
        stop = max(int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")), begin + 1)
        some = counts[begin:stop]
        asked = np.repeat(np.arange(begin, stop), some)
        within = np.arange(len(asked)) - np.repeat(ends[begin:stop] - some - done, some)
        yield asked, first[asked] + within
        begin = stop


def _raise_to(best: Floats, numbers: Integers, values: Floats) -> None:
    """Raise ``best[numbers]`` to values that are larger; equal numbers stand together."""
    if not len(numbers):
        return
    begins = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    which = numbers[begins]
    best[which] = np.maximum(best[which], np.maximum.reduceat(values, begins))


def lengths_needed(several: Iterable[BedIntervals]) -> dict[str, int]:
    """Give the furthest end on each contig, by its canonical name.

    Parameters
    ----------
    several
        Sets of intervals that are to lie on one :class:`Line`.

    Examples
    --------
    >>> import pandas as pd
    >>> from enhancer_variants.scan.bed_intervals import bed_intervals
    >>> lengths_needed(
    ...     bed_intervals(pd.DataFrame({"chrom": ["chr2"], "start": [3], "end": [end]}))
    ...     for end in (9, 8)
    ... )
    {'2': 9}
    """
    needed: dict[str, int] = {}
    for intervals in several:
        furthest = np.zeros(len(intervals.contigs), np.int64)
        np.maximum.at(furthest, intervals.contig, intervals.ends)
        for contig, end in zip(intervals.contigs, furthest.tolist(), strict=True):
            needed[contig] = max(needed.get(contig, 0), end)
    return needed
