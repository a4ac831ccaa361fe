"""Statistics of scores against measured effects, for the variants as they are and as drawn again.

All scores are judged on the same draws, and the draws are kept: means over groups and differences
between scores are taken draw by draw.

What is undefined is NaN: a correlation with a constant, AUROC where all variants are significant
or none is, anything of no variants. Shapes: n variants of one group, S scores, R draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.training.weighted_statistics import (
    Numbers,
    Weighted,
    resampled_counts,
    weighted_mean,
    weighted_statistic,
)

__all__ = [
    "METRICS",
    "GroupVariants",
    "VariantStatistic",
    "group_seed",
    "resampled_statistics",
    "statistics_of",
]

VariantStatistic = Literal["pearson", "spearman", "auroc", "direction"]
"""What a score is judged by: correlations with the effect, AUROC of its size for significant
variants against the others, and how often it has the sign of a significant effect."""

METRICS: Final[tuple[VariantStatistic, ...]] = ("pearson", "spearman", "auroc", "direction")


@dataclass(frozen=True, slots=True, eq=False)
class GroupVariants:
    """Variants of one group.

    Attributes
    ----------
    effects
        (n,) measured effects; > 0, the ALT gains.
    p_values
        (n,) their p-values; NaN where there is none.
    scores
        (S, n) what was predicted; no NaN.
    significant
        Effects are significant below this p-value.
    """

    effects: Numbers
    p_values: Numbers
    scores: Numbers
    significant: float

    @property
    def is_significant(self) -> npt.NDArray[np.bool_]:
        """(n,) whether each effect is significant; False without a p-value."""
        return self.p_values < self.significant

    @property
    def has_direction(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the sign of each effect is to be predicted."""
        return np.asarray(self.is_significant & (self.effects != 0))

    def agreement(self, score: Numbers) -> Numbers:
        """(n,) 1 where a score and the effect have one sign, 0 where not, 0.5 for a score of 0."""
        return (np.sign(score) * np.sign(self.effects) + 1) / 2

    def counted(self, metric: VariantStatistic) -> int:
        """Count the variants that a statistic is of."""
        if metric == "auroc":
            return int((~np.isnan(self.p_values)).sum())
        return int(self.has_direction.sum()) if metric == "direction" else len(self.effects)


def statistics_of(
    variants: GroupVariants, counts: Numbers, metrics: Sequence[VariantStatistic]
) -> dict[VariantStatistic, Numbers]:
    """Judge every score by every statistic.

    Parameters
    ----------
    variants
        The variants.
    counts
        (R, n) how often each counts; ones for the variants as they are.
    metrics
        The statistics wanted.

    Returns
    -------
    dict
        (S, R) values by statistic.

    Examples
    --------
    >>> effects, p_values = np.array([-1.0, -0.5, 0.1, 0.8]), np.array([1e-9, 1e-9, 0.5, 1e-9])
    >>> toy = GroupVariants(effects, p_values, np.array([[-3.0, 0.0, 0.0, 2.0]]), 1e-5)
    >>> found = statistics_of(toy, np.ones((1, 4)), ("spearman", "auroc", "direction"))
    >>> [round(float(found[name][0, 0]), 3) for name in found]
    [0.949, 0.833, 0.833]
    """
    return {
        metric: np.stack([_statistic(metric, variants, score)(counts) for score in variants.scores])
        for metric in metrics
    }


def resampled_statistics(
    variants: GroupVariants,
    metrics: Sequence[VariantStatistic],
    *,
    resamples: int,
    seed: int,
) -> dict[VariantStatistic, Numbers]:
    """Judge every score by every statistic in each bootstrap resample of the variants.

    Parameters
    ----------
    variants, metrics
        As for :func:`statistics_of`.
    resamples
        R.
    seed
        What the variants are drawn by.

    Returns
    -------
    dict
        (S, R) values by statistic.
    """
    blocks = [
        statistics_of(variants, counts, metrics)
        for counts in resampled_counts(len(variants.effects), resamples, seed)
    ]
    return {
        metric: np.concatenate([block[metric] for block in blocks], axis=1) for metric in metrics
    }


def group_seed(seed: int, number: int) -> int:
    """Give each group a seed of its own: else groups of one size would draw the same rows.

    Examples
    --------
    >>> group_seed(0, 0) == group_seed(0, 0) != group_seed(0, 1)
    True
    """
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])


def _statistic(metric: VariantStatistic, variants: GroupVariants, score: Numbers) -> Weighted:
    """Return the statistic of one score as a function of how often each variant counts."""
    if metric == "auroc":
        known = ~np.isnan(variants.p_values)
        significant = variants.is_significant[known].astype(np.float64)
        area = weighted_statistic("auroc", significant, np.abs(score)[known], 0.0)
        return lambda counts: area(counts[:, known])
    if metric == "direction":
        judged = variants.has_direction
        share = weighted_mean(variants.agreement(score)[judged])
        return lambda counts: share(counts[:, judged])
    return weighted_statistic(metric, variants.effects, score, 0.0)
