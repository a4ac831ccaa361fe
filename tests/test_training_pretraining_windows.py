"""Windows to pre-train on: lengths, places, strands, and spans that are hidden in them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import Vocabulary, tokenize
from enhancer_variants.training.masking import IGNORED
from enhancer_variants.training.pretraining.stretches import KnownBases
from enhancer_variants.training.pretraining.windows import (
    DrawnWindow,
    DrawnWindows,
    SpanMasking,
    WindowLengths,
)


def known(*stretches: str) -> KnownBases:
    ends = np.cumsum([len(stretch) for stretch in stretches])
    borders = np.stack([np.concatenate([[0], ends[:-1]]), ends], axis=1)
    return KnownBases(np.frombuffer("".join(stretches).encode(), np.uint8), borders)


def bases(count: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), count))


def drawn(*stretches: str, lengths: WindowLengths, count: int, **options: float) -> list[str]:
    genome = known(*stretches)
    windows = DrawnWindows(genome, genome.borders, lengths, count, (1, 2), **options)
    return [windows[number].sequence for number in range(count)]


def test_lengths_are_those_of_dnabert() -> None:
    assert WindowLengths.of(6, 512) == WindowLengths(10, 515)
    assert WindowLengths.of(3, 100) == WindowLengths(7, 100)
    assert WindowLengths.of(6, 2000).longest == 515
    assert WindowLengths.of(6, 512, 200) == WindowLengths(200, 200)
    for window in (9, 516):
        with pytest.raises(InputError, match=f"window is {window}; expected 10 to 515 bases"):
            WindowLengths.of(6, 512, window)


def test_half_of_the_windows_are_of_full_length() -> None:
    found = [len(s) for s in drawn(bases(3000, 1), lengths=WindowLengths(10, 515), count=4000)]
    assert found.count(515) / 4000 == pytest.approx(0.5, abs=0.03)
    others = [length for length in found if length < 515]
    assert min(others) >= 10
    assert np.mean(others) == pytest.approx(262, abs=10)


@pytest.mark.parametrize("size", [5, 12, 30, 60, 500])
@pytest.mark.parametrize("lengths", [WindowLengths(10, 60), WindowLengths(40, 40)])
def test_the_mean_length_is_that_of_what_is_drawn(size: int, lengths: WindowLengths) -> None:
    found = drawn(bases(size, 1), lengths=lengths, count=3000)
    expected = lengths.mean_in(np.array([size]))[0]
    assert np.mean([len(s) for s in found]) == pytest.approx(expected, rel=0.03)


def test_windows_stay_inside_their_stretches_and_cover_them() -> None:
    genome = ("AAAAAAAAAA", "CCCCC", "GT" * 15)
    found = drawn(*genome, lengths=WindowLengths(4, 8), count=3000, reverse_complement=0.0)
    assert all(any(window in stretch for stretch in genome) for window in found)
    assert len(set(found)) < 20
    of_stretch = [sum(set(window) == set(s) for window in found) / 3000 for s in genome]
    assert of_stretch == pytest.approx([10 / 45, 5 / 45, 30 / 45], abs=0.03)
    assert {len(window) for window in found if "C" in window} == {4, 5}


def test_every_place_of_a_window_is_as_likely() -> None:
    text = bases(60, 3)
    found = drawn(text, lengths=WindowLengths(40, 40), count=4200, reverse_complement=0.0)
    counts = [found.count(text[start : start + 40]) for start in range(21)]
    assert sum(counts) == 4200
    assert min(counts) > 140
    assert max(counts) < 260


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_both_strands(probability: float, expected: float) -> None:
    text = "AACCA" + bases(200, 4)
    found = drawn(text, lengths=WindowLengths(30, 30), count=1000, reverse_complement=probability)
    other = [window not in text for window in found]
    assert all(reverse_complement(w) in text for w, yes in zip(found, other, strict=True) if yes)
    assert np.mean(other) == pytest.approx(expected, abs=0.05)


def test_a_window_follows_from_seed_and_number() -> None:
    genome = known(bases(5000, 5))
    lengths = WindowLengths(10, 100)
    first, again, other = (
        DrawnWindows(genome, genome.borders, lengths, 50, seed) for seed in ((1,), (1,), (2,))
    )
    assert [first[n] for n in range(50)] == [again[n] for n in reversed(range(50))][::-1]
    assert all(first[n].sequence != other[n].sequence for n in range(50))
    assert len({first[n].sequence for n in range(50)}) == 50
    assert len(first) == 50
    with pytest.raises(IndexError):
        first[50]


def test_batches_are_the_same_in_any_process() -> None:
    genome = known(bases(3000, 6))
    windows = DrawnWindows(genome, genome.borders, WindowLengths(10, 60), 40, (1,))
    masking = SpanMasking(Vocabulary.canonical(4), 0.3, (1,), tokens=64)
    alone, beside = (
        list(DataLoader(windows, batch_size=8, collate_fn=masking, num_workers=workers))
        for workers in (0, 2)
    )
    for one, other in zip(alone, beside, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_masks_are_fresh_for_each_batch_and_follow_from_the_seed() -> None:
    sequence = bases(200, 7)
    masking, same, other = (
        SpanMasking(Vocabulary.canonical(4), 0.3, seed, tokens=256) for seed in ((1,), (1,), (2,))
    )
    first, later = ([DrawnWindow(number, sequence)] for number in (0, 8))
    assert torch.equal(masking(first)["labels"], same(first)["labels"])
    assert not torch.equal(masking(first)["labels"], masking(later)["labels"])
    assert not torch.equal(masking(first)["labels"], other(first)["labels"])


def test_neighbours_do_not_give_a_hidden_kmer_away() -> None:
    """Some base of every hidden k-mer is in no k-mer that is not hidden."""
    k = 5
    windows = [DrawnWindow(number, bases(120, number)) for number in range(50)]
    batch = SpanMasking(Vocabulary.canonical(k), 0.15, (1,), tokens=512)(windows)
    hidden = batch["labels"] != IGNORED
    assert 0.05 < hidden.float().mean() < 0.2
    for row in hidden[:, 1:-1].tolist():
        visible = [False] * 120
        for kmer, is_hidden in enumerate(row):
            if not is_hidden:
                visible[kmer : kmer + k] = [True] * k
        for kmer in itertools.compress(itertools.count(), row):
            assert not all(visible[kmer : kmer + k])


def test_tokens_are_those_of_the_windows() -> None:
    vocabulary = Vocabulary.canonical(3)
    windows = [DrawnWindow(0, bases(30, 1)), DrawnWindow(1, bases(512, 2))]
    batch = SpanMasking(vocabulary, 0.15, (1,), tokens=512)(windows)
    assert batch["ids"].shape == (2, 512)
    assert batch["lengths"].tolist() == [30, 512]
    true = torch.where(batch["labels"] == IGNORED, batch["ids"], batch["labels"])
    expected = tokenize([window.sequence for window in windows], vocabulary).ids
    assert true[0, :30].tolist() == expected[0, :30].tolist()
    assert true[1].tolist() == expected[1, :512].tolist()
    assert true[1, -1] == vocabulary.sep
