"""Shuffles that keep dinucleotides: exact counts, every one as likely."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.dinucleotides import dinucleotide_negatives, shuffle_dinucleotides


def pairs(text):
    return Counter(itertools.pairwise(text))


@given(st.text("ACGT", max_size=80) | st.text("ACGTNacgt", max_size=30), st.integers(0, 2**32))
def test_dinucleotides_are_kept(sequence, seed):
    shuffled = shuffle_dinucleotides(sequence, np.random.default_rng(seed))
    assert pairs(shuffled) == pairs(sequence)
    assert (shuffled[:1], shuffled[-1:]) == (sequence[:1], sequence[-1:])


def test_every_shuffle_is_as_likely():
    sequence, generator, draws = "AACAGATACA", np.random.default_rng(7), 3000
    possible = {
        text
        for middle in set(itertools.permutations(sequence[1:-1]))
        if pairs(text := sequence[0] + "".join(middle) + sequence[-1]) == pairs(sequence)
    }
    counts = Counter(shuffle_dinucleotides(sequence, generator) for _ in range(draws))
    assert counts.keys() == possible
    expected = draws / len(possible)
    chi_square = sum((counts[text] - expected) ** 2 / expected for text in possible)
    freedom = len(possible) - 1
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5


def test_negatives_of_positives():
    positives = [
        LabelledSequence("acgtacgattac", 1, "chr1", 5, 17, "peak"),
        LabelledSequence("ACCGATTTAGC", 1),
    ]
    first, second = dinucleotide_negatives(positives, seed=3)
    assert (first.label, first.interval, first.name) == (
        0,
        positives[0].interval,
        "peak dinucleotide shuffle",
    )
    assert pairs(first.sequence) == pairs("ACGTACGATTAC")
    assert second.contig is None
    assert dinucleotide_negatives(positives, seed=3) == [first, second]
