"""What a search for hyper-parameters asks Optuna, and what it tells it.

Optuna keeps every trial in a SQLite file. Its sampler draws each trial's settings with a generator
of that trial's own, seeded by the search's seed and the trial's number: a search that was killed
and taken up again therefore goes the same way as one that was not.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.training.finetuning import FinetuneConfig
from enhancer_variants.training.sweeps.folder import (
    STUDY_FILE_NAME,
    RunStoppedError,
    SweepFolder,
)
from enhancer_variants.training.sweeps.table import RunStatus

if TYPE_CHECKING:
    import optuna

__all__ = ["Search", "SearchSpace", "SearchStudy"]

_STUDY_NAME: Final = "enhancer-variants"
_LOGARITHMIC: Final = ("learning_rate", "weight_decay")
_TRIALS_BEFORE_PRUNING: Final = 5
_EVALUATIONS_BEFORE_PRUNING: Final = 1


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Between which bounds settings are searched for; equal bounds fix one.

    By default the bounds of the published grid, and wider ones where it has hardly any.

    Attributes
    ----------
    learning_rate, weight_decay
        Lowest and highest, above 0; drawn on a logarithmic scale.
    warmup_share, dropout
        Lowest and highest share.

    Raises
    ------
    InputError
        If bounds are no two numbers in order, or out of range.

    Examples
    --------
    >>> SearchSpace(dropout=(0.1, 0.1)).learning_rate
    (1e-06, 0.003)
    """

    learning_rate: tuple[float, float] = (1e-6, 3e-3)
    warmup_share: tuple[float, float] = (0.0, 0.3)
    weight_decay: tuple[float, float] = (1e-4, 0.02)
    dropout: tuple[float, float] = (0.0, 0.3)

    def __post_init__(self) -> None:
        for field in fields(self):
            bounds = tuple(getattr(self, field.name))
            object.__setattr__(self, field.name, bounds)
            most = sys.float_info.max if field.name in _LOGARITHMIC else 1.0
            ordered = len(bounds) == 2 and 0.0 <= bounds[0] <= bounds[1] <= most
            if (
                not ordered
                or (field.name in _LOGARITHMIC and bounds[0] == 0)
                or (field.name == "dropout" and bounds[1] == 1)  # which leaves nothing
            ):
                expected = "above 0" if field.name in _LOGARITHMIC else "from 0 to 1"
                raise InputError(
                    f"{field.name} is searched for in {bounds}; expected the lowest and the "
                    f"highest value, {expected}"
                )


@dataclass(frozen=True, slots=True)
class Search:
    """A search: what is varied, by which score it is judged, and whether runs are stopped early.

    Attributes
    ----------
    config
        What the runs have in common.
    space
        Where to search.
    prune
        Stop runs early.
    """

    config: FinetuneConfig
    space: SearchSpace
    prune: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """What the search depends on, as JSON has it."""
        return {"space": {k: list(v) for k, v in asdict(self.space).items()}, "prune": self.prune}

    @contextlib.contextmanager
    def study(self, folder: SweepFolder) -> Iterator[SearchStudy]:
        """Open the study of a folder, or begin it.

        Raises
        ------
        MissingDependencyError
            If optuna is not installed.
        InputError
            If its file is damaged.
        """
        optuna = _optuna()
        path = (folder.path / STUDY_FILE_NAME).resolve()
        if not folder.begun:  # of a search whose settings were wrong
            path.unlink(missing_ok=True)
        with _quiet(optuna):
            storage = _storage(optuna, path)
            median = optuna.pruners.MedianPruner(
                _TRIALS_BEFORE_PRUNING, _EVALUATIONS_BEFORE_PRUNING
            )
            try:
                study = optuna.create_study(
                    storage=storage,
                    study_name=_STUDY_NAME,
                    direction="minimize" if folder.minimised else "maximize",
                    pruner=median if self.prune else optuna.pruners.NopPruner(),
                    load_if_exists=True,
                )
                yield SearchStudy(self, folder, study, storage)
            finally:
                storage.remove_session()
                storage.engine.dispose()


class SearchStudy:
    """A study and the folder of its runs.

    Parameters
    ----------
    search
        The search.
    folder
        Where its runs are.
    study, storage
        The study as Optuna has it, and where it keeps it.
    """

    def __init__(
        self,
        search: Search,
        folder: SweepFolder,
        study: optuna.Study,
        storage: optuna.storages.BaseStorage,
    ) -> None:
        self._search = search
        self._folder = folder
        self._study = study
        self._storage = storage
        self._optuna = _optuna()

    def next_trial(self, most: int) -> optuna.Trial | None:
        """Give the trial that was under way when the search was killed, else a new one.

        Parameters
        ----------
        most
            Number of trials in all; there is no next one when there are as many.
        """
        trials = self._study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.state == self._optuna.trial.TrialState.RUNNING:
                self._seed_sampler(trial.number)
                study = self._storage.get_study_id_from_name(_STUDY_NAME)
                known = self._storage.get_trial_id_from_study_id_trial_number(study, trial.number)
                begun: optuna.Trial = self._optuna.Trial(self._study, known)
                return begun
        if len(trials) >= most:
            return None
        self._seed_sampler(len(trials))
        return self._study.ask()

    def train(self, trial: optuna.Trial) -> None:
        """Do the run of a trial, and tell Optuna what it came to."""
        chosen: dict[str, Any] = {
            name: trial.suggest_float(name, low, high, log=name in _LOGARITHMIC)
            for name, (low, high) in asdict(self._search.space).items()
        }
        run = self._folder.train(
            f"trial-{trial.number:04d}",
            replace(self._search.config, **chosen),
            callbacks=[_PruningCallback(trial, self._search.config.best_by)],
        )
        states = self._optuna.trial.TrialState
        if run.status == RunStatus.DONE:
            self._study.tell(trial, run.score)
        else:
            pruned = run.status == RunStatus.PRUNED
            self._study.tell(trial, state=states.PRUNED if pruned else states.FAIL)

    def _seed_sampler(self, number: int) -> None:
        seed = np.random.SeedSequence([self._search.config.seed, number]).generate_state(1)[0]
        self._study.sampler = self._optuna.samplers.TPESampler(seed=int(seed))


class _PruningCallback(TrainerCallback):
    """Reports each evaluation to Optuna, and stops the run where Optuna would."""

    def __init__(self, trial: optuna.Trial, best_by: str) -> None:
        self._trial = trial
        self._metric = f"eval_{best_by}"

    def on_evaluate(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer's names
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - likewise
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,  # noqa: ARG002 - likewise
    ) -> None:
        """Report the score by the number of the evaluation, which runs of all sizes share."""
        score = (metrics or {}).get(self._metric, math.nan)
        if math.isnan(score):
            return
        evaluations = sum(self._metric in entry for entry in state.log_history)
        self._trial.report(score, evaluations)
        if self._trial.should_prune():
            name = self._metric.removeprefix("eval_")
            raise RunStoppedError(
                score, f"{name} {score:.4g} after {evaluations} evaluations, behind the median"
            )


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Let Optuna say only what is wrong, as long as the search goes."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _storage(optuna: Any, path: Path) -> Any:
    """Open the file of a study."""
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 - comes with optuna

    try:
        return optuna.storages.RDBStorage(f"sqlite:///{path}")
    except DatabaseError as error:
        raise InputError(
            f"{path}: cannot be read ({error.orig}); expected the study of a search: name another "
            "folder, or delete this one"
        ) from error


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            f"a search needs optuna, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[train]'"
        ) from error
    return optuna
