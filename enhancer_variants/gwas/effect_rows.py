"""Rows of a scored risk list: the list's own cells, the allele, and what scoring gives for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from enhancer_variants.effects import ScoringPlan
from enhancer_variants.errors import InputError
from enhancer_variants.gwas.annotation import Annotation
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.gwas.risk_list import ListVariant
from enhancer_variants.gwas.scored_alleles import AlleleKey, AlleleToScore
from enhancer_variants.io import EffectTable, VariantRecord
from enhancer_variants.schema import (
    IDENTITY_COLUMNS,
    LIST_COLUMNS,
    MOTIF_HITS,
    PROXY_COLUMNS,
    RISK_COLUMNS,
    Column,
    Status,
    check_distinct,
    risk_shift_column,
    vcf_key,
)

__all__ = ["EffectRow", "ListLayout", "own_columns"]

_SHIFT = "log_odds_shift"
_RISK_SHIFT = "risk_log_odds_shift"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One row of the output, before it is scored.

    Attributes
    ----------
    cells
        The list's own columns.
    variant
        The variant as the list has it; of a proxy, its lead's.
    allele
        What it resolved to.
    proxy_of, r2
        The lead's name and the r2 with it; empty and 1 for a lead itself.
    """

    cells: tuple[str, ...]
    variant: ListVariant
    allele: ResolvedAllele
    proxy_of: str = ""
    r2: float = 1.0

    @property
    def key(self) -> AlleleKey | None:
        """The allele to score, or None where there is nothing to score."""
        allele = self.allele
        if allele.status is not Status.OK or allele.position is None:
            return None
        return allele.contig, allele.position, allele.ref, allele.alt


@dataclass(frozen=True)
class ListLayout:
    """The columns of a scored list, and how they are filled.

    Attributes
    ----------
    own
        The list's columns under the names that they have in the output.
    plan
        What alleles are scored with.
    with_proxies
        Whether there are rows of proxies.
    annotations
        Files whose intervals the alleles may lie in.
    """

    own: tuple[str, ...]
    plan: ScoringPlan
    with_proxies: bool = False
    annotations: tuple[Annotation, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names of models and annotations that would give one column twice."""
        ours = _ours(self.plan, self.with_proxies, self.annotations)
        check_distinct(ours)
        for name, count in Counter(column.name for column in ours).items():
            if count > 1:
                raise InputError(
                    f"two models or annotations would both fill the column {name}: rename one"
                )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every column, in order."""
        first, *rest = _parts(self.plan, self.with_proxies, self.annotations)
        text = "As the list has it."
        return (*first, *(Column(name, "string", "", text) for name in self.own), *sum(rest, ()))

    def numbered(self, rows: Sequence[EffectRow]) -> list[int]:
        """Give the column ``allele``: rows of one row of the list count from 1.

        A single one without an allele is 0, as a record of a VCF without ALT.
        """
        numbers: list[int] = []
        last, number = None, 0
        for row in rows:
            number = number + 1 if row.allele.list_row == last else 1
            last = row.allele.list_row
            numbers.append(number)
        followers = [*numbers[1:], 1]
        return [
            0 if number == follower == 1 and not row.allele.alt else number
            for row, number, follower in zip(rows, numbers, followers, strict=True)
        ]

    def alleles(self, rows: Sequence[EffectRow]) -> list[AlleleToScore]:
        """Distinct alleles to score, each with the first row that asks for it."""
        first: dict[AlleleKey, AlleleToScore] = {}
        for row, number in zip(rows, self.numbered(rows), strict=True):
            if row.key is not None and row.key not in first:
                about = (row.allele.id, row.allele.list_row, number)
                first[row.key] = AlleleToScore(row.key, *about)
        return list(first.values())

    def table(
        self,
        rows: Sequence[EffectRow],
        scored: Mapping[AlleleKey, tuple[Any, ...]],
        scored_columns: Sequence[str],
    ) -> EffectTable:
        """Join rows with what scoring gave for their alleles.

        Parameters
        ----------
        rows
            In output order; all rows of a variant of the list together.
        scored
            Values of each allele that has a status of ok.
        scored_columns
            Names of these values.
        """
        data: dict[str, Any] = {
            name: list(cells)
            for name, cells in zip(
                self.own, zip(*(r.cells for r in rows), strict=True), strict=True
            )
        }
        nothing = (None,) * len(scored_columns)
        values = [scored[row.key] if row.key is not None else nothing for row in rows]
        data |= dict(zip(scored_columns, map(list, zip(*values, strict=True)), strict=True))
        data |= _identity(rows, self.numbered(rows), data["status"], data["status_detail"])
        data |= _risk(rows)
        if self.with_proxies:
            data["proxy_of"] = [row.proxy_of or None for row in rows]
            data["proxy_r2"] = [row.r2 for row in rows]
        for model in _shown_models(self.plan):
            shift = data[f"{model}_{_SHIFT}"]
            data[f"{model}_{_RISK_SHIFT}"] = _risk_shifts(rows, shift)
        for annotation in self.annotations:
            data[annotation.column.name] = annotation.overlaps([row.allele for row in rows])
        lists = (MOTIF_HITS,) if MOTIF_HITS.name in scored_columns else ()
        columns = (*self.columns, *lists)
        for column in columns:
            if column.type == "float":
                data[column.name] = np.array(data[column.name], dtype=np.float64)
        records = [_record(number, row.allele) for number, row in enumerate(rows)]
        return EffectTable(records, [1] * len(rows), columns, data)


def own_columns(names: Iterable[str], taken: Iterable[str]) -> tuple[str, ...]:
    """Names that a list's own columns have in the output.

    One that equals one of `taken`, ignoring case, or an earlier one, gets ``list_`` in front; one
    without a name is called by its place.

    Examples
    --------
    >>> own_columns(["SNP", "POS", "", "SNP"], ["pos", "status"])
    ('SNP', 'list_POS', 'list_column_3', 'list_SNP')
    """
    used = {name.casefold() for name in taken}
    own: list[str] = []
    for place, given in enumerate(names, 1):
        name = given or f"list_column_{place}"
        while name.casefold() in used or name in own:
            name = f"list_{name}"
        own.append(name)
    return tuple(own)


def layout_of(
    names: Iterable[str],
    plan: ScoringPlan,
    *,
    with_proxies: bool,
    annotations: tuple[Annotation, ...],
) -> ListLayout:
    """Lay out the output of a list with these columns.

    Raises
    ------
    InputError
        If models or annotations have names that would give one column twice.
    """
    ours = _ours(plan, with_proxies, annotations)
    own = own_columns(names, [column.name for column in ours])
    return ListLayout(own, plan, with_proxies, annotations)


def _ours(
    plan: ScoringPlan, with_proxies: bool, annotations: tuple[Annotation, ...]
) -> tuple[Column, ...]:
    return sum(_parts(plan, with_proxies, annotations), ())


def _parts(
    plan: ScoringPlan, with_proxies: bool, annotations: tuple[Annotation, ...]
) -> tuple[tuple[Column, ...], ...]:
    """Columns before the list's own, and behind them: identity, risk, models, annotations."""
    behind_shift = {f"{model}_{_SHIFT}": risk_shift_column(model) for model in _shown_models(plan)}
    scored: list[Column] = []
    for column in plan.columns[len(IDENTITY_COLUMNS) :]:
        scored.append(column)
        if column.name in behind_shift:
            scored.append(behind_shift[column.name])
    keyed = tuple(replace(column, vcf_key=vcf_key(column.name)) for column in LIST_COLUMNS)
    proxy = PROXY_COLUMNS if with_proxies else ()
    overlaps = tuple(annotation.column for annotation in annotations)
    return keyed, IDENTITY_COLUMNS, RISK_COLUMNS, proxy, tuple(scored), overlaps


def _shown_models(plan: ScoringPlan) -> list[str]:
    """Names of the models that have columns of their own."""
    names = [name for model in plan.enhancers for name in model.output_names]
    return names if plan.only_top_factors else [*names, *plan.factors]


def _record(number: int, allele: ResolvedAllele) -> VariantRecord:
    alts = (allele.alt,) if allele.alt else ()
    return VariantRecord(number, allele.contig, allele.position, allele.id, allele.ref, alts)


def _identity(
    rows: Sequence[EffectRow],
    numbers: Sequence[int],
    statuses: Sequence[str | None],
    details: Sequence[str | None],
) -> dict[str, list[Any]]:
    """Name the row and its allele, and say what became of it: resolving first, then scoring."""
    alleles = [row.allele for row in rows]
    both = zip(alleles, details, strict=True)
    return {
        "list_row": [a.list_row for a in alleles],
        "list_variant": [a.list_variant for a in alleles],
        "chrom": [a.contig or None for a in alleles],
        "pos": [a.position for a in alleles],
        "id": [a.id or None for a in alleles],
        "ref": [a.ref or None for a in alleles],
        "alt": [a.alt or None for a in alleles],
        "record": [a.list_row for a in alleles],
        "allele": list(numbers),
        "status": [
            status if a.status is Status.OK else a.status
            for a, status in zip(alleles, statuses, strict=True)
        ],
        "status_detail": [
            "; ".join(said for said in (a.detail, detail) if said) or None for a, detail in both
        ],
    }


def _risk(rows: Sequence[EffectRow]) -> dict[str, list[Any]]:
    """Give what the list says, which of a proxy is nothing but its risk allele."""
    said = [ListVariant() if row.proxy_of else row.variant for row in rows]
    return {
        "orientation": [row.allele.orientation or None for row in rows],
        "risk_allele": [row.allele.risk_allele or None for row in rows],
        "other_allele": [row.allele.other_allele or None for row in rows],
        "risk_allele_frequency": [variant.effect_allele_frequency for variant in said],
        "risk_effect_size": [variant.effect_size for variant in said],
        "risk_effect_kind": [variant.effect_size_kind or None for variant in said],
        "risk_minus_log10_p": [variant.minus_log10_p for variant in said],
    }


def _risk_shifts(rows: Sequence[EffectRow], shifts: Sequence[float | None]) -> list[float]:
    """Shift from the other allele to the risk allele, NaN where one of them was not scored.

    The log-odds of every allele of a site are known relative to its REF, so a difference of two
    shifts is the shift between two ALTs.
    """
    of_alt: dict[tuple[Any, ...], float] = {
        (*_site(row), row.allele.alt): shift
        for row, shift in zip(rows, shifts, strict=True)
        if shift is not None
    }

    def against_ref(row: EffectRow, allele: str) -> float:
        return 0.0 if allele == row.allele.ref else of_alt.get((*_site(row), allele), np.nan)

    return [
        against_ref(row, row.allele.risk_allele) - against_ref(row, row.allele.other_allele)
        if row.key is not None and row.allele.risk_allele and row.allele.other_allele
        else np.nan
        for row in rows
    ]


def _site(row: EffectRow) -> tuple[Any, ...]:
    """Name what two ALTs share of which one may be the risk and one the other allele."""
    allele = row.allele
    of_list = (allele.list_row, allele.list_variant, row.proxy_of)
    return (*of_list, allele.contig, allele.position, allele.ref)
