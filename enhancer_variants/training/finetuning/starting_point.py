"""What a run starts from: a checkpoint's network with a head for its labels, or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from enhancer_variants.errors import InputError, WindowLengthError
from enhancer_variants.models import (
    DnabertNetwork,
    ModelCard,
    NetworkConfig,
    Vocabulary,
    find_model,
    longest_sequence,
)
from enhancer_variants.models.encoder import Encoder, initial_tensors, read_encoder
from enhancer_variants.models.network import from_checkpoint_names
from enhancer_variants.training.finetuning.config import FinetuneConfig, NetworkSizes
from enhancer_variants.training.finetuning.data import LabelledSplit

__all__ = ["StartingPoint", "starting_point"]

_KMER: Final = 6
_TWO_LABELS: Final = ("negative", "positive")


@dataclass(frozen=True, slots=True, eq=False)
class StartingPoint:
    """A network as it is before training, and what its model will be.

    Attributes
    ----------
    network
        Float32, on the CPU, in training mode.
    vocabulary
        Token ids.
    labels, positive_label
        Names of the outputs; the class whose log-odds count, None for ``multi_label``.
    window_length
        Bases of a window, W.
    token_limit
        Most tokens of a row.
    card
        Card of the model that it starts from, where that has one.
    provenance
        What it starts from, as the new card has it.
    """

    network: DnabertNetwork
    vocabulary: Vocabulary
    labels: tuple[str, ...]
    positive_label: str | None
    window_length: int
    token_limit: int
    card: ModelCard | None
    provenance: dict[str, Any]


def starting_point(config: FinetuneConfig, train: LabelledSplit) -> StartingPoint:
    """Make what a run starts from.

    A checkpoint's classifier is kept where it has the outputs that are needed, as the published
    code does: as many classes, or the very labels of a ``multi_label`` run. Otherwise, and where
    there is none, a new one is drawn.

    Parameters
    ----------
    config
        The run.
    train
        Its training sequences.

    Returns
    -------
    StartingPoint
        The same for the same seed.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError
        If the checkpoint cannot be read.
    InputError
        If labels and sequences do not fit together, or nothing says how long a window is.
    WindowLengthError
        If the window is longer than the network reads.
    """
    generator = torch.Generator().manual_seed(config.seed)
    encoder = None if config.model is None else read_encoder(_directory(config))
    checkpoint = None if encoder is None else encoder.checkpoint
    card = None if checkpoint is None else checkpoint.card
    labels = _labels(config, train, encoder)
    if encoder is None:
        vocabulary = Vocabulary.canonical(config.kmer or _KMER)
        sizes = _from_scratch(config.network or NetworkSizes(), vocabulary.size, len(labels))
        tensors = initial_tensors(sizes, generator)
        provenance: dict[str, Any] = {"from": "scratch"}
    else:
        vocabulary = encoder.vocabulary
        keep = _keeps_head(config, encoder, labels)
        sizes, tensors = encoder.with_outputs(len(labels), generator, new_head=not keep)
        provenance = {
            "from": card.name if card else find_model(config.model or "").directory.resolve().name,
            "sha256": encoder.weights_sha256,
            "licence": card.licence if card else None,
            "classifier": "kept" if keep else "new",
        }
    network = DnabertNetwork(sizes, dropout=config.dropout)
    network.load_state_dict(from_checkpoint_names(tensors, sizes.num_hidden_layers))
    token_limit = config.max_seq_length or sizes.max_position_embeddings
    window = _window(config, card, train)
    _check_lengths(window, token_limit, sizes, vocabulary.k, train, config.shift)
    return StartingPoint(
        network=network.train(),
        vocabulary=vocabulary,
        labels=labels,
        positive_label=_positive_label(config, card, labels),
        window_length=window,
        token_limit=token_limit,
        card=card,
        provenance={**provenance, "network": asdict(sizes)},
    )


def _directory(config: FinetuneConfig) -> Path:
    """Directory of the checkpoint to start from, which the run must not write over."""
    directory = find_model(config.model or "").directory
    if directory.resolve() == Path(config.output).resolve():
        raise InputError(
            f"{directory}: is both the model to start from and the output; expected another "
            "output: a run that is resumed reads its model again"
        )
    return directory


def _from_scratch(sizes: NetworkSizes, vocab_size: int, num_labels: int) -> NetworkConfig:
    return NetworkConfig(
        vocab_size=vocab_size,
        type_vocab_size=2,
        layer_norm_eps=1e-12,
        num_labels=num_labels,
        **asdict(sizes),
    )


def _labels(
    config: FinetuneConfig, train: LabelledSplit, encoder: Encoder | None
) -> tuple[str, ...]:
    """Names of the outputs, as somebody says, the checkpoint's card has them, or by default."""
    if config.task == "multi_label":
        return train.labels
    if config.labels is not None:
        return config.labels
    numbers = np.unique(train.targets).tolist()
    classes = max(numbers[-1] + 1, len(_TWO_LABELS))
    checkpoint = None if encoder is None else encoder.checkpoint
    if checkpoint is not None and checkpoint.card is not None:
        card = checkpoint.card
        if card.task == "single_label" and len(card.labels) >= classes:
            return card.labels
    if classes == len(_TWO_LABELS):
        return _TWO_LABELS
    if len(numbers) < classes:
        absent = next(number for number in range(classes) if number not in numbers)
        raise InputError(
            f"{train.source['name']}: a sequence has label {numbers[-1]} and none has {absent}; "
            "expected the numbers of classes, 0, 1, ..., or labels (--labels) that name each"
        )
    return tuple(f"class_{number}" for number in numbers)


def _keeps_head(config: FinetuneConfig, encoder: Encoder, labels: Sequence[str]) -> bool:
    checkpoint = encoder.checkpoint
    if checkpoint is None or checkpoint.task != config.task:
        return False
    if config.task == "multi_label":
        return checkpoint.labels == tuple(labels)
    return len(checkpoint.labels) == len(labels)


def _positive_label(
    config: FinetuneConfig, card: ModelCard | None, labels: Sequence[str]
) -> str | None:
    if config.task == "multi_label":
        return None
    if config.positive_label is not None:
        if config.positive_label not in labels:
            raise InputError(
                f"positive_label is {config.positive_label!r}; expected one of {', '.join(labels)}"
            )
        return config.positive_label
    if card is not None and card.labels == tuple(labels) and card.positive_label is not None:
        return card.positive_label
    if len(labels) > len(_TWO_LABELS):
        raise InputError(
            f"there are {len(labels)} classes and no positive_label; expected one of "
            f"{', '.join(labels)}, whose log-odds are reported"
        )
    return labels[1]


def _window(config: FinetuneConfig, card: ModelCard | None, train: LabelledSplit) -> int:
    if config.window_length is not None:
        return config.window_length
    if card is not None and card.window_length is not None:
        return card.window_length
    lengths = {len(sequence) for sequence in train.sequences}
    if len(lengths) > 1:
        raise InputError(
            f"{train.source['name']}: sequences are {min(lengths)} to {max(lengths)} bases long; "
            "expected window_length (--window), the bases that the model is to read"
        )
    return lengths.pop()


def _check_lengths(
    window: int,
    token_limit: int,
    sizes: NetworkConfig,
    k: int,
    train: LabelledSplit,
    shift: int,
) -> None:
    if token_limit > sizes.max_position_embeddings:
        raise WindowLengthError(
            f"max_seq_length is {token_limit}, but the network has "
            f"{sizes.max_position_embeddings} positions; expected at most that"
        )
    longest = longest_sequence(k, token_limit)
    if not k <= window <= longest:
        raise WindowLengthError(
            f"window_length is {window}; expected {k} to {longest} bases, which {token_limit} "
            f"tokens of {k}-mers hold"
        )
    lengths = [len(sequence) for sequence in train.sequences]
    if min(lengths) < k:
        raise InputError(
            f"{train.source['name']}: sequence {lengths.index(min(lengths)) + 1} has "
            f"{min(lengths)} bases; expected {k} at least, for one {k}-mer"
        )
    if shift and max(lengths) <= window:
        raise InputError(
            f"{train.source['name']}: sequences have {max(lengths)} bases at most, which leaves a "
            f"window of {window} no room to be moved by {shift}; expected longer sequences, or "
            "no shift"
        )
