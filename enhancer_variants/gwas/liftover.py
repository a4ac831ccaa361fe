"""Positions of one genome build in another, by a chain file.

Kent WJ, Baertsch R, Hinrichs A, Miller W, Haussler D (2003). Evolution's cauldron. PNAS
100:11484-11489; the format: https://genome.ucsc.edu/goldenPath/help/chain.html.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from enhancer_variants.errors import InputError
from enhancer_variants.genome import MITOCHONDRION, accession_length, canonical_contig
from enhancer_variants.io.compression import InputStream

__all__ = ["Lifted", "Liftover"]

_HEADER_FIELDS: Final = 12
"""``chain`` and eleven values; the identifier that may follow is not needed."""

_EXPECTED: Final = (
    "expected a UCSC chain file (hg19ToHg38.over.chain.gz); if it is one, it is truncated or "
    "damaged: download it again"
)


@dataclass(frozen=True, slots=True, order=True)
class Lifted:
    """One base in the other build.

    Attributes
    ----------
    contig
        As the chain file names it.
    position
        1-based.
    strand
        ``-`` where the builds have this stretch the other way round: bases of the one are the
        complement of the other's.
    """

    contig: str
    position: int
    strand: Literal["+", "-"]

    def __str__(self) -> str:
        return f"{self.contig}:{self.position} ({self.strand})"


@dataclass(frozen=True, slots=True)
class _Chain:
    """Header of a chain: stretches of two contigs that correspond. 0-based, half-open."""

    old_contig: str
    old_length: int
    old_start: int
    old_end: int
    new_contig: str
    new_length: int
    new_strand: Literal["+", "-"]
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Aligned stretches of one contig of the old build, sorted by where they begin.

    Base b of the old contig, starts <= b < ends, is base b + shifts of the new one on the strand
    where that runs the same way; `furthest_ends` is the largest of a block's end and those before.
    """

    length: int
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    furthest_ends: NDArray[np.int64]
    shifts: NDArray[np.int64]
    chains: NDArray[np.int64]


class Liftover:
    r"""A chain file, ready to be asked; :meth:`read` makes it.

    Attributes
    ----------
    name : str
        Base name of the file, for messages and provenance.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.chain")
    ...     _ = path.write_text("chain 9 chr1 100 + 10 30 chr1 90 - 0 18 1\n8 4 2\n8\n")
    ...     liftover = Liftover.read(path)
    >>> print(liftover.lift("1", 11))
    chr1:90 (-)
    >>> liftover.lift("chr1", 20) is None
    True
    """

    __slots__ = ("_blocks", "_chains", "_names", "name")

    def __init__(
        self, name: str, chains: tuple[_Chain, ...], blocks: Mapping[str, _Blocks]
    ) -> None:
        self.name = name
        self._chains = chains
        self._blocks = blocks
        self._names: dict[str, list[str]] = {}
        for contig in blocks:
            self._names.setdefault(canonical_contig(contig), []).append(contig)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Liftover:
        """Read a UCSC chain file, plain or gzipped.

        Parameters
        ----------
        path
            The file, from the build of the list to that of the reference.

        Raises
        ------
        InputError
            If it cannot be read, or is no complete chain file; with the line.
        """
        with InputStream(path) as stream:
            chains, pieces = _parse(stream, stream.name)
        if not chains:
            raise InputError(f"{stream.name}: there is no chain in it; {_EXPECTED}")
        return cls(stream.name, tuple(chains), _sorted_blocks(chains, np.array(pieces, np.int64)))

    def lift(self, contig: str, position: int) -> Lifted | None:
        """Give the one place of a base in the other build.

        Parameters
        ----------
        contig
            By any of its names (``chr1``, ``1``, ``NC_000001.10``). A mitochondrion needs the
            file's own name, or an accession of the same length: hg19's ``chrM`` is another
            sequence than GRCh37's ``MT``.
        position
            1-based.

        Returns
        -------
        Lifted or None
            None if the base has no place there, or several (:meth:`places`).
        """
        places = self.places(contig, position)
        return places[0] if len(places) == 1 else None

    def places(self, contig: str, position: int) -> tuple[Lifted, ...]:
        """List every place of a base in the other build, sorted; empty if it has none.

        Parameters
        ----------
        contig, position
            As for :meth:`lift`.
        """
        blocks = self._of_contig(contig)
        if blocks is None:
            return ()
        base = position - 1
        found = set()
        last = int(np.searchsorted(blocks.starts, base, side="right")) - 1
        while last >= 0 and blocks.furthest_ends[last] > base:
            if blocks.ends[last] > base:
                chain = self._chains[blocks.chains[last]]
                found.add(_in_new_build(chain, base + int(blocks.shifts[last])))
            last -= 1
        return tuple(sorted(found))

    def why_none(self, contig: str, position: int) -> str:
        """Say in a short sentence why :meth:`lift` gives None.

        Parameters
        ----------
        contig, position
            As for :meth:`lift`.
        """
        blocks = self._of_contig(contig)
        asked = f"{contig}:{position}"
        if blocks is None:
            return f"{self.name} has no contig {contig}"
        if not 1 <= position <= blocks.length:
            return f"{asked} is not on {contig}, which {self.name} has with {blocks.length} bases"
        places = self.places(contig, position)
        if places:
            return f"{self.name} leads from {asked} to " + ", ".join(map(str, places))
        return f"{self.name} has no counterpart of {asked}"

    def _of_contig(self, contig: str) -> _Blocks | None:
        own = self._blocks.get(contig)
        if own is not None:
            return own
        key = canonical_contig(contig)
        names = self._names.get(key, [])
        if key == MITOCHONDRION:
            length = accession_length(contig)
            names = [name for name in names if self._blocks[name].length == length]
        return self._blocks[names[0]] if len(names) == 1 else None


def _in_new_build(chain: _Chain, base: int) -> Lifted:
    """Give the place of 0-based `base`, counted along the chain's strand."""
    if chain.new_strand == "-":
        base = chain.new_length - 1 - base
    return Lifted(chain.new_contig, base + 1, chain.new_strand)


def _parse(
    lines: Iterable[bytes], name: str
) -> tuple[list[_Chain], list[tuple[int, int, int, int]]]:
    """Give the chains, and the blocks as (number of the chain, start, end, shift)."""
    chains: list[_Chain] = []
    blocks: list[tuple[int, int, int, int]] = []
    numbered = _fields(lines)
    for number, fields in numbered:
        try:
            chain = _chain(fields)
            blocks.extend((len(chains), *block) for block in _aligned(chain, numbered))
        except ValueError as error:
            raise InputError(
                f"{name}: the chain that begins in line {number} cannot be read ({error}); "
                f"{_EXPECTED}"
            ) from error
        chains.append(chain)
    return chains, blocks


def _fields(lines: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        fields = line.decode("latin-1").split()
        if fields and not fields[0].startswith("#"):
            yield number, fields


def _chain(fields: list[str]) -> _Chain:
    if fields[0] != "chain" or len(fields) < _HEADER_FIELDS:
        raise ValueError(f"found {' '.join(fields)[:40]!r} where the word chain and 11 values are")
    if fields[4] != "+" or fields[9] not in "+-":
        raise ValueError(f"found strands {fields[4]} and {fields[9]}; the first has to be +")
    return _Chain(
        fields[2],
        int(fields[3]),
        int(fields[5]),
        int(fields[6]),
        fields[7],
        int(fields[8]),
        "-" if fields[9] == "-" else "+",
        int(fields[10]),
        int(fields[11]),
    )


def _aligned(
    chain: _Chain, numbered: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, int, int]]:
    """Read a chain's blocks: start and end in the old build, and shift to the new one."""
    old, new = chain.old_start, chain.new_start
    for _, fields in numbered:
        size, *gaps = map(int, fields)
        yield old, old + size, new - old
        old, new = old + size, new + size
        if not gaps:
            break
        old_gap, new_gap = gaps
        old, new = old + old_gap, new + new_gap
    if (old, new) != (chain.old_end, chain.new_end):
        raise ValueError(
            f"its blocks end at {old} and {new}, its header says {chain.old_end} and "
            f"{chain.new_end}"
        )


def _sorted_blocks(chains: list[_Chain], pieces: NDArray[np.int64]) -> dict[str, _Blocks]:
    contigs = {chain.old_contig: chain.old_length for chain in chains}
    number = {contig: k for k, contig in enumerate(contigs)}
    contig_of_chain = np.array([number[chain.old_contig] for chain in chains])
    order = np.lexsort((pieces[:, 2], pieces[:, 1], contig_of_chain[pieces[:, 0]]))
    pieces = pieces[order]
    limits = np.searchsorted(contig_of_chain[pieces[:, 0]], np.arange(len(contigs) + 1))
    blocks = {}
    for k, (contig, length) in enumerate(contigs.items()):
        chain, start, end, shift = pieces[limits[k] : limits[k + 1]].T
        furthest = np.maximum.accumulate(end)
        blocks[contig] = _Blocks(length, start, end, furthest, shift, chain)
    return blocks
