"""Parquet that is read to its last row, and what is said of one that cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.errors import VariantFileError

__all__ = ["parquet_damage", "require_rows", "whole_table"]


@contextmanager
def parquet_damage(name: str) -> Iterator[None]:
    """Name the file whose bytes cannot be read; nothing is to be written inside.

    Parameters
    ----------
    name
        Name of the file.

    Raises
    ------
    VariantFileError
        In place of what Arrow raises: errors of its own, OSError, and whatever Python raises
        where text is no UTF-8, or where the note that pandas leaves is none.

    Examples
    --------
    >>> with parquet_damage("effects.parquet"):  # doctest: +ELLIPSIS
    ...     raise OSError("Unexpected end of stream")
    Traceback (most recent call last):
    enhancer_variants.errors.VariantFileError: effects.parquet: cannot be read as Parquet (Unex...
    """
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        raise VariantFileError(
            f"{name}: cannot be read as Parquet ({error}); write or copy it again"
        ) from error


def whole_table(path: str | os.PathLike[str]) -> pa.Table:
    """Read a Parquet file, or a folder of them, with every row that it says it has.

    Parameters
    ----------
    path
        The file or folder.

    Raises
    ------
    VariantFileError
        If it cannot be read, or rows are missing.
    """
    name = Path(path).name
    with parquet_damage(name):
        data = pq.ParquetDataset(Path(path))
        table = data.read()
        rows = sum(fragment.metadata.num_rows for fragment in data.fragments)
    require_rows(len(table), rows, name)
    return table


def require_rows(found: int, expected: int, name: str) -> None:
    """Refuse a file of which fewer rows were read than it says; Arrow does not add them up.

    Raises
    ------
    VariantFileError
        If the two differ.

    Examples
    --------
    >>> require_rows(3, 3, "effects.parquet")
    """
    if found != expected:
        raise VariantFileError(
            f"{name}: {found} of {expected} rows can be read; write or copy it again"
        )
