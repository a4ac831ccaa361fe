"""Counting the sequences that hold each of many words, against looking for them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.effects.motif_finding import substrings
from enhancer_variants.effects.motif_finding.substrings import sequences_containing
from enhancer_variants.errors import InputError


def _one_by_one(words: list[str], sequences: list[str]) -> list[int]:
    return [sum(word in sequence for sequence in sequences) for word in words]


@given(
    st.lists(st.text("AC", min_size=1, max_size=14), max_size=12, unique=True),
    st.lists(st.text("ACN", max_size=40), max_size=8),
)
def test_counts_are_those_of_python(words: list[str], sequences: list[str]) -> None:
    assert sequences_containing(words, sequences).tolist() == _one_by_one(words, sequences)


def test_long_and_short_words_in_many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substrings, "_BASES_AT_ONCE", 150)
    letters = np.random.default_rng(0).choice(list("ACGT"), (30, 60))
    sequences = ["".join(row) for row in letters]
    words = sorted({row[a : a + n] for row in sequences for a, n in ((0, 60), (9, 11), (8, 12))})
    words += sorted({row[20 : 20 + n] for row in sequences for n in (1, 3, 10)})
    counts = sequences_containing(words, sequences).tolist()
    assert counts == _one_by_one(words, sequences)
    assert max(counts) == 30


def test_a_word_counts_once_and_not_across_sequences() -> None:
    assert sequences_containing(["ACA"], ["ACACACA", "CAC", "A", "TACA"]).tolist() == [2]
    assert sequences_containing(["ACGT"], ["AC", "GT", "ACéGT"]).tolist() == [0]


def test_nothing_to_count() -> None:
    assert sequences_containing([], ["ACGT"]).tolist() == []
    assert sequences_containing(["ACGT"], []).tolist() == [0]


@pytest.mark.parametrize("words", [[""], ["acg"], ["ANC"], ["AC", "AC"]])
def test_words_are_distinct_and_of_plain_bases(words: list[str]) -> None:
    with pytest.raises(InputError, match="count"):
        sequences_containing(words, ["ACGT"])
