"""Pre-training from end to end: what ``ev.pretrain`` and ``enhancer-variants pretrain`` do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from enhancer_variants._version import __version__
from enhancer_variants.errors import ModelError
from enhancer_variants.models import Vocabulary
from enhancer_variants.training.pretraining.config import PretrainConfig, PretrainResult
from enhancer_variants.training.pretraining.encoder_files import starting_model, write_encoder
from enhancer_variants.training.pretraining.judgement import (
    copying_score,
    guessing_score,
    unigram_score,
)
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel
from enhancer_variants.training.pretraining.run_folder import PretrainingFolder
from enhancer_variants.training.pretraining.run_windows import RunWindows, run_windows
from enhancer_variants.training.trainer_process import (
    processes,
    random_states_kept,
    require_training_packages,
    shared,
    threads,
    verbosity_kept,
    wait_for_others,
)

if TYPE_CHECKING:
    from enhancer_variants.training.pretraining.trainer import PretrainingTrainer

__all__ = ["pretrain"]

_NOT_IN_PROVENANCE: Final = (
    *("fasta", "output", "model", "network", "kmer", "logging_steps", "save_total_limit"),
    *("device", "threads", "workers"),
)
"""Fields that name files, say how a run goes, or stand elsewhere."""

_NOT_IN_HISTORY: Final = ("runtime", "_per_second", "total_flos", "train_loss")


def pretrain(
    config: PretrainConfig, *, resume: bool = False, progress: bool | None = None
) -> PretrainResult:
    """Pre-train DNABERT as a masked language model on the bases of FASTA files.

    Trained by transformers' Trainer. Under torchrun all processes train together and the first one
    writes. The weights of the last step are kept.

    Parameters
    ----------
    config
        The run.
    resume
        Go on from the newest complete checkpoint in the output folder, or from the beginning where
        there is none yet; a finished run's result is given as it is. What comes out is what the
        run would have come to without the stop.
    progress
        Whether to show a bar; None for where someone is watching.

    Returns
    -------
    PretrainResult
        The directory, how well the model guesses beside two that know nothing of DNA, and a log.

    Raises
    ------
    MissingDependencyError
        If a package of the extra ``train`` is missing.
    InputError
        If files or options are wrong, or the output folder holds something else.
    FastaError, CheckpointError, UnsafeCheckpointError
        If a file cannot be read.
    ModelError
        If the run came to nothing: its guesses are not finite.

    Examples
    --------
    >>> pretrain(PretrainConfig(fasta="no/such.fa", output="model"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.FastaError: ...no/such.fa...
    """
    require_training_packages()
    # Imports transformers, which needs accelerate to train.
    from enhancer_variants.training.pretraining.trainer import (  # noqa: PLC0415
        pretraining_arguments,
        pretraining_trainer,
    )

    with threads(config.threads), random_states_kept(), verbosity_kept():
        arguments = pretraining_arguments(config)
        model, vocabulary, start = starting_model(config)
        windows = run_windows(config, vocabulary, model.network.config.max_position_embeddings)
        run = _provenance(config, start, vocabulary, windows)
        folder = PretrainingFolder(Path(config.output))
        goes_on = folder.may_continue(run, resume=resume)
        if goes_on and (earlier := folder.result()) is not None:
            return earlier
        trainer = pretraining_trainer(model, config, arguments, windows, progress)
        wait_for_others()  # until every process has looked at the folder
        if trainer.is_world_process_zero() and not goes_on:
            folder.begin(run)
        wait_for_others()
        _train(trainer, folder, goes_on=goes_on)
        result = None
        if trainer.is_world_process_zero():
            result = PretrainResult(
                folder.directory, _metrics(model, windows, vocabulary), _history(trainer)
            )
            write_encoder(model, vocabulary, folder.directory)
            folder.finish(run, result)
        return shared(result)


def _train(trainer: PretrainingTrainer, folder: PretrainingFolder, *, goes_on: bool) -> None:
    """Train to the end, from the beginning or the newest checkpoint on."""
    from enhancer_variants.training.finetuning.checkpoints import (  # noqa: PLC0415 - transformers
        newest_complete_checkpoint,
        remove_other_checkpoints,
    )

    checkpoint = newest_complete_checkpoint(folder.checkpoints) if goes_on else None
    wait_for_others()
    if trainer.is_world_process_zero():
        remove_other_checkpoints(folder.checkpoints, newest=checkpoint)
    wait_for_others()
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))


def _provenance(
    config: PretrainConfig, start: Mapping[str, Any], vocabulary: Vocabulary, windows: RunWindows
) -> dict[str, Any]:
    """Say what a model is made from: nothing that differs between equal runs, and no path."""
    fields = {k: v for k, v in config.to_mapping().items() if k not in _NOT_IN_PROVENANCE}
    return {
        "versions": {"enhancer_variants": __version__},
        "start": {**start, "kmer": vocabulary.k},
        "recipe": {**fields, "processes": processes()},
        "data": windows.description(),
    }


def _metrics(
    model: MaskedLanguageModel, windows: RunWindows, vocabulary: Vocabulary
) -> dict[str, dict[str, float]]:
    """Judge the model beside two that know nothing of DNA."""
    reached = guessing_score(model, windows.dev_batches)
    if not math.isfinite(reached.cross_entropy):
        raise ModelError(
            f"the cross entropy of guesses is {reached.cross_entropy}; expected a number: the run "
            "has diverged, which a smaller learning_rate prevents"
        )
    counted = windows.counted()
    scores = {
        "model": reached,
        "unigram": unigram_score(windows.dev_batches, counted, vocabulary),
        "copying": copying_score(windows.dev_batches, counted, vocabulary),
    }
    return {name: score.rounded() for name, score in scores.items()}


def _history(trainer: PretrainingTrainer) -> tuple[dict[str, float], ...]:
    """Log of a run, without how long it took."""
    entries = (
        {k: float(v) for k, v in entry.items() if not any(name in k for name in _NOT_IN_HISTORY)}
        for entry in trainer.state.log_history
    )
    return tuple(entry for entry in entries if entry.keys() - {"epoch", "step"})
