"""Calls beside databases of known enhancers: who has which, and what chance would give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, new_figure, optional
from enhancer_variants.scan.comparison_results import ANY_DATABASE, CallComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["comparison", "upset"]

_OBSERVED: Final = "#0072b2"
_CHANCE: Final = "0.62"
_ABSENT: Final = "0.88"
_NOVEL: Final = "#d55e00"
_ROW_HEIGHT: Final = 0.32
_BARS_HEIGHT: Final = 2.2
_FRAME_HEIGHT: Final = 1.0
_DOT: Final = 42.0


def comparison(
    found: CallComparison, *, reciprocal: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the share of calls that each database has, beside what chance gives.

    Parameters
    ----------
    found
        What :func:`~enhancer_variants.compare_calls` found.
    reciprocal
        The reciprocal overlap, one of those that were counted; the smallest by default.
    ax
        Where to draw; None for a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A bar for each database and for all together. The grey mark is the mean of the permuted
        calls with their 95 % interval, and behind the bar stand fold enrichment, its interval and
        p; without permutations the bars alone.

    Raises
    ------
    InputError
        If this reciprocal overlap was not counted.
    MissingDependencyError
        If the extra ``plot`` is not installed.

    Examples
    --------
    >>> from enhancer_variants.scan import compare_calls
    >>> calls = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [200]})
    >>> comparison(compare_calls(calls, {"atlas": calls})).get_xlabel()
    'calls that overlap (%)'
    """
    share = _reciprocal(found, reciprocal)
    table = found.to_frame()
    rows = table[table["reciprocal_overlap"] == share].reset_index(drop=True)
    if ax is None:
        ax = new_figure(_FRAME_HEIGHT + _ROW_HEIGHT * len(rows)).subplots()
    values = 100 * rows["calls_fraction"].fillna(0).to_numpy()
    ax.barh(range(len(rows)), values, height=0.62, color=_OBSERVED, zorder=2)
    largest = values.max(initial=0.0)
    if rows["permutations"].gt(0).any() and rows["calls_permuted"].gt(0).all():
        scale = 100 / rows["calls_permuted"].to_numpy()
        mean, low, high = (
            rows[name].to_numpy() * scale for name in ("expected", "expected_low", "expected_high")
        )
        ax.errorbar(
            mean,
            range(len(rows)),
            xerr=np.maximum([mean - low, high - mean], 0),
            fmt="o",
            color=_CHANCE,
            markeredgecolor="white",
            markersize=6,
            capsize=3,
            zorder=3,
            label="permuted calls, mean and 95 % interval",
        )
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=MARK_SIZE, frameon=False)
        largest = max(largest, high.max())
    for number, row in rows.iterrows():
        ax.annotate(
            _row_text(row),
            (1.01, float(str(number))),
            xycoords=("axes fraction", "data"),
            fontsize=MARK_SIZE,
            verticalalignment="center",
        )
    ax.set_xlim(0, max(largest * 1.05, 1e-9) if largest else 1)
    _name_rows(ax, list(rows["database"]))
    ax.set_xlabel("calls that overlap (%)", fontsize=LABEL_SIZE)
    ax.set_title(_overlap_title(share), fontsize=LABEL_SIZE, loc="left")
    ax.tick_params(labelsize=MARK_SIZE)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def upset(
    found: CallComparison,
    *,
    reciprocal: float | None = None,
    most: int = 20,
    figure: Figure | SubFigure | None = None,
) -> dict[str, Axes]:
    """Draw which calls are in which combination of databases, as an UpSet plot.

    Parameters
    ----------
    found
        What :func:`~enhancer_variants.compare_calls` found.
    reciprocal
        As for :func:`comparison`.
    most
        How many combinations to draw, those with most calls.
    figure
        Where to draw, best one with ``layout="constrained"``; None for a new one.

    Returns
    -------
    dict of str to matplotlib.axes.Axes
        ``combinations``: the calls of each combination, novel ones in orange; ``matrix``: the
        databases in it; ``databases``: all calls that a database has.

    Raises
    ------
    InputError, MissingDependencyError
        As :func:`comparison`.

    Notes
    -----
    After Lex A and others (2014), UpSet: visualization of intersecting sets, IEEE TVCG 20:1983.

    Examples
    --------
    >>> from enhancer_variants.scan import compare_calls
    >>> calls = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [200]})
    >>> sorted(upset(compare_calls(calls, {"atlas": calls})))
    ['combinations', 'databases', 'matrix']
    """
    share = _reciprocal(found, reciprocal)
    table = found.combinations
    here = table[table["reciprocal_overlap"] == share]
    rows = here.head(most).reset_index(drop=True)
    databases = [one for one in found.databases if one.name != ANY_DATABASE]
    if figure is None:
        figure = new_figure(_FRAME_HEIGHT + _BARS_HEIGHT + _ROW_HEIGHT * len(databases))
    heights = [_BARS_HEIGHT, _ROW_HEIGHT * max(len(databases), 2)]
    grid = figure.add_gridspec(2, 2, height_ratios=heights, width_ratios=[1, 3])
    bars = figure.add_subplot(grid[0, 1])
    matrix = figure.add_subplot(grid[1, 1], sharex=bars)
    sizes = figure.add_subplot(grid[1, 0])
    _draw_bars(bars, rows, len(here), share)
    _draw_matrix(matrix, rows, [one.name for one in databases])
    counts = [o.calls for one in databases for o in one.overlaps if o.reciprocal == share]
    sizes.barh(range(len(counts)), counts, height=0.62, color=_OBSERVED)
    sizes.set_xlim(max([*counts, 1]) * 1.05, 0)
    _name_rows(sizes, [one.name for one in databases])
    sizes.set_ylim(matrix.get_ylim())
    sizes.yaxis.tick_right()
    sizes.tick_params(axis="y", length=0, labelsize=MARK_SIZE)
    sizes.tick_params(axis="x", labelsize=MARK_SIZE)
    sizes.xaxis.set_major_locator(optional("matplotlib.ticker").MaxNLocator(3, integer=True))
    sizes.set_xlabel("calls in it", fontsize=LABEL_SIZE)
    sizes.spines[["top", "left"]].set_visible(False)
    return {"combinations": bars, "matrix": matrix, "databases": sizes}


def _draw_bars(ax: Axes, rows: pd.DataFrame, all_rows: int, share: float) -> None:
    colours = [_OBSERVED if number else _NOVEL for number in rows["number_of_databases"]]
    heights = rows["calls"].to_numpy()
    ax.bar(range(len(rows)), heights, width=0.62, color=colours)
    for place, (height, part) in enumerate(zip(heights, rows["fraction"], strict=True)):
        text = f"{height:,}\n{part:.0%}" if len(rows) <= 12 else f"{height:,}"
        ax.annotate(
            text,
            (place, height),
            (0, 2),
            textcoords="offset points",
            fontsize=MARK_SIZE - 1,
            horizontalalignment="center",
            rotation=0 if len(rows) <= 12 else 90,
            verticalalignment="bottom",
        )
    ax.margins(y=0.22)
    ax.set_ylabel("calls", fontsize=LABEL_SIZE)
    left = f"; {all_rows - len(rows)} smaller combinations not shown" * (all_rows > len(rows))
    ax.set_title(_overlap_title(share) + left, fontsize=LABEL_SIZE, loc="left")
    ax.tick_params(axis="y", labelsize=MARK_SIZE)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.spines[["top", "right"]].set_visible(False)


def _draw_matrix(ax: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Draw a dot where a combination has a database, joined by a line from first to last."""
    for place, text in enumerate(rows["databases"]):
        members = [names.index(name) for name in str(text).split(",") if name]
        absent = [number for number in range(len(names)) if number not in members]
        ax.scatter([place] * len(absent), absent, s=_DOT, color=_ABSENT, zorder=1)
        ax.scatter([place] * len(members), members, s=_DOT, color="0.15", zorder=3)
        if len(members) > 1:
            ax.plot([place] * 2, [members[0], members[-1]], color="0.15", linewidth=1.6, zorder=2)
    ax.set_xlim(-0.6, max(len(rows), 1) - 0.4)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlabel("databases that have the calls; none of them: novel", fontsize=LABEL_SIZE)
    ax.spines[:].set_visible(False)


def _name_rows(ax: Axes, names: list[str]) -> None:
    texts = ["any of them" if name == ANY_DATABASE else name for name in names]
    ax.set_yticks(range(len(names)), texts, fontsize=MARK_SIZE)
    ax.set_ylim(len(names) - 0.5, -0.5)


def _row_text(row: pd.Series[Any]) -> str:
    text = f"{row['calls_overlapping']:,} of {row['calls']:,}"
    if not math.isnan(row["fold"]):
        text += f", {row['fold']:.3g}-fold"
        if not (math.isnan(row["fold_low"]) or math.isnan(row["fold_high"])):
            text += f" ({row['fold_low']:.3g} to {row['fold_high']:.3g})"
    return text + (f", p = {row['p_enriched']:.2g}" if row["permutations"] else "")


def _overlap_title(share: float) -> str:
    return f"reciprocal overlap of {100 * share:.4g} %" if share else "one shared base or more"


def _reciprocal(found: CallComparison, asked: float | None) -> float:
    """Find the reciprocal overlap that is asked for among those that were counted."""
    counted = [counts.reciprocal for counts in found.databases[0].overlaps]
    if asked is None:
        return counted[0]
    if asked not in counted:
        raise InputError(
            f"the reciprocal overlap {asked} was not counted; expected one of "
            f"{', '.join(map(str, counted))}"
        )
    return float(asked)
