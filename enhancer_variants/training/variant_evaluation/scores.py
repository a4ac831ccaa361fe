"""The scores that are evaluated: those of the file, and simple ones computed beside them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.io import LabelledSequence, read_labelled_sequences
from enhancer_variants.motifs import MotifPanel, MotifSource, motif_panel
from enhancer_variants.training.evaluation import KmerRegression
from enhancer_variants.training.evaluation.labelled_data import split_file
from enhancer_variants.training.variant_evaluation.selection import MeasuredVariants
from enhancer_variants.training.variant_evaluation.sources import AlleleSource, require_name
from enhancer_variants.training.variant_evaluation.windows import (
    PlacedAllele,
    gc_changes,
    kmer_shifts,
    motif_shift_sums,
)

__all__ = [
    "GC_CHANGE",
    "KMER_SHIFT",
    "MOTIF_SUM",
    "OF_VARIANTS",
    "EvaluatedScore",
    "KmerTraining",
    "common_variants",
    "file_scores",
    "simple_scores",
    "trained_kmers",
    "with_simple_scores",
]

GC_CHANGE: Final = "gc_change"
KMER_SHIFT: Final = "kmer_log_odds_shift"
MOTIF_SUM: Final = "motif_shift_sum"

OF_VARIANTS: Final = (
    *("chrom", "pos", "id", "ref", "alt", "record", "allele", "kind"),
    *("group", "effect", "p_value", "compared"),
)
"""What a table of the variants says beside the scores, which have other names."""

KmerTraining = str | os.PathLike[str] | Sequence[LabelledSequence]
"""Labelled sequences that a k-mer model is trained on: a file, a data set's folder (its train
split), or sequences that are held."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedScore:
    """One score of all evaluated variants.

    Attributes
    ----------
    name
        What it is called in all results.
    origin
        ``file`` where the file has it, ``computed`` where it was computed for the comparison.
    numbers
        (n,) its value for each variant; NaN where it has none.
    missing
        How many variants it has no value for, by reason.
    """

    name: str
    origin: Literal["file", "computed"]
    numbers: npt.NDArray[np.float64]
    missing: Mapping[str, int]

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """(n,) whether each variant has a value."""
        return ~np.isnan(self.numbers)

    @property
    def has_values(self) -> bool:
        """Whether any variant has one."""
        return bool(self.present.any())


def file_scores(
    source: AlleleSource, variants: MeasuredVariants, names: Sequence[str] | None
) -> list[EvaluatedScore]:
    """Read the scores that the file has.

    Parameters
    ----------
    source
        The file.
    variants
        Those that are evaluated.
    names
        INFO keys or columns; None for every ``log_odds_shift`` and ``motif_shift_sum``.

    Raises
    ------
    InputError
        If the file has no score of a name, or a score has a name that is taken.
    """
    if names is None:
        keys = source.shifts()
    else:
        keys = {name: require_name(source, name, "a score") for name in names}
    found = []
    for name, key in keys.items():
        if name in OF_VARIANTS:
            raise InputError(
                f"{source.name}: a score is called {name}, which is something else of a variant "
                f"({', '.join(OF_VARIANTS)}): give the column another name"
            )
        values, reasons = source.cells(key).numbers(name)
        why = Counter(reasons[row] for row in variants.rows.tolist() if reasons[row])
        found.append(EvaluatedScore(name, "file", values[variants.rows], dict(why)))
    return found


def simple_scores(
    variants: MeasuredVariants, panel: MotifPanel | None, regression: KmerRegression | None
) -> list[EvaluatedScore]:
    """Compute what a score has to be better than.

    Parameters
    ----------
    variants
        Those that are evaluated.
    panel
        Motifs for ``motif_shift_sum``, None for none.
    regression
        K-mer model for ``kmer_log_odds_shift``, None for none.

    Returns
    -------
    list of EvaluatedScore
        ``gc_change``, and the others where the variants were put on a reference.
    """
    found = [EvaluatedScore(GC_CHANGE, "computed", gc_changes(variants.alleles), {})]
    if variants.placed is None:
        return found
    missing = dict(Counter(a.status.value for a in variants.placed if a.window is None))
    ways: list[tuple[str, Callable[[Sequence[PlacedAllele]], npt.NDArray[np.float64]]]] = []
    if panel is not None:
        ways.append((MOTIF_SUM, lambda placed: motif_shift_sums(placed, panel)))
    if regression is not None:
        ways.append((KMER_SHIFT, lambda placed: kmer_shifts(placed, regression)))
    for name, way in ways:
        found.append(EvaluatedScore(name, "computed", way(variants.placed), missing))
    return found


def with_simple_scores(
    scores: Sequence[EvaluatedScore],
    variants: MeasuredVariants,
    genome: Reference | None,
    motifs: MotifSource | None,
    kmer_training: KmerTraining | None,
    kmers: tuple[int, int, int],
) -> tuple[list[EvaluatedScore], dict[str, Any]]:
    """Add the simple scores that the file does not have.

    Parameters
    ----------
    scores
        Those of the file.
    variants
        Those that are evaluated.
    genome
        The reference, if there is one.
    motifs
        Motifs for ``motif_shift_sum``, None for none.
    kmer_training
        What a k-mer model is trained on, None for none.
    kmers
        Window, length of the k-mers and seed of that model.

    Returns
    -------
    list of EvaluatedScore, dict
        All scores, and what was used for them, for the record.

    Raises
    ------
    InputError
        If a k-mer model is asked for without a reference, or the file has a score of its name.
    """
    names = {score.name for score in scores}
    panel = None
    if genome is not None and motifs is not None and MOTIF_SUM not in names:
        panel = motif_panel(motifs)
    regression, trained_on = None, None
    if kmer_training is not None:
        if genome is None:
            raise InputError("a k-mer model reads windows: name the reference as well")
        if KMER_SHIFT in names:
            raise InputError(
                f"the file has a score {KMER_SHIFT}, and so has the k-mer model: leave one out"
            )
        regression, trained_on = trained_kmers(kmer_training, *kmers)
    simple = simple_scores(variants, panel, regression)
    about = {
        "reference": genome
        and {"name": genome.name, "sha256": genome.sha256(), "assembly": genome.assembly},
        "motifs": panel and panel.provenance(),
        "kmer_training": trained_on,
    }
    return [*scores, *(score for score in simple if score.name not in names)], about


def common_variants(scores: Sequence[EvaluatedScore], name: str) -> npt.NDArray[np.bool_]:
    """Say which variants have all scores; a score that no variant has does not count.

    Returns
    -------
    ndarray
        (n,) whether each variant has.

    Raises
    ------
    InputError
        If none has.
    """
    given = [score for score in scores if score.has_values]
    compared = np.all([score.present for score in given], axis=0)
    if not compared.any():
        raise InputError(
            f"{name}: no variant has all of the scores {', '.join(score.name for score in given)}: "
            "name those that are to be compared"
        )
    return np.asarray(compared)


def trained_kmers(
    training: KmerTraining, window: int, k: int, seed: int
) -> tuple[KmerRegression, dict[str, Any]]:
    """Train a k-mer model on labelled sequences.

    Parameters
    ----------
    training
        The sequences; longer ones than `window` are cropped to it, as models read them.
    window
        Bases, W.
    k
        Length of the k-mers.
    seed
        Of the folds that the penalty is chosen by.

    Returns
    -------
    KmerRegression, dict
        The model, and what it was trained on, for the provenance.

    Raises
    ------
    InputError
        If a sequence has no label, or labels are of one class only.
    """
    if isinstance(training, str | os.PathLike):
        path = split_file(training, "train") if Path(training).is_dir() else Path(training)
        name, sequences = path.name, read_labelled_sequences(path)
    else:
        name, sequences = "sequences", list(training)
    unlabelled = sum(sequence.label is None for sequence in sequences)
    if unlabelled:
        raise InputError(
            f"{name}: {unlabelled} of {len(sequences)} sequences have no label; a k-mer model is "
            "trained on sequences with labels 0 and 1"
        )
    cropped = [s.cropped(window) if len(s.sequence) > window else s for s in sequences]
    labels = np.array([sequence.label for sequence in cropped], dtype=np.int64)
    regression = KmerRegression.fit([s.sequence for s in cropped], labels, k=k, seed=seed)
    about = {"name": name, "sequences": len(cropped), "positives": int(labels.sum()), "k": k}
    return regression, about
