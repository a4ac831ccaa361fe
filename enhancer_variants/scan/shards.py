"""A scan cut into shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enhancer_variants.errors import InputError
from enhancer_variants.runs import Shard
from enhancer_variants.runs.shrinking import BatchSize
from enhancer_variants.scan.tiling import TileRange

__all__ = ["WINDOWS_PER_SHARD", "ScanShard", "tile_shards"]

WINDOWS_PER_SHARD = 65_536
"""Windows of a shard: minutes of work for a small network on a CPU, seconds on a GPU."""


@dataclass(frozen=True, slots=True)
class ScanShard:
    """Content of a shard of a scan.

    Attributes
    ----------
    tiles
        What is to be read.
    batch_size
        Windows in one pass through the network.

    Examples
    --------
    >>> ScanShard((TileRange("chr1", 0, 2),), "auto").batch_size
    'auto'
    """

    tiles: tuple[TileRange, ...]
    batch_size: BatchSize


def tile_shards(
    ranges: Sequence[TileRange], batch_size: BatchSize = "auto", size: int = WINDOWS_PER_SHARD
) -> Iterator[Shard]:
    """Cut tiles into shards of `size` windows, the last one smaller.

    The content of a shard is a :class:`ScanShard`.

    Parameters
    ----------
    ranges
        As :func:`~enhancer_variants.scan.tiling.ranges_to_scan` gives them.
    batch_size
        Windows in one pass through the network.
    size
        Windows of a shard, 1 or more.

    Raises
    ------
    InputError
        If `size` is below 1.

    Examples
    --------
    >>> shards = tile_shards([TileRange("a", 0, 3), TileRange("b", 0, 2)], size=4)
    >>> [[(r.contig, r.first, r.stop) for r in shard.content.tiles] for shard in shards]
    [[('a', 0, 3), ('b', 0, 1)], [('b', 1, 2)]]
    """
    if size < 1:
        raise InputError(f"{size} windows in a shard; expected 1 or more")
    total = sum(map(len, ranges))
    number = done = held = 0
    tiles: list[TileRange] = []
    for whole in ranges:
        first = whole.first
        while first < whole.stop:
            tiles.append(TileRange(whole.contig, first, min(whole.stop, first + size - held)))
            held += len(tiles[-1])
            first = tiles[-1].stop
            if held == size:
                done += size
                yield Shard(number, ScanShard(tuple(tiles), batch_size), size, done / total)
                number, held, tiles = number + 1, 0, []
    if tiles:
        yield Shard(number, ScanShard(tuple(tiles), batch_size), held, 1.0)
