"""GWAS-SSF: side files and harmonisation codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas import ListVariant, open_risk_list

HEADER = "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tp_value\trsid"


def _variants(path: Path, text: str) -> tuple[str, list[ListVariant]]:
    path.write_text(text)
    with open_risk_list(path) as risk_list:
        return risk_list.assembly, [row.variants[0] for row in risk_list.rows]


def _side_file(path: Path, text: str) -> None:
    path.with_name(f"{path.name}-meta.yaml").write_text(text)


def test_the_side_file_states_build_and_first_base(tmp_path: Path) -> None:
    path = tmp_path / "GCST1.tsv"
    _side_file(path, "# study\ngenome_assembly: GRCh37 # hg19\ncoordinate_system: 0-based\n")
    assembly, variants = _variants(path, f"{HEADER}\n1\t0\tA\tG\t0.1\t0.5\trs5\n")
    assert assembly == "GRCh37"
    assert [v.position for v in variants] == [1]
    assert not variants[0].forward


def test_an_older_side_file_is_nested_and_in_camel_case(tmp_path: Path) -> None:
    path = tmp_path / "GCST1.tsv"
    _side_file(
        path,
        "summaryStatisticsMetadata:\n  genomeAssembly: 'GRCh38'\n  coordinateSystem: NA\n"
        "  harmonised: true\n  traitDescription:\n    - breast carcinoma\n",
    )
    assembly, variants = _variants(path, f"{HEADER}\n1\t7\tA\tG\t0.1\t0.5\trs5\n")
    assert (assembly, variants[0].position, variants[0].forward) == ("GRCh38", 7, True)


def test_the_side_file_of_a_compressed_list_may_go_by_the_plain_name(tmp_path: Path) -> None:
    path = tmp_path / "GCST1.tsv.gz"
    (tmp_path / "GCST1.tsv-meta.yaml").write_text("genome_assembly: hg19\n")
    assembly, _ = _variants(path, f"{HEADER}\n")
    assert assembly == "GRCh37"


def test_the_name_of_a_catalog_file_states_the_build(tmp_path: Path) -> None:
    assembly, _ = _variants(tmp_path / "1_GCST1_buildGRCh37.tsv", f"{HEADER}\n")
    assert assembly == "GRCh37"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: b\ncoordinate_system: interbase\n", "meta.yaml:2: coordinate_system is 'interbase'"),
        (b"genome_assembly: \xff\n", "meta.yaml: cannot be read"),
    ],
)
def test_a_side_file_that_cannot_be_understood_is_an_error(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "GCST1.tsv"
    path.with_name("GCST1.tsv-meta.yaml").write_bytes(content)
    with pytest.raises(GwasFileError, match=message):
        _variants(path, f"{HEADER}\n")


def test_harmonised_rows_are_forward_and_others_are_not(tmp_path: Path) -> None:
    rows = "".join(f"1\t7\tA\tT\t0.1\t0.5\trs5\t{code}\n" for code in ("10", "5.0", "15", "NA"))
    assembly, variants = _variants(tmp_path / "h.tsv", f"{HEADER}\thm_code\n{rows}")
    assert assembly == "GRCh38"
    assert [v.forward for v in variants] == [True, True, False, False]
    assert [v.position for v in variants] == [7] * 4


OLD = (
    "hm_variant_id\thm_rsid\thm_chrom\thm_pos\thm_other_allele\thm_effect_allele\thm_beta"
    "\thm_odds_ratio\thm_effect_allele_frequency\thm_code\tvariant_id\tp_value\tchromosome"
    "\tbase_pair_location\teffect_allele\tother_allele\tbeta\todds_ratio"
    "\teffect_allele_frequency\n"
)


def test_the_older_harmonised_columns_are_read_where_there_was_something_to_harmonise(
    tmp_path: Path,
) -> None:
    harmonised = "X_7_C_T\trs5\tX\t7\tC\tT\t0.1\tNA\t0.9\t13\trs5\t0.5\t23\t3\tG\tA\t-0.1\tNA\t0.1"
    left = "NA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\t14\trs6\t0.25\t23\t3\tG\tA\t-0.1\tNA\t0.1"
    nameless = "NA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\t14\t23:3\t0.25\t23\t3\tG\tA\t-0.1\tNA\t0.1"
    assembly, variants = _variants(
        tmp_path / "h.tsv", OLD + "\n".join((harmonised, left, nameless))
    )
    assert assembly == "GRCh38"
    first, second, third = variants
    assert (first.rsid, first.contig, first.position) == ("rs5", "X", 7)
    assert (first.effect_allele, first.other_allele, first.forward) == ("T", "C", True)
    assert (first.effect_size, first.effect_allele_frequency, first.p_value) == (0.1, 0.9, 0.5)
    # Its own position is of the author's build, and the file states another one.
    assert (second.rsid, second.contig, second.position) == ("rs6", "", None)
    assert (second.effect_allele, second.effect_size, second.forward) == ("G", -0.1, False)
    assert third.problem == "'23:3' names no rsID, and the row was not harmonised"
