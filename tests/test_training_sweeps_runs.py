"""Sweeps of real runs from the command line: killed for real, taken up again, and loaded."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest

from enhancer_variants.cli import main
from enhancer_variants.cli_sweep import take_sweep_options
from enhancer_variants.models import load_model
from enhancer_variants.prediction import predict_sequences
from enhancer_variants.training.sweeps import published_configs, sweep
from enhancer_variants.training.sweeps.table import RunStatus, read_table

TINY = (
    *("-k", 2, "--layers", 1, "--hidden-size", 8, "--heads", 2, "--intermediate-size", 8),
    *("--positions", 24, "--batch-size", 8, "--device", "cpu", "--threads", 1),
    *("--best-by", "auroc", "--logging-steps", 4),
)


def run(*arguments: object) -> int:
    """Run a command in this process; return its exit status."""
    with pytest.raises(SystemExit) as exit_info:
        main([str(argument) for argument in arguments])
    return int(exit_info.value.code or 0)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Make a folder of sequences of 20 bases, every other one with a motif."""
    letters = random.Random(3)
    folder = tmp_path / "planted"
    folder.mkdir()
    for split, sequences in (("train", 64), ("dev", 24)):
        lines = ["sequence\tlabel"]
        for number in range(sequences):
            bases = "".join(letters.choices("ACGT", k=20))
            label = number % 2
            lines.append(f"{bases[:7]}{'TGACTC' if label else bases[7:13]}{bases[13:]}\t{label}")
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    return folder


def search_of(planted: Path, output: Path) -> list[str]:
    search = ("--sweep", "optuna", "--trials", 3, "--search", "learning-rate=1e-3:3e-2")
    given = ["finetune", planted, "-o", output, *TINY, "--epochs", 6, *search]
    return [str(argument) for argument in given]


def test_a_search_that_was_killed_ends_as_one_that_was_not(
    planted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed, whole = tmp_path / "a" / "search", tmp_path / "b" / "search"
    program = [sys.executable, "-m", "enhancer_variants", *search_of(planted, killed)]
    process = subprocess.Popen(program, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            if list(killed.glob("runs/trial-000[12]/checkpoints/checkpoint-*")):
                break
            time.sleep(0.002)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert run(*search_of(planted, killed)) == 0
    told = capsys.readouterr().err
    assert "trial-0002: done" in told
    assert "trial-0000: done" not in told
    assert run(*search_of(planted, whole), "--quiet") == 0
    assert capsys.readouterr().err == ""
    assert (killed / "sweep.tsv").read_bytes() == (whole / "sweep.tsv").read_bytes()
    assert [r.status for r in read_table(whole / "sweep.tsv")] == [RunStatus.DONE] * 3
    weights = [(folder / "best" / "model.safetensors").read_bytes() for folder in (killed, whole)]
    assert weights[0] == weights[1]
    model = load_model(whole / "best", device="cpu")
    assert model.card.name == "search"
    table = predict_sequences(model, ["ACGTAGATGACTCGACTACG"], progress=False)
    assert table["search_log_odds"].notna().all()


def test_the_published_grid_runs_from_the_command_line(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(config: Any, preset: str | None) -> Any:
        configs = published_configs(config, preset)
        return configs[0], configs[-1]

    monkeypatch.setattr(sweep, "published_configs", two)
    output = tmp_path / "grid"
    given = ("finetune", planted, "-o", output, *TINY, "--max-steps", 3, "--sweep", "published")
    assert run(*given, "--sweep-preset", "none", "--keep-all", "--quiet") == 0
    runs = read_table(output / "sweep.tsv")
    assert [r.run for r in runs] == [
        "lr0.001_warmup0.1_decay0.0001",
        "lr3e-06_warmup0.2_decay0.02",
    ]
    for one in runs:
        record = json.loads((output / one.directory / "finetuning.json").read_text())
        recipe = record["run"]["recipe"]
        assert recipe["learning_rate"] == float(one.hyper_parameters["learning_rate"])
        assert recipe["warmup_share"] == float(one.hyper_parameters["warmup_share"])
        assert record["result"]["metrics"]["dev"]["auroc"] == pytest.approx(one.metrics["auroc"])
        assert (output / one.directory / "model.safetensors").is_file()


def test_a_run_that_diverges_is_failed_and_the_search_goes_on(
    planted: Path, tmp_path: Path
) -> None:
    output = tmp_path / "search"
    given = ("finetune", planted, "-o", output, *TINY, "--max-steps", 3, "--sweep", "optuna")
    diverging = ("--search", "learning-rate=1e30:1e30")
    assert run(*given, *diverging, "--trials", 1, "--quiet") == 1
    (only,) = read_table(output / "sweep.tsv")
    assert only.status == RunStatus.FAILED
    assert only.detail


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--trials", 3), "--trials needs --sweep"),
        (("--keep-all",), "--keep-all needs --sweep"),
        (("--sweep", "published", "--trials", 3), "--trials needs --sweep optuna"),
        (("--sweep", "published", "--no-pruning"), "--no-pruning needs --sweep optuna"),
        (("--sweep", "optuna", "--sweep-preset", "readme"), "needs --sweep published"),
        (("--sweep", "published", "--epochs", 3), "--epochs is set by --sweep-preset readme"),
        (
            ("--sweep", "published", "--sweep-preset", "training.sh", "--max-seq-length", 9),
            "--max-seq-length is set by --sweep-preset training.sh",
        ),
        (("--sweep", "published", "--learning-rate", 1), "--learning-rate is set by --sweep pu"),
        (("--sweep", "optuna", "--dropout", 0.1), "--dropout is set by --sweep optuna"),
        (("--sweep", "optuna", "--overwrite"), "--overwrite and --sweep"),
        (("--sweep", "optuna", "--search", "epochs=1:2"), "expected learning-rate, warmup-share"),
        (("--sweep", "optuna", "--search", "dropout=0.1"), "is not NAME=LOW:HIGH"),
        (("--sweep", "optuna", *("--search", "dropout=0:0.1") * 2), "dropout is given twice"),
        (("--sweep", "grid"), "'grid' is not one of"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[object, ...],
    expected: str,
) -> None:
    assert run("finetune", "data", "-o", tmp_path / "out", *options) == 2
    assert expected in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_search_leaves_what_it_does_not_vary_to_the_options() -> None:
    options = {"sweep": "optuna", "epochs": 3.0, "trials": None, "keep_all": False}
    assert take_sweep_options(options) == {"sweep": "optuna"}
    assert options == {"epochs": 3.0}
    with pytest.raises(click.UsageError):
        take_sweep_options({"search": {"dropout": (0.0, 0.1)}})
    assert take_sweep_options({"epochs": 3.0, "sweep": None}) == {}
