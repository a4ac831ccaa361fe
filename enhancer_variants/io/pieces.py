"""Effects in pieces, as the shards of a long run give them, and pieces joined into one file.

A joined file has the bytes that writing it at once would have given it. Pieces of text have no
header and are compressed; pieces of Parquet are Parquet files, which together are a data set.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.errors import InputError
from enhancer_variants.io.effect_table import to_arrow
from enhancer_variants.io.effects_as_bcf import bcf_lines_writer
from enhancer_variants.io.effects_as_table import (
    WriteTable,
    parquet_file,
    parquet_schema,
    tsv_lines,
    tsv_stream,
)
from enhancer_variants.io.effects_as_vcf import VcfLines, vcf_stream
from enhancer_variants.io.long_table import WriteRows, long_table_file, long_table_writer
from enhancer_variants.io.output import pending_output
from enhancer_variants.io.records import parse_vcf_line
from enhancer_variants.schema import Column

__all__ = [
    "effects_piece",
    "join_effects",
    "join_long_table",
    "long_table_piece",
    "piece_format",
]

_CODEC: Final = "zstd"
_BLOCK: Final = 1 << 20
_LINES_TOGETHER: Final = 10_000


def piece_format(output_format: str) -> str:
    """Give the ending of a format's pieces: all that is VCF has the same ones, and so has TSV.

    Examples
    --------
    >>> piece_format("vcf.gz"), piece_format("bcf"), piece_format("parquet")
    ('vcf.zst', 'vcf.zst', 'parquet')
    """
    if output_format == "parquet":
        return output_format
    return "tsv.zst" if output_format.startswith("tsv") else "vcf.zst"


@contextlib.contextmanager
def effects_piece(
    ending: str,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    lines: VcfLines,
) -> Iterator[tuple[WriteTable, pa.BufferOutputStream]]:
    """Write a piece of the effects into memory.

    Parameters
    ----------
    ending
        One that :func:`piece_format` gives.
    columns, provenance
        Of the effects; only pieces of Parquet hold the provenance.
    lines
        Turns rows into VCF lines.

    Yields
    ------
    tuple
        What takes one :class:`~enhancer_variants.io.EffectTable` at a time, and what has the
        content when the block has ended.
    """
    content = pa.BufferOutputStream()
    if ending == "parquet":
        schema = parquet_schema(columns, provenance)
        with parquet_file(content, schema) as writer:
            yield lambda table: writer.write_table(to_arrow(table, schema)), content
        return
    with pa.CompressedOutputStream(content, _CODEC) as text:
        if ending == "tsv.zst":
            yield lambda table: _write(text, tsv_lines(table, columns)), content
        else:
            yield lambda table: _write(text, b"".join(lines(table))), content


def _write(text: pa.NativeFile, data: bytes) -> None:
    text.write(data)


@contextlib.contextmanager
def long_table_piece(
    columns: Sequence[Column], provenance: Mapping[str, Any]
) -> Iterator[tuple[WriteRows, pa.BufferOutputStream]]:
    """Write a piece of a long table into memory (see :func:`effects_piece`)."""
    content = pa.BufferOutputStream()
    with long_table_file(content, columns, provenance) as write:
        yield write, content


def join_effects(
    pieces: Iterable[Path],
    output: str | os.PathLike[str] | None,
    output_format: str,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    header: Sequence[bytes] = (),
    name: str = "input",
) -> None:
    """Join pieces into the file that writing all of it at once would have given.

    Parameters
    ----------
    pieces
        The pieces in their order, as :func:`effects_piece` made them.
    output, output_format, columns, provenance
        As for :func:`~enhancer_variants.io.effect_writer`.
    header
        Of a VCF or BCF
        (:func:`~enhancer_variants.io.effects_as_vcf.header_with_effects`).
    name
        Name of the input, for messages.

    Raises
    ------
    VariantFileError
        If BCF cannot hold a line.
    InputError
        If a piece cannot be read.
    """
    compressed = output_format.endswith(".gz")
    if output_format == "parquet":
        schema = parquet_schema(columns, provenance)
        with pending_output(output) as temporary, parquet_file(temporary, schema) as writer:
            for piece in pieces:
                for group in _row_groups(piece):
                    writer.write_table(group)
    elif output_format == "bcf":
        with bcf_lines_writer(output, header, name) as write_lines:
            number = 0
            for lines in _some_lines(pieces):
                write_lines((parse_vcf_line(x, number + i) for i, x in enumerate(lines)), lines)
                number += len(lines)
    else:
        if output_format.startswith("tsv"):
            stream = tsv_stream(output, columns, provenance, compressed=compressed)
        else:
            stream = vcf_stream(output, header, compressed=compressed)
        with stream as file:
            for piece in pieces:
                for block in _blocks(piece):
                    file.write(block)


def join_long_table(
    pieces: Iterable[Path],
    path: str | os.PathLike[str],
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
) -> None:
    """Join pieces of a long table (see :func:`join_effects`).

    Parameters
    ----------
    pieces
        The pieces in their order, as :func:`long_table_piece` made them.
    path, columns, provenance
        As for :func:`~enhancer_variants.io.long_table_writer`.

    Raises
    ------
    InputError
        If a piece cannot be read.
    """
    with long_table_writer(path, columns, provenance) as write:
        for piece in pieces:
            for group in _row_groups(piece):
                write({column.name: group[column.name] for column in columns})


def _row_groups(piece: Path) -> Iterator[pa.Table]:
    with _reading(piece), pq.ParquetFile(piece) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def _blocks(piece: Path) -> Iterator[bytes]:
    with _reading(piece), _text(piece) as text:
        while block := text.read(_BLOCK):
            yield block


@contextlib.contextmanager
def _reading(piece: Path) -> Iterator[None]:
    """Name the piece that cannot be read; around a generator, which hears no error of writing."""
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{piece}: cannot be read any more ({error}); expected it as the run wrote it: give "
            "the same command again, which does this shard anew"
        ) from error


def _text(piece: Path) -> pa.NativeFile:
    return pa.CompressedInputStream(pa.OSFile(str(piece), "rb"), _CODEC)


def _some_lines(pieces: Iterable[Path]) -> Iterator[list[bytes]]:
    for piece in pieces:
        # What pyarrow gives is a raw stream in all but its type.
        with (
            _reading(piece),
            io.BufferedReader(cast("io.RawIOBase", _text(piece))) as lines,
        ):
            while some := [*islice(lines, _LINES_TOGETHER)]:
                yield some
