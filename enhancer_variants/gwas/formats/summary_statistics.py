"""Rows of summary statistics, whatever program wrote them, as variants of a risk list."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from enhancer_variants.gwas.formats.cell_values import (
    allele_of,
    allele_pair_of,
    contig_of,
    frequency_of,
    is_missing,
    number_of,
    position_of,
    strength_of_evidence,
)
from enhancer_variants.gwas.formats.dialects import Role
from enhancer_variants.gwas.formats.layout import Layout
from enhancer_variants.gwas.formats.table_lines import RawRow
from enhancer_variants.gwas.formats.variant_names import (
    UNREADABLE_NAME,
    VariantName,
    read_variant_name,
    rsid_of,
)
from enhancer_variants.gwas.risk_list import EffectSizeKind, ListRow, ListVariant

__all__ = ["VariantReader", "statistics_rows"]

_TESTS_OF_ALLELES = frozenset(
    ("", "ADD", "DOM", "REC", "HOM", "HET", "HETONLY", "ALLELIC", "TREND", "GENO", "GENO_2DF")
)
"""Other tests, of covariates and interactions, say nothing of the allele's own effect."""


def statistics_rows(
    rows: Iterable[RawRow], variant_of: Callable[[Sequence[str]], ListVariant]
) -> Iterator[ListRow]:
    """Turn rows of cells into rows of a risk list; a row with a problem keeps it."""
    for row in rows:
        variant = ListVariant(problem=row.problem) if row.problem else variant_of(row.cells)
        yield ListRow(row.number, row.cells, (variant,))


class VariantReader:
    """Reads the variant of one row after another.

    Parameters
    ----------
    layout
        Which column holds what.

    Notes
    -----
    A list of millions of rows has few contigs, so they are folded once each.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._contigs: dict[str, str] = {}
        columns = layout.columns
        self._contig, self._position = columns.get("contig"), columns.get("position")
        self._effect, self._other = columns.get("effect"), columns.get("other")
        self._ref, self._alt = columns.get("ref"), columns.get("alt")
        self._frequency = columns.get("frequency")
        self._p, self._log_p = columns.get("p"), columns.get("minus_log10_p")
        self._test = columns.get("test")
        self._sizes = _sizes(columns)
        self._needs_alleles = self._other is None and self._alt is None

    def __call__(self, cells: Sequence[str]) -> ListVariant:
        """Read the variant that the cells of a row say."""
        contig, position = self._place(cells)
        rsid = next((rsid for i in self._layout.names if (rsid := rsid_of(cells[i]))), "")
        name = UNREADABLE_NAME
        if position is None or self._needs_alleles:
            name = self._name(cells)
            rsid = rsid or name.rsid
            if position is None and self._layout.names_hold_places:
                contig, position = name.contig, name.position
        if not rsid and position is None:
            return ListVariant(problem=self._nameless(cells))
        effect, other, ref, alt = self._alleles(cells, name)
        size: float | None = None
        kind: EffectSizeKind = ""
        p: float | None = None
        minus_log10_p: float | None = None
        if self._test is None or cells[self._test].strip().upper() in _TESTS_OF_ALLELES:
            size, kind = self._size(cells)
            p, minus_log10_p = strength_of_evidence(
                None if self._p is None else cells[self._p],
                None if self._log_p is None else cells[self._log_p],
                either_sign=True,
            )
        return ListVariant(
            rsid=rsid,
            contig=contig,
            position=position,
            effect_allele=effect,
            other_allele=other,
            effect_allele_frequency=(
                None if self._frequency is None else frequency_of(cells[self._frequency])
            ),
            ref=ref,
            alt=alt,
            forward=self._layout.forward or bool(ref),
            effect_size=size,
            effect_size_kind=kind,
            p_value=p,
            minus_log10_p=minus_log10_p,
        )

    def _place(self, cells: Sequence[str]) -> tuple[str, int | None]:
        if self._contig is None or self._position is None:
            return "", None
        text = cells[self._contig]
        contig = self._contigs.get(text)
        if contig is None:
            contig = self._contigs[text] = contig_of(text, self._layout.numbers)
        position = position_of(cells[self._position], self._layout.first_base)
        return (contig, position) if contig and position is not None else ("", None)

    def _name(self, cells: Sequence[str]) -> VariantName:
        """Read the first name that says more than an rsID does."""
        names = (read_variant_name(cells[i], self._layout.numbers) for i in self._layout.names)
        return next((n for n in names if n.position is not None or n.alleles), UNREADABLE_NAME)

    def _nameless(self, cells: Sequence[str]) -> str:
        listed = [cells[i].strip() for i in self._layout.names if not is_missing(cells[i])]
        found = " and ".join(repr(text[:40]) for text in listed) or "the row"
        if self._layout.names_hold_places:
            return f"{found} names no rsID and no place"
        return f"{found} names no rsID, and the row was not harmonised"

    def _alleles(self, cells: Sequence[str], name: VariantName) -> tuple[str, str, str, str]:
        """Give effect, other, REF and ALT allele, each empty where it is not said."""
        effect, other = allele_pair_of(
            "" if self._effect is None else cells[self._effect],
            "" if self._other is None else cells[self._other],
        )
        ref, alt = self._reference_pair(cells, effect, other)
        pair = (ref, alt) if ref else name.alleles
        if effect and not other and effect in pair:
            other = pair[1] if effect == pair[0] else pair[0]
        if self._effect is None and not ref and name.alleles:
            ref, alt = name.alleles
            if self._layout.named_alt_has_effect:
                effect, other = alt, ref
        return (
            (effect, other, ref, alt) if self._layout.ref_is_reference else (effect, other, "", "")
        )

    def _reference_pair(self, cells: Sequence[str], effect: str, other: str) -> tuple[str, str]:
        """Give REF and ALT, both or neither; GWAS-SSF says which of its two alleles is REF."""
        if self._ref is None:
            return "", ""
        text = cells[self._ref].strip().upper()
        if self._alt is None:
            pair = {"EA": (effect, other), "OA": (other, effect)}.get(text)
            if pair is None:
                pair = (
                    (text, other if text == effect else effect)
                    if text in (effect, other)
                    else ("", "")
                )
            return pair if all(map(allele_of, pair)) else ("", "")
        ref, alt = allele_of(text), allele_of(cells[self._alt])
        return (ref, alt) if ref and alt else ("", "")

    def _size(self, cells: Sequence[str]) -> tuple[float | None, EffectSizeKind]:
        for column, is_ratio, kind in self._sizes:
            size = number_of(cells[column])
            if size is None or (is_ratio and size <= 0):
                continue
            return (math.log(size) if is_ratio else size), kind
        return None, ""


def _sizes(columns: Mapping[Role, int]) -> tuple[tuple[int, bool, EffectSizeKind], ...]:
    """Columns with effect sizes, whether each is a ratio, and what it is after the logarithm."""
    known: tuple[tuple[Role, bool, EffectSizeKind], ...] = (
        ("odds_ratio", True, "log_odds_ratio"),
        ("log_odds_ratio", False, "log_odds_ratio"),
        ("beta", False, "beta"),
        ("hazard_ratio", True, "beta"),
    )
    return tuple((columns[role], ratio, kind) for role, ratio, kind in known if role in columns)
