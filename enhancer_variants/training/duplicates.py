"""Sequences that are there twice: exact copies and near ones, on either strand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.canonical_kmers import (
    LARGEST_KMER,
    canonical_kmers,
    sharing_a_kmer,
)

__all__ = [
    "SKETCH_KMER",
    "DistinctSequences",
    "distinct_sequences",
    "without_leakage",
    "without_shared_kmers",
]

SKETCH_KMER: Final = 16
"""Bases of the k-mers by which near copies are known: 4**16 are enough to be rare by chance."""

_ROWS_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class DistinctSequences:
    """Sequences of which none is a copy of another, and how many were left out.

    Attributes
    ----------
    sequences
        What is left, in the order given.
    exact
        Copies of an earlier sequence with the same label, on either strand.
    contradictory
        Sequences whose copies carry other labels; none of them is kept.
    near
        Sequences that share too many k-mers with one that is kept.
    """

    sequences: tuple[LabelledSequence, ...]
    exact: int
    contradictory: int
    near: int


def distinct_sequences(
    sequences: Sequence[LabelledSequence], shared: float = 0.5, k: int = SKETCH_KMER
) -> DistinctSequences:
    """Keep the first of all sequences that are exact or near copies of each other.

    Parameters
    ----------
    sequences
        Of any length and case.
    shared
        Two sequences are near copies if they have at least this share of the distinct k-mers
        of the one with fewer in common, above 0 to 1. At 0.5 and 200 bases that is an overlap
        of about 110 bases.
    k
        Bases of a k-mer, 1 to 32. All are compared, those of both strands counting as one.

    Raises
    ------
    InputError
        If `shared` or `k` is out of range.

    Examples
    --------
    >>> copies = [LabelledSequence("AACAT", 1), LabelledSequence("ATGTT", 1)]
    >>> distinct_sequences(copies).exact
    1
    """
    if not 0 < shared <= 1:
        raise InputError(f"share of k-mers in common is {shared}; expected above 0 to 1")
    groups: dict[str, list[int]] = {}
    for number, record in enumerate(sequences):
        groups.setdefault(_either_strand(record.sequence), []).append(number)
    firsts, exact, contradictory = [], 0, 0
    for group in groups.values():
        if len({sequences[number].label for number in group}) > 1:
            contradictory += len(group)
        else:
            firsts.append(group[0])
            exact += len(group) - 1
    texts = [sequences[number].sequence for number in firsts]
    is_near = np.zeros(len(firsts), dtype=bool)
    for number, copies in _near_copies(texts, shared, k):
        is_near[number] = not is_near[copies[copies < number]].all()
    kept = tuple(sequences[n] for n, near in zip(firsts, is_near, strict=True) if not near)
    return DistinctSequences(kept, exact, contradictory, int(is_near.sum()))


def _either_strand(sequence: str) -> str:
    upper = sequence.upper()
    return min(upper, reverse_complement(upper))


def _near_copies(
    sequences: Sequence[str], shared: float, k: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Give each sequence that has near copies, in order, with the indexes of those."""
    kmers = canonical_kmers(sequences, k)
    totals = np.bincount(kmers.owners, minlength=len(sequences))
    _, columns, occurrences = np.unique(kmers.codes, return_inverse=True, return_counts=True)
    repeated = occurrences[columns] > 1  # a k-mer of one sequence alone is shared with none
    shape = (len(sequences), len(occurrences))
    ones = np.ones(int(repeated.sum()), np.int32)
    has = sparse.csr_array((ones, (kmers.owners[repeated], columns[repeated])), shape=shape)
    having = has.T.tocsr()
    for first in range(0, len(sequences), _ROWS_AT_ONCE):
        common = (has[first : first + _ROWS_AT_ONCE] @ having).tocoo()
        rows = common.row.astype(np.int64) + first
        columns_ = common.col.astype(np.int64)
        enough = common.data >= shared * np.minimum(totals[rows], totals[columns_])
        is_pair = enough & (rows != columns_)
        rows, columns_ = rows[is_pair], columns_[is_pair]
        for number in np.unique(rows).tolist():
            yield number, columns_[rows == number]


def without_shared_kmers(
    sequences: Sequence[LabelledSequence],
    others: Sequence[LabelledSequence],
    k: int = LARGEST_KMER,
) -> list[LabelledSequence]:
    """Leave out the sequences that share a k-mer with any of the others, on either strand.

    Exact copies go too, however short they are.

    Parameters
    ----------
    sequences, others
        Of any length and case.
    k
        Bases of a k-mer, 1 to 32.

    Examples
    --------
    >>> test = [LabelledSequence("AACAT", 1), LabelledSequence("CCCCC", 0)]
    >>> without_shared_kmers(test, [LabelledSequence("TATGTTA", 1)], k=5)
    [LabelledSequence(sequence='CCCCC', label=0, contig=None, start=None, end=None, name='')]
    """
    copied = sharing_a_kmer([s.sequence for s in sequences], (o.sequence for o in others), k)
    whole = {_either_strand(other.sequence) for other in others}
    return [
        record
        for record, is_copied in zip(sequences, copied, strict=True)
        if not is_copied and _either_strand(record.sequence) not in whole
    ]


def without_leakage(
    splits: Mapping[str, Sequence[LabelledSequence]], k: int = LARGEST_KMER
) -> dict[str, list[LabelledSequence]]:
    """Take out of each split what shares a k-mer with a later one: the held-out side wins.

    Parameters
    ----------
    splits
        Sequences by the name of the split, training first and what is held out last.
    k
        Bases of a k-mer, 1 to 32.

    Returns
    -------
    dict of str to list of LabelledSequence
        The last split as it was, the ones before it without what they share with those after.

    Examples
    --------
    >>> train = [LabelledSequence("AACAT", 1), LabelledSequence("CCCCC", 0)]
    >>> clean = without_leakage({"train": train, "test": [LabelledSequence("TATGTTA", 1)]}, k=5)
    >>> len(clean["train"]), len(clean["test"])
    (1, 1)
    """
    clean: dict[str, list[LabelledSequence]] = {}
    later: list[LabelledSequence] = []
    for name in reversed([*splits]):
        clean[name] = without_shared_kmers(splits[name], later, k)
        later += clean[name]
    return {name: clean[name] for name in splits}
