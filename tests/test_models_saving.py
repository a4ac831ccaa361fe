"""A model directory as it is written, read back by this package and by transformers."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertForSequenceClassification, BertTokenizer

from enhancer_variants.models import (
    ModelCard,
    NetworkConfig,
    Vocabulary,
    load_model,
    predict_logits,
    read_checkpoint,
    tokenize,
)
from enhancer_variants.models.encoder import initial_tensors
from enhancer_variants.models.saving import MODEL_FILES, write_model

CONFIG = NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)
CARD = ModelCard(
    name="toy",
    task="single_label",
    labels=("no", "yes"),
    positive_label="yes",
    window_length=20,
    padding="none",
)


def written(folder: Path) -> dict[str, torch.Tensor]:
    folder.mkdir()
    tensors = initial_tensors(CONFIG, torch.Generator().manual_seed(0))
    tensors = {name: 10 * tensor for name, tensor in tensors.items()}
    card = write_model(folder, CONFIG, tensors, Vocabulary.canonical(3), CARD)
    assert card.weights_sha256 is not None
    return tensors


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    tensors = written(tmp_path / "model")
    checkpoint = read_checkpoint(tmp_path / "model")
    assert checkpoint.config == CONFIG
    assert checkpoint.vocabulary == Vocabulary.canonical(3)
    assert checkpoint.labels == ("no", "yes")
    assert all(torch.equal(checkpoint.tensors[name], tensors[name]) for name in tensors)
    assert load_model(tmp_path / "model", device="cpu").assumptions == ()


def test_equal_models_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        written(tmp_path / name)
    for name in MODEL_FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_transformers_reads_the_same_model(tmp_path: Path) -> None:
    written(tmp_path / "model")
    ours = load_model(tmp_path / "model", device="cpu")
    theirs = BertForSequenceClassification.from_pretrained(tmp_path / "model").eval()
    assert theirs.config.id2label == {0: "no", 1: "yes"}
    tokens = tokenize(["ACGTACGTAACCGGTTACGT"], ours.vocabulary)
    tokenizer = BertTokenizer.from_pretrained(tmp_path / "model")
    kmers = " ".join("ACGTACGTAACCGGTTACGT"[i : i + 3] for i in range(18))
    assert tokenizer(kmers)["input_ids"] == tokens.ids[0].tolist()
    with torch.inference_mode():
        logits = theirs(torch.from_numpy(tokens.ids)).logits
    assert torch.allclose(torch.from_numpy(predict_logits(ours, tokens)), logits, atol=1e-5)
