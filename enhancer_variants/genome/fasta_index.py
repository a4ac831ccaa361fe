"""Random access to a FASTA file: what kind of file it is, and indexes that can be trusted.

An index beside the file is used if it is not older than the file and fits it; otherwise it is
built again there, or, where the folder cannot be written to, in the user's cache.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import struct
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pysam

from enhancer_variants.errors import FastaError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

__all__ = ["BGZF_END", "FastaFiles", "indexed_fasta", "quiet_htslib"]

BGZF_END: Final = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every complete bgzip file (SAM specification, section 4.1.2)."""

_HEADER_SEARCH: Final = 65536


@dataclass(frozen=True, slots=True)
class FastaFiles:
    """A FASTA file and the indexes that fit it.

    Attributes
    ----------
    fasta
        The sequences.
    fai
        Index of contigs.
    gzi
        Index of compressed blocks; None where the FASTA is not compressed.
    """

    fasta: Path
    fai: Path
    gzi: Path | None

    def open(self) -> pysam.FastaFile:
        """Open for reading; the handle must not be shared between processes.

        Raises
        ------
        FastaError
            If htslib refuses the file.
        """
        with quiet_htslib():
            try:
                return pysam.FastaFile(
                    str(self.fasta), str(self.fai), str(self.gzi) if self.gzi else None
                )
            except (OSError, ValueError) as error:
                raise FastaError(f"{self.fasta}: cannot be opened as FASTA: {error}") from error


@contextlib.contextmanager
def quiet_htslib() -> Iterator[None]:
    """Keep htslib from writing to stderr; what it finds is reported as an exception here.

    Examples
    --------
    >>> with quiet_htslib():
    ...     pass
    """
    verbosity = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(verbosity)


def indexed_fasta(path: Path) -> FastaFiles:
    r"""Find the indexes of a FASTA file, and build those that are missing, stale or damaged.

    They are looked for, and built, beside the file first, then in ``enhancer_variants/indexes``
    of the cache folder (``$XDG_CACHE_HOME`` or ``~/.cache``) under a name made from the file's
    real path, size and time of change. Several processes may do so at once.

    Parameters
    ----------
    path
        FASTA, plain or compressed with bgzip.

    Raises
    ------
    FastaError
        If the file is missing, empty, truncated, compressed with plain gzip or no FASTA, or if
        no folder for an index can be written to.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">toy\nACGT\n")
    ...     indexed_fasta(fasta).fai.name
    'toy.fa.fai'
    """
    compressed = _is_bgzipped(path)
    before = path.stat()
    candidates = [_files_beside(path, compressed=compressed)]
    with contextlib.suppress(RuntimeError):  # a user without a home has no cache
        candidates.append(_files_in_cache(path, before, compressed=compressed))
    for files in candidates:
        if _fit(files, before.st_mtime_ns):
            return files
    refusals = []
    for files in candidates:
        try:
            _build(files, before.st_mtime_ns)
        except OSError as error:
            refusals.append(f"{files.fai.parent} ({error.strerror or error})")
        else:
            return files
    raise FastaError(
        f"{path}: has no usable index, and none can be written to {' or '.join(refusals)}; run "
        f"'samtools faidx {path.name}', or set XDG_CACHE_HOME to a folder that can be written to"
    )


def _is_bgzipped(path: Path) -> bool:
    """Whether the file is bgzipped; a FastaError unless it is that or a plain FASTA, and whole."""
    try:
        with path.open("rb") as stream:
            start = stream.read(18)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - len(BGZF_END)))
            end = stream.read()
    except FileNotFoundError:
        raise FastaError(f"{path}: there is no such file; expected a FASTA file") from None
    except OSError as error:
        raise FastaError(f"{path}: cannot be read as FASTA: {error.strerror or error}") from error
    if not size:
        raise FastaError(f"{path}: the file is empty; expected FASTA")
    compressed = start.startswith(b"\x1f\x8b")
    if compressed:
        if not (start[3:4] == b"\x04" and start[12:14] == b"BC"):
            raise FastaError(
                f"{path}: is compressed with gzip, which has no random access; compress it with "
                f"bgzip instead: gunzip -c {path.name} | bgzip > {path.stem}.bgz"
            )
        if end != BGZF_END:
            raise FastaError(
                f"{path}: is truncated, the bgzip end marker is missing; copy or compress it again"
            )
        start = _first_bytes(path)
    if not start.lstrip(b"\r\n").startswith(b">"):
        raise FastaError(
            f"{path}: is no FASTA: begins with {start[:10]!r}, expected '>' and a contig's name"
        )
    return compressed


def _first_bytes(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(18)
    except (OSError, EOFError, zlib.error) as error:
        raise FastaError(f"{path}: compressed data is damaged: {error}") from error


def _files_beside(path: Path, *, compressed: bool) -> FastaFiles:
    gzi = Path(f"{path}.gzi") if compressed else None
    return FastaFiles(path, Path(f"{path}.fai"), gzi)


def _files_in_cache(path: Path, status: os.stat_result, *, compressed: bool) -> FastaFiles:
    # Relative paths in XDG_CACHE_HOME are to be ignored by its specification.
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    cache = named if named.is_absolute() else Path.home() / ".cache"
    identity = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    key = hashlib.sha256(os.fsencode(identity)).hexdigest()[:32]
    stem = cache / "enhancer_variants" / "indexes" / f"{path.name}.{key}"
    return FastaFiles(path, Path(f"{stem}.fai"), Path(f"{stem}.gzi") if compressed else None)


def _build(files: FastaFiles, fasta_changed: int) -> None:
    """Write the indexes under temporary names, then move them; OSError where that cannot be."""
    folder = files.fai.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{files.fasta.name}.", dir=folder) as scratch:
        # htslib writes indexes beside the name it opens; through a link that is the scratch folder.
        link = Path(scratch, "fasta")
        link.symlink_to(files.fasta.resolve())
        with quiet_htslib():
            try:
                pysam.FastaFile(str(link)).close()
            except (OSError, ValueError) as error:
                if fault := _format_fault(files.fasta):
                    raise FastaError(fault) from error
                raise OSError(f"htslib cannot write the index: {error}") from error
        # A file dated in the future must not make every index of it look stale.
        changed = max(time.time_ns(), fasta_changed)
        for index in (files.gzi, files.fai):
            if index is not None:
                new = Path(f"{link}{index.suffix}")
                os.utime(new, ns=(changed, changed))
                new.replace(index)


def _format_fault(path: Path) -> str | None:
    """Say where a file stops being a FASTA that can be indexed; None if it does not."""
    contig, width, ended, uneven = "", (0, 0), False, None
    try:
        with _uncompressed(path) as stream:
            for number, line in enumerate(stream, 1):
                length = len(line.rstrip(b"\r\n"))
                if line.startswith(b">"):
                    contig, width, ended = line[1:].decode(errors="replace").strip(), (0, 0), False
                    continue
                if uneven is None and length and (ended or (width[0] and length > width[0])):
                    # Read on: garbled lines may come from damage that only shows later.
                    uneven = number, contig
                width = width if width[0] else (length, len(line))
                ended = (length, len(line)) != width
    except (OSError, EOFError, zlib.error) as error:
        return f"{path}: compressed data is damaged ({error}); copy or compress it again"
    if uneven:
        return (
            f"{path}:{uneven[0]}: line lengths of contig {uneven[1]!r} differ, which leaves no "
            "random access; write all lines of a contig equally long (for example with "
            "'seqkit seq -w 60')"
        )
    if width == (0, 0):
        return (
            f"{path}: ends without a base of its last contig, {contig[:80]!r}; complete it, or "
            "remove its header"
        )
    return None


def _uncompressed(path: Path) -> io.BufferedReader | gzip.GzipFile:
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if compressed else path.open("rb")


@dataclass(frozen=True, slots=True)
class _IndexLine:
    name: bytes
    length: int
    offset: int
    line_bases: int
    line_width: int

    @property
    def last(self) -> int:
        """Offset of the contig's last base."""
        lines, rest = divmod(self.length - 1, self.line_bases)
        return self.offset + lines * self.line_width + rest


def _fit(files: FastaFiles, fasta_changed: int) -> bool:
    """Whether both indexes exist, are not older than the FASTA, can be read and agree with it."""
    try:
        for index in (files.fai, files.gzi):
            if index is not None and index.stat().st_mtime_ns < fasta_changed:
                return False
        contigs = _read_fai(files.fai)
        if files.gzi is None:
            return _offsets_fit(files.fasta, contigs)
        return _blocks_fit(files.fasta, files.gzi)
    except (OSError, ValueError, struct.error):
        return False


def _read_fai(path: Path) -> list[_IndexLine]:
    contigs = []
    for line in path.read_bytes().splitlines():
        name, length, offset, line_bases, line_width = line.split(b"\t")
        contig = _IndexLine(name, int(length), int(offset), int(line_bases), int(line_width))
        if not (contig.length > 0 and 0 < contig.line_bases <= contig.line_width):
            raise ValueError(line)
        contigs.append(contig)
    if not contigs:
        raise ValueError(path)
    return contigs


def _offsets_fit(fasta: Path, contigs: list[_IndexLine]) -> bool:
    """Whether each contig of the index has its header before it and nothing of it after it."""
    with fasta.open("rb") as stream:
        for contig in contigs:
            begin = max(0, contig.offset - _HEADER_SEARCH)
            stream.seek(begin)
            before = stream.read(contig.offset - begin)
            header = before[:-1].rpartition(b"\n")[2]
            if not (before.endswith(b"\n") and header.startswith(b">")):
                return False
            if (header[1:].split() or [b""])[0] != contig.name:
                return False
            stream.seek(contig.last)
            last, after = stream.read(1), stream.read(64).lstrip(b"\r\n")
            if not last.strip() or (after and not after.startswith(b">")):
                return False
    return True


def _blocks_fit(fasta: Path, gzi: Path) -> bool:
    """Whether the index is whole and its last block begins where a block of the file does."""
    content = gzi.read_bytes()
    (blocks,) = struct.unpack_from("<Q", content)
    if len(content) != 8 + 16 * blocks:
        return False
    last = struct.unpack_from("<QQ", content, 16 * blocks - 8)[0] if blocks else 0
    with fasta.open("rb") as stream:
        stream.seek(last)
        return stream.read(4) == BGZF_END[:4]
