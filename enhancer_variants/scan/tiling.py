"""Which windows a scan reads: tiles of a contig, all of them or those of some regions.

Tile n of a contig of length L begins at base ``n * step``; one more ends at base L where the last
of these does not, so that no base is left out. Every base belongs to the tile whose centre
(``start + W // 2``) is nearest to it, of two that are equally near to the later one: that is the
tile whose probability a track shows at the base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference

__all__ = ["TileRange", "Tiling", "ranges_to_scan"]

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TileRange:
    """Neighbouring tiles of one contig.

    Attributes
    ----------
    contig
        Name in the FASTA.
    first, stop
        Number of the first tile, and of the one after the last; 0-based.
    """

    contig: str
    first: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.first


@dataclass(frozen=True, slots=True)
class Tiling:
    """How contigs are cut into windows.

    Attributes
    ----------
    window
        Bases of a window, W.
    step
        Bases from the start of one to that of the next, 1 or more.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> tiling = Tiling(window=200, step=50)
    >>> tiling.count(330), tiling.starts(330, np.arange(4)).tolist()
    (4, [0, 50, 100, 130])
    """

    window: int
    step: int

    def __post_init__(self) -> None:
        if self.window < 1 or self.step < 1:
            raise InputError(
                f"windows of {self.window} bases every {self.step}; expected 1 or more of each"
            )

    def count(self, length: int) -> int:
        """Give the number of tiles of a contig of `length` bases: none if it is below W.

        >>> Tiling(200, 50).count(199), Tiling(200, 50).count(200), Tiling(200, 50).count(201)
        (0, 1, 2)
        """
        return 0 if length < self.window else -(-(length - self.window) // self.step) + 1

    def starts(self, length: int, numbers: Positions) -> Positions:
        """First base, 0-based, of each of these tiles.

        Parameters
        ----------
        length
            Bases of the contig.
        numbers
            Shape (n,), 0 to ``count(length) - 1``.
        """
        return np.minimum(numbers * self.step, length - self.window)

    def numbers(self, starts: Positions) -> Positions:
        """Give the number of the tile that begins at each of these bases.

        >>> Tiling(200, 50).numbers(np.array([0, 100, 130])).tolist()
        [0, 2, 3]
        """
        return -(-starts // self.step)

    def own_bases(self, length: int, numbers: Positions) -> tuple[Positions, Positions]:
        """Give the bases that are nearest to the centre of each tile and inside of it.

        Parameters
        ----------
        length, numbers
            As for :meth:`starts`.

        Returns
        -------
        starts, ends : numpy.ndarray
            Shape (n,), 0-based, half-open. Where the step is at most W, those of all tiles
            together are the whole contig, each base once.

        Examples
        --------
        >>> starts, ends = Tiling(200, 50).own_bases(330, np.arange(4))
        >>> list(zip(starts.tolist(), ends.tolist()))
        [(0, 125), (125, 175), (175, 215), (215, 330)]
        """
        here = self.starts(length, numbers)
        begin, end = self._border(length, numbers), self._border(length, numbers + 1)
        return np.maximum(begin, here), np.minimum(end, here + self.window)

    def _border(self, length: int, numbers: Positions) -> Positions:
        """First base that is nearer to each tile's centre than to that of the tile before."""
        behind = self.starts(length, np.maximum(numbers - 1, 0))
        middle = (behind + self.starts(length, numbers) + 1) // 2 + self.window // 2
        last = self.count(length)
        return np.where(numbers <= 0, 0, np.where(numbers >= last, length, middle))

    def tile_of(self, length: int, base: int) -> int:
        """Give the number of the tile that a base belongs to; the contig has one or more.

        Parameters
        ----------
        length
            Bases of the contig.
        base
            0-based.

        Examples
        --------
        >>> [Tiling(200, 50).tile_of(330, base) for base in (0, 124, 125, 214, 215, 329)]
        [0, 0, 1, 2, 3, 3]
        """
        guess = (2 * (base - self.window // 2) + self.step) // (2 * self.step)
        last = self.count(length) - 1
        guess = min(max(guess, 0), last)
        if guess < last - 1:
            return guess
        return last if base >= int(self._border(length, np.array(last))) else max(last - 1, 0)


def ranges_to_scan(
    reference: Reference, tiling: Tiling, regions: Iterable[Interval] | None
) -> tuple[list[TileRange], list[str], list[str]]:
    """Give the tiles of a whole genome or of regions, each once.

    Contigs are in the order of their names as bytes, which is what genome browsers and bigWig
    files ask for; a region has the tiles that its bases belong to, so that what is scanned of it
    is what a scan of the whole contig has there.

    Parameters
    ----------
    reference
        The genome.
    tiling
        Window and step.
    regions
        In any order, overlapping or not, by any name of their contigs; None for everything.

    Returns
    -------
    ranges : list of TileRange
        Sorted; no tile is in two of them.
    short_contigs : list of str
        Contigs asked for that are shorter than a window.
    unknown : list of str
        Regions that lie on no contig of the reference, as text.
    """
    if regions is None:
        regions = [Interval(name, 0, size) for name, size in reference.lengths.items() if size]
    wanted: dict[str, list[Interval]] = {}
    unknown = []
    for region in regions:
        contig = reference.find(region.contig)
        if contig is None or region.start >= contig.length:
            unknown.append(str(region))
        else:
            wanted.setdefault(contig.name, []).append(region)
    ranges, short = list[TileRange](), list[str]()
    for name in sorted(wanted, key=str.encode):
        length = reference.lengths[name]
        if tiling.count(length):
            ranges += _ranges_of_contig(name, length, tiling, wanted[name])
        else:
            short.append(name)
    return ranges, short, unknown


def _ranges_of_contig(
    name: str, length: int, tiling: Tiling, regions: Sequence[Interval]
) -> list[TileRange]:
    ranges: list[TileRange] = []
    for region in sorted(regions, key=lambda region: (region.start, region.end)):
        first = tiling.tile_of(length, region.start)
        stop = tiling.tile_of(length, min(region.end, length) - 1) + 1
        if ranges and first <= ranges[-1].stop:
            before = ranges.pop()
            first, stop = before.first, max(stop, before.stop)
        ranges.append(TileRange(name, first, stop))
    return ranges
