"""How often a random single-base change does as much to a motif: p-values of the change itself.

The null of a motif of length L is 2 * L - 1 bases drawn independently from its background, the
middle one replaced by one of the other three, all equally likely. Of the best hits over all
placements on the middle base, on both strands, either of two measures is taken:

- ``log10_p_ratio``: |log10(p_ref / p_alt)|, the rank test of atSNP (Zuo C, Shin S, Keles S 2015,
  Bioinformatics 31:3353-3355), and the default;
- ``score_shift``: |score of ALT - score of REF|, bits.

The p-value of a change is how often the null's is as large or larger. It is two-sided, and takes
account of how many placements there are, but not of how many motifs are looked at. Scores fail as
a measure for most motifs: the best hit in random DNA is far from a site and loses as many bits as a
site does. The largest change there is, of the most informative base, has a p-value of 0.005 (median
of the motifs of JASPAR 2024), whether it breaks a site or not.

Tails are reached by importance sampling. Half of the samples are the null itself. In the others a
placement on one of the alleles, each in turn, gets a site whose bases have probabilities
proportional to q(b) * 2^(theta * score(b)), where theta = 1 is the motif itself if its scores are
log-odds. What a sample counts is one over the density of this mixture relative to the null (the
balance heuristic: Veach E, Guibas LJ 1995, SIGGRAPH 95:419-428). It needs nothing but the scores of
all placements, and is never above 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.motifs.change_tables import TABLE_UNIT, shipped_changes
from enhancer_variants.motifs.p_values import (
    ScoreDistribution,
    ScoreDistributions,
    score_distribution,
)
from enhancer_variants.motifs.pwm import Background, Pwm

__all__ = [
    "CHANGE_SAMPLES",
    "CHANGE_SEED",
    "SMALLEST_P_OF_CHANGE",
    "ChangeDistribution",
    "ChangeDistributions",
    "ChangeMeasure",
    "change_distribution",
]

ChangeMeasure = Literal["log10_p_ratio", "score_shift"]
"""What of a change is compared with that of random changes."""

SMALLEST_P_OF_CHANGE: Final = 1e-7
"""The p-value of changes that are rarer than this."""

CHANGE_SAMPLES: Final = 32_768
"""Random changes drawn for each motif."""

CHANGE_SEED: Final = 20_240_117

STEPS_PER_DECADE: Final = 16
_STEPS: Final = 7 * STEPS_PER_DECADE
_TILTS: Final = (0.5, 1.0)

_UNIT: Final = 2.0**-14
"""Scores are rounded to this for sampling: sums of them are exact in float32, in any order."""

_ROUNDING: Final = {"log10_p_ratio": 0.004, "score_shift": 2 * _UNIT}
"""How far rounded scores can take a change from what it is: two steps of a ScoreDistribution."""

_Floats = npt.NDArray[np.float64]
_Floats32 = npt.NDArray[np.float32]
_Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ChangeDistribution:
    """How often random single-base changes do as much: the changes at fixed p-values.

    Attributes
    ----------
    changes
        Largest change that has a p-value of at least 10^(-n / 16), for n from 0 to 112;
        ascending from 0.
    """

    changes: _Floats

    def p_value(self, changes: npt.ArrayLike) -> _Floats:
        """Probability that a random single-base change does as much.

        Between the p-values of the table log10(p) is interpolated, so that a change that a good
        part of the random ones share has a p-value that is right within a step, 15 %.

        Parameters
        ----------
        changes
            In the measure of the distribution, of any shape, either sign; NaN for none.

        Returns
        -------
        ndarray
            Of the same shape: 1 for no change, at least :data:`SMALLEST_P_OF_CHANGE`, NaN for
            NaN.

        Examples
        --------
        >>> toy = change_distribution(Pwm("toy", "TOY", [[2, -6, -6, -6]] * 7), "score_shift")
        >>> toy.p_value([0, 9, -9, float("nan")]).tolist()
        [1.0, 1e-07, 1e-07, nan]
        """
        sizes = np.abs(np.asarray(changes, dtype=np.float64))
        # Of equal changes, the one that is found in a descending table has the largest p-value.
        steps = np.interp(-sizes, -self.changes[::-1], np.arange(len(self.changes))[::-1])
        return np.asarray(10.0 ** (-steps / STEPS_PER_DECADE))


class ChangeDistributions:
    """Distributions of random changes by the content of the matrix, each worked out once.

    Those of the bundled motifs with the default pseudocount and background ship with the
    package.

    Parameters
    ----------
    measure
        What of a change is compared.
    distributions
        Where the distributions of the motifs' scores are kept.

    Examples
    --------
    >>> by_chance = ChangeDistributions("score_shift", ScoreDistributions())
    >>> pwm = Pwm("toy", "TOY", [[1, -1, -1, -1]] * 3)
    >>> by_chance.of(pwm) is by_chance.of(Pwm("other", "OTHER", pwm.scores))
    True
    """

    def __init__(self, measure: ChangeMeasure, distributions: ScoreDistributions) -> None:
        self.measure: Final = measure
        self._distributions = distributions
        self._known: dict[tuple[bytes, Background], ChangeDistribution] = {}
        self._shipped: dict[bytes, _Floats] | None = None

    def of(self, pwm: Pwm) -> ChangeDistribution:
        """Distribution of what random changes do to a motif under its background."""
        key = (pwm.scores.tobytes(), pwm.background)
        if key not in self._known:
            self._known[key] = self._read(pwm) or change_distribution(
                pwm, self.measure, self._distributions.of(pwm)
            )
        return self._known[key]

    def _read(self, pwm: Pwm) -> ChangeDistribution | None:
        """Distribution that ships with the package."""
        if self._shipped is None:
            self._shipped = shipped_changes() if self.measure == "log10_p_ratio" else {}
        table = self._shipped.get(pwm.digest())
        return None if table is None else ChangeDistribution(table)


def change_distribution(
    pwm: Pwm,
    measure: ChangeMeasure = "log10_p_ratio",
    distribution: ScoreDistribution | None = None,
    *,
    samples: int = CHANGE_SAMPLES,
    seed: int = CHANGE_SEED,
) -> ChangeDistribution:
    """Sample what random single-base changes do to a motif's best hit.

    Parameters
    ----------
    pwm
        The motif.
    measure
        What of a change is compared.
    distribution
        Of the motif's scores; worked out where it is needed and not given.
    samples
        Random changes to draw, about.
    seed
        Of the random numbers: the same gives the same table.

    Returns
    -------
    ChangeDistribution
        At p = 1e-6 the standard error of p is a few per cent for most motifs.
    """
    best, weights = _samples(pwm, samples, np.random.default_rng(seed))
    if measure == "log10_p_ratio":
        known = distribution or score_distribution(pwm)
        best = np.log10(known.p_value(best - pwm.length * _UNIT / 2))
    sizes = np.abs(best[1] - best[0])
    order = np.argsort(-sizes)
    reached = np.cumsum(weights[order]) / len(sizes)
    wanted = 10.0 ** (-np.arange(_STEPS + 1) / STEPS_PER_DECADE)
    changes = np.append(sizes[order], 0.0)[np.searchsorted(reached, wanted)]
    changes = np.ceil((changes + _ROUNDING[measure]) / TABLE_UNIT) * TABLE_UNIT
    changes[0] = 0
    return ChangeDistribution(changes)


def _samples(pwm: Pwm, samples: int, generator: np.random.Generator) -> tuple[_Floats, _Floats]:
    """Best scores in two alleles (2, n), in either order, and how much each sample counts."""
    length, background = pwm.length, np.array(pwm.background)
    scores = np.rint(pwm.scores / _UNIT) * _UNIT
    sites = [_tilted(scores, background, theta) for theta in _TILTS]
    # As many for each placement, and an even number, for the two alleles.
    each = 2 * max(1, round(samples / 2 / (4 * length * len(_TILTS))))
    plain = _drawn(np.tile(background, (1, 2 * length - 1, 1)), samples // 2, generator)
    with_site = [_drawn(_at_each_placement(site, background), each, generator) for site, _ in sites]
    first = np.concatenate([*with_site, plain])
    of_alt = np.arange(len(first)) % 2 == 1
    of_alt[-len(plain) :] = False
    middle = first[:, length - 1]
    second = _other_base(middle, of_alt, background, generator)
    one, other = _scores_of_both(first, second, scores)
    # How much likelier a base is in the middle of REF than of ALT.
    ref_over_alt = 3 * background / (1 - background)
    factor_one = np.where(of_alt, ref_over_alt[middle], 1.0)
    factor_other = np.where(of_alt, 1.0, ref_over_alt[second])
    density = np.full(len(first), len(plain) / len(first))
    for theta, (_, log2_sum) in zip(_TILTS, sites, strict=True):
        share = each / len(first) / 2
        density += share * factor_one * _sum_of_powers(theta, one, log2_sum)
        density += share * factor_other * _sum_of_powers(theta, other, log2_sum)
    best = np.stack([one.max(axis=1), other.max(axis=1)]).astype(np.float64)
    return best, 1 / density


def _tilted(scores: _Floats, background: _Floats, theta: float) -> tuple[_Floats, float]:
    """Probabilities of a site's bases, and log2 of what they were divided by."""
    weights = background * np.exp2(theta * scores)
    sums = weights.sum(axis=1, keepdims=True)
    return weights / sums, float(np.log2(sums).sum())


def _at_each_placement(site: _Floats, background: _Floats) -> _Floats:
    """Tables of base probabilities, (2 * L, 2 * L - 1, 4): a site at each placement."""
    length = len(site)
    tables = np.tile(background, (2 * length, 2 * length - 1, 1))
    for start in range(length):
        tables[2 * start, start : start + length] = site
        tables[2 * start + 1, start : start + length] = site[::-1, ::-1]
    return tables


def _drawn(probabilities: _Floats, each: int, generator: np.random.Generator) -> _Codes:
    """Draw `each` sequences from each table of base probabilities."""
    tables, length, _ = probabilities.shape
    limits = np.cumsum(probabilities, axis=2)[:, None, :, :3].astype(np.float32)
    random = generator.random((tables, each, length), dtype=np.float32)
    codes = (random >= limits[..., 0]).view(np.uint8)
    codes = codes + (random >= limits[..., 1]) + (random >= limits[..., 2])
    return codes.reshape(-1, length)


def _other_base(
    bases: _Codes,
    of_alt: npt.NDArray[np.bool_],
    background: _Floats,
    generator: np.random.Generator,
) -> _Codes:
    """Draw what each base replaces if it is ALT's, and what it is replaced by if it is REF's."""
    replaced = np.tile(background, (4, 1))
    np.fill_diagonal(replaced, 0)
    replaced /= replaced.sum(axis=1, keepdims=True)
    by = (1 - np.eye(4)) / 3
    limits = np.cumsum(np.stack([by, replaced]), axis=2)[of_alt.astype(np.intp), bases]
    # Above the last base that can be drawn, rounding may leave less than 1.
    limits[limits > 1 - 1e-9] = 1
    random = generator.random((len(bases), 1))
    return np.asarray((random >= limits).sum(axis=1), dtype=np.uint8)


def _scores_of_both(first: _Codes, second: _Codes, scores: _Floats) -> tuple[_Floats32, _Floats32]:
    """Scores (n, 2 * L) of all placements on sequences, and with another base in the middle."""
    length = len(scores)
    bands = np.zeros((2 * length - 1, 4, 2 * length), dtype=np.float32)
    for start in range(length):
        bands[start : start + length, :, 2 * start] = scores
        bands[start : start + length, :, 2 * start + 1] = scores[::-1, ::-1]
    one_hot = (first[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float32)
    found = one_hot.reshape(len(first), -1) @ bands.reshape(-1, 2 * length)
    middle = bands[length - 1]
    return found, found + (middle[second] - middle[first[:, length - 1]])


def _sum_of_powers(theta: float, scores: _Floats32, log2_sum: float) -> _Floats:
    """Density of a site at one of the placements relative to the null, summed over placements."""
    with np.errstate(over="ignore"):  # what is infinitely likelier to be drawn counts 0
        powers = np.exp2(theta * scores - np.float32(log2_sum)).sum(axis=1)
    return np.asarray(powers, dtype=np.float64)
