"""The command that holds calls against known enhancers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from enhancer_variants.cli_options import warnings_as_lines

__all__ = ["compare"]


def _named_files(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """Read ``NAME=BED`` options as a dictionary."""
    files: dict[str, str] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not (name and equals and file):
            raise click.BadParameter(f"{value!r}: expected NAME=BED, as vista=vista_hg38.bed")
        if name in files:
            raise click.BadParameter(f"{name!r} is named twice")
        files[name] = file
    return files


@click.command()
@click.argument("calls", metavar="CALLS")
@click.option(
    "--known",
    metavar="NAME=BED",
    multiple=True,
    required=True,
    callback=_named_files,
    help="A database of known enhancers. Repeatable.",
)
@click.option(
    "--output",
    "-o",
    metavar="OUT",
    help="A .tsv or .json file, or a folder for all tables and the novel calls; standard output "
    "otherwise.",
)
@click.option(
    "--genome",
    "-g",
    metavar="SIZES",
    help="Lengths of contigs, for permutations: hg38, hg19, a file of sizes, or a FASTA, in "
    "which N is a gap.",
)
@click.option("--gaps", metavar="BED", help="Where no permuted call may lie.")
@click.option("--blacklist", metavar="BED", help="Likewise.")
@click.option(
    "--reciprocal",
    type=click.FloatRange(0, 1),
    multiple=True,
    default=(0.0, 0.1, 0.5),
    show_default="0, 0.1 and 0.5",
    metavar="SHARE",
    help="Share of both intervals that an overlap has to cover; 0 is one base. Repeatable.",
)
@click.option(
    "--permutations",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    metavar="N",
    help="How often the calls are put elsewhere at random; none without --genome.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the permutations."
)
@click.option("--novel", metavar="BED", help="Also the calls that no database has.")
@click.option(
    "--novel-reciprocal",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="From which overlap on a database has a call; the smallest --reciprocal by default.",
)
@click.option(
    "--picture", metavar="PNG", help="Also a picture (.png, .svg, .pdf): shares and UpSet plot."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bar, warnings or summary.")
def compare(
    calls: str,
    known: dict[str, str],
    output: str | None,
    novel: str | None,
    picture: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare CALLS, a BED of called enhancers, with databases of known ones.

    For each database and all together: calls that overlap known enhancers and known ones that
    overlap calls, base-pair Jaccard, distance to the nearest, and enrichment against permutations
    that keep contig and length. All files have to be of one genome build.
    """
    from enhancer_variants.scan import (
        compare_calls,
        comparison_text,
        write_comparison,
        write_novel,
    )
    from enhancer_variants.scan.comparison_output import refuse_inputs

    read = (calls, *known.values(), options["genome"], options["gaps"], options["blacklist"])
    refuse_inputs(output, (novel, picture), read)
    if picture is not None:
        from enhancer_variants.reports.comparison_picture import draw_comparison, require_picture

        require_picture(picture)  # before the work, not after it
    with warnings_as_lines(quiet):
        found = compare_calls(calls, known, progress=False if quiet else None, **options)
    write_comparison(found, output)
    if novel is not None:
        write_novel(found, novel)
    if picture is not None:
        draw_comparison(found, picture)
    if not quiet:
        click.echo(comparison_text(found), err=True)
