"""What a check of a model's precisions and backends found: rows of a table, and what they admit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.models import Backend, ModelCard, Precision, admitted

__all__ = ["Accept", "ModelCheck", "PrecisionCheck", "ShiftErrors", "Verdict"]

Accept: TypeAlias = Literal["exact", "approximate"]
"""Up to which verdict a precision is admitted."""

Verdict: TypeAlias = Literal[
    "reference", "exact", "approximate", "refused", "slower", "not available"
]
"""What was found of a precision on a backend."""

_OPT_IN = "accept='approximate' (--accept approximate) admits"


@dataclass(frozen=True, slots=True)
class ShiftErrors:
    """How far shifts are from those of the reference; of several outputs, the worst one's.

    Attributes
    ----------
    largest, p99
        Largest absolute error and its 99th percentile, log2 units; NaN where a shift is none.
    rank_correlation
        Spearman's correlation with the shifts of the reference; NaN likewise.

    Examples
    --------
    >>> shifts = np.array([[0.5], [-1.0], [0.25]])
    >>> ShiftErrors.of(shifts + 0.125, shifts)
    ShiftErrors(largest=0.125, p99=0.125, rank_correlation=1.0)
    """

    largest: float
    p99: float
    rank_correlation: float

    @classmethod
    def of(cls, shifts: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]) -> ShiftErrors:
        """Compare shifts with those of the reference.

        Parameters
        ----------
        shifts, expected
            Shape (pairs, outputs), log2 units.
        """
        if not np.isfinite(shifts).all():
            return cls(np.nan, np.nan, np.nan)
        errors = np.abs(shifts - expected)
        by_output = zip(shifts.T, expected.T, strict=True)
        return cls(
            float(errors.max()),
            float(np.percentile(errors, 99, axis=0).max()),
            min(_rank_correlation(ours, theirs) for ours, theirs in by_output),
        )


def _rank_correlation(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> float:
    """Spearman's correlation; of shifts that are all equal, whether both sides' are."""
    ranks = [pd.Series(shifts).rank() for shifts in (ours, theirs)]
    constant = [bool((rank == rank[0]).all()) for rank in ranks]
    if any(constant):
        return float(all(constant))
    return float(np.clip(ranks[0].corr(ranks[1]), -1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionCheck:
    """What was found of one precision on one backend.

    Attributes
    ----------
    precision, backend
        What was checked.
    verdict
        ``reference`` (fp32 on torch), ``exact``, ``approximate``, ``refused``; ``slower``, where
        it is so much slower that its errors were not looked at; ``not available``.
    admitted
        Whether the check admits it.
    errors
        Errors of the shift; None where it was not computed.
    sequences_per_second
        Rate, the median of interleaved rounds; None where it was not measured.
    speedup
        The rate divided by that of the reference.
    detail
        Why it is not available, was not looked at, or is refused; else empty.
    """

    precision: Precision
    backend: Backend
    verdict: Verdict
    admitted: bool = False
    errors: ShiftErrors | None = None
    sequences_per_second: float | None = None
    speedup: float | None = None
    detail: str = ""

    @property
    def what(self) -> str:
        """Name it, as ``bf16 on torch``."""
        return f"{self.precision} on {self.backend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """Which precisions and backends a model may be computed with on a kind of device.

    Printed, it is a table with what it means underneath.

    Attributes
    ----------
    device_type
        ``cpu``, ``cuda`` or ``mps``.
    windows
        Where the window pairs come from, in words.
    n
        Number of window pairs that were compared.
    accept
        Up to which verdict was admitted.
    rows
        One for each precision and backend, the reference first.
    card
        The model's card, completed, with the admissions of this check in it.
    written
        Whether this is the card in the model's directory now.
    """

    device_type: str
    windows: str
    n: int
    accept: Accept
    rows: tuple[PrecisionCheck, ...]
    card: ModelCard = field(repr=False)
    written: bool = False

    @property
    def chosen(self) -> tuple[Precision, Backend]:
        """Precision and backend that are picked: the quickest that is admitted."""
        return admitted(self.card, self.device_type)

    def to_frame(self) -> pd.DataFrame:
        """Give the table: a row for each precision and backend.

        Returns
        -------
        pandas.DataFrame
            Columns precision, backend, verdict, admitted, n, largest_error, p99_error (log2
            units), rank_correlation, sequences_per_second, speedup, detail; NaN where there is
            no figure.
        """
        return pd.DataFrame([_flat(row, self.n) for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """Give everything as JSON values; null where there is no figure."""
        rows = [
            {key: _none_for_nan(value) for key, value in _flat(row, self.n).items()}
            for row in self.rows
        ]
        precision, backend = self.chosen
        return {
            "model": self.card.name,
            "weights_sha256": self.card.weights_sha256,
            "device_type": self.device_type,
            "windows": self.windows,
            "n": self.n,
            "accept": self.accept,
            "rows": rows,
            "chosen": {"precision": precision, "backend": backend},
            "written": self.written,
        }

    def __str__(self) -> str:
        """Table and conclusion, for a person."""
        return "\n".join([*_aligned([_HEAD, *map(_cells, self.rows)]), "", *self._conclusions()])

    def _conclusions(self) -> Iterator[str]:
        outputs = self.card.number_of_outputs
        worst = f", the worst of {outputs} outputs" if outputs > 1 else ""
        yield f"{self.card.name} on {self.device_type}: {self.n:,} window pairs{worst}."
        yield f"Windows: {self.windows}."
        for row in self.rows:
            if row.detail:
                yield f"{row.what}: {row.detail}."
        open_to = [row for row in self.rows if row.verdict == "approximate" and not row.admitted]
        if open_to:
            yield f"{_OPT_IN} {', '.join(row.what for row in open_to)}."
        precision, backend = self.chosen
        yield f"Picked: {precision} on {backend}."
        yield "In the card now." if self.written else "The card is as it was."


_HEAD = (
    "precision",
    "backend",
    "largest error",
    "99th percentile",
    "rank correlation",
    "sequences/s",
    "speed",
    "verdict",
)
_TEXT_COLUMNS = (0, 1, len(_HEAD) - 1)


def _cells(row: PrecisionCheck) -> tuple[str, ...]:
    errors = row.errors
    verdict = f"{row.verdict}, admitted" if row.admitted else row.verdict
    return (
        row.precision,
        row.backend,
        "-" if errors is None else f"{errors.largest:.1e}",
        "-" if errors is None else f"{errors.p99:.1e}",
        "-" if errors is None else f"{errors.rank_correlation:.5f}",
        "-" if row.sequences_per_second is None else f"{row.sequences_per_second:,.1f}",
        "-" if row.speedup is None else f"{row.speedup:.2f}",
        verdict,
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines of a table: text to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if place in _TEXT_COLUMNS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _flat(row: PrecisionCheck, n: int) -> dict[str, Any]:
    errors = ShiftErrors(np.nan, np.nan, np.nan) if row.errors is None else row.errors
    return {
        "precision": row.precision,
        "backend": row.backend,
        "verdict": row.verdict,
        "admitted": row.admitted,
        "n": n,
        "largest_error": errors.largest,
        "p99_error": errors.p99,
        "rank_correlation": errors.rank_correlation,
        "sequences_per_second": _nan_for_none(row.sequences_per_second),
        "speedup": _nan_for_none(row.speedup),
        "detail": row.detail,
    }


def _nan_for_none(value: float | None) -> float:
    return np.nan if value is None else value


def _none_for_nan(value: object) -> object:
    return None if isinstance(value, float) and np.isnan(value) else value
