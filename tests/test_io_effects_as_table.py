"""Effects as TSV and Parquet, read back."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.io import EffectTable, VariantRecord, to_frame
from enhancer_variants.io.effects_as_table import PROVENANCE_KEY, parquet_writer, tsv_writer
from enhancer_variants.schema import Column, Status

COLUMNS = (
    Column("id", "string", "", "Identifier."),
    Column("pos", "integer", "1-based", "Position."),
    Column("status", "string", "", "Status.", "EV_STATUS"),
    Column("x_log_odds_shift", "float", "log2 odds", "Shift.", "EV_X_LOG_ODDS_SHIFT"),
)
PROVENANCE = {"enhancer_variants": "1", "models": [{"name": "NKX2-5", "note": "caf\xe9 \t"}]}


def table(rows):
    ids, positions, statuses, shifts = zip(*rows, strict=True)
    records = [VariantRecord(i, "1", p, "", "A", ("T",)) for i, p in enumerate(positions)]
    data = dict(
        zip([c.name for c in COLUMNS], [ids, positions, statuses, np.array(shifts)], strict=True)
    )
    return EffectTable(records, [1] * len(rows), COLUMNS, data)


ROWS = [
    ("rs1", 5, Status.OK, 0.123456789),
    (None, None, Status.INVALID_RECORD, np.nan),
    ('a\t"b"\nc\r', 2**31 - 1, Status.OK, -1.5e-7),
    ("caf\xe9, ; | %", 7, Status.OK, 1e20),
]


def write_tsv(path, *tables, **options):
    with tsv_writer(path, COLUMNS, PROVENANCE, **options) as write:
        for one in tables:
            write(one)


@pytest.mark.parametrize("compressed", [False, True])
def test_tsv_is_read_back_equal(tmp_path, compressed):
    path = tmp_path / ("x.tsv.gz" if compressed else "x.tsv")
    write_tsv(path, table(ROWS[:2]), table(ROWS[2:]), compressed=compressed)
    frame = pd.read_csv(path, sep="\t")
    assert frame.columns.tolist() == [c.name for c in COLUMNS]
    assert frame["id"].fillna("").tolist() == [row[0] or "" for row in ROWS]
    assert frame["pos"].astype("Int64").tolist() == [5, pd.NA, 2**31 - 1, 7]
    assert frame["status"].tolist() == ["ok", "invalid_record", "ok", "ok"]
    np.testing.assert_allclose(frame["x_log_odds_shift"], [r[3] for r in ROWS], rtol=5e-6)
    content = path.read_bytes()
    text = (gzip.decompress(content) if compressed else content).decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    assert [row[0] for row in rows] == ["id", *(row[0] or "" for row in ROWS)]
    assert rows[1] == ["rs1", "5", "ok", "0.123457"]
    assert rows[2] == ["", "", "invalid_record", ""]
    assert json.loads((tmp_path / f"{path.name}.json").read_text("utf-8")) == PROVENANCE


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))))
def test_any_text_is_read_back(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("tsv") / "x.tsv"
    write_tsv(path, *([table([(text, 1, Status.OK, 0.0) for text in texts])] if texts else []))
    with path.open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file, delimiter="\t")] == ["id", *texts]
    frame = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str)
    assert frame["id"].tolist() == texts


def test_text_that_utf_8_cannot_hold_is_spelled_out(tmp_path):
    write_tsv(tmp_path / "x.tsv", table([("\udcff", 1, Status.OK, 0.0)]))
    assert b"\\udcff" in (tmp_path / "x.tsv").read_bytes()


def test_floats_that_are_lists(tmp_path):
    one = table([("a", 1, Status.OK, 0.5)])
    listed = EffectTable(one.records, [1], COLUMNS, {**one.data, "x_log_odds_shift": [None]})
    write_tsv(tmp_path / "x.tsv", listed)
    assert (tmp_path / "x.tsv").read_text().splitlines()[1] == "a\t1\tok\t"


def test_no_rows_are_a_valid_file_with_every_column(tmp_path):
    write_tsv(tmp_path / "x.tsv")
    assert (tmp_path / "x.tsv").read_text() == "id\tpos\tstatus\tx_log_odds_shift\n"
    with parquet_writer(tmp_path / "x.parquet", COLUMNS, PROVENANCE):
        pass
    frame = pd.read_parquet(tmp_path / "x.parquet")
    assert (len(frame), frame.columns.tolist()) == (0, [c.name for c in COLUMNS])


@pytest.mark.parametrize("compressed", [False, True])
def test_standard_output_has_no_provenance_beside_it(tmp_path, monkeypatch, compressed):
    monkeypatch.chdir(tmp_path)
    for output in (None, "-"):
        stdout = io.TextIOWrapper(io.BytesIO())
        monkeypatch.setattr(sys, "stdout", stdout)
        write_tsv(output, table(ROWS[:1]), compressed=compressed)
        text = stdout.buffer.getvalue()
        text = gzip.decompress(text) if compressed else text
        assert text == b"id\tpos\tstatus\tx_log_odds_shift\nrs1\t5\tok\t0.123457\n"
    write_tsv("/dev/null", table(ROWS), compressed=compressed)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_files(tmp_path):
    for path, writer in ((tmp_path / "x.tsv", tsv_writer), (tmp_path / "x.pq", parquet_writer)):
        path.write_text("old")
        with pytest.raises(AttributeError), writer(path, COLUMNS, PROVENANCE) as write:
            write([write(table(ROWS))])
        assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.pq", "x.tsv"]


def test_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    with parquet_writer(path, COLUMNS, PROVENANCE) as write:
        write(table(ROWS[:1]))
        write(table(ROWS[1:]))
    arrow = pq.read_table(path)
    assert arrow.schema.types == [pa.string(), pa.int64(), pa.string(), pa.float64()]
    assert json.loads(arrow.schema.metadata[PROVENANCE_KEY.encode()]) == PROVENANCE
    assert arrow.field("x_log_odds_shift").metadata[b"unit"] == b"log2 odds"
    assert arrow["x_log_odds_shift"].to_pylist() == [0.123456789, None, -1.5e-7, 1e20]
    frame = pd.read_parquet(path)
    assert frame["status"].tolist() == ["ok", "invalid_record", "ok", "ok"]
    expected = to_frame([table(ROWS)], COLUMNS)
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)
    assert [p.name for p in tmp_path.iterdir()] == ["x.parquet"]


def test_parquet_to_standard_output(monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    with parquet_writer("-", COLUMNS, PROVENANCE) as write:
        write(table(ROWS))
    assert len(pq.read_table(io.BytesIO(stdout.buffer.getvalue()))) == len(ROWS)
