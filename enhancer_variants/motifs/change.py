"""What an allele does to every motif: best hits of REF and ALT, their p-values, and a call.

Every shift and ratio is ALT against REF: above 0, the ALT gains. A p-value is of one placement
(:mod:`enhancer_variants.motifs.p_values`). About 2 * L placements of a motif of length L overlap a
single-base change, so that 1.4 of the 879 motifs of JASPAR 2024 have a hit at 1e-4 in each
allele by chance (counted on uniformly random DNA): a call is evidence to weigh, not proof of
binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.change_p_values import ChangeDistributions
from enhancer_variants.motifs.context import AlleleContext
from enhancer_variants.motifs.p_values import ScoreDistributions
from enhancer_variants.motifs.pwm import Pwm
from enhancer_variants.motifs.scanning import BestHits, MotifScanner, best_hits

__all__ = [
    "CallThresholds",
    "MotifChanges",
    "motif_changes",
    "strongest_changes",
]

_AT_ONCE: Final = 2048

_Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CallThresholds:
    """What counts as a hit, and what as none; between the two is a margin.

    Parameters
    ----------
    hit
        An allele has a hit where its best placement's p-value is at most this.
    no_hit
        An allele surely has none where it is at least this. The margin keeps 0.99e-4 and
        1.01e-4 from making a disruption.

    Raises
    ------
    InputError
        Unless 0 < hit <= no_hit <= 1.

    Examples
    --------
    >>> CallThresholds()
    CallThresholds(hit=0.0001, no_hit=0.001)
    """

    hit: float = 1e-4
    no_hit: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.hit <= self.no_hit <= 1:
            raise InputError(
                f"thresholds are hit {self.hit} and no_hit {self.no_hit}, expected "
                "0 < hit <= no_hit <= 1"
            )


@dataclass(frozen=True, slots=True, eq=False)
class MotifChanges:
    """Every motif in both alleles: arrays of shape (alleles, motifs).

    Attributes
    ----------
    pwms
        The motifs, in the order of the columns.
    scores_ref, scores_alt
        Score of the best hit in each allele, bits; NaN where no placement of A, C, G and T
        overlaps the change.
    starts_ref
        0-based contig coordinate of the leftmost base of REF's best hit, -1 for none.
    starts_alt
        The same for ALT, in coordinates of the reference: a start behind inserted or deleted
        bases is moved by as many, one among inserted bases is that of the reference base that
        follows them. -1 for none.
    inserted_alt
        Bases that ALT's best hit has before that base of the reference: 0 but for one that begins
        among inserted bases.
    strands_ref, strands_alt
        1 forward, -1 reverse, 0 none.
    p_ref, p_alt
        P-values of the scores, each of one placement; NaN for none.
    p_change
        P-value of the change itself, two-sided: how often a random single-base change of
        background sequence makes the absolute log10_p_ratio as large, or another measure of it
        (:mod:`enhancer_variants.motifs.change_p_values`); NaN for all that is not an SNV, or
        where an allele has no placement.
    effects
        Places in :data:`~enhancer_variants.schema.MOTIF_EFFECTS`.
    """

    pwms: tuple[Pwm, ...]
    scores_ref: _Numbers
    scores_alt: _Numbers
    starts_ref: npt.NDArray[np.int32]
    starts_alt: npt.NDArray[np.int32]
    inserted_alt: npt.NDArray[np.int32]
    strands_ref: npt.NDArray[np.int8]
    strands_alt: npt.NDArray[np.int8]
    p_ref: _Numbers
    p_alt: _Numbers
    p_change: _Numbers
    effects: npt.NDArray[np.int8]

    @classmethod
    def empty(cls, pwms: tuple[Pwm, ...], alleles: int) -> MotifChanges:
        """Make the arrays for some alleles, with nothing found yet."""
        shape = (alleles, len(pwms))
        return cls(
            pwms=pwms,
            scores_ref=np.full(shape, np.nan, dtype=np.float32),
            scores_alt=np.full(shape, np.nan, dtype=np.float32),
            starts_ref=np.full(shape, -1, dtype=np.int32),
            starts_alt=np.full(shape, -1, dtype=np.int32),
            inserted_alt=np.zeros(shape, dtype=np.int32),
            strands_ref=np.zeros(shape, dtype=np.int8),
            strands_alt=np.zeros(shape, dtype=np.int8),
            p_ref=np.full(shape, np.nan, dtype=np.float32),
            p_alt=np.full(shape, np.nan, dtype=np.float32),
            p_change=np.full(shape, np.nan, dtype=np.float32),
            effects=np.zeros(shape, dtype=np.int8),
        )

    @property
    def score_shift(self) -> _Numbers:
        """Score of ALT minus score of REF, bits: above 0, the ALT gains."""
        return self.scores_alt - self.scores_ref

    @property
    def log10_p_ratio(self) -> npt.NDArray[np.float64]:
        """log10(p_ref / p_alt): above 0, the ALT gains."""
        return np.log10(self.p_ref.astype(np.float64)) - np.log10(self.p_alt.astype(np.float64))

    @property
    def q_change(self) -> npt.NDArray[np.float64]:
        """False discovery rate of the changes of each allele, over its motifs.

        `p_change` adjusted as Benjamini Y, Hochberg Y (1995), J R Stat Soc B 57:289-300, by
        :func:`scipy.stats.false_discovery_control`; NaN where `p_change` is.
        """
        from scipy.stats import false_discovery_control  # noqa: PLC0415 - slow to import, and few runs need it

        adjusted = self.p_change.astype(np.float64)
        known = ~np.isnan(adjusted)
        whole = known.all(axis=1)
        if len(self.pwms) and whole.any():
            adjusted[whole] = false_discovery_control(adjusted[whole], axis=1)
        for row in np.flatnonzero(known.any(axis=1) & ~whole):
            adjusted[row, known[row]] = false_discovery_control(adjusted[row, known[row]])
        return adjusted

    def called(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Rows and columns of all that is called other than none, row by row."""
        rows, columns = np.nonzero(self.effects)
        return rows, columns


def motif_changes(
    contexts: Sequence[AlleleContext],
    scanner: MotifScanner,
    distributions: ScoreDistributions,
    by_chance: ChangeDistributions,
    thresholds: CallThresholds,
) -> MotifChanges:
    """Compare every motif's best hit in ALT with that in REF, for some alleles.

    What :meth:`enhancer_variants.motifs.MotifPanel.changes` does with its parts.

    Parameters
    ----------
    contexts
        The alleles.
    scanner
        The motifs.
    distributions, by_chance
        Where the distributions of the motifs' scores, and of what random changes do to them, are
        kept from one call to the next.
    thresholds
        What counts as a hit and what as none.

    Returns
    -------
    MotifChanges
        One row per allele, one column per motif.

    Raises
    ------
    InputError
        If the contexts are too narrow for the longest motif, or an allele is too long.
    """
    changes = MotifChanges.empty(scanner.pwms, len(contexts))
    for begin in range(0, len(contexts), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        views, ref, alt = _rows(changes, some), *best_hits(scanner, contexts[some])
        p_ref = _p_values(ref, scanner, distributions)
        p_alt = _p_values(alt, scanner, distributions)
        _fill_hits(views, ref, alt, contexts[some])
        views.p_ref[:], views.p_alt[:] = p_ref, p_alt
        views.effects[:] = _effects(p_ref, p_alt, thresholds)
        is_snv = np.array([context.is_snv for context in contexts[some]])
        if by_chance.measure == "score_shift":
            sizes = (alt.scores - ref.scores)[is_snv]
        else:
            sizes = np.log10(p_alt[is_snv]) - np.log10(p_ref[is_snv])
        for column, pwm in enumerate(scanner.pwms if is_snv.any() else ()):
            views.p_change[is_snv, column] = by_chance.of(pwm).p_value(sizes[:, column])
    return changes


def strongest_changes(changes: MotifChanges) -> npt.NDArray[np.intp]:
    """Choose the motif that each allele changes most.

    For an SNV the one with the smallest p-value of the change; of equals, and for every other
    kind, the one with the largest absolute log10(p_ref / p_alt); of equals the one whose
    identifier comes first.

    Parameters
    ----------
    changes
        Of some alleles.

    Returns
    -------
    ndarray
        Column of each allele's motif; -1 where no motif has a placement in both alleles.
    """
    by_id = np.array(sorted(range(len(changes.pwms)), key=lambda column: changes.pwms[column].id))
    size = np.abs(changes.log10_p_ratio)[:, by_id]
    size[np.isnan(size)] = -1
    p_change = np.where(np.isnan(changes.p_change), np.inf, changes.p_change)[:, by_id]
    size[p_change > p_change.min(axis=1, keepdims=True)] = -1
    strongest = by_id[size.argmax(axis=1)]
    strongest[(size < 0).all(axis=1)] = -1
    return np.asarray(strongest)


def _rows(changes: MotifChanges, rows: slice) -> MotifChanges:
    """Take views of some rows, into which results can be written."""
    arrays = {field.name: getattr(changes, field.name)[rows] for field in fields(changes)[1:]}
    return MotifChanges(changes.pwms, **arrays)


def _fill_hits(
    changes: MotifChanges, ref: BestHits, alt: BestHits, contexts: Sequence[AlleleContext]
) -> None:
    """Enter best hits, their starts in coordinates of the reference."""
    own = np.array([(context.own_ref, context.own_alt) for context in contexts], dtype=np.intp)
    begins = np.array([context.start for context in contexts], dtype=np.int32)[:, None]
    changes.scores_ref[:], changes.scores_alt[:] = ref.scores, alt.scores
    changes.strands_ref[:], changes.strands_alt[:] = ref.strands, alt.strands
    changes.starts_ref[:] = np.where(ref.strands != 0, ref.starts + begins, -1)
    in_reference, inserted = _in_reference(alt.starts, own)
    changes.starts_alt[:] = np.where(alt.strands != 0, in_reference + begins, -1)
    changes.inserted_alt[:] = np.where(alt.strands != 0, inserted, 0)


def _p_values(
    hits: BestHits, scanner: MotifScanner, distributions: ScoreDistributions
) -> npt.NDArray[np.float64]:
    by_motif = hits.scores.T.copy()
    for scores, pwm in zip(by_motif, scanner.pwms, strict=True):
        scores[:] = distributions.of(pwm).p_value(scores)
    return by_motif.T


def _in_reference(
    starts: npt.NDArray[np.int32], own: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Turn starts in ALT into those of the reference base there, or of the next one.

    The second array is how many bases of ALT there are before that next one.
    """
    end_ref, end_alt = own[:, 0, 1, None], own[:, 1, 1, None]
    behind = starts - (end_alt - end_ref)
    in_reference = np.where(starts >= end_alt, behind, np.minimum(starts, end_ref))
    among_inserted = (starts < end_alt) & (starts > end_ref) | (starts == end_ref) & (
        end_ref < end_alt
    )
    return in_reference, np.where(among_inserted, end_alt - starts, 0)


def _effects(
    p_ref: npt.NDArray[np.float64], p_alt: npt.NDArray[np.float64], thresholds: CallThresholds
) -> npt.NDArray[np.int8]:
    """Call each change; comparisons with NaN are false, which makes them none."""
    hit_ref, hit_alt = p_ref <= thresholds.hit, p_alt <= thresholds.hit
    either = (hit_ref | hit_alt) & ~np.isnan(p_ref) & ~np.isnan(p_alt)
    conditions = [
        hit_ref & (p_alt >= thresholds.no_hit) & (p_alt > p_ref),
        hit_alt & (p_ref >= thresholds.no_hit) & (p_ref > p_alt),
        either & (p_alt > p_ref),
        either & (p_alt < p_ref),
    ]
    return np.select(conditions, [np.int8(code) for code in (1, 2, 3, 4)], np.int8(0))
