"""Sweeps: many fine-tuning runs, one table, and the best model."""

from __future__ import annotations

from enhancer_variants.training.sweeps.folder import SweepResult
from enhancer_variants.training.sweeps.published import (
    PUBLISHED_LEARNING_RATES,
    PUBLISHED_PRESETS,
    PUBLISHED_WARMUP_SHARES,
    PUBLISHED_WEIGHT_DECAYS,
    PublishedPreset,
    published_configs,
)
from enhancer_variants.training.sweeps.search import SearchSpace
from enhancer_variants.training.sweeps.sweep import sweep_published, sweep_search
from enhancer_variants.training.sweeps.table import RunStatus, SweepRun, read_table

__all__ = [
    "PUBLISHED_LEARNING_RATES",
    "PUBLISHED_PRESETS",
    "PUBLISHED_WARMUP_SHARES",
    "PUBLISHED_WEIGHT_DECAYS",
    "PublishedPreset",
    "RunStatus",
    "SearchSpace",
    "SweepResult",
    "SweepRun",
    "published_configs",
    "read_table",
    "sweep_published",
    "sweep_search",
]
