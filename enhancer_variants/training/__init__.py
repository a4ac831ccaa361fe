"""Training: data sets, metrics, and the parts of the published recipe.

Names are imported when they are first used: data sets need no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enhancer_variants.training.card import (
        data_card,
        gc_auroc,
    )
    from enhancer_variants.training.data_sets import (
        DATA_CARD_NAME,
        DataSet,
        DataSetRecipe,
        NegativesKind,
        make_data_set,
        write_data_set,
    )
    from enhancer_variants.training.dinucleotides import (
        dinucleotide_negatives,
        shuffle_dinucleotides,
    )
    from enhancer_variants.training.dnabert_optimizer import (
        DnabertAdamW,
        DnabertRecipe,
        freeze_padding_embedding,
        linear_warmup_share,
        parameter_groups,
    )
    from enhancer_variants.training.duplicates import (
        DistinctSequences,
        distinct_sequences,
        without_leakage,
        without_shared_kmers,
    )
    from enhancer_variants.training.evaluation import (
        evaluate,
        evaluation_text,
        write_evaluation,
    )
    from enhancer_variants.training.finetuning import (
        FinetuneConfig,
        FinetuneResult,
        MultiLabelSequences,
        NetworkSizes,
        finetune,
        read_multi_label_sequences,
    )
    from enhancer_variants.training.masking import (
        IGNORED,
        MaskedTokens,
        mask_kmers,
        span_offsets,
    )
    from enhancer_variants.training.metrics import (
        BootstrapInterval,
        ClassificationMetrics,
        ConfusionMatrix,
        ReliabilityBin,
        Statistic,
        bootstrap_interval,
        classification_metrics,
        reliability_table,
    )
    from enhancer_variants.training.negatives import (
        Negatives,
        composition,
        matched_negatives,
        shuffled_negatives,
    )
    from enhancer_variants.training.pretraining import (
        PretrainConfig,
        PretrainResult,
        pretrain,
    )
    from enhancer_variants.training.splits import (
        HELD_OUT_CONTIGS,
        PUBLISHED_SHARES,
        split_at_random,
        split_by_contig,
    )
    from enhancer_variants.training.sweeps import (
        PUBLISHED_PRESETS,
        PublishedPreset,
        RunStatus,
        SearchSpace,
        SweepResult,
        SweepRun,
        published_configs,
        sweep_published,
        sweep_search,
    )
    from enhancer_variants.training.variant_evaluation import (
        ScoreDifference,
        ScoreFigure,
        VariantEvaluation,
        VariantSelection,
        evaluate_variants,
        variant_evaluation_text,
        write_variant_evaluation,
    )
    from enhancer_variants.training.wandb_predictions import (
        predict_to_wandb,
    )
    from enhancer_variants.training.window_files import (
        WindowsOfFile,
        read_windows,
    )
    from enhancer_variants.training.windows import (
        CentredWindows,
        centred_windows,
    )

_MODULE_OF = {
    name: module
    for module, names in {
        "windows": (
            "CentredWindows",
            "centred_windows",
        ),
        "card": (
            "data_card",
            "gc_auroc",
        ),
        "data_sets": (
            "DATA_CARD_NAME",
            "DataSet",
            "DataSetRecipe",
            "NegativesKind",
            "make_data_set",
            "write_data_set",
        ),
        "dinucleotides": (
            "dinucleotide_negatives",
            "shuffle_dinucleotides",
        ),
        "dnabert_optimizer": (
            "DnabertAdamW",
            "DnabertRecipe",
            "freeze_padding_embedding",
            "linear_warmup_share",
            "parameter_groups",
        ),
        "duplicates": (
            "DistinctSequences",
            "distinct_sequences",
            "without_leakage",
            "without_shared_kmers",
        ),
        "evaluation": (
            "evaluate",
            "evaluation_text",
            "write_evaluation",
        ),
        "finetuning": (
            "FinetuneConfig",
            "FinetuneResult",
            "MultiLabelSequences",
            "NetworkSizes",
            "finetune",
            "read_multi_label_sequences",
        ),
        "masking": (
            "IGNORED",
            "MaskedTokens",
            "mask_kmers",
            "span_offsets",
        ),
        "metrics": (
            "BootstrapInterval",
            "ClassificationMetrics",
            "ConfusionMatrix",
            "ReliabilityBin",
            "Statistic",
            "bootstrap_interval",
            "classification_metrics",
            "reliability_table",
        ),
        "negatives": (
            "Negatives",
            "composition",
            "matched_negatives",
            "shuffled_negatives",
        ),
        "pretraining": (
            "PretrainConfig",
            "PretrainResult",
            "pretrain",
        ),
        "splits": (
            "HELD_OUT_CONTIGS",
            "PUBLISHED_SHARES",
            "split_at_random",
            "split_by_contig",
        ),
        "sweeps": (
            "PUBLISHED_PRESETS",
            "PublishedPreset",
            "RunStatus",
            "SearchSpace",
            "SweepResult",
            "SweepRun",
            "published_configs",
            "sweep_published",
            "sweep_search",
        ),
        "wandb_predictions": ("predict_to_wandb",),
        "variant_evaluation": (
            "ScoreDifference",
            "ScoreFigure",
            "VariantEvaluation",
            "VariantSelection",
            "evaluate_variants",
            "variant_evaluation_text",
            "write_variant_evaluation",
        ),
        "window_files": (
            "WindowsOfFile",
            "read_windows",
        ),
    }.items()
    for name in names
}

__all__ = [
    "DATA_CARD_NAME",
    "HELD_OUT_CONTIGS",
    "IGNORED",
    "PUBLISHED_PRESETS",
    "PUBLISHED_SHARES",
    "BootstrapInterval",
    "CentredWindows",
    "ClassificationMetrics",
    "ConfusionMatrix",
    "DataSet",
    "DataSetRecipe",
    "DistinctSequences",
    "DnabertAdamW",
    "DnabertRecipe",
    "FinetuneConfig",
    "FinetuneResult",
    "MaskedTokens",
    "MultiLabelSequences",
    "Negatives",
    "NegativesKind",
    "NetworkSizes",
    "PretrainConfig",
    "PretrainResult",
    "PublishedPreset",
    "ReliabilityBin",
    "RunStatus",
    "ScoreDifference",
    "ScoreFigure",
    "SearchSpace",
    "Statistic",
    "SweepResult",
    "SweepRun",
    "VariantEvaluation",
    "VariantSelection",
    "WindowsOfFile",
    "bootstrap_interval",
    "centred_windows",
    "classification_metrics",
    "composition",
    "data_card",
    "dinucleotide_negatives",
    "distinct_sequences",
    "evaluate",
    "evaluate_variants",
    "evaluation_text",
    "finetune",
    "freeze_padding_embedding",
    "gc_auroc",
    "linear_warmup_share",
    "make_data_set",
    "mask_kmers",
    "matched_negatives",
    "parameter_groups",
    "predict_to_wandb",
    "pretrain",
    "published_configs",
    "read_multi_label_sequences",
    "read_windows",
    "reliability_table",
    "shuffle_dinucleotides",
    "shuffled_negatives",
    "span_offsets",
    "split_at_random",
    "split_by_contig",
    "sweep_published",
    "sweep_search",
    "variant_evaluation_text",
    "without_leakage",
    "without_shared_kmers",
    "write_data_set",
    "write_evaluation",
    "write_variant_evaluation",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
