"""Variants from tables and lists: TSV, CSV, DataFrames, strings, and objects a caller holds."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import Variant
from enhancer_variants.io.records import VariantRecord, record_from_text, record_from_variant

__all__ = ["records_from_frame", "records_from_items", "records_from_text_table"]

_SPELLINGS = {
    "contig": ("chrom", "chr", "chromosome", "contig", "chr_name", "seqnames", "seqname"),
    "position": ("pos", "position", "bp", "base_pair_location", "chr_position"),
    "ref": ("ref", "reference", "ref_allele", "reference_allele"),
    "alt": ("alt", "alternate", "alternative", "alt_allele", "alternate_allele"),
}
_IDENTIFIER_SPELLINGS = ("id", "rsid", "rs_id", "snp", "snpid", "variant_id", "name")
_VARIANT_SPELLINGS = ("variant", "variant_id", "id", "snp")


@dataclasses.dataclass(frozen=True, slots=True)
class _Layout:
    """Which column of a table holds what; `variant` alone, or the other four."""

    variant: int | None
    contig: int
    position: int
    ref: int
    alt: int
    identifier: int | None


def _layout(columns: Sequence[object], where: str) -> _Layout:
    found = {
        str(name).strip().lstrip("#").lower().replace(" ", "_"): i
        for i, name in reversed([*enumerate(columns)])
    }

    def first(spellings: Iterable[str]) -> int | None:
        return next((found[s] for s in spellings if s in found), None)

    identifier = first(_IDENTIFIER_SPELLINGS)
    places = {part: first(spellings) for part, spellings in _SPELLINGS.items()}
    known = {part: place for part, place in places.items() if place is not None}
    missing = [part for part in places if part not in known]
    if not missing:
        return _Layout(variant=None, identifier=identifier, **known)
    variant = first(_VARIANT_SPELLINGS) if len(missing) == len(places) else None
    if variant is not None:
        return _Layout(variant, 0, 0, 0, 0, None)
    expected = "; ".join(f"{part}: {', '.join(s)}" for part, s in _SPELLINGS.items())
    raise VariantFileError(
        f"{where}: no column for {', '.join(missing)} among {', '.join(map(str, columns))[:200]}. "
        f"Expected one of each ({expected}), or one column `variant` with chr1:100:A:T. "
        "An effect and another allele (A1, A2) do not say which one is the reference's. "
        "A VCF needs its #CHROM line."
    )


def _record(number: int, cells: Sequence[Any], layout: _Layout) -> VariantRecord:
    if layout.variant is not None:
        return _record_of_notation(number, _text(cells[layout.variant]))
    identifier = "" if layout.identifier is None else _text(cells[layout.identifier])
    return record_from_text(
        number,
        _text(cells[layout.contig]),
        cells[layout.position],
        identifier,
        _text(cells[layout.ref]),
        _text(cells[layout.alt]),
    )


def _text(cell: Any) -> str:
    """Text of a cell, empty for a missing value; 1.0 is contig 1 that went through a float."""
    if cell is None or cell is pd.NA or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _record_of_notation(number: int, text: str) -> VariantRecord:
    try:
        return record_from_variant(number, Variant.parse(text))
    except InputError as error:
        return VariantRecord(number, "", None, text, "", (), str(error))


def records_from_text_table(lines: Iterator[bytes], name: str) -> Iterator[VariantRecord]:
    """Rows of a TSV or CSV with a header line.

    Parameters
    ----------
    lines
        Lines from the header on; the delimiter is a tab where the header has one, else
        a comma, else a semicolon.
    name
        Name of the file, for messages.

    Raises
    ------
    VariantFileError
        If the header names no contig, position, ref and alt column (or one `variant`).

    Notes
    -----
    A row with another number of cells than the header, or that is not UTF-8, is a record with
    a problem. Cells do not run over line ends.
    """
    header = next(lines, b"")
    try:
        text = header.decode("utf-8-sig")
        delimiter = next((sign for sign in "\t,;" if sign in text), ",")
        columns = _cells(text, delimiter)
    except (UnicodeDecodeError, csv.Error) as error:
        raise VariantFileError(
            f"{name}:1: the header line of this table cannot be read ({error}); expected UTF-8 "
            "text with column names. If this is a VCF, it lost its header: bcftools reheader"
        ) from error
    layout = _layout(columns, f"{name}:1")
    for number, line in enumerate(lines):
        try:
            cells = _cells(line.decode(), delimiter)
        except (UnicodeDecodeError, csv.Error) as error:
            yield VariantRecord(number, "", None, "", "", (), f"an unreadable row: {error}")
            continue
        if len(cells) == len(columns):
            yield _record(number, cells, layout)
        else:
            problem = f"{len(cells)} of the {len(columns)} columns" if cells else "an empty line"
            yield VariantRecord(number, "", None, "", "", (), problem)


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])


def records_from_frame(frame: pd.DataFrame, name: str = "the DataFrame") -> Iterator[VariantRecord]:
    """Rows of a DataFrame, by the same column names that tables may have.

    Parameters
    ----------
    frame
        The table.
    name
        What errors call it.

    Examples
    --------
    >>> frame = pd.DataFrame({"CHR": ["1"], "BP": [100], "REF": ["A"], "ALT": ["T"]})
    >>> next(records_from_frame(frame)).position
    100
    """
    layout = _layout(list(frame.columns), name)
    for number, row in enumerate(frame.itertuples(index=False, name=None)):
        yield _record(number, row, layout)


def records_from_items(items: Iterable[object]) -> Iterator[VariantRecord]:
    """Read strings, Variants, and cyvcf2 or pysam records that a caller holds.

    A string that is no variant is a record with a problem, its text kept as the identifier.

    Raises
    ------
    InputError
        For an item of another type, which says so with its place in the list.
    """
    for number, item in enumerate(items):
        if isinstance(item, str):
            yield _record_of_notation(number, item)
        elif isinstance(item, Variant):
            yield record_from_variant(number, item)
        elif isinstance(item, VariantRecord):
            yield dataclasses.replace(item, number=number)
        elif hasattr(item, "CHROM") and hasattr(item, "ALT"):  # cyvcf2.Variant
            yield _held_record(number, item.CHROM, item.POS, item.ID, item.REF, item.ALT)  # type: ignore[attr-defined]
        elif hasattr(item, "chrom") and hasattr(item, "alts"):  # pysam.VariantRecord
            yield _held_record(number, item.chrom, item.pos, item.id, item.ref, item.alts)  # type: ignore[attr-defined]
        else:
            raise InputError(
                f"item {number} is {item!r:.80}; expected a string such as chr1:100:A:T, a "
                "Variant, or a record of cyvcf2 or pysam"
            )


def _held_record(
    number: int,
    contig: str,
    position: int,
    identifier: str | None,
    ref: str | None,
    alts: Sequence[str] | None,
) -> VariantRecord:
    alt = ",".join(alts or ()) or "."
    return record_from_text(number, contig, position, identifier or ".", ref or "", alt)
