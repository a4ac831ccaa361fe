from __future__ import annotations

from pathlib import Path

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.gwas.sites import finding
from enhancer_variants.gwas.sites.finding import (
    IndexedIdentifiers,
    IndexedPlaces,
    InMemoryRecords,
    has_place_index,
)
from enhancer_variants.gwas.sites.rsid_index import RsidIndex, build_rsid_index
from enhancer_variants.io import VariantRecord

HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=NC_000001.11>\n##contig=<ID=2>\n##contig=<ID=chrM>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)
CANONICAL = {"NC_000001.11": "1", "2": "2", "chrM": "M"}


def _vcf(path: Path, lines: list[str]) -> Path:
    with pysam.BGZFile(str(path), "wb", index=None) as file:
        file.write((HEADER + "".join(f"{line}\n" for line in lines)).encode())
    return path


def _indexed(path: Path, lines: list[str], **options: object) -> Path:
    _vcf(path, lines)
    pysam.tabix_index(str(path), preset="vcf", force=True, **options)
    return path


def _lines(found: dict[object, list[VariantRecord]]) -> dict[object, list[str]]:
    return {
        key: [record.line.decode().rstrip("\n") for record in records]
        for key, records in found.items()
    }


def test_all_ways_find_what_a_scan_finds(tmp_path: Path) -> None:
    positions = st.one_of(st.integers(1, 30), st.integers(990, 1010), st.integers(1, 100_000))
    record = st.tuples(
        st.sampled_from([*CANONICAL]),
        positions,
        st.sampled_from(["A", "ACGTACGTAC"]),
        st.sampled_from(["rs1", "rs2", "rs3;rs4", "ss5", "."]),
    )

    @given(st.lists(record, min_size=1, max_size=20), st.lists(positions, max_size=6))
    @settings(max_examples=12)
    def holds(records: list[tuple[str, int, str, str]], others: list[int]) -> None:
        records.sort(key=lambda r: ([*CANONICAL].index(r[0]), r[1]))
        lines = [f"{c}\t{p}\t{i}\t{ref}\tT\t.\t.\t." for c, p, ref, i in records]
        path = _indexed(tmp_path / "sites.vcf.gz", lines)
        by_place: dict[object, list[str]] = {}
        by_key: dict[object, list[str]] = {}
        for (contig, position, _, names), line in zip(records, lines, strict=True):
            by_place.setdefault((CANONICAL[contig], position), []).append(line)
            for name in names.split(";") if names[:2] == "rs" else []:
                by_key.setdefault(int(name[2:]), []).append(line)
        places = {*by_place, *((c, p) for p in (0, *others) for c in ("1", "M", "nowhere"))}
        there = {place: by_place[place] for place in places if place in by_place}
        in_memory, indexed = InMemoryRecords(path), IndexedPlaces(path)
        assert _lines(in_memory.at(places)) == _lines(indexed.at(places)) == there
        named = IndexedIdentifiers(path, RsidIndex(build_rsid_index(path, progress=False)))
        keys = [1, 2, 3, 4, 6]
        there = {key: by_key[key] for key in keys if key in by_key}
        assert _lines(in_memory.with_keys(keys)) == _lines(named.with_keys(keys)) == there
        named.close()
        in_memory.close()

    holds()


def test_places_on_unknown_contigs_alone_are_absent(tmp_path: Path) -> None:
    path = _indexed(tmp_path / "sites.vcf.gz", ["2\t5\trs1\tA\tT\t.\t.\t."])
    assert IndexedPlaces(path).at([("nowhere", 5)]) == {}
    assert IndexedPlaces(path).at([]) == {}


def test_a_source_without_records_has_none(tmp_path: Path) -> None:
    path = _indexed(tmp_path / "sites.vcf.gz", [])
    assert IndexedPlaces(path).at([("1", 5)]) == InMemoryRecords(path).at([("1", 5)]) == {}


def test_a_csi_index_will_do_and_so_will_a_bcf(tmp_path: Path) -> None:
    path = _vcf(tmp_path / "sites.vcf.gz", ["2\t5\trs1\tA\tT\t.\t.\t."])
    assert not has_place_index(path)
    _indexed(path, ["2\t5\trs1\tA\tT\t.\t.\t."], csi=True)
    assert has_place_index(path)
    assert list(IndexedPlaces(path).at([("2", 5)])) == [("2", 5)]
    bcf = tmp_path / "sites.bcf"
    with (
        pysam.VariantFile(str(path)) as vcf,
        pysam.VariantFile(str(bcf), "wb", header=vcf.header) as out,
    ):
        for row in vcf:
            out.write(row)
    assert [r.ref for r in InMemoryRecords(bcf).with_keys([1])[1]] == ["A"]


def test_lines_that_are_no_records_are_told(tmp_path: Path) -> None:
    good = "2\t5\trs1\tA\tT\t.\t.\t."
    lines = [good, "2\tx\trs2\tA\tT\t.\t.\t.", "2\t7"]
    path = _vcf(tmp_path / "sites.vcf.gz", lines)
    with pytest.warns(UserWarning, match=r"sites\.vcf\.gz: passed over 2 lines .*\(the first: POS"):
        found = InMemoryRecords(path)
    assert list(found.with_keys([1, 2])) == [1]
    index = RsidIndex(build_rsid_index(path, progress=False))
    with pytest.warns(UserWarning, match=r"passed over 1 line that is no VCF record$"):
        named = IndexedIdentifiers(path, index)
    with pytest.warns(UserWarning, match=r"passed over 1 line .*POS is 'x'"):
        assert list(named.with_keys([1, 2])) == [1]
    named.close()


def test_a_place_index_of_another_file_is_refused(tmp_path: Path) -> None:
    path = _indexed(tmp_path / "sites.vcf.gz", ["2\t5\trs1\tA\tT\t.\t.\t."])
    other = _indexed(tmp_path / "other.vcf.gz", ["chrM\t700000\trs1\tA\tT\t.\t.\t."])
    Path(f"{other}.tbi").rename(f"{path}.tbi")
    with pytest.raises(
        VariantFileError, match=r"first record, 2:5, is not found.* tabix -f -p vcf"
    ):
        IndexedPlaces(path)
    Path(f"{path}.tbi").write_bytes(b"no index")
    with pytest.raises(VariantFileError, match="regions need an index"):
        IndexedPlaces(path)


def test_an_rsid_index_of_another_file_is_noticed(tmp_path: Path) -> None:
    path = _vcf(tmp_path / "sites.vcf.gz", ["2\t5\trs1\tA\tT\t.\t.\t."])
    other = _vcf(tmp_path / "other.vcf.gz", ["2\t5\trs2\tA\tT\t.\t.\t."])
    named = IndexedIdentifiers(path, RsidIndex(build_rsid_index(other, progress=False)))
    with pytest.raises(
        InputError, match=r"rs2 is not where its rsID index says.* delete the index"
    ):
        named.with_keys([2])
    named.close()


def test_two_texts_with_one_key_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _vcf(tmp_path / "sites.vcf.gz", ["2\t5\tss1\tA\tT\t.\t.\t."])
    index = RsidIndex(build_rsid_index(path, progress=False))
    key = finding.identifier_key("ss1")
    monkeypatch.setattr(finding, "identifier_key", lambda _: key - 1)
    named = IndexedIdentifiers(path, index)
    assert named.with_keys([key]) == {}
    named.close()


def test_a_table_is_no_source(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("chrom\tpos\tref\talt\n1\t5\tA\tT\n")
    with pytest.raises(VariantFileError, match="is a table; expected a VCF or BCF"):
        InMemoryRecords(table)


def test_genotypes_are_not_kept(tmp_path: Path) -> None:
    path = _vcf(tmp_path / "sites.vcf.gz", ["2\t5\trs1\tA\tT\t.\t.\tAF=1\tGT" + "\t0|1" * 1000])
    (record,) = InMemoryRecords(path).with_keys([1])[1]
    assert record.line == b"2\t5\trs1\tA\tT\t.\t.\tAF=1"
