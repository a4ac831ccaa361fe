"""The table of a page as columns of JSON, small enough to send and quick to search."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.reports.page.page_columns import PageColumn

__all__ = ["json_for_script", "table_data"]

_SIGNIFICANT_DIGITS: Final = 4
_DIGITS: Final = re.compile(r"([0-9]+)")
_LARGEST_NUMBER: Final = 2**53
"""Larger integers are not told apart in the page."""


def table_data(effects: pd.DataFrame, columns: Sequence[PageColumn]) -> dict[str, Any]:
    """Give the values of a table as a page holds them.

    Parameters
    ----------
    effects
        The rows.
    columns
        What is taken of them.

    Returns
    -------
    dict
        ``rows``, their number, and ``columns``. Each has what :class:`PageColumn` says and
        ``values``, None where there is no value: of texts the place in ``texts``, which are in
        natural order, so that sorting needs numbers alone; of fixed ones the value times
        10 ** decimals; of others the value itself.

    Examples
    --------
    >>> effects = pd.DataFrame({"chrom": ["chr10", "chr2", None]})
    >>> (column,) = table_data(effects, [PageColumn("chrom", "contig")])["columns"]
    >>> column["texts"], column["values"]
    (['chr2', 'chr10'], [1, 0, None])
    """
    return {"rows": len(effects), "columns": [_column(effects[c.name], c) for c in columns]}


def _column(values: pd.Series[Any], column: PageColumn) -> dict[str, Any]:
    about = {
        "name": column.name,
        "label": column.label,
        "unit": column.unit,
        "about": column.about,
        "kind": column.kind,
        "decimals": column.decimals,
        "digits": column.digits,
        "signed": column.signed,
        "group": column.group,
        "shown": column.shown,
    }
    if column.kind == "text":
        return {**about, **_texts(values)}
    return {**about, "values": _numbers(values, column)}


def _texts(values: pd.Series[Any]) -> dict[str, Any]:
    known = [
        None if absent else str(value) for value, absent in zip(values, values.isna(), strict=True)
    ]
    texts = sorted({text for text in known if text}, key=_natural)
    place = {text: number for number, text in enumerate(texts)}
    return {"texts": texts, "values": [place.get(text) if text else None for text in known]}


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Key that puts chr2 before chr10: runs of digits count as numbers."""
    parts = _DIGITS.split(text.casefold())
    return tuple(
        (0, int(part), "") if place % 2 and part.isascii() and len(part) < 20 else (1, 0, part)
        for place, part in enumerate(parts)
        if part
    )


def _numbers(values: pd.Series[Any], column: PageColumn) -> list[float | int | None]:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers) & (np.abs(numbers) < _LARGEST_NUMBER)
    if column.kind == "general":
        found = [float(f"{x:.{_SIGNIFICANT_DIGITS}g}") for x in numbers[known].tolist()]
    else:
        found = _scaled(numbers[known], column).tolist()
    spread: list[float | int | None] = [None] * len(numbers)
    for place, value in zip(np.flatnonzero(known).tolist(), found, strict=True):
        spread[place] = value
    return spread


def _scaled(numbers: npt.NDArray[np.float64], column: PageColumn) -> npt.NDArray[np.int64]:
    """Give numbers times 10 ** decimals, so that what the page writes is rounded from the number.

    What was rounded to a half of the last digit written would be rounded once more, and so it
    goes one step to the side on which the number is.
    """
    sizes = np.abs(numbers)
    scaled = np.rint(sizes * 10**column.decimals).astype(np.int64)
    step = 10 ** (column.decimals - column.digits)
    for place in np.flatnonzero(2 * (scaled % step) == step).tolist():
        written = float(f"{sizes[place]:.{column.digits}f}") * 10**column.decimals
        scaled[place] += -1 if written < scaled[place] else 1
    found: npt.NDArray[np.int64] = np.where(numbers < 0, -scaled, scaled)
    return found


def json_for_script(value: Mapping[str, Any]) -> str:
    r"""Write JSON that can stand in a script element: nothing in it ends the element.

    Examples
    --------
    >>> print(json_for_script({"id": "</script>"}))
    {"id":"\u003c/script\u003e"}
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
