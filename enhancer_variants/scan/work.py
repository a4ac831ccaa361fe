"""What a worker does with a shard of a scan: bases in, log-odds of windows out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects import ModelSource, ScoringPlan, make_plan
from enhancer_variants.errors import InputError, ModelError
from enhancer_variants.genome import Reference, reverse_complement
from enhancer_variants.models import (
    BUNDLED_ENHANCER,
    Model,
    Tokens,
    tokenize,
)
from enhancer_variants.models.batch_size import measured_batch_size
from enhancer_variants.models.conditions import computing_conditions
from enhancer_variants.models.files import JSON
from enhancer_variants.provenance import provenance_of
from enhancer_variants.runs import Piece, Shard
from enhancer_variants.runs.shrinking import BatchSize, OnOom, in_batches_that_fit
from enhancer_variants.scan.kmer_windows import KmerTrack
from enhancer_variants.scan.scanned import WINDOWS_FILE, ScannedWindows, encode_windows
from enhancer_variants.scan.tiling import TileRange, Tiling
from enhancer_variants.scan.window_reader import WINDOWS_AT_ONCE, WindowReader

__all__ = ["MakeScanWork", "ScanWork", "plan_of_scan"]

_BASES_AT_ONCE = 1 << 20
"""Bases that are read at once, windows' overlap aside."""

_Windows = TypeVar("_Windows", Sequence[str], npt.NDArray[np.int64])
"""Several windows, as text or as their first bases."""


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
        return {
            "made_with": provenance_of(
                self.plan, self.reference, self.reference.name, {"step": self.tiling.step}
            ),
            **computing_conditions([self.model]),
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
        FastaError
            If the reference is not the one any more whose digest the conditions hold.
        """
        do = partial(self._piece, shard.content.tiles)
        piece = in_batches_that_fit(do, shard.content.batch_size, self._on_oom, advance)
        self.reference.require_unchanged()
        return piece

    def _piece(
        self,
        ranges: Sequence[TileRange],
        batch_size: BatchSize,
        advance: Callable[[float], None],
        notes: Mapping[str, JSON],
    ) -> Piece:
        windows, scores = self.log_odds(ranges, advance, batch_size)
        borders = np.cumsum([len(starts) for _, starts in windows])
        parts = [
            ScannedWindows(contig, starts, own)
            for (contig, starts), own in zip(windows, np.split(scores, borders)[:-1], strict=True)
        ]
        counts = {"windows": len(scores), "has_n": sum(map(len, ranges)) - len(scores)}
        return Piece({WINDOWS_FILE: encode_windows(parts)}, counts, notes)

    def log_odds(
        self,
        ranges: Sequence[TileRange],
        advance: Callable[[float], None] | None = None,
        batch_size: BatchSize | None = None,
    ) -> tuple[list[tuple[str, npt.NDArray[np.int64]]], npt.NDArray[np.float64]]:
        """Score those of some tiles that hold nothing but A, C, G and T.

        Parameters
        ----------
        ranges
            The tiles.
        advance
            Told how many more of them are done.
        batch_size
            Windows in one pass through the network; by default those of the whole work.

        Returns
        -------
        windows : list of tuple
            Of each stretch its contig and the first bases of the windows that were scored,
            0-based.
        log_odds : numpy.ndarray
            Shape (scored windows,), float64, in log2 units, in the order of `windows`; the mean of
            both strands' where the plan says so.

        Raises
        ------
        ModelError
            If the model gives a logit that is not finite.
        """
        told = advance or _nothing
        windows = list[tuple[str, npt.NDArray[np.int64]]]()

        def forward() -> Iterator[Tokens]:
            for stretch in self._stretches(ranges):
                track = KmerTrack(stretch.bases, self.tiling.window, self.model.vocabulary)
                starts = stretch.starts[track.readable(stretch.starts)]
                told(len(stretch.starts) - len(starts))
                windows.append((stretch.contig, stretch.begin + starts))
                yield from _in_pieces(track.tokens, starts)

        def reverse() -> Iterator[Tokens]:
            for stretch, (_, starts) in zip(self._stretches(ranges), windows, strict=True):
                bases = reverse_complement(stretch.bases)
                track = KmerTrack(bases, self.tiling.window, self.model.vocabulary)
                mirrored = len(bases) - self.tiling.window - (starts - stretch.begin)
                yield from _in_pieces(track.tokens, mirrored)

        strands = [forward, reverse] if self.plan.strand == "both" else [forward]
        share = 1 / len(strands)
        reader = WindowReader(self.model, batch_size or self.batch_size)
        return windows, self._checked_mean(
            [reader.log_odds(tokens(), lambda rows: told(rows * share)) for tokens in strands]
        )

    def _stretches(self, ranges: Sequence[TileRange]) -> Iterator[_Stretch]:
        """Read the bases of tiles, some at a time."""
        tiles_at_once = max(1, _BASES_AT_ONCE // self.tiling.step)
        for tiles in ranges:
            contig = self.reference.find(tiles.contig)
            if contig is None:
                raise InputError(f"{self.reference.name}: has no contig {tiles.contig} any more")
            for first in range(tiles.first, tiles.stop, tiles_at_once):
                numbers = np.arange(first, min(tiles.stop, first + tiles_at_once), dtype=np.int64)
                starts = self.tiling.starts(contig.length, numbers)
                begin = int(starts[0])
                bases = contig.bases(begin, int(starts[-1]) + self.tiling.window)
                yield _Stretch(tiles.contig, begin, bases, starts - begin)

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
        strands = [sequences]
        if self.plan.strand == "both":
            strands.append([reverse_complement(text) for text in sequences])
        tokens = partial(tokenize, vocabulary=self.model.vocabulary)
        reader = WindowReader(self.model, self.batch_size)
        return self._checked_mean([reader.log_odds(_in_pieces(tokens, texts)) for texts in strands])

    def _checked_mean(self, strands: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        mean: npt.NDArray[np.float64] = np.mean(strands, axis=0)
        if not np.isfinite(mean).all():
            raise ModelError(
                f"{self.model.name}: a window has a logit that is not finite; expected finite "
                "ones: try precision fp32"
            )
        return mean


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bases of a contig, and the tiles that begin in it.

    Attributes
    ----------
    contig
        Name in the FASTA.
    begin
        Its first base, 0-based on the contig.
    bases
        The bases.
    starts
        Shape (n,): first base of each tile, 0-based in the stretch.
    """

    contig: str
    begin: int
    bases: str
    starts: npt.NDArray[np.int64]


def _in_pieces(tokens_of: Callable[[_Windows], Tokens], windows: _Windows) -> Iterator[Tokens]:
    for first in range(0, len(windows), WINDOWS_AT_ONCE):
        yield tokens_of(windows[first : first + WINDOWS_AT_ONCE])


def _nothing(_: float) -> None:
    """Take progress that nobody asked for."""


def _batch_size(plan: ScoringPlan) -> BatchSize:
    """Measure the batch size where nobody says it and the model is on a GPU."""
    (model,) = plan.models
    if plan.batch_size != "auto" or model.device.type == "cpu":
        return plan.batch_size
    return measured_batch_size(plan.ready(model))
