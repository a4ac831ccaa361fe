"""Motif hits above a sequence logo: in as many rows as keep their names apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enhancer_variants.reports.plot.columns import Allele, Columns
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.panel import MARK_SIZE, optional, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["EFFECT_COLOURS", "ROW_HEIGHT", "PlacedHit", "draw_hit", "place_hits"]

EFFECT_COLOURS: Final = {
    "disrupted": "#542788",
    "weakened": "#998ec3",
    "created": "#b35806",
    "strengthened": "#f1a340",
}
"""Losses purple, gains orange (ColorBrewer's PuOr), which no kind of colour blindness confuses."""

ROW_HEIGHT: Final = 13.0
"""Height of a row of motif hits, points."""

_SPACE: Final = 4.0
_THICKNESS: Final = 0.5
_TIP: Final = 6.0


@dataclass(frozen=True, slots=True)
class PlacedHit:
    """A hit with its place in the picture.

    Attributes
    ----------
    hit
        The hit.
    left, right
        Its edges on the x axis.
    row
        0 is next to the letters.
    name_at
        x at which its name begins, or ends where `name_on_left`.
    name_on_left
        Whether its name stands before it, for want of space behind it.
    """

    hit: MotifHit
    left: float
    right: float
    row: int
    name_at: float
    name_on_left: bool


def place_hits(
    hits: Sequence[MotifHit],
    allele: Allele,
    columns: Columns,
    view: tuple[float, float],
    points_per_column: float,
) -> list[PlacedHit]:
    """Find rows for one allele's hits, so that no hit or name touches another.

    Parameters
    ----------
    hits
        Of any allele; the first ones come next to the letters.
    allele
        Whose hits are placed; those that are outside the view are left out.
    columns
        Of the bases drawn.
    view
        First and last x.
    points_per_column
        Width of a base, points.
    """
    space = _SPACE / points_per_column
    rows: list[list[tuple[float, float]]] = []
    placed = []
    for hit in hits:
        edges = _edges(hit, columns, view)
        if hit.allele != allele or edges is None:
            continue
        left, right = edges
        name_at, on_left, first, last = _name(hit, left, right, view, points_per_column)
        taken = (first - space, last + space)
        row = next((n for n, row in enumerate(rows) if _is_free(row, taken)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(taken)
        placed.append(PlacedHit(hit, left, right, row, name_at, on_left))
    return placed


def _name(
    hit: MotifHit, left: float, right: float, view: tuple[float, float], points_per_column: float
) -> tuple[float, bool, float, float]:
    """Where a hit's name is written, whether it ends there, and what hit and name take up.

    Behind the hit where the panel has room, else before it, else over its blunt end.
    """
    space = _SPACE / points_per_column
    width = text_width(hit.label, MARK_SIZE) / points_per_column
    if right + space + width <= view[1]:
        return right + space, False, left, right + space + width
    if left - space - width >= view[0]:
        return left - space, True, left - space - width, right
    if hit.strand == "+":
        name_at = max(view[0], min(left + space, view[1] - width))
        return name_at, False, min(left, name_at), max(right, name_at + width)
    name_at = min(view[1], max(right - space, view[0] + width))
    return name_at, True, min(left, name_at - width), max(right, name_at)


def _edges(
    hit: MotifHit, columns: Columns, view: tuple[float, float]
) -> tuple[float, float] | None:
    """Edges of what is seen of a hit, None where nothing is."""
    bases = columns.of(hit.allele)
    begin = hit.start - columns.origin
    first, last = max(begin, 0), min(begin + hit.length, len(bases)) - 1
    if first > last:
        return None
    left, right = max(bases[first] - 0.5, view[0]), min(bases[last] + 0.5, view[1])
    return (float(left), float(right)) if left < right else None


def _is_free(row: list[tuple[float, float]], taken: tuple[float, float]) -> bool:
    return all(taken[0] >= last or first >= taken[1] for first, last in row)


def draw_hit(
    ax: Axes, placed: PlacedHit, middle: float, height: float, points_per_column: float
) -> None:
    """Draw a hit as a bar that is pointed where its strand leads, with its name beside it.

    Parameters
    ----------
    ax
        The panel.
    placed
        The hit.
    middle, height
        Of its row, as shares of the panel's height.
    points_per_column
        Width of a base, points.
    """
    left, right = placed.left, placed.right
    tip = min(_TIP / points_per_column, (right - left) / 2)
    half = height * _THICKNESS / 2
    if placed.hit.strand == "+":
        corners = [(left, -1), (right - tip, -1), (right, 0), (right - tip, 1), (left, 1)]
    else:
        corners = [(right, -1), (left + tip, -1), (left, 0), (left + tip, 1), (right, 1)]
    colour = EFFECT_COLOURS[placed.hit.effect]
    bar = optional("matplotlib.patches").Polygon(
        [(x, middle + side * half) for x, side in corners],
        transform=ax.get_xaxis_transform(),
        facecolor=colour,
        linewidth=0,
        zorder=3,
        gid="motif_hit",
    )
    ax.add_patch(bar)
    effects = optional("matplotlib.patheffects")
    ax.text(
        placed.name_at,
        middle,
        placed.hit.label,
        transform=ax.get_xaxis_transform(),
        fontsize=MARK_SIZE,
        verticalalignment="center_baseline",
        horizontalalignment="right" if placed.name_on_left else "left",
        clip_on=True,
        parse_math=False,
        zorder=4,
        path_effects=[effects.withStroke(linewidth=2, foreground="white")],
    )
