from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, MissingDependencyError, VariantFileError
from enhancer_variants.gwas.sites import rsid_index
from enhancer_variants.gwas.sites.addresses import AddressedLines
from enhancer_variants.gwas.sites.identifiers import identifier_key
from enhancer_variants.gwas.sites.rsid_index import RsidIndex, build_rsid_index, describe_file

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def _vcf(path: Path, identifiers: list[str]) -> Path:
    lines = [f"1\t{n + 1}\t{name}\tA\tT\t.\t.\t.\n" for n, name in enumerate(identifiers)]
    text = (HEADER + "".join(lines)).encode()
    if path.suffix == ".gz":
        with pysam.BGZFile(str(path), "wb", index=None) as file:
            file.write(text)
    else:
        path.write_bytes(text)
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _all_found(vcf: Path, index: RsidIndex, keys: list[int]) -> dict[int, list[bytes]]:
    reader = AddressedLines(vcf)
    addresses = index.addresses(np.array(keys, np.int64))
    found = {key: list(reader.read(places)) for key, places in addresses.items()}
    reader.close()
    return found


def test_the_index_finds_what_a_scan_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsid_index, "_ROWS_IN_A_GROUP", 2048)  # DuckDB's smallest
    vcf = tmp_path / "sites.vcf.gz"
    names = st.one_of(
        st.integers(1, 60).map(lambda n: f"rs{n}"), st.sampled_from([".", "ss1", "1:2:A:T"])
    )

    @given(st.lists(names, max_size=40), st.lists(st.integers(0, 70), max_size=10))
    @settings(max_examples=8)
    def holds(some: list[str], others: list[int]) -> None:
        # Row groups in the middle of which the same identifier goes on.
        identifiers = some + [f"rs{100 + n // 3}" for n in range(5000)] + some
        _vcf(vcf, identifiers)
        scanned: dict[int, list[bytes]] = {}
        for line in gzip.decompress(vcf.read_bytes()).splitlines()[2:]:
            name = line.split(b"\t")[2].decode()
            if name != ".":
                scanned.setdefault(identifier_key(name), []).append(line)
        index = RsidIndex(build_rsid_index(vcf, progress=False))
        asked = [*map(identifier_key, some), *others, 100, 782, 783, 1000, 1766, 10**17]
        expected = {key: scanned[key] for key in asked if key in scanned}
        assert _all_found(vcf, index, asked) == expected
        assert index.addresses(np.array([], np.int64)) == {}
        assert (index.records, index.malformed) == (len(identifiers), 0)
        index.close()

    holds()


@pytest.mark.parametrize("name", ["sites.vcf", "it's.vcf.gz"])
def test_the_index_lies_beside_the_file_and_names_it(tmp_path: Path, name: str) -> None:
    vcf = _vcf(tmp_path / name, ["rs5", "rs3"])
    built = build_rsid_index(vcf, progress=False)
    assert built == tmp_path / f"{name}.rsid.parquet"
    assert _names(tmp_path) == [name, f"{name}.rsid.parquet"]
    index = RsidIndex(built)
    assert index.file == describe_file(vcf)
    assert index.file.name == name
    assert [line[:5] for line in _all_found(vcf, index, [5])[5]] == [b"1\t1\tr"]
    assert build_rsid_index(vcf, tmp_path / "other", progress=False) == tmp_path / "other"


def test_a_file_without_records_has_an_empty_index(tmp_path: Path) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", [])
    index = RsidIndex(build_rsid_index(vcf, progress=False))
    assert index.addresses(np.array([1])) == {}


def test_malformed_lines_are_counted(tmp_path: Path) -> None:
    vcf = tmp_path / "sites.vcf"
    vcf.write_text(HEADER + "1\t5\trs1\n\n" + "1\t5\trs1\tA\tT\t.\t.\t.\n")
    index = RsidIndex(build_rsid_index(vcf, progress=False))
    assert (index.records, index.malformed) == (1, 2)


def test_plain_gzip_and_other_files_are_refused(tmp_path: Path) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", ["rs1"])
    gzipped = tmp_path / "sites.vcf.gz"
    gzipped.write_bytes(gzip.compress(vcf.read_bytes()))
    with pytest.raises(VariantFileError, match=r"no random access.*bgzip > sites\.vcf\.gz"):
        build_rsid_index(gzipped)
    table = tmp_path / "table.tsv"
    table.write_text("chrom\tpos\n1\t5\n")
    with pytest.raises(VariantFileError, match="a data line before the VCF header line"):
        build_rsid_index(table)
    bcf = tmp_path / "sites.bcf"
    with pysam.VariantFile(str(bcf), "wb", header=pysam.VariantHeader()):
        pass
    with pytest.raises(VariantFileError, match="is a BCF; expected a VCF: bcftools view"):
        build_rsid_index(bcf)
    with pytest.raises(VariantFileError, match="cannot be read"):
        build_rsid_index(tmp_path / "none.vcf")
    assert not list(tmp_path.glob("*.parquet"))


def test_a_truncated_file_leaves_no_index(tmp_path: Path) -> None:
    vcf = _vcf(tmp_path / "sites.vcf.gz", [f"rs{n}" for n in range(5000)])
    vcf.write_bytes(vcf.read_bytes()[:-40])
    with pytest.raises(VariantFileError, match="truncated"):
        build_rsid_index(vcf, progress=False)
    assert _names(tmp_path) == ["sites.vcf.gz"]


def test_a_file_that_changes_meanwhile_leaves_no_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", ["rs1"])
    batches = rsid_index.identifier_batches

    def changing(path: Path, header_lines: int) -> object:
        yield from batches(path, header_lines)
        with path.open("a") as file:
            file.write("1\t9\trs2\tA\tT\t.\t.\t.\n")

    monkeypatch.setattr(rsid_index, "identifier_batches", changing)
    with pytest.raises(VariantFileError, match="was changed while it was indexed"):
        build_rsid_index(vcf, progress=False)
    assert _names(tmp_path) == ["sites.vcf"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (duckdb.IOException("Could not write file:\nno space"), "Could not write file: no space"),
    ],
)
def test_a_full_disk_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", ["rs1"])

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(rsid_index, "_sort", full)
    with pytest.raises(InputError, match=rf"cannot be written \({said}\); expected room for"):
        build_rsid_index(vcf, progress=False)
    assert _names(tmp_path) == ["sites.vcf"]
    with pytest.raises(InputError, match="no such folder"):
        build_rsid_index(vcf, tmp_path / "none" / "index")


def test_a_killed_build_leaves_no_index_and_the_next_one_works(tmp_path: Path) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", ["rs1"])
    code = (
        "import os, signal, sys, types\n"
        "import enhancer_variants\n"
        # The whole package would import torch, which takes seconds.
        "gwas = types.ModuleType('enhancer_variants.gwas')\n"
        "gwas.__path__ = [enhancer_variants.__path__[0] + '/gwas']\n"
        "sys.modules[gwas.__name__] = gwas\n"
        "from enhancer_variants.gwas.sites import rsid_index\n"
        "sort = rsid_index._sort\n"
        "def killed(*arguments):\n"
        "    sort(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "rsid_index._sort = killed\n"
        "rsid_index.build_rsid_index(sys.argv[1], progress=False)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(vcf)], check=False)
    assert run.returncode == -signal.SIGKILL
    left = _names(tmp_path)
    assert left[-1] == "sites.vcf"
    assert len(left) > 1
    assert all(name.startswith(".") and name.endswith(".tmp") for name in left[:-1])
    index = RsidIndex(build_rsid_index(vcf, progress=False))
    assert list(index.addresses(np.array([1]))) == [1]


def test_without_duckdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", ["rs1"])
    built = build_rsid_index(vcf, progress=False)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'enhancer-variants\[gwas\]'"):
        build_rsid_index(vcf)
    assert list(RsidIndex(built).addresses(np.array([1]))) == [1]  # reading one needs none


def test_other_and_damaged_files_are_no_index(tmp_path: Path) -> None:
    vcf = _vcf(tmp_path / "sites.vcf", [f"rs{n}" for n in range(1000)])
    built = build_rsid_index(vcf, progress=False)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"key": [1]}), other)
    with pytest.raises(InputError, match="cannot be read as an rsID index"):
        RsidIndex(other)
    with pytest.raises(InputError, match=r"delete it, and it is made again"):
        RsidIndex(tmp_path / "none")
    note = {b"enhancer_variants": b'{"version": 99}'}
    pq.write_table(pa.table({"key": [1]}).replace_schema_metadata(note), other)
    with pytest.raises(InputError, match="version 99 instead of 1"):
        RsidIndex(other)
    table = pq.read_table(built)
    pq.write_table(table, other, write_statistics=False)
    with pytest.raises(InputError, match="without statistics"):
        RsidIndex(other)
    content = bytearray(built.read_bytes())
    content[10:200] = bytes(190)
    built.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as an rsID index"):
        RsidIndex(built).addresses(np.array([5]))


def test_files_are_told_apart_by_their_ends_and_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 3_000_000)
    first = describe_file(path)
    copy = tmp_path / "copy"
    copy.write_bytes(b"a" * 3_000_000)
    assert describe_file(copy).checksum == first.checksum
    for changed in (b"a" * 2_999_999 + b"b", b"b" + b"a" * 2_999_999, b"a" * 3_000_001):
        path.write_bytes(changed)
        second = describe_file(path)
        assert (second.size, second.checksum) != (first.size, first.checksum)
    with pytest.raises(VariantFileError, match="cannot be read"):
        describe_file(tmp_path / "none")
