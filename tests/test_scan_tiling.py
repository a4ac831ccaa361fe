"""Tiles of contigs and regions, and shards of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.scan.shards import tile_shards
from enhancer_variants.scan.tiling import TileRange, Tiling, ranges_to_scan

MakeReference = Callable[..., Reference]

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 60), st.integers(1, 300))


def _nearest(tiling: Tiling, length: int, base: int) -> int:
    """Tile of a base by looking at every tile: the last of those whose centre is nearest."""
    starts = tiling.starts(length, np.arange(tiling.count(length)))
    distances = np.abs(starts + tiling.window // 2 - base)
    return int(np.flatnonzero(distances == distances.min())[-1])


@given(SIZES)
@settings(max_examples=50)
def test_every_base_is_in_a_tile_and_belongs_to_the_nearest_one(
    sizes: tuple[int, int, int],
) -> None:
    window, step, length = sizes
    tiling = Tiling(window, step)
    numbers = np.arange(tiling.count(length))
    if length < window:
        assert not len(numbers)
        return
    starts = tiling.starts(length, numbers)
    assert starts[0] == 0
    assert starts[-1] == length - window
    assert (starts[:-1] % step == 0).all()
    assert (np.diff(starts) > 0).all()
    assert np.array_equal(tiling.numbers(starts), numbers)
    begin, end = tiling.own_bases(length, numbers)
    for base in range(length):
        tile = _nearest(tiling, length, base)
        assert tiling.tile_of(length, base) == tile
        owners = np.flatnonzero((begin <= base) & (base < end)).tolist()
        inside = starts[tile] <= base < starts[tile] + window
        assert owners == ([tile] if inside else [])
    if step <= window:
        assert (end - begin).sum() == length


def test_a_step_or_window_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="expected 1 or more"):
        Tiling(200, 0)


def test_the_whole_genome_comes_in_the_order_of_names_as_bytes(
    make_reference: MakeReference,
) -> None:
    reference = make_reference(chr2="A" * 30, chr10="C" * 25, tiny="ACGT", chr1="G" * 20)
    ranges, short, unknown = ranges_to_scan(reference, Tiling(20, 5), None)
    assert ranges == [TileRange("chr1", 0, 1), TileRange("chr10", 0, 2), TileRange("chr2", 0, 3)]
    assert short == ["tiny"]
    assert unknown == []


def test_overlapping_unsorted_and_renamed_regions_give_each_tile_once(
    make_reference: MakeReference,
) -> None:
    reference = make_reference(chr1="A" * 200, chr2="C" * 100)
    regions = [
        Interval("2", 40, 60),
        Interval("1", 120, 150),
        Interval("chr1", 50, 130),
        Interval("NC_000001.11", 0, 3),
        Interval("chr1", 190, 10_000),
        Interval("chr1", 200, 300),
        Interval("chr9", 0, 10),
    ]
    ranges, short, unknown = ranges_to_scan(reference, Tiling(20, 10), regions)
    # Tile n has its centre at 10 n + 10; bases 50 to 149 are nearest to those of tiles 4 to 14.
    assert ranges == [
        TileRange("chr1", 0, 1),
        TileRange("chr1", 4, 15),
        TileRange("chr1", 18, 19),
        TileRange("chr2", 3, 6),
    ]
    assert short == []
    assert unknown == ["chr1:201-300", "chr9:1-10"]


@given(st.lists(st.tuples(st.integers(0, 290), st.integers(1, 60)), max_size=6), SIZES)
@settings(max_examples=40)
def test_a_region_has_the_tiles_of_its_bases(
    spans: list[tuple[int, int]], sizes: tuple[int, int, int]
) -> None:
    window, step, length = sizes
    tiling = Tiling(window, step)

    class _Genome:
        lengths = {"c": length}  # noqa: RUF012 - a stand-in for a reference

        def find(self, name: str) -> object:
            return type("Contig", (), {"name": name, "length": length})()

    regions = [Interval("c", start, start + size) for start, size in spans]
    ranges, _, _ = ranges_to_scan(_Genome(), tiling, regions)  # type: ignore[arg-type]
    found = [number for tiles in ranges for number in range(tiles.first, tiles.stop)]
    expected = {
        _nearest(tiling, length, base)
        for region in regions
        for base in range(region.start, min(region.end, length))
        if length >= window
    }
    assert found == sorted(expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 20)), max_size=5), st.integers(1, 12))
@settings(max_examples=40)
def test_shards_hold_every_tile_once_in_order(spans: list[tuple[int, int]], size: int) -> None:
    ranges = [TileRange(f"c{n}", first, first + len_) for n, (first, len_) in enumerate(spans)]
    shards = list(tile_shards(ranges, 8, size))
    tiles = [
        (part.contig, number)
        for shard in shards
        for part in shard.content.tiles
        for number in range(part.first, part.stop)
    ]
    assert tiles == [(r.contig, n) for r in ranges for n in range(r.first, r.stop)]
    assert [shard.number for shard in shards] == list(range(len(shards)))
    assert all(shard.size == size for shard in shards[:-1])
    assert sum(shard.size for shard in shards) == len(tiles)
    assert not shards or shards[-1].fraction_read == 1.0


def test_a_shard_of_no_windows_is_refused() -> None:
    with pytest.raises(InputError, match="expected 1 or more"):
        list(tile_shards([], size=0))
