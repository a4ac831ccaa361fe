"""Whether a file is still the one that was opened."""

from __future__ import annotations

from pathlib import Path

__all__ = ["stamp_of"]


def stamp_of(path: Path) -> tuple[int, ...] | None:
    """Give what changes when a file does: its number on the disk, size and time of change.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple of int or None
        None where the file is gone; whoever has it open still reads it well.

    Examples
    --------
    >>> stamp_of(Path("/gone")) is None
    True
    """
    try:
        status = path.stat()
    except (OSError, ValueError):  # also what no file can be called
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
