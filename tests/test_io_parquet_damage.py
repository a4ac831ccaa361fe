"""Damaged Parquet is an error that names the file, whoever reads it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import enhancer_variants as ev
from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io.parquet_damage import parquet_damage


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("effects") / "effects.parquet"
    numbers = [0.01, 0.5, 0.25]
    names = ["chr1", "chr2", "chrX"]
    columns = {"chrom": names, "CTCF_percentile": numbers, "CTCF_p": numbers}
    pq.write_table(pa.table(columns), path)
    return path.read_bytes()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), values=st.binary(min_size=1, max_size=4))
def test_damaged_bytes_are_told_of_and_no_output_is_made(
    content: bytes, tmp_path: Path, place: float, values: bytes
) -> None:
    start = int(place * len(content))
    damaged, output = tmp_path / "effects.parquet", tmp_path / "q.parquet"
    damaged.write_bytes(content[:start] + values + content[start + len(values) :])
    output.unlink(missing_ok=True)
    with contextlib.suppress(InputError):
        ev.add_q(damaged, output)
    assert not output.exists() or pq.read_metadata(output).num_rows == 3


def test_the_message_names_the_file(content: bytes, tmp_path: Path) -> None:
    damaged = tmp_path / "effects.parquet"
    damaged.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
    with pytest.raises(InputError, match=r"effects\.parquet: cannot be read as Parquet"):
        ev.add_q(damaged, tmp_path / "q.parquet")


def test_the_kind_of_error_is_the_readers() -> None:
    expected = pytest.raises(VariantFileError, match=r"a\.parquet: cannot be read as Parquet")
    with expected, parquet_damage("a.parquet", VariantFileError):
        b"\xff".decode()
