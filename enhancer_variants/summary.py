"""What a run read and what became of it, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from enhancer_variants.schema import Status

__all__ = ["RunSummary"]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run read and what became of it.

    Attributes
    ----------
    records, alleles
        Records read and rows written.
    statuses
        Rows by status, in order of precedence, those that occurred.

    Examples
    --------
    >>> print(RunSummary(2, 3, {Status.REF_MISMATCH: 1, Status.OK: 2}))
    3 alleles in 2 records: 2 scored, 1 not (ref_mismatch 1)
    """

    records: int
    alleles: int
    statuses: Mapping[Status, int]

    @classmethod
    def of(cls, records: int, statuses: Iterable[str] | Counter[str]) -> RunSummary:
        """Count rows by status, from the status of each or from a Counter of them."""
        counts = Counter(statuses)
        by_status = {status: counts[status] for status in Status if counts[status]}
        return cls(records, counts.total(), by_status)

    @property
    def scored(self) -> int:
        """Alleles that every model scored."""
        return self.statuses.get(Status.OK, 0)

    def __str__(self) -> str:
        """One line for a person."""
        reasons = ", ".join(
            f"{status} {count:,}" for status, count in self.statuses.items() if status != Status.OK
        )
        alleles, records = _counted(self.alleles, "allele"), _counted(self.records, "record")
        line = f"{alleles} in {records}: {self.scored:,} scored"
        return f"{line}, {self.alleles - self.scored:,} not ({reasons})" if reasons else line


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
