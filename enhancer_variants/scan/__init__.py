"""Genome-wide enhancer annotation, and its comparison with known enhancers.

Names are imported when they are first used: a comparison needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.scan.calling import Call, CallRule, make_calls
    from enhancer_variants.scan.comparison import compare_calls
    from enhancer_variants.scan.comparison_output import (
        comparison_text,
        write_comparison,
        write_novel,
    )
    from enhancer_variants.scan.comparison_results import (
        ANY_DATABASE,
        CallComparison,
        DatabaseComparison,
        OverlapCounts,
    )
    from enhancer_variants.scan.permutations import Enrichment
    from enhancer_variants.scan.presets import PRESETS, ScanPreset
    from enhancer_variants.scan.scanned import ScannedWindows
    from enhancer_variants.scan.scanning import GenomeScanner, Scan, scan_genome
    from enhancer_variants.scan.summary import ScanSummary
    from enhancer_variants.scan.tiling import Tiling
    from enhancer_variants.scan.variant_calls import VariantCalls, enhancer_change

_MODULE_OF = {
    "ANY_DATABASE": "comparison_results",
    "Call": "calling",
    "CallComparison": "comparison_results",
    "CallRule": "calling",
    "DatabaseComparison": "comparison_results",
    "Enrichment": "permutations",
    "GenomeScanner": "scanning",
    "OverlapCounts": "comparison_results",
    "PRESETS": "presets",
    "Scan": "scanning",
    "ScanPreset": "presets",
    "ScanSummary": "summary",
    "ScannedWindows": "scanned",
    "Tiling": "tiling",
    "VariantCalls": "variant_calls",
    "compare_calls": "comparison",
    "comparison_text": "comparison_output",
    "enhancer_change": "variant_calls",
    "make_calls": "calling",
    "scan_genome": "scanning",
    "write_comparison": "comparison_output",
    "write_novel": "comparison_output",
}

__all__ = [
    "ANY_DATABASE",
    "PRESETS",
    "Call",
    "CallComparison",
    "CallRule",
    "DatabaseComparison",
    "Enrichment",
    "GenomeScanner",
    "OverlapCounts",
    "Scan",
    "ScanPreset",
    "ScanSummary",
    "ScannedWindows",
    "Tiling",
    "VariantCalls",
    "compare_calls",
    "comparison_text",
    "enhancer_change",
    "make_calls",
    "scan_genome",
    "write_comparison",
    "write_novel",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
