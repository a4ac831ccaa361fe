"""The command that pre-trains."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, Literal

import click

from enhancer_variants.cli_options import warnings_as_lines, with_options

__all__ = ["pretrain"]

_Option = Callable[[Any], Any]


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(filter(None, map(str.strip, value.split(","))))


_GENOME_OPTIONS: Final[tuple[_Option, ...]] = (
    click.option(
        "--contigs", metavar="NAMES", callback=_names, help="Only these, separated by commas."
    ),
    click.option(
        "--exclude-contigs",
        "excluded_contigs",
        metavar="NAMES",
        callback=_names,
        default="chr8,chr9,chr20,chr21,chr22",
        show_default=True,
        help="Contigs to leave out, by default those that data sets hold out; '' for none.",
    ),
    click.option(
        "--regions-file",
        "regions",
        metavar="BED",
        multiple=True,
        help="Only bases in these. Repeatable.",
    ),
    click.option(
        "--exclude",
        "excluded",
        metavar="BED",
        multiple=True,
        help="No base in these, as a blacklist or test regions. Repeatable.",
    ),
    click.option(
        "--window",
        type=click.IntRange(1),
        help="Bases of every window; by default half have 510 k-mers, the others 5 to 510.",
    ),
    click.option(
        "--reverse-complement",
        type=click.FloatRange(0, 1),
        default=0.5,
        show_default=True,
        help="Probability that a window is read from the other strand.",
    ),
    click.option(
        "--mask-probability",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.15,
        show_default=True,
        help="About the share of k-mers to guess; they are hidden in spans of k.",
    ),
    click.option(
        "--dev-share",
        type=click.FloatRange(0, 0.5, min_open=True),
        default=0.02,
        show_default=True,
        help="Share of the bases that the model is judged on and never trained on.",
    ),
    click.option(
        "--dev-windows",
        type=click.IntRange(1),
        default=1000,
        show_default=True,
        help="Windows that are drawn from them.",
    ),
)

_NETWORK_OPTIONS: Final[tuple[_Option, ...]] = (
    click.option("--model", metavar="DIR", help="Checkpoint to go on from; else scratch."),
    click.option("-k", "kmer", type=click.IntRange(1, 8), help="From scratch: k. [6]"),
    click.option("--hidden-size", type=click.IntRange(1), help="From scratch: units. [256]"),
    click.option("--layers", type=click.IntRange(1), help="From scratch: layers. [4]"),
    click.option("--heads", type=click.IntRange(1), help="From scratch: attention heads. [4]"),
    click.option(
        "--intermediate-size",
        type=click.IntRange(1),
        help="From scratch: units between the two layers of a perceptron. [1024]",
    ),
    click.option(
        "--positions",
        type=click.IntRange(3),
        help="From scratch: tokens of the longest input. [512]",
    ),
)

_RUN_OPTIONS: Final[tuple[_Option, ...]] = (
    click.option(
        "--epochs",
        type=click.FloatRange(0, min_open=True),
        default=1.0,
        show_default=True,
        help="How often every base is seen on average.",
    ),
    click.option(
        "--max-steps", type=click.IntRange(1), help="Optimizer steps, in place of epochs."
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1),
        default=32,
        show_default=True,
        help="Windows of a pass on each device.",
    ),
    click.option(
        "--gradient-accumulation",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Passes to an optimizer step.",
    ),
    click.option(
        "--learning-rate",
        type=click.FloatRange(0, min_open=True),
        default=4e-4,
        show_default=True,
        help="The largest, behind the warm-up.",
    ),
    click.option(
        "--warmup-share",
        type=click.FloatRange(0, 1),
        default=0.1,
        show_default=True,
        help="Share of the steps in which the learning rate rises.",
    ),
    click.option(
        "--weight-decay",
        type=click.FloatRange(0),
        default=0.01,
        show_default=True,
        help="Of all but biases and layer norms.",
    ),
    click.option(
        "--dropout",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.1,
        show_default=True,
        help="Share of activations that are dropped while training.",
    ),
    click.option(
        "--precision",
        type=click.Choice(["fp32", "bf16", "fp16"]),
        default="fp32",
        show_default=True,
        help="What is multiplied in; bf16 is quicker on recent GPUs.",
    ),
    click.option(
        "--evaluate-every",
        type=click.IntRange(1),
        metavar="STEPS",
        help="Judge and write a checkpoint so often; ten times in all by default.",
    ),
    click.option(
        "--seed", type=click.IntRange(0), default=42, show_default=True, help="Of all chance."
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="What to train on.",
    ),
    click.option("--threads", type=click.IntRange(1), help="Threads of the CPU."),
    click.option(
        "--workers",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Processes that prepare batches.",
    ),
    click.option("--resume", is_flag=True, help="Go on with the run that --output holds."),
    click.option("--quiet", "-q", is_flag=True, help="No progress bar, warnings or summary."),
)

_SIZES: Final = {
    "hidden_size": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "intermediate_size": "intermediate_size",
    "positions": "max_position_embeddings",
}


@click.command()
@click.argument("fasta", metavar="FASTA...", nargs=-1, required=True)
@click.option("--output", "-o", required=True, metavar="DIR", help="Directory of the new encoder.")
@with_options(_GENOME_OPTIONS, _NETWORK_OPTIONS, _RUN_OPTIONS)
def pretrain(
    fasta: tuple[str, ...],
    output: str,
    resume: bool,
    quiet: bool,
    precision: Literal["fp32", "bf16", "fp16"],
    device: Literal["auto", "cpu", "cuda"],
    **options: Any,
) -> None:
    """Pre-train an encoder on the bases of FASTA, without any labels.

    The model learns to guess hidden k-mers from those around them. What comes out is a start for
    finetune --model; it has no classifier, so it cannot score. How well it guesses is told beside
    two that know nothing of DNA: the frequencies of k-mers, and copying from overlapping k-mers.
    """
    from enhancer_variants.training.finetuning import NetworkSizes
    from enhancer_variants.training.pretraining import PretrainConfig
    from enhancer_variants.training.pretraining import pretrain as run

    sizes = {name: options.pop(option) for option, name in _SIZES.items()}
    given = {name: size for name, size in sizes.items() if size is not None}
    config = PretrainConfig(
        fasta=fasta,
        output=output,
        network=NetworkSizes(**given) if given else None,
        precision=precision,
        device=device,
        **options,
    )
    with warnings_as_lines(quiet):
        result = run(config, resume=resume, progress=False if quiet else None)
    if not quiet and os.environ.get("RANK", "0") == "0":
        for name, score in result.metrics.items():
            click.echo(
                f"{name}: perplexity {score['perplexity']:.4g}, accuracy {score['accuracy']:.3f}",
                err=True,
            )
