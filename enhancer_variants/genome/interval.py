"""A stretch of a contig."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from enhancer_variants.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["OPEN_END", "Interval", "Strand"]

Strand = Literal["+", "-", "."]
"""Forward, reverse, or of no strand."""

OPEN_END: Final = 2**31 - 1
"""End of an interval that runs to its contig's end, and the largest coordinate there is."""

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,10})"
_RANGE = re.compile(rf"(?P<contig>\S+):(?P<first>{_NUMBER})(?P<to>-(?P<last>{_NUMBER})?)?")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """One or more neighbouring bases of a contig, 0-based and half-open.

    Intervals are ordered by contig name as text, then start, then end.

    Parameters
    ----------
    contig
        Name of the contig.
    start
        0-based position of the first base.
    end
        0-based position after the last base, above `start`; :data:`OPEN_END` (2**31 - 1) where
        the interval runs to the contig's end.
    strand
        ``+``, ``-`` or ``.`` for no strand.

    Raises
    ------
    InputError
        If the name is empty, the interval holds no base, a coordinate is negative or above
        :data:`OPEN_END`, or the strand is another character.

    Examples
    --------
    >>> region = Interval("chr1", 0, 1000)
    >>> str(region), region.length
    ('chr1:1-1000', 1000)
    >>> Interval.parse("chr1:1-1,000") == region
    True
    """

    contig: str
    start: int
    end: int
    strand: Strand = "."

    def __post_init__(self) -> None:
        if not self.contig:
            raise InputError("an interval needs a contig name, found an empty one")
        if not 0 <= self.start < self.end <= OPEN_END:
            raise InputError(
                f"no interval of {self.contig}: start {self.start}, end {self.end}; "
                f"expected 0 <= start < end <= {OPEN_END} (0-based, end not included)"
            )
        if self.strand not in ("+", "-", "."):
            raise InputError(f"strand is {self.strand!r}, expected '+', '-' or '.'")

    @classmethod
    def parse(cls, text: str, contigs: Collection[str] | None = None) -> Interval:
        """Read the 1-based, inclusive notation of bcftools and samtools.

        ``chr1:1-1,000`` is the first thousand bases, ``chr1:100`` that one base, ``chr1:100-``
        all from there to the contig's end, ``chr1`` the whole contig; open ends become
        :data:`OPEN_END`. Names may hold a colon: without `contigs`, a last part that reads as a
        range is one.

        Parameters
        ----------
        text
            The interval's text; white space around it is ignored.
        contigs
            Known contig names. A text that is one of them is that whole contig, whatever its
            last part looks like (``HLA-A*01:01:01:01``).

        Returns
        -------
        Interval
            Without a strand.

        Raises
        ------
        InputError
            If the text is none of the above, begins at 0 or ends before it begins.

        Examples
        --------
        >>> Interval.parse("chr1:100")
        Interval(contig='chr1', start=99, end=100, strand='.')
        >>> Interval.parse("HLA-A*01:01:01:01", contigs={"HLA-A*01:01:01:01"}).start
        0
        """
        name = text.strip()
        if contigs is not None and name in contigs:
            return cls(name, 0, OPEN_END)
        match = _RANGE.fullmatch(name)
        if match is None:
            if not name or ":" in name or name.split() != [name]:
                raise InputError(
                    f"cannot read {text!r} as an interval; expected contig:first-last with 1-based "
                    "positions, as chr1:1-1,000, or chr1:100, chr1:100- or chr1"
                )
            return cls(name, 0, OPEN_END)
        first = int(match["first"].replace(",", ""))
        last = OPEN_END if match["to"] else first
        if match["last"]:
            last = int(match["last"].replace(",", ""))
        if not 1 <= first <= last <= OPEN_END:
            raise InputError(
                f"{text!r} is no interval: expected 1 <= first <= last <= {OPEN_END}, "
                "positions are 1-based"
            )
        return cls(match["contig"], first - 1, last)

    def __str__(self) -> str:
        """1-based, inclusive text that :meth:`parse` reads back; the strand is not in it."""
        if self.end < OPEN_END:
            return f"{self.contig}:{self.start + 1}-{self.end}"
        if self.start == 0 and ":" not in self.contig:
            return self.contig
        return f"{self.contig}:{self.start + 1}-"

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share a base of one contig; strands do not matter.

        Examples
        --------
        >>> Interval("chr1", 0, 10).overlaps(Interval("chr1", 9, 20))
        True
        >>> Interval("chr1", 0, 10).overlaps(Interval("chr1", 10, 20))
        False
        """
        return self.contig == other.contig and self.start < other.end and other.start < self.end
