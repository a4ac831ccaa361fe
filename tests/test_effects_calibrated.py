"""Columns of a calibrated run, and which null distributions hold for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enhancer_variants.effects.calibrated import (
    calibrated_columns,
    calibration_gap,
    null_conditions,
    valid_null,
    valid_null_set,
)
from enhancer_variants.models import Model
from enhancer_variants.models.null import NullDistribution, OutputNull
from enhancer_variants.models.null_set import NullSet, NullSource

SOURCE = NullSource(
    changes="random", reference="hg38.fa", reference_sha256="a" * 64, enhancer_variants="1", seed=0
)
NULL = OutputNull(NullDistribution.of([1, 2, 3]), NullDistribution.of([10, 20]))
THIS_USE = ("forward", "left", 0)


def calibrated(model: Model, **changes: Any) -> Model:
    """The model with a null distribution for this use of it, or a slightly different one."""
    conditions = dataclasses.replace(null_conditions(model, *THIS_USE), **changes)
    null_set = NullSet(conditions, SOURCE, (NULL,))
    card = dataclasses.replace(model.card, nulls=(*model.card.nulls, null_set))
    return dataclasses.replace(model, card=card)


def test_each_kind_is_held_against_its_own_null() -> None:
    shift = np.array([2.0, -2.0, np.nan, 15.0, 15.0])
    columns = calibrated_columns(NULL, shift, np.array([True, True, True, True, False]))
    assert list(columns) == ["percentile", "p", "phred"]
    assert columns["percentile"][[0, 1, 3, 4]].tolist() == [2 / 3, 2 / 3, 1.0, 0.5]
    assert columns["p"][[0, 1, 3, 4]].tolist() == [0.75, 0.75, 0.25, 2 / 3]
    assert columns["phred"] == pytest.approx(-10 * np.log10(columns["p"]), nan_ok=True)
    assert all(np.isnan(values[2]) for values in columns.values())


def test_without_a_null_the_columns_are_empty() -> None:
    shift, is_snv = np.array([2.0, 3.0]), np.array([True, False])
    for values in calibrated_columns(None, shift, is_snv).values():
        assert np.isnan(values).all()
    only_snvs = calibrated_columns(OutputNull(NULL.snv), shift, is_snv)
    assert np.isnan(only_snvs["p"]).tolist() == [False, True]
    assert calibrated_columns(NULL, shift[:0], is_snv[:0])["p"].shape == (0,)


def test_a_null_holds_for_the_use_it_was_made_with(counting_model: Callable[..., Model]) -> None:
    model = calibrated(counting_model())
    assert valid_null(model, "enhancer", *THIS_USE) is NULL
    assert calibration_gap(model, *THIS_USE) is None
    for other in (("both", "left", 0), ("forward", "both", 0), ("forward", "left", 1)):
        assert valid_null(model, "enhancer", *other) is None
    both = calibrated(model, strand="both")
    assert valid_null_set(both, "both", "left", 0) is both.card.nulls[1]
    assert valid_null_set(both, *THIS_USE) is both.card.nulls[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights_sha256": "f" * 64}, "weights_sha256 000000000000... instead of ffffffffffff..."),
        ({"window_length": 350}, "window_length 20 instead of 350"),
        ({"padding": "dnabert", "max_seq_length": 9}, "max_seq_length None instead of 9, padding"),
        ({"positive_label": "no"}, "positive_label yes instead of no"),
        ({"strand": "both"}, "strand forward instead of both"),
        ({"anchors": "both"}, "anchors left instead of both"),
        ({"shifts": 3}, "shifts 0 instead of 3"),
    ],
)
def test_no_other_use_is_taken_for_the_same(
    counting_model: Callable[..., Model], change: dict[str, Any], said: str
) -> None:
    model = calibrated(counting_model(), **change)
    assert valid_null(model, "enhancer", *THIS_USE) is None
    sentence = calibration_gap(model, *THIS_USE) or ""
    assert said in sentence
    assert "models calibrate" in sentence


def test_tokens_of_the_input_count_where_padding_is_attended(
    counting_model: Callable[..., Model],
) -> None:
    model = dataclasses.replace(counting_model(), max_seq_length=50)
    assert null_conditions(model, *THIS_USE).max_seq_length is None
    attended = dataclasses.replace(model, padding="dnabert")
    assert null_conditions(attended, *THIS_USE).max_seq_length == 50


def test_the_nearest_of_several_is_named(counting_model: Callable[..., Model]) -> None:
    model = calibrated(counting_model(), strand="both", shifts=3, anchors="both")
    model = calibrated(model, shifts=2)
    sentence = calibration_gap(model, *THIS_USE) or ""
    assert "shifts 0 instead of 2;" in sentence
    assert "strand" not in sentence


def test_what_is_missing_is_said(counting_model: Callable[..., Model]) -> None:
    model = counting_model()
    assert "has no null distribution" in (calibration_gap(model, *THIS_USE) or "")
    only_snvs = NullSet(null_conditions(model, *THIS_USE), SOURCE, (OutputNull(NULL.snv),))
    card = dataclasses.replace(model.card, nulls=(only_snvs,))
    sentence = calibration_gap(dataclasses.replace(model, card=card), *THIS_USE) or ""
    assert "but for SNVs" in sentence
