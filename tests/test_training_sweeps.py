"""Sweeps with a toy run whose score is known by hand: the table, resuming, and the best model."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import (
    InputError,
    MissingDependencyError,
    ModelError,
    WindowLengthError,
)
from enhancer_variants.training.finetuning import FinetuneConfig, FinetuneResult
from enhancer_variants.training.sweeps import (
    PUBLISHED_PRESETS,
    RunStatus,
    SearchSpace,
    SweepRun,
    folder,
    published_configs,
    read_table,
    sweep,
    sweep_published,
    sweep_search,
)
from enhancer_variants.training.sweeps.table import HYPER_PARAMETERS, write_table

Score = Callable[[FinetuneConfig], float]


class KilledError(BaseException):
    """Stands for the end of the process."""


class ToyRuns:
    """In place of fine-tuning: writes files, and scores settings by a formula."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.begun: list[tuple[FinetuneConfig, bool]] = []
        self.killed_in: int | None = None
        self.refuses_with: dict[int, Exception] = {}
        self.fails_with: dict[int, Exception] = {}

    def __call__(
        self,
        config: FinetuneConfig,
        *,
        callbacks: Any,
        resume: Literal["auto"],
        progress: bool | None,
    ) -> FinetuneResult:
        number = len(self.begun)
        directory = Path(config.output)
        self.begun.append((config, directory.exists()))
        assert (resume, progress) == ("auto", None)
        if number in self.refuses_with:
            raise self.refuses_with[number]
        for callback in callbacks:
            callback.on_train_begin(None, None, None)
        (directory / "checkpoints").mkdir(parents=True, exist_ok=True)
        if number == self.killed_in:
            raise KilledError
        if number in self.fails_with:
            raise self.fails_with[number]
        score = self.score(config)
        (directory / "model.safetensors").write_text(f"weights {config.learning_rate!r}")
        (directory / "config.json").write_text("{}")
        return FinetuneResult(
            directory=directory,
            metrics={"dev": {"mcc": score, "TF/mcc": 9.0}, "test": {"mcc": -1.0}},
            best_step=5,
            best_score=score,
            history=(),
        )


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[[Score], ToyRuns]:
    def make(score: Score) -> ToyRuns:
        runs = ToyRuns(score)
        monkeypatch.setattr(folder, "finetune", runs)
        return runs

    return make


@pytest.fixture
def config(tmp_path: Path) -> FinetuneConfig:
    return FinetuneConfig(train="data", output=tmp_path / "sweep", max_seq_length=30)


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave six runs of the published grid, with two rates that are far from each other."""

    def six(config: FinetuneConfig, preset: str | None) -> tuple[FinetuneConfig, ...]:
        return published_configs(config, preset)[8:14]

    monkeypatch.setattr(sweep, "published_configs", six)


def near(rate: float) -> Score:
    """Score that is 1 at a learning rate, and a little more with a larger weight decay."""
    return lambda c: (
        1 - abs(math.log10(c.learning_rate / rate)) - (0.02 - c.weight_decay) - c.warmup_share / 9
    )


# The published grid


def test_the_grid_is_the_published_one(config: FinetuneConfig) -> None:
    configs = published_configs(config, None)
    settings = [(c.learning_rate, c.warmup_share, c.weight_decay) for c in configs]
    assert len(settings) == len(set(settings)) == 80
    assert {rate for rate, _, _ in settings} == {
        *(1e-3, 1e-4, 1e-5, 1e-6),
        *(3e-3, 3e-4, 3e-5, 3e-6),
    }
    assert settings[:6] == [
        *((1e-3, 0.1, decay) for decay in (1e-4, 1e-3, 5e-3, 0.01, 0.02)),
        (1e-3, 0.2, 1e-4),
    ]
    unchanged = {replace(c, learning_rate=1, warmup_share=0, weight_decay=0) for c in configs}
    assert unchanged == {replace(config, learning_rate=1, warmup_share=0, weight_decay=0)}


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("readme", (15, 230, 200, 0.1)), ("training.sh", (20, 400, 350, 0.1))],
)
def test_presets_are_those_of_the_two_scripts(
    config: FinetuneConfig, preset: str, expected: tuple[float, ...]
) -> None:
    for one in published_configs(replace(config, dropout=0.3), preset):
        assert (one.epochs, one.batch_size, one.max_seq_length, one.dropout) == expected


def test_another_preset_is_refused(config: FinetuneConfig) -> None:
    with pytest.raises(InputError, match=r"'paper' is not one of readme, training\.sh"):
        published_configs(config, "paper")
    assert list(PUBLISHED_PRESETS) == ["readme", "training.sh"]


def test_the_grid_is_run_and_the_best_model_kept(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs, ended = toy(near(3e-5)), []
    result = sweep_published(config, on_run=ended.append)
    assert len(runs.begun) == 80
    assert not any(resume for _, resume in runs.begun)
    assert result.best.run == "lr3e-05_warmup0.1_decay0.02"
    assert result.best.hyper_parameters["learning_rate"] == "3e-05"
    assert result.best.hyper_parameters["epochs"] == "15"
    assert result.best.metrics == {"mcc": result.best.score}
    assert ended == list(result.runs)
    assert read_table(result.table) == ended
    output = Path(config.output)
    assert result.directory == output / "best"
    assert (result.directory / "model.safetensors").read_text() == "weights 3e-05"
    kept = sorted(str(path.relative_to(output)) for path in output.rglob("model.safetensors"))
    assert kept == ["best/model.safetensors", f"runs/{result.best.run}/model.safetensors"]
    assert [path.parent.name for path in output.rglob("checkpoints")] == [result.best.run]
    assert len(list(output.glob("runs/*/config.json"))) == 80


def test_each_run_has_its_own_folder_and_the_name_of_the_sweep(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(3e-5))
    sweep_published(replace(config, run_name="enhancers"))
    first, _ = runs.begun[0]
    assert first.output == f"{config.output}/runs/lr0.001_warmup0.1_decay0.0001"
    assert first.run_name == "enhancers-lr0.001_warmup0.1_decay0.0001"
    assert first.name == "sweep"
    assert len({c.output for c, _ in runs.begun}) == 80


@pytest.mark.usefixtures("small_grid")
def test_all_weights_are_kept_on_request(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(3e-3))
    sweep_published(config, keep_all=True)
    assert len(list(Path(config.output).glob("runs/*/model.safetensors"))) == 6


@pytest.mark.usefixtures("small_grid")
def test_a_lower_loss_is_better(toy: Callable[[Score], ToyRuns], config: FinetuneConfig) -> None:
    toy(lambda c: c.learning_rate)
    assert sweep_published(replace(config, best_by="loss")).best.score == 1e-3


@pytest.mark.usefixtures("small_grid")
def test_of_equal_runs_the_first_is_kept(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(lambda _: 0.5)
    assert sweep_published(config).best.run == "lr0.001_warmup0.2_decay0.01"


# Killed and taken up again


@pytest.mark.usefixtures("small_grid")
@pytest.mark.parametrize("killed_in", [0, 1, 4])
def test_a_killed_sweep_goes_on_where_it_was(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig, tmp_path: Path, killed_in: int
) -> None:
    toy(near(3e-3))
    whole = sweep_published(replace(config, output=tmp_path / "whole"))
    runs = toy(near(3e-3))
    runs.killed_in = killed_in
    with pytest.raises(KilledError):
        sweep_published(config)
    table = read_table(Path(config.output) / "sweep.tsv")
    assert [run.status for run in table] == [RunStatus.DONE] * killed_in + [RunStatus.RUNNING]
    result = sweep_published(config)
    assert len(runs.begun) == 7
    assert [resume for _, resume in runs.begun] == [number == killed_in + 1 for number in range(7)]
    assert result.runs == whole.runs
    assert result.table.read_bytes() == whole.table.read_bytes()
    again = sweep_published(config)
    assert len(runs.begun) == 7
    assert again.best == result.best


@pytest.mark.usefixtures("small_grid")
def test_a_best_model_that_was_lost_in_a_kill_is_put_back(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(3e-3))
    first = sweep_published(config)
    for file in first.directory.iterdir():
        file.unlink()
    first.directory.rmdir()
    (Path(config.output) / ".best.new").mkdir()
    second = sweep_published(config)
    assert (second.directory / "model.safetensors").read_text() == "weights 0.003"
    assert not (Path(config.output) / ".best.new").exists()


@pytest.mark.usefixtures("small_grid")
def test_what_was_added_to_the_best_model_stays(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(3e-3))
    added = sweep_published(config).directory / "null.json"
    added.write_text("calibrated")
    sweep_published(config)
    assert added.read_text() == "calibrated"


@pytest.mark.usefixtures("small_grid")
def test_files_are_copied_where_there_are_no_hard_links(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError("no hard links on this disk")

    toy(near(3e-3))
    monkeypatch.setattr(folder.os, "link", no_links)
    result = sweep_published(config)
    assert (result.directory / "model.safetensors").read_text() == "weights 0.003"


@pytest.mark.usefixtures("small_grid")
@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 1}, "seed"), ({"train": "other"}, "train"), ({"best_by": "auroc"}, "best_by")],
)
def test_another_sweep_does_not_go_into_the_folder(
    toy: Callable[[Score], ToyRuns],
    config: FinetuneConfig,
    change: dict[str, Any],
    named: str,
) -> None:
    toy(near(3e-3))
    sweep_published(config)
    with pytest.raises(InputError, match=rf"holds a sweep with {named} .*name another folder"):
        sweep_published(replace(config, **change))
    with pytest.raises(InputError, match="holds a sweep with preset 'readme'"):
        sweep_published(config, preset=None)
    with pytest.raises(InputError, match="holds a sweep with sweep 'published'"):
        sweep_search(config)
    sweep_published(replace(config, tags=("again",), logging_steps=7))


@pytest.mark.usefixtures("small_grid")
def test_a_sweep_keeps_away_from_folders_that_no_sweep_made(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(1e-4))
    mine = Path(config.output, "best", "notes.txt")
    mine.parent.mkdir(parents=True)
    mine.touch()
    with pytest.raises(InputError, match="sweep: holds best, which is of no sweep"):
        sweep_published(config)
    assert sorted(Path(config.output).rglob("*")) == [mine.parent, mine]
    with pytest.raises(InputError, match="is a file; expected a folder"):
        sweep_published(replace(config, output=mine))


@pytest.mark.usefixtures("small_grid")
def test_a_run_that_had_begun_is_kept_when_its_data_are_gone(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    runs.killed_in = 0
    with pytest.raises(KilledError):
        sweep_published(config)
    (begun,) = Path(config.output, "runs").iterdir()
    (begun / "finetuning.json").touch()
    runs.refuses_with = {1: InputError("data: cannot be read")}
    with pytest.raises(InputError, match="data: cannot be read"):
        sweep_published(config)
    assert (begun / "checkpoints").is_dir()
    assert len(sweep_published(config).runs) == 6


@pytest.mark.usefixtures("small_grid")
def test_two_sweeps_at_once_in_a_folder_are_refused(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    refused = []

    def score(_: FinetuneConfig) -> float:
        with pytest.raises(InputError, match="under way in this folder"):
            sweep_published(config)
        refused.append(True)
        return 0.5

    toy(score)
    sweep_published(config)
    assert len(refused) == 6


@pytest.mark.usefixtures("small_grid")
def test_settings_that_cannot_be_run_leave_no_trace(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(3e-3))
    runs.refuses_with = {0: InputError("no such file"), 1: WindowLengthError("too long")}
    runs.fails_with = {2: InputError("nobody is logged in")}
    with pytest.raises(InputError, match="no such file"):
        sweep_published(config)
    with pytest.raises(WindowLengthError, match="too long"):
        sweep_published(replace(config, train="other"))
    with pytest.raises(InputError, match="nobody is logged in"):
        sweep_published(replace(config, train="third"))
    assert sorted(path.name for path in Path(config.output).iterdir()) == [".sweep.lock"]
    assert len(sweep_published(replace(config, train="right")).runs) == 6


@pytest.mark.usefixtures("small_grid")
def test_a_run_without_a_number_is_failed_and_the_others_go_on(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(lambda c: math.nan if c.learning_rate == 3e-3 else c.learning_rate)
    runs.fails_with = {0: ModelError("the loss\nis NaN")}
    result = sweep_published(config)
    by_status = {s: [r for r in result.runs if r.status == s] for s in RunStatus}
    assert read_table(result.table)[0].detail == "the loss is NaN"
    assert len(by_status[RunStatus.FAILED]) == 5
    assert "mcc on dev is not a number" in by_status[RunStatus.FAILED][-1].detail
    assert result.best.run == "lr0.001_warmup0.2_decay0.02"


@pytest.mark.usefixtures("small_grid")
def test_a_sweep_without_any_number_is_an_error(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(lambda _: math.nan)
    with pytest.raises(ModelError, match="none of 6 runs was done"):
        sweep_published(config)


def test_runs_must_be_comparable(config: FinetuneConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="best_by is 'last'"):
        sweep_published(replace(config, best_by="last"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="several processes"):
        sweep_published(config)


def test_settings_of_a_folder_that_are_no_json_are_an_error(config: FinetuneConfig) -> None:
    Path(config.output).mkdir()
    (Path(config.output) / "sweep.json").write_text("{")
    with pytest.raises(InputError, match=r"sweep\.json: is no JSON"):
        sweep_published(config)
    (Path(config.output) / "sweep.json").write_text("[]")
    with pytest.raises(InputError, match="holds a sweep with sweep None"):
        sweep_published(config)


# The search


def test_a_search_finds_a_good_learning_rate_and_keeps_its_model(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    result = sweep_search(config, trials=14)
    assert len(runs.begun) == 14
    assert [run.run for run in result.runs[:2]] == ["trial-0000", "trial-0001"]
    assert result.best.score == max(run.score for run in result.runs)
    assert 3e-5 < float(result.best.hyper_parameters["learning_rate"]) < 3e-4
    weights = (result.directory / "model.safetensors").read_text()
    assert weights == f"weights {result.best.hyper_parameters['learning_rate']}"
    space = SearchSpace()
    for one, _ in runs.begun:
        for name in ("learning_rate", "warmup_share", "weight_decay", "dropout"):
            low, high = getattr(space, name)
            assert low <= getattr(one, name) <= high
    assert len({one.learning_rate for one, _ in runs.begun}) == 14


def test_equal_bounds_fix_a_setting(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    sweep_search(config, trials=3, space=SearchSpace(dropout=(0.25, 0.25)))
    assert {one.dropout for one, _ in runs.begun} == {0.25}


def test_the_seed_decides_the_search(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig, tmp_path: Path
) -> None:
    tables = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        toy(near(1e-4))
        one = replace(config, output=tmp_path / name, seed=seed)
        tables.append(sweep_search(one, trials=2).table.read_bytes())
    assert tables[0] == tables[1] != tables[2]


@pytest.mark.parametrize(("killed_in", "trials"), [(0, 2), (11, 12)])
def test_a_killed_search_goes_the_way_of_one_that_was_not(
    toy: Callable[[Score], ToyRuns],
    config: FinetuneConfig,
    tmp_path: Path,
    killed_in: int,
    trials: int,
) -> None:
    toy(near(1e-4))
    whole = sweep_search(replace(config, output=tmp_path / "whole"), trials=trials)
    runs = toy(near(1e-4))
    runs.killed_in = killed_in
    with pytest.raises(KilledError):
        sweep_search(config, trials=trials)
    result = sweep_search(config, trials=trials)
    assert len(runs.begun) == trials + 1
    assert [n for n, (_, resume) in enumerate(runs.begun) if resume] == [killed_in + 1]
    assert runs.begun[killed_in][0] == runs.begun[killed_in + 1][0]
    assert result.table.read_bytes() == whole.table.read_bytes()


def test_a_kill_between_the_table_and_the_study_runs_nothing_twice(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))

    def kill(_: SweepRun) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        sweep_search(config, trials=2, on_run=kill)
    result = sweep_search(config, trials=2)
    assert len(runs.begun) == 2
    assert [run.status for run in result.runs] == [RunStatus.DONE] * 2


def test_more_trials_go_on_from_those_before(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    sweep_search(config, trials=2)
    assert len(sweep_search(config, trials=5).runs) == len(runs.begun) == 5


def test_failed_trials_count_and_do_not_come_again(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    runs.fails_with = {1: ModelError("the loss is NaN")}
    result = sweep_search(config, trials=3)
    done, failed = RunStatus.DONE, RunStatus.FAILED
    assert [run.status for run in result.runs] == [done, failed, done]
    assert len(runs.begun) == 3


def test_a_loss_is_searched_for_downward(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(lambda c: abs(math.log10(c.learning_rate / 1e-4)))
    result = sweep_search(replace(config, best_by="loss"), trials=5)
    assert result.best.score == min(run.score for run in result.runs)


@pytest.mark.parametrize(
    "bounds",
    [
        {"learning_rate": (0.0, 1.0)},
        {"learning_rate": (1e-3, 1e-4)},
        {"dropout": (0.0, 1.5)},
        {"dropout": (0.0, 1.0)},
        {"warmup_share": (-0.1, 0.5)},
        {"weight_decay": (0.1,)},
        {"dropout": (math.nan, 0.5)},
        {"learning_rate": (1e-5, math.inf)},
    ],
)
def test_bounds_that_hold_nothing_are_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(bounds))} is searched for in"):
        SearchSpace(**bounds)


def test_a_search_whose_settings_were_wrong_is_begun_anew_with_others(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    runs = toy(near(1e-4))
    runs.refuses_with = {0: InputError("window_length is 400")}
    with pytest.raises(InputError, match="window_length is 400"):
        sweep_search(config, trials=1, space=SearchSpace(dropout=(0.2, 0.2)))
    result = sweep_search(config, trials=1, space=SearchSpace(dropout=(0.1, 0.1)))
    assert result.best.hyper_parameters["dropout"] == "0.1"
    assert [c.dropout for c, _ in runs.begun] == [0.2, 0.1]


def test_a_damaged_study_is_an_error(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(1e-4))
    sweep_search(config, trials=1)
    Path(config.output, "study.db").write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match=r"study.db: cannot be read \(file is not a database\)"):
        sweep_search(config, trials=2)


def test_a_search_needs_a_trial(config: FinetuneConfig) -> None:
    with pytest.raises(InputError, match="trials is 0"):
        sweep_search(config, trials=0)


def test_optuna_may_be_missing(config: FinetuneConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[train\]"):
        sweep_search(config)


def test_optuna_is_as_loud_as_it_was(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = optuna.logging.get_verbosity()
    toy(near(1e-4))
    sweep_search(config, trials=1)
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""


# Runs that are stopped early


def evaluating(scores: Callable[[FinetuneConfig], list[float]]) -> type[ToyRuns]:
    """Toy runs that are evaluated several times before they end."""

    class EvaluatingRuns(ToyRuns):
        def __call__(self, config: FinetuneConfig, **given: Any) -> FinetuneResult:
            log: list[dict[str, float]] = []
            for score in scores(config):
                log += [{"loss": 0.1}, {"eval_mcc": score}]
                state = SimpleNamespace(log_history=log)
                for callback in given["callbacks"]:
                    callback.on_evaluate(None, state, None, metrics={"eval_mcc": score})
            return super().__call__(config, **given)

    return EvaluatingRuns


def test_a_run_behind_the_median_is_stopped(
    monkeypatch: pytest.MonkeyPatch, config: FinetuneConfig
) -> None:
    seen: list[int] = []

    def scores(_: FinetuneConfig) -> list[float]:
        """Give five equal runs, then one that falls behind in its second evaluation."""
        seen.append(1)
        return [0.5, 0.6, 0.7] if len(seen) <= 5 else [0.5, 0.2, 0.9]

    runs = evaluating(scores)(lambda _: 0.7)
    monkeypatch.setattr(folder, "finetune", runs)
    result = sweep_search(config, trials=6)
    assert [run.status for run in result.runs] == [RunStatus.DONE] * 5 + [RunStatus.PRUNED]
    assert result.runs[5].score == 0.2
    assert result.runs[5].detail == "mcc 0.2 after 2 evaluations, behind the median"
    assert not (Path(config.output) / "runs" / "trial-0005" / "checkpoints").exists()
    assert len(runs.begun) == 5
    assert len(sweep_search(config, trials=6).runs) == 6
    assert len(seen) == 6


def test_runs_come_to_their_end_where_pruning_is_off_or_there_is_no_number(
    monkeypatch: pytest.MonkeyPatch, config: FinetuneConfig, tmp_path: Path
) -> None:
    for name, prune, bad in (("off", False, 0.1), ("nan", True, math.nan)):
        seen: list[int] = []

        def scores(_: FinetuneConfig, seen: list[int] = seen, bad: float = bad) -> list[float]:
            seen.append(1)
            return [0.5, 0.6] if len(seen) <= 5 else [bad, bad]

        monkeypatch.setattr(folder, "finetune", evaluating(scores)(lambda _: 0.7))
        one = replace(config, output=tmp_path / name)
        result = sweep_search(one, trials=6, prune=prune)
        assert {run.status for run in result.runs} == {RunStatus.DONE}


# The table

_text = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)
_floats = st.floats(allow_nan=False)


@given(
    st.lists(
        st.builds(
            SweepRun,
            run=_text,
            status=st.sampled_from(RunStatus),
            hyper_parameters=st.fixed_dictionaries(dict.fromkeys(HYPER_PARAMETERS, _text)),
            score=_floats,
            best_step=st.none() | st.integers(0, 10**9),
            metrics=st.dictionaries(st.sampled_from(["mcc", "auroc", "loss"]), _floats),
            directory=_text,
            detail=_text,
        ),
        max_size=4,
    )
)
def test_a_table_is_read_as_it_was_written(runs: list[SweepRun]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "sweep.tsv")
        write_table(path, runs)
        assert read_table(path) == runs


def test_a_table_has_a_row_for_each_run_and_nothing_for_nan(tmp_path: Path) -> None:
    path = tmp_path / "sweep.tsv"
    write_table(path, [SweepRun("a", RunStatus.FAILED, {"epochs": "3"}, detail="two\nlines")])
    header, row = path.read_text().splitlines()
    cells = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert {name: cell for name, cell in cells.items() if cell} == {
        "run": "a",
        "status": "failed",
        "epochs": "3",
        "detail": "two lines",
    }


@pytest.mark.parametrize("text", ["", "run\tstatus\n"])
def test_a_file_that_is_no_table_of_a_sweep_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sweep.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"sweep\.tsv:1: no column"):
        read_table(path)


@pytest.mark.parametrize(
    ("old", "new"), [("done", "ready"), ("0.5", "half"), ("done", "done\tx\ty\tz" + "\t" * 20)]
)
def test_a_row_that_is_none_is_an_error_with_its_line(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "sweep.tsv"
    write_table(path, [SweepRun("a", RunStatus.DONE, {}, 0.5)])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=r"sweep\.tsv:2: .*expected a row of a sweep"):
        read_table(path)


def test_what_a_sweep_is_stands_beside_its_table(
    toy: Callable[[Score], ToyRuns], config: FinetuneConfig
) -> None:
    toy(near(1e-4))
    sweep_search(config, trials=1)
    settings = json.loads((Path(config.output) / "sweep.json").read_text())
    assert settings["sweep"] == "optuna"
    assert settings["space"]["learning_rate"] == [1e-6, 3e-3]
    assert settings["config"]["train"] == "data"
    assert "output" not in settings["config"]
