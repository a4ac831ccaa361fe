"""How long the contigs of a genome are, and where on them nothing may be placed."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, canonical_contig
from enhancer_variants.genome.contigs import ASSEMBLIES
from enhancer_variants.io.compression import InputStream
from enhancer_variants.scan.bed_intervals import BedSource, bed_intervals
from enhancer_variants.scan.overlaps import Integers, Line, merged
from enhancer_variants.training.random_places import GenomeBases

__all__ = ["GenomeSource", "GenomeSpace", "file_facts", "genome_space"]

GenomeSource: TypeAlias = "str | os.PathLike[str] | Mapping[str, int] | Reference"
"""Lengths of contigs: a build's name (hg38), a file of sizes, a FASTA or its index, a mapping."""

_FASTA_STARTS: Final = (b">", b";")


@dataclass(frozen=True, slots=True, eq=False)
class GenomeSpace:
    """Where intervals may lie.

    Attributes
    ----------
    lengths
        Bases of each contig, by its canonical name.
    excluded
        Merged starts and ends, 0-based half-open, of what no interval may share a base with, by
        canonical name.
    facts
        Where all this is from, for the provenance.

    Examples
    --------
    >>> space = genome_space({"chr1": 100})
    >>> space.lengths, space.free("1")
    ({'1': 100}, (array([0]), array([100])))
    """

    lengths: Mapping[str, int]
    excluded: Mapping[str, tuple[Integers, Integers]]
    facts: Mapping[str, Any]

    def free(self, contig: str) -> tuple[Integers, Integers]:
        """Give starts and ends of the stretches of a contig where intervals may lie.

        Parameters
        ----------
        contig
            Its canonical name.
        """
        begin, end = np.array([0]), np.array([self.lengths[contig]])
        starts, ends = self.excluded.get(contig, (begin[:0], begin[:0]))
        starts = np.minimum(starts, end)
        lefts = np.concatenate([begin, np.minimum(ends, end)])
        rights = np.concatenate([starts, end])
        kept = rights > lefts
        return lefts[kept], rights[kept]

    def excluded_on(self, line: Line) -> tuple[Integers, Integers]:
        """Give starts and ends of all that is excluded.

        Parameters
        ----------
        line
            On which they are given; it has to have the genome's contigs.
        """
        found = [
            (starts + line.offsets[contig], ends + line.offsets[contig])
            for contig, (starts, ends) in self.excluded.items()
            if contig in self.lengths
        ]
        nothing = np.empty(0, np.int64)
        starts, ends = zip(*found, (nothing, nothing), strict=True)
        return np.concatenate(starts), np.concatenate(ends)


def genome_space(
    genome: GenomeSource, *, gaps: BedSource | None = None, blacklist: BedSource | None = None
) -> GenomeSpace:
    """Read a genome's lengths and what of it is to be avoided.

    Parameters
    ----------
    genome
        ``hg19``, ``hg38`` or ``hs1`` (or ``GRCh37``, ...): chromosomes 1 to 22, X and Y. A file
        whose first two columns are name and length, as ``hg38.chrom.sizes`` and ``.fai``. A
        FASTA, of which every letter other than A, C, G and T is a gap. A mapping.
    gaps, blacklist
        BED files or tables.

    Raises
    ------
    FastaError
        If a FASTA cannot be read.
    InputError
        If a file has no lengths, or one contig twice with different ones.

    Examples
    --------
    >>> genome_space("hg38").lengths["21"]
    46709983
    """
    lengths, unknown, facts = _lengths(genome)
    excluded = dict(unknown)
    told: dict[str, Any] = {"genome": facts}
    for role, source in (("gaps", gaps), ("blacklist", blacklist)):
        told[role] = None
        if source is not None:
            by_contig = _by_contig(source, role)
            if by_contig and not by_contig.keys() & lengths.keys():
                warnings.warn(
                    f"{role} has no contig in common with the genome: "
                    f"{', '.join(list(by_contig)[:3])} and {', '.join(list(lengths)[:3])}",
                    stacklevel=3,
                )
            for contig, pair in by_contig.items():
                own = excluded.get(contig, (pair[0][:0], pair[1][:0]))
                excluded[contig] = merged(*map(np.concatenate, zip(own, pair, strict=True)))
            told[role] = file_facts(source, role)
    return GenomeSpace(lengths, excluded, told)


def _by_contig(source: BedSource, role: str) -> dict[str, tuple[Integers, Integers]]:
    found = bed_intervals(source, name=role, columns=False)
    by_contig = {}
    for number, contig in enumerate(found.contigs):
        own = found.contig == number
        by_contig[contig] = merged(found.starts[own], found.ends[own])
    return by_contig


_Lengths: TypeAlias = "tuple[dict[str, int], dict[str, tuple[Integers, Integers]], dict[str, Any]]"


def _lengths(genome: GenomeSource) -> _Lengths:
    """Lengths by canonical name, what is not known of a FASTA, and where they are from."""
    if isinstance(genome, Mapping):
        return _canonical(genome, "the genome"), {}, {"name": "lengths"}
    if isinstance(genome, Reference):
        return _of_reference(genome)
    for assembly in ASSEMBLIES:
        if genome in (assembly.name, assembly.ucsc_name):
            return dict(assembly.lengths), {}, {"name": assembly.name}
    if _is_fasta(genome):
        with Reference(os.fspath(genome)) as reference:
            return _of_reference(reference)
    return _sizes(genome), {}, file_facts(genome, "genome")


def _is_fasta(path: str | os.PathLike[str]) -> bool:
    with InputStream(path) as stream:
        return stream.peek(1) in _FASTA_STARTS


def _of_reference(reference: Reference) -> _Lengths:
    lengths = _canonical(reference.lengths, reference.name)
    unknown = {}
    with GenomeBases(reference) as bases:
        for name in reference.lengths:
            known = bases.known_stretches(name)
            begins = np.concatenate([[0], known[:, 1]])
            stops = np.concatenate([known[:, 0], [reference.lengths[name]]])
            kept = stops > begins
            unknown[canonical_contig(name)] = (begins[kept], stops[kept])
    return lengths, unknown, {"name": reference.name, "sha256": reference.sha256()}


def _sizes(path: str | os.PathLike[str]) -> dict[str, int]:
    """Read names and lengths, as in a file of sizes or in the index of a FASTA."""
    lengths: list[tuple[str, int]] = []
    with InputStream(path) as stream:
        for number, line in enumerate(stream, 1):
            fields = line.decode(errors="replace").split()
            if not fields or fields[0].startswith("#"):
                continue
            if len(fields) < 2 or not (fields[1].isascii() and fields[1].isdigit()):
                raise InputError(
                    f"{stream.name}:{number}: {' '.join(fields)[:80]!r} is no contig with its "
                    "length; expected both, separated by a tab, or a FASTA"
                )
            lengths.append((fields[0], int(fields[1])))
        if not lengths:
            raise InputError(f"{stream.name}: is empty; expected contigs with their lengths")
        return _canonical(lengths, stream.name)


def _canonical(lengths: Mapping[str, int] | list[tuple[str, int]], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    pairs = lengths.items() if isinstance(lengths, Mapping) else lengths
    for contig, length in pairs:
        key = canonical_contig(str(contig))
        if length < 1 or found.setdefault(key, length) != length:
            raise InputError(
                f"{name}: contig {contig} has {length} bases"
                + (f", and also {found[key]}" if length > 0 else "")
                + "; expected one length of at least 1"
            )
    return found


def file_facts(source: BedSource, name: str) -> dict[str, Any]:
    """Give the base name and checksum of a file, or the name alone of what is none.

    Parameters
    ----------
    source
        A file, ``-`` or a table.
    name
        What a table or standard input is called.

    Examples
    --------
    >>> file_facts("-", "calls")
    {'name': 'calls', 'sha256': None}
    """
    if not isinstance(source, str | os.PathLike) or source == "-" or not Path(source).is_file():
        return {"name": name, "sha256": None}
    with Path(source).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"name": Path(source).name, "sha256": digest}
