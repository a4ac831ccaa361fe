"""Bytes in: plain, gzip or bgzip, from a file or standard input, with truncation noticed."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from enhancer_variants.errors import VariantFileError
from enhancer_variants.genome.fasta_index import BGZF_END

__all__ = ["BGZF_END", "InputStream", "require_bgzf_end"]

_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 18
"""A bgzip block header is this long: enough to tell bgzip from gzip, and gzip from the rest."""

_FOREIGN = {
    b"PK\x03\x04": ("a zip archive", "unzip it first"),
    b"BZh": ("compressed with bzip2", "recompress it: bunzip2 -c FILE | bgzip > FILE.gz"),
    b"\xfd7zXZ\x00": ("compressed with xz", "recompress it: xz -dc FILE | bgzip > FILE.gz"),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "recompress it: zstd -dc FILE | bgzip > FILE.gz"),
    b"\xff\xfe": ("UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE"),
    b"\xfe\xff": ("UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE"),
}


class _Readable(Protocol):
    def readinto(self, buffer: bytearray | memoryview, /) -> int | None: ...


class _MeteredReader(io.RawIOBase):
    """Raw bytes of a file; knows how many went by and what the last ones were."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self._pending = b""
        self.count = 0
        self.tail = b""

    def readable(self) -> bool:
        return True

    def head(self, size: int) -> bytes:
        """First `size` bytes (fewer only where the file has fewer), still to be read."""
        while len(self._pending) < size:
            buffer = bytearray(size - len(self._pending))
            got = self._read(memoryview(buffer))
            if not got:
                break
            self._pending += buffer[:got]
        return self._pending[:size]

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        if self._pending:
            got = min(len(view), len(self._pending))
            view[:got] = self._pending[:got]
            self._pending = self._pending[got:]
        else:
            got = self._read(view)
        self.count += got
        self.tail = (self.tail + bytes(view[max(0, got - len(BGZF_END)) : got]))[-len(BGZF_END) :]
        return got

    def _read(self, view: memoryview) -> int:
        # One read of the system at a time: a buffered pipe's readinto() goes on until the view is
        # full, and a signal that comes between two of its reads is not heeded before the next byte.
        got = getattr(self._source, "readinto1", self._source.readinto)(view)
        if got is None:
            # Taking this for the end would lose the rest of the input silently.
            raise BlockingIOError(errno.EAGAIN, "no data yet on a non-blocking pipe")
        return got


class InputStream:
    """Lines of a file or of standard input, decompressed.

    Parameters
    ----------
    source
        A path, or ``-`` for standard input.

    Raises
    ------
    VariantFileError
        On opening: no such file, a directory, a compression that is not gzip. While reading:
        compressed data that are damaged or end too early, with the byte where.

    Notes
    -----
    A complete bgzip file ends with :data:`BGZF_END`. Without it the file was cut between two
    blocks and everything read so far looked intact, which is why the end is checked too.
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        self.name = "standard input" if source == "-" else Path(source).name
        self._opened: IO[bytes] | None = None
        raw, self._size = self._open(source)
        self._metered = _MeteredReader(raw)
        with self._damage_explained():
            head = self._metered.head(_HEAD_BYTES)
        for magic, (found, remedy) in _FOREIGN.items():
            if head.startswith(magic):
                self.close()
                raise VariantFileError(
                    f"{self.name}: is {found}; expected plain text, gzip or bgzip: {remedy}"
                )
        compressed = head.startswith(_GZIP_MAGIC)
        self.is_bgzf = compressed and head[3:4] == b"\x04" and head[12:14] == b"BC"
        self._plain = self._metered
        if compressed:
            inflating = gzip.GzipFile(fileobj=io.BufferedReader(self._metered, 1 << 16))
            self._plain = _MeteredReader(inflating)
        self._bytes = io.BufferedReader(self._plain, 1 << 17)

    def _open(self, source: str | os.PathLike[str]) -> tuple[_Readable, int | None]:
        if source == "-":
            if not hasattr(sys.stdin, "buffer"):
                raise VariantFileError("standard input: there is none here; name a file instead")
            return cast("_Readable", sys.stdin.buffer), None
        try:
            # The stream lives as long as this object, which closes it.
            self._opened = opened = Path(source).open("rb", buffering=0)  # noqa: SIM115
            status = os.fstat(opened.fileno())
        except OSError as error:
            raise VariantFileError(f"{source}: cannot be read ({error.strerror})") from error
        return opened, status.st_size if stat.S_ISREG(status.st_mode) else None

    @property
    def is_regular_file(self) -> bool:
        """Whether the bytes can be read again, by name."""
        return self._size is not None

    @property
    def fraction_read(self) -> float | None:
        """Share of the file's bytes read so far, or None where the size is not known."""
        return self._metered.count / self._size if self._size else None

    def peek(self, size: int) -> bytes:
        """First `size` decompressed bytes, still to be read; only before anything was read."""
        with self._damage_explained():
            return self._plain.head(size)

    def __iter__(self) -> Iterator[bytes]:
        with self._damage_explained():
            yield from self._bytes
        self._check_end()

    def read_all_into(self, target: IO[bytes]) -> None:
        """Copy the decompressed rest into `target`, checking the end too."""
        while True:
            with self._damage_explained():
                block = self._bytes.read(1 << 20)
            if not block:
                break
            target.write(block)
        self._check_end()

    def _check_end(self) -> None:
        if self.is_bgzf and self._metered.tail != BGZF_END:
            raise VariantFileError(_no_end_marker(self.name, self._metered.count))

    @contextlib.contextmanager
    def _damage_explained(self) -> Iterator[None]:
        remedy = "The file is truncated or damaged: copy or download it again."
        try:
            yield
        except EOFError as error:
            raise VariantFileError(
                f"{self.name}: the compressed data end inside a block at byte "
                f"{self._metered.count}. {remedy}"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise VariantFileError(
                f"{self.name}: the compressed data do not inflate near byte "
                f"{self._metered.count} ({error}). {remedy}"
            ) from error
        except OSError as error:
            raise VariantFileError(
                f"{self.name}: cannot be read beyond byte {self._metered.count} "
                f"({error.strerror or error})"
            ) from error

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> InputStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _no_end_marker(name: str, size: int) -> str:
    return (
        f"{name}: the bgzip end marker is missing after byte {size}: the file is truncated. "
        "Copy or download it again."
    )


def require_bgzf_end(path: str | os.PathLike[str]) -> None:
    """Refuse a bgzip file whose end is missing, without reading the rest of it.

    Raises
    ------
    VariantFileError
        If the last 28 bytes are not :data:`BGZF_END`, or the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(BGZF_END)))
            tail = file.read()
    except OSError as error:
        raise VariantFileError(f"{path}: cannot be read ({error.strerror})") from error
    if tail != BGZF_END:
        raise VariantFileError(_no_end_marker(Path(path).name, size))
