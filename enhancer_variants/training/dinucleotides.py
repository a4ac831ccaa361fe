"""Sequences shuffled so that every pair of neighbouring letters occurs as often as before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from enhancer_variants.io.labelled_sequence import LabelledSequence

__all__ = ["dinucleotide_negatives", "shuffle_dinucleotides"]


def shuffle_dinucleotides(sequence: str, generator: np.random.Generator) -> str:
    """Shuffle a sequence, keeping the exact count of every dinucleotide.

    Every such sequence with the same first letter is equally likely. The first and the last
    letter stay what they are.

    Parameters
    ----------
    sequence
        Any letters; upper and lower case are different ones.
    generator
        Source of chance.

    Notes
    -----
    Altschul and Erickson, Mol Biol Evol 1985, 2:526-538: the dinucleotides are the edges of a
    graph whose vertices are letters, and a shuffled sequence is another path along all of them.
    There is one if the edges taken last from each letter lead to the last letter.

    Examples
    --------
    >>> shuffle_dinucleotides("AACAGATA", np.random.default_rng(0))
    'ATACAAGA'
    """
    if len(sequence) < 4:  # nothing can change places
        return sequence
    followers: dict[str, list[str]] = {}
    for letter, follower in itertools.pairwise(sequence):
        followers.setdefault(letter, []).append(follower)
    end = sequence[-1]
    last = _last_edges(followers, end, generator)
    for letter, following in followers.items():
        final = [last[letter]] if letter in last else []
        for edge in final:
            following.remove(edge)
        order = generator.permutation(len(following)).tolist()
        # The path takes edges from the end of the list, so the last one stands first in it.
        followers[letter] = final + [following[i] for i in order]
    path = [sequence[0]]
    for _ in range(len(sequence) - 1):
        path.append(followers[path[-1]].pop())
    return "".join(path)


def _last_edges(
    followers: dict[str, list[str]], end: str, generator: np.random.Generator
) -> dict[str, str]:
    """Draw the last edge from every letter but `end`, such that all lead there."""
    while True:
        last = {
            letter: following[int(generator.integers(len(following)))]
            for letter, following in followers.items()
            if letter != end
        }
        leading: set[str] = {end}
        while more := {a for a, b in last.items() if b in leading} - leading:
            leading |= more
        if leading >= last.keys():
            return last


def dinucleotide_negatives(
    positives: Iterable[LabelledSequence], seed: int, label: int = 0
) -> list[LabelledSequence]:
    """Make one negative of each positive by shuffling it, dinucleotide counts kept.

    Parameters
    ----------
    positives
        Sequences; their coordinates are not needed.
    seed
        The same seed gives the same negatives.
    label
        Class of the negatives.

    Returns
    -------
    list of LabelledSequence
        In the order of the positives, in upper case. Each keeps the coordinates of the positive
        it was made of, so that a split by contig keeps the two together, and its name says what
        it is.

    Examples
    --------
    >>> dinucleotide_negatives([LabelledSequence("AACAGATA", 1)], seed=0)[0].sequence
    'ATACAAGA'
    """
    generator = np.random.default_rng(seed)
    return [
        LabelledSequence(
            shuffle_dinucleotides(positive.sequence.upper(), generator),
            label,
            positive.contig,
            positive.start,
            positive.end,
            name=f"{positive.name} dinucleotide shuffle".strip(),
        )
        for positive in positives
    ]
