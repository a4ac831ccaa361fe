"""An evaluation as a folder of files, and as a short text."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io.output import text_stream
from enhancer_variants.training.evaluation.results import Evaluation, OutputEvaluation, RowSet
from enhancer_variants.training.metrics import BootstrapInterval

__all__ = ["evaluation_text", "made_folder", "method_title", "write_evaluation"]

_SHOWN: Final = ("auroc", "auprc", "mcc", "calibration_error")
_TITLES: Final = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "mcc": "MCC",
    "calibration_error": "calibration error",
}


def method_title(method: str, evaluation: Evaluation) -> str:
    """Name a method for people.

    Parameters
    ----------
    method
        ``model``, ``gc`` or ``kmer``.
    evaluation
        Whose method it is.
    """
    titles = {"gc": "GC content", "kmer": f"{evaluation.kmer}-mer regression"}
    return titles.get(method, evaluation.model)


def write_evaluation(evaluation: Evaluation, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the figures and the predictions.

    Parameters
    ----------
    evaluation
        What to write.
    folder
        Made where it is absent; files of the same names are replaced.

    Returns
    -------
    list of Path
        ``evaluation.json``: everything but the predictions, with provenance and without time or
        path; ``metrics.tsv``: a row for each set of rows, method and metric; ``predictions.tsv``:
        a row for each sequence.

    Raises
    ------
    InputError
        If the folder is a file or cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.io import LabelledSequence
    >>> from enhancer_variants.training.evaluation import evaluate
    >>> several = [LabelledSequence("ACGT" * 40 + "A" * n, n % 2) for n in range(40)]
    >>> found = evaluate(demo_files().model, several, resamples=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_evaluation(found, folder)]
    ['evaluation.json', 'metrics.tsv', 'predictions.tsv']
    """
    directory = made_folder(folder)
    figures = json.dumps(evaluation.to_dict(), indent=1, allow_nan=False) + "\n"
    texts = {
        "evaluation.json": figures,
        "metrics.tsv": _tsv(evaluation.metrics),
        "predictions.tsv": _tsv(evaluation.predictions),
    }
    for name, text in texts.items():
        with text_stream(directory / name) as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
    return [directory / name for name in texts]


def made_folder(folder: str | os.PathLike[str]) -> Path:
    """Make a folder where it is absent.

    Raises
    ------
    InputError
        If it is a file or cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made_folder(Path(folder, "judged", "test")).is_dir()
    True
    """
    directory = Path(folder)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"{folder}: is a file; expected a folder to write into") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be made as a folder ({error.strerror})") from error
    return directory


def _tsv(frame: pd.DataFrame) -> str:
    text: str = frame.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    return text


def evaluation_text(evaluation: Evaluation) -> str:
    """Give the figures that are looked at first, as a table for a terminal.

    Parameters
    ----------
    evaluation
        Whose.

    Returns
    -------
    str
        For each output and set of rows a table of methods with AUROC, AUPRC, MCC and calibration
        error, each with its interval, and what the model is shown to be better in.
    """
    lines: list[str] = []
    for found in evaluation.outputs:
        for one in found.sets:
            lines += [*_table(evaluation, found, one), ""]
    return "\n".join(lines).rstrip()


def _table(evaluation: Evaluation, found: OutputEvaluation, one: RowSet) -> Iterator[str]:
    negatives = one.rows - one.positives
    rows = "GC-matched rows" if one.name == "gc_matched" else "all rows"
    yield f"{found.output}, {rows}: {one.positives:,} positives, {negatives:,} negatives"
    if not one.rows:
        return
    cells = [["", *(_TITLES[metric] for metric in _SHOWN)]]
    for method in one.methods:
        figures = [_interval(method.figures[metric]) for metric in _SHOWN]
        cells.append([method_title(method.method, evaluation), *figures])
    for baseline in dict.fromkeys(comparison.baseline for comparison in one.comparisons):
        differences = {
            c.metric: f"{_interval(c.difference, signed=True)} {c.verdict}"
            for c in one.comparisons
            if c.baseline == baseline
        }
        title = f"against {method_title(baseline, evaluation)}"
        cells.append([title, *(differences.get(metric, "") for metric in _SHOWN)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(padded).rstrip()


def _interval(interval: BootstrapInterval, *, signed: bool = False) -> str:
    if math.isnan(interval.value):
        return "not defined"
    sign = "+" if signed else ""
    value, low, high = (
        f"{bound:{sign}.3f}" for bound in (interval.value, interval.lower, interval.upper)
    )
    return f"{value} [{low}, {high}]"
