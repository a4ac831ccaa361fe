"""Simple models that a model has to beat: GC content alone, and logistic regression on k-mers.

Both give log2 odds as models do, so the same figures can be computed of all. Logistic regression
is scikit-learn's, which the extra ``train`` brings.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.training.evaluation.kmer_counts import kmer_counts

__all__ = [
    "Baseline",
    "GcRegression",
    "KmerRegression",
    "cross_validated_log_odds",
    "folds_of",
    "gc_content",
    "linear_models",
]

Floats: TypeAlias = npt.NDArray[np.float64]
_Features: TypeAlias = Floats | sparse.csr_array

_INNER_FOLDS: Final = 5
_STRENGTHS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Inverse strengths of the penalty that are tried; of unit rows the best was always inside."""

_UNPENALISED: Final = 1e6
_MOST_STEPS: Final = 1000


class Baseline(Protocol):
    """What a baseline can do once it is fitted."""

    def log_odds(self, sequences: Sequence[str]) -> Floats:
        """Log2 odds of label 1, shape (n,)."""


@dataclass(frozen=True, slots=True)
class GcRegression:
    """Logistic regression on GC content alone: its direction and level come from the data.

    Attributes
    ----------
    slope, intercept
        Log2 odds are ``slope * GC + intercept``, with GC as a share, 0 to 1.

    Examples
    --------
    >>> gc = GcRegression.fit(["GGCA", "GATA", "ATTA", "GGAA"], [1, 1, 0, 0])
    >>> low, high = gc.log_odds(["ATAT", "GGGG"])
    >>> bool(low < high)
    True
    """

    slope: float
    intercept: float

    @classmethod
    def fit(cls, sequences: Sequence[str], labels: npt.ArrayLike) -> GcRegression:
        """Fit to sequences with labels.

        Parameters
        ----------
        sequences
            n pieces of DNA of either case.
        labels
            (n,) 0 or 1.

        Raises
        ------
        InputError
            If the labels are others, not as many as sequences, or of one class only.
        MissingDependencyError
            Without scikit-learn.
        """
        truth = _classes(sequences, labels)
        fitted = _logistic(_UNPENALISED).fit(gc_content(sequences)[:, None], truth)
        slope, intercept = fitted.coef_[0, 0], fitted.intercept_[0]
        return cls(float(slope) / math.log(2), float(intercept) / math.log(2))

    def log_odds(self, sequences: Sequence[str]) -> Floats:
        """Log2 odds of label 1, shape (n,)."""
        return self.slope * gc_content(sequences) + self.intercept


@dataclass(frozen=True, slots=True, eq=False)
class KmerRegression:
    """Logistic regression on how often each k-mer occurs, on either strand.

    Attributes
    ----------
    k
        Bases of a k-mer.
    strength
        Inverse strength of the L2 penalty (scikit-learn's ``C``).
    coefficients
        Shape (C,): log2 odds for each column of
        :func:`~enhancer_variants.training.evaluation.kmer_counts`.
    intercept
        Log2 odds of a sequence without k-mers.

    Notes
    -----
    Of each sequence the counts are taken as log(1 + count), so that a repeat does not outweigh
    everything else, and scaled to a row of length 1, so that sequences of any length compare.

    Examples
    --------
    >>> sequences = [motif + "ACGT" * n for motif in ("GATAAG", "ACGT") for n in range(1, 9)]
    >>> fitted = KmerRegression.fit(sequences, [1] * 8 + [0] * 8, k=4)
    >>> with_motif, on_other_strand, without = fitted.log_odds(
    ...     ["TTGATAAGTT", "AACTTATCAA", "TTCCGGCCTT"]
    ... )
    >>> bool(with_motif == on_other_strand), bool(with_motif > without)
    (True, True)
    """

    k: int
    strength: float
    coefficients: Floats = field(repr=False)
    intercept: float

    @classmethod
    def fit(
        cls,
        sequences: Sequence[str],
        labels: npt.ArrayLike,
        *,
        k: int = 6,
        strength: float | None = None,
        seed: int = 0,
    ) -> KmerRegression:
        """Fit to sequences with labels.

        Parameters
        ----------
        sequences
            n pieces of DNA of either case and any length; k-mers with N are not counted.
        labels
            (n,) 0 or 1.
        k
            Bases of a k-mer, 1 to 10.
        strength
            Inverse strength of the L2 penalty, above 0. By default that of 0.1, 0.3, 1, 3 and 10
            with the smallest log loss in a stratified 5-fold cross-validation within these
            sequences (fewer folds, where a class has fewer than 5; 1 where it has one).
        seed
            Of the folds.

        Raises
        ------
        InputError
            If the labels are others, not as many as sequences, or of one class only, or `k` or
            `strength` is out of range.
        MissingDependencyError
            Without scikit-learn.
        """
        truth = _classes(sequences, labels)
        if strength is not None and not 0 < strength < math.inf:
            raise InputError(f"strength is {strength}; expected a number above 0")
        features = _unit_rows(kmer_counts(sequences, k))
        chosen = _best_strength(features, truth, seed) if strength is None else strength
        fitted = _logistic(chosen).fit(features, truth)
        in_log2 = fitted.coef_[0].astype(np.float64) / math.log(2)
        return cls(k, chosen, in_log2, float(fitted.intercept_[0]) / math.log(2))

    def log_odds(self, sequences: Sequence[str]) -> Floats:
        """Log2 odds of label 1, shape (n,)."""
        features = _unit_rows(kmer_counts(sequences, self.k))
        return np.asarray(features @ self.coefficients + self.intercept, dtype=np.float64)


def gc_content(sequences: Sequence[str]) -> Floats:
    """Share of G and C among the letters A, C, G and T of each sequence; 0.5 without any.

    Examples
    --------
    >>> gc_content(["ACGT", "ggNN", "NN"]).tolist()
    [0.5, 1.0, 0.5]
    """
    upper = [sequence.upper() for sequence in sequences]
    strong = np.array([text.count("G") + text.count("C") for text in upper], dtype=np.float64)
    weak = np.array([text.count("A") + text.count("T") for text in upper], dtype=np.float64)
    shares: Floats = np.full(len(upper), 0.5)
    np.divide(strong, strong + weak, out=shares, where=strong + weak > 0)
    return shares


def cross_validated_log_odds(
    fit: Callable[[Sequence[str], npt.NDArray[np.int64]], Baseline],
    sequences: Sequence[str],
    labels: npt.ArrayLike,
    *,
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """Log2 odds of each sequence by a baseline that was fitted to the other folds.

    Parameters
    ----------
    fit
        Fits a baseline to sequences and labels.
    sequences
        n pieces of DNA.
    labels
        (n,) 0 or 1.
    folds
        Stratified; fewer where a class has fewer rows.
    seed
        Of the folds.

    Returns
    -------
    ndarray
        Shape (n,).

    Raises
    ------
    InputError
        If the labels are others, or a class has fewer than two rows.

    Examples
    --------
    >>> sequences = ["GCGC", "GGGC", "GCCA", "ATAT", "AATT", "TATC"]
    >>> found = cross_validated_log_odds(
    ...     GcRegression.fit, sequences, [1, 1, 1, 0, 0, 0], folds=3
    ... )
    >>> (found > 0).tolist()
    [True, True, True, False, False, False]
    """
    truth = _classes(sequences, labels)
    fold_of_row = folds_of(truth, folds, seed)
    if fold_of_row.max() < 1:
        raise InputError(
            f"{int(truth.sum())} positives and {int((1 - truth).sum())} negatives; expected at "
            "least two of each, to cross-validate a baseline"
        )
    found = np.full(len(truth), math.nan)
    for fold in np.unique(fold_of_row):
        held_out = fold_of_row == fold
        baseline = fit([*itertools.compress(sequences, ~held_out)], truth[~held_out])
        found[held_out] = baseline.log_odds([*itertools.compress(sequences, held_out)])
    return found


def folds_of(labels: npt.NDArray[np.int64], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Assign rows to stratified folds: number of the fold, shape (n,).

    Parameters
    ----------
    labels
        (n,) classes.
    folds
        Most folds; no more than the smallest class has rows.

    Examples
    --------
    >>> sorted(folds_of(np.array([0, 0, 1, 1]), 5, seed=0).tolist())
    [0, 0, 1, 1]
    """
    classes = [np.nonzero(labels == label)[0] for label in np.unique(labels)]
    number = min(folds, *(len(rows) for rows in classes), len(labels))
    generator = np.random.default_rng(seed)
    fold_of_row = np.zeros(len(labels), dtype=np.int64)
    for rows in classes:
        fold_of_row[generator.permutation(rows)] = np.arange(len(rows)) % number
    return fold_of_row


def _best_strength(features: sparse.csr_array, labels: npt.NDArray[np.int64], seed: int) -> float:
    fold_of_row = folds_of(labels, _INNER_FOLDS, seed)
    if fold_of_row.max() < 1:
        return 1.0
    losses = np.zeros(len(_STRENGTHS))
    for fold in np.unique(fold_of_row):
        held_out = fold_of_row == fold
        for number, strength in enumerate(_STRENGTHS):
            fitted = _logistic(strength).fit(features[~held_out], labels[~held_out])
            logits = fitted.decision_function(features[held_out])
            losses[number] += np.logaddexp(
                0, np.where(labels[held_out] == 1, -logits, logits)
            ).sum()
    return _STRENGTHS[int(losses.argmin())]


def _unit_rows(counts: sparse.csr_array) -> sparse.csr_array:
    """Take log(1 + count) and scale each row to length 1; rows of zeros stay."""
    rows = counts.copy()
    rows.data = np.log1p(rows.data)
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(norms, np.diff(rows.indptr))
    return rows


def _classes(sequences: Sequence[str], labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    truth = np.asarray(labels)
    if truth.shape != (len(sequences),):
        raise InputError(
            f"labels have the shape {truth.shape} and there are {len(sequences)} sequences; "
            "expected one label for each"
        )
    foreign = truth[(truth != 0) & (truth != 1)]
    if foreign.size:
        raise InputError(f"label {foreign[0]}; expected 0 or 1")
    if len(np.unique(truth)) < 2:
        raise InputError(
            f"{int(truth.sum())} of {len(truth)} sequences are positive; expected both classes, "
            "to fit a baseline"
        )
    return truth.astype(np.int64)


def _logistic(strength: float) -> Any:
    """Logistic regression with an L2 penalty that leaves the intercept free."""
    return linear_models().LogisticRegression(C=strength, max_iter=_MOST_STEPS)


def linear_models() -> Any:
    """Import scikit-learn's linear models.

    Raises
    ------
    MissingDependencyError
        Without scikit-learn.
    """
    try:
        return importlib.import_module("sklearn.linear_model")
    except ImportError as error:
        raise MissingDependencyError(
            f"baselines need scikit-learn, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[train]'"
        ) from error
