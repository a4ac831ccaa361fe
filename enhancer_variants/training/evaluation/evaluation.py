"""How good a model is on sequences with known labels, beside two simple models.

Of every output: figures with bootstrap intervals, on all rows and on as many positives as
negatives with the same GC content, for the model, for GC content alone and for a logistic
regression on k-mers. The model is called better than a baseline only where the interval of the
paired difference does not hold 0.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.models import Model, load_model
from enhancer_variants.prediction import PredictionStatus, PredictionSummary, predict_sequences
from enhancer_variants.training.canonical_kmers import LARGEST_KMER
from enhancer_variants.training.duplicates import without_shared_kmers
from enhancer_variants.training.evaluation.baselines import gc_content, linear_models
from enhancer_variants.training.evaluation.gc_matched import GC_BINS
from enhancer_variants.training.evaluation.judgement import Judging, judge_output
from enhancer_variants.training.evaluation.labelled_data import (
    LabelledData,
    LabelledSource,
    holds_split,
    read_labelled_data,
)
from enhancer_variants.training.evaluation.results import Evaluation, OutputEvaluation
from enhancer_variants.training.metrics import FEWEST_ROWS
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["evaluate"]

_NO_LABEL: Final = "no_label"
_COPY: Final = "copy_of_training"


def evaluate(
    model: Model | str | os.PathLike[str],
    data: LabelledSource,
    *,
    train: LabelledSource | None = None,
    split: str = "test",
    label: str | None = None,
    threshold: float | None = None,
    without_copies: bool = False,
    crop: bool = False,
    truncate: bool = False,
    allow_n: bool = False,
    strand: Literal["forward", "both"] = "forward",
    k: int = 6,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    batch_size: int | Literal["auto"] = "auto",
    progress: bool | None = None,
) -> Evaluation:
    """Judge a model on sequences with known labels, beside two simple models.

    Parameters
    ----------
    model
        A loaded model, or the directory of one.
    data
        A file of labelled sequences, the folder of a data set, or sequences. A label is the number
        of a class; those of several outputs are columns of a table
        (:func:`~enhancer_variants.training.evaluation.read_labelled_data`).
    train
        What the model was trained on, likewise; of a folder, the split ``train``. The baselines
        are fitted to it, and sequences of `data` that share a 32-mer with it are counted. By
        default the split ``train`` of `data`, if that is a folder. Without any, the baselines are
        cross-validated within `data`.
    split
        Which split of a folder is evaluated.
    label
        The output of a multi-label model that the labels of a file are of.
    threshold
        Log2 odds above which the model calls a row positive; by default the card's. Baselines
        call at 0.
    without_copies
        Leave sequences out that share a 32-mer with `train`.
    crop
        Read the middle W bases of what is longer than the model's window W, in `train` too.
    truncate, allow_n, strand, batch_size, progress
        As for :func:`~enhancer_variants.predict_sequences`.
    k
        Bases of the k-mers of the baseline, 1 to 10.
    resamples, level, seed
        Of the bootstrap; the seed also of folds and of the GC-matched rows.

    Returns
    -------
    Evaluation
        Sequences that cannot be predicted, have no label or are left out as copies do not count,
        and are counted.

    Raises
    ------
    InputError
        If files or options are wrong, or no row is left.
    ModelError
        If the model cannot be loaded.
    MissingDependencyError
        Without scikit-learn, which the extra ``train`` brings.

    Warns
    -----
    UserWarning
        For each of the evaluation's notes.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> several = [LabelledSequence("ACGT" * 40 + "A" * n, n % 2) for n in range(40)]
    >>> found = evaluate(demo_files().model, several, resamples=20)
    >>> found.outputs[0].sets[0].name, found.outputs[0].sets[0].rows
    ('all', 40)
    """
    loaded = model if isinstance(model, Model) else load_model(os.fspath(model))
    called_at = loaded.decision_threshold if threshold is None else threshold
    judging = Judging(called_at, k, resamples, level, seed)
    linear_models()  # without them, all predictions would be for nothing
    if crop and truncate:
        raise InputError("crop and truncate are both given; expected one of them at most")
    if train is None and split != "train" and holds_split(data, "train"):
        train = data
    if train is None and without_copies:
        raise InputError("without_copies is given without training data (train); expected some")
    window = loaded.window_length if crop else None
    test = _cropped(read_labelled_data(data, loaded, split=split, label=label), window)
    learnt, is_copy = None, None
    if train is not None:
        given = read_labelled_data(train, loaded, split="train", label=label)
        # The whole of a training sequence counts: a crop need not be what was trained on.
        is_copy = _copies(test.sequences, given.sequences)
        learnt = _cropped(given, window)
        if not any(map(learnt.has_both_classes, learnt.truth)):
            raise InputError(
                f"the training data have one class only of {', '.join(learnt.truth)}; expected "
                "positives and negatives, to fit the baselines to"
            )
    frame = predict_sequences(
        loaded,
        test.sequences,
        strand=strand,
        allow_n=allow_n,
        truncate=truncate,
        batch_size=batch_size,
        progress=progress,
    )
    of_folder = split if holds_split(data, split) else None
    options = {"split": of_folder, "label": label, "crop": crop}
    options |= {"without_copies": without_copies}
    return _judged(loaded, test, learnt, is_copy, frame, judging, options)


def _cropped(data: LabelledData, window: int | None) -> LabelledData:
    if window is None:
        return data
    sequences = (
        record.cropped(window) if len(record.sequence) > window else record
        for record in data.sequences
    )
    return LabelledData(tuple(sequences), data.truth, data.source)


def _judged(
    model: Model,
    test: LabelledData,
    learnt: LabelledData | None,
    is_copy: npt.NDArray[np.bool_] | None,
    frame: pd.DataFrame,
    judging: Judging,
    options: Mapping[str, Any],
) -> Evaluation:
    """Judge predictions of all sequences."""
    read = [record.sequence[: model.longest] for record in test.sequences]
    outputs, without = [], dict[str, str]()
    for output, truth in test.truth.items():
        reasons = frame["status"].to_numpy(dtype=object, copy=True)
        reasons[(reasons == PredictionStatus.OK) & np.isnan(truth)] = _NO_LABEL
        if options["without_copies"] and is_copy is not None:
            reasons[(reasons == PredictionStatus.OK) & is_copy] = _COPY
        if not (reasons == PredictionStatus.OK).any():
            without[output] = ", ".join(f"{why} {n}" for why, n in Counter(reasons).items())
            continue
        scores = frame[f"{output}_log_odds"].to_numpy(dtype=np.float64)
        outputs.append(judge_output(output, read, truth, scores, reasons, learnt, judging))
    if not outputs:
        raise InputError("; ".join(_not_evaluated(without)))
    summary = PredictionSummary.of(frame["status"])
    copies = None if is_copy is None else int(is_copy.sum())
    notes = (
        *_notes(summary, copies, options["without_copies"], outputs),
        *_not_evaluated(without),
        *_repeated([read[row] for row in _judged_rows(outputs)]),
    )
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=3)
    provenance = frame.attrs["enhancer_variants"]
    provenance["input"] = dict(test.source) or provenance["input"]
    provenance["train"] = None if learnt is None else dict(learnt.source) or "sequences"
    provenance["options"] |= {
        **options,
        "threshold": judging.threshold,
        "k": judging.k,
        "resamples": judging.resamples,
        "level": judging.level,
        "seed": judging.seed,
        "gc_bins": [*GC_BINS],
    }
    table = _predictions(frame, read, is_copy, test.truth, outputs)
    return Evaluation(
        model.name, tuple(outputs), table, summary, copies, judging.k, notes, provenance
    )


def _copies(
    sequences: Sequence[LabelledSequence], training: Sequence[LabelledSequence]
) -> npt.NDArray[np.bool_]:
    kept = {id(record) for record in without_shared_kmers(sequences, training)}
    return np.array([id(record) not in kept for record in sequences], dtype=bool)


def _notes(
    summary: PredictionSummary,
    copies: int | None,
    without_copies: bool,
    outputs: Sequence[OutputEvaluation],
) -> Iterator[str]:
    if summary.predicted < summary.sequences:
        yield str(summary)
    if copies is None:
        yield (
            "no training data are given: copies of them are not known, and baselines are "
            "cross-validated within these sequences"
        )
    elif copies:
        done = "they are left out" if without_copies else "they count; leave them out for a test"
        yield (
            f"{copies:,} of {summary.sequences:,} sequences share {LARGEST_KMER} bases with the "
            f"training data: {done}"
        )
    for found in outputs:
        if found.baselines_from == "cross-validation" and copies is not None:
            yield (
                f"{found.output}: the training data have no positives and negatives of it, and "
                "baselines are cross-validated within these sequences"
            )
        elif found.baselines_from == "nothing":
            yield f"{found.output}: no baselines, for want of two positives and two negatives"
        matched = found.sets[1]
        if not matched.rows:
            yield f"{found.output}: no positive and negative have the same GC content"
        fewest = min(found.labels.sum(), (1 - found.labels).sum())
        if fewest < FEWEST_ROWS:
            yield (
                f"{found.output}: fewer than {FEWEST_ROWS} positives or negatives, too few for "
                "intervals and comparisons to rely on"
            )


def _not_evaluated(without: Mapping[str, str]) -> Iterator[str]:
    for output, reasons in without.items():
        yield f"no sequence can be evaluated for {output}; left out are {reasons}"


def _judged_rows(outputs: Sequence[OutputEvaluation]) -> list[int]:
    rows: list[int] = np.unique(np.concatenate([found.rows for found in outputs])).tolist()
    return rows


def _repeated(sequences: Sequence[str]) -> Iterator[str]:
    """Say how many sequences are there again: they are no independent rows."""
    upper = (sequence.upper() for sequence in sequences)
    distinct = {min(sequence, reverse_complement(sequence)) for sequence in upper}
    if copies := len(sequences) - len(distinct):
        yield (
            f"{copies:,} of {len(sequences):,} sequences are copies of others among them: they "
            "count, and intervals are too narrow"
        )


def _predictions(
    frame: pd.DataFrame,
    read: Sequence[str],
    is_copy: npt.NDArray[np.bool_] | None,
    truth: Mapping[str, Numbers],
    outputs: Sequence[OutputEvaluation],
) -> pd.DataFrame:
    """Add to the predictions what they are compared with."""
    added: dict[str, Any] = {"gc": gc_content(read)}
    if is_copy is not None:
        added["copy"] = is_copy.astype(np.int64)
    for found in outputs:
        added[f"{found.output}_label"] = pd.Series(truth[found.output]).astype("Int64")
        for method, scores in found.log_odds.items():
            if method != "model":
                column = np.full(len(frame), np.nan)
                column[found.rows] = scores
                added[f"{found.output}_{method}_log_odds"] = column
        sets = np.full(len(frame), "", dtype=object)
        sets[found.rows] = np.where(found.gc_matched, "all,gc_matched", "all")
        added[f"{found.output}_sets"] = sets
    return frame.assign(**added)
