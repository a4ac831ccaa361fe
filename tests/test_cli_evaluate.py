"""The command gives what the library gives, as a folder or as a table."""

from __future__ import annotations

import json
import random
from pathlib import Path

import matplotlib as mpl
import pytest
from click.testing import CliRunner, Result

import enhancer_variants as ev
from enhancer_variants.cli import cli
from enhancer_variants.demo import demo_files
from enhancer_variants.reports import evaluation_pictures
from enhancer_variants.training.evaluation import evaluation_text

mpl.use("Agg")
pytestmark = pytest.mark.usefixtures("one_penalty")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a data set whose positives have a site that the planted model knows."""
    chance = random.Random(2)

    def rows(number: int) -> list[ev.LabelledSequence]:
        found = []
        for index in range(number):
            bases = chance.choices("ACGT", k=200)
            if index % 2:
                bases[95:106] = "TTCTTATCTGT" if index % 4 == 1 else "ATGAGTCATCA"
            found.append(ev.LabelledSequence("".join(bases), index % 2))
        return found

    data = ev.DataSet({"train": rows(40), "dev": rows(10), "test": rows(40)}, {})
    ev.write_data_set(data, tmp_path / "data")
    return tmp_path / "data"


def planted() -> Path:
    return demo_files().planted_model


def test_a_folder_holds_everything(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_pictures, "_DOTS_PER_INCH", 40)
    output = tmp_path / "judged" / "test"
    result = run(planted(), folder, "-o", output, "--bootstrap", 20, "--seed", 4, "-k", 4)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in output.iterdir()) == [
        *("confusion.png", "evaluation.json", "metrics.tsv"),
        *("precision_recall.png", "predictions.tsv", "reliability.png", "roc.png"),
    ]
    written = json.loads((output / "evaluation.json").read_text())
    options = written["provenance"]["options"]
    assert (options["resamples"], options["seed"], options["k"]) == (20, 4, 4)
    (found,) = written["outputs"].values()
    assert found["baselines_from"] == "training data"
    assert found["sets"]["all"]["methods"]["model"]["metrics"]["auroc"]["value"] > 0.8
    assert "all rows: 20 positives, 20 negatives" in result.stderr
    assert result.stdout == ""


def test_without_a_folder_it_prints_a_table(folder: Path) -> None:
    result = run(planted(), folder, "--split", "dev", "--bootstrap", 20)
    assert result.exit_code == 0, result.output
    found = ev.evaluate(planted(), folder, split="dev", resamples=20)
    assert result.stdout.strip() == evaluation_text(found)


def test_pictures_are_left_out_on_request(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "judged"
    result = run(planted(), folder, "-o", output, "--no-pictures", "--bootstrap", 5, "-q")
    assert result.exit_code == 0, result.output
    assert not list(output.glob("*.png"))
    assert result.output == ""


def test_notes_are_lines_on_standard_error(folder: Path) -> None:
    test = folder / "test.tsv"
    result = run(planted(), test, "--bootstrap", 5)
    assert "warning: no training data are given" in result.stderr
    copies = run(planted(), test, "--train", test, "--bootstrap", 5)
    assert "warning: 40 of 40 sequences share 32 bases" in copies.stderr


def test_both_arguments_are_needed() -> None:
    for arguments in ((), (planted(),)):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "expected MODEL and DATA" in result.stderr


def test_a_folder_that_is_a_file_is_refused_before_the_work(folder: Path) -> None:
    result = run(planted(), folder, "-o", folder / "test.tsv")
    assert isinstance(result.exception, ev.InputError)
    assert "is a file" in str(result.exception)
