"""The table of a sweep: a row for each run, rewritten whole whenever a run begins or ends."""

from __future__ import annotations

import csv
import enum
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.models.files import write_atomically

__all__ = ["RunStatus", "SweepRun", "read_table", "write_table"]

HYPER_PARAMETERS: Final = (
    "learning_rate",
    "warmup_share",
    "weight_decay",
    "dropout",
    "batch_size",
    "epochs",
    "max_steps",
    "max_seq_length",
    "seed",
)
"""Fields of a configuration that have a column each."""

_BEFORE: Final = ("run", "status", *HYPER_PARAMETERS, "score", "best_step")
_BEHIND: Final = ("directory", "detail")
_METRIC: Final = "dev_"


class RunStatus(enum.StrEnum):
    """What became of a run.

    >>> RunStatus("done").value
    'done'
    """

    RUNNING = "running"
    """It goes on, or was killed: the next call resumes it."""
    DONE = "done"
    """It came to its end."""
    PRUNED = "pruned"
    """It was stopped, being worse than others were after as many evaluations."""
    FAILED = "failed"
    """It gave no number to judge it by; `detail` says why."""


@dataclass(frozen=True, slots=True)
class SweepRun:
    """One run of a sweep.

    Attributes
    ----------
    run
        Its name, unique in the sweep.
    status
        What became of it.
    hyper_parameters
        By field of the configuration; text, as it stands in the table.
    score
        What runs are compared by, on dev; NaN where there is none.
    best_step
        Optimizer step that its weights are from, where it is done.
    metrics
        Metrics on dev of those weights.
    directory
        Its folder, relative to that of the sweep.
    detail
        What else is to be said.
    """

    run: str
    status: RunStatus
    hyper_parameters: Mapping[str, str]
    score: float = math.nan
    best_step: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    directory: str = ""
    detail: str = ""


def write_table(path: Path, runs: Sequence[SweepRun]) -> None:
    """Write the table, all of it or nothing; an empty cell is what there is none of.

    Parameters
    ----------
    path
        The file, TSV with a header.
    runs
        Its rows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "sweep.tsv")
    ...     write_table(table, [SweepRun("0", RunStatus.DONE, {"learning_rate": "3e-05"}, 0.5)])
    ...     read_table(table)[0].score
    0.5
    """
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    columns = [*_BEFORE, *(_METRIC + name for name in metrics), *_BEHIND]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    for run in runs:
        writer.writerow(
            {
                **run.hyper_parameters,
                **{_METRIC + name: _number(value) for name, value in run.metrics.items()},
                "run": run.run,
                "status": run.status.value,
                "score": _number(run.score),
                "best_step": "" if run.best_step is None else run.best_step,
                "directory": run.directory,
                "detail": " ".join(run.detail.split()),
            }
        )
    write_atomically(path, text.getvalue().encode())


def read_table(path: Path) -> list[SweepRun]:
    """Read what :func:`write_table` wrote.

    Parameters
    ----------
    path
        The file; one that is absent has no rows.

    Returns
    -------
    list of SweepRun
        In order.

    Raises
    ------
    InputError
        If the file is no such table, with the line.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        missing = [c for c in (*_BEFORE, *_BEHIND) if c not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path}:1: no column {missing[0]!r}; expected the table of a sweep")
        runs = []
        for row in reader:
            try:
                runs.append(_run(row))
            except (ValueError, TypeError, AttributeError) as error:
                raise InputError(
                    f"{path}:{reader.line_num}: {error}; expected a row of a sweep"
                ) from error
    return runs


def _run(row: Mapping[str, str]) -> SweepRun:
    return SweepRun(
        run=row["run"],
        status=RunStatus(row["status"]),
        hyper_parameters={name: row[name] for name in HYPER_PARAMETERS},
        score=float(row["score"] or math.nan),
        best_step=int(row["best_step"]) if row["best_step"] else None,
        metrics={
            name.removeprefix(_METRIC): float(cell)
            for name, cell in row.items()
            if name.startswith(_METRIC) and cell
        },
        directory=row["directory"],
        detail=row["detail"],
    )


def _number(value: float) -> str:
    """Write a number so that reading gives the same one; nothing for NaN."""
    return "" if math.isnan(value) else repr(float(value))
