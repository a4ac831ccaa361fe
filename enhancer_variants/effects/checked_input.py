"""Open variants and make sure that they fit the reference before anything is scored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard, cast

import cyvcf2
import pandas as pd
import pysam

from enhancer_variants.effects.assembly import assembly_checked, require_fitting_contigs
from enhancer_variants.effects.collector import collector_paused
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, Variant
from enhancer_variants.io import (
    Regions,
    VariantInput,
    VariantRecord,
    VariantSource,
    open_items,
    open_variants,
    requested_intervals,
    several,
)

__all__ = [
    "RECORDS_PER_CHUNK",
    "Requested",
    "is_file",
    "is_variant_source",
    "record_chunks",
    "records_per_chunk",
]

RECORDS_PER_CHUNK = 4_096
"""Enough that the work around a chunk vanishes, few enough to be gone before the garbage collector
looks at them twice (benchmarks/pipeline.py: larger and smaller chunks are slower)."""

_BYTES_PER_CHUNK = 32 * 2**20
_LARGE_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Requested:
    """Variants that somebody wants scored, and the reference that they have to fit.

    Attributes
    ----------
    source
        A file, ``-``, a held object of cyvcf2 or pysam, or variants that are at hand.
    reference
        The genome.
    regions, regions_file
        Only records that overlap these.
    ignore_assembly
        Take the variants as they are.
    at_hand
        Whether `source` is variants rather than a file of them.
    """

    source: VariantSource | Iterable[object] | pd.DataFrame
    reference: Reference
    regions: Sequence[str | Interval] | None = None
    regions_file: str | os.PathLike[str] | None = None
    ignore_assembly: bool = False
    at_hand: bool = False

    @classmethod
    def of(
        cls,
        source: VariantSource | Iterable[object] | pd.DataFrame,
        reference: Reference,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        *,
        ignore_assembly: bool = False,
        at_hand: bool = False,
    ) -> Requested:
        """Take regions in any of the forms that users give.

        Raises
        ------
        InputError
            If regions are asked for of variants that are at hand.
        """
        if at_hand and (regions is not None or regions_file is not None):
            raise InputError("regions are looked up in a file; these variants are at hand")
        wanted = None if regions is None else several(regions)
        return cls(source, reference, wanted, regions_file, ignore_assembly, at_hand)

    def open(self) -> VariantInput:
        """Open the variants, unchecked."""
        if self.at_hand:
            return open_items(self.source)
        known = self.reference.lengths
        wanted = requested_intervals(self.regions, self.regions_file, known)
        return open_variants(cast("VariantSource", self.source), wanted)

    def options(self) -> dict[str, Any]:
        """Which records were asked for, for the provenance."""
        options: dict[str, Any] = {}
        if self.regions is not None:
            options["regions"] = [*map(str, self.regions)]
        if self.regions_file is not None:
            options["regions_file"] = Path(self.regions_file).name
        return options

    def checked(self, opened: VariantInput) -> VariantInput:
        """Give the input, once it was found to fit the reference.

        Its first records always are looked at, and all of them where its header makes one
        suspicious and it can be opened again.

        Raises
        ------
        AssemblyMismatchError
            If the variants are of another build.
        """
        again = None
        if not self.at_hand and isinstance(self.source, str | os.PathLike) and is_file(self.source):
            again = self.open
        return self._fitting(opened, again)

    def _fitting(
        self, opened: VariantInput, again: Callable[[], VariantInput] | None
    ) -> VariantInput:
        if self.ignore_assembly:
            return opened
        about = (self.reference, opened.contig_lengths, opened.name)
        records = assembly_checked(opened.records, *about)
        if again is not None:
            require_fitting_contigs(_records_of(again), *about)
        return replace(opened, records=records)


def records_per_chunk(*, large: bool = False) -> int:
    """Give the number of records that are scored together where nobody says another.

    Parameters
    ----------
    large
        Whether chunks are to be large, as where models are read from disk for each of them.

    Examples
    --------
    >>> records_per_chunk(), records_per_chunk(large=True)
    (4096, 131072)
    """
    return (_LARGE_CHUNK if large else 1) * RECORDS_PER_CHUNK


def record_chunks(
    records: Iterable[VariantRecord],
    size: int | None = None,
    *,
    large: bool = False,
    expect: Callable[[int], None] | None = None,
) -> Iterator[list[VariantRecord]]:
    """Cut records into chunks, ended earlier where their text takes much memory.

    Records of many samples are wide, so that their number alone says little of the memory.

    Parameters
    ----------
    size
        Records of a chunk, if somebody says so.
    large
        Whether chunks are to be large, as where models are read from disk for each of them.
    expect
        Told of each chunk, as soon as it is read, how many rows it will give.
    """
    most = size or records_per_chunk(large=large)
    most_text = (_LARGE_CHUNK if large else 1) * _BYTES_PER_CHUNK
    source = iter(records)
    while True:
        with collector_paused():
            chunk, text = list[VariantRecord](), 0
            for record in source:
                chunk.append(record)
                text += len(record.line)
                if len(chunk) >= most or text > most_text:
                    break
        if not chunk:
            return
        if expect is not None:
            expect(sum(max(1, len(record.alts)) for record in chunk))
        yield chunk


def is_variant_source(items: object) -> TypeGuard[VariantSource]:
    """Whether this is a file of variants, or held by cyvcf2 or pysam, rather than variants.

    Text is a variant if it reads as one, and the name of a file otherwise.
    """
    if isinstance(items, str):
        return is_file(items) or not _reads_as_variant(items)
    return isinstance(items, os.PathLike | pysam.VariantFile | cyvcf2.VCF)


def _reads_as_variant(text: str) -> bool:
    try:
        Variant.parse(text)
    except InputError:
        return False
    return True


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether a regular file has this name; text that no file could have as its name is none."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def _records_of(open_input: Callable[[], VariantInput]) -> Iterator[VariantRecord]:
    """Give an input's records; it is opened only when the first one is asked for."""
    with open_input() as source:
        yield from source.records
