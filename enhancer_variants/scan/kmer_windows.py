"""Token ids of overlapping windows: the k-mers of a stretch are looked up once for all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enhancer_variants.models import Tokens, Vocabulary, tokenize

__all__ = ["KmerTrack"]


class KmerTrack:
    """The k-mers of a stretch of DNA, and the windows in it.

    Parameters
    ----------
    bases
        The stretch, in either case.
    window
        Bases of a window, k or more.
    vocabulary
        The model's vocabulary.

    Examples
    --------
    >>> vocabulary = Vocabulary.canonical(3)
    >>> track = KmerTrack("ACGTNACGT", 4, vocabulary)
    >>> starts = np.array([0, 1, 5])
    >>> track.readable(starts).tolist()
    [True, False, True]
    >>> track.tokens(starts).ids[2].tolist() == tokenize(["ACGT"], vocabulary).ids[0].tolist()
    True
    """

    def __init__(self, bases: str, window: int, vocabulary: Vocabulary) -> None:
        ids = tokenize([bases], vocabulary).ids[0]
        # Without the [CLS] and [SEP] that stand between pieces of a long sequence.
        self._ids = ids[~_special(ids, vocabulary)]
        self._template = tokenize(["A" * window], vocabulary).ids[0]
        self._kmer_places = np.flatnonzero(~_special(self._template, vocabulary))
        self._pieces = _runs(self._kmer_places)
        unknown = np.cumsum(self._ids == vocabulary.unk, dtype=np.int32)
        self._unknown_before = np.concatenate([np.zeros(1, dtype=np.int32), unknown])

    def readable(self, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether each window holds nothing but A, C, G and T.

        Parameters
        ----------
        starts
            Shape (n,): first bases of the windows, 0-based in the stretch.
        """
        stops = starts + len(self._kmer_places)
        return np.asarray(self._unknown_before[stops] == self._unknown_before[starts])

    def tokens(self, starts: npt.NDArray[np.int64]) -> Tokens:
        """Tokens of windows, as `tokenize` makes them of each.

        Parameters
        ----------
        starts
            Shape (n,): first bases of the windows, 0-based in the stretch.
        """
        rows = np.tile(self._template, (len(starts), 1))
        kmers, done = len(self._kmer_places), 0
        if kmers and len(starts):
            every = np.lib.stride_tricks.sliding_window_view(self._ids, kmers)[starts]
            for places in self._pieces:
                rows[:, places] = every[:, done : done + places.stop - places.start]
                done += places.stop - places.start
        return Tokens(rows, np.full(len(starts), len(self._template), dtype=np.int32))


def _special(ids: npt.NDArray[np.int32], vocabulary: Vocabulary) -> npt.NDArray[np.bool_]:
    return np.asarray((ids == vocabulary.cls) | (ids == vocabulary.sep))


def _runs(places: npt.NDArray[np.intp]) -> list[slice]:
    """Give runs of neighbouring places, which are much quicker to fill than single ones."""
    borders = np.flatnonzero(np.diff(places) != 1) + 1
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(places, borders) if len(run)]
