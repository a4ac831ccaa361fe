"""What a run leaves behind: a model directory with its card, and predictions of dev and test."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
import transformers

from enhancer_variants._version import __version__
from enhancer_variants.errors import ModelError
from enhancer_variants.models import ModelCard, load_model, predict_logits, tokenize, write_card
from enhancer_variants.models.card import CARD_FILE
from enhancer_variants.models.network import to_checkpoint_names
from enhancer_variants.models.saving import MODEL_FILES, write_model
from enhancer_variants.training.finetuning.config import FinetuneConfig
from enhancer_variants.training.finetuning.data import LabelledSplit, middle
from enhancer_variants.training.finetuning.measures import Measures, best_threshold
from enhancer_variants.training.finetuning.starting_point import StartingPoint

__all__ = ["SavedModel", "model_card", "prediction_file", "run_provenance", "save_model"]

_NOT_IN_PROVENANCE: Final = (
    *("train", "dev", "test", "model", "output", "name", "network", "labels", "positive_label"),
    *("report_to", "project", "run_name", "tags", "logging_steps", "save_total_limit"),
    *("keep_checkpoints", "licence", "citation", "notes", "device", "threads", "workers"),
)
"""Fields that name files and reports, say how a run goes, or stand elsewhere in the card."""

_OF_LABEL_IN_CARD: Final = ("rows", "auroc", "auprc", "mcc")
"""Metrics that the card has of each label; a card has room for a thousand labels."""

Logits = npt.NDArray[np.float32]


def run_provenance(
    config: FinetuneConfig,
    start: StartingPoint,
    splits: Mapping[str, LabelledSplit],
    processes: int,
) -> dict[str, Any]:
    """Say what a model is made from: nothing that differs between equal runs, and no path.

    Parameters
    ----------
    config
        The run.
    start
        What it starts from.
    splits
        Its sequences.
    processes
        Processes that train together.

    Returns
    -------
    dict
        JSON values: `versions`, `start`, `recipe`, and `data` with base name, checksum and number
        of sequences of each file.
    """
    fields = {k: v for k, v in asdict(config).items() if k not in _NOT_IN_PROVENANCE}
    fields["window_length"] = start.window_length
    if isinstance(config.class_weights, tuple):
        fields["class_weights"] = list(config.class_weights)
    return {
        "versions": {
            "enhancer_variants": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "start": start.provenance,
        "recipe": {**fields, "processes": processes},
        "data": {
            name: {
                **split.source,
                "sequences": len(split.sequences),
                "without_labels": split.left_out,
            }
            for name, split in splits.items()
        },
    }


def model_card(config: FinetuneConfig, start: StartingPoint) -> ModelCard:
    """Make the card of the model that a run is to come to, without what is known at its end only.

    Parameters
    ----------
    config
        The run.
    start
        What it starts from; its licence and citation hold unless the run names others.

    Raises
    ------
    CheckpointError
        If a name or a label is none that a card can have.
    """
    before = start.card
    return ModelCard(
        name=config.name or Path(config.output).resolve().name,
        task=config.task,
        labels=start.labels,
        positive_label=start.positive_label,
        window_length=start.window_length,
        kmer=start.vocabulary.k,
        max_seq_length=config.max_seq_length,
        padding=config.padding,
        licence=config.licence or (before.licence if before else None),
        citation=config.citation or (before.citation if before else None),
        notes=config.notes,
    )


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model that was written.

    Attributes
    ----------
    card
        Its card.
    metrics
        Metrics by split, computed in float32 by the model as it is in its directory.
    """

    card: ModelCard
    metrics: dict[str, dict[str, float]]


def save_model(
    config: FinetuneConfig,
    start: StartingPoint,
    splits: Mapping[str, LabelledSplit],
    measures: Measures,
    card: ModelCard,
) -> SavedModel:
    """Write the model directory of a run that is done.

    Parameters
    ----------
    config
        The run; its output holds the model afterwards.
    start
        What it started from, its network trained.
    splits
        Its sequences; dev and test are predicted.
    measures
        How predictions are judged.
    card
        Card with the provenance of the weights.

    Returns
    -------
    SavedModel
        Its card and metrics. The directory is complete as soon as it has ``model.safetensors``.

    Raises
    ------
    ModelError
        If the weights are not finite: training diverged.
    OSError
        If the directory cannot be written to.
    """
    output = Path(config.output)
    unfinished = output / ".unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        network = start.network
        tensors = to_checkpoint_names(network.state_dict(), network.config.num_hidden_layers)
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            raise ModelError(
                "weights are no finite numbers: the run has diverged, which a smaller "
                "learning_rate prevents"
            )
        card = write_model(unfinished, network.config, tensors, start.vocabulary, card)
        logits = _logits(unfinished, config, splits)
        measures = replace(measures, threshold=_threshold(config, measures, splits, logits))
        metrics = {name: measures.of(logits[name], splits[name].targets) for name in logits}
        for name, predicted in logits.items():
            log_odds = measures.log_odds(predicted)
            _write_predictions(unfinished / prediction_file(name), splits[name], log_odds, measures)
        provenance: dict[str, Any] = {**card.training, "metrics": _as_json(metrics)}
        card = replace(card, decision_threshold=measures.threshold, training=provenance)
        write_card(card, unfinished / CARD_FILE)
        for name in (*map(prediction_file, logits), *MODEL_FILES):
            (unfinished / name).replace(output / name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return SavedModel(card, metrics)


def prediction_file(split: str) -> str:
    """Name of the table of a split's predictions, in the model directory.

    >>> prediction_file("dev")
    'dev_predictions.tsv'
    """
    return f"{split}_predictions.tsv"


def _logits(
    directory: Path, config: FinetuneConfig, splits: Mapping[str, LabelledSplit]
) -> dict[str, Logits]:
    model = load_model(directory, device="cpu" if config.device == "cpu" else "auto")
    logits = {}
    for name in ("dev", "test"):
        if name in splits:
            windows = [middle(s, model.window_length) for s in splits[name].sequences]
            logits[name] = predict_logits(model, tokenize(windows, model.vocabulary))
    return logits


def _threshold(
    config: FinetuneConfig,
    measures: Measures,
    splits: Mapping[str, LabelledSplit],
    logits: Mapping[str, Logits],
) -> float:
    """Log2 odds at which the call changes: as the run says, or where MCC on dev is largest."""
    if config.threshold != "mcc":
        return float(config.threshold)
    positive = measures.labels.index(measures.positive_label or "")
    log_odds = measures.log_odds(logits["dev"])[:, 0]
    return best_threshold(log_odds, splits["dev"].targets == positive)


def _write_predictions(
    path: Path, split: LabelledSplit, log_odds: npt.NDArray[np.float64], measures: Measures
) -> None:
    """Write a row for each sequence: its label and log2 odds, or those of each label."""
    several = measures.task == "multi_label"
    names = measures.labels if several else ("",)
    header = [f"{name}_{what}".lstrip("_") for name in names for what in ("label", "log_odds")]
    targets = split.targets if several else split.targets[:, None]
    with path.open("w", encoding="utf-8") as table:
        table.write("\t".join(header) + "\n")
        for truth, said in zip(targets.tolist(), log_odds.tolist(), strict=True):
            cells = [
                cell
                for label, odds in zip(truth, said, strict=True)
                for cell in ("" if math.isnan(label) else f"{label:g}", f"{odds:.6g}")
            ]
            table.write("\t".join(cells) + "\n")


def _as_json(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """Metrics as the card has them: to seven digits; what is not defined is null."""
    return {
        split: {
            name: None if math.isnan(value) else float(f"{value:.7g}")
            for name, value in figures.items()
            if "/" not in name or name.rsplit("/", 1)[1] in _OF_LABEL_IN_CARD
        }
        for split, figures in metrics.items()
    }
