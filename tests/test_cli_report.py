"""`report`, and `score` into a page: thin over the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import enhancer_variants as ev
from enhancer_variants.cli import cli
from enhancer_variants.demo import demo_files

MODEL = f"--enhancer={demo_files().model}"


@pytest.fixture(scope="module")
def effects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of effects of two alleles."""
    files = demo_files()
    path = tmp_path_factory.mktemp("effects") / "effects.tsv"
    scorer = ev.VariantScorer(files.reference, enhancer=files.model, progress=False)
    variants = path.with_name("two.vcf")
    lines = files.variants.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line[0] == "#" or "_site\t" in line]
    variants.write_text("".join(kept[:-1]))
    scorer.annotate(variants, path)
    return path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_report_is_the_library_call(effects: Path, tmp_path: Path) -> None:
    outcome = _run("report", effects, "-o", tmp_path / "a.html", "--top=1", "--title=Two sites")
    assert outcome.exit_code == 0, outcome.output
    ev.report(effects, tmp_path / "b.html", top=1, title="Two sites")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert b"<title>Two sites</title>" in (tmp_path / "a.html").read_bytes()


def test_every_option_reaches_the_library(effects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "enhancer_variants.reports.page.report", lambda *a, **options: given.update(options, a=a)
    )
    options = "--top=3 --rank-by=pos --column=x --column=y --rows=7 --title=T -q".split()
    reference = demo_files().reference
    outcome = _run("report", effects, "-o", "r.html", *options, "-r", reference, MODEL)
    assert outcome.exit_code == 0, outcome.output
    scorer = given.pop("scorer")
    assert [model.name for model in scorer.models] == ["enhancer"]
    assert given == {
        "a": (str(effects), "r.html"),
        "top": 3,
        "rank_by": "pos",
        "columns": ("x", "y"),
        "rows": 7,
        "title": "T",
    }


def test_models_without_a_reference_are_a_usage_error(effects: Path) -> None:
    outcome = _run("report", effects, "-o", "r.html", MODEL)
    assert outcome.exit_code == 2
    assert "need --reference" in outcome.output


def test_score_writes_a_page_with_pictures(effects: Path, tmp_path: Path) -> None:
    variants = tmp_path / "one.vcf"
    lines = (effects.parent / "two.vcf").read_text().splitlines(keepends=True)
    variants.write_text("".join(lines[: lines.index(next(x for x in lines if x[0] != "#")) + 1]))
    page = tmp_path / "effects.html"
    outcome = _run("score", variants, "-r", demo_files().reference, MODEL, "-o", page)
    assert outcome.exit_code == 0, outcome.output
    assert "1 allele in 1 record: 1 scored" in outcome.output
    assert page.read_text(encoding="utf-8").count('src="data:image/png;base64,') == 1


@pytest.mark.parametrize(
    "option", ["--tfbs-table=t.parquet", "--motif-hits=m.parquet", "--overwrite-info"]
)
def test_what_only_files_of_effects_have_is_not_for_a_page(option: str, tmp_path: Path) -> None:
    files = demo_files()
    base = ["score", files.variants, "-r", files.reference, MODEL, option]
    outcome = _run(*base, "--output-format=html", "-o", tmp_path / "page")
    assert outcome.exit_code == 2
    assert f"{option.partition('=')[0]} is not for a report" in outcome.output
    assert not list(tmp_path.iterdir())
