"""What people look at: plots, a page of HTML, pictures of an evaluation, explanations in a folder.

Names are imported when they are first used: plots alone need no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.reports import plot
    from enhancer_variants.reports.comparison_picture import draw_comparison
    from enhancer_variants.reports.evaluation_pictures import draw_evaluation
    from enhancer_variants.reports.evidence import evidence_in_words
    from enhancer_variants.reports.explanation_folder import explain_into_folder
    from enhancer_variants.reports.page import read_effects, report
    from enhancer_variants.reports.variant_evaluation_pictures import draw_variant_evaluation

__all__ = [
    "draw_comparison",
    "draw_evaluation",
    "draw_variant_evaluation",
    "evidence_in_words",
    "explain_into_folder",
    "plot",
    "read_effects",
    "report",
]

_MODULE_OF = {
    "draw_comparison": "comparison_picture",
    "draw_evaluation": "evaluation_pictures",
    "draw_variant_evaluation": "variant_evaluation_pictures",
    "evidence_in_words": "evidence",
    "explain_into_folder": "explanation_folder",
    "read_effects": "page",
    "report": "page",
}


def __getattr__(name: str) -> object:
    if name == "plot":
        return importlib.import_module(".plot", __name__)
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
