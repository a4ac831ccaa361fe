"""Scores judged group by group, on average over groups, and against each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from enhancer_variants.errors import InputError
from enhancer_variants.training.metrics import FEWEST_ROWS, BootstrapInterval
from enhancer_variants.training.variant_evaluation.resampling import (
    GroupVariants,
    VariantStatistic,
    group_seed,
    resampled_statistics,
    statistics_of,
)
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = [
    "JudgedVariants",
    "Resampling",
    "ScoreDifference",
    "ScoreFigure",
    "Subset",
    "grouped",
]

Subset = Literal["common", "own"]
"""Variants that every score has a value for, or all that one score has a value for."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How bootstrap intervals are made.

    Parameters
    ----------
    resamples
        How often the variants of each group are drawn again.
    level
        Share of the resamples inside an interval.
    seed
        What they are drawn by.

    Raises
    ------
    InputError
        If one of them is out of range.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resamples < 1:
            raise InputError(f"resamples is {self.resamples}; expected 1 or more")
        if not 0 < self.level < 1:
            raise InputError(f"level is {self.level}; expected a share between 0 and 1")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; expected 0 or more")


@dataclass(frozen=True, slots=True)
class ScoreFigure:
    """How good one score is by one statistic.

    Attributes
    ----------
    score
        Name of the score.
    group
        The group, or None for the mean over groups.
    metric
        ``pearson``, ``spearman``, ``auroc`` or ``direction``.
    variants
        Which variants it is of.
    interval
        The figure with its interval; `rows` is the number of variants that count, `left_out` that
        of the group's others (those without a p-value, or that are not significant).
    groups
        How many groups it is the mean of: those where it is defined, of at least ten
        variants that count. 1 for one group.
    p_value
        Of ``direction``: two-sided binomial p against 0.5, of the variants whose score is not 0;
        of all groups together for the mean. NaN for the others, and where there are none.
    """

    score: str
    group: str | None
    metric: VariantStatistic
    variants: Subset
    interval: BootstrapInterval
    groups: int
    p_value: float


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """How much better one score is than another, on the same variants and the same draws.

    Attributes
    ----------
    score, than
        Names of the two.
    group, metric
        As in :class:`ScoreFigure`.
    interval
        Figure of `score` less that of `than`.
    """

    score: str
    than: str
    group: str | None
    metric: VariantStatistic
    interval: BootstrapInterval

    @property
    def better(self) -> str | None:
        """Name of the better one; None where the interval includes 0 or is of few variants."""
        if not self.interval.excludes_zero:
            return None
        return self.score if self.interval.value > 0 else self.than


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVariants:
    """Groups of variants with every statistic of every score, and its draws.

    Attributes
    ----------
    names
        Names of the S scores.
    groups
        The G groups by name, in order.
    values
        By statistic: (G, S) figures.
    draws
        By statistic: (G, S, R) the same of each draw.
    resampling
        How they were drawn.
    """

    names: tuple[str, ...]
    groups: Mapping[str, GroupVariants]
    values: Mapping[VariantStatistic, Numbers]
    draws: Mapping[VariantStatistic, Numbers]
    resampling: Resampling

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        groups: Mapping[str, GroupVariants],
        metrics: Sequence[VariantStatistic],
        resampling: Resampling,
    ) -> JudgedVariants:
        """Judge the scores of all groups; each group is drawn by itself.

        Parameters
        ----------
        names
            Names of the scores, in the order of the groups' scores.
        groups
            By name.
        metrics
            The statistics wanted.
        resampling
            How to draw.
        """
        values: dict[VariantStatistic, list[Numbers]] = {metric: [] for metric in metrics}
        draws: dict[VariantStatistic, list[Numbers]] = {metric: [] for metric in metrics}
        for number, group in enumerate(groups.values()):
            as_it_is = statistics_of(group, np.ones((1, len(group.effects))), metrics)
            drawn = resampled_statistics(
                group,
                metrics,
                resamples=resampling.resamples,
                seed=group_seed(resampling.seed, number),
            )
            for metric in metrics:
                values[metric].append(as_it_is[metric][:, 0])
                draws[metric].append(drawn[metric])
        return cls(
            tuple(names),
            groups,
            {metric: np.stack(found) for metric, found in values.items()},
            {metric: np.stack(found) for metric, found in draws.items()},
            resampling,
        )

    def figures(self, variants: Subset) -> list[ScoreFigure]:
        """Give every figure: each score by each statistic in each group, then their means."""
        found = []
        for place, name in enumerate(self.names):
            for metric, values in self.values.items():
                about = (name, metric, variants, place)
                found += [
                    self._figure(*about, number, group) for number, group in enumerate(self.groups)
                ]
                if len(values) > 1:
                    found.append(self._figure(*about, None, None))
        return found

    def differences(self) -> list[ScoreDifference]:
        """Compare every two scores by every statistic, in each group and on average."""
        found = []
        places: list[tuple[int | None, str | None]] = [*enumerate(self.groups)]
        if len(self.groups) > 1:
            places.append((None, None))
        for a, b in itertools.combinations(range(len(self.names)), 2):
            for metric, values in self.values.items():
                draws = self.draws[metric]
                value, draw = values[:, a] - values[:, b], draws[:, a] - draws[:, b]
                for number, group in places:
                    interval, _ = self._interval(value, draw, metric, number)
                    found.append(
                        ScoreDifference(self.names[a], self.names[b], group, metric, interval)
                    )
        return found

    def _figure(
        self,
        name: str,
        metric: VariantStatistic,
        variants: Subset,
        place: int,
        number: int | None,
        group: str | None,
    ) -> ScoreFigure:
        value, draw = self.values[metric][:, place], self.draws[metric][:, place]
        interval, groups = self._interval(value, draw, metric, number)
        p_value = self._binomial_p(place, number) if metric == "direction" else math.nan
        return ScoreFigure(name, group, metric, variants, interval, groups, p_value)

    def _interval(
        self, value: Numbers, draw: Numbers, metric: VariantStatistic, number: int | None
    ) -> tuple[BootstrapInterval, int]:
        """Interval in one group, or of the mean over those where it is defined and not of few."""
        groups = self.groups.values()
        counts = np.array([group.counted(metric) for group in groups])
        chosen = ~np.isnan(value) & (counts >= FEWEST_ROWS)
        if number is not None:
            chosen = np.arange(len(value)) == number
        members = [*itertools.compress(groups, chosen)]
        counted = int(counts[chosen].sum())
        among = sum(len(group.effects) for group in members)
        drawn = draw[chosen].mean(axis=0) if members else np.array([])
        mean = float(value[chosen].mean()) if members else math.nan
        interval = _interval_of(mean, drawn, self.resampling, counted, among - counted)
        return interval, len(members)

    def _binomial_p(self, place: int, number: int | None) -> float:
        """P-value of the signs that agree, if signs were drawn by a fair coin."""
        groups = list(self.groups.values())
        agreements = [
            group.agreement(group.scores[place])[group.has_direction]
            for group in (groups if number is None else [groups[number]])
        ]
        signs = np.concatenate(agreements)
        decided = signs[signs != 1 / 2]
        if not decided.size:
            return math.nan
        return float(binomtest(int(decided.sum()), decided.size).pvalue)


def _interval_of(
    value: float, draws: Numbers, resampling: Resampling, rows: int, left_out: int
) -> BootstrapInterval:
    defined = draws[~np.isnan(draws)]
    bounds = [(1 - resampling.level) / 2, (1 + resampling.level) / 2]
    lower, upper = np.quantile(defined, bounds).tolist() if defined.size else (math.nan, math.nan)
    return BootstrapInterval(
        value=value,
        lower=lower,
        upper=upper,
        level=resampling.level,
        resamples=resampling.resamples,
        undefined=resampling.resamples - defined.size,
        rows=rows,
        left_out=left_out,
    )


def grouped(
    labels: npt.NDArray[np.object_],
    order: Sequence[str],
    effects: Numbers,
    p_values: Numbers,
    scores: Numbers,
    significant: float,
) -> dict[str, GroupVariants]:
    """Put variants into their groups.

    Parameters
    ----------
    labels
        (n,) name of each variant's group.
    order
        The groups, in order; one may have no variants.
    effects, p_values
        (n,) as in :class:`GroupVariants`.
    scores
        (S, n) likewise.
    significant
        Likewise.
    """
    rows = {group: labels == group for group in order}
    return {
        group: GroupVariants(effects[own], p_values[own], scores[:, own], significant)
        for group, own in rows.items()
    }
