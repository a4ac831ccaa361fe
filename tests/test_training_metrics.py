"""Metrics against the original program's, definitions spelled out in loops, and scipy."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from enhancer_variants.errors import InputError
from enhancer_variants.training import weighted_statistics
from enhancer_variants.training.metrics import (
    BootstrapInterval,
    ConfusionMatrix,
    ReliabilityBin,
    Statistic,
    bootstrap_interval,
    classification_metrics,
    reliability_table,
)
from enhancer_variants.training.weighted_statistics import OfThreshold, weighted_statistic

STATISTICS = [
    *get_args(OfThreshold),
    *(name for name in get_args(Statistic) if name not in get_args(OfThreshold)),
]
LABELLED = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])),
    min_size=1,
    max_size=25,
)


def pairs_won(labels: list[int], scores: list[float]) -> float:
    """AUROC by comparing every positive with every negative."""
    won = [
        (high > low) + (high == low) / 2
        for label, high in zip(labels, scores, strict=True)
        for other, low in zip(labels, scores, strict=True)
        if label == 1 and other == 0
    ]
    return sum(won) / len(won) if won else math.nan


def mean_precision(labels: list[int], scores: list[float]) -> float:
    """AUPRC as the mean over positives of the precision of all rows scored at least as high."""
    precisions = []
    for label, score in zip(labels, scores, strict=True):
        if label == 1:
            called = [other for other, s in zip(labels, scores, strict=True) if s >= score]
            precisions.append(sum(called) / len(called))
    return sum(precisions) / len(precisions) if precisions else math.nan


def same(found: float, expected: float) -> bool:
    return found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_equal_to_the_original_program(oracle: Path) -> None:
    cases = json.loads((oracle / "metrics" / "metrics_py37.json").read_text())
    assert len(cases) == 6
    for case in cases:
        ours = classification_metrics(case["labels"], case["probs"], case["preds"])
        macro, binary = case["dnaprom"], case["dna690"]
        expected = {
            "accuracy": macro["acc"],
            "precision": macro["precision"],
            "recall": macro["recall"],
            "f1": macro["f1"],
            "mcc": macro["mcc"],
            "auroc": macro["auc"],
            "precision_binary": binary["precision"],
            "recall_binary": binary["recall"],
            "f1_binary": binary["f1"],
            "auprc": binary["aupr"],
        }
        for name, value in expected.items():
            assert same(getattr(ours, name), value), (case["kind"], name)
        assert ours.confusion.to_array().tolist() == case["confusion"]
        assert same(ours.brier, np.mean((np.array(case["probs"]) - case["labels"]) ** 2))


def test_the_original_predictions_are_probabilities_above_one_half(oracle: Path) -> None:
    for case in json.loads((oracle / "metrics" / "metrics_py37.json").read_text()):
        given_predictions = classification_metrics(case["labels"], case["probs"], case["preds"])
        assert classification_metrics(case["labels"], case["probs"]) == given_predictions


def test_known_by_hand() -> None:
    found = classification_metrics([0, 0, 0, 1, 1], [0.1, 0.2, 0.8, 0.8, 0.4])
    assert found.confusion == ConfusionMatrix(2, 1, 1, 1)
    assert found.accuracy == 3 / 5
    assert found.precision_binary == found.recall_binary == found.f1_binary == 1 / 2
    assert same(found.precision, (1 / 2 + 2 / 3) / 2)
    assert same(found.mcc, (1 * 2 - 1 * 1) / math.sqrt(2 * 2 * 3 * 3))
    assert same(found.auroc, (2.5 + 2) / 6)
    assert same(found.auprc, (1 / 2 + 2 / 3) / 2)
    assert same(found.brier, (0.01 + 0.04 + 0.64 + 0.04 + 0.36) / 5)


@given(LABELLED)
def test_areas_equal_their_definitions(rows: list[tuple[int, float]]) -> None:
    labels, scores = [list(column) for column in zip(*rows, strict=True)]
    found = classification_metrics(labels, scores)
    assert same(found.auroc, pairs_won(labels, scores))
    assert same(found.auprc, mean_precision(labels, scores))


@given(LABELLED)
def test_equal_to_scikit_learn(rows: list[tuple[int, float]]) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, scores = [list(column) for column in zip(*rows, strict=True)]
    predictions = [int(score > 0.5) for score in scores]
    found = classification_metrics(labels, scores)
    assert same(found.mcc, sklearn.matthews_corrcoef(labels, predictions))
    for average, suffix in (("macro", ""), ("binary", "_binary")):
        for name in ("precision", "recall", "f1"):
            score = getattr(sklearn, f"{name}_score")
            expected = score(labels, predictions, average=average, zero_division=0)
            assert same(getattr(found, name + suffix), expected), (name, average)


@given(LABELLED)
def test_the_other_class_mirrors(rows: list[tuple[int, float]]) -> None:
    labels, scores = (np.array(column) for column in zip(*rows, strict=True))
    found = classification_metrics(labels, scores, scores > 0.5)
    mirrored = classification_metrics(1 - labels, 1 - scores, scores <= 0.5)
    for name in ("accuracy", "precision", "recall", "f1", "mcc", "auroc", "brier"):
        assert same(getattr(found, name), getattr(mirrored, name)), name


def test_one_class_only_is_undefined_where_two_are_compared() -> None:
    negatives = classification_metrics([0, 0], [0.2, 0.3])
    assert math.isnan(negatives.auroc)
    assert math.isnan(negatives.auprc)
    assert (negatives.accuracy, negatives.f1, negatives.f1_binary, negatives.mcc) == (1, 1, 0, 0)
    positives = classification_metrics([1, 1], [0.7, 0.3])
    assert math.isnan(positives.auroc)
    assert positives.auprc == 1


def test_no_rows_give_nan() -> None:
    found = classification_metrics([], []).to_dict()
    assert found.pop("confusion") == dict.fromkeys(
        ("true_negative", "false_positive", "false_negative", "true_positive"), 0
    )
    assert (found.pop("rows"), found.pop("left_out")) == (0, 0)
    assert len(found) == 11
    assert all(math.isnan(value) for value in found.values())  # type: ignore[arg-type]


def test_rows_with_nan_are_left_out_and_counted() -> None:
    labels = [0, math.nan, 1, 1, 0]
    found = classification_metrics(labels, [0.2, 0.9, math.nan, 0.8, 0.6])
    assert dataclasses.replace(found, left_out=0) == classification_metrics(
        [0, 1, 0], [0.2, 0.8, 0.6]
    )
    assert (found.rows, found.left_out) == (3, 2)


def test_metrics_become_json() -> None:
    found = classification_metrics([0, 1], [0.2, 0.8])
    again = json.loads(json.dumps(found.to_dict()))
    assert again["confusion"]["true_positive"] == 1
    assert again["auroc"] == 1
    assert set(again) == {field.name for field in dataclasses.fields(found)}


@pytest.mark.parametrize(
    ("labels", "probabilities", "predictions", "message"),
    [
        ([0, 2], [0.1, 0.2], None, "label 2; expected 0 or 1"),
        ([0, 1], [0.1, 1.5], None, "probability 1.5; expected 0 to 1"),
        ([0, 1], [-0.1, 0.5], None, "probability -0.1; expected 0 to 1"),
        ([0, 1], [0.1, 0.5], [0, 3], "prediction 3; expected 0 or 1"),
        ([0, 1], [0.1], None, r"\(2,\), \(1,\); expected one number"),
        ([[0, 1]], [[0.1, 0.2]], None, "expected one number"),
        (["no", "yes"], [0.1, 0.2], None, "must be numbers"),
    ],
)
def test_what_is_no_label_or_probability_is_refused(
    labels: list[int], probabilities: list[float], predictions: list[int] | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        classification_metrics(labels, probabilities, predictions)


def test_reliability_by_hand() -> None:
    labels, said = [0, 1, 0, 1, 1, math.nan], [0.0, 0.1, 0.3, 0.95, 1.0, 0.5]
    table = reliability_table(labels, said)
    assert [row.rows for row in table] == [1, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert table[9] == ReliabilityBin(0.9, 1.0, 2, 0.975, 1.0)
    assert table[1].observed_share == 1
    assert math.isnan(table[2].mean_probability)
    assert math.isnan(table[2].observed_share)


@given(LABELLED, st.integers(1, 20))
def test_every_row_is_in_the_bin_of_its_probability(
    rows: list[tuple[int, float]], bins: int
) -> None:
    labels, said = [list(column) for column in zip(*rows, strict=True)]
    table = reliability_table(labels, said, bins=bins)
    assert sum(row.rows for row in table) == len(rows)
    filled = [row for row in table if row.rows]
    assert all(row.lower - 1e-12 <= row.mean_probability <= row.upper + 1e-12 for row in filled)
    assert same(sum(row.rows * row.observed_share for row in filled), sum(labels))


def test_reliability_needs_bins() -> None:
    with pytest.raises(InputError, match="bins is 0"):
        reliability_table([0], [0.5], bins=0)


@settings(max_examples=60)
@given(LABELLED, st.sampled_from(STATISTICS), st.integers(0, 1000))
def test_counting_a_row_twice_is_repeating_it(
    rows: list[tuple[int, float]], statistic: str, seed: int
) -> None:
    labels, scores = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    counts = np.random.default_rng(seed).integers(0, 4, size=(3, len(rows)))
    found = weighted_statistic(statistic, labels, scores, 0.5)(counts.astype(float))
    for value, times in zip(found, counts, strict=True):
        repeated = np.repeat(labels, times), np.repeat(scores, times)
        once = np.ones((1, times.sum()))
        assert same(value, weighted_statistic(statistic, *repeated, 0.5)(once)[0])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20))
def test_correlations_equal_scipy(rows: list[tuple[int, int]]) -> None:
    measured, predicted = (np.array(column) / 7 for column in zip(*rows, strict=True))
    pearson = bootstrap_interval("pearson", measured, predicted, resamples=2)
    spearman = bootstrap_interval("spearman", measured, predicted, resamples=2)
    if np.ptp(measured) == 0 or np.ptp(predicted) == 0:
        assert math.isnan(pearson.value)
        assert math.isnan(spearman.value)
    else:
        assert same(pearson.value, stats.pearsonr(measured, predicted).statistic)
        assert same(spearman.value, stats.spearmanr(measured, predicted).statistic)


def example(rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, good scores and worse ones, all between 0 and 1."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, rows)
    good, worse = (1 / (1 + np.exp(random.normal(size=rows) - 2 * labels)), random.random(rows))
    return labels, good, worse


@pytest.mark.parametrize("statistic", STATISTICS)
def test_an_interval_holds_its_value_and_is_decided_by_the_seed(statistic: Statistic) -> None:
    labels, scores, _ = example()
    found = bootstrap_interval(statistic, labels, scores, resamples=200)
    assert found.lower < found.value < found.upper
    assert found == bootstrap_interval(statistic, labels, scores, resamples=200)
    assert found != bootstrap_interval(statistic, labels, scores, resamples=200, seed=1)
    narrow = bootstrap_interval(statistic, labels, scores, resamples=200, level=0.5)
    assert found.lower < narrow.lower < narrow.upper < found.upper


def test_the_interval_is_as_wide_as_theory_says() -> None:
    labels = np.arange(1000) % 2
    scores = np.where(np.arange(1000) < 200, 1 - labels, labels)
    found = bootstrap_interval("accuracy", labels, scores, resamples=4000)
    half = 1.96 * math.sqrt(0.8 * 0.2 / 1000)
    assert found.value == 0.8
    assert found.lower == pytest.approx(0.8 - half, abs=0.003)
    assert found.upper == pytest.approx(0.8 + half, abs=0.003)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_paired_difference_uses_the_same_rows(statistic: Statistic) -> None:
    labels, good, worse = example()
    there = bootstrap_interval(statistic, labels, good, worse, resamples=100)
    back = bootstrap_interval(statistic, labels, worse, good, resamples=100)
    assert (there.value, there.lower) == (-back.value, pytest.approx(-back.upper))
    itself = bootstrap_interval(statistic, labels, good, good, resamples=100)
    assert (itself.value, itself.lower, itself.upper) == (0, 0, 0)
    assert not itself.excludes_zero
    values = [bootstrap_interval(statistic, labels, s, resamples=1).value for s in (good, worse)]
    assert same(there.value, values[0] - values[1])


def test_few_rows_show_nothing() -> None:
    few, enough = ([0, 1] * (rows // 2) for rows in (8, 10))
    assert bootstrap_interval("auroc", few, few).lower == 1
    assert not bootstrap_interval("auroc", few, few).excludes_zero
    assert bootstrap_interval("auroc", enough, enough).excludes_zero


def test_a_clear_difference_excludes_zero_either_way() -> None:
    labels, good, worse = example()
    assert bootstrap_interval("auroc", labels, good, worse).excludes_zero
    assert bootstrap_interval("auroc", labels, worse, good).excludes_zero


def test_resamples_do_not_depend_on_how_many_are_held_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels, scores, _ = example(51)
    at_once = bootstrap_interval("auroc", labels, scores, resamples=31)
    monkeypatch.setattr(weighted_statistics, "_COUNTS_AT_ONCE", 51 * 7)
    assert bootstrap_interval("auroc", labels, scores, resamples=31) == at_once


def test_a_resample_without_both_classes_is_counted_as_undefined() -> None:
    found = bootstrap_interval("auroc", [0, 1, 0], [0.1, 0.9, 0.2], resamples=2000)
    expected = (2 / 3) ** 3 + (1 / 3) ** 3
    assert found.undefined / found.resamples == pytest.approx(expected, abs=0.04)
    assert (found.lower, found.upper) == (1, 1)


def test_no_interval_where_nothing_is_defined() -> None:
    for labels, scores in (([], []), ([0, 0], [0.1, 0.2])):
        found = bootstrap_interval("auroc", labels, scores, resamples=10)
        assert math.isnan(found.value)
        assert math.isnan(found.lower)
        assert math.isnan(found.upper)
        assert found.undefined == 10
        assert not found.excludes_zero


def test_rows_with_nan_in_either_score_are_left_out() -> None:
    labels, scores = [0, 1, 1, 0], [0.1, math.nan, 0.9, 0.3]
    found = bootstrap_interval("auroc", labels, scores, [0.1, 0.2, 0.3, math.nan], resamples=5)
    assert (found.rows, found.left_out) == (2, 2)


def test_a_threshold_of_log_odds() -> None:
    found = bootstrap_interval("accuracy", [0, 1], [-0.1, 0.2], threshold=0, resamples=5)
    assert found.value == 1
    assert isinstance(found, BootstrapInterval)


@pytest.mark.parametrize(
    ("statistic", "labels", "scores", "options", "message"),
    [
        ("auc", [0, 1], [0, 1], {}, "statistic 'auc': expected one of"),
        ("auroc", [0, 5], [0, 1], {}, "label 5"),
        ("brier", [0, 1], [0, 2], {}, "probability 2"),
        ("pearson", [0, math.inf], [0, 2], {}, "pearson: a value is infinite"),
        ("spearman", [0, 1], [0, math.inf], {}, "spearman: a value is infinite"),
        ("auroc", [0, 1], [0, 1], {"resamples": 0}, "resamples is 0"),
        ("auroc", [0, 1], [0, 1], {"level": 1.0}, "level is 1.0"),
    ],
)
def test_what_has_no_interval_is_refused(
    statistic: Statistic,
    labels: list[float],
    scores: list[float],
    options: dict[str, float],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_interval(statistic, labels, scores, **options)  # type: ignore[arg-type]
