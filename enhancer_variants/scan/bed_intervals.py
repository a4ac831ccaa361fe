"""Intervals of a BED file with all that the file says of them, for comparing two such files."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.genome.interval import OPEN_END
from enhancer_variants.io.compression import InputStream

__all__ = ["BedIntervals", "BedSource", "bed_intervals"]

BedSource: TypeAlias = "str | os.PathLike[str] | pd.DataFrame"
"""A BED file, plain, gzipped or bgzipped, or a table with chrom, start and end."""

_DISPLAY_LINES: Final = ("track", "browser")
_BED_COLUMNS: Final = ("chrom", "start", "end", "name", "score", "strand")
"""What follows differs: BED12, narrowPeak and many a program's own."""

_SPELLINGS: Final = (
    ("chrom", "chr", "chromosome", "contig", "seqnames", "seqname"),
    ("start", "chromstart", "chrom_start", "chr_start"),
    ("end", "stop", "chromend", "chrom_end", "chr_end"),
)
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True, eq=False)
class BedIntervals:
    """Intervals in the order of their file, 0-based and half-open.

    Attributes
    ----------
    name
        Base name of the file.
    contigs
        The contigs, each once, as :func:`~enhancer_variants.genome.canonical_contig` gives them.
    contig
        Number of each interval's contig. Shape ``(intervals,)``.
    starts, ends
        0-based start and end, of which the end is not included. Shape ``(intervals,)``.
    table
        All columns of the file as they are there; those without a name have that of the BED
        specification up to the sixth, then ``column7`` and so on. Only `chrom`, `start` and
        `end`, empty, where they were not asked for.
    where
        What error messages call an interval's place; the number of each line of the file.

    Examples
    --------
    >>> table = pd.DataFrame({"chrom": ["chr2", "1"], "start": [5, 0], "end": [9, 3]})
    >>> found = bed_intervals(table)
    >>> found.contigs, found.starts.tolist(), len(found)
    (('2', '1'), [5, 0], 2)
    """

    name: str
    contigs: tuple[str, ...]
    contig: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    table: pd.DataFrame
    where: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def place(self, number: int) -> str:
        """Say where an interval stands, as ``calls.bed:12``.

        Parameters
        ----------
        number
            0-based number of the interval.
        """
        return f"{self.name}:{self.where[number]}"


def bed_intervals(source: BedSource, *, name: str = "", columns: bool = True) -> BedIntervals:
    r"""Read a BED file or a table.

    Parameters
    ----------
    source
        The file, or ``-`` for standard input: three columns or more, tabs or spaces between them.
        A line in front of the intervals that begins as ``chrom start end`` or ``#chrom start
        end`` names the columns; ``track``, ``browser``, ``#`` and empty lines are passed over.
        Or a table with `chrom`, `start` and `end`.
    name
        What messages call a table.
    columns
        Whether further columns are kept.

    Raises
    ------
    VariantFileError
        If the file cannot be read to its end.
    InputError
        For a line, with its number, without three columns or with coordinates that are none, or
        an interval without a base (its end not above its start); for a table without the columns.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "calls.bed")
    ...     _ = file.write_text("track name=calls\nchr1\t10\t20\tfirst\t7\n")
    ...     bed_intervals(file).table.to_dict("records")
    [{'chrom': 'chr1', 'start': 10, 'end': 20, 'name': 'first', 'score': '7'}]
    """
    if isinstance(source, pd.DataFrame):
        return _of_table(source, name or "the DataFrame")
    names: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    lines: list[int] = []
    rest: list[list[str]] = []
    header: Sequence[str] = ()
    with InputStream(source) as stream:
        for number, text in _lines(stream):
            fields = text.split("\t") if "\t" in text else text.split()
            if text.startswith("#") or (not lines and not header and _names_columns(fields)):
                header = header or (fields if _names_columns(fields) else ())
                continue
            start, end = _coordinates(fields, f"{stream.name}:{number}")
            names.append(fields[0])
            starts.append(start)
            ends.append(end)
            lines.append(number)
            if columns:
                rest.append(fields[3:])
        table = _table(names, starts, ends, rest, header) if columns else _table([], [], [], [], ())
        return _joined(stream.name, names, starts, ends, table, lines)


def _lines(stream: InputStream) -> Iterator[tuple[int, str]]:
    """Lines that hold an interval, a comment or the names of columns, with 1-based numbers."""
    for number, line in enumerate(stream, 1):
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
        if text.strip() and text.split(None, 1)[0] not in _DISPLAY_LINES:
            yield number, text


def _names_columns(fields: Sequence[str]) -> bool:
    """Whether a line names the columns as those of a BED."""
    found = [field.strip().lower().lstrip("#").strip() for field in fields[:3]]
    return len(found) > 2 and all(map(operator.contains, _SPELLINGS, found))


def _coordinates(fields: Sequence[str], where: str) -> tuple[int, int]:
    found = fields[1:3]
    if len(found) < 2 or not all(text.isascii() and text.isdigit() for text in found):
        line = " ".join(fields)[:_SHOWN]
        raise InputError(
            f"{where}: {line!r} is no BED line; expected contig, 0-based start and end, separated "
            "by tabs"
        )
    start, end = int(found[0]), int(found[1])
    _require_bases(fields[0], start, end, where)
    return start, end


def _require_bases(contig: str, start: int, end: int, where: str) -> None:
    if not contig or not 0 <= start < end <= OPEN_END:
        raise InputError(
            f"{where}: no interval: contig {contig!r}, start {start}, end {end}; expected a name "
            f"and 0 <= start < end <= {OPEN_END} (0-based, end not included)"
        )


def _table(
    names: list[str],
    starts: list[int],
    ends: list[int],
    rest: list[list[str]],
    header: Sequence[str],
) -> pd.DataFrame:
    """All columns of a file; lines that have fewer than others have empty cells."""
    further = list(zip_longest(*rest, fillvalue="")) if rest else []
    own = [name.strip() for name in header[3:]] + list(_BED_COLUMNS[3 + max(len(header) - 3, 0) :])
    columns: dict[str, Any] = {"chrom": names, "start": starts, "end": ends}
    for number, cells in enumerate(further):
        name = own[number] if number < len(own) else f"column{number + 4}"
        columns[name if name and name not in columns else f"column{number + 4}"] = list(cells)
    return pd.DataFrame(columns).astype({"chrom": object, "start": "int64", "end": "int64"})


def _of_table(table: pd.DataFrame, name: str) -> BedIntervals:
    by_name = {str(column).lower().lstrip("#"): column for column in table.columns}
    chosen = [next((by_name[s] for s in names if s in by_name), None) for names in _SPELLINGS]
    if None in chosen:
        raise InputError(
            f"{name}: has the columns {', '.join(map(str, table.columns))[:200]}; expected chrom, "
            "start and end (0-based, end not included)"
        )
    contigs = table[chosen[0]].astype(str).tolist()
    numbers = [pd.to_numeric(table[column], errors="coerce") for column in chosen[1:]]
    for column in numbers:
        if column.isna().any() or (column % 1 != 0).any():
            row = int(np.argmax(column.isna() | (column % 1 != 0)))
            raise InputError(f"{name}: row {row} has no whole number as {column.name}")
    starts, ends = (column.astype("int64").tolist() for column in numbers)
    for row, (contig, start, end) in enumerate(zip(contigs, starts, ends, strict=True)):
        _require_bases(contig, start, end, f"{name}: row {row}")
    named = dict(zip(chosen, ("chrom", "start", "end"), strict=True))
    kept = table.rename(columns=named).reset_index(drop=True)
    kept = kept[["chrom", "start", "end", *kept.columns.difference([*named.values()], sort=False)]]
    return _joined(name, contigs, starts, ends, kept, list(range(len(table))))


def _joined(
    name: str,
    names: list[str],
    starts: list[int],
    ends: list[int],
    table: pd.DataFrame,
    where: list[int],
) -> BedIntervals:
    keys = {text: canonical_contig(text) for text in dict.fromkeys(names)}
    contigs = tuple(dict.fromkeys(keys.values()))
    number = {contig: code for code, contig in enumerate(contigs)}
    codes = {text: number[key] for text, key in keys.items()}
    return BedIntervals(
        name,
        contigs,
        np.fromiter((codes[text] for text in names), np.int64, len(names)),
        np.array(starts, np.int64),
        np.array(ends, np.int64),
        table,
        np.array(where, np.int64),
    )
