"""What a failed download says: what happened, what is kept, and what to do without a network."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from enhancer_variants.errors import ModelError
from enhancer_variants.models.registry.entries import HubSource, ModelEntry

__all__ = ["full_disk_as_error", "require_room", "without_network"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_GIB = 2**30


def without_network(entry: ModelEntry) -> str:
    """Say where a person gets a model's files elsewhere, and what to do with them here.

    Parameters
    ----------
    entry
        The model.

    Examples
    --------
    >>> from enhancer_variants.models.registry import find_entry
    >>> print(without_network(find_entry("DNABERT-6")))  # doctest: +ELLIPSIS
    without a network: get config.json, vocab.txt and pytorch_model.bin from https://...
    """
    source = entry.source
    if isinstance(source, HubSource):
        page = f"https://huggingface.co/{source.repository}/tree/{source.revision}/{source.folder}"
        files = f"config.json, vocab.txt and pytorch_model.bin from {page.rstrip('/')}"
        given = "FOLDER' with the folder they are in"
    else:
        files, given = f"the archive of {entry.name} from {entry.homepage}", "FILE' with it"
    accept = " --accept-licence" if entry.non_commercial else ""
    return (
        f"without a network: get {files} on another machine, and here run 'enhancer-variants "
        f"models download {entry.name}{accept} --from {given}"
    )


@contextlib.contextmanager
def full_disk_as_error(folder: Path) -> Iterator[None]:
    """Turn a full disk, or one that may not be written to, into an error that says what to do.

    Parameters
    ----------
    folder
        Folder of downloaded models, for the message.

    Raises
    ------
    ModelError
        In place of the OSError.

    Examples
    --------
    >>> with full_disk_as_error(Path("models")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.ModelError: models: No space left on device; expected room for ...
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ModelError(
                f"{folder}: {error.strerror}; expected room for the model: make some and run the "
                "command again, which goes on where it ended, or name another folder with --cache "
                "or ENHANCER_VARIANTS_CACHE"
            ) from error
        if error.errno in {errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST}:
            raise ModelError(
                f"{error.filename or folder}: {error.strerror}; expected a folder to write to: "
                "name another with --cache or ENHANCER_VARIANTS_CACHE"
            ) from error
        raise


def require_room(folder: Path, needed: int) -> None:
    """Refuse a download for which there is no room, before it begins.

    Parameters
    ----------
    folder
        An existing folder of the disk.
    needed
        Bytes.

    Raises
    ------
    ModelError
        If fewer are free.

    Examples
    --------
    >>> require_room(Path("/"), 0)
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{folder}: {free / _GIB:.1f} GiB are free; expected {needed / _GIB:.1f} for the "
            "download and the model made from it: make room, or name another folder with --cache "
            "or ENHANCER_VARIANTS_CACHE"
        )
