"""Regions to restrict a run to: text as bcftools takes it, or a BED file."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import Interval
from enhancer_variants.io.compression import InputStream

__all__ = [
    "Regions",
    "merge_intervals",
    "named_intervals",
    "read_bed",
    "requested_intervals",
    "several",
]

_BED_DISPLAY_LINES = {"track", "browser"}

Regions: TypeAlias = str | Interval | Iterable[str | Interval]
"""Regions as a caller may give them: one or several, as text or as values."""


def requested_intervals(
    regions: Regions | None,
    regions_file: str | os.PathLike[str] | None,
    contigs: Collection[str],
) -> list[Interval] | None:
    """Intervals that the caller asks for, or None where the whole input is meant.

    Parameters
    ----------
    regions
        ``chr1:1-1000`` (1-based, inclusive), ``chr1:100`` (one base), ``chr1`` (all of it), an
        :class:`~enhancer_variants.genome.Interval`, or several.
    regions_file
        A BED file (0-based, half-open).
    contigs
        Names to prefer when a contig's own name holds a colon.

    Raises
    ------
    InputError
        For text that is no region.
    VariantFileError
        For a BED file that is none.

    Examples
    --------
    >>> [str(region) for region in requested_intervals("chr1:1-1,000", None, ["chr1"])]
    ['chr1:1-1000']
    """
    if regions is None and regions_file is None:
        return None
    intervals = [
        Interval.parse(region, contigs) if isinstance(region, str) else region
        for region in several(regions or ())
    ]
    return intervals + (read_bed(regions_file) if regions_file is not None else [])


def several(regions: Regions) -> list[str | Interval]:
    """Give regions as a list, also where there is one of them.

    >>> several("chr1:1-1000")
    ['chr1:1-1000']
    """
    return [regions] if isinstance(regions, str | Interval) else list(regions)


def read_bed(path: str | os.PathLike[str]) -> list[Interval]:
    """Intervals of a BED file (plain or gzipped): 0-based half-open, further columns ignored.

    Raises
    ------
    VariantFileError
        If the file cannot be read to its end, or for a line without three columns or with
        coordinates that are none, with file and line.
    """
    return [interval for interval, _ in named_intervals(path)]


def named_intervals(path: str | os.PathLike[str]) -> Iterator[tuple[Interval, str]]:
    """Intervals of a BED file with their names, the fourth column; empty where there is none.

    Raises
    ------
    VariantFileError
        While reading, as :func:`read_bed`.
    """
    with InputStream(path) as stream:
        for number, line in enumerate(stream, 1):
            text = line.decode(errors="replace").rstrip("\r\n")
            fields = text.split("\t") if "\t" in text else text.split()
            if not text.strip() or text.startswith("#") or fields[0] in _BED_DISPLAY_LINES:
                continue
            name = fields[3].strip() if len(fields) > 3 else ""
            yield _bed_interval(fields, f"{stream.name}:{number}"), name


def _bed_interval(fields: Sequence[str], where: str) -> Interval:
    coordinates = fields[1:3]
    if len(coordinates) < 2 or not all(c.isascii() and c.isdigit() for c in coordinates):
        found = " ".join(fields)[:80]
        raise VariantFileError(
            f"{where}: {found!r} is no BED line; expected contig, 0-based start and end, "
            "separated by tabs"
        )
    try:
        return Interval(fields[0], int(fields[1]), int(fields[2]))
    except InputError as error:
        raise VariantFileError(f"{where}: {error}") from error


def merge_intervals(
    intervals: Iterable[Interval], contig_in_file: Callable[[str], str | None]
) -> list[Interval]:
    """Merge what overlaps, contig by contig in order of first mention, sorted within one.

    Parameters
    ----------
    contig_in_file
        The file's own name for a contig, or None where the file has none of it: those
        intervals hold no record.

    Examples
    --------
    >>> a, b = Interval("1", 5, 9), Interval("1", 0, 6)
    >>> [str(i) for i in merge_intervals([a, b], lambda name: "chr" + name)]
    ['chr1:1-9']
    """
    by_contig: dict[str, list[Interval]] = {}
    for interval in intervals:
        name = contig_in_file(interval.contig)
        if name is not None:
            by_contig.setdefault(name, []).append(interval)
    merged: list[Interval] = []
    for contig, members in by_contig.items():
        start = end = -1
        for interval in sorted(members, key=lambda i: (i.start, i.end)):
            if interval.start > end:
                if end >= 0:
                    merged.append(Interval(contig, start, end))
                start = interval.start
            end = max(end, interval.end)
        merged.append(Interval(contig, start, end))
    return merged
