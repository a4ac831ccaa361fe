"""Commands that make data sets and models."""

from __future__ import annotations

from typing import Any, Literal

import click

__all__ = ["dataset"]


@click.command()
@click.argument("positives", metavar="POSITIVES")
@click.option("--reference", "-r", metavar="FA", help="FASTA; needed for BED, matched and shuffle.")
@click.option(
    "--output", "-o", required=True, metavar="DIR", help="Folder for the splits and the card."
)
@click.option(
    "--output-format",
    type=click.Choice(["kmers", "fasta", "csv", "tsv"]),
    default="kmers",
    show_default=True,
    help="kmers is the TSV that DNABERT reads.",
)
@click.option(
    "-k", type=click.IntRange(1), default=6, show_default=True, help="Length of the k-mers."
)
@click.option(
    "--window", type=click.IntRange(1), default=200, show_default=True, help="Bases of a sequence."
)
@click.option(
    "--negatives",
    type=click.Choice(["matched", "shuffle", "dinucleotide", "given"]),
    default="matched",
    show_default=True,
    help="From the genome (matched, or at random), shuffled positives, or those of files.",
)
@click.option("--negatives-file", metavar="FILE", help="BED or sequences; with --negatives given.")
@click.option(
    "--exclude",
    "excluded",
    metavar="BED",
    multiple=True,
    help="Keep matched and shuffle clear of these, as a blacklist or gaps. Repeatable.",
)
@click.option(
    "--split",
    type=click.Choice(["contig", "80:20", "80:10:10"]),
    default="contig",
    show_default=True,
    help="By contig, or random (train and dev; train, dev and test).",
)
@click.option(
    "--test-contigs",
    metavar="NAMES",
    default="chr8,chr9,chr20,chr21,chr22",
    show_default=True,
    help="Contigs of the test split, separated by commas.",
)
@click.option("--dev-contigs", metavar="NAMES", default="", help="Those of the dev split.")
@click.option(
    "--gc-tolerance",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="Largest difference in GC content of a matched negative.",
)
@click.option(
    "--repeat-tolerance",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Likewise, of the share of repeats (lower case).",
)
@click.option(
    "--near-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Share of common 16-mers from which on two sequences are copies.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of negatives and random splits.",
)
@click.option("--quiet", "-q", is_flag=True, help="No summary.")
def dataset(
    positives: str,
    reference: str | None,
    output: str,
    output_format: Literal["kmers", "fasta", "csv", "tsv"],
    k: int,
    negatives_file: str | None,
    excluded: tuple[str, ...],
    test_contigs: str,
    dev_contigs: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a data set from POSITIVES: BED, or sequences as FASTA, CSV or TSV.

    Windows centred on the positives, negatives, no copies, and splits, with a card that says what
    was left out and how much of the classes GC content alone tells apart.
    """
    from enhancer_variants.training import DataSetRecipe, make_data_set, write_data_set

    recipe = DataSetRecipe(
        test_contigs=tuple(test_contigs.split(",")),
        dev_contigs=tuple(dev_contigs.split(",")),
        **options,
    )
    data_set = make_data_set(
        positives, reference, recipe, negatives_file=negatives_file, excluded=excluded
    )
    write_data_set(data_set, output, output_format, k=k)
    if not quiet:
        for name, split in data_set.card["splits"].items():
            counts = ", ".join(f"label {label}: {n}" for label, n in split["counts"].items())
            click.echo(f"{name}: {counts}; AUROC of GC alone {split['gc_auroc']}", err=True)
