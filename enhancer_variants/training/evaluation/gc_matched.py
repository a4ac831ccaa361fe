"""Positives and negatives with the same GC content, so that GC alone tells nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

__all__ = ["GC_BINS", "gc_matched_rows"]

GC_BINS: Final = (0.005, 0.01, 0.02)
"""Widths of the bins of GC content in which pairs are made, the narrowest first."""

# Shares such as 0.29 lie a rounding error below the bin that they begin.
_ROUNDING: Final = 1e-9


def gc_matched_rows(
    gc: npt.ArrayLike, labels: npt.ArrayLike, *, seed: int = 0
) -> npt.NDArray[np.bool_]:
    """Choose as many positives as negatives, each with a partner of the same GC content.

    Parameters
    ----------
    gc
        (n,) GC content, 0 to 1.
    labels
        (n,) 0 or 1.
    seed
        Decides which rows of the larger class of a bin are kept.

    Returns
    -------
    ndarray of bool
        Shape (n,), whether a row is kept. Of each bin of GC content 0.02 wide all rows of its
        smaller class are kept, and as many of the other one: partners are sought in bins of
        0.005, then 0.01, then 0.02, at random among equals.

    Raises
    ------
    InputError
        If shapes differ, or a value is out of range.

    Examples
    --------
    >>> gc_matched_rows([0.40, 0.41, 0.60, 0.41], [1, 1, 1, 0]).tolist()
    [False, True, False, True]
    """
    shares, truth = np.asarray(gc, dtype=np.float64), np.asarray(labels)
    if shares.ndim != 1 or shares.shape != truth.shape:
        raise InputError(
            f"gc has the shape {shares.shape}, labels {truth.shape}; expected one number each row"
        )
    if not ((shares >= 0) & (shares <= 1)).all():
        raise InputError("a GC content is not within 0 to 1; expected shares of the bases")
    if not np.isin(truth, (0, 1)).all():
        raise InputError("a label is neither 0 nor 1")
    in_turn = np.random.default_rng(seed).permutation(len(shares))
    kept = np.zeros(len(shares), dtype=bool)
    for width in GC_BINS:
        bins = np.floor(shares / width + _ROUNDING).astype(np.int64)
        waiting = in_turn[~kept[in_turn]]
        for number in np.unique(bins[waiting]):
            of_bin = waiting[bins[waiting] == number]
            positives, negatives = of_bin[truth[of_bin] == 1], of_bin[truth[of_bin] == 0]
            pairs = min(len(positives), len(negatives))
            kept[positives[:pairs]] = True
            kept[negatives[:pairs]] = True
    return kept
