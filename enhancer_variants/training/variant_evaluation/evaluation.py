"""Scores of variants beside what was measured: how well they agree, and how sure that is."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants._version import __version__
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, ReferenceSource
from enhancer_variants.motifs import MotifSource
from enhancer_variants.provenance import RESEARCH_ONLY
from enhancer_variants.training.variant_evaluation.judgement import (
    JudgedVariants,
    Resampling,
    ScoreDifference,
    ScoreFigure,
    Subset,
    grouped,
)
from enhancer_variants.training.variant_evaluation.resampling import METRICS, VariantStatistic
from enhancer_variants.training.variant_evaluation.scores import (
    GC_CHANGE,
    EvaluatedScore,
    KmerTraining,
    common_variants,
    file_scores,
    with_simple_scores,
)
from enhancer_variants.training.variant_evaluation.selection import (
    SIGNIFICANT,
    MeasuredVariants,
    VariantSelection,
    select,
)
from enhancer_variants.training.variant_evaluation.sources import (
    ScoredVariants,
    joined,
    read_alleles,
)

__all__ = ["VariantEvaluation", "evaluate_variants"]

_CORRELATIONS: Final = METRICS[:2]


@dataclass(frozen=True, slots=True, eq=False)
class VariantEvaluation:
    """Scores of variants judged by measured effects.

    Attributes
    ----------
    selection
        Which variants count.
    read
        Alleles in the file.
    left_out
        How many of them are not evaluated, by reason.
    unscored
        Measured alleles that a table of effects has no row for.
    scores
        Every score, with its values and why some are missing.
    compared
        Shape (n,): whether each variant has a value of every score that has any.
    variants
        The n variants: ``chrom`` ``pos`` ``id`` ``ref`` ``alt`` ``record`` ``allele`` ``kind``
        ``group`` ``effect`` ``p_value``, the values that a minimum was asked of, every score, and
        ``compared``.
    figures
        How good each score is: by statistic and group, on the variants that all scores have
        (``common``) and on all that it has itself (``own``).
    differences
        Every two scores compared, on the common variants.
    resampling
        How the intervals were made.
    made_with
        Version, base names of files, checksums and options, for the record.
    """

    selection: VariantSelection
    read: int
    left_out: Mapping[str, int]
    unscored: int
    scores: tuple[EvaluatedScore, ...]
    compared: npt.NDArray[np.bool_]
    variants: pd.DataFrame
    figures: tuple[ScoreFigure, ...]
    differences: tuple[ScoreDifference, ...]
    resampling: Resampling
    made_with: Mapping[str, Any]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in the order in which they first occur."""
        return tuple(dict.fromkeys(self.variants["group"]))

    @property
    def metrics(self) -> tuple[VariantStatistic, ...]:
        """Statistics that the scores are judged by."""
        return _metrics(self.selection)

    def figure(
        self,
        score: str,
        metric: VariantStatistic,
        group: str | None = None,
        variants: Subset = "common",
    ) -> ScoreFigure:
        """Look up one figure.

        Parameters
        ----------
        score, metric
            Names of them.
        group
            The group; None for the mean over groups, and for the one group that there is.
        variants
            ``common`` or ``own``.

        Raises
        ------
        InputError
            If there is none of these names.
        """
        wanted = self.groups[0] if group is None and len(self.groups) == 1 else group
        for one in self.figures:
            if (one.score, one.metric, one.group, one.variants) == (
                score,
                metric,
                wanted,
                variants,
            ):
                return one
        raise InputError(
            f"no {metric} of {score} in group {wanted} on {variants} variants; there are scores "
            f"{', '.join(one.name for one in self.scores)} and groups {', '.join(self.groups)}"
        )


def evaluate_variants(
    scored: ScoredVariants,
    *,
    effect: str,
    group: str | None = None,
    p_value: str | None = None,
    minimum: Mapping[str, float] | None = None,
    kinds: Collection[str] = ("snv",),
    significant: float = SIGNIFICANT,
    measured: ScoredVariants | None = None,
    scores: Sequence[str] | None = None,
    reference: ReferenceSource | Reference | None = None,
    window: int = 200,
    motifs: MotifSource | None = "JASPAR2024",
    kmer_training: KmerTraining | None = None,
    k: int = 6,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> VariantEvaluation:
    """Judge scores of variants by measured effects, beside scores that need no training.

    Parameters
    ----------
    scored
        VCF or BCF with the scores in INFO, as ``score`` writes it, or a TSV, CSV, Parquet or
        DataFrame of effects. Of a record with several ALTs, an effect or a score counts if it has
        one value for each; a group may have one for all.
    effect
        INFO key or column of the measured effect, ALT against REF: > 0, the ALT has more activity.
    group
        Of the name of a group, as a measured element; correlations are taken within groups.
    p_value
        Of the effect's p-value, for AUROC and direction.
    minimum
        Least value by INFO key or column: ``{"TAGS": 10}``.
    kinds
        Kinds of variants that count.
    significant
        An effect is significant if its p-value is below this.
    measured
        VCF or table that has the measured values, where `scored` has only the scores; joined by
        contig, position, REF and ALT.
    scores
        INFO keys or columns of the scores to judge, > 0: the ALT gains; by default every
        ``log_odds_shift`` and ``motif_shift_sum``. An empty list judges the simple scores alone.
    reference
        FASTA. With it, ``motif_shift_sum`` is computed where the file has none, and a k-mer model
        can be applied; without statuses in the file, it says which windows are complete.
    window
        Bases of a window on the reference, W.
    motifs
        Motifs for ``motif_shift_sum``; None not to compute it.
    kmer_training
        Labelled sequences to train a k-mer model on: best those that the judged model was trained
        on. Its score is ``kmer_log_odds_shift``.
    k
        Length of the k-mers.
    resamples, level, seed
        Of the bootstrap.

    Returns
    -------
    VariantEvaluation
        Figures with intervals, differences, the variants, and what was left out.

    Raises
    ------
    InputError
        If a name is not found, no variant is left, no variant has all scores, or an option is out
        of range.
    VariantFileError, FastaError
        If a file cannot be read.
    MissingDependencyError
        If a k-mer model is asked for and scikit-learn is not installed.

    Examples
    --------
    >>> frame = pd.DataFrame({"chrom": "1", "pos": range(1, 7), "ref": "A", "alt": list("CCCGGG")})
    >>> frame["lfc"] = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    >>> frame["toy_log_odds_shift"] = [-4.0, -1.0, 0.5, 0.0, 3.0, 9.0]
    >>> found = evaluate_variants(frame, effect="lfc", resamples=200)
    >>> round(found.figure("toy_log_odds_shift", "spearman").interval.value, 3)
    0.943
    >>> [score.name for score in found.scores]
    ['toy_log_odds_shift', 'gc_change']
    """
    selection = VariantSelection(
        effect=effect,
        group=group,
        p_value=p_value,
        minimum=dict(minimum or {}),
        kinds=tuple(kinds),
        significant=significant,
        window=window,
    )
    resampling = Resampling(resamples, level, seed)
    genome = None if reference is None else Reference.of(reference)
    source, unscored = read_alleles(scored), 0
    if measured is not None:
        source, unscored = joined(source, read_alleles(measured))
    variants = select(source, selection, genome)
    found = file_scores(source, variants, scores)
    with_simple, made_with = with_simple_scores(
        found, variants, genome, motifs, kmer_training, (window, k, seed)
    )
    if scores is None and {score.name for score in with_simple} == {GC_CHANGE}:
        raise InputError(
            f"{source.name}: has no score (EV_..._LOG_ODDS_SHIFT, EV_MOTIF_SHIFT_SUM, or such "
            "columns): score it first, name its scores, or name a reference for motif_shift_sum"
        )
    compared = common_variants(with_simple, source.name)
    figures, differences = _judged(variants, with_simple, compared, selection, resampling)
    return VariantEvaluation(
        selection=selection,
        read=len(source.alleles),
        left_out=variants.left_out,
        unscored=unscored,
        scores=tuple(with_simple),
        compared=compared,
        variants=_table(variants, with_simple, compared),
        figures=tuple(figures),
        differences=tuple(differences),
        resampling=resampling,
        made_with={
            "enhancer_variants": __version__,
            "notice": RESEARCH_ONLY,
            "scored": source.name,
            "measured": _base_name(measured),
            **made_with,
        },
    )


def _base_name(source: ScoredVariants | None) -> str | None:
    if source is None:
        return None
    return Path(source).name if isinstance(source, str | os.PathLike) else "variants"


def _metrics(selection: VariantSelection) -> tuple[VariantStatistic, ...]:
    return METRICS if selection.p_value is not None else _CORRELATIONS


def _judged(
    variants: MeasuredVariants,
    scores: Sequence[EvaluatedScore],
    compared: npt.NDArray[np.bool_],
    selection: VariantSelection,
    resampling: Resampling,
) -> tuple[list[ScoreFigure], list[ScoreDifference]]:
    """Judge all scores on the variants that all have, and each on all that it has."""
    metrics, order = _metrics(selection), list(dict.fromkeys(variants.groups.tolist()))
    given = [score for score in scores if score.has_values]

    def judged(some: Sequence[EvaluatedScore], rows: npt.NDArray[np.bool_]) -> JudgedVariants:
        groups = grouped(
            variants.groups[rows],
            order,
            variants.effects[rows],
            variants.p_values[rows],
            np.array([score.numbers[rows] for score in some]),
            selection.significant,
        )
        return JudgedVariants.of([score.name for score in some], groups, metrics, resampling)

    common = judged(given, compared)
    figures = common.figures("common")
    own: list[ScoreFigure] = []
    for score in given:
        if np.array_equal(score.present, compared):
            own += [replace(one, variants="own") for one in figures if one.score == score.name]
        else:
            own += judged([score], score.present).figures("own")
    return figures + own, common.differences()


def _table(
    variants: MeasuredVariants,
    scores: Sequence[EvaluatedScore],
    compared: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    alleles = variants.alleles
    columns: dict[str, Any] = {
        "chrom": [allele.contig for allele in alleles],
        "pos": [allele.position for allele in alleles],
        "id": [allele.id for allele in alleles],
        "ref": [allele.ref for allele in alleles],
        "alt": [allele.alt for allele in alleles],
        "record": [allele.record for allele in alleles],
        "allele": [allele.number for allele in alleles],
        "kind": list(variants.kinds),
        "group": variants.groups,
        "effect": variants.effects,
        "p_value": variants.p_values,
        **variants.limited,
        **{score.name: score.numbers for score in scores},
        "compared": compared,
    }
    return pd.DataFrame(columns)
