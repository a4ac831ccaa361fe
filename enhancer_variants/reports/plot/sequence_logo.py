"""Sequence logos of saturation mutagenesis: each letter is as high as its base is important.

Importance is minus the mean log2 odds shift of a base's three changes: above 0, the base raises
the log-odds, and changing it lowers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.columns import Allele, Columns
from enhancer_variants.reports.plot.logo_panels import LogoPanel, draw_logos
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.panel import LABEL_SIZE, laid_out, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from enhancer_variants.effects.saturation_map import SaturationMutagenesis

__all__ = ["allele_columns", "allele_logos", "method_text", "saturation_logo"]

_PANEL_HEIGHT: Final = 1.9


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
        above 0, the base raises the log-odds. It shows -0.1 to 0.1 at least. Unknown bases (N)
        have no letter, nor have those whose letter would be lower than half a point.

    Raises
    ------
    InputError
        If the sequence does not have this allele, or nothing of it is in the region.
    MissingDependencyError
        Without matplotlib and logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> import numpy as np
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
    _name_method(axes, saturation)
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
        If the windows differ in start, length or method or do not have their alleles.
    MissingDependencyError
        Without matplotlib and logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> import numpy as np
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
    _name_method(above, ref)
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
        If the windows differ in start, length or method or do not have their alleles.
    """
    start = ref.start if alt.start is None else alt.start  # behind an indel, ALT lies nowhere
    if start != ref.start or len(ref.sequence) != len(alt.sequence):
        raise InputError(
            f"the windows of REF and ALT start at {ref.start} and {alt.start} and have "
            f"{len(ref.sequence)} and {len(alt.sequence)} bases; expected one start and one length"
        )
    if ref.method != alt.method:
        raise InputError(
            f"importance is {ref.method} in REF and {alt.method} in ALT; expected one method, "
            "else their heights do not compare"
        )
    laid_out(alt.sequence, contig=ref.contig, origin=start, variant=variant, allele="alt")
    return laid_out(ref.sequence, contig=ref.contig, origin=start, variant=variant, allele="ref")


def method_text(saturation: SaturationMutagenesis) -> str:
    """Say how importance was come by where it is approximate; nothing where it is exact."""
    return "" if saturation.method == "exact" else f"importance by {saturation.method}"


def _name_method(ax: Axes, saturation: SaturationMutagenesis) -> None:
    if text := method_text(saturation):
        ax.set_title(text, fontsize=LABEL_SIZE)
