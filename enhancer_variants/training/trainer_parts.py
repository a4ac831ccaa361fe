"""What every run of transformers' Trainer here has in common: its device, its log, its bar."""

from __future__ import annotations

from typing import Any

from tqdm.auto import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

__all__ = ["OneDeviceArguments", "StepsBar"]


class OneDeviceArguments(TrainingArguments):
    """Arguments of a process that trains on one device, whatever others it sees.

    Trainer would spread batches over all GPUs that one process sees; several GPUs are used by
    several processes here (torchrun), which is quicker and leaves the batch size as it is.
    """

    @property
    def n_gpu(self) -> int:
        """Devices of this process: 1, or 0 without a GPU."""
        present: int = super().n_gpu
        return min(present, 1)


class StepsBar(TrainerCallback):
    """A progress bar, and a log that is complete at every checkpoint.

    Trainer calls each method with its arguments, its state and its control, in this order.

    Parameters
    ----------
    progress
        Whether to show the bar; None where someone is watching.
    """

    def __init__(self, progress: bool | None) -> None:
        self._disable = None if progress is None else not progress
        self._bar: Any = None

    def on_train_begin(self, *event: Any, **_: Any) -> None:
        """Show the bar, in the first process."""
        state: TrainerState = event[1]
        if state.is_world_process_zero:
            self._bar = tqdm(
                total=state.max_steps,
                initial=state.global_step,
                unit=" steps",
                disable=self._disable,
                leave=False,
            )

    def on_step_end(self, *event: Any, **_: Any) -> None:
        """Log before a checkpoint, so that a run that goes on from it has the same log."""
        control: TrainerControl = event[2]
        control.should_log = control.should_log or control.should_save
        if self._bar is not None:
            self._bar.update(1)

    def on_epoch_end(self, *event: Any, **_: Any) -> None:
        """Log before a checkpoint, likewise."""
        control: TrainerControl = event[2]
        control.should_log = control.should_log or control.should_save

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
