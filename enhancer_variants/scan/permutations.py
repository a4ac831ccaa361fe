"""Calls put elsewhere at random: what overlap there is by chance.

Every permutation puts each call anywhere on its own contig, with its own length, where it touches
no gap and nothing of the blacklist; each such place is equally likely. Calls are placed without
regard to each other, as ``bedtools shuffle`` does by default, so two may overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.progress import ProgressBar
from enhancer_variants.scan.bed_intervals import BedIntervals
from enhancer_variants.scan.genome_space import GenomeSpace
from enhancer_variants.scan.overlaps import Integers, IntervalSet, Line

__all__ = ["Enrichment", "RandomPlaces", "enrichment", "permuted_counts"]


class RandomPlaces:
    """The places on its contig where each call could be.

    Parameters
    ----------
    calls
        The calls.
    space
        The genome with its gaps.
    line
        On which places are given.

    Attributes
    ----------
    movable
        Numbers of the calls for which there is a place: their contig's length is known, and some
        stretch of it is long enough. Shape ``(movable,)``.
    lengths
        Bases of those calls. Shape ``(movable,)``.

    Notes
    -----
    The stretches of a contig are sorted by falling length, so that those which hold a call are
    the first so many of them, and the number of places in the first j of them is the sum of their
    lengths less ``j * (length - 1)``. A binary search for a random number among these gives each
    place with equal probability, whatever the call's length.

    Examples
    --------
    >>> import pandas as pd
    >>> from enhancer_variants.scan.bed_intervals import bed_intervals
    >>> from enhancer_variants.scan.genome_space import genome_space
    >>> calls = bed_intervals(pd.DataFrame({"chrom": ["1"] * 500, "start": 0, "end": 4}))
    >>> gaps = pd.DataFrame({"chrom": ["chr1"], "start": [5], "end": [17]})
    >>> places = RandomPlaces(calls, genome_space({"1": 20}, gaps=gaps), Line.of({"1": 20}))
    >>> sorted(set(places.draw(np.random.default_rng(1)).tolist()))
    [0, 1]
    """

    def __init__(self, calls: BedIntervals, space: GenomeSpace, line: Line) -> None:
        lengths = calls.ends - calls.starts
        movable: list[Integers] = []
        first: list[Integers] = []
        count: list[Integers] = []
        begins: list[Integers] = []
        sums: list[Integers] = []
        stretches = 0
        for number, contig in enumerate(calls.contigs):
            if contig not in space.lengths:
                continue
            starts, ends = space.free(contig)
            order = np.argsort(starts - ends, kind="stable")
            free = (ends - starts)[order]
            own = np.flatnonzero(calls.contig == number)
            fitting = np.searchsorted(-free, -lengths[own], side="right")
            own, fitting = own[fitting > 0], fitting[fitting > 0]
            movable.append(own)
            count.append(fitting)
            first.append(np.full(len(own), stretches + len(begins)))
            begins.append(starts[order] + line.offsets[contig])
            # One more sum than stretches for each contig: that in front of the first.
            sums.append(np.concatenate([[0], np.cumsum(free)]))
            stretches += len(free)
        order = np.argsort(_one(movable), kind="stable")
        self.movable = _one(movable)[order]
        self.lengths = lengths[self.movable]
        self._first, self._count = _one(first)[order], _one(count)[order]
        self._begins = _one([np.append(b, 0) for b in begins])
        self._sums = _one(sums)
        fewer = self._count * (self.lengths - 1)
        self._places = self._sums[self._first + self._count] - fewer

    def draw(self, generator: np.random.Generator) -> Integers:
        """Draw a place for each call that can be moved.

        Parameters
        ----------
        generator
            Source of chance.

        Returns
        -------
        ndarray of int64
            Starts on the line. Shape ``(movable,)``.
        """
        drawn = (generator.random(len(self.movable)) * self._places).astype(np.int64)
        low, high = np.zeros_like(drawn), self._count - 1
        fewer = self.lengths - 1
        for _ in range(int(self._count.max(initial=1) - 1).bit_length()):
            middle = (low + high + 1) >> 1
            reached = self._sums[self._first + middle] - middle * fewer <= drawn
            low = np.where(reached, middle, low)
            high = np.where(reached, high, middle - 1)
        before = self._sums[self._first + low] - low * fewer
        places: Integers = self._begins[self._first + low] + drawn - before
        return places


def _one(parts: Sequence[npt.NDArray[np.int64]]) -> Integers:
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)


def permuted_counts(
    places: RandomPlaces,
    databases: Sequence[IntervalSet],
    reciprocal: Sequence[float],
    *,
    permutations: int,
    seed: int,
    progress: bool | None = False,
) -> Integers:
    """Count how many permuted calls overlap each database, and any of them.

    Parameters
    ----------
    places
        Where the calls may be.
    databases
        Known enhancers, on the same line.
    reciprocal
        Reciprocal overlaps that count; 0 is one shared base.
    permutations
        How often to put all calls elsewhere.
    seed
        Permutation number n depends on nothing but this and n.
    progress
        Show a bar: True, False, or None for "where someone is watching".

    Returns
    -------
    ndarray of int64
        Shape ``(permutations, databases + 1, reciprocal)``; the last of the databases is all of
        them together.
    """
    counts = np.zeros((permutations, len(databases) + 1, len(reciprocal)), np.int64)
    with ProgressBar(progress, unit=" permutations") as bar:
        bar.expect(permutations, 1.0)
        for number in range(permutations):
            starts = places.draw(np.random.default_rng([seed, number]))
            # Sorted questions are answered several times as fast.
            order = np.argsort(starts)
            starts = starts[order]
            counts[number] = counts_at(
                starts, starts + places.lengths[order], databases, reciprocal
            )
            bar.advance(1)
    return counts


def counts_at(
    starts: Integers, ends: Integers, databases: Sequence[IntervalSet], reciprocal: Sequence[float]
) -> Integers:
    """Count the intervals that overlap each database, and any of them.

    Parameters
    ----------
    starts, ends
        On the line.
    databases, reciprocal
        As for :func:`permuted_counts`.

    Returns
    -------
    ndarray of int64
        Shape ``(databases + 1, reciprocal)``.
    """
    least = min((share for share in reciprocal if share > 0), default=None)
    found = np.zeros((len(databases) + 1, len(reciprocal), len(starts)), bool)
    for number, known in enumerate(databases):
        touching = known.touches(starts, ends)
        best = np.zeros(len(starts))
        if least is not None:
            best[touching] = known.reciprocal(starts[touching], ends[touching], least)
        for column, share in enumerate(reciprocal):
            found[number, column] = best >= share if share > 0 else touching
    found[-1] = found[:-1].any(axis=0)
    counts: Integers = found.sum(axis=2)
    return counts


@dataclass(frozen=True, slots=True)
class Enrichment:
    """How many calls overlap, against as many put elsewhere at random.

    Attributes
    ----------
    permutations
        How many.
    calls
        Calls that could be moved; only these are counted here.
    observed
        Those of them that overlap.
    mean, deviation
        Of the permuted counts; the deviation with ``permutations - 1`` below the line.
    low, high
        2.5th and 97.5th percentile of the permuted counts: the interval of what is expected.
    p_enriched, p_depleted
        One-sided: (1 + permutations with at least, or at most, as many) / (1 + permutations).

    Examples
    --------
    >>> found = enrichment(8, 10, np.array([2, 3, 4, 3]))
    >>> found.mean, round(found.fold, 3), found.p_enriched
    (3.0, 2.667, 0.2)
    """

    permutations: int
    calls: int
    observed: int
    mean: float
    deviation: float
    low: float
    high: float
    p_enriched: float
    p_depleted: float

    @property
    def z(self) -> float:
        """(observed - mean) / deviation; NaN where the counts do not differ."""
        return _ratio(self.observed - self.mean, self.deviation)

    @property
    def fold(self) -> float:
        """Observed / mean; NaN where the mean is 0."""
        return _ratio(self.observed, self.mean)

    @property
    def fold_low(self) -> float:
        """Observed / high: the lower end of the interval; NaN where high is 0."""
        return _ratio(self.observed, self.high)

    @property
    def fold_high(self) -> float:
        """Observed / low: the upper end of the interval; NaN (without end) where low is 0."""
        return _ratio(self.observed, self.low)


def enrichment(observed: int, calls: int, counts: Integers) -> Enrichment:
    """Hold a count against those of permutations.

    Parameters
    ----------
    observed
        Calls that overlap, of those that could be moved.
    calls
        How many could be moved.
    counts
        The same of each permutation. Shape ``(permutations,)``, one or more.
    """
    number = len(counts)
    low, high = np.percentile(counts, [2.5, 97.5])
    return Enrichment(
        number,
        calls,
        observed,
        float(counts.mean()),
        float(counts.std(ddof=1)) if number > 1 else math.nan,
        float(low),
        float(high),
        (1 + int((counts >= observed).sum())) / (1 + number),
        (1 + int((counts <= observed).sum())) / (1 + number),
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
