from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import VariantFileError
from enhancer_variants.gwas.sites import addresses
from enhancer_variants.gwas.sites.addresses import AddressedLines, has_random_access, text_batches
from enhancer_variants.io.compression import BGZF_END

LINES = st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=30)


def _bgzip(path: Path, pieces: list[bytes]) -> Path:
    """Write each piece as a block of its own."""
    with pysam.BGZFile(str(path), "wb", index=None) as file:
        for piece in pieces:
            file.write(piece)
            file.flush()
    return path


def _addressed(path: Path) -> list[tuple[int, bytes]]:
    found = []
    for text in text_batches(path):
        assert text.lines.endswith(b"\n")
        ends = np.flatnonzero(np.frombuffer(text.lines, np.uint8) == ord("\n"))
        starts = np.concatenate([[0], ends[:-1] + 1])
        lines = text.lines.split(b"\n")[:-1]
        found += zip(text.addresses(starts).tolist(), lines, strict=True)
    return found


@pytest.fixture(params=[1, 1 << 22])
def batch_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_BATCH_BYTES", request.param)
    monkeypatch.setattr(addresses, "_READ_BYTES", 100)


@pytest.mark.usefixtures("batch_bytes")
def test_lines_are_read_again_by_their_addresses(tmp_path: Path) -> None:
    @given(LINES, st.booleans(), st.lists(st.integers(0, 400), max_size=8), st.booleans())
    @settings(max_examples=25)
    def holds(lines: list[bytes], ended: bool, cuts: list[int], packed: bool) -> None:
        # A beginning that is that of no other kind of file.
        text = b"\n".join([b"##", *lines]) + (b"\n" if ended else b"")
        expected = text.split(b"\n")[: None if text and not text.endswith(b"\n") else -1]
        path = tmp_path / "text"
        if packed:
            bounds = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
            pieces = [text[a:b] for a, b in itertools.pairwise(bounds)]
            _bgzip(path, pieces)
        else:
            path.write_bytes(text)
        found = _addressed(path)
        assert [line for _, line in found] == expected
        reader = AddressedLines(path)
        again = list(reader.read([address for address, _ in found]))
        assert again == [line.rstrip(b"\r") for line in expected]
        reader.close()

    holds()


def test_addresses_are_those_of_htslib(tmp_path: Path) -> None:
    lines = [b"%d\t%s\n" % (n, b"x" * (n % 700)) for n in range(3000)]
    path = tmp_path / "text.gz"
    expected = []
    with pysam.BGZFile(str(path), "wb", index=None) as file:
        file.write(b"".join(lines))
    with pysam.BGZFile(str(path), "rb", index=None) as file:
        for _ in lines:
            expected.append(file.tell())
            file.readline()
    found = [address for address, _ in _addressed(path)]
    # The end of a block and the beginning of the next are one place.
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 20
    reader = AddressedLines(path)
    assert [line + b"\n" for line in reader.read(found)] == lines
    reader.close()


@pytest.mark.parametrize("damage", ["cut", "no end", "flipped", "checksum", "not bgzip"])
def test_damage_is_noticed(tmp_path: Path, damage: str) -> None:
    path = _bgzip(tmp_path / "text.gz", [b"one line\n" * 2000, b"another\n" * 2000])
    content = bytearray(path.read_bytes())
    second = content[16] + (content[17] << 8) + 1
    if damage == "cut":
        content = content[: second + 10] + BGZF_END
    elif damage == "no end":
        content = content[: -len(BGZF_END)]
    elif damage == "flipped":
        content[second + 30] ^= 0xFF
    elif damage == "checksum":
        content[second - 8] ^= 0xFF
    else:
        content[second : second + 4] = b"abcd"
    path.write_bytes(content)
    with pytest.raises(VariantFileError, match=r"text\.gz: .*(damaged|truncated).* again"):
        list(text_batches(path))


def test_a_block_cut_within_its_trailer_is_noticed(tmp_path: Path) -> None:
    path = _bgzip(tmp_path / "text.gz", [b"one line\n" * 2000])
    content = path.read_bytes()
    path.write_bytes(content[: -len(BGZF_END) - 30] + BGZF_END)
    with pytest.raises(VariantFileError, match="damaged"):
        list(text_batches(path))


def test_a_line_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = _bgzip(tmp_path / "text.gz", [b"one line\n" * 2000])
    reader = AddressedLines(path)
    with pytest.raises(VariantFileError, match=r"at byte 5 .no bgzip block begins there"):
        list(reader.read([5 << 16]))
    end = path.stat().st_size
    with pytest.raises(VariantFileError, match=rf"text\.gz: ends before {end << 16}"):
        list(reader.read([end << 16]))
    reader.close()
    with pytest.raises(VariantFileError, match="cannot be read"):
        AddressedLines(tmp_path / "none")


def test_plain_text_and_bgzip_have_random_access(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"text\n")
    gzipped = tmp_path / "text.gz"
    gzipped.write_bytes(gzip.compress(b"text\n"))
    assert has_random_access(plain)
    assert has_random_access(_bgzip(tmp_path / "text.bgz", [b"text\n"]))
    assert not has_random_access(gzipped)
    assert not has_random_access(Path("/dev/null"))
    with pytest.raises(VariantFileError, match="cannot be read"):
        has_random_access(tmp_path / "none")
