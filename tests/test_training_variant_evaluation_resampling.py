"""Statistics of scores: against scipy and scikit-learn, and weights against repeated rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from enhancer_variants.training.variant_evaluation.resampling import (
    METRICS,
    GroupVariants,
    resampled_statistics,
    statistics_of,
)
from enhancer_variants.training.weighted_statistics import resampled_counts


def group_of(effects: list[float], p_values: list[float], *scores: list[float]) -> GroupVariants:
    return GroupVariants(
        np.array(effects, dtype=float),
        np.array(p_values, dtype=float),
        np.array(scores, dtype=float).reshape(len(scores), len(effects)),
        1e-5,
    )


def once(group: GroupVariants) -> dict[str, list[float]]:
    found = statistics_of(group, np.ones((1, len(group.effects))), METRICS)
    return {name: values[:, 0].tolist() for name, values in found.items()}


@st.composite
def groups(draw: st.DrawFn) -> GroupVariants:
    rows = draw(st.integers(2, 12))
    few = st.integers(-3, 3).map(lambda number: number / 2)
    p_value = st.sampled_from([1e-9, 1e-6, 1e-5, 0.5, float("nan")])

    def column(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    return group_of(column(few), column(p_value), column(few), column(few))


def test_by_hand() -> None:
    group = group_of([-2, -1, 1, 2], [0, 0, 1, 0], [-1, 2, 0, 3], [1, 1, 1, 1])
    found = once(group)
    assert found["pearson"][0] == pytest.approx(6 / 10**0.5 / 10**0.5)
    assert found["spearman"][0] == pytest.approx(0.8)
    assert found["auroc"] == [1.0, 0.5]
    assert found["direction"][0] == pytest.approx(2 / 3)
    assert np.isnan([found["pearson"][1], found["spearman"][1]]).all()
    assert group.is_significant.tolist() == [True, True, False, True]
    assert [group.counted(name) for name in METRICS] == [4, 4, 4, 3]


def test_without_p_value_a_variant_has_no_part_in_auroc_and_direction() -> None:
    group = group_of([-2, -1, 1, 2], [0, np.nan, 1, 0], [-1, 2, 0, 3])
    assert group.counted("auroc") == 3
    assert group.counted("direction") == 2
    assert once(group)["auroc"] == [1.0]
    assert once(group)["direction"] == [1.0]


def test_undefined_is_nan() -> None:
    nothing_significant = once(group_of([1, 2], [0.5, 0.5], [1, 2]))
    assert np.isnan([nothing_significant["auroc"], nothing_significant["direction"]]).all()
    nobody = once(group_of([], [], []))
    assert np.isnan([nobody[name] for name in METRICS]).all()


@settings(max_examples=50)
@given(groups())
def test_correlations_are_those_of_scipy(group: GroupVariants) -> None:
    found = once(group)
    for place, score in enumerate(group.scores):
        if len(set(score)) > 1 and len(set(group.effects)) > 1:
            assert found["pearson"][place] == pytest.approx(
                pearsonr(score, group.effects)[0], abs=1e-9
            )
            assert found["spearman"][place] == pytest.approx(
                spearmanr(score, group.effects)[0], abs=1e-9
            )
        else:
            assert np.isnan([found["pearson"][place], found["spearman"][place]]).all()


@settings(max_examples=50)
@given(groups())
def test_auroc_is_the_share_of_pairs(group: GroupVariants) -> None:
    for place, score in enumerate(group.scores):
        positives = np.abs(score)[group.is_significant]
        negatives = np.abs(score)[group.p_values >= group.significant]
        wins = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
        expected = np.mean(wins) if wins else np.nan
        assert once(group)["auroc"][place] == pytest.approx(expected, nan_ok=True)


@settings(max_examples=50)
@given(groups())
def test_turning_a_score_around_negates_correlations_and_direction_and_keeps_auroc(
    group: GroupVariants,
) -> None:
    turned = GroupVariants(group.effects, group.p_values, -group.scores, group.significant)
    there, back = once(group), once(turned)
    for name in ("pearson", "spearman"):
        assert back[name] == pytest.approx([-value for value in there[name]], nan_ok=True)
    assert back["direction"] == pytest.approx([1 - v for v in there["direction"]], nan_ok=True)
    assert back["auroc"] == pytest.approx(there["auroc"], nan_ok=True)


@settings(max_examples=50)
@given(groups(), st.floats(0.1, 100), st.floats(-5, 5))
def test_correlations_do_not_know_scale_and_level(
    group: GroupVariants, scale: float, level: float
) -> None:
    moved = GroupVariants(
        group.effects, group.p_values, group.scores * scale + level, group.significant
    )
    for name in ("pearson", "spearman"):
        assert once(moved)[name] == pytest.approx(once(group)[name], nan_ok=True, abs=1e-7)


@settings(max_examples=30)
@given(groups(), st.integers(0, 2**32))
def test_a_variant_that_counts_twice_is_two_variants(group: GroupVariants, seed: int) -> None:
    rows = len(group.effects)
    drawn = resampled_statistics(group, METRICS, resamples=5, seed=seed)
    (counts,) = resampled_counts(rows, 5, seed)
    for number, times in enumerate(counts.astype(int)):
        chosen = np.repeat(np.arange(rows), times)
        repeated = GroupVariants(
            group.effects[chosen],
            group.p_values[chosen],
            group.scores[:, chosen],
            group.significant,
        )
        for name, expected in once(repeated).items():
            assert drawn[name][:, number] == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_draws_of_many_variants_come_in_blocks_and_are_joined() -> None:
    rows = 3 << 18
    group = group_of([*range(rows)], [1.0] * rows, [1.0] * rows)
    assert [len(block) for block in resampled_counts(rows, 3, 0)] == [1, 1, 1]
    drawn = resampled_statistics(group, ("direction",), resamples=3, seed=0)
    assert drawn["direction"].shape == (1, 3)
