"""Options that several commands share, and the scorer that they ask for."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from enhancer_variants.prediction import PredictionSummary
    from enhancer_variants.runs import Engine
    from enhancer_variants.scorer import VariantScorer

__all__ = [
    "DEVICE_OPTIONS",
    "LONG_RUN_OPTIONS",
    "MODEL_OPTIONS",
    "READING_OPTIONS",
    "REGION_OPTIONS",
    "RUN_OPTIONS",
    "SHARD_OPTIONS",
    "WANDB_OPTIONS",
    "WINDOW_OPTIONS",
    "long_run_of",
    "named_values",
    "predictor_of",
    "scorer_of",
    "scorer_options",
    "warnings_as_lines",
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
        metavar="[NAME=]MODEL",
        multiple=True,
        help="Directory or name of the enhancer model; several need names. Where no model and no "
        "motifs are named: enhancer-mini, tfbs-mini and JASPAR2024, all bundled.",
    ),
    click.option(
        "--tfbs",
        "factors",
        metavar="[NAME=]MODEL",
        multiple=True,
        help="Directory or name of a TFBS model, with the name for its columns, or tfbs-mini "
        "(bundled; labels name its columns). Repeatable.",
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
        help="auto is what 'models check' admitted for the model and device, else fp32.",
    ),
    click.option(
        "--backend",
        type=click.Choice(["auto", "torch", "openvino"]),
        default="auto",
        show_default=True,
        help="What computes the network; auto is what 'models check' admitted, else torch.",
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

WANDB_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--wandb",
        is_flag=True,
        help="Also log the predictions, and their metrics where there are labels, to Weights & "
        "Biases; needs --output.",
    ),
    click.option("--project", metavar="NAME", help="Project of the run there."),
    click.option("--run-name", metavar="NAME", help="Name of the run there."),
    click.option("--tags", metavar="NAMES", help="Tags of the run there, with commas between."),
)
"""Whether and as what predictions are reported."""

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


LONG_RUN_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--run-dir",
        metavar="DIR",
        help="Work in shards that are kept in DIR: the same command goes on with what is left.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        help="Who does the shards: this process (local, the default), or workers of Ray.",
    ),
    click.option(
        "--workers", type=click.IntRange(min=1), metavar="N", help="How many workers; 1 by default."
    ),
    click.option(
        "--gpus-per-worker",
        type=click.FloatRange(min=0),
        metavar="N",
        help="GPUs of each worker; 0 by default, and 0.5 puts two workers on one.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="A Ray cluster that runs already, as host:6379 or auto; else one is begun here.",
    ),
    click.option(
        "--on-oom",
        type=click.Choice(["stop", "shrink"]),
        help="Where memory runs out: stop (the default), or do the shard in smaller batches.",
    ),
)
"""How a run goes that can be gone on with."""

SHARD_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--shard-records",
        type=click.IntRange(min=1),
        metavar="N",
        help="Most records of a shard; 16384 by default, and more where models are many.",
    ),
)
"""The shards of such a run over variants."""

_OF_RAY = ("workers", "gpus_per_worker", "ray_address")
_OF_LONG_RUNS = ("engine", *_OF_RAY, "on_oom", "shard_records")


def with_options(*groups: tuple[_Option, ...]) -> Callable[[_Command], _Command]:
    """Add groups of options to a command, in this order."""

    def added(command: _Command) -> _Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return added


def scorer_of(reference: str, **options: Any) -> VariantScorer:
    """Make the scorer that `MODEL_OPTIONS`, `WINDOW_OPTIONS` and `RUN_OPTIONS` ask for."""
    from enhancer_variants.scorer import VariantScorer

    return VariantScorer(reference, **scorer_options(**options))


def scorer_options(
    *,
    enhancers: Sequence[str],
    factors: Sequence[str],
    factor_folders: Sequence[str],
    quiet: bool,
    **options: Any,
) -> dict[str, Any]:
    """Give these options as :class:`~enhancer_variants.VariantScorer` has them."""
    import pysam

    pysam.set_verbosity(0)  # what htslib finds comes as an exception, and an error is one line
    enhancer = named_values(enhancers, "--enhancer", "enhancer") or None
    tfbs = _factors(factors, factor_folders) or None
    motif_options = _motif_options(options, bundled=enhancer is None and tfbs is None)
    progress = False if quiet else None
    named = {"enhancer": enhancer, "tfbs": tfbs, "motif_options": motif_options}
    return {**named, "progress": progress, **options}


def long_run_of(options: dict[str, Any]) -> dict[str, Any] | None:
    """Take `LONG_RUN_OPTIONS` out of the options; None where no folder is named for a run.

    Otherwise ``run_dir``, ``engine`` and ``on_oom``, and ``shard_records`` where the command has
    `SHARD_OPTIONS`, as :func:`~enhancer_variants.score_run` has them.
    """
    run_dir = options.pop("run_dir")
    given = {name: options.pop(name, None) for name in _OF_LONG_RUNS}
    given = {name: value for name, value in given.items() if value is not None}
    if run_dir is None:
        for name in given:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --run-dir")
        return None
    for_ray = {name: given.pop(name) for name in _OF_RAY if name in given}
    if given.pop("engine", "local") == "ray":
        given["engine"] = _ray_engine(**for_ray)
    elif for_ray:
        raise click.UsageError(f"--{next(iter(for_ray)).replace('_', '-')} needs --engine ray")
    return {"run_dir": run_dir, **given}


def _ray_engine(ray_address: str | None = None, **options: Any) -> Engine:
    from enhancer_variants.runs.ray_engine import RayEngine

    return RayEngine(address=ray_address, **options)


def _factors(factors: Sequence[str], factor_folders: Sequence[str]) -> dict[str, Any]:
    """TFBS models by name: those that are given one, then those that have one of their own."""
    from enhancer_variants.effects import factor_models

    unnamed = [value for value in factors if "=" not in value or Path(value).is_dir()]
    named = named_values([value for value in factors if value not in unnamed], "--tfbs", None)
    found = factor_models([*unnamed, *factor_folders])
    for name in named.keys() & found.keys():
        raise click.UsageError(f"{name} is named by --tfbs and found by --tfbs-dir: name it once")
    return {**named, **found}


def _motif_options(options: dict[str, Any], *, bundled: bool) -> Any:
    """Take what concerns motifs out of the options; None where nothing is said.

    Where no model is named, the bundled motifs are there without ``--motifs``.
    """
    from enhancer_variants.motifs import MotifOptions

    names = {
        "pseudocount": "motif_pseudocount",
        "background": "motif_background",
        "hit": "motif_p_hit",
        "no_hit": "motif_p_no_hit",
        "p_change_of": "motif_p_change_of",
    }
    given = {name: options.pop(option) for name, option in names.items()}
    given = {name: value for name, value in given.items() if value is not None}
    if given and options["motifs"] is None and not bundled:
        raise click.UsageError(f"--{names[next(iter(given))].replace('_', '-')} needs --motifs")
    return MotifOptions(**given) if given else None


def predictor_of(options: dict[str, Any]) -> Callable[..., PredictionSummary]:
    """Take `WANDB_OPTIONS` out of the options, and give the function that does what they ask."""
    from enhancer_variants.prediction import predict_file

    given = {name: options.pop(name) for name in ("project", "run_name", "tags")}
    given = {name: value for name, value in given.items() if value is not None}
    if not options.pop("wandb"):
        for name in given:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --wandb")
        return predict_file
    from enhancer_variants.training import predict_to_wandb

    if "tags" in given:
        given["tags"] = [tag.strip() for tag in given["tags"].split(",")]
    return partial(predict_to_wandb, **given)


def named_values(values: Sequence[str], option: str, default: str | None) -> dict[str, str]:
    """``NAME=MODEL`` options as a dictionary; one value alone may do without a name."""
    named: dict[str, str] = {}
    for value in values:
        name, equals, directory = value.partition("=")
        if not equals or Path(value).is_dir():
            if default is None or len(values) > 1:
                raise click.UsageError(f"{option} {value}: expected NAME={value}")
            name, directory = default, value
        if name in named:
            raise click.UsageError(f"{option} names {name!r} twice")
        named[name] = directory
    return named


@contextlib.contextmanager
def warnings_as_lines(quiet: bool) -> Iterator[None]:
    """Show this package's warnings as one line each on standard error, or not at all."""

    def line(message: Warning | str, *_: Any, **__: Any) -> None:
        if not quiet:
            click.echo(f"warning: {message}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = line
        yield
