"""A model directory, read and checked before anything is built from it.

Only the files named here are opened: ``training_args.bin`` and optimizer states are pickles of
arbitrary objects, and no class of transformers, which could be told to run code of a directory,
is involved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.architecture import (
    check_architecture,
    network_config,
    shown,
    today_names,
)
from enhancer_variants.models.card import CARD_FILE, ModelCard, Task, read_card
from enhancer_variants.models.files import JSON, read_json_object, read_limited, sha256_of
from enhancer_variants.models.network import NetworkConfig
from enhancer_variants.models.tokens import Vocabulary
from enhancer_variants.models.weights import read_weights

if TYPE_CHECKING:
    import torch

__all__ = ["Checkpoint", "find_weights", "finite_tensors", "read_checkpoint", "read_vocabulary"]

_EXPECTED = (
    "a model directory with config.json and model.safetensors (or pytorch_model.bin), and where "
    f"present vocab.txt and {CARD_FILE}"
)
_LARGEST_CONFIG = 1 << 20
_LARGEST_VOCABULARY = 16 << 20
# Pre-training heads, and a buffer that counts from 0 and that some versions saved.
_NOT_NEEDED = ("cls.", "bert.embeddings.position_ids")
_TASKS: dict[str, Task] = {
    "single_label_classification": "single_label",
    "multi_label_classification": "multi_label",
}


@dataclass(frozen=True)
class Checkpoint:
    """What a model directory holds, checked.

    Attributes
    ----------
    directory
        The directory.
    config
        Sizes of the network; every tensor has them.
    tensors
        Tensors by the names that transformers has for them, float32, dense, finite.
    vocabulary
        Token ids.
    card
        The model card, or None where there is none.
    labels
        Name of each output: the card's, else the ``id2label`` of ``config.json``.
    problem_type
        What ``config.json`` says of the task, or None.
    legacy
        Whether the directory was written by the published DNABERT code, which attends padding,
        rather than by a version of transformers that says which it is.
    weights_file, weights_sha256
        Name and SHA-256 of the weights file.
    """

    directory: Path
    config: NetworkConfig
    tensors: Mapping[str, torch.Tensor]
    vocabulary: Vocabulary
    card: ModelCard | None
    labels: tuple[str, ...]
    problem_type: str | None
    legacy: bool
    weights_file: str
    weights_sha256: str

    @property
    def task(self) -> Task:
        """``single_label`` or ``multi_label``: the card's word, else that of ``config.json``."""
        if self.card is not None:
            return self.card.task
        return _TASKS.get(self.problem_type or "", "single_label")


def read_checkpoint(directory: str | Path) -> Checkpoint:
    """Read a model directory as the published DNABERT code or transformers writes it.

    Parameters
    ----------
    directory
        The directory. ``model.safetensors`` is preferred to ``pytorch_model.bin``.

    Returns
    -------
    Checkpoint
        Its content.

    Raises
    ------
    CheckpointError
        If something is missing, damaged, contradictory or of another architecture.
    UnsafeCheckpointError
        If loading would run code or exhaust the memory.

    Examples
    --------
    >>> read_checkpoint("no/such/model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: no/such/model: no such directory; expected a model ...
    """
    directory = Path(directory)
    _check_directory(directory)
    config_path, weights_path = directory / "config.json", find_weights(directory)
    settings = read_json_object(config_path, _LARGEST_CONFIG)
    problem_type = check_architecture(config_path, settings)
    tensors = today_names(read_weights(weights_path, without=_NOT_NEEDED))
    config = network_config(config_path, settings, weights_path, tensors)
    vocabulary = read_vocabulary(directory, config.vocab_size)
    labels = _labels(config_path, settings, config.num_labels)
    digest = sha256_of(weights_path)
    card = None
    if os.path.lexists(directory / CARD_FILE):
        card = read_card(directory / CARD_FILE)
        found = {
            "kmer": vocabulary.k,
            "labels": labels if labels != _numbered(len(labels)) else None,
            "task": _TASKS.get(problem_type or ""),
            "weights_sha256": digest,
        }
        _check_card(directory / CARD_FILE, card, found, config.num_labels)
        labels = card.labels
    checkpoint = Checkpoint(
        directory=directory,
        config=config,
        tensors=finite_tensors(weights_path, tensors),
        vocabulary=vocabulary,
        card=card,
        labels=labels,
        problem_type=problem_type,
        legacy="transformers_version" not in settings,
        weights_file=weights_path.name,
        weights_sha256=digest,
    )
    if checkpoint.task == "single_label" and len(labels) == 1:
        raise CheckpointError(
            f"{weights_path}: a classifier with one output; expected two or more, or "
            f"'problem_type': 'multi_label_classification' in {config_path.name}"
        )
    return checkpoint


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        found = "no directory but a file" if directory.exists() else "no such directory"
        raise CheckpointError(f"{directory}: {found}; expected {_EXPECTED}")
    if not os.path.lexists(directory / "config.json"):
        raise CheckpointError(f"{directory}: no config.json; expected {_EXPECTED}")


def find_weights(directory: Path) -> Path:
    """Find the weights file of a model directory.

    Parameters
    ----------
    directory
        The directory. ``model.safetensors`` is preferred to ``pytorch_model.bin``.

    Raises
    ------
    CheckpointError
        If there is none, or the weights are in several files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "pytorch_model.bin").write_bytes(b"")
    ...     find_weights(Path(folder)).name
    'pytorch_model.bin'
    """
    for name in ("model.safetensors", "pytorch_model.bin"):
        if os.path.lexists(directory / name):
            return directory / name
        if os.path.lexists(directory / f"{name}.index.json"):
            raise CheckpointError(
                f"{directory}: {name}.index.json, weights in several files; expected one {name}: "
                "save the model again with a larger max_shard_size"
            )
    raise CheckpointError(
        f"{directory}: neither model.safetensors nor pytorch_model.bin; expected {_EXPECTED}"
    )


def finite_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give tensors as float32, all of their numbers finite.

    Parameters
    ----------
    path
        The file that they are from, for messages.
    tensors
        Tensors by name.

    Raises
    ------
    CheckpointError
        If one holds no floats, or NaN or infinity.

    Examples
    --------
    >>> import torch
    >>> finite_tensors(Path("model.safetensors"), {"bias": torch.tensor([1.0 / 3]).half()})
    {'bias': tensor([0.3333])}
    """
    checked = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise CheckpointError(f"{path}: tensor {name!r} is {tensor.dtype}; expected floats")
        checked[name] = tensor.float()
        if not bool(checked[name].isfinite().all()):
            raise CheckpointError(
                f"{path}: tensor {name!r} holds NaN or infinity; expected finite numbers: "
                "did its training diverge?"
            )
    return checked


def read_vocabulary(directory: Path, vocab_size: int) -> Vocabulary:
    """Read the vocabulary of a model directory.

    Parameters
    ----------
    directory
        The directory. ``vocab.txt`` is preferred to ``tokenizer.json``; without either it is the
        canonical one of that size.
    vocab_size
        Tokens, as ``config.json`` has it.

    Raises
    ------
    CheckpointError
        If a file is damaged, or of another size, or there is none and no k has that size.

    Examples
    --------
    >>> read_vocabulary(Path("no/such/folder"), 69).k
    3
    """
    text, tokenizer = directory / "vocab.txt", directory / "tokenizer.json"
    if os.path.lexists(text):
        source, tokens = text, _tokens_of_text(text)
    elif os.path.lexists(tokenizer):
        source, tokens = tokenizer, _tokens_of_tokenizer(tokenizer)
    else:
        return _canonical(directory / "config.json", vocab_size)
    vocabulary = Vocabulary.from_tokens(tokens, str(source))
    if vocabulary.size != vocab_size:
        raise CheckpointError(
            f"{source}: {vocabulary.size} tokens; expected {vocab_size}, the 'vocab_size' of "
            "config.json"
        )
    return vocabulary


def _canonical(config_path: Path, vocab_size: int) -> Vocabulary:
    for k in range(1, 9):
        if 4**k + 5 == vocab_size:
            return Vocabulary.canonical(k)
    raise CheckpointError(
        f"{config_path}: 'vocab_size' is {vocab_size} and there is no vocab.txt; expected "
        "4**k + 5 (69, 261, 1029 or 4101 for k = 3, 4, 5, 6)"
    )


def _tokens_of_text(path: Path) -> list[str]:
    try:
        return read_limited(path, _LARGEST_VOCABULARY).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path}: {error}; expected one token a line in UTF-8") from error


def _tokens_of_tokenizer(path: Path) -> list[str]:
    """Tokens in the order of their ids, from the one file that transformers 5 writes."""
    model = read_json_object(path, _LARGEST_VOCABULARY).get("model")
    ids = model.get("vocab") if isinstance(model, dict) else None
    token_of = (
        {i: token for token, i in ids.items() if type(i) is int} if isinstance(ids, dict) else {}
    )
    if not isinstance(ids, dict) or token_of.keys() != set(range(len(ids))):
        raise CheckpointError(
            f"{path}: no 'model.vocab' that gives each token an id from 0 on; expected the "
            "tokenizer.json of a BertTokenizer"
        )
    return [token_of[i] for i in range(len(ids))]


def _labels(path: Path, settings: Mapping[str, JSON], num_labels: int) -> tuple[str, ...]:
    """Name of each output of the classifier, as ``config.json`` has it."""
    by_id = settings.get("id2label")
    declared = settings.get("num_labels", num_labels)
    if by_id is None:
        labels = _numbered(num_labels)
    elif isinstance(by_id, dict) and by_id.keys() == {str(i) for i in range(num_labels)}:
        names = [by_id[str(i)] for i in range(num_labels)]
        labels = tuple(name for name in names if isinstance(name, str) and name.isprintable())
    else:
        labels = ()
    if len(set(labels)) != num_labels or declared != num_labels:
        raise CheckpointError(
            f"{path}: 'id2label' is {shown(by_id)}, 'num_labels' {shown(declared)}; expected a "
            f"different name for each of the classifier's {num_labels} outputs"
        )
    return labels


def _numbered(num_labels: int) -> tuple[str, ...]:
    return tuple(f"LABEL_{number}" for number in range(num_labels))


def _check_card(path: Path, card: ModelCard, found: Mapping[str, object], num_labels: int) -> None:
    """Refuse a card that says something else than the directory that it lies in."""
    for key, value in found.items():
        said = getattr(card, key)
        if said is not None and value is not None and said != value:
            raise CheckpointError(
                f"{path}: key {key!r} is {shown(said)}, but the directory's other files say "
                f"{shown(value)}; expected the card of this model"
            )
    if len(card.labels) != num_labels:
        raise CheckpointError(
            f"{path}: key 'labels' has {len(card.labels)} names; expected {num_labels}, one for "
            "each output of the classifier"
        )
