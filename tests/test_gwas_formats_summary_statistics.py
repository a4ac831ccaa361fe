"""Summary statistics of every program: which column says what, and what a row says."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas import ListVariant, open_risk_list
from enhancer_variants.gwas.formats import ListFormat, posterior_column

# Format, header, row, and what its variant has; what is not named is not looked at.
DIALECTS: dict[str, tuple[ListFormat, str, str, dict[str, Any]]] = {
    "ssf": (
        "ssf",
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\todds_ratio\tstandard_error"
        "\teffect_allele_frequency\tneg_log_10_p_value\tvariant_id\trsid\tref_allele",
        "23\t24173186\tA\tC\t2\t0.1\t0.62\t400.5\t23_24173186_C_A\trs5949233\tOA",
        {
            "rsid": "rs5949233",
            "contig": "X",
            "position": 24173186,
            "effect_allele": "A",
            "other_allele": "C",
            "ref": "C",
            "alt": "A",
            "forward": True,
            "effect_size": math.log(2),
            "effect_size_kind": "log_odds_ratio",
            "effect_allele_frequency": 0.62,
            "p_value": 0.0,
            "minus_log10_p": 400.5,
        },
    ),
    "ssf, nothing in the optional columns": (
        "ssf",
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\thazard_ratio\tp_value"
        "\trsid\tref_allele",
        "25\t7\tTC\tT\t0.5\t0.02\t#NA\t#NA",
        {
            "rsid": "",
            "contig": "MT",
            "effect_allele": "TC",
            "ref": "",
            "forward": False,
            "effect_size": math.log(0.5),
            "effect_size_kind": "beta",
            "minus_log10_p": -math.log10(0.02),
        },
    ),
    "ssf, z-score alone": (
        "ssf",
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\tz-score\tp_value",
        "24\t7\tT\tC\t4.1\t0",
        {
            "contig": "Y",
            "effect_size": None,
            "effect_size_kind": "",
            "p_value": 0.0,
            "minus_log10_p": math.inf,
        },
    ),
    "FinnGen": (
        "finngen",
        "#chrom\tpos\tref\talt\trsids\tnearest_genes\tpval\tmlogp\tbeta\tsebeta\taf_alt",
        "23\t1000\tA\tATG\trs1,rs2\tGENE\t1e-9\t9\t-0.2\t0.01\t0.3",
        {
            "rsid": "rs1",
            "contig": "X",
            "position": 1000,
            "effect_allele": "ATG",
            "other_allele": "A",
            "ref": "A",
            "alt": "ATG",
            "forward": True,
            "effect_size": -0.2,
            "effect_allele_frequency": 0.3,
            "minus_log10_p": 9.0,
        },
    ),
    "FinnGen fine-mapping": (
        "finngen",
        "trait\tregion\tv\trsid\tchromosome\tposition\tallele1\tallele2\tbeta\tp\tprob\tcs",
        "T2D\tchr10:1-9\t10:5:C:T\trs9\tchr10\t5\tC\tT\t0.3\t1e-30\t0.98\t1",
        {"effect_allele": "T", "other_allele": "C", "ref": "C", "alt": "T", "contig": "chr10"},
    ),
    "PLINK .assoc": (
        "plink",
        " CHR   SNP         BP   A1      F_A      F_U   A2        CHISQ            P           OR ",
        "  25   rs12    1e+06    T     0.30     0.25    C        30.53     3.3e-08          1.5 ",
        {
            "rsid": "rs12",
            "contig": "X",
            "position": 1_000_000,
            "effect_allele": "T",
            "other_allele": "C",
            "effect_allele_frequency": 0.25,
            "effect_size": math.log(1.5),
            "p_value": 3.3e-08,
        },
    ),
    "PLINK .assoc.logistic, no A2": (
        "plink",
        " CHR  SNP   BP  A1  TEST  NMISS  OR  STAT  P",
        " 26  1:7:T:C  7  T  ADD  900  0.5  -3  0.003",
        {
            "contig": "MT",
            "effect_allele": "T",
            "other_allele": "C",
            "ref": "",
            "effect_size": math.log(0.5),
            "forward": False,
        },
    ),
    "PLINK .assoc, an indel without its bases": (
        "plink",
        " CHR   SNP         BP   A1      F_A      F_U   A2        CHISQ            P           OR ",
        "   1   rs12    1000     D     0.30     0.25    I        30.53     3.3e-08          1.5 ",
        {"effect_allele": "D", "other_allele": "I", "ref": "", "alt": ""},
    ),
    "GWAS-SSF, an indel without its bases": (
        "ssf",
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\tref_allele\tp_value",
        "1\t1000\tI\tD\tOA\t0.1",
        {"effect_allele": "I", "other_allele": "D", "ref": "", "alt": "", "forward": False},
    ),
    "PLINK, a row of a covariate": (
        "plink",
        " CHR  SNP   BP  A1  TEST  NMISS  BETA  STAT  P",
        " 1  rs5  7  T  SEX  900  0.5  -3  0.003",
        {"effect_allele": "T", "effect_size": None, "p_value": None, "minus_log10_p": None},
    ),
    "PLINK .qassoc": (
        "plink",
        " CHR  SNP   BP  NMISS  BETA  SE  R2  T  P",
        " 23  rs5  7  900  0.5  0.1  0.2  -3  0.003",
        {"contig": "X", "effect_allele": "", "other_allele": "", "effect_size": 0.5},
    ),
    "PLINK 2": (
        "plink2",
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tLOG10_P",
        "1\t7\t1:7:G:A\tG\tA\tG\tADD\t900\t0.5\t0.1\t5\t-12",
        {
            "effect_allele": "G",
            "other_allele": "A",
            "ref": "",
            "alt": "",
            "forward": False,
            "minus_log10_p": 12.0,
            "p_value": 1e-12,
        },
    ),
    "PLINK 2, several ALTs": (
        "plink2",
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tTEST\tOBS_CT\tOR\tP",
        "1\t7\trs8\tG\tA,T\tT\tADD\t900\tNA\tNA",
        {"effect_allele": "T", "other_allele": "", "effect_size": None, "p_value": None},
    ),
    "BOLT": (
        "bolt",
        "SNP\tCHR\tBP\tGENPOS\tALLELE1\tALLELE0\tA1FREQ\tINFO\tBETA\tSE\tP_BOLT_LMM_INF\tP_BOLT_LMM",
        "rs5\t1\t700\t0.0011\tT\tC\t0.1\t1\t0.5\t0.1\t0.5\t0.25",
        {"position": 700, "effect_allele": "T", "other_allele": "C", "p_value": 0.25},
    ),
    "REGENIE": (
        "regenie",
        "CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ INFO N TEST BETA SE CHISQ LOG10P EXTRA",
        "1 700 rs5 C T 0.1 1 900 ADD -0.5 0.1 25 350.1 NA",
        {
            "position": 700,
            "effect_allele": "T",
            "other_allele": "C",
            "effect_allele_frequency": 0.1,
            "effect_size": -0.5,
            "p_value": 0.0,
            "minus_log10_p": 350.1,
        },
    ),
    "SAIGE": (
        "saige",
        "CHR POS MarkerID Allele1 Allele2 AC_Allele2 AF_Allele2 BETA SE Tstat var p.value",
        "1 700 1:700:C:T C T 90 0.1 0.5 0.1 5 1 1e-6",
        {
            "rsid": "",
            "position": 700,
            "effect_allele": "T",
            "other_allele": "C",
            "effect_allele_frequency": 0.1,
            "p_value": 1e-6,
        },
    ),
    "METAL": (
        "metal",
        "MarkerName\tAllele1\tAllele2\tFreq1\tFreqSE\tEffect\tStdErr\tP-value\tDirection",
        "rs5\ta\tg\t0.1\t0.01\t-0.5\t0.1\t1.2e-310\t--+",
        {
            "rsid": "rs5",
            "position": None,
            "effect_allele": "A",
            "other_allele": "G",
            "effect_size": -0.5,
            "minus_log10_p": 310 - math.log10(1.2),
        },
    ),
    "METAL, places as names": (
        "metal",
        "MarkerName\tAllele1\tAllele2\tWeight\tZscore\tP-value\tDirection",
        "chr1:700:D\td\ti\t900\t5\t0.1\t--+",
        {"contig": "chr1", "position": 700, "effect_allele": "D", "other_allele": "I"},
    ),
    "COJO": (
        "gcta",
        "SNP A1 A2 freq b se p N",
        "rs5 T C 0.1 0.5 0.1 1e-6 900",
        {"effect_allele": "T", "effect_allele_frequency": 0.1, "effect_size": 0.5},
    ),
    "fastGWA": (
        "gcta",
        "CHR\tSNP\tPOS\tA1\tA2\tN\tAF1\tBETA\tSE\tP",
        "1\trs5\t700\tT\tC\t900\t0.1\t0.5\t0.1\t1e-6",
        {"effect_allele": "T", "effect_allele_frequency": 0.1, "position": 700},
    ),
    "LDSC": (
        "ldsc",
        "SNP\tA1\tA2\tZ\tN",
        "rs5\tT\tC\t-3.1\t900",
        {"effect_allele": "T", "other_allele": "C", "effect_size": None, "p_value": None},
    ),
    "PGC daner": (
        "pgc",
        "CHR\tSNP\tBP\tA1\tA2\tFRQ_A_53386\tFRQ_U_77258\tINFO\tOR\tSE\tP",
        "8\trs62513865\t101592213\tC\tT\t0.93\t0.927\t0.963\t1.01\t0.01\t0.3",
        {"effect_allele": "C", "other_allele": "T", "effect_allele_frequency": 0.927},
    ),
    "SNPTEST": (
        "snptest",
        "alternate_ids rsid chromosome position alleleA alleleB frequentist_add_pvalue "
        "frequentist_add_beta_1",
        "--- rs5 01 700 C T 1e-6 0.5",
        {"effect_allele": "T", "other_allele": "C", "contig": "1", "effect_size": 0.5},
    ),
    "UK Biobank of the Neale group": (
        "neale",
        "variant\tminor_allele\tminor_AF\tn_complete_samples\tbeta\tse\ttstat\tpval",
        "1:700:C:T\tC\t0.1\t900\t0.5\t0.1\t5\t1e-6",
        {
            "contig": "1",
            "position": 700,
            "effect_allele": "T",
            "other_allele": "C",
            "ref": "C",
            "alt": "T",
            "forward": True,
        },
    ),
    "GEMMA": (
        "table",
        "chr\trs\tps\tn_miss\tallele1\tallele0\taf\tbeta\tse\tp_wald",
        "1\trs5\t700\t0\tT\tC\t0.1\t0.5\t0.1\t1e-6",
        {"rsid": "rs5", "position": 700, "effect_allele": "T", "other_allele": "C"},
    ),
    "a table that speaks for itself": (
        "table",
        "SNPID,CHR,POS,EA,NEA,EAF,BETA,SE,P",
        "1:700_C_T,chr25,700,T,C,0.1,0.5,0.1,1e-6",
        {"contig": "chr25", "effect_allele": "T", "effect_allele_frequency": 0.1},
    ),
    "risk allele and log odds ratio": (
        "table",
        "rsID;Risk allele;RAF;logOR;P value",
        '"RS5";"t";0.1;-0.5;1e-6',
        {
            "rsid": "rs5",
            "effect_allele": "T",
            "effect_size": -0.5,
            "effect_size_kind": "log_odds_ratio",
            "p_value": 1e-6,
        },
    ),
    "REF and ALT with an effect": (
        "table",
        "id\tchrom\tpos\tref\talt\tbeta",
        "rs5\t1\t700\tC\tT\t0.5",
        {"effect_allele": "T", "other_allele": "C", "ref": "C", "forward": True},
    ),
    "REF and ALT without": (
        "table",
        "rsid\tchrom\tpos\tref\talt\tp_value",
        "rs5\t1\t700\tC\tT\t1e-9",
        {"effect_allele": "", "other_allele": "", "ref": "C", "alt": "T", "forward": True},
    ),
    "effect and reference allele": (
        "table",
        "rsid\teffect_allele\treference_allele\tbeta",
        "rs5\tC\tT\t0.1",
        {"effect_allele": "C", "other_allele": "T", "ref": "", "forward": False},
    ),
    "allele1 and allele0, and a frequency that says whose it is": (
        "table",
        "SNP\tallele1\tallele0\tEAF\taf1",
        "rs5\tC\tT\t0.1\t0.2",
        {"effect_allele": "C", "other_allele": "T", "effect_allele_frequency": 0.1},
    ),
    "effect allele, and REF which it is": (
        "table",
        "rsid\teffect_allele\tother_allele\tref\tbeta",
        "rs5\tC\tT\tC\t0.1",
        {"effect_allele": "C", "other_allele": "T", "ref": "C", "alt": "T", "forward": True},
    ),
    "a position with its build": (
        "table",
        "SNP CHR BP_hg19 EA NEA",
        "rs5 1 700 T C",
        {"position": 700},
    ),
    "names of an imputation": (
        "table",
        "SNP EA P",
        "rs5:700:C:T C 0.5",
        {"rsid": "rs5", "effect_allele": "C", "other_allele": "T"},
    ),
    "a place whose chromosome is missing": (
        "table",
        "SNP CHR BP EA NEA",
        "5:700:C:T NA NA T C",
        {"contig": "5", "position": 700, "effect_allele": "T"},
    ),
    "credible set": (
        "table",
        "variant\tcs_id\tPIP",
        "chr1_700_C_T_b38\t1\t0.93",
        {"contig": "chr1", "position": 700, "ref": "C", "alt": "T", "effect_allele": ""},
    ),
}


@pytest.fixture
def only_variant(tmp_path: Path) -> Callable[..., tuple[str, ListVariant]]:
    """Write a list of one row and give its format and variant."""

    def read(header: str, row: str, **options: Any) -> tuple[str, ListVariant]:
        path = tmp_path / "list.txt"
        path.write_text(f"{header}\n{row}\n")
        with open_risk_list(path, **options) as risk_list:
            [[variant]] = [row.variants for row in risk_list.rows]
            return risk_list.format, variant

    return read


@pytest.mark.parametrize("case", DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_says_what_its_columns_mean(
    case: tuple[str, str, str, dict[str, Any]],
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    expected_format, header, row, expected = case
    found_format, variant = only_variant(header, row)
    assert found_format == expected_format
    assert variant.problem == ""
    for name, value in expected.items():
        found = getattr(variant, name)
        assert found == (pytest.approx(value) if isinstance(value, float) else value), name


def test_a1_and_a2_without_a_meaning_are_refused_until_it_is_told(
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    header, row = "MarkerName CHR POS A1 A2 Freq1 Beta Pval", "rs5 1 7 A C 0.3 0.027 2e-24"
    with pytest.raises(GwasFileError, match=r"list.txt:1: columns A1 and A2 .*--effect-allele A1"):
        only_variant(header, row)
    _, first = only_variant(header, row, effect_allele="A1")
    assert (first.effect_allele, first.other_allele) == ("A", "C")
    assert first.effect_allele_frequency == 0.3
    _, second = only_variant(header, row, effect_allele="A2")
    assert (second.effect_allele, second.other_allele) == ("C", "A")
    assert second.effect_allele_frequency is None


def test_one_allele_column_alone_can_be_told_of(
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    _, variant = only_variant("SNP A1 BETA", "rs5 A 1", effect_allele="A1")
    assert (variant.effect_allele, variant.other_allele) == ("A", "")


def test_what_is_told_overrules_the_program(
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    _, header, row, _ = DIALECTS["METAL"]
    _, variant = only_variant(header, row, effect_allele="A2")
    assert (variant.effect_allele, variant.other_allele) == ("G", "A")


def test_a_format_that_is_asked_for_gives_its_meaning(
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    found, variant = only_variant("SNP A1 A2 OR P", "rs5 T C 2 0.1", format="plink")
    assert (found, variant.effect_allele) == ("plink", "T")
    found, variant = only_variant("rsid ea nea", "rs5 T C", format="table")
    assert (found, variant.effect_allele) == ("table", "T")


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("SNP A1 BETA", {}, "columns A1 and A2 do not say"),
        ("SNP Allele1 Allele2 BETA", {}, "columns ALLELE1 and ALLELE2 do not say"),
        ("SNP EA NEA", {"effect_allele": "A1"}, "no columns A1 and A2"),
        ("SNP A1 OR", {"effect_allele": "A2"}, "no column A2"),
        ("SNP reference_allele other_allele OR", {}, "reference_allele does not say"),
        ("SNP EA NEA P P", {}, "columns 4 and 5 are both called 'p'"),
        ("CHR EA NEA P", {}, "no column names the variants among CHR, EA, NEA, P"),
        ("SNP CHR BP_hg19 BP_hg38 EA NEA", {}, "2 columns of positions, of GRCh37 and GRCh38"),
    ],
)
def test_headers_that_leave_something_open_are_refused(
    header: str,
    options: dict[str, Any],
    message: str,
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    with pytest.raises(GwasFileError, match=rf"list\.txt:1: .*{message}"):
        only_variant(header, "x", **options)


def test_a_row_that_names_nothing_says_so(
    only_variant: Callable[..., tuple[str, ListVariant]],
) -> None:
    _, variant = only_variant("SNP CHR BP EA NEA", "exm7 0 0 T C")
    assert variant == ListVariant(problem="'exm7' names no rsID and no place")
    _, variant = only_variant("CHR\tBP\tEA\tNEA", "\t12.5\tT\tC")
    assert variant == ListVariant(problem="the row names no rsID and no place")


def test_the_build_in_a_columns_name_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("SNP CHR POS(GRCh38) EA NEA\nrs5 1 700 T C\n")
    with open_risk_list(path) as risk_list:
        assert risk_list.assembly == "GRCh38"
        assert next(risk_list.rows).variants[0].position == 700


def test_the_build_in_a_comment_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "score.txt"
    path.write_text(
        "###PGS CATALOG SCORING FILE\n# reference: Smith et al.\n#genome_build=hg19\n"
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
        "rs5\t1\t700\tT\tC\t-0.2\n"
    )
    with open_risk_list(path) as risk_list:
        [row] = risk_list.rows
        assert risk_list.assembly == "GRCh37"
    assert row.variants[0].effect_size == -0.2


def test_the_posterior_of_a_credible_set_is_found() -> None:
    assert posterior_column(["v", "cs", "Prob"]) == "Prob"
    assert posterior_column(["SNP", "P"]) is None
