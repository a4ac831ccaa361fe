"""The grid that DNABERT-Enhancer was fine-tuned over.

All figures are those of the published repository, DavuluriLab/DNABERT-Enhancer: the grid stands in
its README.md and in ``src/training/Training.sh``, which agree on it, and differ in the rest, hence
two presets. Both leave the original's other defaults: dropout 0.1, seed 42, one step to a batch.
Its batch size is that of each GPU; the README names three.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning.config import FinetuneConfig

__all__ = [
    "PUBLISHED_LEARNING_RATES",
    "PUBLISHED_PRESETS",
    "PUBLISHED_WARMUP_SHARES",
    "PUBLISHED_WEIGHT_DECAYS",
    "PublishedPreset",
    "published_configs",
]

PUBLISHED_LEARNING_RATES: Final = (1e-3, 3e-3, 1e-4, 3e-4, 1e-5, 3e-5, 1e-6, 3e-6)
"""Largest learning rates, in the order of ``Training.sh``."""

PUBLISHED_WARMUP_SHARES: Final = (0.1, 0.2)
"""Shares of all steps in which the learning rate rises."""

PUBLISHED_WEIGHT_DECAYS: Final = (0.0001, 0.001, 0.005, 0.01, 0.02)
"""Weight decays."""


@dataclass(frozen=True, slots=True)
class PublishedPreset:
    """What one of the two published scripts sets beside the grid.

    Attributes
    ----------
    epochs
        Passes over the training sequences.
    batch_size
        Sequences of a batch on each device.
    max_seq_length
        Tokens of the padded input.
    dropout
        Share of activations that are dropped.
    """

    epochs: float
    batch_size: int
    max_seq_length: int
    dropout: float = 0.1


PUBLISHED_PRESETS: Final[Mapping[str, PublishedPreset]] = MappingProxyType(
    {
        "readme": PublishedPreset(epochs=15, batch_size=230, max_seq_length=200),
        "training.sh": PublishedPreset(epochs=20, batch_size=400, max_seq_length=350),
    }
)
"""The presets by name: of the README's script, and of ``Training.sh`` (the 350 bp model)."""


def published_configs(
    config: FinetuneConfig, preset: str | None = "readme"
) -> tuple[FinetuneConfig, ...]:
    """Make the configurations of the 80 runs of the published grid.

    Parameters
    ----------
    config
        What the runs have in common. Its `optimizer` and `padding` hold too: the original's are
        both ``dnabert``.
    preset
        A name of :data:`PUBLISHED_PRESETS`, which replaces epochs, batch size, max_seq_length and
        dropout; None leaves them as `config` has them.

    Returns
    -------
    tuple of FinetuneConfig
        In the order of ``Training.sh``: weight decay changes first, then warm-up, then rate.

    Raises
    ------
    InputError
        If there is no such preset.

    Examples
    --------
    >>> configs = published_configs(FinetuneConfig(train="data", output="sweep"), "readme")
    >>> len(configs), configs[0].learning_rate, configs[0].epochs, configs[1].weight_decay
    (80, 0.001, 15, 0.001)
    """
    if preset is not None:
        if preset not in PUBLISHED_PRESETS:
            raise InputError(
                f"sweep preset {preset!r} is not one of {', '.join(PUBLISHED_PRESETS)}"
            )
        chosen = PUBLISHED_PRESETS[preset]
        config = replace(
            config,
            epochs=chosen.epochs,
            batch_size=chosen.batch_size,
            max_seq_length=chosen.max_seq_length,
            dropout=chosen.dropout,
        )
    grid = itertools.product(
        PUBLISHED_LEARNING_RATES, PUBLISHED_WARMUP_SHARES, PUBLISHED_WEIGHT_DECAYS
    )
    return tuple(
        replace(config, learning_rate=rate, warmup_share=warmup, weight_decay=decay)
        for rate, warmup, decay in grid
    )
