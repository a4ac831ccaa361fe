"""The files of a published model, fetched from where its publisher put them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from enhancer_variants.errors import (
    CheckpointError,
    MissingDependencyError,
    ModelError,
    UnsafeCheckpointError,
)
from enhancer_variants.models.registry.entries import HubSource, ModelEntry, RecordSource
from enhancer_variants.models.registry.failures import require_room, without_network
from enhancer_variants.models.registry.resuming import fetch, get_json
from enhancer_variants.models.registry.unpacking import unpack_model

__all__ = ["fetch_archive", "fetch_from_hub", "fetch_from_record"]

_HUB_FILES = ("config.json", "vocab.txt", "pytorch_model.bin")
"""In the order in which they are fetched: what is small first, so that errors come early."""

_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
_COPIES = 2
"""Times the size of a model that its download takes: as received, and as kept."""

_SHOWN = 8
_HUB_TIMEOUT = 10


def fetch_from_hub(
    entry: ModelEntry, source: HubSource, folder: Path, *, progress: bool | None = None
) -> None:
    """Fetch a model's files from the Hugging Face hub, resuming.

    The hub is asked once which files there are, with the size and SHA-256 of the large ones; the
    files themselves come by plain HTTP, because the hub's own client (2.4) begins again after an
    interruption.

    Parameters
    ----------
    entry, source
        The model, and where it lies.
    folder
        Where the files shall be.
    progress
        Whether bars are shown; None is "where someone is watching".

    Raises
    ------
    MissingDependencyError
        If huggingface_hub or pooch is not installed.
    ModelError
        If the hub cannot be reached or may not be (``HF_HUB_OFFLINE``).
    CheckpointError
        If a file is missing there, or damaged on its way.
    """
    hub = _hub(entry)
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    found = _hub_listing(entry, source, hub.HfApi(endpoint=endpoint))
    names = {file: f"{source.folder}/{file}".lstrip("/") for file in _HUB_FILES}
    missing = [name for name in names.values() if name not in found.files]
    if missing:
        raise CheckpointError(
            f"{source.repository}: no {', '.join(missing)} at revision {source.revision}; expected "
            f"the files of {entry.name}: see {entry.homepage}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder, _COPIES * sum(found.files[name].size for name in names.values()))
    headers = importlib.import_module("huggingface_hub.utils").build_hf_headers()
    for file, name in names.items():
        url = hub.hf_hub_url(source.repository, name, revision=found.commit, endpoint=endpoint)
        digest = found.files[name].sha256
        if not digest:
            (folder / file).unlink(missing_ok=True)  # perhaps of another revision
        checksum = f"sha256:{digest}" if digest else None
        with _remedy(entry):
            fetch(url, folder / file, checksum, progress=progress, headers=headers)


def fetch_from_record(
    entry: ModelEntry, source: RecordSource, folder: Path, *, progress: bool | None = None
) -> None:
    """Fetch a model's archive from a record of Zenodo, resuming, and unpack it.

    The record is asked which files it has, with their MD5 checksums.

    Parameters
    ----------
    entry, source, folder, progress
        As for :func:`fetch_from_hub`.

    Raises
    ------
    MissingDependencyError, ModelError, CheckpointError
        As :func:`fetch_from_hub`.
    UnsafeCheckpointError
        If the archive is hostile.
    """
    with _remedy(entry):
        record = get_json(source.address)
    file = _record_file(entry, source, record)
    fetch_archive(entry, file.url, folder, file.checksum, progress=progress)


def fetch_archive(
    entry: ModelEntry,
    url: str,
    folder: Path,
    checksum: str | None = None,
    *,
    progress: bool | None = None,
) -> None:
    """Fetch an archive, resuming, and take the model out of it.

    Parameters
    ----------
    entry, folder, progress
        As for :func:`fetch_from_hub`.
    url
        Address of the archive.
    checksum
        As ``md5:...``, where it is known.

    Raises
    ------
    MissingDependencyError, ModelError, CheckpointError, UnsafeCheckpointError
        As :func:`fetch_from_record`.
    """
    archive = folder.with_name(f"archive-{hashlib.sha256(url.encode()).hexdigest()[:16]}")
    with _remedy(entry):
        fetch(url, archive, checksum, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        unpack_model(archive, folder, hint=entry.hint)
    except (CheckpointError, UnsafeCheckpointError):
        archive.unlink()  # complete and of no use: the next attempt shall not find it
        raise


@dataclass(frozen=True, slots=True)
class _HubFile:
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class _HubListing:
    commit: str
    files: Mapping[str, _HubFile]


@dataclass(frozen=True, slots=True)
class _RecordFile:
    name: str
    url: str
    checksum: str | None


@contextlib.contextmanager
def _remedy(entry: ModelEntry) -> Iterator[None]:
    """Add to a failed download how the model is got without a network."""
    try:
        yield
    except CheckpointError:
        raise  # it came, and was wrong
    except ModelError as error:
        raise ModelError(f"{error}; {without_network(entry)}") from error


def _hub(entry: ModelEntry) -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise MissingDependencyError(
            f"{entry.name} lies on the Hugging Face hub, which needs huggingface_hub: "
            f"pip install 'enhancer-variants[hub]'; {without_network(entry)}"
        ) from error


def _hub_listing(entry: ModelEntry, source: HubSource, api: Any) -> _HubListing:
    """Ask the hub once, without its many attempts, what there is."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise ModelError(
            f"{entry.name}: HF_HUB_OFFLINE forbids asking the Hugging Face hub; expected it unset "
            f"for a download; {without_network(entry)}"
        )
    try:
        info = api.model_info(
            source.repository, revision=source.revision, files_metadata=True, timeout=_HUB_TIMEOUT
        )
    except Exception as error:  # whatever its HTTP library raises, which is not the same each year
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(
            f"{source.repository}: the Hugging Face hub does not give it ({reason}); "
            f"{without_network(entry)}"
        ) from error
    files = {
        file.rfilename: _HubFile(file.size or 0, file.lfs.sha256 if file.lfs else None)
        for file in info.siblings or ()
    }
    return _HubListing(info.sha or source.revision, files)


def _record_file(entry: ModelEntry, source: RecordSource, record: Mapping[str, Any]) -> _RecordFile:
    """Choose the archive of a record: the one that the hint names, or the only one."""
    files = _record_files(source, record)
    archives = [file for file in files if _ARCHIVE.search(file.name)]
    hinted = [file for file in archives if source.hint and source.hint in file.name]
    for candidates in (hinted, archives):
        if len(candidates) == 1:
            return candidates[0]
    names = ", ".join(file.name for file in files[:_SHOWN]) or "none"
    raise CheckpointError(
        f"{source.address}: files {names}; expected one archive of {entry.name}: choose one at "
        f"{entry.homepage} and run 'enhancer-variants models download {entry.name} --from URL'"
    )


def _record_files(source: RecordSource, record: Mapping[str, Any]) -> Sequence[_RecordFile]:
    """Files of a record, as Zenodo describes them."""
    try:
        return [
            _RecordFile(
                str(file["key"]),
                _same_scheme(source.address, str(file["links"]["self"])),
                _md5(file.get("checksum")),
            )
            for file in record["files"]
        ]
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{source.address}: no list of files with key and links; expected the description of "
            "a Zenodo record"
        ) from error


def _same_scheme(address: str, url: str) -> str:
    if urlsplit(url).scheme != urlsplit(address).scheme:
        raise CheckpointError(f"{address}: a file at {url}; expected an address as the record's")
    return url


def _md5(checksum: object) -> str | None:
    """Checksum as pooch takes it, where the record gives one."""
    found = re.fullmatch(r"(?:md5:)?([0-9a-f]{32})", str(checksum))
    return f"md5:{found[1]}" if found else None
