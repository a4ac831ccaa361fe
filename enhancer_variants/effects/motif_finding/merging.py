"""Words of one motif merged by aligning them without gaps.

As ``motif/motif_utils.py`` of DNABERT merges them, which aligns two words with Biopython 1.79:
1 for two equal bases, 0 for two different ones, ends free, no gap inside. Such an alignment is
an offset, the place of the longer-known word (the key) on the new one, so sliding one along the
other finds all of them. Where several offsets are equally good, the published code takes the one
that Biopython's way back through its matrix meets first: it begins where both words end and
leaves the key's end over as long as it can, then the new word's. Of keys whose alignments are
equally good it takes the first; and it compares alignments by their path and not by their score,
so that an acceptable key of the same length and offset as the best one, but met earlier, is
taken in its place. Both are reproduced here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.motif_finding.regions import AttentionRegion, Candidate

__all__ = ["best_offset", "merge_candidates"]

_BEHIND_KEY = 0
_BESIDE_WORD = 1
"""Paddings that equal no base and not each other."""

Numbers = npt.NDArray[np.int64]


def merge_candidates(
    candidates: Sequence[Candidate], minimum_length: int = 5, *, every_tie: bool = False
) -> tuple[Candidate, ...]:
    """Attach each word to the key that it aligns with best, or make it a key of its own.

    Words are taken in the order of their lengths. A key is acceptable if at least
    ``max(minimum_length - 1, half of the shorter word)`` bases are equal. The regions of an
    attached word become those that the key covers in the alignment.

    Parameters
    ----------
    candidates
        Distinct words.
    minimum_length
        Bases of the shortest region that was looked for.
    every_tie
        Whether to attach a word to all keys whose alignment is as the best one's (same length,
        same offset), instead of to the first of them.

    Returns
    -------
    tuple of Candidate
        Each key with all its regions, in the order in which the keys were made.

    Examples
    --------
    >>> merged = merge_candidates([
    ...     Candidate("TGACTCA", (AttentionRegion(0, 10, 17),)),
    ...     Candidate("GTGACTCAC", (AttentionRegion(1, 30, 39),)),
    ... ])
    >>> [(key.word, key.regions[1]) for key in merged]
    [('TGACTCA', AttentionRegion(sequence=1, start=31, end=38))]
    """
    by_length = sorted(candidates, key=lambda candidate: len(candidate.word))
    longest = len(by_length[-1].word) if by_length else 0
    keys = np.full((len(by_length), longest), _BEHIND_KEY, dtype=np.uint8)
    lengths = np.zeros(len(by_length), dtype=np.int64)
    words: list[str] = []
    regions: list[list[AttentionRegion]] = []
    for candidate in by_length:
        made = len(words)
        # Keys come in the order of their lengths: the last one is the longest.
        so_far = keys[:made, : lengths[max(made - 1, 0)]]
        attached = _attachments(candidate.word, so_far, lengths[:made], minimum_length)
        for key, offset in attached if every_tie else attached[:1]:
            regions[key].extend(
                AttentionRegion(
                    region.sequence, region.start + offset, region.start + offset + len(words[key])
                )
                for region in candidate.regions
            )
        if not attached:
            keys[made, : len(candidate.word)] = _letters(candidate.word)
            lengths[made] = len(candidate.word)
            words.append(candidate.word)
            regions.append(list(candidate.regions))
    return tuple(Candidate(word, tuple(own)) for word, own in zip(words, regions, strict=True))


def best_offset(word: str, key: str) -> tuple[int, int]:
    """Align two words without gaps, their ends free.

    Parameters
    ----------
    word, key
        Bases, one or more.

    Returns
    -------
    tuple of int
        Number of equal bases, and where in `word` the key begins (below 0: before it). Of
        several best offsets the largest, if with it the key ends behind the word's end, and else
        the smallest.

    Examples
    --------
    >>> best_offset("GTGACTCAC", "TGACTCA")
    (7, 1)
    >>> best_offset("ACAC", "AC")
    (2, 0)
    """
    equal, offset = _alignments(word, _letters(key)[None], np.array([len(key)]))
    return int(equal[0]), int(offset[0])


def _attachments(
    word: str, keys: npt.NDArray[np.uint8], lengths: Numbers, minimum_length: int
) -> list[tuple[int, int]]:
    """Keys with the same alignment as the best acceptable one, and its offset."""
    if not len(keys):
        return []
    equal, offsets = _alignments(word, keys, lengths)
    wanted = np.maximum(minimum_length - 1, np.minimum(lengths, len(word)) / 2)
    acceptable = equal >= wanted
    if not acceptable.any():
        return []
    best = int(np.where(acceptable, equal, -1).argmax())
    same = acceptable & (lengths == lengths[best]) & (offsets == offsets[best])
    return [(key, int(offsets[best])) for key in np.flatnonzero(same).tolist()]


def _alignments(
    word: str, keys: npt.NDArray[np.uint8], lengths: Numbers
) -> tuple[Numbers, Numbers]:
    """Equal bases and offset of the best alignment with each key; keys of shape (K, longest)."""
    longest = keys.shape[1]
    padded = np.full(len(word) + 2 * (longest - 1), _BESIDE_WORD, dtype=np.uint8)
    padded[longest - 1 : longest - 1 + len(word)] = _letters(word)
    places = np.lib.stride_tricks.sliding_window_view(padded, longest)
    equal = (keys[:, None, :] == places[None, :, :]).sum(axis=2)
    best = equal.max(axis=1)
    is_best = equal == best[:, None]
    smallest = is_best.argmax(axis=1) - (longest - 1)
    largest = len(word) - 1 - is_best[:, ::-1].argmax(axis=1)
    key_ends_behind = largest + lengths > len(word)
    return best, np.where(key_ends_behind, largest, smallest)


def _letters(word: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(word.encode(), dtype=np.uint8)
