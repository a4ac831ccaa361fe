"""What a comparison of calls with known enhancers found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from enhancer_variants.scan.permutations import Enrichment
from enhancer_variants.schema.comparison_columns import COMPARISON_COLUMNS

__all__ = ["ANY_DATABASE", "CallComparison", "DatabaseComparison", "OverlapCounts"]

ANY_DATABASE: Final = "any_database"
"""Name of all databases together."""

_DTYPES: Final = {"string": object, "integer": "int64", "float": "float64"}


@dataclass(frozen=True, slots=True)
class OverlapCounts:
    """How many intervals overlap, at one reciprocal overlap.

    Attributes
    ----------
    reciprocal
        Share of both intervals that the other has to cover; 0 is one shared base.
    calls
        Calls that overlap a known interval.
    known
        Known intervals that overlap a call.
    enrichment
        The calls against permuted ones; None without permutations.
    """

    reciprocal: float
    calls: int
    known: int
    enrichment: Enrichment | None


@dataclass(frozen=True, slots=True)
class DatabaseComparison:
    """One database, or all of them together, beside the calls.

    Attributes
    ----------
    name
        As the caller named it.
    known
        Its intervals.
    calls_bases, known_bases, shared_bases
        Bases that calls, known intervals and both cover.
    distance_quartiles
        First quartile, median and third quartile of the bases between a call and the nearest
        known interval; NaN where no contig has both.
    overlaps
        Counts at each reciprocal overlap.

    Examples
    --------
    >>> DatabaseComparison("toy", 2, 100, 60, 40, (0.0, 0.0, 9.0), ()).jaccard
    0.3333333333333333
    """

    name: str
    known: int
    calls_bases: int
    known_bases: int
    shared_bases: int
    distance_quartiles: tuple[float, float, float]
    overlaps: tuple[OverlapCounts, ...]

    @property
    def jaccard(self) -> float:
        """Shared bases by bases that either covers; NaN where there are none."""
        either = self.calls_bases + self.known_bases - self.shared_bases
        return self.shared_bases / either if either else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class CallComparison:
    """Calls held against databases of known enhancers.

    Attributes
    ----------
    calls
        Number of calls.
    databases
        Each database, in the order in which they were named, and all of them together last.
    combinations
        Which calls are in which databases: a row for each combination
        (:data:`~enhancer_variants.schema.COMBINATION_COLUMNS`).
    per_call
        A row for each call, in their order: `chrom`, `start`, `end`, and for each database
        ``NAME_overlap``, the largest reciprocal overlap with a known interval (0 for none), and
        ``NAME_distance``, the bases to the nearest (NaN without one on the contig).
    novel
        The calls that no database has, with all their columns.
    novel_reciprocal
        The reciprocal overlap from which on a database has a call.
    provenance
        Files, checksums and options.
    """

    calls: int
    databases: tuple[DatabaseComparison, ...]
    combinations: pd.DataFrame
    per_call: pd.DataFrame
    novel: pd.DataFrame
    novel_reciprocal: float
    provenance: Mapping[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each database and reciprocal overlap.

        Returns
        -------
        DataFrame
            With :data:`~enhancer_variants.schema.COMPARISON_COLUMNS`; NaN for what is not known.
        """
        rows = [row for database in self.databases for row in self._rows(database)]
        dtypes: dict[str, Any] = {
            column.name: _DTYPES[column.type] for column in COMPARISON_COLUMNS
        }
        return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)

    def _rows(self, database: DatabaseComparison) -> Iterator[dict[str, Any]]:
        first, median, third = database.distance_quartiles
        for counts in database.overlaps:
            yield {
                "database": database.name,
                "reciprocal_overlap": counts.reciprocal,
                "calls": self.calls,
                "known": database.known,
                "calls_overlapping": counts.calls,
                "calls_fraction": _share(counts.calls, self.calls),
                "known_overlapping": counts.known,
                "known_fraction": _share(counts.known, database.known),
                "calls_bases": database.calls_bases,
                "known_bases": database.known_bases,
                "shared_bases": database.shared_bases,
                "jaccard": database.jaccard,
                "distance_quartile_1": first,
                "distance_median": median,
                "distance_quartile_3": third,
                **_enrichment_cells(counts.enrichment),
            }

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the calls themselves as a JSON object; null for what is not known.

        Returns
        -------
        dict
            ``databases`` holds a row of :meth:`to_frame` for each database and reciprocal
            overlap, ``combinations`` the combinations with their databases as lists.
        """
        combinations = [
            row | {"databases": [name for name in str(row["databases"]).split(",") if name]}
            for row in _records(self.combinations)
        ]
        return {
            "provenance": dict(self.provenance),
            "databases": _records(self.to_frame()),
            "combinations": combinations,
            "novel": {"reciprocal_overlap": self.novel_reciprocal, "calls": len(self.novel)},
        }


def _enrichment_cells(found: Enrichment | None) -> dict[str, Any]:
    if found is None:
        return {"permutations": 0, "calls_permuted": 0, "observed": 0}
    return {
        "permutations": found.permutations,
        "calls_permuted": found.calls,
        "observed": found.observed,
        "expected": found.mean,
        "expected_low": found.low,
        "expected_high": found.high,
        "fold": found.fold,
        "fold_low": found.fold_low,
        "fold_high": found.fold_high,
        "z": found.z,
        "p_enriched": found.p_enriched,
        "p_depleted": found.p_depleted,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON objects, with None in place of NaN."""
    return [
        {
            str(key): None if isinstance(value, float) and math.isnan(value) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
