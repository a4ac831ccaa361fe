"""Ways to find records in a VCF: all of them in memory, by place, by identifier."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import numpy as np

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import Interval, canonical_contig
from enhancer_variants.gwas.sites.addresses import AddressedLines
from enhancer_variants.gwas.sites.identifiers import identifier_key
from enhancer_variants.gwas.sites.rsid_index import RsidIndex
from enhancer_variants.io.records import VariantRecord, parse_vcf_line
from enhancer_variants.io.variants import open_variants

__all__ = [
    "ByIdentifier",
    "ByPlace",
    "InMemoryRecords",
    "IndexedIdentifiers",
    "IndexedPlaces",
    "Place",
    "has_place_index",
]

Place: TypeAlias = tuple[str, int]
"""Canonical name of a contig, and 1-based position."""

_EIGHT_COLUMNS: Final = 8
_REACH: Final = 1000
"""Places nearer than this are read in one go: about the records of one compressed block."""


class ByIdentifier(Protocol):
    """Finds records by identifier."""

    def with_keys(self, keys: Collection[int]) -> Mapping[int, list[VariantRecord]]:
        """Give the records of each key (`identifier_key`) that has some, in the file's order."""

    def close(self) -> None:
        """Release the file."""


class ByPlace(Protocol):
    """Finds records by place."""

    def at(self, places: Collection[Place]) -> Mapping[Place, list[VariantRecord]]:
        """Give the records that begin at each place where some do, in the file's order."""


class _Skipped:
    """Lines that are no records: counted while reading, told afterwards."""

    def __init__(self, name: str) -> None:
        self._name, self._count, self._first = name, 0, ""

    def well_formed(self, records: Iterable[VariantRecord]) -> Iterator[VariantRecord]:
        """Give the records that could be read."""
        for record in records:
            if record.problem:
                self._first = self._first or f" (the first: {record.problem})"
                self._count += 1
            else:
                yield record

    def tell(self) -> None:
        """Warn where there were any."""
        _tell_skipped(self._name, self._count, self._first)


def _tell_skipped(name: str, count: int, first: str = "") -> None:
    if count:
        lines = "1 line that is" if count == 1 else f"{count:,} lines that are"
        said = f"{name}: passed over {lines} no VCF record{first}"
        warnings.warn(said, UserWarning, stacklevel=5)


class InMemoryRecords:
    """All records of a small file; finds them in both ways.

    Parameters
    ----------
    path
        A VCF, however compressed, or a BCF.

    Raises
    ------
    VariantFileError
        If it is neither, or is truncated or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._by_key: dict[int, list[VariantRecord]] = defaultdict(list)
        self._by_place: dict[Place, list[VariantRecord]] = defaultdict(list)
        with open_variants(path) as opened:
            if opened.kind != "vcf":
                raise VariantFileError(
                    f"{opened.name}: is a table; expected a VCF or BCF with known sites"
                )
            skipped = _Skipped(opened.name)
            for record in skipped.well_formed(opened.records):
                self._add(_without_samples(record))
        skipped.tell()

    def _add(self, record: VariantRecord) -> None:
        for key in {identifier_key(name) for name in record.id.split(";")}:
            self._by_key[key].append(record)
        assert record.position is not None  # noqa: S101 # a record without a problem has one
        self._by_place[canonical_contig(record.contig), record.position].append(record)

    def with_keys(self, keys: Collection[int]) -> Mapping[int, list[VariantRecord]]:
        """Give the records of each key that has some."""
        return {key: self._by_key[key] for key in keys if key in self._by_key}

    def at(self, places: Collection[Place]) -> Mapping[Place, list[VariantRecord]]:
        """Give the records that begin at each place where some do."""
        return {place: self._by_place[place] for place in places if place in self._by_place}

    def close(self) -> None:
        """Do nothing: the file was closed when it had been read."""


def _without_samples(record: VariantRecord) -> VariantRecord:
    """Keep eight columns: thousands of genotypes would fill the memory."""
    line = b"\t".join(record.line.split(b"\t", _EIGHT_COLUMNS)[:_EIGHT_COLUMNS])
    return parse_vcf_line(line, record.number)


class IndexedIdentifiers:
    """Records of a large file by identifier, through its rsID index.

    Parameters
    ----------
    path
        The VCF.
    index
        Its index.
    """

    def __init__(self, path: Path, index: RsidIndex) -> None:
        self._path, self._index = path, index
        self._lines = AddressedLines(path)
        _tell_skipped(path.name, index.malformed)

    def with_keys(self, keys: Collection[int]) -> Mapping[int, list[VariantRecord]]:
        """Give the records of each key that has some, in the file's order.

        Raises
        ------
        VariantFileError
            If the VCF is damaged.
        InputError
            If the index is damaged, or is not that of the file.
        """
        by_key = self._index.addresses(np.fromiter(keys, np.int64, len(keys)))
        addresses = sorted({address for some in by_key.values() for address in some})
        lines = enumerate(self._lines.read(addresses))
        skipped = _Skipped(self._path.name)
        read = skipped.well_formed(parse_vcf_line(line, number) for number, line in lines)
        records = {addresses[record.number]: record for record in read}
        skipped.tell()
        found = {}
        for key, some in by_key.items():
            kept = [records[address] for address in some if address in records]
            named = [record for record in kept if _has_key(record, key)]
            if len(named) < len(kept) and key >= 0:
                raise InputError(
                    f"{self._path.name}: rs{key} is not where its rsID index says; expected the "
                    "index of this very file: delete the index, and it is made again"
                )
            if named:
                found[key] = named
        return found

    def close(self) -> None:
        """Close the VCF and the index."""
        self._lines.close()
        self._index.close()


def _has_key(record: VariantRecord, key: int) -> bool:
    return any(identifier_key(name) == key for name in record.id.split(";"))


def has_place_index(path: Path) -> bool:
    """Whether an index by place (tabix's or bcftools') lies beside a file."""
    return any(Path(f"{path}{ending}").exists() for ending in (".tbi", ".csi"))


class IndexedPlaces:
    """Records of a large file by place, through its tabix index.

    Parameters
    ----------
    path
        A bgzipped VCF, or a BCF, with its index beside it.

    Raises
    ------
    VariantFileError
        If the index is damaged or is that of another file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with open_variants(path) as opened:
            first = next((record for record in opened.records if not record.problem), None)
        if first is not None and first.position is not None:
            place = (canonical_contig(first.contig), first.position)
            if place not in self.at([place]):
                raise VariantFileError(
                    f"{path.name}: its first record, {first.contig}:{first.position}, is not found "
                    f"through its index; expected the index of this file: tabix -f -p vcf "
                    f"{path.name}"
                )

    def at(self, places: Collection[Place]) -> Mapping[Place, list[VariantRecord]]:
        """Give the records that begin at each place where some do, in the file's order.

        Raises
        ------
        VariantFileError
            If the file or its index is damaged.
        """
        wanted = {place for place in places if place[1] > 0}
        found: dict[Place, list[VariantRecord]] = defaultdict(list)
        skipped = _Skipped(self._path.name)
        for record in skipped.well_formed(self._records(_stretches(wanted))):
            place = (canonical_contig(record.contig), record.position or 0)
            if place in wanted:
                found[place].append(record)
        skipped.tell()
        return found

    def _records(self, stretches: list[Interval]) -> Iterator[VariantRecord]:
        try:
            opened = open_variants(self._path, stretches)
        except VariantFileError:
            raise
        except InputError:  # none of the contigs is known, so there are no records there
            return
        with opened:
            yield from opened.records


def _stretches(places: Iterable[Place]) -> list[Interval]:
    """Join places that lie near each other."""
    stretches: list[Interval] = []
    for contig, position in sorted(places):
        last = stretches[-1] if stretches else None
        if last is not None and last.contig == contig and position - last.end <= _REACH:
            stretches[-1] = Interval(contig, last.start, position)
        else:
            stretches.append(Interval(contig, position - 1, position))
    return stretches
