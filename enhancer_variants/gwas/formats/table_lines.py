"""Lines of a table into cells: delimiters, quotes, encodings, and rows that are too short."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["RawRow", "TableShape", "column_key", "data_lines", "decoded", "rows_of"]

_QUOTED = {
    "\t": re.compile(r'(?:"[^"]*"\t)*"[^"]*"'),
    " ": re.compile(r'\s*(?:"[^"]*"\s+)*"[^"]*"\s*'),
}
"""Headers of which every cell is quoted."""
_PADDING = re.compile(r"[ \t]+")
_NOT_IN_KEYS = re.compile(r"[^a-z0-9()]+")
_COHORT_OF_FREQUENCY = re.compile(r"^(frq_[au])_[0-9]+$")


@dataclass(frozen=True, slots=True)
class TableShape:
    """How the lines of a table are put together.

    Attributes
    ----------
    delimiter
        Between two cells; a space stands for runs of spaces and tabs, at the beginning too.
    quoted
        Whether double quotes around a cell are no part of it. They always are in comma and
        semicolon tables; in others only where the header is quoted throughout, because a lone
        quote inside a text is common.
    """

    delimiter: str
    quoted: bool

    @classmethod
    def of(cls, header: str) -> TableShape:
        r"""Tell the shape by the header line: tab, else comma, else semicolon, else spaces.

        >>> TableShape.of("SNP\tCHR"), TableShape.of(' CHR   SNP').delimiter
        (TableShape(delimiter='\t', quoted=False), ' ')
        """
        delimiter = next((sign for sign in "\t,;" if sign in header.strip()), " ")
        if delimiter in ",;":
            return cls(delimiter, quoted=True)
        return cls(delimiter, quoted=_QUOTED[delimiter].fullmatch(header) is not None)

    def cells(self, line: str) -> list[str]:
        """Split a line that has no line ending."""
        if self.quoted and '"' in line:
            text = _PADDING.sub(" ", line.strip()) if self.delimiter == " " else line
            with contextlib.suppress(csv.Error):  # a cell beyond the parser's limit
                return next(csv.reader([text], delimiter=self.delimiter), [])
        if self.delimiter == " ":
            return line.split()
        return line.split(self.delimiter)

    def is_blank(self, line: str) -> bool:
        """Whether a line has no cell; a line of delimiters has empty ones."""
        return not line.strip(" \t" if self.delimiter == " " else " ")


@dataclass(frozen=True, slots=True)
class RawRow:
    """Cells of one line, as many as there are columns, and why they cannot be trusted."""

    number: int
    cells: tuple[str, ...]
    problem: str = ""


def decoded(line: bytes) -> str:
    r"""Text of a line without its ending: UTF-8, or Latin-1 where it is not that.

    Old lists have names of authors in Latin-1. Every byte is a letter there, so no row is lost.

    >>> decoded(b"Fran\xe7ois\r\n")
    'François'
    """
    line = line.rstrip(b"\r\n")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def data_lines(lines: Iterable[bytes], shape: TableShape) -> Iterator[str]:
    """Text of each data line; blank ones at the end of a file are none."""
    blanks = 0
    for line in lines:
        text = decoded(line)
        if shape.is_blank(text):
            blanks += 1
            continue
        for _ in range(blanks):
            yield ""
        blanks = 0
        yield text


def rows_of(lines: Iterable[bytes], shape: TableShape, width: int) -> Iterator[RawRow]:
    r"""Rows of a table, one for each data line.

    Parameters
    ----------
    lines
        What follows the header.
    shape
        How the lines are put together.
    width
        Number of columns.

    Notes
    -----
    A row with another number of fields has a problem. Missing cells are filled with empty ones;
    what is too much stays in the last cell, as written.

    Examples
    --------
    >>> tab = TableShape("\t", quoted=False)
    >>> [row.cells for row in rows_of([b"1\t2\n", b"1\t2\t3\n", b"1\n"], tab, 2)]
    [('1', '2'), ('1', '2\t3'), ('1', '')]
    """
    for number, text in enumerate(data_lines(lines, shape)):
        cells = shape.cells(text) if text else []
        if len(cells) == width:
            yield RawRow(number, tuple(cells))
            continue
        found = f"{len(cells)} field{'s' if len(cells) != 1 else ''}"
        problem = f"{found} where the header has {width}" if cells else "an empty line"
        surplus = shape.delimiter.join(cells[width - 1 :])
        padded = [*cells[: width - 1], surplus] if len(cells) > width else cells
        yield RawRow(number, (*padded, *[""] * (width - len(padded))), problem)


def column_key(name: str) -> str:
    """Fold a column's name: case, ``#``, and what stands between words do not matter.

    Examples
    --------
    >>> [column_key(name) for name in ("#CHROM", "P-value", "STRONGEST SNP-RISK ALLELE", "FRQ_A_9")]
    ['chrom', 'p_value', 'strongest_snp_risk_allele', 'frq_a']
    """
    key = _NOT_IN_KEYS.sub("_", name.strip().lower()).strip("_")
    return _COHORT_OF_FREQUENCY.sub(r"\1", key)
