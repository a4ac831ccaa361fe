"""What is said of a Parquet that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from enhancer_variants.errors import VariantFileError

__all__ = ["parquet_damage"]


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
