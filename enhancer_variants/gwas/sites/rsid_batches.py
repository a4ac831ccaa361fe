"""Identifiers of a VCF and the addresses of their lines, a few thousand records at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from enhancer_variants.gwas.sites.addresses import Text, text_batches
from enhancer_variants.gwas.sites.identifiers import RS_NUMBER_DIGITS, identifier_key
from enhancer_variants.io.vcf_header import FIXED_COLUMNS

__all__ = ["IdentifierBatch", "identifier_batches"]

Integers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

_NEWLINE, _TAB, _HASH, _DOT, _ZERO = b"\n\t#.0"
_TABS_OF_A_RECORD: Final = len(FIXED_COLUMNS) - 1


@dataclass(frozen=True, slots=True)
class IdentifierBatch:
    """Identifiers of successive records.

    Attributes
    ----------
    keys
        One for each identifier, as `identifier_key` gives it.
    addresses
        Address of the record's line, for each key.
    records
        Number of records.
    malformed
        Number of lines besides that are no records: fewer than eight columns, or a header line
        among the records.
    file_bytes
        Bytes of the file read so far.
    """

    keys: Integers
    addresses: Integers
    records: int
    malformed: int
    file_bytes: int


def identifier_batches(path: Path, header_lines: int) -> Iterator[IdentifierBatch]:
    """Read the identifiers of a plain or bgzip VCF, without a Python object for each rsID.

    Parameters
    ----------
    path
        The file.
    header_lines
        Number of its lines up to and including ``#CHROM``.

    Raises
    ------
    VariantFileError
        If the file is truncated or damaged.
    """
    left = header_lines
    for text in text_batches(path):
        content = np.frombuffer(text.lines, np.uint8)
        ends = np.flatnonzero(content == _NEWLINE)
        starts = np.concatenate([[0], ends[:-1] + 1])
        skipped = min(left, len(starts))
        left -= skipped
        yield _identifiers(text, content, starts[skipped:], ends[skipped:])


def _identifiers(
    text: Text,
    content: np.ndarray[tuple[int], np.dtype[np.uint8]],
    starts: Integers,
    ends: Integers,
) -> IdentifierBatch:
    tabs = np.flatnonzero(content == _TAB)
    first = np.searchsorted(tabs, starts)
    well_formed = np.searchsorted(tabs, ends) - first >= _TABS_OF_A_RECORD
    well_formed &= content[starts] != _HASH
    first, starts = first[well_formed], starts[well_formed]
    malformed = len(well_formed) - len(starts)
    begins, ends = tabs[first + 1] + 1, tabs[first + 2]
    addresses = text.addresses(starts)
    numbers, is_rs = _rs_numbers(content, begins, ends)
    unnamed = (ends == begins) | ((ends - begins == 1) & (content[begins] == _DOT))
    keys, where = [numbers[is_rs]], [addresses[is_rs]]
    others = np.flatnonzero(~is_rs & ~unnamed)
    for begin, end, address in zip(
        begins[others].tolist(), ends[others].tolist(), addresses[others].tolist(), strict=True
    ):
        named = text.lines[begin:end].decode(errors="replace").split(";")
        keys.append(np.array([identifier_key(name) for name in named], np.int64))
        where.append(np.full(len(named), address, np.int64))
    return IdentifierBatch(
        np.concatenate(keys), np.concatenate(where), len(starts), malformed, text.file_bytes
    )


def _rs_numbers(
    content: np.ndarray[tuple[int], np.dtype[np.uint8]], begins: Integers, ends: Integers
) -> tuple[Integers, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Give the number of each identifier, and whether it is a single rsID and has one."""
    digits = ends - begins - 2
    is_rs = (digits > 0) & (digits <= RS_NUMBER_DIGITS)
    # Bytes beyond a short identifier belong to the following columns: there are always some.
    is_rs &= (content[begins] | 0x20 == ord("r")) & (content[begins + 1] | 0x20 == ord("s"))
    numbers = np.zeros(len(begins), np.int64)
    for place in range(int(digits[is_rs].max(initial=0))):
        inside = is_rs & (place < digits)
        digit = content[np.where(inside, begins + 2 + place, 0)] - _ZERO
        is_rs &= ~inside | (digit < 10)
        numbers = np.where(inside, numbers * 10 + digit, numbers)
    return numbers, is_rs
