"""What motifs can see of a change: both alleles with as many bases around it as a motif has.

The part of an allele that is its own is the bases it has in place of the other allele's, without
the anchor of a pure insertion or deletion. The allele that lacks the bases has an empty part, the
junction between two bases. With L the length of the longest motif, a placement that covers a base
of an allele's own, or spans its junction, reaches at most L - 1 bases beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

from enhancer_variants.genome import ContigSequence, Variant

__all__ = ["AlleleContext", "allele_context", "sequence_context"]


@dataclass(frozen=True, slots=True)
class AlleleContext:
    """Both alleles with the same margin of bases on either side of what is their own.

    Attributes
    ----------
    ref, alt
        The bases, as the forward strand has them; N beyond the contig's ends. The lengths differ
        by as much as the alleles' do.
    own_ref, own_alt
        [first, end) of what is each allele's own in `ref` and `alt`, 0-based; first equals end
        where an allele has none.
    start
        0-based position of the first base of `ref` on the contig; negative where N stands in for
        bases before the contig's start.
    """

    ref: str
    alt: str
    own_ref: tuple[int, int]
    own_alt: tuple[int, int]
    start: int

    @property
    def is_snv(self) -> bool:
        """Whether one base replaces one other.

        Examples
        --------
        >>> sequence_context("ACGT", "ATGT", 2).is_snv, sequence_context("ACT", "AT", 2).is_snv
        (True, False)
        """
        (first, end), (first_alt, end_alt) = self.own_ref, self.own_alt
        return end - first == 1 == end_alt - first_alt


def allele_context(variant: Variant, contig: ContigSequence, margin: int) -> AlleleContext:
    """Read what motifs can see of an allele.

    Parameters
    ----------
    variant
        In normal form on `contig`; REF is taken from the contig.
    contig
        The contig.
    margin
        Bases on either side of the change: the length of the longest motif less one, or more.

    Returns
    -------
    AlleleContext
        In coordinates of the contig.

    Raises
    ------
    InputError
        If the variant is not on the contig.

    Examples
    --------
    >>> from enhancer_variants.genome.reference import InMemoryContig
    >>> contig = InMemoryContig("toy", "AACCGGTT")
    >>> allele_context(Variant("toy", 4, "C", "CAA"), contig, 3)
    AlleleContext(ref='ACCGGT', alt='ACCAAGGT', own_ref=(3, 3), own_alt=(3, 5), start=1)
    >>> allele_context(Variant("toy", 1, "A", "G"), contig, 2)
    AlleleContext(ref='NNAAC', alt='NNGAC', own_ref=(2, 3), own_alt=(2, 3), start=-2)
    """
    before, after = _common_ends(variant.ref, variant.alt)
    first, end = variant.start + before, variant.end - after
    start, stop = first - margin, end + margin
    bases = contig.bases(max(0, start), min(stop, contig.length))
    if start < 0 or stop > contig.length:
        bases = "N" * -min(0, start) + bases + "N" * max(0, stop - contig.length)
    own = variant.alt[before : len(variant.alt) - after]
    alt = bases[:margin] + own + bases[margin + end - first :]
    own_ref, own_alt = (margin, margin + end - first), (margin, margin + len(own))
    return AlleleContext(bases, alt, own_ref, own_alt, start)


def sequence_context(ref: str, alt: str, margin: int) -> AlleleContext:
    """Read what motifs can see of the difference between two sequences.

    Parameters
    ----------
    ref, alt
        The sequences, of any lengths. They are compared from both ends, from the left first: the
        bases between are each allele's own.
    margin
        Bases on either side of the change: the length of the longest motif less one, or more.

    Returns
    -------
    AlleleContext
        In upper case, in coordinates of `ref`; N beyond the sequences' ends. Of equal sequences
        it is their end.

    Examples
    --------
    >>> sequence_context("AACCGG", "AATTTCGG", 2)
    AlleleContext(ref='AACCG', alt='AATTTCG', own_ref=(2, 3), own_alt=(2, 5), start=0)
    """
    ref, alt = ref.upper(), alt.upper()
    before, after = _common_ends(ref, alt)
    left = ref[max(0, before - margin) : before].rjust(margin, "N")
    right = ref[len(ref) - after :][:margin].ljust(margin, "N")
    own_ref, own_alt = ref[before : len(ref) - after], alt[before : len(alt) - after]
    return AlleleContext(
        left + own_ref + right,
        left + own_alt + right,
        (margin, margin + len(own_ref)),
        (margin, margin + len(own_alt)),
        before - margin,
    )


def _common_ends(ref: str, alt: str) -> tuple[int, int]:
    """Count the bases that two alleles begin with alike, and of the rest end with."""
    if len(ref) == 1 == len(alt) and ref != alt:  # nearly always: an SNV
        return 0, 0
    shorter = min(len(ref), len(alt))
    before = after = 0
    while before < shorter and ref[before] == alt[before]:
        before += 1
    while after < shorter - before and ref[-1 - after] == alt[-1 - after]:
        after += 1
    return before, after
