"""What people look at: plots, pictures of an evaluation, and a folder that explains a variant.

Names are imported when they are first used: plots alone need no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.reports import plot
    from enhancer_variants.reports.evaluation_pictures import draw_evaluation
    from enhancer_variants.reports.explanation_folder import explain_into_folder
    from enhancer_variants.reports.variant_evaluation_pictures import draw_variant_evaluation

__all__ = ["draw_evaluation", "draw_variant_evaluation", "explain_into_folder", "plot"]

_MODULE_OF = {
    "draw_evaluation": "evaluation_pictures",
    "draw_variant_evaluation": "variant_evaluation_pictures",
    "explain_into_folder": "explanation_folder",
}


def __getattr__(name: str) -> object:
    if name == "plot":
        return importlib.import_module(".plot", __name__)
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
