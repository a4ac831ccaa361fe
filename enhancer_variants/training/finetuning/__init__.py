"""Fine-tuning: from labelled sequences and a checkpoint to a model directory that scores.

Names are imported when they are first used: a configuration needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.training.finetuning.config import (
        FinetuneConfig,
        FinetuneResult,
        NetworkSizes,
    )
    from enhancer_variants.training.finetuning.label_tables import (
        MultiLabelSequences,
        read_multi_label_sequences,
    )
    from enhancer_variants.training.finetuning.run import finetune

_MODULE_OF = {
    "FinetuneConfig": "config",
    "FinetuneResult": "config",
    "MultiLabelSequences": "label_tables",
    "NetworkSizes": "config",
    "finetune": "run",
    "read_multi_label_sequences": "label_tables",
}

__all__ = [
    "FinetuneConfig",
    "FinetuneResult",
    "MultiLabelSequences",
    "NetworkSizes",
    "finetune",
    "read_multi_label_sequences",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
