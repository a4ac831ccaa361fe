"""A scan along a contig, as a genome browser shows it: probabilities, calls, annotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.genome import OPEN_END, Interval, canonical_contig
from enhancer_variants.reports.plot.annotation_tracks import (
    ROW_HEIGHT,
    Stretch,
    TrackSource,
    draw_tracks,
    pack,
    read_tracks,
)
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, new_figure, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["scan_track"]

_HEIGHT: Final = 1.6
_ABOUT_AXIS: Final = 0.6
_POINTS_PER_INCH: Final = 72
_POINTS_PER_TICK: Final = 95
_SHARE_OF_PANEL: Final = 0.85
"""Of the width: the rest goes to labels."""

_CALLED: Final = "#b5560b"
_TRACK: Final = "0.72"
_TOP: Final = 1.14
_SUMMITS: Final = 1.06

Floats = npt.NDArray[np.float64]


def scan_track(
    windows: pd.DataFrame,
    calls: pd.DataFrame | None = None,
    *,
    region: str | Interval | None = None,
    threshold: float = 0.5,
    tracks: Mapping[str, TrackSource] | None = None,
    figure: Figure | SubFigure | None = None,
) -> dict[str, Axes]:
    """Draw the probabilities of a scan along a contig, with calls and annotation below.

    Parameters
    ----------
    windows
        Windows with chrom, start, end and probability, as :attr:`~enhancer_variants.Scan.windows`
        has them, or a Parquet file of `scan` read by pandas.
    calls
        Calls with chrom, start, end and, if there are such, summit_offset.
    region
        What is shown, as ``chr1:1-1000`` (1-based, inclusive); by default all windows, which then
        have to be on one contig.
    threshold
        Probability at which a line is drawn, and from which on the track is coloured.
    tracks
        Annotation by name: BED files, intervals, or pairs of an interval and a name.
    figure
        Where to draw, best one with ``layout="constrained"``; None for a new one.

    Returns
    -------
    dict of str to matplotlib.axes.Axes
        ``probability`` and, where there are calls or tracks, ``tracks``. x is the 1-based position.
        Every base shows the window whose centre is nearest; there is a gap where windows were left
        out. A triangle stands above the summit of each call.

    Raises
    ------
    InputError
        If the windows are on several contigs and no region is named, or a column is missing.
    VariantFileError
        If a BED file cannot be read.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> windows = pd.DataFrame({"chrom": "chr1", "start": [0, 50], "end": [200, 250],
    ...     "probability": [0.2, 0.9]})
    >>> sorted(scan_track(windows, region="chr1:1-250"))
    ['probability']
    """
    contig, view = _view(windows, region)
    of_contig = windows["chrom"].astype(str).map(canonical_contig) == canonical_contig(contig)
    shown = _tracks(calls, contig, view) | read_tracks(tracks, contig, view)
    axes = _panels(figure, view, contig, shown)
    ax = axes["probability"]
    _draw_probabilities(ax, windows[of_contig], view, threshold)
    if calls is not None and "summit_offset" in calls:
        near = calls[calls["chrom"].astype(str).map(canonical_contig) == canonical_contig(contig)]
        summits = (near["start"] + near["summit_offset"] + 1).to_numpy("float64")
        seen = summits[(summits > view[0]) & (summits < view[1])]
        ax.plot(seen, np.full(len(seen), _SUMMITS), "v", color=_CALLED, markersize=4, gid="summits")
    return axes


def _view(windows: pd.DataFrame, region: str | Interval | None) -> tuple[str, tuple[float, float]]:
    """Contig and limits of the x axis: as asked for, or those of the windows."""
    for name in ("chrom", "start", "end", "probability"):
        if name not in windows:
            raise InputError(f"the windows have no column {name}; expected those of a scan")
    contigs = windows["chrom"].astype(str).unique()
    if region is None and len(contigs) != 1:
        raise InputError(
            f"the windows are on {len(contigs)} contigs; expected one, or the region to show "
            "(region='chr1:1-10000')"
        )
    asked = Interval.parse(region, set(contigs)) if isinstance(region, str) else region
    contig = contigs[0] if asked is None else asked.contig
    same = windows["chrom"].astype(str).map(canonical_contig) == canonical_contig(contig)
    starts, ends = windows.loc[same, "start"], windows.loc[same, "end"]
    left, right = (starts.min(), ends.max()) if same.any() else (0, 1)
    if asked is not None:
        right = asked.end if asked.end < OPEN_END else max(right, asked.start + 1)
        left = asked.start
    return contig, (float(left) + 0.5, float(right) + 0.5)


def _tracks(
    calls: pd.DataFrame | None, contig: str, view: tuple[float, float]
) -> dict[str, list[Stretch]]:
    if calls is None:
        return {}
    spans = zip(calls["chrom"].astype(str), calls["start"], calls["end"], strict=True)
    intervals = [Interval(name, int(start), int(end)) for name, start, end in spans]
    return read_tracks({"calls": intervals}, contig, view)


def _panels(
    figure: Figure | SubFigure | None,
    view: tuple[float, float],
    contig: str,
    shown: Mapping[str, list[Stretch]],
) -> dict[str, Axes]:
    """Make the panels, whose x axes agree, and draw the tracks, whose height has to be known."""
    width = float(figure.bbox.width / figure.dpi) if figure is not None else 8.0
    points = _SHARE_OF_PANEL * width * _POINTS_PER_INCH
    per_base = points / (view[1] - view[0])
    packed = {name: pack(stretches, per_base) for name, stretches in shown.items()}
    rows = sum(max((s.row + 1 for s in each), default=1) for each in packed.values())
    heights = [_HEIGHT, *([rows * ROW_HEIGHT / _POINTS_PER_INCH] if packed else [])]
    drawn_on = new_figure(sum(heights) + _ABOUT_AXIS) if figure is None else figure
    panels = drawn_on.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    ticker = optional("matplotlib.ticker")
    for ax in panels:
        ax.set_xlim(*view)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=MARK_SIZE, labelbottom=ax is panels[-1])
        count = max(2, int(points / _POINTS_PER_TICK))
        ax.xaxis.set_major_locator(
            ticker.MaxNLocator(count, integer=True, steps=[1, 2, 5, 10], prune="both")
        )
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda place, _: f"{place:,.0f}"))
    panels[-1].set_xlabel(f"position on {contig} (1-based)", fontsize=LABEL_SIZE, parse_math=False)
    axes: dict[str, Any] = {"probability": panels[0]}
    if packed:
        axes["tracks"] = panels[1]
        draw_tracks(panels[1], packed, per_base)
        panels[1].spines["left"].set_visible(False)
    return axes


def _draw_probabilities(
    ax: Axes, windows: pd.DataFrame, view: tuple[float, float], threshold: float
) -> None:
    left, right, values = _own_stretches(windows)
    seen = (right > view[0]) & (left < view[1])
    left, right, values = left[seen], right[seen], values[seen]
    # Each stretch has two corners; a gap falls to nothing at both of its ends.
    x = np.column_stack([left, right]).ravel()
    y = np.repeat(values, 2)
    gaps = np.flatnonzero(left[1:] > right[:-1]) * 2 + 2
    x = np.insert(x, gaps, x[gaps - 1] if len(gaps) else [])
    y = np.insert(y, gaps, np.nan)
    ax.fill_between(x, 0, y, color=_TRACK, linewidth=0, gid="probability")
    above = np.where(y >= threshold, y, np.nan)
    ax.fill_between(x, 0, above, color=_CALLED, linewidth=0, gid="above")
    ax.axhline(threshold, color="black", linewidth=0.7, linestyle=(0, (4, 3)), gid="threshold")
    ax.set_ylim(0, _TOP)
    ax.set_yticks([0, 0.5, 1])
    ax.spines["left"].set_bounds(0, 1)
    ax.set_ylabel("probability", fontsize=LABEL_SIZE)


def _own_stretches(windows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Give edges, on the x axis, of the bases that are nearest to each window's centre."""
    ordered = windows.sort_values("start")
    starts = ordered["start"].to_numpy("float64")
    ends = ordered["end"].to_numpy("float64")
    centres = (starts + ends) / 2
    middles = (centres[1:] + centres[:-1]) / 2
    left = np.maximum(starts, np.concatenate([[-np.inf], middles])) + 0.5
    right = np.minimum(ends, np.concatenate([middles, [np.inf]])) + 0.5
    return left, right, ordered["probability"].to_numpy("float64")
