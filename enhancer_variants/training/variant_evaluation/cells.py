"""Values as files have them, allele by allele: a text for each, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

__all__ = ["Allele", "Cells", "cells_of", "declared_numbers", "info_value"]

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_INFO_ID: Final = re.compile(r"##INFO=<(?:[^>]*,)?\s*ID=([^,>]+)")
_NUMBER: Final = re.compile(r"[,<]\s*Number=([^,>]+)")
_ABSENT: Final = {"", ".", "na", "n/a", "nan", "<na>", "none"}


@dataclass(frozen=True, slots=True)
class Allele:
    """One allele as its file spells it.

    Attributes
    ----------
    contig, id, ref, alt
        As written; empty where they could not be read.
    position
        VCF POS, 1-based, or None where it could not be read.
    record
        0-based number of its data line.
    number
        1-based number of the ALT in its record; 0 where there is none.
    problem
        Why this is no allele, or empty.
    """

    contig: str
    position: int | None
    id: str
    ref: str
    alt: str
    record: int
    number: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """One quantity of all alleles.

    Attributes
    ----------
    texts
        The value of each allele, or None.
    reasons
        Why it has none; empty where it has one.
    """

    texts: Sequence[str | None]
    reasons: Sequence[str]

    def numbers(self, name: str) -> tuple[npt.NDArray[np.float64], list[str]]:
        """Read the texts as numbers.

        Parameters
        ----------
        name
            What the quantity is called, for the reasons.

        Returns
        -------
        ndarray, list of str
            NaN where there is no finite number, and why; empty where there is one.

        Examples
        --------
        >>> values, reasons = Cells(["0.5", None, "high"], ["", "no TAGS", ""]).numbers("TAGS")
        >>> values.tolist(), reasons
        ([0.5, nan, nan], ['', 'no TAGS', 'TAGS is no number'])
        """
        values, reasons = np.full(len(self.texts), np.nan), list(self.reasons)
        for row, text in enumerate(self.texts):
            if text is None:
                continue
            try:
                values[row] = float(text)
            except ValueError:
                reasons[row] = f"{name} is no number"
                continue
            if not np.isfinite(values[row]):
                values[row], reasons[row] = np.nan, f"{name} is no number"
        return values, reasons


def cells_of(values: Iterable[object], name: str) -> Cells:
    """Give the cells of a table's column; empty cells, full stops, NA and NaN are no values.

    Examples
    --------
    >>> cells_of([0.5, None, "NA"], "effect")
    Cells(texts=['0.5', None, None], reasons=['', 'no effect', 'no effect'])
    """
    texts = [str(value).strip() for value in values]
    absent = [text.lower() in _ABSENT for text in texts]
    return Cells(
        [None if gone else text for text, gone in zip(texts, absent, strict=True)],
        [f"no {name}" if gone else "" for gone in absent],
    )


def declared_numbers(lines: Iterable[bytes]) -> dict[str, str]:
    """INFO keys that a VCF header declares, in order, each with its Number.

    Examples
    --------
    >>> declared_numbers([b'##INFO=<ID=AF,Number=A,Type=Float,Description="Number=1">'])
    {'AF': 'A'}
    """
    numbers = {}
    for line in lines:
        text = _QUOTED.sub('""', line.decode(errors="replace"))
        if found := _INFO_ID.match(text):
            number = _NUMBER.search(text)
            numbers[found[1]] = number[1].strip() if number else "."
    return numbers


def info_value(
    info: Mapping[str, str], key: str, number: str, allele: int, alleles: int, *, shared: bool
) -> tuple[str | None, str]:
    """Give the value that an INFO field has for one ALT allele.

    Parameters
    ----------
    info
        Values of the record by key.
    key, number
        The field, and the Number its header declares (``.`` where it declares none).
    allele, alleles
        1-based number of the ALT, and how many ALTs the record has.
    shared
        Whether one value may stand for all alleles of a record, as the name of the element that
        they are in may, and a measured effect may not.

    Returns
    -------
    str or None, str
        The value, or None and why there is none.

    Examples
    --------
    >>> record = {"SHIFT": "0.1,.", "LOG2FC": "-0.4", "ELEMENT": "SORT1"}
    >>> info_value(record, "SHIFT", "A", 1, 2, shared=False)
    ('0.1', '')
    >>> info_value(record, "SHIFT", "A", 2, 2, shared=False)
    (None, 'no SHIFT')
    >>> info_value(record, "LOG2FC", "1", 2, 2, shared=False)
    (None, 'LOG2FC is one value for several alleles')
    >>> info_value(record, "ELEMENT", "1", 2, 2, shared=True)
    ('SORT1', '')
    """
    text = info.get(key)
    if text is None:
        return None, f"no {key}"
    values = text.split(",")
    if number != "R" and len(values) == 1 < alleles:
        if not shared and values[0] != ".":
            return None, f"{key} is one value for several alleles"
        place = 0
    elif number != "R" and len(values) == alleles:
        place = allele - 1
    elif number in ("R", ".") and len(values) == alleles + 1:
        place = allele
    else:
        return None, f"{key} has another number of values than alleles"
    value = unquote(values[place].strip())
    return (None, f"no {key}") if value.lower() in _ABSENT else (value, "")
