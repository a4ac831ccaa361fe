"""What a run reports to Weights & Biases and TensorBoard, read back from their own files."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import wandb
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import TrainerCallback

from enhancer_variants import training
from enhancer_variants.cli_options import predictor_of
from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.models import Model, load_model
from enhancer_variants.prediction import predict_file, predict_sequences
from enhancer_variants.training import ConfusionMatrix, reporting, wandb_run
from enhancer_variants.training.finetuning import (
    FinetuneConfig,
    FinetuneResult,
    NetworkSizes,
    finetune,
)
from enhancer_variants.training.reporting import (
    RunReporter,
    TensorBoardReporter,
    WandbReporter,
    confusions,
    figures_by_split,
    reporters,
)
from enhancer_variants.training.wandb_predictions import label_metrics, predict_to_wandb

MakeModel = Callable[..., Model]

TINY = NetworkSizes(
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=8,
    max_position_embeddings=24,
)


def write_planted(path: Path, sequences: int, seed: int) -> None:
    """Write sequences of 20 bases, every other one with a motif."""
    letters = random.Random(seed)
    lines = ["sequence\tlabel"]
    for number in range(sequences):
        bases = "".join(letters.choices("ACGT", k=20))
        label = number % 2
        lines.append(f"{bases[:7]}{'TGACTC' if label else bases[7:13]}{bases[13:]}\t{label}")
    path.write_text("\n".join(lines) + "\n")


def tiny_config(folder: Path, **changes: Any) -> FinetuneConfig:
    write_planted(folder / "train.tsv", 48, 1)
    write_planted(folder / "dev.tsv", 16, 2)
    return FinetuneConfig(
        train=folder,
        output=folder / "model",
        network=TINY,
        kmer=2,
        epochs=2,
        batch_size=8,
        logging_steps=2,
        learning_rate=1e-2,
        device="cpu",
        **changes,
    )


@dataclass(frozen=True)
class Reported:
    result: FinetuneResult
    records: list[dict[str, Any]]
    folder: Path

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [record[kind] for record in self.records if record["type"] == kind]

    def history(self, name: str) -> dict[int, float]:
        items = (record["item"] for record in self.of("history"))
        return {item["_step"]: item[name] for item in items if name in item}

    def artifact(self, kind: str) -> tuple[dict[str, Any], list[str]]:
        (found,) = [a for a in self.of("artifact") if a["type"] == kind]
        contents = found["manifest"]["contents"]
        return found, [content["path"] for content in contents]


def read_wandb(folder: Path) -> list[dict[str, Any]]:
    """Read a run's transaction log with W&B's own program."""
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in found.stdout.splitlines()]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep everything of W&B on this machine, in a home of its own."""
    home = tmp_path_factory.mktemp("wandb-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_SILENT", "true")
        for name in ("WANDB_PROJECT", "WANDB_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        yield home
        wandb.teardown()


@pytest.fixture(scope="module")
def reported(
    offline: Path,  # noqa: ARG001 - the home it makes
    tmp_path_factory: pytest.TempPathFactory,
) -> Reported:
    folder = tmp_path_factory.mktemp("reported")
    config = tiny_config(
        folder,
        report_to=("wandb", "tensorboard"),
        project="enhancers",
        run_name="planted",
        tags=("toy", "20bp"),
        name="planted motif!",
    )
    result = finetune(config, progress=False)
    return Reported(result, read_wandb(folder / "model"), folder / "model")


# Weights & Biases


def test_wandb_has_the_hyper_parameters_and_what_the_run_is_called(reported: Reported) -> None:
    (run,) = reported.of("run")
    assert run["project"] == "enhancers"
    assert run["display_name"] == "planted"
    assert run["tags"] == ["toy", "20bp"]
    settings = run["config"]["update"]
    assert settings["learning_rate"] == 1e-2
    assert settings["warmup_share"] == 0.1
    assert settings["batch_size"] == 8
    assert settings["network"]["hidden_size"] == 8
    assert not {"report_to", "project", "run_name", "tags"} & settings.keys()
    (end,) = reported.of("exit")
    assert end["exit_code"] == 0


def test_wandb_has_losses_and_metrics_by_step(reported: Reported) -> None:
    logged = reported.result.history
    losses = {int(entry["step"]): entry["loss"] for entry in logged if "loss" in entry}
    assert len(losses) > 2
    assert reported.history("train/loss") == pytest.approx(losses)
    rates = {int(e["step"]): e["learning_rate"] for e in logged if "learning_rate" in e}
    assert reported.history("train/learning_rate") == pytest.approx(rates)
    for metric in ("mcc", "auroc", "loss", "true_positive"):
        of_dev = {int(e["step"]): e[f"eval_{metric}"] for e in logged if f"eval_{metric}" in e}
        assert len(of_dev) == 2
        assert reported.history(f"dev/{metric}") == pytest.approx(of_dev)


def test_wandb_has_the_figures_of_the_kept_weights(reported: Reported) -> None:
    summary: dict[str, Any] = {}
    for record in reported.of("summary"):
        summary.update(record["update"])
    dev = reported.result.metrics["dev"]
    assert summary["kept/dev/mcc"] == pytest.approx(dev["mcc"])
    assert summary["kept/step"] == reported.result.best_step


def test_wandb_has_the_confusion_matrix_of_each_evaluation(reported: Reported) -> None:
    media = reported.folder / "wandb" / "latest-run" / "files" / "media" / "table"
    for metrics, pattern in (
        *(
            ({k.removeprefix("eval_"): v for k, v in e.items()}, f"dev/*_{int(e['step'])}_*.json")
            for e in reported.result.history
            if "eval_mcc" in e
        ),
        (reported.result.metrics["dev"], "kept/dev/*.json"),
    ):
        (file,) = media.glob(pattern)
        table = json.loads(file.read_text())
        assert table["columns"] == ["Actual", "Predicted", "nPredictions"]
        assert table["data"] == [
            ["negative", "negative", metrics["true_negative"]],
            ["negative", "positive", metrics["false_positive"]],
            ["positive", "negative", metrics["false_negative"]],
            ["positive", "positive", metrics["true_positive"]],
        ]
    panels = [key for record in reported.of("config") for key in record["update"]]
    assert any("visualize.dev/confusion_matrix" in key for key in panels)


def test_wandb_has_the_model_and_the_predictions_as_artifacts(reported: Reported) -> None:
    model, files = reported.artifact("model")
    assert model["name"] == "planted_motif_"
    assert {"config.json", "model.safetensors", "vocab.txt", "enhancer_variants.json"} <= set(files)
    (weights,) = [c for c in model["manifest"]["contents"] if c["path"] == "model.safetensors"]
    assert (
        Path(weights["local_path"]).read_bytes()
        == (reported.folder / "model.safetensors").read_bytes()
    )
    metadata = model["metadata"]
    metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    assert metadata["kept/dev/mcc"] == pytest.approx(reported.result.metrics["dev"]["mcc"])
    predictions, files = reported.artifact("predictions")
    assert predictions["name"] == "planted_motif_-predictions"
    assert files == ["dev_predictions.tsv"]


def test_wandb_has_system_metrics(reported: Reported) -> None:
    keys = {key for record in reported.of("stats") for key in record["item"]}
    assert any("memory" in key for key in keys)


def test_a_wandb_run_writes_only_below_its_folder_and_its_home(
    reported: Reported, offline: Path
) -> None:
    assert {path.name for path in reported.folder.iterdir() if path.is_dir()} == {
        "wandb",
        "tensorboard",
    }
    assert load_model(reported.folder, device="cpu").card.name == "planted motif!"
    assert (reported.folder / "wandb" / "run_id.txt").read_text().strip() in str(
        next(reported.folder.glob("wandb/offline-run-*"))
    )
    assert offline.is_dir()


# TensorBoard


def test_tensorboard_has_losses_metrics_and_hyper_parameters(reported: Reported) -> None:
    events = EventAccumulator(str(reported.folder / "tensorboard"))
    events.Reload()
    logged = reported.result.history

    def scalars(name: str) -> dict[int, float]:
        return {event.step: event.value for event in events.Scalars(name)}

    losses = {int(entry["step"]): entry["loss"] for entry in logged if "loss" in entry}
    assert scalars("train/loss") == pytest.approx(losses, rel=1e-6)
    of_dev = {int(e["step"]): e["eval_mcc"] for e in logged if "eval_mcc" in e}
    assert scalars("dev/mcc") == pytest.approx(of_dev, rel=1e-6)
    kept = {reported.result.best_step: reported.result.metrics["dev"]["auroc"]}
    assert scalars("kept/dev/auroc") == pytest.approx(kept, rel=1e-6)
    (text,) = events.Tensors("hyper-parameters/text_summary")
    assert b'"learning_rate": 0.01' in text.tensor_proto.string_val[0]


def test_steps_that_a_resumed_run_takes_again_are_shown_once(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, report_to=("tensorboard",))
    for steps_before, value in ((0, 1.0), (5, 2.0)):
        reporter = TensorBoardReporter(config)
        reporter.begin(steps_before)
        for step in range(steps_before + 1, 10):
            reporter.log({"train/loss": value}, step)
        reporter.give_up()
    events = EventAccumulator(str(tmp_path / "model" / "tensorboard"))
    events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("train/loss")]
    assert found == [(step, 1.0 if step <= 5 else 2.0) for step in range(1, 10)]


def test_events_of_a_run_that_is_replaced_are_gone(tmp_path: Path) -> None:
    config = tiny_config(tmp_path)
    for step in (7, 3):
        reporter = TensorBoardReporter(config)
        reporter.begin(0)
        reporter.log({"train/loss": 0.5}, step)
        reporter.give_up()
    events = EventAccumulator(str(tmp_path / "model" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [3]


# Nothing unless asked


def test_nothing_is_reported_unless_asked(tmp_path: Path) -> None:
    config = tiny_config(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "import sys\n"
        "from enhancer_variants.training.finetuning import FinetuneConfig, finetune\n"
        "finetune(FinetuneConfig.from_json(sys.argv[1]), progress=False)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'wandb', 'tensorboard', 'tensorboardX', 'mlflow', 'comet_ml'}))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, config.to_json()],
        cwd=home,
        env={**os.environ, "HOME": str(home), "WANDB_MODE": "offline"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines()[-1] == "[]"  # transformers greets WANDB_MODE above
    assert not [path for path in tmp_path.rglob("*") if "wandb" in path.name or path.name == "runs"]
    assert not list((tmp_path / "model").rglob("events.out*"))


def test_there_is_no_reporter_by_default_and_one_for_each_place(tmp_path: Path) -> None:
    config = tiny_config(tmp_path)
    assert reporters(config) == []
    both = replace(config, report_to=("tensorboard", "wandb", "tensorboard"))
    assert [type(one) for one in reporters(both)] == [TensorBoardReporter, WandbReporter]


@pytest.mark.parametrize(
    ("place", "module", "extra"),
    [
        ("wandb", "wandb", r"enhancer-variants\[wandb\]"),
        ("tensorboard", "torch.utils.tensorboard", r"enhancer-variants\[train\]"),
    ],
)
def test_a_missing_package_is_named_before_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, module: str, extra: str
) -> None:
    config = FinetuneConfig.from_json(
        replace(tiny_config(tmp_path))
        .to_json()
        .replace('"report_to": []', f'"report_to": ["{place}"]')
    )
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=extra):
        finetune(config)
    assert not list((tmp_path / "model").glob("*.json"))


# How a run ends


class Noted(RunReporter):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def begin(self, steps_before: int) -> None:
        self.told.append(("begin", steps_before))

    def log(self, figures: Any, step: int) -> None:
        self.told.append((step, dict(figures)))

    def finish(self, result: FinetuneResult) -> None:
        self.told.append(result)

    def give_up(self) -> None:
        self.told.append("gave up")


def test_a_reporter_is_told_once_how_the_run_ended() -> None:
    result = FinetuneResult(Path("model"), {}, 1, 0.5, ())
    first, second = Noted(), Noted()
    with reporting.reporting([first, TrainerCallback(), second]) as finish:
        finish(result)
    assert first.told == second.told == [result]


def test_a_reporter_is_told_that_the_run_did_not_end_well() -> None:
    reporter = Noted()
    with pytest.raises(KeyboardInterrupt), reporting.reporting([reporter]):
        raise KeyboardInterrupt
    assert reporter.told == ["gave up"]


def test_where_one_report_cannot_be_finished_the_others_are_ended() -> None:
    class Full(Noted):
        def finish(self, result: FinetuneResult) -> None:
            raise OSError("no space left")

    reporter, last = Full(), Noted()
    result = FinetuneResult(Path("model"), {}, 1, 0.5, ())
    with (
        pytest.raises(OSError, match="no space"),
        reporting.reporting([reporter, last]) as finish,
    ):
        finish(result)
    assert reporter.told == last.told == ["gave up"]


def test_only_the_first_process_reports() -> None:
    reporter = Noted()
    for is_first in (False, True):
        state = SimpleNamespace(is_world_process_zero=is_first, global_step=7)
        reporter.on_train_begin(None, state, None)  # type: ignore[arg-type]
        reporter.on_log(None, state, None, logs={"loss": 0.5})  # type: ignore[arg-type]
        reporter.on_log(None, state, None)  # type: ignore[arg-type]
    assert reporter.told == [("begin", 7), (7, {"train/loss": 0.5}), (7, {})]


@pytest.mark.parametrize("kind", [TensorBoardReporter, WandbReporter])
def test_a_report_that_never_began_ends_quietly(tmp_path: Path, kind: type[RunReporter]) -> None:
    reporter = kind(tiny_config(tmp_path))  # type: ignore[call-arg]
    reporter.log({"dev/mcc": 0.5}, 3)
    reporter.finish(FinetuneResult(tmp_path, {"dev": {"mcc": 0.5}}, 1, 0.5, ()))
    reporter.give_up()
    assert not (tmp_path / "model").exists()


class FakeRun:
    """In place of a run of W&B."""

    begun: list[dict[str, Any]]

    def __init__(self, folder: Any, **settings: Any) -> None:
        self.begun.append(settings)
        self.run_id = settings["run_id"] or f"id{len(self.begun)}"
        self.charts: list[str] = []
        self.ends: list[bool] = []

    def log(self, figures: Any, step: int) -> None: ...

    def log_confusion(self, name: str, confusion: ConfusionMatrix, step: int) -> None:
        self.charts.append(name)

    def finish(self, *, failed: bool) -> None:
        self.ends.append(failed)


def test_a_resumed_run_continues_its_wandb_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(tmp_path)
    monkeypatch.setattr(FakeRun, "begun", [], raising=False)
    monkeypatch.setattr(reporting, "WandbRun", FakeRun)
    for steps_before in (5, 0, 8, 9, 0):
        WandbReporter(config).begin(steps_before)
    assert [run["run_id"] for run in FakeRun.begun] == [None, None, "id2", "id2", None]
    assert FakeRun.begun[0]["name"] == "model"
    assert FakeRun.begun[0]["project"] is None


def test_charts_of_many_labels_are_not_drawn_at_every_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = ("true_negative", "false_positive", "false_negative", "true_positive")
    monkeypatch.setattr(FakeRun, "begun", [], raising=False)
    monkeypatch.setattr(reporting, "WandbRun", FakeRun)
    reporter = WandbReporter(tiny_config(tmp_path))
    reporter.begin(0)
    reporter.log({f"dev/CTCF/{name}": 1.0 for name in counts}, 3)
    reporter.log({f"dev/{name}": 1.0 for name in counts}, 3)
    run: Any = reporter._run
    assert run.charts == ["dev/confusion_matrix"]
    reporter.give_up()
    assert run.ends == [True]


# Names


def test_figures_are_named_by_split() -> None:
    logged = {"loss": 1, "eval_auroc": 0.5, "test_f1": 0.2, "train_runtime": 3.0, "eval_x/y": 1}
    assert figures_by_split({**logged, "note": "text", "curve": [1.0]}) == {
        "train/loss": 1,
        "dev/auroc": 0.5,
        "test/f1": 0.2,
        "run/runtime": 3.0,
        "dev/x/y": 1,
    }


def test_confusion_matrices_are_found_by_their_four_counts() -> None:
    counts = {"true_negative": 1, "false_positive": 2, "false_negative": 3, "true_positive": 4}
    figures = {f"dev/CTCF/{name}": float(n) for name, n in counts.items()}
    assert confusions(figures) == {"dev/CTCF/confusion_matrix": ConfusionMatrix(1, 2, 3, 4)}
    assert confusions({"dev/true_negative": 1.0}) == {}


# A run of W&B by itself


class FakeWandb:
    """In place of the package: notes what is logged."""

    class errors:  # noqa: N801 - as wandb has it
        class Error(Exception):
            pass

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.logged: list[tuple[dict[str, float], int]] = []

    def Settings(self, **_: Any) -> None:  # noqa: N802 - as wandb has it
        return None

    def init(self, **settings: Any) -> Any:
        if self.refuses:
            raise self.errors.Error("no API key")
        self.settings = settings
        return SimpleNamespace(
            id="abc", log=lambda figures, step: self.logged.append((figures, step))
        )


def test_what_is_not_finite_is_not_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeWandb()
    monkeypatch.setattr(wandb_run, "require_wandb", lambda: fake)
    run = wandb_run.WandbRun(tmp_path / "new", job="finetune", config={})
    run.log({"dev/auroc": math.nan, "dev/mcc": 0.5}, 3)
    run.log({"dev/auroc": math.nan}, 4)
    assert fake.logged == [({"dev/mcc": 0.5}, 3)]
    assert run.run_id == "abc"
    assert fake.settings["resume"] is None
    assert (tmp_path / "new").is_dir()


def test_who_is_not_logged_in_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandb_run, "require_wandb", lambda: FakeWandb(refuses=True))
    with pytest.raises(InputError, match=r"no API key; log in with .*WANDB_MODE=offline"):
        wandb_run.WandbRun(tmp_path, job="finetune", config={})


# Predictions


@pytest.mark.usefixtures("offline")
def test_predictions_are_logged_with_their_metrics(
    tmp_path: Path, counting_model: MakeModel
) -> None:
    model = counting_model("G")  # log odds: how many G there are
    given = tmp_path / "dev.tsv"
    rows = [("GG", 1), ("GA", 0), ("AA", 0), ("AG", 1), ("AN", 1), ("CC", "")]
    given.write_text("sequence\tlabel\n" + "".join(f"{s}\t{label}\n" for s, label in rows))
    output = tmp_path / "out" / "predictions.csv"
    output.parent.mkdir()
    summary = predict_to_wandb(
        model,
        given,
        output,
        project="enhancers",
        tags=("dev",),
        strand="forward",
        npy=tmp_path / "pred_results.npy",
        progress=False,
    )
    assert str(summary) == "6 sequences: 5 predicted, 1 not (has_n 1)"
    predict_file(model, given, tmp_path / "plain.csv", progress=False)
    assert output.read_bytes() == (tmp_path / "plain.csv").read_bytes()
    reported = Reported(None, read_wandb(output.parent), output.parent)  # type: ignore[arg-type]
    (run,) = reported.of("run")
    assert (run["project"], run["display_name"], run["tags"]) == (
        *("enhancers", "predictions.csv"),
        ["dev"],
    )
    assert run["config"]["update"]["weights_sha256"] == model.weights_sha256
    assert run["config"]["update"]["strand"] == "forward"
    totals: dict[str, Any] = {}
    for record in reported.of("summary"):
        totals.update(record["update"])
    assert (totals["sequences"], totals["predicted"], totals["rows"]) == (6, 5, 4)
    assert totals["accuracy"] == 0.75
    assert totals["auroc"] == 0.875
    artifact, files = reported.artifact("predictions")
    assert artifact["name"] == "predictions.csv"
    assert sorted(files) == ["pred_results.npy", "predictions.csv", "predictions.table.json"]
    (content,) = [
        c for c in artifact["manifest"]["contents"] if c["path"] == "predictions.table.json"
    ]
    table = json.loads(Path(content["local_path"]).read_text())
    assert [row[table["columns"].index("label")] for row in table["data"]] == [
        *("1", "0", "0", "1", "1", None)
    ]
    assert [row[table["columns"].index("enhancer_log_odds")] for row in table["data"]] == [
        *(2, 1, 0, 1, None, 0)
    ]


def test_a_prediction_that_fails_ends_its_run_as_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting_model: MakeModel
) -> None:
    ends = []
    monkeypatch.setattr(
        "enhancer_variants.training.wandb_predictions.WandbRun",
        lambda *_, **__: SimpleNamespace(finish=lambda failed=False: ends.append(failed)),
    )
    with pytest.raises(InputError):
        predict_to_wandb(counting_model(), tmp_path / "absent.fa", tmp_path / "out.tsv")
    assert ends == [True]


@pytest.mark.parametrize("output", [None, "-"])
def test_predictions_for_wandb_need_a_file(counting_model: MakeModel, output: str | None) -> None:
    with pytest.raises(InputError, match="need a file of their own"):
        predict_to_wandb(counting_model(), "dev.tsv", output)


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "csv", "parquet"])
def test_predictions_are_read_back_from_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting_model: MakeModel, ending: str
) -> None:
    kept: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    fake = SimpleNamespace(
        finish=lambda: None,
        summarise=summary.update,
        log_confusion=lambda name, confusion: summary.update({name: confusion}),
        keep=lambda *_, tables, **__: kept.update(tables),
    )
    monkeypatch.setattr(
        "enhancer_variants.training.wandb_predictions.WandbRun", lambda *_, **__: fake
    )
    given = tmp_path / "dev.fa"
    given.write_text(">a;label=1\nGGA\n>b;label=0\nAAA\n>c;label=1\nNAA\n")
    predict_to_wandb(counting_model("G"), given, tmp_path / f"out.{ending}", progress=False)
    columns, rows = kept["predictions"]
    assert [row[columns.index("label")] for row in rows] == ["1", "0", "1"]
    log_odds = [row[columns.index("enhancer_log_odds")] for row in rows]
    assert log_odds[:2] == pytest.approx([2, 0], abs=1e-6)
    assert log_odds[2] is None
    assert summary["rows"] == 2
    assert summary["confusion_matrix"] == ConfusionMatrix(1, 0, 0, 1)


def test_predict_reports_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(training, "predict_to_wandb", lambda **given: asked.append(given))
    options: dict[str, Any] = {
        "wandb": True,
        "project": "enhancers",
        "run_name": None,
        "tags": "a, b",
        "npy": None,
    }
    predictor_of(options)(npy=None)
    assert options == {"npy": None}
    assert asked == [{"project": "enhancers", "tags": ["a", "b"], "npy": None}]
    none = {"wandb": False, "project": None, "run_name": None, "tags": None}
    assert predictor_of(dict(none)) is predict_file
    with pytest.raises(click.UsageError, match="--run-name needs --wandb"):
        predictor_of({**none, "run_name": "mine"})


def test_labels_may_be_numbers_or_names_of_classes(counting_model: MakeModel) -> None:
    model = counting_model("G")  # classes "no" and "yes"
    table = predict_sequences(model, ["GG", "AA", "GA", "CC"])
    for labels in (["1", "0", "1", "?"], ["yes", "no", "yes", None], [1.0, 0.0, 1.0, math.nan]):
        table["label"] = labels
        (metrics,) = label_metrics(model, table).values()
        assert (metrics.rows, metrics.confusion) == (3, ConfusionMatrix(1, 0, 0, 2))


def test_the_positive_class_may_be_the_first(counting_model: MakeModel) -> None:
    model = counting_model("G")
    model = replace(model, card=replace(model.card, positive_label="no"))
    table = predict_sequences(model, ["GG", "AA"])
    table["label"] = ["1", "0"]
    (metrics,) = label_metrics(model, table).values()
    assert metrics.rows == 2
    assert metrics.auroc == 1.0


def test_a_single_label_of_a_multi_label_model_is_judged(counting_model: MakeModel) -> None:
    model = counting_model("G")
    one = replace(
        model, card=replace(model.card, task="multi_label", labels=("CTCF",), positive_label=None)
    )
    table = predict_sequences(model, ["GG", "AA"])
    table["label"] = ["1", "0"]
    (metrics,) = label_metrics(one, table).values()
    assert metrics.confusion == ConfusionMatrix(1, 0, 0, 1)
    assert label_metrics(replace(one, output_names=("CTCF", "NANOG")), table) == {}


def test_nothing_is_judged_without_labels(counting_model: MakeModel) -> None:
    model = counting_model("G")
    assert label_metrics(model, predict_sequences(model, ["GG"])) == {}
