"""Every single change of a window as a map of four rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.columns import Allele
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    draw_axis,
    laid_out,
    new_figure,
    optional,
    settle_layout,
    size_in_points,
    write_change,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from enhancer_variants.effects.saturation_map import SaturationMutagenesis

__all__ = ["saturation_heatmap"]

_BASES: Final = "ACGT"
_COLOURS: Final = "PuOr_r"
_HEIGHT: Final = 1.7
_HEADER: Final = 13.0
_UNKNOWN: Final = "0.85"


def saturation_heatmap(
    saturation: SaturationMutagenesis,
    *,
    ax: Axes | None = None,
    variant: Variant | None = None,
    allele: Allele = "ref",
    start: int | None = None,
    end: int | None = None,
) -> Axes:
    """Draw the log2 odds shift of every change of every base.

    Parameters
    ----------
    saturation
        Saturation mutagenesis of one window.
    ax
        Where to draw, with the colour bar beside; None for a new figure.
    variant
        Its columns are framed and its alleles written above them.
    allele
        Which allele of `variant` the sequence has, ``ref`` or ``alt``.
    start, end
        Region shown, 0-based, half-open, on the contig, or in the sequence where it lies on
        none; everything by default.

    Returns
    -------
    matplotlib.axes.Axes
        x is the 1-based position; rows from top to bottom A, C, G, T. White is 0, orange a gain,
        purple a loss; a dot is the base that stands there; grey has no shift: N, or
        bases that this allele lacks.

    Raises
    ------
    InputError
        If the sequence does not have this allele, or nothing of it is in the region.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> from enhancer_variants.effects.saturation_map import SaturationMutagenesis
    >>> shifts = np.full((4, 4), -1.0)
    >>> np.fill_diagonal(shifts, 0)
    >>> toy = SaturationMutagenesis("ACGT", shifts, 2.0, "toy", "toy", contig="chr1", start=99)
    >>> saturation_heatmap(toy).get_xlim()
    (np.float64(99.5), np.float64(103.5))
    """
    columns = laid_out(
        saturation.sequence,
        contig=saturation.contig,
        origin=saturation.start,
        variant=variant,
        allele=allele,
    )
    view = columns.view(start, end)
    axes = new_figure(_HEIGHT).add_subplot() if ax is None else ax
    _draw_shifts(axes, columns.of(allele), np.asarray(saturation.shifts, dtype=np.float64))
    own = np.array([_BASES.find(base) for base in saturation.sequence.upper()])
    known = own >= 0
    axes.scatter(columns.of(allele)[known], own[known], s=4, color="0.35", linewidths=0)
    axes.set_yticks(range(len(_BASES)), list(_BASES))
    axes.set_ylabel("changed to", fontsize=LABEL_SIZE)
    draw_axis(axes, columns, view, labelled=True)
    # The variant's alleles stand above the row of A.
    settle_layout(axes)
    share = 0.0 if variant is None else min(_HEADER / size_in_points(axes)[1], 0.5)
    axes.set_ylim(len(_BASES) - 0.5, -0.5 - len(_BASES) * share / (1 - share))
    axes.spines["left"].set_bounds(-0.5, len(_BASES) - 0.5)
    if columns.change is not None and variant is not None:
        _frame(axes, columns.change)
        write_change(axes, columns, variant)
    return axes


def _draw_shifts(ax: Axes, columns: npt.NDArray[np.int64], shifts: npt.NDArray[np.float64]) -> None:
    """Draw the map and its colour bar; the colours' limits are those of the whole window."""
    first, last = int(columns[0]), int(columns[-1])
    cells = np.full((len(_BASES), last - first + 1), np.nan)
    cells[:, columns - first] = shifts.T
    largest = float(np.nanmax(np.abs(shifts), initial=0)) or 1.0
    colours = optional("matplotlib").colormaps[_COLOURS].with_extremes(bad=_UNKNOWN)
    image = ax.imshow(
        cells,
        cmap=colours,
        vmin=-largest,
        vmax=largest,
        extent=(first - 0.5, last + 0.5, len(_BASES) - 0.5, -0.5),
        aspect="auto",
        interpolation="nearest",
    )
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01, fraction=0.04)
    bar.ax.tick_params(labelsize=MARK_SIZE)
    bar.set_label("log2 odds shift\n(> 0: gain)", fontsize=LABEL_SIZE)


def _frame(ax: Axes, change: tuple[int, int]) -> None:
    """Draw a frame around the columns of the change."""
    first, end = change
    frame = optional("matplotlib.patches").Rectangle(
        (first - 0.5, -0.5),
        end - first,
        len(_BASES),
        fill=False,
        edgecolor="black",
        linewidth=1.2,
        gid="variant",
    )
    ax.add_patch(frame)
