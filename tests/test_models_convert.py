"""Converted directories: they score as their source, and transformers reads them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from enhancer_variants.errors import CheckpointError, ModelError
from enhancer_variants.models import (
    Vocabulary,
    convert_checkpoint,
    load_model,
    predict_logits,
    read_card,
    tokenize,
)

FILES = [
    "config.json",
    "enhancer_variants.json",
    "model.safetensors",
    "tokenizer_config.json",
    "vocab.txt",
]


def legacy(folder: Path, **changes: Any) -> Path:
    """A directory as the published code writes it, with a vocabulary in an order of its own."""
    torch.manual_seed(0)
    sizes = {
        "vocab_size": 69,
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 256,
    }
    config = BertConfig(**sizes, initializer_range=0.3, **changes)
    model = BertForSequenceClassification(config)
    folder.mkdir()
    labels = {str(i): label for i, label in config.id2label.items()}
    content = {**sizes, "hidden_act": "gelu", "id2label": labels, "finetuning_task": "dnaprom"}
    (folder / "config.json").write_text(json.dumps(content))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    tokens = Vocabulary.canonical(3).tokens()
    (folder / "vocab.txt").write_text("\n".join([*tokens[:5], *tokens[:4:-1]]))
    return folder


def logits(folder: Path) -> np.ndarray:
    model = load_model(folder)
    sequences = ["GATTACA" * 28, "ACGTN" * 11, "CCCGGGTTTAAA" * 8]
    return predict_logits(model, tokenize(sequences, model.vocabulary))


def test_the_converted_directory_scores_identically(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    card = convert_checkpoint(source, tmp_path / "new", name="CTCF", licence="MIT", notes="a test")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["legacy", "new"]
    assert np.array_equal(logits(tmp_path / "new"), logits(source))
    model = load_model(tmp_path / "new")
    assert model.assumptions == ()
    assert model.card == card == read_card(tmp_path / "new" / "enhancer_variants.json")
    assert (card.name, card.licence, card.kmer) == ("CTCF", "MIT", 3)
    assert card.notes is not None
    assert card.notes.startswith("a test\nAssumed when the model was converted: ")
    assert (card.window_length, card.max_seq_length, card.padding) == (200, 200, "dnabert")
    assert card.positive_label == "LABEL_1"


def test_equal_sources_give_equal_bytes_and_a_second_conversion_changes_none(
    tmp_path: Path,
) -> None:
    source = legacy(tmp_path / "legacy")
    convert_checkpoint(source, tmp_path / "one", name="CTCF")
    convert_checkpoint(source, tmp_path / "two", name="CTCF")
    convert_checkpoint(tmp_path / "one", tmp_path / "three")
    for name in FILES:
        contents = {(tmp_path / folder / name).read_bytes() for folder in ("one", "two", "three")}
        assert len(contents) == 1, name


def test_transformers_reads_the_result(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    convert_checkpoint(source, tmp_path / "new")
    theirs = BertForSequenceClassification.from_pretrained(tmp_path / "new").eval()
    expected = torch.load(source / "pytorch_model.bin", weights_only=True)
    found = theirs.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    tokenizer = BertTokenizer.from_pretrained(tmp_path / "new")
    [ids] = tokenize(["ACGTT"], load_model(tmp_path / "new").vocabulary).ids.tolist()
    assert tokenizer("ACG CGT GTT")["input_ids"] == ids


def test_transformers_knows_the_task_and_the_labels(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy", id2label={0: "CTCF", 1: "MAX::MYC", 2: "NKX2-5"})
    configuration = json.loads((source / "config.json").read_text())
    configuration["problem_type"] = "multi_label_classification"
    (source / "config.json").write_text(json.dumps(configuration))
    card = convert_checkpoint(source, tmp_path / "new")
    assert (card.task, card.labels) == ("multi_label", ("CTCF", "MAX::MYC", "NKX2-5"))
    config = BertConfig.from_pretrained(tmp_path / "new")
    assert config.problem_type == "multi_label_classification"
    assert config.id2label == {0: "CTCF", 1: "MAX::MYC", 2: "NKX2-5"}
    assert (config.layer_norm_eps, config.hidden_act) == (1e-12, "gelu")


def test_three_classes_get_their_positive_label_here(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy", id2label={0: "none", 1: "weak", 2: "strong"})
    with pytest.raises(CheckpointError, match="none of them marked as positive; expected "):
        convert_checkpoint(source, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    convert_checkpoint(source, tmp_path / "new", positive_label="strong")
    assert load_model(tmp_path / "new").card.positive_label == "strong"


def test_settings_go_into_the_card(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    card = convert_checkpoint(
        source, tmp_path / "new", window=101, max_seq_length=128, padding="none", citation="doi"
    )
    assert (card.window_length, card.max_seq_length, card.padding) == (101, 128, "none")
    assert (card.name, card.citation) == ("legacy", "doi")


def test_an_empty_directory_is_filled_and_any_other_is_left_alone(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    (tmp_path / "empty").mkdir()
    convert_checkpoint(source, tmp_path / "empty")
    assert (tmp_path / "empty" / "model.safetensors").exists()
    (tmp_path / "file").write_text("mine")
    for taken in ("file", "empty", "legacy"):
        with pytest.raises(ModelError, match=f"{taken}: exists; expected no such directory"):
            convert_checkpoint(source, tmp_path / taken)
    assert (tmp_path / "file").read_text() == "mine"


def test_parents_are_made_and_files_are_readable_by_others(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    mask = os.umask(0o022)
    try:
        convert_checkpoint(source, tmp_path / "a" / "b")
    finally:
        os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a" / "b").iterdir()} == {0o644}


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    source = legacy(tmp_path / "legacy")
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="Not a directory; expected a folder to write to"):
        convert_checkpoint(source, tmp_path / "file" / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "legacy"]


@pytest.mark.parametrize("name", ["enhancer6", "tf6"])
def test_the_originals_checkpoints_convert(oracle: Path, tmp_path: Path, name: str) -> None:
    source = oracle / "checkpoints" / name
    convert_checkpoint(source, tmp_path / "new")
    assert np.array_equal(logits(tmp_path / "new"), logits(source))
