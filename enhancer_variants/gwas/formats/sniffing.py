"""What kind of file a risk list is, told by how it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas.formats.catalog import is_catalog
from enhancer_variants.gwas.formats.dialects import KNOWN_KEYS, ListFormat, dialect_of
from enhancer_variants.gwas.formats.rsid_lists import is_list_of_names, is_name_header, names_on
from enhancer_variants.gwas.formats.table_lines import TableShape, column_key, decoded
from enhancer_variants.gwas.formats.variant_names import is_variant_name

__all__ = ["HEAD_BYTES", "Beginning", "format_of", "read_beginning", "require_text"]

HEAD_BYTES: Final = 1024
"""Enough to tell text from what is no text."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_VCF_COLUMNS: Final = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
_EXPECTED: Final = (
    "expected a table with column names (GWAS Catalog, GWAS-SSF, summary statistics), a GWAS-VCF, "
    "or a list of rsIDs"
)
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|html|\?xml|head|body)", re.IGNORECASE)
_FOREIGN: Final = (
    (b"%PDF", "is a PDF", "copy its table into a tab-delimited text file"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook", "save it as tab-delimited text"),
    (b"{\\rtf", "is a rich text document", "save it as plain text"),
    (b"PAR1", "is a Parquet file", "write it as tab-delimited text"),
)


def require_text(head: bytes, name: str) -> None:
    r"""Refuse what cannot be a risk list by its first bytes.

    Raises
    ------
    GwasFileError
        For an empty file, a page of markup (a failed download), a document, or binary data.

    Examples
    --------
    >>> require_text(b"SNP\nrs1\n", "list.txt")
    """
    if not head.removeprefix(_BYTE_ORDER_MARK).strip():
        raise GwasFileError(f"{name}: is empty; {_EXPECTED}. Copy or download it again")
    if _MARKUP.match(head.removeprefix(_BYTE_ORDER_MARK)):
        raise GwasFileError(
            f"{name}:1: is a web page, most likely an error message in place of the download; "
            f"{_EXPECTED}. Open it in a browser to read it, and download the list again"
        )
    for magic, found, remedy in _FOREIGN:
        if head.startswith(magic):
            raise GwasFileError(f"{name}: {found}; {_EXPECTED}: {remedy}")
    if b"\x00" in head:
        raise GwasFileError(f"{name}: begins with binary data; {_EXPECTED}")
    if b"\r" in head.strip() and b"\n" not in head:
        raise GwasFileError(
            f"{name}:1: its lines end with a carriage return alone; expected a line feed: "
            "tr '\\r' '\\n' < FILE > FILE.txt"
        )


@dataclass(frozen=True)
class Beginning:
    """Lines of a list up to its header, or to its first row where it has none.

    Attributes
    ----------
    before
        Comments that come first, byte for byte.
    line
        The header, or the first row, byte for byte.
    """

    before: tuple[bytes, ...]
    line: bytes

    @property
    def text(self) -> str:
        """The header or first row as text."""
        return decoded(self.line)

    @property
    def comments(self) -> tuple[str, ...]:
        """The comments as text."""
        return tuple(map(decoded, self.before))

    @property
    def number(self) -> int:
        """1-based number of the line."""
        return len(self.before) + 1


def read_beginning(lines: Iterator[bytes], name: str) -> Beginning:
    """Read up to the header, and leave `lines` at what follows it.

    Comments begin with ``#``; a line ``#CHROM POS ...`` that names columns is the header.

    Raises
    ------
    GwasFileError
        If there is nothing but comments.
    """
    before: list[bytes] = []
    for i, line in enumerate(lines):
        content = line.removeprefix(_BYTE_ORDER_MARK) if i == 0 else line
        text = decoded(content)
        is_comment = text.startswith("##") or (text.startswith("#") and not _names_columns(text))
        if text.strip() and not is_comment:
            return Beginning(tuple(before), content)
        before.append(content)
    raise GwasFileError(
        f"{name}: holds {len(before)} lines of comments and nothing else; {_EXPECTED}"
    )


def _names_columns(text: str) -> bool:
    keys = [column_key(cell) for cell in TableShape.of(text).cells(text)]
    return sum(key in KNOWN_KEYS for key in keys) > 1


def format_of(beginning: Beginning, name: str) -> ListFormat:
    """Tell the format by the header.

    Raises
    ------
    GwasFileError
        If it is none that is known: the message says what is missing.
    """
    text = beginning.text
    if text.startswith(_VCF_COLUMNS):
        return "vcf"
    if is_list_of_names(text) or is_name_header(text):
        return "rsids"
    cells = TableShape.of(text).cells(text)
    keys = [column_key(cell) for cell in cells]
    if is_catalog((*keys, column_key(text))):
        return "catalog"
    where = f"{name}:{beginning.number}"
    if any(map(is_variant_name, names_on(text))):
        raise GwasFileError(
            f"{where}: begins with a row of {len(cells)} fields and no column names; put a header "
            "line such as SNP CHR BP EA NEA (with the table's delimiter) first, or keep the "
            "rsIDs alone"
        )
    if beginning.before and beginning.before[0].lower().startswith(b"##fileformat=vcf"):
        raise GwasFileError(
            f"{where}: a VCF without its header line; expected {_VCF_COLUMNS!r}. Put it back with: "
            "bcftools reheader"
        )
    if not any(key in KNOWN_KEYS for key in keys):
        raise GwasFileError(
            f"{where}: {text[:80]!r} names no column that is known and no variant; {_EXPECTED}"
        )
    return dialect_of(keys).name
