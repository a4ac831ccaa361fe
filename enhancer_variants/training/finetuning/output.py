"""The folder of a run: whether it may be written to, and what a finished run came to."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models.files import read_json_object, write_atomically
from enhancer_variants.models.saving import MODEL_FILES
from enhancer_variants.training.finetuning.config import FinetuneResult
from enhancer_variants.training.finetuning.saved_model import prediction_file

__all__ = ["RECORD_NAME", "Resume", "RunFolder"]

Resume = Literal["auto"] | bool
"""Go on with the run in the folder: True, if there is one (auto), or not at all."""

RECORD_NAME: Final = "finetuning.json"
"""File that says which run a folder is of, and what it came to."""

_CHECKPOINTS: Final = "checkpoints"
_PARTS: Final = ("start", "recipe", "data", "labels")
"""Of a record: what two runs have to have in common to be the same."""
_LARGEST_RECORD: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The output folder of a run.

    Attributes
    ----------
    directory
        The folder.
    """

    directory: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.directory / _CHECKPOINTS

    def may_continue(self, run: Mapping[str, Any], *, resume: Resume, overwrite: bool) -> bool:
        """Whether to go on with a run of which the folder holds something; nothing is written.

        Parameters
        ----------
        run
            What the run depends on, as JSON values.
        resume, overwrite
            What is to become of a run that the folder holds.

        Returns
        -------
        bool
            False where the run is to begin.

        Raises
        ------
        InputError
            If the folder holds another run or other files, or nothing to resume.
        """
        if self.directory.exists() and not self.directory.is_dir():
            raise InputError(f"{self.directory}: is a file; expected a folder to write into")
        record = self.directory / RECORD_NAME
        if not record.is_file():
            self._require_no_other_files()
            if resume is True:
                raise InputError(
                    f"{self.directory}: holds no run to resume; expected one, or no resume"
                )
            return False
        if overwrite and not resume:
            return False
        if not resume:
            raise InputError(
                f"{self.directory}: holds a run already; expected another output, or that it is "
                "to be gone on with (--resume) or replaced (--overwrite)"
            )
        self._require_same_run(run)
        return True

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against other processes, as long as this one lives.

        Raises
        ------
        InputError
            If a run is under way in it.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some network file systems lock no folder
                try:
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise InputError(
                        f"{self.directory}: a run is under way in this folder; wait for its end, "
                        "or name another output"
                    ) from error
            yield
        finally:
            os.close(folder)

    def begin(self, run: Mapping[str, Any]) -> None:
        """Remove what an earlier run left, and say which run this is."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        leftovers = (RECORD_NAME, *reversed(MODEL_FILES), *map(prediction_file, ("dev", "test")))
        for name in leftovers:
            (self.directory / name).unlink(missing_ok=True)
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        self._write({"run": dict(run), "result": None})

    def result(self) -> FinetuneResult | None:
        """Read what the run came to; None where it is not finished.

        Raises
        ------
        CheckpointError
            If the record is damaged.
        InputError
            If the run is finished and its model was removed.
        """
        found = self._record()["result"]
        if found is None:
            return None
        if not (self.directory / MODEL_FILES[-1]).is_file():
            raise InputError(
                f"{self.directory}: holds a finished run without its {MODEL_FILES[-1]}; expected "
                "that file, or --overwrite to train again"
            )
        return FinetuneResult(
            directory=self.directory,
            metrics={split: _numbers(figures) for split, figures in found["metrics"].items()},
            best_step=found["best_step"],
            best_score=math.nan if found["best_score"] is None else found["best_score"],
            history=tuple(_numbers(entry) for entry in found["history"]),
        )

    def finish(self, result: FinetuneResult, *, keep_checkpoints: bool) -> None:
        """Record what the run came to, and remove its checkpoints."""
        record = self._record()
        record["result"] = {
            "metrics": {split: _json(figures) for split, figures in result.metrics.items()},
            "best_step": result.best_step,
            "best_score": None if math.isnan(result.best_score) else result.best_score,
            "history": [_json(entry) for entry in result.history],
        }
        self._write(record)
        if not keep_checkpoints:
            shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _record(self) -> dict[str, Any]:
        path = self.directory / RECORD_NAME
        record: dict[str, Any] = dict(read_json_object(path, _LARGEST_RECORD))
        run = record.get("run")
        whole = isinstance(run, dict) and all(isinstance(run.get(p), dict) for p in _PARTS)
        if not whole or not isinstance(record.get("result", ""), (dict, type(None))):
            raise CheckpointError(
                f"{path}: says neither which run the folder is of nor what it came to; expected "
                "what finetune wrote, or --overwrite"
            )
        return record

    def _write(self, record: Mapping[str, Any]) -> None:
        text = json.dumps(record, indent=1, allow_nan=False) + "\n"
        write_atomically(self.directory / RECORD_NAME, text.encode())

    def _require_no_other_files(self) -> None:
        # Another process of this run may have made the folder of checkpoints.
        others = sorted(
            path.name
            for path in (self.directory.iterdir() if self.directory.exists() else ())
            if path.name != _CHECKPOINTS and not path.name.startswith(".")
        )
        if others:
            raise InputError(
                f"{self.directory}: holds {', '.join(others)[:100]}, which is of no run; expected "
                "an empty folder or a new one"
            )

    def _require_same_run(self, run: Mapping[str, Any]) -> None:
        before = self._record()["run"]
        now = json.loads(json.dumps(run))
        for part in _PARTS:
            for name in sorted({*before[part], *now[part]}):
                if before[part].get(name) != now[part].get(name):
                    raise InputError(
                        f"{self.directory}: holds a run with {part}.{name} "
                        f"{str(before[part].get(name))[:100]}, and this one has "
                        f"{str(now[part].get(name))[:100]}; expected the same run, another "
                        "output, or --overwrite"
                    )


def _json(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {n: value if math.isfinite(value) else None for n, value in figures.items()}


def _numbers(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {n: math.nan if value is None else value for n, value in figures.items()}
