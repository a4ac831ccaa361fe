"""Which checkpoint of a killed run is whole."""

from __future__ import annotations

from pathlib import Path

from transformers import TrainerControl, TrainerState, TrainingArguments

from enhancer_variants.training.finetuning.checkpoints import (
    CompleteCheckpoints,
    name_best_beside,
    newest_complete_checkpoint,
    remove_other_checkpoints,
    state_of_checkpoint,
)


def checkpoint(folder: Path, step: int, best: str | None = None) -> Path:
    """A checkpoint as Trainer leaves it behind, marked as complete."""
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    state = TrainerState(global_step=step, best_model_checkpoint=best, is_world_process_zero=True)
    state.save_to_json(str(path / "trainer_state.json"))
    arguments = TrainingArguments(output_dir=str(folder), report_to=[], use_cpu=True)
    CompleteCheckpoints().on_save(arguments, state, TrainerControl())
    return path


def test_the_newest_complete_checkpoint_is_found_by_its_number(tmp_path: Path) -> None:
    for step in (9, 10):
        checkpoint(tmp_path, step)
    (tmp_path / "checkpoint-11").mkdir()
    (tmp_path / "checkpoint-best").mkdir()
    assert newest_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-10"


def test_a_checkpoint_that_lost_a_file_or_bytes_is_not_complete(tmp_path: Path) -> None:
    newest, older = checkpoint(tmp_path, 2), checkpoint(tmp_path, 1)
    (newest / "model.safetensors").write_bytes(b"weig")
    assert newest_complete_checkpoint(tmp_path) == older
    (newest / "model.safetensors").write_bytes(b"\0" * len(b"weights"))  # as power failures leave
    assert newest_complete_checkpoint(tmp_path) == older
    (older / "trainer_state.json").unlink()
    assert newest_complete_checkpoint(tmp_path) is None


def test_a_checkpoint_whose_best_one_is_damaged_is_not_gone_on_from(tmp_path: Path) -> None:
    older = checkpoint(tmp_path, 1)
    checkpoint(tmp_path, 3, best="/elsewhere/checkpoint-2")
    assert newest_complete_checkpoint(tmp_path) == older
    (checkpoint(tmp_path, 2) / "model.safetensors").write_bytes(b"\0")
    assert newest_complete_checkpoint(tmp_path) == older


def test_other_processes_list_no_files(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, 1)
    (path / "complete.json").unlink()
    arguments = TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True)
    state = TrainerState(global_step=1, is_world_process_zero=False)
    CompleteCheckpoints().on_save(arguments, state, TrainerControl())
    assert newest_complete_checkpoint(tmp_path) is None


def test_what_a_killed_run_left_is_removed_and_the_best_is_kept(tmp_path: Path) -> None:
    best, newest = checkpoint(tmp_path, 1), checkpoint(tmp_path, 2)
    (tmp_path / "checkpoint-3").mkdir()
    remove_other_checkpoints(tmp_path, newest)
    assert sorted(tmp_path.iterdir()) == [best, newest]
    remove_other_checkpoints(tmp_path, None)
    assert not [*tmp_path.iterdir()]


def test_the_best_checkpoint_is_named_where_it_is_now(tmp_path: Path) -> None:
    checkpoint(tmp_path, 1)
    newest = checkpoint(tmp_path, 2, best="/elsewhere/checkpoint-1")
    name_best_beside(newest)
    best = str(tmp_path / "checkpoint-1")
    assert state_of_checkpoint(newest).best_model_checkpoint == best
    assert newest_complete_checkpoint(tmp_path) == newest
    before = (newest / "trainer_state.json").stat()
    name_best_beside(newest)
    assert (newest / "trainer_state.json").stat() == before
    without = checkpoint(tmp_path, 3)
    name_best_beside(without)
    assert state_of_checkpoint(without).best_model_checkpoint is None
