"""The genome that variants are placed on."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from enhancer_variants.errors import FastaError, InputError
from enhancer_variants.genome.alphabet import reverse_complement
from enhancer_variants.genome.contigs import (
    MITOCHONDRION,
    accession_length,
    canonical_contig,
    likely_assembly,
)
from enhancer_variants.genome.fasta_blocks import BLOCK, FastaBlocks
from enhancer_variants.genome.fasta_index import indexed_fasta
from enhancer_variants.genome.file_stamp import stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyfaidx
    import pysam

__all__ = [
    "Contig",
    "ContigSequence",
    "InMemoryContig",
    "Reference",
    "ReferenceSource",
    "ReverseComplementContig",
]

ReferenceSource: TypeAlias = "str | os.PathLike[str] | pysam.FastaFile | pyfaidx.Fasta"
"""What a reference can be opened from."""

_NAMES_KEPT: Final = 4096


@runtime_checkable
class ContigSequence(Protocol):
    """A contig's name, length and bases, wherever they come from."""

    @property
    def name(self) -> str:
        """Name of the contig."""
        ...

    @property
    def length(self) -> int:
        """Number of bases."""
        ...

    def bases(self, start: int, end: int) -> str:
        """Bases from `start` to before `end`, 0-based, in upper case."""
        ...


class Contig:
    """A contig of a :class:`Reference`; :meth:`Reference.find` makes it.

    Attributes
    ----------
    name : str
        Name in the FASTA.
    length : int
        Number of bases.
    """

    __slots__ = ("_blocks", "_reference", "length", "name")

    def __init__(self, reference: Reference, blocks: FastaBlocks, name: str) -> None:
        self.name = name
        self.length = blocks.lengths[name]
        self._reference = reference
        self._blocks = blocks

    def __repr__(self) -> str:
        return f"Contig({self.name!r}, {self.length})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference.find, (self._reference, self.name)

    def bases(self, start: int, end: int) -> str:
        r"""Bases from `start` to before `end`, 0-based, in upper case.

        Parameters
        ----------
        start, end
            0-based, half-open, 0 <= start <= end <= length.

        Raises
        ------
        InputError
            If the range leaves the contig, or the reference is closed.
        FastaError
            If the file ends or is damaged there.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fasta = pathlib.Path(folder, "toy.fa")
        ...     _ = fasta.write_text(">chr1\nACGTacgt\n")
        ...     with Reference(fasta) as reference:
        ...         reference.find("1").bases(3, 6)
        'TAC'
        """
        owner, first, last, block = self._blocks.at_hand
        if owner is self and first <= start <= end <= last:
            return block[start - first : end - first]
        if not 0 <= start <= end <= self.length:
            raise _outside(self, start, end)
        if end - start > BLOCK:
            return self._blocks.fetch(self.name, start, end)
        pieces = []
        for first in range(start - start % BLOCK, end, BLOCK):
            block = self._blocks.block(self.name, first)
            self._blocks.at_hand = (self, first, first + len(block), block)
            pieces.append(block[max(0, start - first) : end - first])
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class InMemoryContig:
    """A contig given as text.

    Parameters
    ----------
    name
        Name of the contig.
    sequence
        Its bases, 5' to 3' of the forward strand; folded to upper case.

    Examples
    --------
    >>> InMemoryContig("toy", "acgtn").bases(1, 5)
    'CGTN'
    """

    name: str
    sequence: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "sequence", self.sequence.upper())

    @property
    def length(self) -> int:
        """Number of bases."""
        return len(self.sequence)

    def bases(self, start: int, end: int) -> str:
        """Bases from `start` to before `end`, 0-based, in upper case.

        Raises
        ------
        InputError
            Unless 0 <= start <= end <= length.
        """
        if not 0 <= start <= end <= len(self.sequence):
            raise _outside(self, start, end)
        return self.sequence[start:end]


@dataclass(frozen=True, slots=True)
class ReverseComplementContig:
    """A contig read from its other strand: base 0 is the complement of the last one.

    Parameters
    ----------
    contig
        The contig as the forward strand has it.

    Examples
    --------
    >>> ReverseComplementContig(InMemoryContig("toy", "AACG")).bases(0, 3)
    'CGT'
    """

    contig: ContigSequence

    @property
    def name(self) -> str:
        """Name of the contig."""
        return self.contig.name

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.contig.length

    def bases(self, start: int, end: int) -> str:
        """Bases from `start` to before `end`, 0-based on the other strand, in upper case.

        Raises
        ------
        InputError
            Unless 0 <= start <= end <= length.
        """
        length = self.contig.length
        if not 0 <= start <= end <= length:
            raise _outside(self, start, end)
        return reverse_complement(self.contig.bases(length - end, length - start))


class Reference:
    r"""A genome in a FASTA file, plain or bgzipped, opened for random access.

    Missing, stale and damaged indexes are built
    (:func:`~enhancer_variants.genome.fasta_index.indexed_fasta`). A reference may be pickled (it
    is opened again by its path), inherited by a forked process and shared by threads.

    Parameters
    ----------
    source
        Path, or an open pysam.FastaFile or pyfaidx.Fasta, which is opened again by its name.

    Raises
    ------
    FastaError
        If the file cannot be read as FASTA.
    InputError
        If `source` is none of the above.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">chr1\nACGT\n>chr2\nACG\n")
    ...     with Reference(fasta) as reference:
    ...         print(reference.name, dict(reference.lengths), reference.find("2"))
    toy.fa {'chr1': 4, 'chr2': 3} Contig('chr2', 3)
    """

    def __init__(self, source: ReferenceSource) -> None:
        self._path = _path_of(source)
        self._stamp = stamp_of(self._path)  # sooner than it is read
        self._blocks = FastaBlocks(indexed_fasta(self._path))
        self._contigs = {name: Contig(self, self._blocks, name) for name in self._blocks.lengths}
        self._synonyms: dict[str, list[Contig]] = {}
        for name, contig in self._contigs.items():
            self._synonyms.setdefault(canonical_contig(name), []).append(contig)
        self._found: dict[tuple[str, int | None], Contig | None] = {}

    @classmethod
    def of(cls, source: ReferenceSource | Reference) -> Reference:
        """Open a reference, or give it as it is where it is open already."""
        return source if isinstance(source, Reference) else cls(source)

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference, (self._path,)

    def __repr__(self) -> str:
        return f"Reference({str(self._path)!r})"

    def close(self) -> None:
        """Close the file; bases can no longer be read."""
        self._blocks.close()

    @property
    def path(self) -> Path:
        """Absolute path of the FASTA."""
        return self._path

    @property
    def files(self) -> tuple[Path, ...]:
        """The FASTA and where its indexes lie."""
        return (self._path, *(self._path.with_name(self._path.name + x) for x in (".fai", ".gzi")))

    @property
    def name(self) -> str:
        """Base name of the FASTA."""
        return self._path.name

    @property
    def lengths(self) -> Mapping[str, int]:
        """Bases of each contig by its name in the FASTA, in file order."""
        return MappingProxyType(self._blocks.lengths)

    @cached_property
    def assembly(self) -> str | None:
        """Most likely human build, judged by contig lengths, or None."""
        return likely_assembly(self._blocks.lengths)

    def sha256(self) -> str:
        """SHA-256 of the file's bytes as they are on disk, in hexadecimal; read only once."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        with self._path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def require_unchanged(self) -> None:
        """Refuse what was read if the file is not the one any more that was opened.

        Raises
        ------
        FastaError
            If the file was written to or replaced. One that is gone was still read well.
        """
        if stamp_of(self._path) not in (self._stamp, None):
            raise FastaError(
                f"{self._path}: was changed while it was read; expected the reference as it was "
                "opened: put it back, or begin anew with this one"
            )

    def find(self, name: str, declared_length: int | None = None) -> Contig | None:
        """Find a contig by its own name or a synonym.

        ``chr1``, ``1`` and ``NC_000001.10`` are synonyms, with one exception: there are two human
        mitochondrial sequences, so for ``chrM``, ``MT``, ``M`` and their accessions the lengths
        have to agree as well.

        Parameters
        ----------
        name
            A contig's name as the variants give it.
        declared_length
            Its number of bases where the variants' header says it. Only the mitochondrion is
            held against it: a synonym has to have this length, or the one its accession implies;
            the FASTA's own name has to have it only if it is given.

        Returns
        -------
        Contig or None
            None if no contig, or several under other names than this one, could be meant.
        """
        try:
            return self._found[name, declared_length]
        except KeyError:
            contig = self._look_up(name, declared_length)
        if len(self._found) >= _NAMES_KEPT:
            self._found.clear()
        self._found[name, declared_length] = contig
        return contig

    def synonyms(self, name: str) -> tuple[Contig, ...]:
        """List the contigs of the FASTA that share a name's key, whatever their lengths.

        Parameters
        ----------
        name
            A contig's name as the variants give it.
        """
        return tuple(self._synonyms.get(canonical_contig(name), ()))

    def _look_up(self, name: str, declared_length: int | None) -> Contig | None:
        own = self._contigs.get(name)
        candidates = self.synonyms(name)
        if canonical_contig(name) == MITOCHONDRION:
            if own is not None and declared_length in (None, own.length):
                return own
            length = accession_length(name) if declared_length is None else declared_length
            candidates = tuple(contig for contig in candidates if contig.length == length)
        elif own is not None:
            return own
        return candidates[0] if len(candidates) == 1 else None


def _path_of(source: ReferenceSource) -> Path:
    name = getattr(source, "filename", source)
    if not isinstance(name, (str, bytes, os.PathLike)):
        raise InputError(
            f"a reference of type {type(source).__name__} cannot be opened; expected a path, "
            "a pysam.FastaFile or a pyfaidx.Fasta that was opened by name"
        )
    return Path(os.path.abspath(os.fsdecode(name)))  # noqa: PTH100 - unlike resolve, keeps links


def _outside(contig: ContigSequence, start: int, end: int) -> InputError:
    return InputError(
        f"no bases {start} to {end} (0-based, end not included) on contig {contig.name}, which "
        f"has {contig.length}"
    )
