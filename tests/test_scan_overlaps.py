"""Overlaps and distances, against bioframe and against trying every pair."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import bioframe
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.scan import overlaps
from enhancer_variants.scan.bed_intervals import bed_intervals
from enhancer_variants.scan.overlaps import IntervalSet, Line, merged, shared_bases

CONTIG_LENGTH = 60
LINE = Line.of({"1": CONTIG_LENGTH, "2": CONTIG_LENGTH})

Rows = list[tuple[str, int, int]]


@st.composite
def rows(draw: st.DrawFn, most: int = 12) -> Rows:
    found = []
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, CONTIG_LENGTH - 1))
        end = draw(st.integers(start + 1, CONTIG_LENGTH))
        found.append((draw(st.sampled_from(["chr1", "chr2"])), start, end))
    return found


def _frame(several: Rows) -> pd.DataFrame:
    frame = pd.DataFrame(several, columns=["chrom", "start", "end"])
    return frame.astype({"chrom": object, "start": "int64", "end": "int64"})


def _placed(several: Rows) -> tuple[np.ndarray, np.ndarray]:
    return LINE.place(bed_intervals(_frame(several)))


def _shared(one: tuple[str, int, int], other: tuple[str, int, int]) -> int:
    if one[0] != other[0]:
        return 0
    return max(0, min(one[2], other[2]) - max(one[1], other[1]))


def _reciprocal(one: tuple[str, int, int], several: Sequence[tuple[str, int, int]]) -> float:
    shares = [_shared(one, o) / max(one[2] - one[1], o[2] - o[1]) for o in several]
    return max(shares, default=0.0)


@settings(max_examples=40)
@given(rows(), rows())
def test_overlaps_equal_those_of_every_pair(calls: Rows, known: Rows) -> None:
    ready = IntervalSet(*_placed(known))
    expected = [_reciprocal(call, known) for call in calls]
    assert ready.reciprocal(*_placed(calls)).tolist() == expected
    assert ready.touches(*_placed(calls)).tolist() == [share > 0 for share in expected]


@settings(max_examples=30)
@given(rows(), rows(), st.sampled_from([0.1, 0.3, 0.5, 1.0]))
def test_leaving_out_what_is_too_small_changes_no_answer(calls, known, least) -> None:
    ready = IntervalSet(*_placed(known))
    every, some = (ready.reciprocal(*_placed(calls), share) for share in (0.0, least))
    assert ((every >= least) == (some >= least)).all()


@settings(max_examples=30)
@given(rows(), rows())
def test_bases_equal_those_counted_one_by_one(calls: Rows, known: Rows) -> None:
    covered = [
        {(contig, base) for contig, start, end in several for base in range(start, end)}
        for several in (calls, known)
    ]
    first, second = IntervalSet(*_placed(calls)), IntervalSet(*_placed(known))
    assert (first.bases, second.bases) == (len(covered[0]), len(covered[1]))
    assert shared_bases(first.merged, second.merged) == len(covered[0] & covered[1])


@settings(max_examples=30)
@given(rows(), rows())
def test_the_nearest_distance_equals_that_to_every_other(calls: Rows, known: Rows) -> None:
    found = IntervalSet(*_placed(known)).distances(*_placed(calls), LINE)
    for call, distance in zip(calls, found.tolist(), strict=True):
        others = [o for o in known if o[0] == call[0]]
        expected = [max(0, o[1] - call[2], call[1] - o[2]) for o in others]
        assert distance == min(expected) if expected else np.isnan(distance)


@settings(max_examples=10)
@given(rows(40), rows(40))
def test_counts_and_distances_equal_those_of_bioframe(calls: Rows, known: Rows) -> None:
    if not calls or not known:
        return
    ready = IntervalSet(*_placed(known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = bioframe.overlap(_frame(calls), _frame(known), how="inner", return_index=True)
        closest = bioframe.closest(_frame(calls), _frame(known), return_index=True)
    assert int(ready.touches(*_placed(calls)).sum()) == pairs["index"].nunique()
    back = IntervalSet(*_placed(calls)).touches(*_placed(known))
    assert int(back.sum()) == pairs["index_"].nunique()
    expected = closest.set_index("index")["distance"].astype("float64").groupby(level=0).min()
    distances = ready.distances(*_placed(calls), LINE)
    for number, distance in expected.items():
        assert distances[number] == distance or (np.isnan(distance) and np.isnan(distances[number]))


def test_many_pairs_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [("chr1", start, start + 10) for start in range(40)]
    calls = [("chr1", 30, 35), ("chr1", 0, 60), ("chr2", 0, 60), ("chr1", 3, 13)]
    expected = [_reciprocal(call, known) for call in calls]
    monkeypatch.setattr(overlaps, "_PAIRS_AT_ONCE", 7)
    assert IntervalSet(*_placed(known)).reciprocal(*_placed(calls)).tolist() == expected


def test_contigs_do_not_touch_on_the_line() -> None:
    starts, ends = _placed([("chr1", 0, CONTIG_LENGTH), ("chr2", 0, 5)])
    assert len(merged(starts, ends)[0]) == 2


def test_touching_intervals_are_merged_but_do_not_overlap() -> None:
    starts, ends = merged(np.array([5, 0]), np.array([9, 5]))
    assert (starts.tolist(), ends.tolist()) == ([0], [9])
    known = IntervalSet(np.array([0]), np.array([5]))
    assert not known.touches(np.array([5]), np.array([9])).any()
    assert known.distances(np.array([5]), np.array([9]), LINE).tolist() == [0.0]


def test_the_furthest_end_counts_on_each_contig() -> None:
    several = [bed_intervals(_frame([("chr1", 1, 9), ("1", 2, 5)])), bed_intervals(_frame([]))]
    assert overlaps.lengths_needed(several) == {"1": 9}
