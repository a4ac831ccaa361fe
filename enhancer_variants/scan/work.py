"""What a worker does with a shard of a scan: bases in, log-odds of windows out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from enhancer_variants.effects import ModelSource, ScoringPlan, make_plan
from enhancer_variants.errors import DeviceMemoryError, InputError, ModelError
from enhancer_variants.genome import Reference, reverse_complement
from enhancer_variants.models import (
    BUNDLED_ENHANCER,
    Model,
    Tokens,
    log_odds,
    predict_logits,
    tokenize,
)
from enhancer_variants.models.batch_size import measured_batch_size
from enhancer_variants.models.files import JSON
from enhancer_variants.models.prediction import rows_at_once
from enhancer_variants.provenance import provenance_of
from enhancer_variants.runs import Piece, Shard
from enhancer_variants.scan.kmer_windows import KmerTrack
from enhancer_variants.scan.scanned import WINDOWS_FILE, ScannedWindows, encode_windows
from enhancer_variants.scan.shards import BatchSize
from enhancer_variants.scan.tiling import TileRange, Tiling

__all__ = ["MakeScanWork", "OnOom", "ScanWork", "plan_of_scan"]

OnOom: TypeAlias = Literal["stop", "shrink"]
"""What to do where a device has too little memory for a batch."""

_VERSIONS: Final = ("numpy", "pyarrow", "scipy", "torch")
"""Libraries whose versions the bytes of a piece may depend on."""

_WINDOWS_AT_ONCE = 4096
"""Windows whose tokens are held at once: a few megabytes."""

_BASES_AT_ONCE = 1 << 20
"""Bases that are read at once, windows' overlap aside."""


def plan_of_scan(enhancer: ModelSource | None, **options: Any) -> ScoringPlan:
    """Load the one enhancer model of a scan.

    Parameters
    ----------
    enhancer
        Its directory or name; None for the bundled one.
    **options
        As for :func:`~enhancer_variants.effects.make_plan`.

    Raises
    ------
    InputError
        If the model has several outputs and none of them is called `enhancer`.
    """
    plan, _ = make_plan(BUNDLED_ENHANCER if enhancer is None else enhancer, None, None, **options)
    outputs = plan.models[0].output_names
    if len(plan.models) > 1 or len(outputs) > 1:
        names = [name for model in plan.models for name in model.output_names]
        raise InputError(
            f"{len(names)} outputs ({', '.join(names[:5])}); expected one enhancer model with one "
            "output, or with one that is called enhancer"
        )
    return plan


@dataclass(frozen=True, slots=True)
class MakeScanWork:
    """All that a worker needs to begin; it can be pickled.

    Attributes
    ----------
    reference
        Path of the FASTA.
    enhancer
        The model's directory or name; None for the bundled one.
    step
        Bases from a window to the next.
    model_options
        As for :func:`plan_of_scan`.
    on_oom
        What to do where a device has too little memory for a batch: ``stop``, or ``shrink`` to do
        the shard again with smaller batches.
    batch_size
        The one that the run has settled on, if it has begun.
    """

    reference: Path
    enhancer: ModelSource | None
    step: int
    model_options: Mapping[str, Any] = field(default_factory=dict)
    on_oom: OnOom = "stop"
    batch_size: BatchSize | None = None

    def __call__(self) -> ScanWork:
        """Load the model and open the reference."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # whoever began the scan was warned
            plan = plan_of_scan(self.enhancer, **self.model_options)
        settled = self.batch_size or _batch_size(plan)
        return ScanWork(Reference(self.reference), plan, self.step, settled, self.on_oom)


class ScanWork:
    """Scores the windows of shards (see :class:`~enhancer_variants.runs.Work`).

    Parameters
    ----------
    reference
        The genome.
    plan
        The one model, strand and batch size.
    step
        Bases from a window to the next.
    batch_size
        Windows in one pass through the network; by default the plan's.
    on_oom
        As for :class:`MakeScanWork`.
    """

    def __init__(
        self,
        reference: Reference,
        plan: ScoringPlan,
        step: int,
        batch_size: BatchSize | None = None,
        on_oom: OnOom = "stop",
    ) -> None:
        self.reference, self.plan = reference, plan
        self.tiling = Tiling(plan.models[0].window_length, step)
        self.batch_size: BatchSize = batch_size or plan.batch_size
        self._on_oom = on_oom

    @property
    def model(self) -> Model:
        """The enhancer model."""
        return self.plan.models[0]

    @property
    def conditions(self) -> Mapping[str, JSON]:
        """What the bytes of a piece depend on beside its shard."""
        device = self.model.device
        return {
            "made_with": provenance_of(
                self.plan, self.reference, self.reference.name, {"step": self.tiling.step}
            ),
            "device": _kind(device),
            "threads": torch.get_num_threads() if device.type == "cpu" else None,
            "versions": {name: version(name) for name in _VERSIONS},
        }

    @property
    def outline(self) -> BatchSize:
        """The batch size."""
        return self.batch_size

    def __call__(self, shard: Shard, advance: Callable[[float], None] | None = None) -> Piece:
        """Score a shard; once more with smaller batches where memory ran out, if asked to.

        Raises
        ------
        DeviceMemoryError
            If memory ran out.
        """
        batch_size, notes = shard.content.batch_size, dict[str, JSON]()
        while True:
            told = list[float]()
            try:
                return self._piece(shard.content.tiles, batch_size, notes, _noting(told, advance))
            except DeviceMemoryError as error:
                if self._on_oom == "stop" or error.batch_size <= 1:
                    raise
                batch_size = error.batch_size // 2
                notes = {"batch_size": batch_size}
                if advance is not None:
                    advance(-sum(told))

    def _piece(
        self,
        ranges: Sequence[TileRange],
        batch_size: BatchSize,
        notes: Mapping[str, JSON],
        advance: Callable[[float], None],
    ) -> Piece:
        sized = ScanWork(self.reference, self.plan, self.tiling.step, batch_size)
        parts, left_out = list[ScannedWindows](), 0
        for tiles in ranges:
            for part, without in sized._scored(tiles, advance):
                parts.append(part)
                left_out += without
        counts = {"windows": sum(map(len, parts)), "has_n": left_out}
        return Piece({WINDOWS_FILE: encode_windows(parts)}, counts, notes)

    def _scored(
        self, tiles: TileRange, advance: Callable[[float], None] | None
    ) -> list[tuple[ScannedWindows, int]]:
        """Score tiles some bases at a time; with each part, how many windows it leaves out."""
        contig = self.reference.find(tiles.contig)
        if contig is None:
            raise InputError(f"{self.reference.name}: has no contig {tiles.contig} any more")
        scored = []
        tiles_at_once = max(1, _BASES_AT_ONCE // self.tiling.step)
        for first in range(tiles.first, tiles.stop, tiles_at_once):
            numbers = np.arange(first, min(tiles.stop, first + tiles_at_once), dtype=np.int64)
            starts = self.tiling.starts(contig.length, numbers)
            begin = int(starts[0])
            bases = contig.bases(begin, int(starts[-1]) + self.tiling.window)
            readable, scores = self.log_odds(bases, starts - begin, advance)
            part = ScannedWindows(tiles.contig, starts[readable], scores)
            scored.append((part, len(starts) - len(part)))
        return scored

    def log_odds(
        self,
        bases: str,
        starts: npt.NDArray[np.int64],
        advance: Callable[[float], None] | None = None,
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Score windows of a stretch of DNA.

        Parameters
        ----------
        bases
            The stretch.
        starts
            Shape (n,): first bases of the windows, 0-based in the stretch.
        advance
            Told how many more windows are done.

        Returns
        -------
        readable : numpy.ndarray
            Shape (n,), bool: which windows hold nothing but A, C, G and T.
        log_odds : numpy.ndarray
            Shape (readable windows,), float64, in log2 units; the mean of both strands' where the
            plan says so.

        Raises
        ------
        ModelError
            If the model gives a logit that is not finite.
        """
        track = KmerTrack(bases, self.tiling.window, self.model.vocabulary)
        readable = track.readable(starts)
        starts = starts[readable]
        if advance is not None and len(starts) < len(readable):
            advance(len(readable) - len(starts))
        strands = [self._read(track, starts, advance)]
        if self.plan.strand == "both":
            other = KmerTrack(reverse_complement(bases), self.tiling.window, self.model.vocabulary)
            mirrored = len(bases) - self.tiling.window - starts
            strands.append(self._read(other, mirrored, advance))
        return readable, self._checked_mean(strands)

    def sequence_log_odds(self, sequences: Sequence[str]) -> npt.NDArray[np.float64]:
        """Score windows that are given as text.

        Parameters
        ----------
        sequences
            Windows of A, C, G and T.

        Returns
        -------
        numpy.ndarray
            Shape (n,), float64, as :meth:`log_odds` gives them.
        """
        strands = [self._of_texts(sequences)]
        if self.plan.strand == "both":
            strands.append(self._of_texts([reverse_complement(text) for text in sequences]))
        return self._checked_mean(strands)

    def _of_texts(self, sequences: Sequence[str]) -> npt.NDArray[np.float64]:
        scores = [np.empty(0)]
        for first in range(0, len(sequences), _WINDOWS_AT_ONCE):
            texts = sequences[first : first + _WINDOWS_AT_ONCE]
            scores.append(self._predicted(tokenize(texts, self.model.vocabulary)))
        return np.concatenate(scores)

    def _checked_mean(self, strands: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        mean: npt.NDArray[np.float64] = np.mean(strands, axis=0)
        if not np.isfinite(mean).all():
            raise ModelError(
                f"{self.model.name}: a window has a logit that is not finite; expected finite "
                "ones: try precision fp32"
            )
        return mean

    def _predicted(
        self, tokens: Tokens, told: Callable[[int], None] | None = None
    ) -> npt.NDArray[np.float64]:
        rows = len(tokens.lengths)
        # All batches have one shape, so that no number depends on how the windows were cut.
        missing = max(rows_at_once(self.model, tokens.ids.shape[1], self.batch_size) - rows, 0)
        if rows and missing:
            tokens = Tokens(
                np.pad(tokens.ids, ((0, missing), (0, 0)), mode="edge"),
                np.pad(tokens.lengths, (0, missing), mode="edge"),
            )
        left = rows

        def progress(done: int) -> None:
            nonlocal left
            if told is not None:
                told(min(done, left))
            left -= min(done, left)

        size = self.batch_size
        logits = predict_logits(self.model, tokens, batch_size=size, progress=progress)
        return log_odds(self.model, logits[:rows])[:, 0]

    def _read(
        self,
        track: KmerTrack,
        starts: npt.NDArray[np.int64],
        advance: Callable[[float], None] | None,
    ) -> npt.NDArray[np.float64]:
        strands = 2 if self.plan.strand == "both" else 1
        told = None if advance is None else lambda rows: advance(rows / strands)
        scores = [np.empty(0)]
        for first in range(0, len(starts), _WINDOWS_AT_ONCE):
            tokens = track.tokens(starts[first : first + _WINDOWS_AT_ONCE])
            scores.append(self._predicted(tokens, told))
        return np.concatenate(scores)


def _noting(told: list[float], advance: Callable[[float], None] | None) -> Callable[[float], None]:
    """Pass progress on, and note it, so that it can be taken back."""

    def noted(windows: float) -> None:
        told.append(windows)
        if advance is not None:
            advance(windows)

    return noted


def _batch_size(plan: ScoringPlan) -> BatchSize:
    """Measure the batch size where nobody says it and the model is on a GPU."""
    (model,) = plan.models
    if plan.batch_size != "auto" or model.device.type == "cpu":
        return plan.batch_size
    return measured_batch_size(plan.ready(model))


def _kind(device: torch.device) -> str:
    """Name what computes: another kind of processor rounds in another way."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"
