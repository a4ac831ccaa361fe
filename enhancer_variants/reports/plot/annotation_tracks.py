"""Annotated stretches of a contig as rows of bars with their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, canonical_contig
from enhancer_variants.io.regions import named_intervals
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, optional, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ROW_HEIGHT", "Stretch", "TrackSource", "draw_tracks", "pack", "read_tracks"]

TrackSource: TypeAlias = "str | os.PathLike[str] | Iterable[Interval | tuple[Interval, str]]"
"""A BED file (0-based, half-open; a fourth column is the name), or intervals with or without
names."""

ROW_HEIGHT: Final = 12.0
"""Height of a row, points."""

_MOST_ROWS: Final = 6
_SPACE: Final = 3.0
_BAR: Final = 0.78
_LEAST_WIDTH: Final = 1.5
_COLOURS: Final = ("#4d7ea8", "#6a9a5b", "#7f7f7f")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch that is in view: its edges on the x axis, its name, and its row."""

    left: float
    right: float
    name: str
    row: int = 0
    name_inside: bool = False


def read_tracks(
    tracks: Mapping[str, TrackSource] | None, contig: str, view: tuple[float, float]
) -> dict[str, list[Stretch]]:
    """Stretches of each track that are on a contig and in view, from left to right.

    Raises
    ------
    InputError
        If a track is neither a file nor intervals.
    VariantFileError
        If a BED file cannot be read.
    """
    found = {}
    for name, source in (tracks or {}).items():
        stretches = []
        for interval, label in _intervals(name, source):
            left, right = interval.start + 0.5, interval.end + 0.5
            near = right > view[0] and left < view[1]
            if near and canonical_contig(interval.contig) == canonical_contig(contig):
                stretches.append(Stretch(max(left, view[0]), min(right, view[1]), label))
        found[name] = sorted(stretches, key=lambda stretch: (stretch.left, stretch.right))
    return found


def _intervals(name: str, source: TrackSource) -> Iterable[tuple[Interval, str]]:
    if isinstance(source, str | os.PathLike):
        yield from named_intervals(source)
        return
    for item in source:
        interval, label = (item, "") if isinstance(item, Interval) else item
        if not isinstance(interval, Interval):
            raise InputError(
                f"track {name!r}: {item!r} is no interval; expected a BED file, Interval values, "
                "or pairs of an Interval and a name"
            )
        yield interval, label


def pack(stretches: Sequence[Stretch], points_per_base: float) -> list[Stretch]:
    """Give stretches their rows, so that no bar or name touches another.

    A name stands in its bar where it fits, else behind it; where six rows are full, it is left out
    and the bar is drawn over others in the last one.

    Parameters
    ----------
    stretches
        From left to right.
    points_per_base
        Width of a base, points.

    Examples
    --------
    >>> packed = pack([Stretch(0, 50, "a"), Stretch(20, 80, ""), Stretch(60, 90, "b")], 1.0)
    >>> [stretch.row for stretch in packed]
    [0, 1, 0]
    """
    space = _SPACE / points_per_base
    ends: list[float] = []
    placed = []
    for stretch in stretches:
        width = text_width(stretch.name, MARK_SIZE) / points_per_base if stretch.name else 0.0
        inside = width + 2 * space <= stretch.right - stretch.left
        end = stretch.right + (0 if inside or not stretch.name else space + width)
        name = stretch.name
        row = next((n for n, taken in enumerate(ends) if taken + space <= stretch.left), len(ends))
        if row == _MOST_ROWS:
            row, end, name = _MOST_ROWS - 1, stretch.right, stretch.name if inside else ""
        if row == len(ends):
            ends.append(end)
        ends[row] = max(ends[row], end)
        placed.append(Stretch(stretch.left, stretch.right, name, row, inside))
    return placed


def draw_tracks(ax: Axes, tracks: Mapping[str, Sequence[Stretch]], points_per_base: float) -> None:
    """Draw tracks one below the other, with their names as ticks.

    Parameters
    ----------
    ax
        The panel, with its x axis limited.
    tracks
        Packed stretches of each (:func:`pack`).
    points_per_base
        Width of a base, points.
    """
    patches = optional("matplotlib.patches")
    top, ticks = 0.0, []
    least = _LEAST_WIDTH / points_per_base  # a single base still shows in a view of megabases
    for number, stretches in enumerate(tracks.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        rows = max((stretch.row + 1 for stretch in stretches), default=1)
        for stretch in stretches:
            width = max(stretch.right - stretch.left, least)
            y = top + stretch.row + 0.5
            bar = patches.Rectangle(
                (stretch.left, y - _BAR / 2), width, _BAR, color=colour, linewidth=0, gid="stretch"
            )
            ax.add_patch(bar)
            if stretch.name:
                _name(ax, stretch, y, points_per_base)
        ticks.append(top + rows / 2)
        top += rows
    ax.set_ylim(top, 0)
    ax.set_yticks(ticks, list(tracks), fontsize=LABEL_SIZE)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    ax.tick_params(axis="y", length=0)


def _name(ax: Axes, stretch: Stretch, y: float, points_per_base: float) -> None:
    inside = stretch.name_inside
    ax.text(
        (stretch.left + stretch.right) / 2
        if inside
        else stretch.right + _SPACE / points_per_base / 2,
        y,
        stretch.name,
        color="white" if inside else "black",
        fontsize=MARK_SIZE,
        horizontalalignment="center" if inside else "left",
        verticalalignment="center_baseline",
        clip_on=True,
        parse_math=False,
    ).set_in_layout(False)
