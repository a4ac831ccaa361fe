"""How good a model is: figures with intervals, beside simple models on the same data."""

from __future__ import annotations

from enhancer_variants.training.evaluation.baselines import (
    Baseline,
    GcRegression,
    KmerRegression,
    cross_validated_log_odds,
    gc_content,
)
from enhancer_variants.training.evaluation.evaluation import evaluate
from enhancer_variants.training.evaluation.figures import (
    Comparison,
    MethodFigures,
    Metric,
    compare_methods,
)
from enhancer_variants.training.evaluation.gc_matched import gc_matched_rows
from enhancer_variants.training.evaluation.kmer_counts import kmer_counts
from enhancer_variants.training.evaluation.labelled_data import (
    LabelledData,
    LabelledSource,
    read_labelled_data,
)
from enhancer_variants.training.evaluation.results import (
    Evaluation,
    OutputEvaluation,
    RowSet,
)
from enhancer_variants.training.evaluation.writing import (
    evaluation_text,
    made_folder,
    method_title,
    write_evaluation,
)

__all__ = [
    "Baseline",
    "Comparison",
    "Evaluation",
    "GcRegression",
    "KmerRegression",
    "LabelledData",
    "LabelledSource",
    "MethodFigures",
    "Metric",
    "OutputEvaluation",
    "RowSet",
    "compare_methods",
    "cross_validated_log_odds",
    "evaluate",
    "evaluation_text",
    "gc_content",
    "gc_matched_rows",
    "kmer_counts",
    "made_folder",
    "method_title",
    "read_labelled_data",
    "write_evaluation",
]
