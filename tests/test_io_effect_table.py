"""Effects as columns, in Arrow and in pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from enhancer_variants.io import EffectTable, VariantRecord, to_frame
from enhancer_variants.io.effect_table import arrow_schema, to_arrow
from enhancer_variants.schema import IDENTITY_COLUMNS, Column, Status

COLUMNS = (
    Column("pos", "integer", "1-based", "Position."),
    Column("status", "string", "", "Status.", "EV_STATUS"),
    Column("x_log_odds_shift", "float", "log2 odds", "Shift.", "EV_X_LOG_ODDS_SHIFT"),
)


def table(*rows):
    positions, statuses, shifts = zip(*rows, strict=True)
    records = [VariantRecord(i, "1", p, "", "A", ("T",)) for i, p in enumerate(positions)]
    data = {"pos": positions, "status": statuses, "x_log_odds_shift": np.array(shifts)}
    return EffectTable(records, [1] * len(rows), COLUMNS, data)


def test_a_table_is_as_long_as_its_rows():
    assert len(table((1, Status.OK, 0.5), (2, Status.EDGE, np.nan))) == 2


def test_arrow_keeps_types_units_and_missing_values():
    schema = arrow_schema(COLUMNS, {"key": "value"})
    arrow = to_arrow(table((1, Status.OK, 0.1), (None, Status.EDGE, np.nan)), schema)
    assert arrow.schema.types == [pa.int64(), pa.string(), pa.float64()]
    assert arrow.schema.metadata == {b"key": b"value"}
    assert schema.field("x_log_odds_shift").metadata == {
        b"description": b"Shift.",
        b"unit": b"log2 odds",
    }
    assert arrow.to_pylist() == [
        {"pos": 1, "status": "ok", "x_log_odds_shift": 0.1},
        {"pos": None, "status": "edge", "x_log_odds_shift": None},
    ]


def test_frames_join_tables_in_order():
    frame = to_frame(
        iter([table((1, Status.OK, 0.5)), table((2, None, np.nan), (None, Status.OK, -1e300))]),
        COLUMNS,
    )
    assert frame.columns.tolist() == ["pos", "status", "x_log_odds_shift"]
    assert frame["pos"].tolist() == [1, 2, pd.NA]
    assert frame["status"].fillna("missing").tolist() == ["ok", "missing", "ok"]
    np.testing.assert_array_equal(frame["x_log_odds_shift"], [0.5, np.nan, -1e300])
    assert frame.index.tolist() == [0, 1, 2]


def test_types_do_not_depend_on_the_rows():
    empty, full = to_frame([], COLUMNS), to_frame([table((1, Status.OK, 0.5))], COLUMNS)
    assert len(empty) == 0
    assert empty.dtypes.tolist() == full.dtypes.tolist()
    assert [str(t) for t in full.dtypes] == ["Int64", "string", "float64"]
    assert len(to_frame([], IDENTITY_COLUMNS).columns) == len(IDENTITY_COLUMNS)
