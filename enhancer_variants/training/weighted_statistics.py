"""Statistics of rows that count different numbers of times.

Every statistic is a function of how often each row counts: once each for the figure itself, and as
often as it was drawn in each resample of a bootstrap. One formula therefore gives both, and
thousands of resamples are a few array operations. What is undefined is NaN.

Shapes: n rows, R resamples, G groups of equal scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

__all__ = [
    "Numbers",
    "OfThreshold",
    "Statistic",
    "Weighted",
    "check_binary",
    "check_probabilities",
    "confusion_cells",
    "of_confusion",
    "ratio",
    "resampled_counts",
    "weighted_areas",
    "weighted_calibration_error",
    "weighted_mean",
    "weighted_statistic",
]

OfThreshold: TypeAlias = Literal[
    "accuracy", "precision", "recall", "f1", "precision_binary", "recall_binary", "f1_binary", "mcc"
]  # fmt: skip
"""Statistics of the confusion matrix, and hence of a threshold."""

Statistic: TypeAlias = Literal[OfThreshold, "auroc", "auprc", "brier", "pearson", "spearman"]
"""Statistics by name; precision, recall and f1 are macro averages."""

Numbers: TypeAlias = npt.NDArray[np.float64]
Weighted: TypeAlias = Callable[[Numbers], Numbers]
"""(R, n) counts of the rows to (R,) values of a statistic."""

# Norms below this share of the largest number are rounding: the column is constant.
_ROUNDING = 1e-13

# Counts of rows held at once in a bootstrap: 8 MB, and a few arrays of the same size.
_COUNTS_AT_ONCE = 1 << 20


def resampled_counts(rows: int, resamples: int, seed: int) -> Iterator[Numbers]:
    """Draw rows with replacement; the same seed draws the same rows.

    Parameters
    ----------
    rows, resamples
        n and R.
    seed
        What they are drawn by.

    Yields
    ------
    ndarray
        How often each row was drawn, shape (some of the R resamples, n).

    Examples
    --------
    >>> [counts.sum(1).tolist() for counts in resampled_counts(5, 2, seed=0)]
    [[5.0, 5.0]]
    """
    generator = np.random.default_rng(seed)
    at_once = max(1, _COUNTS_AT_ONCE // max(1, rows))
    for start in range(0, resamples, at_once):
        block = min(at_once, resamples - start)
        drawn = generator.integers(0, max(1, rows), size=(block, rows))
        drawn += rows * np.arange(block)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=block * rows)
        yield counts.reshape(block, rows).astype(np.float64)


def weighted_statistic(
    statistic: str, labels: Numbers, scores: Numbers, threshold: float
) -> Weighted:
    """Return the statistic of these rows as a function of how often each counts.

    Parameters
    ----------
    statistic
        One of :data:`Statistic`.
    labels, scores
        (n,) numbers without NaN: 0 or 1, and for ``brier`` probabilities.
    threshold
        Scores above it are predicted as class 1.

    Raises
    ------
    InputError
        If there is no such statistic, or a value is out of range.

    Examples
    --------
    >>> auroc = weighted_statistic("auroc", np.array([0, 1, 1]), np.array([0.2, 0.1, 0.9]), 0.5)
    >>> auroc(np.array([[1, 1, 1], [1, 0, 2]])).tolist()
    [0.5, 1.0]
    """
    if statistic not in get_args(Statistic):
        raise InputError(f"statistic {statistic!r}: expected one of {get_args(Statistic)}")
    if statistic not in ("pearson", "spearman"):
        check_binary(labels, "label")
    elif not (np.isfinite(labels).all() and np.isfinite(scores).all()):
        raise InputError(f"{statistic}: a value is infinite; expected finite numbers or NaN")
    if statistic in get_args(OfThreshold):
        positive = scores > threshold
        return lambda counts: of_confusion(statistic, confusion_cells(labels, positive, counts))
    if statistic == "brier":
        check_probabilities(scores)
        return lambda counts: ratio(counts @ (scores - labels) ** 2, counts.sum(1), math.nan)
    if statistic in ("auroc", "auprc"):
        area = _auroc if statistic == "auroc" else _auprc
        classes = _classes_by_score(labels, scores)
        return lambda counts: area(*classes(counts))
    if statistic == "pearson":
        return lambda counts: _pearson(labels, scores, counts)
    first, second = _Groups.of(labels), _Groups.of(scores)
    return lambda counts: _pearson(first.ranks(counts), second.ranks(counts), counts)


def weighted_areas(
    labels: Numbers, scores: Numbers
) -> Callable[[Numbers], tuple[Numbers, Numbers]]:
    """Return both areas as a function of how often each row counts, for the time of one.

    Parameters
    ----------
    labels, scores
        (n,) 0 or 1, and scores, larger for 1.

    Returns
    -------
    callable
        (R, n) counts to (R,) AUROC and (R,) AUPRC.

    Examples
    --------
    >>> areas = weighted_areas(np.array([0, 1, 1]), np.array([0.2, 0.1, 0.9]))
    >>> [area.round(3).tolist() for area in areas(np.ones((1, 3)))]
    [[0.5], [0.833]]
    """
    check_binary(labels, "label")
    classes = _classes_by_score(labels, scores)

    def areas(counts: Numbers) -> tuple[Numbers, Numbers]:
        positives, negatives = classes(counts)
        return _auroc(positives, negatives), _auprc(positives, negatives)

    return areas


def weighted_mean(values: Numbers) -> Weighted:
    """Return the mean of (n,) values as a function of how often each row counts.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 4.0]))(np.array([[1.0, 1.0], [2.0, 1.0]])).tolist()
    [2.5, 2.0]
    """
    return lambda counts: ratio(counts @ values, counts.sum(1), math.nan)


def weighted_calibration_error(labels: Numbers, probabilities: Numbers, bins: int = 10) -> Weighted:
    """Return the expected calibration error as a function of how often each row counts.

    Parameters
    ----------
    labels, probabilities
        (n,) 0 or 1, and probability of class 1.
    bins
        Bins of equal width between 0 and 1. The error is the mean, over rows, of the distance
        between mean probability and share of positives in the row's bin (Naeini MP et al. 2015,
        AAAI).

    Examples
    --------
    >>> error = weighted_calibration_error(np.array([0, 1, 1]), np.array([0.1, 0.1, 1.0]))
    >>> error(np.ones((1, 3))).round(4).tolist()
    [0.2667]
    """
    bounds = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(bounds, probabilities, side="right") - 1, 0, bins - 1)
    distances = np.zeros((len(labels), bins))
    distances[np.arange(len(labels)), place] = probabilities - labels
    return lambda counts: ratio(np.abs(counts @ distances).sum(1), counts.sum(1), math.nan)


def confusion_cells(labels: Numbers, positive: npt.NDArray[np.bool_], counts: Numbers) -> Numbers:
    """Count each kind of decision in each resample.

    Parameters
    ----------
    labels, positive
        (n,) labels, 0 or 1, and whether each row is predicted as class 1.
    counts
        (R, n).

    Returns
    -------
    ndarray
        (4, R): true negatives, false positives, false negatives, true positives.
    """
    cell = 2 * (labels == 1) + positive
    cells: Numbers = (cell == np.arange(4)[:, None]).astype(np.float64) @ counts.T
    return cells


def of_confusion(statistic: str, cells: Numbers) -> Numbers:
    """Return (R,) values of one of :data:`OfThreshold`, from the (4, R) confusion matrices."""
    tn, fp, fn, tp = cells
    total = cells.sum(0)
    if statistic == "accuracy":
        value = ratio(tn + tp, total, math.nan)
    elif statistic == "mcc":
        margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        value = ratio(tp * tn - fp * fn, np.sqrt(margins), 0.0)
    else:
        kind = statistic.removesuffix("_binary")
        value = _of_class(kind, tp, fp, fn)
        if kind == statistic:
            # A class that occurs nowhere has no part in the mean.
            has_positive, has_negative = tp + fp + fn > 0, tn + fp + fn > 0
            both = value * has_positive + _of_class(kind, tn, fn, fp) * has_negative
            value = ratio(both, has_positive.astype(np.float64) + has_negative, math.nan)
    return np.where(total > 0, value, math.nan)


def _of_class(kind: str, hits: Numbers, false_hits: Numbers, misses: Numbers) -> Numbers:
    if kind == "precision":
        return ratio(hits, hits + false_hits, 0.0)
    if kind == "recall":
        return ratio(hits, hits + misses, 0.0)
    return ratio(2 * hits, 2 * hits + false_hits + misses, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Groups of rows with equal scores, in ascending order of the score."""

    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    group_of_row: npt.NDArray[np.intp]

    @classmethod
    def of(cls, scores: Numbers) -> _Groups:
        _, group_of_row, sizes = np.unique(scores, return_inverse=True, return_counts=True)
        return cls(np.argsort(scores, kind="stable"), np.cumsum(sizes) - sizes, group_of_row)

    def sums(self, counts: Numbers) -> Numbers:
        """(R, n) counts of the rows to (R, G) counts of the groups."""
        return self.added_up(counts[:, self.order])

    def added_up(self, in_order: Numbers) -> Numbers:
        """(R, n) counts in the order of the scores to (R, G) counts of the groups."""
        if len(self.starts) == len(self.order):
            return in_order
        return np.add.reduceat(in_order, self.starts, axis=1)

    def ranks(self, counts: Numbers) -> Numbers:
        """(R, n) rank of each row in each resample, equal ones the mean of theirs."""
        sizes = self.sums(counts)
        return (np.cumsum(sizes, axis=1) - (sizes - 1) / 2)[:, self.group_of_row]


def _classes_by_score(
    labels: Numbers, scores: Numbers
) -> Callable[[Numbers], tuple[Numbers, Numbers]]:
    """Return what counts the positives and the negatives of each group of equal scores."""
    groups = _Groups.of(scores)
    positive = labels[groups.order] == 1

    def counted(counts: Numbers) -> tuple[Numbers, Numbers]:
        in_order = counts[:, groups.order]
        positives = groups.added_up(in_order * positive)
        return positives, groups.added_up(in_order) - positives

    return counted


def _auroc(positives: Numbers, negatives: Numbers) -> Numbers:
    """Share of pairs in which the positive has the larger score; equal scores count half."""
    below = np.cumsum(negatives, axis=1) - negatives / 2
    return ratio((positives * below).sum(1), positives.sum(1) * negatives.sum(1), math.nan)


def _auprc(positives: Numbers, negatives: Numbers) -> Numbers:
    """Average precision: the mean, over positives, of the precision down to their score."""
    found = np.cumsum(positives[:, ::-1], axis=1)
    called = found + np.cumsum(negatives[:, ::-1], axis=1)
    precision = ratio(found, called, 0.0)
    return ratio((positives[:, ::-1] * precision).sum(1), positives.sum(1), math.nan)


def _pearson(first: Numbers, second: Numbers, counts: Numbers) -> Numbers:
    """Correlation of two columns, (n,) or (R, n) each, in each resample."""
    (x, x_norm), (y, y_norm) = (_centred(column, counts) for column in (first, second))
    return np.clip(ratio(np.einsum("rn,rn,rn->r", counts, x, y), x_norm * y_norm, math.nan), -1, 1)


def _centred(column: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """(R, n) distances to the mean, and (R,) their norm: 0 where it is only rounding."""
    total = counts.sum(1)
    mean = ratio((counts * column).sum(1), total, math.nan)
    distances = column - mean[:, None]
    norm = np.sqrt(np.einsum("rn,rn,rn->r", counts, distances, distances))
    is_constant = norm <= _ROUNDING * np.sqrt(total) * np.abs(column).max(initial=0)
    return distances, np.where(is_constant, 0.0, norm)


def ratio(numerator: Numbers, denominator: Numbers, otherwise: float) -> Numbers:
    """Quotients; `otherwise` where the denominator is 0."""
    quotients: Numbers = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients


def check_binary(values: Numbers, name: str) -> None:
    """Raise InputError unless all are 0 or 1."""
    foreign = values[(values != 0) & (values != 1)]
    if foreign.size:
        raise InputError(f"{name} {foreign[0]:g}; expected 0 or 1, or NaN where there is none")


def check_probabilities(values: Numbers) -> None:
    """Raise InputError unless all are 0 to 1."""
    foreign = values[(values < 0) | (values > 1)]
    if foreign.size:
        raise InputError(f"probability {foreign[0]:g}; expected 0 to 1, not log-odds")
