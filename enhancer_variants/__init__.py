"""Which variants change an enhancer, and in which direction.

Importing this package imports neither torch nor anything else of weight: each public name is
loaded when it is first used.

>>> import enhancer_variants as ev
>>> ev.Variant.parse("chr1:109274968:G>T").kind
'snv'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from enhancer_variants._version import __version__

if TYPE_CHECKING:
    from enhancer_variants.errors import (
        AssemblyMismatchError,
        CheckpointError,
        EnhancerVariantsError,
        FastaError,
        InputError,
        MissingDependencyError,
        ModelError,
        UnsafeCheckpointError,
        VariantFileError,
        WindowLengthError,
    )
    from enhancer_variants.genome import Interval, Reference, Variant
    from enhancer_variants.models import ModelCard, convert_checkpoint, load_model
    from enhancer_variants.schema import Status
    from enhancer_variants.scorer import VariantScorer, score_vcf
    from enhancer_variants.summary import RunSummary

__all__ = [
    "AssemblyMismatchError",
    "CheckpointError",
    "EnhancerVariantsError",
    "FastaError",
    "InputError",
    "Interval",
    "MissingDependencyError",
    "ModelCard",
    "ModelError",
    "Reference",
    "RunSummary",
    "Status",
    "UnsafeCheckpointError",
    "Variant",
    "VariantFileError",
    "VariantScorer",
    "WindowLengthError",
    "__version__",
    "convert_checkpoint",
    "load_model",
    "score_vcf",
]

_HOME = {
    **dict.fromkeys((name for name in __all__ if name.endswith("Error")), "errors"),
    **dict.fromkeys(("Interval", "Reference", "Variant"), "genome"),
    **dict.fromkeys(("ModelCard", "convert_checkpoint", "load_model"), "models"),
    **dict.fromkeys(("VariantScorer", "score_vcf"), "scorer"),
    "RunSummary": "summary",
    "Status": "schema",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
