"""One record of a variant file, table or list: what was read, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass

from enhancer_variants.genome import LARGEST_POSITION, Variant

__all__ = ["VariantRecord", "parse_vcf_line", "record_from_text"]


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """One record as the input spells it.

    Attributes
    ----------
    number
        0-based number of the data line (or row, or item) in the input.
    contig, id, ref
        As written; empty where they could not be read.
    position
        VCF POS, 1-based, or None where it could not be read.
    alts
        ALT alleles as written, in order. Empty only for a record that could not be read.
    problem
        Why this is no record, or empty.
    line
        The VCF line with its line ending, byte for byte; empty for inputs that are no VCF.
    """

    number: int
    contig: str
    position: int | None
    id: str
    ref: str
    alts: tuple[str, ...]
    problem: str = ""
    line: bytes = b""


def _unreadable(number: int, problem: str, line: bytes = b"") -> VariantRecord:
    return VariantRecord(number, "", None, "", "", (), problem, line)


def parse_vcf_line(line: bytes, number: int) -> VariantRecord:
    r"""Read the five columns that say which alleles a VCF data line holds.

    Parameters
    ----------
    line
        The line with its ending. Columns after the fifth are counted, not read.
    number
        0-based number of the data line.

    Returns
    -------
    VariantRecord
        With ``problem`` set where the line is no record: fewer than eight columns, an empty
        CHROM, REF or ALT, a POS that is no number from 0 to 2,147,483,647, bytes that are not
        UTF-8.

    Examples
    --------
    >>> parse_vcf_line(b"chr1\t100\trs1\tA\tC,T\t.\t.\t.\n", 0).alts
    ('C', 'T')
    >>> parse_vcf_line(b"chr1\t100\n", 1).problem
    '2 of the 8 columns'
    """
    try:
        fields = line.decode().split("\t", 8)
    except UnicodeDecodeError as error:
        return _unreadable(number, f"byte {error.start + 1} of the line is not UTF-8", line)
    if len(fields) < 8:
        return _unreadable(number, _too_few_columns(fields), line)
    contig, position, identifier, ref, alt = fields[:5]
    if contig.startswith("#"):
        return _unreadable(number, "a header line among the records", line)
    problem = ""
    place = _position(position)
    if place is None:
        problem = f"POS is {position[:40]!r}, not a position"
    elif not (contig and ref and alt):
        problem = f"{'CHROM' if not contig else 'REF' if not ref else 'ALT'} is empty"
    alts = (alt,) if "," not in alt else tuple(alt.split(","))
    return VariantRecord(number, contig, place, identifier, ref, alts, problem, line)


def _too_few_columns(fields: list[str]) -> str:
    if fields[0].startswith("#"):
        return "a header line among the records"
    if len(fields) == 1 and not fields[0].strip():
        return "an empty line"
    return f"{len(fields)} of the 8 columns"


def _position(text: str) -> int | None:
    """POS from its digits; signs, spaces, decimals and thousands separators are refused."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    position = int(text)
    return position if position <= LARGEST_POSITION else None


def record_from_text(
    number: int, contig: str, position: object, identifier: str, ref: str, alt: str
) -> VariantRecord:
    """Make a record from the cells of a table.

    Parameters
    ----------
    number
        0-based row.
    position
        1-based; text, or any number without a fraction (tables often hold 100.0).
    alt
        One ALT, or several separated by commas, as in a VCF.

    Examples
    --------
    >>> record_from_text(0, "chr1", 100.0, "", "A", "T").position
    100
    >>> record_from_text(0, "chr1", "x", "", "A", "T").problem
    "position is 'x', not a position"
    """
    text = str(position).strip()
    place = _position(text.removesuffix(".0"))
    problem = ""
    if place is None:
        problem = f"position is {text[:40]!r}, not a position"
    elif not (contig and ref and alt):
        problem = f"{'contig' if not contig else 'ref' if not ref else 'alt'} is empty"
    alts = tuple(allele.strip() for allele in alt.split(",")) if alt else ()
    return VariantRecord(number, contig, place, identifier, ref, alts, problem)


def record_from_variant(number: int, variant: Variant) -> VariantRecord:
    """Wrap a :class:`~enhancer_variants.genome.Variant` as a record of one allele.

    Examples
    --------
    >>> record_from_variant(3, Variant("chr1", 100, "A", "T")).alts
    ('T',)
    """
    return VariantRecord(
        number, variant.contig, variant.position, variant.id or "", variant.ref, (variant.alt,)
    )
