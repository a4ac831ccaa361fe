"""Fine-tuning from end to end: what ``ev.finetune`` and ``enhancer-variants finetune`` do."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import safetensors.torch
from transformers import TrainerCallback, TrainerState

from enhancer_variants.errors import ModelError
from enhancer_variants.training.finetuning.checkpoints import (
    name_best_beside,
    newest_complete_checkpoint,
    remove_other_checkpoints,
    state_of_checkpoint,
)
from enhancer_variants.training.finetuning.config import FinetuneConfig, FinetuneResult
from enhancer_variants.training.finetuning.data import (
    read_splits,
    require_each_class,
    require_known_classes,
)
from enhancer_variants.training.finetuning.loss import TrainedNetwork, class_weights
from enhancer_variants.training.finetuning.measures import Measures
from enhancer_variants.training.finetuning.output import Resume, RunFolder
from enhancer_variants.training.finetuning.saved_model import model_card, run_provenance, save_model
from enhancer_variants.training.finetuning.starting_point import starting_point
from enhancer_variants.training.finetuning.trainer import (
    FinetuneTrainer,
    make_trainer,
)
from enhancer_variants.training.trainer_process import (
    processes,
    random_states_kept,
    require_training_packages,
    shared,
    threads,
    verbosity_kept,
    wait_for_others,
)

__all__ = ["finetune"]

_NOT_IN_HISTORY: Final = ("runtime", "_per_second", "total_flos", "train_loss", "_preparation_time")


def finetune(
    config: FinetuneConfig,
    *,
    callbacks: Sequence[TrainerCallback] = (),
    resume: Resume = False,
    overwrite: bool = False,
    progress: bool | None = None,
) -> FinetuneResult:
    """Train a DNABERT classifier on labelled sequences, and write it as a model directory.

    Trained by transformers' Trainer. Under torchrun all processes train together and the first one
    writes. The same seed, files and number of threads give the same bytes, also of a run that was
    killed and resumed.

    Parameters
    ----------
    config
        The run.
    callbacks
        Further callbacks of Trainer, as those that prune a sweep.
    resume
        Go on from the newest complete checkpoint in the output folder, or from the beginning where
        there is none yet; a finished run's result is given as it is. ``auto``: if the folder holds
        this run; True: it has to.
    overwrite
        Replace the run that the output folder holds.
    progress
        Whether to show a progress bar; None where someone is watching.

    Returns
    -------
    FinetuneResult
        The model directory, and how good it is.

    Raises
    ------
    InputError
        If files, labels and options do not fit together, or the output folder holds another run
        or one that is under way.
    CheckpointError, UnsafeCheckpointError, WindowLengthError
        If the checkpoint to start from cannot be read, or reads fewer bases.
    ModelError
        If the run came to nothing, as its loss is not finite.
    OSError
        If the output folder cannot be written to; the run can be resumed.
    MissingDependencyError
        If a package of the extra ``train``, or of a reporter, is missing.

    Examples
    --------
    >>> finetune(FinetuneConfig(train="train.tsv", output="model"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: there is no dev split, ...
    """
    require_training_packages()
    with threads(config.threads), random_states_kept(), verbosity_kept():
        splits = read_splits(config)
        start = starting_point(config, splits["train"])
        require_known_classes(splits, start.labels)
        require_each_class(splits["train"], start.labels)
        card = model_card(config, start)
        weights = class_weights(
            config.class_weights, splits["train"].targets, config.task, start.labels
        )
        measures = Measures(config.task, start.labels, start.positive_label, weights)
        if "dev" in splits:
            measures.require_defined(splits["dev"], config.best_by)
        run = run_provenance(config, start, splits, processes())
        record = {**run, "labels": {"all": start.labels, "positive": start.positive_label}}
        folder = RunFolder(Path(config.output))
        goes_on = folder.may_continue(record, resume=resume, overwrite=overwrite)
        if goes_on and (earlier := folder.result()) is not None:
            return earlier
        every_callback = [*_reporters(config), *callbacks]
        with _reporting(every_callback) as report:
            trainer = make_trainer(config, start, splits, measures, every_callback, progress)
            wait_for_others()  # until every process has looked at the folder
            first = trainer.is_world_process_zero()
            with folder.held() if first else contextlib.nullcontext():
                if first and not goes_on:
                    folder.begin(record)
                wait_for_others()
                state = _train(trainer, folder, goes_on=goes_on)
                result = None
                if first:
                    card = replace(card, training={**run, **_chosen(config, state)})
                    saved = save_model(config, start, splits, measures, card)
                    result = _result(config, folder, state, saved.metrics)
                    folder.finish(result, keep_checkpoints=config.keep_checkpoints)
            result = shared(result)
            report(result)
    return result


def _train(trainer: FinetuneTrainer, folder: RunFolder, *, goes_on: bool) -> TrainerState:
    """Train to the end, or from the newest checkpoint on; the kept weights are in the network."""
    checkpoint = newest_complete_checkpoint(folder.checkpoints) if goes_on else None
    wait_for_others()
    if trainer.is_world_process_zero():
        remove_other_checkpoints(folder.checkpoints, newest=checkpoint)
        if checkpoint is not None:
            name_best_beside(checkpoint)
    wait_for_others()
    state = None if checkpoint is None else state_of_checkpoint(checkpoint)
    if state is not None and _stopped_early(state):
        _load_best(trainer, state)
        return state
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if trainer.args.load_best_model_at_end and trainer.state.best_model_checkpoint is None:
        raise ModelError(
            f"{trainer.args.metric_for_best_model} was no number in any evaluation; expected one: "
            "the run has most likely diverged, which a smaller learning_rate prevents"
        )
    return trainer.state


def _stopped_early(state: TrainerState) -> bool:
    """Whether early stopping had ended the run when this state was written."""
    callbacks: Any = state.stateful_callbacks  # by name, as it is read from a file
    stopping = callbacks.get("EarlyStoppingCallback")
    if stopping is None:
        return False
    waited: int = stopping["attributes"]["early_stopping_patience_counter"]
    return waited >= int(stopping["args"]["early_stopping_patience"])


def _load_best(trainer: FinetuneTrainer, state: TrainerState) -> None:
    weights = Path(state.best_model_checkpoint or "", "model.safetensors")
    cast("TrainedNetwork", trainer.model).load_state_dict(safetensors.torch.load_file(weights))


def _chosen(config: FinetuneConfig, state: TrainerState) -> dict[str, Any]:
    """Which step's weights are kept, and their score, as JSON has it."""
    if config.best_by == "last":
        return {"best_step": state.global_step, "best_score": None}
    return {"best_step": state.best_global_step, "best_score": state.best_metric}


def _result(
    config: FinetuneConfig,
    folder: RunFolder,
    state: TrainerState,
    metrics: Mapping[str, Mapping[str, float]],
) -> FinetuneResult:
    chosen = _chosen(config, state)
    score = chosen["best_score"]
    history = (
        {
            name: float(value)
            for name, value in sorted(entry.items())  # a state that was read has them sorted
            if not any(part in name for part in _NOT_IN_HISTORY)
        }
        for entry in state.log_history
    )
    return FinetuneResult(
        directory=folder.directory,
        metrics=metrics,
        best_step=chosen["best_step"],
        best_score=math.nan if score is None else float(score),
        history=tuple(entry for entry in history if entry.keys() - {"epoch", "step"}),
    )


def _reporters(config: FinetuneConfig) -> list[TrainerCallback]:
    if not config.report_to:
        return []
    from enhancer_variants.training.reporting import reporters  # noqa: PLC0415 - needs extras

    return reporters(config)


@contextlib.contextmanager
def _reporting(
    callbacks: Sequence[TrainerCallback],
) -> Iterator[Callable[[FinetuneResult], None]]:
    """Tell reporters among the callbacks how the run ends."""
    from enhancer_variants.training.reporting import reporting  # noqa: PLC0415 - imports this package

    with reporting(callbacks) as report:
        yield report
