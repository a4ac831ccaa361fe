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
    from enhancer_variants.training.splits import (
        HELD_OUT_CONTIGS,
        PUBLISHED_SHARES,
        split_at_random,
        split_by_contig,
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
        "splits": (
            "HELD_OUT_CONTIGS",
            "PUBLISHED_SHARES",
            "split_at_random",
            "split_by_contig",
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
    "MaskedTokens",
    "Negatives",
    "NegativesKind",
    "ReliabilityBin",
    "Statistic",
    "WindowsOfFile",
    "bootstrap_interval",
    "centred_windows",
    "classification_metrics",
    "composition",
    "data_card",
    "dinucleotide_negatives",
    "distinct_sequences",
    "freeze_padding_embedding",
    "gc_auroc",
    "linear_warmup_share",
    "make_data_set",
    "mask_kmers",
    "matched_negatives",
    "parameter_groups",
    "read_windows",
    "reliability_table",
    "shuffle_dinucleotides",
    "shuffled_negatives",
    "span_offsets",
    "split_at_random",
    "split_by_contig",
    "without_leakage",
    "without_shared_kmers",
    "write_data_set",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
