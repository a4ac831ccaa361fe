"""A checkpoint of any kind to the one that this package writes: safetensors, config and card."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from enhancer_variants.errors import CheckpointError, ModelError
from enhancer_variants.models.admission import admissions_for_weights
from enhancer_variants.models.card import (
    CARD_FILE,
    ModelCard,
    Padding,
    with_assumptions_noted,
    write_card,
)
from enhancer_variants.models.checkpoint import Checkpoint, read_checkpoint
from enhancer_variants.models.completion import complete_card
from enhancer_variants.models.null_set import nulls_for_weights
from enhancer_variants.models.saving import write_model

__all__ = ["convert_checkpoint"]


def convert_checkpoint(
    source: str | Path,
    destination: str | Path,
    *,
    name: str | None = None,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    positive_label: str | None = None,
    licence: str | None = None,
    citation: str | None = None,
    notes: str | None = None,
) -> ModelCard:
    """Write a model as safetensors with a card that says how to use it.

    The result scores as the source does. transformers reads it too
    (``BertForSequenceClassification.from_pretrained``), but masks the padding.

    Parameters
    ----------
    source
        A model directory.
    destination
        The directory to make; it appears when it is complete.
    name, window, max_seq_length, padding
        As for `load_model`; what is assumed there is written into the card here.
    positive_label
        Which label's log-odds are reported, where there are three or more.
    licence, citation, notes
        For the card, where it has none yet.

    Returns
    -------
    ModelCard
        The card that was written.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError, WindowLengthError, ModelError
        As `load_model`.
    ModelError
        If the destination exists and is not an empty directory, or cannot be written.

    Examples
    --------
    >>> convert_checkpoint("no/such/model", "converted")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: no/such/model: no such directory; expected a model ...
    """
    destination = Path(destination).absolute()
    checkpoint = read_checkpoint(source)
    card, assumptions = complete_card(
        checkpoint,
        name=name,
        window=window,
        max_seq_length=max_seq_length,
        padding=padding,
        positive_label=positive_label,
        licence=licence,
        citation=citation,
        notes=notes,
    )
    if card.task == "single_label" and card.positive_label is None:
        raise CheckpointError(
            f"{source}: labels {list(card.labels)} none of them marked as positive; expected "
            "positive_label to be one of them"
        )
    unfinished = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}")
    try:
        if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
            raise ModelError(f"{destination}: exists; expected no such directory, or an empty one")
        unfinished.mkdir(parents=True)
        card = with_assumptions_noted(card, "converted", assumptions)
        card = _write(checkpoint, card, unfinished)
        unfinished.replace(destination)
    except OSError as error:
        message = f"{destination}: {error.strerror}; expected a folder to write to"
        raise ModelError(message) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return card


def _write(checkpoint: Checkpoint, card: ModelCard, folder: Path) -> ModelCard:
    """Write the model; what was found out with the old weights file holds for the new one."""
    parts = (checkpoint.config, checkpoint.tensors, checkpoint.vocabulary)
    written = write_model(folder, *parts, replace(card, nulls=(), admissions=()))
    digests = (checkpoint.weights_sha256, written.weights_sha256 or "")
    card = replace(
        written,
        nulls=nulls_for_weights(card.nulls, *digests),
        admissions=admissions_for_weights(card.admissions, *digests),
    )
    write_card(card, folder / CARD_FILE)
    return card
