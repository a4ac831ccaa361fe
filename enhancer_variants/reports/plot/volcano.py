"""All alleles of a run at once: shifts against how unusual they are, and shifts by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.plot.effect_points import (
    MANY_POINTS,
    Gainer,
    distinct_first,
    model_values,
    names_of,
    say_nothing_is_scored,
    scored_rows,
    shift_label,
    sign_colours,
)
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    new_figure,
    optional,
    settle_layout,
    size_in_points,
)
from enhancer_variants.reports.plot.point_labels import NamedPoint, name_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Evidence", "rank", "volcano"]

Evidence = Literal["p", "motif", "rank"]
"""What stands beside a shift: its calibrated p-value, the motif change, or its rank."""

_HEIGHT: Final = 4.0
_WIDTH: Final = 6.5
_LABELS: Final[dict[Evidence, str]] = {
    "p": "-log10 p\n(against the model's null distribution)",
    "motif": "strongest motif change\n(|log10 p ratio|)",
    "rank": "-log10 share of alleles\nwith a shift as large",
}
_LEAST_RANGE: Final = 0.1
_MOST_AVOIDED: Final = 500
_POINTS_PER_TICK: Final = 48


def volcano(
    effects: pd.DataFrame,
    model: str = "enhancer",
    *,
    against: Evidence | None = None,
    allele: Gainer = "alt",
    label: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw shifts against how strong the evidence is.

    Parameters
    ----------
    effects
        One row per allele, or one for each allele and model.
    model
        Whose shifts.
    against
        The y axis. ``p``: -log10 of the calibrated p-value. ``motif``: the size of
        ``motif_log10_p_ratio``. ``rank``: -log10 of the share of these alleles whose shift is as
        large. By default the first of them that there are values for.
    allele
        ``alt`` draws ALT against REF; ``risk`` the risk allele against the other one.
    label
        How many alleles are named: those highest up, and of them those with the largest shifts.
    ax
        Where to draw; None for a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        x is the shift, log2 odds; orange gains, purple loses. A circle is an SNV, a triangle any
        other kind, whose null distribution is another. Where nothing is scored, the panel says so.

    Raises
    ------
    InputError
        If the model is not in the effects, or there is nothing of what is asked for.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> effects = pd.DataFrame({"id": ["rs1", "rs2"], "toy_log_odds_shift": [0.5, -1.5],
    ...     "toy_p": [0.1, 0.001]})
    >>> ax = volcano(effects, "toy")
    >>> ax.collections[0].get_offsets().round(3).tolist()
    [[0.5, 1.0], [-1.5, 3.0]]
    """
    rows = scored_rows(effects, model, allele)
    axes = new_figure(_HEIGHT, _WIDTH).add_subplot() if ax is None else ax
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=MARK_SIZE)
    axes.set_xlabel(_one_line(shift_label(model, allele)), fontsize=LABEL_SIZE, parse_math=False)
    chosen, heights = _evidence(rows, effects, model, against)
    axes.set_ylabel(_LABELS[chosen], fontsize=LABEL_SIZE)
    drawn = np.isfinite(heights)
    rows, heights = rows[drawn].reset_index(drop=True), heights[drawn]
    if rows.empty:
        say_nothing_is_scored(axes, effects, model)
        return axes
    shifts = rows["shift"].to_numpy("float64")
    order = np.lexsort((np.abs(shifts), heights))  # what is named lies on top
    _draw_by_kind(axes, rows.iloc[order], shifts[order], heights[order])
    _frame_volcano(axes, shifts, heights)
    _name_largest(axes, rows, shifts, heights, distinct_first(rows, order[::-1], label))
    return axes


def rank(
    effects: pd.DataFrame,
    model: str = "enhancer",
    *,
    allele: Gainer = "alt",
    label: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw all shifts from the largest gain to the largest loss.

    Parameters
    ----------
    effects
        One row per allele, or one for each allele and model.
    model
        Whose shifts.
    allele
        ``alt`` draws ALT against REF; ``risk`` the risk allele against the other one.
    label
        How many alleles are named: those with the largest shifts of either sign.
    ax
        Where to draw; None for a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        x is the rank, 1 for the largest gain; y the shift, log2 odds; orange gains, purple loses.
        Where nothing is scored, the panel says so.

    Raises
    ------
    InputError
        If the model is not in the effects.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> effects = pd.DataFrame({"id": ["rs1", "rs2"], "toy_log_odds_shift": [-1.5, 0.5]})
    >>> rank(effects, "toy").collections[0].get_offsets().tolist()
    [[1.0, 0.5], [2.0, -1.5]]
    """
    rows = scored_rows(effects, model, allele)
    axes = new_figure(_HEIGHT, _WIDTH).add_subplot() if ax is None else ax
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=MARK_SIZE)
    axes.set_ylabel(shift_label(model, allele), fontsize=LABEL_SIZE, parse_math=False)
    axes.set_xlabel("rank (1: largest gain)", fontsize=LABEL_SIZE)
    if rows.empty:
        say_nothing_is_scored(axes, effects, model)
        return axes
    rows = rows.sort_values("shift", ascending=False, kind="stable", ignore_index=True)
    shifts = rows["shift"].to_numpy("float64")
    ranks = np.arange(1.0, len(rows) + 1)
    many = len(rows) > MANY_POINTS
    axes.scatter(
        ranks,
        shifts,
        c=sign_colours(shifts),
        s=8 if many else 22,
        linewidths=0,
        zorder=3,
        rasterized=many,
    )
    axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    reach = max(np.abs(shifts).max(), _LEAST_RANGE)
    axes.set_ylim(*_with_room(shifts.min(), shifts.max(), reach))
    margin = max(0.03 * len(rows), 0.5)
    axes.set_xlim(1 - margin, len(rows) + margin)
    largest = distinct_first(rows, np.argsort(-np.abs(shifts), kind="stable"), label)
    _name_largest(axes, rows, ranks, shifts, largest, baseline=True)
    return axes


def _with_room(lowest: float, highest: float, reach: float) -> tuple[float, float]:
    """Limits of shifts with room for names beyond the largest ones."""
    return min(lowest, 0.0) - 0.15 * reach, max(highest, 0.0) + 0.15 * reach


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _evidence(
    rows: pd.DataFrame, effects: pd.DataFrame, model: str, wanted: Evidence | None
) -> tuple[Evidence, npt.NDArray[np.float64]]:
    """Heights of the points, and of what they are: as asked for, or the first there is."""
    if wanted not in (None, *_LABELS):
        raise InputError(f"against={wanted!r}: expected {', '.join(_LABELS)}")
    with np.errstate(divide="ignore"):
        from_p = -np.log10(model_values(rows, effects, model, "p"))
    ratio = pd.to_numeric(
        rows.get("motif_log10_p_ratio", pd.Series(np.nan, index=rows.index)), errors="coerce"
    ).to_numpy("float64", na_value=np.nan)
    found: dict[Evidence, npt.NDArray[np.float64]] = {
        "p": from_p,
        "motif": np.abs(ratio),
        "rank": _rank_heights(rows["shift"].to_numpy("float64")),
    }
    if wanted is None:
        some: list[Evidence] = [name for name in found if np.isfinite(found[name]).any()]
        return (some[0], found[some[0]]) if some else ("p", from_p)
    if len(rows) and not np.isfinite(found[wanted]).any():
        raise InputError(
            f"these effects have no values for against={wanted!r}: score with "
            f"{'calibrated=True' if wanted == 'p' else 'motifs'}, or draw another"
        )
    return wanted, found[wanted]


def _rank_heights(shifts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """-log10 of the share of alleles whose shift is at least as large."""
    sizes = np.abs(shifts)
    as_large = len(sizes) - np.searchsorted(np.sort(sizes), sizes, side="left")
    return -np.log10(as_large / max(len(sizes), 1)) + 0.0


def _draw_by_kind(
    ax: Axes,
    rows: pd.DataFrame,
    shifts: npt.NDArray[np.float64],
    heights: npt.NDArray[np.float64],
) -> None:
    many = len(rows) > MANY_POINTS
    kinds = rows["kind"] if "kind" in rows else pd.Series("snv", index=rows.index)
    is_snv = (kinds.fillna("snv").astype(str) == "snv").to_numpy("bool")
    colours = np.array(sign_colours(shifts))
    for marker, name, chosen in (("o", "SNV", is_snv), ("^", "other kinds", ~is_snv)):
        if chosen.any():
            ax.scatter(
                shifts[chosen],
                heights[chosen],
                c=colours[chosen],
                marker=marker,
                s=8 if many else 24,
                linewidths=0 if many else 0.4,
                edgecolors="white",
                zorder=3,
                rasterized=many,
                label=name,
                gid=name,
            )
    if not is_snv.all() and is_snv.any():
        legend = ax.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=MARK_SIZE,
            borderpad=0, handletextpad=0.1, columnspacing=0.8,
        )  # fmt: skip
        for handle in legend.findobj(optional("matplotlib.collections").PathCollection):
            handle.set(color="0.4")


def _frame_volcano(
    ax: Axes, shifts: npt.NDArray[np.float64], heights: npt.NDArray[np.float64]
) -> None:
    """Limit the axes: 0 in the middle, and room for names."""
    reach = max(np.abs(shifts).max(), _LEAST_RANGE) * 1.25
    ax.set_xlim(-reach, reach)
    ax.set_ylim(0, max(heights.max(), 1.0) * 1.12)
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=1)
    ax.locator_params(axis="x", nbins=max(3, int(size_in_points(ax)[0] / _POINTS_PER_TICK)))


def _name_largest(
    ax: Axes,
    rows: pd.DataFrame,
    xs: npt.NDArray[np.float64],
    ys: npt.NDArray[np.float64],
    chosen: list[int],
    *,
    baseline: bool = False,
) -> None:
    settle_layout(ax)
    names = names_of(rows.iloc[chosen])
    points = [
        NamedPoint(xs[at], ys[at], name, upward=ys[at] >= 0)
        for at, name in zip(chosen, names, strict=True)
    ]
    step = max(1, len(rows) // _MOST_AVOIDED)
    avoid = [*zip(xs[::step], ys[::step], strict=True), *((p.x, p.y) for p in points)]
    name_points(ax, points, avoid=avoid, baseline=baseline)
