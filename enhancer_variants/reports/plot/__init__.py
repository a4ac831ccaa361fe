"""Plots of what a model sees in a sequence, and of what an allele changes there.

They need the extra ``plot`` (matplotlib, logomaker). Each draws on the axes that it is given, or
on new ones, and returns axes; none shows or saves anything, and none changes matplotlib's settings.
"""

from __future__ import annotations

from enhancer_variants.reports.plot.attention_track import attention_track
from enhancer_variants.reports.plot.explanation_figure import explanation_figure
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.saturation_heatmap import saturation_heatmap
from enhancer_variants.reports.plot.sequence_logo import allele_logos, saturation_logo

__all__ = [
    "MotifHit",
    "allele_logos",
    "attention_track",
    "explanation_figure",
    "saturation_heatmap",
    "saturation_logo",
]
