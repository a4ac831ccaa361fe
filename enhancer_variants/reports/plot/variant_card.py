"""All about one allele on one card: in words, base by base, and what every model says."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from enhancer_variants.errors import InputError
from enhancer_variants.reports.effect_rows import Row, models_of, number, shift_column, variant_name
from enhancer_variants.reports.evidence import evidence_in_words
from enhancer_variants.reports.plot.explanation_figure import explanation_figure
from enhancer_variants.reports.plot.hit_rows import ROW_HEIGHT
from enhancer_variants.reports.plot.motif_hit import MotifHit, strongest_hits
from enhancer_variants.reports.plot.panel import LABEL_SIZE, WIDTH, new_figure, text_width
from enhancer_variants.reports.plot.probabilities import (
    ModelAnswer,
    draw_probabilities,
    height_of_probabilities,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from enhancer_variants.explanation import Explanation

__all__ = ["variant_card"]

_TITLE_SIZE: Final = 11.0
_LINE: Final = 1.4
_LOGOS_HEIGHT: Final = 4.0
_LONGEST_TITLE: Final = 72
_POINTS_PER_INCH: Final = 72
_MOST_MODELS: Final = 16


def variant_card(
    row: Row,
    explanation: Explanation | None = None,
    *,
    figure: Figure | SubFigure | None = None,
) -> dict[str, Axes]:
    """Draw a card of one allele: the evidence in words, both windows as logos, and all models.

    Parameters
    ----------
    row
        One row of effects by column name, as ``effects.loc[0]`` gives it.
    explanation
        Of this allele, as ``ev.explain`` gives it: adds the REF and the ALT window as logos of
        saturation mutagenesis, with the strongest motif hits that the allele changes.
    figure
        Where to draw, best one with ``layout="constrained"``; None for a new one, as high as
        everything needs.

    Returns
    -------
    dict of str to matplotlib.axes.Axes
        ``words``; with an explanation ``ref`` and ``alt``; and ``probabilities``, for each model an
        open circle for REF and a filled one for ALT on the scale of log-odds, so that the distance
        between them is the shift: the enhancer model first, then by the size of the shift, at most
        16 models. A card of an allele that was not scored has only words: the reason why.

    Raises
    ------
    InputError
        If the explanation is of another allele.
    MissingDependencyError
        Without matplotlib and, for logos, logomaker, which the extra ``plot`` brings.

    Examples
    --------
    >>> row = {"chrom": "chr1", "pos": 2009, "id": "rs1", "ref": "A", "alt": "T", "status": "ok",
    ...     "toy_prob_ref": 0.5, "toy_prob_alt": 0.8, "toy_log_odds_shift": 2.0}
    >>> card = variant_card(row)
    >>> [label.get_text() for label in card["probabilities"].get_yticklabels()]
    ['toy']
    """
    if explanation is not None:
        _refuse_another(row, explanation)
    answers = _answers(row)
    width = WIDTH if figure is None else float(figure.bbox.width / figure.dpi)
    title, lines = _title(row), _wrapped(evidence_in_words(row), width)
    heights = [((len(lines) + 1) * LABEL_SIZE * _LINE + _TITLE_SIZE) / _POINTS_PER_INCH]
    hits: tuple[MotifHit, ...] = ()
    if explanation is not None:
        hits = strongest_hits(explanation.motif_hits, explanation.variant)
        heights.append(_LOGOS_HEIGHT + len(hits) * ROW_HEIGHT / _POINTS_PER_INCH)
    if answers:
        heights.append(height_of_probabilities(min(len(answers), _MOST_MODELS)))
    drawn_on = new_figure(sum(heights), width) if figure is None else figure
    parts = list(drawn_on.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    axes = {"words": _write(parts.pop(0), title, lines)}
    if explanation is not None:
        axes |= explanation_figure(
            explanation.ref,
            explanation.alt,
            explanation.variant,
            motif_hits=hits,
            figure=parts.pop(0),
        )
    if answers:
        axes["probabilities"] = parts.pop(0).add_subplot()
        left_out = len(answers) - _MOST_MODELS
        draw_probabilities(axes["probabilities"], answers[:_MOST_MODELS], max(left_out, 0))
    return axes


def _refuse_another(row: Row, explanation: Explanation) -> None:
    known = (number(row, "record"), number(row, "allele"))
    of = (explanation.record, explanation.allele)
    if None not in known and known != of:
        raise InputError(
            f"the row is of record {known[0]:g}, allele {known[1]:g}; the explanation is of "
            f"record {of[0]}, allele {of[1]}: expected both of one allele"
        )


def _answers(row: Row) -> list[ModelAnswer]:
    """Take what each model says of both alleles: the enhancer first, then the largest shifts."""
    answers = []
    for model in models_of(row.keys()):
        shift = number(row, shift_column(model))
        before, after = (number(row, f"{model}_prob_{allele}") for allele in ("ref", "alt"))
        if shift is not None and before is not None and after is not None:
            answers.append(
                ModelAnswer.of(
                    model,
                    (before, after),
                    (number(row, f"{model}_log_odds_ref"), number(row, f"{model}_log_odds_alt")),
                    shift,
                    number(row, f"{model}_p"),
                )
            )
    return sorted(answers, key=lambda each: (each.model != "enhancer", -abs(each.shift)))


def _title(row: Row) -> str:
    """Name of the allele, and where it is if the name does not say so."""
    name = variant_name(row)
    place = variant_name({key: row[key] for key in row.keys() if key != "id"})  # noqa: SIM118
    title = name if name == place else f"{name}, {place}"
    return textwrap.shorten(title or "allele", _LONGEST_TITLE, placeholder="...")


def _wrapped(words: str, width: float) -> list[str]:
    """Lines of a text that fit into a width, inches."""
    per_letter = text_width(words, LABEL_SIZE) / max(len(words), 1)
    letters = int(0.93 * width * _POINTS_PER_INCH / max(per_letter, 1.0))
    return textwrap.wrap(words, max(letters, 20))


def _write(part: SubFigure, title: str, lines: list[str]) -> Axes:
    ax = part.add_subplot()
    ax.set_axis_off()
    ax.text(
        0.0,
        1.0,
        title,
        transform=ax.transAxes,
        fontsize=_TITLE_SIZE,
        fontweight="bold",
        verticalalignment="top",
        parse_math=False,
        gid="title",
    )
    ax.annotate(
        "\n".join(lines),
        (0.0, 1.0),
        (0.0, -_LINE * _TITLE_SIZE),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=LABEL_SIZE,
        verticalalignment="top",
        linespacing=1.2,
        parse_math=False,
        gid="words",
    )
    return ax
