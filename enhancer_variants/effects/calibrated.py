"""How unusual a shift is, by the null distributions in a model's card."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.models import Model
from enhancer_variants.models.null import OutputNull
from enhancer_variants.models.null_set import NullConditions, NullSet

__all__ = [
    "calibrated_columns",
    "calibration_gap",
    "null_conditions",
    "valid_null",
    "valid_null_set",
]

FloatArray = npt.NDArray[np.float64]

Strand = Literal["forward", "both"]
Anchors = Literal["left", "both"]


def null_conditions(model: Model, strand: Strand, anchors: Anchors, shifts: int) -> NullConditions:
    """How a model is used in a run, as far as its shifts depend on it.

    Parameters
    ----------
    model
        The model.
    strand, anchors, shifts
        Which windows of an allele are averaged.

    Notes
    -----
    Precision and batch size are no part of it: they are admitted by how little they change a
    shift. Whether windows with N are scored changes which alleles have one, not its value.
    """
    return NullConditions(
        weights_sha256=model.weights_sha256,
        window_length=model.window_length,
        max_seq_length=model.max_seq_length if model.padding == "dnabert" else None,
        padding=model.padding,
        positive_label=model.card.positive_label,
        strand=strand,
        anchors=anchors,
        shifts=shifts,
    )


def valid_null_set(model: Model, strand: Strand, anchors: Anchors, shifts: int) -> NullSet | None:
    """Null distributions of a model's card that hold for a run, or None.

    Parameters
    ----------
    model, strand, anchors, shifts
        As for :func:`null_conditions`.
    """
    conditions = null_conditions(model, strand, anchors, shifts)
    return next((null for null in model.card.nulls if null.conditions == conditions), None)


def valid_null(
    model: Model, output: str, strand: Strand, anchors: Anchors, shifts: int
) -> OutputNull | None:
    """Null distributions of one output of a model that hold for a run, or None.

    Parameters
    ----------
    output
        One of the model's ``output_names``.
    model, strand, anchors, shifts
        As for :func:`null_conditions`.
    """
    null = valid_null_set(model, strand, anchors, shifts)
    return None if null is None else null.outputs[model.output_names.index(output)]


def calibration_gap(model: Model, strand: Strand, anchors: Anchors, shifts: int) -> str | None:
    """Say why a run leaves percentile, p and phred of a model empty; None where it does not.

    Parameters
    ----------
    model, strand, anchors, shifts
        As for :func:`null_conditions`.

    Returns
    -------
    str or None
        One sentence for a warning.
    """
    remedy = "make one with: enhancer-variants models calibrate"
    empty = "percentile, p and phred stay empty"
    null = valid_null_set(model, strand, anchors, shifts)
    if null is not None:
        if any(output.other is None for output in null.outputs):
            return f"{empty} but for SNVs: the card has no null distribution of other kinds."
        return None
    if not model.card.nulls:
        return f"{empty}: the card has no null distribution; {remedy}."
    conditions = null_conditions(model, strand, anchors, shifts)
    # Of several, the one that is least different.
    found = [made.conditions.differences(conditions) for made in model.card.nulls]
    closest = min(found, key=len)
    return (
        f"{empty}: the card's null distribution is for another use of the model, and this run has "
        f"{', '.join(closest)}; {remedy} and the same options."
    )


def calibrated_columns(
    null: OutputNull | None, shift: FloatArray, is_snv: npt.NDArray[np.bool_]
) -> dict[str, FloatArray]:
    """Compare shifts with the null distribution of their kind.

    Parameters
    ----------
    null
        Null distributions of the model's output, or None where none holds.
    shift
        Log-odds shifts, log2 units, shape ``(n,)``; NaN where an allele was not scored.
    is_snv
        Which alleles are SNVs in normal form, shape ``(n,)``.

    Returns
    -------
    dict
        ``percentile`` (0 to 1), ``p`` and ``phred``, each float64 of shape ``(n,)``; NaN where
        there is no shift or no null distribution.

    Examples
    --------
    >>> from enhancer_variants.models.null import NullDistribution
    >>> null = OutputNull(NullDistribution.of([0.0, 0.5, -1.0]))
    >>> columns = calibrated_columns(null, np.array([-0.5, 2.0]), np.array([True, False]))
    >>> columns["p"]
    array([0.75,  nan])
    """
    columns = {name: np.full(len(shift), np.nan) for name in ("percentile", "p", "phred")}
    if null is None:
        return columns
    for distribution, members in ((null.snv, is_snv), (null.other, ~is_snv)):
        if distribution is not None:
            columns["percentile"][members] = distribution.percentile(shift[members])
            columns["p"][members] = distribution.p_value(shift[members])
            columns["phred"][members] = distribution.phred(shift[members])
    return columns
