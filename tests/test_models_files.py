"""Small files of a model directory: whatever lies there, reading it ends and says what is wrong."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.files import (
    open_regular,
    read_json_object,
    read_limited,
    write_atomically,
)


def test_regular_files_and_links_to_them_are_opened(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"weights")
    (tmp_path / "link").symlink_to("blob")
    (tmp_path / "second").symlink_to("link")
    for name in ("blob", "link", "second"):
        with open_regular(tmp_path / name) as file:
            assert file.read() == b"weights"


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "zero", "folder"):
        with pytest.raises(CheckpointError, match="a pipe, device or directory; expected"):
            open_regular(tmp_path / name)


def test_what_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "broken").symlink_to("nothing")
    monkeypatch.chdir(tmp_path)  # the address of a socket has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("one", "broken", "absent", "socket", "nul\0"):
            with pytest.raises(CheckpointError, match="expected a readable file"):
                open_regular(tmp_path / name)


def test_the_limit_is_inclusive(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(b"x" * 10)
    assert read_limited(path, 10) == b"x" * 10
    with pytest.raises(CheckpointError, match=r"vocab.txt: larger than 9 bytes; expected"):
        read_limited(path, 9)


def test_reading_that_fails_is_an_error_of_the_checkpoint() -> None:
    with pytest.raises(CheckpointError, match=r"/proc/self/mem: .* expected a readable file"):
        read_limited(Path("/proc/self/mem"), 10)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expecting value"),
        (b"{", "expected JSON in UTF-8"),
        (b"\xff\xfe{}", "utf-8"),
        (b"[1]", "a list; expected a JSON object"),
        (b"7", "a int; expected a JSON object"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "1e999 is larger than any number"),
        (b'{"a": 1, "b": 2, "a": 3}', "key 'a' is there twice"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"a": ' + b"9" * 5000 + b"}", "expected JSON"),
        (b'{"a": ' * 100_000 + b"1" + b"}" * 100_000, "expected JSON in UTF-8"),
        (b'{"a": ' * 40 + b"1" + b"}" * 40, "nested deeper than 32 levels"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 32 levels"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"config.json: .*{message}"):
        read_json_object(path, 10_000_000)


def test_objects_come_back_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"a": [1, 2.5, null, true, {"b": "é"}], "c": {}}')
    assert read_json_object(path, 1000) == {"a": [1, 2.5, None, True, {"b": "é"}], "c": {}}


def test_writing_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    for content in (b"old", b"new"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_replaced_keeps_its_permissions_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "card.json", tmp_path / "card.json"
    link.symlink_to(target)
    write_atomically(link, b"new")  # a link to nothing yet
    for permissions in (0o600, 0o444, 0o664):
        target.chmod(permissions)
        write_atomically(link, b"%o" % permissions)
        assert stat.S_IMODE(target.stat().st_mode) == permissions
        assert target.read_bytes() == b"%o" % permissions
    assert link.is_symlink()
    assert list(target.parent.iterdir()) == [target]


def test_writing_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
