"""What a table of predictions holds, and what becomes of a sequence."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from enhancer_variants.models import Model
from enhancer_variants.schema import Column, Status

__all__ = ["PredictionStatus", "PredictionSummary", "prediction_columns"]


class PredictionStatus(enum.StrEnum):
    """Why a sequence was not predicted, or ``ok``; the first that applies.

    All but ``too_short`` are statuses of :class:`~enhancer_variants.schema.Status` too, with the
    sequence in place of the window.

    >>> PredictionStatus.TOO_SHORT.value, PredictionStatus("has_n") == Status.HAS_N
    ('too_short', True)
    """

    INVALID_RECORD = Status.INVALID_RECORD.value
    """The line or item holds no sequence that could be read."""
    NO_CONTIG = Status.NO_CONTIG.value
    """The reference has no contig of this name."""
    EDGE = Status.EDGE.value
    """The window or interval reaches over an end of the contig."""
    TOO_SHORT = "too_short"
    """There are fewer bases than a k-mer has, perhaps none."""
    TOO_LONG = Status.TOO_LONG.value
    """There are more bases than the model reads."""
    HAS_N = Status.HAS_N.value
    """There is N, or another character that is not A, C, G or T in either case."""
    OK = Status.OK.value
    """Predicted."""


@dataclass(frozen=True, slots=True)
class PredictionSummary:
    """What a run read and what became of it.

    Attributes
    ----------
    sequences
        Sequences read and rows written.
    statuses
        Rows by status, in order of precedence, those that occurred.

    Examples
    --------
    >>> ok, has_n = PredictionStatus.OK, PredictionStatus.HAS_N
    >>> print(PredictionSummary(3, {has_n: 1, ok: 2}))
    3 sequences: 2 predicted, 1 not (has_n 1)
    """

    sequences: int
    statuses: Mapping[PredictionStatus, int]

    @classmethod
    def of(cls, statuses: Iterable[str]) -> PredictionSummary:
        """Count rows by status, from the status of each or from a Counter of them."""
        counts = Counter(statuses)
        by_status = {s: counts[s] for s in PredictionStatus if counts[s]}
        return cls(counts.total(), by_status)

    @property
    def predicted(self) -> int:
        """Sequences that the model read."""
        return self.statuses.get(PredictionStatus.OK, 0)

    def __str__(self) -> str:
        """One line for a person."""
        line = f"{self.sequences:,} sequence{'s' * (self.sequences != 1)}: {self.predicted:,}"
        reasons = ", ".join(
            f"{status} {count:,}"
            for status, count in self.statuses.items()
            if status != PredictionStatus.OK
        )
        missing = self.sequences - self.predicted
        return f"{line} predicted, {missing:,} not ({reasons})" if reasons else f"{line} predicted"


_IDENTITY = (
    Column(
        "name", "string", "", "Name as the input gives it; of a BED line without one, its interval."
    ),
    Column("chrom", "string", "", "Contig of the sequence, where the input says it."),
    Column("start", "integer", "0-based", "First base of the sequence."),
    Column("end", "integer", "0-based", "Base behind the last one."),
    Column("label", "string", "", "Class as the input gives it."),
    Column("length", "integer", "bases", "Length of the sequence as it is given."),
    Column("status", "string", "", "ok, or the one reason why there is no prediction."),
    Column("status_detail", "string", "", "What exactly was found."),
)

_QUANTITIES = (
    Column("prob", "float", "probability", "Probability of the positive class."),
    Column("log_odds", "float", "log2 odds", "Log2 odds of the positive class."),
)

_SPREAD = Column("log_odds_spread", "float", "log2 odds", "Difference between the two strands.")


def prediction_columns(model: Model, *, averaged: bool = False) -> tuple[Column, ...]:
    """Columns of a table of predictions, in order.

    Parameters
    ----------
    model
        The model; each of its outputs is the prefix of its columns.
    averaged
        Whether both strands are averaged, which adds the difference between them.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> columns = prediction_columns(load_model(demo_files().model, "enhancer"))
    >>> [column.name for column in columns][-4:]
    ['status', 'status_detail', 'enhancer_prob', 'enhancer_log_odds']
    """
    quantities = (*_QUANTITIES, *((_SPREAD,) if averaged else ()))
    return _IDENTITY + tuple(
        replace(quantity, name=f"{output}_{quantity.name}")
        for output in model.output_names
        for quantity in quantities
    )
