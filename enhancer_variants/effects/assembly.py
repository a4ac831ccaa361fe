"""Notice, before anything is scored, that variants and reference are of different builds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from enhancer_variants.errors import AssemblyMismatchError
from enhancer_variants.genome import (
    ASSEMBLIES,
    Reference,
    accession_length,
    canonical_contig,
    is_acgt,
    likely_assembly,
)
from enhancer_variants.io import VariantRecord

__all__ = ["CHECKED_SNVS", "assembly_checked"]

CHECKED_SNVS = 1_000
"""The first so many SNVs are compared with the reference before scoring begins."""

_FEWEST_SNVS = 20
_LARGEST_BUFFER = 64 * 2**20
"""Records wait for the comparison; wide records stop it at this many bytes of text."""

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
    """Pass the records on, once the first of them fit the reference.

    Parameters
    ----------
    records
        Records in input order.
    contig_lengths
        Lengths that the input's header declares, in bases by contig name.
    name
        Name of the input, for messages.

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
        waiting.append(record)
        check.ref(record)
        size += len(record.line)
        if check.compared >= CHECKED_SNVS or size > _LARGEST_BUFFER:
            break
    check.verdict()
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
    known: set[str] = field(default_factory=set)

    def contig(self, contig: str) -> None:
        if contig in self.known:
            return
        self.known.add(contig)
        declared = self.contig_lengths.get(contig)
        found = self.reference.find(contig, declared)
        if found is None or canonical_contig(contig) == "M":
            return
        implied = accession_length(contig)
        for length, source in ((declared, "its header"), (implied, "the accession")):
            if length is not None and length != found.length:
                raise AssemblyMismatchError(
                    f"{self.name}: contig {contig} has {length:,} bases by {source}, but "
                    f"{found.name} of {self.reference.name} has {found.length:,}. "
                    f"{self._builds(contig, length)} {_OVERRIDE}"
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

    def verdict(self) -> None:
        if self.compared >= _FEWEST_SNVS and self.different * 2 > self.compared:
            raise AssemblyMismatchError(
                f"{self.name}: {self.different} of the first {self.compared} SNVs have another "
                f"REF than {self.reference.name}. {self._builds()} {_OVERRIDE}"
            )

    def _builds(self, contig: str | None = None, length: int | None = None) -> str:
        """Say which builds these most likely are."""
        lengths = dict(self.contig_lengths)
        if contig is not None and length is not None:
            lengths = {contig: length}
        theirs, ours = _both_names(likely_assembly(lengths)), _both_names(self.reference.assembly)
        if theirs is not None:
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
