"""REF and ALT windows of many alleles, each distinct window once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.errors import InputError, WindowLengthError
from enhancer_variants.genome import is_acgt
from enhancer_variants.io import VariantRecord
from enhancer_variants.schema import Status

__all__ = ["WindowPairs", "pair_windows"]


@dataclass(frozen=True, slots=True)
class WindowPairs:
    """REF and ALT windows of the rows that can be scored, each distinct window once.

    Attributes
    ----------
    sequences
        The distinct windows.
    rows
        Shape (n,): the table's rows that have windows.
    ref, alt
        Shape (n, m): places in `sequences` of the m windows of each allele.
    refused
        By row: why it has no windows for this rule, and what was found.
    """

    sequences: Sequence[str]
    rows: npt.NDArray[np.intp]
    ref: npt.NDArray[np.intp]
    alt: npt.NDArray[np.intp]
    refused: Mapping[int, tuple[Status, str]]


def pair_windows(
    ref: Sequence[str], alt: Sequence[str], plan: ScoringPlan
) -> tuple[list[VariantRecord], WindowPairs]:
    """Windows of sequence pairs that are given as they are.

    Parameters
    ----------
    ref, alt
        Sequences, pair by pair; lower case is folded.

    Returns
    -------
    list of VariantRecord, WindowPairs
        One record per pair, with the sequences as its alleles.

    Raises
    ------
    WindowLengthError
        If a sequence is longer than one of the models reads.
    InputError
        If the lists differ in length, or hold something that is no text.
    """
    for name, sequences in (("ref", ref), ("alt", alt)):
        if isinstance(sequences, str):
            raise InputError(f"{name} is one string; expected a list of sequences")
    if len(ref) != len(alt):
        raise InputError(f"{len(ref)} ref and {len(alt)} alt sequences; expected as many of each")
    records, places = [], dict[str, int]()
    rows, pairs = list[int](), list[tuple[int, int]]()
    refused: dict[int, tuple[Status, str]] = {}
    for row, alleles in enumerate(zip(ref, alt, strict=True)):
        sequences = [_folded(sequence, row) for sequence in alleles]
        records.append(VariantRecord(row, "", None, "", alleles[0], (alleles[1],)))
        reason = _refusal(sequences, plan)
        if reason is None:
            rows.append(row)
            first, second = (places.setdefault(s, len(places)) for s in sequences)
            pairs.append((first, second))
        else:
            refused[row] = reason
    index = np.array(pairs, dtype=np.intp).reshape(len(pairs), 2)
    at = np.array(rows, dtype=np.intp)
    return records, WindowPairs(list(places), at, index[:, :1], index[:, 1:], refused)


def _folded(sequence: str, row: int) -> str:
    if not isinstance(sequence, str):
        raise InputError(f"sequence {row} is {sequence!r:.60}; expected a string of bases")
    return sequence.upper()


def _refusal(sequences: list[str], plan: ScoringPlan) -> tuple[Status, str] | None:
    """Why a pair is not scored, or None; a sequence that is too long is the caller's error."""
    shortest, longest = min(map(len, sequences)), max(map(len, sequences))
    for model in plan.models:
        if longest > model.longest:
            raise WindowLengthError(
                f"a sequence has {longest} bases, but model {model.name} reads {model.longest} at "
                f"most with {model.token_limit} tokens: cut the sequences, or give the model a "
                "larger max_seq_length if it was trained with one"
            )
    k = max((model.vocabulary.k for model in plan.models), default=1)
    if shortest < k:
        return Status.INVALID_RECORD, f"a sequence of {shortest} bases holds no {k}-mer"
    if not plan.allow_n and not all(map(is_acgt, sequences)):
        return Status.HAS_N, "a sequence holds a letter other than A, C, G and T"
    return None
