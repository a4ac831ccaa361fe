"""Commands about models: which there are, and what a model directory holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from enhancer_variants.cli_options import (
    READING_OPTIONS,
    REGION_OPTIONS,
    RUN_OPTIONS,
    WINDOW_OPTIONS,
    warnings_as_lines,
    with_options,
)

if TYPE_CHECKING:
    from enhancer_variants.models import ListedModel

__all__ = ["models"]

_MB = 1_000_000
_CACHE = click.option(
    "--cache",
    metavar="DIR",
    help="Folder of downloaded models; ENHANCER_VARIANTS_CACHE or the platform's cache otherwise.",
)


@click.group()
def models() -> None:
    """List, download, look at, convert, check and calibrate models."""


@models.command("list")
@click.option("--all", "every", is_flag=True, help="Also each model of a collection.")
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as JSON.")
@_CACHE
def list_known(every: bool, as_json: bool, cache: str | None) -> None:
    """List the models that can be named: bundled, downloaded, or for download.

    A model in the list is used by its name wherever a model is named, once it is bundled or
    downloaded. Nothing is downloaded unless 'models download' is run.
    """
    from enhancer_variants.models import list_models

    known = list_models(cache=cache)
    if as_json:
        click.echo(json.dumps([asdict(model) for model in known], indent=1))
        return
    rows = [("name", "what", "window", "licence", "size", "state"), *_rows(known, every)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@models.command("download")
@click.argument("name")
@click.option(
    "--accept-licence", is_flag=True, help="Accept a licence that forbids commercial use."
)
@_CACHE
@click.option(
    "--from",
    "source",
    metavar="URL|FILE",
    help="Archive (zip, tar) at another address or here, or a folder with the model's files.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bar, warnings or summary.")
def download(
    name: str, accept_licence: bool, cache: str | None, source: str | None, quiet: bool
) -> None:
    """Download the published model NAME, so that NAME can be used for it.

    Every file is checked against its checksum; where none was published, the first one seen is
    noted and holds. An interrupted download goes on where it ended when it is run again.
    """
    from enhancer_variants.models import download_model

    with warnings_as_lines(quiet):
        directory = download_model(
            name,
            accept_licence=accept_licence,
            cache=cache,
            source=source,
            progress=False if quiet else None,
        )
    if not quiet:
        click.echo(f"{name}: {directory}", err=True)


def _rows(known: Sequence[ListedModel], every: bool) -> Iterator[tuple[str, ...]]:
    """Rows of the table; a collection is one row, beside those of it that are here."""
    members: dict[str, list[ListedModel]] = {}
    for model in known:
        if model.collection is None or every or model.state == "downloaded":
            yield (
                model.name,
                model.description,
                _length(model),
                model.licence or "not said",
                _megabytes(model.size),
                model.state,
            )
        if model.collection is not None:
            members.setdefault(model.collection, []).append(model)
    for collection, inside in members.items():
        if not every:
            one = inside[0]
            yield (
                f"{collection}-*",
                f"{len(inside)} models, as {one.name}; --all lists them",
                _length(one),
                one.licence or "not said",
                f"{_megabytes(one.size)} each",
                "for download",
            )


def _length(model: ListedModel) -> str:
    return "-" if model.window_length is None else f"{model.window_length} bp"


def _megabytes(size: int | None) -> str:
    return "not said" if size is None else f"{size / _MB:.0f} MB"


@models.command("show")
@click.argument("model")
def show_model(model: str) -> None:
    """Print what MODEL is, as JSON: card, architecture, checksum, assumptions.

    MODEL is a directory, enhancer-mini or tfbs-mini (bundled), or a model that was downloaded.
    """
    from enhancer_variants.models import describe_model

    click.echo(json.dumps(describe_model(model), indent=1))


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


@models.command("check")
@click.argument("directory", metavar="DIR")
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option(
    "--variants",
    metavar="FILE",
    help="VCF, BCF or table of variants to cut windows around; random SNVs of FA otherwise.",
)
@click.option(
    "-n",
    type=click.IntRange(min=100),
    metavar="N",
    default=1000,
    show_default=True,
    help="Variants to compare on.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the random choice of variants.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(["fp32", "fp16", "bf16"]),
    multiple=True,
    help="Only this precision beside fp32. Repeatable; all otherwise.",
)
@click.option(
    "--backend",
    "backends",
    type=click.Choice(["torch", "openvino"]),
    multiple=True,
    help="Only this backend beside torch. Repeatable; all otherwise.",
)
@click.option(
    "--accept",
    type=click.Choice(["exact", "approximate"]),
    default="exact",
    show_default=True,
    help="Admit what is exact (errors up to 1e-4 log2), or also what keeps the order of variants.",
)
@click.option("--write", is_flag=True, help="Note what is admitted in the model's card.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@with_options(READING_OPTIONS[:3], RUN_OPTIONS[:1])  # what a card may leave open; another build
@click.option("--quiet", "-q", is_flag=True, help="No progress bar and no warnings.")
def check(
    directory: str,
    reference: str,
    precisions: tuple[Any, ...],
    backends: tuple[Any, ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare precisions and backends of the model in DIR with fp32 on torch, on real windows.

    Prints how far each is off in the shift of log-odds, how quick it is on this machine, and which
    one is picked. With --write, --precision auto of the other commands then uses what is picked.
    """
    from enhancer_variants.admission import check_model

    with warnings_as_lines(quiet):
        found = check_model(
            directory,
            reference,
            precisions=precisions or None,
            backends=backends or None,
            progress=False if quiet else None,
            **options,
        )
    click.echo(json.dumps(found.to_dict(), indent=1) if as_json else str(found))


@models.command("calibrate")
@click.argument("directory", metavar="DIR")
@click.option("--reference", "-r", required=True, metavar="FA", help="FASTA, plain or bgzipped.")
@click.option(
    "--variants",
    metavar="FILE",
    help="VCF, BCF or table of variants that are most likely without effect, as common ones are.",
)
@click.option(
    "--random",
    "random_changes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Without FILE: so many random SNVs, and as many insertions and deletions. [100000]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the random changes. [0]")
@with_options(REGION_OPTIONS, WINDOW_OPTIONS, RUN_OPTIONS)
def calibrate(
    directory: str,
    reference: str,
    variants: str | None,
    random_changes: int | None,
    seed: int | None,
    regions: tuple[str, ...],
    regions_file: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Score many changes with the model in DIR and keep in its card how large the shifts are.

    score --calibrated then says how unusual a shift is: percentile, p and phred. It holds for this
    model, its window and padding, and the --strand, --anchors and --shifts given here.
    """
    from enhancer_variants.calibration import calibrate_model

    if variants is not None and (random_changes is not None or seed is not None):
        raise click.UsageError("--variants and --random or --seed: expected one or the other")
    given: dict[str, Any] = {"random_changes": random_changes, "seed": seed}
    with warnings_as_lines(quiet):
        card = calibrate_model(
            directory,
            reference,
            variants=variants,
            regions=regions or None,
            regions_file=regions_file,
            progress=False if quiet else None,
            **{name: value for name, value in given.items() if value is not None},
            **options,
        )
    if not quiet:
        null = card.nulls[-1].outputs[0]
        others = null.other.n if null.other else 0
        click.echo(f"{directory}: {null.snv.n:,} SNVs and {others:,} other changes", err=True)
