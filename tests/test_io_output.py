"""Files out: whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.io import OUTPUT_FORMATS, output_format
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.output import bgzip_stream, is_stream, pending_output, text_stream


@pytest.mark.parametrize("ending", OUTPUT_FORMATS)
def test_the_ending_names_the_format(ending):
    assert output_format(f"a.b/x.{ending}", None, "tsv") == ending
    assert output_format(Path(f"X.{ending.upper()}"), None, "tsv") == ending


def test_formats_without_an_ending(tmp_path):
    assert output_format("x.vcf.bgz", None, "tsv") == "vcf.gz"
    assert output_format("x.txt", "parquet", "tsv") == "parquet"
    for stream in (None, "-", "/dev/null"):
        assert output_format(stream, None, "vcf") == "vcf"
    for name in ("x", "x.txt", "x.gz", "vcf", tmp_path):
        with pytest.raises(InputError, match=r"names no format; expected \.vcf, .*--output-format"):
            output_format(name, None, "vcf")
    with pytest.raises(InputError, match=r"'xlsx' is not one of vcf, vcf\.gz"):
        output_format("x.vcf", "xlsx", "vcf")


def test_what_is_a_stream(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to("/dev/null")
    assert all(map(is_stream, ["-", "/dev/null", pipe, tmp_path / "link"]))
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file", tmp_path / "none", tmp_path / "file" / "below"):
        assert not is_stream(path)


def fail_in(context):
    with context as output:
        if isinstance(output, Path):
            output.write_bytes(b"partial")
        else:
            output.write(b"partial")
        raise ZeroDivisionError


STREAMS = [pending_output, text_stream, bgzip_stream]


@pytest.mark.parametrize("open_output", STREAMS)
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, open_output):
    path = tmp_path / "x"
    with pytest.raises(ZeroDivisionError):
        fail_in(open_output(path))
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        fail_in(open_output(path))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_the_name_is_taken_at_the_end_only(tmp_path):
    path = tmp_path / "x"
    with text_stream(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
@pytest.mark.parametrize("open_output", [text_stream, bgzip_stream])
def test_permissions_follow_the_umask(tmp_path, mask, open_output):
    before = os.umask(mask)
    try:
        with open_output(tmp_path / "x") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("permissions", [0o600, 0o444, 0o775])
@pytest.mark.parametrize("open_output", [text_stream, bgzip_stream])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, permissions, open_output):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(permissions)
    with open_output(path) as file:
        file.write(b"new")
        (temporary,) = (p for p in tmp_path.iterdir() if p != path)
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
    assert path.read_bytes() != b"old"
    assert stat.S_IMODE(path.stat().st_mode) == permissions


def test_links_are_written_through(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for target in (folder / "old", folder / "new"):
        link = tmp_path / f"link to {target.name}"
        link.symlink_to(target)
        (folder / "old").write_bytes(b"old")
        with text_stream(link) as file:
            file.write(b"written")
        assert link.is_symlink()
        assert target.read_bytes() == b"written"
    assert sorted(p.name for p in folder.iterdir()) == ["new", "old"]


def test_a_link_in_a_circle_is_replaced(tmp_path):
    link = tmp_path / "circle"
    link.symlink_to("circle")
    with text_stream(link) as file:
        file.write(b"written")
    assert link.read_bytes() == b"written"


def test_long_names(tmp_path):
    path = tmp_path / ("x" * 251 + ".vcf")
    with text_stream(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_no_folder_and_folders(tmp_path):
    with pytest.raises(InputError, match=r"none: no such folder; make it first"):
        fail_in(text_stream(tmp_path / "none" / "x.vcf"))
    with pytest.raises(InputError, match="is a folder; expected the name of a file"):
        fail_in(text_stream(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="no such folder"):
        fail_in(text_stream(tmp_path / "file" / "x.vcf"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("open_output", [text_stream, bgzip_stream])
def test_a_full_device_is_an_error(open_output):
    with pytest.raises(OSError, match="No space left"), open_output("/dev/full") as file:
        file.write(b"new")


@pytest.mark.parametrize("open_output", [text_stream, bgzip_stream])
def test_pipes_are_written_as_they_are(tmp_path, open_output):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    thread = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    thread.start()
    with open_output(pipe) as file:
        file.write(b"new")
    thread.join()
    assert received[0] == b"new" or gzip.decompress(received[0]) == b"new"
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("output", [None, "-"])
def test_standard_output(monkeypatch, tmp_path, output):
    for open_output in (text_stream, bgzip_stream):
        stdout = io.TextIOWrapper(io.BytesIO())
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with open_output(output) as file:
            file.write(b"new")
        text = stdout.buffer.getvalue()
        assert (gzip.decompress(text) if open_output is bgzip_stream else text) == b"new"
        assert list(tmp_path.iterdir()) == []


def test_what_waits_for_standard_output_is_private(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    with pending_output(None) as temporary:
        temporary.write_bytes(b"")
        assert stat.S_IMODE(temporary.parent.stat().st_mode) == 0o700
        assert temporary.parent.parent == tmp_path


def test_no_standard_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(InputError, match="name a file"):
        fail_in(text_stream("-"))


def test_bgzip_ends_with_its_marker(tmp_path):
    path = tmp_path / "x.gz"
    text = b"".join(b"%d\n" % i for i in range(50_000))
    with bgzip_stream(path) as file:
        file.write(text)
    with InputStream(path) as stream:
        assert stream.is_bgzf
        assert b"".join(stream) == text


def test_an_error_without_a_number_says_which_file_it_is_about(tmp_path):
    def write() -> None:
        with pending_output(tmp_path / "x.json"), pending_output(tmp_path / "x.gz"):
            raise OSError("Error closing BGZFile object")

    with pytest.raises(OSError, match=r"could not be written; is the disk full\?.*x\.gz'$"):
        write()
    assert not list(tmp_path.iterdir())
