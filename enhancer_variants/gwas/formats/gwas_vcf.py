"""GWAS-VCF: summary statistics in the sample columns of a VCF, and VCFs of sites alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from enhancer_variants.genome import LARGEST_POSITION, likely_assembly
from enhancer_variants.gwas.formats.assembly_names import assembly_of
from enhancer_variants.gwas.formats.cell_values import (
    allele_of,
    frequency_of,
    number_of,
    strength_of_evidence,
)
from enhancer_variants.gwas.formats.table_lines import RawRow, TableShape, data_lines
from enhancer_variants.gwas.formats.variant_names import rsid_of
from enhancer_variants.gwas.risk_list import EffectSizeKind, ListRow, ListVariant

__all__ = ["site_rows", "vcf_assembly", "vcf_effect_kinds", "vcf_rows"]

_ASSEMBLY: Final = re.compile(
    r"""^##(?:contig=<.*?[,<]assembly=|reference=|assembly=)"?([^",>\s]+)"""
)
_BUILD_IN_NAME: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:GRCh3[78]|hg19|hg38|b37|b38)(?![0-9])", re.IGNORECASE
)
_CASE_CONTROL: Final = re.compile(r"^##SAMPLE=<ID=([^,>]+).*[,<]StudyType=\"?CaseControl", re.I)
_SITE_COLUMNS: Final = 8
"""Columns that every VCF has: CHROM to INFO. FORMAT and the samples follow."""


def vcf_assembly(header_lines: Iterable[str], lengths: Mapping[str, int]) -> str:
    """Genome build that a VCF's header states, by its contig lengths or in words; or empty.

    >>> vcf_assembly(["##reference=file:///data/hg38.fa"], {})
    'GRCh38'
    """
    if by_length := likely_assembly(lengths):
        return by_length
    for line in header_lines:
        if (found := _ASSEMBLY.match(line)) and (named := _BUILD_IN_NAME.search(found[1])):
            return assembly_of(named[0])
    return ""


def vcf_effect_kinds(header_lines: Iterable[str], samples: Sequence[str]) -> list[EffectSizeKind]:
    """Say for each sample what its ES is: of a case-control study, a log odds ratio.

    >>> vcf_effect_kinds(["##SAMPLE=<ID=s1,StudyType=CaseControl>"], ["s1", "s2"])
    ['log_odds_ratio', 'beta']
    """
    case_control = {found[1] for line in header_lines if (found := _CASE_CONTROL.match(line))}
    return ["log_odds_ratio" if sample in case_control else "beta" for sample in samples]


def site_rows(lines: Iterable[bytes]) -> Iterator[RawRow]:
    r"""Cells of the eight columns of a VCF's records that say nothing of samples.

    >>> [len(row.cells) for row in site_rows([b"1\t5\t.\tA\tT\t.\t.\t.\tGT\t0/1\n"])]
    [8]
    """
    for number, text in enumerate(data_lines(lines, TableShape("\t", quoted=False))):
        cells = text.split("\t", _SITE_COLUMNS)[:_SITE_COLUMNS] if text else []
        missing = _SITE_COLUMNS - len(cells)
        problem = f"{len(cells)} of the {_SITE_COLUMNS} columns" if missing else ""
        yield RawRow(number, (*cells, *[""] * missing), problem if text else "an empty line")


def vcf_rows(rows: Iterable[RawRow], kinds: Sequence[EffectSizeKind]) -> Iterator[ListRow]:
    """Read the records of a GWAS-VCF, or of a VCF without such samples.

    Parameters
    ----------
    rows
        The records.
    kinds
        What ES is, for each sample.

    Notes
    -----
    ALT is the effect allele, both alleles are on the forward strand. Each sample is a study:
    the variants of a row are those of its first sample, one for each ALT, then of the next.
    Without samples that hold ES or LP, the record says no effect: its ALTs are variants whose
    effect allele is unknown.
    """
    for row in rows:
        if row.problem:
            yield ListRow(row.number, row.cells, (ListVariant(problem=row.problem),))
        else:
            yield ListRow(row.number, row.cells, tuple(_variants(row.cells, kinds)))


@dataclass(frozen=True, slots=True)
class _Record:
    rsid: str
    contig: str
    position: int
    ref: str
    alts: tuple[str, ...]


def _record(cells: Sequence[str]) -> _Record | str:
    """Read the fixed columns, or say why that is not possible."""
    contig, position, name, ref, alt = cells[:5]
    if not position.isdecimal() or int(position) > LARGEST_POSITION:
        return f"POS is {position[:40]!r}, not a position"
    if not (contig and ref and alt):
        return "CHROM, REF or ALT is empty"
    return _Record(rsid_of(name), contig, int(position), ref, tuple(alt.split(",")))


def _variants(cells: Sequence[str], kinds: Sequence[EffectSizeKind]) -> Iterator[ListVariant]:
    record = _record(cells)
    if isinstance(record, str):
        yield ListVariant(problem=record)
        return
    keys = cells[_SITE_COLUMNS].split(":") if kinds else []
    if not {"ES", "LP"} & {*keys}:
        for alt in record.alts:
            yield _allele(record, alt)
        return
    for sample, kind in zip(cells[_SITE_COLUMNS + 1 :], kinds, strict=True):
        values = dict(zip(keys, sample.split(":"), strict=False))
        numbers = {
            key: _by_alt(values.get(key, ""), len(record.alts)) for key in ("ES", "LP", "AF")
        }
        for i, alt in enumerate(record.alts):
            size = number_of(numbers["ES"][i])
            p, minus_log10_p = strength_of_evidence(None, numbers["LP"][i])
            yield _allele(
                record,
                alt,
                rsid=record.rsid or rsid_of(values.get("ID", "")),
                effect=allele_of(alt),
                frequency=frequency_of(numbers["AF"][i]),
                size=size,
                kind=kind if size is not None else "",
                p=p,
                minus_log10_p=minus_log10_p,
            )


def _by_alt(text: str, alts: int) -> list[str]:
    """Split a value of Number=A; with another number of values than ALTs they are nobody's."""
    values = text.split(",")
    return values if len(values) == alts else [""] * alts


def _allele(
    record: _Record,
    alt: str,
    *,
    rsid: str | None = None,
    effect: str = "",
    frequency: float | None = None,
    size: float | None = None,
    kind: EffectSizeKind = "",
    p: float | None = None,
    minus_log10_p: float | None = None,
) -> ListVariant:
    return ListVariant(
        rsid=record.rsid if rsid is None else rsid,
        contig=record.contig,
        position=record.position,
        effect_allele=effect,
        other_allele=record.ref.upper() if effect else "",
        effect_allele_frequency=frequency,
        ref=record.ref.upper(),
        alt=alt.upper(),
        forward=True,
        effect_size=size,
        effect_size_kind=kind,
        p_value=p,
        minus_log10_p=minus_log10_p,
    )
