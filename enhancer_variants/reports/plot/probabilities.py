"""What several models say of REF and of ALT, one below the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enhancer_variants.reports.plot.effect_points import GAIN, LOSS, NEITHER
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ModelAnswer", "draw_probabilities", "height_of_probabilities"]

_ROW: Final = 0.2
_COLUMN: Final = 52.0
_AROUND: Final = 0.95
_LEAST_REACH: Final = 1.0
_WIDE: Final = 6.0
_FEW_TICKS: Final = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_FARTHEST: Final = 40.0


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One model's log-odds of both alleles, log2 units, their shift, and its p-value if any."""

    model: str
    log_odds_ref: float
    log_odds_alt: float
    shift: float
    p: float | None = None

    @classmethod
    def of(
        cls,
        model: str,
        probabilities: tuple[float, float],
        log_odds: tuple[float | None, float | None],
        shift: float,
        p: float | None,
    ) -> ModelAnswer:
        """Take log-odds from probabilities where they are not given."""
        ref, alt = (
            _log_odds(probability) if known is None else known
            for probability, known in zip(probabilities, log_odds, strict=True)
        )
        return cls(model, ref, alt, shift, p)


def _log_odds(probability: float) -> float:
    if not 0 < probability < 1:
        return math.copysign(_FARTHEST, probability - 0.5)
    return math.log2(probability / (1 - probability))


def height_of_probabilities(models: int) -> float:
    """Height that a panel of so many models needs, inches."""
    return models * _ROW + _AROUND


def draw_probabilities(ax: Axes, answers: Sequence[ModelAnswer], left_out: int = 0) -> None:
    """Draw REF and ALT of each model on the scale of log-odds, with ticks at probabilities.

    Parameters
    ----------
    ax
        The panel.
    answers
        From top to bottom.
    left_out
        How many models more there are.
    """
    rows = range(len(answers))
    refs, alts = [a.log_odds_ref for a in answers], [a.log_odds_alt for a in answers]
    colours = [GAIN if a.shift > 0 else LOSS if a.shift < 0 else NEITHER for a in answers]
    ax.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    ax.hlines(rows, refs, alts, colors=colours, linewidth=2.0, zorder=2, gid="shifts")
    ax.scatter(
        refs, rows, s=26, facecolors="white", edgecolors="0.3", linewidths=1.1, zorder=3, gid="ref"
    )
    ax.scatter(alts, rows, s=26, c=colours, linewidths=0, zorder=4, gid="alt")
    _label_probabilities(ax, min(*refs, *alts), max(*refs, *alts))
    ax.set_yticks(rows, [a.model for a in answers])
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
    ax.set_ylim(len(answers) - 0.4, -0.6)
    ax.tick_params(labelsize=MARK_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color="0.93", linewidth=0.8, zorder=-1)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
    more = f"; {left_out:,} models more, with smaller shifts" if left_out else ""
    ax.set_xlabel(f"probability of the positive class{more}", fontsize=LABEL_SIZE)
    _write_shifts(ax, answers, colours)
    _explain_marks(ax)


def _label_probabilities(ax: Axes, lowest: float, highest: float) -> None:
    """Limit the axis of log-odds, and write probabilities along it, not closer than readable."""
    middle = (lowest + highest) / 2
    reach = max((highest - lowest) / 2, _LEAST_REACH) * 1.08
    left, right = middle - reach, middle + reach
    if right - left <= _WIDE:
        ticks = [p for p in _FEW_TICKS if left <= _log_odds(p) <= right]
    else:
        step = max(1, math.ceil((right - left) / 40))
        powers = range(step, 13, step)
        ticks = [10.0**-n for n in reversed(powers)] + [0.5] + [1 - 10.0**-n for n in powers]
        ticks = [p for p in ticks if left <= _log_odds(p) <= right]
    ax.set_xlim(left, right)
    ax.set_xticks([_log_odds(p) for p in ticks], [_written(p) for p in ticks])


def _written(probability: float) -> str:
    if probability > 0.9999:
        return f"1 - {1 - probability:.0e}".replace("e-0", "e-")
    return f"{probability:g}".replace("e-0", "e-")


def _write_shifts(ax: Axes, answers: Sequence[ModelAnswer], colours: Sequence[str]) -> None:
    """Write the shifts, and p-values where there are such, beside the rows."""
    offset_copy = optional("matplotlib.transforms").offset_copy
    figure = ax.get_figure(root=True)
    columns = [("shift\n(log2 odds)", [f"{answer.shift + 0.0:+.2f}" for answer in answers])]
    if any(answer.p is not None for answer in answers):
        columns.append(("p", ["" if a.p is None else f"{a.p:.2g}" for a in answers]))
    for number, (head, values) in enumerate(columns):
        beside = offset_copy(
            ax.get_yaxis_transform(), fig=figure, x=8 + number * _COLUMN, units="points"
        )
        ax.text(
            1,
            -0.75,
            head,
            transform=beside,
            fontsize=MARK_SIZE,
            color="0.3",
            verticalalignment="bottom",
        )
        for row, (value, colour) in enumerate(zip(values, colours, strict=True)):
            ax.text(
                1,
                row,
                value,
                transform=beside,
                fontsize=MARK_SIZE,
                color=colour if number == 0 else "black",
                verticalalignment="center",
                gid=head.split("\n", maxsplit=1)[0],
            )


def _explain_marks(ax: Axes) -> None:
    line = optional("matplotlib.lines").Line2D
    style = {"marker": "o", "linestyle": "", "markersize": 5}
    ax.legend(
        handles=[
            line([], [], markerfacecolor="white", markeredgecolor="0.3", label="REF", **style),
            line([], [], color=GAIN, label="ALT, gains", **style),
            line([], [], color=LOSS, label="ALT, loses", **style),
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        frameon=False,
        fontsize=MARK_SIZE,
        handletextpad=0.1,
        columnspacing=1.0,
        borderpad=0.1,
    )
