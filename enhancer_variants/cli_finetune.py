"""The command that fine-tunes a model."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from enhancer_variants.cli_options import warnings_as_lines, with_options
from enhancer_variants.cli_sweep import SWEEP_OPTIONS, run_sweep, take_sweep_options
from enhancer_variants.errors import InputError

if TYPE_CHECKING:
    from enhancer_variants.training import FinetuneConfig, FinetuneResult

__all__ = ["FINETUNE_OPTIONS", "finetune", "finetune_config"]

_Option = Callable[[Any], Any]

_SIZES: Final = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)


def _names(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",")]


def _number_or(word: str, kind: type[int] | type[float]) -> Callable[..., Any]:
    """Read a number, or one word that stands for a rule."""

    def read(_: click.Context, __: click.Parameter, value: str | None) -> Any:
        if value is None or value == word:
            return value
        try:
            return kind(value)
        except ValueError as error:
            raise click.BadParameter(f"{value!r} is neither {word!r} nor a number") from error

    return read


def _class_weights(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    if value is None or value == "balanced":
        return value
    try:
        return [float(number) for number in value.split(",")]
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is neither 'balanced' nor numbers with commas between"
        ) from error


def _option(flag: str, field: str, text: str, **more: Any) -> _Option:
    """Make an option of a field of FinetuneConfig; where it is not given, the field is not."""
    return click.option(flag, field, default=None, help=text, **more)


_FILES: tuple[_Option, ...] = (
    _option("--dev", "dev", "Sequences to choose the best weights by.", metavar="FILE"),
    _option("--test", "test", "Sequences to report on at the end.", metavar="FILE"),
    _option("--name", "name", "Name for the model's card; OUT's by default.", metavar="NAME"),
    _option("--licence", "licence", "Licence for the card.", metavar="TEXT"),
    _option("--citation", "citation", "What to cite, for the card.", metavar="TEXT"),
    _option("--notes", "notes", "What else a user should know, for the card.", metavar="TEXT"),
)
_START: tuple[_Option, ...] = (
    _option(
        "--model",
        "model",
        "DNABERT checkpoint to start from, of any layout; none: from scratch.",
        metavar="DIR",
    ),
    _option("-k", "kmer", "From scratch: length of the k-mers. [6]", type=int),
    _option("--layers", "num_hidden_layers", "From scratch: layers. [4]", type=int),
    _option("--hidden-size", "hidden_size", "From scratch: width. [256]", type=int),
    _option("--heads", "num_attention_heads", "From scratch: attention heads. [4]", type=int),
    _option(
        "--intermediate-size",
        "intermediate_size",
        "From scratch: width of the layers' perceptrons. [1024]",
        type=int,
    ),
    _option(
        "--positions",
        "max_position_embeddings",
        "From scratch: tokens of the longest input. [512]",
        type=int,
    ),
)
_LABELS: tuple[_Option, ...] = (
    _option(
        "--task",
        "task",
        "One class each, or 0 and 1 in a column for each label. [single_label]",
        type=click.Choice(["single_label", "multi_label"]),
    ),
    _option(
        "--labels",
        "labels",
        "Names of class 0, 1, ..., or the columns to train, with commas between.",
        callback=_names,
        metavar="NAMES",
    ),
    _option(
        "--positive-label",
        "positive_label",
        "Of three or more classes, the one whose log-odds are reported.",
        metavar="NAME",
    ),
    _option(
        "--threshold",
        "threshold",
        "Log2 odds at which the call changes, or mcc: where MCC on dev is largest. [0]",
        callback=_number_or("mcc", float),
        metavar="LOG2|mcc",
    ),
    _option(
        "--class-weights",
        "class_weights",
        "balanced, or a number for each class: what a class counts in the loss.",
        callback=_class_weights,
        metavar="balanced|W,W",
    ),
)
_READING: tuple[_Option, ...] = (
    _option(
        "--window",
        "window_length",
        "Bases the model reads; longer sequences are cropped to their middle.",
        type=int,
    ),
    _option("--max-seq-length", "max_seq_length", "Tokens that input is padded to.", type=int),
    _option(
        "--padding",
        "padding",
        "Whether pads are attended, as in the published DNABERT code. [none]",
        type=click.Choice(["none", "dnabert"]),
    ),
    _option(
        "--reverse-complement",
        "reverse_complement",
        "Probability with which a training sequence is turned around. [0]",
        type=float,
        metavar="P",
    ),
    _option(
        "--shift",
        "shift",
        "Move a training window by up to so many bases, within its sequence. [0]",
        type=int,
        metavar="BASES",
    ),
)
_OPTIMIZATION: tuple[_Option, ...] = (
    _option(
        "--optimizer",
        "optimizer",
        "AdamW of torch, or that of the published DNABERT code. [adamw]",
        type=click.Choice(["adamw", "dnabert"]),
    ),
    _option("--learning-rate", "learning_rate", "Largest learning rate. [3e-5]", type=float),
    _option(
        "--warmup-share",
        "warmup_share",
        "Share of the steps in which it rises, before it falls to 0. [0.1]",
        type=float,
    ),
    _option(
        "--weight-decay",
        "weight_decay",
        "Decay of all weights but biases and layer norms. [0.01]",
        type=float,
    ),
    _option(
        "--gradient-clip", "gradient_clip", "Largest norm of a step's gradient. [1]", type=float
    ),
    _option("--epochs", "epochs", "Passes over the training sequences. [3]", type=float),
    _option("--max-steps", "max_steps", "Optimizer steps, in place of epochs.", type=int),
    _option("--batch-size", "batch_size", "Sequences in a pass on each device. [32]", type=int),
    _option(
        "--gradient-accumulation",
        "gradient_accumulation",
        "Passes to an optimizer step. [1]",
        type=int,
    ),
    _option("--dropout", "dropout", "Share of activations that are dropped. [0.1]", type=float),
    _option(
        "--precision",
        "precision",
        "bf16 and fp16 are quicker on GPUs. [fp32]",
        type=click.Choice(["fp32", "bf16", "fp16"]),
    ),
    _option("--seed", "seed", "Seed of everything that is drawn. [42]", type=int),
)
_CHOOSING: tuple[_Option, ...] = (
    _option(
        "--best-by",
        "best_by",
        "Metric of dev by which weights are kept; last: those of the last step. [mcc]",
        type=click.Choice(["mcc", "auroc", "auprc", "f1", "accuracy", "loss", "last"]),
    ),
    _option(
        "--early-stopping",
        "early_stopping",
        "Stop after so many evaluations that bring nothing better.",
        type=int,
        metavar="N",
    ),
    _option(
        "--evaluate-every",
        "evaluate_every",
        "epoch, or optimizer steps, from one evaluation and checkpoint to the next. [epoch]",
        callback=_number_or("epoch", int),
        metavar="epoch|N",
    ),
    _option(
        "--save-total-limit",
        "save_total_limit",
        "Checkpoints kept at once, beside the best. [1]",
        type=int,
    ),
    _option(
        "--keep-checkpoints",
        "keep_checkpoints",
        "Keep them when the model is written, too.",
        is_flag=True,
    ),
)
_REPORTING: tuple[_Option, ...] = (
    _option(
        "--report-to",
        "report_to",
        "wandb, tensorboard, or both with a comma between; nothing by default.",
        callback=_names,
        metavar="NAMES",
    ),
    _option("--project", "project", "Project of the run there.", metavar="NAME"),
    _option("--run-name", "run_name", "Name of the run there.", metavar="NAME"),
    _option("--tags", "tags", "Tags of the run there.", callback=_names, metavar="NAMES"),
    _option(
        "--logging-steps",
        "logging_steps",
        "Optimizer steps from one logged loss to the next. [50]",
        type=int,
    ),
)
_MACHINE: tuple[_Option, ...] = (
    _option(
        "--device",
        "device",
        "auto is a GPU where there is one. [auto]",
        type=click.Choice(["auto", "cpu", "cuda"]),
    ),
    _option("--threads", "threads", "Threads of the CPU.", type=int),
    _option("--workers", "workers", "Further processes that prepare batches. [0]", type=int),
)
FINETUNE_OPTIONS: tuple[_Option, ...] = (
    *(*_FILES, *_START, *_LABELS, *_READING),
    *(*_OPTIMIZATION, *_CHOOSING, *_REPORTING, *_MACHINE),
)
"""An option for each field of FinetuneConfig but train and output; None where it is not given."""


@click.command()
@click.argument("train", metavar="[TRAIN]", required=False)
@click.option("--output", "-o", metavar="OUT", help="Directory of the model to be made.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="JSON with fields of FinetuneConfig; options given beside it count more.",
)
@with_options(FINETUNE_OPTIONS, SWEEP_OPTIONS)
@click.option("--resume", is_flag=True, help="Go on with the run in OUT from its last checkpoint.")
@click.option("--overwrite", is_flag=True, help="Replace the run in OUT.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar, warnings or summary.")
def finetune(
    train: str | None,
    output: str | None,
    config_file: str | None,
    resume: bool,
    overwrite: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Fine-tune a DNABERT classifier on TRAIN, and write it to OUT, ready for score.

    TRAIN is a folder as dataset makes it, or a k-mer TSV, FASTA, CSV or TSV with a label for each
    sequence, with --dev FILE beside it. With several GPUs: torchrun --nproc-per-node N -m
    enhancer_variants finetune ...
    """
    from enhancer_variants.training import finetune as train_model

    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite: expected one or the other")
    sweep = take_sweep_options(options)
    if sweep and overwrite:
        raise click.UsageError("--overwrite and --sweep: a sweep goes on; name another folder")
    config = finetune_config(config_file, {"train": train, "output": output, **options})
    if sweep:
        with warnings_as_lines(quiet):
            run_sweep(config, sweep, quiet=quiet)
        return
    with warnings_as_lines(quiet):
        result = train_model(
            config, resume=resume, overwrite=overwrite, progress=False if quiet else None
        )
    if not quiet and os.environ.get("RANK", "0") == "0":
        click.echo(_summary(config, result), err=True)


def finetune_config(config_file: str | None, options: Mapping[str, Any]) -> FinetuneConfig:
    """Put a configuration together from a file and options, of which None says nothing.

    Parameters
    ----------
    config_file
        JSON with fields of FinetuneConfig, or None.
    options
        Values of :data:`FINETUNE_OPTIONS`, and train and output, by their names.

    Raises
    ------
    click.UsageError
        If there is no training data, or no output.
    InputError
        If the file is none, or a value is none that its field can have.
    """
    from enhancer_variants.training import FinetuneConfig

    fields_given: dict[str, Any] = {}
    if config_file is not None:
        fields_given = _fields_of_file(config_file)
    given = {name: value for name, value in options.items() if value is not None}
    sizes = {item: given.pop(item) for item in _SIZES if item in given}
    network = fields_given.get("network") or {}
    if sizes and isinstance(network, dict):  # what it is instead is refused with the others
        given["network"] = {**network, **sizes}
    fields_given |= given
    for name, argument in (("train", "TRAIN"), ("output", "--output")):
        if name not in fields_given:
            raise click.UsageError(f"Missing {argument}, which --config names neither")
    return FinetuneConfig.from_mapping(fields_given)


def _fields_of_file(config_file: str) -> dict[str, Any]:
    try:
        content = json.loads(Path(config_file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{config_file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{config_file}: is no JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f'{config_file}: is no JSON object; expected {{"train": ...}}')
    return content


def _summary(config: FinetuneConfig, result: FinetuneResult) -> str:
    """One line for each split: what is known of the model that was written."""
    chosen = f" (best {config.best_by})" if config.best_by != "last" else ""
    lines = [f"{result.directory}: weights of step {result.best_step}{chosen}"]
    for split, metrics in result.metrics.items():
        figures = ", ".join(
            f"{name} {metrics[key]:.4f}"
            for key, name in (("auroc", "AUROC"), ("auprc", "AUPRC"), ("mcc", "MCC"))
            if not math.isnan(metrics[key])
        )
        lines.append(f"{split}: {figures}")
    return "\n".join(lines)
