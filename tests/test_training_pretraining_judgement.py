"""How guesses are judged, and the two that know nothing of DNA."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from enhancer_variants.models import DnabertNetwork, NetworkConfig, Vocabulary, tokenize
from enhancer_variants.training.masking import IGNORED
from enhancer_variants.training.pretraining.judgement import (
    GuessingScore,
    copying_score,
    guessing_score,
    unigram_score,
)
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel
from enhancer_variants.training.pretraining.windows import DrawnWindow, SpanMasking

K3 = Vocabulary.canonical(3)


def hidden(sequence: str, *kmers: int, shown: dict[int, str] | None = None) -> dict[str, Tensor]:
    """A batch of one sequence with some of its 3-mers hidden, by their places from 0."""
    true = torch.from_numpy(tokenize([sequence], K3).ids).long()
    labels, ids = torch.full_like(true, IGNORED), true.clone()
    for kmer in kmers:
        labels[0, kmer + 1] = true[0, kmer + 1]
        ids[0, kmer + 1] = K3.mask
    for kmer, instead in (shown or {}).items():
        ids[0, kmer + 1] = K3.tokens().index(instead)
    return {"ids": ids, "labels": labels, "lengths": torch.tensor([true.shape[1]])}


def random_batches(k: int, probability: float) -> tuple[list[str], list[dict[str, Tensor]]]:
    letters = np.random.default_rng(1)
    sequences = [
        "".join(letters.choice(list("ACGT"), 80, p=(0.4, 0.3, 0.2, 0.1))) for _ in range(60)
    ]
    masking = SpanMasking(Vocabulary.canonical(k), probability, (1,), tokens=512)
    windows = [DrawnWindow(number, sequence) for number, sequence in enumerate(sequences)]
    return sequences, [masking(windows[:30]), masking(windows[30:])]


def test_sums_to_a_score() -> None:
    assert GuessingScore.of(4 * math.log(4), 1, 4) == GuessingScore(math.log(4), 4.0, 0.25, 4)
    assert math.isnan(GuessingScore.of(0.0, 0, 0).perplexity)
    assert GuessingScore.of(1e9, 0, 1).perplexity < math.inf
    assert GuessingScore.of(2.0, 1, 3).rounded()["accuracy"] == 0.333333


def test_frequencies_of_kmers() -> None:
    counts = ["AAAAA", "CCC"]  # AAA three times, CCC once, and each of 64 once more
    score = unigram_score([hidden("AAACC", 0, 1)], counts, K3)
    assert score.cross_entropy == pytest.approx(-(math.log(4 / 68) + math.log(1 / 68)) / 2)
    assert score.accuracy == 0.5
    assert score.kmers == 2


def test_a_base_that_stands_in_no_shown_kmer_is_guessed_by_its_frequency() -> None:
    # Of ACTGA all three 3-mers hold the T, and no other k-mer is there.
    counts = ["TTTAAC"]  # A 3, T 4, C 2, G 1 of 10, with one more of each
    share = {"A": 0.3, "T": 0.4, "C": 0.2, "G": 0.1}
    score = copying_score([hidden("ACTGA", 0, 1, 2)], counts, K3)
    expected = sum(math.log(share[b]) for b in "ACTCTGTGA")
    assert score.cross_entropy == pytest.approx(-expected / 3)
    # With others around it, only the T is unknown, and it is the most frequent base.
    score = copying_score([hidden("GGACTGAGG", 2, 3, 4)], counts, K3)
    assert score == GuessingScore(pytest.approx(-math.log(0.4)), pytest.approx(2.5), 1.0, 3)
    score = copying_score([hidden("GGACGGAGG", 2, 3, 4)], counts, K3)
    assert score.accuracy == 0.0
    assert score.perplexity == pytest.approx(10)


def test_a_kmer_that_is_shown_as_it_is_gives_its_bases_away() -> None:
    batch = hidden("GGACTGAGG", 2, 3, 4, shown={3: "CTG"})
    assert copying_score([batch], ["A"], K3) == GuessingScore(0.0, 1.0, 1.0, 3)
    batch = hidden("GGACTGAGG", 2, 3, 4, shown={3: "CAG"})
    assert copying_score([batch], ["A"], K3).accuracy == 0.0


@pytest.mark.parametrize("k", [1, 4])
def test_copying_equals_a_count_base_by_base(k: int) -> None:
    sequences, batches = random_batches(k, 0.3)
    share = {b: (sum(s.count(b) for s in sequences) + 1) / (4804) for b in "ACGT"}
    nats, right, number = 0.0, 0, 0
    rows = [
        row for b in batches for row in zip(b["ids"].tolist(), b["labels"].tolist(), strict=True)
    ]
    for sequence, (shown, labels) in zip(sequences, rows, strict=True):
        visible = set()
        for place in range(80 - k + 1):
            label = labels[place + 1]
            if label in (IGNORED, shown[place + 1]):
                visible |= {place + offset for offset in range(k)}
        for place in range(80 - k + 1):
            if labels[place + 1] != IGNORED:
                unknown = [p for p in range(place, place + k) if p not in visible]
                nats -= sum(math.log(share[sequence[p]]) for p in unknown)
                right += all(sequence[p] == max(share, key=share.get) for p in unknown)
                number += 1
    found = copying_score(batches, sequences, Vocabulary.canonical(k))
    assert found.kmers == number > 100
    assert found.cross_entropy == pytest.approx(nats / number)
    assert found.accuracy == pytest.approx(right / number)


def test_copying_knows_more_than_frequencies_and_a_model_without_training_less() -> None:
    vocabulary = Vocabulary.canonical(4)
    sequences, batches = random_batches(4, 0.15)
    network = DnabertNetwork(NetworkConfig(vocabulary.size, 8, 1, 2, 16, 128, 2, 1e-12, 2))
    model = MaskedLanguageModel(network)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter.data)
    blind = guessing_score(model.train(), batches)
    assert model.training
    assert blind.perplexity == pytest.approx(vocabulary.size)
    unigram = unigram_score(batches, sequences, vocabulary)
    copying = copying_score(batches, sequences, vocabulary)
    assert blind.kmers == unigram.kmers == copying.kmers
    assert copying.perplexity < unigram.perplexity / 10 < blind.perplexity / 10
    assert copying.accuracy > unigram.accuracy > blind.accuracy
