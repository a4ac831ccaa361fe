"""Pieces joined are the file that writing all of it at once gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io import EffectTable, effect_writer, long_table, long_table_writer
from enhancer_variants.io.effects_as_vcf import VcfLines
from enhancer_variants.io.effects_out import output_header
from enhancer_variants.io.output import OUTPUT_FORMATS, pending_output, remove_unfinished
from enhancer_variants.io.pieces import (
    effects_piece,
    join_effects,
    join_long_table,
    long_table_piece,
    piece_format,
)
from enhancer_variants.io.records import parse_vcf_line
from enhancer_variants.io.variants import VariantInput
from enhancer_variants.io.vcf_header import read_header
from enhancer_variants.schema import IDENTITY_COLUMNS, Column

SHIFT = Column("shift", "float", "log2 odds", "Shift.", "EV_SHIFT")
COLUMNS = (*IDENTITY_COLUMNS, SHIFT)
PROVENANCE = {"version": "1"}
HEADER = read_header(
    iter([b"##fileformat=VCFv4.2\n", b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"]), "x.vcf"
)


def table(first: int, count: int, identifier: str = "rs") -> EffectTable:
    lines = [b"chr1\t%d\t%s\tA\tC,T\t.\t.\tDP=3\n" % (n + 1, identifier.encode()) for n in range(first, first + count)]  # fmt: skip  # noqa: E501
    records = [parse_vcf_line(line, first + number) for number, line in enumerate(lines)]
    rows = [(record, alt) for record in records for alt in record.alts]
    data = {
        "chrom": [record.contig for record, _ in rows],
        "pos": [record.position for record, _ in rows],
        "id": [record.id for record, _ in rows],
        "ref": [record.ref for record, _ in rows],
        "alt": [alt for _, alt in rows],
        "record": [record.number for record, _ in rows],
        "allele": [1 + "CT".index(alt) for _, alt in rows],
        "status": ["ok"] * len(rows),
        "status_detail": [None] * len(rows),
        "kind": ["snv"] * len(rows),
        "shift": np.where(np.arange(len(rows)) % 3, np.arange(len(rows)) / 7 + first, np.nan),
    }
    return EffectTable(records, [2] * count, COLUMNS, data)


def source() -> VariantInput:
    return VariantInput("x.vcf", "vcf", HEADER, iter(()), lambda: None, lambda: None)


def pieces_of(
    tables: Sequence[Sequence[EffectTable]], output_format: str, folder: Path
) -> list[Path]:
    paths = []
    for number, some in enumerate(tables):
        about = (piece_format(output_format), COLUMNS, PROVENANCE, VcfLines(COLUMNS))
        with effects_piece(*about) as (write, content):
            for one in some:
                write(one)
        paths.append(folder / f"{number}")
        paths[-1].write_bytes(content.getvalue().to_pybytes())
    return paths


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
def test_joined_pieces_are_one_file(output_format: str, tmp_path: Path) -> None:
    # A carriage return makes a table of its own quote every cell.
    odd = "rs\r9" if output_format.startswith("tsv") else "rs9"
    tables = [[table(0, 3), table(3, 40)], [], [table(43, 1, odd)]]
    whole, joined = (tmp_path / f"{name}.{output_format}" for name in ("whole", "joined"))
    about = (COLUMNS, PROVENANCE)
    with effect_writer(whole, output_format, source(), *about, contig_lengths={}) as write:
        for some in tables:
            for one in some:
                write(one)
    header = () if "vcf" not in piece_format(output_format) else output_header(source(), *about, {})
    join_effects(
        pieces_of(tables, output_format, tmp_path), joined, output_format, *about, header, "x.vcf"
    )
    assert joined.read_bytes() == whole.read_bytes()
    assert joined.with_name(f"{joined.name}.json").exists() == output_format.startswith("tsv")


def test_a_line_that_bcf_cannot_hold_ends_the_joining(tmp_path: Path) -> None:
    record = parse_vcf_line(b"chr1\tx\n", 0)
    bad = EffectTable([record], [1], COLUMNS, {**table(0, 1).data})
    paths = pieces_of([[bad]], "bcf", tmp_path)
    header = output_header(source(), COLUMNS, PROVENANCE, {})
    with pytest.raises(VariantFileError, match=r"x.vcf: data line 1 is no record"):
        join_effects(paths, tmp_path / "x.bcf", "bcf", COLUMNS, PROVENANCE, header, "x.vcf")
    assert not (tmp_path / "x.bcf").exists()


@pytest.mark.parametrize("output_format", ["vcf", "bcf", "tsv.gz", "parquet"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 20)])
def test_a_piece_that_cannot_be_read_is_named(
    output_format: str, damage: Callable[[Path], object], tmp_path: Path
) -> None:
    paths = pieces_of([[table(0, 3)], [table(3, 3)]], output_format, tmp_path)
    damage(paths[1])
    output = tmp_path / f"old.{output_format}"
    output.write_text("old")
    header = output_header(source(), COLUMNS, PROVENANCE, {})
    with pytest.raises(InputError, match=r"1\S*: cannot be read any more .* this shard anew"):
        join_effects(paths, output, output_format, COLUMNS, PROVENANCE, header, "x.vcf")
    assert output.read_text() == "old"


@pytest.mark.parametrize("sizes", [[(4,), (9, 1), (), (30,)], [(44,)], [()]])
def test_long_tables_do_not_depend_on_how_rows_come(
    sizes: list[tuple[int, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_table, "_ROWS_TOGETHER", 10)
    columns = (Column("model", "string", "", "Name."), SHIFT)
    names = [f"F{number % 3}" for number in range(44)]
    shifts = np.arange(44, dtype=float)
    shifts[::5] = np.nan
    whole, joined = tmp_path / "whole.parquet", tmp_path / "joined.parquet"
    total = sum(map(sum, sizes))
    with long_table_writer(whole, columns, PROVENANCE) as write:
        for start in range(0, total, 7):
            end = min(total, start + 7)
            write({"model": names[start:end], "shift": shifts[start:end]})
    start, paths = 0, []
    for number, some in enumerate(sizes):
        with long_table_piece(columns, PROVENANCE) as (write, content):
            for count in some:
                rows = slice(start, start + count)
                write({"model": names[rows], "shift": shifts[rows]})
                start += count
        paths.append(tmp_path / f"{number}.parquet")
        paths[-1].write_bytes(content.getvalue().to_pybytes())
    join_long_table(paths, joined, columns, PROVENANCE)
    assert joined.read_bytes() == whole.read_bytes()
    assert len(pd.read_parquet(joined)) == total


def test_what_a_killed_process_left_beside_a_file_is_removed(tmp_path: Path) -> None:
    output = tmp_path / "effects.vcf"
    kept = {".effects.vcf.bak", ".effects.vcf.0123.tmp", ".other.vcf.0123456789ab.tmp"}
    for name in kept:
        (tmp_path / name).touch()
    with pending_output(output) as temporary:
        temporary.touch()
        left = temporary.with_name(f"{temporary.name}.abc_9")
        left.mkdir()
        (left / "body").touch()
        remove_unfinished(output)
        assert not temporary.exists()
        temporary.touch()
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "effects.vcf"}


def test_long_names_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    one, other = (tmp_path / f"{'cohort_' * 7}chr{number}.vcf.gz" for number in (1, 2))
    with pending_output(one) as temporary:
        temporary.touch()
        remove_unfinished(other)
        assert temporary.exists()
        remove_unfinished(one)
        assert not temporary.exists()
        temporary.touch()
    longest = tmp_path / ("n" * 255)
    with pending_output(longest) as temporary:
        temporary.touch()
    assert longest.exists()
