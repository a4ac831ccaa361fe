"""The folder of a sweep: runs one after the other, their table, and the best model of all.

::

    OUTPUT/sweep.tsv      a row for each run
    OUTPUT/sweep.json     what all runs have in common, to refuse another sweep's folder
    OUTPUT/runs/NAME/     what each run wrote
    OUTPUT/best/          the model directory of the best run so far

At whatever moment the process is killed, the same call goes on from there: what is done is not
done again, the run that was under way is resumed from its last checkpoint, and no weights are
deleted before better ones are in their place.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from enhancer_variants.errors import EnhancerVariantsError, InputError, ModelError
from enhancer_variants.models.files import write_atomically
from enhancer_variants.training.finetuning import FinetuneConfig, FinetuneResult, finetune
from enhancer_variants.training.finetuning.output import RECORD_NAME
from enhancer_variants.training.sweeps.table import (
    HYPER_PARAMETERS,
    RunStatus,
    SweepRun,
    read_table,
    write_table,
)

__all__ = ["STUDY_FILE_NAME", "OnRun", "RunStoppedError", "SweepFolder", "SweepResult"]

OnRun = Callable[[SweepRun], None]
"""Is told of each run that ended."""

STUDY_FILE_NAME: Final = "study.db"
"""SQLite file of a search's study, in the folder of the sweep."""

_TABLE_NAME: Final = "sweep.tsv"
_SETTINGS_NAME: Final = "sweep.json"
_RUNS: Final = "runs"
_WEIGHT_FILES: Final = ("model.safetensors", "pytorch_model.bin")
_CHECKPOINTS: Final = "checkpoints"

_WITHOUT_INFLUENCE: Final = (
    "output", "report_to", "project", "run_name", "tags", "device", "threads", "workers",
    "logging_steps", "save_total_limit", "keep_checkpoints",
)  # fmt: skip
"""Fields of a configuration that may differ when a sweep is taken up again."""


class RunStoppedError(Exception):
    """Raised by a callback to stop a run that is not worth going on with.

    Parameters
    ----------
    score
        What it had come to.
    detail
        Why it is stopped.
    """

    def __init__(self, score: float, detail: str) -> None:
        super().__init__(detail)
        self.score = score


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep came to.

    Attributes
    ----------
    runs
        Every run, as in the table.
    best
        The run with the best score on dev; of equal ones, the first.
    directory
        Its model directory, for ``load_model`` and ``score``.
    table
        The table.
    """

    runs: tuple[SweepRun, ...]
    best: SweepRun
    directory: Path
    table: Path


class SweepFolder:
    """A sweep that can be killed and taken up again.

    Parameters
    ----------
    config
        What the runs have in common; its `output` is the folder.
    kind, settings
        What the sweep does, as JSON has it; the same when it is taken up again.
    keep_all
        Keep the weights of every run, not only of the best.
    on_run
        Is told of each run that ended.
    progress
        Whether each run shows a progress bar; None where someone is watching.
    """

    def __init__(
        self,
        config: FinetuneConfig,
        kind: str,
        settings: Mapping[str, Any],
        *,
        keep_all: bool = False,
        on_run: OnRun | None = None,
        progress: bool | None = None,
    ) -> None:
        if config.best_by == "last":
            raise InputError(
                "best_by is 'last'; expected a metric on dev that the runs of a sweep are "
                "compared by, as best_by='mcc'"
            )
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise InputError(
                "a sweep was started in several processes (torchrun); expected one: each of its "
                "runs trains on one device"
            )
        self.path = Path(config.output)
        self.minimised = config.best_by == "loss"
        self._identity = {"sweep": kind, **settings, "config": _influential(config)}
        self._keep_all = keep_all
        self._on_run = on_run
        self._progress = progress
        self._runs: dict[str, SweepRun] = {}

    @property
    def begun(self) -> bool:
        """Whether there are runs."""
        return bool(self._runs)

    @contextlib.contextmanager
    def opened(self) -> Iterator[SweepFolder]:
        """Hold the folder against other processes, and read what was done in it.

        Raises
        ------
        InputError
            If the folder holds another sweep, one that is under way, or other files.
        """
        self._require_no_other_files()
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".sweep.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"{self.path}: a sweep is under way in this folder; wait for its end, or name "
                    "another folder"
                ) from error
            self._check_identity()
            self._runs = {run.run: run for run in read_table(self.path / _TABLE_NAME)}
            self._settle(self._runs.values())
            yield self

    def train(
        self,
        name: str,
        config: FinetuneConfig,
        *,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> SweepRun:
        """Do a run, or what is left of it; one that has ended is not done again.

        Parameters
        ----------
        name
            Its name, unique in the sweep.
        config
            The run; its output is set here.
        callbacks
            Further callbacks of the Trainer; one stops the run by raising `RunStoppedError`.

        Returns
        -------
        SweepRun
            As it stands in the table.
        """
        earlier = self._runs.get(name)
        if earlier is not None and earlier.status != RunStatus.RUNNING:
            return earlier
        directory = self.path / _RUNS / name
        begun = SweepRun(
            name,
            RunStatus.RUNNING,
            {field: _text(getattr(config, field)) for field in HYPER_PARAMETERS},
            directory=str(directory.relative_to(self.path)),
        )
        self._record(begun)
        own = replace(
            config,
            output=directory,
            name=config.name or self.path.resolve().name,
            run_name=f"{config.run_name or self.path.resolve().name}-{name}",
        )
        before = self._best()
        ended = self._ended(begun, own, callbacks)
        self._record(ended)
        self._settle([ended] if before is None else [ended, before])
        if self._on_run is not None:
            self._on_run(ended)
        return ended

    def result(self) -> SweepResult:
        """Say what the sweep came to.

        Raises
        ------
        ModelError
            If no run came to its end.
        """
        best = self._best()
        table = self.path / _TABLE_NAME
        if best is None:
            raise ModelError(f"{table}: none of {len(self._runs)} runs was done; see its 'detail'")
        return SweepResult(tuple(self._runs.values()), best, self.path / "best", table)

    def _ended(
        self,
        begun: SweepRun,
        config: FinetuneConfig,
        callbacks: Sequence[TrainerCallback],
    ) -> SweepRun:
        training = _TrainingBegun()
        try:
            result = finetune(
                config,
                callbacks=[*callbacks, training],
                resume="auto",
                progress=self._progress,
            )
        except RunStoppedError as stop:
            return replace(begun, status=RunStatus.PRUNED, score=stop.score, detail=str(stop))
        except EnhancerVariantsError as error:
            if training.begun and isinstance(error, ModelError):
                return replace(begun, status=RunStatus.FAILED, detail=str(error))
            self._forget_if_empty()  # it is the settings of all runs that are wrong
            raise
        return _done(begun, result, config.best_by)

    def _record(self, run: SweepRun) -> None:
        self._runs[run.run] = run
        write_table(self.path / _TABLE_NAME, list(self._runs.values()))

    def _best(self) -> SweepRun | None:
        done = [run for run in self._runs.values() if run.status == RunStatus.DONE]
        choose = min if self.minimised else max
        return choose(done, key=lambda run: run.score, default=None)

    def _settle(self, runs: Iterable[SweepRun]) -> None:
        """Put the best model in its place, then delete the weights of those that are not it."""
        best = self._best()
        if best is not None and not _same_weights(self.path / "best", self.path / best.directory):
            _replace_directory(self.path / "best", self.path / best.directory)
        for run in runs:
            if run.status != RunStatus.RUNNING and run is not best and not self._keep_all:
                _delete_weights(self.path / run.directory)

    def _require_no_other_files(self) -> None:
        """Keep away from folders that no sweep made: it replaces `best` and deletes runs."""
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path}: is a file; expected a folder to write into")
        if not self.path.exists() or (self.path / _SETTINGS_NAME).exists():
            return
        names = sorted(path.name for path in self.path.iterdir())
        if others := [n for n in names if not n.startswith(".") and n != STUDY_FILE_NAME]:
            raise InputError(
                f"{self.path}: holds {', '.join(others)[:100]}, which is of no sweep; expected an "
                "empty folder or a new one"
            )

    def _check_identity(self) -> None:
        """Compare the sweep with the one of the folder, or say whose folder it is."""
        path = self.path / _SETTINGS_NAME
        content = json.dumps(self._identity, indent=1) + "\n"
        if not path.exists():
            write_atomically(path, content.encode())
            return
        mine, found = _flat(json.loads(content)), _flat(_json(path))
        for name in dict.fromkeys([*mine, *found]):
            if mine.get(name) != found.get(name):
                raise InputError(
                    f"{path}: the folder holds a sweep with {name} {found.get(name)!r}, and this "
                    f"one has {mine.get(name)!r}; name another folder, or delete this one"
                )

    def _forget_if_empty(self) -> None:
        """Leave no trace of a sweep whose first run could not begin: its settings are wrong."""
        if any((self.path / _RUNS).glob(f"*/{RECORD_NAME}")):
            return  # a run had begun, and what is wrong came later
        if all(run.status == RunStatus.RUNNING for run in self._runs.values()):
            (self.path / _SETTINGS_NAME).unlink(missing_ok=True)
            (self.path / _TABLE_NAME).unlink(missing_ok=True)
            shutil.rmtree(self.path / _RUNS, ignore_errors=True)


class _TrainingBegun(TrainerCallback):
    """Knows whether a run came as far as to its first step."""

    def __init__(self) -> None:
        self.begun = False

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer's names
        state: TrainerState,  # noqa: ARG002 - likewise
        control: TrainerControl,  # noqa: ARG002 - likewise
        **kwargs: Any,  # noqa: ARG002 - likewise
    ) -> None:
        self.begun = True


def _done(begun: SweepRun, result: FinetuneResult, best_by: str) -> SweepRun:
    if math.isnan(result.best_score):
        detail = f"{best_by} on dev is not a number; are there labels of both classes?"
        return replace(begun, status=RunStatus.FAILED, detail=detail)
    return replace(
        begun,
        status=RunStatus.DONE,
        score=result.best_score,
        best_step=result.best_step,
        # Of several labels the means: each label's own stand in the run's folder.
        metrics={k: v for k, v in result.metrics.get("dev", {}).items() if "/" not in k},
    )


def _influential(config: FinetuneConfig) -> dict[str, Any]:
    """Fields of a configuration that change what is trained."""
    return {k: v for k, v in asdict(config).items() if k not in _WITHOUT_INFLUENCE}


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: is no JSON ({error}); expected what a sweep wrote") from error
    return found if isinstance(found, dict) else {}


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Take the fields of the configuration by their own names."""
    return {**settings, **settings.get("config", {}), "config": None}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _replace_directory(target: Path, source: Path) -> None:
    """Make `target` hold the files of `source`, with hard links where the disk has them."""
    fresh, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for left_over in (fresh, old):
        shutil.rmtree(left_over, ignore_errors=True)
    fresh.mkdir()
    for file in sorted(path for path in source.iterdir() if path.is_file()):
        try:
            os.link(file, fresh / file.name)
        except OSError:
            shutil.copy2(file, fresh / file.name)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _same_weights(one: Path, other: Path) -> bool:
    """Whether two directories have their weights by hard links to one file."""
    found = [(one / name, other / name) for name in _WEIGHT_FILES if (other / name).exists()]
    return bool(found) and all(a.exists() and a.samefile(b) for a, b in found)


def _delete_weights(directory: Path) -> None:
    for name in _WEIGHT_FILES:
        (directory / name).unlink(missing_ok=True)
    shutil.rmtree(directory / _CHECKPOINTS, ignore_errors=True)
