"""DNA to the token ids that DNABERT reads: overlapping k-mers between [CLS] and [SEP].

The published DNABERT code (``run_finetune.py``, ``tokenization_dna.py``) writes a sequence as
space-joined k-mers and looks each of them up. Here a whole batch is looked up at once: a k-mer's
base-4 code is built for every position by doubling (pairs, then fours, then sixes), which costs a
few array operations whatever the number of bases. Two readings differ from the published code on
purpose: lower case is upper-cased first, and a k-mer with punctuation in it is one [UNK], not
several that would shift all later positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import WindowLengthError
from enhancer_variants.models.vocabulary import BASES, Vocabulary

__all__ = [
    "KMERS_PER_PIECE",
    "Tokens",
    "Vocabulary",
    "kmer_counts",
    "longest_sequence",
    "tokenize",
    "truncate",
]

KMERS_PER_PIECE = 510
"""K-mers between one [CLS] and its [SEP]; DNABERT starts a new piece after as many."""

# One byte per base: its base-4 digit in the order A, T, C, G; 4 for every other letter.
_DIGITS = bytes(
    BASES.find(letter) if letter in BASES else 4
    for letter in (chr(byte).upper() for byte in range(256))
)
_OTHER = 4
_LARGEST_K_IN_BYTE = 4

# Joined sequences of about this many bases stay in a core's cache from one step to the next.
_BASES_AT_ONCE = 1 << 16

Ids = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Token ids of several sequences.

    Attributes
    ----------
    ids
        Shape ``(n, longest)``, int32: [CLS], k-mers, [SEP], then [PAD] up to the longest row.
    lengths
        Shape ``(n,)``, int32: number of tokens of each row without its padding.
    """

    ids: Ids
    lengths: Ids


def tokenize(sequences: Sequence[str], vocabulary: Vocabulary) -> Tokens:
    """Token ids of DNA sequences, as DNABERT makes them.

    A k-mer with a letter other than A, C, G and T in either case is [UNK]; a sequence shorter
    than k is [CLS] [SEP]; from 510 k-mers on the list is written in pieces of 510, each between
    [CLS] and [SEP], the last one perhaps empty (``run_finetune.py`` of DNABERT). Nothing is cut.

    Parameters
    ----------
    sequences
        n DNA sequences, of any lengths and in either case.
    vocabulary
        The model's vocabulary.

    Returns
    -------
    Tokens
        n rows, in the order of `sequences`.

    Examples
    --------
    >>> tokens = tokenize(["AAAT", "ac", "ACGNT"], Vocabulary.canonical(3))
    >>> tokens.ids.tolist()
    [[2, 5, 6, 3, 0], [2, 3, 0, 0, 0], [2, 16, 1, 1, 3]]
    >>> tokens.lengths.tolist()
    [4, 2, 5]
    """
    bases = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    kmers = np.maximum(bases - vocabulary.k + 1, 0)
    lengths = kmers + 2 * (kmers // KMERS_PER_PIECE + 1)
    ids = np.full((len(sequences), lengths.max(initial=0)), vocabulary.pad, dtype=np.int32)
    for rows in _rows_of_equal_length(bases):
        _fill(ids, rows, [sequences[row] for row in rows.tolist()], vocabulary)
    return Tokens(ids, lengths.astype(np.int32))


def kmer_counts(tokens: Tokens) -> npt.NDArray[np.int64]:
    """Count the k-mers, [UNK] included, of each row as `tokenize` made it.

    Parameters
    ----------
    tokens
        Untruncated tokens of n sequences.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``, int64.

    Examples
    --------
    >>> kmer_counts(tokenize(["ACGT", "AC", "A" * 600], Vocabulary.canonical(3))).tolist()
    [2, 0, 598]
    """
    behind_first = tokens.lengths.astype(np.int64) - 2
    return behind_first - 2 * (behind_first // (KMERS_PER_PIECE + 2))


def longest_sequence(k: int, max_seq_length: int) -> int:
    """Bases of the longest sequence of which every k-mer is read.

    ``max_seq_length + k - 3`` up to 512 tokens. Beyond, each further piece of 510 k-mers has its
    own [CLS] and [SEP].

    Parameters
    ----------
    k
        Length of a k-mer.
    max_seq_length
        Tokens of the input, [CLS] and [SEP] included.

    Returns
    -------
    int
        Bases.

    Examples
    --------
    >>> [longest_sequence(6, tokens) for tokens in (200, 512, 1024)]
    [203, 515, 1025]
    """
    pieces, rest = divmod(max_seq_length, KMERS_PER_PIECE + 2)
    return pieces * KMERS_PER_PIECE + max(rest - 2, 0) + k - 1


def truncate(tokens: Tokens, max_seq_length: int) -> Tokens:
    """Cut rows as the published DNABERT code does.

    Below 512 tokens the first ``max_seq_length - 2`` k-mers are kept between [CLS] and [SEP];
    from there on the list of pieces is cut after `max_seq_length` tokens, [SEP] or not.

    Parameters
    ----------
    tokens
        Untruncated tokens of n sequences.
    max_seq_length
        Largest number of tokens, 2 or more.

    Returns
    -------
    Tokens
        n rows of at most `max_seq_length` tokens.

    Raises
    ------
    WindowLengthError
        If not even [CLS] and [SEP] fit.

    Examples
    --------
    >>> truncate(tokenize(["AAATC"], Vocabulary.canonical(3)), 4).ids.tolist()
    [[2, 5, 6, 3]]
    """
    if max_seq_length < 2:
        raise WindowLengthError(
            f"max_seq_length is {max_seq_length}; expected at least 2, for [CLS] and [SEP]"
        )
    if tokens.ids.shape[1] <= max_seq_length:
        return tokens
    lengths = np.minimum(tokens.lengths, max_seq_length)
    ids = tokens.ids[:, :max_seq_length].copy()
    cut = np.flatnonzero(np.minimum(kmer_counts(tokens), max_seq_length - 2) == max_seq_length - 2)
    if max_seq_length - 2 < KMERS_PER_PIECE and cut.size:
        # Every row so long ends in [SEP] at the same place; the first one lends its own.
        first = cut[0]
        ids[cut, max_seq_length - 1] = tokens.ids[first, tokens.lengths[first] - 1]
    return Tokens(ids, lengths)


def _rows_of_equal_length(bases: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.intp]]:
    order = np.argsort(bases, kind="stable")
    starts = np.flatnonzero(np.diff(bases[order])) + 1
    for rows in np.split(order, starts):
        if rows.size:
            at_once = max(1, _BASES_AT_ONCE // max(1, int(bases[rows[0]])))
            yield from (rows[i : i + at_once] for i in range(0, rows.size, at_once))


def _fill(
    ids: Ids, rows: npt.NDArray[np.intp], sequences: list[str], vocabulary: Vocabulary
) -> None:
    """Write the tokens of `sequences`, all of one length, into these rows of `ids`."""
    kmers = _kmer_token_ids(sequences, vocabulary)
    count = kmers.shape[1]
    pieces = count // KMERS_PER_PIECE + 1
    block = np.empty((rows.size, count + 2 * pieces), dtype=np.int32)
    for piece in range(pieces):
        inside = kmers[:, piece * KMERS_PER_PIECE : (piece + 1) * KMERS_PER_PIECE]
        start = piece * (KMERS_PER_PIECE + 2)
        block[:, start] = vocabulary.cls
        block[:, start + 1 : start + 1 + inside.shape[1]] = inside
        block[:, start + 1 + inside.shape[1]] = vocabulary.sep
    ids[rows, : block.shape[1]] = block


def _kmer_token_ids(sequences: list[str], vocabulary: Vocabulary) -> Ids:
    """Shape ``(sequences, k-mers)``: token id of the k-mer at each position."""
    n, bases, k = len(sequences), len(sequences[0]), vocabulary.k
    if bases < k:
        return np.empty((n, 0), dtype=np.int32)
    # One "?" for each character outside ASCII keeps every position where it is.
    joined = "".join(sequences).encode("ascii", "replace").translate(_DIGITS)
    digits = np.frombuffer(joined, dtype=np.uint8)
    # K-mers that run from one sequence into the next are computed too and dropped here.
    codes = np.zeros(n * bases, dtype=np.uint16)
    codes[: digits.size - k + 1] = _codes(digits & np.uint8(3), k)
    kmers: Ids = vocabulary.kmer_ids[codes.reshape(n, bases)[:, : bases - k + 1]]
    if _OTHER in joined:
        foreign = (digits == _OTHER).reshape(n, bases)
        rows = np.flatnonzero(foreign.any(axis=1))
        in_kmer = np.lib.stride_tricks.sliding_window_view(foreign[rows], k, axis=1).any(axis=2)
        kmers[rows] = np.where(in_kmer, np.int32(vocabulary.unk), kmers[rows])
    return kmers


def _codes(digits: Codes, k: int) -> Codes:
    """Base-4 code of the k-mer that starts at each position, in the smallest type that holds it."""
    codes, length = digits, 1
    while length < k:
        step = min(length, k - length)
        if length + step > _LARGEST_K_IN_BYTE:
            codes = codes.astype(np.uint16)
        number = codes.dtype.type
        # The code of the last `step` bases: the low digits of the code that starts `step` later.
        codes = (codes[:-step] << number(2 * step)) | (codes[step:] & number(4**step - 1))
        length += step
    return codes
