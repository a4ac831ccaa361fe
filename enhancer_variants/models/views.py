"""Which outputs of a model directory are meant, and which directory a name stands for.

A multi-label model may hold an enhancer output and those of transcription factors. Named as the
enhancer model it stands for the first, named as TFBS models for the others; both are the same
network, which is then loaded once and computed once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from enhancer_variants.errors import InputError
from enhancer_variants.models.bundled_models import BUNDLED_MODELS, bundled_directory
from enhancer_variants.models.card import ModelCard
from enhancer_variants.models.locate import locate_model

__all__ = ["ENHANCER_LABEL", "ModelView", "Part", "find_model"]

ENHANCER_LABEL: Final = "enhancer"
"""Label of the output of a multi-label model that is no transcription factor's."""

Part = Literal["all", "enhancer", "factors"]
"""Outputs of a directory: all, those of the enhancer model, or those of TFBS models."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model directory and which of its outputs are meant.

    The part matters for a multi-label model that has the label `enhancer` alone: ``enhancer`` is
    that output, ``factors`` are all others. Of any other model, every part is the whole.

    Attributes
    ----------
    directory
        The directory.
    part
        ``all``, ``enhancer`` or ``factors``.
    name
        Name of the part, as that of a bundled model; None for the card's.

    Examples
    --------
    >>> card = ModelCard(name="mini", task="multi_label", labels=("CTCF", "enhancer", "NANOG"))
    >>> ModelView(Path("mini"), "enhancer").columns(card)
    (1,)
    >>> ModelView(Path("mini"), "factors").card_of(card).labels
    ('CTCF', 'NANOG')
    """

    directory: Path
    part: Part = "all"
    name: str | None = None

    def columns(self, card: ModelCard) -> tuple[int, ...] | None:
        """Give the places of this part's outputs among those of the network, None for all.

        Parameters
        ----------
        card
            Card of the directory.

        Raises
        ------
        InputError
            If the part is ``factors``, and the model has none.
        """
        labels = card.labels
        if self.part == "all" or card.task != "multi_label" or ENHANCER_LABEL not in labels:
            return None
        if self.part == "enhancer":
            return (labels.index(ENHANCER_LABEL),)
        others = tuple(i for i, label in enumerate(labels) if label != ENHANCER_LABEL)
        if not others:
            raise InputError(
                f"{self.directory}: its only label is {ENHANCER_LABEL!r}; expected labels of "
                "transcription factors: name it as the enhancer model"
            )
        return others

    def card_of(self, card: ModelCard) -> ModelCard:
        """Give the card of this part: its labels and their null distributions, and its name.

        Parameters
        ----------
        card
            Card of the directory.
        """
        columns, name = self.columns(card), self.name or card.name
        if columns is None:
            return replace(card, name=name)
        nulls = tuple(
            replace(null, outputs=tuple(null.outputs[column] for column in columns))
            for null in card.nulls
        )
        labels = tuple(card.labels[column] for column in columns)
        return replace(card, name=name, labels=labels, nulls=nulls)

    def output_names(self, card: ModelCard, name: str | None) -> tuple[str, ...]:
        """Name each output: labels of a multi-label model as they are, a single one by `name`.

        Parameters
        ----------
        card
            Card of the directory.
        name
            What somebody calls the model, the prefix of its columns.
        """
        if card.task != "multi_label":
            return (name or self.name or card.name,)
        if self.part == "enhancer" and ENHANCER_LABEL in card.labels:
            return (name or ENHANCER_LABEL,)
        return self.card_of(card).labels


def find_model(source: str | os.PathLike[str] | ModelView, part: Part = "all") -> ModelView:
    """Find the directory that a name stands for.

    A bundled model comes first, then a directory, then a model of the registry that has been
    downloaded. Nothing is downloaded, and a directory is not looked into.

    Parameters
    ----------
    source
        A name or a directory (a path object is never a name); a view is given as it is.
    part
        Which outputs of a directory are meant. A bundled name says it itself.

    Returns
    -------
    ModelView
        Directory and part.

    Raises
    ------
    InputError
        If a bundled model is named and not installed.
    EnhancerVariantsError
        If it is neither a directory nor a name, or a name of the registry whose model has not
        been downloaded; the message names the command that does.

    Examples
    --------
    >>> find_model("models/CTCF", "factors").part
    'factors'
    """
    if isinstance(source, ModelView):
        return source
    if isinstance(source, str) and source in BUNDLED_MODELS:
        return ModelView(bundled_directory(), BUNDLED_MODELS[source], source)
    if _may_be_a_name(source):
        return ModelView(locate_model(source), part)
    return ModelView(Path(source), part)


def _may_be_a_name(source: str | os.PathLike[str]) -> bool:
    """Whether this is text without a folder in it, and no directory."""
    return isinstance(source, str) and source == Path(source).name and not Path(source).exists()
