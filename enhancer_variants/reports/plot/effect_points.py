"""Effects as points of a picture: one model's shifts, their colours, and words where none is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.effect_rows import models_of, shift_column, variant_name
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE
from enhancer_variants.schema import risk_shift_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "GAIN",
    "LOSS",
    "MANY_POINTS",
    "NEITHER",
    "Gainer",
    "allele_columns_of",
    "distinct_first",
    "is_long",
    "model_values",
    "names_of",
    "say_nothing_is_scored",
    "scored_rows",
    "shift_label",
    "sign_colours",
]

GAIN: Final = "#b35806"
LOSS: Final = "#542788"
NEITHER: Final = "#8c8c8c"
"""A gain is orange and a loss purple in every picture (ColorBrewer's PuOr); grey is neither."""

MANY_POINTS: Final = 2000
"""From this number on, points are drawn as one image also in PDF and SVG."""

Gainer = Literal["alt", "risk"]
"""Whose gain is above 0: ALT's against REF, or the risk allele's against the other one."""

_SHIFT: Final = "shift"
_MOST_STATUSES: Final = 4
_ALLELE: Final = ("chrom", "pos", "ref", "alt")


def is_long(effects: pd.DataFrame) -> bool:
    """Whether a table has one row for each allele and model, as ``ev.tidy`` gives it."""
    return {"model", "log_odds_shift"} <= set(effects.columns)


def scored_rows(effects: pd.DataFrame, model: str, allele: Gainer = "alt") -> pd.DataFrame:
    """Rows that a model scored, with its shift in the column ``shift``.

    Parameters
    ----------
    effects
        One row per allele, or one for each allele and model.
    model
        The model's name.
    allele
        Whose gain is above 0.

    Raises
    ------
    InputError
        If this is no table of effects, or the model is not in it, or risk alleles are not.
    """
    if not isinstance(effects, pd.DataFrame):
        raise InputError(f"{type(effects).__name__}: expected a DataFrame of effects")
    if is_long(effects):
        _refuse_risk_of_long(allele)
        rows = effects[effects["model"].astype(object) == model]
        known, column = effects["model"].dropna().unique().tolist(), "log_odds_shift"
        found = model in known or effects.empty
    else:
        rows, known = effects, models_of(effects.columns)
        found = model in known
        column = shift_column(model) if allele == "alt" else risk_shift_column(model).name
    if not found:
        raise InputError(
            f"no model is called {model!r} in these effects; expected "
            f"{', '.join(map(str, known)) or 'a column *_log_odds_shift'}"
        )
    if column not in rows:
        raise InputError(
            f"these effects have no column {column}: they are of no risk list (ev.score_gwas)"
        )
    shift = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    scored: pd.DataFrame = rows.assign(**{_SHIFT: shift})[np.isfinite(shift)]
    return scored.reset_index(drop=True)


def _refuse_risk_of_long(allele: Gainer) -> None:
    if allele == "risk":
        raise InputError(
            "a table with a row for each model has no shifts of risk alleles: give the effects "
            "with one row per allele"
        )


def model_values(
    rows: pd.DataFrame, effects: pd.DataFrame, model: str, quantity: str
) -> npt.NDArray[np.float64]:
    """Values of a quantity of a model beside its shifts, NaN where there is none.

    Parameters
    ----------
    rows
        What :func:`scored_rows` gave.
    effects
        What they are of.
    model, quantity
        As in ``enhancer``, ``p``.
    """
    column = quantity if is_long(effects) else f"{model}_{quantity}"
    if column not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[column], errors="coerce").to_numpy("float64", na_value=np.nan)


def sign_colours(shifts: npt.NDArray[np.float64]) -> list[str]:
    """Colour of each shift.

    Examples
    --------
    >>> sign_colours(np.array([0.5, -2.0, 0.0])) == [GAIN, LOSS, NEITHER]
    True
    """
    return [GAIN if shift > 0 else LOSS if shift < 0 else NEITHER for shift in shifts.tolist()]


def allele_columns_of(rows: pd.DataFrame) -> list[str]:
    """Columns of a table that tell its alleles apart; a risk list may have one in many rows."""
    return [name for name in _ALLELE if name in rows]


def distinct_first(rows: pd.DataFrame, order: npt.NDArray[np.intp], count: int) -> list[int]:
    """Give the first rows of an order, each allele once.

    Parameters
    ----------
    rows
        Rows of effects.
    order
        Numbers of rows, the most important first.
    count
        How many alleles at most.

    Examples
    --------
    >>> rows = pd.DataFrame({"chrom": "1", "pos": [5, 5, 9], "ref": "A", "alt": "T"})
    >>> distinct_first(rows, np.array([1, 0, 2]), 2)
    [1, 2]
    """
    columns = allele_columns_of(rows)
    ordered = rows.iloc[order]
    again = ordered.duplicated(columns).to_numpy() if "pos" in columns else [False] * len(order)
    return [int(at) for at, seen in zip(order, again, strict=True) if not seen][:count]


def names_of(rows: pd.DataFrame) -> list[str]:
    """Names of alleles; those that share an identifier are told apart by their bases."""
    records: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in rows.to_dict("records")
    ]
    names = [variant_name(row) for row in records]
    times = Counter(names)
    return [
        f"{name} {row['ref']}>{row['alt']}"
        if times[name] > 1 and {"ref", "alt"} <= set(row)
        else name
        for name, row in zip(names, records, strict=True)
    ]


def shift_label(model: str, allele: Gainer) -> str:
    """Label of an axis of shifts: whose, in which unit, and what its sign means."""
    gainer = "ALT" if allele == "alt" else "risk allele"
    return f"{model} shift\n(log2 odds, > 0: {gainer} gains)"


def say_nothing_is_scored(ax: Axes, effects: pd.DataFrame, model: str) -> None:
    """Write into an empty panel that there is nothing to draw, and what became of the rows."""
    rows = effects
    if is_long(effects) and model in set(effects["model"]):
        rows = effects[effects["model"].astype(object) == model]
    said = f"no allele with a shift of {model}\n{len(rows):,} rows"
    if "status" in rows and len(rows):
        counts = rows["status"].value_counts()
        shown = [f"{count:,} {status}" for status, count in counts.iloc[:_MOST_STATUSES].items()]
        more = len(counts) - len(shown)
        said += f": {', '.join(shown)}{f' and {more} more reasons' if more > 0 else ''}"
    ax.text(
        0.5,
        0.5,
        said,
        transform=ax.transAxes,
        horizontalalignment="center",
        verticalalignment="center",
        fontsize=LABEL_SIZE,
        color="0.35",
        parse_math=False,
        gid="nothing",
    )
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(labelsize=MARK_SIZE)
