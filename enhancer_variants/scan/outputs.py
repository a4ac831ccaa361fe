"""Files that a scan writes: windows as a table or a track, calls as BED or narrowPeak."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pysam

from enhancer_variants.errors import InputError
from enhancer_variants.io import is_stream, long_table_writer, pending_output
from enhancer_variants.io.output import bgzip_stream, remove_unfinished, text_stream
from enhancer_variants.scan.bigwig import bigwig_writer, require_pybigtools
from enhancer_variants.scan.calling import Call
from enhancer_variants.scan.scanned import ScannedWindows
from enhancer_variants.scan.tables import (
    bed_lines,
    bedgraph_lines,
    narrowpeak_lines,
    window_columns,
)
from enhancer_variants.scan.tiling import Tiling
from enhancer_variants.schema import CALL_COLUMNS, SCAN_WINDOW_COLUMNS

__all__ = ["ScanOutput", "ScanOutputs", "TakeScan"]

_ENDINGS: Final = {
    "bw": "bigwig",
    "bigwig": "bigwig",
    "bedgraph": "bedgraph",
    "bedgraph.gz": "bedgraph",
    "parquet": "parquet",
    "bed": "bed",
    "bed.gz": "bed",
    "narrowpeak": "narrowpeak",
    "narrowpeak.gz": "narrowpeak",
}
"""What each ending, in lower case, stands for."""

_BESIDE: Final = (".json", ".tbi", ".csi")
"""Endings of what is written beside a file."""

_LARGEST_TBI: Final = 2**29
"""A tabix index of the older kind (.tbi) knows no position beyond this; .csi does."""


@dataclass(frozen=True, slots=True)
class TakeScan:
    """Takes what a scan finds, as it finds it.

    Attributes
    ----------
    windows
        Takes scored windows.
    calls
        Takes calls, each once it can no longer change.
    """

    windows: Callable[[ScannedWindows], None]
    calls: Callable[[Sequence[Call]], None]


def _nothing(_: object) -> None:
    """Take what a file does not hold."""


@dataclass(frozen=True, slots=True)
class ScanOutput:
    """One file of a scan.

    Attributes
    ----------
    path
        The file.
    kind
        ``bigwig``, ``bedgraph`` or ``parquet`` of windows, ``bed`` or ``narrowpeak`` of calls.
    compressed
        Whether it is bgzipped, with a tabix index beside it.

    Examples
    --------
    >>> ScanOutput.named("calls.bed.gz").kind, ScanOutput.named("calls.narrowPeak").compressed
    ('bed', False)
    """

    path: Path
    kind: str
    compressed: bool

    @classmethod
    def named(cls, path: str | os.PathLike[str]) -> ScanOutput:
        """Tell by the ending of its name what a file is to hold.

        Raises
        ------
        InputError
            If the ending stands for nothing, or it is no file.
        """
        name = Path(path).name.lower().replace(".bgz", ".gz")
        kind = next((k for ending, k in _ENDINGS.items() if name.endswith(f".{ending}")), None)
        if kind is None or is_stream(path):
            raise InputError(
                f"{os.fspath(path)}: expected the name of a file whose ending says what it holds: "
                "windows in .bw, .bedgraph, .bedgraph.gz or .parquet; calls in .bed, .bed.gz, "
                ".narrowPeak or .narrowPeak.gz"
            )
        return cls(Path(path), kind, name.endswith(".gz"))

    @contextlib.contextmanager
    def opened(
        self, lengths: Mapping[str, int], tiling: Tiling, provenance: Mapping[str, Any]
    ) -> Iterator[TakeScan]:
        """Open the file; it appears under its name when the block ends well.

        What it was made with goes into a Parquet file's metadata, and beside every other file
        into ``<output>.json``.

        Parameters
        ----------
        lengths
            Bases of each contig.
        tiling
            Window and step.
        provenance
            What it is made with.

        Yields
        ------
        TakeScan
            Takes what the file holds, in order.
        """
        with contextlib.ExitStack() as stack:
            if self.kind == "parquet":
                write = stack.enter_context(
                    long_table_writer(self.path, SCAN_WINDOW_COLUMNS, provenance)
                )
                yield TakeScan(lambda w: write(window_columns(w, tiling)), _nothing)
                return
            beside = stack.enter_context(pending_output(f"{self.path}.json"))
            beside.write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
            if self.kind == "bigwig":
                yield TakeScan(
                    stack.enter_context(bigwig_writer(self.path, lengths, tiling)), _nothing
                )
                return
            open_text = bgzip_stream if self.compressed else text_stream
            file = stack.enter_context(open_text(self.path))
            yield self._of_text(file, lengths, tiling)
        if self.compressed:
            self._index(lengths)

    def _of_text(self, file: BinaryIO, lengths: Mapping[str, int], tiling: Tiling) -> TakeScan:
        if self.kind == "bedgraph":
            return TakeScan(lambda w: _write(file, bedgraph_lines(w, lengths, tiling)), _nothing)
        if self.kind == "narrowpeak":
            lines = narrowpeak_lines
        else:
            lines = bed_lines
            header = "\t".join(column.name for column in CALL_COLUMNS)
            file.write(f"#{header}\n".encode())
        written = 0

        def write(calls: Sequence[Call]) -> None:
            nonlocal written
            _write(file, lines(calls, written))
            written += len(calls)

        return TakeScan(_nothing, write)

    def _index(self, lengths: Mapping[str, int]) -> None:
        """Put a tabix index beside the finished file."""
        large = max(lengths.values(), default=0) > _LARGEST_TBI
        ending = ".csi" if large else ".tbi"
        with pending_output(f"{self.path}{ending}") as temporary:
            pysam.tabix_index(
                str(self.path), preset="bed", force=True, csi=large, index=str(temporary)
            )


def _write(file: BinaryIO, lines: Sequence[str]) -> None:
    file.write("".join(lines).encode())


@dataclass(frozen=True, slots=True)
class ScanOutputs:
    """All files of a scan.

    Attributes
    ----------
    files
        Each with another name.
    """

    files: tuple[ScanOutput, ...]

    @classmethod
    def named(
        cls, paths: Sequence[str | os.PathLike[str]], read: Sequence[object] = ()
    ) -> ScanOutputs:
        """Make sure before hours of work that all files can be written.

        Parameters
        ----------
        paths
            The files.
        read
            What the scan reads; what is no path of a file does not matter.

        Raises
        ------
        InputError
            If an ending stands for nothing, a name is there twice, or a file is an input.
        MissingDependencyError
            If a library that a format needs is missing.
        """
        files = tuple(ScanOutput.named(path) for path in paths)
        if any(file.kind == "bigwig" for file in files):
            require_pybigtools()
        places = [file.path.resolve() for file in files]
        inputs = {Path(path).resolve() for path in read if isinstance(path, str | os.PathLike)}
        for place in places:
            if place in inputs:
                raise InputError(f"{place}: is an input; write to another file")
            if places.count(place) > 1:
                raise InputError(f"{place}: is named twice; name each output once")
        return cls(files)

    def remove_unfinished(self) -> None:
        """Remove what scans that were killed have left beside the files.

        Nobody else may be writing them.
        """
        for file in self.files:
            for ending in ("", *_BESIDE):
                remove_unfinished(f"{file.path}{ending}")

    @contextlib.contextmanager
    def opened(
        self, lengths: Mapping[str, int], tiling: Tiling, provenance: Mapping[str, Any]
    ) -> Iterator[TakeScan]:
        """Open all files (:meth:`ScanOutput.opened`).

        Yields
        ------
        TakeScan
            Hands everything to each of them.
        """
        with contextlib.ExitStack() as stack:
            takers = [
                stack.enter_context(file.opened(lengths, tiling, provenance)) for file in self.files
            ]

            def windows(scored: ScannedWindows) -> None:
                for taker in takers:
                    taker.windows(scored)

            def calls(made: Sequence[Call]) -> None:
                for taker in takers:
                    taker.calls(made)

            yield TakeScan(windows, calls)
