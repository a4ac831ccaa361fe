"""Files of scores and effects, each alone and joined."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pandas as pd
import pysam
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.training.variant_evaluation.sources import (
    joined,
    read_alleles,
    require_name,
)

VCF = """##fileformat=VCFv4.2
##contig=<ID=1,length=1000>
##INFO=<ID=LFC,Number=A,Type=Float,Description="Effect">
##INFO=<ID=ELEMENT,Number=1,Type=String,Description="Element">
##INFO=<ID=EV_MY_TF_LOG_ODDS_SHIFT,Number=A,Type=Float,Description="my-TF: a shift">
##INFO=<ID=EV_OTHER_LOG_ODDS_SHIFT,Number=A,Type=Float,Description="no name here">
##INFO=<ID=EV_MOTIF_SHIFT_SUM,Number=A,Type=Float,Description="Hits">
##INFO=<ID=EV_OTHER_LOG_ODDS_SHIFT_SPREAD,Number=A,Type=Float,Description="spread">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
1	10	rs1	A	C,G	.	.	LFC=0.5,.;ELEMENT=one;EV_MY_TF_LOG_ODDS_SHIFT=1,2;SEEN=4,5
1	20	.	A	.	.	.	ELEMENT=one
1	30	.	A	T	.	.	XLFC=3;LFC=-1.5;FLAG
"""


@pytest.fixture
def vcf(tmp_path: Path) -> Path:
    path = tmp_path / "scored.vcf"
    path.write_text(VCF)
    return path


def test_alleles_of_a_vcf(vcf: Path) -> None:
    source = read_alleles(vcf)
    assert source.name == "scored.vcf"
    assert [(a.position, a.ref, a.alt, a.record, a.number) for a in source.alleles] == [
        (10, "A", "C", 0, 1),
        (10, "A", "G", 0, 2),
        (20, "A", ".", 1, 0),
        (30, "A", "T", 2, 1),
    ]
    assert source.cells("LFC").texts == ["0.5", None, None, "-1.5"]
    assert source.cells("LFC").reasons == ["", "no LFC", "no LFC", ""]
    assert source.cells("ELEMENT", shared=True).texts == ["one", "one", "one", None]
    assert source.cells("SEEN").texts == ["4", "5", None, None]


def test_names_of_scores_are_those_of_a_table(vcf: Path) -> None:
    assert read_alleles(vcf).shifts() == {
        "my-TF_log_odds_shift": "EV_MY_TF_LOG_ODDS_SHIFT",
        "other_log_odds_shift": "EV_OTHER_LOG_ODDS_SHIFT",
        "motif_shift_sum": "EV_MOTIF_SHIFT_SUM",
    }


def test_names_are_found_by_key_or_by_column(vcf: Path) -> None:
    source = read_alleles(vcf)
    assert source.resolved("LFC") == "LFC"
    assert source.resolved("SEEN") == "SEEN"
    assert source.resolved("my-TF_log_odds_shift") == "EV_MY_TF_LOG_ODDS_SHIFT"
    assert source.resolved("nothing") is None
    with pytest.raises(InputError, match=r"scored.vcf: has no nothing.*a score.*LFC, ELEMENT"):
        require_name(source, "nothing", "a score")


def test_bcf_says_the_same(vcf: Path, tmp_path: Path) -> None:
    text = VCF.replace(";SEEN=4,5", "").replace("XLFC=3;", "").replace(";FLAG", "")
    vcf.write_text(text)
    bcf = tmp_path / "scored.bcf"
    with (
        pysam.VariantFile(str(vcf)) as lines,
        pysam.VariantFile(str(bcf), "wb", header=lines.header) as out,
    ):
        for line in lines:
            out.write(line)
    assert read_alleles(bcf).alleles == read_alleles(vcf).alleles
    for name in ("LFC", "ELEMENT"):
        assert read_alleles(bcf).cells(name) == read_alleles(vcf).cells(name)
    with pysam.VariantFile(str(bcf)) as held:
        assert read_alleles(held).cells("LFC").texts == ["0.5", None, None, "-1.5"]


def test_standard_input_may_be_a_vcf_but_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(VCF.encode())))
    assert len(read_alleles("-").alleles) == 4
    table = b"chrom\tpos\tref\talt\n1\t2\tA\tC\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table)))
    with pytest.raises(InputError, match="write it to a file first"):
        read_alleles("-")


FRAME = pd.DataFrame(
    {
        "chrom": ["1", "1", "1"],
        "pos": [10, 10, 30],
        "ref": ["A", "A", "a"],
        "alt": ["C", "G", "T"],
        "toy_log_odds_shift": [0.25, None, -1.0],
        "motif_shift_sum": [1.0, 2.0, 3.0],
    }
)


@pytest.mark.parametrize("kind", ["tsv", "csv", "tsv.gz", "parquet", "frame"])
def test_tables_of_all_kinds(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"effects.{kind}"
    if kind == "parquet":
        FRAME.to_parquet(path)
    elif kind == "tsv.gz":
        path.write_bytes(gzip.compress(FRAME.to_csv(sep="\t", index=False).encode()))
    elif kind != "frame":
        FRAME.to_csv(path, sep="\t" if kind == "tsv" else ",", index=False)
    source = read_alleles(FRAME if kind == "frame" else path)
    assert [allele.position for allele in source.alleles] == [10, 10, 30]
    assert source.cells("toy_log_odds_shift").texts == ["0.25", None, "-1.0"]
    assert list(source.shifts()) == ["toy_log_odds_shift", "motif_shift_sum"]
    assert source.resolved("toy") is None


def test_a_row_of_several_alleles_is_none(tmp_path: Path) -> None:
    path = tmp_path / "effects.tsv"
    path.write_text("chrom\tpos\tref\talt\n1\t2\tA\tC,G\n1\tx\tA\tC\n1\t2\tA\t\n")
    first, second, third = read_alleles(path).alleles
    assert first.problem == "several ALT alleles in one row of a table"
    assert "not a position" in second.problem
    assert third.problem == "alt is empty"


def test_damaged_tables_are_errors(tmp_path: Path) -> None:
    parquet = tmp_path / "effects.parquet"
    parquet.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(VariantFileError, match=r"effects.parquet: cannot be read as Parquet"):
        read_alleles(parquet)
    text = tmp_path / "effects.tsv"
    text.write_text("chrom\tpos\tref\talt\n1\t2\tA\tC\n1\t2\tA\tC\tD\tE\n")
    with pytest.raises(VariantFileError, match=r"effects.tsv: cannot be read as a table"):
        read_alleles(text)
    text.write_text("chrom\tpos\tref\talt\n1\t2\tA\tC\tD\tE\n")
    with pytest.raises(VariantFileError, match=r"rows have more cells than the header"):
        read_alleles(text)
    text.write_text("chrom\tpos\talt\n1\t2\tA\n")
    with pytest.raises(InputError, match=r"effects.tsv: no column for ref"):
        read_alleles(text)


def test_what_another_file_says_of_the_same_alleles(vcf: Path) -> None:
    source, left = joined(read_alleles(FRAME), read_alleles(vcf))
    assert source.alleles == read_alleles(FRAME).alleles
    assert source.name == "the DataFrame"
    assert source.cells("LFC").texts == ["0.5", None, "-1.5"]
    assert source.cells("toy_log_odds_shift").texts == ["0.25", None, "-1.0"]
    assert source.resolved("LFC") == "LFC"
    assert source.resolved("nothing") is None
    assert {"LFC", "toy_log_odds_shift"} <= {*source.names}
    assert source.shifts()["motif_shift_sum"] == "motif_shift_sum"
    assert left == 1  # the record without ALT


def test_alleles_without_a_partner_or_with_too_many_have_none(vcf: Path) -> None:
    twice = pd.concat([FRAME, FRAME[:1], FRAME[:1].assign(pos=99)])
    source, _ = joined(read_alleles(twice), read_alleles(vcf))
    cells = source.cells("LFC")
    assert cells.reasons == [
        "in scored.vcf in another number of rows",
        "no LFC",
        "",
        "in scored.vcf in another number of rows",
        "not in scored.vcf",
    ]


def test_rows_of_one_allele_are_joined_in_order() -> None:
    scored = pd.concat([FRAME[:1], FRAME[2:], FRAME[:1]])
    measured = pd.concat([FRAME[:1], FRAME[:1], FRAME[2:]]).assign(
        chrom="chr1", lfc=["first", "second", "other"]
    )
    source, left = joined(read_alleles(scored), read_alleles(measured))
    assert source.cells("lfc").texts == ["first", "other", "second"]
    assert left == 0
