"""What people look at: plots, and a folder that explains a variant.

Names are imported when they are first used: plots alone need no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.reports import plot
    from enhancer_variants.reports.explanation_folder import explain_into_folder

__all__ = ["explain_into_folder", "plot"]


def __getattr__(name: str) -> object:
    if name == "plot":
        return importlib.import_module("enhancer_variants.reports.plot")
    if name == "explain_into_folder":
        module = importlib.import_module("enhancer_variants.reports.explanation_folder")
        return module.explain_into_folder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
