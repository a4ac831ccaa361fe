"""Checkpoints of a run that may be killed at any moment: which one is complete."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.files import sha256_of, write_atomically

__all__ = [
    "CompleteCheckpoints",
    "name_best_beside",
    "newest_complete_checkpoint",
    "remove_other_checkpoints",
    "state_of_checkpoint",
]

_FILES_NAME: Final = "complete.json"
_STATE_NAME: Final = "trainer_state.json"
_PREFIX: Final = "checkpoint-"


class CompleteCheckpoints(TrainerCallback):
    """Write into each checkpoint, when all processes are done with it, what belongs to it."""

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - Trainer's name
        **kwargs: Any,  # noqa: ARG002 - likewise
    ) -> None:
        """List the files with their checksums, in the first process."""
        if torch.distributed.is_initialized():
            torch.distributed.barrier()
        if state.is_world_process_zero:
            _list_files(Path(args.output_dir or "", f"{_PREFIX}{state.global_step}"))


def _list_files(checkpoint: Path) -> None:
    digests = {
        path.name: sha256_of(path)
        for path in sorted(checkpoint.iterdir())
        if path.name != _FILES_NAME
    }
    write_atomically(checkpoint / _FILES_NAME, json.dumps(digests).encode())


def newest_complete_checkpoint(folder: Path) -> Path | None:
    """Find the checkpoint that a run goes on from.

    Parameters
    ----------
    folder
        Where checkpoints are, ``checkpoint-N`` after N steps.

    Returns
    -------
    Path or None
        That of the most steps whose files are all there, as they were when it was complete (after
        a power failure, a file may have its size but not its content), and those of the best one
        beside it; None where there is none.

    Examples
    --------
    >>> newest_complete_checkpoint(Path("no/such/folder")) is None
    True
    """
    found = [
        (int(path.name.removeprefix(_PREFIX)), path)
        for path in folder.glob(f"{_PREFIX}*")
        if path.name.removeprefix(_PREFIX).isdecimal()
    ]
    newest_first = [path for _, path in sorted(found, reverse=True)]
    return next((path for path in newest_first if _is_complete(path) and _has_best(path)), None)


def _is_complete(folder: Path) -> bool:
    try:
        digests = json.loads((folder / _FILES_NAME).read_bytes())
        return all(sha256_of(folder / name) == digest for name, digest in digests.items())
    except (OSError, ValueError, CheckpointError):
        return False


def _has_best(checkpoint: Path) -> bool:
    """Whether the best checkpoint, without which Trainer would keep the last weights, is whole."""
    best = state_of_checkpoint(checkpoint).best_model_checkpoint
    return best is None or _is_complete(checkpoint.parent / Path(best).name)


def remove_other_checkpoints(folder: Path, newest: Path | None) -> None:
    """Remove what a killed run left behind its newest complete checkpoint.

    Parameters
    ----------
    folder
        Where checkpoints are.
    newest
        The newest complete one, or None; older complete ones stay, the best may be among them.
    """
    for path in folder.glob(f"{_PREFIX}*"):
        if newest is None or (path != newest and not _is_complete(path)):
            shutil.rmtree(path)


def state_of_checkpoint(checkpoint: Path) -> TrainerState:
    """Read the state that Trainer was in.

    Parameters
    ----------
    checkpoint
        A complete checkpoint.
    """
    state: TrainerState = TrainerState.load_from_json(str(checkpoint / _STATE_NAME))
    return state


def name_best_beside(checkpoint: Path) -> None:
    """Make a checkpoint's state name the best checkpoint by where it is now.

    The state holds the path that it had when it was written; the folder may have been moved since.

    Parameters
    ----------
    checkpoint
        A complete checkpoint; the best one lies beside it.
    """
    state = state_of_checkpoint(checkpoint)
    if state.best_model_checkpoint is None:
        return
    here = str(checkpoint.parent / Path(state.best_model_checkpoint).name)
    if here != state.best_model_checkpoint:
        content = json.loads((checkpoint / _STATE_NAME).read_text())
        content["best_model_checkpoint"] = here
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        write_atomically(checkpoint / _STATE_NAME, text.encode())
        _list_files(checkpoint)
