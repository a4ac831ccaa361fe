"""Which directory a model's name stands for."""

from __future__ import annotations

import os
from pathlib import Path

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models.registry.cache import ModelCache
from enhancer_variants.models.registry.entries import find_entry

__all__ = ["locate_model"]


def locate_model(
    name_or_directory: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> Path:
    """Find the directory of a model that is named by its directory or by its registry name.

    A directory comes first. Nothing is downloaded.

    Parameters
    ----------
    name_or_directory
        A directory, or the name of a published model that has been downloaded.
    cache
        Folder of downloaded models; by default the one that ``ENHANCER_VARIANTS_CACHE`` names, or
        the platform's cache.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the name is that of a published model that has not been downloaded; the message names
        the command that does.
    CheckpointError
        If it is neither a directory nor a name, or the downloaded model has been changed.

    Examples
    --------
    >>> locate_model(".").is_dir()
    True
    """
    path = Path(name_or_directory)
    if path.is_dir():
        return path
    name = os.fspath(name_or_directory)
    try:
        entry = find_entry(name)
    except InputError as error:
        found = "no directory but a file" if path.exists() else "no such directory"
        raise CheckpointError(
            f"{name}: {found}; expected a model directory or a model's name, but {error}"
        ) from error
    models = ModelCache.at(cache)
    if not models.holds(entry.name):
        accept = " --accept-licence" if entry.non_commercial else ""
        raise InputError(
            f"{name} has not been downloaded to {models.folder}; expected it there: run "
            f"'enhancer-variants models download {name}{accept}'"
        )
    return models.checked_directory(entry)
