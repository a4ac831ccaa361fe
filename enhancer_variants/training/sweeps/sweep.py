"""Sweeps over hyper-parameters: each run fine-tunes once, and the best model is kept."""

from __future__ import annotations

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning import FinetuneConfig
from enhancer_variants.training.sweeps.folder import OnRun, SweepFolder, SweepResult
from enhancer_variants.training.sweeps.published import published_configs
from enhancer_variants.training.sweeps.search import Search, SearchSpace

__all__ = ["sweep_published", "sweep_search"]


def sweep_published(
    config: FinetuneConfig,
    *,
    preset: str | None = "readme",
    keep_all: bool = False,
    on_run: OnRun | None = None,
    progress: bool | None = None,
) -> SweepResult:
    """Fine-tune with all 80 settings of the published grid, and keep the best.

    Killed and called again, it goes on where it was.

    Parameters
    ----------
    config
        What the runs have in common; its `output` is the folder of the sweep, and its `best_by` is
        what they are compared by, on dev.
    preset
        ``readme`` or ``training.sh`` (:data:`PUBLISHED_PRESETS`), or None to leave epochs, batch
        size, max_seq_length and dropout as `config` has them.
    keep_all
        Keep the weights of every run, not only of the best.
    on_run
        Is told of each run that ended.
    progress
        Whether each run shows a progress bar; None where someone is watching.

    Returns
    -------
    SweepResult
        Every run, and where the best model is.

    Raises
    ------
    InputError
        If there is no such preset, the folder holds another sweep, or as
        :func:`~enhancer_variants.training.finetuning.finetune`.
    ModelError
        If no run came to its end.

    Examples
    --------
    >>> config = FinetuneConfig(train="data", output="sweep", model="dnabert6")
    >>> result = sweep_published(config, preset="training.sh")  # doctest: +SKIP
    >>> result.best.score, result.directory  # doctest: +SKIP
    (0.71, PosixPath('sweep/best'))
    """
    configs = published_configs(config, preset)
    folder = SweepFolder(
        configs[0],
        "published",
        {"preset": preset},
        keep_all=keep_all,
        on_run=on_run,
        progress=progress,
    )
    with folder.opened():
        for one in configs:
            folder.train(_name(one), one)
        return folder.result()


def sweep_search(
    config: FinetuneConfig,
    *,
    trials: int = 20,
    space: SearchSpace | None = None,
    prune: bool = True,
    keep_all: bool = False,
    on_run: OnRun | None = None,
    progress: bool | None = None,
) -> SweepResult:
    """Search for good hyper-parameters with Optuna, and keep the best model.

    A tree-structured Parzen estimator chooses each run's settings by those before it; a run whose
    score on dev is below the median of the others' after as many evaluations is stopped. The study
    is ``study.db`` in the folder (SQLite; any Optuna tool reads it). Killed and called again, with
    the same or more trials, it goes on where it was and chooses what it would have chosen.

    Parameters
    ----------
    config
        What the runs have in common; its `output` is the folder of the sweep, its `best_by` what
        is searched for, on dev, and its `seed` also that of the search.
    trials
        Runs in all, those of earlier calls among them.
    space
        Where to search.
    prune
        Stop runs early.
    keep_all, on_run, progress
        As for :func:`sweep_published`.

    Returns
    -------
    SweepResult
        Every run, and where the best model is.

    Raises
    ------
    InputError
        If `trials` is below 1, the folder holds another sweep, or as
        :func:`~enhancer_variants.training.finetuning.finetune`.
    ModelError
        If no run came to its end.
    MissingDependencyError
        If optuna is not installed.

    Examples
    --------
    >>> config = FinetuneConfig(train="data", output="search")
    >>> result = sweep_search(config, trials=30)  # doctest: +SKIP
    >>> result.best.hyper_parameters["learning_rate"]  # doctest: +SKIP
    '0.00021'
    """
    if trials < 1:
        raise InputError(f"trials is {trials}; expected 1 or more")
    search = Search(config, space or SearchSpace(), prune=prune)
    folder = SweepFolder(
        config,
        "optuna",
        search.settings,
        keep_all=keep_all,
        on_run=on_run,
        progress=progress,
    )
    with folder.opened(), search.study(folder) as study:
        while (trial := study.next_trial(trials)) is not None:
            study.train(trial)
        return folder.result()


def _name(config: FinetuneConfig) -> str:
    """Name a run by what the grid varies."""
    return f"lr{config.learning_rate:g}_warmup{config.warmup_share:g}_decay{config.weight_decay:g}"
