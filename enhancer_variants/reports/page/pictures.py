"""Pictures of the top variants: what each base of both windows is worth to the model."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.explanation import Explanation, explain
from enhancer_variants.reports.plot.explanation_figure import FLANK, explanation_figure
from enhancer_variants.reports.plot.motif_hit import strongest_hits
from enhancer_variants.reports.plot.panel import optional
from enhancer_variants.scorer import VariantScorer

__all__ = ["Picture", "pictures_of", "require_same_models"]

_DOTS_PER_INCH: Final = 120
_VARIANT: Final = ("chrom", "pos", "id", "ref", "alt")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG in words of a page.

    Attributes
    ----------
    address
        The picture itself, as a ``data:`` address.
    width, height
        Pixels, as it is shown.
    about
        What it shows, for those who do not see it.
    """

    address: str
    width: int
    height: int
    about: str


def require_same_models(provenance: Mapping[str, Any] | None, scorer: VariantScorer) -> None:
    """Refuse a scorer whose models are not those that made the effects.

    Raises
    ------
    InputError
        Naming the model. Models that the provenance does not name pass.
    """
    recorded = provenance.get("models") if isinstance(provenance, Mapping) else None
    listed = [m for m in recorded or () if isinstance(m, Mapping)] if recorded else []
    made_with = {str(model.get("name")): model.get("sha256") for model in listed}
    for model in scorer.models:
        known = made_with.get(model.name)
        if known is not None and known != model.weights_sha256:
            raise InputError(
                f"the effects were scored with another {model.name} (sha256 {str(known)[:12]}) "
                f"than this scorer's ({model.weights_sha256[:12]}): report them with the scorer "
                "that made them, or without one"
            )


def pictures_of(
    scorer: VariantScorer, effects: pd.DataFrame, rows: Sequence[int], model: str | None
) -> dict[int, Picture]:
    """Draw some rows: logos of saturation mutagenesis of both windows, and motif hits in them.

    Parameters
    ----------
    scorer
        With the model.
    effects
        The table.
    rows
        Places in it. Those that the model cannot read are passed over.
    model
        Whose picture is drawn; nothing is drawn where the scorer has no such output.

    Returns
    -------
    dict of int to Picture
        By row.

    Raises
    ------
    MissingDependencyError
        Without matplotlib and logomaker.
    """
    outputs = {name for one in scorer.models for name in one.output_names}
    if model not in outputs or not rows or scorer.plan.anchors != "left" or scorer.plan.shifts:
        return {}
    for library in ("matplotlib", "logomaker"):
        optional(library)
    variants = effects.iloc[list(rows)][list(_VARIANT)].reset_index(drop=True)
    # The network takes nearly all the time of a card: it reads no more than what is drawn.
    motifs = scorer.plan.motifs
    flank = max(FLANK, motifs.scanner.longest if motifs else 0)
    found = explain(scorer, variants, models=[model], flank=flank)
    # explain numbers the rows that it is given, one allele each.
    return {rows[one.record]: _drawn(one) for one in found.explained}


def _drawn(one: Explanation) -> Picture:
    hits = strongest_hits(one.motif_hits, one.variant)
    axes = explanation_figure(one.ref, one.alt, one.variant, motif_hits=hits)
    from matplotlib import pyplot  # noqa: PLC0415 - an extra

    figure: Any = axes["ref"].get_figure(root=True)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    pyplot.close(figure)
    return Picture(
        "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode("ascii"),
        width,
        height,
        f"Logos of saturation mutagenesis around {one.variant}, for {one.ref.output}: what each "
        f"base of the REF window and of the ALT window is worth to the model, and motif hits that "
        f"the allele changes. Log odds {one.ref.log_odds:+.2f} in REF, {one.alt.log_odds:+.2f} in "
        "ALT.",
    )
