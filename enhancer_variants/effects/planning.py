"""From what is asked for to a plan: names to loaded models, sets of motifs to panels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

from enhancer_variants.effects.calibrated import calibration_gap
from enhancer_variants.effects.model_names import FactorSource, ModelSource, named_models
from enhancer_variants.effects.plan import ScoringPlan, motif_window
from enhancer_variants.models import Backend, ModelMemory, ModelShelf, Padding, Precision
from enhancer_variants.motifs import MotifOptions, MotifSource, motif_panel

__all__ = ["make_plan"]


def make_plan(
    enhancer: ModelSource | Mapping[str, ModelSource] | None,
    tfbs: FactorSource | None,
    motifs: MotifSource | None,
    *,
    motif_options: MotifOptions | None = None,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    device: str = "auto",
    precision: Precision | Literal["auto"] = "auto",
    backend: Backend | Literal["auto"] = "auto",
    model_memory: ModelMemory = "auto",
    **options: Any,
) -> tuple[ScoringPlan, ModelShelf]:
    """Load what is named, and warn of what had to be assumed of it.

    Parameters
    ----------
    enhancer, tfbs, motifs, motif_options, window, max_seq_length, padding
        As for :class:`~enhancer_variants.VariantScorer`.
    device, precision, backend
        Likewise.
    model_memory
        Bytes that weights may take.
    **options
        As for :class:`~enhancer_variants.effects.ScoringPlan`.

    Returns
    -------
    plan : ScoringPlan
        What alleles are scored with, and how.
    shelf : ModelShelf
        The models of the plan.

    Raises
    ------
    InputError
        If nothing is named, or two names would give the same column.
    ModelError, CheckpointError, UnsafeCheckpointError, WindowLengthError
        If a model cannot be loaded as asked.
    MotifFileError
        If the motifs cannot be read.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> plan, shelf = make_plan(demo_files().model, None, None, strand="both")
    >>> [model.name for model in plan.models], plan.averaged, shelf.complete
    (['enhancer'], True, True)
    """
    enhancers, factors = named_models(enhancer, tfbs, or_else=motifs)
    panel = None if motifs is None else motif_panel(motifs, motif_options)
    shelf = ModelShelf(
        {**enhancers, **factors},
        memory=model_memory,
        window=window,
        max_seq_length=max_seq_length,
        padding=padding,
        device=device,
        precision=precision,
        backend=backend,
    )
    plan = ScoringPlan(
        enhancers=shelf.models[: len(enhancers)],
        tfbs=shelf.models[len(enhancers) :],
        motifs=panel,
        motif_window=motif_window(window, shelf.models),
        ready=shelf.ready,
        **options,
    )
    for model in plan.models:
        gap = None
        if plan.calibrated:
            gap = calibration_gap(model, plan.strand, plan.anchors, plan.shifts)
        for said in (*model.assumptions, gap):
            if said is not None:
                warnings.warn(f"{model.name}: {said}", UserWarning, stacklevel=3)
    return plan, shelf
