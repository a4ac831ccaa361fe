"""Identifiers that were merged into others: dbSNP keeps one rsID and retires the rest."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from enhancer_variants.errors import GwasFileError, VariantFileError
from enhancer_variants.gwas.sites.identifiers import RS_NUMBER_DIGITS
from enhancer_variants.io.compression import InputStream

__all__ = ["MergedIds"]

_HEADER_LINES: Final = 1
_NUMBER: Final = rf"(?:rs)?([0-9]{{1,{RS_NUMBER_DIGITS}}})"
_PAIR: Final = re.compile(rf"{_NUMBER}[\t ,]+{_NUMBER}(?:[\s,]|$)".encode(), re.IGNORECASE)


class MergedIds:
    r"""A table of retired rsIDs and what each was merged into.

    It is held as two arrays of numbers, 16 bytes a row.

    Parameters
    ----------
    path
        Two columns, retired and kept rsID, with or without ``rs``, separated by tabs, commas or
        spaces; a header line, comments (``#``) and columns after these are passed over. Plain text
        or gzip. dbSNP's ``RsMergeArch.bcp.gz`` is one.

    Raises
    ------
    GwasFileError
        If the file cannot be read as such a table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "merged.tsv")
    ...     _ = table.write_text("old\tnew\nrs10\trs20\nrs20\trs30\n")
    ...     merged = MergedIds(table)
    >>> merged.later(10), merged.later(30)
    ((20, 30), ())
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        retired, kept = array("q"), array("q")
        for old, new in _pairs(path):
            retired.append(old)
            kept.append(new)
        order = np.argsort(np.frombuffer(retired, np.int64), kind="stable")
        self._retired = np.frombuffer(retired, np.int64)[order]
        self._kept = np.frombuffer(kept, np.int64)[order]

    def later(self, number: int) -> tuple[int, ...]:
        """Give the rsIDs that one became, the current one last.

        Where the table has a number twice, its first row counts. A table that leads back to where
        it has been ends there.

        Parameters
        ----------
        number
            Of the rsID.
        """
        chain = [number]
        while (following := self._merged_into(chain[-1])) is not None and following not in chain:
            chain.append(following)
        return tuple(chain[1:])

    def _merged_into(self, number: int) -> int | None:
        place = int(np.searchsorted(self._retired, number))
        there = place < len(self._retired) and self._retired[place] == number
        return int(self._kept[place]) if there else None


def _pairs(path: str | os.PathLike[str]) -> Iterator[tuple[int, int]]:
    name = Path(path).name
    try:
        with InputStream(path) as stream:
            for number, line in enumerate(stream, 1):
                if pair := _PAIR.match(line):
                    yield int(pair[1]), int(pair[2])
                elif number > _HEADER_LINES and line.strip() and not line.startswith(b"#"):
                    raise GwasFileError(
                        f"{name}:{number}: is {line[:60]!r}; expected a retired and a kept rsID, "
                        "separated by a tab"
                    )
    except VariantFileError as error:
        raise GwasFileError(f"table of merged rsIDs: {error}") from error
