"""Bytes in: what is read, and that damage is never taken for an end."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import subprocess
import sys
import threading
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io.compression import BGZF_END, InputStream, require_bgzf_end

TEXT = b"".join(b"line %d of a text that is not all alike\n" % (i * 7919) for i in range(40))


def bgzip_block(data):
    """One BGZF block, written from the specification (SAM 1.6, section 4.1)."""
    deflate = zlib.compressobj(wbits=-15)
    body = deflate.compress(data) + deflate.flush()
    size = len(body) + 25
    header = b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H2sHH", 6, b"BC", 2, size)
    header = header[:9] + b"\xff" + header[10:]
    return header + body + struct.pack("<II", zlib.crc32(data), len(data))


def bgzip(data, block=300):
    return b"".join(bgzip_block(data[i : i + block]) for i in range(0, len(data), block)) + BGZF_END


def lines_of(path):
    with InputStream(path) as stream:
        return list(stream)


def feed(monkeypatch, data, pieces=1):
    """Put data into standard input through a real pipe, in several writes."""
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            step = max(1, len(data) // pieces)
            for start in range(0, len(data), step):
                pipe.write(data[start : start + step])

    thread = threading.Thread(target=write)
    thread.start()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reading, "rb")))
    return thread


def test_the_end_marker_is_an_empty_block():
    assert gzip.decompress(BGZF_END) == b""
    assert bgzip_block(b"") == BGZF_END


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bgzip], ids=["plain", "gzip", "bgzip"])
@pytest.mark.parametrize("text", [TEXT, TEXT[:-1], b"x", b"\n\n"])
def test_lines_are_kept_byte_for_byte(tmp_path, pack, text):
    path = tmp_path / "text"
    path.write_bytes(pack(text))
    with InputStream(path) as stream:
        assert stream.peek(64) == text[:64]
        assert stream.peek(4) == text[:4]
        assert list(stream) == text.splitlines(keepends=True)
        assert stream.is_bgzf == (pack is bgzip)
        assert stream.fraction_read == 1
        assert stream.name == "text"


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 20))
def test_blocks_of_any_size_join(tmp_path_factory, text, block):
    path = tmp_path_factory.mktemp("blocks") / "text.gz"
    path.write_bytes(bgzip(text, block))
    with InputStream(path) as stream:
        assert stream.peek(64) == text[:64]
        assert b"".join(stream) == text


def test_empty_blocks_at_the_beginning_do_not_look_like_an_empty_file(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(BGZF_END + bgzip_block(b"") + bgzip(TEXT))
    with InputStream(path) as stream:
        assert stream.peek(4) == TEXT[:4]
        assert b"".join(stream) == TEXT


def test_several_gzip_members_are_one_text(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert lines_of(path) == [b"one\n", b"two\n"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bgzip], ids=["plain", "gzip", "bgzip"])
@pytest.mark.parametrize("pieces", [1, 50])
def test_standard_input(monkeypatch, pack, pieces):
    thread = feed(monkeypatch, pack(TEXT), pieces)
    with InputStream("-") as stream:
        assert stream.peek(64) == TEXT[:64]
        assert b"".join(stream) == TEXT
        assert stream.fraction_read is None
        assert not stream.is_regular_file
        assert stream.name == "standard input"
    thread.join()
    assert not sys.stdin.buffer.closed


def test_standard_input_of_another_process():
    code = (
        "from enhancer_variants.io.compression import InputStream\n"
        "import sys\n"
        "sys.stdout.buffer.write(b''.join(InputStream('-')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=bgzip(TEXT), capture_output=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, TEXT)


def test_no_standard_input_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(VariantFileError, match=r"standard input.*name a file"):
        InputStream("-")


def test_a_pipe_that_has_nothing_yet_is_not_at_its_end(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reading, "rb")))
    with pytest.raises(VariantFileError, match="cannot be read beyond byte 0"):
        InputStream("-")
    os.close(writing)


def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(bgzip(TEXT)))
    thread.start()
    with InputStream(path) as stream:
        assert not stream.is_regular_file
        assert b"".join(stream) == TEXT
    thread.join()


def test_every_cut_of_a_bgzip_file_is_noticed(tmp_path):
    whole = bgzip(TEXT, 500)
    path = tmp_path / "cut.gz"
    for size in range(2, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(
            VariantFileError, match=r"cut\.gz.*byte.*truncated.*opy or download it again"
        ):
            lines_of(path)


def test_every_cut_of_a_gzip_file_is_noticed(tmp_path):
    whole = gzip.compress(TEXT)
    path = tmp_path / "cut.gz"
    for size in range(2, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(VariantFileError, match="truncated"):
            lines_of(path)


def test_a_flipped_bit_gives_the_text_or_an_error_and_never_another_text(tmp_path):
    whole = bgzip(TEXT, 500)
    path = tmp_path / "flipped.gz"
    noticed = 0
    for byte in range(2, len(whole)):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << random.Random(byte).randrange(8)
        path.write_bytes(damaged)
        try:
            text = b"".join(lines_of(path))
        except VariantFileError:
            noticed += 1
        else:
            assert text == TEXT
    assert noticed > len(whole) * 0.8  # the rest of the bytes say nothing about the data


@pytest.mark.parametrize("garbage", [b"garbage", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"\n"])
def test_garbage_after_the_last_block(tmp_path, garbage):
    path = tmp_path / "more.gz"
    path.write_bytes(bgzip(TEXT) + garbage)
    with pytest.raises(VariantFileError, match=r"more\.gz"):
        lines_of(path)


def test_a_missing_end_marker_names_the_byte(tmp_path):
    path = tmp_path / "cut.gz"
    whole = bgzip(TEXT)[: -len(BGZF_END)]
    path.write_bytes(whole)
    with pytest.raises(VariantFileError, match=rf"end marker is missing after byte {len(whole)}"):
        lines_of(path)


def test_copying_everything_checks_the_end_too(tmp_path):
    path, copy = tmp_path / "cut.gz", io.BytesIO()
    path.write_bytes(bgzip(TEXT))
    with InputStream(path) as stream:
        stream.read_all_into(copy)
    assert copy.getvalue() == TEXT
    path.write_bytes(bgzip(TEXT)[: -len(BGZF_END)])
    with InputStream(path) as stream, pytest.raises(VariantFileError, match="end marker"):
        stream.read_all_into(copy)
    path.write_bytes(bgzip(TEXT)[:-40])
    with InputStream(path) as stream, pytest.raises(VariantFileError, match="inside a block"):
        stream.read_all_into(copy)


@pytest.mark.parametrize(
    ("magic", "found", "remedy"),
    [
        (b"PK\x03\x04", "zip archive", "unzip"),
        (b"BZh91AY", "bzip2", "bunzip2"),
        (b"\xfd7zXZ\x00", "xz", "xz -dc"),
        (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
        ("##fileformat".encode("utf-16"), "UTF-16", "iconv"),
        (b"\xfe\xff\x00#\x00#", "UTF-16", "iconv"),
    ],
)
def test_other_formats_are_named_with_their_remedy(tmp_path, magic, found, remedy):
    path = tmp_path / "x.vcf.gz"
    path.write_bytes(magic + bytes(100))
    with pytest.raises(VariantFileError, match=rf"x\.vcf\.gz: is .*{found}.*{remedy}"):
        InputStream(path)


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(VariantFileError, match=r"missing\.vcf: cannot be read \(No such file"):
        InputStream(tmp_path / "missing.vcf")
    with pytest.raises(VariantFileError, match=r"cannot be read .*directory"):
        InputStream(tmp_path)


def test_a_disk_that_fails_names_the_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(TEXT)

    class Failing:
        def readinto(self, _):
            raise OSError(5, "Input/output error")

    with InputStream(path) as stream:
        monkeypatch.setattr(stream._metered, "_source", Failing())
        with pytest.raises(VariantFileError, match=r"x: cannot be read beyond.*Input/output error"):
            list(stream)


def test_the_end_is_checked_without_reading_the_rest(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(bgzip(TEXT))
    require_bgzf_end(path)
    for size in (0, 5, len(bgzip(TEXT)) - 1):
        path.write_bytes(bgzip(TEXT)[:size])
        with pytest.raises(VariantFileError, match=rf"x\.gz.*end marker.*byte {size}"):
            require_bgzf_end(path)
    with pytest.raises(VariantFileError, match="cannot be read"):
        require_bgzf_end(tmp_path / "none.gz")
