"""Figures of several methods on the same rows, with intervals from one bootstrap.

All methods and metrics are computed on the same resamples, so a difference between two methods is
a paired one.

Shapes: n rows, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from enhancer_variants.models import probability
from enhancer_variants.training.metrics import (
    BootstrapInterval,
    ConfusionMatrix,
    ReliabilityBin,
    percentile_interval,
    reliability_table,
)
from enhancer_variants.training.weighted_statistics import (
    Numbers,
    OfThreshold,
    confusion_cells,
    of_confusion,
    resampled_counts,
    weighted_areas,
    weighted_calibration_error,
    weighted_mean,
)

__all__ = [
    "COMPARED",
    "Comparison",
    "MethodFigures",
    "Metric",
    "Verdict",
    "compare_methods",
]

Metric: TypeAlias = Literal[OfThreshold, "auroc", "auprc", "brier", "log_loss", "calibration_error"]
"""Figures of a method; log loss is in nats, the calibration error that of ten bins."""

Verdict: TypeAlias = Literal["better", "worse", "not shown"]
"""What the interval of a difference says: `not shown` where it holds 0."""

COMPARED: Final[tuple[Metric, ...]] = ("auroc", "auprc", "mcc")
"""Metrics in which the model is compared with each baseline; in all of them more is better."""


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """How good one method is on some rows.

    Attributes
    ----------
    method
        ``model``, ``gc`` or ``kmer``.
    threshold
        Log2 odds above which a row is called positive.
    figures
        Value and interval of each :data:`Metric`.
    confusion
        Calls by label.
    reliability
        Ten bins of probability.
    """

    method: str
    threshold: float
    figures: Mapping[Metric, BootstrapInterval]
    confusion: ConfusionMatrix
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better the model is than a baseline.

    Attributes
    ----------
    baseline, metric
        In what, and than which.
    difference
        Model less baseline, with the interval of a paired bootstrap.
    """

    baseline: str
    metric: Metric
    difference: BootstrapInterval

    @property
    def verdict(self) -> Verdict:
        """``better`` or ``worse`` only where the whole interval is on one side of 0."""
        if not self.difference.excludes_zero:
            return "not shown"
        return "better" if self.difference.lower > 0 else "worse"


def compare_methods(
    labels: Numbers,
    log_odds: Mapping[str, Numbers],
    thresholds: Mapping[str, float],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[tuple[MethodFigures, ...], tuple[Comparison, ...]]:
    """Compute every figure of every method, and how much better the first one is than the others.

    Parameters
    ----------
    labels
        (n,) 0 or 1.
    log_odds
        (n,) log2 odds of label 1 by method, the model's first.
    thresholds
        Log2 odds above which a method calls a row positive.
    resamples, level, seed
        As for :func:`~enhancer_variants.training.metrics.bootstrap_interval`, whose resamples
        these are.

    Returns
    -------
    tuple of MethodFigures, tuple of Comparison
        Methods in their order; comparisons by baseline, then by :data:`COMPARED`.

    Notes
    -----
    Intervals are percentiles of the resamples. That of the calibration error is the basic bootstrap
    interval, ``2 * value`` less those percentiles and not below 0: resampling adds noise to the
    bins, so the error of a resample is too large on average.

    Examples
    --------
    >>> labels = np.array([0.0, 0.0, 1.0, 1.0] * 25)
    >>> methods, comparisons = compare_methods(
    ...     labels, {"model": labels, "gc": np.tile([0.0, 1.0], 50)}, {"model": 0.5, "gc": 0.5}
    ... )
    >>> methods[0].figures["auroc"].value, comparisons[0].metric, comparisons[0].verdict
    (1.0, 'auroc', 'better')
    """
    judges = {
        method: _judge(labels, scores, thresholds[method]) for method, scores in log_odds.items()
    }
    once = np.ones((1, len(labels)))
    values = {method: judge(once) for method, judge in judges.items()}
    blocks: dict[str, list[_Figures]] = {method: [] for method in judges}
    for counts in resampled_counts(len(labels), resamples, seed):
        for method, judge in judges.items():
            blocks[method].append(judge(counts))
    drawn = {
        method: {metric: np.concatenate([b[metric] for b in found]) for metric in values[method]}
        for method, found in blocks.items()
    }

    def interval(value: Numbers, of_resamples: Numbers) -> BootstrapInterval:
        return percentile_interval(float(value[0]), of_resamples, level=level, rows=len(labels))

    methods = []
    for method, scores in log_odds.items():
        figures = {
            metric: interval(value, drawn[method][metric])
            for metric, value in values[method].items()
        }
        figures["calibration_error"] = _basic(figures["calibration_error"])
        cells = confusion_cells(labels, scores > thresholds[method], once)[:, 0]
        confusion = ConfusionMatrix(*(int(count) for count in cells))
        reliability = reliability_table(labels, probability(scores))
        methods.append(MethodFigures(method, thresholds[method], figures, confusion, reliability))
    model, *baselines = log_odds
    comparisons = tuple(
        Comparison(
            baseline,
            metric,
            interval(
                values[model][metric] - values[baseline][metric],
                drawn[model][metric] - drawn[baseline][metric],
            ),
        )
        for baseline in baselines
        for metric in COMPARED
    )
    return tuple(methods), comparisons


_Figures: TypeAlias = dict[Metric, Numbers]
"""(R,) values by metric."""


def _judge(labels: Numbers, log_odds: Numbers, threshold: float) -> Callable[[Numbers], _Figures]:
    """Return every figure as a function of how often each row counts, (R, n)."""
    probabilities = probability(log_odds)
    areas = weighted_areas(labels, log_odds)
    brier = weighted_mean((probabilities - labels) ** 2)
    # From the log-odds, so that a probability that rounds to 0 or 1 has a finite loss.
    losses = np.logaddexp(0, np.where(labels == 1, -log_odds, log_odds) * math.log(2))
    log_loss = weighted_mean(losses)
    calibration_error = weighted_calibration_error(labels, probabilities)

    def figures(counts: Numbers) -> _Figures:
        cells = confusion_cells(labels, log_odds > threshold, counts)
        found: _Figures = {metric: of_confusion(metric, cells) for metric in get_args(OfThreshold)}
        found["auroc"], found["auprc"] = areas(counts)
        found["brier"], found["log_loss"] = brier(counts), log_loss(counts)
        found["calibration_error"] = calibration_error(counts)
        return found

    return figures


def _basic(interval: BootstrapInterval) -> BootstrapInterval:
    lower, upper = (
        2 * interval.value - bound if math.isnan(bound) else max(0.0, 2 * interval.value - bound)
        for bound in (interval.upper, interval.lower)
    )
    return replace(interval, lower=lower, upper=upper)
