"""The command that scores risk lists."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from enhancer_variants.cli import cli, main
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.gwas import score_gwas


@pytest.fixture(scope="module")
def files() -> DemoFiles:
    return demo_files()


@pytest.fixture
def risk_list(tmp_path: Path) -> Path:
    path = tmp_path / "risk.tsv"
    rows = ["SNP CHR BP effect_allele other_allele", "rs1 chr1 2009 T A", "rs2 chr1 2009 A T",
            "rs3 9 5 A C"]  # fmt: skip
    path.write_text("".join(row.replace(" ", "\t") + "\n" for row in rows))
    return path


def _run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["gwas", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_a_list_becomes_a_table_and_a_line_of_counts(
    tmp_path: Path, files: DemoFiles, risk_list: Path
) -> None:
    bed = tmp_path / "ccre.bed"
    bed.write_text("chr1\t2000\t2010\tE1\n")
    output, loci = tmp_path / "out.tsv", tmp_path / "loci.tsv"
    about = (risk_list, "-r", files.reference, "--enhancer", files.model, "-o", output)
    status, out, err = _run(*about, "--annotate", f"ccre={bed}", "--loci", loci)
    assert (status, out) == (0, "")
    assert err.splitlines()[-1] == (
        "3 alleles of 3 variants in 3 rows: 2 scored, 1 not (no_contig 1); orientation: assumed 2"
    )
    found = pd.read_csv(output, sep="\t")
    expected = score_gwas(risk_list, files.reference, enhancer=files.model, annotate={"ccre": bed})
    assert list(found.columns) == list(expected.columns)
    assert found["overlaps_ccre"].fillna("").tolist() == ["E1", "E1", ""]
    first, second = found["enhancer_risk_log_odds_shift"][:2]
    assert first == -second != 0
    assert len(pd.read_csv(loci, sep="\t")) == 3
    made_with = json.loads(Path(f"{output}.json").read_text())
    assert made_with == expected.attrs["enhancer_variants"]


def test_standard_output_and_quiet(files: DemoFiles, risk_list: Path) -> None:
    about = (risk_list, "-r", files.reference, "--enhancer", files.model, "-q")
    status, out, err = _run(*about)
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 4
    assert out.startswith("list_row\tlist_variant\tSNP\tCHR\tBP")


def test_a_page_is_written_by_the_report(tmp_path: Path, files: DemoFiles, risk_list: Path) -> None:
    output = tmp_path / "report.html"
    about = (risk_list, "-r", files.reference, "--enhancer", files.model)
    status, _, err = _run(*about, "-o", output)
    assert status == 0
    assert "3 alleles of 3 variants in 3 rows: 2 scored" in err
    assert "<html" in output.read_text()
    status, _, err = _run(*about, "-o", output, "--loci", tmp_path / "loci.tsv")
    assert status == 2
    assert "--loci is not for a report" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--annotate", "ccre"], "expected NAME=BED"),
        (["--annotate", "a=x", "--annotate", "a=y"], "names 'a' twice"),
        (["--effect-allele", "A3"], "Invalid value"),
        (["--r2", "0"], "Invalid value"),
    ],
)
def test_usage(files: DemoFiles, risk_list: Path, arguments: list[str], message: str) -> None:
    status, _, err = _run(risk_list, "-r", files.reference, *arguments)
    assert status == 2
    assert message in err


def test_errors_are_one_line(
    files: DemoFiles, risk_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = ["gwas", str(risk_list), "-r", str(files.reference), "--enhancer", str(files.model)]
    for arguments, message in [
        (["--population", "EUR"], "name one (sites, --sites)"),
        (["--sites", "nowhere.vcf"], "nowhere.vcf"),
        (["--proxies", str(risk_list)], "expected PLINK"),
        (["--format", "gibberish"], "gibberish"),
    ]:
        with pytest.raises(SystemExit) as caught:
            main([*about, *arguments])
        assert caught.value.code == 1
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("enhancer-variants: error: ")
        assert message in lines[0]


def test_a_page_without_jinja_fails_before_anything_is_scored(
    tmp_path: Path, files: DemoFiles, risk_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    about = ["-r", str(files.reference), "--enhancer", str(files.model)]
    result = CliRunner().invoke(
        cli, ["gwas", str(risk_list), *about, "-o", str(tmp_path / "page.html")]
    )
    assert "enhancer-variants[report]" in str(result.exception)
