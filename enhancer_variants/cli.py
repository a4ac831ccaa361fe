"""The command line: every command is one library call."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import click

from enhancer_variants._version import __version__
from enhancer_variants.cli_compare import compare
from enhancer_variants.cli_evaluate import evaluate
from enhancer_variants.cli_finetune import finetune
from enhancer_variants.cli_gwas import gwas
from enhancer_variants.cli_models import models
from enhancer_variants.cli_options import (
    DEVICE_OPTIONS,
    LONG_RUN_OPTIONS,
    MODEL_OPTIONS,
    READING_OPTIONS,
    REGION_OPTIONS,
    RUN_OPTIONS,
    SHARD_OPTIONS,
    WANDB_OPTIONS,
    WINDOW_OPTIONS,
    long_run_of,
    named_values,
    predictor_of,
    scorer_of,
    scorer_options,
    warnings_as_lines,
    with_options,
)
from enhancer_variants.cli_pretrain import pretrain
from enhancer_variants.cli_report import asks_for_report, report, score_into_report
from enhancer_variants.cli_scan import scan
from enhancer_variants.cli_training import dataset
from enhancer_variants.errors import EnhancerVariantsError

__all__ = ["cli", "main"]

_INTERRUPTED, _PIPE_CLOSED = 130, 141
"""Exit statuses as shells give them: 128 and the number of the signal."""


class _Terminated(BaseException):
    """A signal, as an exception, so that temporary files go before the process does."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="enhancer-variants")
def cli() -> None:
    """Which variants change an enhancer, and in which direction.

    For every allele of a VCF: how much a DNABERT enhancer model, and any number of TFBS models,
    change their mind from REF to ALT, as a log-odds shift in log2 units. Above 0, the ALT gains.

    For research, not for clinical use.
    """


@cli.command()
@click.argument("variants", metavar="IN")
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option("--output", "-o", metavar="OUT", help="File to write; standard output otherwise.")
@click.option(
    "--output-format",
    metavar="FORMAT",
    help="vcf, vcf.gz, bcf, tsv, tsv.gz, parquet or html; by default OUT's ending says it.",
)
@with_options(REGION_OPTIONS)
@click.option(
    "--tfbs-table",
    metavar="PARQUET",
    help="Also a row for each allele and TFBS model; OUT.tfbs.parquet where there are many.",
)
@click.option(
    "--motif-hits",
    metavar="PARQUET",
    help="Also a row for each allele and motif with a hit in REF or ALT.",
)
@click.option("--overwrite-info", is_flag=True, help="Replace EV_ keys that the input has.")
@with_options(MODEL_OPTIONS, WINDOW_OPTIONS, RUN_OPTIONS, LONG_RUN_OPTIONS, SHARD_OPTIONS)
def score(
    variants: str,
    reference: str,
    output: str | None,
    output_format: str | None,
    regions: tuple[str, ...],
    regions_file: str | None,
    tfbs_table: str | None,
    motif_hits: str | None,
    overwrite_info: bool,
    **options: Any,
) -> None:
    """Score every ALT allele of IN: a VCF, BCF, TSV or CSV, or - for standard input.

    With OUT.html the effects become a report: one page that opens offline. With --run-dir and
    without OUT they stay in DIR, as a Parquet data set.
    """
    long_run, quiet = long_run_of(options), options["quiet"]
    asked: dict[str, Any] = {"regions": regions or None, "regions_file": regions_file}
    asked |= {"tfbs_table": tfbs_table, "motif_hits": motif_hits, "overwrite_info": overwrite_info}
    as_report = asks_for_report(output, output_format)
    if long_run and as_report:
        raise click.UsageError("a page is not made in shards: give OUT to 'report' afterwards")
    with warnings_as_lines(quiet):
        if long_run:
            from enhancer_variants.scoring_run import score_run

            asked |= {**scorer_options(**options), **long_run}
            summary = score_run(variants, reference, output, output_format, **asked)
        elif as_report:
            summary = score_into_report(scorer_of(reference, **options), variants, output, **asked)
        else:
            scorer = scorer_of(reference, **options)
            summary = scorer.annotate(variants, output, output_format, **asked)
    if not quiet:
        click.echo(str(summary), err=True)


@cli.command()
@click.argument("sequences", metavar="SEQS")
@click.option(
    "--model",
    "-m",
    metavar="[NAME=]MODEL",
    default="enhancer-mini",
    show_default=True,
    help="Directory or name of a model.",
)
@click.option("--output", "-o", metavar="OUT", help="File to write; standard output otherwise.")
@click.option(
    "--output-format",
    metavar="FORMAT",
    help="tsv, tsv.gz, csv or parquet; by default OUT's ending says it, and tsv without one.",
)
@click.option("--reference", "-r", metavar="FA", help="FASTA of the genome, where SEQS is a BED.")
@click.option(
    "--bed-window",
    type=click.Choice(["centred", "interval"]),
    default="centred",
    show_default=True,
    help="Read the model's window around a BED line's middle, or the line's own bases.",
)
@click.option("--npy", metavar="FILE", help="Also P(class 1) as DNABERT's pred_results.npy.")
@click.option("--attention", metavar="FILE", help="Also attention per base as DNABERT's atten.npy.")
@click.option("--allow-n", is_flag=True, help="Predict sequences with N and other letters.")
@click.option(
    "--truncate",
    is_flag=True,
    help="Read only the first bases of what is too long, as DNABERT does silently.",
)
@with_options(READING_OPTIONS, WANDB_OPTIONS, DEVICE_OPTIONS)
def predict(
    sequences: str,
    model: str,
    output: str | None,
    output_format: str | None,
    window: int | None,
    max_seq_length: int | None,
    padding: Literal["dnabert", "none"] | None,
    device: str,
    precision: Literal["auto", "fp32", "fp16", "bf16"],
    backend: Literal["auto", "torch", "openvino"],
    quiet: bool,
    **options: Any,
) -> None:
    """Predict every sequence of SEQS: FASTA, CSV, TSV, k-mer TSV, BED, or - for standard input.

    One row for each, in order, with the probability and the log2 odds of the positive class; a
    sequence that the model cannot read has a status that says why. Nothing is cut unless asked.
    """
    from enhancer_variants.models import load_model

    predict_file = predictor_of(options)
    ((name, directory),) = named_values([model], "--model", "").items()
    with warnings_as_lines(quiet):
        loaded = load_model(
            directory,
            name or None,
            window=window,
            max_seq_length=max_seq_length,
            padding=padding,
            device=device,
            precision=precision,
            backend=backend,
        )
        progress = False if quiet else None
        summary = predict_file(
            loaded, sequences, output, output_format, progress=progress, **options
        )
    if not quiet:
        click.echo(str(summary), err=True)


@cli.command()
@click.argument("variants", metavar="VARIANT...", nargs=-1, required=True)
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option(
    "--output",
    "-o",
    required=True,
    metavar="DIR",
    help="Folder for the tables and pictures; made where it is absent.",
)
@click.option(
    "--model",
    "outputs",
    metavar="NAME",
    multiple=True,
    help="Explain only this model, or this label of one. Repeatable.",
)
@click.option(
    "--method",
    type=click.Choice(["exact", "gradient"]),
    default="exact",
    show_default=True,
    help="Read every changed sequence, or approximate all changes from one gradient.",
)
@click.option("--no-pictures", is_flag=True, help="Tables only; needs no plotting library.")
@with_options(MODEL_OPTIONS, WINDOW_OPTIONS, RUN_OPTIONS)
def explain(
    variants: tuple[str, ...],
    reference: str,
    output: str,
    outputs: tuple[str, ...],
    method: Literal["exact", "gradient"],
    no_pictures: bool,
    **options: Any,
) -> None:
    """Explain VARIANT (as chr1:1000:A:T, or a VCF): saturation mutagenesis and attention.

    Every base of the REF and of the ALT window is changed to every other one; beside the numbers
    stand a picture for each allele and model and, with --motifs, the motif hits that the allele
    changes. The gradient method is quick and may be far from the exact one.
    """
    from enhancer_variants.effects import is_file, is_variant_source
    from enhancer_variants.reports import explain_into_folder

    file = len(variants) == 1 and is_file(variants[0])
    if not file and all(map(is_variant_source, variants)):
        raise click.UsageError(f"{variants[0]} is neither a file nor a variant, as chr1:1000:A:T")
    with warnings_as_lines(options["quiet"]):
        summary = explain_into_folder(
            scorer_of(reference, **options),
            Path(variants[0]) if file else variants,
            output,
            models=outputs or None,
            method=method,
            pictures=not no_pictures,
        )
    if not options["quiet"]:
        click.echo(f"{summary}; see {output}", err=True)


@cli.command()
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also put the example files and the scored VCF there.",
)
def demo(output: Path | None) -> None:
    """Score bundled example data with the bundled models, to see what comes out."""
    from enhancer_variants.demo import demo_files, demo_report

    files = demo_files() if output is None else demo_files().copied_to(output)
    with warnings_as_lines(quiet=False):
        table, summary = demo_report(files, output)
    click.echo(table)
    click.echo(str(summary), err=True)
    click.echo(
        "The genome and its variants are made up: the numbers only illustrate what comes out. "
        "For research, not for clinical use.",
        err=True,
    )


cli.add_command(compare)
cli.add_command(dataset)
cli.add_command(pretrain)
cli.add_command(evaluate)
cli.add_command(finetune)
cli.add_command(gwas)
cli.add_command(models)
cli.add_command(report)
cli.add_command(scan)


@cli.command("add-q")
@click.argument("effects", metavar="IN")
@click.option("--output", "-o", metavar="OUT", help="File to write; IN itself is replaced else.")
def add_q_values(effects: str, output: str | None) -> None:
    """Add q-values to IN, a finished file of effects that was scored with --calibrated.

    q is the smallest false discovery rate (Benjamini-Hochberg, over all alleles of IN) at which an
    allele is called; it stands behind p. OUT has the format of IN. Index IN again afterwards.
    """
    from enhancer_variants.io import add_q

    add_q(effects, output)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 well, 1 an error, 2 a usage error, 128 + n by signal n.

    Parameters
    ----------
    arguments
        In place of ``sys.argv[1:]``.
    """
    signals: list[int] = []

    def terminate(number: int, _: object) -> NoReturn:
        signals.append(number)
        raise KeyboardInterrupt if number == signal.SIGINT else _Terminated

    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, terminate)
    # A terminal that is closed; nohup has it ignored, and Windows has no such signal.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_DFL:
        signal.signal(hang_up, terminate)
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
        if not signals:
            click.echo(f"enhancer-variants: error: {_one_line(error)}", err=True)
        status = 1
    except (KeyboardInterrupt, click.Abort):
        status = _INTERRUPTED
    except (_Terminated, SystemError):
        # Compiled code may go on over what a signal has raised, as Ray's does while it waits.
        if not signals:
            raise
        status = 1
    # What a signal cuts short may end in an error of its own: a call of a library, or the closing
    # of a file.
    sys.exit(128 + signals[0] if signals and status else status)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
