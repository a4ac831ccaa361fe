"""Which variants are evaluated, and for every other one the reason why it is not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, Variant, is_acgt
from enhancer_variants.schema import KINDS, Status, vcf_key
from enhancer_variants.training.variant_evaluation.cells import Allele
from enhancer_variants.training.variant_evaluation.sources import AlleleSource, require_name
from enhancer_variants.training.variant_evaluation.windows import PlacedAllele, place_alleles
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["SIGNIFICANT", "MeasuredVariants", "VariantSelection", "select"]

SIGNIFICANT: Final = 1e-5
"""Effects with smaller p-values are significant: 0.05, by Bonferroni's rule, for 5,000 variants."""

_ALL: Final = "all"
"""The one group that there is where nobody names groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSelection:
    """What counts as a measured variant.

    Parameters
    ----------
    effect
        INFO key or column of the measured effect, ALT against REF: > 0, the ALT has more activity.
    group
        Of what the variants are grouped by, as the element they lie in; None for one group.
    p_value
        Of the effect's p-value; None where there is none.
    minimum
        Least value by INFO key or column, as ``{"TAGS": 10}``.
    kinds
        Kinds of variants that count, of :data:`~enhancer_variants.schema.KINDS`.
    significant
        An effect is significant if its p-value is below this.
    window
        Bases around a variant that have to be known where a reference says it, W.

    Raises
    ------
    InputError
        If a kind is none, a minimum is NaN, or `significant` is no p-value.
    """

    effect: str
    group: str | None = None
    p_value: str | None = None
    minimum: Mapping[str, float] = field(default_factory=dict)
    kinds: Collection[str] = ("snv",)
    significant: float = SIGNIFICANT
    window: int = 200

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise InputError(f"kind {kind!r} is none of {', '.join(KINDS)}")
        for name, least in self.minimum.items():
            if math.isnan(least):
                raise InputError(f"the minimum of {name} is no number; expected one, as 10")
        if not 0 < self.significant <= 1:
            raise InputError(
                f"significant is {self.significant}; expected a p-value above 0, at most 1"
            )


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredVariants:
    """The variants that are evaluated; arrays have one entry for each.

    Attributes
    ----------
    rows
        Their places in the source.
    alleles
        As the file spells them.
    kinds
        What each is.
    groups
        Name of each one's group.
    effects, p_values
        What was measured; a p-value is NaN where there is none.
    limited
        By name: the values that a minimum was asked of.
    left_out
        How many alleles are not evaluated, by reason.
    placed
        Where they are on the reference; None without one.
    """

    rows: npt.NDArray[np.intp]
    alleles: Sequence[Allele]
    kinds: Sequence[str]
    groups: npt.NDArray[np.object_]
    effects: Numbers
    p_values: Numbers
    limited: Mapping[str, Numbers]
    left_out: Mapping[str, int]
    placed: Sequence[PlacedAllele] | None


def select(
    source: AlleleSource, selection: VariantSelection, reference: Reference | None
) -> MeasuredVariants:
    """Choose the variants that are evaluated.

    An allele that is not has one reason, the first of these: no allele, another kind, no effect,
    no group, below a minimum, no complete window. The last is the status that scoring gave it,
    or, where the file has none, the one that it has on the reference.

    Parameters
    ----------
    source
        All alleles.
    selection
        What counts.
    reference
        The genome, if there is one.

    Raises
    ------
    InputError
        If the file has nothing of a name, a p-value is none, or no variant is left.
    """
    effect = require_name(source, selection.effect, "the effect")
    kinds = _kinds(source)
    reasons = [_no_allele(allele) for allele in source.alleles]
    _add(reasons, [None if k in selection.kinds else f"kind {k}" for k in kinds])
    effects, why = source.cells(effect).numbers(selection.effect)
    _add(reasons, why)
    groups: Sequence[str | None] = [_ALL] * len(reasons)
    if selection.group is not None:
        cells = source.cells(require_name(source, selection.group, "the group"), shared=True)
        groups = cells.texts
        _add(reasons, cells.reasons)
    limited = {name: _limited(source, name, reasons, selection) for name in selection.minimum}
    _add(reasons, _statuses(source))
    rows = [row for row, reason in enumerate(reasons) if not reason]
    placed = None
    if reference is not None:
        placed = place_alleles([source.alleles[r] for r in rows], reference, selection.window)
        if _status_name(source) is None:
            for row, allele in zip(rows, placed, strict=True):
                reasons[row] = "" if allele.status is Status.OK else allele.status.value
            placed = [allele for allele in placed if allele.status is Status.OK]
            rows = [row for row in rows if not reasons[row]]
    left_out = dict(Counter(reason for reason in reasons if reason))
    if not rows:
        raise InputError(f"{source.name}: no variant is left to evaluate: {_listed(left_out)}")
    return MeasuredVariants(
        np.array(rows, dtype=np.intp),
        [source.alleles[row] for row in rows],
        [kinds[row] for row in rows],
        np.array([groups[row] for row in rows], dtype=object),
        effects[rows],
        _p_values(source, selection.p_value)[rows],
        {name: values[rows] for name, values in limited.items()},
        left_out,
        placed,
    )


def _add(reasons: list[str], further: Sequence[str | None]) -> None:
    """Give a reason to the alleles that have none yet."""
    reasons[:] = [old or new or "" for old, new in zip(reasons, further, strict=True)]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {count:,}" for reason, count in counts.items()) or "it has none"


def _no_allele(allele: Allele) -> str:
    if allele.problem:
        return Status.INVALID_RECORD.value
    if allele.alt == ".":
        return Status.NO_ALT.value
    if not (is_acgt(allele.ref.upper()) and is_acgt(allele.alt.upper())):
        return "an allele of something else than A, C, G and T"
    return ""


def _kinds(source: AlleleSource) -> list[str]:
    """Kind of each allele as scoring found it in normal form, else by its spelling."""
    written: Sequence[str | None] = [None] * len(source.alleles)
    name = source.resolved("kind")
    if name is not None:
        written = source.cells(name).texts
    return [
        kind if kind in KINDS else _kind_as_spelled(allele)
        for kind, allele in zip(written, source.alleles, strict=True)
    ]


def _kind_as_spelled(allele: Allele) -> str:
    if _no_allele(allele) or allele.position is None:
        return "unknown"
    return Variant(allele.contig, allele.position, allele.ref, allele.alt).kind


def _limited(
    source: AlleleSource, name: str, reasons: list[str], selection: VariantSelection
) -> Numbers:
    values, why = source.cells(require_name(source, name, "a minimum")).numbers(name)
    least = selection.minimum[name]
    _add(reasons, why)
    _add(reasons, [f"{name} below {least:g}" if value < least else "" for value in values])
    return values


def _status_name(source: AlleleSource) -> str | None:
    """Find the statuses that scoring wrote; a column of that name may also be somebody else's."""
    name = source.resolved("status")
    if name is None or name == vcf_key("status"):
        return name
    known = {status.value for status in Status}
    return name if known.issuperset(filter(None, source.cells(name).texts)) else None


def _statuses(source: AlleleSource) -> list[str]:
    name = _status_name(source)
    if name is None:
        return [""] * len(source.alleles)
    cells = source.cells(name)
    return [
        reason if text is None else "" if text == Status.OK else text
        for text, reason in zip(cells.texts, cells.reasons, strict=True)
    ]


def _p_values(source: AlleleSource, name: str | None) -> Numbers:
    if name is None:
        return np.full(len(source.alleles), np.nan)
    values, _ = source.cells(require_name(source, name, "the p-value")).numbers(name)
    foreign = values[(values < 0) | (values > 1)]
    if foreign.size:
        raise InputError(
            f"{source.name}: {name} is {foreign[0]:g}; expected p-values from 0 to 1, "
            "not their logarithms"
        )
    return values
