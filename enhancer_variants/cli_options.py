"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = [
    "DEVICE_OPTIONS",
    "MODEL_OPTIONS",
    "READING_OPTIONS",
    "REGION_OPTIONS",
    "RUN_OPTIONS",
    "WINDOW_OPTIONS",
    "with_options",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Option = Callable[[Any], Any]


def _batch_size(_: click.Context, __: click.Parameter, value: str) -> int | str:
    if value == "auto":
        return value
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise click.BadParameter(f"{value!r} is neither 'auto' nor a number above 0")
    return int(value)


def _background(
    _: click.Context, __: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        return tuple(map(float, value.split(",")))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not four numbers: expected A,C,G,T") from error


MODEL_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--enhancer",
        "enhancers",
        metavar="[NAME=]DIR",
        multiple=True,
        help="Directory of the enhancer model; several need names.",
    ),
    click.option(
        "--tfbs",
        "factors",
        metavar="NAME=DIR",
        multiple=True,
        help="Directory of a TFBS model, with the name for its columns. Repeatable.",
    ),
    click.option(
        "--tfbs-dir",
        "factor_folders",
        metavar="DIR",
        multiple=True,
        help="Folder of TFBS models, or one multi-label model. Repeatable.",
    ),
    click.option(
        "--motifs",
        metavar="SET",
        help="JASPAR2024 (bundled), or a MEME, JASPAR or HOCOMOCO file.",
    ),
    click.option(
        "--motif-pseudocount",
        type=click.FloatRange(min=0),
        metavar="SITES",
        help="Sites added to each position of a motif; 0.8 by default.",
    ),
    click.option(
        "--motif-background",
        metavar="A,C,G,T",
        callback=_background,
        help="Probabilities of the bases outside of motifs; 0.25 each by default.",
    ),
    click.option(
        "--motif-p-hit",
        type=float,
        metavar="P",
        help="An allele has a hit where p is at most this; 1e-4 by default.",
    ),
    click.option(
        "--motif-p-no-hit",
        type=float,
        metavar="P",
        help="An allele surely has none where p is at least this; 1e-3 by default.",
    ),
    click.option(
        "--motif-p-change-of",
        type=click.Choice(["log10_p_ratio", "score_shift"]),
        help="Measure of an SNV's change whose p-value is given; log10_p_ratio by default.",
    ),
    click.option(
        "--agreement-shift",
        type=click.FloatRange(min=0),
        default=1.0,
        show_default=True,
        metavar="LOG2",
        help="Shift from which on a TFBS model can agree with a motif.",
    ),
    click.option(
        "--calibrated",
        is_flag=True,
        help="Add percentile, p and phred from each model's null distribution.",
    ),
    click.option(
        "--wide", is_flag=True, help="All columns of every TFBS model, also of more than 16."
    ),
    click.option("--allow-n", is_flag=True, help="Score windows with N and over contig ends."),
    click.option(
        "--model-memory",
        default="auto",
        show_default=True,
        metavar="SIZE",
        help="Memory that models may take, as 8GB; auto is half of what is free.",
    ),
)
"""Which models and motifs, and what becomes of their results."""

READING_OPTIONS: tuple[_Option, ...] = (
    click.option("--window", type=int, help="Bases a model reads, where its card is silent."),
    click.option(
        "--max-seq-length",
        type=int,
        help="Tokens a model is padded to, where its card is silent.",
    ),
    click.option(
        "--padding",
        type=click.Choice(["dnabert", "none"]),
        help="Whether pads are attended, as in the published DNABERT code.",
    ),
    click.option(
        "--strand",
        type=click.Choice(["forward", "both"]),
        default="forward",
        show_default=True,
        help="Average with the reverse complement.",
    ),
)
"""How a model reads a sequence."""

WINDOW_OPTIONS: tuple[_Option, ...] = (
    *READING_OPTIONS,
    click.option(
        "--anchors",
        type=click.Choice(["left", "both"]),
        default="left",
        show_default=True,
        help="Average with the mirror image of the window rule.",
    ),
    click.option(
        "--shifts",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Average over windows moved by up to so many bases.",
    ),
)
"""Which windows a model reads."""

DEVICE_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "fp16", "bf16"]),
        default="auto",
        show_default=True,
        help="auto is fp32.",
    ),
    click.option(
        "--batch-size",
        callback=_batch_size,
        metavar="N",
        default="auto",
        show_default=True,
        help="Sequences in one pass through the network.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress bar, warnings or summary."),
)
"""What a model runs on."""

RUN_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--ignore-assembly",
        is_flag=True,
        help="Score even if variants and reference look like different builds.",
    ),
    *DEVICE_OPTIONS,
)
"""How a run over variants goes."""

REGION_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--regions",
        metavar="REGION",
        multiple=True,
        help="Only records that overlap chr1:1-1000 (1-based). Repeatable; needs an index.",
    ),
    click.option("--regions-file", metavar="BED", help="Likewise, from a BED file."),
)
"""Which part of the input."""


def with_options(*groups: tuple[_Option, ...]) -> Callable[[_Command], _Command]:
    """Add groups of options to a command, in this order."""

    def added(command: _Command) -> _Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return added
