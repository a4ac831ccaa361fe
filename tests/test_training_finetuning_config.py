"""What a run may be told, and what it says of what it may not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.training import finetuning
from enhancer_variants.training.finetuning import FinetuneConfig, NetworkSizes

SHARES = st.floats(0, 0.99)


@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "network": st.builds(NetworkSizes, num_hidden_layers=st.integers(1, 12)),
            "labels": st.sampled_from([("no", "yes"), ("a", "b", "c")]),
            "learning_rate": st.floats(0, 1),
            "dropout": SHARES,
            "reverse_complement": SHARES,
            "evaluate_every": st.one_of(st.just("epoch"), st.integers(1, 100)),
            "threshold": st.one_of(st.just("mcc"), st.floats(-10, 10)),
            "report_to": st.sampled_from([(), ("wandb",), ("wandb", "tensorboard")]),
            "class_weights": st.sampled_from([None, "balanced"]),
            "notes": st.text(),
        },
    )
)
def test_json_gives_back_the_same_configuration(options: dict[str, Any]) -> None:
    config = FinetuneConfig(train="data", output=Path("models", "CTCF"), **options)
    assert FinetuneConfig.from_json(config.to_json()) == config
    assert json.loads(config.to_json())["output"] == "models/CTCF"


def test_weights_of_classes_survive_json() -> None:
    config = FinetuneConfig(train="a", output="b", class_weights=(1.0, 2.5))
    assert FinetuneConfig.from_json(config.to_json()).class_weights == (1.0, 2.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": ""}, "train is ''; expected a path"),
        ({"model": 3}, "model is 3; expected a path"),
        ({"task": "regression"}, "task is 'regression'; expected single_label or multi_label"),
        ({"padding": "left"}, "padding is 'left'"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"precision": "fp64"}, "precision is 'fp64'"),
        ({"best_by": "recall"}, "best_by is 'recall'"),
        ({"device": "tpu"}, "device is 'tpu'"),
        ({"report_to": ["email"]}, "report_to is 'email'"),
        ({"report_to": "wandb"}, "report_to is 'wandb'; expected a list of names"),
        ({"tags": [1]}, "tags is"),
        ({"labels": ["a"]}, "expected 2 or more names for single_label"),
        ({"labels": ["a", "a"]}, "each once"),
        ({"labels": ["a", "b"], "positive_label": "c"}, "positive_label is 'c'"),
        ({"labels": ["a", "b"], "class_weights": [1.0]}, "class_weights has 1 numbers; expected 2"),
        ({"class_weights": "even"}, "class_weights is 'even'"),
        ({"class_weights": [-1.0, 1.0]}, "class_weights is -1.0"),
        ({"class_weights": [0, 0.0]}, "class_weights are all 0"),
        ({"network": {"hidden_size": 10}}, r"network.hidden_size is 10; expected a multiple"),
        ({"network": {"hidden_size": 0}}, r"network.hidden_size is 0; expected a whole number"),
        ({"network": {"width": 10}}, r"'network.width' is no field"),
        ({"network": 3}, "network is 3; expected NetworkSizes"),
        ({"network": {}, "model": "dir"}, "model is given and so is network or kmer"),
        ({"kmer": 6, "model": "dir"}, "model is given and so is network or kmer"),
        ({"kmer": 0}, "kmer is 0; expected a whole number from 1 on"),
        ({"epochs": 0}, "epochs is 0; expected a number above 0"),
        ({"gradient_clip": 0}, "gradient_clip is 0"),
        ({"dropout": 1}, "dropout is 1, which leaves nothing"),
        ({"warmup_share": 1.5}, "warmup_share is 1.5; expected a number from 0 to 1"),
        ({"learning_rate": -1}, "learning_rate is -1; expected a number from 0 up"),
        ({"learning_rate": True}, "learning_rate is True"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"batch_size": 2.5}, "batch_size is 2.5; expected a whole number from 1 on"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"seed": 2**32}, "seed is 4294967296; expected at most 4294967295"),
        ({"evaluate_every": "day"}, "evaluate_every is 'day'"),
        ({"threshold": "auto"}, "threshold is 'auto'"),
        ({"threshold": "mcc", "task": "multi_label"}, "whose labels share one"),
        ({"task": "multi_label", "positive_label": "a"}, "expected none"),
        ({"early_stopping": 2, "best_by": "last"}, "expected a metric to stop by"),
        ({"padding": "dnabert"}, "padding is 'dnabert' without max_seq_length"),
        ({"seeds": 1}, "'seeds' is no field; expected one of train, output"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FinetuneConfig.from_mapping({"train": "data", "output": "model", **options})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        ('{"train": "a"}', "output is missing"),
        ('{"output": "a"}', "train is missing"),
    ],
)
def test_json_that_is_no_configuration_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FinetuneConfig.from_json(text)


def test_a_configuration_can_be_varied() -> None:
    config = FinetuneConfig(train="data", output="model")
    assert dataclasses.replace(config, learning_rate=1e-4).learning_rate == 1e-4
    with pytest.raises(InputError, match="learning_rate"):
        dataclasses.replace(config, learning_rate=-1)


def test_names_are_imported_when_they_are_used() -> None:
    assert dir(finetuning) == sorted(finetuning.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = finetuning.nonsense
