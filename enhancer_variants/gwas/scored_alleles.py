"""Score every distinct allele of a list once, and remember what came out for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from enhancer_variants.effects import ScoringPlan, SideTables, score_records
from enhancer_variants.genome import Reference
from enhancer_variants.io import VariantRecord
from enhancer_variants.io.long_table import WriteRows
from enhancer_variants.schema import ALLELE_COLUMNS, MOTIF_HITS

__all__ = ["AlleleKey", "AlleleToScore", "ScoredAlleles"]

AlleleKey: TypeAlias = tuple[str, int, str, str]
"""Contig, 1-based position, REF, ALT: equal alleles are scored once."""

_REMEMBERED = 50_000
"""Alleles whose results are kept for rows further down: about 100 MB."""


@dataclass(frozen=True, slots=True)
class AlleleToScore:
    """An allele, and the first row of the output that asks for it.

    Attributes
    ----------
    key
        The allele.
    id
        Its identifier there.
    record, number
        The row's columns ``record`` and ``allele``, which tables with several rows for each
        allele repeat.
    """

    key: AlleleKey
    id: str
    record: int
    number: int


class ScoredAlleles:
    """What scoring gives for alleles, by allele.

    Parameters
    ----------
    plan, reference
        What alleles are scored with.
    side_tables
        Who takes what is more than a row per allele; each scored allele is told once.
    remembered
        How many alleles' results are kept beyond the chunk that asked for them.

    Attributes
    ----------
    columns
        Names of the values of each allele, in order: all that the plan fills but for the allele
        itself, and the list of motif hits where it is wanted.
    """

    def __init__(
        self,
        plan: ScoringPlan,
        reference: Reference,
        side_tables: SideTables | None = None,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._plan, self._reference = plan, reference
        self._side = side_tables or SideTables()
        self._remembered = remembered
        self._known: OrderedDict[AlleleKey, tuple[Any, ...]] = OrderedDict()
        identity = {column.name for column in ALLELE_COLUMNS}
        names = [column.name for column in plan.columns if column.name not in identity]
        self.columns = (*names, MOTIF_HITS.name) if self._side.hit_lists else tuple(names)

    def score(
        self, alleles: Sequence[AlleleToScore], advance: Callable[[float], None] | None = None
    ) -> Mapping[AlleleKey, tuple[Any, ...]]:
        """Values of each allele, in the order of `columns`.

        Parameters
        ----------
        alleles
            Distinct alleles of one chunk.
        advance
            Told how many more alleles are done.
        """
        known = {a.key: self._known[a.key] for a in alleles if a.key in self._known}
        new = [allele for allele in alleles if allele.key not in known]
        if advance is not None:
            advance(len(known))
        scored = dict(zip((a.key for a in new), self._scored(new, advance), strict=True))
        for key in known:
            self._known.move_to_end(key)
        self._known.update(scored)
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return known | scored

    def _scored(
        self, alleles: Sequence[AlleleToScore], advance: Callable[[float], None] | None
    ) -> list[tuple[Any, ...]]:
        if not alleles:
            return []
        records = [
            VariantRecord(number, contig, position, allele.id, ref, (alt,))
            for number, allele in enumerate(alleles)
            for contig, position, ref, alt in [allele.key]
        ]
        side = SideTables(
            _renumbered(self._side.factors, alleles),
            _renumbered(self._side.motif_hits, alleles),
            self._side.hit_lists,
        )
        table = score_records(records, self._plan, self._reference, {}, advance, side)
        columns = [_plain(table.data[name]) for name in self.columns]
        return list(zip(*columns, strict=True))


def _plain(values: Any) -> Sequence[Any]:
    plain: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    return plain


def _renumbered(write: WriteRows | None, alleles: Sequence[AlleleToScore]) -> WriteRows | None:
    """Give rows the numbers that their allele has in the output."""
    if write is None:
        return None
    records = np.array([allele.record for allele in alleles], dtype=np.int64)
    numbers = np.array([allele.number for allele in alleles], dtype=np.int64)

    def renumbered(rows: Mapping[str, Any]) -> None:
        at = np.asarray(rows["record"], dtype=np.int64)
        write({**rows, "record": records[at], "allele": numbers[at]})

    return renumbered
