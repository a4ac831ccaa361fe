"""Pre-training: from genomes to an encoder that knows which k-mers stand beside which.

Names are imported when they are first used: a configuration needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.training.pretraining.config import PretrainConfig, PretrainResult
    from enhancer_variants.training.pretraining.run import pretrain

_MODULE_OF = {"PretrainConfig": "config", "PretrainResult": "config", "pretrain": "run"}

__all__ = ["PretrainConfig", "PretrainResult", "pretrain"]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
