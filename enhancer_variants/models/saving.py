"""A model directory as this package writes it: safetensors, config, vocabulary and card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from enhancer_variants.models.card import CARD_FILE, ModelCard, write_card
from enhancer_variants.models.files import sha256_of
from enhancer_variants.models.network import NetworkConfig
from enhancer_variants.models.vocabulary import Vocabulary

__all__ = ["MODEL_FILES", "write_model"]

MODEL_FILES = (
    CARD_FILE,
    "vocab.txt",
    "tokenizer_config.json",
    "config.json",
    "model.safetensors",
)
"""Files of a model directory; one that has the last is complete if they are put there in order."""


def write_model(
    folder: Path,
    config: NetworkConfig,
    tensors: Mapping[str, Tensor],
    vocabulary: Vocabulary,
    card: ModelCard,
) -> ModelCard:
    """Write the files of a model into a folder; equal models are equal bytes.

    Parameters
    ----------
    folder
        An existing folder.
    config
        Sizes of the network.
    tensors
        Its tensors by the names that transformers has for them.
    vocabulary
        Token ids.
    card
        The card; its `weights_sha256` is filled in here.

    Returns
    -------
    ModelCard
        The card that was written.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile, torch
    >>> from enhancer_variants.models.encoder import initial_tensors
    >>> sizes = NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)
    >>> card = ModelCard(name="toy", task="single_label", labels=("no", "yes"), window_length=20)
    >>> tensors = initial_tensors(sizes, torch.Generator().manual_seed(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_model(Path(folder), sizes, tensors, Vocabulary.canonical(3), card)
    ...     sorted(path.name for path in Path(folder).iterdir()) == sorted(MODEL_FILES)
    True
    """
    weights = folder / "model.safetensors"
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    weights.write_bytes(safetensors.torch.save(own, metadata={"format": "pt"}))
    card = replace(card, weights_sha256=sha256_of(weights))
    settings: dict[str, Any] = {
        "architectures": ["BertForSequenceClassification"],
        "hidden_act": "gelu",
        "id2label": {str(number): label for number, label in enumerate(card.labels)},
        "label2id": {label: number for number, label in enumerate(card.labels)},
        "model_type": "bert",
        "pad_token_id": vocabulary.pad,
        "problem_type": f"{card.task}_classification",
        **asdict(config),
    }
    del settings["num_labels"]  # transformers derives it from id2label
    # Without the second file, tokenizers would lower-case and read every k-mer as [UNK].
    tokenizer = {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}
    for name, values in (("config.json", settings), ("tokenizer_config.json", tokenizer)):
        text = json.dumps(values, sort_keys=True, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    lines = "".join(f"{token}\n" for token in vocabulary.tokens())
    (folder / "vocab.txt").write_text(lines, encoding="ascii")
    write_card(card, folder / CARD_FILE)
    return card
