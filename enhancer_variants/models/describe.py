"""What a model directory holds, told without building the network."""

from __future__ import annotations

import os
from dataclasses import asdict

from enhancer_variants.models.checkpoint import read_checkpoint
from enhancer_variants.models.completion import complete_card
from enhancer_variants.models.files import JSON
from enhancer_variants.models.views import ModelView, find_model

__all__ = ["describe_model"]


def describe_model(directory: str | os.PathLike[str] | ModelView) -> dict[str, JSON]:
    """Describe a model as JSON values.

    Parameters
    ----------
    directory
        A directory or a name, as for `load_model`.

    Returns
    -------
    dict
        ``directory`` (its own name), ``card`` (completed), ``assumptions`` (what was assumed to
        complete it), ``architecture`` (sizes), ``parameters`` (their number), ``weights_file``,
        ``weights_sha256``, ``legacy``.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError
        As `read_checkpoint`.
    WindowLengthError
        If the card's window does not fit the network.

    Examples
    --------
    >>> describe_model("no/such/model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: no/such/model: no such directory; expected a model ...
    """
    view = find_model(directory)
    checkpoint = read_checkpoint(view.directory)
    card, assumptions = complete_card(checkpoint)
    card = view.card_of(card)
    described_card = asdict(card)
    described_card["labels"] = list(card.labels)
    described_card["admissions"] = [asdict(admission) for admission in card.admissions]
    described_card["nulls"] = [null.summary() for null in card.nulls]
    return {
        "directory": checkpoint.directory.name,
        "card": described_card,
        "assumptions": list(assumptions),
        "architecture": asdict(checkpoint.config),
        "parameters": sum(tensor.numel() for tensor in checkpoint.tensors.values()),
        "weights_file": checkpoint.weights_file,
        "weights_sha256": checkpoint.weights_sha256,
        "legacy": checkpoint.legacy,
    }
