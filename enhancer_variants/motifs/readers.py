"""Motif files: JASPAR, rows of positions (HOCOMOCO and others) and MEME, told by their content.

What each looks like, all plain or gzipped:

- JASPAR: ``>MA0004.1 Arnt``, then four rows, one for each base, with letters and brackets
  (``A [ 4 19 0 ]``) or without either. Where tabs separate the fields of the header, a third
  is the family.
- Rows of positions, as HOCOMOCO's ``.pcm``: ``>AHR_HUMAN.H11MO.0.B``, then one row for each
  position with four numbers, for A, C, G and T.
- MEME: ``MOTIF MA0004.1 Arnt``, then a letter-probability matrix.

Lines that begin with # are comments.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError, MotifFileError
from enhancer_variants.motifs.meme import read_meme
from enhancer_variants.motifs.motif_lines import MotifLines, factor_name, numbers
from enhancer_variants.motifs.pwm import BASES, Motif

__all__ = ["read_motifs"]

_LABELLED_ROW: Final = re.compile(r"([ACGTacgt])\b\s*[:|=]?\s*\[?([^\[\]]*)\]?\s*")
_BRACKETED_ROW: Final = re.compile(r"\[([^\[\]]*)\]")
_NEARLY: Final = 0.01

_GZIP: Final = b"\x1f\x8b"


@dataclass(slots=True)
class _Row:
    """One row of a matrix: where it stands, its base if it names one, its numbers."""

    line: int
    base: str
    values: list[float]


@dataclass(slots=True)
class _Record:
    """A header and the rows that follow it."""

    line: int
    id: str
    name: str
    family: str
    rows: list[_Row] = field(default_factory=list)

    @property
    def labelled(self) -> bool:
        return any(row.base for row in self.rows)

    @property
    def could_be_bases(self) -> bool:
        """Whether the rows can be those of A, C, G and T."""
        return len(self.rows) == 4 and len({len(row.values) for row in self.rows}) == 1

    @property
    def could_be_positions(self) -> bool:
        """Whether the rows can be those of positions."""
        return all(len(row.values) == 4 for row in self.rows)


def read_motifs(path: str | PathLike[str]) -> tuple[Motif, ...]:
    r"""Read every motif of a file.

    Parameters
    ----------
    path
        A JASPAR, HOCOMOCO or MEME file, plain or gzipped; the format is told by the content.

    Returns
    -------
    tuple of Motif
        In the file's order. The name is the transcription factor as far as header or identifier
        tell it. Probabilities of a MEME file keep their number of sites; where it is missing, or
        1, which no row of fractions can come from, it is unknown.

    Raises
    ------
    MotifFileError
        If the file cannot be read to its end, holds no motif, or something in it is no motif: a
        row with too many or too few numbers, a number that is negative or none, a position that
        sums to 0, an identifier that came before. Names the file and the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.jaspar")
    ...     _ = path.write_text(">MA0004.1\tArnt\nA [4 19]\nC [16 0]\nG [0 1]\nT [0 0]\n")
    ...     [(motif.id, motif.name, motif.length) for motif in read_motifs(path)]
    [('MA0004.1', 'Arnt', 2)]
    """
    path = Path(path)
    return motifs_of(motif_file_bytes(path), path.name)


def motif_file_bytes(path: Path) -> bytes:
    """Read a motif file.

    Raises
    ------
    MotifFileError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise MotifFileError(f"{path} cannot be read: {error.strerror or error}") from error


def motifs_of(data: bytes, name: str) -> tuple[Motif, ...]:
    """Read every motif of a file's content (see :func:`read_motifs`).

    Parameters
    ----------
    data
        The content, plain or gzipped.
    name
        The file's name, for messages.
    """
    lines = MotifLines(name, [line.rstrip("\r") for line in _text(data, name).split("\n")])
    first = next(iter(lines), None)
    if first is None:
        raise MotifFileError(f"{name} holds no motif; expected a JASPAR, HOCOMOCO or MEME file")
    number, text = first
    if text.startswith(">"):
        motifs = tuple(_matrices(lines))
    elif text.lower().startswith(("meme version", "motif ")):
        motifs = tuple(read_meme(lines))
    else:
        raise lines.error(
            number,
            f"found {text[:60]!r}, which begins no motif file; expected '>' and an identifier "
            "(JASPAR, HOCOMOCO) or 'MEME version'",
        )
    if not motifs:
        raise MotifFileError(f"{name} holds no motif; expected at least one")
    return motifs


def _text(data: bytes, path: str) -> str:
    try:
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MotifFileError(
            f"{path} is not text: byte {error.start} is not UTF-8; expected a motif file"
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MotifFileError(
            f"{path} is gzipped but damaged or cut short ({error}); fetch it again"
        ) from error


def _matrices(lines: MotifLines) -> Iterator[Motif]:
    """Motifs of a file whose headers begin with '>'."""
    records = _records(lines)
    plain = [record for record in records if not record.labelled]
    rows_are_bases = _rows_are_bases(plain, lines) if plain else False
    for record in records:
        if record.labelled:
            matrix = _by_labels(record, lines)
        else:
            matrix = np.array([row.values for row in record.rows])
            if rows_are_bases:
                matrix = matrix.T
        empty = np.flatnonzero(matrix.sum(axis=1) == 0)
        if len(empty):
            by_position = not (record.labelled or rows_are_bases)
            line = record.rows[empty[0]].line if by_position else record.line
            raise lines.error(
                line, f"position {empty[0] + 1} of motif {record.id} sums to 0, expected counts"
            )
        yield Motif(record.id, record.name, matrix, record.family)


def _records(lines: MotifLines) -> list[_Record]:
    records: list[_Record] = []
    seen: dict[str, int] = {}
    for number, text in lines:
        if text.startswith(">"):
            record = _Record(number, *_header(text, number, lines))
            lines.check_new(record.id, number, seen)
            records.append(record)
        else:
            records[-1].rows.append(_row(text, number, lines))
    for record in records:
        if not record.rows:
            raise lines.error(record.line, f"motif {record.id} has no rows of numbers below it")
    return records


def _header(text: str, number: int, lines: MotifLines) -> tuple[str, str, str]:
    """Read identifier, name and family."""
    content = text[1:].strip()
    if not content:
        raise lines.error(number, "a header without an identifier; expected one after '>'")
    if "\t" in content:
        identifier, name, family, *_ = [*map(str.strip, content.split("\t")), "", ""]
    else:
        identifier, _, name = content.partition(" ")
        family = ""
    return identifier, name.strip() or factor_name(identifier), family


def _row(text: str, number: int, lines: MotifLines) -> _Row:
    if match := _LABELLED_ROW.fullmatch(text):
        return _Row(number, match[1].upper(), numbers(match[2], number, lines))
    if match := _BRACKETED_ROW.fullmatch(text):
        return _Row(number, "", numbers(match[1], number, lines))
    return _Row(number, "", numbers(text, number, lines))


def _by_labels(record: _Record, lines: MotifLines) -> npt.NDArray[np.float64]:
    """Matrix of a motif whose rows name their base."""
    rows = {row.base: row.values for row in record.rows}
    if sorted(row.base for row in record.rows) != sorted(BASES):
        found = ", ".join(row.base or "no letter" for row in record.rows)
        raise lines.error(
            record.line,
            f"motif {record.id} has rows of {found}; expected one of A, C, G and T each",
        )
    for row in record.rows:
        if len(row.values) != len(record.rows[0].values):
            raise _uneven(record, row, lines)
    return np.array([rows[base] for base in BASES]).T


def _rows_are_bases(records: Sequence[_Record], lines: MotifLines) -> bool:
    """Whether a file without letters has one row for each base, not one for each position."""
    as_bases = all(record.could_be_bases for record in records)
    as_positions = all(record.could_be_positions for record in records)
    if as_bases and as_positions:
        return _square_rows_are_bases(records, lines)
    if as_bases or as_positions:
        return as_bases
    # Say what is wrong with the first motif that breaks what most of the file looks like.
    positions = sum(record.could_be_positions for record in records)
    like_positions = 2 * positions >= len(records) and len(records[0].rows[0].values) == 4
    for record in records:
        for row in record.rows:
            if like_positions and len(row.values) != 4:
                raise lines.error(
                    row.line,
                    f"{len(row.values)} numbers in a row of motif {record.id}; expected 4, for "
                    "A, C, G and T",
                )
            if not like_positions and len(row.values) != len(record.rows[0].values):
                raise _uneven(record, row, lines)
        if not like_positions and len(record.rows) != 4:
            break
    raise lines.error(
        record.line,
        f"motif {record.id} has {len(record.rows)} rows of {len(record.rows[0].values)} numbers; "
        "expected 4 rows, one for each base, or 4 numbers in each row",
    )


def _square_rows_are_bases(records: Sequence[_Record], lines: MotifLines) -> bool:
    """Tell the layout of 4 x 4 numbers: all positions were counted about equally often."""

    def spread(sums: npt.NDArray[np.float64]) -> float:
        return float(np.ptp(sums) / sums.mean()) if sums.any() else 0.0

    matrices = [np.array([row.values for row in record.rows]) for record in records]
    as_bases = all(spread(matrix.sum(axis=0)) <= _NEARLY for matrix in matrices)
    as_positions = all(spread(matrix.sum(axis=1)) <= _NEARLY for matrix in matrices)
    if as_bases == as_positions:
        raise lines.error(
            records[0].line,
            f"motif {records[0].id} has four rows of four numbers, which could be bases or "
            "positions; begin the rows with their letters, as in 'A [ 4 19 0 0 ]'",
        )
    return as_bases


def _uneven(record: _Record, row: _Row, lines: MotifLines) -> InputError:
    return lines.error(
        row.line,
        f"{len(row.values)} numbers in a row of motif {record.id}; expected "
        f"{len(record.rows[0].values)}, as in its first row",
    )
