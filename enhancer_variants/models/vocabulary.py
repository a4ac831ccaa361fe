"""Which token id stands for which k-mer: the vocabulary of a DNABERT model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import CheckpointError

__all__ = ["BASES", "Vocabulary"]

BASES = "ATCG"
"""Bases in the order of DNABERT's vocabulary: the digits of a k-mer's base-4 code."""

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LARGEST_K = 8

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Which token id stands for which k-mer.

    Attributes
    ----------
    k
        Length of a k-mer in bases.
    kmer_ids
        Shape ``(4**k,)``, int32, read-only: the token id of each k-mer, indexed by its base-4
        code with the digits A = 0, T = 1, C = 2, G = 3, the first base the most significant.
    pad, unk, cls, sep, mask
        Ids of the five special tokens.

    Two vocabularies of the same content are equal and have the same hash, so models that share
    one can share tokens.

    Examples
    --------
    >>> vocabulary = Vocabulary.canonical(3)
    >>> vocabulary.size, vocabulary.tokens()[5:8]
    (69, ['AAA', 'AAT', 'AAC'])
    """

    k: int
    kmer_ids: Ids
    pad: int = 0
    unk: int = 1
    cls: int = 2
    sep: int = 3
    mask: int = 4

    def __post_init__(self) -> None:
        kmer_ids = np.array(self.kmer_ids, dtype=np.int32)
        kmer_ids.setflags(write=False)
        object.__setattr__(self, "kmer_ids", kmer_ids)
        every_id = np.sort(np.concatenate([kmer_ids.ravel(), self._special_ids()]))
        ids = np.arange(4**self.k + len(_SPECIAL))
        if kmer_ids.shape != (4**self.k,) or not np.array_equal(every_id, ids):
            raise CheckpointError(
                f"vocabulary: {kmer_ids.size} k-mer ids; expected the ids 0 to {ids[-1]}, each "
                f"once, for the 4**{self.k} k-mers and five special tokens"
            )

    @property
    def size(self) -> int:
        """Number of tokens: 4**k k-mers and five special tokens."""
        return len(self.kmer_ids) + len(_SPECIAL)

    @classmethod
    def canonical(cls, k: int) -> Vocabulary:
        """Vocabulary in the order in which DNABERT publishes it.

        Parameters
        ----------
        k
            Length of a k-mer, 1 to 8.

        Raises
        ------
        CheckpointError
            If `k` is out of range.

        Examples
        --------
        >>> Vocabulary.canonical(6).tokens()[1370]
        'TTTTTT'
        """
        if not 1 <= k <= _LARGEST_K:
            raise CheckpointError(f"vocabulary: k is {k}, expected 1 to {_LARGEST_K}")
        return cls(k, np.arange(len(_SPECIAL), 4**k + len(_SPECIAL), dtype=np.int32))

    @classmethod
    def from_tokens(cls, tokens: Sequence[str], source: str) -> Vocabulary:
        """Vocabulary from its tokens in the order of their ids, whatever that order is.

        Parameters
        ----------
        tokens
            Every token; its place is its id. k follows from their number, 4**k + 5.
        source
            Where they come from, for messages.

        Raises
        ------
        CheckpointError
            If their number fits no k, or a token is missing, foreign or there twice.

        Examples
        --------
        >>> reordered = ["A", "C", "G", "T", "[MASK]", "[SEP]", "[CLS]", "[UNK]", "[PAD]"]
        >>> vocabulary = Vocabulary.from_tokens(reordered, "vocab.txt")
        >>> vocabulary.k, vocabulary.pad, vocabulary.kmer_ids.tolist()
        (1, 8, [0, 3, 1, 2])
        """
        k = _k_of_size(len(tokens), source)
        id_of = {token: place for place, token in enumerate(tokens)}
        if len(id_of) < len(tokens):
            twice = next(token for place, token in enumerate(tokens) if id_of[token] != place)
            raise CheckpointError(
                f"{source}: token {_shown(twice)} is there twice; expected it once"
            )
        kmers = list(_kmers(k))
        expected = dict.fromkeys((*_SPECIAL, *kmers))
        missing = next((token for token in expected if token not in id_of), None)
        if missing is not None:
            foreign = next(token for token in tokens if token not in expected)
            raise CheckpointError(
                f"{source}: token {missing!r} is missing and {_shown(foreign)} is foreign; "
                f"expected the five special tokens and every {k}-mer of A, T, C, G"
            )
        return cls(
            k,
            np.array([id_of[kmer] for kmer in kmers], dtype=np.int32),
            *(id_of[special] for special in _SPECIAL),
        )

    def tokens(self) -> list[str]:
        """Every token in the order of its id, as ``vocab.txt`` lists them."""
        listed = [""] * self.size
        for token, token_id in zip(_SPECIAL, self._special_ids(), strict=True):
            listed[token_id] = token
        for kmer, token_id in zip(_kmers(self.k), self.kmer_ids.tolist(), strict=True):
            listed[token_id] = kmer
        return listed

    def _special_ids(self) -> tuple[int, int, int, int, int]:
        return (self.pad, self.unk, self.cls, self.sep, self.mask)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._special_ids() == other._special_ids() and np.array_equal(
            self.kmer_ids, other.kmer_ids
        )

    def __hash__(self) -> int:
        return hash((self._special_ids(), self.kmer_ids.tobytes()))


def _k_of_size(size: int, source: str) -> int:
    for k in range(1, _LARGEST_K + 1):
        if size == 4**k + len(_SPECIAL):
            return k
    raise CheckpointError(
        f"{source}: {size} tokens; expected 4**k + 5 for a k from 1 to {_LARGEST_K} (69, 261, 1029 "
        "or 4101 for k = 3, 4, 5, 6): is this a DNABERT vocabulary of overlapping k-mers?"
    )


def _kmers(k: int) -> Iterator[str]:
    return map("".join, itertools.product(BASES, repeat=k))


def _shown(token: str) -> str:
    return repr(token if len(token) <= 40 else token[:40] + "...")
