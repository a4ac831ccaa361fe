"""transformers' Trainer, told how DNABERT was pre-trained and how its guesses are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers import (
    PrinterCallback,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_utils import IntervalStrategy, SaveStrategy

from enhancer_variants.errors import InputError
from enhancer_variants.training.dnabert_optimizer import DnabertRecipe, parameter_groups
from enhancer_variants.training.finetuning.checkpoints import CompleteCheckpoints
from enhancer_variants.training.pretraining.config import PretrainConfig
from enhancer_variants.training.pretraining.judgement import guessing_score
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel
from enhancer_variants.training.pretraining.run_windows import RunWindows
from enhancer_variants.training.trainer_parts import OneDeviceArguments, StepsBar

__all__ = ["PretrainingTrainer", "pretraining_arguments", "pretraining_trainer"]

_BETAS: Final = (0.9, 0.98)
_EPSILON: Final = 1e-6
"""As DNABERT was pre-trained (README of jerryji1993/DNABERT)."""


class PretrainingTrainer(Trainer):
    """A Trainer whose evaluation is the score of the guesses on fixed batches.

    Parameters
    ----------
    dev_batches
        Batches with masks that stay; every process judges all of them.
    **options
        As for :class:`transformers.Trainer`.
    """

    def __init__(self, dev_batches: Sequence[Mapping[str, Tensor]], **options: Any) -> None:
        super().__init__(**options)
        self._dev_batches = dev_batches

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Judge the model and log what comes out.

        Parameters
        ----------
        metric_key_prefix
            What stands before the name of a metric.

        Returns
        -------
        dict
            ``eval_cross_entropy``, ``eval_perplexity``, ``eval_accuracy`` and ``eval_kmers``.
        """
        model = self.accelerator.unwrap_model(self.model)
        score = asdict(guessing_score(model, self._dev_batches))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in score.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def pretraining_arguments(config: PretrainConfig) -> TrainingArguments:
    """Arguments of Trainer, but for the number of steps.

    Parameters
    ----------
    config
        The run; checkpoints go to the folder ``checkpoints`` of its output.

    Raises
    ------
    InputError
        If the device is not there.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("device is 'cuda' and there is none; expected a GPU, or device='cpu'")
    return OneDeviceArguments(
        output_dir=str(Path(config.output, "checkpoints")),
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        max_grad_norm=config.gradient_clip,
        train_sampling_strategy="sequential",  # the windows are random as they are
        bf16=config.precision == "bf16",
        fp16=config.precision == "fp16",
        seed=config.seed,
        use_cpu=config.device == "cpu",
        dataloader_num_workers=config.workers,
        dataloader_pin_memory=torch.cuda.is_available() and config.device != "cpu",
        ddp_find_unused_parameters=False,
        remove_unused_columns=False,
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,
        save_total_limit=config.save_total_limit,
        report_to=[],
        disable_tqdm=True,
    )


def pretraining_trainer(
    model: MaskedLanguageModel,
    config: PretrainConfig,
    arguments: TrainingArguments,
    windows: RunWindows,
    progress: bool | None = None,
) -> PretrainingTrainer:
    """Put model, windows, optimizer and schedule together.

    Parameters
    ----------
    model
        The model, trained in place.
    config
        The run.
    arguments
        As :func:`pretraining_arguments` makes them; the steps are filled in.
    windows
        What is trained and judged on.
    progress
        Whether to show a bar; None for where someone is watching.
    """
    at_once = config.batch_size * config.gradient_accumulation * arguments.world_size
    steps = config.max_steps or math.ceil(config.epochs * windows.windows_per_epoch / at_once)
    every = min(steps, config.evaluate_every or max(1, math.ceil(steps / 10)))
    arguments.max_steps = steps
    arguments.eval_strategy = IntervalStrategy.STEPS
    arguments.save_strategy = SaveStrategy.STEPS
    arguments.eval_steps = arguments.save_steps = every
    recipe = DnabertRecipe(
        learning_rate=config.learning_rate,
        warmup_share=config.warmup_share,
        weight_decay=config.weight_decay,
    )
    optimizer = torch.optim.AdamW(
        parameter_groups(model, config.weight_decay),
        lr=config.learning_rate,
        betas=_BETAS,
        eps=_EPSILON,
    )
    training_windows = windows.training_windows(steps * at_once)
    trainer = PretrainingTrainer(
        windows.dev_batches,
        model=model,
        args=arguments,
        data_collator=windows.masking,
        train_dataset=training_windows,
        eval_dataset=training_windows,  # not read: Trainer wants one to evaluate at all
        optimizers=(optimizer, recipe.schedule(optimizer, steps)),
        callbacks=[CompleteCheckpoints(), StepsBar(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
