"""The folder of a long run, which can be gone on with after whatever ended the process.

::

    DIR/run.json                what was asked, and all that the result depends on
    DIR/lock                    held by the one process that works here
    DIR/effects/00000.parquet   pieces of the result: a folder for each table, a file for each shard
    DIR/done/00000.json         a shard is done: size and SHA-256 of its pieces, counts, notes

A file is written under a temporary name, brought to the disk and renamed, and the file in ``done``
is the last one of its shard. So a shard is done or it is not, at whatever moment the process is
killed or the machine loses its power.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from filelock import FileLock, Timeout

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models.files import JSON, read_json_object, sha256_of
from enhancer_variants.runs.differences import differences
from enhancer_variants.runs.shard import Piece, Shard

__all__ = ["DoneShard", "RunDirectory"]

_FORMAT: Final = 1
"""Number of this layout; another one is refused."""

_MANIFEST: Final = "run.json"
_LOCK: Final = "lock"
_DONE: Final = "done"
_UNFINISHED: Final = ".tmp"
_ANY_PIECE: Final = "*/[0-9][0-9][0-9][0-9][0-9]*.*"
_LARGEST_RECORD: Final = 1 << 28
_PARTS: Final = ("asked", "conditions", "settled")
_LARGEST_COUNT: Final = 1 << 63
_DIFFERENCES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class DoneShard:
    """What the folder knows of a shard that is done.

    Attributes
    ----------
    number, size
        As of :class:`~enhancer_variants.runs.Shard`.
    counts, notes
        As of :class:`~enhancer_variants.runs.Piece`.

    Examples
    --------
    >>> DoneShard(0, 2, {"ok": 2}, {}).counts
    {'ok': 2}
    """

    number: int
    size: int
    counts: Mapping[str, int]
    notes: Mapping[str, JSON]


class RunDirectory:
    """The folder of a run, held against other processes while it is used as a context.

    Parameters
    ----------
    path
        The folder; made where it is absent.

    Raises
    ------
    InputError
        On entering: if another process works there, or the folder holds something else, or a
        ``run.json`` that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, RunDirectory(folder) as directory:
    ...     settled = directory.begin({"input": "a.vcf"}, {"device": "cpu"}, {"batch_size": 8})
    ...     directory.keep(Shard(0, None, size=3), Piece({"effects.tsv": b"chr1"}, {"ok": 3}))
    ...     [path.read_bytes() for path in directory.pieces("effects.tsv", 1)]
    [b'chr1']
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = FileLock(self.path / _LOCK, timeout=0)
        self._manifest: dict[str, JSON] | None = None

    def __enter__(self) -> RunDirectory:
        self._require_own_folder()
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise InputError(
                f"{self.path}: another process works on this run; wait for its end, or name "
                "another folder"
            ) from error
        try:
            for folder in (self.path, *(p for p in self.path.iterdir() if p.is_dir())):
                for unfinished in folder.glob(f".*{_UNFINISHED}"):
                    unfinished.unlink(missing_ok=True)
            self._manifest = self._read_manifest()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @property
    def settled(self) -> Mapping[str, JSON]:
        """What the run settled for itself when it began, such as its batch size.

        Empty where no shard is done: then everything may still be settled in another way.
        """
        if self._manifest is None or not self._begun():
            return {}
        return cast("dict[str, JSON]", self._manifest["settled"])

    def begin(
        self,
        asked: Mapping[str, JSON],
        conditions: Mapping[str, JSON],
        settled: Mapping[str, JSON],
    ) -> Mapping[str, JSON]:
        """Begin the run, or make sure that it is the same one that the folder holds.

        Parameters
        ----------
        asked
            What the run was asked to do: its input with its digest, and the options that decide
            what the pieces hold.
        conditions
            All else that their bytes depend on
            (:attr:`~enhancer_variants.runs.Work.conditions`).
        settled
            What was measured or chosen when the run began, and stays: numbers above 0, yes or
            no, or ``auto``.

        Returns
        -------
        Mapping
            What is settled: as given, or as it was when the first shard was done.

        Raises
        ------
        InputError
            If a shard was done under another request or other conditions; says in what they
            differ. Also if ``run.json`` lacks what a run settles.
        """
        same = {"format": _FORMAT, "asked": dict(asked), "conditions": dict(conditions)}
        same = json.loads(json.dumps(same))
        if self._manifest is not None and self._begun():
            self._require_same(same, self._manifest)
            if set(self.settled) != set(settled):
                raise _damaged(self.path, f"settled names {', '.join(self.settled) or 'nothing'}")
            return self.settled
        if self._manifest is not None:
            # Whoever reads a table's folder as a data set must not find pieces of another request.
            for piece in self.path.glob(_ANY_PIECE):
                piece.unlink()
        self._manifest = {**same, "settled": dict(settled)}
        self._write(self.path / _MANIFEST, _as_json(self._manifest))
        return settled

    def refuse_output(self, path: str | os.PathLike[str], pieces: Iterable[str] = ()) -> None:
        """Refuse to write a result over what the folder keeps; beside it there is room.

        Parameters
        ----------
        path
            Of the result.
        pieces
            Names of the pieces, as ``effects.parquet``, whose folders may not be there yet.

        Raises
        ------
        InputError
            If the path is that of the manifest, the lock or a folder of pieces, or lies in one.
        """
        # Unlike resolve, realpath gives links in a circle as they are.
        own, place = Path(os.path.realpath(self.path)), Path(os.path.realpath(path))
        inside = place.relative_to(own).parts if place.is_relative_to(own) else ()
        names = {_MANIFEST, _LOCK, _DONE, *(piece.partition(".")[0] for piece in pieces)}
        if len(inside) > 1 or names & {*inside}:
            raise InputError(
                f"{path}: belongs to the run in {self.path}; expected an output outside of the "
                "folder, or directly in it by another name"
            )

    def verified(self) -> dict[int, DoneShard]:
        """Give the shards that are done, by number; every byte of their pieces is looked at.

        A shard whose pieces are damaged or gone is none of them, and is to be done again.
        """
        done = {}
        for path in sorted((self.path / _DONE).glob("*.json")):
            shard = self._verified(path)
            if shard is not None:
                done[shard.number] = shard
        return done

    def keep(self, shard: Shard, piece: Piece) -> None:
        """Put the piece of a shard into the folder; from then on the shard is done.

        Raises
        ------
        OSError
            If the disk is full or cannot be written to.
        """
        digests = {}
        for name, content in piece.files.items():
            self._write(self._piece(name, shard.number), content)
            digests[name] = {
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        record = {
            "shard": shard.number,
            "size": shard.size,
            "files": digests,
            "counts": dict(piece.counts),
            "notes": dict(piece.notes),
        }
        self._write(self.path / _DONE / f"{shard.number:05}.json", _as_json(record))

    def pieces(self, name: str, shards: int) -> Iterator[Path]:
        """Give the pieces of a table in the order of the shards.

        Parameters
        ----------
        name
            Name of the piece, as ``effects.parquet``.
        shards
            How many shards the run has.
        """
        for number in range(shards):
            yield self._piece(name, number)

    def _piece(self, name: str, number: int) -> Path:
        table, _, ending = name.partition(".")
        return self.path / table / f"{number:05}.{ending}"

    def _begun(self) -> bool:
        return any((self.path / _DONE).glob("*.json"))

    def _require_own_folder(self) -> None:
        """Refuse a folder that holds anything but a run, before anything is written into it."""
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise InputError(f"{self.path}: is a file; expected the name of a folder for the run")
        names = (path.name for path in self.path.iterdir())
        others = [name for name in names if not _may_precede_manifest(name)]
        if others and not (self.path / _MANIFEST).exists():
            raise InputError(
                f"{self.path}: holds {sorted(others)[0]!r} and no {_MANIFEST}; expected the folder "
                "of a run, or a new or empty one"
            )

    def _read_manifest(self) -> dict[str, JSON] | None:
        path = self.path / _MANIFEST
        if not path.exists():
            return None
        try:
            found = read_json_object(path, _LARGEST_RECORD)
        except CheckpointError as error:
            raise InputError(
                f"{error}: the run's record is damaged; name another folder"
            ) from error
        if found.get("format") != _FORMAT or not set(_PARTS) <= set(found):
            raise InputError(
                f"{path}: format {found.get('format')!r:.40}; expected {_FORMAT}: the run is of "
                "another version of this program, so name another folder"
            )
        for part in _PARTS:
            if not isinstance(found[part], dict):
                raise _damaged(self.path, f"{part} is a {type(found[part]).__name__}")
        for name, value in cast("dict[str, JSON]", found["settled"]).items():
            if not _may_be_settled(value):
                raise _damaged(self.path, f"{name} is {value!r:.40}")
        return found

    def _require_same(self, wanted: Mapping[str, JSON], found: Mapping[str, JSON]) -> None:
        different = [
            f"{name} is {now}, and was {before} when the run began"
            for part in ("asked", "conditions")
            for name, now, before in differences(wanted[part], found[part])
        ]
        if different:
            more = len(different) - _DIFFERENCES_SHOWN
            if more > 0:
                different[_DIFFERENCES_SHOWN:] = [f"and {more} more"]
            raise InputError(
                f"{self.path}: holds the run of something else: {'; '.join(different)}. Give what "
                "it began with, or name another folder"
            )

    def _verified(self, path: Path) -> DoneShard | None:
        try:
            record: Any = read_json_object(path, _LARGEST_RECORD)
            shard = DoneShard(record["shard"], record["size"], record["counts"], record["notes"])
            if path.stem != f"{shard.number:05}" or not record["files"] or not _is_sound(shard):
                return None
            for name, digest in record["files"].items():
                piece = self._piece(name, shard.number)
                sound = piece.stat().st_size == digest["bytes"]
                if not (sound and sha256_of(piece) == digest["sha256"]):
                    return None
        except (CheckpointError, OSError, KeyError, TypeError, ValueError, AttributeError):
            return None
        return shard

    def _write(self, target: Path, content: bytes) -> None:
        """Write a file that has its name only once all of it is on the disk."""
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(6)}{_UNFINISHED}")
        try:
            target.parent.mkdir(exist_ok=True)
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(target)
            _flush_folder(target.parent)
        except OSError as error:
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)


def _is_sound(shard: DoneShard) -> bool:
    """Whether what was read is of the types that were written."""
    if not (isinstance(shard.counts, dict) and isinstance(shard.notes, dict)):
        return False
    numbers = [shard.number, shard.size, *shard.counts.values()]
    return all(type(number) is int and 0 <= number < _LARGEST_COUNT for number in numbers)


def _may_be_settled(value: JSON) -> bool:
    """Whether a run can have settled on this: yes or no, a number above 0, or ``auto``."""
    is_number = type(value) is int and 0 < value <= sys.maxsize
    return is_number or isinstance(value, bool) or value == "auto"


def _damaged(folder: Path, found: str) -> InputError:
    return InputError(
        f"{folder}: {found} in {_MANIFEST}; expected what the run wrote: the run's record is "
        "damaged; name another folder"
    )


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _may_precede_manifest(name: str) -> bool:
    return name == _LOCK or name.endswith(_UNFINISHED)


def _as_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
