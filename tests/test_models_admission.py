"""What a card may say of precisions and backends, and what follows from it."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import (
    Admission,
    ModelCard,
    read_card,
    write_card,
)
from enhancer_variants.models.admission import (
    EXACT_ERROR,
    LEAST_RANK_CORRELATION,
    admissions_for_weights,
    admissions_from_json,
    grade,
)

WEIGHTS = "ab" * 32
VALUES: dict[str, Any] = {
    "precision": "fp32",
    "backend": "openvino",
    "device_type": "cpu",
    "n": 1000,
    "largest_error": 3e-6,
    "p99_error": 1e-6,
    "rank_correlation": 1.0,
    "speedup": 1.3,
    "windows": "1000 random SNVs of hg38.fa, seed 0",
    "weights_sha256": WEIGHTS,
    "window_length": 200,
    "max_seq_length": None,
    "padding": "none",
    "versions": {"torch": "2.9.0", "openvino": "2026.4.1"},
}
EXACT = Admission(**VALUES)
BF16 = dataclasses.replace(
    EXACT,
    precision="bf16",
    backend="torch",
    largest_error=0.03,
    rank_correlation=0.999,
    speedup=2.4,
)
ON_GPU = dataclasses.replace(BF16, precision="fp16", device_type="cuda", speedup=6.0)


def card(*admissions: Admission, **changes: Any) -> ModelCard:
    values: dict[str, Any] = {
        "name": "mini",
        "task": "multi_label",
        "labels": ("CTCF", "enhancer", "NANOG"),
        "window_length": 200,
        "padding": "none",
        "weights_sha256": WEIGHTS,
    }
    return ModelCard(**(values | changes), admissions=admissions)


@settings(max_examples=40)
@given(error=st.floats(0, 1e6), correlation=st.floats(-1, 1))
def test_the_grade_follows_from_error_and_order_alone(error: float, correlation: float) -> None:
    found = grade(error, correlation)
    assert (found == "exact") == (error <= 1e-4)
    assert (found != "refused") == (error <= 1e-4 or correlation >= 0.995)


def test_a_bound_itself_is_within_it_and_no_number_is_refused() -> None:
    assert grade(EXACT_ERROR, -1.0) == "exact"
    assert grade(0.5, LEAST_RANK_CORRELATION) == "approximate"
    assert grade(math.inf, 1.0) == grade(math.nan, 1.0) == grade(0.5, math.nan) == "refused"


def test_a_copy_of_the_weights_keeps_what_was_found_of_them() -> None:
    stale = dataclasses.replace(BF16, weights_sha256="0" * 64)
    (kept,) = admissions_for_weights((EXACT, stale), WEIGHTS, "cd" * 32)
    assert kept == dataclasses.replace(EXACT, weights_sha256="cd" * 32)


def test_admissions_survive_a_card_and_equal_cards_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        write_card(card(EXACT, BF16, ON_GPU), tmp_path / name)
    assert read_card(tmp_path / "one.json") == card(EXACT, BF16, ON_GPU)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert hash(EXACT) == hash(dataclasses.replace(EXACT, versions=dict(EXACT.versions)))


def test_a_card_without_admissions_has_no_such_key(tmp_path: Path) -> None:
    write_card(card(), tmp_path / "card.json")
    assert "admissions" not in json.loads((tmp_path / "card.json").read_text())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("precision", "int8"),
        ("precision", ["fp16"]),
        ("backend", "onnx"),
        ("backend", None),
        ("device_type", "cuda:0"),
        ("padding", "masked"),
        ("n", 0),
        ("n", 12.0),
        ("n", True),
        ("n", 10**12),
        ("largest_error", math.nan),
        ("largest_error", math.inf),
        ("largest_error", -1e-9),
        ("largest_error", "small"),
        ("p99_error", True),
        ("p99_error", 1e-3),
        ("rank_correlation", 1.5),
        ("rank_correlation", math.nan),
        ("speedup", 0),
        ("speedup", math.inf),
        ("speedup", None),
        ("windows", ""),
        ("windows", "line\nbreak"),
        ("weights_sha256", "AB" * 32),
        ("window_length", 0),
        ("max_seq_length", 0),
        ("max_seq_length", "200"),
        ("versions", ["torch"]),
        ("versions", {"torch": 2}),
        ("versions", {f"library{number}": "1" for number in range(11)}),
    ],
)
def test_a_value_that_none_can_have_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(CheckpointError, match=rf"^admissions\[0\]: key '{key}' is .*; expected "):
        admissions_from_json([VALUES | {key: value}])


def test_an_admission_of_too_large_errors_is_none() -> None:
    with pytest.raises(
        CheckpointError, match=r"key 'largest_error' is 0\.5; expected at most 0\.0001"
    ):
        Admission(**VALUES | {"largest_error": 0.5, "rank_correlation": 0.99})


def test_the_reference_needs_no_admission() -> None:
    with pytest.raises(CheckpointError, match=r"key 'backend' is 'torch'.* needs no admission"):
        Admission(**VALUES | {"backend": "torch"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, r"key 'admissions' is {}; expected a list of objects"),
        ([3], r"key 'admissions\[0\]' is 3; expected an object of backend, "),
        ([VALUES, VALUES | {"more": 1}], r"key 'admissions\[1\]' is .* expected an object of"),
        ([{k: VALUES[k] for k in VALUES if k != "n"}], r"key 'admissions\[0\]' is .* expected"),
    ],
)
def test_what_is_no_list_of_admissions_is_refused(value: object, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        admissions_from_json(value)
