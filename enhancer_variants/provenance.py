"""What a result was made with: enough to make it again, and nothing that differs by accident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enhancer_variants._version import __version__
from enhancer_variants.effects import ScoringPlan, valid_null_set
from enhancer_variants.genome import Reference
from enhancer_variants.models import Model
from enhancer_variants.motifs import MotifPanel

__all__ = ["RESEARCH_ONLY", "provenance_of"]

RESEARCH_ONLY = "For research, not for clinical use."


def provenance_of(
    plan: ScoringPlan, reference: Reference | None, input_name: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Provenance of a run, as a JSON object in a fixed order.

    Holds versions, checksums, settings and base names of files; no time, user, host, path or
    engine, so equal results are equal bytes.

    Parameters
    ----------
    options
        Further options that affect the result, by name.
    """
    return {
        "enhancer_variants": __version__,
        "notice": RESEARCH_ONLY,
        "input": input_name,
        "reference": None
        if reference is None
        else {
            "name": reference.name,
            "sha256": reference.sha256(),
            "assembly": reference.assembly,
        },
        "models": [_model(model, plan) for model in plan.models],
        "motifs": None if plan.motifs is None else _motifs(plan, plan.motifs),
        "options": {
            "strand": plan.strand,
            "anchors": plan.anchors,
            "shifts": plan.shifts,
            "allow_n": plan.allow_n,
            "calibrated": plan.calibrated,
            **options,
        },
    }


def _motifs(plan: ScoringPlan, panel: MotifPanel) -> dict[str, Any]:
    return {
        **panel.provenance(),
        "window_length": plan.motif_window,
        "agreement_shift": plan.agreement_shift,
    }


def _model(model: Model, plan: ScoringPlan) -> dict[str, Any]:
    null = None
    if plan.calibrated:
        null = valid_null_set(model, plan.strand, plan.anchors, plan.shifts)
    return {
        "name": model.name,
        "card_name": model.card.name,
        "sha256": model.weights_sha256,
        "licence": model.card.licence,
        "window_length": model.window_length,
        "max_seq_length": model.max_seq_length,
        "padding": model.padding,
        "outputs": list(model.output_names),
        "decision_threshold": model.decision_threshold,
        "precision": model.precision,
        "backend": model.backend,
        "assumptions": list(model.assumptions),
        "notes": model.card.notes,
        **({"null": null and null.summary()} if plan.calibrated else {}),
    }
