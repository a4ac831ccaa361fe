"""Probabilities of windows as a bigWig file."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from enhancer_variants.errors import MissingDependencyError
from enhancer_variants.io import pending_output
from enhancer_variants.scan.scanned import ScannedWindows
from enhancer_variants.scan.tiling import Tiling

__all__ = ["bigwig_writer", "empty_bigwig", "require_pybigtools"]

_RECORD: Final = np.dtype([("contig", "<i4"), ("start", "<i4"), ("end", "<i4"), ("value", "<f4")])
_RECORDS_AT_ONCE: Final = 65_536

_BIGWIG: Final = 0x888FFC26
_CHROMOSOME_TREE: Final = 0x78CA8C91
_DATA_INDEX: Final = 0x2468ACE0
_HEADER_BYTES: Final = 64
_SUMMARY_BYTES: Final = 40
_MOST_IN_LEAF: Final = 2**16 - 1


def require_pybigtools() -> Any:
    """Give the module that writes bigWig files.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module("pybigtools")
    except ImportError as error:
        raise MissingDependencyError(
            "bigWig files need pybigtools: pip install 'enhancer-variants[scan]'"
        ) from error


@contextlib.contextmanager
def bigwig_writer(
    output: Path, lengths: Mapping[str, int], tiling: Tiling
) -> Iterator[Callable[[ScannedWindows], None]]:
    """Open a bigWig file; it appears under its name when the block ends well.

    Parameters
    ----------
    output
        The file.
    lengths
        Bases of each contig.
    tiling
        Which bases a window's probability stands at (:meth:`Tiling.own_bases`).

    Yields
    ------
    Callable
        Takes windows, contigs in the order of their names as bytes.

    Raises
    ------
    OSError
        If the file cannot be written to its end.
    """
    pybigtools = require_pybigtools()
    names: list[str] = []
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(pending_output(output))
        # pybigtools wants an ending, and takes values from an iterator: windows come one by one.
        private = Path(f"{temporary}.values")
        private.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, private, ignore_errors=True)
        waiting = stack.enter_context(Path(private, "values").open("w+b"))

        def write(windows: ScannedWindows) -> None:
            if not names or names[-1] != windows.contig:
                names.append(windows.contig)
            length = lengths[windows.contig]
            starts, ends = tiling.own_bases(length, tiling.numbers(windows.starts))
            records = np.empty(len(windows), dtype=_RECORD)
            records["contig"], records["value"] = len(names) - 1, windows.probabilities
            records["start"], records["end"] = starts, ends
            waiting.write(records.tobytes())

        yield write
        if not waiting.tell():
            temporary.write_bytes(empty_bigwig(lengths))
            return
        track = Path(private, "track.bw")
        sizes = {name: lengths[name] for name in names}
        # It neither raises for what its iterator raises nor for a full disk: so it is read back.
        pybigtools.open(str(track), "w").write(sizes, _values(waiting, names))
        _require_complete(pybigtools, track, output)
        track.replace(temporary)


def _values(waiting: IO[bytes], names: list[str]) -> Iterator[tuple[str, int, int, float]]:
    waiting.seek(0)
    while block := waiting.read(_RECORDS_AT_ONCE * _RECORD.itemsize):
        for contig, start, end, value in np.frombuffer(block, dtype=_RECORD).tolist():
            yield names[contig], start, end, value


def _require_complete(pybigtools: Any, written: Path, output: Path) -> None:
    try:
        with pybigtools.open(str(written)) as reader:
            for contig in reader.chroms():
                next(reader.records(contig))
    except Exception as error:
        raise OSError(f"{output.name}: the bigWig file could not be written ({error})") from error


def empty_bigwig(lengths: Mapping[str, int]) -> bytes:
    """Give a bigWig file without a value, which the usual writers refuse to make.

    The layout is that of Kent WJ and others (2010), BigWig and BigBed, Bioinformatics
    26:2204-2207: header, summary, tree of contigs, number of values, index of values.

    Parameters
    ----------
    lengths
        Bases of each contig.

    Examples
    --------
    >>> empty_bigwig({"chr1": 1000})[:4].hex()
    '26fc8f88'
    """
    tree_at = _HEADER_BYTES + _SUMMARY_BYTES
    tree = _contig_tree(lengths)
    data_at = tree_at + len(tree)
    index_at = data_at + 8
    header = struct.pack(
        "<IHHQQQHHQQIQ", _BIGWIG, 4, 0, tree_at, data_at, index_at, 0, 0, 0, _HEADER_BYTES, 0, 0
    )
    summary = struct.pack("<Qdddd", 0, 0.0, 0.0, 0.0, 0.0)
    index = struct.pack("<IIQIIIIQII", _DATA_INDEX, 256, 0, 0, 0, 0, 0, index_at, 1024, 0)
    node = struct.pack("<BBH", 1, 0, 0)
    return (
        header + summary + tree + struct.pack("<Q", 0) + index + node + struct.pack("<I", _BIGWIG)
    )


def _contig_tree(lengths: Mapping[str, int]) -> bytes:
    """Give the names and lengths of contigs as a tree of a single leaf."""
    names = sorted(lengths, key=str.encode)[:_MOST_IN_LEAF]
    width = max((len(name.encode()) for name in names), default=1)
    most = max(len(names), 1)
    header = struct.pack("<IIIIQQ", _CHROMOSOME_TREE, most, width, 8, len(names), 0)
    leaf = struct.pack("<BBH", 1, 0, len(names))
    items = [
        name.encode().ljust(width, b"\0") + struct.pack("<II", number, lengths[name])
        for number, name in enumerate(names)
    ]
    return header + leaf + b"".join(items)
