"""Motifs: reading them, scoring both alleles with them, exact p-values, what a change does."""

from __future__ import annotations

from enhancer_variants.motifs.bundled import BUNDLED_MOTIFS, bundled_motifs
from enhancer_variants.motifs.change import (
    MOTIF_EFFECTS,
    CallThresholds,
    MotifChanges,
    motif_changes,
    strongest_changes,
)
from enhancer_variants.motifs.p_values import (
    ScoreDistribution,
    ScoreDistributions,
    score_distribution,
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
from enhancer_variants.motifs.scanning import BestHits, MotifScanner, best_hits, own_stretches

__all__ = [
    "BUNDLED_MOTIFS",
    "MOTIF_EFFECTS",
    "PSEUDOCOUNT",
    "SCORE_UNIT",
    "UNIFORM_BACKGROUND",
    "UNKNOWN_SITES",
    "Background",
    "BestHits",
    "CallThresholds",
    "Motif",
    "MotifChanges",
    "MotifScanner",
    "Pwm",
    "ScoreDistribution",
    "ScoreDistributions",
    "best_hits",
    "bundled_motifs",
    "motif_changes",
    "own_stretches",
    "read_motifs",
    "score_distribution",
    "strand_symmetric",
    "strongest_changes",
]
