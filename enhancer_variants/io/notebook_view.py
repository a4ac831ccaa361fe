"""How effects look in a notebook: a short table, units in its head, signs in colour and in print.

Scoring returns plain DataFrames, which compare and unpickle as such everywhere; :func:`styled`
gives one the view.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from pandas.api.types import is_numeric_dtype

from enhancer_variants.schema import (
    AGREEMENT_COLUMNS,
    CALIBRATED_QUANTITIES,
    IDENTITY_COLUMNS,
    LIST_COLUMNS,
    MODEL_QUANTITIES,
    MOTIF_COLUMNS,
    MOTIF_HIT_COLUMNS,
    MOTIF_SHIFT_SUM,
    PROXY_COLUMNS,
    Q_VALUE,
    RISK_COLUMNS,
    SPREAD,
    TFBS_TOP_COLUMNS,
    Column,
    Status,
    risk_shift_column,
)

__all__ = ["EffectsFrame", "effects_html", "styled"]

_MOST_ROWS: Final = 20
_MOST_COLUMNS: Final = 22
_LONGEST_TEXT: Final = 32
_LONGEST_HINT: Final = 1000
_PADDING: Final = "padding:.15em .6em"
_FIRST: Final = ("chrom", "pos", "id", "ref", "alt", "status")
_NEEDED: Final = frozenset({"chrom", "pos", "ref", "alt", "status"})

_KEY: Final = (
    *("proxy_of", "proxy_r2", "risk_allele", "orientation"),
    *("motif_tf", "motif_effect", "motif_log10_p_ratio", "motif_shift_sum"),
    *("tfbs_top_gain", "tfbs_top_gain_shift", "tfbs_top_loss", "tfbs_top_loss_shift"),
    *("agreement_tf", "agreement"),
)
"""Columns of no model that are shown before all others, in this order."""

_GAIN: Final = "#b35806"
_LOSS: Final = "#7d5fb2"
"""The hues of gain and loss in every picture, in shades that are read on white and on black."""

_NO_MODEL: Final = {
    column.name: column
    for column in (
        *IDENTITY_COLUMNS,
        *LIST_COLUMNS,
        *RISK_COLUMNS,
        *PROXY_COLUMNS,
        *MOTIF_HIT_COLUMNS,
        *MOTIF_COLUMNS,
        *MOTIF_SHIFT_SUM,
        *TFBS_TOP_COLUMNS,
        *AGREEMENT_COLUMNS,
    )
}
_RISK_SHIFT: Final = risk_shift_column("").name.lstrip("_")
_QUANTITIES: Final = {
    **{q.name: q for q in (*MODEL_QUANTITIES, SPREAD, *CALIBRATED_QUANTITIES, Q_VALUE)},
    _RISK_SHIFT: risk_shift_column(""),
}
_SIGNED: Final = frozenset(
    {
        *("log_odds_shift", _RISK_SHIFT, "score_change", "motif_score_shift"),
        *("motif_log10_p_ratio", "motif_shift_sum", "tfbs_top_gain_shift", "tfbs_top_loss_shift"),
    }
)
_HIDDEN: Final = (
    *("record", "allele", "list_row", "list_variant", "kind"),
    *("prob_ref", "log_odds_ref", "log_odds_alt", "score_change", "effect"),
)
_EMPTY: Final = '<span style="opacity:.45">&middot;</span>'


def styled(effects: pd.DataFrame) -> EffectsFrame:
    """Give effects the view that a notebook shows well.

    Parameters
    ----------
    effects
        As scoring gives them, or as read from a file, or some of their rows and columns.

    Returns
    -------
    EffectsFrame
        The same rows and columns. A notebook shows at most 20 rows and 22 columns: how many alleles
        were scored and why others were not, each column's unit, a gain orange with a plus sign and
        a loss purple with a minus sign. Names of the input are escaped.

    Examples
    --------
    >>> effects = pd.DataFrame({"chrom": ["chr1"], "pos": [5], "ref": ["A"], "alt": ["T"],
    ...     "status": ["ok"], "enhancer_log_odds_shift": [-1.5]})
    >>> "&minus;1.50" in styled(effects)._repr_html_()
    True
    """
    frame = EffectsFrame(effects)
    frame.attrs = dict(effects.attrs)  # the provenance
    return frame


class EffectsFrame(pd.DataFrame):
    """Effects as a DataFrame that shows itself well in a notebook (:func:`styled` makes it).

    It is a :class:`pandas.DataFrame` in all else: slices and copies keep the view, and ``print``
    writes what pandas writes. Where a slice lacks chrom, pos, ref, alt or status, so that no
    allele is named, the view is pandas' own. ``pandas.DataFrame(effects)`` gives a plain one.

    Examples
    --------
    >>> frame = EffectsFrame({"chrom": ["chr1"], "pos": [5]})
    >>> type(frame.head(1)).__name__
    'EffectsFrame'
    """

    @property
    def _constructor(self) -> type[EffectsFrame]:
        return EffectsFrame

    def _repr_html_(self) -> str | None:
        """Write the view; pandas' own where the columns that name an allele are missing."""
        shown: bool = pd.get_option("display.notebook_repr_html")
        if not shown:
            return None
        if self.columns.nlevels == self.index.nlevels == 1 and _NEEDED.issubset(self.columns):
            return effects_html(self)
        plain: Any = pd.DataFrame(self)
        view: str | None = plain._repr_html_()
        return view


def effects_html(effects: pd.DataFrame, rows: int = _MOST_ROWS) -> str:
    """Write effects as a table of HTML, with nothing in it that the input could inject.

    Parameters
    ----------
    effects
        One row per allele, with at least chrom, pos, ref, alt and status.
    rows
        How many rows at most.

    Returns
    -------
    str
        A ``div``. The first line counts the alleles by status. The identity comes first, then each
        model's shift and p-value, the strongest motif change, and further columns as far as there
        is room; all names are escaped. A gain is orange with a plus sign, a loss purple with a
        minus sign.

    Examples
    --------
    >>> effects = pd.DataFrame({"chrom": ["<b>"], "pos": [5], "ref": ["A"], "alt": ["T"],
    ...     "status": ["ok"]})
    >>> "<b>" in effects_html(effects)
    False
    """
    shown = effects.head(rows)
    shown = shown.loc[:, ~shown.columns.duplicated()]  # a name that occurs twice: its first
    columns = _shown_columns(list(shown.columns))
    aligned = {c: "right" if is_numeric_dtype(shown[c].dtype) else "left" for c in columns}
    cells = [[_cell(str(c), v, aligned[c]) for v in shown[c].tolist()] for c in columns]
    body = "".join(
        f"<tr>{_row_label(label)}{''.join(line)}</tr>"
        for label, line in zip(shown.index.tolist(), zip(*cells, strict=True), strict=True)
    )
    head = "<th></th>" + "".join(_head(str(name), aligned[name]) for name in columns)
    return (
        f'<div style="overflow-x:auto"><p style="margin:.3em 0">{_counts(effects)}</p>'
        '<table style="border-collapse:collapse;font-size:90%">'
        f'<thead><tr style="border-bottom:1px solid">{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
        f'<p style="margin:.3em 0;opacity:.75">{_left_out(effects, rows, len(columns))}</p></div>'
    )


def _shown_columns(names: Sequence[Any]) -> list[Any]:
    """Choose columns: all where they are few; else identity, shift and p, evidence, and others."""
    if len(names) <= _MOST_COLUMNS:
        return list(names)
    known = [name for name in names if isinstance(name, str)]
    shifts = [name for name in known if _quantity(name) == "log_odds_shift"]
    first = [name.removesuffix("_log_odds_shift") for name in shifts[:1]]
    main = [f"{m}_{q}" for m in first for q in (_RISK_SHIFT, "log_odds_shift", "p", "q")]
    others = [name for name in known if not _hides(name)]
    wanted = [*_FIRST, *main, *_KEY, *shifts, *others]
    return list(dict.fromkeys(name for name in wanted if name in set(known)))[:_MOST_COLUMNS]


def _hides(name: str) -> bool:
    return name in _HIDDEN or _quantity(name) in _HIDDEN


def _quantity(name: str) -> str:
    """Which quantity of a model a column holds, empty for a column of no model."""
    if name in _NO_MODEL:
        return ""
    return max((q for q in _QUANTITIES if name.endswith(f"_{q}")), key=len, default="")


def _declared(name: str) -> Column | None:
    return _NO_MODEL.get(name) or _QUANTITIES.get(_quantity(name))


def _is_signed(name: str) -> bool:
    return name in _SIGNED or _quantity(name) in _SIGNED


def _row_label(label: Any) -> str:
    style = f"{_PADDING};text-align:right;font-weight:normal;opacity:.6"
    return f'<th style="{style}">{_escaped(_cut(str(label)))}</th>'


def _head(name: str, align: str) -> str:
    """Head of a column, with its unit and, where a pointer rests, its description."""
    column = _declared(name)
    unit = column.unit if column else ""
    below = f'<br><span style="font-weight:normal;opacity:.75">{_escaped(unit)}</span>'
    told = f' title="{_escaped(column.description)}"' if column else ""
    # A long name may be broken between the model and what is said of it.
    words = re.sub(
        r"_(?=log_odds|risk_log_odds|score_change|log10_p)", "_<wbr>", _escaped(_cut(name))
    )
    style = f"{_PADDING};text-align:{align};vertical-align:bottom"
    return f'<th style="{style}"{told}>{words}{below if unit else ""}</th>'


def _cell(name: str, value: Any, align: str) -> str:
    """Write one value: shifts signed and coloured, other numbers short, text escaped and cut."""
    style, told = f"{_PADDING};text-align:{align};white-space:nowrap", ""
    if _is_missing(value):
        written = _EMPTY
    elif not isinstance(value, int | float) or isinstance(value, bool):
        text = str(value)
        written = _escaped(_cut(text))
        told = f' title="{_escaped(text[:_LONGEST_HINT])}"' if len(text) > _LONGEST_TEXT else ""
        style += ";opacity:.6" if name == "status" and text != Status.OK else ""
    elif _is_signed(name):
        written = _signed(value)
    else:
        written = f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
    return f'<td style="{style}"{told}>{written}</td>'


def _signed(value: float) -> str:
    """Write a number with its sign, which the colour repeats."""
    if math.isinf(value) or abs(value) >= 0.005:
        colour, sign = (_GAIN, "+") if value > 0 else (_LOSS, "&minus;")
        return f'<span style="color:{colour};font-weight:600">{sign}{abs(value):.2f}</span>'
    return "0.00"


def _counts(effects: pd.DataFrame) -> str:
    """Write how many alleles there are, and how many of them were not scored for which reason."""
    status = effects.iloc[:, list(effects.columns).index("status")].astype(object)
    counts = status.fillna("").value_counts()
    scored = int(counts.get(Status.OK.value, 0))
    said = f"{_number_of(len(effects), 'allele')}: {scored:,} scored"
    others = counts.drop(Status.OK.value, errors="ignore")
    reasons = ", ".join(
        f"{count:,} {_escaped(_cut(str(status) or 'without a status'))}"
        for status, count in others.iloc[:_MOST_ROWS].items()
    )
    return f"{said}{f', not scored: {reasons}' if reasons else ''}."


def _left_out(effects: pd.DataFrame, rows: int, columns: int) -> str:
    """Write what the table does not show, and what the colours mean."""
    said = []
    if len(effects) > rows:
        said.append(f"the first {rows:,} rows of {len(effects):,}")
    if columns < len(effects.columns):
        said.append(f"{columns:,} of {len(effects.columns):,} columns")
    shown = f"Shown: {' and '.join(said)}. " if said else ""
    colours = (
        f'<span style="color:{_GAIN}">+</span> the ALT (or risk) allele gains, '
        f'<span style="color:{_LOSS}">&minus;</span> it loses.'
    )
    return shown + colours


def _number_of(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
