"""Finished files of effects, read back as the table that they were written from."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io import VariantRecord, open_variants
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.effects_as_table import PROVENANCE_KEY
from enhancer_variants.io.parquet_damage import parquet_damage, whole_table
from enhancer_variants.io.vcf_header import looks_like_vcf
from enhancer_variants.reports.effect_rows import models_of
from enhancer_variants.reports.page.page_columns import require_identity
from enhancer_variants.schema import (
    AGREEMENT_COLUMNS,
    IDENTITY_COLUMNS,
    LIST_COLUMNS,
    MOTIF_COLUMNS,
    MOTIF_SHIFT_SUM,
    PROXY_COLUMNS,
    Q_VALUE,
    RISK_COLUMNS,
    TFBS_TOP_COLUMNS,
    Column,
    Status,
    model_columns,
    risk_shift_column,
    vcf_key,
)

__all__ = ["read_effects"]

_HEAD_BYTES: Final = 64
_DTYPES: Final = {"string": "string", "integer": "Int64", "float": "float64"}
_DECLARED: Final = {
    column.name: column
    for group in (IDENTITY_COLUMNS, LIST_COLUMNS, RISK_COLUMNS, PROXY_COLUMNS, TFBS_TOP_COLUMNS)
    for column in (*group, *MOTIF_COLUMNS, *MOTIF_SHIFT_SUM, *AGREEMENT_COLUMNS)
}
_OF_A_MODEL: Final = {
    **{c.name[2:]: c for c in model_columns("m", averaged=True, calibrated=True)},
    "q": Q_VALUE,
    "risk_log_odds_shift": risk_shift_column("m"),
}
_INFO: Final = re.compile(r'^##INFO=<ID=(EV_[A-Za-z0-9_.]+),.*Description="(.*)"')
_PROVENANCE: Final = f"##{PROVENANCE_KEY}="


def read_effects(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a file of effects that this package wrote: Parquet, TSV, VCF or BCF.

    Parameters
    ----------
    path
        The file, whatever its name; TSV and VCF may be compressed. The provenance of a TSV is
        read from ``<path>.json``, where it stands.

    Returns
    -------
    pandas.DataFrame
        One row per allele, with the columns and their types as
        :meth:`~enhancer_variants.VariantScorer.score_vcf` gives them, and the provenance in
        ``attrs["enhancer_variants"]``. Of a VCF nothing but identity and effects is read: no
        other INFO and no samples.

    Raises
    ------
    InputError
        If the file holds no effects.
    VariantFileError
        If it is a VCF, BCF or Parquet that is damaged or truncated.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> read_effects(demo_files().variants)
    Traceback (most recent call last):
    ...
    enhancer_variants.errors.InputError: variants.vcf: its header declares no EV_ keys; \
expected a VCF that this package scored (enhancer-variants score)
    """
    name = Path(path).name
    with InputStream(path) as stream:
        head = stream.peek(_HEAD_BYTES)
    if head.startswith(b"PAR1"):
        effects = _from_parquet(path, name)
    elif head.startswith(b"BCF") or looks_like_vcf(head):
        effects = _from_vcf(path, name)
    else:
        effects = _from_tsv(path, name)
    require_identity(list(effects.columns), name)
    return effects


def _from_parquet(path: str | os.PathLike[str], name: str) -> pd.DataFrame:
    table = whole_table(path)
    with parquet_damage(name):
        metadata = table.schema.metadata or {}
        effects = table.replace_schema_metadata(None).to_pandas(
            types_mapper={pa.string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype()}.get
        )
    return _with_provenance(effects, metadata.get(PROVENANCE_KEY.encode()))


def _from_tsv(path: str | os.PathLike[str], name: str) -> pd.DataFrame:
    try:
        with InputStream(path) as stream:
            text = io.BytesIO(b"".join(stream))
        effects = pd.read_csv(
            text, sep="\t", dtype="string", keep_default_na=False, na_values=[""], encoding="utf-8"
        )
    except ValueError as error:
        raise InputError(f"{name}: cannot be read as a table of effects ({error})") from error
    beside = Path(f"{os.fspath(path)}.json")
    provenance = beside.read_bytes() if beside.is_file() else None
    return _with_provenance(_typed(effects, name), provenance)


def _typed(effects: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give columns that are declared their types; others are numbers where all values are."""
    declared = _declared_of(models_of(effects.columns))
    typed = {}
    for column in effects.columns:
        values = effects[column]
        known = declared.get(str(column))
        try:
            if known is None:
                numbers = pd.to_numeric(values, errors="coerce").astype("float64")
                plain = bool((numbers.isna() == values.isna()).all())
                typed[column] = numbers if plain and values.notna().any() else values
            elif known.type != "string":
                numbers = pd.to_numeric(values)
                typed[column] = numbers.astype("Int64" if known.type == "integer" else "float64")
        except (ValueError, TypeError) as error:
            raise InputError(f"{name}: column {column} holds no numbers ({error})") from error
    return effects.assign(**typed)


def _declared_of(models: Iterable[str]) -> dict[str, Column]:
    of_models = {
        f"{model}_{quantity}": column
        for model in models
        for quantity, column in _OF_A_MODEL.items()
    }
    return {**of_models, **_DECLARED}


def _with_provenance(effects: pd.DataFrame, text: bytes | str | None) -> pd.DataFrame:
    """Put provenance beside a table; what is no JSON object is none."""
    try:
        provenance = json.loads(text or "null")
    except ValueError:
        provenance = None
    if isinstance(provenance, dict):
        effects.attrs[PROVENANCE_KEY] = provenance
    return effects


def _from_vcf(path: str | os.PathLike[str], name: str) -> pd.DataFrame:
    with open_variants(path) as source:
        header = [] if source.header is None else [*map(_decoded, source.header.lines)]
        columns = dict(_columns_of(header))
        if not columns:
            raise InputError(
                f"{name}: its header declares no EV_ keys; expected a VCF that this package "
                "scored (enhancer-variants score)"
            )
        try:
            rows = [row for record in source.records for row in _rows(record, columns)]
        except ValueError as error:
            raise VariantFileError(f"{name}: an EV_ key holds no number ({error})") from error
    identity = [c for c in IDENTITY_COLUMNS if not c.vcf_key]
    ordered = [*identity, *columns.values()]
    effects = pd.DataFrame(
        {
            column.name: pd.Series(
                [row.get(column.name) for row in rows], dtype=_DTYPES[column.type]
            )
            for column in ordered
        }
    )
    provenance = (line for line in header if line.startswith(_PROVENANCE))
    return _with_provenance(effects, next(provenance, "").removeprefix(_PROVENANCE).strip() or None)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _columns_of(header: Sequence[str]) -> Iterator[tuple[str, Column]]:
    """Columns by the INFO keys that a header declares; the model's name is in the description."""
    of_no_model = {column.vcf_key: column for column in _DECLARED.values() if column.vcf_key}
    for line in header:
        found = _INFO.match(line)
        if found is None:
            continue
        key, about = found[1], found[2].replace('\\"', '"').replace("\\\\", "\\")
        if key in of_no_model:
            yield key, of_no_model[key]
            continue
        for model, quantity, column in _readings(about):
            if vcf_key(model, quantity) == key:
                yield key, Column(f"{model}_{quantity}", column.type, column.unit, about, key)
                break


def _readings(about: str) -> Iterator[tuple[str, str, Column]]:
    """Read a description in every way: a model's name may hold what stands behind it."""
    parts = about.split(": ")
    for end in range(1, len(parts)):
        for quantity, column in _OF_A_MODEL.items():
            yield ": ".join(parts[:end]), quantity, column


def _rows(record: VariantRecord, columns: dict[str, Column]) -> Iterator[dict[str, Any]]:
    """One row for each ALT of a record, as the scorer gave it."""
    if record.problem:
        detail = {"status": Status.INVALID_RECORD.value, "status_detail": record.problem}
        yield {"record": record.number, "allele": 0, **detail}
        return
    info = record.line.decode("utf-8", "replace").rstrip("\r\n").split("\t", 8)[7]
    given = dict(entry.partition("=")[::2] for entry in info.split(";"))
    values = {column: given[key].split(",") for key, column in columns.items() if given.get(key)}
    alts = () if record.alts in ((), (".",)) else record.alts
    for place, alt in enumerate(alts or (".",)):
        row: dict[str, Any] = {
            "chrom": record.contig,
            "pos": record.position,
            "id": record.id,
            "ref": record.ref,
            "alt": alt,
            "record": record.number,
            "allele": place + 1 if alts else 0,
        }
        for column, texts in values.items():
            row[column.name] = _value(texts[place] if place < len(texts) else ".", column)
        yield row


def _value(text: str, column: Column) -> Any:
    if text in ("", "."):
        return None
    if column.type == "string":
        return unquote(text)
    return int(text) if column.type == "integer" else float(text)
