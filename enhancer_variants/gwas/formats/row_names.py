"""Tables that R wrote: row names in front, for which the header has no column."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from enhancer_variants.gwas.formats.dialects import NAMES_IN_ANY_TABLE
from enhancer_variants.gwas.formats.table_lines import TableShape, column_key, decoded
from enhancer_variants.gwas.formats.variant_names import is_variant_name

__all__ = ["ROW_NAMES", "with_row_names"]

ROW_NAMES: Final = "row.names"
"""What the column of row names is called, as in R."""

_NAME_KEYS: Final = frozenset((*NAMES_IN_ANY_TABLE["rsid"], *NAMES_IN_ANY_TABLE["name"]))


def with_row_names(
    header: tuple[str, ...], lines: Iterator[bytes], shape: TableShape
) -> tuple[tuple[str, ...], Iterator[bytes]]:
    r"""Put a column in front of the header where the first row has one cell more than it.

    That alone may also be a mistake of the row. So the cell that would then be the variant's name
    has to be one, and the cell that otherwise would be must not.

    Parameters
    ----------
    header
        Names of the columns.
    lines
        What follows the header.
    shape
        How the lines are put together.

    Returns
    -------
    header, lines
        The lines from the first one on, all of them.

    Examples
    --------
    >>> spaces = TableShape(" ", quoted=False)
    >>> with_row_names(("SNP", "BP"), iter([b"1 rs5 700\n"]), spaces)[0]
    ('row.names', 'SNP', 'BP')
    >>> with_row_names(("SNP", "BP"), iter([b"rs5 700 1\n"]), spaces)[0]
    ('SNP', 'BP')
    """
    first = next(lines, None)
    if first is None:
        return header, lines
    cells = shape.cells(decoded(first))
    names = [i for i, name in enumerate(header) if column_key(name) in _NAME_KEYS]
    shifted = len(cells) == len(header) + 1 and any(is_variant_name(cells[i + 1]) for i in names)
    if shifted and not any(is_variant_name(cells[i]) for i in names):
        header = (ROW_NAMES, *header)
    return header, itertools.chain([first], lines)
