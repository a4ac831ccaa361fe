"""Sequence logos of saturation mutagenesis: each letter is as high as its base is important.

Importance is minus the mean log2 odds shift of a base's three changes: above 0, the base raises
the log-odds, and changing it lowers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.columns import Allele, Columns
from enhancer_variants.reports.plot.hit_rows import ROW_HEIGHT, PlacedHit, draw_hit, place_hits
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    draw_axis,
    draw_band,
    laid_out,
    limit_heights,
    new_figure,
    optional,
    size_in_points,
    write_change,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from enhancer_variants.effects.saturation_map import SaturationMutagenesis

__all__ = ["LogoPanel", "allele_columns", "allele_logos", "draw_logos", "saturation_logo"]

BASE_COLOURS: Final = {"A": "#009e73", "C": "#0072b2", "G": "#e69f00", "T": "#d55e00"}
"""The customary green, blue, yellow and red, in the shades of Okabe and Ito."""

_FONT: Final = "DejaVu Sans"
_PANEL_HEIGHT: Final = 1.9
_LARGEST_SHARE_OF_ROWS: Final = 0.6
_LARGEST_SHARE: Final = 0.85
_HALF_A_LABEL: Final = 42.0
_POINTS_PER_INCH: Final = 72


@dataclass(frozen=True, slots=True)
class LogoPanel:
    """One logo: where it is drawn, what of, and which allele it shows."""

    ax: Axes
    saturation: SaturationMutagenesis
    allele: Allele
    name: str = ""


def saturation_logo(
    saturation: SaturationMutagenesis,
    *,
    ax: Axes | None = None,
    variant: Variant | None = None,
    allele: Allele = "ref",
    motif_hits: Sequence[MotifHit] = (),
    start: int | None = None,
    end: int | None = None,
) -> Axes:
    """Draw a sequence whose letters are as high as their bases are important.

    Parameters
    ----------
    saturation
        Saturation mutagenesis of one window.
    ax
        Where to draw; None for a new figure, as high as its rows of motif hits need.
    variant
        Its bases are shaded and its alleles written above them.
    allele
        Which allele of `variant` the sequence has, ``ref`` or ``alt``. Bases that it lacks leave
        a gap, so that positions stay those of the reference.
    motif_hits
        Drawn above the letters, those of `allele` alone: pointed where the strand leads, coloured
        by effect, the first ones next to the letters. Where given axes have no room for all of
        them, the picture says how many there are more.
    start, end
        Region shown, 0-based, half-open, on the contig, or in the sequence where it lies on
        none; everything by default.

    Returns
    -------
    matplotlib.axes.Axes
        x is the 1-based position, y minus the mean shift of a base's three changes, log2 odds:
        above 0, the base raises the log-odds. Unknown bases (N) have no letter.

    Raises
    ------
    InputError
        If the sequence does not have this allele, or nothing of it is in the region.
    MissingDependencyError
        Without matplotlib and logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> from enhancer_variants.effects.saturation_map import SaturationMutagenesis
    >>> shifts = np.full((4, 4), -1.0)
    >>> np.fill_diagonal(shifts, 0)
    >>> toy = SaturationMutagenesis("ACGT", shifts, 2.0, "toy", "toy", contig="chr1", start=99)
    >>> ax = saturation_logo(toy)
    >>> ax.get_xlabel()
    'position on chr1 (1-based)'
    """
    columns = laid_out(
        saturation.sequence,
        contig=saturation.contig,
        origin=saturation.start,
        variant=variant,
        allele=allele,
    )
    owned = ax is None
    axes = new_figure(_PANEL_HEIGHT + 0.4).add_subplot() if ax is None else ax
    panel = LogoPanel(axes, saturation, allele)
    draw_logos([panel], columns, variant, motif_hits, columns.view(start, end), may_grow=owned)
    return axes


def allele_logos(
    ref: SaturationMutagenesis,
    alt: SaturationMutagenesis,
    variant: Variant,
    *,
    axes: tuple[Axes, Axes] | None = None,
    motif_hits: Sequence[MotifHit] = (),
    start: int | None = None,
    end: int | None = None,
) -> tuple[Axes, Axes]:
    """Draw the logo of REF above that of ALT, column under column and to one scale.

    Inserted bases are a gap in REF, deleted ones a gap in ALT, drawn as dashes.

    Parameters
    ----------
    ref, alt
        Saturation mutagenesis of the REF and of the ALT window, which begin at one place.
    variant
        What is between them, in any spelling.
    axes
        Where to draw REF and ALT; None for a new figure.
    motif_hits
        Each is drawn above the allele it is in (see :func:`saturation_logo`).
    start, end
        Region of the reference that is shown, 0-based, half-open; everything by default.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        REF's and ALT's; a letter of one importance is as high in both.

    Raises
    ------
    InputError
        If the windows differ in start or length or do not have their alleles.
    MissingDependencyError
        Without matplotlib and logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> from enhancer_variants.effects.saturation_map import SaturationMutagenesis
    >>> ref, alt = (
    ...     SaturationMutagenesis(bases, np.eye(4), 0.0, "toy", "toy", contig="chr1", start=99)
    ...     for bases in ("ACGT", "ACCG")
    ... )
    >>> above, below = allele_logos(ref, alt, Variant("chr1", 101, "C", "CC"))
    >>> above.get_ylim() == below.get_ylim()
    True
    """
    columns = allele_columns(ref, alt, variant)
    owned = axes is None
    if axes is None:
        above, below = new_figure(2 * _PANEL_HEIGHT + 0.4).subplots(2, 1)
    else:
        above, below = axes
    panels = [LogoPanel(above, ref, "ref", "REF"), LogoPanel(below, alt, "alt", "ALT")]
    view = columns.view(start, end)
    grid = (above, below) if owned else ()
    draw_logos(panels, columns, variant, motif_hits, view, may_grow=owned, grid=grid)
    return above, below


def allele_columns(
    ref: SaturationMutagenesis, alt: SaturationMutagenesis, variant: Variant
) -> Columns:
    """Give the bases of both alleles' windows their columns.

    Raises
    ------
    InputError
        If the windows differ in start or length or do not have their alleles.
    """
    start = ref.start if alt.start is None else alt.start  # behind an indel, ALT lies nowhere
    if start != ref.start or len(ref.sequence) != len(alt.sequence):
        raise InputError(
            f"the windows of REF and ALT start at {ref.start} and {alt.start} and have "
            f"{len(ref.sequence)} and {len(alt.sequence)} bases; expected one start and one length"
        )
    laid_out(alt.sequence, contig=ref.contig, origin=start, variant=variant, allele="alt")
    return laid_out(ref.sequence, contig=ref.contig, origin=start, variant=variant, allele="ref")


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
) -> None:
    """Draw logos one above the other, to one scale.

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
        All panels of a grid of one column, the logos first, whose heights may be divided anew.
        Without it, all logos have as many rows as the one with most.
    labelled
        Whether positions are written under the last panel.
    """
    lowest = highest = 0.0
    for panel in panels:
        heights = _draw_letters(panel, columns, view)
        lowest, highest = heights.min(initial=lowest), heights.max(initial=highest)
        draw_band(panel.ax, columns)
        draw_axis(panel.ax, columns, view, labelled=labelled and panel is panels[-1])
        _label_heights(panel)
    per_column = size_in_points(panels[0].ax)[0] / (view[1] - view[0])
    placed = [place_hits(motif_hits, panel.allele, columns, view, per_column) for panel in panels]
    rows = [max((hit.row + 1 for hit in hits), default=0) for hits in placed]
    if not grid:
        rows = [max(rows)] * len(panels)
    figure = panels[0].ax.get_figure(root=True)
    if may_grow and figure is not None:
        figure.set_figheight(figure.get_figheight() + sum(rows) * ROW_HEIGHT / _POINTS_PER_INCH)
    sizes = [size_in_points(panel.ax)[1] for panel in panels]
    if not may_grow:
        most = _rows_with_room(min(sizes))
        rows = [min(number, most) for number in rows]
    if grid:
        sizes = _divide(grid, sizes, rows)
    for panel, hits, number, size in zip(panels, placed, rows, sizes, strict=True):
        _draw_above(panel.ax, hits, number, (lowest, highest), size, per_column)
    if variant is not None:
        write_change(panels[0].ax, columns, variant)


def _divide(grid: Sequence[Axes], sizes: Sequence[float], rows: Sequence[int]) -> list[float]:
    """Give each logo the height that its own rows need, so that all letters have one scale.

    Parameters
    ----------
    grid
        All panels of the grid, the logos first.
    sizes
        Heights of the logos as they are, points.
    rows
        Rows of hits of each logo.

    Returns
    -------
    list of float
        Heights of the logos as they will be, points; their sum stays.
    """
    above = [(number + 1) * ROW_HEIGHT for number in rows]
    letters = (sum(sizes) - sum(above)) / len(sizes)
    heights = [letters + each for each in above]
    others = [size_in_points(ax, settled=False)[1] for ax in grid[len(sizes) :]]
    specification = grid[0].get_gridspec()
    if specification is not None:
        specification.set_height_ratios([*heights, *others])
    return heights


def _draw_letters(
    panel: LogoPanel, columns: Columns, view: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Draw the letters that are in view; returns their heights."""
    where = columns.of(panel.allele)
    importance = np.nan_to_num(np.asarray(panel.saturation.importance, dtype=np.float64))
    seen = (where > view[0]) & (where < view[1])
    letters = np.array(list(panel.saturation.sequence.upper()))
    # Of a Logo's four glyphs for each position, one alone has a height here.
    glyph = optional("logomaker").Glyph
    for column, letter, height in zip(
        where[seen].tolist(), letters[seen].tolist(), importance[seen].tolist(), strict=True
    ):
        if height:
            glyph(
                column,
                letter,
                floor=min(height, 0.0),
                ceiling=max(height, 0.0),
                ax=panel.ax,
                color=BASE_COLOURS[letter],
                flip=height < 0,
                font_name=_FONT,
                zorder=1,
            )
    panel.ax.axhline(0, color="black", linewidth=0.6, zorder=-1)
    gaps = columns.gaps(panel.allele)
    if len(gaps):
        panel.ax.hlines(
            np.zeros(len(gaps)), gaps - 0.3, gaps + 0.3, color="0.45", linewidth=2.5, gid="gap"
        )
    return importance[seen]


def _label_heights(panel: LogoPanel) -> None:
    """Say what the height of a letter is, and what its sign means."""
    approximate = " (gradient)" if panel.saturation.method == "gradient" else ""
    name = f"{panel.name} importance".strip() + approximate
    panel.ax.set_ylabel(f"{name}\nminus mean shift\n(log2 odds)", fontsize=LABEL_SIZE)


def _rows_with_room(height: float) -> int:
    """Count the rows of hits, one at least, that leave the letters enough of a panel."""
    # One row is for the variant's alleles.
    return max(1, int(_LARGEST_SHARE_OF_ROWS * height / ROW_HEIGHT) - 1)


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
    # The label stands beside the letters, not beside the rows, as far as it is not too long.
    ax.yaxis.label.set_y(min(0.5, max((1 - above) / 2, _HALF_A_LABEL / available)))
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
