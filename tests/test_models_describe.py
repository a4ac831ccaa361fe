"""Descriptions of model directories, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import describe_model


def test_a_description_is_json_and_says_what_the_directory_holds(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=69,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=256,
    )
    network = BertForSequenceClassification(config)
    network.save_pretrained(tmp_path / "CTCF")
    found = describe_model(tmp_path / "CTCF")
    assert json.loads(json.dumps(found)) == found
    assert found["directory"] == "CTCF"
    assert found["parameters"] == sum(p.numel() for p in network.parameters())
    assert found["architecture"]["hidden_size"] == 8
    assert (found["weights_file"], found["legacy"]) == ("model.safetensors", False)
    assert found["card"]["window_length"] == 200
    assert len(found["assumptions"]) == 2


def test_what_is_no_model_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no config.json"):
        describe_model(tmp_path)
