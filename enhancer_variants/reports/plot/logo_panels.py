"""Panels of sequence logos to one scale: their letters, their labels, and the room above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.columns import Allele, Columns
from enhancer_variants.reports.plot.hit_rows import ROW_HEIGHT, PlacedHit, draw_hit, place_hits
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    draw_axis,
    draw_band,
    figure_of,
    limit_heights,
    optional,
    settle_layout,
    size_in_points,
    text_width,
    write_change,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from enhancer_variants.effects.saturation_map import SaturationMutagenesis

__all__ = ["BASE_COLOURS", "LEAST_RANGE", "LogoPanel", "draw_logos"]

BASE_COLOURS: Final = {"A": "#009e73", "C": "#0072b2", "G": "#e69f00", "T": "#d55e00"}
"""The customary green, blue, yellow and red, in the shades of Okabe and Ito."""

LEAST_RANGE: Final = 0.1
"""What a y axis shows at least to either side of 0, log2 odds, so that nothing looks like much."""

_FONT: Final = "DejaVu Sans"
_LARGEST_SHARE_OF_ROWS: Final = 0.6
_LARGEST_SHARE: Final = 0.85
_LOWEST_LETTER: Final = 0.5
_POINTS_PER_INCH: Final = 72


@dataclass(frozen=True, slots=True)
class LogoPanel:
    """One logo: where it is drawn, what of, and which allele it shows."""

    ax: Axes
    saturation: SaturationMutagenesis
    allele: Allele
    name: str = ""

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        """Minus the mean shift of each base, log2 odds; 0 where it is unknown."""
        return np.nan_to_num(np.asarray(self.saturation.importance, dtype=np.float64))

    @property
    def label(self) -> str:
        """What the height of a letter is, and what its sign means."""
        return f"{self.name}: -mean shift\n(log2 odds)".removeprefix(": ")


def draw_logos(
    panels: Sequence[LogoPanel],
    columns: Columns,
    variant: Variant | None,
    motif_hits: Sequence[MotifHit],
    view: tuple[float, float],
    *,
    may_grow: bool,
    grid: Sequence[Axes] = (),
    labelled: bool = True,
) -> list[float]:
    """Draw logos one above the other, to one scale.

    The figure's layout is worked out once: heights of panels are known from then on.

    Parameters
    ----------
    panels
        From top to bottom.
    columns
        Of the bases of both alleles.
    variant
        What to mark.
    motif_hits
        Of both alleles.
    view
        First and last x.
    may_grow
        Whether the figure may be made higher for the rows of motif hits.
    grid
        All panels of a grid of one column, the logos first, whose heights may be divided anew;
        the others' stay. Without it, all logos have as many rows as the one with most.
    labelled
        Whether positions are written under the last panel.

    Returns
    -------
    list of float
        Height of each panel of the grid, or of each logo, points.
    """
    extent = _extent(panels, columns, view)
    for panel in panels:
        _frame(panel, columns, view, extent, labelled=labelled and panel is panels[-1])
    settle_layout(panels[0].ax)
    sizes = [size_in_points(ax)[1] for ax in grid or [panel.ax for panel in panels]]
    per_column = size_in_points(panels[0].ax)[0] / (view[1] - view[0])
    placed = [place_hits(motif_hits, panel.allele, columns, view, per_column) for panel in panels]
    rows = [max((hit.row + 1 for hit in hits), default=0) for hits in placed]
    if not grid:
        rows = [max(rows)] * len(panels)
    if not may_grow:
        most = _rows_with_room(min(sizes[: len(panels)]))
        rows = [min(number, most) for number in rows]
    else:
        figure = figure_of(panels[0].ax)
        growth = [number * ROW_HEIGHT for number in rows]
        figure.set_figheight(figure.get_figheight() + sum(growth) / _POINTS_PER_INCH)
        sizes[: len(panels)] = np.add(sizes[: len(panels)], growth).tolist()
    if grid:
        sizes = _divide(grid, sizes, rows)
    shapes = _letter_shapes(panels[0].ax)
    for panel, hits, number, size in zip(panels, placed, rows, sizes, strict=False):
        _draw_above(panel.ax, hits, number, extent, size, per_column)
        _draw_letters(panel, columns, view, shapes, size)
    if variant is not None:
        write_change(panels[0].ax, columns, variant)
    return sizes


def _extent(
    panels: Sequence[LogoPanel], columns: Columns, view: tuple[float, float]
) -> tuple[float, float]:
    """Lowest and highest importance in view, of all panels, with the least range around 0."""
    lowest, highest = -LEAST_RANGE, LEAST_RANGE
    for panel in panels:
        where = columns.of(panel.allele)
        seen = panel.importance[(where > view[0]) & (where < view[1])]
        lowest, highest = seen.min(initial=lowest), seen.max(initial=highest)
    return float(lowest), float(highest)


def _frame(
    panel: LogoPanel,
    columns: Columns,
    view: tuple[float, float],
    extent: tuple[float, float],
    *,
    labelled: bool,
) -> None:
    """Draw everything that the layout depends on, and what lies behind the letters."""
    draw_band(panel.ax, columns)
    draw_axis(panel.ax, columns, view, labelled=labelled)
    panel.ax.set_ylabel(panel.label, fontsize=LABEL_SIZE)
    limit_heights(panel.ax, *extent, height=size_in_points(panel.ax)[1], above=0)
    panel.ax.axhline(0, color="black", linewidth=0.6, zorder=-1)
    gaps = columns.gaps(panel.allele)
    if len(gaps):
        panel.ax.hlines(
            np.zeros(len(gaps)), gaps - 0.3, gaps + 0.3, color="0.45", linewidth=2.5, gid="gap"
        )


def _divide(grid: Sequence[Axes], sizes: Sequence[float], rows: Sequence[int]) -> list[float]:
    """Give each logo the height that its own rows need, so that all letters have one scale.

    Parameters
    ----------
    grid
        All panels of the grid, the logos first.
    sizes
        Heights that they would have, points.
    rows
        Rows of hits of each logo.

    Returns
    -------
    list of float
        Heights of the panels as they will be, points; their sum stays.
    """
    above = [(number + 1) * ROW_HEIGHT for number in rows]
    letters = (sum(sizes[: len(rows)]) - sum(above)) / len(rows)
    heights = [*(letters + each for each in above), *sizes[len(rows) :]]
    specification = grid[0].get_gridspec()
    if specification is not None:
        specification.set_height_ratios(heights)
    return heights


def _letter_shapes(ax: Axes) -> dict[str, Any]:
    """Outline of each base's letter, 1 wide around 0 and 1 high.

    A glyph takes milliseconds to make, so that each is made once and stretched for every base.
    """
    glyph = optional("logomaker").Glyph
    shapes = {}
    for base in BASE_COLOURS:
        patch = glyph(0, base, floor=0, ceiling=1, ax=ax, font_name=_FONT).patch
        patch.remove()
        shapes[base] = patch.get_path()
    return shapes


def _draw_letters(
    panel: LogoPanel,
    columns: Columns,
    view: tuple[float, float],
    shapes: dict[str, Any],
    available: float,
) -> None:
    """Draw the letters that are in view and high enough to be seen, upside down below 0."""
    where, importance = columns.of(panel.allele), panel.importance
    bottom, top = panel.ax.get_ylim()
    visible = np.abs(importance) * available / (top - bottom) >= _LOWEST_LETTER
    drawn = np.flatnonzero(visible & (where > view[0]) & (where < view[1]))
    sequence = panel.saturation.sequence.upper()
    letters = [sequence[index] for index in drawn]
    path = optional("matplotlib.path").Path
    outlines = [
        path(shape.vertices * (1, importance[index]) + (where[index], 0), shape.codes)
        for index, shape in zip(drawn, map(shapes.__getitem__, letters), strict=True)
    ]
    collection = optional("matplotlib.collections").PathCollection(
        outlines,
        facecolors=[BASE_COLOURS[letter] for letter in letters],
        linewidths=0,
        zorder=1,
        gid="letters",
    )
    panel.ax.add_collection(collection, autolim=False)


def _rows_with_room(height: float) -> int:
    """Count the rows of hits, one at least, that leave the letters enough of a panel."""
    # One row is for the variant's alleles.
    return max(1, int(_LARGEST_SHARE_OF_ROWS * height / ROW_HEIGHT) - 1)


def _place_label(ax: Axes, above: float, available: float) -> None:
    """Put the label beside the letters, not beside the rows, and keep it within its panel."""
    label = ax.yaxis.label
    length = max(text_width(line, LABEL_SIZE) for line in label.get_text().split("\n"))
    fit = min(1.0, available / length)
    label.set_fontsize(LABEL_SIZE * fit)
    label.set_y(min(0.5, max((1 - above) / 2, fit * length / available / 2)))


def _draw_above(
    ax: Axes,
    hits: Sequence[PlacedHit],
    rows: int,
    heights: tuple[float, float],
    available: float,
    points_per_column: float,
) -> None:
    """Make room above the letters, for the variant's alleles and rows of hits, and draw the hits.

    Rows are shares of the panel's height, so that they keep clear of the letters also when the
    figure is resized.
    """
    height = min(ROW_HEIGHT / available, _LARGEST_SHARE / (rows + 1))
    above = (rows + 1) * height
    limit_heights(ax, *heights, height=available, above=above)
    _place_label(ax, above, available)
    for hit in hits:
        if hit.row < rows:
            middle = 1 - above + (hit.row + 0.5) * height
            draw_hit(ax, hit, middle, height, points_per_column)
    hidden = sum(hit.row >= rows for hit in hits)
    if hidden:
        ax.text(
            1,
            1 - height / 2,
            f"and {hidden} more",
            transform=ax.transAxes,
            fontsize=MARK_SIZE,
            style="italic",
            horizontalalignment="right",
            verticalalignment="center_baseline",
        )
