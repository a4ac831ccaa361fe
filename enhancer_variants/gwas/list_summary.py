"""What a run over a risk list read and what became of it, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from enhancer_variants.gwas.effect_rows import EffectRow
from enhancer_variants.gwas.resolved import ORIENTATIONS
from enhancer_variants.io import EffectTable
from enhancer_variants.schema import Status

__all__ = ["ListCounts", "ListSummary"]


@dataclass(frozen=True, slots=True)
class ListSummary:
    """What a run over a risk list read and what became of it.

    Attributes
    ----------
    rows, variants
        Rows of the list, and variants that they name.
    alleles
        Rows written: one for each ALT, one for a variant that has none. Proxies are counted too.
    proxies
        How many of these are proxies.
    statuses
        Rows written by status, in order of precedence, those that occurred.
    orientations
        Likewise by orientation.
    unplaced
        Rows that a VCF output has no place for, written beside it.

    Examples
    --------
    >>> counts = {Status.RSID_NOT_FOUND: 1, Status.OK: 2}
    >>> print(ListSummary(2, 3, 3, 0, counts, {"direct": 1, "complement": 1}))
    3 alleles of 3 variants in 2 rows: 2 scored, 1 not (rsid_not_found 1); orientation: direct 1,
    complement 1
    """

    rows: int
    variants: int
    alleles: int
    proxies: int
    statuses: Mapping[Status, int]
    orientations: Mapping[str, int]
    unplaced: int = 0

    @classmethod
    def of(cls, effects: pd.DataFrame) -> ListSummary:
        """Count the rows of a whole list, as :func:`~enhancer_variants.score_gwas` gives them."""
        is_proxy = np.zeros(len(effects), dtype=bool)
        if "proxy_of" in effects:
            is_proxy = effects["proxy_of"].notna().to_numpy(dtype=bool)
        statuses = effects["status"].value_counts()
        orientations = effects["orientation"].value_counts()
        return cls(
            rows=effects["list_row"].nunique(),
            variants=len(effects[["list_row", "list_variant"]].drop_duplicates()),
            alleles=len(effects),
            proxies=int(is_proxy.sum()),
            statuses={s: int(statuses[s]) for s in Status if s in statuses},
            orientations={o: int(orientations[o]) for o in ORIENTATIONS if o in orientations},
        )

    @property
    def scored(self) -> int:
        """Rows that every model scored."""
        return self.statuses.get(Status.OK, 0)

    def __str__(self) -> str:
        """One line for a person."""
        line = (
            f"{_counted(self.alleles, 'allele')} of {_counted(self.variants, 'variant')} in "
            f"{_counted(self.rows, 'row')}"
        )
        if self.proxies:
            line += f", {self.proxies:,} of proxies"
        line += f": {self.scored:,} scored"
        if reasons := _listed(self.statuses, leave_out=Status.OK):
            line += f", {self.alleles - self.scored:,} not ({reasons})"
        if orientations := _listed(self.orientations):
            line += f"; orientation: {orientations}"
        if self.unplaced:
            line += f"; {self.unplaced:,} without a place in a VCF, written beside it"
        return line


@dataclass(slots=True)
class ListCounts:
    """Counts of a run that is under way."""

    rows: int = 0
    variants: int = 0
    proxies: int = 0
    unplaced: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    orientations: Counter[str] = field(default_factory=Counter)

    def add(self, rows: list[EffectRow], table: EffectTable) -> None:
        """Count the rows of a table."""
        leads = [row for row in rows if not row.proxy_of]
        self.rows += len({row.allele.list_row for row in leads})
        self.variants += len({(row.allele.list_row, row.allele.list_variant) for row in leads})
        self.proxies += len(rows) - len(leads)
        self.statuses.update(table.data["status"])
        self.orientations.update(row.allele.orientation for row in rows)

    def summary(self, *, unplaced: bool) -> ListSummary:
        """Give what was counted; rows without a place only where that matters."""
        return ListSummary(
            self.rows,
            self.variants,
            self.statuses.total(),
            self.proxies,
            {status: self.statuses[status] for status in Status if self.statuses[status]},
            {o: self.orientations[o] for o in ORIENTATIONS if self.orientations[o]},
            self.unplaced if unplaced else 0,
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _listed(counts: Mapping[Status, int] | Mapping[str, int], leave_out: str = "") -> str:
    return ", ".join(f"{what} {count:,}" for what, count in counts.items() if what != leave_out)
