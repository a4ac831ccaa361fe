"""What a pre-training run is told, and what it gives back."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning.config import NetworkSizes, TrainingPrecision
from enhancer_variants.training.finetuning.config_checks import (
    check_choice,
    check_number,
    check_seed,
    check_whole,
)
from enhancer_variants.training.splits import HELD_OUT_CONTIGS

__all__ = ["PretrainConfig", "PretrainResult"]

_LISTS_OF_PATHS: Final = ("fasta", "regions", "excluded")
_LISTS_OF_NAMES: Final = ("contigs", "excluded_contigs")
_WHOLE_NUMBERS: Final = {
    "max_steps": 1,
    "batch_size": 1,
    "gradient_accumulation": 1,
    "dev_windows": 1,
    "evaluate_every": 1,
    "logging_steps": 1,
    "save_total_limit": 1,
    "threads": 1,
    "workers": 0,
}
_NUMBERS: Final = {
    "reverse_complement": 1.0,
    "mask_probability": 1.0,
    "dev_share": 0.5,
    "epochs": math.inf,
    "learning_rate": math.inf,
    "warmup_share": 1.0,
    "weight_decay": math.inf,
    "gradient_clip": math.inf,
    "dropout": 1.0,
}
"""Largest value; the smallest is 0."""

_MAY_BE_NONE: Final = ("max_steps", "evaluate_every", "threads")
_ABOVE_0: Final = (
    "mask_probability", "dev_share", "epochs", "learning_rate", "gradient_clip"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainConfig:
    """Everything that a pre-training run depends on.

    Attributes
    ----------
    fasta
        One or several FASTA files, plain or bgzipped. Stretches without N are read, in memory one
        byte for each base; the case of letters plays no part.
    output
        Directory of the model to be made. It holds checkpoints while the run goes.
    model
        Directory of the DNABERT checkpoint to go on from: a pre-trained encoder or a classifier,
        in the published code's layout or today's. None: from scratch.
    network
        Sizes where `model` is None; those of
        :class:`~enhancer_variants.training.finetuning.NetworkSizes` by default.
    kmer
        Bases of a k-mer where `model` is None, 6 by default; a model's own otherwise.
    contigs, excluded_contigs
        Contigs to read, under any synonym, all of them by default; and contigs to leave out, by
        default those that data sets hold out too.
    regions, excluded
        BED files, 0-based half-open: only bases of the first are read, and none of the second.
    window
        Bases of every window. By default half of the windows have 510 k-mers, as many as DNABERT
        reads (or fewer, for a network with fewer positions), and the others 5 to 510 at random, as
        DNABERT was trained; none is longer than its stretch.
    reverse_complement
        Probability that a window is read from the other strand.
    mask_probability
        About the share of k-mers to be guessed, hidden in spans of k.
    dev_share
        Share of the bases, in blocks of up to 10,000, on which the model is not trained but judged.
    dev_windows
        Windows that are drawn from them once, with masks that stay.
    epochs, max_steps
        How often every base is seen on average, or optimizer steps where given.
    batch_size, gradient_accumulation
        Windows of each pass on each device, and passes to an optimizer step.
    learning_rate, warmup_share, weight_decay, gradient_clip
        Largest rate; share of all steps in which it rises to that, before it falls to 0 in a line;
        decay of all but biases and layer norms; largest norm of a step's gradient. As published
        but for the warm-up (0.05 there).
    dropout
        Share of activations that are dropped while training, at BERT's usual places.
    precision
        ``bf16`` and ``fp16`` are quicker on GPUs; weights are kept in float32 in any case.
    evaluate_every
        Optimizer steps from one evaluation, and one checkpoint, to the next; by default a tenth
        of the run.
    logging_steps
        Optimizer steps from one reported loss to the next.
    save_total_limit
        Checkpoints that are kept at once.
    seed
        Of the first weights, dev blocks, windows, masks and dropout.
    device
        ``auto``, ``cpu`` or ``cuda``.
    threads
        Threads of the CPU; as torch has it otherwise.
    workers
        Processes that prepare batches beside the main one; the windows are the same.

    Raises
    ------
    InputError
        If a value is none that the field can have; the message names the field.

    Examples
    --------
    >>> config = PretrainConfig(fasta="hg38.fa", output="model", kmer=4)
    >>> config.fasta, config.excluded_contigs[0]
    (('hg38.fa',), 'chr8')
    """

    fasta: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
    output: str | os.PathLike[str]
    model: str | os.PathLike[str] | None = None
    network: NetworkSizes | None = None
    kmer: int | None = None
    contigs: Sequence[str] | None = None
    excluded_contigs: Sequence[str] = HELD_OUT_CONTIGS
    regions: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ()
    excluded: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ()
    window: int | None = None
    reverse_complement: float = 0.5
    mask_probability: float = 0.15
    dev_share: float = 0.02
    dev_windows: int = 1000
    epochs: float = 1.0
    max_steps: int | None = None
    batch_size: int = 32
    gradient_accumulation: int = 1
    learning_rate: float = 4e-4
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    dropout: float = 0.1
    precision: TrainingPrecision = "fp32"
    evaluate_every: int | None = None
    logging_steps: int = 50
    save_total_limit: int = 1
    seed: int = 42
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    workers: int = 0

    def __post_init__(self) -> None:
        self._normalise()
        if not self.fasta:
            raise InputError("fasta names no file; expected one or more FASTA files")
        if self.model is not None and (self.network is not None or self.kmer is not None):
            raise InputError(
                "model is given, and network or kmer too; expected a model to go on from, or "
                "sizes of a network to train from scratch"
            )
        if not (self.network is None or isinstance(self.network, NetworkSizes)):
            raise InputError(f"network is {self.network!r}; expected NetworkSizes")
        check_choice("precision", self.precision, get_args(TrainingPrecision))
        check_choice("device", self.device, ("auto", "cpu", "cuda"))
        for name, least in _WHOLE_NUMBERS.items():
            if not (name in _MAY_BE_NONE and getattr(self, name) is None):
                check_whole(name, getattr(self, name), least)
        check_seed(self.seed)
        for name, most in _NUMBERS.items():
            check_number(name, getattr(self, name), 0, most)
        for name in _ABOVE_0:
            if not getattr(self, name):
                raise InputError(f"{name} is 0; expected a number above 0")
        if self.dropout == 1:
            raise InputError("dropout is 1; expected less: nothing would be left")

    @property
    def fasta_files(self) -> tuple[str, ...]:
        """The FASTA files as a tuple of paths."""
        return tuple(map(os.fspath, self.fasta))  # type: ignore[arg-type] # normalised

    @property
    def region_files(self) -> tuple[str, ...]:
        """The BED files to stay in, likewise."""
        return tuple(map(os.fspath, self.regions))  # type: ignore[arg-type] # normalised

    @property
    def excluded_files(self) -> tuple[str, ...]:
        """The BED files to keep clear of, likewise."""
        return tuple(map(os.fspath, self.excluded))  # type: ignore[arg-type] # normalised

    def to_mapping(self) -> dict[str, Any]:
        """Every field by its name, as JSON has it; of files the base name.

        Examples
        --------
        >>> PretrainConfig(fasta="a/hg38.fa", output="model").to_mapping()["fasta"]
        ['hg38.fa']
        """
        values = asdict(self)
        for name in _LISTS_OF_PATHS:
            values[name] = [Path(path).name for path in getattr(self, name)]
        for name in _LISTS_OF_NAMES:
            names = getattr(self, name)
            values[name] = None if names is None else [*names]
        for name in ("output", "model"):
            path = getattr(self, name)
            values[name] = None if path is None else Path(path).resolve().name
        return values

    def _normalise(self) -> None:
        """Make one path several and sequences tuples, so that equal configurations are equal."""
        for name in _LISTS_OF_PATHS:
            value = getattr(self, name)
            paths = [value] if isinstance(value, (str, os.PathLike)) else value
            object.__setattr__(self, name, tuple(os.fspath(path) for path in paths))
        for name in _LISTS_OF_NAMES:
            names = getattr(self, name)
            if isinstance(names, str):
                raise InputError(f"{name} is {names!r}; expected several names, as ({names!r},)")
            if names is not None:
                stripped = tuple(filter(None, (each.strip() for each in names)))
                object.__setattr__(self, name, stripped)
        for name in ("output", "model"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, os.fspath(value))


@dataclass(frozen=True, slots=True)
class PretrainResult:
    """What a run came to.

    Attributes
    ----------
    directory
        Directory of the pre-trained encoder, for ``finetune --model``. It has no classifier, so
        it cannot score.
    metrics
        Guesses on the dev windows by ``model``, and by two that know nothing of DNA: ``unigram``
        (the frequencies of k-mers) and ``copying`` (reads bases off overlapping k-mers). Each
        has ``cross_entropy`` (nats), ``perplexity``, ``accuracy`` and ``kmers``, their number.
    history
        What was logged, in order: `step`, `epoch`, and `loss`, `grad_norm` and `learning_rate`,
        or metrics as `eval_accuracy`.
    """

    directory: Path
    metrics: Mapping[str, Mapping[str, float]]
    history: tuple[Mapping[str, float], ...]
