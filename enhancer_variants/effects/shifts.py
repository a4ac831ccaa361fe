"""From log-odds of two alleles to what the change between them is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from enhancer_variants.models import probability

__all__ = ["allele_effects", "score_change"]

FloatArray = npt.NDArray[np.float64]


def score_change(prob_ref: FloatArray, prob_alt: FloatArray) -> FloatArray:
    """Score change of the published DNABERT: above 0, the ALT gains.

    ``(P_alt - P_ref) * max(P_ref, P_alt)``, the ``diff`` of ``SNP.py`` in the DNABERT code.

    Parameters
    ----------
    prob_ref, prob_alt
        Probabilities of the positive class, any shape.

    Examples
    --------
    >>> score_change(np.array([0.2]), np.array([0.6]))
    array([0.24])
    """
    return (prob_alt - prob_ref) * np.maximum(prob_ref, prob_alt)


def allele_effects(
    log_odds_ref: FloatArray, log_odds_alt: FloatArray, decision_threshold: float = 0.0
) -> dict[str, npt.NDArray[Any]]:
    """Quantities of one model for n alleles, named as in :mod:`enhancer_variants.schema`.

    Parameters
    ----------
    log_odds_ref, log_odds_alt
        Shape (n, m): log2 odds of the positive class for the m windows of each allele (strands,
        anchors and shifts; one where nothing is averaged). The log-odds are averaged, and
        everything else follows from the averages.
    decision_threshold
        Log2 odds from which on a window counts as positive.

    Returns
    -------
    dict
        By quantity an array of length n: float64, and strings for ``effect``. The spread is
        there when m > 1: largest minus smallest shift among the m.

    Examples
    --------
    >>> effects = allele_effects(np.array([[-1.0]]), np.array([[2.0]]))
    >>> effects["log_odds_shift"], effects["effect"]
    (array([3.]), array(['gain'], dtype='<U4'))
    """
    ref, alt = log_odds_ref.mean(axis=1), log_odds_alt.mean(axis=1)
    prob_ref, prob_alt = probability(ref), probability(alt)
    was, is_now = ref >= decision_threshold, alt >= decision_threshold
    effects: dict[str, npt.NDArray[Any]] = {
        "prob_ref": prob_ref,
        "prob_alt": prob_alt,
        "log_odds_ref": ref,
        "log_odds_alt": alt,
        "log_odds_shift": alt - ref,
        "score_change": score_change(prob_ref, prob_alt),
        "effect": np.where(was == is_now, "none", np.where(is_now, "gain", "loss")),
    }
    if log_odds_ref.shape[1] > 1:
        effects["log_odds_shift_spread"] = np.ptp(log_odds_alt - log_odds_ref, axis=1)
    return effects
