"""Effects of one chunk of records as columns, and their way into Arrow and pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from enhancer_variants.io.records import VariantRecord
from enhancer_variants.schema import Column

__all__ = ["EffectTable", "arrow_schema", "to_arrow", "to_frame"]

_ARROW_TYPES = {"string": pa.string(), "integer": pa.int64(), "float": pa.float64()}
_PANDAS_TYPES = {pa.string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype()}


@dataclass(frozen=True, slots=True)
class EffectTable:
    """One row per ALT allele, in input order.

    Attributes
    ----------
    records
        The records that the rows came from.
    rows_per_record
        How many consecutive rows each record has; at least one.
    columns
        The declared columns, in order.
    data
        By column name: a list of ``str | None`` or ``int | None``, or a float64 array with NaN
        where there is no value. All of one length.
    """

    records: Sequence[VariantRecord]
    rows_per_record: Sequence[int]
    columns: tuple[Column, ...]
    data: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.data["status"])


def arrow_schema(
    columns: Iterable[Column], metadata: dict[bytes | str, bytes | str] | None = None
) -> pa.Schema:
    """Arrow schema of the declared columns, each with its description and unit."""
    fields = [
        pa.field(
            column.name,
            _ARROW_TYPES[column.type],
            metadata={"description": column.description, "unit": column.unit},
        )
        for column in columns
    ]
    return pa.schema(fields, metadata=metadata or {})


def to_arrow(table: EffectTable, schema: pa.Schema) -> pa.Table:
    """Columns as an Arrow table; NaN and None become null."""
    arrays = [
        pa.array(table.data[field.name], type=field.type, from_pandas=True) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def to_frame(tables: Iterable[EffectTable], columns: Sequence[Column]) -> pd.DataFrame:
    """Rows of several tables as one DataFrame, with the declared types also where it is empty."""
    schema = arrow_schema(columns)
    joined = pa.concat_tables([schema.empty_table(), *(to_arrow(t, schema) for t in tables)])
    return joined.to_pandas(types_mapper=_PANDAS_TYPES.get)
