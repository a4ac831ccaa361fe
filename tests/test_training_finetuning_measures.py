"""Figures of a split, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning.data import LabelledSplit
from enhancer_variants.training.finetuning.measures import Measures, best_threshold

TWO = Measures("single_label", ("no", "yes"), "yes")


def test_two_classes_are_judged_as_scikit_learn_does() -> None:
    generator = np.random.default_rng(0)
    classes = generator.integers(0, 2, 50)
    logits = (generator.normal(size=(50, 2)) + np.stack([-classes, classes], 1)).astype(np.float32)
    found = TWO.of(logits, classes)
    calls = logits.argmax(axis=1)
    assert found["auroc"] == pytest.approx(
        sklearn_metrics.roc_auc_score(classes, logits[:, 1] - logits[:, 0])
    )
    assert found["mcc"] == pytest.approx(sklearn_metrics.matthews_corrcoef(classes, calls))
    assert found["f1"] == pytest.approx(sklearn_metrics.f1_score(classes, calls, average="macro"))
    shares = torch.softmax(torch.from_numpy(logits), 1).numpy()
    assert found["loss"] == pytest.approx(sklearn_metrics.log_loss(classes, shares), abs=1e-5)
    assert found["true_positive"] == ((classes == 1) & (calls == 1)).sum()
    assert "class_accuracy" not in found


def test_the_positive_label_may_be_the_first() -> None:
    logits = np.array([[3, 0], [0, 3]], np.float32)
    found = Measures("single_label", ("yes", "no"), "yes").of(logits, np.array([0, 1]))
    assert (found["auroc"], found["true_positive"], found["true_negative"]) == (1, 1, 1)


def test_three_classes_are_the_positive_one_against_the_others() -> None:
    measures = Measures("single_label", ("a", "b", "c"), "b")
    logits = np.array([[2, 0, 0], [0, 2, 0], [0, 1, 2], [0, 0, 2]], np.float32)
    found = measures.of(logits, np.array([0, 1, 0, 2]))
    assert found["class_accuracy"] == 0.75
    assert (found["true_positive"], found["false_positive"]) == (1, 0)
    expected = (2 - math.log(2)) / math.log(2)
    assert measures.log_odds(logits)[1, 0] == pytest.approx(expected)


def test_labels_are_judged_one_by_one_and_averaged_where_defined() -> None:
    measures = Measures("multi_label", ("A", "B"), None)
    logits = np.array([[1, 5], [-1, 5], [2, 5]], np.float32)
    targets = np.array([[1, 1], [0, np.nan], [np.nan, 1]], np.float32)
    found = measures.of(logits, targets)
    assert (found["A/auroc"], found["A/rows"], found["B/rows"]) == (1, 2, 2)
    assert math.isnan(found["B/auroc"])
    assert found["auroc"] == 1
    assert found["accuracy"] == 1
    nothing = measures.of(logits[:1], np.full((1, 2), np.nan, np.float32))
    assert math.isnan(nothing["auroc"])


def test_the_threshold_moves_the_calls() -> None:
    logits = np.array([[0, 1], [0, 3]], np.float32)
    strict = Measures("single_label", ("no", "yes"), "yes", threshold=2 / math.log(2))
    assert strict.of(logits, np.array([0, 1]))["accuracy"] == 1
    assert TWO.of(logits, np.array([0, 1]))["accuracy"] == 0.5


def test_a_dev_split_of_one_class_is_refused_where_it_matters() -> None:
    split = LabelledSplit("dev", ("ACGT",), np.array([1]), (), {"name": "dev.csv"})
    with pytest.raises(InputError, match=r"dev.csv: the dev sequences are of one class only"):
        TWO.require_defined(split, "mcc")
    TWO.require_defined(split, "loss")
    several = LabelledSplit(
        "dev", ("ACGT",) * 2, np.array([[1, 1], [0, 1]], np.float32), ("A", "B"), {"name": "d"}
    )
    Measures("multi_label", ("A", "B"), None).require_defined(several, "auroc")


@given(
    rows=st.lists(st.tuples(st.integers(-4, 4).map(float), st.booleans()), min_size=1, max_size=12)
)
def test_no_cut_has_a_larger_mcc_than_the_best(rows: list[tuple[float, bool]]) -> None:
    odds = np.array([odd for odd, _ in rows])
    truth = np.array([positive for _, positive in rows])

    def mcc(cut: float) -> float:
        calls = odds > cut
        product = truth.mean() * calls.mean() * (1 - truth.mean()) * (1 - calls.mean())
        covariance = (truth & calls).mean() - truth.mean() * calls.mean()
        return float(covariance / math.sqrt(product)) if product else 0.0

    best = best_threshold(odds, truth)
    others = [cut + 0.5 for cut in range(-6, 6)]
    assert mcc(best) >= max(map(mcc, others)) - 1e-9 or best == 0.0
    if best == 0.0:
        assert max(map(mcc, others)) <= max(mcc(0.0), 0.0) + 1e-9


def test_of_equally_good_cuts_the_one_nearest_to_0_is_taken() -> None:
    odds = np.array([-8.0, -6.0, 1.0, 3.0])
    assert best_threshold(odds, np.array([True, False, True, False])) == 0.0
    assert best_threshold(odds, np.array([False, False, True, True])) == -2.5
    assert best_threshold(np.zeros(3), np.array([True, False, True])) == 0.0
