"""Which columns of effects a page shows, what it calls them, and how it writes their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.effect_rows import models_of, shift_column
from enhancer_variants.schema import (
    AGREEMENT_COLUMNS,
    IDENTITY_COLUMNS,
    LIST_COLUMNS,
    MOTIF_COLUMNS,
    MOTIF_SHIFT_SUM,
    PROXY_COLUMNS,
    Q_VALUE,
    RISK_COLUMNS,
    TFBS_TOP_COLUMNS,
    Column,
    model_columns,
    risk_shift_column,
)

__all__ = [
    "REQUIRED_COLUMNS",
    "PageColumn",
    "page_columns",
    "require_identity",
    "require_numbers",
    "significance",
]

Kind = Literal["text", "integer", "fixed", "general"]

REQUIRED_COLUMNS: Final = tuple(
    column.name for column in IDENTITY_COLUMNS if column.name not in {"status_detail", "kind"}
)
"""Without these a row of a table is no allele."""

_SHOWN_IN_FULL: Final = 4
"""Models of which the table has probabilities too; of more, only the first one's."""

_DECIMALS: Final = {
    "log2 odds": (4, 2),
    "probability": (4, 3),
    "share": (4, 3),
    "bits": (2, 1),
    "phred": (2, 1),
    "r2": (3, 2),
}
"""Decimals that the page holds, and that it writes, by unit."""
_SIGNED: Final = {
    *("log_odds_shift", "score_change", "motif_score_shift", "motif_log10_p_ratio"),
    *("motif_shift_sum", "tfbs_top_gain_shift", "tfbs_top_loss_shift"),
}
_SMALL: Final = {"p", "q", "motif_p_ref", "motif_p_alt", "motif_p_change", "motif_q_change"}
_LABELS: Final = {
    "chrom": "contig",
    "pos": "position",
    "ref": "REF",
    "alt": "ALT",
    "prob_ref": "P(REF)",
    "prob_alt": "P(ALT)",
    "log_odds_shift": "shift",
    "motif_tf": "motif of",
    "motif_log10_p_ratio": "motif change",
    "motif_shift_sum": "motif sum",
    "agreement_tf": "agrees: TF",
    "tfbs_top_gain_shift": "top gain shift",
    "tfbs_top_loss_shift": "top loss shift",
    "tfbs_top_gain": "top gain: TF",
    "tfbs_top_loss": "top loss: TF",
}
_HIDDEN: Final = {
    *("record", "allele", "status_detail", "kind", "motif_id", "motif_family", "motif_strand"),
    *("motif_p_change", "agreement", "agreement_enhancer", "list_row", "list_variant"),
    *("other_allele", "risk_allele_frequency", "risk_effect_kind"),
}
_IN_TABLE: Final = {
    *("motif_id", "motif_tf", "motif_family", "motif_effect", "motif_strand"),
    *("motif_log10_p_ratio", "motif_p_change"),
}
"""What the table has of the strongest motif change; the card has all of it."""

_SHIFT: Final = ("log_odds_shift",)
_FULL_QUANTITIES: Final = (
    *("prob_ref", "prob_alt", "log_odds_shift", "effect", "log_odds_shift_spread"),
    *("percentile", "p", "q"),
)
_SELDOM: Final = {"log_odds_shift_spread", "percentile"}

_GENOTYPE: Final = re.compile(r"(?:\.|[0-9]{1,2})(?:[/|](?:\.|[0-9]{1,2}))+(?::.*)?")
_LOOKED_AT: Final = 200
_MOSTLY: Final = 0.5


@dataclass(frozen=True, slots=True)
class PageColumn:
    """One column of the page's table.

    Attributes
    ----------
    name
        Its name in the effects, and in what the page exports.
    label, unit, about
        What its header says, and what is said where the header is pointed at.
    kind
        ``text``; ``integer``; ``fixed``: so many `decimals`; ``general``: three significant digits.
    decimals, digits
        Decimals of a fixed column, as the page holds it and as it writes it.
    signed
        Whether the value is ALT against REF, or risk against other allele: written with its sign.
    group
        Under which heading the column is offered.
    shown
        Whether it is in the table from the beginning.
    """

    name: str
    label: str
    unit: str = ""
    about: str = ""
    kind: Kind = "text"
    decimals: int = 0
    digits: int = 0
    signed: bool = False
    group: str = "Allele"
    shown: bool = True


def require_identity(columns: Collection[object], name: str) -> None:
    """Refuse a table that does not say which allele each row is, or that has a column twice.

    Raises
    ------
    InputError
        Naming what is missing.
    """
    missing = [column for column in REQUIRED_COLUMNS if column not in columns]
    if missing:
        raise InputError(
            f"{name}: no column {', '.join(missing)}; expected effects as this package writes "
            f"them, with {', '.join(REQUIRED_COLUMNS)}: score the variants first (ev.score_vcf)"
        )
    names = [str(column) for column in columns]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise InputError(f"{name}: column {twice[0]} is there twice; expected names that differ")


def require_numbers(effects: pd.DataFrame) -> None:
    """Refuse a table whose shifts are no numbers.

    Raises
    ------
    InputError
        Naming the column.
    """
    for column in map(shift_column, models_of(effects.columns)):
        try:
            pd.to_numeric(effects[column])
        except (ValueError, TypeError) as error:
            raise InputError(f"column {column} holds no numbers ({error})") from error


def page_columns(
    effects: pd.DataFrame, main: str | None, further: Sequence[str] = ()
) -> list[PageColumn]:
    """Choose the columns of a page's table.

    Every column that is declared in the schema and says something of its own is taken; of a risk
    list also the list's columns, unless they look like genotypes. Whatever else a table holds,
    samples for one, is taken only where it is asked for.

    Parameters
    ----------
    effects
        The table.
    main
        The model that is shown in full, where there are many.
    further
        Columns that are asked for.

    Raises
    ------
    InputError
        If a column asked for is not there.

    Examples
    --------
    >>> effects = pd.DataFrame({"chrom": ["chr1"], "pos": [5], "sample": ["0/1"]})
    >>> [column.name for column in page_columns(effects, None)]
    ['chrom', 'pos']
    >>> [column.name for column in page_columns(effects, None, ["sample"])]
    ['chrom', 'pos', 'sample']
    """
    absent = [name for name in further if name not in effects]
    if absent:
        raise InputError(f"there is no column {absent[0]!r} among the effects to show")
    models = models_of(effects.columns)
    chosen = [
        *_of(IDENTITY_COLUMNS, "Allele"),
        *_of_list(effects, models),
        *_of_models(models, main),
        *_of(TFBS_TOP_COLUMNS, "Transcription factors"),
        *_of((c for c in MOTIF_COLUMNS if c.name in _IN_TABLE), "Motif"),
        *_of((*MOTIF_SHIFT_SUM, *AGREEMENT_COLUMNS), "Motif"),
    ]
    present = [column for column in chosen if column.name in effects]
    if LIST_COLUMNS[0].name in effects:
        present += _own_columns(effects, models)
    asked = dict.fromkeys(further)
    present = [replace(c, shown=True) if c.name in asked else c for c in present]
    known = {column.name for column in present}
    present += [_plain(effects, name, shown=True) for name in asked if name not in known]
    return present


def significance(model: str, columns: Collection[object]) -> str | None:
    """Name the column of a model's p-value, None where it is not calibrated."""
    name = f"{model}_p"
    return name if name in columns and f"{model}_percentile" in columns else None


def _of(columns: Iterable[Column], group: str, prefix: str = "") -> Iterator[PageColumn]:
    """Columns as the schema declares them."""
    for column in columns:
        quantity = column.name.removeprefix(prefix)
        label = _LABELS.get(quantity, quantity.replace("_", " "))
        kind: Kind = {"string": "text", "integer": "integer"}.get(column.type, "general")  # type: ignore[assignment]
        decimals, digits = _DECIMALS.get(column.unit, (0, 0))
        if quantity in ("motif_log10_p_ratio", "motif_shift_sum"):
            decimals, digits = _DECIMALS["log2 odds"]
        if kind == "general" and decimals and quantity not in _SMALL:
            kind = "fixed"
        yield PageColumn(
            column.name,
            f"{prefix.removesuffix('_')} {label}".strip(),
            column.unit,
            column.description,
            kind,
            decimals if kind == "fixed" else 0,
            digits if kind == "fixed" else 0,
            signed=quantity in _SIGNED,
            group=group,
            shown=quantity not in _HIDDEN,
        )


def _of_list(effects: pd.DataFrame, models: Sequence[str]) -> Iterator[PageColumn]:
    """Give what a risk list adds, the shift of its risk allele first."""
    yield from _of((LIST_COLUMNS[0], *RISK_COLUMNS, *PROXY_COLUMNS, LIST_COLUMNS[1]), "Risk list")
    for number, model in enumerate(models):
        column = risk_shift_column(model)
        if column.name in effects:
            yield PageColumn(
                column.name,
                f"{model} risk shift",
                column.unit,
                column.description,
                "fixed",
                *_DECIMALS["log2 odds"],
                signed=True,
                group="Risk list",
                shown=number == 0,
            )


def _of_models(models: Sequence[str], main: str | None) -> Iterator[PageColumn]:
    """Shift of every model; of few models, or of the main one, all that it says."""
    many = len(models) > _SHOWN_IN_FULL
    for model in sorted(models, key=lambda name: name != main):
        full = model == main or not many
        taken = _FULL_QUANTITIES if full else _SHIFT
        shown = _FULL_QUANTITIES if model == main else () if many else _SHIFT
        declared = {
            column.name.removeprefix(f"{model}_"): column
            for column in model_columns(model, averaged=True, calibrated=True)
        }
        about_q = f"{model}: {Q_VALUE.description}"
        declared["q"] = replace(Q_VALUE, name=f"{model}_q", description=about_q)
        for column in _of((declared[q] for q in taken), model, f"{model}_"):
            quantity = column.name.removeprefix(f"{model}_")
            yield replace(column, shown=quantity in shown and quantity not in _SELDOM)


def _own_columns(effects: pd.DataFrame, models: Sequence[str]) -> list[PageColumn]:
    """Columns of a risk list that this package does not know, but for genotypes."""
    declared = {
        column.name
        for group in (IDENTITY_COLUMNS, LIST_COLUMNS, RISK_COLUMNS, PROXY_COLUMNS)
        for column in (*group, *TFBS_TOP_COLUMNS, *MOTIF_COLUMNS, *MOTIF_SHIFT_SUM)
    }
    declared |= {column.name for column in AGREEMENT_COLUMNS}
    for model in models:
        declared |= {c.name for c in model_columns(model, averaged=True, calibrated=True)}
        declared |= {f"{model}_q", risk_shift_column(model).name}
    own = [name for name in effects.columns if name not in declared]
    return [_plain(effects, name, shown=False) for name in own if not _genotypes(effects[name])]


def _plain(effects: pd.DataFrame, name: str, *, shown: bool) -> PageColumn:
    """Give a column that is not declared, with its values as they are."""
    values = effects[name]
    kind: Kind = "text"
    if pd.api.types.is_integer_dtype(values):
        kind = "integer"
    elif pd.api.types.is_float_dtype(values):
        kind = "general"
    return PageColumn(name, name, kind=kind, group="Own columns", shown=shown)


def _genotypes(values: pd.Series[str]) -> bool:
    """Whether a column's values look like genotypes, which belong to people."""
    known = values.dropna().astype(str).str.strip()
    seen = known[~known.isin(["", "."])].head(_LOOKED_AT)
    return len(seen) > 0 and bool(seen.str.fullmatch(_GENOTYPE).mean() > _MOSTLY)
