"""The command line: every command is one library call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from enhancer_variants._version import __version__
from enhancer_variants.errors import EnhancerVariantsError

__all__ = ["cli", "main"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_INTERRUPTED, _TERMINATED, _PIPE_CLOSED = 130, 143, 141
"""Exit statuses as shells give them: 128 and the number of the signal."""


class _Terminated(BaseException):
    """SIGTERM, as an exception, so that temporary files go before the process does."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="enhancer-variants")
def cli() -> None:
    """Which variants change an enhancer, and in which direction.

    For every allele of a VCF: how much a DNABERT enhancer model, and any number of TFBS models,
    change their mind from REF to ALT, as a log-odds shift in log2 units. Above 0, the ALT gains.

    For research, not for clinical use.
    """


def _batch_size(_: click.Context, __: click.Parameter, value: str) -> int | str:
    if value == "auto":
        return value
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise click.BadParameter(f"{value!r} is neither 'auto' nor a number above 0")
    return int(value)


_SCORING_OPTIONS = (
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
    click.option("--allow-n", is_flag=True, help="Score windows with N and over contig ends."),
    click.option(
        "--ignore-assembly",
        is_flag=True,
        help="Score even if variants and reference look like different builds.",
    ),
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


def scoring_options(command: _Command) -> _Command:
    """Add the options that every scoring command has."""
    for option in reversed(_SCORING_OPTIONS):
        command = option(command)
    return command


@cli.command()
@click.argument("variants", metavar="IN")
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option("--output", "-o", metavar="OUT", help="File to write; standard output otherwise.")
@click.option(
    "--output-format",
    metavar="FORMAT",
    help="vcf, vcf.gz, bcf, tsv, tsv.gz or parquet; by default OUT's ending says it.",
)
@click.option(
    "--regions",
    metavar="REGION",
    multiple=True,
    help="Only records that overlap chr1:1-1000 (1-based). Repeatable; needs an index.",
)
@click.option("--regions-file", metavar="BED", help="Likewise, from a BED file.")
@click.option("--overwrite-info", is_flag=True, help="Replace EV_ keys that the input has.")
@scoring_options
def score(
    variants: str,
    reference: str,
    output: str | None,
    output_format: str | None,
    regions: tuple[str, ...],
    regions_file: str | None,
    overwrite_info: bool,
    **options: Any,
) -> None:
    """Score every ALT allele of IN: a VCF, BCF, TSV or CSV, or - for standard input."""
    with _warnings_as_lines(options["quiet"]):
        scorer = _scorer(reference, **options)
        summary = scorer.annotate(
            variants,
            output,
            output_format,
            regions=regions or None,
            regions_file=regions_file,
            overwrite_info=overwrite_info,
        )
    if not options["quiet"]:
        click.echo(str(summary), err=True)


def _scorer(
    reference: str, *, enhancers: Sequence[str], factors: Sequence[str], quiet: bool, **options: Any
) -> Any:
    import pysam

    from enhancer_variants.scorer import VariantScorer

    pysam.set_verbosity(0)  # what htslib finds comes as an exception, and an error is one line
    enhancer = _named(enhancers, "--enhancer", "enhancer")
    return VariantScorer(
        reference,
        enhancer=enhancer or None,
        tfbs=_named(factors, "--tfbs", None) or None,
        progress=False if quiet else None,
        **options,
    )


def _named(values: Sequence[str], option: str, default: str | None) -> dict[str, str]:
    """``NAME=DIR`` options as a dictionary; one value alone may do without a name."""
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


@cli.command()
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also put the example files and the scored VCF there.",
)
def demo(output: Path | None) -> None:
    """Score bundled example data, to see what comes out."""
    from enhancer_variants.demo import demo_files, demo_report

    files = demo_files() if output is None else demo_files().copied_to(output)
    with _warnings_as_lines(quiet=False):
        table, summary = demo_report(files, output)
    click.echo(table)
    click.echo(str(summary), err=True)
    click.echo(
        "These numbers mean nothing: the example's model has random weights. "
        "For research, not for clinical use.",
        err=True,
    )


@cli.group()
def models() -> None:
    """Look at model directories and convert them."""


@models.command("show")
@click.argument("directory")
def show_model(directory: str) -> None:
    """Print what DIRECTORY holds, as JSON: card, architecture, checksum, assumptions."""
    from enhancer_variants.models import describe_model

    click.echo(json.dumps(describe_model(directory), indent=1))


@models.command("convert")
@click.argument("source")
@click.argument("destination")
@click.option("--name", help="Name for the card; the directory's otherwise.")
@click.option("--window", type=int, help="Bases the model reads.")
@click.option("--max-seq-length", type=int, help="Tokens the model is padded to.")
@click.option("--padding", type=click.Choice(["dnabert", "none"]), help="How pads are treated.")
@click.option("--positive-label", help="Label whose log odds are reported.")
@click.option("--licence", help="Licence of the weights.")
@click.option("--citation", help="What to cite for the weights.")
@click.option("--notes", help="What else a user should know; goes to the provenance.")
def convert_model(source: str, destination: str, **options: Any) -> None:
    """Write the checkpoint in SOURCE to DESTINATION as safetensors with a model card."""
    from enhancer_variants.models import convert_checkpoint

    card = convert_checkpoint(source, destination, **options)
    click.echo(f"{destination}: {card.name}, sha256 {card.weights_sha256}", err=True)


@contextlib.contextmanager
def _warnings_as_lines(quiet: bool) -> Iterator[None]:
    """Show this package's warnings as one line each on standard error, or not at all."""

    def line(message: Warning | str, *_: Any, **__: Any) -> None:
        if not quiet:
            click.echo(f"warning: {message}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = line
        yield


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 well, 1 an error, 2 a usage error, 130 and 143 signals.

    Parameters
    ----------
    arguments
        In place of ``sys.argv[1:]``.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        # Not cli.main(): it ends the process with 1 itself when standard output is closed.
        given = list(sys.argv[1:] if arguments is None else arguments)
        with cli.make_context("enhancer-variants", given) as context:
            cli.invoke(context)
        status = 0
    except click.exceptions.Exit as request:
        status = request.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except BrokenPipeError:
        # Whoever read standard output is gone: say nothing, also when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _PIPE_CLOSED
    except (EnhancerVariantsError, OSError) as error:
        click.echo(f"enhancer-variants: error: {_one_line(error)}", err=True)
        status = 1
    except (KeyboardInterrupt, click.Abort):
        status = _INTERRUPTED
    except _Terminated:
        status = _TERMINATED
    sys.exit(status)


def _terminate(*_: Any) -> NoReturn:
    raise _Terminated


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
