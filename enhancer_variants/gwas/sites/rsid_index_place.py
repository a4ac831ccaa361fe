"""Where the rsID index of a VCF lies, and whether it still fits."""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from enhancer_variants.errors import InputError
from enhancer_variants.gwas.sites.rsid_index import (
    INDEX_ENDING,
    IndexedFile,
    RsidIndex,
    build_rsid_index,
    describe_file,
)

__all__ = ["rsid_index_for"]


def rsid_index_for(path: Path, index: str | os.PathLike[str] | None = None) -> RsidIndex:
    """Open the rsID index of a VCF, and make it where there is none that fits.

    Parameters
    ----------
    path
        The VCF.
    index
        The index, or None: the VCF's name with ``.rsid.parquet`` behind it, or one in the user's
        cache, where the VCF's folder cannot be written to. There an index that no longer fits is
        made again; one that was named is not overwritten.

    Raises
    ------
    VariantFileError
        If the VCF is damaged or has no random access.
    InputError
        If the named index is of another file, or none can be written.
    MissingDependencyError
        If an index has to be made and DuckDB is not installed.

    Warns
    -----
    UserWarning
        That an index is being made: for all of dbSNP that takes an hour.
    """
    described = describe_file(path)
    if index is not None:
        named = Path(index)
        return _opened(named, described) if named.exists() else _made(path, named)
    candidates = [Path(f"{path}{INDEX_ENDING}"), *_in_cache(path, described)]
    for candidate in candidates:
        # A damaged index, and one of another file, is made again.
        with contextlib.suppress(InputError):
            return _opened(candidate, described)
    for candidate in candidates:
        with contextlib.suppress(OSError):
            candidate.parent.mkdir(parents=True, exist_ok=True)
        if os.access(candidate.parent, os.W_OK):
            return _made(path, candidate)
    folders = " or ".join(str(candidate.parent) for candidate in candidates)
    raise InputError(
        f"{path.name}: its rsID index can be written neither to {folders}; name a place for it"
    )


def _made(path: Path, index: Path) -> RsidIndex:
    warnings.warn(
        f"{path.name}: making its index of rsIDs, once, to be kept as {index.name}",
        UserWarning,
        stacklevel=4,
    )
    return RsidIndex(build_rsid_index(path, index))


def _opened(index: Path, described: IndexedFile) -> RsidIndex:
    opened = RsidIndex(index)
    if (opened.file.size, opened.file.checksum) != (described.size, described.checksum):
        opened.close()
        raise InputError(
            f"{index}: is the rsID index of another file ({opened.file.name}, "
            f"{opened.file.size:,} bytes); expected that of {described.name} "
            f"({described.size:,} bytes): delete it if the file has changed, or name another"
        )
    return opened


def _in_cache(path: Path, described: IndexedFile) -> Iterator[Path]:
    # Relative paths in XDG_CACHE_HOME are to be ignored by its specification.
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with contextlib.suppress(RuntimeError):  # a user without a home has no cache
        cache = named if named.is_absolute() else Path.home() / ".cache"
        identity = f"{path.resolve()}\0{described.size}\0{described.checksum}"
        key = hashlib.sha256(os.fsencode(identity)).hexdigest()[:32]
        yield cache / "enhancer_variants" / "indexes" / f"{path.name}.{key}{INDEX_ENDING}"
