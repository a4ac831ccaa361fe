"""What the columns of summary statistics are called, program by program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from enhancer_variants.gwas.formats.cell_values import (
    CATALOGUE_NUMBERS,
    PLINK_NUMBERS,
    TABLE_NUMBERS,
)

__all__ = [
    "ALLELE_PAIRS",
    "DIALECTS",
    "GENERAL_TABLE",
    "KNOWN_KEYS",
    "LIST_FORMATS",
    "NAMES_IN_ANY_TABLE",
    "POSTERIOR_KEYS",
    "UNDECLARED_PAIRS",
    "Dialect",
    "ListFormat",
    "Role",
    "dialect_of",
]

ListFormat = Literal[
    "catalog",
    "ssf",
    "finngen",
    "vcf",
    "plink",
    "plink2",
    "bolt",
    "regenie",
    "saige",
    "metal",
    "gcta",
    "ldsc",
    "pgc",
    "snptest",
    "neale",
    "table",
    "rsids",
]
"""Kinds of risk lists that are told apart."""

LIST_FORMATS: Final[tuple[ListFormat, ...]] = get_args(ListFormat)
"""Names of the kinds of risk lists, as `open_risk_list` takes and gives them."""

Role = Literal[
    "rsid",
    "name",
    "contig",
    "position",
    "effect",
    "other",
    "ref",
    "alt",
    "frequency",
    "beta",
    "log_odds_ratio",
    "odds_ratio",
    "hazard_ratio",
    "p",
    "minus_log10_p",
    "test",
]
"""What a column says of a variant."""

NAMES_IN_ANY_TABLE: Final[Mapping[Role, tuple[str, ...]]] = {
    "rsid": ("rsid", "rs_id", "rsids", "rs_number", "rsnumber", "rsnum", "dbsnp", "dbsnp_id", "rs"),
    "name": (
        *("snp", "snpid", "snp_id", "snps", "markername", "marker_name", "marker", "markerid"),
        *("marker_id", "id", "variant_id", "variantid", "variant", "varid", "uniqid", "cptid"),
        *("name", "v", "lead_snp", "leadsnp", "chr_pos", "chrpos", "snptestid"),
    ),
    "contig": ("chromosome", "chr", "chrom", "chr_name", "contig", "chr_id", "seqnames"),
    "position": ("base_pair_location", "bp", "pos", "position", "chr_position", "ps", "basepair"),
    "effect": (
        *("effect_allele", "ea", "effectallele", "eff_allele", "effallele", "risk_allele"),
        *("riskallele", "tested_allele", "testedallele", "coded_allele", "codedallele"),
        *("allele_effect", "allele_risk"),
    ),
    "other": (
        *("other_allele", "nea", "oa", "otherallele", "non_effect_allele", "noneffect_allele"),
        *("noneffectallele", "noneff_allele", "non_coded_allele", "noncoded_allele"),
        *("noncodedallele", "non_risk_allele", "nonrisk_allele", "nonriskallele"),
        *("alternative_allele_other", "allele_other"),
    ),
    "ref": ("ref", "ref_allele", "reference_allele"),
    "alt": ("alt", "alt_allele", "alternate_allele"),
    "frequency": (
        *("effect_allele_frequency", "eaf", "effect_allele_freq", "effectallelefreq", "raf"),
        *("effect_allele_af", "risk_allele_frequency", "risk_allele_freq", "freq_effect_allele"),
        *("tested_allele_frequency", "coded_allele_frequency", "freq_tested_allele"),
        *("freq_tested_allele_in_hrs",),
    ),
    "beta": ("beta", "b", "effect", "effect_size", "es", "effect_weight"),
    "log_odds_ratio": ("log_odds_ratio", "log_odds", "logor", "log_or", "log(or)", "lnor", "ln_or"),
    "odds_ratio": ("odds_ratio", "or", "oddsratio"),
    "hazard_ratio": ("hazard_ratio", "hr"),
    "p": (
        "p_value",
        "p",
        "pval",
        "pvalue",
        "p_val",
        "p_wald",
        "pval_nominal",
        "p_bolt_lmm",
        "p_value_gc",
        "p_dgc",
    ),
    "minus_log10_p": (
        *("neg_log_10_p_value", "neg_log10_p_value", "neg_log10_p", "minus_log10_p", "mlogp"),
        *("mlog10p", "mlog10_p", "mlog10pval", "nlog10p", "neg_log10_pval", "neglog10_pval"),
        *("neglog10p", "log10p", "log10_p", "lp", "pvalue_mlog", "log10_pvalue"),
    ),
    "test": (),
}
"""Folded names of columns that mean the same wherever they stand, the most telling first."""

ALLELE_PAIRS: Final = (("allele1", "allele0"), ("a1", "a0"), ("a_1", "a_0"))
"""Pairs of columns, effect and other allele, that every program uses alike."""

UNDECLARED_PAIRS: Final = (("a1", "a2"), ("allele1", "allele2"), ("allele_1", "allele_2"))
"""Pairs of columns of which either is the effect allele, depending on who wrote the table."""

POSTERIOR_KEYS: Final = (
    *("pip", "posterior_prob", "posterior_probability", "posteriorprobability", "post_prob"),
    *("posterior", "posterior_inclusion_probability", "prob", "pprob", "pp", "snp_pp_h4"),
)
"""Names of the column that holds the posterior probability of a fine-mapped variant."""


@dataclass(frozen=True)
class Dialect:
    """Summary statistics as one program writes them.

    Attributes
    ----------
    name
        What it goes by.
    signatures
        Sets of folded column names; a table that has all of one of them is of this dialect.
    columns
        Folded names by what they say, looked for before those of any table.
    numbers
        Chromosomes that go by a number.
    forward
        Whether the alleles are on the forward strand of the reference.
    only
        Where given, other columns than these are in no table of this dialect.
    """

    name: ListFormat
    signatures: tuple[frozenset[str], ...] = ()
    columns: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    forward: bool = False
    only: frozenset[str] | None = None

    def fits(self, keys: Collection[str]) -> bool:
        """Whether a table with these folded column names is of this dialect."""
        present = frozenset(keys)
        if self.only is not None and not present <= self.only:
            return False
        return any(signature <= present for signature in self.signatures)


def _all_of(*signatures: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(signature.split()) for signature in signatures)


GENERAL_TABLE: Final = Dialect("table", numbers=TABLE_NUMBERS)
"""A table of no known program, whose columns have to speak for themselves."""

DIALECTS: Final = (
    Dialect(
        "ssf",
        _all_of("chromosome base_pair_location effect_allele", "hm_code hm_effect_allele"),
        numbers=CATALOGUE_NUMBERS,
    ),
    Dialect(
        "finngen",
        _all_of("chrom pos ref alt mlogp", "chrom pos ref alt pval sebeta"),
        {"effect": ("alt",), "other": ("ref",), "frequency": ("af_alt", "af")},
        {"23": "X", "24": "Y", "25": "MT", "26": "MT"},
        forward=True,
    ),
    Dialect(
        "finngen",
        _all_of("v allele1 allele2 prob cs"),
        {
            "effect": ("allele2",),
            "other": ("allele1",),
            "ref": ("allele1",),
            "alt": ("allele2",),
        },
        {"23": "X", "24": "Y", "25": "MT", "26": "MT"},
        forward=True,
    ),
    Dialect(
        "plink2",
        _all_of("id a1 test obs_ct", "chrom pos id ref alt a1"),
        {
            "effect": ("a1",),
            "other": ("omitted", "ax"),
            "frequency": ("a1_freq",),
            "test": ("test",),
        },
        PLINK_NUMBERS,
    ),
    Dialect(
        "plink",
        _all_of("snp a1 test nmiss", "snp a1 f_a f_u", "chr snp bp nmiss r2 t", "snp a1 a2 p(r)"),
        {"effect": ("a1",), "other": ("a2",), "frequency": ("f_u",), "test": ("test",)},
        PLINK_NUMBERS,
    ),
    Dialect(
        "bolt",
        _all_of("snp allele1 allele0 a1freq p_bolt_lmm_inf", "snp allele1 allele0 p_linreg"),
        {
            "effect": ("allele1",),
            "other": ("allele0",),
            "frequency": ("a1freq",),
            "p": ("p_bolt_lmm", "p_bolt_lmm_inf", "p_linreg"),
        },
        PLINK_NUMBERS,
    ),
    Dialect(
        "regenie",
        _all_of("genpos allele0 allele1 log10p", "genpos allele0 allele1 a1freq test"),
        {
            "position": ("genpos",),
            "effect": ("allele1",),
            "other": ("allele0",),
            "frequency": ("a1freq",),
            "test": ("test",),
        },
        PLINK_NUMBERS,
    ),
    Dialect(
        "saige",
        _all_of("allele1 allele2 af_allele2", "allele1 allele2 ac_allele2"),
        {"effect": ("allele2",), "other": ("allele1",), "frequency": ("af_allele2",)},
        PLINK_NUMBERS,
    ),
    Dialect(
        "metal",
        _all_of(
            "markername allele1 allele2 effect stderr",
            "markername allele1 allele2 zscore",
            "markername allele1 allele2 direction",
        ),
        {"effect": ("allele1",), "other": ("allele2",), "frequency": ("freq1",)},
        TABLE_NUMBERS,
    ),
    Dialect(
        "gcta",
        _all_of("snp a1 a2 freq b se p", "chr snp pos a1 a2 af1"),
        {"effect": ("a1",), "other": ("a2",), "frequency": ("freq", "af1")},
        PLINK_NUMBERS,
    ),
    Dialect(
        "ldsc",
        _all_of("snp a1 a2 z n"),
        {"effect": ("a1",), "other": ("a2",)},
        TABLE_NUMBERS,
        only=frozenset(("snp", "a1", "a2", "z", "n", "chisq", "frq")),
    ),
    Dialect(
        "pgc",
        _all_of("snp a1 a2 frq_a frq_u", "chrom pos id a1 a2 fcas fcon"),
        {
            "effect": ("a1",),
            "other": ("a2",),
            "frequency": ("frq_u", "fcon"),
        },
        TABLE_NUMBERS,
    ),
    Dialect(
        "snptest",
        _all_of("rsid allelea alleleb frequentist_add_pvalue"),
        {
            "effect": ("alleleb",),
            "other": ("allelea",),
            "beta": ("frequentist_add_beta_1",),
            "p": ("frequentist_add_pvalue",),
        },
        TABLE_NUMBERS,
    ),
    Dialect(
        "neale",
        _all_of("variant minor_allele minor_af beta tstat"),
        {"name": ("variant",)},
        TABLE_NUMBERS,
        forward=True,
    ),
)
"""Dialects in the order in which a table is compared with them."""

KNOWN_KEYS: Final = frozenset(
    key
    for names in (
        NAMES_IN_ANY_TABLE,
        *(dialect.columns for dialect in DIALECTS),
    )
    for keys in names.values()
    for key in keys
)
"""Every folded column name that says something."""


def dialect_of(keys: Collection[str]) -> Dialect:
    """Tell the dialect of a table by its folded column names.

    Examples
    --------
    >>> dialect_of(["snp", "chr", "bp", "allele1", "allele0", "a1freq", "p_bolt_lmm_inf"]).name
    'bolt'
    >>> dialect_of(["snp", "a1", "a2", "beta", "p"]).name
    'table'
    """
    return next((dialect for dialect in DIALECTS if dialect.fits(keys)), GENERAL_TABLE)
