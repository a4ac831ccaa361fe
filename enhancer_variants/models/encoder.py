"""An encoder to go on training: a checkpoint of DNABERT with or without a classifier."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from enhancer_variants.models.architecture import (
    check_architecture,
    network_config,
    tensor_shapes,
    today_names,
)
from enhancer_variants.models.checkpoint import (
    Checkpoint,
    find_weights,
    finite_tensors,
    read_checkpoint,
    read_vocabulary,
)
from enhancer_variants.models.files import read_json_object, sha256_of
from enhancer_variants.models.network import NetworkConfig
from enhancer_variants.models.vocabulary import Vocabulary
from enhancer_variants.models.weights import read_weights

__all__ = ["Encoder", "initial_tensors", "read_encoder"]

_NOT_NEEDED: Final = ("cls.", "bert.embeddings.position_ids", "embeddings.position_ids")
_LARGEST_CONFIG: Final = 1 << 20
_SPREAD: Final = 0.02
"""Standard deviation of first weights, as in BERT."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Weights to start from, checked.

    Attributes
    ----------
    config
        Sizes of the network.
    tensors
        Tensors by the names that transformers has for them, float32; pooler and classifier only
        where the checkpoint has them.
    vocabulary
        Token ids.
    weights_sha256
        SHA-256 of the weights file.
    checkpoint
        The whole checkpoint where it is a classifier; None for a pre-trained encoder.
    """

    config: NetworkConfig
    tensors: Mapping[str, Tensor]
    vocabulary: Vocabulary
    weights_sha256: str
    checkpoint: Checkpoint | None

    def with_outputs(
        self, num_labels: int, generator: torch.Generator, *, new_head: bool
    ) -> tuple[NetworkConfig, dict[str, Tensor]]:
        """Sizes and tensors of a classifier; what is missing is drawn.

        Parameters
        ----------
        num_labels
            Outputs of the classifier.
        generator
            Draws the first weights.
        new_head
            Whether to draw the classifier anew although the checkpoint has one.

        Returns
        -------
        config : NetworkConfig
            With that many outputs.
        tensors : dict
            All that such a network has.
        """
        config = replace(self.config, num_labels=num_labels)
        drawn = initial_tensors(config, generator)
        kept = {
            name: tensor
            for name, tensor in self.tensors.items()
            if not (new_head and name.startswith("classifier."))
        }
        return config, {**drawn, **kept}


def initial_tensors(config: NetworkConfig, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw the first weights of a network, as BERT does.

    Parameters
    ----------
    config
        The sizes.
    generator
        Draws them.

    Returns
    -------
    dict
        Float32 tensors by the names that transformers has for them: weights are normal with a
        standard deviation of 0.02, biases 0, and layer norms leave their input as it is.

    Examples
    --------
    >>> sizes = NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 3)
    >>> initial_tensors(sizes, torch.Generator().manual_seed(0))["classifier.bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    tensors = {}
    for name, shape in tensor_shapes(config):
        if "LayerNorm.weight" in name:
            tensors[name] = torch.ones(shape)
        elif name.endswith(".bias"):
            tensors[name] = torch.zeros(shape)
        else:
            tensors[name] = torch.empty(shape).normal_(0, _SPREAD, generator=generator)
    return tensors


def read_encoder(directory: str | os.PathLike[str]) -> Encoder:
    """Read a model directory to go on training it: a classifier, or a pre-trained encoder.

    Parameters
    ----------
    directory
        As the published DNABERT code, transformers or this package writes it. Heads of
        pre-training are left out; names of tensors may lack ``bert.`` in front.

    Returns
    -------
    Encoder
        Its weights.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError
        As `read_checkpoint`, but for a missing classifier or pooler.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> encoder = read_encoder(demo_files().model)
    >>> encoder.checkpoint is not None, encoder.vocabulary.k
    (True, 6)
    """
    directory = Path(directory)
    if not os.path.lexists(directory / "config.json"):
        read_checkpoint(directory)  # says what is wrong with the directory
    config_path, weights_path = directory / "config.json", find_weights(directory)
    tensors = today_names(read_weights(weights_path, without=_NOT_NEEDED))
    if "classifier.weight" in tensors:
        checkpoint = read_checkpoint(directory)
        return Encoder(
            checkpoint.config,
            checkpoint.tensors,
            checkpoint.vocabulary,
            checkpoint.weights_sha256,
            checkpoint,
        )
    if "embeddings.word_embeddings.weight" in tensors:
        tensors = {f"bert.{name}": tensor for name, tensor in tensors.items()}
    settings = read_json_object(config_path, _LARGEST_CONFIG)
    check_architecture(config_path, settings)
    config = network_config(config_path, settings, weights_path, _with_head(settings, tensors))
    return Encoder(
        config,
        finite_tensors(weights_path, tensors),
        read_vocabulary(directory, config.vocab_size),
        sha256_of(weights_path),
        None,
    )


def _with_head(settings: Mapping[str, object], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with a head of the right shape where there is none, so that shapes can be checked."""
    width = settings.get("hidden_size")
    if not isinstance(width, int) or width < 1 or width > 1 << 16:
        return dict(tensors)  # network_config says what is wrong
    with torch.device("meta"):
        head = {
            "bert.pooler.dense.weight": torch.empty(width, width),
            "bert.pooler.dense.bias": torch.empty(width),
            "classifier.weight": torch.empty(2, width),
            "classifier.bias": torch.empty(2),
        }
    return {**head, **tensors}
