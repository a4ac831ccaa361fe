"""The command `scan`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from enhancer_variants.cli import cli
from enhancer_variants.demo import demo_files

FILES = demo_files()
COMMAND = ["scan", "-r", str(FILES.reference), "--enhancer", str(FILES.planted_model)]


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [*COMMAND, "--device", "cpu", *map(str, arguments)])


def test_windows_and_calls_are_written_and_counted(tmp_path: Path) -> None:
    table, calls = tmp_path / "windows.parquet", tmp_path / "calls.bed"
    result = _run("-o", table, "-o", calls, "--regions", "1:3501-5000", "--step", "25")
    assert result.exit_code == 0, result.output
    assert "windows scored; 2 calls" in result.stderr
    windows = pd.read_parquet(table)
    assert (windows["start"].diff().dropna() == 25).all()
    assert calls.read_text().count("\n") == 3


def test_options_of_calls_reach_them(tmp_path: Path) -> None:
    calls, strict = tmp_path / "calls.bed", ["--threshold", "0.95", "--low-threshold", "0.4"]
    where = ["--regions", "chr1:3501-5000", "--min-length", "300", "--merge-distance", "10"]
    result = _run("-o", calls, *where, *strict, "--strand", "both", "-q")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert [line.split("\t")[1] for line in calls.read_text().splitlines()[1:]] == ["3850"]


def test_a_run_folder_is_gone_on_with(tmp_path: Path) -> None:
    arguments = ["--regions", "chr1:1-3000", "--run-dir", tmp_path / "run", "--shard-windows", "20"]
    assert _run("-o", tmp_path / "a.bed", *arguments).exit_code == 0
    assert _run("-o", tmp_path / "b.bed", *arguments).exit_code == 0
    assert (tmp_path / "a.bed").read_bytes() == (tmp_path / "b.bed").read_bytes()
    assert len(list((tmp_path / "run" / "done").iterdir())) == 3


def test_variants_get_their_calls(tmp_path: Path) -> None:
    output = tmp_path / "effects.tsv"
    result = _run("--vcf", FILES.variants, "-o", output, "--flank", "0", "--step", "100")
    assert result.exit_code == 0, result.output
    assert "26 alleles in 24 records" in result.stderr
    effects = pd.read_csv(output, sep="\t")
    assert effects.loc[effects["id"] == "GATA1_site", "in_enhancer_ref"].tolist() == ["yes"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--vcf", "v.vcf", "-o", "a.tsv", "-o", "b.tsv"],
        ["--vcf", "v.vcf", "-o", "a.tsv", "--run-dir", "run"],
        ["--engine", "local", "-o", "a.bed"],
        ["--threshold", "2", "-o", "a.bed"],
        ["--preset", "other", "-o", "a.bed"],
        ["--flank", "10", "-o", "a.bed"],
        ["--overwrite-info", "-o", "a.bed"],
        [],
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str]) -> None:
    assert _run(*arguments).exit_code == 2
