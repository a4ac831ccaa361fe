"""Stretches of high attention, the words they spell, and windows around them.

As ``motif/motif_utils.py`` of DNABERT finds them (Ji Y et al. 2021, Bioinformatics 37:2112-2120):
a base is of high attention where its score is above the sequence's mean and above ten times its
smallest score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import is_acgt

__all__ = [
    "AttentionRegion",
    "Candidate",
    "candidate_motifs",
    "high_attention_regions",
    "windows_around",
]

_TIMES_SMALLEST: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class AttentionRegion:
    """A stretch of one of the sequences, 0-based and half-open.

    A region that was aligned with a longer motif may begin below 0 or end behind its sequence.

    Attributes
    ----------
    sequence
        Number of the sequence, from 0.
    start, end
        First base, and the base behind the last one.

    Examples
    --------
    >>> AttentionRegion(0, 12, 20).length
    8
    """

    sequence: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word, and the regions that spell it or, behind merging, that were aligned with it.

    Attributes
    ----------
    word
        Bases, 5' to 3'.
    regions
        In the order in which they were found.
    """

    word: str
    regions: tuple[AttentionRegion, ...]


def high_attention_regions(
    scores: npt.NDArray[np.float64], minimum_length: int = 5
) -> tuple[tuple[int, int], ...]:
    """Find runs of bases whose score is above the mean and above ten times the smallest.

    Parameters
    ----------
    scores
        Shape ``(bases,)``, the scores of one sequence; where one is NaN there are no regions.
    minimum_length
        Bases of the shortest run that counts.

    Returns
    -------
    tuple of (int, int)
        Start and end of each run, 0-based and half-open, from left to right.

    Examples
    --------
    >>> high_attention_regions(np.array([0.01, 0.5, 0.5, 0.5, 0.01, 0.5, 0.01]), 2)
    ((1, 4),)
    """
    if not len(scores):
        return ()
    high = (scores > scores.mean()) & (scores > _TIMES_SMALLEST * scores.min())
    changes = np.flatnonzero(np.diff(high, prepend=False, append=False))
    runs = zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
    return tuple((start, end) for start, end in runs if end - start >= minimum_length)


def candidate_motifs(
    sequences: Sequence[str], scores: npt.NDArray[np.float64], minimum_length: int = 5
) -> tuple[Candidate, ...]:
    """Collect the distinct words of the regions of high attention.

    Parameters
    ----------
    sequences
        n sequences in upper case.
    scores
        Shape ``(n, width)``: for each sequence a score for each of its first `width` bases. What
        stands behind a sequence's end is not read.
    minimum_length
        Bases of the shortest region.

    Returns
    -------
    tuple of Candidate
        In the order in which the words come first. Words with another letter than A, C, G and T
        are left out.

    Raises
    ------
    InputError
        If there is not one row of scores for each sequence.

    Examples
    --------
    >>> scores = np.array([[0.0, 0.0, 0.9, 0.9, 0.9, 0.0, 0.0]])
    >>> candidate_motifs(["GATTACA"], scores, 3)
    (Candidate(word='TTA', regions=(AttentionRegion(sequence=0, start=2, end=5),)),)
    """
    if scores.ndim != 2 or len(scores) != len(sequences):
        raise InputError(
            f"attention scores of shape {scores.shape} for {len(sequences)} sequences; "
            "expected one row for each"
        )
    found: dict[str, list[AttentionRegion]] = {}
    for number, (sequence, row) in enumerate(zip(sequences, scores, strict=True)):
        for start, end in high_attention_regions(row[: len(sequence)], minimum_length):
            word = sequence[start:end]
            if is_acgt(word):
                found.setdefault(word, []).append(AttentionRegion(number, start, end))
    return tuple(Candidate(word, tuple(regions)) for word, regions in found.items())


def windows_around(
    regions: Iterable[AttentionRegion],
    sequences: Sequence[str],
    size: int,
    *,
    reach_end: bool = False,
) -> tuple[AttentionRegion, ...]:
    """Put a window around the middle of each region; where one base is left over, to its right.

    Parameters
    ----------
    regions
        The regions; longer ones than a window are cut at both ends.
    sequences
        The sequences that they are regions of.
    size
        Bases of a window.
    reach_end
        Whether to keep a window that ends where its sequence does. The published code drops it.

    Returns
    -------
    tuple of AttentionRegion
        The windows that lie within their sequence and hold only A, C, G and T.

    Examples
    --------
    >>> windows_around([AttentionRegion(0, 2, 4)], ["GATTACA"], 5)
    (AttentionRegion(sequence=0, start=1, end=6),)
    >>> windows_around([AttentionRegion(0, 3, 5)], ["GATTACA"], 5)
    ()
    """
    windows = []
    for region in regions:
        sequence = sequences[region.sequence]
        start = region.start - (size - region.length) // 2
        end = start + size
        inside = start >= 0 and (end < len(sequence) or (reach_end and end == len(sequence)))
        if inside and is_acgt(sequence[start:end]):
            windows.append(AttentionRegion(region.sequence, start, end))
    return tuple(windows)
