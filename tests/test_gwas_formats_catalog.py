"""The GWAS Catalog: haplotypes, interactions, misspelt names, and words around numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas import ListRow, ListVariant, open_risk_list
from enhancer_variants.gwas.formats.catalog_effects import catalog_effect, catalog_frequency

COLUMNS = (
    *("STUDY", "CHR_ID", "CHR_POS", "STRONGEST SNP-RISK ALLELE", "SNPS", "MERGED"),
    *("SNP_ID_CURRENT", "RISK ALLELE FREQUENCY", "P-VALUE", "PVALUE_MLOG", "OR or BETA"),
    "95% CI (TEXT)",
)


def _rows(tmp_path: Path, *rows: dict[str, str]) -> list[ListRow]:
    path = tmp_path / "catalog.tsv"
    lines = ["\t".join(COLUMNS), *("\t".join(row.get(c, "") for c in COLUMNS) for row in rows)]
    path.write_text("\n".join(lines) + "\n", newline="\r\n")
    with open_risk_list(path) as risk_list:
        assert (risk_list.format, risk_list.columns, risk_list.assembly) == ("catalog", COLUMNS, "")
        return list(risk_list.rows)


def _cells(snps: str, risk_alleles: str, **more: str) -> dict[str, str]:
    return {"SNPS": snps, "STRONGEST SNP-RISK ALLELE": risk_alleles} | more


def _named(tmp_path: Path, snps: str, risk_alleles: str, **more: str) -> list[tuple[Any, ...]]:
    [row] = _rows(tmp_path, _cells(snps, risk_alleles, **more))
    return [(v.rsid, v.contig, v.position, v.effect_allele) for v in row.variants]


def test_a_row_of_one_snp(tmp_path: Path) -> None:
    cells = _cells("rs7903146", "rs7903146-T", CHR_ID="10", CHR_POS="112998590")
    cells |= {"RISK ALLELE FREQUENCY": "0.27", "P-VALUE": "1E-400", "PVALUE_MLOG": "400.0"}
    cells |= {"OR or BETA": "1.4", "95% CI (TEXT)": "[1.34-1.46]", "STUDY": 'a "lone quote'}
    [row] = _rows(tmp_path, cells)
    assert row.variants == (
        ListVariant(
            rsid="rs7903146",
            contig="10",
            position=112998590,
            effect_allele="T",
            effect_allele_frequency=0.27,
            effect_size=math.log(1.4),
            effect_size_kind="log_odds_ratio",
            p_value=0.0,
            minus_log10_p=400.0,
        ),
    )
    assert row.cells == tuple(cells.get(column, "") for column in COLUMNS)


@pytest.mark.parametrize(
    ("snps", "risk_alleles", "expected"),
    [
        ("rs1", "rs1-?", [("rs1", "")]),
        ("rs1", "rs1", [("rs1", "")]),
        ("rs1", "", [("rs1", "")]),
        ("rs1", "rs1?", [("rs1", "")]),
        ("rs1", "rs1 -T", [("rs1", "T")]),
        ("rs1", "rs1- t", [("rs1", "T")]),
        ("rs1", "rs1--T", [("rs1", "T")]),
        ("rs1", "rs1-GTT", [("rs1", "GTT")]),
        ("rs1", "rs1-G0.0414", [("rs1", "G")]),
        ("rs1", "3-SNP haplotype 1", [("rs1", "")]),
        ("rs1", "kgp7-T", [("rs1", "T")]),
        ("rs1", "rs2-T", [("rs1", "")]),  # the allele of another SNP
        ("rs1b", "rs1-T", [("rs1", "T")]),
        ("rs10 83", "rs1083-T", [("rs1083", "T")]),
        ("", "rs1-T", [("rs1", "T")]),
        ("rs1; rs2", "rs1-T; rs2-A", [("rs1", "T"), ("rs2", "A")]),
        ("rs1, rs2", "rs1-T, rs2-A", [("rs1", "T"), ("rs2", "A")]),
        ("rs1 x rs2", "rs1-? x rs2-A", [("rs1", ""), ("rs2", "A")]),
        ("rs1; rs2", "rs2-A; rs1-T", [("rs1", "T"), ("rs2", "A")]),
        ("rs1; rs2", "haplotype 1", [("rs1", ""), ("rs2", "")]),
        ("rs1", "rs1-T; rs2-A", [("rs1", "T"), ("rs2", "A")]),
        ("rs1/rs2", "rs1-T/rs2-A", [("rs1", "T"), ("rs2", "A")]),
    ],
)
def test_snps_and_risk_alleles_are_parallel(
    tmp_path: Path, snps: str, risk_alleles: str, expected: list[tuple[str, str]]
) -> None:
    found = _named(tmp_path, snps, risk_alleles)
    assert [(rsid, allele) for rsid, _, _, allele in found] == expected


def test_places(tmp_path: Path) -> None:
    def places(snps: str, contigs: str, positions: str, current: str = "") -> list[tuple[Any, ...]]:
        cells = {"CHR_ID": contigs, "CHR_POS": positions, "SNP_ID_CURRENT": current}
        return [place[1:3] for place in _named(tmp_path, snps, "", **cells)]

    assert places("rs1", "23", "7") == [("X", 7)]
    assert places("rs1", "1", "") == [("", None)]
    assert places("rs1; rs2", "2;2", "7;8") == [("2", 7), ("2", 8)]
    assert places("rs1; rs2", "2", "7;8") == [("2", 7), ("2", 8)]
    assert places("rs1 x rs2", "2 x 3", "7 x 8") == [("2", 7), ("3", 8)]
    # Old downloads place an interaction by the SNP that SNP_ID_CURRENT names.
    assert places("rs1 x rs2", "2", "7", "2") == [("", None), ("2", 7)]
    assert places("rs1; rs2; rs3", "2;2", "7;8") == [("", None)] * 3
    assert places("rs1; rs2", "2;;3", "7;8") == [("", None)] * 2


def test_names_that_are_places(tmp_path: Path) -> None:
    assert _named(tmp_path, "chr16:68294800", "chr16:68294800-G") == [("", "chr16", 68294800, "G")]
    assert _named(tmp_path, "16:68294800", "16:68294800-?") == [("", "16", 68294800, "")]
    assert _named(tmp_path, "", "chr1:123_A_T-T") == [("", "chr1", 123, "T")]


def test_merged_rsids_become_the_current_one_and_stay_in_the_cells(tmp_path: Path) -> None:
    def rsids(snps: str, merged: str, current: str) -> list[str]:
        cells = {"MERGED": merged, "SNP_ID_CURRENT": current}
        return [place[0] for place in _named(tmp_path, snps, "", **cells)]

    assert rsids("rs1", "1", "22") == ["rs22"]
    assert rsids("rs1", "0", "22") == ["rs1"]
    assert rsids("rs1", "1", "") == ["rs1"]
    assert rsids("rs1; rs2", "1", "22") == ["rs1", "rs2"]


def test_what_is_no_variant_is_a_problem_and_no_loss(tmp_path: Path) -> None:
    hla, nothing = _rows(tmp_path, _cells("HLA-DRB1*0103", "HLA-DRB1*0103-?"), {"STUDY": "x"})
    assert [v.problem for v in hla.variants] == ["'HLA-DRB1*0103' is no rsID and no place"]
    assert [v.problem for v in nothing.variants] == ["the row names no variant"]


_CELL = st.text(st.sampled_from([*"rs19-?ATx;, .:/chr*XH\u00d7"]), max_size=12)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(_CELL, _CELL, _CELL, _CELL), min_size=1, max_size=5))
def test_whatever_the_names_no_row_is_lost(
    rows: list[tuple[str, str, str, str]], tmp_path: Path
) -> None:
    keys = ("SNPS", "STRONGEST SNP-RISK ALLELE", "CHR_ID", "CHR_POS")
    found = _rows(tmp_path, *({"STUDY": "x"} | dict(zip(keys, row, strict=True)) for row in rows))
    assert [row.number for row in found] == list(range(len(rows)))
    for cells, row in zip(rows, found, strict=True):
        assert (row.cells[4], row.cells[3], row.cells[1], row.cells[2]) == cells
        assert row.variants
        for variant in row.variants:
            assert bool(variant.problem) == (not variant.rsid and variant.position is None)
            assert (variant.position is None) == (variant.contig == "")


def test_size_and_frequency_of_a_combination_are_no_variants(tmp_path: Path) -> None:
    cells = _cells("rs1; rs2", "rs1-T; rs2-A") | {"OR or BETA": "2", "P-VALUE": "1E-9"}
    [row] = _rows(tmp_path, cells | {"RISK ALLELE FREQUENCY": "0.1"})
    assert {(v.effect_size, v.effect_allele_frequency) for v in row.variants} == {(None, None)}
    assert [v.minus_log10_p for v in row.variants] == [9.0, 9.0]


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("1.5", "[1.2-1.8]", (math.log(1.5), "log_odds_ratio")),
        ("1.5", "", (math.log(1.5), "log_odds_ratio")),
        ("1.5", "NR", (math.log(1.5), "log_odds_ratio")),
        ("1.5", "[1e-1-2e0]", (math.log(1.5), "log_odds_ratio")),
        ("0", "[NR]", (None, "")),
        ("-1", "", (None, "")),
        ("NR", "unit increase", (None, "")),
        ("", "", (None, "")),
        ("0.3", "[NR] unit decrease", (-0.3, "beta")),
        ("0.3", "[0.1-0.5] (10^9/l increase)", (0.3, "beta")),
        ("0.3", "[0.1-0.5] (unit incease)", (0.3, "beta")),
        ("0.3", "(unit decrase)", (-0.3, "beta")),
        ("0.3", "(cm taller)", (0.3, "beta")),
        ("0.3", "(fewer years)", (-0.3, "beta")),
        ("0.3", "(mmHg decrease per 1 year increase in age)", (-0.3, "beta")),
        ("-0.3", "(mg/dl decrease)", (-0.3, "beta")),
        ("-0.3", "(mg/dl increase)", (None, "")),
        ("0", "(fl decrease)", (0.0, "beta")),
        ("0.3", "(% variance explained)", (None, "")),
        ("1.3", "(males)", (None, "")),
        ("0.3", "(increase in log odds)", (0.3, "log_odds_ratio")),
    ],
)
def test_effects(value: str, text: str, expected: tuple[float | None, str]) -> None:
    size, kind = catalog_effect(value, text)
    assert (size, kind) == expected
    assert size is None or math.copysign(1, size) > 0 or size < 0  # no negative zero


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.31", 0.31),
        (".5", 0.5),
        ("2e-04", 2e-4),
        ("0.12 (EA)", 0.12),
        ("0.4-0.5", None),
        ("NR", None),
        ("", None),
        ("1.24", None),
        ("31%", None),
        ("0.1 (EA), 0.2 (AA)", None),
    ],
)
def test_frequencies(text: str, expected: float | None) -> None:
    assert catalog_frequency(text) == expected


def test_a_download_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("SNPS\tP-VALUE\nrs1\t0.5\n")
    with pytest.raises(GwasFileError, match=r"list.tsv:1: no column STRONGEST SNP-RISK ALLELE"):
        open_risk_list(path, "catalog")
    path.write_text("STRONGEST SNP-RISK ALLELE\tSNPS\tSNPS\nrs1-T\trs1\trs1\n")
    with pytest.raises(GwasFileError, match=r"list.tsv:1: two columns are called 'SNPS'"):
        open_risk_list(path)


def test_an_export_of_a_traits_page(tmp_path: Path) -> None:
    path = tmp_path / "EFO_0001360_associations_export.tsv"
    path.write_text(
        "riskAllele\tpValue\triskFrequency\torValue\tbeta\tci\ttraitName\taccessionId\tlocations\n"
        "rs7903146-T\t2 x 10-8\t0.27\t1.4\t-\t[1.3-1.5]\tT2D\tGCST1\t10:112998590\n"
        "rs1-?\t1e-9\tNR\t-\t0.3 unit decrease\t[0.1-0.5]\tT2D\tGCST1\tMapping not available\n"
        "rs2-A, rs3-G\t1e-9\tNR\t2\t-\tNR\tT2D\tGCST1\t10:5\n"
        "rs4-A\t1e-9\tNR\t-\t0.3\tNR\tT2D\tGCST1\t10:5\n"
    )
    with open_risk_list(path) as risk_list:
        assert risk_list.format == "catalog"
        [one], [other], pair, [unclear] = (row.variants for row in risk_list.rows)
    assert (one.rsid, one.contig, one.position) == ("rs7903146", "10", 112998590)
    assert (one.effect_allele, one.effect_allele_frequency) == ("T", 0.27)
    assert (one.effect_size, one.p_value) == (pytest.approx(math.log(1.4)), 2e-8)
    assert (other.rsid, other.position, other.effect_allele) == ("rs1", None, "")
    assert (other.effect_size, other.effect_size_kind) == (-0.3, "beta")
    assert [(v.rsid, v.effect_allele, v.position) for v in pair] == [
        ("rs2", "A", None),
        ("rs3", "G", None),
    ]
    assert (unclear.effect_size, unclear.position) == (None, 5)


def test_only_the_risk_alleles_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("STRONGEST SNP-RISK ALLELE\nrs1-T\n\nrs2-A\textra\n")
    with open_risk_list(path) as risk_list:
        rows = list(risk_list.rows)
    assert [row.variants[0].rsid for row in rows] == ["rs1", "", ""]
    assert rows[1].variants[0].problem == "an empty line"
    assert rows[2].variants[0].problem == "2 fields where the header has 1"
    assert rows[2].cells == ("rs2-A\textra",)
