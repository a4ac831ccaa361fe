"""Tables with many rows for each allele, written to Parquet as they come."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.io.effects_as_table import PROVENANCE_KEY
from enhancer_variants.io.output import pending_output
from enhancer_variants.schema import Column

__all__ = ["WriteRows", "long_frame", "long_table_file", "long_table_writer"]

WriteRows = Callable[[Mapping[str, Any]], None]
"""Takes rows as columns by name: lists, arrays, or Arrow arrays."""

_ROWS_TOGETHER = 2**18
"""Rows of a row group: few enough to be held, enough to be read quickly."""

_TYPES = {"string": pa.string(), "integer": pa.int64(), "float": pa.float32()}
_PANDAS_TYPES = {pa.string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype()}


@contextlib.contextmanager
def long_table_writer(
    path: str | os.PathLike[str], columns: Sequence[Column], provenance: Mapping[str, Any]
) -> Iterator[WriteRows]:
    """Open a Parquet file of single-precision numbers; it appears when the block ends well.

    Parameters
    ----------
    path
        The file.
    columns
        Its columns.
    provenance
        Kept in the file's metadata.

    Yields
    ------
    Callable
        Takes some rows at a time.
    """
    with (
        pending_output(path) as temporary,
        long_table_file(temporary, columns, provenance) as write,
    ):
        yield write


@contextlib.contextmanager
def long_table_file(
    file: Path | pa.NativeFile, columns: Sequence[Column], provenance: Mapping[str, Any]
) -> Iterator[WriteRows]:
    """Write rows into a file under its own name, or one that is held (`long_table_writer`).

    How many rows come at a time makes no difference to the bytes.
    """
    schema = _schema(columns, {PROVENANCE_KEY: json.dumps(provenance)})
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def write(rows: Mapping[str, Any]) -> None:
            waiting.append(_table(rows, schema))
            if sum(map(len, waiting)) >= _ROWS_TOGETHER:
                flush(least=_ROWS_TOGETHER)

        def flush(least: int) -> None:
            # In one piece, because where the pieces of a group meet its bytes would differ.
            rows = pa.concat_tables(waiting).combine_chunks()
            waiting.clear()
            while len(rows) >= least:
                writer.write_table(rows.slice(0, _ROWS_TOGETHER))
                rows = rows.slice(_ROWS_TOGETHER)
            waiting.append(rows)

        yield write
        if waiting:
            flush(least=1)


def long_frame(some_rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """Rows as a DataFrame, with the declared types also where there are none.

    Parameters
    ----------
    some_rows
        Columns by name, as often as there were chunks.
    columns
        The declared columns.
    """
    schema = _schema(columns, {})
    tables = [schema.empty_table(), *(_table(rows, schema) for rows in some_rows)]
    return pa.concat_tables(tables).to_pandas(types_mapper=_PANDAS_TYPES.get)


def _schema(columns: Sequence[Column], metadata: Mapping[str, str]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                column.name,
                _TYPES[column.type],
                metadata={"description": column.description, "unit": column.unit},
            )
            for column in columns
        ],
        metadata=dict(metadata.items()),
    )


def _table(rows: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = []
    for field in schema:
        values = rows[field.name]
        if not isinstance(values, pa.Array | pa.ChunkedArray):
            values = pa.array(values, type=field.type, from_pandas=True)
        arrays.append(values)
    return pa.Table.from_arrays(arrays, schema=schema)
