"""Random stretches of a genome that keep clear of N and of intervals that are named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pysam

from enhancer_variants.genome import Interval, Reference
from enhancer_variants.genome.fasta_index import indexed_fasta

__all__ = ["GenomeBases", "PlacesToDraw"]

_PIECE: Final = 1 << 24
"""Bases that are read at once to find the known ones."""

_IS_KNOWN: Final = np.isin(np.arange(256), np.frombuffer(b"ACGTacgt", np.uint8))

Borders: TypeAlias = npt.NDArray[np.int64]
"""Shape (stretches, 2): start and end of each, 0-based half-open, sorted, without overlaps."""


class GenomeBases:
    """A reference whose lower case is kept: the repeats of a soft-masked genome.

    Parameters
    ----------
    reference
        The genome; its file is opened once more.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome, GenomeBases(genome) as bases:
    ...     contig = next(iter(genome.lengths))
    ...     bases.read(contig, 0, 10).upper() == genome.find(contig).bases(0, 10)
    True
    """

    def __init__(self, reference: Reference) -> None:
        self._fasta: pysam.FastaFile = indexed_fasta(reference.path).open()
        self._lengths = dict(reference.lengths)

    def __enter__(self) -> GenomeBases:
        return self

    def __exit__(self, *_: object) -> None:
        self._fasta.close()

    def read(self, contig: str, start: int, end: int) -> str:
        """Bases from `start` to before `end`, 0-based, in the case that the file has."""
        return self._fasta.fetch(contig, start, end)

    def known_stretches(self, contig: str) -> Borders:
        """Stretches of A, C, G and T alone, of either case."""
        found = []
        for first in range(0, self._lengths[contig], _PIECE):
            bases = self.read(contig, first, min(first + _PIECE, self._lengths[contig]))
            known = _IS_KNOWN[np.frombuffer(bases.encode("ascii"), np.uint8)]
            borders = np.flatnonzero(np.diff(known, prepend=False, append=False)) + first
            found.append(borders.reshape(-1, 2))
        stretches = np.concatenate(found).astype(np.int64)
        # A stretch that runs from one piece into the next is one.
        joined = np.flatnonzero(stretches[1:, 0] == stretches[:-1, 1])
        starts, ends = np.delete(stretches[:, 0], joined + 1), np.delete(stretches[:, 1], joined)
        return np.stack([starts, ends], axis=1)


class PlacesToDraw:
    """Where on one contig a stretch may lie, and those that were drawn there.

    Parameters
    ----------
    known
        Stretches without N, as :meth:`GenomeBases.known_stretches` gives them.
    excluded
        Intervals of this contig that no drawn stretch may overlap.

    Examples
    --------
    >>> places = PlacesToDraw(np.array([[0, 100]]), [Interval("chr1", 10, 90)])
    >>> starts = places.draw(10, 1000, np.random.default_rng(1))
    >>> sorted(set(starts.tolist()))
    [0, 90]
    """

    def __init__(self, known: Borders, excluded: Iterable[Interval]) -> None:
        self._free = _without(known, sorted((i.start, i.end) for i in excluded))

    def draw(self, length: int, count: int, generator: np.random.Generator) -> Borders:
        """Draw 0-based starts of stretches, each possible one with equal probability.

        Parameters
        ----------
        length
            Bases of a stretch.
        count
            How many to draw; the same may come twice.
        generator
            Source of chance.

        Returns
        -------
        ndarray of int64
            Shape ``(count,)``, or empty where no stretch of this length is free.
        """
        choices = np.maximum(self._free[:, 1] - self._free[:, 0] - length + 1, 0)
        ends = np.cumsum(choices)
        if not len(ends) or not ends[-1]:
            return np.empty(0, np.int64)
        numbers = generator.integers(0, ends[-1], count)
        which = np.searchsorted(ends, numbers, side="right")
        starts: Borders = self._free[which, 0] + numbers - (ends[which] - choices[which])
        return starts


def _without(stretches: Borders, holes: list[tuple[int, int]]) -> Borders:
    """Take holes, sorted by their starts, out of stretches."""
    left = []
    pending = iter([*holes, (np.iinfo(np.int64).max,) * 2])
    merged: list[tuple[int, int]] = []
    for start, end in pending:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    at = 0
    for start, end in stretches.tolist():
        while merged[at][1] <= start:
            at += 1
        begin, hole = start, at
        while begin < end:
            stop = min(end, merged[hole][0])
            if stop > begin:
                left.append((begin, stop))
            begin = max(begin, merged[hole][1]) if stop < end else end
            hole += 1
    return np.array(left, np.int64).reshape(-1, 2)
