"""Where a fine-tuning run is reported to: Weights & Biases, TensorBoard, or, by default, nowhere.

A reporter is a callback of transformers' Trainer that is also told how the run ended. Figures go by
the same names everywhere: ``train/loss``, ``dev/mcc``, ``test/auroc``, by optimizer step.
"""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from enhancer_variants.errors import MissingDependencyError
from enhancer_variants.models.files import write_atomically
from enhancer_variants.training.finetuning.config import FinetuneConfig, FinetuneResult
from enhancer_variants.training.finetuning.saved_model import prediction_file
from enhancer_variants.training.metrics import ConfusionMatrix
from enhancer_variants.training.wandb_run import WandbRun, require_wandb

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = [
    "RunReporter",
    "TensorBoardReporter",
    "WandbReporter",
    "figures_by_split",
    "reporters",
    "reporting",
]

_SPLIT_OF_PREFIX: Final = {"eval_": "dev/", "dev_": "dev/", "test_": "test/", "train_": "run/"}
_COUNTS: Final = ("true_negative", "false_positive", "false_negative", "true_positive")
_RUN_ID_NAME: Final = "run_id.txt"
_PREDICTIONS: Final = (prediction_file("dev"), prediction_file("test"))
_NO_HYPER_PARAMETERS: Final = ("report_to", "project", "run_name", "tags")


def figures_by_split(logged: Mapping[str, object]) -> dict[str, float]:
    """Name what Trainer logs by its split; what is no number is left out.

    Parameters
    ----------
    logged
        As Trainer has it: ``eval_`` is dev, ``train_`` the whole run, and no prefix its last steps.

    Returns
    -------
    dict
        Figures by names as ``dev/mcc``, ``train/loss`` and ``run/loss``.

    Examples
    --------
    >>> figures_by_split({"eval_mcc": 0.5, "loss": 0.7, "epoch": 1.0})
    {'dev/mcc': 0.5, 'train/loss': 0.7, 'train/epoch': 1.0}
    """
    figures = {}
    for name, value in logged.items():
        if isinstance(value, int | float):
            prefix = next((p for p in _SPLIT_OF_PREFIX if name.startswith(p)), "")
            split = _SPLIT_OF_PREFIX.get(prefix, "train/")
            figures[split + name.removeprefix(prefix)] = float(value)
    return figures


class RunReporter(TrainerCallback, ABC):
    """A place that a run is reported to.

    Besides what a callback of Trainer is told, it is told once how the run ended: by
    :meth:`finish` or, where an error ended it, by :meth:`give_up`.
    """

    @abstractmethod
    def begin(self, steps_before: int) -> None:
        """Begin the report.

        Parameters
        ----------
        steps_before
            Optimizer steps that were taken already; above 0 where a run is resumed.
        """

    @abstractmethod
    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Report figures of a step, by names as ``dev/mcc``."""

    @abstractmethod
    def finish(self, result: FinetuneResult) -> None:
        """Report what the run came to, and end the report."""

    @abstractmethod
    def give_up(self) -> None:
        """End the report of a run that did not come to its end."""

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer's names
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - likewise
        **kwargs: Any,  # noqa: ARG002 - likewise
    ) -> None:
        """Begin, in the first process only."""
        if state.is_world_process_zero:
            self.begin(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002 - Trainer's names
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - likewise
        logs: Mapping[str, object] | None = None,
        **kwargs: Any,  # noqa: ARG002 - likewise
    ) -> None:
        """Pass on what was logged, in the first process only."""
        if state.is_world_process_zero:
            self.log(figures_by_split(logs or {}), state.global_step)


class TensorBoardReporter(RunReporter):
    """Event files of TensorBoard, below ``tensorboard/`` in the folder of the run.

    Parameters
    ----------
    config
        The run.

    Raises
    ------
    MissingDependencyError
        If tensorboard is not installed.
    """

    def __init__(self, config: FinetuneConfig) -> None:
        self._writer_class = _summary_writer()
        self._config = config
        self._writer: SummaryWriter | None = None

    def begin(self, steps_before: int) -> None:
        """Open a file of events; what an earlier one says of later steps counts no more."""
        folder = Path(self._config.output, "tensorboard")
        if not steps_before:  # what is there is of a run that this one replaces
            for earlier in folder.glob("events.out.tfevents.*"):
                earlier.unlink()
        writer = self._writer_class(
            str(folder),
            purge_step=steps_before + 1 if steps_before else None,
        )
        if not steps_before:
            settings = json.dumps(hyper_parameters(self._config), indent=1)
            writer.add_text("hyper-parameters", f"```json\n{settings}\n```", 0)
        self._writer = writer

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write scalars."""
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(name, value, step)
            self._writer.flush()

    def finish(self, result: FinetuneResult) -> None:
        """Write the figures of the kept weights, as ``kept/dev/mcc``, and close the file."""
        self.log(kept_figures(result), result.best_step)
        self.give_up()

    def give_up(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class WandbReporter(RunReporter):
    """A run of Weights & Biases, with its files below ``wandb/`` in the folder of the run.

    Hyper-parameters, figures by step, the confusion matrix on dev at each evaluation and of the
    kept weights, and as artifacts the model directory and the predictions of dev and test. A
    resumed run continues the one that was begun.

    Parameters
    ----------
    config
        The run.

    Raises
    ------
    MissingDependencyError
        If wandb is not installed.
    """

    def __init__(self, config: FinetuneConfig) -> None:
        require_wandb()
        self._config = config
        self._run: WandbRun | None = None

    def begin(self, steps_before: int) -> None:
        """Begin a run, or continue the one whose id is kept in the folder."""
        id_file = Path(self._config.output, "wandb", _RUN_ID_NAME)
        earlier = None
        if steps_before and id_file.is_file():
            earlier = id_file.read_text(encoding="utf-8").strip()
        self._run = WandbRun(
            self._config.output,
            job="finetune",
            config=hyper_parameters(self._config),
            project=self._config.project,
            name=self._config.run_name or Path(self._config.output).name,
            tags=self._config.tags,
            run_id=earlier,
        )
        id_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(id_file, f"{self._run.run_id}\n".encode())

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log figures, and the confusion matrix where they hold the counts of one."""
        if self._run is not None:
            self._run.log(figures, step)
            for name, confusion in confusions(figures).items():
                if name.count("/") == 1:  # those of several labels come at the end
                    self._run.log_confusion(name, confusion, step)

    def finish(self, result: FinetuneResult) -> None:
        """Log the kept weights' figures, the model and its predictions, and end the run."""
        if self._run is None:
            return
        kept = kept_figures(result)
        self._run.summarise({**kept, "kept/step": result.best_step})
        for name, confusion in confusions(kept).items():
            self._run.log_confusion(name, confusion)
        files = {p.name: p for p in sorted(result.directory.iterdir()) if p.is_file()}
        predictions = {name: p for name, p in files.items() if name in _PREDICTIONS}
        model = {name: p for name, p in files.items() if name not in _PREDICTIONS}
        name = self._config.name or result.directory.name
        self._run.keep(name, "model", model, metadata=kept)
        if predictions:
            self._run.keep(f"{name}-predictions", "predictions", predictions)
        self._run.finish()
        self._run = None

    def give_up(self) -> None:
        """End the run as a failed one."""
        if self._run is not None:
            self._run.finish(failed=True)
            self._run = None


_REPORTERS: Final[Mapping[str, Callable[[FinetuneConfig], RunReporter]]] = {
    "tensorboard": TensorBoardReporter,
    "wandb": WandbReporter,
}


def reporters(config: FinetuneConfig) -> list[TrainerCallback]:
    """Callbacks that report a run to where its configuration says; none by default.

    Parameters
    ----------
    config
        The run; its `report_to` names the places.

    Returns
    -------
    list of TrainerCallback
        A :class:`RunReporter` for each place, in their order.

    Raises
    ------
    MissingDependencyError
        If the package of a place is not installed; the message names the extra.

    Examples
    --------
    >>> reporters(FinetuneConfig(train="data", output="model"))
    []
    """
    return [_REPORTERS[place](config) for place in dict.fromkeys(config.report_to)]


@contextlib.contextmanager
def reporting(callbacks: Sequence[TrainerCallback]) -> Iterator[Callable[[FinetuneResult], None]]:
    """Tell reporters how a run ends.

    Parameters
    ----------
    callbacks
        Callbacks of the run; those that are no :class:`RunReporter` are left alone.

    Yields
    ------
    Callable
        To be called with the result. Where an error comes before, the reports end as failed.
    """
    told = [callback for callback in callbacks if isinstance(callback, RunReporter)]

    def finish(result: FinetuneResult) -> None:
        while told:
            told[0].finish(result)
            del told[0]

    try:
        yield finish
    finally:
        for reporter in told:
            reporter.give_up()


def hyper_parameters(config: FinetuneConfig) -> dict[str, Any]:
    """Everything that a run depends on by its name, without what only names its report."""
    return {k: v for k, v in asdict(config).items() if k not in _NO_HYPER_PARAMETERS}


def kept_figures(result: FinetuneResult) -> dict[str, float]:
    """Metrics of the kept weights by names as ``kept/dev/mcc``."""
    return {
        f"kept/{split}/{name}": float(value)
        for split, metrics in result.metrics.items()
        for name, value in metrics.items()
    }


def confusions(figures: Mapping[str, float]) -> dict[str, ConfusionMatrix]:
    """Confusion matrices whose four counts are among figures, by names as ``dev/confusion_matrix``.

    Examples
    --------
    >>> counts = {"true_negative": 3, "false_positive": 1, "false_negative": 2, "true_positive": 4}
    >>> found = confusions({"dev/mcc": 0.5} | {f"dev/{name}": n for name, n in counts.items()})
    >>> found["dev/confusion_matrix"].to_array().tolist()
    [[3, 1], [2, 4]]
    """
    places = [n.removesuffix(_COUNTS[0]) for n in figures if n.endswith("/" + _COUNTS[0])]
    return {
        f"{place}confusion_matrix": ConfusionMatrix(*(int(figures[place + c]) for c in _COUNTS))
        for place in places
        if all(place + count in figures for count in _COUNTS)
    }


def _summary_writer() -> type[SummaryWriter]:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            f"report_to='tensorboard' needs tensorboard, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[train]'"
        ) from error
    return SummaryWriter
