"""Reading effects for pictures and words: which models there are, and what one row holds."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import pandas as pd

__all__ = ["Row", "models_of", "number", "shift_column", "text", "variant_name", "visible"]

Row: TypeAlias = "Mapping[str, Any] | pd.Series[Any]"
"""One row of effects by column name."""

_SHIFT: Final = "_log_odds_shift"
_RISK: Final = "_risk"
_LONGEST_ALLELE: Final = 12
_HIDDEN: Final = ("Cc", "Cf")


def shift_column(model: str) -> str:
    """Name the column of a model's shift.

    Examples
    --------
    >>> shift_column("CTCF")
    'CTCF_log_odds_shift'
    """
    return f"{model}{_SHIFT}"


def models_of(columns: Iterable[object]) -> list[str]:
    """Names of the models that have a shift in a table, in the order of their columns.

    The shift of a risk allele is no model of its own.

    Examples
    --------
    >>> models_of(["chrom", "CTCF_log_odds_shift", "CTCF_risk_log_odds_shift"])
    ['CTCF']
    """
    names = [str(c).removesuffix(_SHIFT) for c in columns if str(c).endswith(_SHIFT)]
    known = set(names)
    return [n for n in names if not (n.endswith(_RISK) and n.removesuffix(_RISK) in known)]


def number(row: Row, column: str) -> float | None:
    """Value of a column, None where the row has none."""
    value = row.get(column)
    if value is None or value is pd.NA or value == "":
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def text(row: Row, column: str) -> str:
    """Text of a column, empty where the row has none."""
    value = row.get(column)
    return "" if value is None or value is pd.NA or value != value else str(value)


def visible(words: str) -> str:
    """Show what names of the input hide: control characters, and such that turn writing round.

    Within a sentence, one of these would turn round everything behind it, signs included.

    Examples
    --------
    >>> visible("rs1\N{RIGHT-TO-LEFT OVERRIDE}, -1.5") == "rs1\N{REPLACEMENT CHARACTER}, -1.5"
    True
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in _HIDDEN else letter
        for letter in words
    )


def variant_name(row: Row) -> str:
    """Name an allele: its identifier, or else its place and its change; all of it visible.

    Examples
    --------
    >>> variant_name({"chrom": "chr1", "pos": 2009, "id": ".", "ref": "A", "alt": "T"})
    'chr1:2,009 A>T'
    """
    name = text(row, "id")
    if name not in ("", "."):
        return visible(name)
    position = number(row, "pos")
    place = text(row, "chrom") + (f":{position:,.0f}" if position is not None else "")
    ref, alt = (
        allele if len(allele) <= _LONGEST_ALLELE else f"{len(allele)} bp"
        for allele in (text(row, "ref"), text(row, "alt"))
    )
    return visible(f"{place} {ref}>{alt}".strip() if ref or alt else place)
