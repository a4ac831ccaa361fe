from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pysam
import pytest

from enhancer_variants.errors import FastaError
from enhancer_variants.genome import fasta_index
from enhancer_variants.genome.fasta_index import FastaFiles, indexed_fasta, quiet_htslib

TOY = ">chr1 a toy\nACGTA\nCGTAC\nGT\n>chr2\nTTTTT\nAA\n"
TOY_FAI = "chr1\t12\t12\t5\t6\nchr2\t7\t33\t5\t6\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "enhancer_variants" / "indexes"


@pytest.fixture
def toy(tmp_path: Path, cache: Path) -> Path:  # noqa: ARG001 - never the user's own cache
    path = tmp_path / "genome" / "toy.fa"
    path.parent.mkdir()
    path.write_text(TOY)
    return path


def bgzip(path: Path) -> Path:
    compressed = Path(f"{path}.gz")
    with pysam.BGZFile(str(compressed), "w") as stream:
        stream.write(path.read_bytes())
    return compressed


def sequences(files: FastaFiles) -> dict[str, str]:
    with files.open() as fasta:
        return {name: fasta.fetch(name) for name in fasta.references}


def date(path: Path, seconds: float) -> None:
    """Give a file a time of change, in seconds after that of now."""
    now = path.stat().st_mtime + seconds
    os.utime(path, (now, now))


def refuse_writing_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = tempfile.TemporaryDirectory

    def make_or_refuse(*, prefix: str, dir: Path) -> Any:  # noqa: A002 - tempfile's own name
        if Path(dir) == folder:
            raise OSError(errno.EROFS, "Read-only file system", str(dir))
        return make(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", make_or_refuse)


def refuse_building(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("an index that fits was built again")

    monkeypatch.setattr(fasta_index, "_build", fail)


def test_a_missing_index_is_built_beside_the_file(toy: Path, cache: Path) -> None:
    files = indexed_fasta(toy)
    assert files == FastaFiles(toy, Path(f"{toy}.fai"), None)
    assert files.fai.read_text() == TOY_FAI
    assert sorted(path.name for path in toy.parent.iterdir()) == ["toy.fa", "toy.fa.fai"]
    assert not cache.exists()


def test_a_bgzipped_file_gets_both_indexes(toy: Path) -> None:
    compressed = bgzip(toy)
    files = indexed_fasta(compressed)
    assert files.gzi == Path(f"{compressed}.gzi")
    assert files.fai.read_text() == TOY_FAI
    assert sequences(files) == {"chr1": "ACGTACGTACGT", "chr2": "TTTTTAA"}


@pytest.mark.skipif(shutil.which("samtools") is None, reason="needs samtools")
def test_samtools_writes_the_same_indexes(toy: Path, tmp_path: Path) -> None:
    for path in (toy, bgzip(toy)):
        files = indexed_fasta(path)
        copy = tmp_path / path.name
        shutil.copy(path, copy)
        subprocess.run(["samtools", "faidx", copy], check=True)
        assert files.fai.read_bytes() == Path(f"{copy}.fai").read_bytes()
        if files.gzi:
            assert files.gzi.read_bytes() == Path(f"{copy}.gzi").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        TOY,
        TOY.rstrip("\n"),
        TOY.replace("\n", "\r\n"),
        "\n" + TOY + "\n\n",
        TOY.replace(">chr2", "\n>chr2"),
        TOY.replace(">chr2", ">empty\n>chr2"),
        ">one\nACGT",
        ">\nACGT\n",
        "> spaced\nACGT\n",
        ">one\nACGT\n>one\nTTTT\n>two\nGG\n",
    ],
)
def test_an_index_just_built_fits(toy: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.write_bytes(text.encode())
    for path in (toy, bgzip(toy)):
        first = sequences(indexed_fasta(path))
        with monkeypatch.context() as patch:
            refuse_building(patch)
            assert sequences(indexed_fasta(path)) == first


def test_an_index_older_than_the_file_is_built_again(toy: Path) -> None:
    compressed = bgzip(toy)
    for path in (toy, compressed):
        indexed_fasta(path)
    toy.write_text(">other\nGG\n")
    bgzip(toy)
    for path in (toy, compressed):
        date(path, 10)
        assert sequences(indexed_fasta(path)) == {"other": "GG"}


def test_an_old_index_of_blocks_is_built_again(toy: Path) -> None:
    files = indexed_fasta(bgzip(toy))
    assert files.gzi is not None
    date(files.gzi, -100)
    assert indexed_fasta(files.fasta).gzi == files.gzi
    assert files.gzi.stat().st_mtime >= files.fasta.stat().st_mtime


@pytest.mark.parametrize(
    "fai",
    [
        "",
        "chr1\n",
        "chr1\tx\t12\t5\t6\n",
        "chr1\t12\t12\t0\t0\n",
        "chr1\t0\t12\t5\t6\n",
        "chr1\t12\t12\t6\t5\n",
        TOY_FAI.replace("chr1", "chr9"),
        TOY_FAI.replace("\t33\t", "\t32\t"),
        TOY_FAI.replace("\t33\t", "\t300\t"),
        TOY_FAI.replace("\t12\t12", "\t11\t12"),
        TOY_FAI.replace("\t12\t12", "\t12\t13"),
        TOY_FAI.replace("\t12\t12", "\t10\t12"),
        TOY_FAI.replace("\t7\t", "\t9\t"),
        TOY_FAI.replace("chr2\t7", "chr2\t6"),
    ],
)
def test_an_index_that_does_not_fit_is_built_again(toy: Path, fai: str) -> None:
    Path(f"{toy}.fai").write_text(fai)
    assert sequences(indexed_fasta(toy)) == {"chr1": "ACGTACGTACGT", "chr2": "TTTTTAA"}
    assert Path(f"{toy}.fai").read_text() == TOY_FAI


@pytest.mark.parametrize(
    "gzi", [b"", b"\0", b"\1" + b"\0" * 7, b"\1" + b"\0" * 7 + b"\7" + b"\0" * 15]
)
def test_a_damaged_index_of_blocks_is_built_again(toy: Path, gzi: bytes) -> None:
    compressed = bgzip(toy)
    good = indexed_fasta(compressed).gzi
    assert good is not None
    content = good.read_bytes()
    good.write_bytes(gzi)
    indexed_fasta(compressed)
    assert good.read_bytes() == content


def test_a_name_after_a_very_long_description_is_not_trusted_but_works(toy: Path) -> None:
    toy.write_text(f">chr1 {'x' * 100_000}\nACGT\n")
    assert sequences(indexed_fasta(toy)) == {"chr1": "ACGT"}
    assert sequences(indexed_fasta(toy)) == {"chr1": "ACGT"}


def test_a_folder_that_cannot_be_written_to_leaves_the_cache(
    toy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writing_in(toy.parent, monkeypatch)
    for path in (toy, bgzip(toy)):
        files = indexed_fasta(path)
        assert files.fai.parent == cache
        assert sequences(files)["chr2"] == "TTTTTAA"
        assert not Path(f"{path}.fai").exists()
        with monkeypatch.context() as patch:
            refuse_building(patch)
            assert indexed_fasta(path) == files
    assert len(list(cache.iterdir())) == 3


def test_the_cache_tells_files_apart(
    toy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writing_in(toy.parent, monkeypatch)
    indexed_fasta(toy)
    toy.write_text(">chr1\nGGG\n")
    assert sequences(indexed_fasta(toy)) == {"chr1": "GGG"}
    link = toy.parent.parent / "toy.fa"
    link.symlink_to(toy)
    refuse_writing_in(link.parent, monkeypatch)
    indexed_fasta(link)
    assert len({path.name.split(".")[2] for path in cache.iterdir()}) == 2


def test_a_place_that_is_taken_leaves_the_cache(toy: Path, cache: Path) -> None:
    Path(f"{toy}.fai").mkdir()
    files = indexed_fasta(toy)
    assert files.fai.parent == cache
    assert sequences(files)["chr1"] == "ACGTACGTACGT"
    assert sorted(path.name for path in toy.parent.iterdir()) == ["toy.fa", "toy.fa.fai"]


def test_a_relative_cache_folder_is_ignored(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_writing_in(toy.parent, monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(toy.parent.parent))
    files = indexed_fasta(toy)
    assert files.fai.parent == toy.parent.parent / ".cache" / "enhancer_variants" / "indexes"


@pytest.mark.parametrize("home", [True, False])
def test_nowhere_to_write_is_an_error_with_the_remedy(
    toy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, home: bool
) -> None:
    refuse_writing_in(toy.parent, monkeypatch)
    if home:
        cache.parent.parent.write_text("a file where the cache folder should be")
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(FastaError, match=r"Read-only file system.*samtools faidx toy\.fa") as error:
        indexed_fasta(toy)
    assert (str(cache) in str(error.value)) is home


def test_an_index_that_htslib_cannot_write_is_not_blamed_on_the_file(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pysam, "FastaFile", full)
    with pytest.raises(FastaError, match=r"has no usable index.*disk full"):
        indexed_fasta(toy)


def test_a_file_dated_in_the_future_has_a_lasting_index(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    date(toy, 1e6)
    indexed_fasta(toy)
    refuse_building(monkeypatch)
    indexed_fasta(toy)


def damaged(content: bytes) -> bytes:
    return content[:20] + bytes([content[20] ^ 255]) + content[21:]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.fa", b"", "the file is empty"),
        ("text.fa", b"hello\nworld\n", r"is no FASTA: begins with b'hello\\nworl'"),
        ("reads.fq", b"@read\nACGT\n+\nIIII\n", "is no FASTA"),
        ("hg38.2bit", bytes.fromhex("1a412743") * 4, "is no FASTA"),
        (
            "plain.fa.gz",
            gzip.compress(TOY.encode(), mtime=0),
            "gunzip -c plain.fa.gz . bgzip > plain.fa.bg",
        ),
        ("uneven.fa", b">a\nACGT\n>b x\nACGT\nAC\nACG\n", "uneven.fa:6: line lengths of contig 'b"),
        ("wider.fa", b">a\nACGT\nACGTA\n", "wider.fa:3: line lengths of contig 'a'"),
        ("mixed.fa", b">a\r\nACGT\r\nACGT\nACGT\r\n", "mixed.fa:4: line lengths"),
        ("header.fa", b">a\n", "ends without a base of its last contig, 'a'"),
        ("nothing.fa.gz", fasta_index.BGZF_END, "is no FASTA: begins with b''"),
    ],
)
def test_a_file_that_is_no_fasta_is_refused(
    toy: Path, name: str, content: bytes, message: str
) -> None:
    path = toy.parent / name
    path.write_bytes(content)
    with pytest.raises(FastaError, match=message) as error:
        indexed_fasta(path)
    assert str(error.value).startswith(str(path))
    assert [other.name for other in toy.parent.iterdir() if name in other.name] == [name]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FastaError, match="there is no such file"):
        indexed_fasta(tmp_path / "absent.fa")
    with pytest.raises(FastaError, match="cannot be read as FASTA: Is a directory"):
        indexed_fasta(tmp_path)


def test_a_truncated_or_damaged_bgzip_file_is_refused(toy: Path) -> None:
    toy.write_text(">a\n" + "ACGTTGCATCGA\n" * 20_000)
    content = bgzip(toy).read_bytes()
    cases = {
        "cut.fa.gz": (content[: len(content) // 2], "truncated"),
        "unended.fa.gz": (content[:-28], "truncated"),
        "first.fa.gz": (damaged(content), "compressed data is damaged"),
        "later.fa.gz": (content[:-40] + b"\x55" * 4 + content[-36:], "compressed data is damaged"),
    }
    for name, (bad, message) in cases.items():
        path = toy.parent / name
        path.write_bytes(bad)
        with pytest.raises(FastaError, match=message):
            indexed_fasta(path)


def test_opening_with_an_index_of_another_file_is_a_fasta_error(toy: Path) -> None:
    files = indexed_fasta(toy)
    with pytest.raises(FastaError, match="cannot be opened"):
        FastaFiles(toy, toy.parent / "absent.fai", None).open()
    assert sequences(files)["chr2"] == "TTTTTAA"


def test_htslib_is_quiet_and_its_verbosity_comes_back(
    toy: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = pysam.get_verbosity()
    toy.write_bytes(b">a\nACGT\nAC\nACG\n")
    with pytest.raises(FastaError):
        indexed_fasta(toy)
    with quiet_htslib():
        assert pysam.get_verbosity() == 0
    assert pysam.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


READ = """
import sys
from pathlib import Path
from enhancer_variants.genome.fasta_index import indexed_fasta
with indexed_fasta(Path(sys.argv[1])).open() as fasta:
    print(fasta.fetch("chr2"))
"""


def test_processes_may_build_at_once(toy: Path) -> None:
    toy.write_text(">chr1\n" + "ACGTTGCATCGA\n" * 100_000 + ">chr2\nTTTTTAA\n")
    compressed = bgzip(toy)
    command = [sys.executable, "-c", READ, compressed]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [reader.communicate()[0] for reader in readers] == ["TTTTTAA\n"] * 4
    names = sorted(path.name for path in toy.parent.iterdir())
    assert names == ["toy.fa", "toy.fa.gz", "toy.fa.gz.fai", "toy.fa.gz.gzi"]
