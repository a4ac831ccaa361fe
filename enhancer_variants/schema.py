"""Every output column and every status, declared once.

Writers, VCF headers and the documentation derive from the values here; nothing else spells a
column name. Shifts are always ALT against REF: above 0, the ALT gains.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from enhancer_variants.errors import InputError

__all__ = [
    "EFFECTS",
    "IDENTITY_COLUMNS",
    "KINDS",
    "MODEL_QUANTITIES",
    "SPREAD",
    "Column",
    "Status",
    "check_distinct",
    "model_columns",
    "vcf_key",
]

_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_.]")

ColumnType = Literal["string", "integer", "float"]

KINDS = ("snv", "mnv", "insertion", "deletion", "delins")
"""What a variant in normal form can be."""

EFFECTS = ("gain", "loss", "none")
"""Whether the log-odds cross the model's decision threshold upward, downward or not at all."""


class Status(enum.StrEnum):
    """Why an allele was not scored, or ``ok``; declared in order of precedence.

    The last four before ``ok`` (``too_long`` to ``has_n``) depend on the window length, so one
    allele may have them for one model and be scored by another.

    >>> Status.REF_MISMATCH.value
    'ref_mismatch'
    >>> min([Status.HAS_N, Status.EDGE], key=Status.rank)
    <Status.EDGE: 'edge'>
    """

    INVALID_RECORD = "invalid_record"
    NO_ALT = "no_alt"
    STAR_ALLELE = "star_allele"
    BREAKEND = "breakend"
    SYMBOLIC = "symbolic"
    NON_ACGT = "non_acgt"
    SAME_ALLELE = "same_allele"
    NO_CONTIG = "no_contig"
    REF_MISMATCH = "ref_mismatch"
    TOO_LONG = "too_long"
    EDGE = "edge"
    HAS_N = "has_n"
    OK = "ok"

    def rank(self) -> int:
        """Place in the order of precedence: the reason with the lowest rank is reported."""
        return _RANK[self]

    @property
    def meaning(self) -> str:
        """One sentence for documentation and headers."""
        return _MEANING[self]


_RANK = {status: rank for rank, status in enumerate(Status)}

_MEANING = {
    Status.INVALID_RECORD: (
        "The line is no record: fewer than eight columns, a POS that is no position, "
        "an empty field, or bytes that are not UTF-8."
    ),
    Status.NO_ALT: "ALT is '.': the record has no alternate allele.",
    Status.STAR_ALLELE: "ALT is '*': the allele is missing because of another record's deletion.",
    Status.BREAKEND: "ALT is a breakend, as in 'G]17:198982]' or 'G.'.",
    Status.SYMBOLIC: "ALT is symbolic, as in '<DEL>' or '<NON_REF>'.",
    Status.NON_ACGT: "REF or ALT holds a letter other than A, C, G and T.",
    Status.SAME_ALLELE: "ALT equals REF.",
    Status.NO_CONTIG: "The reference has no contig of this name.",
    Status.REF_MISMATCH: (
        "The reference has other bases than REF there (N counts as another base), or POS is 0, "
        "or REF runs past the contig."
    ),
    Status.TOO_LONG: "An allele in normal form is longer than its half of the window.",
    Status.EDGE: "The window reaches over an end of the contig.",
    Status.HAS_N: "A window holds N or another letter that is not A, C, G or T.",
    Status.OK: "Scored by every model.",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One output column.

    Attributes
    ----------
    name
        Its name in tables.
    type
        ``string``, ``integer`` (64 bit) or ``float`` (64 bit).
    unit
        Unit of the value, empty for none.
    description
        One sentence; says what a positive value means where the value has a sign.
    vcf_key
        Its INFO key, or empty where the VCF line itself already says it.
    """

    name: str
    type: ColumnType
    unit: str
    description: str
    vcf_key: str = ""


IDENTITY_COLUMNS = (
    Column("chrom", "string", "", "Contig as the input names it."),
    Column("pos", "integer", "1-based", "Position as the input gives it."),
    Column("id", "string", "", "Identifier as the input gives it."),
    Column("ref", "string", "", "Reference allele as the input spells it."),
    Column("alt", "string", "", "Alternate allele as the input spells it."),
    Column("record", "integer", "0-based", "Number of the input's data line."),
    Column(
        "allele", "integer", "1-based", "Number of the ALT in its record; 0 where there is none."
    ),
    Column(
        "status", "string", "", "ok, or the one reason why the allele was not scored.", "EV_STATUS"
    ),
    Column("status_detail", "string", "", "What exactly was found.", "EV_STATUS_DETAIL"),
    Column(
        "kind",
        "string",
        "",
        "snv, mnv, insertion, deletion or delins, of the allele in normal form.",
        "EV_KIND",
    ),
)

_LOG2 = "log2 odds"

MODEL_QUANTITIES = (
    Column("prob_ref", "float", "probability", "Probability of the positive class for REF."),
    Column("prob_alt", "float", "probability", "Probability of the positive class for ALT."),
    Column("log_odds_ref", "float", _LOG2, "Log2 odds of the positive class for REF."),
    Column("log_odds_alt", "float", _LOG2, "Log2 odds of the positive class for ALT."),
    Column(
        "log_odds_shift", "float", _LOG2, "log_odds(ALT) - log_odds(REF): above 0, the ALT gains."
    ),
    Column(
        "score_change",
        "float",
        "probability",
        "(P_alt - P_ref) * max(P_ref, P_alt), the published DNABERT score: above 0, the ALT gains.",
    ),
    Column(
        "effect",
        "string",
        "",
        "gain where the log odds cross the decision threshold upward from REF to ALT, "
        "loss downward, none otherwise.",
    ),
)

SPREAD = Column(
    "log_odds_shift_spread",
    "float",
    _LOG2,
    "Largest minus smallest log_odds_shift over the strands, anchors and shifts averaged.",
)
"""Reported beside the quantities above where more than one window pair was averaged."""


def vcf_key(*parts: str) -> str:
    """INFO key of a quantity: ``EV_``, then the parts in capitals.

    Letters, digits, underscore and full stop stay, every other character becomes an underscore:
    VCF 4.3 allows no more in a key.

    >>> vcf_key("NKX2-5", "log_odds_shift")
    'EV_NKX2_5_LOG_ODDS_SHIFT'
    """
    return "EV_" + _NOT_IN_A_KEY.sub("_", "_".join(parts)).upper()


def model_columns(model: str, *, averaged: bool = False) -> tuple[Column, ...]:
    """Columns that one model fills.

    Parameters
    ----------
    model
        The model's name, the columns' prefix.
    averaged
        Whether several window pairs are averaged, which adds the spread.

    Examples
    --------
    >>> [column.name for column in model_columns("CTCF")][:2]
    ['CTCF_prob_ref', 'CTCF_prob_alt']
    """
    quantities = (*MODEL_QUANTITIES, SPREAD) if averaged else MODEL_QUANTITIES
    return tuple(
        Column(
            f"{model}_{quantity.name}",
            quantity.type,
            quantity.unit,
            f"{model}: {quantity.description}",
            vcf_key(model, quantity.name),
        )
        for quantity in quantities
    )


def check_distinct(columns: Iterable[Column]) -> None:
    """Refuse columns that could not be told apart in a table or, ignoring case, in a VCF.

    Raises
    ------
    InputError
        Naming the two columns and what they share.
    """
    seen: dict[str, str] = {}
    for column in columns:
        for name in {column.name.casefold(), column.vcf_key.casefold()} - {""}:
            if name in seen and seen[name] != column.name:
                raise InputError(
                    f"columns {seen[name]!r} and {column.name!r} would both be written as "
                    f"{column.vcf_key or column.name}: give one of the models another name"
                )
            seen[name] = column.name
