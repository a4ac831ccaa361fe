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
from enhancer_variants.io.parquet_damage import parquet_damage, whole_table


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
    with contextlib.suppress(InputError):  # a column may have lost its name
        ev.add_q(damaged, output)
    assert not output.exists() or pq.read_metadata(output).num_rows == 3


def test_rows_that_a_damaged_group_denies_are_missed(content: bytes, tmp_path: Path) -> None:
    damaged, output, told = tmp_path / "effects.parquet", tmp_path / "q.parquet", list[str]()
    for place in [number for number, byte in enumerate(content) if byte == 6]:  # 3, in Thrift
        damaged.write_bytes(content[:place] + b"\x04" + content[place + 1 :])
        for read in (lambda: ev.add_q(damaged, output), lambda: whole_table(damaged)):
            try:
                read()
            except VariantFileError as error:
                told.append(str(error))
    assert told.count("effects.parquet: 2 of 3 rows can be read; write or copy it again") >= 2
    assert not output.exists() or pq.read_metadata(output).num_rows == 3


def test_the_message_names_the_file(content: bytes, tmp_path: Path) -> None:
    damaged = tmp_path / "effects.parquet"
    damaged.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
    with pytest.raises(VariantFileError, match=r"effects\.parquet: cannot be read as Parquet"):
        ev.add_q(damaged, tmp_path / "q.parquet")


def test_text_that_is_no_utf_8_is_damage_too() -> None:
    expected = pytest.raises(VariantFileError, match=r"a\.parquet: cannot be read as Parquet")
    with expected, parquet_damage("a.parquet"):
        b"\xff".decode()


def test_a_folder_of_files_is_one_table(content: bytes, tmp_path: Path) -> None:
    for name in ("00000.parquet", "00001.parquet"):
        (tmp_path / name).write_bytes(content)
    assert whole_table(tmp_path).column("chrom").to_pylist() == ["chr1", "chr2", "chrX"] * 2
