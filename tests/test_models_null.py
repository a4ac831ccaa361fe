"""Null distributions against counting, and the shifts themselves against what is kept of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models.null import NullDistribution, seven_digits

SHIFTS = st.floats(-100, 100, allow_nan=False)
SEVERAL_SHIFTS = st.lists(SHIFTS, min_size=1, max_size=30)

UNIFORM = NullDistribution.of(np.arange(10_000) / 1000)
"""10,000 shifts from 0 to 9.999: number i is i / 1000."""


@st.composite
def large_nulls(draw: st.DrawFn) -> np.ndarray:
    """Thousands of shifts, also with many that are equal and many 0."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.sampled_from([999, 1000, 1001, 1002, 1500, 4321]))
    decimals = draw(st.sampled_from([0, 1, 12]))
    spread = draw(st.sampled_from([0.01, 1.0, 3.0]))
    return (generator.standard_normal(n) * spread).round(decimals)


def counted(shifts: np.ndarray, ours: float) -> tuple[int, int]:
    """How many are at or below ours, and how many at or above, after rounding as a card does."""
    sizes, size = seven_digits(np.abs(shifts)), seven_digits(abs(ours))
    return int((sizes <= size).sum()), int((sizes >= size).sum())


@given(st.floats(0, 1e9))
def test_seven_digits_are_what_formatting_gives(value: float) -> None:
    rounded = float(seven_digits(value))
    assert rounded == pytest.approx(value, rel=5.1e-7, abs=1e-22)
    assert float(seven_digits(rounded)) == rounded
    if 1e-15 < value < 1e6:
        assert float(f"{rounded:.7g}") == rounded


@given(SEVERAL_SHIFTS, SHIFTS)
def test_a_small_null_is_exact_everywhere(shifts: list[float], ours: float) -> None:
    null = NullDistribution.of(shifts)
    for shift in (ours, *shifts):
        below, above = counted(np.array(shifts), shift)
        assert null.percentile(shift) == below / len(shifts)
        assert null.p_value(shift) == (above + 1) / (len(shifts) + 1)


@settings(max_examples=30)
@given(large_nulls(), st.lists(SHIFTS, max_size=10))
def test_the_thousand_largest_are_exact_and_the_rest_is_near(
    shifts: np.ndarray, others: list[float]
) -> None:
    null, n = NullDistribution.of(shifts), len(shifts)
    sizes = np.sort(np.abs(shifts))
    asked = np.concatenate([sizes[-1200:], sizes[:: n // 50], sizes[-3:] + 1e-3, others])
    percentile, p = null.percentile(asked), null.p_value(asked)
    for shift, found_share, found_p in zip(asked, percentile, p, strict=True):
        below, above = counted(shifts, shift)
        if n <= 1000 or above < 1000:
            assert found_p == (above + 1) / (n + 1)
            assert found_share == below / n
        else:
            # Between two quantiles the count is off by less than what lies between them.
            assert found_p >= 1001 / (n + 1)
            between = n / 1000 + 1
            tied = below + above - n
            assert abs(found_p * (n + 1) - 1 - above) <= between + tied
            assert abs(found_share * n - below) <= between + tied


@settings(max_examples=50)
@given(large_nulls(), st.lists(SHIFTS | st.just(0.0), min_size=2, max_size=20))
def test_a_larger_shift_is_never_less_unusual(shifts: np.ndarray, ours: list[float]) -> None:
    null = NullDistribution.of(shifts)
    values = np.abs(np.concatenate([ours, shifts[:300], np.linspace(0, 4, 500)]))
    ordered = np.sort(values)
    p, percentile = null.p_value(ordered), null.percentile(ordered)
    assert (np.diff(p) <= 0).all()
    assert (np.diff(percentile) >= 0).all()
    assert ((p > 0) & (p <= 1)).all()
    assert ((percentile >= 0) & (percentile <= 1)).all()
    assert np.array_equal(null.p_value(-ordered), p)


def test_answers_known_by_hand() -> None:
    # 0.5 is number 500: 501 at or below, 9,500 at or above. 9.5 is among the largest thousand.
    assert UNIFORM.percentile([0.5, -0.5, 9.5, 20.0]).tolist() == pytest.approx(
        [0.0501, 0.0501, 0.9501, 1.0], abs=1e-12
    )
    expected = np.array([9501, 9501, 501, 1]) / 10_001
    assert UNIFORM.p_value([0.5, -0.5, 9.5, 20.0]) == pytest.approx(expected, abs=1e-9)
    assert UNIFORM.phred(20.0) == pytest.approx(10 * np.log10(10_001))
    assert UNIFORM.p_value(0.0) == 1
    assert UNIFORM.phred([0.0]).tolist() == [0.0]


def test_where_both_ways_to_count_meet_there_is_no_step() -> None:
    # Number 9,000 is the 1,000th largest.
    ranks = UNIFORM.p_value([8.998, 8.999, 9.0, 9.001, 9.002]) * 10_001 - 1
    assert ranks == pytest.approx([1002, 1001, 1000, 999, 998], abs=1e-6)


def test_equal_shifts_all_count() -> None:
    null = NullDistribution.of(np.zeros(5000))
    assert null.p_value([0.0, 1e-9]).tolist() == [1.0, 1 / 5001]
    assert null.percentile([0.0, 1e-9]).tolist() == [1.0, 1.0]


def test_a_change_counts_in_the_null_that_it_is_part_of() -> None:
    shifts = np.random.default_rng(1).standard_normal(3000)
    null = NullDistribution.of(shifts)
    largest = shifts[np.argsort(-np.abs(shifts))[:900]]
    expected = (np.arange(1, 901) + 1) / 3001
    assert null.p_value(largest) == pytest.approx(expected, abs=0)


def test_p_values_of_the_null_itself_are_uniform() -> None:
    shifts = np.random.default_rng(2).standard_normal(200_000)
    null = NullDistribution.of(shifts[:100_000])
    found = scipy.stats.kstest(null.p_value(shifts[100_000:]), "uniform")
    assert found.statistic < 0.01


def test_what_is_kept() -> None:
    shifts = np.random.default_rng(3).standard_normal(12_345)
    null = NullDistribution.of(shifts)
    sizes = np.sort(np.abs(shifts))
    assert null.n == 12_345
    assert null.quantiles == pytest.approx(np.quantile(sizes, np.arange(1001) / 1000), rel=1e-6)
    assert null.largest == pytest.approx(sizes[::-1][:1000], rel=1e-6)
    assert len(NullDistribution.of(shifts[:7]).largest) == 7


def test_shapes_and_nan_are_kept() -> None:
    asked = np.array([[np.nan, 1.0], [2.0, -np.inf]])
    for values in (UNIFORM.percentile(asked), UNIFORM.p_value(asked), UNIFORM.phred(asked)):
        assert values.shape == (2, 2)
        assert np.isnan(values).tolist() == [[True, False], [False, False]]
    assert UNIFORM.p_value(np.inf) == 1 / 10_001
    assert UNIFORM.p_value([]).shape == (0,)
    assert NullDistribution.of([np.nan, 1.0]).n == 1


@pytest.mark.parametrize("shifts", [[], [np.nan], [1.0, np.inf]])
def test_a_null_of_nothing_or_infinity_is_refused(shifts: list[float]) -> None:
    with pytest.raises(InputError, match="to make a null distribution of"):
        NullDistribution.of(shifts)


def changed(values: tuple[float, ...], place: int, value: Any) -> list[Any]:
    return [*values[:place], value, *values[place:][1:]]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"n": 0}, "n"),
        ({"n": True}, "n"),
        ({"n": 10_000.0}, "n"),
        ({"n": 10**13}, "n"),
        ({"n": 7}, "largest"),
        ({"quantiles": None}, "quantiles"),
        ({"quantiles": "x" * 1001}, "quantiles"),
        ({"quantiles": UNIFORM.quantiles[1:]}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, "0")}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, True)}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, None)}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, [1])}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, float("nan"))}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 0, -1.0)}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 1000, 10**400)}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 5, 9.0)}, "quantiles"),
        ({"quantiles": changed(UNIFORM.quantiles, 1000, 12.0)}, "largest"),
        ({"quantiles": (0.0,) * 1000 + (9.999,)}, "largest"),
        ({"largest": UNIFORM.largest[::-1]}, "largest"),
        ({"largest": UNIFORM.largest[:999]}, "largest"),
        ({"largest": (9.999,) + (0.0,) * 999}, "largest"),
        ({"largest": changed(UNIFORM.largest, 999, float("inf"))}, "largest"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(change: dict[str, Any], key: str) -> None:
    parts = {"n": UNIFORM.n, "quantiles": UNIFORM.quantiles, "largest": UNIFORM.largest}
    assert NullDistribution(**parts) == UNIFORM
    with pytest.raises(CheckpointError, match=f"^key '{key}' is "):
        NullDistribution(**{**parts, **change})


def test_few_shifts_have_to_be_the_ends_of_their_quantiles() -> None:
    few = NullDistribution.of([1.0, 2.0, 3.0])
    with pytest.raises(CheckpointError, match="key 'largest'"):
        NullDistribution(3, few.quantiles, (3.0, 2.0, 1.5))


def test_equal_nulls_are_equal_and_hash_alike() -> None:
    one, two = (NullDistribution.of([3, 1, -2]) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert all(a <= b for a, b in itertools.pairwise(one.quantiles))
