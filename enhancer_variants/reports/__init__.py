"""What people look at: plots, and a folder that explains a variant."""

from __future__ import annotations

from enhancer_variants.reports import plot
from enhancer_variants.reports.explanation_folder import explain_into_folder

__all__ = ["explain_into_folder", "plot"]
