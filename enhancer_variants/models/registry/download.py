"""A published model, downloaded when somebody asks for it, and never else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from enhancer_variants.errors import InputError
from enhancer_variants.models.registry.cache import ModelCache
from enhancer_variants.models.registry.entries import (
    HubSource,
    ModelEntry,
    RecordSource,
    find_entry,
)
from enhancer_variants.models.registry.failures import full_disk_as_error
from enhancer_variants.models.registry.installing import install_model
from enhancer_variants.models.registry.sources import (
    fetch_archive,
    fetch_from_hub,
    fetch_from_record,
)
from enhancer_variants.models.registry.unpacking import MODEL_FILES, unpack_model

__all__ = ["download_entry", "download_model"]

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def download_model(
    name: str,
    *,
    accept_licence: bool = False,
    cache: str | os.PathLike[str] | None = None,
    source: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Path:
    """Download a published model into the cache, where its name then stands for it.

    A model that is there is not downloaded again. An interrupted download goes on where it ended.

    Parameters
    ----------
    name
        Name in the registry.
    accept_licence
        Whether the licence is accepted, which a non-commercial one needs.
    cache
        Folder of downloaded models; by default the one that ``ENHANCER_VARIANTS_CACHE`` names, or
        the platform's cache.
    source
        An archive at another address, or one that is here, or a folder of the model's files, in
        place of the publisher's.
    progress
        Whether bars are shown; None is "where someone is watching".

    Returns
    -------
    Path
        The model directory.

    Raises
    ------
    InputError
        If there is no such model, its licence is not accepted, or `source` is not there.
    MissingDependencyError
        If pooch or huggingface_hub is needed and not installed.
    ModelError
        If it cannot be reached, or there is no room for it.
    CheckpointError, UnsafeCheckpointError
        If what came is damaged, another file than was published or first seen, or hostile.

    Warns
    -----
    UserWarning
        If no checksum of the weights was known in advance: the first one seen is noted and holds.

    Examples
    --------
    >>> download_model("DNABERT-7")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: no published model is called 'DNABERT-7'; did you mean ...
    """
    return download_entry(
        find_entry(name),
        ModelCache.at(cache),
        accept_licence=accept_licence,
        source=source,
        progress=progress,
    )


def download_entry(
    entry: ModelEntry,
    models: ModelCache,
    *,
    accept_licence: bool = False,
    source: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Path:
    """Download the model of an entry; see :func:`download_model`."""
    if entry.non_commercial and not accept_licence:
        raise InputError(
            f"{entry.name} is under {entry.licence}, which forbids commercial use; expected that "
            f"you accept it: read {entry.homepage} and add --accept-licence (accept_licence=True)"
        )
    if models.holds(entry.name):
        directory = models.checked_directory(entry)
        if source is not None:
            warnings.warn(
                f"{entry.name} is in {directory} already, and {os.fspath(source)} was not read: "
                "to replace it, delete that folder first",
                UserWarning,
                stacklevel=3,
            )
        return directory
    with full_disk_as_error(models.folder), _one_at_a_time(models.lock(entry.name), entry.name):
        if models.holds(entry.name):  # by now
            return models.checked_directory(entry)
        partial = models.partial(entry.name)
        partial.mkdir(parents=True, exist_ok=True)
        files = partial / "files"
        _fetch(entry, source, files, progress)
        directory = install_model(entry, files, models)
        shutil.rmtree(partial, ignore_errors=True)
        return directory


@contextlib.contextmanager
def _one_at_a_time(lock: Path, name: str) -> Iterator[None]:
    """Wait until no other process downloads the same model, and say so."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout:
        warnings.warn(
            f"another process is downloading {name}: waiting for it", UserWarning, stacklevel=2
        )
        held.acquire()
    try:
        yield
    finally:
        held.release()


def _fetch(
    entry: ModelEntry, source: str | os.PathLike[str] | None, files: Path, progress: bool | None
) -> None:
    """Bring the files of a model together in a folder."""
    published = entry.source
    if source is None and isinstance(published, HubSource):
        fetch_from_hub(entry, published, files, progress=progress)
        return
    shutil.rmtree(files, ignore_errors=True)  # half unpacked; what was downloaded lies beside it
    if source is None and isinstance(published, RecordSource):
        fetch_from_record(entry, published, files, progress=progress)
    elif _ADDRESS.match(given := os.fspath(source or "")):
        fetch_archive(entry, given, files, progress=progress)
    else:
        _take_from(entry, Path(given), files)


def _take_from(entry: ModelEntry, source: Path, files: Path) -> None:
    """Copy a model's files from a folder, or out of an archive, of this machine."""
    if not source.exists():
        raise InputError(
            f"{source}: no such file or folder; expected an archive of {entry.name}, or a folder "
            "with config.json and its weights"
        )
    files.mkdir(parents=True)
    if source.is_dir():
        if not (source / "config.json").is_file():
            raise InputError(
                f"{source}: no config.json; expected the folder of {entry.name}, with config.json "
                "and its weights"
            )
        for name in MODEL_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, files / name)
    else:
        unpack_model(source, files, hint=entry.hint)
