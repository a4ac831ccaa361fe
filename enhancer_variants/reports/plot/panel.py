"""What all panels share: new axes, the axis of coordinates, and the mark of the variant."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.genome import Variant
from enhancer_variants.motifs import sequence_context
from enhancer_variants.reports.plot.columns import Allele, Columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "LABEL_SIZE",
    "MARK_SIZE",
    "WIDTH",
    "change_text",
    "draw_axis",
    "draw_band",
    "figure_of",
    "laid_out",
    "limit_heights",
    "new_figure",
    "optional",
    "settle_layout",
    "size_in_points",
    "text_width",
    "write_change",
]

WIDTH: Final = 8.0
"""Width of a new figure, inches: that of a page of documentation."""

LABEL_SIZE: Final = 9.0
"""Size of axis labels, points."""

MARK_SIZE: Final = 8.0
"""Size of tick labels and of what is written inside a panel, points."""

_BAND: Final = "#f0e0a0"
_POINTS_PER_TICK: Final = 80
_POINTS_PER_INCH: Final = 72
_LONGEST_ALLELE_SHOWN: Final = 12
_MARGIN: Final = 0.04
_POINTS_PER_HEIGHT_TICK: Final = 18


def optional(module: str) -> Any:
    """Import a module that the extra ``plot`` brings.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library, *_ = module.split(".")
        raise MissingDependencyError(
            f"plots need {library}, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[plot]'"
        ) from error


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Make a figure that a notebook shows by itself, whose labels are never cut off.

    Parameters
    ----------
    height, width
        Inches.
    """
    figure: Figure = optional("matplotlib.pyplot").figure(
        figsize=(width, height), layout="constrained"
    )
    return figure


def laid_out(
    sequence: str,
    *,
    contig: str | None,
    origin: int | None,
    variant: Variant | None,
    allele: Allele,
) -> Columns:
    """Give the bases of a sequence their columns, once it is clear that it has the allele.

    Raises
    ------
    InputError
        If the variant is not within the sequence, or the sequence has other bases there.
    """
    columns = Columns.lay_out(len(sequence), contig=contig, origin=origin, variant=variant)
    if variant is not None:
        bases = (variant.ref if allele == "ref" else variant.alt).upper()
        first = variant.start - columns.origin
        found = sequence[first : first + len(bases)]
        if found.upper() != bases[: len(found)]:
            raise InputError(
                f"the sequence has {found} at {variant.contig}:{variant.position}, expected "
                f"{bases}, the {allele.upper()} allele of {variant}: give the sequence, its start "
                "and the variant of one window"
            )
    return columns


def figure_of(ax: Axes) -> Figure:
    """Find the figure that a panel is in, also where it is in a part of it.

    Raises
    ------
    InputError
        If the panel is of no figure.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        raise InputError("the axes are of no figure; expected axes that were not removed")
    return figure


def settle_layout(ax: Axes) -> None:
    """Work out the layout of a panel's figure, which takes a while, so that sizes are known."""
    figure = figure_of(ax)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Width and height of a panel in the layout that was last worked out, points."""
    box = ax.get_window_extent()
    scale = _POINTS_PER_INCH / figure_of(ax).dpi
    return float(box.width * scale), float(box.height * scale)


def text_width(text: str, size: float) -> float:
    """Width of a text of some size, points."""
    textpath, font = optional("matplotlib.textpath"), optional("matplotlib.font_manager")
    plain = text.replace("$", r"\$")  # names of the input are no formulas
    path = textpath.TextPath((0, 0), plain, size=size, prop=font.FontProperties())
    return float(path.get_extents().width)


def draw_axis(ax: Axes, columns: Columns, view: tuple[float, float], *, labelled: bool) -> None:
    """Limit the x axis to a view and write 1-based reference positions under it.

    Parameters
    ----------
    ax
        The panel.
    columns
        Of the bases drawn.
    view
        First and last x.
    labelled
        Whether positions are written, or only ticks drawn (where a panel below has them).
    """
    ticker = optional("matplotlib.ticker")
    ax.set_xlim(*view)
    shown = {c: p for c, p in columns.positions().items() if view[0] < c < view[1]}
    count = max(2, int(size_in_points(ax)[0] / _POINTS_PER_TICK))
    locator = ticker.MaxNLocator(count, integer=True, steps=[1, 2, 5, 10])
    wanted = set(locator.tick_values(min(shown.values()), max(shown.values())).tolist())
    ticks = {column: position for column, position in shown.items() if position in wanted}
    ticks = ticks or dict([min(shown.items())])
    ax.xaxis.set_major_locator(ticker.FixedLocator(list(ticks)))
    ax.xaxis.set_major_formatter(ticker.FixedFormatter([f"{p:,}" for p in ticks.values()]))
    ax.tick_params(labelsize=MARK_SIZE)
    ax.tick_params(axis="x", labelbottom=labelled)
    if labelled:
        place = "in the sequence" if columns.contig is None else f"on {columns.contig}"
        ax.set_xlabel(f"position {place} (1-based)", fontsize=LABEL_SIZE)
    ax.spines[["top", "right"]].set_visible(False)


def draw_band(ax: Axes, columns: Columns) -> None:
    """Shade the columns of the change."""
    if columns.change is None:
        return
    first, end = columns.change
    ax.axvspan(first - 0.5, end - 0.5, color=_BAND, linewidth=0, zorder=-2, gid="variant")


def change_text(variant: Variant) -> str:
    """Write a change for a picture: what is inserted or deleted, or both alleles.

    Alleles of more than 12 bases are written as their number of bases.

    Examples
    --------
    >>> [change_text(Variant("1", 5, "G", alt)) for alt in ("T", "GATA", "G" + 12 * "AC")]
    ['G>T', 'ins ATA', 'ins 24 bp']
    """
    differ = sequence_context(variant.ref, variant.alt, margin=0)
    ref, alt = (
        bases if len(bases) <= _LONGEST_ALLELE_SHOWN else f"{len(bases)} bp"
        for bases in (differ.ref, differ.alt)
    )
    if not ref:
        return f"ins {alt}"
    return f"{ref}>{alt}" if alt else f"del {ref}"


def limit_heights(ax: Axes, lowest: float, highest: float, *, height: float, above: float) -> None:
    """Limit the y axis to values, with a share of the panel above them left free of ticks.

    Parameters
    ----------
    ax
        The panel.
    lowest, highest
        Of what is drawn; 0 to 1 where they are equal.
    height
        Of the panel, points.
    above
        Share of the panel's height that is kept free, below 1.
    """
    highest = highest if highest > lowest else lowest + 1
    margin = _MARGIN * (highest - lowest)
    bottom, top = lowest - (margin if lowest < 0 else 0), highest + margin
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - above))
    count = min(max(2, int(height * (1 - above) / _POINTS_PER_HEIGHT_TICK)), 6)
    ticker = optional("matplotlib.ticker")
    values = ticker.MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(lowest, highest)
    slack = 1e-9 * (highest - lowest)
    ax.set_yticks([v for v in values if lowest - slack <= v <= highest + slack])
    ax.spines["left"].set_bounds(bottom, top)


def write_change(ax: Axes, columns: Columns, variant: Variant) -> None:
    """Write the change above where it is, at the panel's upper edge; nothing if out of view."""
    if columns.change is None:
        return
    first, end = columns.change
    middle, (left, right) = (first + end - 1) / 2, ax.get_xlim()
    if not left < middle < right:
        return
    side = "left" if middle < left + 0.1 * (right - left) else "center"
    side = "right" if middle > right - 0.1 * (right - left) else side
    ax.text(
        middle,
        1,
        change_text(variant),
        transform=ax.get_xaxis_transform(),
        fontsize=MARK_SIZE,
        fontweight="bold",
        horizontalalignment=side,
        verticalalignment="top",
        gid="change",
    )
