"""Tokens of windows that share their k-mers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.models import Vocabulary, tokenize
from enhancer_variants.scan.kmer_windows import KmerTrack

DNA = st.text("ACGTacgtNR", min_size=8, max_size=60)


@given(DNA, st.integers(3, 20), st.sampled_from([1, 2, 3]))
@settings(max_examples=50)
def test_tokens_are_those_of_each_window_by_itself(bases: str, window: int, k: int) -> None:
    vocabulary = Vocabulary.canonical(k)
    starts = np.arange(max(0, len(bases) - window + 1))
    windows = [bases[start : start + window] for start in starts]
    track = KmerTrack(bases, window, vocabulary)
    expected = tokenize(windows, vocabulary)
    tokens = track.tokens(starts)
    if windows:
        assert np.array_equal(tokens.ids, expected.ids)
    assert np.array_equal(tokens.lengths, expected.lengths)
    readable = [set(text.upper()) <= set("ACGT") for text in windows]
    assert track.readable(starts).tolist() == readable


@pytest.mark.parametrize("window", [510, 511, 512, 515, 600, 1100])
def test_windows_of_more_than_one_piece_have_every_separator(window: int) -> None:
    vocabulary = Vocabulary.canonical(2)
    bases = "".join(np.random.default_rng(0).choice(list("ACGT"), 1200))
    starts = np.array([0, 7, 100])
    expected = tokenize([bases[start : start + window] for start in starts], vocabulary)
    tokens = KmerTrack(bases, window, vocabulary).tokens(starts)
    assert np.array_equal(tokens.ids, expected.ids)
    assert np.array_equal(tokens.lengths, expected.lengths)
