"""How good predictions are, and how sure that is.

Every statistic is computed from how often each row counts: once each for the figure itself, and as
often as it was drawn in each resample of a bootstrap. One formula therefore gives both, and
thousands of resamples are a few array operations.

What is undefined is NaN and never an error: AUROC with labels of one class only, AUPRC without a
positive, a correlation with a constant, anything of no rows. Precision, recall, F1 and MCC of the
form 0 / 0 are 0, as in scikit-learn and hence in the published DNABERT code. Rows whose label or
score is NaN are left out, and counted.

Shapes: n rows, R resamples, G groups of equal scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

__all__ = [
    "BootstrapInterval",
    "ClassificationMetrics",
    "ConfusionMatrix",
    "ReliabilityBin",
    "Statistic",
    "bootstrap_interval",
    "classification_metrics",
    "reliability_table",
]

_OfThreshold = Literal[
    "accuracy", "precision", "recall", "f1", "precision_binary", "recall_binary", "f1_binary", "mcc"
]  # fmt: skip
Statistic = Literal[_OfThreshold, "auroc", "auprc", "brier", "pearson", "spearman"]
"""Statistics by name; precision, recall and f1 are macro averages."""

Numbers = npt.NDArray[np.float64]
_Weighted = Callable[[Numbers], Numbers]
"""(R, n) counts of the rows to (R,) values of a statistic."""

# Norms below this share of the largest number are rounding: the column is constant.
_ROUNDING = 1e-13

# Counts of rows held at once in a bootstrap: 8 MB, and a few arrays of the same size.
_COUNTS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """How many rows of each class were predicted as which.

    Examples
    --------
    >>> ConfusionMatrix(5, 1, 2, 4).to_array().tolist()
    [[5, 1], [2, 4]]
    """

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    def to_array(self) -> npt.NDArray[np.int64]:
        """Shape (2, 2): rows are labels, columns predictions; negative first."""
        return np.array(astuple(self)).reshape(2, 2)


@dataclass(frozen=True, slots=True)
class ClassificationMetrics:
    """How good the predictions of two classes are.

    Attributes
    ----------
    rows, left_out
        Rows that count, and rows without a label or a probability.
    accuracy, mcc, auroc, auprc, brier
        Share of right predictions; Matthews' correlation; areas under the ROC and under the
        precision-recall curve (average precision); mean squared error of the probability.
    precision, recall, f1
        Mean of both classes (macro); of those that occur in labels or predictions.
    precision_binary, recall_binary, f1_binary
        Of the positive class.
    confusion
        Counts.
    """

    rows: int
    left_out: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    precision_binary: float
    recall_binary: float
    f1_binary: float
    mcc: float
    auroc: float
    auprc: float
    brier: float
    confusion: ConfusionMatrix

    def to_dict(self) -> dict[str, float | int | dict[str, int]]:
        """Every attribute by its name, as JSON has it but for NaN; `confusion` is a dict too."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows of similar probability: what was said and what was so.

    Attributes
    ----------
    lower, upper
        Bounds of the probability; the upper one belongs to the last bin only.
    rows
        Rows in it.
    mean_probability, observed_share
        Mean of their probabilities, and share of positives among them; NaN without rows.
    """

    lower: float
    upper: float
    rows: int
    mean_probability: float
    observed_share: float


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """A statistic with its bootstrap interval.

    Attributes
    ----------
    value
        The statistic of all rows.
    lower, upper
        Percentile interval over the resamples in which it is defined; NaN where in none.
    level
        Share of the resamples inside.
    resamples, undefined
        Resamples drawn, and how many of them gave NaN (for instance with one class only).
    rows, left_out
        Rows that count, and rows with NaN.
    """

    value: float
    lower: float
    upper: float
    level: float
    resamples: int
    undefined: int
    rows: int
    left_out: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval is above 0, or below; False where it is NaN."""
        return self.lower > 0 or self.upper < 0


def classification_metrics(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    predictions: npt.ArrayLike | None = None,
    *,
    threshold: float = 0.5,
) -> ClassificationMetrics:
    """Metrics of the published DNABERT code (``dnaprom``: macro; ``dna690``: binary), and Brier's.

    Parameters
    ----------
    labels
        (n,) 0 or 1; NaN where there is none.
    probabilities
        (n,) probability of class 1, 0 to 1; NaN where there is none.
    predictions
        (n,) 0 or 1; where not given, whether the probability is above `threshold`. At exactly 0.5
        that is class 0, as the largest of two equal logits is the first one.
    threshold
        Of the probability.

    Returns
    -------
    ClassificationMetrics
        The metrics.

    Raises
    ------
    InputError
        If shapes differ, or a value is out of range.

    Examples
    --------
    >>> metrics = classification_metrics([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    >>> metrics.accuracy, metrics.auroc, metrics.confusion.true_positive
    (0.5, 0.75, 1)
    """
    columns = [labels, probabilities, *(() if predictions is None else (predictions,))]
    (truth, said, *decided), left_out = _complete(*columns)
    _check_binary(truth, "label")
    _check_probabilities(said)
    for prediction in decided:
        _check_binary(prediction, "prediction")
    positive = decided[0] == 1 if decided else said > threshold
    once = np.ones((1, len(truth)))
    cells = _cells(truth, positive, once)
    figures = {name: float(_decision(name, cells)[0]) for name in get_args(_OfThreshold)}
    for name in ("auroc", "auprc", "brier"):
        figures[name] = float(_weighted(name, truth, said, threshold)(once)[0])
    confusion = ConfusionMatrix(*(int(count) for count in cells[:, 0]))
    return ClassificationMetrics(rows=len(truth), left_out=left_out, confusion=confusion, **figures)


def reliability_table(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """How often what was said with some probability was so, in bins of equal width.

    Parameters
    ----------
    labels, probabilities
        (n,) 0 or 1, and probability of class 1; rows with NaN are left out.
    bins
        Number of bins between 0 and 1.

    Returns
    -------
    tuple of ReliabilityBin
        All bins in order, the empty ones too.

    Raises
    ------
    InputError
        If shapes differ, or a value is out of range.

    Examples
    --------
    >>> low, high = reliability_table([0, 1, 1], [0.2, 0.4, 0.8], bins=2)
    >>> low.rows, low.observed_share, high.mean_probability
    (2, 0.5, 0.8)
    """
    if bins < 1:
        raise InputError(f"bins is {bins}; expected 1 or more")
    (truth, said), _ = _complete(labels, probabilities)
    _check_binary(truth, "label")
    _check_probabilities(said)
    bounds = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(bounds, said, side="right") - 1, 0, bins - 1)
    rows = np.bincount(place, minlength=bins)
    sums = np.array([np.bincount(place, column, bins) for column in (said, truth)])
    means = _ratio(sums, np.tile(rows, (2, 1)).astype(np.float64), math.nan)
    columns = (bounds[:-1], bounds[1:], rows, *means)
    return tuple(map(ReliabilityBin, *(column.tolist() for column in columns)))


def bootstrap_interval(
    statistic: Statistic,
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    baseline: npt.ArrayLike | None = None,
    *,
    threshold: float = 0.5,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> BootstrapInterval:
    """Bootstrap interval of a statistic, or of how much better one score does than another.

    Rows are drawn with replacement. With `baseline` the bootstrap is paired: both scores are
    judged on the same drawn rows. The same seed draws the same rows for every statistic.

    Parameters
    ----------
    statistic
        Name of it.
    labels
        (n,) 0 or 1; for the correlations any finite numbers, the measured effects.
    scores
        (n,) larger for class 1; probabilities for ``brier``.
    baseline
        (n,) other scores of the same rows. A row with NaN in either is left out.
    threshold
        Scores above it are predicted as class 1.
    resamples, level, seed
        How many, the share of them inside the interval, and what they are drawn by.

    Returns
    -------
    BootstrapInterval
        Of the statistic of `scores`, less that of `baseline` if given: > 0, `scores` has the
        larger one, which is better for all but ``brier``.

    Raises
    ------
    InputError
        If there is no such statistic, shapes differ, or a value is out of range.

    Examples
    --------
    >>> labels, scores = [0, 1] * 50, [0.1, 0.3, 0.2, 0.15] * 25
    >>> interval = bootstrap_interval("auroc", labels, scores)
    >>> interval.value, interval.lower < 0.75 < interval.upper
    (0.75, True)
    >>> bootstrap_interval("auroc", labels, labels, baseline=scores).excludes_zero
    True
    """
    if resamples < 1:
        raise InputError(f"resamples is {resamples}; expected 1 or more")
    if not 0 < level < 1:
        raise InputError(f"level is {level}; expected a share between 0 and 1")
    both = (scores,) if baseline is None else (scores, baseline)
    (truth, *said), left_out = _complete(labels, *both)
    first, *others = (_weighted(statistic, truth, score, threshold) for score in said)

    def value(counts: Numbers) -> Numbers:
        return first(counts) - others[0](counts) if others else first(counts)

    drawn = np.concatenate([value(counts) for counts in _counts(len(truth), resamples, seed)])
    defined = drawn[~np.isnan(drawn)]
    bounds = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(defined, bounds).tolist() if defined.size else (math.nan, math.nan)
    return BootstrapInterval(
        value=float(value(np.ones((1, len(truth))))[0]),
        lower=lower,
        upper=upper,
        level=level,
        resamples=resamples,
        undefined=resamples - defined.size,
        rows=len(truth),
        left_out=left_out,
    )


def _counts(rows: int, resamples: int, seed: int) -> Iterator[Numbers]:
    """(R, n) how often each row was drawn, some resamples at a time."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _COUNTS_AT_ONCE // max(1, rows))
    for start in range(0, resamples, at_once):
        block = min(at_once, resamples - start)
        drawn = generator.integers(0, max(1, rows), size=(block, rows))
        drawn += rows * np.arange(block)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=block * rows)
        yield counts.reshape(block, rows).astype(np.float64)


def _weighted(statistic: str, labels: Numbers, scores: Numbers, threshold: float) -> _Weighted:
    """Return the statistic of these rows as a function of how often each counts."""
    if statistic not in get_args(Statistic):
        raise InputError(f"statistic {statistic!r}: expected one of {get_args(Statistic)}")
    if statistic not in ("pearson", "spearman"):
        _check_binary(labels, "label")
    elif not (np.isfinite(labels).all() and np.isfinite(scores).all()):
        raise InputError(f"{statistic}: a value is infinite; expected finite numbers or NaN")
    if statistic in get_args(_OfThreshold):
        positive = scores > threshold
        return lambda counts: _decision(statistic, _cells(labels, positive, counts))
    if statistic == "brier":
        _check_probabilities(scores)
        return lambda counts: _ratio(counts @ (scores - labels) ** 2, counts.sum(1), math.nan)
    if statistic in ("auroc", "auprc"):
        area = _auroc if statistic == "auroc" else _auprc
        groups, positive = _Groups.of(scores), labels == 1
        return lambda n: area(groups.sums(n * positive), groups.sums(n * ~positive))
    if statistic == "pearson":
        return lambda counts: _pearson(labels, scores, counts)
    first, second = _Groups.of(labels), _Groups.of(scores)
    return lambda counts: _pearson(first.ranks(counts), second.ranks(counts), counts)


def _cells(labels: Numbers, positive: npt.NDArray[np.bool_], counts: Numbers) -> Numbers:
    """(4, R) true negatives, false positives, false negatives, true positives."""
    cell = 2 * (labels == 1) + positive
    cells: Numbers = (cell == np.arange(4)[:, None]).astype(np.float64) @ counts.T
    return cells


def _decision(statistic: str, cells: Numbers) -> Numbers:
    """Return (R,) values of a statistic of the confusion matrix, (4, R)."""
    tn, fp, fn, tp = cells
    total = cells.sum(0)
    if statistic == "accuracy":
        value = _ratio(tn + tp, total, math.nan)
    elif statistic == "mcc":
        margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        value = _ratio(tp * tn - fp * fn, np.sqrt(margins), 0.0)
    else:
        kind = statistic.removesuffix("_binary")
        value = _of_class(kind, tp, fp, fn)
        if kind == statistic:
            # A class that occurs nowhere has no part in the mean.
            has_positive, has_negative = tp + fp + fn > 0, tn + fp + fn > 0
            both = value * has_positive + _of_class(kind, tn, fn, fp) * has_negative
            value = _ratio(both, has_positive.astype(np.float64) + has_negative, math.nan)
    return np.where(total > 0, value, math.nan)


def _of_class(kind: str, hits: Numbers, false_hits: Numbers, misses: Numbers) -> Numbers:
    if kind == "precision":
        return _ratio(hits, hits + false_hits, 0.0)
    if kind == "recall":
        return _ratio(hits, hits + misses, 0.0)
    return _ratio(2 * hits, 2 * hits + false_hits + misses, 0.0)


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
        in_order = counts[:, self.order]
        if len(self.starts) == len(self.order):
            return in_order
        return np.add.reduceat(in_order, self.starts, axis=1)

    def ranks(self, counts: Numbers) -> Numbers:
        """(R, n) rank of each row in each resample, equal ones the mean of theirs."""
        sizes = self.sums(counts)
        return (np.cumsum(sizes, axis=1) - (sizes - 1) / 2)[:, self.group_of_row]


def _auroc(positives: Numbers, negatives: Numbers) -> Numbers:
    """Share of pairs in which the positive has the larger score; equal scores count half."""
    below = np.cumsum(negatives, axis=1) - negatives / 2
    return _ratio((positives * below).sum(1), positives.sum(1) * negatives.sum(1), math.nan)


def _auprc(positives: Numbers, negatives: Numbers) -> Numbers:
    """Average precision: the mean, over positives, of the precision down to their score."""
    found = np.cumsum(positives[:, ::-1], axis=1)
    called = found + np.cumsum(negatives[:, ::-1], axis=1)
    precision = _ratio(found, called, 0.0)
    return _ratio((positives[:, ::-1] * precision).sum(1), positives.sum(1), math.nan)


def _pearson(first: Numbers, second: Numbers, counts: Numbers) -> Numbers:
    """Correlation of two columns, (n,) or (R, n) each, in each resample."""
    (x, x_norm), (y, y_norm) = (_centred(column, counts) for column in (first, second))
    return np.clip(_ratio(np.einsum("rn,rn,rn->r", counts, x, y), x_norm * y_norm, math.nan), -1, 1)


def _centred(column: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """(R, n) distances to the mean, and (R,) their norm: 0 where it is only rounding."""
    total = counts.sum(1)
    mean = _ratio((counts * column).sum(1), total, math.nan)
    distances = column - mean[:, None]
    norm = np.sqrt(np.einsum("rn,rn,rn->r", counts, distances, distances))
    is_constant = norm <= _ROUNDING * np.sqrt(total) * np.abs(column).max(initial=0)
    return distances, np.where(is_constant, 0.0, norm)


def _ratio(numerator: Numbers, denominator: Numbers, otherwise: float) -> Numbers:
    """Quotients; `otherwise` where the denominator is 0."""
    quotients: Numbers = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients


def _complete(*columns: npt.ArrayLike) -> tuple[list[Numbers], int]:
    """Columns of numbers without the rows that have a NaN in any, and how many these are."""
    try:
        numbers = [np.asarray(column, dtype=np.float64) for column in columns]
    except (TypeError, ValueError) as error:
        raise InputError(f"labels and scores must be numbers: {error}") from error
    shapes = [column.shape for column in numbers]
    if numbers[0].ndim != 1 or len(set(shapes)) > 1:
        raise InputError(
            f"labels and scores have the shapes {', '.join(map(str, shapes))}; expected one number "
            "for each row in each"
        )
    keep = ~np.isnan(numbers).any(axis=0)
    return [column[keep] for column in numbers], int((~keep).sum())


def _check_binary(values: Numbers, name: str) -> None:
    foreign = values[(values != 0) & (values != 1)]
    if foreign.size:
        raise InputError(f"{name} {foreign[0]:g}; expected 0 or 1, or NaN where there is none")


def _check_probabilities(values: Numbers) -> None:
    foreign = values[(values < 0) | (values > 1)]
    if foreign.size:
        raise InputError(f"probability {foreign[0]:g}; expected 0 to 1, not log-odds")
