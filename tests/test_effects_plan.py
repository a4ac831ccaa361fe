from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from enhancer_variants.effects import ScoringPlan
from enhancer_variants.errors import InputError

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strand": "reverse"}, "strand is 'reverse'; expected forward or both"),
        ({"anchors": "right"}, "anchors is 'right'"),
        ({"shifts": -1}, "shifts is -1"),
        ({"shifts": True}, "shifts is True"),
        ({"shifts": 10}, "shifts is 10"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": "many"}, "batch_size is 'many'"),
    ],
)
def test_options_are_checked_before_scoring(
    counting_model: Make, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ScoringPlan((counting_model(window=20),), **options)


def test_models_that_would_fill_one_column_are_refused(counting_model: Make) -> None:
    with pytest.raises(InputError, match="both fill the columns of 'CTCF'"):
        ScoringPlan((counting_model(name="CTCF"), counting_model(name="CTCF")))
    with pytest.raises(InputError, match="give one of the models another name"):
        ScoringPlan((counting_model(name="NKX2-5"), counting_model(name="nkx2_5")))


def test_columns_hold_the_spread_only_where_something_is_averaged(counting_model: Make) -> None:
    model = counting_model()
    for options, averaged in [({}, False), ({"strand": "both"}, True), ({"shifts": 1}, True)]:
        plan = ScoringPlan((model,), **options)
        names = [column.name for column in plan.columns]
        assert plan.averaged is averaged
        assert ("enhancer_log_odds_shift_spread" in names) is averaged
