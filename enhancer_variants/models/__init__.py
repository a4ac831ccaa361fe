"""DNABERT models: tokens, checkpoints and their cards, the network, prediction.

Names are imported when they are first used, because most of them need torch and some work
(tokens, cards) does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.models.card import ModelCard, read_card, write_card
    from enhancer_variants.models.card import Padding as Padding
    from enhancer_variants.models.checkpoint import Checkpoint, read_checkpoint
    from enhancer_variants.models.convert import convert_checkpoint
    from enhancer_variants.models.describe import describe_model
    from enhancer_variants.models.model import Model, load_model, log_odds, probability
    from enhancer_variants.models.model import Precision as Precision
    from enhancer_variants.models.network import DnabertNetwork, NetworkConfig
    from enhancer_variants.models.null import NullDistribution, OutputNull
    from enhancer_variants.models.null_set import NullConditions, NullSet, NullSource
    from enhancer_variants.models.prediction import predict_logits
    from enhancer_variants.models.shelf import ModelMemory as ModelMemory
    from enhancer_variants.models.shelf import ModelShelf
    from enhancer_variants.models.tokens import Tokens, longest_sequence, tokenize, truncate
    from enhancer_variants.models.vocabulary import Vocabulary

_MODULE_OF = {
    "Checkpoint": "checkpoint",
    "DnabertNetwork": "network",
    "Model": "model",
    "ModelCard": "card",
    "ModelMemory": "shelf",
    "ModelShelf": "shelf",
    "NetworkConfig": "network",
    "NullConditions": "null_set",
    "NullDistribution": "null",
    "NullSet": "null_set",
    "NullSource": "null_set",
    "OutputNull": "null",
    "Padding": "card",
    "Precision": "model",
    "Tokens": "tokens",
    "Vocabulary": "vocabulary",
    "convert_checkpoint": "convert",
    "describe_model": "describe",
    "load_model": "model",
    "log_odds": "model",
    "longest_sequence": "tokens",
    "predict_logits": "prediction",
    "probability": "model",
    "read_card": "card",
    "read_checkpoint": "checkpoint",
    "tokenize": "tokens",
    "truncate": "tokens",
    "write_card": "card",
}

__all__ = [
    "Checkpoint",
    "DnabertNetwork",
    "Model",
    "ModelCard",
    "ModelShelf",
    "NetworkConfig",
    "NullConditions",
    "NullDistribution",
    "NullSet",
    "NullSource",
    "OutputNull",
    "Tokens",
    "Vocabulary",
    "convert_checkpoint",
    "describe_model",
    "load_model",
    "log_odds",
    "longest_sequence",
    "predict_logits",
    "probability",
    "read_card",
    "read_checkpoint",
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
