"""``enhancer-variants evaluate --variants``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from enhancer_variants.cli_evaluate import evaluate
from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.io import LabelledSequence, write_labelled_sequences


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    generator = np.random.default_rng(7)
    with Reference(demo_files().reference) as reference:
        bases = reference.find("chr1").bases(0, 400)
    frame = pd.DataFrame({"chrom": "chr1", "pos": range(250, 280)})
    frame["ref"] = [bases[p - 1] for p in frame["pos"]]
    frame["alt"] = ["A" if ref != "A" else "C" for ref in frame["ref"]]
    frame["lfc"] = generator.normal(size=30)
    frame["p"] = np.where(generator.random(30) < 0.5, 0.001, 0.9)
    frame["tags"] = [5, 20] + [10] * 28
    frame["element"] = ["one", "two"] * 15
    frame["toy_log_odds_shift"] = frame["lfc"] + generator.normal(size=30)
    frame["other"] = -frame["toy_log_odds_shift"]
    path = tmp_path / "effects.tsv"
    frame.to_csv(path, sep="\t", index=False)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [*map(str, arguments)])


def test_everything_named_on_the_command_line_gets_there(effects: Path, tmp_path: Path) -> None:
    sequences = [LabelledSequence("ACGT" * 5 + "GC" * n, n % 2) for n in range(20)]
    data_set = tmp_path / "data_set"
    data_set.mkdir()
    write_labelled_sequences(sequences, data_set / "train.tsv", "tsv")
    folder = tmp_path / "out"
    result = run(
        *("--variants", effects, "--effect", "lfc", "--group", "element", "--p-value", "p"),
        *("--min", "tags=10", "--significant", 0.01, "--kinds", "snv,deletion"),
        *("--score", "toy_log_odds_shift", "--score", "other", "--measured", effects),
        *("--reference", demo_files().reference, "--train", data_set, "-k", 3, "--window", 100),
        *("--motifs", "none", "--bootstrap", 20, "--seed", 3, "--output", folder),
    )
    assert result.exit_code == 0, result.output
    found = json.loads((folder / "variant_evaluation.json").read_text())
    assert found["selection"] == {
        "effect": "lfc",
        "group": "element",
        "p_value": "p",
        "minimum": {"tags": 10},
        "kinds": ["snv", "deletion"],
        "significant": 0.01,
        "window": 100,
    }
    assert found["bootstrap"] == {"resamples": 20, "level": 0.95, "seed": 3}
    assert list(found["scores"]) == [
        "toy_log_odds_shift",
        "other",
        "gc_change",
        "kmer_log_odds_shift",
    ]
    assert found["made_with"]["kmer_training"]["name"] == "train.tsv"
    assert found["made_with"]["measured"] == "effects.tsv"
    assert found["alleles"]["left_out"] == {"tags below 10": 1}
    assert {path.name for path in folder.glob("*.png")} == {
        "scores.png",
        *(f"scatter_{name}.png" for name in found["scores"]),
    }
    assert "29 of 30 alleles evaluated" in result.stderr
    assert result.stdout == ""


def test_without_a_folder_the_figures_are_printed(effects: Path, tmp_path: Path) -> None:
    result = run("--variants", effects, "--effect", "lfc", "--kinds", "all", "--bootstrap", 20)
    assert result.exit_code == 0, result.output
    first, _, toy, gc, *verdicts = result.stdout.splitlines()
    assert first == "30 of 30 alleles evaluated, 30 of them with all scores"
    assert toy.startswith("toy_log_odds_shift  0.")
    assert gc.startswith("gc_change ")
    assert "better by pearson: toy_log_odds_shift than gc_change" in verdicts
    quiet = run(
        *("--variants", effects, "--effect", "lfc", "--bootstrap", 20, "--quiet"),
        *("--no-pictures", "-o", tmp_path / "quiet"),
    )
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert not list((tmp_path / "quiet").glob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variants", "x"], "--variants needs --effect"),
        (["--effect", "lfc", "model", "data"], "'--effect' is about variants"),
        (["--min", "tags=1", "model", "data"], "'--min' is about variants"),
        (["--variants", "x", "--effect", "lfc", "model"], "'MODEL' cannot be given"),
        (["--variants", "x", "--effect", "lfc", "--split", "dev"], "'--split' cannot be given"),
        (["--variants", "x", "--effect", "lfc", "--min", "tags"], "expected KEY=NUMBER"),
        (["--variants", "x", "--effect", "lfc", "--min", "=5"], "expected KEY=NUMBER"),
        (["model"], "expected MODEL and DATA, or --variants"),
    ],
)
def test_what_does_not_belong_together_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_folder_is_made_before_the_work(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    result = run("--variants", tmp_path / "no such file", "--effect", "lfc", "-o", taken)
    assert isinstance(result.exception, InputError)
    assert "is a file; expected a folder" in str(result.exception)
