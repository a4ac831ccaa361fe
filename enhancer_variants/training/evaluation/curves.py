"""ROC and precision-recall curves with bootstrap bands, and the interval of a share.

Shapes: n rows, R resamples, T thresholds, P points at which a band is computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import scipy.special

from enhancer_variants.training.weighted_statistics import Numbers, ratio, resampled_counts

__all__ = ["Curve", "CurveKind", "curve", "wilson_interval"]

CurveKind: TypeAlias = Literal["roc", "precision_recall"]
"""True against false positive rate, or precision against recall."""

_POINTS: Final = 201


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve over all thresholds.

    Attributes
    ----------
    x, y
        (T,) false positive rate and true positive rate, from (0, 0) on, to be joined by straight
        lines; or recall and precision, each precision holding back to the recall before it, as
        the area (average precision) has it.
    points
        (P,) values of x at which the band is known.
    lower, upper
        (P,) interval of y there over the resamples.
    """

    x: Numbers
    y: Numbers
    points: Numbers
    lower: Numbers
    upper: Numbers


def curve(
    kind: CurveKind,
    labels: Numbers,
    scores: Numbers,
    *,
    resamples: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Curve:
    """Compute a curve and a band around it.

    Parameters
    ----------
    kind
        Which.
    labels, scores
        (n,) 0 or 1, some of each, and scores, larger for 1.
    resamples, level, seed
        Of the bootstrap; the band holds, at each point by itself, this share of the resamples.

    Examples
    --------
    >>> found = curve("roc", np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.05]))
    >>> found.x.tolist(), found.y.tolist()
    ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.nonzero(np.diff(scores[order]))[0], len(scores) - 1)
    is_positive = labels[order] == 1
    of_counts = _roc if kind == "roc" else _precision_recall
    at = _linear if kind == "roc" else _stepwise

    def found(counts: Numbers) -> tuple[Numbers, Numbers]:
        in_order = counts[:, order]
        hits = np.cumsum(in_order * is_positive, axis=1)[:, ends]
        called = np.cumsum(in_order, axis=1)[:, ends]
        return of_counts(hits, called)

    points = np.linspace(0, 1, _POINTS)
    drawn = [
        at(points, x, y)
        for counts in resampled_counts(len(labels), resamples, seed)
        for x, y in zip(*found(counts), strict=True)
        if not np.isnan(x + y).any()  # of one class only
    ]
    bounds = [(1 - level) / 2, (1 + level) / 2]
    empty = np.full((2, _POINTS), math.nan)
    lower, upper = np.quantile(drawn, bounds, axis=0) if drawn else empty
    (x,), (y,) = found(np.ones((1, len(labels))))
    return Curve(x, y, points, lower, upper)


def _roc(hits: Numbers, called: Numbers) -> tuple[Numbers, Numbers]:
    """(R, T) hits and calls to (R, T + 1) false and true positive rates."""
    rates = []
    for counts in (called - hits, hits):
        rate = ratio(counts, np.broadcast_to(counts[:, -1:], counts.shape), math.nan)
        rates.append(np.concatenate([np.zeros((len(rate), 1)), rate], axis=1))
    return rates[0], rates[1]


def _precision_recall(hits: Numbers, called: Numbers) -> tuple[Numbers, Numbers]:
    """(R, T) hits and calls to (R, T + 1) recall and precision."""
    recall = ratio(hits, np.broadcast_to(hits[:, -1:], hits.shape), math.nan)
    precision = ratio(hits, called, 1.0)
    first = np.zeros((len(recall), 1))
    return np.concatenate([first, recall], axis=1), np.concatenate(
        [precision[:, :1], precision], axis=1
    )


def _linear(points: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """Read y at points where x, which never falls, is; upright lines give their upper end."""
    last = np.append(np.diff(x) > 0, True)
    found: Numbers = np.interp(points, x[last], y[last])
    return found


def _stepwise(points: Numbers, x: Numbers, y: Numbers) -> Numbers:
    """Precision of the first threshold that reaches a recall."""
    return y[np.minimum(np.searchsorted(x, points - 1e-12), len(y) - 1)]


def wilson_interval(successes: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson EB 1927, J Am Stat Assoc 22:209); NaN of none.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    if not total:
        return math.nan, math.nan
    z = float(scipy.special.ndtri((1 + level) / 2))
    share = successes / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)
