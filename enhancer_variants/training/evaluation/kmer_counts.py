"""How often each k-mer occurs in a sequence, a k-mer and its reverse complement counting as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from enhancer_variants.errors import InputError

__all__ = ["LONGEST_COUNTED_KMER", "kmer_counts"]

LONGEST_COUNTED_KMER: Final = 10
"""Bases of the longest k-mer that is counted: half a million columns."""

_UNKNOWN: Final = 4
_SEPARATOR: Final = "N"
_CODES: Final = bytes("ACGT".find(chr(letter).upper()) % 5 for letter in range(256))
"""Number of each letter: A, C, G, T are 0 to 3, so that 3 less it is the complement's."""


def kmer_counts(sequences: Sequence[str], k: int) -> sparse.csr_array:
    """Count the k-mers of sequences on both strands.

    Parameters
    ----------
    sequences
        n pieces of DNA of either case; k-mers with another letter than A, C, G, T are left out.
    k
        Bases of a k-mer, 1 to 10.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (n, C), float64. The C columns are the k-mers that are not behind their reverse
        complement in the alphabet, in alphabetical order: 2,080 for k = 6.

    Raises
    ------
    InputError
        If `k` is out of range.

    Examples
    --------
    >>> kmer_counts(["AAC", "GTT", "ANA"], 1).toarray().tolist()  # A or T, C or G
    [[2.0, 1.0], [2.0, 1.0], [2.0, 0.0]]
    """
    if not 1 <= k <= LONGEST_COUNTED_KMER:
        raise InputError(f"k is {k}; expected 1 to {LONGEST_COUNTED_KMER} bases")
    text = _SEPARATOR.join(sequences).encode("ascii", "replace").translate(_CODES)
    bases = np.frombuffer(text, np.uint8).astype(np.int64)
    lengths = np.array([len(sequence) + len(_SEPARATOR) for sequence in sequences], dtype=np.int64)
    starts = max(0, len(bases) - k + 1)
    codes, complete = _canonical_codes(bases, k, starts)
    rows = np.repeat(np.arange(len(sequences)), lengths)[:starts][complete]
    column_of_code = _columns(k)
    ones = np.ones(len(rows))
    place = (rows, column_of_code[codes[complete]])
    return sparse.csr_array((ones, place), shape=(len(sequences), int(column_of_code.max()) + 1))


def _canonical_codes(
    bases: npt.NDArray[np.int64], k: int, starts: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Give the number of the k-mer at each start, and whether all its letters are known."""
    forward, reverse = np.zeros(starts, np.int64), np.zeros(starts, np.int64)
    complete = np.ones(starts, dtype=bool)
    for i in range(k):
        following = bases[i : i + starts]
        complete &= following != _UNKNOWN
        forward = 4 * forward + following
        reverse = 4 * reverse + 3 - bases[k - 1 - i : k - 1 - i + starts]
    return np.minimum(forward, reverse), complete


def _columns(k: int) -> npt.NDArray[np.int64]:
    """Give the column of each k-mer's number; those of no canonical k-mer do not matter."""
    numbers = np.arange(4**k)
    reverse, rest = np.zeros_like(numbers), numbers.copy()
    for _ in range(k):
        reverse, rest = 4 * reverse + 3 - rest % 4, rest // 4
    columns: npt.NDArray[np.int64] = np.cumsum(numbers <= reverse) - 1
    return columns
