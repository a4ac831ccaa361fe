"""Sequences to predict, from files, tables and lists: what cannot be read is a row all the same.

Training reads its files strictly (:mod:`enhancer_variants.io.labelled_sequences`); here a bad
line costs no more than its own row, and a file of any size is read as it goes.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, get_args

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import LabelledSequence, sequence_of_kmers
from enhancer_variants.prediction.columns import PredictionStatus

__all__ = [
    "BedWindow",
    "GivenSequence",
    "SequenceInput",
    "SequenceSource",
    "open_sequences",
]

BedWindow: TypeAlias = Literal["centred", "interval"]
"""What is read of a BED line: the model's window around its middle, or its own bases."""

SequenceSource: TypeAlias = str | os.PathLike[str] | pd.DataFrame | Iterable[str | LabelledSequence]
"""A file, a DataFrame with a column ``sequence``, or sequences."""

_LONGEST_NAME: Final = 64
"""More letters in a row than this are DNA rather than the name of a file."""

_BED_DISPLAY_LINES: Final = ("#", "track", "browser")
_LABEL: Final = re.compile(r";label=([^;\s]*)")
# "(-)" is left out on purpose: those bases are not the forward strand's at these coordinates.
_COORDINATE: Final = re.compile(r"([^\s:]+):([0-9]{1,10})-([0-9]{1,10})(?:\([+.]\))?")
_MOST_DIGITS: Final = 10
"""Digits of a position; no contig is as long as one with more."""

_UNDERSCORED: Final = re.compile(r"(?i:chr)([0-9]{1,2}|X|Y|M)_([0-9]{1,10})_([0-9]{1,10})")
_SPELLINGS: Final = {
    "sequence": ("sequence", "seq"),
    "label": ("label", "class", "bound"),
    "coordinate": ("coordinate", "coordinates"),
    "contig": ("chrom", "chr", "contig"),
    "start": ("start",),
    "end": ("end",),
    "name": ("name", "eventid", "id"),
}


@dataclass(frozen=True, slots=True)
class GivenSequence:
    """One sequence as it came.

    Attributes
    ----------
    sequence
        Its bases; of one longer than any model of the run reads, perhaps only the first.
    length
        Bases that it has, or None where that is not known.
    name, label
        As the input gives them.
    interval
        Where it is from, 0-based half-open; None of a header or coordinate that ends in ``(-)``,
        as the bases are then the reverse strand's.
    refused
        Why there is nothing to predict, if so.
    detail
        What exactly was found.
    """

    sequence: str
    length: int | None
    name: str | None = None
    label: str | None = None
    interval: Interval | None = None
    refused: PredictionStatus | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class SequenceInput:
    """Sequences to predict, one after the other.

    Attributes
    ----------
    name
        Base name of the file.
    given
        The sequences.
    fraction_read
        Share of the file that was read so far, or None where that is not known.
    reference
        The genome of a BED file.
    """

    name: str
    given: Iterator[GivenSequence]
    fraction_read: Callable[[], float | None] = lambda: None
    reference: Reference | None = None


@contextlib.contextmanager
def open_sequences(
    sequences: SequenceSource,
    *,
    longest: int,
    window: int,
    reference: Reference | None = None,
    bed_window: BedWindow = "centred",
) -> Iterator[SequenceInput]:
    """Open sequences for reading.

    Parameters
    ----------
    sequences
        A file, a DataFrame or sequences (:func:`~enhancer_variants.predict_sequences`).
    longest
        Bases that a sequence can be read of; more need not be held.
    window
        Bases of a window around the middle of a BED line.
    reference
        Genome of a BED file; `sequences` is one where it is given.

    Raises
    ------
    InputError
        If a file is none of the formats, a DataFrame has no sequences, or `sequences` is
        nothing that holds any.
    """
    if bed_window not in get_args(BedWindow):
        raise InputError(f"bed_window is {bed_window!r}; expected 'centred' or 'interval'")
    if not isinstance(sequences, str | os.PathLike):
        if reference is not None:
            raise InputError("a reference goes with a BED file, and these are sequences themselves")
        if isinstance(sequences, pd.DataFrame):
            rows = sequences.itertuples(index=False, name=None)
            given = _of_table("the DataFrame", list(sequences.columns), rows)
        else:
            given = _of_items(sequences)
        yield SequenceInput("sequences", given)
        return
    if isinstance(sequences, str) and len(sequences) > _LONGEST_NAME and sequences.isalpha():
        raise InputError(
            f"{sequences[:20]}... is no file's name; expected a file, or sequences as a list"
        )
    with InputStream(sequences) as stream:
        lines = ((number, _text(line)) for number, line in enumerate(stream, 1))
        if reference is not None:
            given = _of_bed(stream.name, lines, reference, longest, window, bed_window)
        else:
            given = _of_text(stream.name, lines, longest)
        yield SequenceInput(stream.name, given, lambda: stream.fraction_read, reference)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n")


def _of_items(items: Iterable[object]) -> Iterator[GivenSequence]:
    try:
        return map(_of_item, items)
    except TypeError as error:
        raise InputError(
            f"sequences is {'None' if items is None else type(items).__name__}; expected a file, "
            "a DataFrame with a column 'sequence', or sequences as a list"
        ) from error


def _of_item(item: object) -> GivenSequence:
    if isinstance(item, str):
        return GivenSequence(item.strip(), len(item.strip()))
    if isinstance(item, LabelledSequence):
        label = None if item.label is None else str(item.label)
        length, name = len(item.sequence), item.name or None
        return GivenSequence(item.sequence, length, name, label, item.interval)
    found = "nothing" if _is_missing(item) else type(item).__name__
    return _unreadable(f"found {found}, expected a string")


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN or another of pandas' missing values; no array is one."""
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _unreadable(detail: str, name: str | None = None) -> GivenSequence:
    return GivenSequence("", None, name, refused=PredictionStatus.INVALID_RECORD, detail=detail)


def _of_text(file: str, lines: Iterator[tuple[int, str]], longest: int) -> Iterator[GivenSequence]:
    """Read FASTA or a table, told by the first line that is not blank."""
    number, first = next(((n, text) for n, text in lines if text.strip()), (0, ""))
    if not first:
        raise InputError(f"{file}: is empty; expected FASTA, or a table with a column 'sequence'")
    if first.startswith(">"):
        return _of_fasta(first, (text for _, text in lines), longest)
    delimiter = "\t" if "\t" in first else ","
    names = _cells(first, delimiter)
    rows = (_cells(text, delimiter) for _, text in lines if text.strip())
    return _of_table(f"{file}:{number}", names, rows)


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error:  # a cell longer than that module reads
        return text.split(delimiter)


def _of_fasta(header: str, lines: Iterator[str], longest: int) -> Iterator[GivenSequence]:
    pieces: list[str] = []
    held = length = 0
    for text in itertools.chain(lines, ">"):
        bases = text.strip()
        if text.startswith(">"):
            yield _of_fasta_record(header[1:].strip(), "".join(pieces), length)
            header, pieces, held, length = text, [], 0, 0
            continue
        if held <= longest:
            pieces.append(bases[: longest + 1 - held])
            held += len(pieces[-1])
        length += len(bases)


def _of_fasta_record(title: str, sequence: str, length: int) -> GivenSequence:
    label = None
    if found := _LABEL.search(title):
        label = found[1]
        title = title[: found.start()] + title[found.end() :]
    first, _, rest = title.partition(" ")
    interval = _of_header(first, length)
    name = title if interval is None else rest.strip()
    return GivenSequence(sequence, length, name or None, label or None, interval)


def _of_header(text: str, length: int) -> Interval | None:
    """Coordinates as bedtools, samtools or the iEnhancer files write them: the length tells."""
    match = _COORDINATE.fullmatch(text)
    contig = match[1] if match else ""
    if match is None and (match := _UNDERSCORED.fullmatch(text)):
        contig = f"chr{match[1]}"
    if match is None:
        return None
    start, end = int(match[2]), int(match[3])
    start -= end - start + 1 == length  # 1-based and inclusive
    return _interval(contig, start, end, length)


def _interval(contig: str, start: int, end: int, length: int) -> Interval | None:
    """Where a sequence is from, or None where that cannot be."""
    try:
        interval = Interval(contig, start, end)
    except InputError:
        return None
    return interval if interval.length == length else None


def _of_table(
    where: str, names: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> Iterator[GivenSequence]:
    known = [str(name).strip().lower() for name in names]
    column = {
        part: next((known.index(s) for s in spellings if s in known), None)
        for part, spellings in _SPELLINGS.items()
    }
    if column["sequence"] is None:
        found = ", ".join(map(str, names))[:80]
        raise InputError(
            f"{where}: no column 'sequence' among {found}; expected FASTA, or a table whose "
            "header names one. For a BED file, name the genome's FASTA too (reference)"
        )
    places = {part: place for part, place in column.items() if place is not None}
    return (_of_row(row, places, len(names)) for row in rows)


def _of_row(row: Sequence[Any], places: Mapping[str, int], expected: int) -> GivenSequence:
    if len(row) != expected:
        return _unreadable(f"{len(row)} of the {expected} columns")
    name = None
    try:
        name = _cell(row[places["name"]]) if "name" in places else None
        cells = {part: _cell(row[place]) for part, place in places.items()}
        sequence = cells["sequence"] or ""
        if " " in sequence:
            sequence = sequence_of_kmers(sequence)
        interval = _of_cells(cells, len(sequence))
    except InputError as error:
        return _unreadable(str(error), name)
    return GivenSequence(sequence, len(sequence), name, cells.get("label"), interval)


def _cell(value: Any) -> str | None:
    """Text of a cell, None for a missing value; 1.0 is 1 that went through a float."""
    if _is_missing(value):
        return None
    if hasattr(value, "__array__") and not pd.api.types.is_scalar(value):
        raise InputError(f"found {type(value).__name__} in a cell, expected a string or a number")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return str(value).strip() or None
    except ValueError as error:  # Python writes no integer of thousands of digits
        raise InputError(f"found {type(value).__name__} of too many digits in a cell") from error


def _of_cells(cells: Mapping[str, str | None], length: int) -> Interval | None:
    """Where a row's sequence is from, as a table says it."""
    if match := _COORDINATE.fullmatch(cells.get("coordinate") or ""):
        return _interval(match[1], int(match[2]) - 1, int(match[3]), length)
    contig, start, end = (cells.get(part) or "" for part in ("contig", "start", "end"))
    if contig and start.isdecimal() and end.isdecimal():
        for part, digits in (("start", start), ("end", end)):
            if len(digits) > _MOST_DIGITS:
                raise InputError(
                    f"{part} has {len(digits)} digits, expected {_MOST_DIGITS} at most"
                )
        return _interval(contig, int(start), int(end), length)
    return None


def _of_bed(
    file: str,
    lines: Iterator[tuple[int, str]],
    reference: Reference,
    longest: int,
    window: int,
    bed_window: BedWindow,
) -> Iterator[GivenSequence]:
    first = True
    for number, text in lines:
        if not text.strip() or text.startswith(_BED_DISPLAY_LINES):
            continue
        fields = text.split("\t") if "\t" in text else text.split()
        try:
            peak = Interval(fields[0], int(fields[1]), int(fields[2]))
        except (ValueError, IndexError) as error:
            if first:
                raise InputError(
                    f"{file}:{number}: {text[:60]!r} is no BED line; expected contig, 0-based "
                    "start and end, separated by tabs (a reference goes with a BED file)"
                ) from error
            yield _unreadable(f"{text[:60]!r} is no BED line")
            continue
        first = False
        name = fields[3] if len(fields) > 3 else str(peak)
        start, length = peak.start, peak.length
        if bed_window == "centred":
            start, length = (peak.start + peak.end) // 2 - window // 2, window
        yield _of_genome(name, peak, start, length, reference, longest)


def _of_genome(
    name: str, peak: Interval, start: int, length: int, reference: Reference, longest: int
) -> GivenSequence:
    """Read `length` bases from `start` on; a row without them has the coordinates of its line."""
    refused = GivenSequence("", length, name, None, peak)
    contig = reference.find(peak.contig)
    if contig is None:
        detail = f"the reference has no contig {peak.contig!r}"
        return replace(refused, refused=PredictionStatus.NO_CONTIG, detail=detail)
    end = start + length
    if start < 0 or end > contig.length:
        detail = f"bases {start} to {end} (0-based) of a contig of {contig.length}"
        return replace(refused, refused=PredictionStatus.EDGE, detail=detail)
    bases = contig.bases(start, min(end, start + longest + 1))
    return GivenSequence(bases, length, name, None, Interval(peak.contig, start, end))
