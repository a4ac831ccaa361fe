"""Windows and calls as columns and as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from enhancer_variants.io import long_frame
from enhancer_variants.scan.calling import Call
from enhancer_variants.scan.scanned import ScannedWindows
from enhancer_variants.scan.tiling import Tiling
from enhancer_variants.schema import CALL_COLUMNS, SCAN_WINDOW_COLUMNS

__all__ = [
    "bed_lines",
    "bedgraph_lines",
    "call_columns",
    "call_frame",
    "narrowpeak_lines",
    "window_columns",
    "window_frame",
]

_HIGHEST_SCORE = 1000


def window_columns(windows: ScannedWindows, tiling: Tiling) -> dict[str, Any]:
    """Give windows as the columns of :data:`~enhancer_variants.schema.SCAN_WINDOW_COLUMNS`."""
    return {
        "chrom": [windows.contig] * len(windows),
        "start": windows.starts,
        "end": windows.starts + tiling.window,
        "probability": windows.probabilities,
        "log_odds": windows.log_odds,
    }


def call_columns(calls: Sequence[Call], before: int = 0) -> dict[str, list[Any]]:
    """Give calls as the columns of :data:`~enhancer_variants.schema.CALL_COLUMNS`.

    Parameters
    ----------
    calls
        Calls in order.
    before
        How many calls come before them.

    Examples
    --------
    >>> columns = call_columns([Call("chr1", 100, 350, 250, 1.5, 2.0, 2)])
    >>> columns["name"], columns["score"], columns["summit_offset"]
    (['call_1'], [800], [150])
    """
    return {
        "chrom": [call.contig for call in calls],
        "start": [call.start for call in calls],
        "end": [call.end for call in calls],
        "name": [f"call_{number}" for number in range(before + 1, before + len(calls) + 1)],
        "score": [round(_HIGHEST_SCORE * call.max_probability) for call in calls],
        "strand": ["."] * len(calls),
        "summit_offset": [call.summit_offset for call in calls],
        "mean_probability": [call.mean_probability for call in calls],
        "max_probability": [call.max_probability for call in calls],
        "max_log_odds": [call.max_log_odds for call in calls],
        "windows": [call.windows for call in calls],
    }


def window_frame(windows: Iterable[ScannedWindows], tiling: Tiling) -> pd.DataFrame:
    """Give windows as a table; numbers in single precision, as in the Parquet file."""
    return long_frame([window_columns(part, tiling) for part in windows], SCAN_WINDOW_COLUMNS)


def call_frame(calls: Sequence[Call]) -> pd.DataFrame:
    """Give calls as a table."""
    return long_frame([call_columns(calls)], CALL_COLUMNS)


def bed_lines(calls: Sequence[Call], before: int = 0) -> list[str]:
    r"""Write calls as lines of BED6+5, numbers with six significant digits.

    Parameters
    ----------
    calls, before
        As for :func:`call_columns`.

    Examples
    --------
    >>> bed_lines([Call("chr1", 100, 350, 250, 1.5, 2.0, 2)])
    ['chr1\t100\t350\tcall_1\t800\t.\t150\t0.75\t0.8\t2\t2\n']
    """
    rows = zip(*call_columns(calls, before).values(), strict=True)
    return ["\t".join(map(_cell, row)) + "\n" for row in rows]


def narrowpeak_lines(calls: Sequence[Call], before: int = 0) -> list[str]:
    r"""Write calls as lines of ENCODE's narrowPeak: the signal is the largest log2 odds.

    Parameters
    ----------
    calls, before
        As for :func:`call_columns`.

    Examples
    --------
    >>> narrowpeak_lines([Call("chr1", 100, 350, 250, 1.5, 2.0, 2)])
    ['chr1\t100\t350\tcall_1\t800\t.\t2\t-1\t-1\t150\n']
    """
    columns = call_columns(calls, before)
    first = [columns[name] for name in ("chrom", "start", "end", "name", "score", "strand")]
    rows = zip(*first, columns["max_log_odds"], columns["summit_offset"], strict=True)
    return [
        "\t".join(map(_cell, (*row[:-1], -1, -1, row[-1]))) + "\n"  # p and q: there are none
        for row in rows
    ]


def bedgraph_lines(
    windows: ScannedWindows, lengths: Mapping[str, int], tiling: Tiling
) -> list[str]:
    r"""Write windows as lines of bedGraph: each probability at the bases that are the window's own.

    Parameters
    ----------
    windows
        Windows of one contig.
    lengths
        Bases of each contig.
    tiling
        Window and step (:meth:`Tiling.own_bases`).

    Examples
    --------
    >>> import numpy as np
    >>> windows = ScannedWindows("chr1", np.array([0, 50]), np.array([0.0, 1.0]))
    >>> bedgraph_lines(windows, {"chr1": 250}, Tiling(200, 50))
    ['chr1\t0\t125\t0.5\n', 'chr1\t125\t250\t0.666667\n']
    """
    numbers = tiling.numbers(windows.starts)
    starts, ends = tiling.own_bases(lengths[windows.contig], numbers)
    rows = zip(starts.tolist(), ends.tolist(), windows.probabilities.tolist(), strict=True)
    return [f"{windows.contig}\t{start}\t{end}\t{p:.6g}\n" for start, end, p in rows]


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
