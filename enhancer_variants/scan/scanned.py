"""Windows that were scored, and the Parquet that a piece of a scan is."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.models import probability

__all__ = ["WINDOWS_FILE", "ScannedWindows", "decode_windows", "encode_windows"]

WINDOWS_FILE = "windows.parquet"
"""Name of a piece's only file."""

_TYPES: Mapping[str, Any] = {
    "contig": pa.string(),
    "start": pa.int64(),
    "log_odds": pa.float64(),
}
_SCHEMA = pa.schema(_TYPES)


@dataclass(frozen=True, slots=True, eq=False)
class ScannedWindows:
    """Scored windows of one contig, in order; those with N are not among them.

    Attributes
    ----------
    contig
        Name in the FASTA.
    starts
        Shape (n,), int64: first base of each window, 0-based, increasing.
    log_odds
        Shape (n,), float64: log2 odds that it is an enhancer.

    Examples
    --------
    >>> windows = ScannedWindows("chr1", np.array([0, 50]), np.array([0.0, 1.0]))
    >>> windows.probabilities.round(3).tolist()
    [0.5, 0.667]
    """

    contig: str
    starts: npt.NDArray[np.int64]
    log_odds: npt.NDArray[np.float64]

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Shape (n,): probability that each window is an enhancer."""
        return probability(self.log_odds)

    def __len__(self) -> int:
        return len(self.starts)


def encode_windows(parts: Iterable[ScannedWindows]) -> bytes:
    """Give windows as the bytes of a Parquet file; equal windows give equal bytes.

    Parameters
    ----------
    parts
        Windows of one contig after the other.
    """
    tables = [_SCHEMA.empty_table()]
    for part in parts:
        columns: list[Any] = [[part.contig] * len(part), part.starts, part.log_odds]
        tables.append(pa.table(columns, schema=_SCHEMA))
    buffer = io.BytesIO()
    pq.write_table(pa.concat_tables(tables).combine_chunks(), buffer, compression="zstd")
    return buffer.getvalue()


def decode_windows(content: bytes) -> Iterator[ScannedWindows]:
    """Read what :func:`encode_windows` wrote, one contig after the other.

    Parameters
    ----------
    content
        Bytes of the file.

    Examples
    --------
    >>> one = ScannedWindows("chr1", np.array([0, 50]), np.array([0.0, 1.0]))
    >>> [(w.contig, w.starts.tolist()) for w in decode_windows(encode_windows([one]))]
    [('chr1', [0, 50])]
    """
    table = pq.read_table(io.BytesIO(content))
    contigs = table["contig"].to_numpy()
    if not len(contigs):
        return
    starts, scores = table["start"].to_numpy(), table["log_odds"].to_numpy()
    changes = np.flatnonzero(contigs[1:] != contigs[:-1]) + 1
    borders = [0, *changes.tolist(), len(contigs)]
    for begin, end in itertools.pairwise(borders):
        yield ScannedWindows(contigs[begin], starts[begin:end], scores[begin:end])
