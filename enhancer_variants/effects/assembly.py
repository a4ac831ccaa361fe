"""Notice, before anything is scored, that variants and reference are of different builds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from enhancer_variants.errors import AssemblyMismatchError
from enhancer_variants.genome import (
    ASSEMBLIES,
    MITOCHONDRION,
    Contig,
    Reference,
    accession_length,
    canonical_contig,
    is_accession,
    is_acgt,
    likely_assembly,
)
from enhancer_variants.io import VariantRecord

__all__ = ["CHECKED_SNVS", "assembly_checked", "require_fitting_contigs"]

CHECKED_SNVS = 1_000
"""The first so many SNVs are compared with the reference before scoring begins."""

_FEWEST_SNVS = 20
_LARGEST_BUFFER = 64 * 2**20
"""Records that wait for the comparison end it at this many bytes, if they hold too few SNVs."""

_RECORD_BYTES = 600
"""What a record takes in memory beside its line."""

_OVERRIDE = (
    "Use the FASTA that the variants were called against, or lift the variants over. "
    "To score them as they are: ignore_assembly=True (--ignore-assembly)."
)


def assembly_checked(
    records: Iterator[VariantRecord],
    reference: Reference,
    contig_lengths: Mapping[str, int],
    name: str,
) -> Iterator[VariantRecord]:
    """Read the first records and compare them with the reference; give all of them back.

    Parameters
    ----------
    records
        Records in input order.
    contig_lengths
        Lengths that the input's header declares, in bases by contig name.
    name
        Name of the input, for messages.

    Returns
    -------
    Iterator
        The same records in the same order. Contigs that first appear further down are checked
        on the way.

    Raises
    ------
    AssemblyMismatchError
        If a contig that carries records has another length than in the reference, by the header
        or by its accession; or if more than half of the first 1,000 SNVs (20 at least) that can
        be compared with a known base of the reference have another REF. The mitochondrial
        contig is left out: other lengths are other sequences there, and no contig at all.
    """
    check = _Check(reference, contig_lengths, name)
    waiting: deque[VariantRecord] = deque()
    size = 0
    for record in records:
        check.contig(record.contig)
        check.ref(record)
        waiting.append(record)
        size += len(record.line) + _RECORD_BYTES
        if check.compared >= CHECKED_SNVS or size > _LARGEST_BUFFER:
            break
    check.verdict()
    return _all_of(waiting, records, check)


def require_fitting_contigs(
    records: Iterator[VariantRecord],
    reference: Reference,
    contig_lengths: Mapping[str, int],
    name: str,
) -> None:
    """Read to the end to find records on contigs whose declared length is another build's.

    Only where the header declares such a contig is anything read at all: headers list contigs
    that carry no records, and those do not matter.

    Raises
    ------
    AssemblyMismatchError
        If there is such a record.
    """
    suspects = {
        contig
        for contig, length in contig_lengths.items()
        if (found := reference.find(contig, length)) is not None and found.length != length
    }
    if suspects:
        check = _Check(reference, contig_lengths, name)
        for record in records:
            if record.contig in suspects:
                check.contig(record.contig)


def _all_of(
    waiting: deque[VariantRecord], records: Iterator[VariantRecord], check: _Check
) -> Iterator[VariantRecord]:
    while waiting:
        yield waiting.popleft()
    for record in records:
        check.contig(record.contig)
        yield record


@dataclass
class _Check:
    reference: Reference
    contig_lengths: Mapping[str, int]
    name: str
    compared: int = 0
    different: int = 0
    exchanged: int = 0
    known: set[str] = field(default_factory=set)

    def contig(self, contig: str) -> None:
        """Refuse a contig that another build's reference would have, once for each name."""
        if contig in self.known:
            return
        self.known.add(contig)
        declared = self.contig_lengths.get(contig)
        found = self.reference.find(contig, declared)
        if found is None or canonical_contig(contig) == MITOCHONDRION:
            return
        if declared is not None and declared != found.length:
            source = f"has {declared:,} bases by its header"
            raise self._mismatch(contig, declared, found, source)
        # A contig of the very name that the FASTA has may be a slice; its accession says no more.
        if contig == found.name or not is_accession(contig):
            return
        implied = accession_length(contig)
        # A version of no build that is known is another one's, if the reference's is known.
        unknown = implied is None and self.reference.assembly is not None
        known_as_other = implied is not None and implied != found.length
        if is_accession(found.name) or unknown or known_as_other:
            raise self._mismatch(contig, implied, found, "is another version by its accession")

    def _mismatch(
        self, contig: str, length: int | None, found: Contig, difference: str
    ) -> AssemblyMismatchError:
        lengths = {contig: length} if length is not None else {}
        return AssemblyMismatchError(
            f"{self.name}: contig {contig} {difference}, but {found.name} of "
            f"{self.reference.name} has {found.length:,} bases. {self._builds(lengths)} {_OVERRIDE}"
        )

    def ref(self, record: VariantRecord) -> None:
        """Count an SNV, if the reference knows the base there (or has none so far out)."""
        snv = len(record.ref) == 1 and any(len(alt) == 1 and alt.isalpha() for alt in record.alts)
        if not snv or not record.position or not is_acgt(record.ref.upper()):
            return
        contig = self.reference.find(record.contig, self.contig_lengths.get(record.contig))
        if contig is None:
            return
        start = record.position - 1
        base = contig.bases(start, start + 1) if start < contig.length else ""
        if base and not is_acgt(base):
            return
        self.compared += 1
        self.different += base != record.ref.upper()
        self.exchanged += base in {alt.upper() for alt in record.alts}

    def verdict(self) -> None:
        """Refuse variants of which more than half have another REF than the reference."""
        if self.compared < _FEWEST_SNVS or self.different * 2 <= self.compared:
            return
        reason = self._builds(self.contig_lengths)
        if self.exchanged > 0.9 * self.different:
            reason = (
                f"The reference has ALT in {self.exchanged} of them: REF and ALT are exchanged, as "
                "where an effect allele was written as REF."
            )
        raise AssemblyMismatchError(
            f"{self.name}: {self.different} of the first {self.compared} SNVs have another REF "
            f"than {self.reference.name}. {reason} {_OVERRIDE}"
        )

    def _builds(self, lengths: Mapping[str, int]) -> str:
        """Say which builds these most likely are."""
        theirs, ours = _both_names(likely_assembly(lengths)), _both_names(self.reference.assembly)
        if theirs is not None and theirs != ours:
            variants = f"The variants look like {theirs}"
        elif ours is not None:
            variants = f"The variants are most likely of another build than {ours}"
        else:
            variants = "The variants' build is not told"
        fasta = f"the reference looks like {ours}" if ours else "the reference's build is not known"
        return f"{variants}; {fasta}."


def _both_names(assembly: str | None) -> str | None:
    """Name of a build, with the one that UCSC has for it."""
    return next((f"{a.name} ({a.ucsc_name})" for a in ASSEMBLIES if a.name == assembly), None)
