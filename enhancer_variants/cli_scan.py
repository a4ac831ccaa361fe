"""The command that scans a genome for enhancers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from enhancer_variants.cli_options import (
    DEVICE_OPTIONS,
    LONG_RUN_OPTIONS,
    READING_OPTIONS,
    long_run_of,
    warnings_as_lines,
    with_options,
)

__all__ = ["scan"]

_OF_VARIANTS = ("flank", "output_format", "overwrite_info", "ignore_assembly")
"""Options that mean nothing without variants."""


@click.command()
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option(
    "--output",
    "-o",
    "outputs",
    metavar="OUT",
    multiple=True,
    required=True,
    help="File to write; its ending says what it holds. Windows: .bw, .bedgraph, .bedgraph.gz, "
    ".parquet. Calls: .bed, .bed.gz, .narrowPeak, .narrowPeak.gz. Repeatable.",
)
@click.option(
    "--enhancer",
    metavar="MODEL",
    help="Directory or name of the enhancer model; enhancer-mini (bundled) by default.",
)
@click.option(
    "--regions",
    metavar="REGION",
    multiple=True,
    help="Scan only this, as chr1:1-1000 (1-based). Repeatable.",
)
@click.option("--regions-file", metavar="BED", help="Likewise, from a BED file.")
@click.option(
    "--preset",
    type=click.Choice(["published"]),
    help="published: windows of 350 bases, which the model has to read, --step 150 and "
    "--threshold 0.5.",
)
@click.option(
    "--step",
    type=click.IntRange(min=1),
    metavar="BASES",
    help="From the start of a window to that of the next; 50 by default.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="A call has a window of at least this probability; 0.5 by default.",
)
@click.option(
    "--low-threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="A call goes on while windows have at least this probability; --threshold by default.",
)
@click.option(
    "--min-length",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="BASES",
    help="Drop shorter calls.",
)
@click.option(
    "--merge-distance",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="BASES",
    help="Join calls with at most so many bases between them; overlapping ones always are.",
)
@click.option(
    "--vcf",
    "variants",
    metavar="VCF",
    help="Score these variants (VCF, BCF, TSV) and say for each allele whether it lies in a call "
    "with REF and with ALT. OUT is then one file, as of score: .vcf, .vcf.gz, .bcf, .tsv, .tsv.gz "
    "or .parquet.",
)
@click.option(
    "--flank",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    metavar="BASES",
    help="With --vcf: how far from an allele windows are read.",
)
@click.option("--output-format", metavar="FORMAT", help="With --vcf: format of OUT.")
@click.option(
    "--overwrite-info", is_flag=True, help="With --vcf: replace EV_ keys that VCF has already."
)
@click.option(
    "--ignore-assembly",
    is_flag=True,
    help="With --vcf: score even if VCF and FA look like different builds.",
)
@click.option(
    "--shard-windows",
    type=click.IntRange(min=1),
    default=65_536,
    show_default=True,
    metavar="N",
    help="Windows of a shard.",
)
@with_options(READING_OPTIONS, DEVICE_OPTIONS, LONG_RUN_OPTIONS)
def scan(
    reference: str,
    outputs: Sequence[str],
    enhancer: str | None,
    regions: tuple[str, ...],
    regions_file: str | None,
    variants: str | None,
    flank: int,
    output_format: str | None,
    overwrite_info: bool,
    ignore_assembly: bool,
    shard_windows: int,
    quiet: bool,
    **options: Any,
) -> None:
    """Read every window of FA, or of regions, with the enhancer model, and call enhancers.

    Windows with N are left out and counted. Calls are merged from windows of at least --threshold.
    """
    import pysam

    from enhancer_variants.scan import GenomeScanner, VariantCalls

    pysam.set_verbosity(0)  # what htslib finds comes as an exception, and an error is one line
    long_run = long_run_of(options) or {}
    where: dict[str, Any] = {"regions": regions or None, "regions_file": regions_file}
    if variants is None:
        _refuse_options_of_variants()
    elif long_run or len(outputs) > 1:
        raise click.UsageError("--vcf takes one --output, and no --run-dir")
    with warnings_as_lines(quiet):
        scanner = GenomeScanner(reference, enhancer, progress=False if quiet else None, **options)
        if variants is None:
            summary: object = scanner.write(
                outputs, **where, **long_run, shard_windows=shard_windows
            )
        else:
            scored = VariantCalls(scanner, flank, ignore_assembly)
            summary = scored.annotate(
                variants, outputs[0], output_format, **where, overwrite_info=overwrite_info
            )
    if not quiet:
        click.echo(str(summary), err=True)


def _refuse_options_of_variants() -> None:
    context = click.get_current_context()
    for name in _OF_VARIANTS:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --vcf")
