"""Statistics of rows that count several times equal those of rows that are there several times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from enhancer_variants import InputError
from enhancer_variants.training import reliability_table
from enhancer_variants.training.weighted_statistics import (
    resampled_counts,
    weighted_areas,
    weighted_calibration_error,
    weighted_mean,
)

ROWS = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.3, 0.55, 0.7, 1.0]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=80)
@given(ROWS)
def test_areas_equal_scikit_learns_of_repeated_rows(rows: list[tuple[int, float, int]]) -> None:
    labels, scores, times = (np.array(column) for column in zip(*rows, strict=True))
    (auroc,), (auprc,) = weighted_areas(labels, scores)(times[None, :].astype(float))
    repeated, said = np.repeat(labels, times), np.repeat(scores, times)
    if 0 < repeated.sum() < len(repeated):
        assert auroc == pytest.approx(roc_auc_score(repeated, said))
        assert auprc == pytest.approx(average_precision_score(repeated, said))
    else:
        assert np.isnan(auroc)


@settings(max_examples=80)
@given(ROWS, st.integers(1, 12))
def test_calibration_error_is_that_of_the_reliability_table(
    rows: list[tuple[int, float, int]], bins: int
) -> None:
    labels, said, times = (np.array(column) for column in zip(*rows, strict=True))
    (found,) = weighted_calibration_error(labels, said, bins)(times[None, :].astype(float))
    table = reliability_table(np.repeat(labels, times), np.repeat(said, times), bins=bins)
    total = sum(one.rows for one in table)
    if not total:
        assert np.isnan(found)
        return
    gaps = (one.rows * abs(one.mean_probability - one.observed_share) for one in table if one.rows)
    assert found == pytest.approx(sum(gaps) / total)


def test_means_are_of_what_counts() -> None:
    counts = np.array([[1.0, 1.0], [0.0, 2.0], [0.0, 0.0]])
    found = weighted_mean(np.array([1.0, 3.0]))(counts)
    np.testing.assert_array_equal(found, [2.0, 3.0, np.nan])


def test_areas_need_labels_of_two_classes() -> None:
    with pytest.raises(InputError, match="label 2"):
        weighted_areas(np.array([0.0, 2.0]), np.array([0.1, 0.2]))


def test_every_resample_draws_as_many_rows_as_there_are() -> None:
    counts = np.concatenate(list(resampled_counts(37, 50, seed=1)))
    assert counts.shape == (50, 37)
    assert (counts.sum(axis=1) == 37).all()
    assert len(np.unique(counts, axis=0)) == 50
