"""The command that scores risk lists."""

from __future__ import annotations

from collections.abc import Sequence
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
from enhancer_variants.cli_report import asks_for_report

if TYPE_CHECKING:
    from enhancer_variants.gwas import ListSummary
    from enhancer_variants.scorer import VariantScorer

__all__ = ["gwas"]

_LIST_OPTIONS = (
    "sites",
    "merged_ids",
    "population",
    "chain",
    "effect_allele",
    "format",
    "proxies",
    "ld_panel",
    "r2",
    "ld_window",
)
"""Options of the command that are options of the library under the same name."""


@click.command()
@click.argument("risk_list", metavar="LIST")
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option("--output", "-o", metavar="OUT", help="File to write; standard output otherwise.")
@click.option(
    "--output-format",
    metavar="FORMAT",
    help="tsv, tsv.gz, parquet, vcf, vcf.gz, bcf or html; by default OUT's ending says it.",
)
@click.option(
    "--sites",
    metavar="VCF",
    help="Known variants (dbSNP, 1000 Genomes) of FA's build: where rsIDs lie, and their alleles.",
)
@click.option("--merged-ids", metavar="FILE", help="rsIDs that were merged into others.")
@click.option(
    "--population",
    metavar="NAME",
    help="Which allele frequencies of --sites tell palindromic alleles apart.",
)
@click.option("--chain", metavar="CHAIN", help="Chain file from the build of LIST to that of FA.")
@click.option(
    "--effect-allele",
    type=click.Choice(["A1", "A2"]),
    help="Which of A1 and A2 is the effect allele, where LIST does not say.",
)
@click.option(
    "--format", metavar="FORMAT", help="Dialect of LIST, where its content does not tell."
)
@click.option(
    "--proxies",
    metavar="LD",
    help="Score proxies too, by a table of PLINK (.ld, .vcor) or LDlink (LDproxy).",
)
@click.option(
    "--ld-panel",
    metavar="VCF",
    help="Score proxies too, by the genotypes of an indexed VCF or BCF of FA's build.",
)
@click.option(
    "--r2",
    type=click.FloatRange(min=0, max=1, min_open=True),
    default=0.8,
    show_default=True,
    help="The least r2 of a proxy.",
)
@click.option(
    "--ld-window",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    metavar="BASES",
    help="How far a proxy in --ld-panel may be from its lead, to each side.",
)
@click.option(
    "--annotate",
    "annotations",
    metavar="NAME=BED",
    multiple=True,
    help="A column overlaps_NAME with the intervals that an allele lies in. Repeatable.",
)
@click.option("--loci", metavar="TSV", help="Also a row per lead: the strongest of its proxies.")
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
@with_options(MODEL_OPTIONS, WINDOW_OPTIONS, RUN_OPTIONS)
def gwas(
    risk_list: str,
    reference: str,
    output: str | None,
    output_format: str | None,
    annotations: Sequence[str],
    loci: str | None,
    tfbs_table: str | None,
    motif_hits: str | None,
    **options: Any,
) -> None:
    """Score the variants of LIST: a GWAS Catalog download, summary statistics, or bare rsIDs.

    Every row of LIST comes out, in order and with its own columns: one row for each variant and
    ALT. Beside the shift of ALT against REF stands that of the risk allele against the other:
    above 0, the risk allele gains.
    """
    from enhancer_variants.gwas import annotate_gwas

    for_list = {name: options.pop(name) for name in _LIST_OPTIONS}
    for_list["annotate"] = _named_files(annotations)
    with warnings_as_lines(options["quiet"]):
        scorer = scorer_of(reference, **options)
        beside: dict[str, Any] = {"tfbs_table": tfbs_table, "motif_hits": motif_hits, "loci": loci}
        if asks_for_report(output, output_format):
            summary = _score_into_report(scorer, risk_list, output, beside, for_list)
        else:
            asked = {"output_format": output_format, **beside, **for_list}
            summary = annotate_gwas(risk_list, None, output, scorer=scorer, **asked)
    if not options["quiet"]:
        click.echo(str(summary), err=True)


def _named_files(values: Sequence[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not (name and equals and file):
            raise click.UsageError(f"--annotate {value}: expected NAME=BED, as in ccre=cCREs.bed")
        if name in files:
            raise click.UsageError(f"--annotate names {name!r} twice")
        files[name] = file
    return files


def _score_into_report(
    scorer: VariantScorer,
    risk_list: str,
    output: str | None,
    beside: dict[str, Any],
    for_list: dict[str, Any],
) -> ListSummary:
    """Score the list as a whole, as a page needs it, and write the page."""
    from enhancer_variants.gwas import ListSummary, score_gwas
    from enhancer_variants.reports import report
    from enhancer_variants.reports.page.rendering import require_jinja

    require_jinja()  # before hours of work, not after
    for name, file in beside.items():
        if file is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} is not for a report")
    effects = score_gwas(risk_list, scorer=scorer, **for_list)
    report(effects, output or "-", scorer=scorer)
    return ListSummary.of(effects)
