"""The header of a VCF, kept byte for byte and read for what scoring needs of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from enhancer_variants.errors import VariantFileError

__all__ = ["BYTE_ORDER_MARK", "FIXED_COLUMNS", "VcfHeader", "looks_like_vcf", "read_header"]

FIXED_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")

_KINDS = ("contig", "INFO", "FILTER", "FORMAT")
_COLUMN_LINE = "\t".join(FIXED_COLUMNS).encode()
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DECLARATION = re.compile(r"^##(contig|INFO|FILTER|FORMAT)=<(?:.*?,)??\s*ID=([^,>]+)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
"""What is quoted is text: a description may hold ``ID=`` too."""
_LENGTH = re.compile(r"[,<]\s*length=([0-9]{1,18})\s*[,>]")


@dataclass(frozen=True)
class VcfHeader:
    """The header lines of a VCF, ``#CHROM`` line included.

    Attributes
    ----------
    lines
        Byte for byte, with their line endings; the last one is the ``#CHROM`` line.
    contig_lengths
        Declared length in bases by contig name, where the header gives one.
    declared
        Names declared, by ``contig``, ``INFO``, ``FILTER`` and ``FORMAT``.
    """

    lines: tuple[bytes, ...]
    contig_lengths: Mapping[str, int]
    declared: Mapping[str, frozenset[str]]

    @property
    def line_ending(self) -> bytes:
        """The ending of the last header line that has one, for lines that are added."""
        ended = next((line for line in reversed(self.lines) if line.endswith(b"\n")), b"\n")
        return b"\r\n" if ended.endswith(b"\r\n") else b"\n"

    def extended(
        self, added: Iterable[str], unwanted: re.Pattern[bytes] | None = None
    ) -> tuple[bytes, ...]:
        """Header lines with `added` before ``#CHROM``, without those that match `unwanted`."""
        ending = self.line_ending
        *others, columns = self.lines
        kept = [line for line in others if unwanted is None or not unwanted.match(line)]
        new = [line.encode("utf-8", "backslashreplace") + ending for line in added]
        return (*kept, *new, columns)


def looks_like_vcf(head: bytes) -> bool:
    r"""Whether a file that begins like this is meant as a VCF.

    >>> looks_like_vcf(b"##fileformat=VCFv4.2\n"), looks_like_vcf(b"chr1\t100\tA\tT\n")
    (True, False)
    """
    head = head.removeprefix(BYTE_ORDER_MARK)
    return head.startswith((b"##", b"#CHROM\tPOS\tID\tREF\tALT\tQUAL"))


def read_header(lines: Iterator[bytes], name: str) -> VcfHeader:
    """Read up to and including the ``#CHROM`` line.

    Parameters
    ----------
    lines
        Lines of the file from its first; left at the first data line.
    name
        Name of the file, for messages.

    Raises
    ------
    VariantFileError
        If there is no ``#CHROM`` line before the first data line, or it lacks a fixed column.
    """
    header: list[bytes] = []
    for line in lines:
        header.append(line)
        text = line.removeprefix(BYTE_ORDER_MARK) if len(header) == 1 else line
        if text.startswith(b"#CHROM"):
            _check_columns(text, f"{name}:{len(header)}")
            return _parsed(header)
        if text.strip() and not text.startswith(b"#"):
            raise VariantFileError(
                f"{name}:{len(header)}: a data line before the VCF header line; expected "
                f"{' '.join(FIXED_COLUMNS)} (tab-separated) first. Is it a VCF? "
                "If its header was lost, put it back with: bcftools reheader"
            )
    raise VariantFileError(
        f"{name}: no VCF header line in {len(header)} lines; expected one that begins with "
        f"{' '.join(FIXED_COLUMNS)} (tab-separated). Is the file empty or cut?"
    )


def _check_columns(line: bytes, where: str) -> None:
    if line.rstrip(b"\r\n").split(b"\t")[: len(FIXED_COLUMNS)] != _COLUMN_LINE.split(b"\t"):
        found = line.rstrip(b"\r\n").decode(errors="replace")[:120]
        raise VariantFileError(
            f"{where}: the VCF header line is {found!r}; expected the tab-separated columns "
            f"{' '.join(FIXED_COLUMNS)}, then samples if any"
        )


def _parsed(header: list[bytes]) -> VcfHeader:
    declared: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    lengths: dict[str, int] = {}
    for line in header:
        text = _QUOTED.sub('""', line.decode(errors="replace"))
        if found := _DECLARATION.match(text):
            kind, identifier = found[1], found[2]
            declared[kind].add(identifier)
            if kind == "contig" and (length := _LENGTH.search(text)):
                lengths[identifier] = int(length[1])
    names = {kind: frozenset(ids) for kind, ids in declared.items()}
    return VcfHeader(tuple(header), lengths, names)
