"""Open whatever holds variants: VCF, BCF, table, standard input, or objects a caller holds."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import cyvcf2
import pandas as pd
import pysam

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import OPEN_END, Interval, Variant, canonical_contig
from enhancer_variants.io.compression import InputStream, require_bgzf_end
from enhancer_variants.io.htslib import COPY_AGAIN, htslib_reader
from enhancer_variants.io.records import VariantRecord, parse_vcf_line
from enhancer_variants.io.regions import merge_intervals
from enhancer_variants.io.tables import (
    records_from_frame,
    records_from_items,
    records_from_text_table,
)
from enhancer_variants.io.vcf_header import VcfHeader, looks_like_vcf, read_header

__all__ = ["VariantInput", "VariantSource", "open_items", "open_variants"]

_BCF_MAGIC = b"BCF\x02"
_OFFSET_IN_BLOCK_BITS = 16
"""The upper bits of a virtual offset are the offset in the compressed file."""

_HEAD_BYTES = 64

Row = TypeVar("Row")

VariantSource: TypeAlias = str | os.PathLike[str] | pysam.VariantFile | cyvcf2.VCF
"""What is read as a variant file: a path, ``-`` for standard input, or a reader that is held."""


@dataclass(frozen=True)
class VariantInput:
    """Records of one input, to be read once, in order.

    Attributes
    ----------
    name
        Base name of the file, for messages and provenance; never a path.
    kind
        ``vcf`` where every record carries its VCF line (BCF included), ``table`` otherwise.
    header
        The VCF header, or None for tables and lists.
    records
        The records; errors of a file that is damaged further down surface while reading.
    fraction_read
        Gives the share of the input read so far, or None where that is not known.
    close
        Releases the file.
    """

    name: str
    kind: Literal["vcf", "table"]
    header: VcfHeader | None
    records: Iterator[VariantRecord]
    fraction_read: Callable[[], float | None]
    close: Callable[[], None]

    @property
    def contig_lengths(self) -> Mapping[str, int]:
        """Bases by contig name, where a header declares them."""
        return {} if self.header is None else self.header.contig_lengths

    def line_number(self, record: VariantRecord) -> int:
        """1-based line of a record in its file (in the query's output for a region query)."""
        header_lines = len(self.header.lines) if self.header is not None else 1
        return record.number + header_lines + 1

    def __enter__(self) -> VariantInput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_variants(source: VariantSource, intervals: list[Interval] | None = None) -> VariantInput:
    """Open a variant file, telling by its content what it is.

    Parameters
    ----------
    source
        VCF (plain, gzip, bgzip), BCF, TSV or CSV with a header (likewise), or ``-`` for
        standard input. A ``pysam.VariantFile`` is opened again by its file name, because its
        parser changes or refuses some records; a ``cyvcf2.VCF`` does not tell its file name and
        is read from where it stands.
    intervals
        Only records that overlap these, found through the file's index; each record once, in
        the order of the file's contigs as asked for.

    Raises
    ------
    VariantFileError
        If the file is none of these, has no VCF header line, or is truncated or damaged; for
        intervals also where the input has no index.
    InputError
        For intervals on contigs that the file does not know.
    """
    if isinstance(source, pysam.VariantFile):
        source = _name_of_held(source)
    if isinstance(source, cyvcf2.VCF):
        return _open_cyvcf2(source, intervals)
    if intervals is not None:
        return _open_indexed(source, intervals)
    stream = InputStream(source)
    try:
        head = stream.peek(_HEAD_BYTES)
        if head.startswith(_BCF_MAGIC):
            return _open_bcf(stream, os.fspath(source))
        if looks_like_vcf(head):
            lines = iter(stream)
            header = read_header(lines, stream.name)
            records = _vcf_records(lines)
            return VariantInput(
                stream.name, "vcf", header, records, lambda: stream.fraction_read, stream.close
            )
        _require_table(head, source, stream.name)
        records = records_from_text_table(iter(stream), stream.name)
        return VariantInput(
            stream.name, "table", None, records, lambda: stream.fraction_read, stream.close
        )
    except BaseException:
        stream.close()
        raise


def _name_of_held(reader: pysam.VariantFile) -> str:
    if reader.is_write:
        raise InputError("a pysam.VariantFile open for writing is given; expected one to read")
    return os.fsdecode(reader.filename)


def _vcf_records(lines: Iterable[bytes]) -> Iterator[VariantRecord]:
    for number, line in enumerate(lines):
        yield parse_vcf_line(line, number)


def _require_table(head: bytes, source: str | os.PathLike[str], name: str) -> None:
    """Refuse what cannot be a table either: empty files, binaries, VCFs that lost their header."""
    expected = "expected a VCF that begins with ##fileformat or #CHROM, a BCF, or a table"
    if not head:
        raise VariantFileError(f"{name}: no VCF header line: the file is empty; {expected}")
    suffixes = Path(source).name.lower().split(".")
    if b"\x00" in head:
        raise VariantFileError(f"{name}: begins with binary data; {expected}")
    if {"vcf", "bcf"} & {*suffixes}:
        raise VariantFileError(
            f"{name}: no VCF header line: it begins with {head[:40]!r}; {expected}. "
            "If its header was lost, put it back with: bcftools reheader"
        )


def _open_bcf(stream: InputStream, path: str) -> VariantInput:
    """BCF through htslib, which reads damaged files well only if they are regular and bgzipped.

    Anything else, such as standard input, goes through a temporary file.
    """
    with contextlib.ExitStack() as opened:
        opened.callback(stream.close)
        if stream.is_bgzf and stream.is_regular_file:
            require_bgzf_end(path)
        else:
            folder = opened.enter_context(tempfile.TemporaryDirectory())
            path = str(Path(folder) / "input.bcf")
            with Path(path).open("wb") as spool:
                stream.read_all_into(spool)
        bcf = opened.enter_context(htslib_reader(path, stream.name))
        header = _bcf_header(bcf, stream.name)
        close = opened.pop_all().close
    size = Path(path).stat().st_size

    def fraction_read() -> float:
        return (bcf.tell() >> _OFFSET_IN_BLOCK_BITS) / size

    return VariantInput(
        stream.name, "vcf", header, _bcf_records(bcf, stream.name), fraction_read, close
    )


def _bcf_header(bcf: pysam.VariantFile, name: str) -> VcfHeader:
    try:
        lines = str(bcf.header).encode().splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise VariantFileError(f"{name}: the BCF header is not UTF-8 text ({error})") from error
    return read_header(iter(lines), f"{name} (BCF header)")


def _bcf_records(rows: Iterable[pysam.VariantRecord], name: str) -> Iterator[VariantRecord]:
    number = 0
    try:
        for row in rows:
            yield parse_vcf_line(str(row).encode(), number)
            number += 1
    except (OSError, ValueError) as error:
        raise VariantFileError(
            f"{name}: cannot be read as BCF after {number} records ({error}). {COPY_AGAIN}"
        ) from error


def _open_cyvcf2(reader: cyvcf2.VCF, intervals: list[Interval] | None) -> VariantInput:
    if intervals is not None:
        raise InputError(
            "regions need the file's path, which a cyvcf2.VCF does not tell: give the path"
        )
    header = read_header(iter(reader.raw_header.encode().splitlines(keepends=True)), "cyvcf2.VCF")
    records = _vcf_records(_cyvcf2_lines(reader))
    return VariantInput("variants", "vcf", header, records, lambda: None, lambda: None)


def _cyvcf2_lines(reader: cyvcf2.VCF) -> Iterator[bytes]:
    variants = iter(reader)
    while True:
        try:
            line = str(next(variants)).encode()
        except StopIteration:
            return
        except Exception as error:  # what cyvcf2 raises is no narrower
            raise VariantFileError(
                f"the cyvcf2.VCF cannot be read further ({error}): give the file's path"
            ) from error
        yield line


def _open_indexed(source: str | os.PathLike[str], intervals: list[Interval]) -> VariantInput:
    if source == "-":
        raise InputError("regions need an indexed file, and standard input has no index")
    with InputStream(source) as stream:
        name, head = stream.name, stream.peek(_HEAD_BYTES)
        if not stream.is_bgzf:
            raise VariantFileError(
                f"{name}: regions need an indexed file: bgzip FILE, then tabix -p vcf FILE.gz"
            )
    path = os.fspath(source)
    require_bgzf_end(path)
    if head.startswith(_BCF_MAGIC):
        return _open_indexed_bcf(path, name, intervals)
    if not looks_like_vcf(head):
        raise VariantFileError(f"{name}: regions need an indexed VCF or BCF, and this is neither")
    with InputStream(source) as stream:
        header = read_header(iter(stream), name)
        ending = header.line_ending
    tabix = _open_tabix(path, name)
    merged = _merged(intervals, tabix.contigs, header, name)
    fetched = (tabix.fetch(i.contig, i.start, i.end) for i in merged)
    lines = _lines_read(_each_once(fetched, merged, _line_start), name)
    # htslib takes the line endings off.
    records = _vcf_records(line.encode("latin-1") + ending for line in lines)
    return VariantInput(name, "vcf", header, records, lambda: None, tabix.close)


def _open_indexed_bcf(path: str, name: str, intervals: list[Interval]) -> VariantInput:
    with contextlib.ExitStack() as opened:
        bcf = opened.enter_context(htslib_reader(path, name))
        if bcf.index is None:
            raise VariantFileError(f"{name}: regions need an index: bcftools index {name}")
        header = _bcf_header(bcf, name)
        merged = _merged(intervals, map(str, bcf.header.contigs), header, name)
        close = opened.pop_all().close
    fetched = (bcf.fetch(i.contig, i.start, i.end) for i in merged)
    rows = _each_once(fetched, merged, _bcf_start)
    return VariantInput(name, "vcf", header, _bcf_records(rows, name), lambda: None, close)


def _open_tabix(path: str, name: str) -> pysam.TabixFile:
    csi = f"{path}.csi" if not Path(f"{path}.tbi").exists() else None
    try:
        # latin-1 keeps every byte; the lines are decoded as UTF-8 where they are parsed.
        return pysam.TabixFile(path, index=csi, encoding="latin-1")
    except (OSError, ValueError) as error:
        raise VariantFileError(
            f"{name}: regions need an index ({error}): tabix -p vcf {name}"
        ) from error


def _lines_read(lines: Iterable[str], name: str) -> Iterator[str]:
    try:
        yield from lines
    except (OSError, ValueError) as error:
        raise VariantFileError(
            f"{name}: cannot be read through its index ({error}). {COPY_AGAIN} "
            f"If it is sound, its index is not: tabix -f -p vcf {name}"
        ) from error


def _merged(
    intervals: list[Interval], indexed: Iterable[str], header: VcfHeader, name: str
) -> list[Interval]:
    """Intervals on the file's own contig names, those without records left out.

    Raises
    ------
    InputError
        If the file knows none of the contigs, by its index or its header: that is most likely
        a mistake, and no records would look like an answer.
    """
    with_records = {contig: contig for contig in indexed}
    own = with_records | {contig: contig for contig in header.declared["contig"]}
    synonyms = {canonical_contig(contig): contig for contig in own}
    synonyms |= {canonical_contig(contig): contig for contig in with_records}
    found = merge_intervals(
        intervals, lambda contig: own.get(contig) or synonyms.get(canonical_contig(contig))
    )
    if intervals and not found:
        asked = ", ".join(sorted({i.contig for i in intervals})[:5])
        raise InputError(f"{name}: has no contig {asked}; its contigs are {', '.join([*own][:10])}")
    return [interval for interval in found if interval.contig in with_records]


def _line_start(line: str) -> int:
    position = line.split("\t", 2)[1]
    return int(position) - 1 if position.isdecimal() else OPEN_END


def _bcf_start(row: pysam.VariantRecord) -> int:
    return row.start


def _each_once(
    fetched: Iterable[Iterable[Row]], intervals: list[Interval], start_of: Callable[[Row], int]
) -> Iterator[Row]:
    """Rows of merged intervals; a row that reaches into two of them comes with the first."""
    previous: Interval | None = None
    for interval, rows in zip(intervals, fetched, strict=True):
        same = previous is not None and previous.contig == interval.contig
        seen_before = previous.end if same and previous is not None else -1
        for row in rows:
            if start_of(row) >= seen_before:
                yield row
        previous = interval


def open_items(items: object) -> VariantInput:
    """Variants that a caller holds: a DataFrame, or strings, Variants or records, one or many.

    Raises
    ------
    VariantFileError
        While reading, for a DataFrame without the columns that are needed.
    InputError
        While reading, for an item that is none of these.

    Examples
    --------
    >>> [record.ref for record in open_items(["chr1:100:A:T"]).records]
    ['A']
    """
    if isinstance(items, str | Variant) or not isinstance(items, Iterable):
        items = [items]
    if isinstance(items, pd.DataFrame):
        records = records_from_frame(items)
    else:
        records = records_from_items(items)
    counted = _Counted(records, len(items) if isinstance(items, Sized) else None)
    return VariantInput("variants", "table", None, counted, counted.fraction_read, lambda: None)


class _Counted(Iterator[VariantRecord]):
    """Records of which it is known how many there will be."""

    def __init__(self, records: Iterator[VariantRecord], total: int | None) -> None:
        self._records, self._total, self._count = records, total, 0

    def __next__(self) -> VariantRecord:
        record = next(self._records)
        self._count += 1
        return record

    def fraction_read(self) -> float | None:
        """Share of the records given so far, or None where their number is not known."""
        return self._count / self._total if self._total else None
