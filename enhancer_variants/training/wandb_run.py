"""One run of Weights & Biases: what it holds, and where its files go.

Nothing here is used unless it is asked for, and the package is imported only then. System metrics
are collected by wandb itself. Its own settings (``WANDB_MODE``, ``WANDB_PROJECT``,
``WANDB_ENTITY``, the login) hold as everywhere else; nothing is logged in from here.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.training.metrics import ConfusionMatrix

__all__ = ["WandbRun", "require_wandb"]

_ARTIFACT_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_ARTIFACT_NAME: Final = 128


class WandbRun:
    """A run that was begun, to be given figures and files and then finished.

    Parameters
    ----------
    folder
        Folder below which the run keeps its files, as ``wandb/run-*`` or ``wandb/offline-run-*``.
    job
        Kind of work, as ``finetune`` or ``predict``.
    config
        Settings by name, the hyper-parameters among them.
    project, name, tags
        As W&B has them. Without a project, ``WANDB_PROJECT`` or W&B's own default holds.
    run_id
        Id of a run that is continued; a new one otherwise.

    Raises
    ------
    MissingDependencyError
        If wandb is not installed.
    InputError
        If W&B refuses to begin, most often because nobody is logged in.

    Examples
    --------
    >>> run = WandbRun("results", job="finetune", config={"epochs": 3})  # doctest: +SKIP
    >>> run.log({"dev/mcc": 0.4}, step=100)  # doctest: +SKIP
    >>> run.finish()  # doctest: +SKIP
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        job: str,
        config: Mapping[str, Any],
        project: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        run_id: str | None = None,
    ) -> None:
        self._wandb = require_wandb()
        Path(folder).mkdir(parents=True, exist_ok=True)  # wandb goes elsewhere if it is absent
        try:
            self._run = self._wandb.init(
                dir=os.fspath(folder),
                job_type=job,
                config=dict(config),
                project=project,
                name=name,
                tags=list(tags),
                id=run_id,
                resume=None if run_id is None else "allow",
                # A run that the caller has open is left alone, and so is standard output.
                reinit="create_new",
                settings=self._wandb.Settings(console="off"),
            )
        except self._wandb.errors.Error as error:
            raise InputError(
                f"Weights & Biases: {error}; log in with `wandb login`, or set WANDB_MODE=offline "
                "to keep the run on this machine"
            ) from error

    @property
    def run_id(self) -> str:
        """Id by which the run can be continued."""
        return str(self._run.id)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log figures of a step; those that are not finite are left out of it.

        Parameters
        ----------
        figures
            By name, as ``dev/mcc``.
        step
            Optimiser steps taken; never less than before.
        """
        finite = {name: value for name, value in figures.items() if math.isfinite(value)}
        if finite:
            self._run.log(finite, step=step)

    def log_confusion(self, name: str, confusion: ConfusionMatrix, step: int | None = None) -> None:
        """Log a confusion matrix, as a table and the chart that W&B draws of it.

        Parameters
        ----------
        name
            Name of the chart, as ``dev/confusion_matrix``.
        confusion
            Counts.
        step
            As for :meth:`log`.
        """
        classes = ("negative", "positive")
        counts = confusion.to_array().tolist()
        columns = ("Actual", "Predicted", "nPredictions")
        rows = [
            [label, prediction, counts[i][j]]
            for i, label in enumerate(classes)
            for j, prediction in enumerate(classes)
        ]
        chart = self._wandb.plot_table(
            vega_spec_name="wandb/confusion_matrix/v1",
            data_table=self._wandb.Table(columns=list(columns), data=rows),
            fields={column: column for column in columns},
            string_fields={"title": name},
        )
        self._run.log({name: chart}, step=step)

    def summarise(self, figures: Mapping[str, float | int | str]) -> None:
        """Set figures of the whole run; NaN is kept as such."""
        self._run.summary.update(dict(figures))

    def keep(
        self,
        name: str,
        kind: str,
        files: Mapping[str, Path],
        *,
        metadata: Mapping[str, Any] | None = None,
        tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] | None = None,
    ) -> None:
        """Keep files and tables as an artifact.

        Parameters
        ----------
        name
            Name of the artifact; what W&B does not take in a name becomes ``_``.
        kind
            Type of the artifact, as ``model`` or ``predictions``.
        files
            By name in the artifact.
        metadata
            What else is known, as JSON has it.
        tables
            Columns and rows by name in the artifact.
        """
        artifact = self._wandb.Artifact(
            _ARTIFACT_NAME.sub("_", name)[:_LONGEST_ARTIFACT_NAME] or kind,
            type=kind,
            metadata=dict(metadata or {}),
        )
        for inside, path in files.items():
            artifact.add_file(os.fspath(path), name=inside)
        for inside, (columns, rows) in (tables or {}).items():
            table = self._wandb.Table(columns=list(columns), data=[list(row) for row in rows])
            artifact.add(table, inside)
        self._run.log_artifact(artifact)

    def finish(self, *, failed: bool = False) -> None:
        """End the run; it is marked as failed where it did not come to its end."""
        self._run.finish(exit_code=int(failed))


def require_wandb() -> Any:
    """Import wandb.

    Raises
    ------
    MissingDependencyError
        If it is not installed; the message names the extra.
    """
    try:
        import wandb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            f"Weights & Biases needs wandb, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[wandb]'"
        ) from error
    return wandb
