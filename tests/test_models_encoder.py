"""Checkpoints to go on training, with and without a classifier, old and new layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import NetworkConfig, Vocabulary, read_checkpoint
from enhancer_variants.models.architecture import tensor_shapes
from enhancer_variants.models.encoder import initial_tensors, read_encoder

CONFIG = NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)


def saved(kind: Any, folder: Path) -> Any:
    torch.manual_seed(0)
    model = kind(
        BertConfig(
            vocab_size=69,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=32,
        )
    )
    model.save_pretrained(folder)
    return model


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_first_weights_are_those_of_bert() -> None:
    tensors = initial_tensors(NetworkConfig(4101, 64, 1, 2, 256, 512, 2, 1e-12, 2), generator())
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == dict(
        tensor_shapes(NetworkConfig(4101, 64, 1, 2, 256, 512, 2, 1e-12, 2))
    )
    assert tensors["bert.embeddings.word_embeddings.weight"].std().item() == pytest.approx(
        0.02, rel=0.02
    )
    assert bool((tensors["bert.embeddings.LayerNorm.weight"] == 1).all())
    assert not bool(tensors["bert.encoder.layer.0.output.dense.bias"].any())


def test_a_classifier_is_read_as_a_checkpoint_is(tmp_path: Path) -> None:
    saved(BertForSequenceClassification, tmp_path)
    encoder, checkpoint = read_encoder(tmp_path), read_checkpoint(tmp_path)
    assert encoder.checkpoint is not None
    assert encoder.weights_sha256 == checkpoint.weights_sha256
    _, kept = encoder.with_outputs(2, generator(), new_head=False)
    assert all(torch.equal(kept[n], checkpoint.tensors[n]) for n in checkpoint.tensors)
    config, new = encoder.with_outputs(3, generator(), new_head=True)
    assert config.num_labels == 3
    assert new["classifier.weight"].shape == (3, 8)
    pooler = "bert.pooler.dense.weight"
    assert torch.equal(new[pooler], checkpoint.tensors[pooler])


@pytest.mark.parametrize("kind", [BertForMaskedLM, BertModel])
def test_a_pre_trained_encoder_gets_what_it_lacks(tmp_path: Path, kind: Any) -> None:
    model = saved(kind, tmp_path)
    bert = model if kind is BertModel else model.bert
    encoder = read_encoder(tmp_path)
    assert encoder.checkpoint is None
    assert encoder.vocabulary == Vocabulary.canonical(3)
    assert not any(name.startswith("cls.") for name in encoder.tensors)
    config, tensors = encoder.with_outputs(4, generator(), new_head=False)
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == dict(
        tensor_shapes(config)
    )
    words = bert.embeddings.word_embeddings.weight
    assert torch.equal(tensors["bert.embeddings.word_embeddings.weight"], words)


def test_a_damaged_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such directory"):
        read_encoder(tmp_path / "absent")
    saved(BertModel, tmp_path)
    weights = tmp_path / "model.safetensors"
    tensors = load_file(weights)
    save_file({**tensors, "embeddings.LayerNorm.bias": torch.full((8,), torch.nan)}, weights)
    with pytest.raises(CheckpointError, match="holds NaN or infinity"):
        read_encoder(tmp_path)
    save_file({n: t for n, t in tensors.items() if "query.bias" not in n}, weights)
    with pytest.raises(CheckpointError, match=r"query.bias' is missing"):
        read_encoder(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    for size in (-1, "8", 1 << 40):
        (tmp_path / "config.json").write_text(json.dumps({**settings, "hidden_size": size}))
        with pytest.raises(CheckpointError):
            read_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**settings, "hidden_act": "relu"}))
    with pytest.raises(CheckpointError, match="'hidden_act' is 'relu'"):
        read_encoder(tmp_path)


def test_checkpoints_of_the_original_are_encoders(oracle: Path) -> None:
    encoder = read_encoder(oracle / "checkpoints" / "tf6")
    assert encoder.vocabulary.k == 6
