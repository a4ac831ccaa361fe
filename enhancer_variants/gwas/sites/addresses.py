"""Text with an address for every line, so that a line can be read again without those before it.

In a bgzip file the address is the virtual offset of the SAM specification: the place of the
compressed block times 65,536, plus the place within the block. In plain text it is the byte.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io.compression import BGZF_END, InputStream, require_bgzf_end
from enhancer_variants.io.htslib import COPY_AGAIN

__all__ = ["AddressedLines", "Text", "has_random_access", "text_batches"]

_GZIP_MAGIC: Final = b"\x1f\x8b"
_BLOCK_HEADER: Final = 18
_BLOCK_TRAILER: Final = 8
_EXTRA_READ: Final = 6
_VIRTUAL_OFFSET_BITS: Final = 16
_RAW_DEFLATE: Final = -15
_BATCH_BYTES: Final = 1 << 22
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Text:
    r"""Whole lines, and where they stand in the file.

    Attributes
    ----------
    lines
        Bytes of the lines; each ends with ``\n``.
    piece_starts
        Where in `lines` each piece begins that lies in the file in one stretch, from 0 upward.
    piece_addresses
        Address of the first byte of each piece.
    file_bytes
        Bytes of the file that were read when these lines were complete.
    """

    lines: bytes
    piece_starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    piece_addresses: np.ndarray[tuple[int], np.dtype[np.int64]]
    file_bytes: int

    def addresses(
        self, starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        r"""Give the addresses of bytes of `lines`.

        Examples
        --------
        >>> text = Text(b"ab\ncd\n", np.array([0, 2]), np.array([100, 65536]), 0)
        >>> text.addresses(np.array([0, 3])).tolist()
        [100, 65537]
        """
        piece = np.searchsorted(self.piece_starts, starts, side="right") - 1
        return self.piece_addresses[piece] + (starts - self.piece_starts[piece])


def has_random_access(path: Path) -> bool:
    """Whether lines of a file can be read by their address: it is plain text or bgzip.

    Raises
    ------
    VariantFileError
        If the file cannot be read, or is compressed in another way than by gzip.
    """
    with InputStream(path) as stream:
        if not stream.is_regular_file or stream.is_bgzf:
            return stream.is_regular_file
    with _opened(path) as file:
        return file.read(len(_GZIP_MAGIC)) != _GZIP_MAGIC


def text_batches(path: Path) -> Iterator[Text]:
    """Read a plain or bgzip file to its end, some megabytes of whole lines at a time.

    Raises
    ------
    VariantFileError
        If the file is truncated or damaged.
    """
    with InputStream(path) as stream:
        is_bgzf = stream.is_bgzf
    if is_bgzf:
        require_bgzf_end(path)
    pieces = _bgzf_pieces(path) if is_bgzf else _plain_pieces(path)
    waiting: list[tuple[int, bytes]] = []
    size = file_bytes = 0
    for address, content, end in pieces:
        waiting.append((address, content))
        size, file_bytes = size + len(content), end
        if size >= _BATCH_BYTES and b"\n" in content:
            text, rest = _whole_lines(waiting, file_bytes)
            yield text
            waiting, size = [rest], len(rest[1])
    last = next((content for _, content in reversed(waiting) if content), b"")
    if last:
        ended = b"" if last.endswith(b"\n") else b"\n"
        text, _ = _whole_lines([*waiting, (0, ended)], file_bytes)
        yield text


def _whole_lines(pieces: list[tuple[int, bytes]], end: int) -> tuple[Text, tuple[int, bytes]]:
    """Join pieces up to the last line's end; give what is left over with its address."""
    joined = b"".join(content for _, content in pieces)
    lengths = np.array([0, *(len(content) for _, content in pieces)], np.int64)
    starts = np.cumsum(lengths)[:-1]
    addresses = np.array([address for address, _ in pieces], np.int64)
    cut = joined.rfind(b"\n") + 1
    text = Text(joined[:cut], starts, addresses, end)
    return text, (int(text.addresses(np.array([cut]))[0]), joined[cut:])


def _plain_pieces(path: Path) -> Iterator[tuple[int, bytes, int]]:
    with _opened(path) as file:
        address = 0
        while content := file.read(_READ_BYTES):
            yield address, content, address + len(content)
            address += len(content)


def _bgzf_pieces(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Give each block's virtual offset, its content and where the next block begins."""
    with _opened(path) as file:
        start = 0
        while block := _next_block(file, start, path.name):
            content, following = block
            yield start << _VIRTUAL_OFFSET_BITS, content, following
            start = following


def _next_block(file: BinaryIO, start: int, name: str) -> tuple[bytes, int] | None:
    """Give the content of the block that begins here, and where the next one does."""
    header = file.read(_BLOCK_HEADER)
    if not header:
        return None
    is_block = header.startswith(BGZF_END[:4]) and header[12:14] == b"BC"
    if len(header) < _BLOCK_HEADER or not is_block:
        raise _damaged(name, start, "no bgzip block begins there")
    extra, size = struct.unpack_from("<H", header, 10)[0], header[16] + (header[17] << 8)
    block = file.read(size + 1 - _BLOCK_HEADER)
    try:
        checksum, length = struct.unpack("<II", block[-_BLOCK_TRAILER:])
        deflated = block[extra - _EXTRA_READ : -_BLOCK_TRAILER]
        content = zlib.decompress(deflated, _RAW_DEFLATE, length or 1)
    except (zlib.error, struct.error) as error:
        raise _damaged(name, start, str(error)) from error
    if len(content) != length or zlib.crc32(content) != checksum:
        raise _damaged(name, start, "the checksum of the block disagrees with it")
    return content, start + size + 1


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb", buffering=_READ_BYTES) as file:
            yield file
    except OSError as error:
        raise VariantFileError(f"{path}: cannot be read ({error.strerror or error})") from error


def _damaged(name: str, start: int, found: str) -> VariantFileError:
    return VariantFileError(
        f"{name}: the compressed data are damaged at byte {start} ({found}). {COPY_AGAIN}"
    )


class AddressedLines:
    """A file of which single lines are read by their addresses.

    Parameters
    ----------
    path
        Plain text or bgzip.

    Raises
    ------
    VariantFileError
        If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        with InputStream(path) as stream:
            self._is_bgzf = stream.is_bgzf
        self._name = path.name
        self._file: BinaryIO = path.open("rb")
        self._kept: tuple[int, bytes, int] = (-1, b"", -1)

    def read(self, addresses: Iterable[int]) -> Iterator[bytes]:
        """Read the line that begins at each address, without its ending; quickest if sorted.

        Raises
        ------
        VariantFileError
            If the file is damaged there or ends before.
        """
        for address in addresses:
            try:
                line = self._line_in_block(address) if self._is_bgzf else self._line(address)
            except OSError as error:
                raise VariantFileError(
                    f"{self._name}: cannot be read ({error.strerror or error})"
                ) from error
            if not line:
                raise VariantFileError(f"{self._name}: ends before {address}. {COPY_AGAIN}")
            yield line.rstrip(b"\r\n")

    def _line(self, address: int) -> bytes:
        self._file.seek(address)
        return self._file.readline()

    def _line_in_block(self, address: int) -> bytes:
        start, offset = divmod(address, 1 << _VIRTUAL_OFFSET_BITS)
        content, following = self._block(start)
        end = content.find(b"\n", offset)
        line = content[offset : end + 1] if end >= 0 else content[offset:]
        while not line.endswith(b"\n"):  # it goes on in the next block
            content, after = self._block(following)
            if after == following:
                break
            line += content[: content.find(b"\n") + 1] if b"\n" in content else content
            following = after
        return line

    def _block(self, start: int) -> tuple[bytes, int]:
        """Give a block's content and where the next begins; nothing at the end of the file."""
        kept, content, following = self._kept
        if start != kept:
            self._file.seek(start)
            content, following = _next_block(self._file, start, self._name) or (b"", start)
            self._kept = (start, content, following)
        return content, following

    def close(self) -> None:
        """Close the file."""
        self._file.close()
