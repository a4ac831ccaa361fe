"""Names beside points, where they touch neither each other nor the edge of the panel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from enhancer_variants.reports.plot.panel import MARK_SIZE, figure_of, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NamedPoint", "name_points"]

_DISTANCES: Final = (5.0, 9.0, 15.0, 22.0, 30.0, 40.0, 52.0, 66.0)
_SIDES: Final = ((0, 1), (1, 0.6), (-1, 0.6), (1, 0), (-1, 0), (1, -0.6), (-1, -0.6), (0, -1))
_LEADER_FROM: Final = 12.0
_MARK: Final = 4.0
_MOST_COVERED: Final = 2
_PARTS_OF_LEADER: Final = 12
_POINTS_PER_INCH: Final = 72

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A point, in units of the axes, with its name; `upward` says where the name should stand."""

    x: float
    y: float
    name: str
    upward: bool = True


def name_points(
    ax: Axes,
    points: Sequence[NamedPoint],
    *,
    avoid: Sequence[tuple[float, float]] = (),
    stems: bool = False,
    baseline: bool = False,
) -> list[str]:
    """Write names beside points, the first ones first; those without a free place stay unnamed.

    The layout has to be settled and the limits of the axes final.

    Parameters
    ----------
    ax
        The panel.
    points
        The most important first.
    avoid
        Further points that names should not cover, in units of the axes.
    stems
        Whether each of these has a stem, from 0, that names should not cover either.
    baseline
        Whether there is a line at 0 that no name may cross.

    Returns
    -------
    list of str
        The names that were written.
    """
    if not points:
        return []
    scale = _POINTS_PER_INCH / figure_of(ax).dpi
    window = ax.get_window_extent()
    edges = (window.x0 * scale, window.y0 * scale, window.x1 * scale, window.y1 * scale)
    places = ax.transData.transform([(p.x, p.y) for p in points]) * scale
    drawn = [*((p.x, p.y) for p in points), *avoid]
    marks = [_around(x, y, _MARK, _MARK) for x, y in ax.transData.transform(drawn) * scale]
    if stems:
        marks += _stem_boxes(ax, drawn, scale)
    line = ax.transData.transform((0, 0))[1] * scale if baseline else None
    taken: list[_Box] = []
    plain_text = optional("matplotlib.text").Text
    written = []
    for point, place in zip(points, places, strict=False):
        text = _write(ax, point)
        size = plain_text.get_window_extent(text)  # without its leader
        half = (size.width * scale / 2 + 1, size.height * scale / 2 + 0.5)
        middles = [
            middle
            for middle in _middles(tuple(place), half, upward=point.upward)
            if line is None or abs(middle[1] - line) > half[1]
        ]
        found = _free_place(tuple(place), middles, half, edges, taken, marks)
        if found is None:
            text.remove()
            continue
        middle, box, distance = found
        text.set_position((middle[0] - place[0], middle[1] - place[1]))
        if distance < _LEADER_FROM:
            text.arrow_patch.set_visible(False)
        else:
            taken += _along(tuple(place), middle)
        taken.append(box)
        written.append(point.name)
    return written


def _stem_boxes(ax: Axes, points: Sequence[tuple[float, float]], scale: float) -> list[_Box]:
    tips = ax.transData.transform(points) * scale
    feet = ax.transData.transform([(x, 0.0) for x, _ in points]) * scale
    return [
        (x - 1, min(tip, foot), x + 1, max(tip, foot))
        for (x, tip), (_, foot) in zip(tips, feet, strict=True)
    ]


def _write(ax: Axes, point: NamedPoint) -> Any:
    text = ax.annotate(
        point.name,
        (point.x, point.y),
        (0, 0),
        textcoords="offset points",
        fontsize=MARK_SIZE,
        horizontalalignment="center",
        verticalalignment="center",
        parse_math=False,
        zorder=6,
        gid="name",
        arrowprops={
            "arrowstyle": "-",
            "color": "0.45",
            "linewidth": 0.6,
            "shrinkA": 0,
            "shrinkB": 2,
        },
    )
    text.set_in_layout(False)  # names stand inside: they must not move the panel
    return text


def _free_place(
    place: tuple[float, float],
    middles: Sequence[tuple[float, float, float]],
    half: tuple[float, float],
    edges: _Box,
    taken: Sequence[_Box],
    marks: Sequence[_Box],
) -> tuple[tuple[float, float], _Box, float] | None:
    """Find the middle of a name, its box and its distance: the nearest that covers no point.

    Where all cover some, the one that covers fewest, unless that is many.
    """
    fewest, best = _MOST_COVERED + 1, None
    for x, y, distance in middles:
        box = _around(x, y, *half)
        if not _within(box, edges) or any(_overlap(box, other) for other in taken):
            continue
        leader = _along(place, (x, y)) if distance >= _LEADER_FROM else []
        if any(_overlap(part, other) for part in leader for other in taken):
            continue
        covered = sum(_overlap(box, mark) for mark in marks)
        if covered < fewest:
            fewest, best = covered, ((x, y), box, distance)
        if covered == 0:
            break
    return best


def _middles(
    place: tuple[float, float], half: tuple[float, float], *, upward: bool
) -> Iterator[tuple[float, float, float]]:
    turn = 1 if upward else -1
    for distance, (right, up) in itertools.product(_DISTANCES, _SIDES):
        x = place[0] + right * (half[0] + distance)
        y = place[1] + turn * up * (half[1] + distance)
        yield x, y, distance


def _along(start: tuple[float, float], end: tuple[float, float]) -> list[_Box]:
    """Small boxes along a leader, so that neither names nor leaders cross it."""
    shares = [number / _PARTS_OF_LEADER for number in range(1, _PARTS_OF_LEADER)]
    return [
        _around(
            start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]), 1, 1
        )
        for share in shares
    ]


def _around(x: float, y: float, half_width: float, half_height: float) -> _Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _within(box: _Box, edges: _Box) -> bool:
    return edges[0] <= box[0] and edges[1] <= box[1] and box[2] <= edges[2] and box[3] <= edges[3]


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
