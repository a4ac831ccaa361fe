"""What an evaluation found, as values, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.prediction import PredictionSummary
from enhancer_variants.training.evaluation.figures import Comparison, MethodFigures
from enhancer_variants.training.metrics import BootstrapInterval
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["BaselinesFrom", "Evaluation", "OutputEvaluation", "RowSet"]

BaselinesFrom: TypeAlias = Literal["training data", "cross-validation", "nothing"]
"""What baselines were fitted to; `nothing`, and hence no baselines, for want of rows."""

_COLUMNS: Final = (
    "output",
    "set",
    "method",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "positives",
)


@dataclass(frozen=True, slots=True)
class RowSet:
    """Figures on one set of rows.

    Attributes
    ----------
    name
        ``all``, or ``gc_matched``: as many positives as negatives with the same GC content.
    rows, positives
        How many there are.
    methods
        The model first, then ``gc`` and ``kmer``.
    comparisons
        The model against each baseline.
    """

    name: str
    rows: int
    positives: int
    methods: tuple[MethodFigures, ...]
    comparisons: tuple[Comparison, ...]

    def lines(self) -> Iterator[tuple[str, str, BootstrapInterval]]:
        """Give method, metric and interval of each figure, then of each difference."""
        for method in self.methods:
            for metric, interval in method.figures.items():
                yield method.method, metric, interval
        for comparison in self.comparisons:
            yield f"model-{comparison.baseline}", comparison.metric, comparison.difference

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "rows": self.rows,
            "positives": self.positives,
            "methods": {
                method.method: {
                    "threshold": method.threshold,
                    "metrics": {n: _bounds(found) for n, found in method.figures.items()},
                    "confusion": asdict(method.confusion),
                    "reliability": [_finite(asdict(one)) for one in method.reliability],
                }
                for method in self.methods
            },
            "comparisons": [
                {
                    "baseline": comparison.baseline,
                    "metric": comparison.metric,
                    **_bounds(comparison.difference),
                    "verdict": comparison.verdict,
                }
                for comparison in self.comparisons
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class OutputEvaluation:
    """Figures of one output of a model.

    Attributes
    ----------
    output
        Its name.
    baselines_from
        What the baselines were fitted to.
    left_out
        Rows that do not count, by the reason: a status of prediction, ``no_label`` or
        ``copy_of_training``.
    rows
        Indexes of the n rows that count.
    labels, gc_matched
        (n,) 0 or 1, and whether a row is in the set ``gc_matched``.
    log_odds
        (n,) log2 odds by method.
    sets
        ``all`` and ``gc_matched``.
    """

    output: str
    baselines_from: BaselinesFrom
    left_out: Mapping[str, int]
    rows: npt.NDArray[np.int64]
    labels: Numbers
    gc_matched: npt.NDArray[np.bool_]
    log_odds: Mapping[str, Numbers]
    sets: tuple[RowSet, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: figures, without the rows."""
        return {
            "baselines_from": self.baselines_from,
            "left_out": dict(self.left_out),
            "sets": {found.name: found.to_dict() for found in self.sets},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How good a model is on sequences with known labels.

    Attributes
    ----------
    model
        Its name.
    outputs
        Figures of each output that has labels.
    predictions
        One row for each sequence, in order: the columns of
        :func:`~enhancer_variants.predict_sequences`, ``gc``, where training data are given
        ``copy`` (shares a 32-mer with them), and for each output its label, the baselines' log2
        odds and the sets that the row is in.
    summary
        Sequences by status of prediction.
    copies
        Sequences that share a 32-mer with the training data on either strand; None without any.
    kmer
        Bases of the k-mers of the baseline.
    notes
        What a reader has to know, one sentence each.
    provenance
        What it was made with.
    """

    model: str
    outputs: tuple[OutputEvaluation, ...]
    predictions: pd.DataFrame
    summary: PredictionSummary
    copies: int | None
    kmer: int
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def metrics(self) -> pd.DataFrame:
        """Every figure and every difference: value, low and high end of its interval, rows."""
        rows = [
            (
                found.output,
                one.name,
                method,
                metric,
                interval.value,
                interval.lower,
                interval.upper,
                one.rows,
                one.positives,
            )
            for found in self.outputs
            for one in found.sets
            for method, metric, interval in one.lines()
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the predictions, as JSON has it; what is undefined is None."""
        return {
            "model": self.model,
            "sequences": self.summary.sequences,
            "statuses": {str(status): count for status, count in self.summary.statuses.items()},
            "copies_of_training": self.copies,
            "kmer": self.kmer,
            "notes": [*self.notes],
            "outputs": {found.output: found.to_dict() for found in self.outputs},
            "provenance": dict(self.provenance),
        }


def _bounds(interval: BootstrapInterval) -> dict[str, float | None]:
    return _finite({"value": interval.value, "low": interval.lower, "high": interval.upper})


def _finite(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {
        name: None if isinstance(number, float) and math.isnan(number) else number
        for name, number in numbers.items()
    }
