"""K-mers are counted on both strands, wherever a sequence stands among others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.training.evaluation import kmer_counts

DNA = st.text("ACGTacgtN", min_size=0, max_size=30)


def one_by_one(sequence: str, k: int) -> Counter[str]:
    text = sequence.upper()
    kmers = (text[i : i + k] for i in range(len(text) - k + 1))
    return Counter(
        min(kmer, reverse_complement(kmer)) for kmer in kmers if set(kmer) <= set("ACGT")
    )


def canonical(k: int) -> list[str]:
    kmers = [""]
    for _ in range(k):
        kmers = [kmer + base for kmer in kmers for base in "ACGT"]
    return [kmer for kmer in kmers if kmer <= reverse_complement(kmer)]


@settings(max_examples=80)
@given(st.lists(DNA, min_size=1, max_size=5), st.integers(1, 4))
def test_counts_equal_those_made_one_by_one(sequences: list[str], k: int) -> None:
    found = kmer_counts(sequences, k).toarray()
    names = canonical(k)
    assert found.shape == (len(sequences), len(names))
    for row, sequence in zip(found, sequences, strict=True):
        expected = one_by_one(sequence, k)
        assert row.tolist() == [expected[name] for name in names]


@given(st.text("ACGT", min_size=6, max_size=40))
def test_both_strands_count_the_same(sequence: str) -> None:
    forward, reverse = kmer_counts([sequence, reverse_complement(sequence)], 6).toarray()
    assert np.array_equal(forward, reverse)


def test_six_mers_have_2080_columns() -> None:
    assert kmer_counts(["ACGTAC"], 6).shape == (1, 2080)
    assert kmer_counts([], 6).shape == (0, 2080)


def test_other_letters_are_in_no_kmer() -> None:
    assert kmer_counts(["AA-AA", "RYÄA"], 2).sum(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("k", [0, 11])
def test_k_is_1_to_10(k: int) -> None:
    with pytest.raises(InputError, match=f"k is {k}"):
        kmer_counts(["ACGT"], k)
