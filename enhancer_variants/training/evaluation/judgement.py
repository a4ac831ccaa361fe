"""The judgement of one output: which rows count, what the baselines say, and the figures."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.prediction import PredictionStatus
from enhancer_variants.training.evaluation.baselines import (
    Baseline,
    GcRegression,
    KmerRegression,
    cross_validated_log_odds,
    gc_content,
)
from enhancer_variants.training.evaluation.figures import compare_methods
from enhancer_variants.training.evaluation.gc_matched import gc_matched_rows
from enhancer_variants.training.evaluation.kmer_counts import LONGEST_COUNTED_KMER
from enhancer_variants.training.evaluation.labelled_data import LabelledData
from enhancer_variants.training.evaluation.results import (
    BaselinesFrom,
    OutputEvaluation,
    RowSet,
)
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["Judging", "judge_output"]


@dataclass(frozen=True, slots=True)
class Judging:
    """How predictions are judged.

    Attributes
    ----------
    threshold
        Log2 odds above which the model calls a row positive; baselines call at 0.
    k
        Bases of the k-mers of the baseline.
    resamples, level, seed
        Of the bootstrap; the seed also of folds and of the GC-matched rows.

    Raises
    ------
    InputError
        If one is out of range.
    """

    threshold: float
    k: int
    resamples: int
    level: float
    seed: int

    def __post_init__(self) -> None:
        for option, found, fits, expected in (
            ("threshold", self.threshold, np.isfinite(self.threshold), "a number of log2 odds"),
            ("k", self.k, 1 <= self.k <= LONGEST_COUNTED_KMER, f"1 to {LONGEST_COUNTED_KMER}"),
            ("resamples", self.resamples, self.resamples >= 1, "1 or more"),
            ("level", self.level, 0 < self.level < 1, "a share between 0 and 1"),
            ("seed", self.seed, self.seed >= 0, "0 or more"),
        ):
            if not fits:
                raise InputError(f"{option} is {found}; expected {expected}")

    def fitters(self) -> dict[str, Callable[[Sequence[str], npt.ArrayLike], Baseline]]:
        """Give what fits each baseline to sequences and labels."""
        kmer = functools.partial(KmerRegression.fit, k=self.k, seed=self.seed)
        return {"gc": GcRegression.fit, "kmer": kmer}


def judge_output(
    output: str,
    read: Sequence[str],
    truth: Numbers,
    scores: Numbers,
    reasons: npt.NDArray[np.object_],
    learnt: LabelledData | None,
    judging: Judging,
) -> OutputEvaluation:
    """Compute the figures of one output, and those of the baselines on the same rows.

    Parameters
    ----------
    output
        Its name.
    read
        The n sequences as the model read them.
    truth, scores
        (n,) 1, 0 or NaN where it is not known, and log2 odds.
    reasons
        (n,) ``ok``, or why a row does not count; some are.
    learnt
        Training data, to fit the baselines to.
    judging
        How.

    """
    left_out = dict(sorted(Counter(reasons[reasons != PredictionStatus.OK].tolist()).items()))
    rows = np.nonzero(reasons == PredictionStatus.OK)[0]
    sequences, labels = [read[row] for row in rows.tolist()], truth[rows]
    baselines_from, log_odds = _baselines(output, sequences, labels, learnt, judging)
    log_odds = {"model": scores[rows], **log_odds}
    is_matched = gc_matched_rows(gc_content(sequences), labels, seed=judging.seed)
    sets = tuple(
        _row_set(name, inside, labels, log_odds, judging)
        for name, inside in (("all", np.ones(len(rows), dtype=bool)), ("gc_matched", is_matched))
    )
    return OutputEvaluation(
        output, baselines_from, left_out, rows, labels, is_matched, log_odds, sets
    )


def _baselines(
    output: str,
    sequences: Sequence[str],
    labels: Numbers,
    learnt: LabelledData | None,
    judging: Judging,
) -> tuple[BaselinesFrom, dict[str, Numbers]]:
    """Log2 odds of the baselines, by method, and what they were fitted to."""
    fitters = judging.fitters()
    if learnt is not None and learnt.has_both_classes(output):
        known = ~np.isnan(learnt.truth[output])
        taught = learnt.truth[output][known]
        pairs = zip(learnt.sequences, known, strict=True)
        examples = [record.sequence for record, is_known in pairs if is_known]
        fitted = {name: fit(examples, taught) for name, fit in fitters.items()}
        return "training data", {name: one.log_odds(sequences) for name, one in fitted.items()}
    if min(labels.sum(), (1 - labels).sum()) < 2:
        return "nothing", {}
    return "cross-validation", {
        name: cross_validated_log_odds(fit, sequences, labels, seed=judging.seed)
        for name, fit in fitters.items()
    }


def _row_set(
    name: str,
    inside: npt.NDArray[np.bool_],
    labels: Numbers,
    log_odds: Mapping[str, Numbers],
    judging: Judging,
) -> RowSet:
    methods, comparisons = compare_methods(
        labels[inside],
        {method: scores[inside] for method, scores in log_odds.items()},
        {method: judging.threshold if method == "model" else 0.0 for method in log_odds},
        resamples=judging.resamples,
        level=judging.level,
        seed=judging.seed,
    )
    return RowSet(name, int(inside.sum()), int(labels[inside].sum()), methods, comparisons)
