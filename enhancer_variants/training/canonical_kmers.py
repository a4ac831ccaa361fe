"""K-mers of many sequences as numbers, the same for both strands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

__all__ = ["LARGEST_KMER", "CanonicalKmers", "canonical_kmers", "sharing_a_kmer"]

LARGEST_KMER: Final = 32
"""Bases of the longest k-mer: two bits each fill 64."""

Codes: TypeAlias = npt.NDArray[np.uint64]

_UNKNOWN: Final = 4
_SEPARATOR: Final = "N"
_SEQUENCES_AT_ONCE: Final = 20_000


def _code_of_letter() -> npt.NDArray[np.uint8]:
    codes = np.full(256, _UNKNOWN, np.uint8)
    for code, letters in enumerate((b"Aa", b"Cc", b"Gg", b"Tt")):
        codes[np.frombuffer(letters, np.uint8)] = code
    return codes


_CODE: Final = _code_of_letter()


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalKmers:
    """Which sequence has which k-mer, each pair once.

    Attributes
    ----------
    codes
        Shape ``(pairs,)``, uint64: a number for the k-mer and its reverse complement.
    owners
        Shape ``(pairs,)``, int64: index of the sequence, ascending.
    """

    codes: Codes
    owners: npt.NDArray[np.int64]


def canonical_kmers(sequences: Sequence[str], k: int) -> CanonicalKmers:
    """Give k-mers numbers, such that a k-mer and its reverse complement have the same.

    Parameters
    ----------
    sequences
        DNA of either case; k-mers with another letter than A, C, G, T are left out.
    k
        Bases of a k-mer, 1 to 32.

    Raises
    ------
    InputError
        If `k` is out of that range.

    Examples
    --------
    >>> canonical_kmers(["AAC", "GTT", "ANA"], 3).owners.tolist()
    [0, 1]
    >>> len(set(canonical_kmers(["AAC", "GTT", "ANA"], 3).codes.tolist()))
    1
    """
    if not 1 <= k <= LARGEST_KMER:
        raise InputError(f"k is {k}; expected 1 to {LARGEST_KMER} bases")
    codes, owners = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for first in range(0, len(sequences), _SEQUENCES_AT_ONCE):
        part = sequences[first : first + _SEQUENCES_AT_ONCE]
        part_codes, part_owners = _pairs(part, k)
        codes.append(part_codes)
        owners.append(part_owners + first)
    return CanonicalKmers(np.concatenate(codes), np.concatenate(owners))


def _pairs(sequences: Sequence[str], k: int) -> tuple[Codes, npt.NDArray[np.int64]]:
    text = _SEPARATOR.join(sequences)
    bases = _CODE[np.frombuffer(text.encode("ascii"), np.uint8)]
    count = len(bases) - k + 1
    if count < 1:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    two_bits = (bases & 3).astype(np.uint64)
    forward, reverse = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    for i in range(k):
        forward = (forward << np.uint64(2)) | two_bits[i : i + count]
        complement = np.uint64(3) - two_bits[k - 1 - i : k - 1 - i + count]
        reverse = (reverse << np.uint64(2)) | complement
    unknown = np.concatenate([[0], np.cumsum(bases == _UNKNOWN)])
    complete = unknown[k:] == unknown[:-k]  # no unknown letter, thus no border, within the k-mer
    lengths = np.array([len(sequence) for sequence in sequences]) + len(_SEPARATOR)
    owners = np.repeat(np.arange(len(sequences)), lengths)[:count][complete]
    codes = np.minimum(forward, reverse)[complete]
    order = np.lexsort((codes, owners))
    codes, owners = codes[order], owners[order]
    first = np.ones(len(codes), dtype=bool)
    first[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    return codes[first], owners[first]


def sharing_a_kmer(
    sequences: Sequence[str], others: Iterable[str], k: int = LARGEST_KMER
) -> npt.NDArray[np.bool_]:
    """Find the sequences that have a k-mer in common with any of the others, on either strand.

    Returns
    -------
    ndarray of bool
        Shape ``(len(sequences),)``.

    Examples
    --------
    >>> sharing_a_kmer(["AACAT", "CCCCC"], ["TATGTTA"], 5).tolist()
    [True, False]
    """
    ours = canonical_kmers(sequences, k)
    theirs = np.unique(canonical_kmers([*others], k).codes)
    shares = np.zeros(len(sequences), dtype=bool)
    shares[ours.owners[np.isin(ours.codes, theirs)]] = True
    return shares
