"""Figures by group, their means, and differences between scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from enhancer_variants.errors import InputError
from enhancer_variants.training.metrics import bootstrap_interval
from enhancer_variants.training.variant_evaluation.judgement import (
    JudgedVariants,
    Resampling,
    ScoreFigure,
    grouped,
)
from enhancer_variants.training.variant_evaluation.resampling import (
    METRICS,
    GroupVariants,
    group_seed,
)

RESAMPLING = Resampling(resamples=200, seed=5)


def made_up(sizes: dict[str, int], seed: int = 0) -> dict[str, GroupVariants]:
    generator = np.random.default_rng(seed)
    found = {}
    for name, rows in sizes.items():
        effects = generator.normal(size=rows)
        p_values = np.where(generator.random(rows) < 0.4, 1e-9, 0.5)
        good = effects + generator.normal(size=rows)
        found[name] = GroupVariants(
            effects, p_values, np.array([good, generator.normal(size=rows), -good]), 1e-5
        )
    return found


NAMES = ("good", "noise", "turned")


@pytest.fixture(scope="module")
def judged() -> JudgedVariants:
    return JudgedVariants.of(NAMES, made_up({"one": 80, "two": 50}), METRICS, RESAMPLING)


def figure(judged: JudgedVariants, score: str, metric: str, group: str | None) -> ScoreFigure:
    found = [
        one
        for one in judged.figures("common")
        if (one.score, one.metric, one.group) == (score, metric, group)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("metric", ["pearson", "spearman", "auroc"])
@pytest.mark.parametrize("score", [0, 1])
def test_intervals_of_a_group_are_those_of_the_metrics(
    judged: JudgedVariants, metric: str, score: int
) -> None:
    for number, (name, group) in enumerate(judged.groups.items()):
        truth = group.is_significant.astype(int) if metric == "auroc" else group.effects
        said = np.abs(group.scores[score]) if metric == "auroc" else group.scores[score]
        expected = bootstrap_interval(
            metric, truth, said, resamples=200, seed=group_seed(5, number)
        )
        found = figure(judged, NAMES[score], metric, name).interval
        assert (found.value, found.lower, found.upper) == pytest.approx(
            (expected.value, expected.lower, expected.upper), abs=1e-12
        )
        assert (found.rows, found.left_out) == (len(truth), 0)


def test_the_mean_is_that_of_the_groups_draw_by_draw(judged: JudgedVariants) -> None:
    one, two, mean = (figure(judged, "good", "pearson", group) for group in ("one", "two", None))
    assert mean.interval.value == pytest.approx((one.interval.value + two.interval.value) / 2)
    assert mean.groups == 2
    assert mean.interval.rows == 130
    width = [f.interval.upper - f.interval.lower for f in (one, two, mean)]
    assert width[2] == pytest.approx(math.hypot(width[0], width[1]) / 2, rel=0.3)


def test_direction_is_told_with_its_binomial_p(judged: JudgedVariants) -> None:
    right = decided = 0
    for name, group in judged.groups.items():
        signs = (np.sign(group.scores[0]) == np.sign(group.effects))[group.is_significant]
        found = figure(judged, "good", "direction", name)
        assert found.interval.value == pytest.approx(signs.mean())
        assert found.p_value == pytest.approx(binomtest(int(signs.sum()), len(signs)).pvalue)
        assert (found.interval.rows, found.interval.left_out) == (
            len(signs),
            len(group.effects) - len(signs),
        )
        right, decided = right + int(signs.sum()), decided + len(signs)
    pooled = figure(judged, "good", "direction", None).p_value
    assert pooled == pytest.approx(binomtest(right, decided).pvalue)
    assert math.isnan(figure(judged, "good", "pearson", None).p_value)


def test_differences_are_paired_and_name_the_better_only_where_it_is_sure(
    judged: JudgedVariants,
) -> None:
    found = {(d.score, d.than, d.metric, d.group): d for d in judged.differences()}
    assert len(found) == 3 * len(METRICS) * 3
    assert found["good", "noise", "pearson", None].better == "good"
    assert found["noise", "turned", "pearson", "one"].better == "noise"
    turned = found["good", "turned", "pearson", None]
    assert turned.better == "good"
    single = figure(judged, "good", "pearson", None).interval
    assert turned.interval.value == pytest.approx(2 * single.value)
    assert turned.interval.lower == pytest.approx(2 * single.lower)
    same = found["good", "turned", "auroc", "two"]
    assert (same.interval.lower, same.interval.upper, same.better) == (0, 0, None)


def test_the_better_is_the_other_where_the_difference_is_negative() -> None:
    groups = made_up({"one": 80})
    for group in groups.values():
        group.scores[:] = group.scores[::-1].copy()
    judged = JudgedVariants.of(("a", "b", "c"), groups, ("pearson",), RESAMPLING)
    assert {(d.score, d.than): d.better for d in judged.differences()}["a", "c"] == "c"
    assert {one.group for one in judged.figures("own")} == {"one"}


def test_groups_where_a_figure_is_undefined_have_no_part_in_the_mean() -> None:
    groups = made_up({"one": 40, "two": 40})
    groups["two"].p_values[:] = 0.5
    judged = JudgedVariants.of(NAMES, groups, METRICS, RESAMPLING)
    mean, one = (figure(judged, "good", "auroc", group) for group in (None, "one"))
    assert mean.interval == one.interval
    assert (mean.groups, figure(judged, "good", "pearson", None).groups) == (1, 2)
    two = figure(judged, "good", "direction", "two")
    assert math.isnan(two.interval.value)
    assert math.isnan(two.interval.lower)
    assert two.interval.undefined == 200
    assert math.isnan(two.p_value)
    assert all(
        d.better is None for d in judged.differences() if d.group == "two" and d.metric == "auroc"
    )


def test_a_group_of_few_has_no_part_in_the_mean_and_shows_nothing() -> None:
    groups = made_up({"one": 40, "two": 9})
    for group in groups.values():
        group.scores[0] = group.effects
    judged = JudgedVariants.of(NAMES, groups, ("pearson",), RESAMPLING)
    mean, one, two = (figure(judged, "good", "pearson", name) for name in (None, "one", "two"))
    assert (mean.interval, mean.groups) == (one.interval, 1)
    assert two.interval.value == pytest.approx(1)
    found = {one.group: one for one in judged.differences() if one.score == "good"}
    assert (found["one"].better, found["two"].better, found[None].better) == ("good", None, "good")
    assert found["two"].interval.lower > 0


def test_undefined_everywhere_is_nan() -> None:
    groups = made_up({"one": 40, "two": 40})
    for group in groups.values():
        group.p_values[:] = 0.5
    judged = JudgedVariants.of(NAMES, groups, ("auroc",), RESAMPLING)
    mean = figure(judged, "good", "auroc", None)
    assert math.isnan(mean.interval.value)
    assert mean.groups == mean.interval.rows == 0


def test_groups_keep_their_order() -> None:
    labels = np.array(["b", "a", "b"], dtype=object)
    columns = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])
    found = grouped(labels, ["b", "none", "a"], *columns, np.array([[4.0, 5.0, 6.0]]), 0.05)
    assert list(found) == ["b", "none", "a"]
    assert found["none"].scores.shape == (1, 0)
    assert found["b"].effects.tolist() == [1.0, 3.0]
    assert found["b"].p_values.tolist() == [0.1, 0.3]
    assert found["a"].scores.tolist() == [[5.0]]


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"level": 1.0}, {"level": 0}, {"seed": -1}])
def test_resampling_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Resampling(**wrong)
