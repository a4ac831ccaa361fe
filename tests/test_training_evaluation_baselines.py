"""Baselines learn what they can, on either strand, and say what they lack."""

from __future__ import annotations

import importlib
import math
import random

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from enhancer_variants import InputError, MissingDependencyError, read_labelled_sequences
from enhancer_variants.genome import reverse_complement
from enhancer_variants.training import without_shared_kmers
from enhancer_variants.training.evaluation import (
    GcRegression,
    KmerRegression,
    cross_validated_log_odds,
    gc_content,
    kmer_counts,
)
from enhancer_variants.training.evaluation.baselines import folds_of


def planted(number: int, seed: int, motif: str = "GATAAGATCT") -> tuple[list[str], list[int]]:
    """Every second sequence has a motif, on either strand."""
    chance = random.Random(seed)
    sequences = []
    for index in range(number):
        bases = chance.choices("ACGT", k=80)
        if index % 2:
            place = chance.randrange(70)
            bases[place : place + 10] = (
                motif if chance.random() < 0.5 else reverse_complement(motif)
            )
        sequences.append("".join(bases))
    return sequences, [index % 2 for index in range(number)]


def test_a_motif_is_learnt_and_found_on_either_strand() -> None:
    fitted = KmerRegression.fit(*planted(300, 1))
    sequences, labels = planted(200, 2)
    found = fitted.log_odds(sequences)
    assert roc_auc_score(labels, found) > 0.9
    turned = fitted.log_odds([reverse_complement(sequence) for sequence in sequences])
    np.testing.assert_allclose(found, turned)
    np.testing.assert_allclose(found, fitted.log_odds([s.lower() for s in sequences]))


def test_log_odds_are_scikit_learns_in_log2() -> None:
    sequences, labels = planted(100, 3)
    fitted = KmerRegression.fit(sequences, labels, k=3, strength=2.0)
    counts = np.log1p(kmer_counts(sequences, 3).toarray())
    features = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    theirs = LogisticRegression(C=2.0, max_iter=1000).fit(features, labels)
    expected = theirs.decision_function(features) / math.log(2)
    np.testing.assert_allclose(fitted.log_odds(sequences), expected, atol=1e-2)
    assert (fitted.k, fitted.strength) == (3, 2.0)


def test_a_sequence_without_kmers_has_the_intercept() -> None:
    fitted = KmerRegression.fit(*planted(60, 4), strength=1.0)
    assert fitted.log_odds(["", "NNNNNNNN"]).tolist() == [fitted.intercept] * 2


def test_the_penalty_is_chosen_by_the_data() -> None:
    chance = random.Random(5)
    noise = ["".join(chance.choices("ACGT", k=60)) for _ in range(120)]
    strengths = {
        KmerRegression.fit(noise, [n % 2 for n in range(120)], k=4).strength,
        KmerRegression.fit(*planted(400, 6)).strength,
    }
    assert len(strengths) == 2
    assert min(strengths) == 0.1  # nothing to learn: the strongest penalty


def test_one_row_of_a_class_leaves_nothing_to_choose_by() -> None:
    assert KmerRegression.fit(["ACGTACGT", "GGGGCCCC", "GGGCCCCC"], [1, 0, 0]).strength == 1.0


def test_the_same_seed_gives_the_same_fit() -> None:
    sequences, labels = planted(80, 7)
    one, other = (KmerRegression.fit(sequences, labels, k=4, seed=9) for _ in range(2))
    assert np.array_equal(one.coefficients, other.coefficients)


@pytest.mark.parametrize("richer", [0, 1])
def test_gc_goes_in_either_direction(richer: int) -> None:
    chance = random.Random(8)
    labels = [n % 2 for n in range(100)]
    sequences = [
        "".join(chance.choices("ACGT", [1, 2, 2, 1] if label == richer else [2, 1, 1, 2], k=60))
        for label in labels
    ]
    found = GcRegression.fit(sequences, labels)
    assert (found.slope > 0) is bool(richer)
    assert roc_auc_score(labels, found.log_odds(sequences)) > 0.9


def test_gc_log_odds_are_calibrated() -> None:
    sequences = ["GC"] * 40 + ["AT"] * 40
    labels = [1] * 30 + [0] * 10 + [1] * 10 + [0] * 30
    found = GcRegression.fit(sequences, labels)
    np.testing.assert_allclose(
        found.log_odds(["CG", "TA"]), [math.log2(3), -math.log2(3)], atol=0.01
    )


def test_gc_of_what_is_not_known_is_left_out() -> None:
    assert gc_content(["GGAT", "ggNNNN", "RYNN", ""]).tolist() == [0.5, 1.0, 0.5, 0.5]


def test_no_sequence_is_predicted_by_what_was_fitted_to_it() -> None:
    sequences, labels = planted(60, 10)
    seen: list[frozenset[str]] = []

    class Memory:
        def __init__(self, known: frozenset[str]) -> None:
            self.known = known

        def log_odds(self, asked: list[str]) -> np.ndarray:
            return np.array([float(sequence in self.known) for sequence in asked])

    def fit(known: list[str], _: np.ndarray) -> Memory:
        seen.append(frozenset(known))
        return Memory(seen[-1])

    found = cross_validated_log_odds(fit, sequences, labels, folds=5)
    assert not found.any()
    assert [len(known) for known in seen] == [48] * 5


def test_folds_are_stratified_and_no_more_than_rows() -> None:
    labels = np.array([1] * 7 + [0] * 20)
    folds = folds_of(labels, 5, seed=0)
    assert sorted(np.bincount(folds[labels == 1]).tolist()) == [1, 1, 1, 2, 2]
    assert np.bincount(folds[labels == 0]).tolist() == [4] * 5
    assert folds_of(np.array([1, 1, 0, 0, 0]), 5, seed=0).max() == 1


@pytest.mark.parametrize("fit", [GcRegression.fit, KmerRegression.fit])
@pytest.mark.parametrize(
    ("sequences", "labels", "said"),
    [
        (["ACGTACGT"], [1, 0], "one label for each"),
        (["ACGTACGT"] * 2, [1, 2], "label 2"),
        (["ACGTACGT"] * 2, [1, math.nan], "label nan"),
        (["ACGTACGT"] * 2, [1, 1], "2 of 2 sequences are positive"),
    ],
)
def test_what_is_wrong_is_said(fit, sequences: list[str], labels: list[int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit(sequences, labels)


@pytest.mark.parametrize("strength", [0, -1.0, math.inf, math.nan])
def test_a_penalty_has_a_strength(strength: float) -> None:
    with pytest.raises(InputError, match="strength is"):
        KmerRegression.fit(["ACGTACGT", "CCCCCCCC"], [1, 0], strength=strength)


def test_a_fold_needs_both_classes() -> None:
    with pytest.raises(InputError, match="1 positives and 2 negatives"):
        cross_validated_log_odds(GcRegression.fit, ["AC", "AG", "TT"], [1, 0, 0])


def test_scikit_learn_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[train\]"):
        GcRegression.fit(["AC", "AT"], [1, 0])


@pytest.mark.realdata
def test_known_figures_of_real_enhancers(data) -> None:
    """The figures of an independent fit: GC 0.750, 6-mers 0.760, without copies 94 and 191 left."""

    def read(part: str) -> list:
        folder = data / "enhancer"
        return read_labelled_sequences(
            folder / f"original_enhancer_{part}.txt", label=1
        ) + read_labelled_sequences(folder / f"original_non_enhancer_{part}.txt", label=0)

    train, test = read("train"), read("ind")
    test = without_shared_kmers(test, train)
    labels = [record.label for record in test]
    assert (sum(labels), len(labels)) == (94, 285)
    known = [record.sequence for record in train], [record.label for record in train]
    asked = [record.sequence for record in test]
    gc = GcRegression.fit(*known).log_odds(asked)
    assert roc_auc_score(labels, gc) == pytest.approx(0.750, abs=0.001)
    kmers = KmerRegression.fit(*known).log_odds(asked)
    assert roc_auc_score(labels, kmers) == pytest.approx(0.760, abs=0.005)
