"""How likely background DNA scores as high: exact p-values of one placement of a motif.

The p-value of a score s is P(S >= s) for one placement of the motif on bases drawn
independently from the background: what FIMO (Grant CE, Bailey TL, Noble WS 2011, Bioinformatics
27:1017-1018), MOODS and TFM-PVALUE (Touzet H, Varre J-S 2007, Algorithms Mol Biol 2:15) report.
It says nothing about how many placements and motifs were looked at.

The distribution of S is worked out position after position, as a list of the scores that the
words so far have and of how likely each is. This is exact as long as the list stays short: for
motifs of up to seven positions, and for longer ones whose words often tie. A list that grows too
long is put on a grid so fine that no word is misplaced by more than 0.01 bits, except for the
best 2,048 scores, where one word more or less matters: for them the list goes on with the best
beginnings alone.

Scores within 0.4 % of p of one another share a p-value, which is that of the highest of them.
Apart from this p is exact in the tail, and at most about 1 % too high elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.pwm import SCORE_UNIT, Background, Pwm

__all__ = ["ScoreDistribution", "ScoreDistributions", "score_distribution"]

_BEST_SCORES: Final = 2048
_DISTINCT_SCORES: Final = 4**7
_MISPLACED_BY: Final = 0.01
"""Most that the grid moves the score of a word, bits."""

_SAME_SCORE: Final = 1e-7
"""Scores this close are one: what the rounding to SCORE_UNIT can make of equal ones, bits."""

_STEP: Final = 0.004
"""The table keeps one score for each 0.4 % of p."""

_Floats = npt.NDArray[np.float64]
_Losses = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreDistribution:
    """P(S >= s) of one placement, as a table of steps.

    Attributes
    ----------
    scores
        Scores that words have, bits, ascending.
    p_values
        P(S >= score) of each, descending; the first is 1 but for rounding.
    """

    scores: _Floats
    p_values: _Floats

    def p_value(self, scores: npt.ArrayLike) -> _Floats:
        """Probability that a placement on background DNA scores at least as high.

        Parameters
        ----------
        scores
            Scores in bits, of any shape; NaN where there is none.

        Returns
        -------
        ndarray
            Of the same shape: above 0 for every score that a word has, 0 above the largest,
            NaN for NaN.

        Examples
        --------
        >>> distribution = score_distribution(Pwm("toy", "TOY", [[1, -1, -1, -1]] * 3))
        >>> distribution.p_value([3, 1, -3]).tolist()
        [0.015625, 0.15625, 1.0]
        """
        wanted = np.asarray(scores, dtype=np.float64)
        place = np.searchsorted(self.scores, wanted - _SAME_SCORE)
        p_values = np.append(self.p_values, 0.0)[place]
        return np.where(np.isnan(wanted), np.nan, p_values)

    def threshold(self, p_value: float) -> float:
        """Give the lowest score whose p-value is at most the given one.

        Parameters
        ----------
        p_value
            Above 0, at most 1.

        Returns
        -------
        float
            Bits; infinite where even the best word is more likely than that.

        Raises
        ------
        InputError
            If the p-value is out of range.

        Examples
        --------
        >>> distribution = score_distribution(Pwm("toy", "TOY", [[1, -1, -1, -1]] * 3))
        >>> distribution.threshold(0.2), distribution.threshold(0.01)
        (1.0, inf)
        """
        if not 0 < p_value <= 1:
            raise InputError(f"p-value is {p_value}, expected above 0 and at most 1")
        place = int(np.searchsorted(-self.p_values, -p_value))
        return float(self.scores[place]) if place < len(self.scores) else float("inf")


class ScoreDistributions:
    """Score distributions by the content of the matrix, each worked out once.

    Examples
    --------
    >>> distributions = ScoreDistributions()
    >>> pwm = Pwm("toy", "TOY", [[1, -1, -1, -1]] * 3)
    >>> distributions.of(pwm) is distributions.of(Pwm("other", "OTHER", pwm.scores))
    True
    """

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, Background], ScoreDistribution] = {}

    def of(self, pwm: Pwm) -> ScoreDistribution:
        """Distribution of a motif's score under its background."""
        key = (pwm.scores.tobytes(), pwm.background)
        if key not in self._known:
            self._known[key] = score_distribution(pwm)
        return self._known[key]


def score_distribution(pwm: Pwm) -> ScoreDistribution:
    """Work out the distribution of a motif's score under its background.

    Parameters
    ----------
    pwm
        The motif.

    Returns
    -------
    ScoreDistribution
        About 2,000 steps.

    Examples
    --------
    >>> pwm = Pwm("toy", "TOY", [[2, 0, -1, -4], [2, -4, -4, 1]])
    >>> score_distribution(pwm).p_value([4, 3, 2]).tolist()
    [0.0625, 0.125, 0.1875]
    """
    best = pwm.scores.max(axis=1, keepdims=True)
    # Counted down from the best word's score, each position adds a loss, and 0 for its best base.
    rows = np.rint((best - pwm.scores) / SCORE_UNIT).astype(np.int64)
    background = np.array(pwm.background)
    losses, chances = np.zeros(1, dtype=np.int64), np.ones(1)
    for done, row in enumerate(rows, 1):
        losses, chances = _longer_words(losses, chances, row, background)
        if len(losses) >= _DISTINCT_SCORES and done < len(rows):
            few = _best_scores(losses, chances, rows[done:], background)
            all_of_them = _on_a_grid(losses, chances, rows[done:], background)
            losses, reached = _joined(few, all_of_them)
            break
    else:
        reached = np.cumsum(chances)
    scores = float(best.sum()) - losses * SCORE_UNIT
    return _steps(scores.astype(np.float64), reached)


def _longer_words(
    losses: _Losses, chances: _Floats, row: _Losses, background: _Floats
) -> tuple[_Losses, _Floats]:
    """Add a position: the losses that words then have, ascending and each once."""
    losses = np.add.outer(losses, row).ravel()
    order = np.argsort(losses)
    losses = losses[order]
    new = np.flatnonzero(np.diff(losses, prepend=-1))
    chances = np.multiply.outer(chances, background).ravel()[order]
    return losses[new], np.add.reduceat(chances, new)


def _best_scores(
    losses: _Losses, chances: _Floats, rows: _Losses, background: _Floats
) -> tuple[_Losses, _Floats]:
    """Least losses that words have, exact and ascending, with P(loss <= that)."""
    out_of = np.iinfo(np.int64).max
    for row in rows:
        # A beginning that has lost more than n others can begin none of the best n scores.
        if len(losses) > _BEST_SCORES:
            out_of = min(out_of, int(losses[_BEST_SCORES]))
        losses, chances = _longer_words(
            losses[:_BEST_SCORES], chances[:_BEST_SCORES], row, background
        )
    complete = losses < out_of
    return losses[complete], np.cumsum(chances[complete])


def _on_a_grid(
    losses: _Losses, chances: _Floats, rows: _Losses, background: _Floats
) -> tuple[_Losses, _Floats]:
    """All losses, ascending, with P(loss <= that), by dynamic programming on a grid.

    A word may be misplaced by the sum of all roundings. Losses are lowered by the most that this
    can be, so that p counts every word that it has to.
    """
    width = max(1, int(_MISPLACED_BY / SCORE_UNIT / (len(rows) + 1)))
    places, steps = np.rint(losses / width).astype(np.int64), np.rint(rows / width).astype(np.int64)
    grid: _Floats = np.bincount(places, weights=chances).astype(np.float64)
    for row in steps:
        longer = np.zeros(len(grid) + int(row.max()))
        for step, chance in zip(row, background, strict=True):
            longer[step : step + len(grid)] += chance * grid
        grid = longer
    misplaced = np.abs(places * width - losses).max()
    misplaced += np.abs(steps * width - rows).max(axis=1).sum()
    reached = np.flatnonzero(grid).astype(np.int64)
    return reached * width - misplaced, np.cumsum(grid[reached])


def _joined(
    few: tuple[_Losses, _Floats], all_of_them: tuple[_Losses, _Floats]
) -> tuple[_Losses, _Floats]:
    """Put the scores of the grid behind the best ones, which are exact and complete."""
    (losses, reached), (grid_losses, grid_reached) = few, all_of_them
    behind = grid_reached > reached[-1]
    # The grid may lift a word above the best ones.
    grid_losses = np.maximum(grid_losses[behind], losses[-1] + int(2 * _SAME_SCORE / SCORE_UNIT))
    return (
        np.concatenate([losses, grid_losses]),
        np.concatenate([reached, grid_reached[behind]]),
    )


def _steps(scores: _Floats, p_values: _Floats) -> ScoreDistribution:
    """Keep the highest score of each 0.4 % of p, and the lowest of all.

    Both are descending in score on the way in. A score between two that are kept gets the
    p-value of the higher one.
    """
    p_values = np.minimum(p_values, 1.0)
    level = np.floor(np.log(p_values) / _STEP)
    kept = np.append(True, np.diff(level) > 0)
    kept[-1] = True
    return ScoreDistribution(scores[kept][::-1].copy(), p_values[kept][::-1].copy())
