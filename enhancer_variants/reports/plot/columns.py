"""Which column of a picture each base stands in, so that REF and ALT keep in step over an indel.

A column's number is the 1-based coordinate of its reference base, up to the change. Bases that one
allele lacks leave empty columns in it, and what follows moves on by as many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.motifs import sequence_context

__all__ = ["Allele", "Columns"]

Allele = Literal["ref", "alt"]
"""Which allele a sequence, a hit or a score is of."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of the bases of two sequences that begin at one place.

    Attributes
    ----------
    contig
        Name of the contig; None where the sequences lie on none.
    origin
        0-based coordinate of the first base; 0 where the sequences lie on no contig.
    ref, alt
        Column of each base of either sequence, ascending; they are equal where there is no
        variant.
    change
        First column of what differs between the alleles, and the column after the last; None
        without a variant.
    """

    contig: str | None
    origin: int
    ref: npt.NDArray[np.int64]
    alt: npt.NDArray[np.int64]
    change: tuple[int, int] | None = None

    @classmethod
    def lay_out(
        cls,
        length: int,
        *,
        contig: str | None = None,
        origin: int | None = None,
        variant: Variant | None = None,
    ) -> Columns:
        """Give each base its column.

        Parameters
        ----------
        length
            Number of bases of each sequence.
        contig, origin
            Where the sequences begin, 0-based; None where that is not known.
        variant
            What is between them. Its position counts from the first base where no origin is
            known.

        Raises
        ------
        InputError
            If the variant is not within the sequences.

        Examples
        --------
        >>> columns = Columns.lay_out(6, origin=10, variant=Variant("1", 12, "C", "CAA"))
        >>> columns.ref.tolist(), columns.alt.tolist(), columns.change
        ([11, 12, 15, 16, 17, 18], [11, 12, 13, 14, 15, 16], (13, 15))
        """
        begin = origin or 0
        bases = np.arange(begin + 1, begin + 1 + length)
        if variant is None:
            return cls(contig, begin, bases, bases)
        if not begin <= variant.start < variant.end <= begin + length:
            raise InputError(
                f"{variant} is not within the sequence, which is of bases "
                f"{begin + 1}-{begin + length}"
            )
        differ = sequence_context(variant.ref, variant.alt, margin=0)
        own_ref, own_alt = len(differ.ref), len(differ.alt)
        first, longest = variant.position + differ.start, max(own_ref, own_alt)
        ref = np.where(bases < first + own_ref, bases, bases + longest - own_ref)
        alt = np.where(bases < first + own_alt, bases, bases + longest - own_alt)
        return cls(contig, begin, ref, alt, (first, first + longest))

    def of(self, allele: Allele) -> npt.NDArray[np.int64]:
        """Columns of one allele's bases."""
        return self.ref if allele == "ref" else self.alt

    def gaps(self, allele: Allele) -> npt.NDArray[np.int64]:
        """Columns of the change in which an allele has no base."""
        if self.change is None:
            return np.empty(0, dtype=np.int64)
        return np.setdiff1d(np.arange(*self.change), self.of(allele))

    def view(self, start: int | None, end: int | None) -> tuple[float, float]:
        """Limits of the x axis that show a stretch of the reference, or everything.

        Parameters
        ----------
        start, end
            0-based, half-open, on the contig, or in the sequence where it lies on none. What is
            outside the sequence is not shown.

        Raises
        ------
        InputError
            If the stretch and the sequence share no base.

        Examples
        --------
        >>> Columns.lay_out(6, origin=10).view(None, 14)
        (10.5, 14.5)
        """
        last = self.origin + len(self.ref)
        begin = self.origin if start is None else max(start, self.origin)
        stop = last if end is None else min(end, last)
        if begin >= stop:
            raise InputError(
                f"the region {start}-{end} has no base of the sequence, which is "
                f"{self.origin}-{last}; both are 0-based, the end not included"
            )
        right = self.ref[stop - 1 - self.origin]
        if stop == last:
            right = max(right, self.alt[-1])
        return float(self.ref[begin - self.origin]) - 0.5, float(right) + 0.5

    def positions(self) -> dict[int, int]:
        """1-based reference position of each column that has a reference base."""
        return {
            int(column): self.origin + number for number, column in enumerate(self.ref.tolist(), 1)
        }
