"""A pre-trained encoder as a directory: what a run starts from, and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch

from enhancer_variants.models import DnabertNetwork, NetworkConfig, Vocabulary, find_model
from enhancer_variants.models.architecture import today_names
from enhancer_variants.models.encoder import initial_tensors, read_encoder
from enhancer_variants.models.files import write_atomically
from enhancer_variants.models.network import from_checkpoint_names, to_checkpoint_names
from enhancer_variants.models.weights import read_weights
from enhancer_variants.training.finetuning.config import NetworkSizes
from enhancer_variants.training.pretraining.config import PretrainConfig
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel

__all__ = ["starting_model", "write_encoder"]

_KMER: Final = 6
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
_NEW_OUTPUTS: Final = 2
"""Outputs of the classifier that a network has and that is not written."""


def starting_model(
    config: PretrainConfig,
) -> tuple[MaskedLanguageModel, Vocabulary, dict[str, Any]]:
    """Make the model that a run starts from: a checkpoint's, or one with random weights.

    Parameters
    ----------
    config
        The run. The same seed gives the same weights.

    Returns
    -------
    model : MaskedLanguageModel
        On the CPU, float32. A checkpoint's own head is taken over where it has one.
    vocabulary : Vocabulary
        Token ids.
    provenance : dict
        What it starts from.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError
        If the checkpoint cannot be read.
    """
    generator = torch.Generator().manual_seed(config.seed)
    provenance: dict[str, Any] = {"from": "scratch"}
    head: Mapping[str, torch.Tensor] = {}
    if config.model is None:
        vocabulary = Vocabulary.canonical(config.kmer or _KMER)
        sizes = NetworkConfig(
            vocab_size=vocabulary.size,
            type_vocab_size=2,
            layer_norm_eps=1e-12,
            num_labels=_NEW_OUTPUTS,
            **asdict(config.network or NetworkSizes()),
        )
        tensors = initial_tensors(sizes, generator)
    else:
        directory = Path(find_model(config.model).directory)
        encoder = read_encoder(directory)
        vocabulary = encoder.vocabulary
        sizes, tensors = encoder.with_outputs(_NEW_OUTPUTS, generator, new_head=True)
        weights = next(directory / name for name in _WEIGHTS if (directory / name).exists())
        head = today_names(read_weights(weights, without=("bert.", "classifier.")))
        provenance = {"from": directory.resolve().name, "sha256": encoder.weights_sha256}
    network = DnabertNetwork(sizes, dropout=config.dropout)
    network.load_state_dict(from_checkpoint_names(tensors, sizes.num_hidden_layers))
    model = MaskedLanguageModel(network)
    torch.nn.init.normal_(model.transform.weight, std=0.02, generator=generator)
    torch.nn.init.zeros_(model.transform.bias)
    if model.load_head(head):
        provenance["head"] = "kept"
    elif config.model is not None:
        provenance["head"] = "new"
    return model, vocabulary, {**provenance, "network": asdict(sizes)}


def write_encoder(model: MaskedLanguageModel, vocabulary: Vocabulary, folder: Path) -> None:
    """Write a pre-trained encoder as the published code names its tensors, without a classifier.

    It can be fine-tuned and pre-trained further, here or with transformers
    (``BertForMaskedLM.from_pretrained``). It cannot score, because an untrained classifier would
    answer with numbers that mean nothing.

    Parameters
    ----------
    model
        The model.
    vocabulary
        Token ids.
    folder
        An existing folder; files of the same names are replaced, the weights last.
    """
    state = {name: tensor.detach().cpu() for name, tensor in model.network.state_dict().items()}
    sizes = model.network.config
    encoder = to_checkpoint_names(state, sizes.num_hidden_layers)
    tensors = {n: t for n, t in encoder.items() if not n.startswith("classifier.")}
    tensors |= {name: tensor.cpu() for name, tensor in model.head_tensors().items()}
    settings = {
        "architectures": ["BertForMaskedLM"],
        "hidden_act": "gelu",
        "model_type": "bert",
        "pad_token_id": vocabulary.pad,
        **{name: value for name, value in asdict(sizes).items() if name != "num_labels"},
    }
    # Without the second file, tokenizers would lower-case and read every k-mer as [UNK].
    tokenizer = {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}
    for name, values in (
        ("config.json", settings),
        ("tokenizer_config.json", tokenizer),
    ):
        text = json.dumps(values, sort_keys=True, indent=2) + "\n"
        write_atomically(folder / name, text.encode("utf-8"))
    lines = "".join(f"{token}\n" for token in vocabulary.tokens())
    write_atomically(folder / "vocab.txt", lines.encode("ascii"))
    content = safetensors.torch.save(tensors, metadata={"format": "pt"})
    write_atomically(folder / "model.safetensors", content)
