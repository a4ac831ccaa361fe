"""What became of the alleles of a table, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from enhancer_variants.schema import Status

__all__ = ["StatusCount", "status_counts"]


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many alleles have one status.

    Attributes
    ----------
    status
        As the table has it; empty where it has none.
    meaning
        One sentence, empty for a status that is not declared.
    count
        Alleles.
    share
        Of all, 0 to 1.
    """

    status: str
    meaning: str
    count: int
    share: float

    @property
    def percent(self) -> str:
        """The share in words of a table: never 0 % of something, never 100 % of less than all.

        Examples
        --------
        >>> StatusCount("ok", "", 9999, 0.9999).percent
        '> 99.9 %'
        """
        if 0 < self.share < 0.001:
            return "< 0.1 %"
        if 0.999 < self.share < 1:
            return "> 99.9 %"
        return f"{100 * self.share:.1f} %"


def status_counts(effects: pd.DataFrame) -> Sequence[StatusCount]:
    """Count alleles by status: ``ok`` first, then by how many there are.

    Examples
    --------
    >>> effects = pd.DataFrame({"status": ["edge", "ok", "ok", "edge", "edge"]})
    >>> [(one.status, one.count) for one in status_counts(effects)]
    [('ok', 2), ('edge', 3)]
    """
    counts = effects["status"].astype("string").fillna("").value_counts()
    found = [
        StatusCount(str(status), _meaning(str(status)), int(count), int(count) / len(effects))
        for status, count in counts.items()
    ]
    return sorted(found, key=lambda one: (one.status != Status.OK, -one.count, one.status))


def _meaning(status: str) -> str:
    try:
        return Status(status).meaning
    except ValueError:
        return ""
