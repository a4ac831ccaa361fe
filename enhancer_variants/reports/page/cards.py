"""What a page says of one allele beside its row: a card for each of the top variants."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from enhancer_variants.reports.effect_rows import (
    Row,
    models_of,
    number,
    shift_column,
    text,
    variant_name,
)
from enhancer_variants.reports.evidence import evidence_in_words
from enhancer_variants.reports.page.page_columns import PageColumn
from enhancer_variants.reports.page.pictures import Picture
from enhancer_variants.reports.page.written import MINUS, p_text, signed_text

__all__ = ["Card", "Fact", "ListedRow", "ModelLine", "cards_of"]

_ROWS_NAMED: Final = 20
_OF_THE_LIST: Final = ("Risk list", "Own columns")
_WIDEST_SCALE: Final = 20


@dataclass(frozen=True, slots=True)
class ModelLine:
    """What one model says of an allele; None where it says nothing.

    Attributes
    ----------
    model
        Its name.
    prob_ref, prob_alt
        Probabilities of the positive class.
    place_ref, place_alt
        Log-odds of REF and ALT on the card's scale, 0 to 1; even odds are in the middle.
    shift
        log_odds(ALT) - log_odds(REF), log2 odds: above 0, the ALT gains.
    effect
        ``gain``, ``loss``, ``none`` or empty.
    p
        Against the model's null distribution.
    main
        Whether the page is about this model.
    """

    model: str
    prob_ref: float | None
    prob_alt: float | None
    place_ref: float | None
    place_alt: float | None
    shift: float | None
    effect: str
    p: float | None
    main: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what there is to say under it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ListedRow:
    """What a risk list says of an allele in one of its rows: in short, and column by column."""

    summary: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Card:
    """All that a page has on one of the top alleles.

    Attributes
    ----------
    number
        Its rank, from 1.
    name, place
        What it is called, and where it lies with its alleles; equal where it has no identifier.
    shift, p
        Of the main model.
    summary
        Motif and factor in a few words.
    words
        The evidence in sentences.
    models
        A line for each model, the main one first, then by the size of their shifts.
    scale
        Log2 odds at the end of the scale that they are drawn on.
    motif
        Facts on the strongest motif change.
    listed
        What each of the list's rows says, 20 at most.
    unnamed
        How many rows of the list there are beside.
    picture
        Of both windows, where there is a scorer.
    """

    number: int
    name: str
    place: str
    shift: float | None
    p: float | None
    summary: str
    words: str
    models: Sequence[ModelLine]
    scale: int
    motif: Sequence[Fact]
    listed: Sequence[ListedRow]
    unnamed: int
    picture: Picture | None


def cards_of(
    effects: pd.DataFrame,
    top: Sequence[Sequence[int]],
    main: str | None,
    columns: Sequence[PageColumn],
    *,
    enhancers: Sequence[str],
    pictures: Mapping[int, Picture],
) -> list[Card]:
    """Make the cards of the top alleles.

    Parameters
    ----------
    effects
        The table.
    top
        Rows of each top allele, best allele first.
    main
        The model that the page is about.
    columns
        Columns of the page's table: no other of a list's own is on a card.
    enhancers
        Names of the enhancer models.
    pictures
        By the first row of the allele.
    """
    own = [c.name for c in columns if c.group in _OF_THE_LIST and c.name != "list_variant"]
    cards = []
    for rank, rows in enumerate(top, 1):
        row = effects.iloc[rows[0]]
        listed = [_listed(effects.iloc[place], own, main) for place in rows[:_ROWS_NAMED]]
        cards.append(
            Card(
                rank,
                variant_name(row),
                variant_name({**row, "id": ""}),
                number(row, shift_column(main)) if main else None,
                number(row, f"{main}_p") if main else None,
                _summary(row),
                evidence_in_words(row, enhancers=enhancers),
                *_model_lines(row, main),
                _motif_facts(row),
                [one for one in listed if one.facts],
                max(len(rows) - _ROWS_NAMED, 0),
                pictures.get(rows[0]),
            )
        )
    return cards


def _summary(row: Row) -> str:
    effect, factor = text(row, "motif_effect"), text(row, "motif_tf") or text(row, "motif_id")
    if not factor or effect in ("", "none"):
        return ""
    return f"{factor} motif {effect}"


def _model_lines(row: Row, main: str | None) -> tuple[list[ModelLine], int]:
    """Give a line for each model, and where the scale of their log-odds ends."""
    models = models_of(row.keys())
    odds = {m: [_log_odds(row, m, allele) for allele in ("ref", "alt")] for m in models}
    known = [abs(value) for both in odds.values() for value in both if value is not None]
    scale = min(max(2, math.ceil(max(known, default=0.0))), _WIDEST_SCALE)
    lines = [
        ModelLine(
            model,
            number(row, f"{model}_prob_ref"),
            number(row, f"{model}_prob_alt"),
            _on_scale(odds[model][0], scale),
            _on_scale(odds[model][1], scale),
            number(row, shift_column(model)),
            text(row, f"{model}_effect"),
            number(row, f"{model}_p"),
            model == main,
        )
        for model in models
    ]
    lines += [
        ModelLine(
            name, None, None, None, None, number(row, f"tfbs_top_{way}_shift"), "", None, main=False
        )
        for way in ("gain", "loss")
        if (name := text(row, f"tfbs_top_{way}"))
    ]
    return sorted(lines, key=lambda line: (not line.main, -abs(line.shift or 0.0))), scale


def _log_odds(row: Row, model: str, allele: str) -> float | None:
    """Log2 odds of one allele, from the probability where the table has nothing better."""
    known = number(row, f"{model}_log_odds_{allele}")
    probability = number(row, f"{model}_prob_{allele}")
    if known is not None or probability is None or not 0 < probability < 1:
        return known
    return math.log2(probability / (1 - probability))


def _on_scale(log_odds: float | None, end: int) -> float | None:
    if log_odds is None:
        return None
    return min(max(0.5 + log_odds / end / 2, 0.0), 1.0)


def _motif_facts(row: Row) -> list[Fact]:
    """Facts on the motif that changes most, and on all motifs together."""
    facts = []
    motif = text(row, "motif_id")
    if motif:
        family = text(row, "motif_family")
        factor = text(row, "motif_tf")
        facts = [
            Fact("Motif", f"{factor} ({motif})" if factor else motif),
            Fact("Family", family),
            Fact("Effect", text(row, "motif_effect")),
            Fact("Strand", text(row, "motif_strand").replace("-", MINUS)),
            Fact("Score, bits", _both(row, "motif_score", _bits)),
            Fact("p of the placement", _both(row, "motif_p", p_text)),
            Fact("log10 of p(REF) / p(ALT)", signed_text(number(row, "motif_log10_p_ratio"))),
            Fact("p of such a change", p_text(number(row, "motif_p_change"))),
        ]
    total = Fact("Hits gained minus lost, all motifs", signed_text(number(row, "motif_shift_sum")))
    return [fact for fact in (*facts, total) if fact.value]


def _both(row: Row, column: str, write: Callable[[float | None], str]) -> str:
    ref, alt = (write(number(row, f"{column}_{allele}")) for allele in ("ref", "alt"))
    return f"{ref} → {alt}" if ref and alt else ""


def _bits(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}".replace("-", MINUS)


def _listed(row: Row, own: Sequence[str], main: str | None) -> ListedRow:
    number_of_row = number(row, "list_row")
    trait = next((text(row, name) for name in own if "trait" in name.lower()), "")
    risk, orientation = text(row, "risk_allele"), text(row, "orientation")
    shift = signed_text(number(row, f"{main}_risk_log_odds_shift"))
    said = (
        "List" if number_of_row is None else f"List row {number_of_row:.0f}",
        trait,
        f"risk allele {risk}" if risk else "",
        orientation,
        f"risk shift {shift}" if shift else "",
    )
    facts = [Fact(name, _written(row[name])) for name in own if text(row, name)]
    return ListedRow(" · ".join(filter(None, said)), facts)


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
