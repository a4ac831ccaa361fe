"""What a result was made with: enough to make it again, and nothing that differs by accident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enhancer_variants._version import __version__
from enhancer_variants.effects import ScoringPlan
from enhancer_variants.genome import Reference
from enhancer_variants.models import Model

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
        "models": [_model(model) for model in plan.models],
        "options": {
            "strand": plan.strand,
            "anchors": plan.anchors,
            "shifts": plan.shifts,
            "allow_n": plan.allow_n,
            **options,
        },
    }


def _model(model: Model) -> dict[str, Any]:
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
        "assumptions": list(model.assumptions),
        "notes": model.card.notes,
    }
