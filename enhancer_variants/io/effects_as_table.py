"""Effects out as TSV and Parquet."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.io.effect_table import EffectTable, arrow_schema, to_arrow
from enhancer_variants.io.output import bgzip_stream, is_stream, pending_output, text_stream
from enhancer_variants.schema import Column

__all__ = [
    "PROVENANCE_KEY",
    "parquet_file",
    "parquet_schema",
    "parquet_writer",
    "tsv_lines",
    "tsv_stream",
    "tsv_writer",
]

PROVENANCE_KEY = "enhancer_variants"
"""Under this key the provenance (JSON) stands in Parquet metadata and VCF headers."""

WriteTable = Callable[[EffectTable], None]


@contextlib.contextmanager
def tsv_writer(
    output: str | os.PathLike[str] | None,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    *,
    compressed: bool = False,
) -> Iterator[WriteTable]:
    """Write rows as tab-separated text with one header line and nothing else.

    Missing values are empty; numbers have six significant digits; a cell that holds a tab, a
    quote or a line end is quoted. The provenance goes to ``<output>.json``, and nowhere when
    the output is standard output.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.effect_table.EffectTable` at a time.
    """
    with tsv_stream(output, columns, provenance, compressed=compressed) as file:

        def write(table: EffectTable) -> None:
            file.write(tsv_lines(table, columns))

        yield write


@contextlib.contextmanager
def tsv_stream(
    output: str | os.PathLike[str] | None,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    *,
    compressed: bool = False,
) -> Iterator[BinaryIO]:
    """Open a file of tab-separated text for its lines; the header line is written."""
    with contextlib.ExitStack() as stack:
        if output is not None and not is_stream(output):
            beside = stack.enter_context(pending_output(f"{os.fspath(output)}.json"))
            beside.write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
        file = stack.enter_context((bgzip_stream if compressed else text_stream)(output))
        file.write(_tsv_lines([tuple(column.name for column in columns)]))
        yield file


def tsv_lines(table: EffectTable, columns: Sequence[Column]) -> bytes:
    """Rows of a table as lines of tab-separated text."""
    cells = [_cells(table.data[column.name], column) for column in columns]
    return _tsv_lines(zip(*cells, strict=True))


def _cells(values: Sequence[Any], column: Column) -> list[Any]:
    if column.type == "float":
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        return ["" if x is None or x != x else f"{x:.6g}" for x in plain]
    return list(values)  # csv writes None as an empty cell


def _tsv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    rows = list(rows)
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    if "\r" in text.getvalue():
        # The csv module does not quote it, and readers take it for a line end.
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def parquet_writer(
    output: str | os.PathLike[str] | None,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
) -> Iterator[WriteTable]:
    """Write rows as Parquet: typed columns with units, the provenance in the file's metadata.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.effect_table.EffectTable` at a time.
    """
    schema = parquet_schema(columns, provenance)
    with pending_output(output) as temporary, parquet_file(temporary, schema) as writer:
        yield lambda table: writer.write_table(to_arrow(table, schema))


def parquet_schema(columns: Sequence[Column], provenance: Mapping[str, Any]) -> pa.Schema:
    """Give the schema of the declared columns, with the provenance."""
    return arrow_schema(columns, {PROVENANCE_KEY: json.dumps(provenance)})


def parquet_file(file: Path | pa.NativeFile, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a Parquet file under its own name, or one that is held; each table is a row group."""
    return pq.ParquetWriter(file, schema, compression="zstd")
