"""Sequences with labels, in and out: FASTA, CSV and TSV, and the published tables of k-mers.

What each looks like, all plain or gzipped, told by their content:

- FASTA: ``>chr1:99-299;label=1``, or any other header, then lines of sequence.
- A table with a header: CSV, or TSV where the header holds a tab. One column is the
  sequence, others may be its label, coordinate and name.
- The TSV that DNABERT reads (``train.tsv``, ``dev.tsv``) is such a table: its cells are k-mers
  with spaces between them, each a base further than the one before.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import (
    LabelledSequence,
    is_dna,
    kmers_of,
    sequence_of_kmers,
)
from enhancer_variants.io.output import bgzip_stream, text_stream

__all__ = [
    "SequenceFormat",
    "read_labelled_sequences",
    "write_labelled_sequences",
]

SequenceFormat: TypeAlias = Literal["fasta", "csv", "tsv", "kmers"]
"""What labelled sequences are written as; `kmers` is the TSV that DNABERT reads."""

_LABEL: Final = re.compile(r";label=([^;\s]*)")
# "(-)" is left out on purpose: those bases are not the forward strand's at these coordinates.
_COORDINATE: Final = re.compile(r"([^\s:]+):([0-9]{1,10})-([0-9]{1,10})(?:\([+.]\))?")
_UNDERSCORED: Final = re.compile(r"(?i:chr)([0-9]{1,2}|X|Y|M)_([0-9]{1,10})_([0-9]{1,10})")

_CLASSES: Final = {
    "enhancer": 1,
    "non-enhancer": 0,
    "non_enhancer": 0,
    "positive": 1,
    "negative": 0,
}
"""Classes that go by a name in published files."""

_SPELLINGS: Final = {
    "sequence": ("sequence", "seq"),
    "label": ("label", "class", "bound"),
    "coordinate": ("coordinate", "coordinates"),
    "name": ("name", "eventid", "id"),
}


def read_labelled_sequences(
    source: str | os.PathLike[str], *, label: int | None = None
) -> list[LabelledSequence]:
    r"""Read a file of sequences: FASTA, CSV, TSV or k-mer TSV, told by its content.

    Parameters
    ----------
    source
        Path, plain or gzipped, or ``-`` for standard input.
    label
        Class of the sequences whose file gives them none.

    Returns
    -------
    list of LabelledSequence
        In file order. A FASTA header that begins with coordinates (``chr1:99-299`` or
        ``chr1_99_299``) gives them if they are as long as the sequence: 0-based and half-open
        as bedtools writes them, or 1-based and inclusive as samtools does. ``chr1:99-299(+)``
        and ``(.)`` are such coordinates too; a sequence of the reverse strand,
        ``chr1:99-299(-)``, is kept as it is, without coordinates, and the header is its name.
        A table's coordinate is always 1-based and inclusive.

    Raises
    ------
    InputError
        If the file cannot be read to its end, is empty or of another kind, or for a record
        that is not as it should be, with file and line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "train.tsv")
    ...     _ = table.write_text("sequence\tlabel\nGAT ATT TTA\t1\n")
    ...     read_labelled_sequences(table)[0].sequence
    'GATTA'
    """
    with InputStream(source) as stream:
        lines = _text_lines(stream)
        try:
            first, text = next((at, text) for at, text in lines if text.strip())
        except StopIteration:
            raise InputError(
                f"{stream.name}: is empty; expected FASTA, or a table with a column 'sequence'"
            ) from None
        if text.startswith(">"):
            return list(_read_fasta(stream.name, first, text, lines, label))
        return list(_read_table(stream.name, first, text, lines, label))


def _text_lines(stream: InputStream) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(stream, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{stream.name}:{number}: is no text ({error.reason}); expected FASTA, CSV or TSV"
            ) from error
        yield number, text.rstrip("\r\n")


def _read_fasta(
    file: str, number: int, header: str, lines: Iterator[tuple[int, str]], label: int | None
) -> Iterator[LabelledSequence]:
    pieces: list[str] = []
    for at, text in lines:
        if text.startswith(">"):
            yield _from_fasta(f"{file}:{number}", header, pieces, label)
            number, header, pieces = at, text, []
        elif text.strip():
            if not is_dna(text.strip()):
                raise InputError(f"{file}:{at}: {text[:60]!r} is neither DNA nor a FASTA header")
            pieces.append(text.strip())
    yield _from_fasta(f"{file}:{number}", header, pieces, label)


def _from_fasta(
    where: str, header: str, pieces: Sequence[str], label: int | None
) -> LabelledSequence:
    sequence = "".join(pieces)
    if not sequence:
        raise InputError(f"{where}: {header[:60]!r} has no sequence; expected one below it")
    title = header[1:].strip()
    if found := _LABEL.search(title):
        label = _label(where, found[1])
        title = title[: found.start()] + title[found.end() :]
    first, _, rest = title.partition(" ")
    if interval := _header_interval(first, len(sequence)):
        place = (interval.contig, interval.start, interval.end)
        return LabelledSequence(sequence, label, *place, name=rest.strip())
    return LabelledSequence(sequence, label, name=title)


def _header_interval(text: str, length: int) -> Interval | None:
    """Coordinates as bedtools or samtools writes them: the length tells which; None for others."""
    match = _COORDINATE.fullmatch(text)
    contig = match[1] if match else ""
    if match is None and (match := _UNDERSCORED.fullmatch(text)):
        contig = f"chr{match[1]}"
    if match is None:
        return None
    start, end = int(match[2]), int(match[3])
    if end - start + 1 == length:  # 1-based and inclusive
        start -= 1
    try:
        interval = Interval(contig, start, end)
    except InputError:
        return None
    return interval if interval.length == length else None


def _read_table(
    file: str, first: int, header: str, lines: Iterator[tuple[int, str]], label: int | None
) -> Iterator[LabelledSequence]:
    delimiter = "\t" if "\t" in header else ","
    names = [name.strip().lower() for name in _cells(f"{file}:{first}", header, delimiter)]
    column = {
        part: next((names.index(s) for s in spellings if s in names), None)
        for part, spellings in _SPELLINGS.items()
    }
    if column["sequence"] is None:
        raise InputError(
            f"{file}:{first}: begins with {header[:60]!r}; expected a FASTA header, or the names "
            "of a table's columns with 'sequence' among them, separated by tabs or commas"
        )
    for at, text in lines:
        if not text.strip():
            continue
        cells = _cells(f"{file}:{at}", text, delimiter)
        if len(cells) != len(names):
            raise InputError(
                f"{file}:{at}: has {len(cells)} columns, expected {len(names)} as in line {first}"
            )
        yield _from_row(
            f"{file}:{at}", {p: cells[i] for p, i in column.items() if i is not None}, label
        )


def _cells(where: str, text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error as error:
        raise InputError(
            f"{where}: is no line of a table ({error}); expected cells of at most "
            f"{csv.field_size_limit():,} characters; write longer sequences as FASTA"
        ) from error


def _from_row(where: str, row: dict[str, str], label: int | None) -> LabelledSequence:
    sequence = row["sequence"].strip()
    given = row.get("label", "").strip()
    contig, start, end = None, None, None
    try:
        if " " in sequence:
            sequence = sequence_of_kmers(sequence)
        if coordinate := row.get("coordinate", "").strip():
            interval = Interval.parse(coordinate)
            contig, start, end = interval.contig, interval.start, interval.end
        number = _label(where, given) if given else label
        return LabelledSequence(sequence, number, contig, start, end, row.get("name", ""))
    except InputError as error:
        text = str(error)
        raise InputError(text if text.startswith(where) else f"{where}: {text}") from error


def _label(where: str, text: str) -> int:
    if text.lower() in _CLASSES:
        return _CLASSES[text.lower()]
    try:
        number = float(text)
        if number >= 0 and number.is_integer():
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise InputError(
        f"{where}: label is {text[:40]!r}; expected 0, 1, ... or one of {', '.join(_CLASSES)}"
    )


def write_labelled_sequences(
    sequences: Iterable[LabelledSequence],
    output: str | os.PathLike[str],
    format: SequenceFormat = "fasta",  # noqa: A002 # what the rest of the package calls it
    *,
    k: int = 6,
    capitalised: bool = False,
) -> None:
    r"""Write sequences so that :func:`read_labelled_sequences` reads them back.

    Parameters
    ----------
    sequences
        What to write, in this order.
    output
        Path, bgzipped where it ends in .gz, or ``-`` for standard output.
    format
        - `fasta`: ``>chr1:99-299;label=1 name`` with 0-based half-open coordinates, or
          ``>name;label=1``; each sequence on one line;
        - `csv`, `tsv`: columns sequence, label and, where any sequence has one, coordinate
          (1-based, inclusive) and name;
        - `kmers`: columns sequence and label alone, the sequence in upper case as k-mers.
    k
        Length of the k-mers.
    capitalised
        Write the tables' header as ``Sequence`` and ``Label``, the other published spelling.

    Raises
    ------
    InputError
        For an unknown format, a sequence shorter than `k`, k-mers without a label (DNABERT needs
        one), or a name that would not fit on a line. No file is left behind.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "train.tsv")
    ...     write_labelled_sequences([LabelledSequence("GATTA", 1)], table, "kmers", k=3)
    ...     table.read_text()
    'sequence\tlabel\nGAT ATT TTA\t1\n'
    """
    if format not in get_args(SequenceFormat):
        raise InputError(f"format {format!r} is not one of {', '.join(get_args(SequenceFormat))}")
    several = list(sequences)
    lines: Iterable[str]
    if format == "fasta":
        lines = map(_fasta_record, several)
    elif format == "kmers":
        lines = _table(
            several, "\t", ["sequence", "label"], lambda s: _kmer_cell(s, k), capitalised
        )
    else:
        columns = ["sequence", "label"]
        columns += ["coordinate"] if any(s.contig is not None for s in several) else []
        columns += ["name"] if any(s.name for s in several) else []
        delimiter = "," if format == "csv" else "\t"
        lines = _table(several, delimiter, columns, lambda s: s.sequence, capitalised)
    open_stream = bgzip_stream if Path(output).name.endswith(".gz") else text_stream
    with open_stream(output) as stream:
        for line in lines:
            stream.write(f"{line}\n".encode())


def _fasta_record(record: LabelledSequence) -> str:
    label = "" if record.label is None else f";label={record.label}"
    name = _one_line(record.name)
    if record.contig is None:
        return f">{name}{label}\n{record.sequence}"
    place = f"{record.contig}:{record.start}-{record.end}{label}"
    return f">{place} {name}".rstrip() + f"\n{record.sequence}"


def _kmer_cell(record: LabelledSequence, k: int) -> str:
    if record.label is None:
        raise InputError(
            f"{record.name or record.interval or 'a sequence'} has no label, which the k-mer "
            "format needs; give it one, or write FASTA or CSV"
        )
    return kmers_of(record.sequence.upper(), k)


def _table(
    records: Sequence[LabelledSequence],
    delimiter: str,
    columns: Sequence[str],
    sequence_cell: Callable[[LabelledSequence], str],
    capitalised: bool,
) -> Iterator[str]:
    yield delimiter.join(name.capitalize() if capitalised else name for name in columns)
    for record in records:
        cells = {
            "sequence": sequence_cell(record),
            "label": "" if record.label is None else str(record.label),
            "coordinate": str(record.interval or ""),
            "name": _one_line(record.name),
        }
        yield delimiter.join(_quoted(cells[name], delimiter) for name in columns)


def _quoted(cell: str, delimiter: str) -> str:
    if delimiter in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _one_line(name: str) -> str:
    if "\n" in name or "\r" in name:
        raise InputError(f"name {name[:60]!r} holds a line break; expected one line")
    return name
