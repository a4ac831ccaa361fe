"""Pictures of an evaluation on measured variants: predicted against measured, and all scores.

They need the extra ``plot`` (matplotlib).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io import pending_output
from enhancer_variants.reports.plot.panel import (
    LABEL_SIZE,
    MARK_SIZE,
    WIDTH,
    new_figure,
    optional,
)
from enhancer_variants.training.variant_evaluation import (
    ScoreFigure,
    VariantEvaluation,
    VariantStatistic,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_variant_evaluation", "score_forest", "score_scatter"]

_DOTS_PER_INCH: Final = 300
_NOT_IN_A_FILE_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")

_PANELS_IN_A_ROW: Final = 3
_MOST_PANELS: Final = 24
_PANEL_HEIGHT: Final = 2.3
_FEW_VALUES: Final = 10
_SIDEWAYS: Final = 0.2
"""How far points of a score with few values are moved, as a share of the values' distance."""

_OTHER: Final = "0.45"
_SIGNIFICANT: Final = "#b35806"
_LINE: Final = "0.75"

_GROUP_COLOURS: Final = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#e69f00", "#56b4e9", "#7f7f7f", "#8c6d31"),
)
"""Colours that are told apart by those who see few (after Okabe M, Ito K 2008), for 8 groups."""

_HEIGHT_OF_A_GROUP: Final = 0.12
_HEIGHT_OF_A_MEAN: Final = 0.3

_LABELS: Final = {
    "gc_change": ("GC change", "bases"),
    "motif_shift_sum": ("motif sum", "hits"),
    "kmer_log_odds_shift": ("k-mer model", "log2 odds"),
}
_SHIFT: Final = "_log_odds_shift"

_METRIC_LABELS: Final[dict[VariantStatistic, tuple[str, float]]] = {
    "pearson": ("Pearson correlation", 0.0),
    "spearman": ("Spearman correlation", 0.0),
    "auroc": ("AUROC of |shift|,\nsignificant or not", 0.5),
    "direction": ("right direction,\nshare of significant", 0.5),
}


def draw_variant_evaluation(
    evaluation: VariantEvaluation, folder: str | os.PathLike[str]
) -> tuple[Path, ...]:
    """Draw an evaluation into a folder that exists.

    Parameters
    ----------
    evaluation
        What :func:`~enhancer_variants.training.variant_evaluation.evaluate_variants` found.
    folder
        Gets ``scores.png``, all scores with their intervals, and ``scatter_<score>.png`` for each
        score, measured against predicted. 300 dots per inch.

    Returns
    -------
    tuple of Path
        The pictures.

    Raises
    ------
    MissingDependencyError
        If the extra ``plot`` is not installed.
    InputError
        If there is no such folder.
    """
    pyplot = optional("matplotlib.pyplot")
    drawn: list[Path] = []
    names = _drawn_scores(evaluation)
    for score in (None, *names):
        figure = score_forest(evaluation) if score is None else score_scatter(evaluation, score)
        path = Path(folder) / (_file_name(score, names) if score else "scores.png")
        with pending_output(path) as temporary:
            figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH)
        pyplot.close(figure)
        drawn.append(path)
    return tuple(drawn)


def _file_name(score: str, names: Sequence[str]) -> str:
    """Name a picture after its score, with a number where two would have one name."""
    safe = [_NOT_IN_A_FILE_NAME.sub("-", name)[:150].lower() for name in names]
    place = list(names).index(score)
    number = f"_{place + 1}" if safe.count(safe[place]) > 1 else ""
    return f"scatter_{_NOT_IN_A_FILE_NAME.sub('-', score)[:150]}{number}.png"


def _drawn_scores(evaluation: VariantEvaluation) -> list[str]:
    return [score.name for score in evaluation.scores if score.has_values]


def _label(score: str) -> tuple[str, str]:
    """Name and unit of a score as a picture has them."""
    if score in _LABELS:
        return _LABELS[score]
    return (score.removesuffix(_SHIFT), "log2 odds") if score.endswith(_SHIFT) else (score, "")


def score_scatter(evaluation: VariantEvaluation, score: str) -> Figure:
    """Draw measured effects against one score, a panel for each group (of many, the largest 24).

    Parameters
    ----------
    evaluation
        The evaluation.
    score
        Name of the score.

    Returns
    -------
    matplotlib.figure.Figure
        Points are the compared variants, significant effects in colour; those of a score with
        few values are spread sideways. Each panel has axes of its own, and above it stand
        Pearson's r, Spearman's rho and the number of variants.

    Raises
    ------
    InputError
        If there is no such score.
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.
    """
    if score not in _drawn_scores(evaluation):
        known = ", ".join(_drawn_scores(evaluation))
        raise InputError(f"no score {score} to draw; there are {known}")
    table = evaluation.variants[evaluation.compared]
    sizes = evaluation.variants["group"].value_counts()
    largest = {*sizes.index[:_MOST_PANELS]}
    groups = [group for group in evaluation.groups if group in largest]
    columns = min(_PANELS_IN_A_ROW, len(groups))
    rows = math.ceil(len(groups) / columns)
    figure = new_figure(0.6 + _PANEL_HEIGHT * rows, WIDTH * columns / _PANELS_IN_A_ROW + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, group in zip(panels, groups, strict=False):
        _draw_group(panel, evaluation, table[table["group"] == group], score, group)
    for unused in panels[len(groups) :]:
        unused.set_visible(False)
    name, unit = _label(score)
    said = f"predicted: {name}" + f" ({unit})" * bool(unit)
    said += f"; {len(groups)} of {len(sizes)} groups" * (len(groups) < len(sizes))
    figure.supxlabel(said, fontsize=LABEL_SIZE)
    figure.supylabel(f"measured: {evaluation.selection.effect}", fontsize=LABEL_SIZE)
    if evaluation.selection.p_value is not None:
        _significance_legend(figure, evaluation.selection.significant)
    return figure


def _draw_group(
    panel: Axes, evaluation: VariantEvaluation, table: pd.DataFrame, score: str, group: str
) -> None:
    significant = (table["p_value"] < evaluation.selection.significant).to_numpy()
    panel.axhline(0, color=_LINE, linewidth=0.6, zorder=0)
    panel.axvline(0, color=_LINE, linewidth=0.6, zorder=0)
    x, y = _spread_sideways(table[score].to_numpy()), table["effect"].to_numpy()
    # The more points, the fainter: where many lie on each other is still seen.
    opacity = float(np.clip(400 / max(1, len(table)), 0.12, 0.7))
    for chosen, colour, strength in ((~significant, _OTHER, 0.6), (significant, _SIGNIFICANT, 1)):
        panel.scatter(
            x[chosen], y[chosen], s=7, color=colour, alpha=opacity * strength, linewidths=0
        )
    r, rho = (
        evaluation.figure(score, metric, group).interval.value for metric in ("pearson", "spearman")
    )
    panel.set_title(group, fontsize=LABEL_SIZE, loc="left", fontweight="bold")
    figures = f"r {r:.2f}  ρ {rho:.2f}  n {len(table):,}"  # noqa: RUF001 - Spearman's rho
    panel.set_title(figures.replace("-", "\N{MINUS SIGN}"), fontsize=MARK_SIZE, loc="right")
    panel.tick_params(labelsize=MARK_SIZE)
    panel.spines[["top", "right"]].set_visible(False)


def _spread_sideways(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Move the points of a score with few values apart, always in the same way."""
    values = np.unique(x)
    if not 1 < len(values) <= _FEW_VALUES:
        return x
    reach = _SIDEWAYS * float(np.diff(values).min())
    spread: npt.NDArray[np.float64] = x + np.random.default_rng(0).uniform(-reach, reach, len(x))
    return spread


def _significance_legend(figure: Figure, significant: float) -> None:
    threshold = f"{significant:g}".replace("e-0", "e-").replace("-", "\N{MINUS SIGN}")
    handles = [
        optional("matplotlib.lines").Line2D([], [], linestyle="", marker="o", markersize=4, **about)
        for about in (
            {"color": _SIGNIFICANT, "label": f"measured effect with p < {threshold}"},
            {"color": _OTHER, "label": "other"},
        )
    ]
    figure.legend(
        handles=handles, loc="outside upper right", ncols=2, fontsize=MARK_SIZE, frameon=False
    )


def score_forest(evaluation: VariantEvaluation) -> Figure:
    """Draw how good all scores are, with intervals: a panel for each statistic.

    Parameters
    ----------
    evaluation
        The evaluation.

    Returns
    -------
    matplotlib.figure.Figure
        Black diamonds are means over groups, with thick intervals; below each, in colour, up to
        8 groups. Dashed is what a score without any relation to the effects has. All on the
        compared variants.

    Raises
    ------
    MissingDependencyError
        Without matplotlib, which the extra ``plot`` brings.
    """
    names, groups = _drawn_scores(evaluation), evaluation.groups
    shown = groups if 1 < len(groups) <= len(_GROUP_COLOURS) else ()
    height = _HEIGHT_OF_A_MEAN + _HEIGHT_OF_A_GROUP * len(shown)
    metrics = evaluation.metrics
    figure = new_figure(1.2 + height * len(names), WIDTH if len(metrics) > 2 else 0.7 * WIDTH)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for panel, metric in zip(panels, metrics, strict=True):
        label, chance = _METRIC_LABELS[metric]
        panel.axvline(chance, color=_LINE, linewidth=0.8, linestyle="--", zorder=0)
        for place, name in enumerate(names):
            top = place * height
            overall = evaluation.figure(name, metric)
            _draw_interval(panel, overall, top, "black", "D", 2.0)
            for number, group in enumerate(shown, 1):
                of_group = evaluation.figure(name, metric, group)
                y = top + _HEIGHT_OF_A_GROUP * (number + 0.4)
                _draw_interval(panel, of_group, y, _GROUP_COLOURS[number - 1], "o", 0.9)
        panel.set_xlabel(label, fontsize=LABEL_SIZE)
        panel.tick_params(labelsize=MARK_SIZE)
        panel.tick_params(axis="y", length=0)
        panel.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks([place * height for place in range(len(names))])
    panels[0].set_yticklabels([_label(name)[0] for name in names], fontsize=LABEL_SIZE)
    panels[0].set_ylim(len(names) * height - _HEIGHT_OF_A_MEAN / 2, -_HEIGHT_OF_A_MEAN / 2)
    if shown:
        _group_legend(figure, shown)
    return figure


def _draw_interval(
    panel: Axes, one: ScoreFigure, y: float, colour: str, marker: str, width: float
) -> None:
    """Draw a figure and its interval; nothing where it is not defined."""
    interval = one.interval
    if math.isnan(interval.value):
        return
    panel.plot([interval.lower, interval.upper], [y, y], color=colour, linewidth=width, zorder=2)
    size = 5 if marker == "D" else 3
    panel.plot([interval.value], [y], marker, color=colour, markersize=size, zorder=3)


def _group_legend(figure: Figure, groups: Sequence[str]) -> None:
    line = optional("matplotlib.lines").Line2D
    handles: list[Any] = [
        line([], [], color="black", marker="D", markersize=5, linewidth=2, label="mean of groups")
    ]
    handles += [
        line([], [], color=colour, marker="o", markersize=3, linewidth=0.9, label=group)
        for colour, group in zip(_GROUP_COLOURS, groups, strict=False)
    ]
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=min(len(handles), 6),
        fontsize=MARK_SIZE,
        frameon=False,
    )
