"""The command that says how good a model is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

import click
from click.core import ParameterSource

from enhancer_variants.cli_options import (
    DEVICE_OPTIONS,
    READING_OPTIONS,
    warnings_as_lines,
    with_options,
)

__all__ = ["evaluate"]


def _minimum(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Read ``KEY=NUMBER`` options as a dictionary."""
    found = {}
    for value in values:
        key, _equals, number = value.rpartition("=")
        try:
            found[key] = float(number)
        except ValueError:
            key = ""
        if not key:
            raise click.BadParameter(f"{value!r}: expected KEY=NUMBER, as TAGS=10")
    return found


def _kinds(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    from enhancer_variants.schema import KINDS

    return KINDS if value == "all" else tuple(value.split(","))


VARIANT_OPTIONS: Final = (
    click.option(
        "--variants",
        "scored",
        metavar="FILE",
        help="In place of MODEL and DATA: scored variants (VCF, BCF, TSV, CSV, Parquet), judged "
        "by measured effects.",
    ),
    click.option("--effect", metavar="KEY", help="INFO key or column of the measured effect."),
    click.option("--group", metavar="KEY", help="Likewise of groups, as measured elements."),
    click.option("--p-value", metavar="KEY", help="Likewise of the effect's p-value."),
    click.option(
        "--min",
        "minimum",
        metavar="KEY=NUMBER",
        multiple=True,
        callback=_minimum,
        help="Only variants with at least so much of it, as TAGS=10. Repeatable.",
    ),
    click.option(
        "--kinds",
        metavar="KINDS",
        default="snv",
        show_default=True,
        callback=_kinds,
        help="Kinds of variants, separated by commas, or all.",
    ),
    click.option(
        "--significant",
        type=click.FloatRange(0, 1, min_open=True),
        default=1e-5,
        show_default=True,
        metavar="P",
        help="An effect is significant below it.",
    ),
    click.option(
        "--measured", metavar="FILE", help="VCF or table of the effects, if --variants has none."
    ),
    click.option(
        "--score",
        "scores",
        metavar="KEY",
        multiple=True,
        help="INFO key or column of a score; by default every log_odds_shift and "
        "motif_shift_sum. Repeatable.",
    ),
    click.option(
        "--reference",
        "-r",
        metavar="FA",
        help="FASTA, for motif_shift_sum where FILE has none, and for k-mers (--train).",
    ),
    click.option(
        "--motifs",
        metavar="SET",
        default="JASPAR2024",
        show_default=True,
        help="Motifs of motif_shift_sum, as for score, or none.",
    ),
)
"""What is said of variants."""

_WINDOW: Final = 200

_OF_VARIANTS: Final = frozenset(
    (
        *("scored", "effect", "group", "p_value", "minimum", "kinds", "significant"),
        *("measured", "scores", "reference", "motifs"),
    )
)
_OF_BOTH: Final = frozenset(
    ("train", "output", "pictures", "window", "k", "resamples", "seed", "quiet")
)


@click.command()
@click.argument("model", metavar="MODEL", required=False)
@click.argument("data", metavar="DATA", required=False)
@click.option(
    "--train",
    metavar="DATA",
    help="What the model was trained on, a file or folder: the baselines are fitted to it, copies "
    "of it are counted. By default the train split of a folder.",
)
@click.option("--output", "-o", metavar="DIR", help="Folder for figures, predictions and pictures.")
@click.option(
    "--split", default="test", show_default=True, metavar="NAME", help="Split of a folder DATA."
)
@click.option(
    "--label", metavar="NAME", help="Output of a multi-label model that DATA's labels are of."
)
@click.option(
    "--threshold",
    type=float,
    metavar="LOG2",
    help="Log2 odds above which the model calls a positive; by default the card's.",
)
@click.option(
    "--without-copies",
    is_flag=True,
    help="Leave out what shares a 32-mer with the training data.",
)
@click.option("--crop", is_flag=True, help="Read the middle W bases of what is longer than W.")
@click.option(
    "--truncate", is_flag=True, help="Read only the first bases of what is too long, as DNABERT."
)
@click.option("--allow-n", is_flag=True, help="Read sequences with N and other letters.")
@click.option(
    "-k",
    type=click.IntRange(1, 10),
    default=6,
    show_default=True,
    help="Bases of the k-mers of the baseline.",
)
@click.option(
    "--bootstrap",
    "resamples",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Resamples of the intervals.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of resamples, folds and GC-matched rows.",
)
@click.option("--pictures/--no-pictures", default=True, help="Pictures in the folder, or none.")
@with_options(VARIANT_OPTIONS, READING_OPTIONS, DEVICE_OPTIONS)
def evaluate(
    model: str | None, data: str | None, output: str | None, pictures: bool, **options: Any
) -> None:
    """Judge MODEL on DATA: labelled sequences, or the folder of a data set.

    Accuracy, precision, recall, F1, MCC, AUROC, AUPRC and calibration with bootstrap intervals, on
    all rows and on GC-matched ones, beside GC content alone and a logistic regression on k-mers.

    Or judge scored variants by measured effects (--variants FILE --effect KEY): correlations in
    each group, AUROC of the shift's size and its direction, beside the change of GC, motifs and,
    with --train, k-mers.
    """
    of_variants = {name: options.pop(name) for name in _OF_VARIANTS}
    if of_variants["scored"] is not None:
        foreign = {"model", "data", *options} - _OF_BOTH
        _refuse_given(foreign, "cannot be given with --variants")
        both = {name: options[name] for name in _OF_BOTH & options.keys()}
        _evaluate_variants(output, pictures, **of_variants, **both)
        return
    _refuse_given(_OF_VARIANTS, "is about variants, which --variants names")
    if model is None or data is None:
        raise click.UsageError("expected MODEL and DATA, or --variants")
    _evaluate_sequences(model, data, output, pictures, **options)


def _refuse_given(refused: Collection[str], why: str) -> None:
    """Refuse arguments that somebody gave, as nothing would come of them."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in refused and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.get_error_hint(context)} {why}")


def _evaluate_variants(
    output: str | None,
    pictures: bool,
    *,
    effect: str | None,
    scores: tuple[str, ...],
    motifs: str,
    train: str | None,
    window: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    from enhancer_variants.reports import draw_variant_evaluation
    from enhancer_variants.reports.plot.panel import optional
    from enhancer_variants.training import (
        evaluate_variants,
        variant_evaluation_text,
        write_variant_evaluation,
    )
    from enhancer_variants.training.evaluation import made_folder

    if effect is None:
        raise click.UsageError("--variants needs --effect, the measured effect's INFO key")
    if output is not None:
        made_folder(output)
        if pictures:
            optional("matplotlib.pyplot")  # before the work, not after it
    with warnings_as_lines(quiet):
        found = evaluate_variants(
            options.pop("scored"),
            effect=effect,
            scores=scores or None,
            motifs=None if motifs == "none" else motifs,
            kmer_training=train,
            window=window or _WINDOW,
            **options,
        )
    if output is None:
        click.echo(variant_evaluation_text(found))
        return
    write_variant_evaluation(found, output)
    if pictures:
        draw_variant_evaluation(found, output)
    if not quiet:
        click.echo(variant_evaluation_text(found), err=True)


def _evaluate_sequences(
    model: str,
    data: str,
    output: str | None,
    pictures: bool,
    *,
    window: int | None,
    max_seq_length: int | None,
    padding: Literal["dnabert", "none"] | None,
    device: str,
    precision: Literal["auto", "fp32", "fp16", "bf16"],
    backend: Literal["auto", "torch", "openvino"],
    quiet: bool,
    **options: Any,
) -> None:
    from enhancer_variants.models import load_model
    from enhancer_variants.reports import draw_evaluation
    from enhancer_variants.reports.plot.panel import optional
    from enhancer_variants.training import evaluate as evaluated
    from enhancer_variants.training import evaluation_text, write_evaluation
    from enhancer_variants.training.evaluation import made_folder

    if output is not None:
        made_folder(output)
        if pictures:
            optional("matplotlib.pyplot")  # before the work, not after it
    with warnings_as_lines(quiet):
        loaded = load_model(
            model,
            window=window,
            max_seq_length=max_seq_length,
            padding=padding,
            device=device,
            precision=precision,
            backend=backend,
        )
        found = evaluated(loaded, data, progress=False if quiet else None, **options)
    if output is None:
        click.echo(evaluation_text(found))
        return
    write_evaluation(found, output)
    if pictures:
        draw_evaluation(found, output)
    if not quiet:
        click.echo(evaluation_text(found), err=True)
