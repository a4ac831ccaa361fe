"""One number per allele over all motifs: hits that the ALT gains, minus hits that it loses.

A hit is soft. With s the score of a motif's best placement on the change, on either strand, and
S the largest score that the motif can have::

    hit(s) = 1 / (1 + exp(-(s / S - 0.8) / 0.1))
    motif_shift_sum = sum over motifs of weight * (hit(s_alt) - hit(s_ref))

A hit counts half at 0.8 of the largest score, and 0.27 and 0.73 at 0.7 and 0.9, between which
cut-offs are chosen: Wasserman WW, Sandelin A (2004), Nat Rev Genet 5:276-287. That it rises
gradually is how models of occupancy have it: Granek JA, Clarke ND (2005), Genome Biol 6:R87
(GOMER); Roider HG et al. (2007), Bioinformatics 23:134-141 (TRAP).

Copies of one motif count once together. Two motifs are copies if their scores on background DNA
have a correlation of at least 0.95 where one is laid over the other, at the best of all offsets
and strands, and a motif's weight is 1 over the number of its copies, itself included.
With u and v the scores of two motifs less their mean under the background, position by position,
and q the background, that correlation is::

    sum of q(b) * u(i, b) * v(i + offset, b) over the positions that overlap
    / root of (sum of q(b) * u(i, b)**2) * (sum of q(b) * v(i, b)**2) over all positions

Similarity of motifs as covariance of what they find: Pape UJ, Rahmann S, Vingron M (2008),
Bioinformatics 24:350-357. Weights of 1 over the number of neighbours: Morcos F et al. (2011),
Proc Natl Acad Sci USA 108:E1293-E1301, for sequences. Factors of one family count each: which of
them a cell has is not known, and a sequence that many of them bind is the likelier to be bound.

The sum knows nothing of cells, nor of what a factor does. A repressor's motif that is gained
counts as an activator's: an allele with a positive sum may well lower activity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.change import MotifChanges
from enhancer_variants.motifs.pwm import Pwm

__all__ = [
    "ALIKE_FROM",
    "HALF_A_HIT",
    "HIT_WIDTH",
    "motif_shift_sum",
    "motif_similarity",
    "motif_weights",
    "soft_hits",
]

HALF_A_HIT: Final = 0.8
"""Share of a motif's largest score at which a placement is half a hit."""

HIT_WIDTH: Final = 0.1
"""How gradually a hit begins, as a share of the largest score: the scale of the logistic."""

ALIKE_FROM: Final = 0.95
"""Correlation of two motifs' scores from which they count once together. The threshold frozen
before the measured effects were looked at was 0.6; benchmarks/README.md has both figures."""

_ROUNDING: Final = 1e-9
_ALLELES_AT_ONCE: Final = 2048
_MOTIFS_AT_ONCE: Final = 128

_Floats = npt.NDArray[np.float64]


def soft_hits(scores: npt.ArrayLike, pwms: Sequence[Pwm]) -> _Floats:
    """Say how much of a hit each score is.

    Parameters
    ----------
    scores
        Shape (..., motifs): scores of placements, bits; NaN where there is none.
    pwms
        The motifs, in the order of the last axis.

    Returns
    -------
    ndarray
        Of the same shape, 0 to 1; NaN for NaN, and for a motif that can have no score above 0.

    Examples
    --------
    >>> toy = Pwm("toy", "TOY", [[2, -2, -2, -2]] * 5)
    >>> soft_hits([[10.0], [8.0], [6.0], [-10.0]], [toy]).ravel().round(3).tolist()
    [0.881, 0.5, 0.119, 0.0]
    """
    largest = np.array([pwm.largest_score for pwm in pwms])
    steepness = np.divide(
        0.5 / HIT_WIDTH, largest, out=np.full(len(pwms), np.nan), where=largest > 0
    )
    # (1 + tanh(x / 2)) / 2 is the logistic of x, without overflow.
    halved = np.asarray(scores, dtype=np.float64) * steepness
    halved -= 0.5 * HALF_A_HIT / HIT_WIDTH
    np.tanh(halved, out=halved)
    halved += 1
    halved *= 0.5
    return np.asarray(halved)


def motif_shift_sum(changes: MotifChanges, weights: npt.NDArray[np.float64]) -> _Floats:
    """Sum up hits gained minus hits lost over all motifs.

    Parameters
    ----------
    changes
        Of some alleles.
    weights
        Shape (motifs,), from :func:`motif_weights`: how much each motif counts.

    Returns
    -------
    ndarray
        Shape (alleles,), in hits of distinct motifs: above 0, the ALT gains. Swapping the alleles
        negates it. NaN where no motif with a weight has a placement in both alleles; motifs
        with a placement in only one do not count.

    Raises
    ------
    InputError
        If there are not as many weights as motifs.

    Examples
    --------
    >>> from enhancer_variants.motifs import motif_panel, sequence_context
    >>> panel = motif_panel([Pwm("toy", "TOY", [[2, -6, -6, -6]] * 7)])
    >>> context = sequence_context("CCCCAAAAAAACCC", "CCCCAAACAAACCC", panel.margin)
    >>> motif_shift_sum(panel.changes([context]), motif_weights(panel.pwms)).round(3).tolist()
    [-0.857]
    """
    if weights.shape != (len(changes.pwms),):
        raise InputError(
            f"weights of shape {weights.shape} for {len(changes.pwms)} motifs; expected one each"
        )
    sums = np.full(len(changes.scores_ref), np.nan)
    for begin in range(0, len(sums), _ALLELES_AT_ONCE):
        some = slice(begin, begin + _ALLELES_AT_ONCE)
        gained = soft_hits(changes.scores_alt[some], changes.pwms)
        gained -= soft_hits(changes.scores_ref[some], changes.pwms)
        absent = np.isnan(gained) | (weights == 0)
        gained[absent] = 0
        gained *= weights
        # Summed row by row, and not as a product with the weights, whose last bits would depend
        # on how many alleles there are.
        total = np.ascontiguousarray(gained).sum(axis=1)
        sums[some] = np.where(absent.all(axis=1), np.nan, total)
    return sums


def motif_weights(pwms: Sequence[Pwm], alike_from: float = ALIKE_FROM) -> _Floats:
    """Weigh motifs so that those that are alike count once together.

    Parameters
    ----------
    pwms
        The motifs.
    alike_from
        Correlation of two motifs' scores from which they are alike, above 0, at most 1.

    Returns
    -------
    ndarray
        Shape (motifs,): 1 over the number of motifs that are like it, itself included; 0 for a
        motif that can have no score above 0. It does not depend on their order.

    Raises
    ------
    InputError
        If `alike_from` is out of range.

    Examples
    --------
    >>> toy = Pwm("toy", "TOY", [[2, -6, -6, -6]] * 7)
    >>> other = Pwm("other", "OTHER", [[-6, 2, -6, -6], [-6, -6, 2, -6]] * 4)
    >>> motif_weights([toy, other, Pwm("again", "TOY", toy.scores)]).tolist()
    [0.5, 1.0, 0.5]
    """
    if not 0 < alike_from <= 1:
        raise InputError(f"alike_from is {alike_from}, expected above 0 and at most 1")
    weights = np.zeros(len(pwms))
    usable = [place for place, pwm in enumerate(pwms) if pwm.largest_score > 0]
    # Motifs of about one length together: there are fewer ways to lay them over the others.
    usable.sort(key=lambda place: pwms[place].length)
    some = [pwms[place] for place in usable]
    for begin in range(0, len(some), _MOTIFS_AT_ONCE):
        rows = slice(begin, begin + _MOTIFS_AT_ONCE)
        alike = motif_similarity(some[rows], some) >= alike_from - _ROUNDING
        weights[usable[rows]] = 1 / alike.sum(axis=1)
    return weights


def motif_similarity(ones: Sequence[Pwm], others: Sequence[Pwm]) -> _Floats:
    """Correlate the scores of motifs on background DNA, one laid over the other.

    Parameters
    ----------
    ones, others
        Motifs, at least one of each. Each is taken under its own background; the correlation is
        exact where they share it.

    Returns
    -------
    ndarray
        Shape (ones, others), 0 to 1: the largest correlation over all offsets and both strands, 0
        where none is above 0 or a motif's score never varies; 1 for a motif and itself or its
        reverse complement.

    Examples
    --------
    >>> toy = Pwm("GATA", "GATA", [[-2, -2, 2, -2], [2, -2, -2, -2]] * 2)
    >>> longer = Pwm("GATAG", "GATAG", [*toy.scores, [-2, -2, 2, -2]])
    >>> motif_similarity([toy], [toy, toy.reverse_complement(), longer]).round(3).tolist()
    [[1.0, 1.0, 0.894]]
    """
    left = _standardised(ones)
    # The other strand of all the others, behind them.
    right = np.concatenate([_standardised(others), _standardised(others, strand=-1)])
    length, length_right = left.shape[1], right.shape[1]
    largest = np.zeros((len(ones), 2 * len(others)))
    for offset in range(1 - length_right, length):
        shared = min(length, length_right + offset) - max(0, offset)
        part = left[:, max(0, offset) :][:, :shared].reshape(len(left), -1)
        other_part = right[:, max(0, -offset) :][:, :shared].reshape(len(right), -1)
        np.maximum(largest, part @ other_part.T, out=largest)
    return np.maximum(largest[:, : len(others)], largest[:, len(others) :])


def _standardised(pwms: Sequence[Pwm], strand: int = 1) -> _Floats:
    """Matrices whose products are correlations, shape (motifs, longest, 4), 0 behind their end."""
    matrices = np.zeros((len(pwms), max(pwm.length for pwm in pwms), 4))
    for matrix, pwm in zip(matrices, pwms, strict=True):
        background = np.array(pwm.background)
        centred = pwm.scores - (pwm.scores @ background)[:, None]
        variance = float((centred**2 @ background).sum())
        if variance > 0:
            standardised = centred * np.sqrt(background / variance)
            matrix[: pwm.length] = standardised[::strand, ::strand]
    return matrices
