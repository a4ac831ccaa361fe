"""Names that variants go by in lists: rsIDs, places, places with alleles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from enhancer_variants.gwas.formats.cell_values import contig_of, position_of

__all__ = ["UNREADABLE_NAME", "VariantName", "is_variant_name", "read_variant_name", "rsid_of"]

_RSID: Final = re.compile(r"(?i:rs)([0-9]{1,12})(?=$|[:_,;|/-])")
_AFTER_RSID: Final = re.compile(r"[:_]([0-9]+)[:_]([ACGTacgt]+)[:_]([ACGTacgt]+)")
_PLACE: Final = re.compile(
    r"(?P<contig>(?:chr)?(?:[0-9]{1,2}|X|Y|XY|MT?)|NC_[0-9]{6}\.[0-9]+)"
    r"(?P<sign>[:_-])(?P<position>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,10})"
    r"(?P<rest>[:_\[/ -].*|[ACGTacgt]+>.*)?",
    re.IGNORECASE,
)
_ALLELES: Final = re.compile(
    r"(?:\[b3[78]\]|[:_/ -])?([ACGT]+)[:_/>,|-]([ACGT]+)(?:[:_](?:b3[78]|hg19|hg38))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class VariantName:
    """What a name says.

    Attributes
    ----------
    rsid
        In lower case; empty where there is none.
    contig, position
        1-based place; empty and None where there is none.
    alleles
        Two alleles in the name's order, upper case, or none.
    """

    rsid: str = ""
    contig: str = ""
    position: int | None = None
    alleles: tuple[str, ...] = ()

    @property
    def is_variant(self) -> bool:
        """Whether a variant can be found by this name."""
        return bool(self.rsid) or self.position is not None


UNREADABLE_NAME: Final = VariantName()
"""What a name says that is no rsID and no place, such as an HLA allele."""


def rsid_of(text: str) -> str:
    """Give the rsID that a cell begins with, or an empty text.

    Examples
    --------
    >>> rsid_of("rs7903146"), rsid_of("RS12:1000:A:T"), rsid_of("rs12b"), rsid_of("exm12")
    ('rs7903146', 'rs12', '', '')
    """
    if text[:2] == "rs" and text[2:].isdecimal():
        return text
    found = _RSID.match(text.strip())
    return f"rs{found[1]}" if found else ""


def read_variant_name(text: str, numbers: Mapping[str, str]) -> VariantName:
    """Read an rsID, ``chr1:1000``, ``1:1000:A:T``, ``1_1000_A_T``, ``1-1000-A-T`` and the like.

    Parameters
    ----------
    text
        The name. What follows a place and is no pair of alleles (``:D``) says nothing.
    numbers
        Chromosomes that go by a number in this list.

    Examples
    --------
    >>> read_variant_name("chr16:68294800", {}).position
    68294800
    >>> read_variant_name("23_1000_A_CT", {"23": "X"})
    VariantName(rsid='', contig='X', position=1000, alleles=('A', 'CT'))
    >>> read_variant_name("HLA-DRB1*0103", {}).is_variant
    False
    """
    text = text.strip()
    if rsid := rsid_of(text):
        tail = _AFTER_RSID.fullmatch(text, len(rsid))
        return VariantName(rsid, alleles=(tail[2].upper(), tail[3].upper()) if tail else ())
    found = _PLACE.fullmatch(text)
    if found is None:
        return UNREADABLE_NAME
    rest = found["rest"] or ""
    alleles = _ALLELES.fullmatch(rest)
    if found["sign"] == "-" and not alleles:
        return UNREADABLE_NAME
    contig = contig_of(found["contig"], numbers)
    position = position_of(found["position"].replace(",", ""))
    if not contig or position is None:
        return UNREADABLE_NAME
    named = _RSID.fullmatch(rest[1:])
    return VariantName(
        f"rs{named[1]}" if named else "",
        contig,
        position,
        (alleles[1].upper(), alleles[2].upper()) if alleles else (),
    )


def is_variant_name(text: str) -> bool:
    """Whether a text is a name by which a variant can be found.

    >>> is_variant_name("rs12"), is_variant_name("SNP")
    (True, False)
    """
    return read_variant_name(text, {}).is_variant
