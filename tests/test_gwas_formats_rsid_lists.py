"""Bare lists of names, and what a name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from enhancer_variants.gwas import ListVariant, RiskList, open_risk_list
from enhancer_variants.gwas.formats.variant_names import VariantName, read_variant_name


def _read(tmp_path: Path, text: str, **options: object) -> tuple[RiskList, list[list[ListVariant]]]:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with open_risk_list(path, **options) as risk_list:  # type: ignore[arg-type]
        rows = list(risk_list.rows)
        assert [row.number for row in rows] == list(range(len(rows)))
        return risk_list, [list(row.variants) for row in rows]


def test_one_name_to_a_line(tmp_path: Path) -> None:
    risk_list, rows = _read(tmp_path, "rs1\r\nRS22\r\n\r\n\r\n")
    assert (risk_list.format, risk_list.columns) == ("rsids", ("variant",))
    assert rows == [[ListVariant(rsid="rs1")], [ListVariant(rsid="rs22")]]


def test_a_header_comments_and_a_blank_line_between(tmp_path: Path) -> None:
    risk_list, rows = _read(tmp_path, '# mine\n"rsID"\nrs1\n# more\n\nrs2\n')
    assert risk_list.columns == ("rsID",)
    assert rows == [
        [ListVariant(rsid="rs1")],
        [ListVariant(problem="an empty line")],
        [ListVariant(rsid="rs2")],
    ]


def test_several_names_and_places(tmp_path: Path) -> None:
    _, rows = _read(tmp_path, "rs1, rs2 rs3\nchr1:1000:a:ct\n1:1000;X_7\nHLA-B*27:05 rs4\n")
    assert [[v.rsid for v in row] for row in rows] == [
        ["rs1", "rs2", "rs3"],
        [""],
        ["", ""],
        ["", "rs4"],
    ]
    assert rows[1] == [ListVariant(contig="chr1", position=1000, ref="A", alt="CT", forward=True)]
    assert [(v.contig, v.position) for v in rows[2]] == [("1", 1000), ("X", 7)]
    assert rows[3][0].problem == "'HLA-B*27:05' is no rsID and no place"


def test_risk_alleles_as_the_catalogue_writes_them(tmp_path: Path) -> None:
    _, rows = _read(tmp_path, "rs1-T\nrs2-?\nchr16:700-G\n1-7-A-T\n")
    assert rows == [
        [ListVariant(rsid="rs1", effect_allele="T")],
        [ListVariant(rsid="rs2")],
        [ListVariant(contig="chr16", position=700, effect_allele="G")],
        [ListVariant(contig="1", position=7, ref="A", alt="T", forward=True)],
    ]


def test_a_list_that_begins_with_another_name_has_to_be_called_one(tmp_path: Path) -> None:
    _, rows = _read(tmp_path, "HLA-B*27:05\nrs1\n", format="rsids")
    assert [row[0].problem != "" for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rs7903146", VariantName("rs7903146")),
        (" RS12 ", VariantName("rs12")),
        ("rs12:1000:A:T", VariantName("rs12", alleles=("A", "T"))),
        ("rs12_A", VariantName("rs12")),
        ("rs12b", VariantName()),
        ("rs", VariantName()),
        ("exm12", VariantName()),
        ("1:1000", VariantName(contig="1", position=1000)),
        ("chr16:68294800", VariantName(contig="chr16", position=68294800)),
        ("chr1:123_A_T", VariantName(contig="chr1", position=123, alleles=("A", "T"))),
        ("1-123-A-TG", VariantName(contig="1", position=123, alleles=("A", "TG"))),
        ("1-123", VariantName()),
        ("3-SNP haplotype 1", VariantName()),
        ("chr1:1,123:A/T", VariantName(contig="chr1", position=1123, alleles=("A", "T"))),
        ("chr1:123A>T", VariantName(contig="chr1", position=123, alleles=("A", "T"))),
        ("1:123[b37]A,T", VariantName(contig="1", position=123, alleles=("A", "T"))),
        ("chr1_123_A_T_b38", VariantName(contig="chr1", position=123, alleles=("A", "T"))),
        ("1:123:D", VariantName(contig="1", position=123)),
        ("1:123:rs7", VariantName("rs7", "1", 123)),
        ("1:123_<DEL>", VariantName(contig="1", position=123)),
        ("NC_000001.11:123:A:T", VariantName("", "NC_000001.11", 123, ("A", "T"))),
        ("23:5", VariantName(contig="X", position=5)),
        ("1:0", VariantName()),
        ("1:99999999999", VariantName()),
        ("DQB1*0402", VariantName()),
        ("", VariantName()),
    ],
)
def test_names(text: str, expected: VariantName) -> None:
    assert read_variant_name(text, {"23": "X"}) == expected
