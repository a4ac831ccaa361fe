"""Fine-tuning end to end: what is learned and written, killed and resumed, and by two processes."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import TrainerCallback

from enhancer_variants.errors import CheckpointError, InputError, MissingDependencyError, ModelError
from enhancer_variants.models import (
    load_model,
    log_odds,
    predict_logits,
    read_card,
    read_checkpoint,
    tokenize,
)
from enhancer_variants.models.network import to_checkpoint_names
from enhancer_variants.training.finetuning import (
    FinetuneConfig,
    FinetuneResult,
    NetworkSizes,
    finetune,
)
from enhancer_variants.training.finetuning import run as run_module
from enhancer_variants.training.finetuning.data import read_splits
from enhancer_variants.training.finetuning.measures import Measures
from enhancer_variants.training.finetuning.starting_point import starting_point
from enhancer_variants.training.finetuning.trainer import make_trainer

SIZES = NetworkSizes(
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=64,
)
MOTIF = "TGACTCAT"


def planted(path: Path, rows: int, seed: int, bases: int = 30) -> Path:
    """Sequences of which every other one holds a motif."""
    generator = random.Random(seed)
    lines = ["sequence,label"]
    for row in range(rows):
        letters = generator.choices("ACGT", k=bases)
        if row % 2:
            place = generator.randrange(bases - len(MOTIF))
            letters[place : place + len(MOTIF)] = MOTIF
        lines.append(f"{''.join(letters)},{row % 2}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data_set")
    for name, rows in (("train", 60), ("dev", 30), ("test", 20)):
        planted(folder / f"{name}.csv", rows, seed=rows)
    return folder


def toy(data_set: Path, output: Path, **more: Any) -> FinetuneConfig:
    """A run of 12 steps that takes a second."""
    options: dict[str, Any] = {
        "name": "toy",
        "network": None if "model" in more else SIZES,
        "kmer": None if "model" in more else 3,
        "batch_size": 20,
        "epochs": 4,
        "learning_rate": 3e-3,
        "device": "cpu",
        "threads": 1,
        **more,
    }
    return FinetuneConfig(train=data_set, output=output, **options)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def finished(data_set: Path, tmp_path_factory: pytest.TempPathFactory) -> FinetuneResult:
    return finetune(toy(data_set, tmp_path_factory.mktemp("finished") / "model"))


def test_a_planted_motif_is_learned(tmp_path: Path) -> None:
    train, dev = planted(tmp_path / "t.csv", 300, 1), planted(tmp_path / "d.csv", 60, 2)
    sizes = dataclasses.replace(SIZES, hidden_size=32, intermediate_size=64)
    config = toy(train, tmp_path / "model", dev=dev, network=sizes, epochs=12, best_by="auroc")
    result = finetune(config)
    assert result.metrics["dev"]["auroc"] > 0.95
    assert result.history[0]["loss"] > result.history[-2]["loss"]


def test_the_result_is_a_model_directory_that_scores(
    finished: FinetuneResult, data_set: Path
) -> None:
    assert sorted(files_of(finished.directory)) == [
        "config.json",
        "dev_predictions.tsv",
        "enhancer_variants.json",
        "finetuning.json",
        "model.safetensors",
        "test_predictions.tsv",
        "tokenizer_config.json",
        "vocab.txt",
    ]
    model = load_model(finished.directory, device="cpu")
    assert (model.window_length, model.padding, model.assumptions) == (30, "none", ())
    assert (model.card.positive_label, model.decision_threshold) == ("positive", 0)
    with (data_set / "test.csv").open() as table:
        sequences = [row["sequence"] for row in csv.DictReader(table)]
    odds = log_odds(model, predict_logits(model, tokenize(sequences, model.vocabulary)))
    with (finished.directory / "test_predictions.tsv").open() as table:
        rows = [*csv.DictReader(table, delimiter="\t")]
    assert [float(row["log_odds"]) for row in rows] == pytest.approx(odds[:, 0], abs=1e-5)
    assert [row["label"] for row in rows[:3]] == ["0", "1", "0"]


def test_the_card_says_what_the_model_is_made_from_and_no_path(
    finished: FinetuneResult, data_set: Path
) -> None:
    card = read_card(finished.directory / "enhancer_variants.json")
    training: Any = card.training
    assert card.name == "toy"
    assert training["data"]["dev"]["name"] == "dev.csv"
    assert training["data"]["dev"]["sequences"] == 30
    assert training["recipe"]["learning_rate"] == 3e-3
    assert training["recipe"]["window_length"] == 30
    assert training["start"]["from"] == "scratch"
    assert training["best_step"] == finished.best_step
    assert training["metrics"]["test"]["auroc"] == pytest.approx(finished.metrics["test"]["auroc"])
    for name, content in files_of(finished.directory).items():
        assert str(data_set.parent).encode() not in content, name
        assert b"checkpoints" not in content, name


def test_the_result_is_what_the_history_says(finished: FinetuneResult) -> None:
    evaluated = {e["step"]: e["eval_mcc"] for e in finished.history if "eval_mcc" in e}
    assert list(evaluated) == [3, 6, 9, 12]
    assert finished.best_score == max(evaluated.values()) == evaluated[finished.best_step]
    assert finished.metrics["dev"]["mcc"] == pytest.approx(finished.best_score)
    assert not any("runtime" in name for entry in finished.history for name in entry)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(
    finished: FinetuneResult, data_set: Path, tmp_path: Path
) -> None:
    again = finetune(toy(data_set, tmp_path / "again"))
    assert files_of(again.directory) == files_of(finished.directory)
    assert again.history == finished.history
    other = finetune(toy(data_set, tmp_path / "other", seed=1))
    weights = "model.safetensors"
    assert files_of(other.directory)[weights] != files_of(finished.directory)[weights]


def test_the_callers_state_is_left_as_it_was(data_set: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = (torch.get_rng_state(), random.getstate(), torch.get_num_threads())
    finetune(toy(data_set, tmp_path / "model", max_steps=1))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (random.getstate(), torch.get_num_threads()) == before[1:]


KILL = """
import os, signal, sys
from transformers import Trainer, TrainerCallback
from enhancer_variants.training.finetuning import FinetuneConfig, finetune

class Kill(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

def kill_while_saving():
    whole = Trainer._save_rng_state
    def kill(self, folder):
        if self.state.global_step > 4:
            os.kill(os.getpid(), signal.SIGKILL)
        whole(self, folder)
    Trainer._save_rng_state = kill

for moment, config in zip(sys.argv[1::2], sys.argv[2::2]):
    child = os.fork()  # quicker than a new process, and nothing was computed yet
    if not child:
        if moment == "saving":
            kill_while_saving()
        callbacks = [Kill(int(moment))] if moment.isdigit() else []
        finetune(FinetuneConfig.from_json(config), callbacks=callbacks)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, status
"""
KILLED_OPTIONS: dict[str, Any] = {
    "evaluate_every": 4,
    "reverse_complement": 0.5,
    "early_stopping": 2,
    "logging_steps": 3,
    "optimizer": "dnabert",
    "warmup_share": 0.0,
}
MOMENTS = {"3": [], "7": ["checkpoint-4"], "saving": ["checkpoint-4", "checkpoint-8"]}
"""Step of a 12-step run at which it is killed, and the checkpoints that it leaves behind."""


@pytest.fixture(scope="module")
def killed(
    data_set: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[FinetuneConfig, FinetuneResult]]:
    """Runs that SIGKILL ended, with the result of the same run when it is left alone."""
    folder = tmp_path_factory.mktemp("killed")
    whole = finetune(toy(data_set, folder / "whole", **KILLED_OPTIONS))
    configs = {moment: toy(data_set, folder / moment, **KILLED_OPTIONS) for moment in MOMENTS}
    arguments = [text for moment in MOMENTS for text in (moment, configs[moment].to_json())]
    subprocess.run([sys.executable, "-c", KILL, *arguments], check=True)
    return {moment: (config, whole) for moment, config in configs.items()}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on_to_the_very_bytes_of_one_that_was_not(
    killed: dict[str, tuple[FinetuneConfig, FinetuneResult]], moment: str
) -> None:
    config, whole = killed[moment]
    checkpoints = Path(config.output, "checkpoints")
    assert sorted(path.name for path in checkpoints.iterdir()) == MOMENTS[moment]
    with pytest.raises(InputError, match="holds a run already"):
        finetune(config)
    resumed = finetune(config, resume=True)
    assert files_of(resumed.directory) == files_of(whole.directory)
    assert resumed.history == whole.history
    assert dataclasses.replace(resumed, directory=whole.directory) == whole


def test_a_run_that_was_moved_still_finds_its_best_checkpoint(
    data_set: Path, tmp_path: Path
) -> None:
    options = {"evaluate_every": 2, "learning_rate": 0.03, "best_by": "loss"}
    whole = finetune(toy(data_set, tmp_path / "whole", **options))
    assert whole.best_step < 10  # so that the best is not the last

    class Stop(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 11:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(toy(data_set, tmp_path / "here", **options), callbacks=[Stop()])
    (tmp_path / "here").rename(tmp_path / "there")
    moved = finetune(toy(data_set, tmp_path / "there", **options), resume=True)
    assert files_of(moved.directory) == files_of(whole.directory)


def test_a_run_that_stopped_early_and_was_killed_then_is_not_trained_on(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {
        "learning_rate": 0.0,
        "early_stopping": 1,
        "best_by": "loss",
        "keep_checkpoints": True,
        "save_total_limit": 2,
    }
    whole = finetune(toy(data_set, tmp_path / "whole", **options))
    assert whole.history[-1]["step"] == 6  # of 12

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "save_model", killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(toy(data_set, tmp_path / "killed", **options))
    resumed = finetune(toy(data_set, tmp_path / "killed", **options), resume="auto")
    assert files_of(resumed.directory) == files_of(whole.directory)
    assert (resumed.directory / "checkpoints" / "checkpoint-6").is_dir()


def test_a_finished_run_is_given_as_it_is_and_refused_or_replaced(
    data_set: Path, tmp_path: Path
) -> None:
    config = toy(data_set, tmp_path / "model", max_steps=2, best_by="last")
    first = finetune(config, resume="auto")
    assert math.isnan(first.best_score)
    assert first.best_step == 2
    before = (first.directory / "model.safetensors").stat()
    again = finetune(config, resume=True)
    assert (first.directory / "model.safetensors").stat() == before
    assert (again.metrics, again.history) == (first.metrics, first.history)
    with pytest.raises(InputError, match="holds a run already"):
        finetune(config)
    with pytest.raises(InputError, match=r"holds a run with recipe.seed 42, and this one has 7"):
        finetune(dataclasses.replace(config, seed=7), resume=True)
    other = finetune(dataclasses.replace(config, seed=7), overwrite=True)
    assert other.history != first.history
    assert not (first.directory / "checkpoints").exists()


def test_a_full_disk_is_one_line_and_the_run_can_be_resumed(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy(data_set, tmp_path / "model", max_steps=2, best_by="last")

    def full(*_: Any) -> None:
        raise RuntimeError("[enforce fail] unexpected pos 7\nsomewhere in C++")

    with monkeypatch.context() as patched:
        patched.setattr("transformers.Trainer._save_checkpoint", full)
        with pytest.raises(OSError, match=r"cannot be written \(.* unexpected pos 7\); expected"):
            finetune(config)
    assert finetune(config, resume=True).best_step == 2


def test_there_must_be_something_to_resume(data_set: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run to resume"):
        finetune(toy(data_set, tmp_path / "model"), resume=True)
    assert not (tmp_path / "model").exists()


TWO_PROCESSES = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def test_two_processes_train_one_model(data_set: Path, tmp_path: Path) -> None:
    train = planted(tmp_path / "train.csv", 20, seed=9)
    options = {"dev": data_set / "dev.csv", "dropout": 0.0, "max_steps": 4, "evaluate_every": 2}
    # Every step sees all 20 sequences, so that their order does not matter.
    alone = finetune(toy(train, tmp_path / "alone", batch_size=20, **options))
    config = toy(train, tmp_path / "both", batch_size=10, **options)
    (tmp_path / "config.json").write_text(config.to_json())
    command = ["finetune", "--config", str(tmp_path / "config.json")]
    child = subprocess.run(
        [sys.executable, *TWO_PROCESSES, "-m", "enhancer_variants", *command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.returncode == 0, child.stderr
    assert child.stderr.count("weights of step") == 1  # the first process alone reports
    ours, theirs = (read_checkpoint(tmp_path / name) for name in ("alone", "both"))
    for name, tensor in ours.tensors.items():
        assert torch.allclose(tensor, theirs.tensors[name], atol=1e-5), name
    assert sorted(files_of(tmp_path / "both")) == sorted(files_of(tmp_path / "alone"))
    record = json.loads((tmp_path / "both" / "finetuning.json").read_text())
    assert record["run"]["recipe"]["processes"] == 2
    evaluated = [e["eval_loss"] for e in record["result"]["history"] if "eval_loss" in e]
    expected = [e["eval_loss"] for e in alone.history if "eval_loss" in e]
    assert evaluated == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("trace_file", ["trace_py37_torch1.13.npz", "trace_py311_torch2.13.npz"])
def test_twenty_steps_of_the_original_are_replayed_by_trainer(
    oracle: Path, tmp_path: Path, trace_file: str
) -> None:
    trace = np.load(oracle / "train" / trace_file)
    with (oracle / "inputs" / "sequences.tsv").open() as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["set"] == "train"]
    lines = [f"{rows[i]['sequence']}\t{rows[i]['label']}" for i in trace["order"].flatten()]
    (tmp_path / "train.tsv").write_text("\n".join(["sequence\tlabel", *lines]) + "\n")
    config = FinetuneConfig(
        train=tmp_path / "train.tsv",
        output=tmp_path / "model",
        model=oracle / "checkpoints" / "base6_smallinit",
        optimizer="dnabert",
        learning_rate=1e-3,
        max_steps=20,
        batch_size=16,
        dropout=0.0,
        padding="dnabert",
        max_seq_length=200,
        window_length=200,
        best_by="last",
        logging_steps=1,
        device="cpu",
    )
    splits = read_splits(config)
    start = starting_point(config, splits["train"])
    assert start.provenance["classifier"] == "kept"
    measures = Measures("single_label", start.labels, start.positive_label)
    trainer = make_trainer(config, start, splits, measures, progress=False)
    trainer.args.train_sampling_strategy = "sequential"
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert [e["learning_rate"] for e in logged] == pytest.approx(trace["lr"], abs=1e-15)
    assert [e["loss"] for e in logged] == pytest.approx(trace["loss"], abs=1e-5)
    norms = [e["grad_norm"] for e in logged]
    assert norms == pytest.approx(trace["grad_norm_before_clip"], abs=1e-5)
    theirs = read_checkpoint(oracle / "checkpoints" / "trained6_from_base6").tensors
    layers = start.network.config.num_hidden_layers
    ours = to_checkpoint_names(start.network.state_dict(), layers)
    assert max((ours[name] - theirs[name]).abs().max().item() for name in theirs) < 1e-5


def test_training_goes_on_from_a_model_of_this_package(
    finished: FinetuneResult, data_set: Path, tmp_path: Path
) -> None:
    config = toy(data_set, tmp_path / "more", model=finished.directory, learning_rate=0.0, epochs=1)
    result = finetune(config)
    before, after = (read_checkpoint(r.directory) for r in (finished, result))
    assert all(torch.equal(before.tensors[n], after.tensors[n]) for n in before.tensors)
    training: Any = after.card.training if after.card else {}
    assert training["start"]["from"] == "toy"
    assert training["start"]["sha256"] == before.weights_sha256


def test_a_checkpoint_of_the_original_is_fine_tuned(
    oracle: Path, data_set: Path, tmp_path: Path
) -> None:
    enhancer = oracle / "checkpoints" / "enhancer6"
    result = finetune(
        toy(data_set, tmp_path / "model", model=enhancer, max_steps=1, best_by="last")
    )
    model = load_model(result.directory, device="cpu")
    assert (model.vocabulary.k, model.padding, model.window_length) == (6, "none", 30)


def test_labels_that_are_not_known_take_no_part(tmp_path: Path) -> None:
    generator = random.Random(3)
    lines = ["sequence,CTCF,NANOG"]
    for row in range(60):
        sequence = "".join(generator.choices("ACGT", k=30))
        lines.append(f"{sequence},{row % 2 if row % 3 else ''},{row // 2 % 2}")
    for name in ("train.csv", "dev.csv"):
        (tmp_path / name).write_text("\n".join([*lines, "A" * 30 + ",,"]) + "\n")
    config = toy(
        tmp_path, tmp_path / "model", task="multi_label", max_steps=2, class_weights="balanced"
    )
    result = finetune(config)
    model = load_model(result.directory, device="cpu")
    assert model.output_names == ("CTCF", "NANOG")
    assert result.metrics["dev"]["CTCF/rows"] == 40
    assert result.metrics["dev"]["NANOG/rows"] == 60
    mean = (result.metrics["dev"]["CTCF/auroc"] + result.metrics["dev"]["NANOG/auroc"]) / 2
    assert result.metrics["dev"]["auroc"] == pytest.approx(mean)
    training: Any = model.card.training
    assert training["data"]["train"]["without_labels"] == 1
    assert training["metrics"]["dev"].keys() >= {"mcc", "brier", "loss", "CTCF/auroc"}
    assert "CTCF/brier" not in training["metrics"]["dev"]  # thousands of labels have to fit
    predictions = (result.directory / "dev_predictions.tsv").read_text().splitlines()
    assert predictions[0] == "CTCF_label\tCTCF_log_odds\tNANOG_label\tNANOG_log_odds"
    assert predictions[1].startswith("\t")


def test_the_threshold_is_where_mcc_on_dev_is_largest(data_set: Path, tmp_path: Path) -> None:
    result = finetune(toy(data_set, tmp_path / "model", threshold="mcc"))
    card = read_card(result.directory / "enhancer_variants.json")
    assert card.decision_threshold != 0
    assert result.metrics["dev"]["mcc"] >= result.best_score


def test_bf16_on_a_cpu(data_set: Path, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(
        (data_set / "train.csv").read_text() + "ACGTACGTACGT,1\nGATTACA,0\n"  # padded rows
    )
    for name in ("dev.csv", "test.csv"):
        (tmp_path / name).write_bytes((data_set / name).read_bytes())
    config = toy(tmp_path, tmp_path / "model", precision="bf16", window_length=30, max_steps=4)
    result = finetune(config)
    assert 0 < result.metrics["dev"]["loss"] < 1
    assert read_checkpoint(result.directory).tensors["classifier.weight"].dtype == torch.float32


def test_a_run_that_diverges_is_an_error(data_set: Path, tmp_path: Path) -> None:
    config = toy(data_set, tmp_path / "model", learning_rate=1e30, warmup_share=0.0)
    with pytest.raises(ModelError, match="was no number in any evaluation"):
        finetune(dataclasses.replace(config, best_by="loss"))
    with pytest.raises(ModelError, match="the run has diverged"):
        finetune(dataclasses.replace(config, best_by="last"), overwrite=True)
    assert not (tmp_path / "model" / "model.safetensors").exists()


def test_a_name_that_no_card_can_have_is_refused_before_training(
    data_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="'name' is 'a"):
        finetune(toy(data_set, tmp_path / "model", name="a\tb"))
    assert not (tmp_path / "model").exists()


def test_without_accelerate_the_extra_is_named(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[train\]"):
        finetune(toy(data_set, tmp_path / "model"))


def test_a_device_or_precision_that_is_not_there_is_refused(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="device is 'cuda' and there is none"):
        finetune(toy(data_set, tmp_path / "model", device="cuda"))
    with pytest.raises(InputError, match="precision is 'fp16' on a CPU"):
        finetune(toy(data_set, tmp_path / "model", precision="fp16"))


def test_a_run_is_reported_where_it_says(data_set: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    finetune(
        toy(
            data_set,
            tmp_path / "model",
            max_steps=1,
            report_to=["tensorboard"],
            class_weights=[1.0, 2.0],
        ),
        progress=True,
    )
    assert [*(tmp_path / "model" / "tensorboard").iterdir()]
    training: Any = read_card(tmp_path / "model" / "enhancer_variants.json").training
    assert training["recipe"]["class_weights"] == [1, 2]
    assert "report_to" not in training["recipe"]


def test_nothing_is_reported_unless_asked(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    seen = []

    class Look(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seen.extend(args.report_to)

    finetune(toy(data_set, tmp_path / "model", max_steps=1), callbacks=[Look()])
    assert seen == []
    assert not (tmp_path / "model" / "wandb").exists()
    assert "wandb" not in sys.modules or not sys.modules["wandb"].run
