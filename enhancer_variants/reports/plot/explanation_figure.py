"""One picture of what an allele changes: both logos, the motifs in them, and the attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.reports.plot.attention_track import draw_attention, limit_attention
from enhancer_variants.reports.plot.columns import Columns
from enhancer_variants.reports.plot.logo_panels import LogoPanel, draw_logos
from enhancer_variants.reports.plot.motif_hit import MotifHit
from enhancer_variants.reports.plot.panel import change_text, new_figure
from enhancer_variants.reports.plot.sequence_logo import allele_columns, method_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from enhancer_variants.effects.attention import AttentionTrack
    from enhancer_variants.effects.saturation_map import SaturationMutagenesis

__all__ = ["FLANK", "explanation_figure"]

FLANK: Final = 40
"""Bases that are shown on either side of the variant, unless motif hits reach further."""

_TITLE_SIZE: Final = 10.0
_LOGO_HEIGHT: Final = 1.6
_TRACK_HEIGHT: Final = 1.1
_TITLE_HEIGHT: Final = 0.7


def explanation_figure(
    ref: SaturationMutagenesis,
    alt: SaturationMutagenesis,
    variant: Variant,
    *,
    figure: Figure | SubFigure | None = None,
    motif_hits: Sequence[MotifHit] = (),
    attention_ref: AttentionTrack | None = None,
    attention_alt: AttentionTrack | None = None,
    start: int | None = None,
    end: int | None = None,
) -> dict[str, Axes]:
    """Draw an explanation of one allele's effect: title, REF logo, ALT logo, motifs, attention.

    Parameters
    ----------
    ref, alt
        Saturation mutagenesis of the REF and of the ALT window, of one model, which begin at one
        place.
    variant
        What is between them, in any spelling.
    figure
        Where to draw, best one with ``layout="constrained"``; None for a new one, as high as its
        rows of motif hits need.
    motif_hits
        Each is drawn above the allele it is in.
    attention_ref, attention_alt
        Attention along either window. Without both there is no such panel.
    start, end
        Region of the reference that is shown, 0-based, half-open. By default 40 bases on either
        side of the variant, and whatever the motif hits reach beyond that.

    Returns
    -------
    dict of str to matplotlib.axes.Axes
        ``ref``, ``alt`` and, where attention is given, ``attention``; the figure is
        ``axes["ref"].figure``.

    Raises
    ------
    InputError
        If the windows differ in model, method, start or length, do not have their alleles, or
        attention is given for one allele alone or is of other sequences.
    MissingDependencyError
        Without matplotlib and logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> from enhancer_variants.effects.saturation_map import SaturationMutagenesis
    >>> ref, alt = (
    ...     SaturationMutagenesis(bases, np.eye(4), 1.5, "toy", "toy", contig="chr1", start=99)
    ...     for bases in ("ACGT", "AGGT")
    ... )
    >>> sorted(explanation_figure(ref, alt, Variant("chr1", 101, "C", "G")))
    ['alt', 'ref']
    """
    if (ref.model, ref.output) != (alt.model, alt.output):
        raise InputError(
            f"REF is explained for {ref.model} {ref.output}, ALT for {alt.model} {alt.output}; "
            "expected one model and one output"
        )
    columns = allele_columns(ref, alt, variant)
    attention = _attention(attention_ref, attention_alt, (ref.sequence, alt.sequence))
    view = _view(columns, variant, motif_hits, start, end)
    heights = [_LOGO_HEIGHT, _LOGO_HEIGHT, *([_TRACK_HEIGHT] if attention else [])]
    drawn_on = new_figure(sum(heights) + _TITLE_HEIGHT) if figure is None else figure
    panels = drawn_on.subplots(len(heights), 1, height_ratios=heights)
    axes: dict[str, Any] = dict(zip(("ref", "alt", "attention"), panels, strict=False))
    drawn_on.suptitle(_title(ref, alt, variant), fontsize=_TITLE_SIZE, parse_math=False)
    drawn_on.align_ylabels(list(axes.values()))
    # First what the layout depends on: it is worked out once, with the logos.
    highest = 0.0
    if attention is not None:
        highest = draw_attention(axes["attention"], columns, view, *attention)
    sizes = draw_logos(
        [LogoPanel(axes["ref"], ref, "ref", "REF"), LogoPanel(axes["alt"], alt, "alt", "ALT")],
        columns,
        variant,
        motif_hits,
        view,
        may_grow=figure is None,
        grid=list(axes.values()),
        labelled=attention is None,
    )
    if attention is not None:
        limit_attention(axes["attention"], highest, sizes[-1])
    return axes


def _attention(
    of_ref: AttentionTrack | None, of_alt: AttentionTrack | None, sequences: tuple[str, str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Scores of both alleles, once it is clear that they are of these sequences."""
    if of_ref is None and of_alt is None:
        return None
    if of_ref is None or of_alt is None:
        raise InputError("attention is given for one allele alone; expected both, or neither")
    if (of_ref.sequence.upper(), of_alt.sequence.upper()) != sequences:
        raise InputError(
            "attention is of other sequences than saturation mutagenesis; expected both along the "
            "REF window and both along the ALT window"
        )
    return of_ref.scores, of_alt.scores


def _view(
    columns: Columns,
    variant: Variant,
    hits: Sequence[MotifHit],
    start: int | None,
    end: int | None,
) -> tuple[float, float]:
    """Limits of the region asked for; of the variant's surroundings where none is."""
    if start is not None or end is not None:
        return columns.view(start, end)
    left, right = columns.view(variant.start - FLANK, variant.end + FLANK)
    whole = columns.view(None, None)
    for hit in hits:
        bases = columns.of(hit.allele)
        first = hit.start - columns.origin
        inside = bases[max(first, 0) : max(first + hit.length, 0)]
        if len(inside):
            left, right = min(left, inside[0] - 1.5), max(right, inside[-1] + 1.5)
    return max(left, whole[0]), min(right, whole[1])


def _title(ref: SaturationMutagenesis, alt: SaturationMutagenesis, variant: Variant) -> str:
    """Say which variant and model this is, and what the model says of both alleles."""
    model = ref.model if ref.output == ref.model else f"{ref.model}, {ref.output}"
    shift = round(alt.log_odds - ref.log_odds, 2) + 0.0  # no negative 0
    method = f"; {text}" if (text := method_text(ref)) else ""
    named = f" ({variant.id})" if variant.id else ""
    return (
        f"{variant.contig}:{variant.position:,} {change_text(variant)}{named}, {model}\n"
        f"log2 odds: REF {ref.log_odds:+.2f}, ALT {alt.log_odds:+.2f}, shift {shift:+.2f}{method}"
    )
