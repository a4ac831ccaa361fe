"""Calls from the log-odds of windows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.models import probability
from enhancer_variants.scan.calling import Call, CallMaker, CallRule, make_calls
from enhancer_variants.scan.scanned import ScannedWindows, decode_windows, encode_windows

W = 10


def _windows(probabilities: list[float], step: int = 5, contig: str = "c") -> ScannedWindows:
    odds = np.array(probabilities) / (1 - np.array(probabilities))
    return ScannedWindows(contig, np.arange(len(probabilities)) * step, np.log2(odds))


def _spans(calls: list[Call]) -> list[tuple[int, int]]:
    return [(call.start, call.end) for call in calls]


def test_a_call_has_the_windows_above_the_threshold_and_their_numbers() -> None:
    (call,) = make_calls([_windows([0.1, 0.6, 0.9, 0.6, 0.1])], CallRule(), W)
    assert (call.contig, call.start, call.end) == ("c", 5, 25)
    assert (call.summit, call.summit_offset) == (15, 10)
    assert call.windows == 3
    assert call.mean_probability == pytest.approx(0.7)
    assert call.max_probability == pytest.approx(0.9)
    assert call.max_log_odds == pytest.approx(np.log2(9))


def test_the_threshold_itself_is_called_and_of_equal_windows_the_first_is_the_summit() -> None:
    (call,) = make_calls([_windows([0.5, 0.5])], CallRule(0.5), W)
    assert (call.windows, call.summit) == (2, 5)


def test_hysteresis_extends_a_call_but_does_not_begin_one() -> None:
    windows = _windows([0.6, 0.1, 0.1, 0.6, 0.9, 0.6, 0.55, 0.1, 0.1, 0.6])
    assert _spans(make_calls([windows], CallRule(0.8), W)) == [(20, 30)]
    assert _spans(make_calls([windows], CallRule(0.8, low_threshold=0.5), W)) == [(15, 40)]


def test_overlapping_and_adjoining_stretches_are_one_call() -> None:
    # The windows at 0 and 10 adjoin; the one between them is below the threshold, and not counted.
    (call,) = make_calls([_windows([0.9, 0.1, 0.6])], CallRule(), W)
    assert (call.start, call.end, call.windows) == (0, 20, 2)
    assert call.mean_probability == pytest.approx(0.75)


def test_near_calls_are_joined_and_short_ones_dropped_after_that() -> None:
    windows = _windows([0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9])
    assert _spans(make_calls([windows], CallRule(), W)) == [(0, 10), (15, 25), (50, 60)]
    assert _spans(make_calls([windows], CallRule(merge_distance=4), W)) == [
        (0, 10),
        (15, 25),
        (50, 60),
    ]
    merged = CallRule(merge_distance=5, min_length=11)
    assert _spans(make_calls([windows], merged, W)) == [(0, 25)]


def test_a_window_that_was_left_out_ends_a_stretch_only_where_spans_part() -> None:
    left_out = ScannedWindows("c", np.array([0, 5, 40]), np.array([3.0, 3.0, 3.0]))
    assert _spans(make_calls([left_out], CallRule(), W)) == [(0, 15), (40, 50)]


def test_calls_do_not_reach_from_one_contig_into_the_next() -> None:
    parts = [_windows([0.9, 0.9]), _windows([0.9], contig="d")]
    calls = make_calls(parts, CallRule(merge_distance=1000), W)
    assert [(call.contig, call.start, call.end) for call in calls] == [("c", 0, 15), ("d", 0, 10)]


def test_nothing_gives_nothing() -> None:
    assert make_calls([], CallRule(), W) == []
    assert make_calls([_windows([0.2, 0.3])], CallRule(), W) == []


@given(
    st.lists(st.sampled_from([0.05, 0.4, 0.6, 0.95]), max_size=40),
    st.lists(st.integers(0, 40), max_size=5),
    st.sampled_from([None, 0.3]),
    st.integers(0, 30),
)
@settings(max_examples=50)
def test_how_windows_are_cut_into_pieces_makes_no_difference(
    probabilities: list[float], cuts: list[int], low: float | None, merge: int
) -> None:
    windows, rule = _windows(probabilities), CallRule(0.5, low, 0, merge)
    maker, calls = CallMaker(rule, W), list[Call]()
    borders = [0, *sorted(min(cut, len(windows)) for cut in cuts), len(windows)]
    for begin, end in itertools.pairwise(borders):
        piece = slice(begin, end)
        calls += maker.add(ScannedWindows("c", windows.starts[piece], windows.log_odds[piece]))
    calls += maker.finish()
    whole = make_calls([windows], rule, W)
    assert _spans(calls) == _spans(whole)
    assert [call.windows for call in calls] == [call.windows for call in whole]


@given(st.lists(st.sampled_from([0.05, 0.4, 0.6, 0.95]), max_size=40), st.integers(1, 15))
@settings(max_examples=50)
def test_calls_cover_what_the_called_windows_cover(probabilities: list[float], step: int) -> None:
    windows = _windows(probabilities, step)
    covered = set()
    for start, p in zip(windows.starts.tolist(), windows.probabilities.tolist(), strict=True):
        covered |= set(range(start, start + W)) if p >= 0.5 else set()
    calls = make_calls([windows], CallRule(), W)
    assert {base for call in calls for base in range(call.start, call.end)} == covered
    ends = [call.end for call in calls]
    assert all(call.start > end for call, end in zip(calls[1:], ends, strict=False))


@pytest.mark.parametrize(
    "given_rule",
    [
        {"threshold": 1.1},
        {"threshold": 0.4, "low_threshold": 0.5},
        {"low_threshold": -0.1},
        {"min_length": -1},
        {"merge_distance": -1},
    ],
)
def test_a_rule_out_of_range_is_refused(given_rule: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        CallRule(**given_rule)  # type: ignore[arg-type]


def test_windows_survive_their_file_and_equal_ones_give_equal_bytes() -> None:
    parts = [_windows([0.1, 0.9]), _windows([0.3], contig="d")]
    content = encode_windows(parts)
    assert content == encode_windows(parts)
    again = list(decode_windows(content))
    assert [part.contig for part in again] == ["c", "d"]
    for part, other in zip(parts, again, strict=True):
        assert np.array_equal(part.starts, other.starts)
        assert np.array_equal(part.log_odds, other.log_odds)
    assert list(decode_windows(encode_windows([]))) == []
    assert np.allclose(probability(parts[0].log_odds), [0.1, 0.9])
