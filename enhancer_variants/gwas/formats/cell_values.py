"""What a cell of a risk list says: numbers, p-values, positions, alleles, contigs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from enhancer_variants.genome import LARGEST_POSITION

__all__ = [
    "CATALOGUE_NUMBERS",
    "PLINK_NUMBERS",
    "TABLE_NUMBERS",
    "allele_of",
    "allele_pair_of",
    "contig_of",
    "frequency_of",
    "is_missing",
    "minus_log10_of",
    "number_of",
    "p_value_of",
    "position_of",
    "strength_of_evidence",
]

CATALOGUE_NUMBERS: Final = {"23": "X", "24": "Y", "25": "MT"}
"""Chromosomes by number in GWAS-SSF and the GWAS Catalog."""

PLINK_NUMBERS: Final = {"23": "X", "24": "Y", "25": "X", "26": "MT", "XY": "X"}
"""Chromosomes by number in PLINK and what follows it; 25 is the part that X and Y share."""

TABLE_NUMBERS: Final = {"23": "X", "24": "Y", "26": "MT", "XY": "X"}
"""Chromosomes by number in a table of no known program, where 25 may be X or the mitochondrion."""

_MISSING = frozenset(
    ("", ".", "-", "--", "#NA", "NA", "N/A", "NAN", "NR", "NULL", "NONE", "<NA>", "?")
)
_ONE_BASE = {base: base.upper() for base in "ACGTacgt"}
_BASES = re.compile("[ACGTacgt]+")
_BY_LENGTH = frozenset("ID")
_DELETED = "-"
_POWER_OF_TEN = re.compile(r"\s*([0-9.]+)\s*[xX*\u00d7]\s*10\s*\^?\s*[-\u2212\u2013]\s*([0-9]+)\s*")
"""A p-value as it is printed: 5 x 10-8, 5\u00d710^-8."""
_SMALLEST_EXACT_P = 1e-290
"""Below this a float begins to lose digits, and soon everything."""


def is_missing(text: str) -> bool:
    """Whether a cell says that there is nothing.

    >>> [is_missing(text) for text in ("NR", " ", "#NA", "0")]
    [True, True, True, False]
    """
    return text.strip().upper() in _MISSING


def number_of(text: str) -> float | None:
    """Read a finite number; anything else is None.

    >>> number_of("1e-3"), number_of("NA"), number_of("inf"), number_of("1_0")
    (0.001, None, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def frequency_of(text: str) -> float | None:
    """Read a share from 0 to 1; anything else is None.

    >>> frequency_of("0.31"), frequency_of("1.24")
    (0.31, None)
    """
    number = number_of(text)
    return number if number is not None and 0 <= number <= 1 else None


def position_of(text: str, first_base: int = 1) -> int | None:
    """Read a position and give it 1-based; R writes a million as ``1e+06``.

    Parameters
    ----------
    text
        The cell. What lies before the first base, such as PLINK's 0, is unknown.
    first_base
        What the list calls the first base of a contig: 0 or 1.

    Examples
    --------
    >>> position_of("123"), position_of("1e+06"), position_of("12.5"), position_of("0")
    (123, 1000000, None, None)
    >>> position_of("0", first_base=0)
    1
    """
    number: float | None
    number = int(text) if text.isdecimal() and len(text) < 10 else number_of(text)
    if number is None or number != int(number):
        return None
    position = int(number) + 1 - first_base
    return position if 1 <= position <= LARGEST_POSITION else None


def p_value_of(text: str) -> tuple[float | None, float | None]:
    """Read a p-value and its -log10, which keeps what is too small for a float.

    Returns
    -------
    p_value
        From 0 to 1, or None; 0 where it is below the smallest float.
    minus_log10_p
        Infinite for a p-value that is written as 0.

    Examples
    --------
    >>> p_value_of("1e-8"), p_value_of("1E-400"), p_value_of("0"), p_value_of("NR")
    ((1e-08, 8.0), (0.0, 400.0), (0.0, inf), (None, None))
    >>> p_value_of("1 x 10-8")
    (1e-08, 8.0)
    """
    p = number_of(text)
    if p is None and (power := _POWER_OF_TEN.fullmatch(text)):
        text = f"{power[1]}e-{power[2]}"
        p = number_of(text)
    if p is None or not 0 <= p <= 1:
        return None, None
    if p > _SMALLEST_EXACT_P:
        return p, -math.log10(p) or 0.0
    try:
        exact = Decimal(text.strip())
        return p, float(-exact.log10()) if exact else math.inf
    except InvalidOperation:
        return p, math.inf


def minus_log10_of(text: str, *, either_sign: bool = False) -> float | None:
    """Read -log10 of a p-value, at least 0, possibly infinite; anything else is None.

    Parameters
    ----------
    text
        The cell.
    either_sign
        Whether log10 without the minus is meant too: p is at most 1, so the sign tells.

    Examples
    --------
    >>> minus_log10_of("8.2"), minus_log10_of("-13"), minus_log10_of("-13", either_sign=True)
    (8.2, None, 13.0)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    if either_sign:
        number = abs(number)
    return number if number >= 0 else None


def strength_of_evidence(
    p_text: str | None, log_text: str | None, *, either_sign: bool = False
) -> tuple[float | None, float | None]:
    """Give p-value and -log10 p of cells that hold one or both, each from the better one.

    A p-value of 0 is taken for one that was too small for the program that wrote it where the
    other cell has a finite -log10.

    Examples
    --------
    >>> strength_of_evidence("0", "350.5"), strength_of_evidence(None, "2")
    ((0.0, 350.5), (0.01, 2.0))
    """
    p, minus_log10_p = (None, None) if p_text is None else p_value_of(p_text)
    if log_text is None or (minus_log10_p is not None and minus_log10_p != math.inf):
        return p, minus_log10_p
    listed = minus_log10_of(log_text, either_sign=either_sign)
    if listed is None:
        return p, minus_log10_p
    return (10.0**-listed if p is None else p), listed


def allele_of(text: str) -> str:
    """Read an allele, in upper case; empty where it is no run of A, C, G and T.

    Codes such as ``I``, ``D``, ``-``, ``<CN0>`` and ``N`` name no sequence: as ``?``, they are
    unknown.

    >>> allele_of("t"), allele_of("CAG"), allele_of("?"), allele_of("D")
    ('T', 'CAG', '', '')
    """
    if one := _ONE_BASE.get(text):
        return one
    stripped = text.strip()
    return stripped.upper() if _BASES.fullmatch(stripped) else ""


def allele_pair_of(effect: str, other: str) -> tuple[str, str]:
    """Read the two alleles that a list compares, indels also where it does not spell them out.

    ``I`` and ``D`` stay, and ``-`` beside bases: the alleles of a site tell what they stand for.

    >>> allele_pair_of("t", "C"), allele_pair_of("d", "i"), allele_pair_of("-", "AC")
    (('T', 'C'), ('D', 'I'), ('-', 'AC'))
    >>> allele_pair_of("D", ""), allele_pair_of("A", "?"), allele_pair_of("-", "-")
    (('D', ''), ('A', ''), ('', ''))
    """
    first, second = allele_of(effect), allele_of(other)
    if first and second:
        return first, second
    as_written = (effect.strip().upper(), other.strip().upper())
    if first or second:
        deleted = [_DELETED if text == _DELETED else "" for text in as_written]
        return first or deleted[0], second or deleted[1]
    one, two = (text if text in _BY_LENGTH else "" for text in as_written)
    return one, two


def contig_of(text: str, numbers: Mapping[str, str]) -> str:
    """Read a contig's name: as written, but for the numbers that stand for X, Y and MT.

    Parameters
    ----------
    text
        The cell. ``01`` and ``1.0`` are contig 1 that went through a spreadsheet.
    numbers
        What the list's dialect calls by a number.

    Examples
    --------
    >>> [contig_of(text, PLINK_NUMBERS) for text in ("chr1", "01", "25", "chr23", "0", "NA")]
    ['chr1', '1', 'X', 'chrX', '', '']
    """
    text = text.strip()
    prefix, rest = (text[:3], text[3:]) if text[:3].lower() == "chr" else ("", text)
    if rest.isdecimal() or rest.endswith(".0"):
        rest = rest.removesuffix(".0").lstrip("0")
    if not rest or is_missing(rest):
        return ""
    return prefix + numbers.get(rest.upper(), rest)
