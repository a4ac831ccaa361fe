"""Scores of variants judged by measured effects, beside scores that need no training."""

from __future__ import annotations

from enhancer_variants.training.variant_evaluation.evaluation import (
    VariantEvaluation,
    evaluate_variants,
)
from enhancer_variants.training.variant_evaluation.judgement import (
    Resampling,
    ScoreDifference,
    ScoreFigure,
    Subset,
)
from enhancer_variants.training.variant_evaluation.outputs import (
    MEAN_OF_GROUPS,
    variant_evaluation_as_dict,
    variant_evaluation_text,
    write_variant_evaluation,
)
from enhancer_variants.training.variant_evaluation.resampling import VariantStatistic
from enhancer_variants.training.variant_evaluation.scores import EvaluatedScore, KmerTraining
from enhancer_variants.training.variant_evaluation.selection import SIGNIFICANT, VariantSelection
from enhancer_variants.training.variant_evaluation.sources import ScoredVariants

__all__ = [
    "MEAN_OF_GROUPS",
    "SIGNIFICANT",
    "EvaluatedScore",
    "KmerTraining",
    "Resampling",
    "ScoreDifference",
    "ScoreFigure",
    "ScoredVariants",
    "Subset",
    "VariantEvaluation",
    "VariantSelection",
    "VariantStatistic",
    "evaluate_variants",
    "variant_evaluation_as_dict",
    "variant_evaluation_text",
    "write_variant_evaluation",
]
