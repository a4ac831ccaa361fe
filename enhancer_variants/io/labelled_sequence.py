"""A sequence with the class it belongs to, and its k-mers as DNABERT reads them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval

__all__ = ["LabelledSequence", "is_dna", "kmers_of", "sequence_of_kmers"]

_IUPAC: Final = re.compile(r"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv]+")


def is_dna(text: str) -> bool:
    """Whether a text is one or more IUPAC letters of DNA or RNA, of either case.

    >>> is_dna("ACGTnry"), is_dna("ACG T"), is_dna("")
    (True, False, False)
    """
    return _IUPAC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class LabelledSequence:
    """A sequence, the class it belongs to, and where it is from.

    Attributes
    ----------
    sequence
        DNA in IUPAC letters; case is kept (lower case are repeats in soft-masked genomes).
    label
        Number of its class, 0 or above, or None where it is not known.
    contig, start, end
        Where it is from, 0-based half-open; all three or none. The sequence is that of the
        forward strand there: one of the reverse strand has none.
    name
        Whatever else it is called; may be empty.

    Raises
    ------
    InputError
        If the sequence is empty or holds another letter, the label is negative, or the
        coordinates are incomplete, impossible or of another length than the sequence.

    Examples
    --------
    >>> peak = LabelledSequence("ACGTAC", 1, "chr1", 100, 106)
    >>> peak.cropped(4)
    LabelledSequence(sequence='CGTA', label=1, contig='chr1', start=101, end=105, name='')
    """

    sequence: str
    label: int | None = None
    contig: str | None = None
    start: int | None = None
    end: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not is_dna(self.sequence):
            raise InputError(
                f"{self.sequence[:60]!r} is no DNA sequence; expected one or more of the letters "
                "A, C, G, T, N and the other IUPAC codes"
            )
        if self.label is not None and self.label < 0:
            raise InputError(f"label {self.label} is negative; expected 0, 1, ... or none")
        interval = self.interval
        if interval is not None and interval.length != len(self.sequence):
            raise InputError(
                f"{interval} is {interval.length} bases long, its sequence {len(self.sequence)}"
            )

    @property
    def interval(self) -> Interval | None:
        """Where the sequence is from, or None where that is not known."""
        if self.contig is None and self.start is None and self.end is None:
            return None
        if self.contig is None or self.start is None or self.end is None:
            raise InputError(
                f"coordinates are incomplete: contig {self.contig}, start {self.start}, "
                f"end {self.end}; expected all three or none"
            )
        return Interval(self.contig, self.start, self.end)

    def upper(self) -> LabelledSequence:
        """Give the same in upper case.

        >>> LabelledSequence("acGT").upper().sequence
        'ACGT'
        """
        return replace(self, sequence=self.sequence.upper())

    def cropped(self, window: int) -> LabelledSequence:
        """Keep the `window` bases in the middle: W//2 of them left of base length//2.

        Parameters
        ----------
        window
            Bases to keep, from 1 to the sequence's length.

        Raises
        ------
        InputError
            If the sequence is shorter than that.
        """
        if not 1 <= window <= len(self.sequence):
            raise InputError(
                f"{self.name or self.interval or 'a sequence'} is {len(self.sequence)} bases "
                f"long, which cannot be cropped to {window}"
            )
        left = len(self.sequence) // 2 - window // 2
        kept = self.sequence[left : left + window]
        if self.start is None:
            return replace(self, sequence=kept)
        start = self.start + left
        return replace(self, sequence=kept, start=start, end=start + window)


def kmers_of(sequence: str, k: int) -> str:
    """Write a sequence as DNABERT reads it: k-mers with spaces between, each a base further.

    Raises
    ------
    InputError
        If `k` is not from 1 to the sequence's length.

    Examples
    --------
    >>> kmers_of("GATTACA", 3)
    'GAT ATT TTA TAC ACA'
    """
    if not 1 <= k <= len(sequence):
        raise InputError(f"a sequence of {len(sequence)} bases has no k-mers of length {k}")
    return " ".join(sequence[i : i + k] for i in range(len(sequence) - k + 1))


def sequence_of_kmers(kmers: str) -> str:
    """Read k-mers back to the sequence they are of; k is the length of the first.

    Raises
    ------
    InputError
        If they are of several lengths, or one does not go on where the one before it ends.

    Examples
    --------
    >>> sequence_of_kmers("GAT ATT TTA TAC ACA")
    'GATTACA'
    """
    words = kmers.split()
    if not words:
        raise InputError("no k-mers where a sequence is expected")
    for before, after in itertools.pairwise(words):
        if len(after) != len(before) or after[:-1] != before[1:]:
            raise InputError(
                f"k-mer {after[:40]!r} does not follow {before[:40]!r}: expected one of the same "
                "length, a base further"
            )
    return words[0] + "".join(word[-1] for word in words[1:])
