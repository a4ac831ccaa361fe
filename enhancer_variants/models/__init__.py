"""DNABERT models: tokens, checkpoints and their cards, the network, prediction.

Names are imported when they are first used, because most of them need torch and some work
(tokens, cards) does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.models.admission import Admission
    from enhancer_variants.models.admission import Backend as Backend
    from enhancer_variants.models.admission import Precision as Precision
    from enhancer_variants.models.admission_choice import admitted
    from enhancer_variants.models.batch_size import measured_batch_size
    from enhancer_variants.models.bundled_models import (
        BUNDLED_ENHANCER,
        BUNDLED_FACTORS,
        bundled_directory,
    )
    from enhancer_variants.models.card import ModelCard, read_card, write_card
    from enhancer_variants.models.card import Padding as Padding
    from enhancer_variants.models.checkpoint import Checkpoint, read_checkpoint
    from enhancer_variants.models.convert import convert_checkpoint
    from enhancer_variants.models.describe import describe_model
    from enhancer_variants.models.locate import locate_model
    from enhancer_variants.models.model import (
        Model,
        joined,
        load_model,
        log_odds,
        probability,
        seen_as,
    )
    from enhancer_variants.models.network import DnabertNetwork, NetworkConfig
    from enhancer_variants.models.null import NullDistribution, OutputNull
    from enhancer_variants.models.null_set import NullConditions, NullSet, NullSource
    from enhancer_variants.models.prediction import predict_logits
    from enhancer_variants.models.registry.download import download_model
    from enhancer_variants.models.registry.entries import (
        HubSource,
        ModelEntry,
        RecordSource,
        published_models,
    )
    from enhancer_variants.models.registry.listing import ListedModel, list_models
    from enhancer_variants.models.shelf import ModelMemory as ModelMemory
    from enhancer_variants.models.shelf import ModelShelf
    from enhancer_variants.models.tokens import Tokens, longest_sequence, tokenize, truncate
    from enhancer_variants.models.views import ENHANCER_LABEL, ModelView, find_model
    from enhancer_variants.models.vocabulary import Vocabulary

_MODULE_OF = {
    "Admission": "admission",
    "BUNDLED_ENHANCER": "bundled_models",
    "BUNDLED_FACTORS": "bundled_models",
    "Backend": "admission",
    "Checkpoint": "checkpoint",
    "DnabertNetwork": "network",
    "ENHANCER_LABEL": "views",
    "HubSource": "registry.entries",
    "ListedModel": "registry.listing",
    "Model": "model",
    "ModelCard": "card",
    "ModelEntry": "registry.entries",
    "ModelMemory": "shelf",
    "ModelShelf": "shelf",
    "ModelView": "views",
    "NetworkConfig": "network",
    "NullConditions": "null_set",
    "NullDistribution": "null",
    "NullSet": "null_set",
    "NullSource": "null_set",
    "OutputNull": "null",
    "Padding": "card",
    "Precision": "admission",
    "RecordSource": "registry.entries",
    "Tokens": "tokens",
    "Vocabulary": "vocabulary",
    "admitted": "admission_choice",
    "bundled_directory": "bundled_models",
    "convert_checkpoint": "convert",
    "describe_model": "describe",
    "download_model": "registry.download",
    "find_model": "views",
    "joined": "model",
    "list_models": "registry.listing",
    "load_model": "model",
    "locate_model": "locate",
    "log_odds": "model",
    "longest_sequence": "tokens",
    "measured_batch_size": "batch_size",
    "predict_logits": "prediction",
    "probability": "model",
    "published_models": "registry.entries",
    "read_card": "card",
    "read_checkpoint": "checkpoint",
    "seen_as": "model",
    "tokenize": "tokens",
    "truncate": "tokens",
    "write_card": "card",
}

__all__ = [
    "BUNDLED_ENHANCER",
    "BUNDLED_FACTORS",
    "ENHANCER_LABEL",
    "Admission",
    "Checkpoint",
    "DnabertNetwork",
    "HubSource",
    "ListedModel",
    "Model",
    "ModelCard",
    "ModelEntry",
    "ModelShelf",
    "ModelView",
    "NetworkConfig",
    "NullConditions",
    "NullDistribution",
    "NullSet",
    "NullSource",
    "OutputNull",
    "RecordSource",
    "Tokens",
    "Vocabulary",
    "admitted",
    "bundled_directory",
    "convert_checkpoint",
    "describe_model",
    "download_model",
    "find_model",
    "joined",
    "list_models",
    "load_model",
    "locate_model",
    "log_odds",
    "longest_sequence",
    "measured_batch_size",
    "predict_logits",
    "probability",
    "published_models",
    "read_card",
    "read_checkpoint",
    "seen_as",
    "tokenize",
    "truncate",
    "write_card",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
