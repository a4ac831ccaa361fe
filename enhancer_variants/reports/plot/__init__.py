"""Plots of what a model sees in a sequence, of what an allele changes, and of many alleles.

They need the extra ``plot`` (matplotlib, logomaker). Each draws on the axes that it is given, or
on new ones, and returns axes; none shows or saves anything, and none changes matplotlib's settings.
"""

from __future__ import annotations

from enhancer_variants.reports.plot.attention_track import attention_track
from enhancer_variants.reports.plot.call_comparison import comparison, upset
from enhancer_variants.reports.plot.effect_heatmap import heatmap
from enhancer_variants.reports.plot.explanation_figure import explanation_figure
from enhancer_variants.reports.plot.locus import locus
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.saturation_heatmap import saturation_heatmap
from enhancer_variants.reports.plot.scan_track import scan_track
from enhancer_variants.reports.plot.sequence_logo import allele_logos, saturation_logo
from enhancer_variants.reports.plot.variant_card import variant_card
from enhancer_variants.reports.plot.volcano import rank, volcano

__all__ = [
    "MotifHit",
    "allele_logos",
    "attention_track",
    "comparison",
    "explanation_figure",
    "heatmap",
    "locus",
    "rank",
    "saturation_heatmap",
    "saturation_logo",
    "scan_track",
    "upset",
    "variant_card",
    "volcano",
]
