"""q-values of a finished file of effects: a second pass, because they depend on every p-value."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.errors import InputError
from enhancer_variants.io.added_q_as_text import (
    TOP_TFBS_COLUMN,
    EffectLines,
    TsvEffects,
    VcfEffects,
    calibrated_prefixes,
    tsv_rows,
)
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.effects_as_bcf import vcf_as_bcf
from enhancer_variants.io.output import (
    bgzip_stream,
    is_stream,
    output_format,
    pending_output,
    text_stream,
)
from enhancer_variants.io.parquet_damage import parquet_damage, require_rows
from enhancer_variants.io.variants import open_variants
from enhancer_variants.io.vcf_header import looks_like_vcf
from enhancer_variants.schema import Q_VALUE

__all__ = ["add_q"]

FloatArray = npt.NDArray[np.float64]

_HEAD_BYTES = 64
_GZIP_MAGIC = b"\x1f\x8b"
_FRAME = "the DataFrame"
_MODEL_COLUMN = "model"
"""Column that names the model in a table with a row for each allele and model."""


@overload
def add_q(effects: pd.DataFrame) -> pd.DataFrame: ...


@overload
def add_q(
    effects: str | os.PathLike[str], output: str | os.PathLike[str] | None = None
) -> None: ...


def add_q(
    effects: pd.DataFrame | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
) -> pd.DataFrame | None:
    """Add to every p-value of calibrated effects its q-value (Benjamini-Hochberg).

    A q-value is the smallest false discovery rate at which the allele would be called. It depends
    on all alleles of the file that have a p-value, so it can only be added when all are scored.
    Each model by itself: `{model}_q` stands behind `{model}_p`, in place of one that is there.

    Parameters
    ----------
    effects
        A finished file of effects: VCF, BCF, TSV (bgzipped or not) or Parquet; or a DataFrame.
        Tables with one row for each allele and model are understood too.
    output
        File to write, ``-`` for standard output, in the same format; by default the file itself
        is replaced, when the new one is complete. An index of it has to be made again.

    Returns
    -------
    pandas.DataFrame or None
        For a DataFrame, a new one.

    Raises
    ------
    InputError
        If there are no p-values, one is no number from 0 to 1 (rows count from 1), a column is
        there twice, or the output is of another format.
    VariantFileError
        If the file is damaged, truncated or none of these formats.

    Notes
    -----
    Only p-values are held, in 8 bytes each. All other bytes of a VCF or TSV are kept.

    Examples
    --------
    >>> frame = pd.DataFrame({"CTCF_percentile": [0.99, 0.5], "CTCF_p": [0.01, 0.5]})
    >>> add_q(frame)["CTCF_q"].tolist()
    [0.02, 0.5]
    """
    if isinstance(effects, pd.DataFrame):
        if output is not None:
            raise InputError("output is a file, and a DataFrame is given; expected one or neither")
        return _frame_with_q(effects)
    written_as = _format(effects)
    target = effects if output is None else output
    asked = output_format(output, None, written_as)
    if asked.removesuffix(".gz") != written_as.removesuffix(".gz"):
        raise InputError(f"{output}: {Path(effects).name} is {written_as}; expected this format")
    if written_as == "parquet":
        _add_to_parquet(Path(effects), target)
    else:
        _add_to_lines(Path(effects), target, asked)
    if written_as.startswith("tsv") and output is not None:
        _copy_provenance(Path(effects), output)
    return None


def _format(path: str | os.PathLike[str]) -> str:
    """Tell by its content what a file is: one of the formats that effects are written as."""
    if path == "-" or is_stream(path):
        raise InputError(f"{path}: cannot be read twice; expected a finished file of effects")
    with InputStream(path) as stream, Path(path).open("rb") as raw:
        head, compressed = stream.peek(_HEAD_BYTES), raw.read(2) == _GZIP_MAGIC
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"BCF"):
        return "bcf"
    return ("vcf" if looks_like_vcf(head) else "tsv") + (".gz" if compressed else "")


def _no_p_values(name: str, *, has_top_tfbs: bool) -> InputError:
    if has_top_tfbs:
        beside = "FILE.tfbs.parquet" if name == _FRAME else f"{name}.tfbs.parquet"
        return InputError(
            f"{name}: no column of p-values, but only the TFBS models with the largest shifts; "
            f"expected the table with all of them, {beside} (scored with "
            "calibrated=True, --calibrated): add the q-values to it"
        )
    return InputError(
        f"{name}: no column of p-values (as enhancer_p, beside enhancer_percentile); expected "
        "calibrated effects: score with calibrated=True (--calibrated) first"
    )


def _q_values(p: FloatArray, groups: npt.NDArray[np.int64] | None, name: str) -> FloatArray:
    """q-values of p-values, of each group by itself; NaN stays.

    Raises
    ------
    InputError
        For a p-value that is none.
    """
    import scipy.stats  # noqa: PLC0415 - slow to import, and few runs need it

    known = np.flatnonzero(~np.isnan(p))
    wrong = known[(p[known] < 0) | (p[known] > 1)]
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"{name}, row {row + 1}: {p[row]:g} is no p-value; expected 0 to 1")
    if groups is None:
        members = [known]
    else:
        ordered = known[np.argsort(groups[known], kind="stable")]
        members = np.split(ordered, np.flatnonzero(np.diff(groups[ordered])) + 1)
    q = np.full(len(p), np.nan)
    for rows in members:
        if len(rows):
            q[rows] = scipy.stats.false_discovery_control(p[rows])
    return q


def _tables_p(columns: Sequence[str], name: str) -> list[str]:
    """Columns of p-values of a table; several models' may stand in one."""
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise _there_twice(name, twice[0])
    found = [f"{prefix}_p" for prefix in calibrated_prefixes(columns)]
    if {"p", "percentile", _MODEL_COLUMN} <= set(columns):
        found.append("p")
    if not found:
        raise _no_p_values(name, has_top_tfbs=TOP_TFBS_COLUMN in columns)
    return found


def _there_twice(name: str, column: str) -> InputError:
    return InputError(
        f"{name}: column {column} is there more than once; expected names that differ"
    )


def _q_name(p_column: str) -> str:
    return p_column[:-1] + "q"


def _frame_with_q(effects: pd.DataFrame) -> pd.DataFrame:
    frame = effects.copy()
    for column in _tables_p([str(name) for name in frame.columns], _FRAME):
        try:
            p = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise InputError(f"{_FRAME}: {column} holds no numbers ({error})") from error
        groups = pd.factorize(frame[_MODEL_COLUMN])[0].astype(np.int64) if column == "p" else None
        q = _q_values(p, groups, f"{_FRAME}: {column}")
        frame = frame.drop(columns=_q_name(column), errors="ignore")
        frame.insert(frame.columns.get_loc(column) + 1, _q_name(column), q)  # type: ignore[arg-type, operator]
    frame.attrs = effects.attrs
    return frame


def _add_to_parquet(path: Path, output: str | os.PathLike[str]) -> None:
    with parquet_damage(path.name):
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
    with file:
        p_columns = _tables_p(names, path.name)
        q_of = {column: _q_of_parquet(file, column, path.name) for column in p_columns}
        schema = _schema_with_q(file.schema_arrow, p_columns)
        start = 0
        with (
            pending_output(output) as temporary,
            pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
        ):
            for number in range(file.num_row_groups):
                with parquet_damage(path.name):
                    group = file.read_row_group(number)
                new = {
                    _q_name(column): pa.array(q[start : start + len(group)], from_pandas=True)
                    for column, q in q_of.items()
                }
                arrays = [
                    new[field.name] if field.name in new else group.column(field.name)
                    for field in schema
                ]
                table = pa.Table.from_arrays(arrays, schema=schema)
                writer.write_table(table, row_group_size=max(1, len(table)))
                start += len(group)
            require_rows(start, file.metadata.num_rows, path.name)


def _q_of_parquet(file: pq.ParquetFile, column: str, name: str) -> FloatArray:
    grouped = column == "p"
    p, groups = array("d"), array("q")
    numbers: dict[str, int] = {}
    batches = file.iter_batches(columns=[column, _MODEL_COLUMN] if grouped else [column])
    while (batch := _next(batches, name)) is not None:
        values = batch.column(column)
        if not pa.types.is_floating(values.type):
            raise InputError(f"{name}: {column} is {values.type}; expected numbers")
        p.frombytes(values.cast(pa.float64()).to_numpy(zero_copy_only=False).tobytes())
        if grouped:
            models = batch.column(_MODEL_COLUMN).to_pylist()
            groups.extend(numbers.setdefault(str(model), len(numbers)) for model in models)
    return _q_values(
        np.frombuffer(p),
        np.frombuffer(groups, dtype=np.int64) if grouped else None,
        f"{name}: {column}",
    )


def _next(batches: Iterator[pa.RecordBatch], name: str) -> pa.RecordBatch | None:
    with parquet_damage(name):
        return next(batches, None)


def _schema_with_q(schema: pa.Schema, p_columns: Sequence[str]) -> pa.Schema:
    replaced = {_q_name(column) for column in p_columns}
    fields = []
    for field in schema:
        if field.name not in replaced:
            fields.append(field)
        if field.name in p_columns:
            model = field.name.removesuffix("_p")
            about = "" if field.name == "p" else f"{model}: "
            metadata = {"description": about + Q_VALUE.description, "unit": Q_VALUE.unit}
            fields.append(pa.field(_q_name(field.name), pa.float64(), metadata=metadata))
    return pa.schema(fields).with_metadata(schema.metadata or {})


@contextlib.contextmanager
def _opened(path: Path, written_as: str) -> Iterator[tuple[EffectLines, Iterator[bytes]]]:
    """Open a text file or BCF: its layout, and its data lines."""
    if written_as.startswith("tsv"):
        with InputStream(path) as stream:
            rows = tsv_rows(iter(stream))
            yield TsvEffects.of(next(rows, b"")), rows
        return
    with open_variants(path) as source:
        header = () if source.header is None else source.header.lines
        yield VcfEffects.of(header), (record.line for record in source.records)


def _add_to_lines(path: Path, output: str | os.PathLike[str], written_as: str) -> None:
    with _opened(path, written_as) as (effects, lines):
        p_values = _p_of_lines(effects, lines, path.name)
    q_values = [iter(_q_values(p, None, path.name).tolist()) for p in p_values]
    with (
        _opened(path, written_as) as (effects, lines),
        _writer(output, written_as, path.name) as write,
    ):
        write(b"".join(effects.header))
        for line in lines:
            counts = map(len, effects.p_values(line))
            texts = [
                [_text(q, effects.missing) for q in itertools.islice(values, count)]
                for values, count in zip(q_values, counts, strict=True)
            ]
            write(effects.with_q(line, texts))


def _p_of_lines(effects: EffectLines, lines: Iterator[bytes], name: str) -> list[FloatArray]:
    """p-values of each model in the order of the lines, NaN where one is missing."""
    collected = [array("d") for _ in effects.models]
    if not collected:
        raise _no_p_values(name, has_top_tfbs=effects.has_top_tfbs)
    for column, count in Counter(effects.p_names).items():
        if count > 1:
            raise _there_twice(name, column)
    for number, line in enumerate(lines, 1):
        try:
            of_models = zip(collected, effects.p_values(line), effects.p_names, strict=True)
            for p, texts, column in of_models:
                p.extend(_p_value(text, effects.missing, column) for text in texts)
        except ValueError as error:
            raise InputError(f"{name}: data line {number}: {error}") from error
    return [np.frombuffer(p) for p in collected]


def _p_value(text: bytes, missing: bytes, column: str) -> float:
    """Read a p-value of a line, NaN where it is missing."""
    if text == missing:
        return math.nan
    p = float(text)
    if p < 0 or p > 1:
        raise ValueError(f"{column}: {p:g} is no p-value; expected 0 to 1")
    return p


def _text(q: float, missing: bytes) -> bytes:
    return missing if math.isnan(q) else f"{q:.6g}".encode()


@contextlib.contextmanager
def _writer(
    output: str | os.PathLike[str], written_as: str, name: str
) -> Iterator[Callable[[bytes], object]]:
    """Open what lines are written to, header first; BCF is made of them at the end."""
    if written_as != "bcf":
        stream = bgzip_stream if written_as.endswith(".gz") else text_stream
        with stream(output) as file:
            yield file.write
        return
    with (
        pending_output(output) as temporary,
        tempfile.TemporaryDirectory(dir=temporary.parent, prefix=".bcf.") as folder,
    ):
        text = Path(folder) / "complete.vcf"
        writes = itertools.count(-1)  # the first is the header
        with text.open("wb") as file:

            def write(line: bytes) -> None:
                file.write(line)
                next(writes)

            yield write
        vcf_as_bcf(text, temporary, next(writes), name)


def _copy_provenance(path: Path, output: str | os.PathLike[str]) -> None:
    """Put what stands beside a table beside the new one too."""
    beside = path.with_name(path.name + ".json")
    if is_stream(output) or not beside.is_file():
        return
    with pending_output(f"{os.fspath(output)}.json") as temporary:
        shutil.copyfile(beside, temporary)
