"""The output folder of a pre-training run: whether it may be written to, and what is in it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from enhancer_variants.errors import InputError
from enhancer_variants.models.files import read_json_object, write_atomically
from enhancer_variants.training.pretraining.config import PretrainResult

__all__ = ["RECORD_NAME", "PretrainingFolder"]

RECORD_NAME: Final = "pretraining.json"
"""File that says what a pre-trained encoder was made of, and how well it guesses."""

_CHECKPOINTS: Final = "checkpoints"
_LARGEST_RECORD: Final = 1 << 28
_MAY_DIFFER: Final = ("versions",)


@dataclass(frozen=True, slots=True)
class PretrainingFolder:
    """The output folder of a run.

    Attributes
    ----------
    directory
        The folder.
    """

    directory: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints, while the run goes."""
        return self.directory / _CHECKPOINTS

    def may_continue(self, run: Mapping[str, Any], *, resume: bool) -> bool:
        """Whether to go on with a run of which the folder holds something; nothing is written.

        Parameters
        ----------
        run
            What the run depends on, as JSON values.
        resume
            Whether what the folder holds is to be gone on with.

        Returns
        -------
        bool
            False where the run is to begin.

        Raises
        ------
        InputError
            If the folder holds other files or another run, or a run that is not to be resumed.
        """
        if self.directory.exists() and not self.directory.is_dir():
            raise InputError(f"{self.directory}: is a file; expected a folder to write into")
        if not (self.directory / RECORD_NAME).is_file():
            # Another process of this run may have made the folder of checkpoints.
            found = [] if not self.directory.exists() else [*self.directory.iterdir()]
            if others := sorted(path.name for path in found if path.name != _CHECKPOINTS):
                raise InputError(
                    f"{self.directory}: holds {', '.join(others)[:100]}, which is of no run; "
                    "expected an empty folder or a new one"
                )
            return False
        if not resume:
            raise InputError(
                f"{self.directory}: holds a run already; expected another output, or --resume to "
                "go on with it"
            )
        self._require_same(run)
        return True

    def begin(self, run: Mapping[str, Any]) -> None:
        """Make the folder and say which run this is."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        self._write({"run": dict(run), "metrics": None, "history": []})

    def result(self) -> PretrainResult | None:
        """Read what the run came to; None where it is not finished.

        Raises
        ------
        CheckpointError
            If the record is damaged.
        """
        record: Any = read_json_object(self.directory / RECORD_NAME, _LARGEST_RECORD)
        if record["metrics"] is None:
            return None
        history = tuple(
            {name: math.nan if value is None else value for name, value in entry.items()}
            for entry in record["history"]
        )
        return PretrainResult(self.directory, record["metrics"], history)

    def finish(self, run: Mapping[str, Any], result: PretrainResult) -> None:
        """Record what the run came to, and remove its checkpoints."""
        history = [
            {name: value if math.isfinite(value) else None for name, value in entry.items()}
            for entry in result.history
        ]
        self._write({"run": dict(run), "metrics": dict(result.metrics), "history": history})
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _write(self, record: Mapping[str, Any]) -> None:
        text = json.dumps(record, indent=1, allow_nan=False) + "\n"
        write_atomically(self.directory / RECORD_NAME, text.encode())

    def _require_same(self, run: Mapping[str, Any]) -> None:
        before: Any = read_json_object(self.directory / RECORD_NAME, _LARGEST_RECORD)["run"]
        now = json.loads(json.dumps(run))
        for part in now.keys() - set(_MAY_DIFFER):
            for name in sorted({*before[part], *now[part]}):
                one, other = before[part].get(name), now[part].get(name)
                if one != other:
                    raise InputError(
                        f"{self.directory}: holds a run with {part}.{name} {str(one)[:100]}, and "
                        f"this one has {str(other)[:100]}; expected the same run, or another output"
                    )
