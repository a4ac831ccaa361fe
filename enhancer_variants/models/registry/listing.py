"""Which models there are: bundled, downloaded, or for download."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from enhancer_variants.errors import InputError
from enhancer_variants.models.bundled_models import BUNDLED_MODELS, bundled_directory
from enhancer_variants.models.card import CARD_FILE, read_card
from enhancer_variants.models.registry.cache import ModelCache
from enhancer_variants.models.registry.entries import published_models

__all__ = ["ListedModel", "list_models"]

State = Literal["bundled", "downloaded", "for download"]

_BUNDLED = {
    "enhancer": "enhancers (ships with the package)",
    "factors": "binding of transcription factors (ships with the package)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model that can be named.

    Attributes
    ----------
    name
        Its name.
    description
        What it predicts, in a few words.
    window_length
        Bases it reads; None for a base model.
    licence
        Licence of the weights; None where nobody says.
    size
        Bytes on disk, or else to download; None where nobody says.
    state
        ``bundled``, ``downloaded`` or ``for download``.
    collection
        Name of the collection that it belongs to, or None.
    base
        Whether it has to be fine-tuned before it can score.
    homepage, citation
        Where a person reads more, and what to cite; None for a bundled model.
    unverified
        What could not be looked up when the registry was made, a sentence each.
    """

    name: str
    description: str
    window_length: int | None
    licence: str | None
    size: int | None
    state: State
    collection: str | None = None
    base: bool = False
    homepage: str | None = None
    citation: str | None = None
    unverified: tuple[str, ...] = ()


def list_models(*, cache: str | os.PathLike[str] | None = None) -> tuple[ListedModel, ...]:
    """List every model that can be named: the bundled ones, and those of the registry.

    Parameters
    ----------
    cache
        Folder of downloaded models; by default the one that ``ENHANCER_VARIANTS_CACHE`` names, or
        the platform's cache.

    Returns
    -------
    tuple of ListedModel
        Bundled ones first, then in the order of the registry.

    Raises
    ------
    CheckpointError
        If the card of a bundled model is damaged.

    Examples
    --------
    >>> [model.name for model in list_models() if model.base]
    ['DNABERT-3', 'DNABERT-4', 'DNABERT-5', 'DNABERT-6']
    """
    models = ModelCache.at(cache)
    published = []
    for entry in published_models():
        here = models.holds(entry.name)
        published.append(
            ListedModel(
                name=entry.name,
                description=entry.description,
                window_length=entry.window_length,
                licence=entry.licence,
                size=_size(models.directory(entry.name)) if here else entry.size,
                state="downloaded" if here else "for download",
                collection=entry.collection,
                base=entry.base,
                homepage=entry.homepage,
                citation=entry.citation,
                unverified=entry.unverified,
            )
        )
    return (*_bundled(), *published)


def _bundled() -> list[ListedModel]:
    """List the models that ship with this installation, if it has them."""
    try:
        directory = bundled_directory()
    except InputError:
        return []
    card = read_card(directory / CARD_FILE)
    return [
        ListedModel(
            name=name,
            description=_BUNDLED[part],
            window_length=card.window_length,
            licence=card.licence,
            size=_size(directory),
            state="bundled",
            citation=card.citation,
        )
        for name, part in BUNDLED_MODELS.items()
    ]


def _size(directory: os.PathLike[str]) -> int:
    with os.scandir(directory) as files:
        return sum(file.stat().st_size for file in files if file.is_file())
