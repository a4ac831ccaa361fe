"""What network a model directory holds: ``config.json``, believed as far as the tensors agree.

Sizes in a file cost nothing to write, so none of them makes this code loop or allocate before a
tensor of that size has been seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.files import JSON
from enhancer_variants.models.network import NetworkConfig

if TYPE_CHECKING:
    import torch

__all__ = ["check_architecture", "network_config", "shown", "tensor_shapes", "today_names"]

_TENSORS_PER_LAYER = 16
_MATRIX = 2
_CLASSIFIER = "BertForSequenceClassification"

# Keys of config.json that change what is computed, with the values that this package computes.
_ACCEPTED: tuple[tuple[str, tuple[JSON, ...]], ...] = (
    ("model_type", ("bert",)),
    ("hidden_act", ("gelu",)),
    ("position_embedding_type", ("absolute",)),
    ("is_decoder", (False,)),
    ("add_cross_attention", (False,)),
    ("pruned_heads", ({},)),
    ("problem_type", (None, "single_label_classification", "multi_label_classification")),
)


def shown(value: object) -> str:
    """Return a value as a message shows it: its first 100 characters."""
    return repr(value)[:100]


def check_architecture(path: Path, settings: Mapping[str, JSON]) -> str | None:
    """Refuse what is no BERT as DNABERT has it.

    Parameters
    ----------
    path
        The ``config.json``, for messages.
    settings
        Its content.

    Returns
    -------
    str or None
        Its ``problem_type``.

    Raises
    ------
    CheckpointError
        If it describes another architecture.

    Examples
    --------
    >>> check_architecture(Path("config.json"), {"hidden_act": "gelu_new"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: config.json: 'hidden_act' is 'gelu_new'; expected ...
    """
    for key, accepted in _ACCEPTED:
        if key in settings and settings[key] not in accepted:
            expected = " or ".join(map(repr, accepted))
            raise CheckpointError(
                f"{path}: {key!r} is {shown(settings[key])}; expected {expected}: no DNABERT "
                "classifier that this package can run"
            )
    architectures = settings.get("architectures") or [_CLASSIFIER]
    if not isinstance(architectures, list) or not all(
        isinstance(name, str) and name.startswith("Bert") and "Long" not in name
        for name in architectures
    ):
        raise CheckpointError(
            f"{path}: 'architectures' is {shown(architectures)}; expected [{_CLASSIFIER!r}] "
            "(DNABERT's models of long sequences, dnalong, are not supported)"
        )
    problem_type = settings.get("problem_type")
    return problem_type if isinstance(problem_type, str) else None


def today_names(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give tensors today's names: the first versions said gamma and beta for a layer norm.

    Parameters
    ----------
    tensors
        Tensors by the names in their file.

    Returns
    -------
    dict
        The same tensors.

    Examples
    --------
    >>> list(today_names({"bert.embeddings.LayerNorm.gamma": None}))
    ['bert.embeddings.LayerNorm.weight']
    """
    return {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
            "LayerNorm.beta", "LayerNorm.bias"
        ): tensor
        for name, tensor in tensors.items()
    }


def network_config(
    path: Path,
    settings: Mapping[str, JSON],
    weights_path: Path,
    tensors: Mapping[str, torch.Tensor],
) -> NetworkConfig:
    """Sizes from ``config.json``, each of them confirmed by the tensors.

    Parameters
    ----------
    path, settings
        The ``config.json`` and its content.
    weights_path, tensors
        The weights file and its tensors by today's names.

    Returns
    -------
    NetworkConfig
        The sizes.

    Raises
    ------
    CheckpointError
        If a size is missing or no size, or a tensor is missing, foreign or of another shape.

    Examples
    --------
    >>> network_config(Path("config.json"), {}, Path("model.safetensors"), {})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: model.safetensors: no classifier.weight, ...
    """
    num_labels = _check_head(weights_path, tensors)
    layers = _whole(path, settings, "num_hidden_layers")
    if layers * _TENSORS_PER_LAYER > len(tensors):
        raise CheckpointError(
            f"{path}: 'num_hidden_layers' is {shown(layers)}; expected at most "
            f"{len(tensors) // _TENSORS_PER_LAYER}, for {weights_path.name} has no more tensors"
        )
    epsilon = settings.get("layer_norm_eps", 1e-12)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise CheckpointError(
            f"{path}: 'layer_norm_eps' is {shown(epsilon)}; expected a small number above 0"
        )
    config = NetworkConfig(
        vocab_size=_whole(path, settings, "vocab_size"),
        hidden_size=_whole(path, settings, "hidden_size"),
        num_hidden_layers=layers,
        num_attention_heads=_whole(path, settings, "num_attention_heads"),
        intermediate_size=_whole(path, settings, "intermediate_size"),
        max_position_embeddings=_whole(path, settings, "max_position_embeddings"),
        type_vocab_size=_whole(path, settings, "type_vocab_size", default=2),
        layer_norm_eps=epsilon,
        num_labels=num_labels,
    )
    if config.hidden_size % config.num_attention_heads:
        raise CheckpointError(
            f"{path}: 'hidden_size' is {shown(config.hidden_size)}; expected a multiple of "
            f"'num_attention_heads', {shown(config.num_attention_heads)}"
        )
    _check_shapes(path, config, weights_path, tensors)
    return config


def tensor_shapes(config: NetworkConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor of a checkpoint of these sizes.

    Parameters
    ----------
    config
        The sizes.

    Yields
    ------
    tuple
        Name, as transformers' BertForSequenceClassification has it, and shape.

    Examples
    --------
    >>> dict(tensor_shapes(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 3)))["classifier.weight"]
    (3, 8)
    """
    width, wide = config.hidden_size, config.intermediate_size
    for table, rows in (
        ("word", config.vocab_size),
        ("position", config.max_position_embeddings),
        ("token_type", config.type_vocab_size),
    ):
        yield f"bert.embeddings.{table}_embeddings.weight", (rows, width)
    norms = ["bert.embeddings.LayerNorm"]
    linears = {"bert.pooler.dense": (width, width), "classifier": (config.num_labels, width)}
    for number in range(config.num_hidden_layers):
        layer = f"bert.encoder.layer.{number}"
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linears[f"{layer}.attention.{part}"] = (width, width)
        linears[f"{layer}.intermediate.dense"] = (wide, width)
        linears[f"{layer}.output.dense"] = (width, wide)
    for norm in norms:
        yield f"{norm}.weight", (width,)
        yield f"{norm}.bias", (width,)
    for linear, (outputs, inputs) in linears.items():
        yield f"{linear}.weight", (outputs, inputs)
        yield f"{linear}.bias", (outputs,)


def _check_head(path: Path, tensors: Mapping[str, torch.Tensor]) -> int:
    """Count the outputs of the classifier, if there is one and no other head."""
    recurrent = next((n for n in tensors if n.startswith(("rnn.", "lstm.", "gru."))), None)
    if recurrent is not None:
        raise CheckpointError(
            f"{path}: tensor {recurrent[:80]!r} belongs to DNABERT's models of long sequences "
            f"(dnalong), which are not supported; expected a {_CLASSIFIER}"
        )
    head = tensors.get("classifier.weight")
    if head is None:
        raise CheckpointError(
            f"{path}: no classifier.weight, so this is a base model; expected a classifier: "
            "fine-tune it on labelled sequences first"
        )
    if head.ndim != _MATRIX or not head.shape[0]:
        raise CheckpointError(
            f"{path}: 'classifier.weight' has shape {tuple(head.shape)}; expected (labels, hidden)"
        )
    return head.shape[0]


def _check_shapes(
    path: Path, config: NetworkConfig, weights_path: Path, tensors: Mapping[str, torch.Tensor]
) -> None:
    expected = dict(tensor_shapes(config))
    for name, shape in expected.items():
        found = tuple(tensors[name].shape) if name in tensors else "missing"
        if found != shape:
            raise CheckpointError(
                f"{weights_path}: tensor {name!r} is {found}; expected the shape {shown(shape)}, "
                f"as {path.name} says"
            )
    foreign = sorted(tensors.keys() - expected.keys())
    if foreign:
        raise CheckpointError(
            f"{weights_path}: tensor {foreign[0][:80]!r} is no part of a {_CLASSIFIER} of "
            f"{config.num_hidden_layers} layers, as {path.name} says; expected no other tensors"
        )


def _whole(path: Path, settings: Mapping[str, JSON], key: str, default: int | None = None) -> int:
    value = settings.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise CheckpointError(f"{path}: {key!r} is {shown(value)}; expected a whole number above 0")
    return value
