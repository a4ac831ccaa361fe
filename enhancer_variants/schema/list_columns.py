"""Columns that only risk lists and their proxies have."""

from __future__ import annotations

from enhancer_variants.schema.columns import LOG2, Column, vcf_key, with_keys

__all__ = ["LIST_COLUMNS", "PROXY_COLUMNS", "RISK_COLUMNS", "risk_shift_column"]

LIST_COLUMNS = (
    Column("list_row", "integer", "0-based", "Number of the list's data row."),
    Column("list_variant", "integer", "0-based", "Number of the variant within its row."),
)
"""In front of a risk list's own columns: which of its variants a row is about."""

RISK_COLUMNS = with_keys(
    (
        Column(
            "orientation",
            "string",
            "",
            "How the list's alleles were put on the forward strand: direct, complement, frequency "
            "(by allele frequency), palindromic (cannot be told), assumed (no source of sites) or "
            "unknown (the list names no allele).",
        ),
        Column(
            "risk_allele",
            "string",
            "",
            "The list's risk or effect allele on the forward strand; empty where it cannot be "
            "said.",
        ),
        Column(
            "other_allele",
            "string",
            "",
            "The allele that it is compared with, on the forward strand.",
        ),
        Column(
            "risk_allele_frequency",
            "float",
            "share",
            "Frequency of the list's risk or effect allele, as the list has it.",
        ),
        Column(
            "risk_effect_size",
            "float",
            "log odds ratio or trait units",
            "Effect of the risk or effect allele in the study, as the list has it: above 0, it "
            "raises the risk or the trait. Odds ratios as natural logarithms.",
        ),
        Column(
            "risk_effect_kind", "string", "", "log_odds_ratio or beta: what risk_effect_size is."
        ),
        Column("risk_minus_log10_p", "float", "-log10", "-log10 of the study's p-value."),
    )
)
"""What a risk list says of an allele, on the forward strand."""

PROXY_COLUMNS = with_keys(
    (
        Column(
            "proxy_of", "string", "", "Lead variant that this one stands in for; empty for a lead."
        ),
        Column("proxy_r2", "float", "r2", "Squared correlation of their genotypes; 1 for a lead."),
    )
)
"""Where proxies of the list's variants are scored too."""


def risk_shift_column(model: str) -> Column:
    """Give the column of a model's shift from the other allele to the risk allele.

    Examples
    --------
    >>> risk_shift_column("CTCF").name
    'CTCF_risk_log_odds_shift'
    """
    name = f"{model}_risk_log_odds_shift"
    return Column(
        name,
        "float",
        LOG2,
        f"{model}: log_odds(risk allele) - log_odds(other allele): above 0, the risk allele gains.",
        vcf_key(name),
    )
