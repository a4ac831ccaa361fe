"""Every output column of a scored variant, declared once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from enhancer_variants.errors import InputError

__all__ = [
    "AGREEMENT_COLUMNS",
    "ALLELE_COLUMNS",
    "CALIBRATED_QUANTITIES",
    "EFFECTS",
    "IDENTITY_COLUMNS",
    "KINDS",
    "LOG2",
    "MODEL_QUANTITIES",
    "MOTIF_COLUMNS",
    "MOTIF_EFFECTS",
    "MOTIF_HITS",
    "MOTIF_HIT_COLUMNS",
    "MOTIF_SHIFT_SUM",
    "Q_VALUE",
    "SPREAD",
    "TFBS_TOP_COLUMNS",
    "Column",
    "check_distinct",
    "long_table_columns",
    "model_columns",
    "vcf_key",
    "with_keys",
]

_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_.]")

ColumnType = Literal["string", "integer", "float"]

KINDS = ("snv", "mnv", "insertion", "deletion", "delins")
"""What a variant in normal form can be."""

EFFECTS = ("gain", "loss", "none")
"""Whether the log-odds cross the model's decision threshold upward, downward or not at all."""

MOTIF_EFFECTS = ("none", "disrupted", "created", "weakened", "strengthened")
"""What an allele can do to a motif."""


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
    vcf_only
        Whether it is a list that only a VCF has, one string for all of a record's alleles.
    """

    name: str
    type: ColumnType
    unit: str
    description: str
    vcf_key: str = ""
    vcf_only: bool = False


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

LOG2 = "log2 odds"
"""Unit of log-odds and of their shifts."""

MODEL_QUANTITIES = (
    Column("prob_ref", "float", "probability", "Probability of the positive class for REF."),
    Column("prob_alt", "float", "probability", "Probability of the positive class for ALT."),
    Column("log_odds_ref", "float", LOG2, "Log2 odds of the positive class for REF."),
    Column("log_odds_alt", "float", LOG2, "Log2 odds of the positive class for ALT."),
    Column(
        "log_odds_shift", "float", LOG2, "log_odds(ALT) - log_odds(REF): above 0, the ALT gains."
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
    LOG2,
    "Largest minus smallest log_odds_shift over the strands, anchors and shifts averaged.",
)
"""Reported beside the quantities above where more than one window pair was averaged."""

CALIBRATED_QUANTITIES = (
    Column(
        "percentile",
        "float",
        "share",
        "Share of the null distribution's absolute shifts at or below this one's.",
    ),
    Column(
        "p",
        "float",
        "probability",
        "Two-sided p-value of the shift against the model's null distribution of its kind.",
    ),
    Column("phred", "float", "phred", "-10 log10 of p: 20 is one in a hundred."),
)
"""Where a model is calibrated for the run's options, and calibration was asked for."""

Q_VALUE = Column(
    "q", "float", "probability", "Benjamini-Hochberg q-value of p over all alleles of the file."
)
"""Added to a finished file by a second pass, behind p."""


def vcf_key(*parts: str) -> str:
    """INFO key of a quantity: ``EV_``, then the parts in capitals.

    Letters, digits, underscore and full stop stay, every other character becomes an underscore:
    VCF 4.3 allows no more in a key.

    >>> vcf_key("NKX2-5", "log_odds_shift")
    'EV_NKX2_5_LOG_ODDS_SHIFT'
    """
    return "EV_" + _NOT_IN_A_KEY.sub("_", "_".join(parts)).upper()


def with_keys(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Give columns that belong to no model their INFO keys."""
    return tuple(replace(column, vcf_key=vcf_key(column.name)) for column in columns)


_ORIGIN_REF = "0-based contig coordinate of the leftmost base of {}'s best placement{}."

MOTIF_COLUMNS = with_keys(
    (
        Column(
            "motif_id",
            "string",
            "",
            "Identifier of the motif that the allele changes most: of an SNV by motif_p_change, "
            "else by the size of motif_log10_p_ratio. It need not be a hit in either allele.",
        ),
        Column("motif_tf", "string", "", "Its transcription factor, the parts of a dimer with ::."),
        Column("motif_family", "string", "", "Family of the factor's binding domain."),
        Column(
            "motif_effect",
            "string",
            "",
            "What happens to this one motif: disrupted, created, weakened, strengthened or none, "
            "by the p-values of both alleles. Others may be called where it is none.",
        ),
        Column(
            "motif_strand",
            "string",
            "",
            "+ or -: strand of the better of the two alleles' placements.",
        ),
        Column("motif_start_ref", "integer", "0-based", _ORIGIN_REF.format("REF", "")),
        Column(
            "motif_start_alt",
            "integer",
            "0-based",
            _ORIGIN_REF.format("ALT", ", in coordinates of the reference"),
        ),
        Column("motif_score_ref", "float", "bits", "Score of the best placement in REF."),
        Column("motif_score_alt", "float", "bits", "Score of the best placement in ALT."),
        Column(
            "motif_score_shift",
            "float",
            "bits",
            "Score of ALT minus score of REF: above 0, the ALT gains.",
        ),
        Column("motif_p_ref", "float", "probability", "P-value of REF's placement, of one."),
        Column("motif_p_alt", "float", "probability", "P-value of ALT's placement, of one."),
        Column(
            "motif_log10_p_ratio",
            "float",
            "log10",
            "log10(p_ref / p_alt): above 0, the ALT gains.",
        ),
        Column(
            "motif_p_change",
            "float",
            "probability",
            "For an SNV: how likely a random single-base change of background DNA changes this "
            "motif as much, two-sided; by log10_p_ratio unless the provenance says score_shift.",
        ),
        Column(
            "motif_q_change",
            "float",
            "probability",
            "Benjamini-Hochberg q-value of motif_p_change over all motifs.",
        ),
    )
)
"""The strongest motif change of an allele; the same columns describe every hit."""

MOTIF_SHIFT_SUM = with_keys(
    (
        Column(
            "motif_shift_sum",
            "float",
            "hits",
            "Hits gained minus hits lost over all motifs, soft: above 0, the ALT gains.",
        ),
    )
)

MOTIF_HITS = Column(
    "motif_hits",
    "string",
    "",
    "Motif hits that the alleles change. Format: ALLELE|ID|TF|EFFECT|STRAND_REF|STRAND_ALT|"
    "START_REF|START_ALT|SCORE_REF|SCORE_ALT|P_REF|P_ALT (starts 0-based, scores in bits).",
    "EV_MOTIF_HITS",
    vcf_only=True,
)
"""All called changes in a VCF; tables have them in a file of their own."""

AGREEMENT_COLUMNS = with_keys(
    (
        Column(
            "agreement_tf",
            "string",
            "",
            "TFBS model whose shift and whose factor's motif change have one sign, both past "
            "their thresholds; of several, the one with the largest shift.",
        ),
        Column("agreement", "string", "", "gain or loss of its binding."),
        Column(
            "agreement_enhancer",
            "string",
            "",
            "same or opposite: sign of the first enhancer model's shift against it, however "
            "small. Opposite is expected of repressors.",
        ),
    )
)

TFBS_TOP_COLUMNS = with_keys(
    (
        Column("tfbs_top_gain", "string", "", "TFBS model with the largest shift above 0."),
        Column("tfbs_top_gain_shift", "float", LOG2, "Its log_odds_shift."),
        Column("tfbs_top_loss", "string", "", "TFBS model with the smallest shift below 0."),
        Column("tfbs_top_loss_shift", "float", LOG2, "Its log_odds_shift."),
    )
)
"""In place of the columns of each, where there are many TFBS models."""

ALLELE_COLUMNS = tuple(
    column
    for column in IDENTITY_COLUMNS
    if column.name in {"chrom", "pos", "id", "ref", "alt", "record", "allele"}
)
"""What names an allele in tables with several rows for each."""

MOTIF_HIT_COLUMNS = (
    *ALLELE_COLUMNS,
    *MOTIF_COLUMNS[:3],
    Column("motif_length", "integer", "bases", "Positions of the motif."),
    *MOTIF_COLUMNS[3:],
    Column("motif_strand_ref", "string", "", "Strand of REF's best placement."),
    Column("motif_strand_alt", "string", "", "Strand of ALT's best placement."),
    Column(
        "motif_inserted_alt",
        "integer",
        "bases",
        "Bases that ALT's best placement has before motif_start_alt: 0 but for one that begins "
        "among inserted bases.",
    ),
)
"""The table of all motif hits: one row for each allele and motif with a hit in REF or ALT."""


def model_columns(
    model: str, *, averaged: bool = False, calibrated: bool = False
) -> tuple[Column, ...]:
    """Columns that one model fills.

    Parameters
    ----------
    model
        The model's name, the columns' prefix.
    averaged
        Whether several window pairs are averaged, which adds the spread.
    calibrated
        Whether shifts are compared with the model's null distribution.

    Examples
    --------
    >>> [column.name for column in model_columns("CTCF")][:2]
    ['CTCF_prob_ref', 'CTCF_prob_alt']
    """
    return tuple(
        Column(
            f"{model}_{quantity.name}",
            quantity.type,
            quantity.unit,
            f"{model}: {quantity.description}",
            vcf_key(model, quantity.name),
        )
        for quantity in _quantities(averaged=averaged, calibrated=calibrated)
    )


def long_table_columns(*, averaged: bool = False, calibrated: bool = False) -> tuple[Column, ...]:
    """Columns of the table with one row for each allele and TFBS model.

    Examples
    --------
    >>> [column.name for column in long_table_columns()][6:10]
    ['allele', 'model', 'status', 'prob_ref']
    """
    return (
        *ALLELE_COLUMNS,
        Column("model", "string", "", "The TFBS model, or the label of a multi-label one."),
        Column("status", "string", "", "ok, or why this model did not score the allele."),
        *_quantities(averaged=averaged, calibrated=calibrated),
        Column(
            "agreement",
            "string",
            "",
            "gain or loss where shift and motif change of the factor have one sign and pass "
            "their thresholds, none where not, no_motif where the factor has no motif; empty "
            "without motifs.",
        ),
    )


def _quantities(*, averaged: bool, calibrated: bool) -> tuple[Column, ...]:
    return (
        *MODEL_QUANTITIES,
        *((SPREAD,) if averaged else ()),
        *(CALIBRATED_QUANTITIES if calibrated else ()),
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
