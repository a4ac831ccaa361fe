"""Attention per base as a track under the sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.columns import Columns
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    draw_axis,
    draw_band,
    laid_out,
    limit_heights,
    new_figure,
    settle_layout,
    size_in_points,
    write_change,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from enhancer_variants.effects.attention import AttentionTrack

__all__ = ["attention_track", "draw_attention", "limit_attention"]

_REF_COLOUR: Final = "0.35"
_ALT_COLOUR: Final = "#aa3377"
_HEIGHT: Final = 1.6
_HEADER: Final = 15.0


def attention_track(
    track: AttentionTrack,
    *,
    alternate: AttentionTrack | None = None,
    variant: Variant | None = None,
    ax: Axes | None = None,
    start: int | None = None,
    end: int | None = None,
) -> Axes:
    """Draw how much a model attends to each base, of one sequence or of REF and ALT together.

    Parameters
    ----------
    track
        Attention along a window: of REF where `alternate` is given.
    alternate
        That along the ALT window, which begins at the same place: a line of its own.
    variant
        In any spelling; its bases are shaded, and bases that one allele lacks are a gap in its
        line. Required with `alternate`.
    ax
        Where to draw; None for a new figure.
    start, end
        Region shown, 0-based, half-open, on the contig, or in the sequence where it lies on
        none; everything by default.

    Returns
    -------
    matplotlib.axes.Axes
        x is the 1-based position, y the attention, in the unit of the tracks; NaN is left out.

    Raises
    ------
    InputError
        If the windows differ in length or do not have their alleles, or there is an alternate
        window and no variant.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.

    Examples
    --------
    >>> from enhancer_variants.effects.attention import AttentionTrack
    >>> ax = attention_track(AttentionTrack("GAT", [0.1, 0.5, 0.2], "chr1", 99))
    >>> ax.get_lines()[0].get_xydata().tolist()
    [[100.0, 0.1], [101.0, 0.5], [102.0, 0.2]]
    """
    contig, origin = (track.contig, track.start) if track.contig else (None, None)
    columns = laid_out(track.sequence, contig=contig, origin=origin, variant=variant, allele="ref")
    of_alt = None
    if alternate is not None:
        if variant is None or len(alternate.sequence) != len(track.sequence):
            raise InputError(
                f"the windows of REF and ALT have {len(track.sequence)} and "
                f"{len(alternate.sequence)} bases and the variant is {variant}; expected one "
                "length, and the variant that is between them"
            )
        laid_out(alternate.sequence, contig=contig, origin=origin, variant=variant, allele="alt")
        of_alt = alternate.scores
    axes = new_figure(_HEIGHT).add_subplot() if ax is None else ax
    highest = draw_attention(axes, columns, columns.view(start, end), track.scores, of_alt)
    settle_layout(axes)
    limit_attention(axes, highest, size_in_points(axes)[1])
    if variant is not None:
        write_change(axes, columns, variant)
    return axes


def draw_attention(
    ax: Axes,
    columns: Columns,
    view: tuple[float, float],
    of_ref: npt.NDArray[np.float64],
    of_alt: npt.NDArray[np.float64] | None = None,
) -> float:
    """Draw REF as a filled line, ALT as a line, with their names; returns the highest score seen.

    The y axis is left to :func:`limit_attention`, for which the panel's height has to be known.
    """
    ref = _in_columns(columns.ref, of_ref, columns)
    ax.fill_between(*ref, color=_REF_COLOUR, alpha=0.25, linewidth=0)
    ax.plot(*ref, color=_REF_COLOUR, linewidth=1.2, label="REF")
    drawn = [ref]
    if of_alt is not None:
        alt = _in_columns(columns.alt, of_alt, columns)
        ax.plot(*alt, color=_ALT_COLOUR, linewidth=1.2, label="ALT")
        drawn.append(alt)
    draw_band(ax, columns)
    draw_axis(ax, columns, view, labelled=True)
    ax.set_ylabel("attention", fontsize=LABEL_SIZE)
    if of_alt is not None:
        ax.legend(
            loc="upper left",
            ncols=2,
            frameon=False,
            fontsize=MARK_SIZE,
            borderaxespad=0.2,
            borderpad=0.1,
            handlelength=1.2,
        )
    seen = [scores[(view[0] < where) & (where < view[1])] for where, scores in drawn]
    return float(np.nanmax(np.concatenate(seen), initial=0))


def limit_attention(ax: Axes, highest: float, height: float) -> None:
    """Let the y axis begin at 0 and leave room for names above the highest score.

    Parameters
    ----------
    ax
        The panel.
    highest
        Highest score seen.
    height
        Of the panel, points.
    """
    limit_heights(ax, 0.0, highest, height=height, above=min(_HEADER / height, 0.5))


def _in_columns(
    where: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], columns: Columns
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Scores in all columns from the first to the last, NaN where the allele has no base."""
    every = np.arange(columns.origin + 1, where[-1] + 1)
    values = np.full(len(every), np.nan)
    values[where - every[0]] = scores
    return every, values
