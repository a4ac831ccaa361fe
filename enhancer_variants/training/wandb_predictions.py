"""Predictions in Weights & Biases: the rows, and how good they are where their labels are known."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io import is_stream
from enhancer_variants.models import Model, load_model
from enhancer_variants.prediction import PredictionSummary, predict_file
from enhancer_variants.prediction.outputs import format_of
from enhancer_variants.training.metrics import ClassificationMetrics, classification_metrics
from enhancer_variants.training.wandb_run import WandbRun

__all__ = ["label_metrics", "predict_to_wandb"]

_MOST_TABLE_ROWS: Final = 10_000
"""Rows of a table that W&B shows; the artifact's file has all of them."""


def predict_to_wandb(
    model: Model | str | os.PathLike[str],
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None,
    format: str | None = None,  # noqa: A002 (the word users know)
    *,
    project: str | None = None,
    run_name: str | None = None,
    tags: Sequence[str] = (),
    **options: Any,
) -> PredictionSummary:
    """Predict a file into a file, and log the predictions as a run of Weights & Biases.

    The run has the model and the options as its configuration, the counts of sequences and, where
    the input has labels, the metrics and the confusion matrix, and as an artifact every file that
    is written and a table of the first 10,000 predictions. Its own files go to ``wandb/`` beside
    `output`.

    Parameters
    ----------
    model, path, format, options
        As for :func:`~enhancer_variants.prediction.predict_file`.
    output
        File to write.
    project, run_name, tags
        What the run is called there; by default its project is W&B's, and its name that of
        `output`.

    Returns
    -------
    PredictionSummary
        Counts of what was read.

    Raises
    ------
    InputError
        If `output` is no file, or as :func:`~enhancer_variants.prediction.predict_file`.
    ModelError
        As :func:`~enhancer_variants.prediction.predict_file`.
    MissingDependencyError
        If wandb is not installed.

    Examples
    --------
    >>> predict_to_wandb("model", "dev.tsv", "dev_predictions.tsv")  # doctest: +SKIP
    """
    if output is None or is_stream(output):
        raise InputError(
            "predictions that go to Weights & Biases need a file of their own; name it (--output)"
        )
    written_as = format_of(output, format)
    loaded = model if isinstance(model, Model) else load_model(os.fspath(model))
    file = Path(output)
    config = {
        "model": loaded.name,
        "weights_sha256": loaded.weights_sha256,
        "window_length": loaded.window_length,
        "max_seq_length": loaded.max_seq_length,
        "padding": loaded.padding,
        "precision": loaded.precision,
        "input": Path(path).name,
        **{name: value for name, value in options.items() if isinstance(value, str | int | bool)},
    }
    run = WandbRun(
        file.parent,
        job="predict",
        config=config,
        project=project,
        name=run_name or file.name,
        tags=tags,
    )
    with _finished(run):
        summary = predict_file(loaded, path, output, format, **options)
        table = _read(file, written_as)
        run.summarise({"sequences": summary.sequences, "predicted": summary.predicted})
        metrics = label_metrics(loaded, table)
        for name, found in metrics.items():
            _log_metrics(run, found, f"{name}/" if len(metrics) > 1 else "")
        arrays = [Path(options[name]) for name in ("npy", "attention") if options.get(name)]
        shown = table.head(_MOST_TABLE_ROWS).astype(object)
        rows = shown.where(shown.notna(), None).to_numpy().tolist()
        run.keep(
            file.name,
            "predictions",
            {kept.name: kept for kept in (file, *arrays)},
            metadata={**config, "rows": len(table), "rows_in_table": len(rows)},
            tables={"predictions": ([str(name) for name in table.columns], rows)},
        )
    return summary


def label_metrics(model: Model, table: pd.DataFrame) -> dict[str, ClassificationMetrics]:
    """Metrics of predictions whose rows have labels.

    Parameters
    ----------
    model
        The model that predicted them.
    table
        Predictions as :func:`~enhancer_variants.predict_sequences` gives them. A label is the
        number of a class or its name in the model's card; any other counts as none.

    Returns
    -------
    dict
        Metrics by the name of the model's output, with its decision threshold. Empty where no
        predicted row has a label, and for a model of several labels, whose input has but one.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.prediction import predict_sequences
    >>> model = load_model(demo_files().model, "enhancer")
    >>> label_metrics(model, predict_sequences(model, ["ACGT" * 50]))
    {}
    """
    if len(model.output_names) != 1:
        return {}
    (output,) = model.output_names
    labels = _classes(model, table["label"])
    scores = table[f"{output}_log_odds"].to_numpy(np.float64)
    known = ~np.isnan(labels) & ~np.isnan(scores)
    if not known.any():
        return {}
    positive = 1
    if model.card.positive_label is not None:
        positive = model.card.labels.index(model.card.positive_label)
    truth = (labels[known] == positive).astype(np.float64)
    called = (scores[known] > model.decision_threshold).astype(np.float64)
    probabilities = table[f"{output}_prob"].to_numpy(np.float64)[known]
    return {output: classification_metrics(truth, probabilities, called)}


def _classes(model: Model, labels: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Give the number of each row's class; NaN where the label is none of the model's."""
    classes = ("0", "1") if model.card.task == "multi_label" else model.card.labels
    known = {str(number): float(number) for number in range(len(classes))}
    known |= {label: float(number) for number, label in enumerate(classes)}
    text = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in labels]
    return np.array([known.get(label, np.nan) for label in text], dtype=np.float64)


def _log_metrics(run: WandbRun, metrics: ClassificationMetrics, place: str) -> None:
    figures: Mapping[str, Any] = metrics.to_dict()
    run.summarise({place + n: v for n, v in figures.items() if isinstance(v, int | float)})
    run.log_confusion(f"{place}confusion_matrix", metrics.confusion)


def _read(file: Path, written_as: str) -> pd.DataFrame:
    if written_as == "parquet":
        return pd.read_parquet(file)
    separator = "," if written_as == "csv" else "\t"
    compression: Any = "gzip" if written_as.endswith(".gz") else None
    text = {"name": str, "chrom": str, "label": str, "status": str, "status_detail": str}
    return pd.read_csv(file, sep=separator, compression=compression, dtype=text)


@contextlib.contextmanager
def _finished(run: WandbRun) -> Iterator[None]:
    """End a run whatever happens, as a failed one where an error happens."""
    try:
        yield
    except BaseException:
        run.finish(failed=True)
        raise
    run.finish()
