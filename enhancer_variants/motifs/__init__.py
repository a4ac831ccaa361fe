"""Motifs: reading them, scoring both alleles with them, exact p-values, what a change does."""

from __future__ import annotations

from enhancer_variants.motifs.bundled import BUNDLED_MOTIFS, BundledMotifs, bundled_motifs
from enhancer_variants.motifs.change import (
    CallThresholds,
    MotifChanges,
    strongest_changes,
)
from enhancer_variants.motifs.change_p_values import (
    SMALLEST_P_OF_CHANGE,
    ChangeDistribution,
    ChangeDistributions,
    ChangeMeasure,
    change_distribution,
)
from enhancer_variants.motifs.comparison import compare_motifs
from enhancer_variants.motifs.context import AlleleContext, allele_context, sequence_context
from enhancer_variants.motifs.p_values import (
    ScoreDistribution,
    ScoreDistributions,
    score_distribution,
)
from enhancer_variants.motifs.panel import (
    MotifOptions,
    MotifPanel,
    MotifSource,
    motif_panel,
)
from enhancer_variants.motifs.pwm import (
    PSEUDOCOUNT,
    SCORE_UNIT,
    UNIFORM_BACKGROUND,
    UNKNOWN_SITES,
    Background,
    Motif,
    Pwm,
    strand_symmetric,
)
from enhancer_variants.motifs.readers import read_motifs
from enhancer_variants.motifs.scanning import BestHits, MotifScanner, best_hits
from enhancer_variants.motifs.shift_sum import motif_shift_sum, motif_weights

__all__ = [
    "BUNDLED_MOTIFS",
    "PSEUDOCOUNT",
    "SCORE_UNIT",
    "SMALLEST_P_OF_CHANGE",
    "UNIFORM_BACKGROUND",
    "UNKNOWN_SITES",
    "AlleleContext",
    "Background",
    "BestHits",
    "BundledMotifs",
    "CallThresholds",
    "ChangeDistribution",
    "ChangeDistributions",
    "ChangeMeasure",
    "Motif",
    "MotifChanges",
    "MotifOptions",
    "MotifPanel",
    "MotifScanner",
    "MotifSource",
    "Pwm",
    "ScoreDistribution",
    "ScoreDistributions",
    "allele_context",
    "best_hits",
    "bundled_motifs",
    "change_distribution",
    "compare_motifs",
    "motif_panel",
    "motif_shift_sum",
    "motif_weights",
    "read_motifs",
    "score_distribution",
    "sequence_context",
    "strand_symmetric",
    "strongest_changes",
]
