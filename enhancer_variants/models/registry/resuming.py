"""A download over HTTP that goes on where it was interrupted.

pooch brings the file into place once its checksum is right, and its own downloader begins again
each time. This one keeps what it has in a part file, with a note of what it is a part of, so that
also a killed process leaves something to go on with.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from enhancer_variants.errors import CheckpointError, MissingDependencyError, ModelError
from enhancer_variants.models.files import read_json_object, write_atomically
from enhancer_variants.models.registry.failures import require_room

__all__ = ["ResumingDownloader", "fetch", "get_json"]

_LARGEST_FILE = 16 * 2**30
_CHUNK = 1 << 14
_TIMEOUT = (10, 60)
"""Seconds to connect, and between two pieces of the file."""

_OK, _PARTIAL, _NOT_SATISFIABLE, _FIRST_ERROR = 200, 206, 416, 400
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_NO_MORE = re.compile(r"bytes \*/(\d+)")
_LARGEST_NOTE = 10_000


class _InterruptedError(Exception):
    """The connection ended, or the server was not able to answer: worth another attempt."""


@dataclass(frozen=True, slots=True)
class ResumingDownloader:
    """Downloads to a part file, and goes on with one that is there (a downloader for pooch).

    The part is gone on with only where the server says that the file is still the same, by a
    strong ETag or the time of its last change; otherwise the download begins again.

    Attributes
    ----------
    part
        The part file; ``part.json`` beside it notes address, size and version.
    attempts
        How often a broken connection or an overloaded server is tried without receiving more.
    wait
        Seconds before the second attempt; twice as many before each further one.
    progress
        Whether a bar is shown; None is "where someone is watching".
    headers
        Further headers of the request.
    """

    part: Path
    attempts: int = 4
    wait: float = 1.0
    progress: bool | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Download `url` and put it into place as `output_file`.

        Raises
        ------
        ModelError
            If the server has no such file, or all attempts failed; what was received is kept.
        """
        del pooch
        failures, most = 0, 0
        while True:
            try:
                self._receive(url)
                break
            except _InterruptedError as error:
                have, _ = self._what_is_there(url)
                failures, most = (1, have) if have > most else (failures + 1, most)
                if failures == self.attempts:
                    raise ModelError(
                        f"{url}: {error}; expected the file: run the command again later, which "
                        "goes on where it ended"
                    ) from error
                time.sleep(self.wait * 2 ** (failures - 1))
        self.part.replace(output_file)
        self._note_file.unlink(missing_ok=True)

    @property
    def _note_file(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def _receive(self, url: str) -> None:
        """Ask for what is missing and append it."""
        have, version = self._what_is_there(url)
        headers = {"Accept-Encoding": "identity", **self.headers}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        with _response(url, headers) as response:
            if response.status_code == _NOT_SATISFIABLE and have:
                found = _NO_MORE.fullmatch(response.headers.get("Content-Range", ""))
                if found is not None and int(found[1]) == have:
                    return  # interrupted between the last byte and putting it into place
                self.part.unlink()
                raise _InterruptedError("the part that was there did not fit")
            start, size = _extent(url, response, have)
            if size is not None:
                if size > _LARGEST_FILE:
                    raise ModelError(f"{url}: {size} bytes; expected at most {_LARGEST_FILE}")
                require_room(self.part.parent, size - start)
            if not start:
                self.part.unlink(missing_ok=True)
                self._note(url, _version(response))
            self._append(url, response, start, size)

    def _append(self, url: str, response: Any, start: int, size: int | None) -> None:
        received = start
        with (
            self.part.open("ab") as part,
            tqdm(
                total=size,
                initial=start,
                unit="B",
                unit_scale=True,
                desc=self.part.stem,
                disable=None if self.progress is None else not self.progress,
                leave=False,
            ) as bar,
            _broken_connections(),
        ):
            for piece in response.iter_content(_CHUNK):
                received += len(piece)
                if received > (_LARGEST_FILE if size is None else size):
                    raise ModelError(
                        f"{url}: more bytes than {size or _LARGEST_FILE}; expected fewer"
                    )
                part.write(piece)
                bar.update(len(piece))
        if size is not None and received < size:
            raise _InterruptedError(f"the connection ended after {received} of {size} bytes")

    def _what_is_there(self, url: str) -> tuple[int, str]:
        """Bytes of the part that is there and the version of the file that it is a part of."""
        try:
            noted = read_json_object(self._note_file, _LARGEST_NOTE)
        except CheckpointError:  # no note, or half of one
            return 0, ""
        version = noted.get("version")
        if noted.get("url") != url or not isinstance(version, str) or not self.part.is_file():
            return 0, ""
        return self.part.stat().st_size, version

    def _note(self, url: str, version: str | None) -> None:
        text = json.dumps({"url": url, "version": version})
        write_atomically(self._note_file, text.encode())


def fetch(
    url: str,
    file: Path,
    checksum: str | None = None,
    *,
    progress: bool | None = None,
    headers: dict[str, str] | None = None,
) -> Path:
    """Download a file with pooch, resuming; a file that is there and right is not fetched again.

    Parameters
    ----------
    url
        Its address.
    file
        Where it shall be; what has been received so far lies beside it.
    checksum
        As ``sha256:...`` or ``md5:...``; without one, a file that is there is right.
    progress, headers
        As for :class:`ResumingDownloader`.

    Raises
    ------
    MissingDependencyError
        If pooch is not installed.
    ModelError
        If it cannot be downloaded.
    CheckpointError
        If its checksum is another.
    """
    pooch = _pooch()
    file.parent.mkdir(parents=True, exist_ok=True)
    downloader = ResumingDownloader(
        file.with_name(f"{file.name}.part"), progress=progress, headers=headers or {}
    )
    keeper = pooch.create(
        path=file.parent, base_url="", registry={file.name: checksum}, urls={file.name: url}
    )
    try:
        with _quiet(pooch.get_logger()):
            return Path(keeper.fetch(file.name, downloader=downloader))
    except ValueError as error:  # the checksum; pooch keeps no file of another one
        raise CheckpointError(
            f"{url}: {_one_line(error)}; expected {checksum}: the download was damaged, or the "
            "file replaced; run the command again, and tell the publisher if it stays"
        ) from error


def get_json(url: str) -> dict[str, Any]:
    """Ask an address for a JSON object.

    Raises
    ------
    MissingDependencyError, ModelError
        As :func:`fetch`.
    """
    _pooch()
    try:
        with _response(url, {"Accept": "application/json"}) as response, _broken_connections():
            if response.status_code != _OK:
                raise ModelError(f"{url}: HTTP status {response.status_code}; expected 200")
            content = response.json()
    except (_InterruptedError, ValueError) as error:
        raise ModelError(f"{url}: {_one_line(error)}; expected a JSON object") from error
    if not isinstance(content, dict):
        raise ModelError(f"{url}: a {type(content).__name__}; expected a JSON object")
    return content


@contextlib.contextmanager
def _response(url: str, headers: dict[str, str]) -> Iterator[Any]:
    """Ask for an address, through redirections but never from https to http."""
    with _broken_connections():
        response = _requests().get(url, headers=headers, stream=True, timeout=_TIMEOUT)
    with response:
        ways = [earlier.url for earlier in (*response.history, response)]
        if url.startswith("https:") and not all(way.startswith("https:") for way in ways):
            raise ModelError(f"{url}: redirected to {ways[-1]}; expected an address with https")
        yield response


def _extent(url: str, response: Any, have: int) -> tuple[int, int | None]:
    """Where the answer begins in the file, and how large the file is if that is said."""
    status = response.status_code
    if status in _TRY_AGAIN:
        raise _InterruptedError(f"HTTP status {status}")
    if status == _PARTIAL:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != have:
            raise ModelError(
                f"{url}: a part of the file that was not asked for "
                f"({response.headers.get('Content-Range')}); expected it from byte {have} on"
            )
        return have, int(found[2])
    if status != _OK:
        raise ModelError(f"{url}: HTTP status {status}; expected the file: has it been moved?")
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _version(response: Any) -> str | None:
    """Give what tells this version of the file from others, byte for byte, if anything does."""
    tag = str(response.headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    changed = response.headers.get("Last-Modified")
    return None if changed is None else str(changed)


@contextlib.contextmanager
def _broken_connections() -> Iterator[None]:
    exceptions = _requests().exceptions
    try:
        yield
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema) as error:
        raise ModelError(f"{_one_line(error)}; expected an address as https://...") from error
    except exceptions.JSONDecodeError:
        raise
    except exceptions.RequestException as error:
        raise _InterruptedError(f"no connection ({type(error).__name__})") from error


@contextlib.contextmanager
def _quiet(logger: Any) -> Iterator[None]:
    """Keep pooch from saying on standard error what it does."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _pooch() -> Any:
    return _imported("pooch")


def _requests() -> Any:
    """Give the library that pooch downloads with."""
    return _imported("requests")


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f"downloading needs {name}, which is not installed: "
            "pip install 'enhancer-variants[hub]'; a file that you have is read without it "
            "(models download NAME --from FILE)"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
