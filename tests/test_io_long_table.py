from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enhancer_variants.io import long_frame, long_table_writer
from enhancer_variants.io import long_table as module
from enhancer_variants.schema import Column

COLUMNS = (
    Column("model", "string", "", "Name."),
    Column("pos", "integer", "1-based", "Place."),
    Column("shift", "float", "log2 odds", "Shift."),
)


def rows(count: int) -> dict[str, object]:
    return {
        "model": pa.repeat(pa.scalar("CTCF"), count),
        "pos": [*range(count - 1), None],
        "shift": np.array([*range(count - 1), np.nan]),
    }


def test_rows_are_joined_into_large_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_TOGETHER", 10)
    path = tmp_path / "long.parquet"
    with long_table_writer(path, COLUMNS, {"version": "1"}) as write:
        for _ in range(7):
            write(rows(4))
        assert not path.exists()
    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert sum(groups) == 28
    assert groups == [10, 10, 8]
    table = file.read()
    assert table.schema.field("shift").type == pa.float32()
    assert table.schema.field("shift").metadata[b"unit"] == b"log2 odds"
    assert json.loads(table.schema.metadata[b"enhancer_variants"]) == {"version": "1"}
    assert table["shift"].null_count == 7


def test_a_run_that_fails_leaves_no_table(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    with pytest.raises(RuntimeError), long_table_writer(path, COLUMNS, {}) as write:  # noqa: PT012
        write(rows(2))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_empty_table_has_its_types(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    with long_table_writer(path, COLUMNS, {}):
        pass
    assert pq.read_table(path).num_rows == 0
    assert long_frame([], COLUMNS).dtypes.astype(str).tolist() == ["string", "Int64", "float32"]
    assert long_frame([rows(3), rows(2)], COLUMNS)["pos"].isna().tolist() == [
        False,
        False,
        True,
        False,
        True,
    ]
