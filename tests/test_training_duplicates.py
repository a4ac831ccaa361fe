"""Copies, exact and near, on either strand, and within and across splits."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.training import canonical_kmers as module
from enhancer_variants.training.canonical_kmers import canonical_kmers, sharing_a_kmer
from enhancer_variants.training.duplicates import (
    distinct_sequences,
    without_leakage,
    without_shared_kmers,
)


def random_dna(length, seed):
    return "".join(random.Random(seed).choices("ACGT", k=length))


def kmers_by_hand(sequence, k):
    upper = sequence.upper()
    every = (upper[i : i + k] for i in range(len(upper) - k + 1))
    return {min(kmer, reverse_complement(kmer)) for kmer in every if set(kmer) <= set("ACGT")}


@given(st.lists(st.text("ACGTNacgt", max_size=30), max_size=6), st.integers(1, 8))
def test_kmers_are_those_found_by_hand(sequences, k):
    found = canonical_kmers(sequences, k)
    by_hand = [kmers_by_hand(sequence, k) for sequence in sequences]
    counts = np.bincount(found.owners, minlength=len(sequences)).tolist()
    assert counts == [len(kmers) for kmers in by_hand]
    assert len(set(found.codes.tolist())) == len(set().union(*by_hand))


@given(
    st.lists(st.text("ACGTN", max_size=20), max_size=5),
    st.lists(st.text("ACGTN", max_size=20), max_size=5),
    st.integers(1, 5),
)
def test_sharing_is_what_it_is_by_hand(sequences, others, k):
    theirs = set().union(*(kmers_by_hand(other, k) for other in others))
    expected = [bool(kmers_by_hand(sequence, k) & theirs) for sequence in sequences]
    assert sharing_a_kmer(sequences, others, k).tolist() == expected


def test_many_sequences_are_read_in_parts(monkeypatch):
    sequences = [random_dna(40, seed) for seed in range(7)]
    whole = canonical_kmers(sequences, 32)
    monkeypatch.setattr(module, "_SEQUENCES_AT_ONCE", 2)
    parts = canonical_kmers(sequences, 32)
    assert parts.codes.tolist() == whole.codes.tolist()
    assert parts.owners.tolist() == whole.owners.tolist() == np.repeat(range(7), 9).tolist()


@pytest.mark.parametrize("k", [0, 33])
def test_k_has_limits(k):
    with pytest.raises(InputError, match=f"k is {k}"):
        canonical_kmers(["ACGT"], k)


def test_the_first_copy_stays():
    one, other, third = (random_dna(60, seed) for seed in (1, 2, 3))
    records = [
        LabelledSequence(one, 1),
        LabelledSequence(other, 0),
        LabelledSequence(reverse_complement(one).lower(), 1),  # exact, other strand
        LabelledSequence(one[10:] + random_dna(10, 4), 1),  # 35 of 45 16-mers
        LabelledSequence(third, 1),
        LabelledSequence(third, 0),  # nobody knows which is right
        LabelledSequence(one[40:] + random_dna(40, 5), 0),  # 5 of 45
    ]
    found = distinct_sequences(records)
    assert found.sequences == (records[0], records[1], records[6])
    assert (found.exact, found.contradictory, found.near) == (1, 2, 1)
    assert distinct_sequences(records, shared=0.1).near == 2
    assert distinct_sequences(records, shared=1).near == 0
    for shared in (0, 1.1):
        with pytest.raises(InputError, match="share of k-mers in common"):
            distinct_sequences(records, shared)


def test_a_copy_of_a_copy_that_is_gone_stays():
    text = random_dna(100, 1)
    chain = [LabelledSequence(text[i : i + 60], 1) for i in (0, 20, 40)]
    assert distinct_sequences(chain).sequences == (chain[0], chain[2])


def test_short_and_no_sequences():
    short = [LabelledSequence("ACG", 1), LabelledSequence("CCC", 1), LabelledSequence("CGT", 1)]
    found = distinct_sequences(short)
    assert (found.sequences, found.exact) == ((short[0], short[1]), 1)
    assert distinct_sequences([]).sequences == ()
    assert without_shared_kmers(short, [LabelledSequence("cgt", 0)]) == [short[1]]


def test_the_held_out_side_wins():
    text = random_dna(120, 1)
    train = [LabelledSequence(text[:40], 1), LabelledSequence(random_dna(40, 2), 1)]
    dev = [LabelledSequence(text[5:45], 1), LabelledSequence(text[60:100], 1)]
    test = [LabelledSequence(reverse_complement(text[65:105]), 1)]
    clean = without_leakage({"train": train, "dev": dev, "test": test})
    assert clean == {"train": train[1:], "dev": dev[:1], "test": test}


def test_what_is_gone_from_dev_takes_nothing_from_train():
    shared_with_dev, shared_with_test = random_dna(40, 1), random_dna(40, 2)
    train = [LabelledSequence(shared_with_dev + random_dna(10, 3), 1)]
    dev = [LabelledSequence(shared_with_dev + shared_with_test, 1)]
    test = [LabelledSequence(random_dna(10, 4) + shared_with_test, 1)]
    clean = without_leakage({"train": train, "dev": dev, "test": test})
    assert clean == {"train": train, "dev": [], "test": test}


@pytest.fixture
def liu(data):
    """Give training and test set of iEnhancer-2L."""
    folder = data / "enhancer"
    return tuple(
        [
            *read_labelled_sequences(folder / f"original_enhancer_{part}.txt", label=1),
            *read_labelled_sequences(folder / f"original_non_enhancer_{part}.txt", label=0),
        ]
        for part in ("train", "ind")
    )


@pytest.mark.realdata
def test_the_hundred_copies_of_a_published_test_set_are_found(liu):
    train, test = liu
    whole = {record.sequence for record in train}
    assert sum(record.sequence in whole for record in test) == 100
    left = without_shared_kmers(test, train)
    assert [sum(record.label == label for record in left) for label in (1, 0)] == [94, 191]
    assert distinct_sequences([*train, *test]).exact == 100
