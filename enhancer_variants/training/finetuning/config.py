"""What a fine-tuning run is told, and what it gives back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from enhancer_variants.errors import InputError
from enhancer_variants.models import Padding
from enhancer_variants.training.finetuning.config_checks import (
    as_names,
    as_path,
    check_choice,
    check_known,
    check_number,
    check_numbers,
    check_whole,
)

__all__ = [
    "BestBy",
    "FinetuneConfig",
    "FinetuneResult",
    "NetworkSizes",
    "OptimizerName",
    "Reporter",
    "TaskName",
    "TrainingPrecision",
]

TaskName: TypeAlias = Literal["single_label", "multi_label"]
"""One class for each sequence, or a yes or no to each of several labels."""

OptimizerName: TypeAlias = Literal["adamw", "dnabert"]
"""AdamW of torch, or that of the published DNABERT code."""

TrainingPrecision: TypeAlias = Literal["fp32", "bf16", "fp16"]
"""What is multiplied in; weights are kept in float32 in any case."""

BestBy: TypeAlias = Literal["mcc", "auroc", "auprc", "f1", "accuracy", "loss", "last"]
"""What the kept weights are chosen by, on dev; `last` are those of the last step."""

Reporter: TypeAlias = Literal["wandb", "tensorboard"]
"""Where a run is reported to."""

_PATHS: Final = ("train", "output", "dev", "test", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSizes:
    """Sizes of a network that is trained from scratch; k and the labels give the others.

    Attributes
    ----------
    hidden_size, num_hidden_layers, num_attention_heads, intermediate_size
        As ``config.json`` has them.
    max_position_embeddings
        Tokens of the longest input.

    Raises
    ------
    InputError
        If a size is no whole number above 0, or the hidden size no multiple of the heads.

    Examples
    --------
    >>> NetworkSizes(hidden_size=128).num_hidden_layers
    4
    """

    hidden_size: int = 256
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    intermediate_size: int = 1024
    max_position_embeddings: int = 512

    def __post_init__(self) -> None:
        for item in fields(self):
            check_whole(f"network.{item.name}", getattr(self, item.name), 1)
        if self.hidden_size % self.num_attention_heads:
            raise InputError(
                f"network.hidden_size is {self.hidden_size}; expected a multiple of "
                f"num_attention_heads, {self.num_attention_heads}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """Everything that a fine-tuning run depends on; JSON has it too.

    Attributes
    ----------
    train
        Sequences to train on: k-mer TSV, FASTA, CSV or TSV, each with its label; or a folder that
        ``enhancer-variants dataset`` wrote, whose train, dev and test are then taken.
    output
        Directory of the model to be made. It holds checkpoints while the run goes.
    dev
        Sequences that weights are chosen by; needed unless `best_by` is ``last``.
    test
        Sequences that are only reported on, at the end.
    name
        Name for the model's card; the output directory's otherwise.
    model
        Directory of the DNABERT checkpoint to start from: a classifier or a pre-trained encoder,
        in the published code's layout or today's. None: from scratch.
    network
        Sizes where `model` is None.
    kmer
        Bases of a k-mer where `model` is None, 6 by default; a model's own otherwise.
    task
        ``single_label`` or ``multi_label``. Multi-label files are CSV or TSV with a column
        `sequence` and one column for each label that holds 0, 1 or nothing: what is empty is not
        known and takes no part. A row that knows nothing at all is left out, and counted.
    labels
        Names of the classes in the order of their numbers, or the multi-label columns to train.
        By default ``negative`` and ``positive``, or every such column.
    positive_label
        The class whose log-odds are reported, where there are three or more.
    window_length
        Bases the model reads, W; longer sequences are cropped to their middle. By default the W of
        the model's card, else the length of the training sequences if it is one.
    max_seq_length
        Tokens of the padded input, which counts with ``padding="dnabert"`` only.
    padding
        ``none``: padding has no influence. ``dnabert``: attended, as in the published code.
    optimizer
        ``dnabert`` is the published AdamW, which also leaves the embedding of [PAD] as it is.
    learning_rate, warmup_share, weight_decay, gradient_clip
        Largest rate; share of all steps in which it rises to that, before it falls to 0 in a line;
        decay of all but biases and layer norms; largest norm of a step's gradient.
    epochs, max_steps
        Passes over the training sequences, or optimizer steps where given.
    batch_size, gradient_accumulation
        Sequences of each pass on each device, and passes to an optimizer step.
    dropout
        Share of activations that are dropped while training, at BERT's usual places.
    precision
        ``bf16`` and ``fp16`` are quicker on GPUs.
    seed
        Of the first weights, the order of sequences, dropout and augmentation.
    reverse_complement
        Probability with which a training sequence is turned into its reverse complement.
    shift
        A training sequence's window is moved by up to so many bases from its middle, as far as the
        sequence reaches; at least one must be longer than W.
    class_weights
        ``balanced``: each class counts the same in the loss. Or a number for each class; for
        each label's positives in a multi-label run.
    best_by
        Which of the evaluated weights are kept, by a metric of dev (multi-label: its mean over
        labels).
    early_stopping
        Stop after so many evaluations in a row that bring nothing better.
    evaluate_every
        ``epoch``, or a number of optimizer steps; a checkpoint is written each time.
    threshold
        Log2 odds at which the call changes, or ``mcc``: where MCC on dev is largest
        (single-label).
    logging_steps
        Optimizer steps from one reported loss to the next.
    save_total_limit
        Checkpoints that are kept at once while the run goes, beside the best.
    keep_checkpoints
        Keep them when the model is written, too; a model needs none.
    report_to
        ``wandb``, ``tensorboard``; nothing by default.
    project, run_name, tags
        What the run is called there.
    licence, citation, notes
        For the model's card; licence and citation of the model it starts from otherwise.
    device
        ``auto``, ``cpu`` or ``cuda``.
    threads
        Threads of the CPU, torch's own number otherwise. Weights are the same bits for the same
        number of threads.
    workers
        Processes that prepare batches beside the main one.

    Raises
    ------
    InputError
        If a value is none that the field can have; the message names the field.

    Examples
    --------
    >>> config = FinetuneConfig(train="data", output="model", learning_rate=1e-4)
    >>> FinetuneConfig.from_json(config.to_json()) == config
    True
    """

    train: str | os.PathLike[str]
    output: str | os.PathLike[str]
    dev: str | os.PathLike[str] | None = None
    test: str | os.PathLike[str] | None = None
    name: str | None = None
    model: str | os.PathLike[str] | None = None
    network: NetworkSizes | None = None
    kmer: int | None = None
    task: TaskName = "single_label"
    labels: tuple[str, ...] | None = None
    positive_label: str | None = None
    window_length: int | None = None
    max_seq_length: int | None = None
    padding: Padding = "none"
    optimizer: OptimizerName = "adamw"
    learning_rate: float = 3e-5
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    epochs: float = 3.0
    max_steps: int | None = None
    batch_size: int = 32
    gradient_accumulation: int = 1
    dropout: float = 0.1
    precision: TrainingPrecision = "fp32"
    seed: int = 42
    reverse_complement: float = 0.0
    shift: int = 0
    class_weights: Literal["balanced"] | tuple[float, ...] | None = None
    best_by: BestBy = "mcc"
    early_stopping: int | None = None
    evaluate_every: Literal["epoch"] | int = "epoch"
    threshold: float | Literal["mcc"] = 0.0
    logging_steps: int = 50
    save_total_limit: int = 1
    keep_checkpoints: bool = False
    report_to: tuple[Reporter, ...] = ()
    project: str | None = None
    run_name: str | None = None
    tags: tuple[str, ...] = ()
    licence: str | None = None
    citation: str | None = None
    notes: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    workers: int = 0

    def __post_init__(self) -> None:
        self._normalise()
        self._check_choices()
        check_numbers({item.name: getattr(self, item.name) for item in fields(self)})
        self._check_threshold_and_weights()
        self._check_labels()
        self._check_together()

    def to_json(self) -> str:
        """Every field by its name, as indented JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> FinetuneConfig:
        """Read what :meth:`to_json` writes; fields may be missing but for `train` and `output`.

        Raises
        ------
        InputError
            If it is no JSON object, names an unknown field, or for a value that a field cannot
            have.
        """
        try:
            given = json.loads(text)
        except ValueError as error:
            raise InputError(f"the configuration is no JSON ({error})") from error
        if not isinstance(given, dict):
            raise InputError('the configuration is no JSON object; expected {"train": ...}')
        return cls.from_mapping(given)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> FinetuneConfig:
        """Make a configuration of fields by name, with lists for tuples.

        Raises
        ------
        InputError
            As :meth:`from_json`.

        Examples
        --------
        >>> FinetuneConfig.from_mapping({"train": "data", "output": "model", "tags": ["a"]}).tags
        ('a',)
        """
        check_known(given, [item.name for item in fields(cls)])
        for name in ("train", "output"):
            if name not in given:
                raise InputError(f"{name} is missing; expected a path")
        values = dict(given)
        if isinstance(sizes := values.get("network"), Mapping):
            check_known(sizes, [item.name for item in fields(NetworkSizes)], "network.")
            values["network"] = NetworkSizes(**sizes)
        return cls(**values)

    def _normalise(self) -> None:
        """Make paths text and lists tuples, so that equal configurations are equal."""
        for name in _PATHS:
            object.__setattr__(self, name, as_path(name, getattr(self, name)))
        for name in ("report_to", "tags"):
            object.__setattr__(self, name, as_names(name, getattr(self, name)))
        if self.labels is not None:
            object.__setattr__(self, "labels", as_names("labels", self.labels))
        if isinstance(self.class_weights, list):
            object.__setattr__(self, "class_weights", tuple(self.class_weights))

    def _check_choices(self) -> None:
        check_choice("task", self.task, get_args(TaskName))
        check_choice("padding", self.padding, get_args(Padding))
        check_choice("optimizer", self.optimizer, get_args(OptimizerName))
        check_choice("precision", self.precision, get_args(TrainingPrecision))
        check_choice("best_by", self.best_by, get_args(BestBy))
        check_choice("device", self.device, ("auto", "cpu", "cuda"))
        for reporter in self.report_to:
            check_choice("report_to", reporter, get_args(Reporter))
        if not (self.network is None or isinstance(self.network, NetworkSizes)):
            raise InputError(f"network is {self.network!r}; expected NetworkSizes")

    def _check_threshold_and_weights(self) -> None:
        if self.threshold != "mcc":
            check_number("threshold", self.threshold, -1000, 1000)
        elif self.task == "multi_label":
            raise InputError(
                "threshold is 'mcc' for a multi_label run, whose labels share one; expected a "
                "number of log2 odds"
            )
        if isinstance(self.class_weights, tuple):
            for weight in self.class_weights:
                check_number("class_weights", weight, 0)
            if not any(self.class_weights):
                raise InputError("class_weights are all 0; expected one above 0 at least")
        elif self.class_weights not in (None, "balanced"):
            raise InputError(
                f"class_weights is {self.class_weights!r}; expected 'balanced', or a number for "
                "each class"
            )

    def _check_labels(self) -> None:
        if self.labels is None:
            return
        fewest = 2 if self.task == "single_label" else 1
        if len(self.labels) < fewest or len({*self.labels}) < len(self.labels):
            raise InputError(
                f"labels is {list(self.labels)}; expected {fewest} or more names for {self.task}, "
                "each once"
            )
        if self.positive_label is not None and self.positive_label not in self.labels:
            raise InputError(
                f"positive_label is {self.positive_label!r}; expected one of {list(self.labels)}"
            )
        if isinstance(self.class_weights, tuple) and len(self.class_weights) != len(self.labels):
            raise InputError(
                f"class_weights has {len(self.class_weights)} numbers; expected "
                f"{len(self.labels)}, one for each label"
            )

    def _check_together(self) -> None:
        if self.model is not None and (self.network is not None or self.kmer is not None):
            raise InputError(
                "model is given and so is network or kmer; expected a model to start from, or "
                "sizes of a network to train from scratch"
            )
        if self.early_stopping is not None and self.best_by == "last":
            raise InputError(
                "early_stopping is given and best_by is 'last'; expected a metric to stop by, "
                "as best_by='mcc'"
            )
        if self.padding == "dnabert" and self.max_seq_length is None:
            raise InputError(
                "padding is 'dnabert' without max_seq_length; expected the number of tokens that "
                "input is padded to, which changes the logits"
            )
        if self.task == "multi_label" and self.positive_label is not None:
            raise InputError(
                "positive_label is given for a multi_label run; expected none: each label has "
                "log-odds of its own"
            )


@dataclass(frozen=True, slots=True)
class FinetuneResult:
    """What a run came to.

    Attributes
    ----------
    directory
        The model directory, for ``load_model`` and ``score``.
    metrics
        Metrics by split (`dev`, `test`) of the weights that were kept, computed in float32. For
        single-label models: those of
        :class:`~enhancer_variants.training.ClassificationMetrics` for the positive class, the
        counts of the confusion matrix (`true_negative`, ...) and `loss`. For multi-label models:
        each label's as `LABEL/auroc`, and the mean over labels as `auroc`.
    best_step
        Optimizer step that the kept weights are from.
    best_score
        Their `best_by` on dev as the run measured it; NaN where it is ``last``.
    history
        What was logged, in order: `step`, `epoch`, and `loss`, `grad_norm` and `learning_rate`,
        or metrics as `eval_auroc`.
    """

    directory: Path
    metrics: Mapping[str, Mapping[str, float]]
    best_step: int
    best_score: float
    history: tuple[Mapping[str, float], ...]
