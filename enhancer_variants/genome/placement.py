"""Putting one allele of a record on the reference, or saying why that cannot be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enhancer_variants.genome.alphabet import is_acgt
from enhancer_variants.genome.contigs import MITOCHONDRION, canonical_contig
from enhancer_variants.genome.normal_form import normal_form
from enhancer_variants.genome.variant import Variant
from enhancer_variants.schema import Status

if TYPE_CHECKING:
    from enhancer_variants.genome.reference import Contig, Reference

__all__ = ["Placement", "place"]

_BASES: Final = frozenset("ACGT")
_LONGEST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an allele lies on the reference.

    Attributes
    ----------
    status
        ``ok``, or the first reason in order of precedence that does not depend on a window.
    detail
        What was found, in a short sentence; empty where there is nothing to add.
    variant
        The allele in normal form, on the contig as the FASTA names it; None unless ok.
    contig
        That contig; None unless ok.
    """

    status: Status
    detail: str
    variant: Variant | None
    contig: Contig | None


def place(
    contig_name: str,
    position: int,
    ref: str,
    alt: str,
    reference: Reference,
    declared_length: int | None = None,
    id: str | None = None,  # noqa: A002 - the word of VCF and of Variant
) -> Placement:
    r"""Check one allele against the reference and write it in normal form.

    Parameters
    ----------
    contig_name
        Contig as the input names it.
    position
        POS, 1-based.
    ref, alt
        Alleles as the input spells them, of either case.
    reference
        The genome.
    declared_length
        Bases of the contig where the input's header says it
        (:meth:`~enhancer_variants.genome.Reference.find`).
    id
        Identifier that the variant keeps.

    Returns
    -------
    Placement
        Never an exception for what a record can hold.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from enhancer_variants.genome.reference import Reference
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">chr1\nACGTTTGA\n")
    ...     with Reference(fasta) as reference:
    ...         print(place("1", 5, "tt", "t", reference).variant)
    ...         print(place("1", 5, "G", "T", reference).detail)
    chr1:3:GT:G
    the reference has T at chr1:5, the record says G
    """
    if not (ref in _BASES and alt in _BASES and ref != alt):
        if reason := _allele_reason(ref, alt):
            return Placement(*reason, None, None)
        ref, alt = ref.upper(), alt.upper()
    contig = reference.find(contig_name, declared_length)
    if contig is None:
        detail = _missing_contig(contig_name, declared_length, reference)
        return Placement(Status.NO_CONTIG, detail, None, None)
    start = position - 1
    end = start + len(ref)
    if start < 0 or end > contig.length or contig.bases(start, end) != ref:
        return Placement(Status.REF_MISMATCH, _mismatch(position, ref, contig), None, None)
    variant = normal_form(Variant(contig.name, position, ref, alt, id), contig)
    return Placement(Status.OK, "", variant, contig)


def _allele_reason(ref: str, alt: str) -> tuple[Status, str] | None:
    """Why the alleles by themselves cannot be scored, in order of precedence."""
    if not ref or not alt:
        return Status.INVALID_RECORD, f"{'ALT' if ref else 'REF'} is empty"
    if alt == ".":
        return Status.NO_ALT, ""
    if alt == "*":
        return Status.STAR_ALLELE, ""
    if "[" in alt or "]" in alt or alt[0] == "." or alt[-1] == ".":
        return Status.BREAKEND, ""
    if "<" in alt or ">" in alt:
        return Status.SYMBOLIC, ""
    upper_ref, upper_alt = ref.upper(), alt.upper()
    for column, allele in (("REF", upper_ref), ("ALT", upper_alt)):
        if not is_acgt(allele):
            letter = next(letter for letter in allele if letter not in _BASES)
            return Status.NON_ACGT, f"{column} holds {letter}"
    if upper_ref == upper_alt:
        return Status.SAME_ALLELE, ""
    return None


def _missing_contig(name: str, declared_length: int | None, reference: Reference) -> str:
    synonyms = reference.synonyms(name)
    if not synonyms:
        return f"the reference has no contig {name}"
    found = " and ".join(f"{contig.name} ({contig.length} bases)" for contig in synonyms)
    if canonical_contig(name) != MITOCHONDRION:
        return f"contig {name} could be any of {found} in the reference"
    length = f"{declared_length} bases" if declared_length else "not known"
    return (
        f"the reference has {found}, which is the same mitochondrial contig as {name} only if "
        f"the lengths agree; the length of {name} is {length}"
    )


def _mismatch(position: int, ref: str, contig: Contig) -> str:
    if position < 1:
        return f"POS is {position}, the first base of a contig is 1"
    end = position - 1 + len(ref)
    if end > contig.length:
        return f"REF reaches to {contig.name}:{end}, the contig has {contig.length} bases"
    found = contig.bases(position - 1, end)
    return (
        f"the reference has {_shown(found)} at {contig.name}:{position}, "
        f"the record says {_shown(ref)}"
    )


def _shown(allele: str) -> str:
    if len(allele) <= _LONGEST_SHOWN:
        return allele
    return f"{allele[:_LONGEST_SHOWN]}... ({len(allele)} bases)"
