"""Which variants change an enhancer, and in which direction.

Importing this package imports neither torch nor anything else of weight: each public name is
loaded when it is first used.

>>> import enhancer_variants as ev
>>> ev.Variant.parse("chr1:109274968:G>T").kind
'snv'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from enhancer_variants._version import __version__

if TYPE_CHECKING:
    from enhancer_variants.admission import ModelCheck, check_model
    from enhancer_variants.calibration import calibrate_model
    from enhancer_variants.effects import (
        AttentionMotifOptions,
        AttentionTrack,
        SaturationMutagenesis,
        attention_motifs,
        attention_scores,
        attention_track,
        gradient_correlation,
        model_attention_motifs,
        saturation_mutagenesis,
        tidy,
        variant_saturation,
    )
    from enhancer_variants.errors import (
        AssemblyMismatchError,
        CheckpointError,
        EnhancerVariantsError,
        FastaError,
        GwasFileError,
        InputError,
        MissingDependencyError,
        ModelError,
        MotifFileError,
        UnsafeCheckpointError,
        VariantFileError,
        WindowLengthError,
    )
    from enhancer_variants.explanation import (
        Explanation,
        Explanations,
        explain,
    )
    from enhancer_variants.genome import Interval, Reference, Variant
    from enhancer_variants.gwas import ListSummary, annotate_gwas, locus_summary, score_gwas
    from enhancer_variants.io import LabelledSequence, add_q, read_labelled_sequences, styled
    from enhancer_variants.models import ModelCard, convert_checkpoint, load_model
    from enhancer_variants.motifs import (
        Motif,
        MotifOptions,
        compare_motifs,
        motif_panel,
        read_motifs,
    )
    from enhancer_variants.prediction import predict_file, predict_sequences
    from enhancer_variants.reports import (
        evidence_in_words,
        explain_into_folder,
        plot,
        report,
    )
    from enhancer_variants.scan import (
        CallComparison,
        GenomeScanner,
        Scan,
        ScanSummary,
        VariantCalls,
        compare_calls,
        scan_genome,
    )
    from enhancer_variants.schema import Status
    from enhancer_variants.scorer import VariantScorer, score_vcf
    from enhancer_variants.scoring_run import score_run
    from enhancer_variants.summary import RunSummary
    from enhancer_variants.training import (
        DataSet,
        DataSetRecipe,
        FinetuneConfig,
        FinetuneResult,
        PretrainConfig,
        PretrainResult,
        evaluate,
        evaluate_variants,
        finetune,
        make_data_set,
        pretrain,
        write_data_set,
        write_evaluation,
    )
    from enhancer_variants.training.evaluation import Evaluation
    from enhancer_variants.training.variant_evaluation import VariantEvaluation

__all__ = [
    "AssemblyMismatchError",
    "AttentionMotifOptions",
    "AttentionTrack",
    "CallComparison",
    "CheckpointError",
    "DataSet",
    "DataSetRecipe",
    "EnhancerVariantsError",
    "Evaluation",
    "Explanation",
    "Explanations",
    "FastaError",
    "FinetuneConfig",
    "FinetuneResult",
    "GenomeScanner",
    "GwasFileError",
    "InputError",
    "Interval",
    "LabelledSequence",
    "ListSummary",
    "MissingDependencyError",
    "ModelCard",
    "ModelCheck",
    "ModelError",
    "Motif",
    "MotifFileError",
    "MotifOptions",
    "PretrainConfig",
    "PretrainResult",
    "Reference",
    "RunSummary",
    "SaturationMutagenesis",
    "Scan",
    "ScanSummary",
    "Status",
    "UnsafeCheckpointError",
    "Variant",
    "VariantCalls",
    "VariantEvaluation",
    "VariantFileError",
    "VariantScorer",
    "WindowLengthError",
    "__version__",
    "add_q",
    "annotate_gwas",
    "attention_motifs",
    "attention_scores",
    "attention_track",
    "calibrate_model",
    "check_model",
    "compare_calls",
    "compare_motifs",
    "convert_checkpoint",
    "evaluate",
    "evaluate_variants",
    "evidence_in_words",
    "explain",
    "explain_into_folder",
    "finetune",
    "gradient_correlation",
    "load_model",
    "locus_summary",
    "make_data_set",
    "model_attention_motifs",
    "motif_panel",
    "plot",
    "predict_file",
    "predict_sequences",
    "pretrain",
    "read_labelled_sequences",
    "read_motifs",
    "report",
    "saturation_mutagenesis",
    "scan_genome",
    "score_gwas",
    "score_run",
    "score_vcf",
    "styled",
    "tidy",
    "variant_saturation",
    "write_data_set",
    "write_evaluation",
]

_HOME = {name: "errors" for name in __all__ if name.endswith("Error")}
_HOME |= {
    name: module
    for module, names in {
        "summary": ("RunSummary",),
        "schema": ("Status",),
        "genome": (
            "Interval",
            "Reference",
            "Variant",
        ),
        "motifs": (
            "Motif",
            "MotifOptions",
            "compare_motifs",
            "motif_panel",
            "read_motifs",
        ),
        "models": (
            "ModelCard",
            "convert_checkpoint",
            "load_model",
        ),
        "io": ("LabelledSequence", "add_q", "read_labelled_sequences", "styled"),
        "effects": (
            "AttentionMotifOptions",
            "AttentionTrack",
            "SaturationMutagenesis",
            "attention_motifs",
            "attention_scores",
            "attention_track",
            "gradient_correlation",
            "model_attention_motifs",
            "saturation_mutagenesis",
            "tidy",
            "variant_saturation",
        ),
        "scorer": (
            "VariantScorer",
            "score_vcf",
        ),
        "admission": ("ModelCheck", "check_model"),
        "scoring_run": ("score_run",),
        "calibration": ("calibrate_model",),
        "gwas": (
            "ListSummary",
            "annotate_gwas",
            "locus_summary",
            "score_gwas",
        ),
        "scan": (
            "CallComparison",
            "GenomeScanner",
            "Scan",
            "ScanSummary",
            "VariantCalls",
            "compare_calls",
            "scan_genome",
        ),
        "explanation": (
            "Explanation",
            "Explanations",
            "explain",
        ),
        "training.evaluation": ("Evaluation",),
        "training.variant_evaluation": ("VariantEvaluation",),
        "training": (
            "DataSet",
            "DataSetRecipe",
            "FinetuneConfig",
            "FinetuneResult",
            "PretrainConfig",
            "PretrainResult",
            "evaluate",
            "evaluate_variants",
            "finetune",
            "make_data_set",
            "pretrain",
            "write_data_set",
            "write_evaluation",
        ),
        "prediction": (
            "predict_file",
            "predict_sequences",
        ),
        "reports": (
            "evidence_in_words",
            "explain_into_folder",
            "plot",
            "report",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
