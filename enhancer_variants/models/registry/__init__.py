"""Published models: which there are, and how they come into the cache."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.models.registry.cache import ModelCache
    from enhancer_variants.models.registry.download import download_entry, download_model
    from enhancer_variants.models.registry.entries import (
        HubSource,
        ModelEntry,
        RecordSource,
        find_entry,
        published_models,
    )
    from enhancer_variants.models.registry.listing import ListedModel, list_models
    from enhancer_variants.models.registry.unpacking import Limits, unpack_model

_MODULE_OF = {
    "HubSource": "entries",
    "Limits": "unpacking",
    "ListedModel": "listing",
    "ModelCache": "cache",
    "ModelEntry": "entries",
    "RecordSource": "entries",
    "download_entry": "download",
    "download_model": "download",
    "find_entry": "entries",
    "list_models": "listing",
    "published_models": "entries",
    "unpack_model": "unpacking",
}

__all__ = [
    "HubSource",
    "Limits",
    "ListedModel",
    "ModelCache",
    "ModelEntry",
    "RecordSource",
    "download_entry",
    "download_model",
    "find_entry",
    "list_models",
    "published_models",
    "unpack_model",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
