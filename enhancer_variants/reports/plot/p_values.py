"""P-values of a study by position, as a panel above the shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.plot.effect_points import MANY_POINTS, NEITHER
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LARGEST", "draw_p_values", "minus_log10_p"]

LARGEST: Final = 323.0
"""Where a p-value of 0 is drawn: -log10 of the smallest number that a float can hold."""

_DEFAULT_COLUMN: Final = "risk_minus_log10_p"
_GENOME_WIDE: Final = 5e-8
_R2_FROM: Final = (0.8, 0.6, 0.4, 0.2, 0.0)
_R2_COLOURS: Final = ("#08306b", "#2171b5", "#6baed6", "#bdd7e7", "#dfe9f2")


def minus_log10_p(rows: pd.DataFrame, column: str | None) -> npt.NDArray[np.float64] | None:
    """-log10 of a study's p-values, NaN where a row has none; None without such a column.

    Parameters
    ----------
    rows
        Rows of effects.
    column
        Name of the column; None for that of risk lists, if there is one. A name with ``log10`` or
        ``mlogp`` in it holds -log10 already.

    Raises
    ------
    InputError
        If there is no such column, or it does not hold p-values.

    Examples
    --------
    >>> minus_log10_p(pd.DataFrame({"p": [0.01, 1.0, 0.0]}), "p").tolist()
    [2.0, 0.0, 323.0]
    """
    if column is None and _DEFAULT_COLUMN not in rows:
        return None
    name = column or _DEFAULT_COLUMN
    if name not in rows:
        raise InputError(f"the effects have no column {name!r}; expected one of p-values")
    values = _floats(rows[name])
    if "log10" in name.lower() or "mlogp" in name.lower():
        lowest, highest, taken = 0.0, np.inf, "-log10 of a p-value, 0 or more"
    else:
        lowest, highest, taken = 0.0, 1.0, "a p-value, from 0 to 1"
    wrong = values[(values < lowest) | (values > highest)]
    if len(wrong):
        raise InputError(
            f"column {name!r} holds {wrong[0]:g}; expected {taken} (a name with log10 or mlogp in "
            "it holds -log10)"
        )
    if highest <= 1:
        with np.errstate(divide="ignore"):
            values = -np.log10(values) + 0.0  # no negative 0
    return np.minimum(values, LARGEST)


def _floats(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Values of a column, NaN where one is none."""
    found: npt.NDArray[np.float64] = pd.to_numeric(column, errors="coerce").to_numpy(
        "float64", na_value=np.nan
    )
    return found


def draw_p_values(ax: Axes, rows: pd.DataFrame, values: npt.NDArray[np.float64]) -> None:
    """Draw p-values by position, proxies by their r2, and the line of genome-wide significance.

    Parameters
    ----------
    ax
        The panel.
    rows
        Rows of effects.
    values
        -log10 of their p-values, NaN where there is none.
    """
    positions = pd.to_numeric(rows["pos"]).to_numpy("float64")
    given = np.isfinite(values)
    colours, lead = _colours(rows)
    for marker, size, chosen in (("o", 26, given & ~lead), ("D", 40, given & lead)):
        if chosen.any():
            ax.scatter(
                positions[chosen],
                values[chosen],
                c=colours[chosen],
                marker=marker,
                s=10 if len(rows) > MANY_POINTS else size,
                linewidths=0.4,
                edgecolors="0.25",
                zorder=3,
                rasterized=len(rows) > MANY_POINTS,
                gid="lead" if marker == "D" else "p",
            )
    line = -np.log10(_GENOME_WIDE)
    highest = values[given].max(initial=0.0)
    ax.set_ylim(0, max(highest, line if highest > line / 2 else 1.0) * 1.15)
    if highest > line / 2:
        ax.axhline(line, color="0.4", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        ax.text(
            0.995,
            line,
            "p = 5e-8",
            transform=ax.get_yaxis_transform(),
            fontsize=MARK_SIZE,
            color="0.3",
            horizontalalignment="right",
            verticalalignment="bottom",
        )
    ax.set_ylabel("study\n-log10 p", fontsize=LABEL_SIZE)
    if "proxy_r2" in rows:
        _explain_r2(ax)


def _colours(rows: pd.DataFrame) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
    """Colour of each point, and which are leads that have proxies."""
    colours = np.full(len(rows), NEITHER)
    if "proxy_r2" not in rows:
        return colours, np.zeros(len(rows), dtype=bool)
    r2 = _floats(rows["proxy_r2"])
    for lowest, colour in zip(_R2_FROM[::-1], _R2_COLOURS[::-1], strict=True):
        colours[r2 >= lowest] = colour
    proxy = rows["proxy_of"] if "proxy_of" in rows else pd.Series("", index=rows.index)
    is_lead = proxy.isna() | (proxy.astype(str) == "")
    return colours, is_lead.to_numpy("bool")


def _explain_r2(ax: Axes) -> None:
    """Say which colour is which r2, beside the panel, where no point is covered."""
    line = optional("matplotlib.lines").Line2D
    marks = [
        line(
            [], [], marker="D", linestyle="", color=_R2_COLOURS[0], markersize=5, label="lead, r2:"
        )
    ]
    marks += [
        line(
            [],
            [],
            marker="o",
            linestyle="",
            color=colour,
            markeredgecolor="0.25",
            markeredgewidth=0.4,
            markersize=5,
            label=f"{lowest:g}-{lowest + 0.2:g}",
        )
        for lowest, colour in zip(_R2_FROM, _R2_COLOURS, strict=True)
    ]
    ax.legend(
        handles=marks,
        fontsize=MARK_SIZE,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(marks),
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0.1,
    )
