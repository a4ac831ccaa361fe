"""Curves go through scikit-learn's points, and bands hold them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from enhancer_variants.training.evaluation.curves import curve, wilson_interval

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9])),
    min_size=2,
    max_size=30,
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def columns(rows: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    labels, scores = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return labels, scores


@settings(max_examples=60)
@given(ROWS)
def test_roc_equals_scikit_learns(rows: list[tuple[int, float]]) -> None:
    labels, scores = columns(rows)
    found = curve("roc", labels, scores, resamples=2)
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.x, x)
    np.testing.assert_allclose(found.y, y)
    assert np.trapezoid(found.y, found.x) == pytest.approx(roc_auc_score(labels, scores))


@settings(max_examples=60)
@given(ROWS)
def test_precision_recall_equals_scikit_learns(rows: list[tuple[int, float]]) -> None:
    labels, scores = columns(rows)
    found = curve("precision_recall", labels, scores, resamples=2)
    precision, recall, _ = precision_recall_curve(labels, scores)
    np.testing.assert_allclose(found.x, recall[::-1])
    np.testing.assert_allclose(found.y[1:], precision[:-1][::-1])
    area = (np.diff(found.x) * found.y[1:]).sum()
    assert area == pytest.approx(average_precision_score(labels, scores))


@pytest.mark.parametrize("kind", ["roc", "precision_recall"])
def test_the_band_holds_the_curve_and_narrows_with_more_rows(kind: str) -> None:
    chance = np.random.default_rng(1)
    widths = []
    for rows in (200, 5000):
        labels = chance.integers(0, 2, rows).astype(float)
        found = curve(kind, labels, chance.normal(labels, 1), resamples=100)
        inner = (found.points > 0.1) & (found.points < 0.95)
        widths.append(np.mean((found.upper - found.lower)[inner]))
        if kind == "roc":
            at = np.interp(found.points, found.x, found.y)
        else:
            at = found.y[np.minimum(np.searchsorted(found.x, found.points), len(found.y) - 1)]
        inside = (found.lower - 1e-9 <= at) & (at <= found.upper + 1e-9)
        assert inside[inner].mean() > 0.95
        assert (found.lower <= found.upper).all()
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize("kind", ["roc", "precision_recall"])
def test_resamples_of_one_class_have_no_part_in_the_band(kind: str) -> None:
    labels, scores = np.array([0.0, 1.0]), np.array([0.1, 0.9])
    bands = [curve(kind, labels, scores, resamples=1, seed=seed).lower for seed in range(12)]
    is_empty = {bool(np.isnan(band).all()) for band in bands}
    assert is_empty == {True, False}
    assert all((band == 1).all() for band in bands if not np.isnan(band).any())
    assert (curve(kind, labels, scores, resamples=40).lower == 1).all()


@given(st.integers(0, 50), st.integers(1, 50), st.sampled_from([0.9, 0.95]))
def test_wilson_equals_scipys(successes: int, more: int, level: float) -> None:
    total = successes + more
    expected = binomtest(successes, total).proportion_ci(level, method="wilson")
    found = wilson_interval(successes, total, level)
    assert found == pytest.approx((expected.low, expected.high))


def test_wilson_of_none_is_undefined() -> None:
    assert all(math.isnan(bound) for bound in wilson_interval(0, 0))
