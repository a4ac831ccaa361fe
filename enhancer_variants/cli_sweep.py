"""Options of ``finetune`` that make one run into a sweep of many."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from enhancer_variants.training import FinetuneConfig, SweepResult, SweepRun

__all__ = ["SWEEP_OPTIONS", "run_sweep", "take_sweep_options"]

_Option = Callable[[Any], Any]

_SET_BY_PRESET: Final = ("epochs", "batch_size", "max_seq_length", "dropout")
_SET_BY_SWEEP: Final = ("learning_rate", "warmup_share", "weight_decay")
_OF_SEARCH: Final = ("trials", "search", "no_pruning")
_NAMES: Final = ("sweep", "sweep_preset", "keep_all", *_OF_SEARCH)


def _bounds(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    bounds = {}
    for value in values:
        name, _equals, numbers = value.partition("=")
        try:
            low, high = map(float, numbers.split(":"))
        except ValueError as error:
            raise click.BadParameter(f"{value!r} is not NAME=LOW:HIGH") from error
        if (field := name.replace("-", "_")) in bounds:
            raise click.BadParameter(f"{name} is given twice")
        bounds[field] = (low, high)
    return bounds


SWEEP_OPTIONS: tuple[_Option, ...] = (
    click.option(
        "--sweep",
        type=click.Choice(["published", "optuna"]),
        help="Many runs, their table sweep.tsv and the best model in OUT/best: the 80 runs of the "
        "published grid, or a search. Killed and called again, it goes on.",
    ),
    click.option(
        "--sweep-preset",
        type=click.Choice(["readme", "training.sh", "none"]),
        help="Of the published grid: 15 epochs, batch 230, 200 tokens; 20 epochs, batch 400, 350 "
        "tokens; or as the options say. [readme]",
    ),
    click.option(
        "--trials",
        type=click.IntRange(1),
        metavar="N",
        help="Of a search: runs in all, those of earlier calls among them. [20]",
    ),
    click.option(
        "--search",
        multiple=True,
        callback=_bounds,
        metavar="NAME=LOW:HIGH",
        help="Of a search: bounds of learning-rate, warmup-share, weight-decay or dropout. "
        "Repeatable.",
    ),
    click.option("--no-pruning", is_flag=True, help="Of a search: let every run come to its end."),
    click.option("--keep-all", is_flag=True, help="Keep the weights of every run of a sweep."),
)
"""Options of a sweep."""


def take_sweep_options(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of a sweep out of those of a run, and see whether they go together.

    Parameters
    ----------
    options
        Options of the command by name; None where one is not given. Those of a sweep are removed.

    Returns
    -------
    dict
        Those of the sweep; empty where there is none.

    Raises
    ------
    click.UsageError
        If an option has no place in the sweep that is asked for.

    Examples
    --------
    >>> options = {"sweep": "optuna", "trials": 5, "seed": 1}
    >>> take_sweep_options(options), options
    ({'sweep': 'optuna', 'trials': 5}, {'seed': 1})
    """
    taken = {name: value for name in _NAMES if (value := options.pop(name, None))}
    kind = taken.get("sweep")
    if kind is None and taken:
        raise click.UsageError(f"{_flag(next(iter(taken)))} needs --sweep")
    preset = taken.get("sweep_preset", "readme")
    if kind == "published" and (of_search := [name for name in _OF_SEARCH if name in taken]):
        raise click.UsageError(f"{_flag(of_search[0])} needs --sweep optuna")
    if kind == "optuna" and "sweep_preset" in taken:
        raise click.UsageError("--sweep-preset needs --sweep published")
    set_by = {
        **(dict.fromkeys(_SET_BY_SWEEP, f"--sweep {kind}") if kind else {}),
        **({"dropout": "--sweep optuna"} if kind == "optuna" else {}),
    }
    if kind == "published" and preset != "none":
        set_by |= dict.fromkeys(_SET_BY_PRESET, f"--sweep-preset {preset}")
    for name, setter in set_by.items():
        if options.get(name) is not None:
            raise click.UsageError(f"{_flag(name)} is set by {setter}; give one or the other")
    return taken


def run_sweep(config: FinetuneConfig, taken: Mapping[str, Any], *, quiet: bool) -> SweepResult:
    """Do a sweep, with a line on standard error for each run that ended.

    Parameters
    ----------
    config
        What the runs have in common.
    taken
        As :func:`take_sweep_options` gives it.
    quiet
        Neither lines nor progress bars.
    """
    from enhancer_variants.training import SearchSpace, sweep_published, sweep_search

    more: dict[str, Any] = {
        "keep_all": bool(taken.get("keep_all")),
        "on_run": None if quiet else _tell,
        "progress": False if quiet else None,
    }
    if taken["sweep"] == "published":
        preset = taken.get("sweep_preset", "readme")
        result = sweep_published(config, preset=None if preset == "none" else preset, **more)
    else:
        try:
            space = SearchSpace(**taken.get("search", {}))
        except TypeError as error:
            raise click.UsageError(
                "--search: expected learning-rate, warmup-share, weight-decay or dropout"
            ) from error
        if "trials" in taken:
            more["trials"] = taken["trials"]
        result = sweep_search(config, space=space, prune=not taken.get("no_pruning"), **more)
    if not quiet:
        click.echo(
            f"{result.directory}: {result.best.run}, {config.best_by} {result.best.score:.4f} on "
            f"dev, best of {len(result.runs)} runs; see {result.table}",
            err=True,
        )
    return result


def _tell(run: SweepRun) -> None:
    score = "" if math.isnan(run.score) else f" {run.score:.4f}"
    click.echo(f"{run.run}: {run.status}{score}", err=True)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
