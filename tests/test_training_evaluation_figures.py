"""Figures and intervals of several methods are those of each by itself."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from sklearn.metrics import log_loss

from enhancer_variants.training import bootstrap_interval, classification_metrics
from enhancer_variants.training.evaluation import Metric, compare_methods
from enhancer_variants.training.evaluation.figures import COMPARED
from enhancer_variants.training.weighted_statistics import OfThreshold


def example(rows: int = 200) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    chance = np.random.default_rng(4)
    labels = chance.integers(0, 2, rows).astype(float)
    return labels, {
        "model": chance.normal(2 * labels - 1, 1.5),
        "gc": np.round(chance.normal(labels - 0.5, 1.5), 1),
        "kmer": chance.normal(0, 1, rows),
    }


def probability(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + 2.0**-log_odds)


def test_figures_and_intervals_are_those_of_the_metrics() -> None:
    labels, log_odds = example()
    thresholds = {"model": 0.4, "gc": 0.0, "kmer": 0.0}
    methods, _ = compare_methods(labels, log_odds, thresholds, resamples=60, level=0.9, seed=3)
    assert [one.method for one in methods] == ["model", "gc", "kmer"]
    for one in methods:
        scores = log_odds[one.method]
        said = scores > thresholds[one.method]
        whole = classification_metrics(labels, probability(scores), said)
        assert one.confusion == whole.confusion
        assert set(one.figures) == set(get_args(Metric))
        for metric in (*get_args(OfThreshold), "auroc", "auprc", "brier"):
            scored = probability(scores) if metric == "brier" else scores
            alone = bootstrap_interval(
                metric,
                labels,
                scored,
                threshold=thresholds[one.method],
                resamples=60,
                level=0.9,
                seed=3,
            )
            found = one.figures[metric]
            assert found.value == pytest.approx(getattr(whole, metric))
            for end in ("value", "lower", "upper"):
                assert getattr(found, end) == pytest.approx(getattr(alone, end)), metric
        expected = log_loss(labels, probability(scores))
        assert one.figures["log_loss"].value == pytest.approx(expected)


def test_differences_are_paired() -> None:
    labels, log_odds = example()
    _, comparisons = compare_methods(labels, log_odds, dict.fromkeys(log_odds, 0.0), resamples=80)
    assert [(one.baseline, one.metric) for one in comparisons] == [
        (baseline, metric) for baseline in ("gc", "kmer") for metric in COMPARED
    ]
    for one in comparisons:
        alone = bootstrap_interval(
            one.metric,
            labels,
            log_odds["model"],
            log_odds[one.baseline],
            threshold=0.0,
            resamples=80,
        )
        for end in ("value", "lower", "upper"):
            assert getattr(one.difference, end) == pytest.approx(getattr(alone, end))


def test_better_is_said_only_of_what_is_shown() -> None:
    labels, log_odds = example()
    _, comparisons = compare_methods(labels, log_odds, dict.fromkeys(log_odds, 0.0), resamples=200)
    assert {one.verdict for one in comparisons if one.baseline == "kmer"} == {"better"}
    turned = {"model": log_odds["kmer"], "gc": log_odds["model"]}
    _, comparisons = compare_methods(labels, turned, dict.fromkeys(turned, 0.0), resamples=200)
    assert {one.verdict for one in comparisons} == {"worse"}
    same = {"model": log_odds["model"], "gc": log_odds["model"]}
    _, comparisons = compare_methods(labels, same, dict.fromkeys(same, 0.0), resamples=20)
    assert {one.verdict for one in comparisons} == {"not shown"}


def test_what_is_sure_has_a_finite_loss() -> None:
    methods, _ = compare_methods(
        np.array([1.0, 0.0]), {"model": np.array([-3000.0, -3000.0])}, {"model": 0.0}, resamples=2
    )
    assert methods[0].figures["log_loss"].value == pytest.approx(1500 * math.log(2))


def test_the_interval_of_the_calibration_error_knows_of_its_noise() -> None:
    """Of a calibrated method, resamples have larger errors; the interval must not lie above it."""
    chance = np.random.default_rng(2)
    said = chance.uniform(0.05, 0.95, 2000)
    labels = (chance.uniform(size=2000) < said).astype(float)
    log_odds = np.log2(said / (1 - said))
    methods, _ = compare_methods(labels, {"model": log_odds}, {"model": 0.0}, resamples=300)
    found = methods[0].figures["calibration_error"]
    assert 0 <= found.lower <= found.value <= found.upper < 0.06
    percentile = np.mean([2 * found.value - found.upper, 2 * found.value - found.lower])
    assert percentile > found.value


def test_one_class_leaves_areas_undefined() -> None:
    methods, comparisons = compare_methods(
        np.ones(5),
        {"model": np.arange(5.0), "gc": np.ones(5)},
        {"model": 1.5, "gc": 0.0},
        resamples=5,
    )
    assert math.isnan(methods[0].figures["auroc"].value)
    assert methods[0].figures["recall_binary"].value == pytest.approx(0.6)
    assert comparisons[0].verdict == "not shown"


def test_no_rows_leave_everything_undefined() -> None:
    methods, _ = compare_methods(np.empty(0), {"model": np.empty(0)}, {"model": 0.0}, resamples=3)
    assert all(math.isnan(found.value) for found in methods[0].figures.values())
    assert methods[0].confusion.to_array().sum() == 0
