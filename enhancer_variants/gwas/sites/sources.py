"""Open a VCF of known sites, and ask it for identifiers and places."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from enhancer_variants.errors import VariantFileError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.gwas.site import Site
from enhancer_variants.gwas.sites.finding import (
    ByIdentifier,
    ByPlace,
    IndexedIdentifiers,
    IndexedPlaces,
    InMemoryRecords,
    has_place_index,
)
from enhancer_variants.gwas.sites.frequencies import require_population
from enhancer_variants.gwas.sites.identifiers import identifier_key
from enhancer_variants.gwas.sites.merged_ids import MergedIds
from enhancer_variants.gwas.sites.records import info_of, site_of
from enhancer_variants.gwas.sites.rsid_index_place import rsid_index_for
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.io.variants import open_variants

__all__ = ["LARGEST_IN_MEMORY", "VcfSites", "open_sites"]

LARGEST_IN_MEMORY: Final = 4 << 20
"""Bytes of a file up to which it is read into memory, so that it needs no index.

About 60,000 records of dbSNP compressed with bgzip, or 15,000 in plain text.
"""

_RECORDS_SEARCHED: Final = 100_000
"""Records in which a study of dbSNP is looked for: no header declares them."""


def open_sites(
    path: str | os.PathLike[str],
    *,
    population: str | None = None,
    merged_ids: str | os.PathLike[str] | None = None,
    index: str | os.PathLike[str] | None = None,
) -> VcfSites:
    r"""Open a VCF of known sites: dbSNP, 1000 Genomes, gnomAD, or written by hand.

    A small file (:data:`LARGEST_IN_MEMORY`) is read into memory. A large one is asked for places
    through its tabix index, and for identifiers through an rsID index (`build_rsid_index`), which
    is made when it is first needed: beside the VCF, or in ``enhancer_variants/indexes`` of the
    cache folder (``$XDG_CACHE_HOME`` or ``~/.cache``) where that folder cannot be written to.
    Nothing goes to the network.

    Parameters
    ----------
    path
        VCF, plain text or bgzip; a small one may be gzipped or a BCF.
    population
        Whose frequencies to read: an INFO key with a value for each ALT (``EUR_AF``, ``AF_nfe``),
        or a study of dbSNP's ``FREQ`` (``1000Genomes``). None for the overall ones: ``AF``, or of
        dbSNP's studies the first that a record has of dbGaP_PopFreq, 1000Genomes,
        GnomAD_genomes and TOPMED, or its first.
    merged_ids
        A table of retired and current rsIDs, as `MergedIds` reads it.
    index
        The rsID index, where it is to be elsewhere; made there if there is none.

    Raises
    ------
    VariantFileError
        If the file is no VCF, is truncated or damaged, or has another file's tabix index.
    InputError
        If the source has no such population.

    Warns
    -----
    UserWarning
        If lines of the source are no records.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     vcf = Path(folder, "sites.vcf")
    ...     _ = vcf.write_text(
    ...         "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    ...         "chr10\t112998590\trs7903146\tC\tT\t.\t.\t.\n"
    ...     )
    ...     with open_sites(vcf) as sites:
    ...         (site,) = sites.by_rsid(["rs7903146"])["rs7903146"]
    ...         list(sites.at([("10", 112998590)]))
    [('10', 112998590)]
    >>> site.contig, site.ref, site.alts
    ('chr10', 'C', ('T',))
    """
    source = Path(path)
    try:
        size = source.stat().st_size
    except OSError as error:
        raise VariantFileError(f"{path}: cannot be read ({error.strerror})") from error
    if not source.is_file():
        raise VariantFileError(
            f"{path}: is a folder or a pipe; expected a VCF file, which is read out of order"
        )
    _require_vcf(source, population)
    in_memory = InMemoryRecords(source) if size <= LARGEST_IN_MEMORY else None
    return VcfSites(source, population, merged_ids, index, in_memory)


def _require_vcf(source: Path, population: str | None) -> None:
    with open_variants(source) as opened:
        if opened.kind != "vcf" or opened.header is None:
            raise VariantFileError(f"{opened.name}: is a table; expected a VCF of known sites")
        if population is not None:
            first = itertools.islice(opened.records, _RECORDS_SEARCHED)
            infos = (info_of(record) for record in first if not record.problem)
            require_population(population, opened.header, infos, opened.name)


class VcfSites:
    """A VCF of known sites that is open; made by `open_sites`.

    Parameters
    ----------
    path
        The VCF.
    population, merged_ids, index
        As `open_sites` takes them.
    in_memory
        Its records, where they are few.
    """

    def __init__(
        self,
        path: Path,
        population: str | None,
        merged_ids: str | os.PathLike[str] | None,
        index: str | os.PathLike[str] | None,
        in_memory: InMemoryRecords | None,
    ) -> None:
        self._path, self._population = path, population
        self._merged_path, self._index = merged_ids, index
        self._merged: MergedIds | None = None
        self._told_no_places = False
        self._identifiers: ByIdentifier | None = in_memory
        self._places: ByPlace | None = in_memory

    @property
    def name(self) -> str:
        """Base name of the file."""
        return self._path.name

    @property
    def finds_places(self) -> bool:
        """Whether `at` can answer: the records are in memory, or the file has a tabix index."""
        return self._places is not None or has_place_index(self._path)

    def by_rsid(self, rsids: Collection[str]) -> Mapping[str, tuple[Site, ...]]:
        """Sites of each identifier, merged ones under the asked name.

        rsIDs are compared by their numbers; other identifiers (``7:126253551:G:T``, ``ss1388``)
        as text. An identifier that the source has is not looked up in the table of merged ones.

        Parameters
        ----------
        rsids
            Identifiers.

        Returns
        -------
        mapping of str to tuple of Site
            In the file's order; an identifier that is not found is absent.

        Raises
        ------
        VariantFileError
            If the file is damaged, or is too large for memory and has no random access.
        InputError
            If an index is needed and cannot be made, or does not fit the file.
        MissingDependencyError
            If an index has to be made and DuckDB is not installed.
        """
        keys = {rsid: identifier_key(rsid) for rsid in rsids}
        found = self._sites_of_keys(set(keys.values()))
        missing = {key for key in keys.values() if key not in found and key >= 0}
        if missing and self._merged_path is not None:
            found |= self._sites_of_merged(missing, self._merged_path)
        return {rsid: found[key] for rsid, key in keys.items() if key in found}

    def at(self, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[Site, ...]]:
        """Sites that begin at each (contig, 1-based position), whatever the contig's spelling.

        The place of an indel is that of the base before it, as everywhere in a VCF; a list that
        counts from the changed bases themselves is one higher.

        Parameters
        ----------
        places
            Pairs of contig and position.

        Returns
        -------
        mapping of tuple to tuple of Site
            Under the pairs as asked for, in the file's order; a place without sites is absent.

        Raises
        ------
        VariantFileError
            If the file or its index is damaged, or the index is that of another file.

        Warns
        -----
        UserWarning
            If the file is large and has no index by place: then nothing is found here.
        """
        if not self.finds_places:
            self._tell_no_places()
            return {}
        if self._places is None:
            self._places = IndexedPlaces(self._path)
        canonical = {place: (canonical_contig(place[0]), place[1]) for place in places}
        found = self._places.at(set(canonical.values()))
        return {place: self._sites(found[key]) for place, key in canonical.items() if key in found}

    def close(self) -> None:
        """Release the files."""
        if self._identifiers is not None:
            self._identifiers.close()

    def __enter__(self) -> VcfSites:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sites_of_keys(self, keys: Collection[int]) -> dict[int, tuple[Site, ...]]:
        if self._identifiers is None:
            index = rsid_index_for(self._path, self._index)
            self._identifiers = IndexedIdentifiers(self._path, index)
        found = self._identifiers.with_keys(keys)
        return {key: self._sites(records) for key, records in found.items()}

    def _sites_of_merged(
        self, missing: Collection[int], path: str | os.PathLike[str]
    ) -> dict[int, tuple[Site, ...]]:
        """Sites of what each key was merged into, the latest that the source has."""
        if self._merged is None:
            self._merged = MergedIds(path)
        chains = {key: self._merged.later(key) for key in missing}
        found = self._sites_of_keys({key for chain in chains.values() for key in chain})
        known = {key: [later for later in chain if later in found] for key, chain in chains.items()}
        return {key: found[later[-1]] for key, later in known.items() if later}

    def _tell_no_places(self) -> None:
        if not self._told_no_places:
            self._told_no_places = True
            warnings.warn(
                f"{self.name}: has no index by place, so its sites are found by rsID alone; to "
                f"find them by position too: tabix -p vcf {self.name}",
                UserWarning,
                stacklevel=3,
            )

    def _sites(self, records: Iterable[VariantRecord]) -> tuple[Site, ...]:
        return tuple(site_of(record, self._population) for record in records)
