"""How the shifts of each model are distributed, as numbers for drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from enhancer_variants.reports.effect_rows import models_of, shift_column
from enhancer_variants.reports.page.written import signed_text

__all__ = ["Bar", "Histogram", "Tick", "shift_histograms"]

_BINS_EACH_SIDE: Final = 20
_STEPS: Final = (1, 2, 5, 10)
_SMALLEST_STEP: Final = 0.01
"""What two decimals can say."""
_WIDTH: Final = 320.0
_HEIGHT: Final = 96.0
"""Of the part where bars are, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram, in units of the drawing; `sign` is that of its shifts."""

    x: float
    y: float
    width: float
    height: float
    sign: Literal["gain", "loss"]
    about: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in units of the drawing, and what is written there."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shifts of one model.

    Attributes
    ----------
    model
        Its name.
    scored
        Alleles that have a shift.
    gains, losses
        Of these, how many cross the decision threshold upward and downward.
    median
        Of the absolute shifts, log2 odds.
    lowest, highest
        Of the shifts, log2 odds.
    width, height
        Of the drawing.
    bars, ticks, levels
        What is drawn. The heights of bars are logarithms of their counts.
    """

    model: str
    scored: int
    gains: int
    losses: int
    median: float
    lowest: float
    highest: float
    width: float
    height: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    levels: tuple[Tick, ...]


def shift_histograms(effects: pd.DataFrame, main: str | None = None) -> list[Histogram]:
    """Count the shifts of every model that scored something, in bins that mirror each other.

    Parameters
    ----------
    effects
        The table.
    main
        The model that comes first; the others follow in the order of their columns.

    Examples
    --------
    >>> effects = pd.DataFrame({"CTCF_log_odds_shift": [1.0, 0.5, 0.5]})
    >>> (histogram,) = shift_histograms(effects)
    >>> [bar.about for bar in histogram.bars]
    ['2 alleles from +0.50 to +0.55', '1 allele from +0.95 to +1.00']
    """
    models = sorted(models_of(effects.columns), key=lambda model: model != main)
    found = (_histogram(effects, model) for model in models)
    return [histogram for histogram in found if histogram is not None]


def _histogram(effects: pd.DataFrame, model: str) -> Histogram | None:
    shifts = effects[shift_column(model)].to_numpy(dtype=np.float64, na_value=np.nan)
    shifts = shifts[np.isfinite(shifts)]
    if not len(shifts):
        return None
    step = _step(float(np.abs(shifts).max()) / _BINS_EACH_SIDE)
    edges = np.arange(-_BINS_EACH_SIDE, _BINS_EACH_SIDE + 1) * step
    counts, _ = np.histogram(np.clip(shifts, edges[0], edges[-1]), edges)  # rounding loses none
    effect = effects[f"{model}_effect"] if f"{model}_effect" in effects else pd.Series(dtype=str)
    tallest = math.log10(int(counts.max()) + 1)
    return Histogram(
        model,
        len(shifts),
        int((effect == "gain").sum()),
        int((effect == "loss").sum()),
        float(np.median(np.abs(shifts))),
        float(shifts.min()),
        float(shifts.max()),
        _WIDTH,
        _HEIGHT,
        tuple(_bars(counts, edges, tallest)),
        tuple(_ticks(float(edges[-1]))),
        tuple(_levels(int(counts.max()), tallest)),
    )


def _step(least: float) -> float:
    """Width of a bin: a round number that is at least this."""
    least = max(least, _SMALLEST_STEP)
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def _bars(counts: Any, edges: Any, tallest: float) -> list[Bar]:
    width = _WIDTH / len(counts)
    bars = []
    for place, count in enumerate(counts.tolist()):
        if not count:
            continue
        height = round(_HEIGHT * math.log10(count + 1) / tallest, 2)
        alleles = "1 allele" if count == 1 else f"{count:,} alleles"
        about = f"{alleles} from {signed_text(edges[place])} to {signed_text(edges[place + 1])}"
        sign: Literal["gain", "loss"] = "gain" if edges[place] > -1e-12 else "loss"
        x = round(place * width + 0.5, 2)
        bars.append(Bar(x, round(_HEIGHT - height, 2), round(width - 1, 2), height, sign, about))
    return bars


def _ticks(largest: float) -> list[Tick]:
    step = _step(largest / 2.5)
    count = int(largest / step + 1e-9)
    digits = 0 if step == int(step) else 2
    return [
        Tick(
            round(_WIDTH * (0.5 + place * step / largest / 2), 2),
            signed_text(place * step, digits) if place else "0",
        )
        for place in range(-count, count + 1)
    ]


def _levels(largest: int, tallest: float) -> Sequence[Tick]:
    powers = range(int(math.log10(largest)) + 1)
    return [
        Tick(round(_HEIGHT * (1 - math.log10(10**power + 1) / tallest), 2), f"{10**power:,}")
        for power in powers
    ]
