"""Whole risk lists as they were published, counted by another way too."""

from __future__ import annotations

import csv
import gzip
import math
import os
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas import ListRow, RiskList, open_risk_list

pytestmark = pytest.mark.realdata


def _read(path: Path, **options: object) -> tuple[RiskList, list[ListRow]]:
    with open_risk_list(path, **options) as risk_list:  # type: ignore[arg-type]
        return risk_list, list(risk_list.rows)


def _frame(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE)


@pytest.fixture(scope="module")
def catalogue_2015() -> tuple[list[ListRow], pd.DataFrame]:
    """Read the catalogue of 2015 once, and once more with pandas."""
    path = Path(os.environ["ENHANCER_VARIANTS_DATA"], "gwas", "gwas_catalog_2015_hg38.tsv.gz")
    return _read(path)[1], _frame(path)


def test_every_row_of_2015_comes_out(
    catalogue_2015: tuple[list[ListRow], pd.DataFrame],
) -> None:
    _require_all(*catalogue_2015, rows=22_714, variants=22_763, problems=0, columns=37)


@pytest.mark.parametrize(
    ("name", "rows", "variants", "problems"),
    [
        ("gwas_catalog_crohns_2020.tsv.gz", 1_861, 1_891, 2),
        ("gwas_catalog_pbc_2020.tsv.gz", 139, 165, 11),
    ],
)
def test_every_row_of_2020_comes_out(
    data: Path, name: str, rows: int, variants: int, problems: int
) -> None:
    risk_list, found = _read(data / "gwas" / name)
    frame = _frame(data / "gwas" / name)
    assert (risk_list.format, risk_list.assembly) == ("catalog", "")
    assert risk_list.columns == tuple(frame.columns)
    _require_all(found, frame, rows=rows, variants=variants, problems=problems, columns=38)


def _require_all(
    found: list[ListRow],
    frame: pd.DataFrame,
    *,
    rows: int,
    variants: int,
    problems: int,
    columns: int,
) -> None:
    assert (len(found), len(frame.columns)) == (rows, columns)
    assert [row.cells for row in found] == list(frame.itertuples(index=False, name=None))
    assert sum(len(row.variants) for row in found) == variants
    assert sum(v.problem != "" for row in found for v in row.variants) == problems
    # As many variants as SNPS has names between its separators.
    separators = frame["SNPS"].str.count(r"; | x ")
    assert [len(row.variants) for row in found] == [count + 1 for count in separators]

    single = separators.eq(0)
    exact = single & frame["SNPS"].str.fullmatch(r"rs\d+") & frame["MERGED"].ne("1")
    mine = pd.Series([row.variants[0] for row in found])
    assert (mine[exact].map(lambda v: v.rsid) == frame["SNPS"][exact]).all()
    listed = frame["SNPS"] + "-"
    allele = frame["STRONGEST SNP-RISK ALLELE"].where(exact, "")
    plain = [a.removeprefix(of) for a, of in zip(allele, listed, strict=True)]
    known = [text in {"A", "C", "G", "T"} for text in plain]
    assert [v.effect_allele for v in mine[known]] == [a for a in plain if a in {*"ACGT"}]
    positions = pd.to_numeric(frame["CHR_POS"], errors="coerce")
    placed = single & positions.notna()
    assert (mine[placed].map(lambda v: v.position) == positions[placed]).all()


def test_the_odd_names_of_2015(catalogue_2015: tuple[list[ListRow], pd.DataFrame]) -> None:
    rows, _ = catalogue_2015
    odd = {
        887: ("rs62176107", ""),  # "rs62176107 -?"
        1083: ("rs1978648", ""),  # "rs1978648?"
        2606: ("rs114397494", "G"),  # "rs114397494-G0.0414"
        4714: ("rs1062753", ""),  # listed with the allele of rs1058172
        5833: ("rs4460079", "C"),  # "rs4460079b"
        5837: ("rs10832417", "T"),  # "rs1083 2417"
        6458: ("rs12148477", ""),  # no risk allele
        7093: ("rs6917824", "G"),  # "rs6917824L"
        12885: ("rs10952132", "T"),  # "rs10952132- T"
        14927: ("rs831571", "C"),  # "rs831571-c"
        15201: ("rs2497938", ""),  # on chromosome 23
        21952: ("rs10871290", ""),  # "3-SNP haplotype 1"
    }
    for number, expected in odd.items():
        [variant] = rows[number].variants
        assert (variant.rsid, variant.effect_allele) == expected
    assert rows[15201].variants[0].contig == "X"
    first, second = rows[3435].variants  # rs17164851 x rs2162234, placed by the first
    assert (first.rsid, first.position) == ("rs17164851", 130363646)
    assert (second.rsid, second.position) == ("rs2162234", None)


def test_the_numbers_of_2015(catalogue_2015: tuple[list[ListRow], pd.DataFrame]) -> None:
    rows, frame = catalogue_2015
    variants = [row.variants[0] for row in rows]
    p = pd.to_numeric(frame["P-VALUE"], errors="coerce")
    assert sum(v.p_value is None for v in variants) == 6 == (p.isna() | (p > 1)).sum()
    assert (
        sum(v.minus_log10_p == math.inf for v in variants) == 14 == (frame["P-VALUE"] == "0").sum()
    )
    assert sum(v.effect_allele_frequency is not None for v in variants) == 15_907
    shares = pd.to_numeric(frame["RISK ALLELE FREQUENCY"], errors="coerce")
    assert shares.between(0, 1).sum() == 15_907
    kinds = Counter(v.effect_size_kind for v in variants)
    words = frame["95% CI (TEXT)"].str.replace(r"NR|[^A-Za-z%]", "", regex=True)
    size = pd.to_numeric(frame["OR or BETA"], errors="coerce")
    combined = frame["SNPS"].str.contains(" x ")
    odds_ratios = words.eq("") & (size > 0) & ~combined
    assert kinds["log_odds_ratio"] - odds_ratios.sum() == 4  # 4 of them say "log odds"
    lowered = frame["95% CI (TEXT)"].str.contains("unit decrease") & size.notna() & ~combined
    assert all(variants[i].effect_size <= 0 for i in lowered[lowered].index)  # type: ignore[operator]


def test_merged_rsids_of_the_crohns_list(data: Path) -> None:
    path = data / "gwas" / "gwas_catalog_crohns_2020.tsv.gz"
    _, rows = _read(path)
    frame = _frame(path)
    merged = frame[frame["MERGED"] == "1"]
    assert len(merged) == 15
    for number, current, listed in zip(
        merged.index, merged["SNP_ID_CURRENT"], merged["SNPS"], strict=True
    ):
        assert rows[number].variants[0].rsid == f"rs{current}" != listed
        assert listed in rows[number].cells


def test_the_build_of_the_2015_copies_is_not_stated(data: Path) -> None:
    """CHR_POS is of GRCh38 in both; only RANGE_START, which the catalogue has not, is lifted."""
    with open_risk_list(data / "gwas" / "gwas_catalog_2015_hg19.tsv.gz") as risk_list:
        assert risk_list.assembly == ""
        assert next(risk_list.rows).variants[0].position == 41798900


def test_four_dialects_of_summary_statistics(data: Path) -> None:
    folder = data / "gwas"
    risk_list, rows = _read(folder / "als_gwas.vcf")
    assert (risk_list.format, risk_list.assembly, len(rows)) == ("vcf", "GRCh37", 415)
    first = rows[0].variants[0]
    assert (first.rsid, first.effect_allele, first.other_allele) == ("rs58108140", "A", "G")
    assert (first.effect_size, first.effect_size_kind) == (0.0312, "log_odds_ratio")
    assert (first.minus_log10_p, first.effect_allele_frequency) == (0.369267, 0.1589)

    risk_list, rows = _read(folder / "realistic_sumstats.tsv")
    assert (risk_list.format, len(rows)) == ("table", 12)
    first = rows[0].variants[0]
    assert (first.contig, first.position, first.effect_allele) == ("1", 10949462, "C")
    assert first.effect_size == pytest.approx(0.0603, abs=1e-6)

    with pytest.raises(GwasFileError, match="columns A1 and A2 do not say"):
        open_risk_list(folder / "okbay_a1a2.txt")
    _, rows = _read(folder / "okbay_a1a2.txt", effect_allele="A1")
    assert len(rows) == 93
    assert all(v.effect_allele and v.other_allele for row in rows for v in row.variants)


def test_a_line_that_is_broken_in_two_is_two_rows_with_a_problem(data: Path) -> None:
    path = data / "gwas" / "ieu-a-298.tsv.gz"
    _, rows = _read(path, effect_allele="A1")
    with gzip.open(path, "rt") as lines:
        fields = [line.count("\t") + 1 for line in lines][1:]
    assert len(rows) == len(fields) == 417
    assert [row.number for row in rows if row.variants[0].problem] == [406, 407]
    assert [i for i, count in enumerate(fields) if count != 12] == [406, 407]


def test_sites_are_lists_without_a_claim(data: Path) -> None:
    risk_list, rows = _read(data / "gwas" / "site_alleles_hg38.vcf")
    assert risk_list.assembly == "GRCh38"
    assert [(row.variants[0].rsid, row.variants[0].alt) for row in rows] == [
        ("rs12740374", "T"),
        ("rs660240", "C"),
        ("rs12203592", "T"),
        ("rs7903146", "T"),
    ]
