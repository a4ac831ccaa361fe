"""The NHGRI-EBI GWAS Catalog: its downloads of associations from 2015 to today."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas.formats.catalog_effects import catalog_effect, catalog_frequency
from enhancer_variants.gwas.formats.cell_values import (
    CATALOGUE_NUMBERS,
    allele_of,
    contig_of,
    position_of,
    strength_of_evidence,
)
from enhancer_variants.gwas.formats.table_lines import RawRow, column_key
from enhancer_variants.gwas.formats.variant_names import VariantName, read_variant_name
from enhancer_variants.gwas.risk_list import EffectSizeKind, ListRow, ListVariant

__all__ = [
    "CatalogColumns",
    "ListedRiskAllele",
    "catalog_columns",
    "catalog_rows",
    "is_catalog",
    "listed_risk_allele",
]

_RISK_ALLELES: Final = "strongest_snp_risk_allele"
_EXPORTED_RISK_ALLELES: Final = "riskallele"
_OF_EXPORTS: Final = frozenset((_EXPORTED_RISK_ALLELES, "pvalue", "accessionid"))

_SEVERAL: Final = re.compile(r"\s*[;,]\s*|\s+[xX+&\u00d7]\s+|\s*/\s*(?=rs[0-9])")
_RISK_ALLELE: Final = re.compile(r"(?P<name>.+?)\s*(?:-+\s*(?P<allele>[^-]*)|(?P<unknown>\?))")
_ALLELE_AND_FREQUENCY: Final = re.compile(r"([ACGTacgt]+)[01]?\.[0-9]+")


@dataclass(frozen=True, slots=True)
class CatalogColumns:
    """Which column of a download holds what, by 0-based number; None where it has none."""

    risk_alleles: int
    snps: int | None = None
    contigs: int | None = None
    positions: int | None = None
    merged: int | None = None
    current: int | None = None
    frequency: int | None = None
    p: int | None = None
    minus_log10_p: int | None = None
    size: int | None = None
    interval: int | None = None
    locations: int | None = None
    beta: int | None = None


_KEYS: Final = {
    "risk_alleles": _RISK_ALLELES,
    "snps": "snps",
    "contigs": "chr_id",
    "positions": "chr_pos",
    "merged": "merged",
    "current": "snp_id_current",
    "frequency": "risk_allele_frequency",
    "p": "p_value",
    "minus_log10_p": "pvalue_mlog",
    "size": "or_or_beta",
    "interval": "95_ci_(text)",
}
_KEYS_OF_EXPORTS: Final = {
    "risk_alleles": _EXPORTED_RISK_ALLELES,
    "locations": "locations",
    "frequency": "riskfrequency",
    "p": "pvalue",
    "size": "orvalue",
    "beta": "beta",
}


def is_catalog(keys: Collection[str]) -> bool:
    """Whether folded column names are those of a download or export of the catalogue.

    >>> is_catalog(["snps", "strongest_snp_risk_allele"]), is_catalog(["snp", "riskallele"])
    (True, False)
    """
    return _RISK_ALLELES in keys or _is_export(keys)


def _is_export(keys: Collection[str]) -> bool:
    """Whether the table is what the pages of a trait, study or variant export."""
    return _RISK_ALLELES not in keys and frozenset(keys) >= _OF_EXPORTS


def catalog_columns(header: Sequence[str], where: str) -> CatalogColumns:
    """Find the columns of a download.

    Raises
    ------
    GwasFileError
        If there is no column STRONGEST SNP-RISK ALLELE, or one that is read is there twice.
    """
    keys = [column_key(name) for name in header]
    if not is_catalog(keys):
        raise GwasFileError(
            f"{where}: no column STRONGEST SNP-RISK ALLELE among {', '.join(header)[:200]}; "
            "expected a download of all associations from the GWAS Catalog"
        )
    wanted = _KEYS_OF_EXPORTS if _is_export(keys) else _KEYS
    for key in wanted.values():
        if keys.count(key) > 1:
            raise GwasFileError(
                f"{where}: two columns are called {header[keys.index(key)]!r}, and it is needed; "
                "rename or drop one of them"
            )
    found = {part: keys.index(key) for part, key in wanted.items() if key in keys}
    return CatalogColumns(**found)


def catalog_rows(rows: Iterable[RawRow], columns: CatalogColumns) -> Iterator[ListRow]:
    """Read the rows of a download.

    Notes
    -----
    A haplotype (``rs1-T; rs2-A``) and an interaction (``rs1-T x rs2-A``) are one variant each
    for their SNPs. Size and frequency are those of the combination, so they are left out there;
    the p-value stays.

    SNPS says which variant is meant: CHR_ID and CHR_POS belong to it. The risk allele counts
    where it is listed for the same rsID, and as unknown where it is listed for another.
    """
    for row in rows:
        if row.problem:
            yield ListRow(row.number, row.cells, (ListVariant(problem=row.problem),))
        else:
            yield ListRow(row.number, row.cells, _variants(_CatalogRow(row.cells, columns)))


class _CatalogRow:
    """Cells of a row by what they say."""

    def __init__(self, cells: tuple[str, ...], columns: CatalogColumns) -> None:
        self._cells, self._columns = cells, columns

    def __getattr__(self, part: str) -> str:
        column = getattr(self._columns, part)
        return "" if column is None else self._cells[column].strip()


@dataclass(frozen=True, slots=True)
class ListedRiskAllele:
    """A variant by name and the risk allele that is listed for it.

    Attributes
    ----------
    text
        The name as written.
    name
        What it says.
    allele
        Upper case; empty where it is not known.
    """

    text: str
    name: VariantName
    allele: str


def _variants(row: _CatalogRow) -> tuple[ListVariant, ...]:
    listed = _listed(row.snps, row.risk_alleles)
    places = _places(row, listed)
    p, minus_log10_p = strength_of_evidence(row.p, row.minus_log10_p)
    size: float | None = None
    kind: EffectSizeKind = ""
    frequency = None
    if len(listed) == 1:
        size, kind = catalog_effect(row.size, row.interval)
        if size is None and row.beta:
            value, _, words = row.beta.partition(" ")
            size, kind = catalog_effect(value, words) if words else (None, "")
        frequency = catalog_frequency(row.frequency)
    merged = f"rs{row.current}" if row.merged == "1" and row.current.isdecimal() else ""
    variants = []
    for one, (contig, position) in zip(listed, places, strict=True):
        problem = "" if one.name.is_variant or position is not None else _nameless(one.text)
        variants.append(
            ListVariant(
                rsid=merged if merged and len(listed) == 1 else one.name.rsid,
                contig=contig or one.name.contig,
                position=position if contig else one.name.position,
                effect_allele=one.allele,
                effect_allele_frequency=frequency,
                effect_size=size,
                effect_size_kind=kind,
                p_value=p,
                minus_log10_p=minus_log10_p,
                problem=problem,
            )
        )
    return tuple(variants)


def _nameless(text: str) -> str:
    return f"{text[:60]!r} is no rsID and no place" if text else "the row names no variant"


def _listed(snps: str, risk_alleles: str) -> list[ListedRiskAllele]:
    """Pair the variants of SNPS with the alleles of STRONGEST SNP-RISK ALLELE."""
    names = [text for text in _SEVERAL.split(snps) if text]
    alleles = [listed_risk_allele(text) for text in _SEVERAL.split(risk_alleles) if text]
    if not names:
        return alleles or [ListedRiskAllele("", read_variant_name("", {}), "")]
    by_rsid = {one.name.rsid: one for one in alleles if one.name.rsid}
    listed = []
    for i, text in enumerate(names):
        name = read_variant_name(text, CATALOGUE_NUMBERS)
        beside = alleles[i] if len(alleles) == len(names) else None
        if not name.is_variant and beside is not None and beside.name.is_variant:
            listed.append(beside)  # a misspelt rsID: rs4460079b, rs1083 2417
            continue
        same = by_rsid.get(name.rsid)
        if same is None and beside is not None and not beside.name.rsid:
            same = beside
        listed.append(ListedRiskAllele(text, name, same.allele if same else ""))
    if len(alleles) > len(names):
        seen = {one.name.rsid for one in listed}
        listed += [one for one in alleles if one.name.rsid and one.name.rsid not in seen]
    return listed


def listed_risk_allele(text: str) -> ListedRiskAllele:
    """Read a variant with its risk allele: ``rs1-T``, ``rs1-?``, ``rs1 -T``, ``chr16:100-G``.

    >>> listed = listed_risk_allele("rs7903146-T")
    >>> listed.name.rsid, listed.allele
    ('rs7903146', 'T')
    """
    found = _RISK_ALLELE.fullmatch(text)
    if found is None:
        return ListedRiskAllele(text, read_variant_name(text, CATALOGUE_NUMBERS), "")
    allele = (found["allele"] or "").strip()
    if run_together := _ALLELE_AND_FREQUENCY.fullmatch(allele):
        allele = run_together[1]
    return ListedRiskAllele(
        found["name"], read_variant_name(found["name"], CATALOGUE_NUMBERS), allele_of(allele)
    )


def _places(row: _CatalogRow, listed: Sequence[ListedRiskAllele]) -> list[tuple[str, int | None]]:
    """Give the place of each variant; ("", None) where the row does not say whose it is."""
    nowhere: list[tuple[str, int | None]] = [("", None)] * len(listed)
    if row.locations:
        names = [read_variant_name(t, CATALOGUE_NUMBERS) for t in _SEVERAL.split(row.locations)]
        return [(n.contig, n.position) for n in names] if len(names) == len(listed) else nowhere
    contigs, positions = _SEVERAL.split(row.contigs), _SEVERAL.split(row.positions)
    if len(contigs) == 1:
        contigs *= len(positions)
    if len(contigs) != len(positions):
        return nowhere
    places = [_place(c, p) for c, p in zip(contigs, positions, strict=True)]
    if len(places) == len(listed):
        return places
    if len(places) == 1:
        # Old downloads of interactions give one place, that of SNP_ID_CURRENT.
        current = f"rs{row.current}"
        return [places[0] if one.name.rsid == current else ("", None) for one in listed]
    return nowhere


def _place(contig: str, position: str) -> tuple[str, int | None]:
    name, base = contig_of(contig, CATALOGUE_NUMBERS), position_of(position)
    return (name, base) if name and base is not None else ("", None)
