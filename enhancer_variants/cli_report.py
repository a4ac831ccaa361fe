"""The command that writes a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from enhancer_variants.cli_options import (
    MODEL_OPTIONS,
    RUN_OPTIONS,
    WINDOW_OPTIONS,
    scorer_of,
    warnings_as_lines,
    with_options,
)

if TYPE_CHECKING:
    from enhancer_variants.scorer import VariantScorer
    from enhancer_variants.summary import RunSummary

__all__ = ["asks_for_report", "report", "score_into_report"]

_ENDINGS = (".html", ".htm")
_OF_FILES = ("tfbs_table", "motif_hits", "overwrite_info")
_OF_MODELS = ("enhancers", "factors", "factor_folders", "motifs")


@click.command()
@click.argument("effects", metavar="EFFECTS")
@click.option("--output", "-o", required=True, metavar="OUT", help="File to write, as report.html.")
@click.option("--title", default="Variant effects", show_default=True, help="Its heading.")
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Variants that get a card each.",
)
@click.option(
    "--rank-by",
    metavar="COLUMN",
    help="What the top variants are top by; the main model's p, or else its shift, by default.",
)
@click.option(
    "--column",
    "columns",
    metavar="COLUMN",
    multiple=True,
    help="Also show this column of EFFECTS. Repeatable.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=50_000,
    show_default=True,
    help="Most rows of the table: of more, those that are ranked highest.",
)
@click.option(
    "--reference",
    "-r",
    metavar="FA",
    help="FASTA that EFFECTS was scored against: the cards get pictures, from the models named "
    "below. Takes seconds to minutes for each.",
)
@with_options(MODEL_OPTIONS, WINDOW_OPTIONS, RUN_OPTIONS)
def report(
    effects: str,
    output: str,
    title: str,
    top: int,
    rank_by: str | None,
    columns: tuple[str, ...],
    rows: int,
    reference: str | None,
    **options: Any,
) -> None:
    """Write EFFECTS, a finished file (Parquet, TSV, VCF or BCF), as one page of HTML.

    The page opens offline, in any browser: counts, distributions, the top variants, a table to
    search, sort, filter and export, and what was run. Samples of a VCF are never in it.
    """
    from enhancer_variants.reports import report as write_report

    if reference is None and any(options[name] for name in _OF_MODELS):
        raise click.UsageError("models draw the pictures of the cards, which need --reference")
    with warnings_as_lines(options["quiet"]):
        write_report(
            effects,
            output,
            scorer=None if reference is None else scorer_of(reference, **options),
            top=top,
            rank_by=rank_by,
            columns=columns,
            rows=rows,
            title=title,
        )
    if not options["quiet"]:
        click.echo(f"report: {output}", err=True)


def asks_for_report(output: str | None, output_format: str | None) -> bool:
    """Whether a command's output is to be a page.

    Examples
    --------
    >>> asks_for_report("effects.html", None), asks_for_report("effects.html", "tsv")
    (True, False)
    """
    if output_format is not None:
        return output_format == "html"
    return output is not None and Path(output).suffix.lower() in _ENDINGS


def score_into_report(
    scorer: VariantScorer, variants: str, output: str | None, **options: Any
) -> RunSummary:
    """Score a file and write the effects as a page, with pictures of the top variants.

    Parameters
    ----------
    scorer, variants
        What scores what.
    output
        File to write, None or ``-`` for standard output.
    **options
        ``regions`` and ``regions_file``; and what only files of effects have, which is refused.
    """
    from enhancer_variants.reports import report as write_report
    from enhancer_variants.reports.page.rendering import require_jinja
    from enhancer_variants.summary import RunSummary

    require_jinja()  # before hours of work, not after
    for name in _OF_FILES:
        if options.pop(name):
            raise click.UsageError(f"--{name.replace('_', '-')} is not for a report")
    effects = scorer.score_vcf(variants, **options)
    write_report(effects, output or "-", scorer=scorer)
    return RunSummary.of(effects["record"].nunique(), effects["status"])
