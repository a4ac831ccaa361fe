"""Which bases of a genome a model is pre-trained on, and which are kept back to judge it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, canonical_contig
from enhancer_variants.io.regions import read_bed
from enhancer_variants.training.negatives import require_some_on_reference
from enhancer_variants.training.random_places import GenomeBases
from enhancer_variants.training.splits import HELD_OUT_CONTIGS

__all__ = ["Borders", "GenomePart", "KnownBases", "held_out_borders", "read_known_bases"]

_BLOCK: Final = 10_000
"""Bases of a block that is kept back as a whole, where the genome has blocks enough."""

_BLOCKS_KEPT_BACK: Final = 8
"""So many of them at least, by blocks that are shorter, but no shorter than a window."""

_BASES_AT_ONCE: Final = 1 << 24

Borders: TypeAlias = npt.NDArray[np.int64]
"""Shape (stretches, 2): start and end of each, 0-based half-open, sorted, without overlaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenomePart:
    """Which part of the FASTA files counts.

    Attributes
    ----------
    contigs
        Names, under any synonym; None for all of them.
    excluded_contigs
        Names to leave out.
    regions
        BED files, 0-based half-open, of which the bases have to lie in one; none for all bases.
    excluded
        BED files of whose intervals no base is read.

    Examples
    --------
    >>> part = GenomePart(excluded_contigs=("chr21",))
    >>> part.has_contig("chr1"), part.has_contig("21")
    (True, False)
    """

    contigs: tuple[str, ...] | None = None
    excluded_contigs: tuple[str, ...] = HELD_OUT_CONTIGS
    regions: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def has_contig(self, name: str) -> bool:
        """Whether a contig counts, by its name or a synonym."""
        key = canonical_contig(name)
        wanted = None if self.contigs is None else {canonical_contig(c) for c in self.contigs}
        return (wanted is None or key in wanted) and key not in {
            canonical_contig(c) for c in self.excluded_contigs
        }


@dataclass(frozen=True, slots=True, eq=False)
class KnownBases:
    """Bases A, C, G and T in memory, one byte each, with the borders that windows must not cross.

    Attributes
    ----------
    bases
        Shape (bases,), uint8: upper-case ASCII of all stretches, one behind the other.
    borders
        Shape (stretches, 2), into `bases`.
    """

    bases: npt.NDArray[np.uint8]
    borders: Borders


def read_known_bases(
    references: Sequence[Reference], part: GenomePart, shortest: int
) -> KnownBases:
    r"""Read every stretch without N of the part that counts, contig by contig.

    Parameters
    ----------
    references
        Genomes, read in this order.
    part
        What of them counts.
    shortest
        Bases of the shortest stretch that is of use.

    Returns
    -------
    KnownBases
        In the order of the files.

    Raises
    ------
    InputError
        If a contig or the contigs of a BED file are in none of the files, or nothing is left.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">chr1\nACGTNNNNacgtaN\n>chr21\nACGTACGT\n")
    ...     with Reference(fasta) as genome:
    ...         known = read_known_bases([genome], GenomePart(), shortest=5)
    >>> known.bases.tobytes(), known.borders.tolist()
    (b'ACGTA', [[0, 5]])
    """
    _require_contigs(references, part)
    regions = _intervals(part.regions, references)
    excluded = _intervals(part.excluded, references)
    found: list[tuple[GenomeBases, str, Borders]] = []
    with contextlib.ExitStack() as stack:
        for reference in references:
            genome = stack.enter_context(GenomeBases(reference))
            for name in filter(part.has_contig, reference.lengths):
                stretches = genome.known_stretches(name)
                own = _on_contig(reference, name)
                if regions is not None:
                    stretches = _common(stretches, _merged(filter(own, regions)))
                if excluded is not None:
                    stretches = _common(stretches, _outside(_merged(filter(own, excluded))))
                lengths = stretches[:, 1] - stretches[:, 0]
                found.append((genome, name, stretches[lengths >= shortest]))
        return _read(found, references, shortest)


def held_out_borders(
    borders: Borders, share: float, longest: int, generator: np.random.Generator
) -> tuple[Borders, Borders]:
    """Keep a share of the bases back, in whole blocks, so that no window reaches over.

    Parameters
    ----------
    borders
        All stretches.
    share
        Share of the bases, above 0 and below 1.
    longest
        Bases of the longest window: blocks are no shorter, unless their stretch is.
    generator
        Source of chance.

    Returns
    -------
    kept, held_out : ndarray
        Borders of both; blocks of 10,000 bases, fewer where that would leave too few of them.

    Raises
    ------
    InputError
        If there is a single block, so that nothing would be left for one of them.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> kept, held_out = held_out_borders(np.array([[0, 1000], [1000, 1200]]), 0.2, 100, chance)
    >>> int((held_out[:, 1] - held_out[:, 0]).sum())
    300
    """
    total = int((borders[:, 1] - borders[:, 0]).sum())
    block = max(longest, min(_BLOCK, int(total * share) // _BLOCKS_KEPT_BACK))
    blocks = np.concatenate([_blocks(start, end, block) for start, end in borders.tolist()])
    if len(blocks) < 2:
        raise InputError(
            f"{total} bases, which is one block; expected more, or dev_share 0: nothing would be "
            "left to train on"
        )
    order = generator.permutation(len(blocks))
    reached = np.cumsum((blocks[:, 1] - blocks[:, 0])[order])
    count = min(int(np.searchsorted(reached, share * total)) + 1, len(blocks) - 1)
    is_held_out = np.zeros(len(blocks), dtype=bool)
    is_held_out[order[:count]] = True
    return _joined(blocks[~is_held_out], borders), _joined(blocks[is_held_out], borders)


def _require_contigs(references: Sequence[Reference], part: GenomePart) -> None:
    """Make sure that contigs are there that someone named: a misspelt one would be trained on."""
    present = {canonical_contig(name) for each in references for name in each.lengths}
    named = [*(part.contigs or ())]
    if part.excluded_contigs != HELD_OUT_CONTIGS:
        named += part.excluded_contigs
    if absent := [name for name in named if canonical_contig(name) not in present]:
        known = [name for reference in references for name in reference.lengths]
        raise InputError(
            f"no FASTA has a contig {', '.join(absent)}; expected some of {', '.join(known[:30])}"
        )


def _intervals(
    paths: Collection[str | os.PathLike[str]], references: Sequence[Reference]
) -> list[Interval] | None:
    """Intervals of BED files, each of which has some on one of the references; None for no file."""
    intervals: list[Interval] = []
    for path in paths:
        read = read_bed(path)
        if not any(reference.find(each.contig) for each in read for reference in references):
            require_some_on_reference(read, references[0], os.fspath(path))
        intervals += read
    return intervals if paths else None


def _on_contig(reference: Reference, name: str) -> Callable[[Interval], bool]:
    """Whether an interval lies on a contig of a reference, whatever it calls it."""

    def lies_on_it(interval: Interval) -> bool:
        contig = reference.find(interval.contig)
        return contig is not None and contig.name == name

    return lies_on_it


def _merged(intervals: Iterable[Interval]) -> Borders:
    """Borders of what intervals cover together."""
    merged: list[list[int]] = []
    for start, end in sorted((interval.start, interval.end) for interval in intervals):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        elif start < end:
            merged.append([start, end])
    return np.array(merged, np.int64).reshape(-1, 2)


def _outside(borders: Borders) -> Borders:
    """Borders of what lies between stretches, before the first and behind the last."""
    ends = np.iinfo(np.int64)
    return np.concatenate([[ends.min], borders.ravel(), [ends.max]]).reshape(-1, 2)


def _common(first: Borders, second: Borders) -> Borders:
    """Borders of what two sets of stretches share."""
    # Stretch j of the second reaches into stretch i of the first for each i in a range.
    begin = np.searchsorted(first[:, 1], second[:, 0], side="right")
    end = np.searchsorted(first[:, 0], second[:, 1], side="left")
    counts = np.maximum(end - begin, 0)
    which_second = np.repeat(np.arange(len(second)), counts)
    which_first = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - begin, counts)
    starts = np.maximum(first[which_first, 0], second[which_second, 0])
    ends = np.minimum(first[which_first, 1], second[which_second, 1])
    return np.stack([starts, ends], axis=1)


def _read(
    found: Sequence[tuple[GenomeBases, str, Borders]],
    references: Sequence[Reference],
    shortest: int,
) -> KnownBases:
    total = sum(int((borders[:, 1] - borders[:, 0]).sum()) for _, _, borders in found)
    if not total:
        names = ", ".join(reference.name for reference in references)
        raise InputError(
            f"{names}: no stretch of {shortest} known bases is left by the contigs and regions "
            "that were asked for; expected some: are all of them excluded?"
        )
    bases = np.empty(total, np.uint8)
    borders = np.empty((sum(len(stretches) for _, _, stretches in found), 2), np.int64)
    at = number = 0
    for genome, name, stretches in found:
        for start, end in stretches.tolist():
            borders[number] = at, at + end - start
            number += 1
            for first in range(start, end, _BASES_AT_ONCE):
                text = genome.read(name, first, min(first + _BASES_AT_ONCE, end)).upper()
                bases[at : at + len(text)] = np.frombuffer(text.encode("ascii"), np.uint8)
                at += len(text)
    return KnownBases(bases, borders)


def _blocks(start: int, end: int, length: int) -> Borders:
    """Cut a stretch into equal blocks of about a length, never below it unless the stretch is."""
    count = max(1, (end - start) // length)
    cuts = np.linspace(start, end, count + 1).round().astype(np.int64)
    return np.stack([cuts[:-1], cuts[1:]], axis=1)


def _joined(blocks: Borders, borders: Borders) -> Borders:
    """Join blocks that touch within one stretch."""
    touching = (blocks[1:, 0] == blocks[:-1, 1]) & ~np.isin(blocks[1:, 0], borders[:, 0])
    where = np.flatnonzero(touching)
    starts, ends = np.delete(blocks[:, 0], where + 1), np.delete(blocks[:, 1], where)
    return np.stack([starts, ends], axis=1)
