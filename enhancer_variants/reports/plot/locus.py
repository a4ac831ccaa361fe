"""The alleles of a stretch of the genome: shift by position, the study's p-values, annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.reports.plot.annotation_tracks import (
    ROW_HEIGHT,
    TrackSource,
    draw_tracks,
    pack,
    read_tracks,
)
from enhancer_variants.reports.plot.effect_points import (
    MANY_POINTS,
    Gainer,
    distinct_first,
    names_of,
    say_nothing_is_scored,
    scored_rows,
    shift_label,
    sign_colours,
)
from enhancer_variants.reports.plot.p_values import draw_p_values, minus_log10_p
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
    from matplotlib.figure import Figure, SubFigure

__all__ = ["locus"]

_HEIGHTS: Final = {"p": 1.7, "shift": 2.4}
_ABOUT_AXIS: Final = 0.6
_POINTS_PER_INCH: Final = 72
_POINTS_PER_TICK: Final = 95
_MOST_STEMS: Final = 300
_ROOM: Final = 0.3
_LEAST_MARGIN: Final = 50.0
_SHARE_OF_MARGIN: Final = 0.04
_LEAST_RANGE: Final = 0.1


def locus(
    effects: pd.DataFrame,
    *,
    model: str = "enhancer",
    p_values: str | None = None,
    tracks: Mapping[str, TrackSource] | None = None,
    contig: str | None = None,
    start: int | None = None,
    end: int | None = None,
    allele: Gainer = "alt",
    label: int = 5,
    figure: Figure | SubFigure | None = None,
) -> dict[str, Axes]:
    """Draw a model's shifts along a contig, with a study's p-values above and annotation below.

    Parameters
    ----------
    effects
        One row per allele, of a VCF or a risk list, or one for each allele and model.
    model
        Whose shifts.
    p_values
        Column of the study's p-values. One with ``log10`` or ``mlogp`` in its name holds -log10
        of them, as ``risk_minus_log10_p`` does, which is taken by default where it is there. Where
        there are proxies, their points are the darker the higher their r2 with the lead.
    tracks
        Annotation by name: BED files, intervals, or pairs of an interval and a name.
    contig
        May be left out where all alleles are on one.
    start, end
        Region shown, 0-based, half-open; by default that of the scored alleles.
    allele
        ``alt`` draws ALT against REF; ``risk`` the risk allele against the other one.
    label
        How many alleles are named, those with the largest shifts in view.
    figure
        Where to draw, best one with ``layout="constrained"``; None for a new one.

    Returns
    -------
    dict of str to matplotlib.axes.Axes
        ``shift`` and, where there are such, ``p`` and ``tracks``. x is the 1-based position; an
        orange point above the line gains, a purple one below it loses, in log2 odds. Where
        nothing is scored, the panel says so.

    Raises
    ------
    InputError
        If the alleles are on several contigs and none is named, or the model or a column is not
        in the effects.
    VariantFileError
        If a BED file cannot be read.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> effects = pd.DataFrame({"chrom": "chr1", "pos": [100, 180], "ref": "A", "alt": "C",
    ...     "toy_log_odds_shift": [0.5, -1.5]})
    >>> ax = locus(effects, model="toy")["shift"]
    >>> ax.collections[0].get_offsets().tolist()
    [[100.0, 0.5], [180.0, -1.5]]
    """
    rows = scored_rows(effects, model, allele)
    rows, contig = _on_one_contig(rows, contig)
    positions = pd.to_numeric(rows["pos"]).to_numpy("float64")
    view = _view(positions, start, end)
    seen = (positions > view[0]) & (positions < view[1])
    rows = rows[seen].reset_index(drop=True)
    significance = minus_log10_p(rows, p_values) if len(rows) else None
    shown = read_tracks(tracks, contig, view)
    axes = _panels(figure, view, contig, with_p=significance is not None, tracks=shown)
    if len(rows):
        _draw_shifts(axes["shift"], rows, shift_label(model, allele), label)
        if significance is not None:
            draw_p_values(axes["p"], rows, significance)
    else:
        say_nothing_is_scored(axes["shift"], effects, model)
    return axes


def _on_one_contig(rows: pd.DataFrame, contig: str | None) -> tuple[pd.DataFrame, str]:
    """Rows of the contig asked for, or of the only one there is."""
    if missing := [name for name in ("chrom", "pos") if name not in rows]:
        raise InputError(f"the effects have no column {missing[0]}; expected chrom and pos")
    rows = rows[rows["chrom"].notna() & rows["pos"].notna()]
    names = rows["chrom"].astype(str)
    keys = names.map(canonical_contig)
    if contig is not None:
        return rows[keys == canonical_contig(contig)], contig
    if len(set(keys)) > 1:
        raise InputError(
            f"the alleles are on {', '.join(names.unique()[:6])}"
            f"{', ...' if names.nunique() > 6 else ''}: say which contig is drawn (contig=...)"
        )
    return rows, names.iloc[0] if len(names) else ""


def _view(
    positions: npt.NDArray[np.float64], start: int | None, end: int | None
) -> tuple[float, float]:
    """Limits of the x axis: as asked for, or around the alleles."""
    lowest, highest = (positions.min(), positions.max()) if len(positions) else (1.0, 1.0)
    margin = max(_SHARE_OF_MARGIN * (highest - lowest), _LEAST_MARGIN)
    left = max(lowest - margin, 0.5) if start is None else start + 0.5
    right = highest + margin if end is None else end + 0.5
    if left >= right:
        raise InputError(
            f"the region {start}-{end} has no base; both are 0-based, the end not included"
        )
    return float(left), float(right)


def _panels(
    figure: Figure | SubFigure | None,
    view: tuple[float, float],
    contig: str,
    *,
    with_p: bool,
    tracks: Mapping[str, Sequence[Any]],
) -> dict[str, Axes]:
    """Make the panels, whose x axes agree, and draw the tracks, whose height has to be known."""
    names = [*(["p"] if with_p else []), "shift", *(["tracks"] if tracks else [])]
    packed: dict[str, list[Any]] = {}
    heights = [_HEIGHTS[name] for name in names if name != "tracks"]
    width = float(figure.bbox.width / figure.dpi) if figure is not None else 8.0
    # About a seventh of the width goes to labels: what is left tells which names fit into bars.
    per_base = 0.85 * width * _POINTS_PER_INCH / (view[1] - view[0])
    if tracks:
        packed = {name: pack(stretches, per_base) for name, stretches in tracks.items()}
        rows = sum(max((s.row + 1 for s in each), default=1) for each in packed.values())
        heights.append(max(rows, 1) * ROW_HEIGHT / _POINTS_PER_INCH)
    drawn_on = new_figure(sum(heights) + _ABOUT_AXIS) if figure is None else figure
    panels = drawn_on.subplots(len(names), 1, squeeze=False, height_ratios=heights)[:, 0]
    axes: dict[str, Any] = dict(zip(names, panels, strict=True))
    for ax in panels:
        ax.set_xlim(*view)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=MARK_SIZE, labelbottom=ax is panels[-1])
    if tracks:
        draw_tracks(axes["tracks"], packed, per_base)
        axes["tracks"].spines["left"].set_visible(False)
    _label_positions(list(axes.values()), contig, width)
    drawn_on.align_ylabels([axes[name] for name in names if name != "tracks"])
    return axes


def _label_positions(panels: Sequence[Axes], contig: str, width: float) -> None:
    ticker = optional("matplotlib.ticker")
    count = max(2, int(0.85 * width * _POINTS_PER_INCH / _POINTS_PER_TICK))
    for ax in panels:
        ax.xaxis.set_major_locator(
            ticker.MaxNLocator(count, integer=True, steps=[1, 2, 5, 10], prune="both")
        )
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda position, _: f"{position:,.0f}"))
    panels[-1].set_xlabel(
        f"position on {contig or 'the contig'} (1-based)", fontsize=LABEL_SIZE, parse_math=False
    )


def _draw_shifts(ax: Axes, rows: pd.DataFrame, axis_label: str, label: int) -> None:
    """Draw a stem and a point for each allele, and name those with the largest shifts."""
    positions = pd.to_numeric(rows["pos"]).to_numpy("float64")
    shifts = rows["shift"].to_numpy("float64")
    order = np.argsort(np.abs(shifts), kind="stable")  # the largest on top
    colours = np.array(sign_colours(shifts))
    many = len(rows) > MANY_POINTS
    ax.scatter(
        positions[order],
        shifts[order],
        c=colours[order],
        s=10 if many else 26,
        linewidths=0 if many else 0.4,
        edgecolors="white",
        zorder=3,
        rasterized=many,
        gid="shifts",
    )
    with_stems = len(rows) <= _MOST_STEMS
    if with_stems:
        ax.vlines(
            positions, 0, shifts, colors=colours.tolist(), linewidth=1.0, zorder=2, gid="stems"
        )
    ax.axhline(0, color="black", linewidth=0.8, zorder=1)
    ax.set_ylabel(axis_label, fontsize=LABEL_SIZE, parse_math=False)
    _leave_room(ax, shifts)
    settle_layout(ax)
    largest = distinct_first(rows, order[::-1], label)
    names = names_of(rows.iloc[largest])
    points = [
        NamedPoint(positions[at], shifts[at], name, upward=shifts[at] >= 0)
        for at, name in zip(largest, names, strict=True)
    ]
    # Only what stands out can be covered; among thousands of points there is no free place.
    near = order[::-1][: min(_MOST_STEMS, len(order))]
    drawn = [*zip(positions[near], shifts[near], strict=True)]
    name_points(ax, points, avoid=drawn, stems=with_stems, baseline=True)


def _leave_room(ax: Axes, shifts: npt.NDArray[np.float64]) -> None:
    """Limit the y axis so that names find room beyond the largest shifts."""
    lowest, highest = min(shifts.min(), 0.0), max(shifts.max(), 0.0)
    span = max(highest - lowest, _LEAST_RANGE)
    above = _ROOM if highest > 0 else 0.05
    below = _ROOM if lowest < 0 else 0.05
    height = size_in_points(ax)[1]
    scale = span * min(1.0, 60 / max(height, 1.0))
    ax.set_ylim(lowest - below * scale, highest + above * scale)
