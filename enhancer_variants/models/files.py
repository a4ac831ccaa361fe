"""Small files of a model directory, read so that no content of them can do harm.

A directory may come from anywhere: a file in it may be a pipe that never ends, larger than the
memory, nested a million levels deep, or no JSON at all. Each of these is a CheckpointError here.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import stat
from io import BufferedReader
from pathlib import Path
from typing import NoReturn, TypeAlias

from enhancer_variants.errors import CheckpointError

__all__ = [
    "JSON",
    "open_regular",
    "read_json_object",
    "read_limited",
    "sha256_of",
    "write_atomically",
]

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
"""What a JSON file can hold."""

_DEEPEST = 32


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading if it is a regular one, or a link to one.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        If it cannot be opened, or is a pipe, a device or a directory.

    Examples
    --------
    >>> open_regular(Path("no/such/file"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: no/such/file: No such file or directory; expected ...
    """
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{path}: {reason}; expected a readable file") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CheckpointError(f"{path}: a pipe, device or directory; expected a regular file")
    return os.fdopen(descriptor, "rb")


def read_limited(path: Path, limit: int) -> bytes:
    """Read a regular file that is not larger than it can reasonably be.

    Parameters
    ----------
    path
        The file.
    limit
        Largest size, in bytes.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is not regular or is larger.

    Examples
    --------
    >>> read_limited(Path("/dev/zero"), 1000)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: /dev/zero: a pipe, device or directory; expected ...
    """
    with open_regular(path) as file:
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise CheckpointError(f"{path}: {error.strerror}; expected a readable file") from error
    if len(content) > limit:
        raise CheckpointError(f"{path}: larger than {limit} bytes; expected far less")
    return content


def read_json_object(path: Path, limit: int) -> dict[str, JSON]:
    """Read a JSON file whose outermost value is an object.

    Parameters
    ----------
    path
        The file, in UTF-8.
    limit
        Largest size, in bytes.

    Raises
    ------
    CheckpointError
        If the file is no JSON, no object, nested deeper than 32 levels, names a key twice, or
        holds a number that is not finite or text that is not Unicode.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "config.json")
    ...     _ = file.write_text('{"hidden_size": 768}')
    ...     read_json_object(file, 1000)
    {'hidden_size': 768}
    """
    content = read_limited(path, limit)
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        # Lone surrogates ("\ud800") are legal JSON escapes but no text that can be written.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: {_one_line(error)}; expected JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: a {type(value).__name__}; expected a JSON object {{...}}")
    if _deeper_than(value, _DEEPEST):
        raise CheckpointError(
            f"{path}: nested deeper than {_DEEPEST} levels; expected a flat object"
        )
    return value


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces.

    Parameters
    ----------
    path
        A regular file.

    Returns
    -------
    str
        64 lower-case hexadecimal digits.

    Raises
    ------
    CheckpointError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "empty")
    ...     file.touch()
    ...     sha256_of(file)[:8]
    'e3b0c442'
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that its name never stands for half of it.

    Parameters
    ----------
    path
        The file; replaced if it exists, and then it keeps its permissions. A link is written
        through.
    content
        Its bytes.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder, "config.json"), b"{}")
    ...     os.listdir(folder)
    ['config.json']
    """
    target = Path(os.path.realpath(path))  # unlike resolve, gives links in a circle as they are
    permissions = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            if permissions is not None:
                unfinished.chmod(permissions)
            file.write(content)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    collected = dict(pairs)
    if len(collected) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(n for n in names if names.count(n) > 1)!r} is there twice")
    return collected


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is larger than any number")
    return number


def _deeper_than(value: JSON, levels: int) -> bool:
    layer: list[JSON] = [value]
    for _ in range(levels):
        containers = [item for item in layer if isinstance(item, (dict, list))]
        layer = [
            inner
            for container in containers
            for inner in (container.values() if isinstance(container, dict) else container)
        ]
        if not layer:
            return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
