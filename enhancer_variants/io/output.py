"""Files out: nothing partial ever takes the output's name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pysam

from enhancer_variants.errors import InputError

__all__ = [
    "OUTPUT_FORMATS",
    "bgzip_stream",
    "is_stream",
    "output_format",
    "output_place",
    "pending_output",
    "remove_unfinished",
    "text_stream",
]

_BGZIP_MODE = "wb4"
"""Compression level 4 takes half the time of bgzip's own 6 for 7 % more bytes."""

_LONGEST_IN_A_NAME = 40
"""Characters of a file's name that the name of its unfinished one holds."""

OUTPUT_FORMATS = ("vcf", "vcf.gz", "bcf", "tsv", "tsv.gz", "parquet")
"""What effects are written as; each is also the ending that stands for it."""


def output_format(output: str | os.PathLike[str] | None, chosen: str | None, default: str) -> str:
    """Format to write: the one chosen, else by the ending of the name, else `default`.

    Raises
    ------
    InputError
        If the format or the ending is none of :data:`OUTPUT_FORMATS`.

    Examples
    --------
    >>> output_format("effects.vcf.gz", None, "tsv")
    'vcf.gz'
    >>> output_format(None, None, "vcf")
    'vcf'
    """
    if chosen is not None:
        if chosen not in OUTPUT_FORMATS:
            raise InputError(f"output format {chosen!r} is not one of {', '.join(OUTPUT_FORMATS)}")
        return chosen
    if output is None or is_stream(output):
        return default
    name = Path(output).name.lower().replace(".bgz", ".gz")
    for ending in OUTPUT_FORMATS:
        if name.endswith("." + ending):
            return ending
    endings = ", ".join("." + ending for ending in OUTPUT_FORMATS)
    raise InputError(
        f"{Path(output).name}: its ending names no format; expected {endings}, "
        "or name the format (--output-format)"
    )


def is_stream(output: str | os.PathLike[str]) -> bool:
    """Whether this is standard output (``-``), or a device or pipe: written as it comes."""
    if output == "-":
        return True
    try:
        mode = Path(output).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def output_place(output: str | os.PathLike[str]) -> Path:
    """Where a file will lie; a link is written through, as every other program does.

    Raises
    ------
    InputError
        If the folder does not exist or `output` is a folder.
    """
    target = Path(os.path.realpath(output))  # unlike resolve, gives links in a circle as they are
    if target.is_dir():
        raise InputError(f"{output}: is a folder; expected the name of a file to write")
    if not target.parent.is_dir():
        raise InputError(f"{target.parent}: no such folder; make it first")
    return target


@contextlib.contextmanager
def pending_output(output: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Give a temporary path beside `output`; it takes that name when the block ends well.

    Parameters
    ----------
    output
        A path, or None or ``-`` for standard output, or a device or pipe: there the finished
        temporary file is copied.

    Raises
    ------
    InputError
        If the folder does not exist or `output` is a folder.

    Notes
    -----
    The file is flushed to the disk before it is renamed, so a crash leaves the old file or the
    new one. When the block fails, the temporary file goes. A file that is replaced keeps its
    permissions.
    """
    if output is None or is_stream(output):
        # Nobody else may read what waits in the shared folder for temporary files.
        with tempfile.TemporaryDirectory(prefix="enhancer_variants.") as private:
            temporary = Path(private) / "output"
            yield temporary
            _copy_out(temporary, output)
        return
    target = output_place(output)
    temporary = target.parent / f"{_unfinished(target)}{secrets.token_hex(6)}.tmp"
    permissions = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        if permissions is not None:
            temporary.touch(mode=0o600)  # what is private stays so while it is written
        yield temporary
        _flush_to_disk(temporary)
        if permissions is not None:
            temporary.chmod(permissions)
        temporary.replace(target)
    except OSError as error:
        if error.errno is None:  # as htslib tells it
            told = f"could not be written; is the disk full? ({error})"
            raise OSError(errno.EIO, told, str(output)) from error
        if error.filename is None:  # a full disk, most likely
            raise OSError(error.errno, error.strerror or str(error), str(output)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _unfinished(target: Path) -> str:
    """Begin a temporary name, as no other file's begins.

    The name may be as long as the file system allows already.
    """
    name = target.name
    if len(name) > _LONGEST_IN_A_NAME:
        name = f"{name[:_LONGEST_IN_A_NAME]}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"
    return f".{name}."


def remove_unfinished(output: str | os.PathLike[str]) -> None:
    """Remove what processes that were killed while they wrote this file have left beside it.

    Nobody else may be writing the file.
    """
    target = output_place(output)
    left = re.compile(re.escape(_unfinished(target)) + r"[0-9a-f]{12}\.tmp(\.\w+)?")
    for path in target.parent.iterdir():
        if left.fullmatch(path.name):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _standard_output() -> BinaryIO:
    if not hasattr(sys.stdout, "buffer"):
        raise InputError("standard output takes no bytes here: name a file for the effects")
    return sys.stdout.buffer


def _copy_out(temporary: Path, output: str | os.PathLike[str] | None) -> None:
    with temporary.open("rb") as source, text_stream(output) as target:
        shutil.copyfileobj(source, target)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def text_stream(output: str | os.PathLike[str] | None) -> Iterator[BinaryIO]:
    """Stream for text formats: standard output directly, a file through a pending one."""
    if output is None or output == "-":
        standard_output = _standard_output()
        yield standard_output
        standard_output.flush()
    elif is_stream(output):
        with Path(output).open("wb") as device:
            yield device
    else:
        with pending_output(output) as temporary, temporary.open("wb") as file:
            yield file


@contextlib.contextmanager
def bgzip_stream(output: str | os.PathLike[str] | None) -> Iterator[BinaryIO]:
    """Stream that is bgzipped on its way into a pending output."""
    with (
        pending_output(output) as temporary,
        pysam.BGZFile(
            str(temporary),
            _BGZIP_MODE,  # type: ignore[arg-type] # the stubs know no levels
            index=None,
        ) as file,
    ):
        yield cast("BinaryIO", file)
