"""Predictions out: TSV, CSV and Parquet, and NumPy files that grow as they are written."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects import is_file
from enhancer_variants.errors import InputError
from enhancer_variants.io import EffectTable, is_stream, pending_output, to_frame
from enhancer_variants.io.effects_as_table import WriteTable, parquet_writer, tsv_writer
from enhancer_variants.io.output import text_stream
from enhancer_variants.schema import Column

__all__ = [
    "PREDICTION_FORMATS",
    "Destination",
    "WriteArray",
    "array_writer",
    "check_places",
    "format_of",
    "table_writer",
]

PREDICTION_FORMATS = ("tsv", "tsv.gz", "csv", "parquet")
"""What predictions are written as; each is also the ending that stands for it."""

Destination: TypeAlias = str | os.PathLike[str] | None
WriteArray: TypeAlias = Callable[[npt.NDArray[Any]], None]


def format_of(output: Destination, chosen: str | None) -> str:
    """Format to write: the one chosen, else by the ending of the name, else TSV.

    Raises
    ------
    InputError
        If the format or the ending is none of :data:`PREDICTION_FORMATS`.

    Examples
    --------
    >>> format_of("peaks.csv", None), format_of("-", None), format_of("peaks.csv", "parquet")
    ('csv', 'tsv', 'parquet')
    """
    if chosen is not None:
        if chosen not in PREDICTION_FORMATS:
            known = ", ".join(PREDICTION_FORMATS)
            raise InputError(f"output format {chosen!r} is not one of {known}")
        return chosen
    if output is None or is_stream(output):
        return "tsv"
    name = Path(output).name.lower()
    for ending in PREDICTION_FORMATS:
        if name.endswith("." + ending):
            return ending
    endings = ", ".join("." + ending for ending in PREDICTION_FORMATS)
    raise InputError(
        f"{Path(output).name}: its ending names no format; expected {endings}, "
        "or name the format (--output-format)"
    )


def check_places(outputs: Sequence[Destination], inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse to write over what is read, and two outputs into one place.

    Parameters
    ----------
    outputs
        The table first: None is standard output, and for the others nowhere.

    Raises
    ------
    InputError
        Naming the file.
    """
    table, *others = outputs
    places = ["-" if table is None else os.fspath(table)]
    places += [os.fspath(other) for other in others if other is not None]
    streams = [place for place in places if is_stream(place)]
    files = [Path(place) for place in places if not is_stream(place)]
    read = [Path(source) for source in inputs if source != "-" and is_file(source)]
    for file in files:
        if is_file(file) and any(source.samefile(file) for source in read):
            raise InputError(f"{file}: is an input; write to another file")
    if table is not None and not is_stream(table):
        files.append(Path(f"{os.fspath(table)}.json"))  # the provenance, beside text
    taken = [*streams, *(str(file.resolve()) for file in files)]
    for place in taken:
        if taken.count(place) > 1:
            raise InputError(f"{place}: two outputs would be written there; name another file")


def table_writer(
    written_as: str,
    output: Destination,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
) -> contextlib.AbstractContextManager[WriteTable]:
    """Open the table; what it gives takes one :class:`~enhancer_variants.io.EffectTable` at a time.

    Parameters
    ----------
    written_as
        One of :data:`PREDICTION_FORMATS`.
    """
    if written_as == "parquet":
        return parquet_writer(output, columns, provenance)
    if written_as == "csv":
        return _csv_writer(output, columns, provenance)
    return tsv_writer(output, columns, provenance, compressed=written_as == "tsv.gz")


@contextlib.contextmanager
def _csv_writer(
    output: Destination, columns: Sequence[Column], provenance: Mapping[str, Any]
) -> Iterator[WriteTable]:
    """As TSV is written, with commas: one header line, six significant digits, empty for none."""
    with contextlib.ExitStack() as stack:
        if output is not None and not is_stream(output):
            beside = stack.enter_context(pending_output(f"{os.fspath(output)}.json"))
            beside.write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
        file = stack.enter_context(text_stream(output))

        def lines(tables: Sequence[EffectTable], *, header: bool) -> bytes:
            text: str = to_frame(tables, columns).to_csv(
                index=False, header=header, float_format="%.6g", lineterminator="\n"
            )
            return text.encode("utf-8", "backslashreplace")

        def write(table: EffectTable) -> None:
            file.write(lines([table], header=False))

        file.write(lines([], header=True))
        yield write


@contextlib.contextmanager
def array_writer(
    path: str | os.PathLike[str], dtype: npt.DTypeLike, width: int | None
) -> Iterator[WriteArray]:
    """Write an array to a NumPy file, some rows at a time.

    Parameters
    ----------
    path
        As it is: no ending is added.
    dtype
        Type of the numbers in the file.
    width
        Columns, or None for an array of one dimension.

    Yields
    ------
    Callable
        Takes the next rows.
    """
    numbers = np.dtype(dtype)
    rows = 0
    with pending_output(path) as temporary, temporary.open("wb") as file:

        def write_header() -> None:
            shape = (rows,) if width is None else (rows, width)
            header = {"descr": numbers.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)

        def write(array: npt.NDArray[Any]) -> None:
            nonlocal rows
            file.write(np.ascontiguousarray(array, dtype=numbers).tobytes())
            rows += len(array)

        write_header()
        yield write
        # NumPy leaves space in its headers for as many rows as there can be.
        file.seek(0)
        write_header()
