"""transformers' Trainer, with the optimizer and the learning rate of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from enhancer_variants.errors import InputError
from enhancer_variants.training.dnabert_optimizer import (
    BETAS,
    EPSILON,
    DnabertAdamW,
    freeze_padding_embedding,
    linear_warmup_share,
    parameter_groups,
)
from enhancer_variants.training.finetuning.checkpoints import CompleteCheckpoints
from enhancer_variants.training.finetuning.config import FinetuneConfig
from enhancer_variants.training.finetuning.data import (
    Augmentation,
    Batches,
    LabelledSplit,
    Windows,
)
from enhancer_variants.training.finetuning.loss import TrainedNetwork
from enhancer_variants.training.finetuning.measures import Measures
from enhancer_variants.training.finetuning.starting_point import StartingPoint
from enhancer_variants.training.trainer_parts import OneDeviceArguments, StepsBar

__all__ = ["FinetuneTrainer", "make_trainer", "training_arguments"]


def training_arguments(config: FinetuneConfig, *, has_dev: bool) -> TrainingArguments:
    """Give what Trainer is told; nothing is reported anywhere.

    Parameters
    ----------
    config
        The run.
    has_dev
        Whether there are sequences to evaluate on.

    Raises
    ------
    InputError
        If the device or the precision is not there.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("device is 'cuda' and there is none; expected a GPU, or device='cpu'")
    on_cpu = config.device == "cpu" or not (
        torch.cuda.is_available() or torch.backends.mps.is_available()
    )
    if on_cpu and config.precision == "fp16":
        raise InputError("precision is 'fp16' on a CPU; expected a GPU, or 'fp32' or 'bf16'")
    by_steps = config.evaluate_every != "epoch"
    interval = 1 if config.evaluate_every == "epoch" else config.evaluate_every
    keeps_best = has_dev and config.best_by != "last"
    return OneDeviceArguments(
        output_dir=str(Path(config.output, "checkpoints")),
        use_cpu=config.device == "cpu",
        seed=config.seed,
        data_seed=config.seed,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_grad_norm=config.gradient_clip,
        bf16=config.precision == "bf16",
        fp16=config.precision == "fp16",
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,
        eval_strategy=("steps" if by_steps else "epoch") if has_dev else "no",
        eval_steps=interval,
        save_strategy="steps" if by_steps else "epoch",
        save_steps=interval,
        save_total_limit=config.save_total_limit,
        load_best_model_at_end=keeps_best,
        metric_for_best_model=f"eval_{config.best_by}" if keeps_best else None,
        greater_is_better=config.best_by != "loss" if keeps_best else None,
        restore_callback_states_from_checkpoint=True,
        label_names=["labels"],
        remove_unused_columns=False,
        dataloader_num_workers=config.workers,
        dataloader_pin_memory=not on_cpu,
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        log_level="error",
        report_to=[],
    )


class FinetuneTrainer(Trainer):
    """Trainer with the optimizers of this package.

    Parameters
    ----------
    config
        The run.
    padding_id
        Id of [PAD], whose embedding the published code leaves as it is.
    model
        What is trained.
    **more
        As Trainer has them.
    """

    def __init__(
        self, config: FinetuneConfig, padding_id: int, model: TrainedNetwork, **more: Any
    ) -> None:
        super().__init__(model=model, **more)
        self._config = config
        if config.optimizer == "dnabert":
            freeze_padding_embedding(model.network.word_embeddings, padding_id)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:  # noqa: ARG002 - Trainer's name
        """Make AdamW of torch or of the published code; biases and layer norms do not decay."""
        if self.optimizer is None:
            groups = parameter_groups(cast("TrainedNetwork", self.model), self._config.weight_decay)
            kind = DnabertAdamW if self._config.optimizer == "dnabert" else torch.optim.AdamW
            self.optimizer = kind(groups, self._config.learning_rate, betas=BETAS, eps=EPSILON)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> LambdaLR:
        """Make the learning rate rise in a line and fall in another."""
        if self.lr_scheduler is None:
            share = partial(
                linear_warmup_share,
                warmup_steps=int(self._config.warmup_share * num_training_steps),
                total_steps=num_training_steps,
            )
            self.lr_scheduler = LambdaLR(optimizer or self.create_optimizer(), share)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Say in one line, as an OSError, what safetensors and torch say of a full disk."""
        try:
            super()._save_checkpoint(model, trial)
        except (RuntimeError, SafetensorError) as error:
            raise OSError(
                f"{self.args.output_dir}: a checkpoint cannot be written "
                f"({str(error).splitlines()[0]}); expected room for it: the run can be resumed"
            ) from error


class _Epochs(TrainerCallback):
    """Augment each epoch in its own way."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def on_epoch_begin(self, *event: Any, **_: Any) -> None:
        """Tell the windows which epoch it is; Trainer's state is its second argument."""
        state: TrainerState = event[1]
        self._windows.epoch = int(state.epoch or 0)


def make_trainer(
    config: FinetuneConfig,
    start: StartingPoint,
    splits: Mapping[str, LabelledSplit],
    measures: Measures,
    callbacks: Sequence[TrainerCallback] = (),
    progress: bool | None = None,
) -> FinetuneTrainer:
    """Put a run together.

    Parameters
    ----------
    config
        The run.
    start
        What it starts from; its network is trained in place.
    splits
        Its sequences.
    measures
        How the dev split is judged.
    callbacks
        Further callbacks of Trainer.
    progress
        Whether to show a bar; None where someone is watching.

    Returns
    -------
    FinetuneTrainer
        Ready to train.

    Raises
    ------
    InputError
        If the device or the precision is not there.
    """
    augmentation = Augmentation(config.reverse_complement, config.shift, config.seed)
    windows = Windows(splits["train"], start.window_length, augmentation)
    dev = Windows(splits["dev"], start.window_length) if "dev" in splits else None
    own: list[TrainerCallback] = [_Epochs(windows), StepsBar(progress), CompleteCheckpoints()]
    if config.early_stopping is not None:
        own.append(EarlyStoppingCallback(config.early_stopping))

    def figures(prediction: EvalPrediction) -> dict[str, float]:
        return measures.of(np.asarray(prediction.predictions), np.asarray(prediction.label_ids))

    trainer = FinetuneTrainer(
        config,
        start.vocabulary.pad,
        TrainedNetwork(start.network, config.task, config.padding, measures.weights),
        args=training_arguments(config, has_dev=dev is not None),
        data_collator=Batches(start.vocabulary, config.padding, start.token_limit),
        train_dataset=windows,
        eval_dataset=dev,
        compute_metrics=figures,
        callbacks=[*own, *callbacks],
    )
    trainer.remove_callback(PrinterCallback)  # prints the log to standard output
    return trainer
