"""An index from identifiers to lines: a Parquet file sorted by identifier, made once.

A row is an identifier's number and the address of its line. What the line says is read from the
VCF itself, so the index stays small (some seven bytes a row) and serves every population.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from enhancer_variants.errors import InputError, MissingDependencyError, VariantFileError
from enhancer_variants.gwas.sites.addresses import has_random_access
from enhancer_variants.gwas.sites.rsid_batches import Integers, identifier_batches
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.output import pending_output
from enhancer_variants.io.vcf_header import read_header
from enhancer_variants.progress import ProgressBar

__all__ = ["INDEX_ENDING", "IndexedFile", "RsidIndex", "build_rsid_index", "describe_file"]

INDEX_ENDING: Final = ".rsid.parquet"
"""What the name of a VCF is followed by in that of its index."""

_ROWS_IN_A_GROUP: Final = 16_384
"""What has to be read for one identifier; smaller groups make the table of groups large."""

_SORT_MEMORY: Final = "1GB"
"""What DuckDB sorts in; the rest goes to the disk."""

_SORT_THREADS: Final = 4
"""Each needs its share of that memory."""

_METADATA: Final = "enhancer_variants"
_VERSION: Final = 1
_SAMPLED_BYTES: Final = 1 << 20
_BCF_MAGIC: Final = b"BCF\x02"


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """What an index says about the file it was made from.

    Attributes
    ----------
    name
        Its base name when the index was made; it may be renamed.
    size
        Bytes.
    checksum
        SHA-256 of its first and last megabyte.
    """

    name: str
    size: int
    checksum: str


def describe_file(path: Path) -> IndexedFile:
    """Tell a file from others and from later versions of itself, without reading all of it.

    Lines are read from the file itself, and their identifiers are compared, so a change that this
    overlooks does no harm.

    Raises
    ------
    VariantFileError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            checksum = hashlib.sha256(file.read(_SAMPLED_BYTES))
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _SAMPLED_BYTES))
            checksum.update(file.read())
    except OSError as error:
        raise VariantFileError(f"{path}: cannot be read ({error.strerror})") from error
    return IndexedFile(path.name, size, checksum.hexdigest())


def build_rsid_index(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Path:
    r"""Make the index through which `open_sites` finds identifiers in a large VCF.

    The file is read once; its identifiers are sorted on the disk, in constant memory. The index
    takes its name when it is complete: a run that is killed leaves at most files with a name that
    begins with a dot and ends with ``.tmp``, which can be deleted.

    Parameters
    ----------
    path
        A VCF, plain or compressed with bgzip. It needs no tabix index and no order.
    output
        The index; by default the VCF's name with ``.rsid.parquet`` behind it. It takes about seven
        bytes for each identifier; while it is made its folder needs about 25.
    progress
        True, False, or None for "where someone is watching".

    Returns
    -------
    Path
        The index.

    Raises
    ------
    VariantFileError
        If the VCF has no header, is truncated or damaged, or is compressed with plain gzip.
    InputError
        If the index cannot be written; most often the disk is full.
    MissingDependencyError
        If DuckDB is not installed.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     vcf = Path(folder, "sites.vcf")
    ...     _ = vcf.write_text(
    ...         "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    ...         "chr10\t112998590\trs7903146\tC\tT\t.\t.\t.\n"
    ...     )
    ...     build_rsid_index(vcf).name
    'sites.vcf.rsid.parquet'
    """
    source = Path(path)
    index = Path(f"{source}{INDEX_ENDING}") if output is None else Path(output)
    duckdb = _duckdb()
    if not has_random_access(source):
        raise VariantFileError(
            f"{source.name}: is compressed with gzip, or a pipe: it has no random access; expected "
            f"bgzip or plain text: gunzip -c {source.name} | bgzip > sites.vcf.gz"
        )
    described = describe_file(source)
    with InputStream(source) as stream:
        if stream.peek(len(_BCF_MAGIC)) == _BCF_MAGIC:
            raise VariantFileError(
                f"{source.name}: is a BCF; expected a VCF: bcftools view -Oz -o sites.vcf.gz "
                f"{source.name}"
            )
        header_lines = len(read_header(iter(stream), source.name).lines)
    with (
        _explained(index, duckdb),
        pending_output(index) as pending,
        tempfile.TemporaryDirectory(".tmp", f".{index.name[:40]}.", index.parent) as scratch,
    ):
        unsorted = Path(scratch, "unsorted.parquet")
        counts = _write_unsorted(source, header_lines, unsorted, progress)
        if describe_file(source) != described:
            raise VariantFileError(
                f"{source.name}: was changed while it was indexed; try again when it is complete"
            )
        note = json.dumps({"version": _VERSION, **asdict(described), **counts})
        _sort(duckdb, unsorted, pending, note)
    return index


def _duckdb() -> ModuleType:
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            "an rsID index is made with DuckDB, which is not installed: "
            "pip install 'enhancer-variants[gwas]'"
        ) from error
    return duckdb


@contextmanager
def _explained(index: Path, duckdb: ModuleType) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
        raise InputError(
            f"{index}: the rsID index cannot be written ({reason}); expected room for about 25 "
            f"bytes for each identifier in {index.parent}: make some, or name another place for "
            "the index"
        ) from error


def _write_unsorted(
    source: Path, header_lines: int, target: Path, progress: bool | None
) -> dict[str, int]:
    """Write keys and addresses in the order of the file; give the numbers of what was read."""
    schema = pa.schema([("key", pa.int64()), ("address", pa.int64())])
    counts = {"identifiers": 0, "records": 0, "malformed": 0}
    size = source.stat().st_size
    with (
        pq.ParquetWriter(
            target,
            schema,
            compression="zstd",
            use_dictionary=False,
            column_encoding={"key": "DELTA_BINARY_PACKED", "address": "DELTA_BINARY_PACKED"},
        ) as writer,
        ProgressBar(progress, " records") as bar,
    ):
        for batch in identifier_batches(source, header_lines):
            writer.write_batch(
                pa.record_batch([pa.array(batch.keys), pa.array(batch.addresses)], schema=schema)
            )
            counts["identifiers"] += len(batch.keys)
            counts["records"] += batch.records
            counts["malformed"] += batch.malformed
            bar.expect(batch.records, batch.file_bytes / size)
            bar.advance(batch.records)
    return counts


def _sort(duckdb: ModuleType, unsorted: Path, target: Path, note: str) -> None:
    settings = {
        "memory_limit": _SORT_MEMORY,
        "temp_directory": str(unsorted.parent / "sorting"),
        "threads": min(_SORT_THREADS, os.cpu_count() or 1),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET enable_progress_bar = false")  # it goes to standard output
        # COPY takes no parameters in all versions of DuckDB; version 2 has delta encoding.
        connection.execute(
            f"COPY (SELECT * FROM read_parquet({_quoted(unsorted)}) ORDER BY key, address) "  # noqa: S608 - quoted
            f"TO {_quoted(target)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, "
            f"ROW_GROUP_SIZE {_ROWS_IN_A_GROUP}, KV_METADATA {{{_METADATA}: {_quoted(note)}}})"
        )


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


class RsidIndex:
    """An index that is open for look-ups, which need no DuckDB.

    Parameters
    ----------
    path
        The index.

    Attributes
    ----------
    file : IndexedFile
        What it was made from.
    records, malformed : int
        Number of records of that file, and of lines that are none.

    Raises
    ------
    InputError
        If it is no complete index of this kind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._damage_explained():
            self._parquet = pq.ParquetFile(path)
            note = json.loads(self._parquet.schema_arrow.metadata[_METADATA.encode()])
            if note["version"] != _VERSION:
                raise ValueError(f"version {note['version']} instead of {_VERSION}")
            self.file = IndexedFile(note["name"], note["size"], note["checksum"])
            self.records, self.malformed = int(note["records"]), int(note["malformed"])
            self._firsts, self._lasts = self._bounds()

    def _bounds(self) -> tuple[Integers, Integers]:
        """Give the lowest and the highest key of each row group."""
        metadata = self._parquet.metadata
        columns = [metadata.row_group(n).column(0) for n in range(metadata.num_row_groups)]
        bounds = [(known.min, known.max) for c in columns if (known := c.statistics) is not None]
        if len(bounds) < len(columns):
            raise ValueError("row groups without statistics")
        both = np.array(bounds, np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    @contextmanager
    def _damage_explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{self._path}: cannot be read as an rsID index ({reason}); delete it, and it is "
                "made again"
            ) from error

    def addresses(self, keys: Integers) -> Mapping[int, list[int]]:
        """Give the addresses of the lines of each key that has some, in the file's order.

        Parameters
        ----------
        keys
            As `identifier_key` gives them.

        Raises
        ------
        InputError
            If the index is damaged.
        """
        asked = np.unique(keys)
        first = np.searchsorted(asked, self._firsts, side="left")
        beyond = np.searchsorted(asked, self._lasts, side="right")
        found: dict[int, list[int]] = {}
        for group in np.flatnonzero(beyond > first).tolist():
            with self._damage_explained():
                table = self._parquet.read_row_group(group)
            column = table.column("key").to_numpy()
            wanted = asked[first[group] : beyond[group]]
            begins = np.searchsorted(column, wanted, side="left").tolist()
            ends = np.searchsorted(column, wanted, side="right").tolist()
            addresses = table.column("address").to_numpy()
            for key, begin, end in zip(wanted.tolist(), begins, ends, strict=True):
                if end > begin:
                    found.setdefault(key, []).extend(addresses[begin:end].tolist())
        return found

    def close(self) -> None:
        """Close the file."""
        self._parquet.close()
