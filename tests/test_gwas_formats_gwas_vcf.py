"""GWAS-VCF: one study or several, and VCFs that hold no study."""

from __future__ import annotations

from pathlib import Path

import pytest

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas import ListVariant, RiskList, open_risk_list

HEADER = (
    "##fileformat=VCFv4.2\n"
    '##FORMAT=<ID=ES,Number=A,Type=Float,Description="">\n'
    '##FORMAT=<ID=LP,Number=A,Type=Float,Description="">\n'
    "##SAMPLE=<ID=cases,TotalCases=9,StudyType=CaseControl>\n"
    "##contig=<ID=1,assembly=HG19/GRCh37>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tcases\theight\n"
)


def _read(tmp_path: Path, text: str) -> tuple[RiskList, list[tuple[ListVariant, ...]]]:
    path = tmp_path / "study.vcf"
    path.write_text(text)
    with open_risk_list(path) as risk_list:
        return risk_list, [row.variants for row in risk_list.rows]


def test_each_alt_of_each_study_is_a_variant(tmp_path: Path) -> None:
    risk_list, [variants] = _read(
        tmp_path,
        HEADER
        + "1\t700\t.\tC\tT,G\t.\tPASS\t.\tES:LP:AF:ID\t0.1,0.2:400,2:0.3,.:rs5\t-0.5,.:1,.\n",
    )
    assert (risk_list.format, risk_list.assembly) == ("vcf", "GRCh37")
    assert risk_list.columns[-2:] == ("cases", "height")
    assert [v.effect_allele for v in variants] == ["T", "G", "T", "G"]
    assert [v.rsid for v in variants] == ["rs5", "rs5", "", ""]
    assert [v.effect_size for v in variants] == [0.1, 0.2, -0.5, None]
    assert [v.effect_size_kind for v in variants] == ["log_odds_ratio"] * 2 + ["beta", ""]
    assert [v.minus_log10_p for v in variants] == [400, 2, 1, None]
    assert [v.p_value for v in variants] == [0.0, 0.01, 0.1, None]
    assert [v.effect_allele_frequency for v in variants] == [0.3, None, None, None]
    assert {(v.ref, v.other_allele, v.contig, v.position, v.forward) for v in variants} == {
        ("C", "C", "1", 700, True)
    }


def test_a_record_without_the_studys_values_says_no_effect(tmp_path: Path) -> None:
    _, [variants] = _read(tmp_path, HEADER + "1\t7\trs5\tC\tT\t.\t.\t.\tSS\t9\t9\n")
    [variant] = variants
    assert (variant.ref, variant.alt, variant.effect_allele) == ("C", "T", "")


def test_a_value_for_another_number_of_alts_is_nobodys(tmp_path: Path) -> None:
    _, [variants] = _read(tmp_path, HEADER + "1\t7\trs5\tC\tT,A\t.\t.\t.\tES\t0.1\t0.1,0.2\n")
    assert [v.effect_size for v in variants] == [None, None, 0.1, 0.2]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1\tx\trs5\tC\tT\t.\t.\t.\tES\t1\t1", "POS is 'x', not a position"),
        ("1\t7\trs5\t\tT\t.\t.\t.\tES\t1\t1", "CHROM, REF or ALT is empty"),
        ("1\t7\trs5\tC\tT", "5 fields where the header has 11"),
    ],
)
def test_a_bad_record_is_a_row_with_a_problem(tmp_path: Path, line: str, problem: str) -> None:
    _, [variants] = _read(tmp_path, f"{HEADER}{line}\n")
    assert variants == (ListVariant(problem=problem),)


SITES = (
    "##fileformat=VCFv4.2\n##reference=file:///data/hg38.fa\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tperson\n"
    "chr1\t7\trs5;rs6\tc\tt\t.\t.\t.\tGT\t0/1\n\nchr1\t8\n"
)


def test_a_vcf_of_people_is_read_without_them(tmp_path: Path) -> None:
    risk_list, rows = _read(tmp_path, SITES)
    assert risk_list.assembly == "GRCh38"
    assert risk_list.columns == ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
    assert rows[0] == (
        ListVariant(rsid="rs5", contig="chr1", position=7, ref="C", alt="T", forward=True),
    )
    assert [row[0].problem for row in rows[1:]] == ["an empty line", "2 of the 8 columns"]


def test_a_header_says_its_build_or_none(tmp_path: Path) -> None:
    unstated, _ = _read(tmp_path, SITES.replace("hg38.fa", "genome.fa"))
    assert unstated.assembly == ""
    by_length, _ = _read(
        tmp_path, SITES.replace("##reference", "##contig=<ID=21,length=48129895>\n##reference")
    )
    assert by_length.assembly == "GRCh37"


def test_a_vcf_has_to_have_its_header_line(tmp_path: Path) -> None:
    with pytest.raises(GwasFileError, match="VCF without its header line"):
        _read(tmp_path, "##fileformat=VCFv4.2\nchr1\t7\t.\tC\tT\t.\t.\t.\n")
    path = tmp_path / "list.txt"
    path.write_text("SNP\nrs5\n")
    with pytest.raises(GwasFileError, match="a data line before the VCF header line"):
        open_risk_list(path, "vcf")
