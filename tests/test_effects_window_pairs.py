from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from enhancer_variants.effects import ScoringPlan, pair_windows
from enhancer_variants.errors import InputError, WindowLengthError
from enhancer_variants.schema import Status

Make = Callable[..., Any]


def test_equal_sequences_are_one_window(position_model: Make) -> None:
    plan = ScoringPlan((position_model(),))
    records, pairs = pair_windows(["ACGT", "acgt"], ["ACGA", "ACGT"], plan)
    assert pairs.sequences == ["ACGT", "ACGA"]
    assert (pairs.ref.tolist(), pairs.alt.tolist()) == ([[0], [0]], [[1], [0]])
    assert [(r.ref, r.alts) for r in records] == [("ACGT", ("ACGA",)), ("acgt", ("ACGT",))]


def test_pairs_that_cannot_be_scored_have_a_reason(position_model: Make) -> None:
    plan = ScoringPlan((position_model(k=2),))
    _, pairs = pair_windows(["A", "ANG", "ACG"], ["ACG", "ACG", "ACC"], plan)
    assert {row: status for row, (status, _) in pairs.refused.items()} == {
        0: Status.INVALID_RECORD,
        1: Status.HAS_N,
    }
    assert pairs.rows.tolist() == [2]
    _, pairs = pair_windows(["ANG"], ["ACG"], ScoringPlan((position_model(),), allow_n=True))
    assert pairs.refused == {}


def test_lists_that_do_not_fit_are_refused(position_model: Make) -> None:
    plan = ScoringPlan((position_model(),))
    with pytest.raises(InputError, match="2 ref and 1 alt"):
        pair_windows(["AC", "AC"], ["AC"], plan)
    with pytest.raises(InputError, match="one string"):
        pair_windows("ACGT", ["A"], plan)
    with pytest.raises(InputError, match="sequence 0 is 7"):
        pair_windows([7], ["ACG"], plan)


def test_a_sequence_that_is_too_long_is_an_error(position_model: Make) -> None:
    plan = ScoringPlan((position_model(),))
    longest = plan.models[0].longest
    assert pair_windows(["A" * longest], ["C" * longest], plan)[1].refused == {}
    with pytest.raises(WindowLengthError, match=f"{longest + 1} bases"):
        pair_windows(["A" * (longest + 1)], ["C"], plan)
