"""The folder of a run: when it may be written to, and what a finished one came to."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.training.finetuning import FinetuneResult
from enhancer_variants.training.finetuning.output import RECORD_NAME, RunFolder

RUN: dict[str, Any] = {
    "versions": {"torch": "2"},
    "start": {"from": "scratch"},
    "recipe": {"seed": 1, "labels": (1, 2)},
    "data": {"train": {"sha256": "0"}},
    "labels": {"all": ("no", "yes")},
}


def result(folder: Path) -> FinetuneResult:
    return FinetuneResult(
        directory=folder,
        metrics={"dev": {"mcc": 0.5, "auroc": math.nan}},
        best_step=7,
        best_score=math.nan,
        history=({"loss": 0.25, "step": 1.0},),
    )


def test_a_new_or_empty_folder_begins_a_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "model")
    assert not folder.may_continue(RUN, resume="auto", overwrite=False)
    assert not folder.directory.exists()
    (folder.directory / "checkpoints").mkdir(parents=True)  # by another process of the run
    (folder.directory / ".hidden").touch()
    assert not folder.may_continue(RUN, resume=False, overwrite=False)


def test_a_run_that_is_there_is_continued_replaced_or_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(RUN)
    assert folder.result() is None
    assert folder.may_continue(RUN, resume=True, overwrite=False)
    assert folder.may_continue(RUN, resume="auto", overwrite=True)
    assert not folder.may_continue(RUN, resume=False, overwrite=True)
    with pytest.raises(InputError, match="holds a run already"):
        folder.may_continue(RUN, resume=False, overwrite=False)


@pytest.mark.parametrize("part", ["start", "recipe", "data", "labels"])
def test_another_run_is_not_continued(tmp_path: Path, part: str) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(RUN)
    other = {**RUN, part: {**RUN[part], "seed": 2}}
    with pytest.raises(InputError, match=rf"holds a run with {part}.seed (1|None), and .* 2;"):
        folder.may_continue(other, resume=True, overwrite=False)
    newer = {**RUN, "versions": {"torch": "3"}}
    assert folder.may_continue(newer, resume=True, overwrite=False)


def test_other_files_and_nothing_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"holds notes.txt, which is of no run"):
        RunFolder(tmp_path).may_continue(RUN, resume=False, overwrite=True)
    with pytest.raises(InputError, match="is a file; expected a folder"):
        RunFolder(tmp_path / "notes.txt").may_continue(RUN, resume=False, overwrite=True)
    with pytest.raises(InputError, match="holds no run to resume"):
        RunFolder(tmp_path / "new").may_continue(RUN, resume=True, overwrite=False)


def test_what_a_run_came_to_is_read_back(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(RUN)
    (tmp_path / "model.safetensors").touch()
    folder.finish(result(tmp_path), keep_checkpoints=True)
    read = folder.result()
    assert read is not None
    assert math.isnan(read.metrics["dev"]["auroc"])
    assert math.isnan(read.best_score)
    assert read.history == ({"loss": 0.25, "step": 1.0},)
    assert folder.checkpoints.is_dir()
    folder.finish(dataclasses.replace(result(tmp_path), best_score=0.5), keep_checkpoints=False)
    read = folder.result()
    assert read is not None
    assert (read.best_score, read.best_step) == (0.5, 7)
    assert not folder.checkpoints.exists()
    assert json.loads((tmp_path / RECORD_NAME).read_text())["run"]["recipe"]["seed"] == 1


def test_a_finished_run_whose_model_was_removed_is_an_error(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(RUN)
    folder.finish(result(tmp_path), keep_checkpoints=False)
    with pytest.raises(InputError, match=r"a finished run without its model.safetensors"):
        folder.result()


def test_a_folder_is_held_by_one_run_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "model")
    with folder.held(), pytest.raises(InputError, match="a run is under way"), folder.held():
        pass
    with folder.held():
        pass

    def no_locks(*_: int) -> None:
        raise OSError("this file system locks no folder")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with folder.held(), folder.held():
        pass


def test_beginning_removes_what_was_there_but_nothing_foreign(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(RUN)
    for name in ("model.safetensors", "dev_predictions.tsv", "checkpoints/x", "mine.txt"):
        (tmp_path / name).touch()
    folder.begin(RUN)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["checkpoints", RECORD_NAME, "mine.txt"]
    assert not [*folder.checkpoints.iterdir()]


def test_a_damaged_record_is_an_error(tmp_path: Path) -> None:
    (tmp_path / RECORD_NAME).write_text("{")
    with pytest.raises(CheckpointError, match=RECORD_NAME):
        RunFolder(tmp_path).result()
    for content in ("{}", '{"run": {"start": 5}, "result": null}'):
        (tmp_path / RECORD_NAME).write_text(content)
        with pytest.raises(CheckpointError, match=r"expected what finetune wrote, or --overwrite"):
            RunFolder(tmp_path).may_continue(RUN, resume=True, overwrite=False)
    assert not RunFolder(tmp_path).may_continue(RUN, resume=False, overwrite=True)
