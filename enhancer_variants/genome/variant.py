"""One alternate allele at one place of a contig."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from enhancer_variants.errors import InputError

__all__ = ["LARGEST_POSITION", "Variant"]

LARGEST_POSITION: Final = 2**31 - 1
"""Largest POS that VCF and its indexes can hold."""

_POSITION = r"(?P<position>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_REF = r"(?P<ref>[A-Za-z]+)"
_ALT = r"(?P<alt>[A-Za-z]+|[*.]|<[^<>\s]+>)"

# Each is matched from its right end: the contig takes whatever is left, colons and hyphens too.
_NOTATIONS = (
    re.compile(
        rf"(?P<contig>\S+)(?P<separator>[:_-]){_POSITION}(?P=separator){_REF}(?P=separator){_ALT}"
    ),
    re.compile(rf"(?P<contig>\S+):{_POSITION}:?{_REF}>{_ALT}"),
    re.compile(rf"(?P<contig>\S+)\s+{_POSITION}\s+{_REF}\s+{_ALT}"),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """An alternate allele: what stands at a position, and what stands there instead.

    Nothing is folded or trimmed: alleles are kept as given
    (:func:`~enhancer_variants.genome.normal_form` makes one spelling out of many). Two variants
    are equal if contig, position and alleles are; the identifier is a label.

    Parameters
    ----------
    contig
        Name of the contig.
    position
        POS as in VCF: 1-based position of the first base of `ref`.
    ref
        Bases of the reference, at least one.
    alt
        Bases that replace them, at least one.
    id
        Identifier such as an rsID.

    Raises
    ------
    InputError
        If `position` is negative, or the contig or an allele is empty.

    Examples
    --------
    >>> variant = Variant.parse("chr1:109274968:G:T")
    >>> variant.start, variant.end, variant.kind
    (109274967, 109274968, 'snv')
    >>> str(variant)
    'chr1:109274968:G:T'
    """

    contig: str
    position: int
    ref: str
    alt: str
    id: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.position < 0 or not self.ref or not self.alt or not self.contig:
            raise InputError(
                f"no variant: contig {self.contig!r}, position {self.position}, REF {self.ref!r}, "
                f"ALT {self.alt!r}; expected a position of at least 0 and nothing empty"
            )

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read one of the common notations.

        ``chr1:109274968:G:T``, ``chr1:109,274,968:G:T``, ``1-109274968-G-T``,
        ``chr1_109274968_G_T``, ``chr1:109274968:G>T``, ``chr1:109274968G>T`` and the four fields
        with white space between them. Contig names may hold the separator: the text is read
        from its right end, so ``chr6_GL000250v2_alt_100_A_T`` is position 100.

        Parameters
        ----------
        text
            The variant; letters of the alleles are folded to upper case, the contig is kept.
            ALT may also be ``*``, ``.`` or symbolic (``<DEL>``).

        Returns
        -------
        Variant
            Without an identifier.

        Raises
        ------
        InputError
            If the text is none of these, or the position is above :data:`LARGEST_POSITION`.

        Examples
        --------
        >>> Variant.parse("1-109,274,968-g-t") == Variant("1", 109274968, "G", "T")
        True
        >>> Variant.parse("HLA-A*01:01:01:01:57:A:C").contig
        'HLA-A*01:01:01:01'
        """
        stripped = text.strip()
        for notation in _NOTATIONS:
            if match := notation.fullmatch(stripped):
                break
        else:
            raise InputError(
                f"cannot read {text!r} as a variant; expected contig, 1-based position, REF and "
                "ALT as in chr1:109274968:G:T, 1-109274968-G-T, chr1_109274968_G_T, "
                "chr1:109274968:G>T, chr1:109274968G>T or 'chr1 109274968 G T'"
            )
        digits = match["position"].replace(",", "").lstrip("0") or "0"
        if len(digits) > len(str(LARGEST_POSITION)) or int(digits) > LARGEST_POSITION:
            raise InputError(
                f"the position in {text!r} is above {LARGEST_POSITION}, the largest there is"
            )
        alt = match["alt"]
        return cls(
            match["contig"], int(digits), match["ref"].upper(), alt if "<" in alt else alt.upper()
        )

    def __str__(self) -> str:
        """``contig:position:ref:alt``, which :meth:`parse` reads back (alleles in upper case)."""
        return f"{self.contig}:{self.position}:{self.ref}:{self.alt}"

    @property
    def start(self) -> int:
        """0-based position of the first base of REF."""
        return self.position - 1

    @property
    def end(self) -> int:
        """0-based position after the last base of REF."""
        return self.position - 1 + len(self.ref)

    @property
    def kind(self) -> str:
        """What changes, one of :data:`~enhancer_variants.schema.KINDS`, whatever the spelling.

        Judged on what is left when the bases that both alleles begin and end with are taken
        away, ignoring case: ``snv`` one base for another, ``mnv`` several for as many,
        ``insertion`` and ``deletion`` pure ones, ``delins`` the rest. Alleles that do not differ
        count as a substitution of their whole length. Only meaningful for alleles of letters.

        Examples
        --------
        >>> [Variant("1", 5, *alleles.split(">")).kind for alleles in ("CAG>CTG", "CA>CTA")]
        ['snv', 'insertion']
        """
        if len(self.ref) == 1 == len(self.alt):
            return "snv"
        return _kind(self.ref.upper(), self.alt.upper())

    def swapped(self) -> Variant:
        """Exchange the alleles: the change that takes the alternate haplotype back.

        Only meaningful where the contig carries the alternate allele.

        Examples
        --------
        >>> str(Variant("1", 5, "C", "CT").swapped())
        '1:5:CT:C'
        """
        return Variant(self.contig, self.position, self.alt, self.ref, self.id)


def _kind(ref: str, alt: str) -> str:
    if len(ref) == len(alt):
        changed = sum(map(str.__ne__, ref, alt)) if len(ref) > 1 else 1
        return "snv" if changed == 1 else "mnv"
    shorter, longer = sorted((ref, alt), key=len)
    tail = _common_prefix_length(shorter[::-1], longer[::-1])
    head = _common_prefix_length(shorter[: len(shorter) - tail], longer)
    if head + tail < len(shorter):
        return "delins"
    return "insertion" if len(alt) > len(ref) else "deletion"


def _common_prefix_length(one: str, other: str) -> int:
    length = 0
    for base, other_base in zip(one, other, strict=False):
        if base != other_base:
            break
        length += 1
    return length
