"""GC-matched rows: as many of each class, with the same GC, as many as there can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from enhancer_variants import InputError
from enhancer_variants.training.evaluation import gc_matched_rows

ROWS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1)), max_size=60)


@settings(max_examples=150)
@given(ROWS, st.integers(0, 5))
def test_each_bin_keeps_as_many_of_both_as_there_are(
    rows: list[tuple[int, int]], seed: int
) -> None:
    counts, labels = np.array(rows, dtype=int).reshape(-1, 2).T
    kept = gc_matched_rows(counts / 200, labels, seed=seed)
    for number in set((counts // 4).tolist()):
        of_bin = counts // 4 == number
        fewer = min((of_bin & (labels == label)).sum() for label in (0, 1))
        assert (kept & of_bin & (labels == 1)).sum() == fewer
        assert (kept & of_bin & (labels == 0)).sum() == fewer


def test_the_nearest_partners_are_taken() -> None:
    # One bin of 0.02; of the negatives only those with the positive's own GC are kept.
    gc = [0.40, 0.405, 0.41, 0.415, 0.415]
    assert gc_matched_rows(gc, [0, 0, 0, 0, 1]).tolist() == [False, False, False, True, True]


def test_gc_tells_nothing_afterwards() -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 2, 4000)
    gc = np.round(np.clip(chance.normal(0.42 + 0.1 * labels, 0.08), 0, 1) * 200) / 200
    kept = gc_matched_rows(gc, labels)
    assert kept.sum() > 1500
    assert ks_2samp(gc[kept & (labels == 1)], gc[kept & (labels == 0)]).statistic < 0.02
    assert ks_2samp(gc[labels == 1], gc[labels == 0]).statistic > 0.4


def test_a_seed_decides_among_equals() -> None:
    gc, labels = np.full(50, 0.5), np.array([1] + [0] * 49)
    chosen = {
        int(np.flatnonzero(gc_matched_rows(gc, labels, seed=s) & (labels == 0))[0])
        for s in range(20)
    }
    assert len(chosen) > 5
    assert np.array_equal(gc_matched_rows(gc, labels, seed=3), gc_matched_rows(gc, labels, seed=3))


def test_one_class_leaves_nothing() -> None:
    assert not gc_matched_rows([0.5, 0.5], [1, 1]).any()


@pytest.mark.parametrize(
    ("gc", "labels", "said"),
    [
        ([0.5], [0, 1], "shape"),
        ([1.5], [1], "within 0 to 1"),
        ([np.nan], [1], "within 0 to 1"),
        ([0.5], [2], "neither 0 nor 1"),
    ],
)
def test_what_is_wrong_is_said(gc: list[float], labels: list[int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        gc_matched_rows(gc, labels)
