"""What a model's card leaves open, from arguments and then by assumption.

What the card says holds. What it does not say, an argument does; what neither says is assumed,
and each assumption is a sentence that goes to the provenance and a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from enhancer_variants.errors import CheckpointError, ModelError, WindowLengthError
from enhancer_variants.models.card import ModelCard, Padding
from enhancer_variants.models.checkpoint import Checkpoint
from enhancer_variants.models.tokens import longest_sequence

__all__ = ["complete_card"]

_ASSUMED_WINDOW = 200
_ASSUMED_MAX_SEQ_LENGTH = 200
_TWO_LABELS = 2


def complete_card(
    checkpoint: Checkpoint,
    *,
    name: str | None = None,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    **more: Any,
) -> tuple[ModelCard, tuple[str, ...]]:
    """Fill in what a checkpoint's card does not say, from arguments and then by assumption.

    Parameters
    ----------
    checkpoint
        The checkpoint, with or without a card.
    name
        A new name for the card; its own stays otherwise, whatever columns are called.
    window, max_seq_length, padding
        As for `load_model`.
    **more
        Further values of a card that has none yet, by the names of ModelCard.

    Returns
    -------
    card : ModelCard
        Complete but for the positive label of a model with three or more.
    assumptions : tuple of str
        One sentence for each assumption.

    Raises
    ------
    ModelError
        If an argument contradicts the card or is none that a card can have.
    WindowLengthError
        If the window does not fit the model.
    """
    where = checkpoint.directory
    given: dict[str, Any] = {
        "window_length": window,
        "max_seq_length": max_seq_length,
        "padding": padding,
        **more,
    }
    card = checkpoint.card or ModelCard(
        name=_own_name(where), task=checkpoint.task, labels=checkpoint.labels
    )
    card = _with_arguments(card, given, where)
    assumed, assumptions = _assumed(card, checkpoint)
    card = replace(
        card,
        **assumed,
        name=name or card.name,
        kmer=checkpoint.vocabulary.k,
        weights_sha256=checkpoint.weights_sha256,
    )
    _check_window(card, checkpoint)
    return card, assumptions


def _own_name(directory: Path) -> str:
    """Name of a directory, without what a card would not accept as a name."""
    return "".join(c for c in directory.resolve().name if c.isprintable()).strip()[:200] or "model"


def _with_arguments(card: ModelCard, given: Mapping[str, Any], where: Path) -> ModelCard:
    known = {item.name for item in fields(card)}
    for key, value in given.items():
        said = getattr(card, key) if key in known else None
        if value is not None and said is not None and value != said and said != {}:
            raise ModelError(
                f"{where}: {key} {value!r} was asked for, but the model's card says {said!r}; "
                "expected no such argument, or the card's own value"
            )
    try:
        return replace(card, **{key: value for key, value in given.items() if value is not None})
    except CheckpointError as error:
        raise ModelError(f"{where}: {error}") from error


def _assumed(card: ModelCard, checkpoint: Checkpoint) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Values for what the card leaves open, and a sentence on each that is no more than likely."""
    values: dict[str, Any] = {}
    sentences = []
    window, padding = card.window_length, card.padding
    if window is None:
        window = values["window_length"] = _ASSUMED_WINDOW
        sentences.append(f"Nothing says how many bases the model reads: {window} are assumed.")
    if padding is None:
        padding = values["padding"] = "dnabert" if checkpoint.legacy else "none"
        written_by = "the published DNABERT code" if checkpoint.legacy else "transformers"
        sentences.append(
            f"Nothing says how the model treats padding: {padding} is assumed, because its "
            f"config.json was written by {written_by}."
        )
    if card.max_seq_length is None and padding == "dnabert":
        # The published settings: 200 tokens, or as many as the window has bases (350 for 350).
        fits = window <= longest_sequence(checkpoint.vocabulary.k, _ASSUMED_MAX_SEQ_LENGTH)
        tokens = values["max_seq_length"] = _ASSUMED_MAX_SEQ_LENGTH if fits else window
        sentences.append(
            f"Nothing says to how many tokens input is padded, which changes the logits: {tokens} "
            "are assumed."
        )
    two_classes = card.task == "single_label" and len(card.labels) == _TWO_LABELS
    if two_classes and card.positive_label is None:
        values["positive_label"] = card.labels[1]
    return values, tuple(sentences)


def _check_window(card: ModelCard, checkpoint: Checkpoint) -> None:
    where, window, k = checkpoint.directory, card.window_length or 0, checkpoint.vocabulary.k
    positions = checkpoint.config.max_position_embeddings
    tokens = card.max_seq_length or positions
    if tokens > positions:
        raise WindowLengthError(
            f"{where}: max_seq_length is {tokens}, but the network has {positions} positions; "
            f"expected at most {positions}"
        )
    if window < k:
        raise WindowLengthError(
            f"{where}: a window of {window} bases holds no {k}-mer, so every allele would look the "
            "same; expected a longer window"
        )
    if window > longest_sequence(k, tokens):
        raise WindowLengthError(
            f"{where}: a window of {window} bases, but {tokens} tokens hold "
            f"{longest_sequence(k, tokens)}; expected a shorter window or a larger max_seq_length"
        )
