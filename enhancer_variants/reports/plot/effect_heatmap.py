"""Which allele changes which factor: a map of shifts, alike beside alike."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.effect_rows import models_of, shift_column
from enhancer_variants.reports.plot.effect_points import (
    allele_columns_of,
    is_long,
    names_of,
    say_nothing_is_scored,
)
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    new_figure,
    optional,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["heatmap"]

_COLOURS: Final = "PuOr_r"
_ROW: Final = 0.165
_COLUMN: Final = 0.2
_AROUND: Final = (3.0, 1.5)
_LEAST: Final = (5.0, 2.4)
_MOST_MODELS: Final = 60
_FEW_CELLS: Final = 160
_LONGEST_NAME: Final = 32
_KEY: Final = ("record", "allele")


def heatmap(
    effects: pd.DataFrame,
    models: Sequence[str] | None = None,
    *,
    top: int = 50,
    cluster: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw shifts as a map of alleles by models.

    Parameters
    ----------
    effects
        One row per allele; or one for each allele and model, as ``ev.tidy`` gives it or the
        Parquet of many TFBS models holds it.
    models
        Which models, by default all but ``enhancer``. Of more than 60, those with the largest
        shifts are drawn.
    top
        How many alleles: those with the largest shift of any of these models. An allele that a
        risk list has in several rows is drawn once.
    cluster
        Whether alike alleles and models stand beside each other (average linkage); else both are
        in the order of the table.
    ax
        Where to draw, with the colour bar beside; None for a new figure, as large as the names
        need.

    Returns
    -------
    matplotlib.axes.Axes
        White is 0, orange a gain, purple a loss, log2 odds; hatched cells were not scored.
        Where nothing is scored, the panel says so.

    Raises
    ------
    InputError
        If a model is not in the effects, or they hold only the largest gain and loss of many.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> effects = pd.DataFrame({"id": ["rs1", "rs2"], "A_log_odds_shift": [0.5, -1.5],
    ...     "B_log_odds_shift": [0.0, 2.0]})
    >>> ax = heatmap(effects, cluster=False)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['rs1', 'rs2']
    """
    table, alleles = _shifts(effects, models)
    scored = np.isfinite(table.to_numpy("float64")).any(axis=1)
    table = table[scored]
    if table.empty or not len(table.columns):
        axes = new_figure(_LEAST[1], _LEAST[0]).add_subplot() if ax is None else ax
        say_nothing_is_scored(axes, effects, " or ".join(models) if models else "any TFBS model")
        return axes
    table, left_out = _largest(table, top)
    if cluster:
        table = table.iloc[_order(table.to_numpy("float64")), _order(table.to_numpy("float64").T)]
    rows, columns = table.shape
    if ax is None:
        width = max(_LEAST[0], columns * _COLUMN + _AROUND[0])
        figure = new_figure(max(_LEAST[1], rows * _ROW + _AROUND[1]), width)
        axes = figure.add_subplot()
    else:
        axes = ax
    _draw_cells(axes, table.to_numpy("float64"))
    _name_ticks(axes, names_of(alleles.loc[table.index]), [str(c) for c in table.columns])
    if left_out:
        axes.set_title(left_out, fontsize=LABEL_SIZE)
    return axes


def _shifts(
    effects: pd.DataFrame, models: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shifts with a row per allele and a column per model, and the alleles of the rows."""
    if not isinstance(effects, pd.DataFrame):
        raise InputError(f"{type(effects).__name__}: expected a DataFrame of effects")
    if is_long(effects):
        return _shifts_of_long(effects, models)
    known = models_of(effects.columns)
    if "tfbs_top_gain" in effects and models is None:
        raise InputError(
            "these effects hold only the largest gain and loss of many TFBS models: give the "
            "table that was written beside them (pandas.read_parquet), or score with wide=True"
        )
    wanted = _wanted(known, models)
    plain = effects
    if "pos" in (columns := allele_columns_of(effects)):
        plain = effects[effects["pos"].isna() | ~effects.duplicated(columns)]
    plain = plain.reset_index(drop=True)
    table = pd.DataFrame(
        {m: pd.to_numeric(plain[shift_column(m)], errors="coerce") for m in wanted},
        index=plain.index,
        dtype="float64",
    )
    return table, plain


def _shifts_of_long(
    effects: pd.DataFrame, models: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = [str(name) for name in effects["model"].dropna().unique()]
    wanted = _wanted(known, models)
    key = [name for name in _KEY if name in effects]
    if len(key) < len(_KEY):
        raise InputError("a table with a row for each allele and model needs record and allele")
    rows = effects[effects["model"].isin(wanted)]
    alleles = rows.drop_duplicates(key).reset_index(drop=True)
    place = pd.MultiIndex.from_frame(alleles[key].astype("int64"))
    table = (
        rows.assign(shift=pd.to_numeric(rows["log_odds_shift"], errors="coerce"))
        .astype({"shift": "float64", **dict.fromkeys(key, "int64"), "model": object})
        .pivot_table(index=key, columns="model", values="shift", aggfunc="first", dropna=False)
        .reindex(index=place, columns=wanted)
        .reset_index(drop=True)
    )
    return pd.DataFrame(table), alleles


def _wanted(known: Sequence[str], models: Sequence[str] | None) -> list[str]:
    if models is None:
        return [name for name in known if name != "enhancer"] or list(known)
    if unknown := [name for name in models if name not in known]:
        raise InputError(
            f"no model is called {unknown[0]!r} in these effects; expected "
            f"{', '.join(known) or 'a column *_log_odds_shift'}"
        )
    return list(models)


def _largest(table: pd.DataFrame, top: int) -> tuple[pd.DataFrame, str]:
    """Alleles and models with the largest shifts, in their order, and what is left out."""
    sizes = table.abs()
    rows = sizes.max(axis=1).nlargest(top, keep="first").index
    columns = sizes.max(axis=0).fillna(0).nlargest(_MOST_MODELS, keep="first").index
    chosen = table.loc[sorted(rows), [c for c in table.columns if c in set(columns)]]
    said = []
    if len(chosen) < len(table):
        said.append(f"{len(chosen):,} of {len(table):,} alleles")
    if len(chosen.columns) < len(table.columns):
        said.append(f"{len(chosen.columns)} of {len(table.columns)} models")
    return chosen, f"{' and '.join(said)}, with the largest shifts" if said else ""


def _order(values: npt.NDArray[np.float64]) -> list[int]:
    """Order in which alike rows stand together; what was not scored counts as no shift."""
    if len(values) < 3:
        return list(range(len(values)))
    hierarchy = importlib.import_module("scipy.cluster.hierarchy")
    links = hierarchy.linkage(np.nan_to_num(values), "average", optimal_ordering=True)
    return [int(at) for at in hierarchy.leaves_list(links)]


def _draw_cells(ax: Axes, values: npt.NDArray[np.float64]) -> None:
    """Draw the cells, the missing ones hatched, and the colour bar."""
    largest = float(np.nanmax(np.abs(values))) or 1.0
    colours = optional("matplotlib").colormaps[_COLOURS].with_extremes(bad="white")
    rows, columns = values.shape
    image = ax.imshow(
        values,
        cmap=colours,
        vmin=-largest,
        vmax=largest,
        aspect="auto",
        interpolation="nearest",
    )
    patches = optional("matplotlib.patches")
    for row, column in np.argwhere(~np.isfinite(values)).tolist():
        cell = patches.Rectangle(
            (column - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", edgecolor="0.7",
            linewidth=0, gid="not scored",
        )  # fmt: skip
        ax.add_patch(cell)
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=0.5)
    ax.tick_params(which="minor", length=0)
    if values.size <= _FEW_CELLS:
        _write_numbers(ax, values, largest)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, aspect=30)
    bar.ax.tick_params(labelsize=MARK_SIZE)
    bar.set_label("log2 odds shift (> 0: ALT gains)", fontsize=LABEL_SIZE)


def _write_numbers(ax: Axes, values: npt.NDArray[np.float64], largest: float) -> None:
    """Write the shifts into the cells, so that little rests on colour where there are few."""
    for row, column in np.argwhere(np.isfinite(values)).tolist():
        value = values[row, column]
        ax.text(
            column,
            row,
            f"{value + 0.0:+.1f}" if abs(value) >= 0.05 else "0",
            horizontalalignment="center",
            verticalalignment="center_baseline",
            fontsize=MARK_SIZE - 2.5,
            color="white" if abs(value) > 0.6 * largest else "black",
        )


def _name_ticks(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    ax.set_xticks(range(len(columns)), [_cut(name) for name in columns], rotation=90)
    ax.set_yticks(range(len(rows)), [_cut(name) for name in rows])
    ax.tick_params(labelsize=MARK_SIZE, length=2)
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set_parse_math(False)
    ax.spines[:].set_visible(False)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
