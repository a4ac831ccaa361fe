"""Effects out as BCF, which knows only what its header declares."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pysam
import pysam.bcftools
from pysam.utils import SamtoolsError

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io.effect_table import EffectTable
from enhancer_variants.io.effects_as_table import WriteTable
from enhancer_variants.io.effects_as_vcf import VcfLines
from enhancer_variants.io.htslib import htslib_reader
from enhancer_variants.io.output import pending_output
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.io.vcf_header import BYTE_ORDER_MARK, read_header

__all__ = ["bcf_lines_writer", "bcf_writer", "require_place", "vcf_as_bcf"]

_QUALITY = re.compile(rb"\.|[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)

_FLAG = ",Number=0,Type=Flag"
_TEXT = ",Number=.,Type=String"
_GENOTYPE = ",Number=1,Type=String"
_UNDECLARED = ',Description="Not declared in the input"'

_TABLE_INSTEAD = "write a table instead (.tsv, .parquet), where it has its row"
_TEXT_INSTEAD = "write VCF text instead (.vcf.gz), which keeps every line as it is"


@contextlib.contextmanager
def bcf_writer(
    output: str | os.PathLike[str] | None, header: Sequence[bytes], lines: VcfLines
) -> Iterator[WriteTable]:
    """Write records as BCF; what the input's header lacks is declared.

    Parameters
    ----------
    header
        Header lines from :func:`~enhancer_variants.io.effects_as_vcf.header_with_effects`.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.effect_table.EffectTable` at a time.

    Raises
    ------
    VariantFileError
        For a line that is no record, or that BCF cannot hold: BCF has no place for it, and
        leaving it out would lose it silently.
    """
    with bcf_lines_writer(output, header, lines.name) as write_lines:

        def write(table: EffectTable) -> None:
            write_lines(table.records, lines(table))

        yield write


@contextlib.contextmanager
def bcf_lines_writer(
    output: str | os.PathLike[str] | None, header: Sequence[bytes], name: str
) -> Iterator[Callable[[Iterable[VariantRecord], Iterable[bytes]], None]]:
    """Write VCF data lines as BCF (see :func:`bcf_writer`).

    Parameters
    ----------
    name
        Name of the input, for messages.

    Yields
    ------
    Callable
        Takes some records, and their lines as they are to be written.

    Notes
    -----
    Which contigs, filters and keys the records use is known only at their end, and a BCF begins
    with its header. So the lines wait in a temporary file beside the output.
    """
    with (
        pending_output(output) as temporary,
        tempfile.TemporaryDirectory(dir=temporary.parent, prefix=f"{temporary.name}.") as folder,
    ):
        undeclared = _Undeclared(header)
        body = Path(folder) / "body"
        with body.open("wb") as file:

            def write(records: Iterable[VariantRecord], lines: Iterable[bytes]) -> None:
                for record in records:
                    where = f"{name}: data line {record.number + 1}"
                    require_place(record, undeclared.width, where)
                for line in lines:
                    undeclared.note(line)
                    file.write(line.replace(b"\r\n", b"\n"))

            yield write
        text = Path(folder) / "complete.vcf"
        with text.open("wb") as whole:
            whole.write(undeclared.completed_header())
            with body.open("rb") as written:
                shutil.copyfileobj(written, whole)
        body.unlink()
        vcf_as_bcf(text, temporary, undeclared.records, name)


def require_place(record: VariantRecord, width: int, where: str) -> None:
    """Refuse what BCF cannot hold, and htslib would leave out or change without a word.

    Parameters
    ----------
    width
        Columns of the header.
    where
        File and line, for the message.

    Raises
    ------
    VariantFileError
        Naming the line and what it holds.
    """
    problem = f"no record ({record.problem})" if record.problem else ""
    if record.line and not problem:
        columns = record.line.count(b"\t") + 1
        quality, filters = record.line.split(b"\t", 7)[5:7]
        if columns > width:
            problem = f"of {columns} columns, where the header has {width},"
        elif not _QUALITY.fullmatch(quality):
            problem = f"of the quality {quality[:40].decode()!r}, which is no number,"
        elif not filters:
            problem = "of an empty FILTER"
    if problem:
        instead = _TEXT_INSTEAD if record.line else _TABLE_INSTEAD
        raise VariantFileError(
            f"{where} is {problem} and the output has no place for it; {instead}"
        )


class _Undeclared:
    """Collects the names that records use and the header does not declare."""

    def __init__(self, header: Sequence[bytes]) -> None:
        lines = [line.removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n") for line in header]
        # Blank lines and comments, which text keeps, are no part of a BCF header.
        self._header = [line + b"\n" for line in lines if line.startswith((b"##", b"#CHROM"))]
        declared = read_header(iter(self._header), "header").declared
        self._known = {kind: set(names) for kind, names in declared.items()}
        self._known["FILTER"] |= {"PASS", "."}
        self._added: dict[tuple[str, str], str] = {}
        self.width = self._header[-1].count(b"\t") + 1
        self.records = 0

    def note(self, line: bytes) -> None:
        """Take note of the names in one data line."""
        self.records += 1
        fields = line.decode().rstrip("\r\n").split("\t", 9)
        self._declare("contig", fields[0], "")
        for name in fields[6].split(";"):
            self._declare("FILTER", name, "")
        for entry in fields[7].split(";"):
            name, given, _ = entry.partition("=")
            if name != ".":
                self._declare("INFO", name, _TEXT if given else _FLAG)
        for name in fields[8].split(":") if len(fields) > 8 else ():
            self._declare("FORMAT", name, _GENOTYPE if name == "GT" else _TEXT)

    def _declare(self, kind: str, name: str, values: str) -> None:
        # A key that stands without a value at first may have one later.
        if name and (name not in self._known[kind] or self._added.get((kind, name)) == _FLAG):
            self._known[kind].add(name)
            self._added[kind, name] = values

    def completed_header(self) -> bytes:
        """Header lines with the missing declarations before the ``#CHROM`` line."""
        version = [] if self._header[0].startswith(b"##fileformat") else [b"##fileformat=VCFv4.2\n"]
        added = [
            f"##{kind}=<ID={name}{values}{'' if kind == 'contig' else _UNDECLARED}>\n".encode()
            for (kind, name), values in self._added.items()
        ]
        return b"".join([*version, *self._header[:-1], *added, self._header[-1]])


def vcf_as_bcf(text: Path, bcf: Path, records: int, name: str) -> None:
    """Write VCF text as BCF, and make sure that no record went missing.

    bcftools does it, as pysam has it on board: pysam's own writer adds and removes INFO END.
    """
    try:
        pysam.bcftools.view(
            "--no-version", "--output-type", "b", "--output", str(bcf), str(text),
            catch_stdout=False,
        )  # fmt: skip
        written = _count(bcf)
    except (SamtoolsError, OSError, ValueError) as error:
        reason = " ".join(str(error).replace(str(text), name).replace("\\n", " ").split())
        raise VariantFileError(
            f"{name}: cannot be written as BCF ({reason}); {_TEXT_INSTEAD}"
        ) from error
    if written != records:
        raise VariantFileError(
            f"{name}: only {written} of {records} records can be written as BCF; {_TEXT_INSTEAD}"
        )


def _count(bcf: Path) -> int:
    with htslib_reader(str(bcf), bcf.name) as rows:
        return sum(1 for _ in rows)
