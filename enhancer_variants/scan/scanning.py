"""Scan a genome: every window of it, or of some regions, to probabilities and calls."""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd

from enhancer_variants.effects import ModelSource, ScoringPlan
from enhancer_variants.effects.plan import check_choice
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, ReferenceSource
from enhancer_variants.io import Regions, requested_intervals, several
from enhancer_variants.models import Backend, ModelView, Padding, Precision
from enhancer_variants.models.files import JSON
from enhancer_variants.progress import ProgressBar
from enhancer_variants.provenance import provenance_of
from enhancer_variants.runs import Engine, LocalEngine, RunDirectory, run_shards
from enhancer_variants.runs.shrinking import BatchSize, OnOom
from enhancer_variants.scan.calling import Call, CallMaker, CallRule, make_calls
from enhancer_variants.scan.outputs import ScanOutputs
from enhancer_variants.scan.presets import DEFAULT_STEP, find_preset
from enhancer_variants.scan.scanned import WINDOWS_FILE, ScannedWindows, decode_windows
from enhancer_variants.scan.shards import WINDOWS_PER_SHARD, tile_shards
from enhancer_variants.scan.summary import ScanSummary
from enhancer_variants.scan.tables import call_frame, window_frame
from enhancer_variants.scan.tiling import TileRange, Tiling, ranges_to_scan
from enhancer_variants.scan.work import MakeScanWork, ScanWork, plan_of_scan

__all__ = ["GenomeScanner", "Scan", "scan_genome"]

_SHOWN = 3
"""Names in a message."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A scan that is held in memory.

    Attributes
    ----------
    windows
        One row for each window that was scored
        (:data:`~enhancer_variants.schema.SCAN_WINDOW_COLUMNS`), contigs in the order of their
        names as bytes.
    calls
        One row for each predicted enhancer (:data:`~enhancer_variants.schema.CALL_COLUMNS`).
    summary
        Counts.
    provenance
        What it was made with; also in ``attrs["enhancer_variants"]`` of both tables.
    """

    windows: pd.DataFrame
    calls: pd.DataFrame
    summary: ScanSummary
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tiles:
    """What a scan is to read."""

    ranges: list[TileRange]
    short_contigs: int
    asked: dict[str, Any]

    def __len__(self) -> int:
        return sum(map(len, self.ranges))


@dataclass(frozen=True, slots=True)
class _LongRun:
    """How a scan goes that can be gone on with."""

    directory: RunDirectory
    engine: Engine | None
    on_oom: OnOom


class GenomeScanner:
    """Reads every window of a genome, or of regions, with an enhancer model.

    For research, not for clinical use.

    Parameters
    ----------
    reference
        FASTA, plain or bgzipped, or an open ``pysam.FastaFile`` or ``pyfaidx.Fasta``.
    enhancer
        The enhancer model: its directory, or the name of a bundled or downloaded one; None for
        ``enhancer-mini`` (bundled). Of a multi-label model, its output called `enhancer`.
    preset
        ``published``: windows of 350 bases, which the model has to read, every 150 bases, called
        from P = 0.5 on. `step` and `threshold` go before it.
    step
        Bases from a window to the next; 50 by default.
    threshold, low_threshold, min_length, merge_distance
        What makes a call (:class:`~enhancer_variants.scan.CallRule`): 0.5, the same, 0 and 0 by
        default.
    strand
        ``forward``, or ``both`` to average the log-odds with those of the reverse complement.
    window, max_seq_length, padding
        Fill in what the model's card does not say.
    device, precision, backend, batch_size
        As for :class:`~enhancer_variants.VariantScorer`.
    progress
        Show a progress bar; None means where someone is watching.

    Raises
    ------
    InputError
        If a number is out of range, or the model has several outputs and none called `enhancer`.
    ModelError, CheckpointError, UnsafeCheckpointError, WindowLengthError
        If the model cannot be loaded as asked, or is not for the preset.
    FastaError
        If the reference cannot be read.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> scanner = GenomeScanner(demo_files().reference, demo_files().model, step=500)
    >>> found = scanner.scan("chr1:1-2000")
    >>> found.windows["start"].tolist(), found.summary.windows
    ([0, 500, 1000, 1500, 2000], 5)
    """

    def __init__(
        self,
        reference: ReferenceSource | Reference,
        enhancer: ModelSource | None = None,
        *,
        preset: str | None = None,
        step: int | None = None,
        threshold: float | None = None,
        low_threshold: float | None = None,
        min_length: int = 0,
        merge_distance: int = 0,
        strand: Literal["forward", "both"] = "forward",
        window: int | None = None,
        max_seq_length: int | None = None,
        padding: Padding | None = None,
        device: str = "auto",
        precision: Precision | Literal["auto"] = "auto",
        backend: Backend | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        progress: bool | None = None,
    ) -> None:
        named = None if preset is None else find_preset(preset)
        if step is None:
            step = named.step if named else DEFAULT_STEP
        if threshold is None:
            threshold = named.threshold if named else CallRule().threshold
        self.rule = CallRule(threshold, low_threshold, min_length, merge_distance)
        self.progress = progress
        self.reference = Reference.of(reference)
        model_options: dict[str, Any] = {
            "strand": strand,
            "window": window,
            "max_seq_length": max_seq_length,
            "padding": padding,
            "device": device,
            "precision": precision,
            "backend": backend,
            "batch_size": batch_size,
        }
        self.work = ScanWork(self.reference, plan_of_scan(enhancer, **model_options), step)
        if named:
            named.require_window(self.work.model.card.name, self.work.model.window_length)
        self._make_work = MakeScanWork(
            self.reference.path, _from_anywhere(enhancer), step, model_options
        )

    @property
    def plan(self) -> ScoringPlan:
        """The model, strand and batch size."""
        return self.work.plan

    @property
    def tiling(self) -> Tiling:
        """Window and step."""
        return self.work.tiling

    def scan(
        self,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> Scan:
        """Scan a genome or regions of it into memory.

        Parameters
        ----------
        regions
            ``chr1:1-1000`` (1-based, inclusive) or several such, by any name of the contig; with
            neither these nor a file, the whole genome.
        regions_file
            Likewise, a BED file, plain or gzipped; overlapping and in any order.

        Returns
        -------
        Scan
            Windows, calls, counts.

        Raises
        ------
        InputError
            If no region lies on a contig of the reference.
        VariantFileError
            If the BED file is none.
        """
        tiles = self._tiles(regions, regions_file)
        counts = Counter[str]()
        windows = list(self._scanned(tiles, counts))
        calls = make_calls(windows, self.rule, self.tiling.window)
        provenance = self.provenance(tiles.asked)
        tables = window_frame(windows, self.tiling), call_frame(calls)
        for table in tables:
            table.attrs["enhancer_variants"] = provenance
        bases = sum(call.length for call in calls)
        found = (counts["windows"], counts["has_n"], tiles.short_contigs, len(calls), bases)
        return Scan(*tables, ScanSummary(*found), provenance)

    def iter_windows(
        self,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Scan a genome of any size; give its windows a table at a time, of one contig each.

        Parameters
        ----------
        regions, regions_file
            As for :meth:`scan`.
        """
        for part in self._scanned(self._tiles(regions, regions_file), Counter()):
            yield window_frame([part], self.tiling)

    def write(
        self,
        outputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        *,
        run_dir: str | os.PathLike[str] | None = None,
        engine: Engine | None = None,
        on_oom: OnOom = "stop",
        shard_windows: int = WINDOWS_PER_SHARD,
    ) -> ScanSummary:
        """Scan a genome of any size into files, holding one shard at a time.

        Parameters
        ----------
        outputs
            One file or several; the ending says what it holds. Windows: ``.bw``, ``.bedgraph``,
            ``.bedgraph.gz``, ``.parquet``. Calls: ``.bed``, ``.bed.gz``, ``.narrowPeak``,
            ``.narrowPeak.gz``. What ends in ``.gz`` is bgzipped and has a tabix index.
        regions, regions_file
            As for :meth:`scan`.
        run_dir
            A folder in which the scan can be gone on with after an interruption, by the same
            call; other thresholds then cost no more than the calling.
        engine
            Who does the work of a run in a folder; this process by default.
        on_oom
            Where memory runs out: ``stop``, or ``shrink`` to do a shard in smaller batches.
        shard_windows
            Windows of a shard.

        Returns
        -------
        ScanSummary
            Counts.

        Raises
        ------
        InputError
            If an ending stands for nothing, an output is an input or there twice, or the folder
            holds another run.
        MissingDependencyError
            If a bigWig file is asked for without pybigtools.
        """
        check_choice("on_oom", on_oom, ("stop", "shrink"))
        if engine is not None and run_dir is None:
            raise InputError("an engine does the work of a run in a folder: name one (run_dir)")
        paths = [outputs] if isinstance(outputs, str | os.PathLike) else list(outputs)
        files = ScanOutputs.named(paths, [regions_file, *self.reference.files])
        tiles = self._tiles(regions, regions_file)
        provenance = self.provenance(tiles.asked)
        maker = CallMaker(self.rule, self.tiling.window)
        counts, number, bases = Counter[str](), 0, 0
        with contextlib.ExitStack() as stack:
            run = None
            if run_dir is not None:
                run = _LongRun(stack.enter_context(RunDirectory(run_dir)), engine, on_oom)
                for file in files.files:
                    run.directory.refuse_output(file.path)
                files.remove_unfinished()  # nobody else may be at it: the folder is locked
            take = stack.enter_context(
                files.opened(self.reference.lengths, self.tiling, provenance)
            )

            def keep(calls: Sequence[Call]) -> None:
                nonlocal number, bases
                take.calls(calls)
                number += len(calls)
                bases += sum(call.length for call in calls)

            for part in self._scanned(tiles, counts, shard_windows, run):
                take.windows(part)
                keep(maker.add(part))
            keep(maker.finish())
        left_out = (counts["has_n"], tiles.short_contigs)
        return ScanSummary(counts["windows"], *left_out, number, bases)

    def provenance(self, asked: Mapping[str, Any], input_name: str | None = None) -> dict[str, Any]:
        """Say what a result is made with.

        Parameters
        ----------
        asked
            What was asked for beside the settings of the scanner.
        input_name
            What was read beside the reference, if anything.
        """
        rule = self.rule
        options = {
            "window": self.tiling.window,
            "step": self.tiling.step,
            "threshold": rule.threshold,
            "low_threshold": rule.lower,
            "min_length": rule.min_length,
            "merge_distance": rule.merge_distance,
            **asked,
        }
        name = self.reference.name if input_name is None else input_name
        return provenance_of(self.plan, self.reference, name, options)

    def _tiles(
        self, regions: Regions | None, regions_file: str | os.PathLike[str] | None
    ) -> _Tiles:
        """Find what to read, and warn of what cannot be found."""
        lengths = self.reference.lengths
        wanted = requested_intervals(regions, regions_file, lengths)
        ranges, short, unknown = ranges_to_scan(self.reference, self.tiling, wanted)
        if unknown:
            shown = ", ".join(unknown[:_SHOWN]) + (", ..." if len(unknown) > _SHOWN else "")
            said = f"{len(unknown)} of {len(wanted or ())} regions lie on no contig of "
            said += f"{self.reference.name}, or behind its end ({shown})"
            if not ranges and not short:
                names = ", ".join(list(lengths)[:_SHOWN])
                raise InputError(f"{said}; expected regions of {names} ...")
            warnings.warn(f"{said} and are left out", UserWarning, stacklevel=3)
        asked: dict[str, Any] = {}
        if regions is not None:
            asked["regions"] = [*map(str, several(regions))]
        if regions_file is not None:
            asked["regions_file"] = Path(regions_file).name
        return _Tiles(ranges, len(short), asked)

    def _scanned(
        self,
        tiles: _Tiles,
        counts: Counter[str],
        shard_windows: int = WINDOWS_PER_SHARD,
        run: _LongRun | None = None,
    ) -> Iterator[ScannedWindows]:
        """Score all tiles, in order, and count them."""
        if run is not None:
            yield from self._of_run(tiles, counts, shard_windows, run)
            return
        shards = tile_shards(tiles.ranges, self.plan.batch_size, shard_windows)
        with ProgressBar(self.progress, " windows") as bar, LocalEngine() as engine:
            engine.start(lambda: self.work)
            bar.expect(len(tiles), 1.0)
            for _, piece in engine.pieces(shards, bar.advance):
                counts.update(piece.counts)
                yield from decode_windows(piece.files[WINDOWS_FILE])

    def _of_run(
        self, tiles: _Tiles, counts: Counter[str], shard_windows: int, run: _LongRun
    ) -> Iterator[ScannedWindows]:
        """Do what is left of a run, then give all its windows."""
        directory = run.directory
        with run.engine or LocalEngine() as engine:
            kept = cast("BatchSize | None", directory.settled.get("batch_size"))
            make_work = replace(self._make_work, on_oom=run.on_oom, batch_size=kept)
            conditions, batch_size = engine.start(make_work)
            asked: dict[str, JSON] = {
                "tiles": _digest(tiles.ranges),
                "shard_windows": shard_windows,
            }
            settled = directory.begin(asked, conditions, {"batch_size": batch_size})
            kept = cast("BatchSize", settled["batch_size"])
            shards = tile_shards(tiles.ranges, kept, shard_windows)
            with ProgressBar(self.progress, " windows") as bar:
                finished = run_shards(directory, engine, shards, bar)
            counts.update(finished.counts)
            for path in directory.pieces(WINDOWS_FILE, finished.shards):
                yield from decode_windows(path.read_bytes())


def scan_genome(
    reference: ReferenceSource | Reference,
    enhancer: ModelSource | None = None,
    *,
    regions: Regions | None = None,
    regions_file: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Scan:
    """Scan a genome or regions of it: ``GenomeScanner(reference, ...).scan(regions)``.

    Parameters
    ----------
    reference, enhancer, **options
        As for :class:`GenomeScanner`.
    regions, regions_file
        As for :meth:`GenomeScanner.scan`.

    Returns
    -------
    Scan
        Windows, calls, counts.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> found = scan_genome(demo_files().reference, demo_files().model, regions="chr2", step=1000)
    >>> len(found.windows) == found.summary.windows
    True
    """
    scanner = GenomeScanner(reference, enhancer, **options)
    return scanner.scan(regions, regions_file)


def _digest(ranges: Sequence[TileRange]) -> str:
    """Give a checksum of what is to be read."""
    lines = "".join(f"{tiles.contig}\t{tiles.first}\t{tiles.stop}\n" for tiles in ranges)
    return hashlib.sha256(lines.encode()).hexdigest()


def _from_anywhere(enhancer: ModelSource | None) -> ModelSource | None:
    """Give a model's directory by its absolute path: a worker may stand in another folder."""
    if enhancer is None or isinstance(enhancer, ModelView) or not Path(enhancer).is_dir():
        return enhancer
    return Path(enhancer).absolute()
