"""Tables of sequences with several labels each, some of them unknown."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import is_dna, sequence_of_kmers

__all__ = ["MultiLabelSequences", "read_multi_label_sequences"]

_SEQUENCE_COLUMNS: Final = ("sequence", "seq")
_OTHER_COLUMNS: Final = ("coordinate", "coordinates", "name", "eventid", "id")
_VALUES: Final = {"0": 0.0, "1": 1.0, "": math.nan}


@dataclass(frozen=True, slots=True, eq=False)
class MultiLabelSequences:
    """Sequences, and what is known of each label.

    Attributes
    ----------
    labels
        Names, L of them.
    sequences
        n sequences, case kept.
    targets
        Shape ``(n, L)``, float32: 0, 1, or NaN where it is not known.
    """

    labels: tuple[str, ...]
    sequences: tuple[str, ...]
    targets: npt.NDArray[np.float32]


def read_multi_label_sequences(
    source: str | os.PathLike[str], labels: Sequence[str] | None = None
) -> MultiLabelSequences:
    r"""Read a table with a column `sequence` and a column of 0, 1 or nothing for each label.

    Parameters
    ----------
    source
        CSV, or TSV where the header holds a tab; plain or gzipped; or ``-``. Sequences may be
        written as k-mers with spaces between.
    labels
        Columns to read, in this order; the others are not looked at. By default every column but
        the sequence, `coordinate` and `name`.

    Returns
    -------
    MultiLabelSequences
        In file order, rows of which nothing is known among them.

    Raises
    ------
    InputError
        If a column is missing, or a cell holds something else; with file and line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "train.csv")
    ...     _ = table.write_text("sequence,CTCF,NANOG\nGATTA,1,\nACGTA,0,1\n")
    ...     read = read_multi_label_sequences(table)
    >>> read.labels, read.targets.tolist()
    (('CTCF', 'NANOG'), [[1.0, nan], [0.0, 1.0]])
    """
    with InputStream(source) as stream:
        rows = _rows(stream)
        try:
            where, header = next(rows)
        except StopIteration:
            raise InputError(
                f"{stream.name}: is empty; expected a table with a column 'sequence' and one for "
                "each label"
            ) from None
        sequence_column, columns = _columns(where, header, labels)
        sequences, targets = [], []
        for where, cells in rows:
            if len(cells) != len(header):
                raise InputError(
                    f"{where}: has {len(cells)} columns, expected {len(header)} as in the header"
                )
            sequences.append(_sequence(where, cells[sequence_column].strip()))
            targets.append([_target(where, name, cells[at]) for name, at in columns.items()])
    shape = (len(sequences), len(columns))
    values = np.array(targets, dtype=np.float32).reshape(shape)
    return MultiLabelSequences(tuple(columns), tuple(sequences), values)


def _rows(stream: InputStream) -> Iterator[tuple[str, list[str]]]:
    """Cells of each line that is not empty, with file and line."""
    delimiter = ""
    for number, line in enumerate(stream, 1):
        where = f"{stream.name}:{number}"
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            if not text.strip():
                continue
            delimiter = delimiter or ("\t" if "\t" in text else ",")
            yield where, next(csv.reader(io.StringIO(text), delimiter=delimiter))
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(
                f"{where}: is no line of a table ({error}); expected CSV or TSV"
            ) from error


def _columns(
    where: str, header: Sequence[str], labels: Sequence[str] | None
) -> tuple[int, dict[str, int]]:
    """Place of the sequence, and of each label."""
    names = [name.strip() for name in header]
    lowered = [name.lower() for name in names]
    sequence = next((lowered.index(s) for s in _SEQUENCE_COLUMNS if s in lowered), None)
    if sequence is None:
        raise InputError(
            f"{where}: begins with {','.join(names)[:60]!r}; expected the names of a table's "
            "columns with 'sequence' among them: labels of several kinds need CSV or TSV"
        )
    if labels is None:
        labels = [
            name
            for name, low in zip(names, lowered, strict=True)
            if low not in (*_SEQUENCE_COLUMNS, *_OTHER_COLUMNS)
        ]
    for name in labels:
        if names.count(name) != 1:
            found = "no column" if name not in names else f"{names.count(name)} columns"
            raise InputError(
                f"{where}: {found} {name!r} among {', '.join(names)[:200]}; expected one for each "
                "label"
            )
    if not labels:
        raise InputError(f"{where}: no column beside the sequence; expected one for each label")
    return sequence, {name: names.index(name) for name in labels}


def _sequence(where: str, text: str) -> str:
    try:
        sequence = sequence_of_kmers(text) if " " in text else text
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if not is_dna(sequence):
        raise InputError(
            f"{where}: {text[:60]!r} is no DNA sequence; expected letters as A, C, G, T"
        )
    return sequence


def _target(where: str, label: str, cell: str) -> float:
    text = cell.strip().removesuffix(".0")
    if text not in _VALUES:
        raise InputError(
            f"{where}: {label} is {cell[:40]!r}; expected 0, 1, or nothing where it is not known"
        )
    return _VALUES[text]
