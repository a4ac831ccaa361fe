"""Which precision and backend is chosen: the quickest that the card admits for this model."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from enhancer_variants.models import Admission, ModelCard, ModelView, admitted
from enhancer_variants.models.admission_choice import LEAST_SPEEDUP, holds_for, with_admissions

FED: dict[str, Any] = {"weights_sha256": "ab" * 32, "window_length": 200, "padding": "none"}


def found(precision: Any, backend: Any, device_type: str, speedup: float) -> Admission:
    """What a check found to be exact."""
    errors = {"largest_error": 3e-6, "p99_error": 1e-6, "rank_correlation": 1.0}
    ran: dict[str, Any] = {"precision": precision, "backend": backend, "device_type": device_type}
    about: dict[str, Any] = {"n": 9, "windows": "nine SNVs", "versions": {}, "max_seq_length": None}
    return Admission(**ran, **errors, **about, **FED, speedup=speedup)


def card(*admissions: Admission, **changes: Any) -> ModelCard:
    labels = ("CTCF", "enhancer", "NANOG")
    fed = FED | changes
    return ModelCard(name="mini", task="multi_label", labels=labels, admissions=admissions, **fed)


EXACT = found("fp32", "openvino", "cpu", 1.3)
BF16 = found("bf16", "torch", "cpu", 2.4)
ON_GPU = found("fp16", "torch", "cuda", 6.0)


def test_the_quickest_that_a_card_admits_is_taken() -> None:
    assert admitted(card(EXACT, BF16, ON_GPU), "cpu") == ("bf16", "torch")
    assert admitted(card(EXACT, BF16, ON_GPU), "cuda") == ("fp16", "torch")
    assert admitted(card(EXACT), "cuda") == admitted(card(), "cpu") == ("fp32", "torch")


def test_the_choice_can_be_narrowed_to_what_is_there() -> None:
    both = card(EXACT, BF16)
    assert admitted(both, "cpu", precisions=["fp32"]) == ("fp32", "openvino")
    assert admitted(both, "cpu", backends=["torch"]) == ("bf16", "torch")
    assert admitted(both, "cpu", precisions=["fp16"]) == ("fp16", "torch")
    assert admitted(both, "cuda", backends=["openvino"]) == ("fp32", "openvino")


def test_what_is_hardly_quicker_is_not_taken_and_of_equals_the_first_is() -> None:
    slow = dataclasses.replace(EXACT, speedup=math.nextafter(LEAST_SPEEDUP, 0))
    assert admitted(card(slow), "cpu") == ("fp32", "torch")
    assert admitted(card(dataclasses.replace(EXACT, speedup=LEAST_SPEEDUP)), "cpu") == (
        "fp32",
        "openvino",
    )
    equal = dataclasses.replace(BF16, speedup=EXACT.speedup)
    assert admitted(card(EXACT, equal), "cpu") == ("fp32", "openvino")
    assert admitted(card(equal, EXACT), "cpu") == ("bf16", "torch")


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "0" * 64},
        {"window_length": 201},
        {"padding": "dnabert", "max_seq_length": 200},
        {"max_seq_length": 210},
        {"window_length": None},
    ],
)
def test_an_admission_holds_for_what_was_checked_alone(change: dict[str, Any]) -> None:
    assert holds_for(EXACT, card())
    assert not holds_for(EXACT, card(**change))
    assert admitted(card(EXACT, **change), "cpu") == ("fp32", "torch")


def test_new_admissions_replace_those_of_their_device_and_of_other_weights() -> None:
    other_weights = dataclasses.replace(ON_GPU, device_type="mps", weights_sha256="0" * 64)
    before = card(EXACT, ON_GPU, other_weights)
    assert with_admissions(before, "cpu", [BF16]) == (BF16, ON_GPU)
    assert with_admissions(before, "cpu", [EXACT, BF16]) == (BF16, EXACT, ON_GPU)
    assert with_admissions(before, "cuda", []) == (EXACT,)


def test_a_part_of_a_model_keeps_what_the_worst_output_admits() -> None:
    whole = card(EXACT)
    for part in ("enhancer", "factors"):
        seen = ModelView(Path("mini"), part).card_of(whole)
        assert len(seen.labels) < 3
        assert admitted(seen, "cpu") == ("fp32", "openvino")
