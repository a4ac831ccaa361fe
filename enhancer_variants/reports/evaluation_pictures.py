"""Pictures of an evaluation: ROC, precision-recall, reliability and confusion, for a paper.

Each shows the model and the baselines, on all rows and on the GC-matched ones. They need the extra
``plot`` (matplotlib).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from enhancer_variants.io import pending_output
from enhancer_variants.reports.plot.panel import LABEL_SIZE, MARK_SIZE, new_figure, optional
from enhancer_variants.training.evaluation import (
    Evaluation,
    MethodFigures,
    Metric,
    OutputEvaluation,
    RowSet,
    method_title,
)
from enhancer_variants.training.evaluation.curves import CurveKind, curve, wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "confusion_picture",
    "draw_evaluation",
    "precision_recall_picture",
    "reliability_picture",
    "roc_picture",
]

_DOTS_PER_INCH: Final = 300
_WIDTH: Final = 7.2
"""Inches: two columns of most journals."""

_HEIGHT: Final = 4.6
_HEIGHT_OF_A_SET: Final = 2.6
_LONGEST_TITLE: Final = 26
_BAND: Final = 0.13
_ROWS: Final = "0.85"
_BIN: Final = 0.1

_DARKEST: Final = 1.6
"""Share that would be darkest: above 1, so that black is readable in every cell."""

_NO_SKILL: Final = "0.6"
_TITLES: Final = {"all": "all rows", "gc_matched": "GC-matched rows"}

# Colours that are told apart by those who see few (Okabe M, Ito K 2008), and lines without any.
_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "model": {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    "gc": {"color": "#d55e00", "linestyle": "--", "marker": "s"},
    "kmer": {"color": "#009e73", "linestyle": "-.", "marker": "^"},
}
_AREAS: Final[dict[CurveKind, tuple[Metric, str]]] = {
    "roc": ("auroc", "AUROC"),
    "precision_recall": ("auprc", "AUPRC"),
}
_AXES: Final[dict[CurveKind, tuple[str, str]]] = {
    "roc": ("false positive rate", "true positive rate"),
    "precision_recall": ("recall", "precision"),
}


def draw_evaluation(evaluation: Evaluation, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Draw an evaluation into a folder that exists.

    Parameters
    ----------
    evaluation
        What :func:`~enhancer_variants.evaluate` found.
    folder
        Gets ``roc.png``, ``precision_recall.png``, ``reliability.png`` and ``confusion.png``; for
        several outputs each of them with the output's name, as ``roc_CTCF.png``. 300 dots per
        inch.

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
    pictures: dict[str, Callable[[Evaluation, str], Figure]] = {
        "roc": roc_picture,
        "precision_recall": precision_recall_picture,
        "reliability": reliability_picture,
        "confusion": confusion_picture,
    }
    drawn: list[Path] = []
    for output, ending in _endings(evaluation):
        for name, draw in pictures.items():
            path = Path(folder) / f"{name}{ending}.png"
            with pending_output(path) as temporary:
                figure = draw(evaluation, output)
                figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH)
                pyplot.close(figure)
            drawn.append(path)
    return tuple(drawn)


def _endings(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Give each output what stands behind the names of its pictures; no two have the same."""
    names = [found.output for found in evaluation.outputs]
    safe = [re.sub("[^A-Za-z0-9._-]+", "-", name)[:150] for name in names]
    for number, (name, text) in enumerate(zip(names, safe, strict=True), 1):
        same = [other.lower() for other in safe].count(text.lower()) > 1
        yield name, "" if len(names) == 1 else f"_{text}_{number}" if same else f"_{text}"


def roc_picture(evaluation: Evaluation, output: str) -> Figure:
    """Draw true against false positive rate for one output.

    Parameters
    ----------
    evaluation
        What was found.
    output
        Name of the output.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each set of rows. Bands hold 95 % (the evaluation's level) of 200 resamples at
        each rate; the legend has AUROC with its interval.
    """
    return _curves_picture("roc", evaluation, output)


def precision_recall_picture(evaluation: Evaluation, output: str) -> Figure:
    """Draw precision against recall for one output.

    Parameters
    ----------
    evaluation, output
        As for :func:`roc_picture`.

    Returns
    -------
    matplotlib.figure.Figure
        Likewise; the legend has AUPRC (average precision), the grey line is the share of
        positives.
    """
    return _curves_picture("precision_recall", evaluation, output)


def _curves_picture(kind: CurveKind, evaluation: Evaluation, output: str) -> Figure:
    found = _found(evaluation, output)
    figure = new_figure(_HEIGHT, _WIDTH)
    for panel, one in zip(figure.subplots(1, len(found.sets)), found.sets, strict=True):
        _square(panel, one, *_AXES[kind])
        if not one.rows:
            continue
        share = one.positives / one.rows
        ends = [0.0, 1.0] if kind == "roc" else [share, share]
        panel.plot([0, 1], ends, color=_NO_SKILL, linewidth=0.8, linestyle=":", zorder=1)
        if 0 < one.positives < one.rows:
            for method in one.methods:
                _draw_curve(panel, kind, evaluation, found, one, method)
            metric, title = _AREAS[kind]
            level = one.methods[0].figures[metric].level
            _legend(panel, f"{title} ({100 * level:.4g}% interval)")
    return figure


def _draw_curve(
    panel: Axes,
    kind: CurveKind,
    evaluation: Evaluation,
    found: OutputEvaluation,
    one: RowSet,
    method: MethodFigures,
) -> None:
    inside = _inside(found, one)
    area = method.figures[_AREAS[kind][0]]
    drawn = curve(
        kind, found.labels[inside], found.log_odds[method.method][inside], level=area.level
    )
    look = _LOOKS[method.method] | {"marker": ""}
    name = _short(method_title(method.method, evaluation))
    label = f"{name}: {_interval_text(area.value, area.lower, area.upper)}"
    if kind == "precision_recall":
        look["drawstyle"] = "steps-pre"
    panel.plot(drawn.x, drawn.y, linewidth=1.4, label=label, zorder=3, **look)
    band = {"color": look["color"], "alpha": _BAND, "linewidth": 0}
    panel.fill_between(drawn.points, drawn.lower, drawn.upper, **band)


def reliability_picture(evaluation: Evaluation, output: str) -> Figure:
    """Draw how often what was said with some probability was so.

    Parameters
    ----------
    evaluation, output
        As for :func:`roc_picture`.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each set of rows, a column for each method. A marker is a bin of probability a
        tenth wide, its upright line the Wilson interval of the share of positives, the grey bar
        the share of all rows that are in the bin. On the dotted line what is said is so; the
        title has the expected calibration error (ECE) with its interval.
    """
    figure, panels = _panel_for_each(evaluation, output)
    for panel, one, method in panels:
        _unit_axes(panel)
        panel.plot([0, 1], [0, 1], color=_NO_SKILL, linewidth=0.8, linestyle=":", zorder=1)
        _title(panel, evaluation, method, "calibration_error", "ECE")
        bins = [found for found in method.reliability if found.rows]
        shares = [found.rows / one.rows for found in bins]
        lower = [found.lower for found in bins]
        panel.bar(lower, shares, _BIN, align="edge", color=_ROWS, linewidth=0, zorder=0)
        x = [found.mean_probability for found in bins]
        y = [found.observed_share for found in bins]
        level = method.figures["calibration_error"].level
        bounds = [
            wilson_interval(round(at * f.rows), f.rows, level)
            for at, f in zip(y, bins, strict=True)
        ]
        look = _LOOKS[method.method]
        for at, (low, high) in zip(x, bounds, strict=True):
            panel.plot([at, at], [low, high], color=look["color"], linewidth=0.9)
        panel.plot(x, y, linewidth=1, markersize=4, **look)
        _outer_labels(panel, one, "predicted probability", "share of positives")
    return figure


def confusion_picture(evaluation: Evaluation, output: str) -> Figure:
    """Draw calls by label.

    Parameters
    ----------
    evaluation, output
        As for :func:`roc_picture`.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each set of rows, a column for each method. A cell has the count and the share of
        its label's rows with the Wilson interval; the darker, the larger that share.
    """
    figure, panels = _panel_for_each(evaluation, output)
    for panel, one, method in panels:
        counts = method.confusion.to_array()
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.zeros((2, 2)), where=totals > 0)
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=_DARKEST)
        level = method.figures["mcc"].level
        for (label, called), count in np.ndenumerate(counts):
            share, total = shares[label, called], int(totals[label, 0])
            low, high = wilson_interval(int(count), total, level)
            text = f"{count:,}"
            if total:
                text += f"\n{share:.0%}\n({low:.0%}\N{EN DASH}{high:.0%})"
            panel.text(called, label, text, ha="center", va="center", fontsize=MARK_SIZE)
        panel.axhline(0.5, color="white", linewidth=2)
        panel.axvline(0.5, color="white", linewidth=2)
        _title(panel, evaluation, method, "mcc", "MCC")
        panel.set_xticks([0, 1], ["0", "1"], fontsize=MARK_SIZE)
        panel.set_yticks([0, 1], ["0", "1"], fontsize=MARK_SIZE)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        _outer_labels(panel, one, "called", "label")
    return figure


_Panel: TypeAlias = "tuple[Axes, RowSet, MethodFigures]"


def _panel_for_each(evaluation: Evaluation, output: str) -> tuple[Figure, list[_Panel]]:
    """Make a figure with a row for each set of rows that has any, and a column for each method."""
    sets = [one for one in _found(evaluation, output).sets if one.rows]
    figure = new_figure(_HEIGHT_OF_A_SET * len(sets), _WIDTH)
    panels = figure.subplots(len(sets), len(sets[0].methods), squeeze=False)
    return figure, [
        (panel, one, method)
        for row, one in zip(panels, sets, strict=True)
        for panel, method in zip(row, one.methods, strict=True)
    ]


def _title(
    panel: Axes, evaluation: Evaluation, method: MethodFigures, metric: Metric, title: str
) -> None:
    found = method.figures[metric]
    name = _short(method_title(method.method, evaluation))
    text = _interval_text(found.value, found.lower, found.upper)
    panel.set_title(f"{name}\n{title} {text}", fontsize=MARK_SIZE)


def _outer_labels(panel: Axes, one: RowSet, x: str, y: str) -> None:
    """Label the axes of panels in the first column and the last row; say which rows they show."""
    place = panel.get_subplotspec()
    if place is not None and place.is_first_col():
        panel.set_ylabel(f"{_TITLES[one.name]}\n{y}", fontsize=LABEL_SIZE)
    if place is not None and place.is_last_row():
        panel.set_xlabel(x, fontsize=LABEL_SIZE)


def _found(evaluation: Evaluation, output: str) -> OutputEvaluation:
    return next(found for found in evaluation.outputs if found.output == output)


def _inside(found: OutputEvaluation, one: RowSet) -> Any:
    return found.gc_matched if one.name == "gc_matched" else np.ones(len(found.rows), dtype=bool)


def _square(panel: Axes, one: RowSet, x: str, y: str) -> None:
    """Give a panel axes from 0 to 1, labelled, and say which rows it shows."""
    negatives = one.rows - one.positives
    panel.set_title(
        f"{_TITLES[one.name]}\n{one.positives:,} positives, {negatives:,} negatives",
        fontsize=LABEL_SIZE,
    )
    panel.set_xlabel(x, fontsize=LABEL_SIZE)
    panel.set_ylabel(y, fontsize=LABEL_SIZE)
    _unit_axes(panel)
    panel.set_anchor("N")


def _unit_axes(panel: Axes) -> None:
    """Give a square panel axes from 0 to 1."""
    panel.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    ticks = np.arange(6) / 5
    panel.set_xticks(ticks)
    panel.set_yticks(ticks)
    panel.tick_params(labelsize=MARK_SIZE)
    panel.spines[["top", "right"]].set_visible(False)


def _legend(panel: Axes, title: str) -> None:
    """Write the legend below the panel, where it hides nothing."""
    panel.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.15),
        title=title,
        title_fontsize=MARK_SIZE,
        fontsize=MARK_SIZE,
        frameon=False,
        handlelength=2.6,
    )


def _short(name: str) -> str:
    return (
        name
        if len(name) <= _LONGEST_TITLE
        else f"{name[: _LONGEST_TITLE - 1]}\N{HORIZONTAL ELLIPSIS}"
    )


def _interval_text(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return "not defined"
    text = f"{value:.3f} ({low:.3f} to {high:.3f})"
    return text.replace("-", "\N{MINUS SIGN}")
