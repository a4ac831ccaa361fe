"""Windows of a genome as DNABERT was pre-trained on, and k-mers hidden in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import Vocabulary, tokenize, truncate
from enhancer_variants.models.tokens import KMERS_PER_PIECE
from enhancer_variants.training.masking import mask_kmers
from enhancer_variants.training.pretraining.stretches import Borders, KnownBases

__all__ = ["DrawnWindow", "DrawnWindows", "SpanMasking", "WindowLengths"]

FEWEST_KMERS: Final = 5
"""K-mers of the shortest window that is drawn (DNABERT's ``process_pretrain_data.py``)."""

_MASKING: Final = 1
"""Keeps the random numbers of masks apart from those of windows."""


@dataclass(frozen=True, slots=True)
class WindowLengths:
    """How many bases windows have.

    Attributes
    ----------
    shortest, longest
        Bases; equal where all windows have one length.

    Examples
    --------
    >>> WindowLengths.of(k=6, tokens=512)
    WindowLengths(shortest=10, longest=515)
    >>> WindowLengths.of(k=6, tokens=512, window=200)
    WindowLengths(shortest=200, longest=200)
    """

    shortest: int
    longest: int

    @classmethod
    def of(cls, k: int, tokens: int, window: int | None = None) -> WindowLengths:
        """Lengths that a network reads: 5 to 510 k-mers, or as many as it has positions for.

        Parameters
        ----------
        k
            Bases of a k-mer.
        tokens
            Positions of the network, [CLS] and [SEP] included.
        window
            Bases of every window, where they are to have one length.

        Raises
        ------
        InputError
            If `window` is shorter than 5 k-mers or longer than the network reads.
        """
        longest = min(tokens - 2, KMERS_PER_PIECE) + k - 1
        shortest = FEWEST_KMERS + k - 1
        if window is None:
            return cls(min(shortest, longest), longest)
        if not shortest <= window <= longest:
            raise InputError(
                f"window is {window}; expected {shortest} to {longest} bases: {FEWEST_KMERS} "
                f"k-mers of {k} at least, and no more than {tokens} tokens hold"
            )
        return cls(window, window)

    def mean_in(self, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Mean length of the windows that are drawn from a stretch.

        Parameters
        ----------
        sizes
            Shape (stretches,): bases of each.

        Examples
        --------
        >>> WindowLengths(10, 20).mean_in(np.array([1000, 12])).tolist()
        [17.5, 11.9]
        """
        full = np.minimum(sizes, self.longest)
        if self.shortest == self.longest:
            return full.astype(np.float64)
        least = np.minimum(full, self.shortest)
        span = self.longest - self.shortest
        shorter = (full - least) * (full + least) / 2 + (self.longest - full) * full
        others = np.where(full < self.shortest, full, shorter / span)
        return np.asarray((full + others) / 2)

    def draw(self, generator: np.random.Generator) -> int:
        """Draw a length: the longest for half of the windows, any other with equal probability."""
        if generator.random() < 0.5:
            return self.longest
        return int(generator.integers(self.shortest, self.longest + 1))


@dataclass(frozen=True, slots=True)
class DrawnWindow:
    """A window with its number, from which its masks follow too.

    Attributes
    ----------
    number
        Place in the sequence of windows.
    sequence
        Bases, upper case, 5' to 3' of the strand that was drawn.
    """

    number: int
    sequence: str


class DrawnWindows(Dataset[DrawnWindow]):
    """A sequence of random windows, each of which follows from the seed and its number alone.

    Every known base is as likely as every other one to decide from which stretch a window is; its
    length is drawn (:meth:`WindowLengths.draw`) but no longer than the stretch, then its place,
    then its strand. So runs that stop and go on, and those on several devices, see the same.

    Parameters
    ----------
    known
        The bases.
    borders
        Stretches of them to draw from.
    lengths
        How long windows are.
    count
        Number of windows.
    seed
        Of all that is drawn: one number or several.
    reverse_complement
        Probability of the other strand.

    Examples
    --------
    >>> known = KnownBases(np.frombuffer(b"ACGTTGCAAC", np.uint8), np.array([[0, 10]]))
    >>> windows = DrawnWindows(known, known.borders, WindowLengths(4, 4), 3, (1,), 0.0)
    >>> [windows[number].sequence for number in range(3)]
    ['TTGC', 'GTTG', 'TTGC']
    """

    def __init__(
        self,
        known: KnownBases,
        borders: Borders,
        lengths: WindowLengths,
        count: int,
        seed: Sequence[int],
        reverse_complement: float = 0.5,
    ) -> None:
        self._known = known
        self._starts = borders[:, 0]
        self._sizes = borders[:, 1] - borders[:, 0]
        self._reached = np.cumsum(self._sizes)
        self._lengths = lengths
        self._count = count
        self._seed = (*seed,)
        self._other_strand = reverse_complement

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> DrawnWindow:
        if not 0 <= number < self._count:
            raise IndexError(number)
        generator = np.random.default_rng((*self._seed, number))
        base = generator.integers(self._reached[-1])
        stretch = int(np.searchsorted(self._reached, base, side="right"))
        size = int(self._sizes[stretch])
        length = min(self._lengths.draw(generator), size)
        start = int(self._starts[stretch] + generator.integers(size - length + 1))
        sequence = self._known.bases[start : start + length].tobytes().decode("ascii")
        if generator.random() < self._other_strand:
            sequence = reverse_complement(sequence)
        return DrawnWindow(number, sequence)


class SpanMasking:
    """Windows to tensors: k-mers are hidden in contiguous spans, anew for every window.

    Parameters
    ----------
    vocabulary
        Token ids.
    probability
        About the share of k-mers to be guessed
        (:func:`~enhancer_variants.training.masking.mask_kmers`).
    seed
        Masks follow from it and the number of a batch's first window.
    tokens
        Most tokens of a row.

    Examples
    --------
    >>> masking = SpanMasking(Vocabulary.canonical(3), 0.5, (1,), tokens=512)
    >>> batch = masking([DrawnWindow(0, "ACGTTGCAAC"), DrawnWindow(1, "ACGTT")])
    >>> {name: tuple(tensor.shape) for name, tensor in batch.items()}
    {'ids': (2, 10), 'lengths': (2,), 'labels': (2, 10)}
    """

    def __init__(
        self, vocabulary: Vocabulary, probability: float, seed: Sequence[int], tokens: int
    ) -> None:
        self._vocabulary = vocabulary
        self._probability = probability
        self._seed = (*seed,)
        self._tokens = tokens

    def __call__(self, windows: Sequence[DrawnWindow]) -> dict[str, Tensor]:
        """Token ids (B, L) with some hidden, (B,) lengths, and (B, L) labels: -100 where shown."""
        sequences = [window.sequence for window in windows]
        tokens = truncate(tokenize(sequences, self._vocabulary), self._tokens)
        state = np.random.SeedSequence((*self._seed, _MASKING, windows[0].number))
        generator = torch.Generator().manual_seed(int(state.generate_state(1, np.uint64)[0] >> 1))
        masked = mask_kmers(
            torch.from_numpy(tokens.ids).long(),
            self._vocabulary,
            generator=generator,
            probability=self._probability,
        )
        lengths = torch.from_numpy(tokens.lengths).long()
        return {"ids": masked.ids, "lengths": lengths, "labels": masked.labels}
