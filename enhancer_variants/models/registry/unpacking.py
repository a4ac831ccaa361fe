"""The files of one model, taken out of an archive that may come from anywhere.

An archive is listed completely before anything of it is written. What is written has one of a few
fixed names in a folder of our own, so no name in an archive can become a path; an archive with
names, links or sizes that no honest one has is refused all the same.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from enhancer_variants.errors import CheckpointError, UnsafeCheckpointError
from enhancer_variants.models.card import CARD_FILE
from enhancer_variants.models.files import open_regular

__all__ = ["MODEL_FILES", "Limits", "unpack_model"]

MODEL_FILES = (
    "config.json",
    "model.safetensors",
    "pytorch_model.bin",
    "vocab.txt",
    "tokenizer.json",
    CARD_FILE,
)
"""Files of a model directory that are taken out of an archive; no other is."""

_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_LONGEST_NAME = 1000
_SHOWN = 5
_DRIVE = re.compile(r"[A-Za-z]:")
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What the libraries raise for archives that are torn, damaged or of a kind they cannot read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold.

    Attributes
    ----------
    files
        Entries.
    size
        Bytes of all entries together.
    ratio
        Bytes unpacked for each byte of the archive, beyond `always` bytes.
    always
        Bytes that any archive may unpack to, for small files compress well.
    """

    files: int = 10_000
    size: int = 16 * 2**30
    ratio: int = 20
    always: int = 64 * 2**20

    def bytes_for(self, packed: int) -> int:
        """Most bytes that an archive of `packed` bytes may unpack to.

        Examples
        --------
        >>> Limits().bytes_for(100), Limits().bytes_for(10**9)
        (67108864, 17179869184)
        """
        return min(self.size, max(self.always, self.ratio * packed))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file in an archive: its name there, its size, and how it is opened."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.name).parent)

    @property
    def file(self) -> str:
        return PurePosixPath(self.name).name


_Entries: TypeAlias = Iterator[_Entry]

_COMPRESSED: tuple[tuple[bytes, Callable[[io.BufferedReader], io.BufferedIOBase]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
"""How compressed files begin, and what reads them."""


def unpack_model(
    archive: Path, folder: Path, *, hint: str = "", limits: Limits | None = None
) -> list[Path]:
    """Take the files of a model out of a zip or tar archive.

    Parameters
    ----------
    archive
        The archive: zip, or tar as it is or with gzip, bzip2 or xz; told by its content.
    folder
        An existing folder for the files.
    hint
        Where an archive holds several models: what the path of the right one contains.
    limits
        How much it may hold.

    Returns
    -------
    list of Path
        The files written, all of them directly in `folder`.

    Raises
    ------
    CheckpointError
        If it is no archive, damaged, or does not hold one model.
    UnsafeCheckpointError
        If it has paths that leave a folder, links, devices, names twice, or unpacks to too much.

    Examples
    --------
    >>> unpack_model(Path("/dev/null"), Path("."))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: /dev/null: a pipe, device or directory; expected ...
    """
    with open_regular(archive) as file:
        size = file.seek(0, io.SEEK_END)
    most = (limits or Limits()).bytes_for(size)
    reader = _zip_entries if zipfile.is_zipfile(archive) else _tar_entries
    with _damage_as_error(archive):
        listed = [(entry.folder, entry.file) for entry in _checked(archive, reader, most, limits)]
        chosen = _model_folder(archive, listed, hint)
        written = []
        for entry in reader(archive, most):
            if entry.folder == chosen and entry.file in MODEL_FILES:
                target = folder / MODEL_FILES[MODEL_FILES.index(entry.file)]
                with entry.open() as source, target.open("xb") as copy:
                    _copy(archive, entry, source, copy)
                written.append(target)
    return written


def _checked(
    archive: Path, reader: Callable[[Path, int], _Entries], most: int, limits: Limits | None
) -> _Entries:
    """Give each entry once nothing is wrong with its name, number and size."""
    names: set[str] = set()
    total = 0
    most_files = (limits or Limits()).files
    for entry in reader(archive, most):
        _check_name(archive, entry.name)
        folded = unicodedata.normalize("NFC", str(PurePosixPath(entry.name))).casefold()
        if folded in names:
            raise UnsafeCheckpointError(
                f"{archive}: two entries {entry.name[:100]!r}; expected each name once"
            )
        names.add(folded)
        total += entry.size
        if len(names) > most_files or total > most:
            raise UnsafeCheckpointError(
                f"{archive}: {len(names)} files of {total} bytes and perhaps more; expected at "
                f"most {most_files} files and {most} bytes, in proportion to the archive"
            )
        yield entry


def _check_name(archive: Path, name: str) -> None:
    parts = name.split("/")
    if (
        not name
        or len(name) > _LONGEST_NAME
        or name.startswith("/")
        or ".." in parts
        or "\\" in name
        or _DRIVE.match(name)
        or not name.isprintable()
    ):
        raise UnsafeCheckpointError(
            f"{archive}: an entry is called {name[:100]!r}; expected relative paths of printable "
            "characters that stay in their folder"
        )


def _model_folder(archive: Path, listed: Sequence[tuple[str, str]], hint: str) -> str:
    """Folder in the archive that holds the model that is meant."""
    files: dict[str, set[str]] = {}
    for folder, file in listed:
        files.setdefault(folder, set()).add(file)
    weights = {"model.safetensors", "pytorch_model.bin"}
    found = sorted(f for f, inside in files.items() if "config.json" in inside and inside & weights)
    hinted = [folder for folder in found if hint and hint in folder]
    for candidates in (found, hinted):
        if len(candidates) == 1:
            return candidates[0]
    if found:
        what = f"{len(found)} models ({', '.join(found[:_SHOWN])})"
    else:
        names = [str(PurePosixPath(folder, file)) for folder, file in listed[:_SHOWN]]
        what = f"no model ({', '.join(names) or 'it is empty'})"
    raise CheckpointError(
        f"{archive}: {what}; expected one folder with config.json and model.safetensors or "
        "pytorch_model.bin: unpack it yourself and name the folder (models download NAME --from "
        "FOLDER)"
    )


def _zip_entries(archive: Path, most: int) -> _Entries:
    del most  # each entry says its size, and zipfile gives no byte more
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            _check_name(archive, info.orig_filename.rstrip("/") or info.orig_filename)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _no_file(archive, info.orig_filename)
            if info.flag_bits & _ENCRYPTED:
                raise CheckpointError(f"{archive}: encrypted; expected an archive without password")
            if info.is_dir():
                continue
            yield _Entry(info.filename, info.file_size, _opener(opened, info))


def _opener(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: opened.open(info)


def _tar_entries(archive: Path, most: int) -> _Entries:
    with _decompressed(archive, most) as stream, tarfile.open(fileobj=stream, mode="r|") as opened:
        for member in opened:
            if member.isdir():
                _check_name(archive, member.name)
                continue
            plain = member.isreg() and not member.issparse()
            extracted = opened.extractfile(member) if plain else None
            if extracted is None:
                raise _no_file(archive, member.name)
            yield _Entry(member.name, member.size, _given(extracted))


def _given(file: IO[bytes]) -> Callable[[], IO[bytes]]:
    return lambda: file


@contextmanager
def _decompressed(archive: Path, most: int) -> Iterator[_Limited]:
    """Open a tar's bytes, told by the first ones how they were compressed."""
    with open_regular(archive) as file:
        start = file.read(6)
        file.seek(0)
        inner = next((kind(file) for magic, kind in _COMPRESSED if start.startswith(magic)), file)
        # Twice: tar adds heads and padding to what its entries hold.
        yield _Limited(archive, inner, 2 * most)


class _Limited(io.RawIOBase):
    """A stream that ends with an error rather than giving more bytes than it should."""

    def __init__(self, archive: Path, stream: io.BufferedIOBase, most: int) -> None:
        self._archive, self._stream, self._left = archive, stream, most

    def read(self, size: int = -1, /) -> bytes:
        """Read as the stream does."""
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise UnsafeCheckpointError(
                f"{self._archive}: unpacks to far more bytes than it has; expected a model"
            )
        return data


def _copy(archive: Path, entry: _Entry, source: IO[bytes], copy: IO[bytes]) -> None:
    left = entry.size
    while piece := source.read(_CHUNK):
        left -= len(piece)
        copy.write(piece)
    if left:
        raise CheckpointError(
            f"{archive}: {entry.name!r} has not the {entry.size} bytes that it says; expected a "
            "complete archive"
        )


def _no_file(archive: Path, name: str) -> UnsafeCheckpointError:
    return UnsafeCheckpointError(
        f"{archive}: {name[:100]!r} is a link, a device or no plain file; expected files and "
        "folders only"
    )


@contextmanager
def _damage_as_error(archive: Path) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk; bzip2 and gzip give damage as an OSError without a number
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CheckpointError(
            f"{archive}: cannot be read ({reason}); expected a complete zip or tar archive: "
            "download it again"
        ) from error
