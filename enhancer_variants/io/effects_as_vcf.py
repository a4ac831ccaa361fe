"""Effects out as VCF: the input line with INFO appended, every other byte kept."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io.effect_table import EffectTable
from enhancer_variants.io.effects_as_table import PROVENANCE_KEY, WriteTable
from enhancer_variants.io.output import bgzip_stream, text_stream
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.io.vcf_header import FIXED_COLUMNS, VcfHeader
from enhancer_variants.schema import Column, Status

__all__ = [
    "VcfLines",
    "header_of_contigs",
    "header_with_effects",
    "vcf_stream",
    "vcf_text",
    "vcf_writer",
]

_OURS_IN_HEADER = re.compile(
    rb'##(INFO=<(?:[^>"]*,)?\s*ID=EV_|%s=)' % PROVENANCE_KEY.encode()  # no ID= in a description
)
_OURS_IN_INFO = re.compile(rb"(?:^|;)EV_[^;]*")
_MISSING = {b"", b"."}
_RESERVED = re.compile(r"[,;=|%\s\x00-\x1f\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")
_VCF_TYPES = {"string": "String", "integer": "Integer", "float": "Float"}

REMOVE_OR_OVERWRITE = (
    "remove them (bcftools annotate -x INFO/EV_...) or overwrite them (--overwrite-info)"
)


def header_of_contigs(lengths: Mapping[str, int]) -> VcfHeader:
    r"""Header for variants that came without one, with the reference's contigs.

    >>> header_of_contigs({"1": 1000}).lines[1]
    b'##contig=<ID=1,length=1000>\n'
    """
    contigs = (f"##contig=<ID={name},length={length}>\n" for name, length in lengths.items())
    lines = ("##fileformat=VCFv4.3\n", *contigs, "\t".join(FIXED_COLUMNS) + "\n")
    declared = {"contig": frozenset(lengths), "INFO": frozenset[str]()}
    return VcfHeader(tuple(line.encode() for line in lines), lengths, declared)


def header_with_effects(
    header: VcfHeader,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    *,
    overwrite_info: bool = False,
) -> tuple[bytes, ...]:
    """Header lines with the declarations of our INFO keys and the provenance.

    Raises
    ------
    InputError
        If the header already declares keys that begin with ``EV_`` and they are not to be
        overwritten. Only when they are does any header line go.
    """
    present = sorted(key for key in header.declared.get("INFO", ()) if key.startswith("EV_"))
    if present and not overwrite_info:
        raise InputError(
            f"the input's header already declares {', '.join(present[:5])}: {REMOVE_OR_OVERWRITE}"
        )
    added = [_declaration(column) for column in columns if column.vcf_key]
    added.append(f"##{PROVENANCE_KEY}={json.dumps(provenance)}")
    return header.extended(added, _OURS_IN_HEADER if overwrite_info else None)


def _declaration(column: Column) -> str:
    # EV_STATUS also stands on records without ALT, which have no place for a Number=A value.
    status = column.name == "status"
    number = "." if status or column.vcf_only else "A"
    unit = f" [{column.unit}]" if column.unit else ""
    per_allele = f" One value per ALT; {Status.NO_ALT} where there is none." if status else ""
    description = f"{column.description}{unit}{per_allele}"
    description = _CONTROL.sub(" ", description).replace("\\", "\\\\").replace('"', '\\"')
    return (
        f"##INFO=<ID={column.vcf_key},Number={number},Type={_VCF_TYPES[column.type]},"
        f'Description="{description}">'
    )


@dataclass(frozen=True)
class VcfLines:
    """Turns rows into VCF lines.

    Attributes
    ----------
    columns
        Every column of the rows; those with an INFO key are written.
    overwrite_info
        Whether ``EV_`` keys that a record already has are replaced.
    name
        Name of the input, for messages.
    """

    columns: tuple[Column, ...]
    overwrite_info: bool = False
    name: str = "input"

    @property
    def written(self) -> tuple[Column, ...]:
        """The columns that become INFO keys."""
        return tuple(column for column in self.columns if column.vcf_key)

    def __call__(self, table: EffectTable) -> Iterator[bytes]:
        """Lines of one table's records, in order; an unreadable line passes unchanged.

        Raises
        ------
        InputError
            If a record already has ``EV_`` keys that are not to be overwritten.
        VariantFileError
            If a row of a table is no variant, so that no VCF line can be made of it.
        """
        for record, annotation in zip(table.records, self._annotations(table), strict=True):
            if not record.line:
                yield _line_of(record, self.name, annotation)
            elif record.problem:
                yield record.line
            else:
                yield self._annotated(record.line, annotation.encode(), record.number)

    def _annotations(self, table: EffectTable) -> Iterator[str]:
        """INFO text of each record; the detail stands at its end, where there is one."""
        always = [c for c in self.written if c.name != "status_detail" and not c.vcf_only]
        lists = [(c.vcf_key, table.data[c.name]) for c in self.written if c.vcf_only]
        columns = [_printable(table.data[column.name], column) for column in always]
        rows = list(zip(*columns, strict=True))
        missing = _rows_with_a_missing_number(columns, always, len(table))
        with_numbers = _template(always, number="%.6g")  # for nearly all rows, and twice as quick
        with_texts = _template(always, number="%s")
        statuses, details = table.data["status"], table.data["status_detail"]
        end = 0
        for count in table.rows_per_record:
            start, end = end, end + count
            if count == 1:
                if statuses[start] == Status.NO_ALT:
                    # There is no ALT for a Number=A value to belong to.
                    yield f"EV_STATUS={Status.NO_ALT}"
                    continue
                row = rows[start]
                text = with_texts(tuple(map(_text, row))) if missing[start] else with_numbers(row)
            else:
                alleles = (map(_text, row) for row in rows[start:end])
                text = with_texts(tuple(map(",".join, zip(*alleles, strict=True))))
            if any(details[start:end]):
                text += f";EV_STATUS_DETAIL={','.join(map(vcf_text, details[start:end]))}"
            for key, entries in lists:
                if any(entries[start:end]):
                    text += f";{key}={','.join(filter(None, entries[start:end]))}"
            yield text

    def _annotated(self, line: bytes, annotation: bytes, number: int) -> bytes:
        fields = line.split(b"\t", 8)
        info, ending = fields[7], b""
        if len(fields) == 8:
            info = info.rstrip(b"\r\n")
            ending = fields[7][len(info) :]
        if b"EV_" in info and _OURS_IN_INFO.search(info):
            if not self.overwrite_info:
                raise InputError(
                    f"{self.name}: data line {number + 1} already has EV_ keys in INFO: "
                    + REMOVE_OR_OVERWRITE
                )
            first = info.startswith(b"EV_")
            info = _OURS_IN_INFO.sub(b"", info)
            info = info.removeprefix(b";") if first else info
        if info in _MISSING:
            fields[7] = annotation + ending
        else:
            separator = b"" if info.endswith(b";") else b";"
            fields[7] = info + separator + annotation + ending
        return b"\t".join(fields)


def _template(columns: Sequence[Column], number: str) -> Callable[[tuple[Any, ...]], str]:
    """Give a function that puts a row's values behind their keys."""
    kinds = (number if column.type == "float" else "%s" for column in columns)
    pairs = zip(columns, kinds, strict=True)
    return ";".join(f"{column.vcf_key}={kind}" for column, kind in pairs).__mod__


def _printable(values: Sequence[Any], column: Column) -> list[Any]:
    """Numbers as Python's own, which print several times faster; texts as VCF writes them."""
    if column.type == "float":
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        return [math.nan if value is None else value for value in plain]
    # The few words of a vocabulary are encoded once each.
    encoded = {value: vcf_text(value) for value in set(values)}
    return [encoded[value] for value in values]


def _rows_with_a_missing_number(
    columns: Sequence[Sequence[Any]], declared: Sequence[Column], rows: int
) -> list[bool]:
    numbers = [
        values for values, column in zip(columns, declared, strict=True) if column.type == "float"
    ]
    missing = np.isnan(np.array(numbers, dtype=float).reshape(len(numbers), rows))
    return [bool(row) for row in missing.any(axis=0)]


def _text(value: Any) -> str:
    """Give a value as VCF writes it, a full stop where a number is missing."""
    if isinstance(value, str):
        return value
    return "." if math.isnan(value) else f"{value:.6g}"


def vcf_text(value: object) -> str:
    """Give text as a VCF value: what separates values is percent-encoded, nothing is a full stop.

    >>> vcf_text("HOX, A|B"), vcf_text(None)
    ('HOX%2C%20A%7CB', '.')
    """
    text = "" if value is None else str(value)
    return _RESERVED.sub(_percent_encoded, text) or "."


def _percent_encoded(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode())


def _line_of(record: VariantRecord, name: str, annotation: str) -> bytes:
    if record.problem:
        raise VariantFileError(
            f"{name}: row {record.number + 1} is no variant ({record.problem}), so it cannot be "
            "written as VCF; write a table instead (.tsv, .parquet), where it has its row"
        )
    alts = ",".join(record.alts)
    cells = (record.contig, str(record.position), record.id or ".", record.ref, alts)
    # Cells of a table may hold what would end a VCF column.
    safe = (_SPACE.sub(_percent_encoded, cell) for cell in cells)
    return ("\t".join(safe) + f"\t.\t.\t{annotation}\n").encode()


@contextlib.contextmanager
def vcf_writer(
    output: str | os.PathLike[str] | None,
    header: Sequence[bytes],
    lines: VcfLines,
    *,
    compressed: bool = False,
) -> Iterator[WriteTable]:
    """Write records as VCF text, bgzipped if asked.

    Parameters
    ----------
    header
        Header lines from :func:`header_with_effects`.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.effect_table.EffectTable` at a time.
    """
    with vcf_stream(output, header, compressed=compressed) as file:

        def write(table: EffectTable) -> None:
            file.write(b"".join(lines(table)))

        yield write


@contextlib.contextmanager
def vcf_stream(
    output: str | os.PathLike[str] | None, header: Sequence[bytes], *, compressed: bool = False
) -> Iterator[BinaryIO]:
    """Open a file of VCF text for its data lines; the header is written."""
    with (bgzip_stream if compressed else text_stream)(output) as file:
        file.write(b"".join(header))
        yield file
