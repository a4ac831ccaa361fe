"""How good predictions are, and how sure that is.

Every statistic is computed from how often each row counts: once each for the figure itself, and as
often as it was drawn in each resample of a bootstrap. One formula therefore gives both, and
thousands of resamples are a few array operations.

What is undefined is NaN and never an error: AUROC with labels of one class only, AUPRC without a
positive, a correlation with a constant, anything of no rows. Precision, recall, F1 and MCC of the
form 0 / 0 are 0, as in scikit-learn and hence in the published DNABERT code. Rows whose label or
score is NaN are left out, and counted.

Shapes: n rows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, astuple, dataclass
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.training.weighted_statistics import (
    Numbers,
    OfThreshold,
    Statistic,
    check_binary,
    check_probabilities,
    confusion_cells,
    of_confusion,
    ratio,
    resampled_counts,
    weighted_statistic,
)

__all__ = [
    "FEWEST_ROWS",
    "BootstrapInterval",
    "ClassificationMetrics",
    "ConfusionMatrix",
    "ReliabilityBin",
    "Statistic",
    "bootstrap_interval",
    "classification_metrics",
    "percentile_interval",
    "reliability_table",
]

FEWEST_ROWS: Final = 10
"""Fewer rows show nothing: their resamples are too much alike, some of one value."""


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
        """Whether the whole interval is above 0, or below; False where it is NaN or of few rows.

        Fewer than :data:`FEWEST_ROWS` show nothing: their resamples are too much alike.
        """
        return self.rows >= FEWEST_ROWS and (self.lower > 0 or self.upper < 0)


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
    check_binary(truth, "label")
    check_probabilities(said)
    for prediction in decided:
        check_binary(prediction, "prediction")
    positive = decided[0] == 1 if decided else said > threshold
    once = np.ones((1, len(truth)))
    cells = confusion_cells(truth, positive, once)
    figures = {name: float(of_confusion(name, cells)[0]) for name in get_args(OfThreshold)}
    for name in ("auroc", "auprc", "brier"):
        figures[name] = float(weighted_statistic(name, truth, said, threshold)(once)[0])
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
    check_binary(truth, "label")
    check_probabilities(said)
    bounds = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(bounds, said, side="right") - 1, 0, bins - 1)
    rows = np.bincount(place, minlength=bins)
    sums = np.array([np.bincount(place, column, bins) for column in (said, truth)])
    means = ratio(sums, np.tile(rows, (2, 1)).astype(np.float64), math.nan)
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
    first, *others = (weighted_statistic(statistic, truth, score, threshold) for score in said)

    def value(counts: Numbers) -> Numbers:
        return first(counts) - others[0](counts) if others else first(counts)

    drawn = [value(counts) for counts in resampled_counts(len(truth), resamples, seed)]
    of_all = float(value(np.ones((1, len(truth))))[0])
    return percentile_interval(
        of_all, np.concatenate(drawn), level=level, rows=len(truth), left_out=left_out
    )


def percentile_interval(
    value: float, drawn: Numbers, *, level: float, rows: int, left_out: int = 0
) -> BootstrapInterval:
    """Give a statistic the interval that holds a share of its resamples.

    Parameters
    ----------
    value
        Of all rows.
    drawn
        (R,) of the resamples; NaN where it is undefined.
    level, rows, left_out
        As :class:`BootstrapInterval` has them.

    Examples
    --------
    >>> interval = percentile_interval(2.0, np.arange(5.0), level=0.5, rows=9)
    >>> interval.lower, interval.upper
    (1.0, 3.0)
    """
    defined = drawn[~np.isnan(drawn)]
    bounds = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(defined, bounds).tolist() if defined.size else (math.nan, math.nan)
    return BootstrapInterval(
        value=value,
        lower=lower,
        upper=upper,
        level=level,
        resamples=len(drawn),
        undefined=len(drawn) - defined.size,
        rows=rows,
        left_out=left_out,
    )


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
