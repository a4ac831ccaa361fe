"""Masking of k-mers: spans, shares, special tokens, seeds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from enhancer_variants.errors import InputError
from enhancer_variants.models import Vocabulary, tokenize
from enhancer_variants.training.masking import (
    IGNORED,
    MaskedTokens,
    mask_kmers,
    span_offsets,
)

PUBLISHED = {3: [-1, 1], 4: [-1, 1, 2], 5: [-2, -1, 1, 2], 6: [-2, -1, 1, 2, 3]}
"""MASK_LIST of run_pretrain.py."""


def batch(vocabulary: Vocabulary, bases: list[int], seed: int, unknown: bool = False) -> Tensor:
    letters = np.random.default_rng(seed)
    alphabet, odds = ("ACGTN", [0.24] * 4 + [0.04]) if unknown else ("ACGT", [0.25] * 4)
    sequences = ["".join(letters.choice(list(alphabet), length, p=odds)) for length in bases]
    return torch.tensor(tokenize(sequences, vocabulary).ids)


def masked(ids: Tensor, vocabulary: Vocabulary, probability: float, seed: int) -> MaskedTokens:
    generator = torch.Generator().manual_seed(seed)
    return mask_kmers(ids, vocabulary, generator=generator, probability=probability)


def runs(flags: list[bool]) -> list[tuple[int, int]]:
    """First and last place of every run of true values."""
    places = [place for place, flag in enumerate(flags) if flag]
    groups = itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
    return [(run[0], run[-1]) for run in ([p for _, p in group] for _, group in groups)]


@pytest.fixture(scope="module")
def many() -> tuple[Tensor, Vocabulary, MaskedTokens]:
    vocabulary = Vocabulary.canonical(6)
    ids = batch(vocabulary, [505] * 1000, seed=0)
    return ids, vocabulary, masked(ids, vocabulary, 0.15, seed=0)


@pytest.mark.parametrize("k", PUBLISHED)
def test_spans_are_the_published_ones(k: int) -> None:
    assert list(span_offsets(k)) == sorted([0, *PUBLISHED[k]])


@pytest.mark.parametrize("k", range(1, 9))
def test_a_span_is_the_k_kmers_that_hold_one_base(k: int) -> None:
    offsets = span_offsets(k)
    assert len(offsets) == k
    assert 0 in offsets
    base = offsets[-1]
    assert [offset <= base < offset + k for offset in range(-k, 2 * k)].count(True) == k
    assert all(offset <= base < offset + k for offset in offsets)


@settings(max_examples=60)
@given(
    k=st.integers(1, 6),
    bases=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    probability=st.sampled_from([0.0, 0.05, 0.15, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_runs_specials_and_labels(k: int, bases: list[int], probability: float, seed: int) -> None:
    vocabulary = Vocabulary.canonical(k)
    ids = batch(vocabulary, bases, seed, unknown=True)
    before = ids.clone()
    found = masked(ids, vocabulary, probability, seed)
    assert torch.equal(ids, before)
    assert found.ids.dtype == ids.dtype
    guessed = found.labels != IGNORED
    assert torch.equal(found.labels[guessed], ids[guessed].long())
    assert torch.equal(found.ids[~guessed], ids[~guessed])
    special = ids < 5
    assert not (guessed & special).any()
    assert set(found.ids[guessed].tolist()) <= {vocabulary.mask, *vocabulary.kmer_ids.tolist()}
    for row, flags in enumerate(guessed.tolist()):
        for first, last in runs(flags):
            at_an_end = special[row, first - 1] or special[row, last + 1]
            assert last - first + 1 >= k or at_an_end


@settings(max_examples=40)
@given(k=st.sampled_from(sorted(PUBLISHED)), seed=st.integers(0, 1000))
def test_the_hidden_places_are_those_of_the_published_loop(k: int, seed: int) -> None:
    vocabulary = Vocabulary.canonical(k)
    ids = batch(vocabulary, [30, 45], seed)
    found = masked(ids, vocabulary, 0.3, seed)
    drawn = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed))
    for row, tokens in enumerate(ids.tolist()):
        kmers = [place for place, token in enumerate(tokens) if token >= 5]
        expected = {place for place in kmers if drawn[row, place] < 0.3 / k}
        for centre, offset in itertools.product(tuple(expected), PUBLISHED[k]):
            if 1 <= centre + offset <= kmers[-1]:
                expected.add(centre + offset)
        hidden = torch.where(found.labels[row] != IGNORED)[0].tolist()
        assert hidden == sorted(expected)


def test_the_share_that_is_guessed(many: tuple[Tensor, Vocabulary, MaskedTokens]) -> None:
    ids, _, found = many
    inner = (found.labels != IGNORED)[:, 10:490]
    assert inner.float().mean().item() == pytest.approx(1 - (1 - 0.025) ** 6, abs=0.003)
    assert (ids[:, 10:490] >= 5).all()


def test_what_is_shown_instead(many: tuple[Tensor, Vocabulary, MaskedTokens]) -> None:
    ids, vocabulary, found = many
    guessed = found.labels != IGNORED
    shown, true = found.ids[guessed], ids[guessed]
    assert (shown == vocabulary.mask).float().mean().item() == pytest.approx(0.8, abs=0.01)
    assert (shown == true).float().mean().item() == pytest.approx(0.1, abs=0.01)
    replaced = shown[(shown != vocabulary.mask) & (shown != true)]
    assert len(replaced) / len(shown) == pytest.approx(0.1, abs=0.01)
    assert replaced.min() >= 5
    assert replaced.float().mean().item() == pytest.approx(4 + 4097 / 2, rel=0.05)


def test_the_seed_decides() -> None:
    vocabulary = Vocabulary.canonical(4)
    ids = batch(vocabulary, [100] * 5, seed=0)
    first, again, other = (masked(ids, vocabulary, 0.3, seed) for seed in (1, 1, 2))
    assert torch.equal(first.ids, again.ids)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.labels, other.labels)


def test_a_generator_goes_on_from_batch_to_batch() -> None:
    vocabulary = Vocabulary.canonical(4)
    ids = batch(vocabulary, [100] * 5, seed=0)
    generator = torch.Generator().manual_seed(1)
    one, two = (mask_kmers(ids, vocabulary, generator=generator) for _ in range(2))
    assert not torch.equal(one.labels, two.labels)


def test_probability_zero_and_one() -> None:
    vocabulary = Vocabulary.canonical(1)
    ids = batch(vocabulary, [50], seed=0)
    assert (masked(ids, vocabulary, 0, seed=0).labels == IGNORED).all()
    assert ((masked(ids, vocabulary, 1, seed=0).labels != IGNORED) == (ids >= 5)).all()


def test_ids_of_another_order_of_tokens() -> None:
    vocabulary = Vocabulary.from_tokens(
        ["A", "C", "G", "T", "[MASK]", "[SEP]", "[CLS]", "[UNK]", "[PAD]"], "vocab.txt"
    )
    ids = torch.tensor([[6, 0, 1, 2, 3, 7, 5, 8]])
    found = masked(ids, vocabulary, 1, seed=0)
    assert (found.labels != IGNORED).tolist() == [[False, *[True] * 4, False, False, False]]
    assert set(found.ids[0, 1:5].tolist()) <= {0, 1, 2, 3, 4}


def test_an_empty_batch() -> None:
    found = masked(torch.zeros((0, 7), dtype=torch.long), Vocabulary.canonical(6), 0.15, seed=0)
    assert found.ids.shape == found.labels.shape == (0, 7)


@pytest.mark.parametrize(
    ("ids", "probability", "message"),
    [
        (torch.zeros((1, 3), dtype=torch.long), 1.5, "probability is 1.5"),
        (torch.zeros(3, dtype=torch.long), 0.15, r"shape \(3,\)"),
        (torch.zeros((1, 3)), 0.15, "torch.float32"),
        (torch.zeros((1, 3), dtype=torch.bool), 0.15, "torch.bool"),
        (torch.tensor([[2, 69]]), 0.15, "ids run from 2 to 69; expected 0 to 68"),
        (torch.tensor([[-1, 6]]), 0.15, "ids run from -1 to 6"),
    ],
)
def test_what_is_no_batch_is_refused(ids: Tensor, probability: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        masked(ids, Vocabulary.canonical(3), probability, seed=0)
