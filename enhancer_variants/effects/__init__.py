"""What a variant does: shifts of log-odds between its two alleles."""

from enhancer_variants.effects.assembly import assembly_checked, require_fitting_contigs
from enhancer_variants.effects.collector import collector_paused
from enhancer_variants.effects.plan import ModelSource, ScoringPlan, named_models
from enhancer_variants.effects.scoring import score_records, score_windows
from enhancer_variants.effects.shifts import allele_effects, score_change
from enhancer_variants.effects.window_pairs import WindowPairs, pair_windows

__all__ = [
    "ModelSource",
    "ScoringPlan",
    "WindowPairs",
    "allele_effects",
    "assembly_checked",
    "collector_paused",
    "named_models",
    "pair_windows",
    "require_fitting_contigs",
    "score_change",
    "score_records",
    "score_windows",
]
