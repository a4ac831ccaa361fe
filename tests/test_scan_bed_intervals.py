"""BED files and tables as intervals with all their columns."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pysam
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.scan.bed_intervals import bed_intervals


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str, name: str = "calls.bed") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return written


def _tuples(found) -> list[tuple[str, int, int]]:
    rows = zip(found.contig.tolist(), found.starts.tolist(), found.ends.tolist(), strict=True)
    return [(found.contigs[contig], start, end) for contig, start, end in rows]


def test_lines_that_hold_no_interval_are_passed_over_and_the_order_is_kept(write) -> None:
    text = (
        'browser position chr1:1-100\r\ntrack name="calls"\r\n# made up\r\n\r\n'
        "chr2\t50\t60\r\nchr1\t10\t20\r\n"
    )
    found = bed_intervals(write(text))
    assert _tuples(found) == [("2", 50, 60), ("1", 10, 20)]
    assert list(found.table.columns) == ["chrom", "start", "end"]
    assert found.table["chrom"].tolist() == ["chr2", "chr1"]
    assert found.place(1) == "calls.bed:6"


@pytest.mark.parametrize("contig", ["track", "browser", "trackX"])
def test_only_whole_words_are_display_lines(write, contig: str) -> None:
    found = bed_intervals(write(f"{contig}\t1\t2\nchr1\t1\t2\n"))
    assert len(found) == (2 if contig == "trackX" else 1)


@pytest.mark.parametrize("compress", [gzip.compress, "bgzip"])
def test_compressed_files_are_read(tmp_path: Path, compress) -> None:
    plain = b"chr1\t10\t20\n"
    path = tmp_path / "calls.bed.gz"
    if compress == "bgzip":
        with pysam.BGZFile(str(path), "wb", index=None) as file:
            file.write(plain)
    else:
        path.write_bytes(compress(plain))
    assert _tuples(bed_intervals(path)) == [("1", 10, 20)]


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "calls.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t10\t20\n" * 1000)[:-20])
    with pytest.raises(VariantFileError, match="truncated"):
        bed_intervals(path)


@pytest.mark.parametrize("mark", ["", "#"])
def test_a_first_line_names_the_columns(write, mark: str) -> None:
    text = f"{mark}chrom\tstart\tend\tname\tmean\n1\t10\t20\tfirst\t0.7\n1\t30\t40\tsecond\t0.9\n"
    table = bed_intervals(write(text)).table
    assert table.to_dict("records") == [
        {"chrom": "1", "start": 10, "end": 20, "name": "first", "mean": "0.7"},
        {"chrom": "1", "start": 30, "end": 40, "name": "second", "mean": "0.9"},
    ]


def test_columns_beyond_the_header_and_twice_the_same_name_get_their_number(write) -> None:
    text = "#chrom\tstart\tend\tend\t\n1\t1\t2\ta\tb\tc\n1\t3\t4\n"
    table = bed_intervals(write(text)).table
    assert list(table.columns) == ["chrom", "start", "end", "column4", "column5", "strand"]
    assert table.iloc[1].tolist() == ["1", 3, 4, "", "", ""]


def test_a_wide_bed_has_the_names_of_the_specification_and_then_numbers(write) -> None:
    cells = "\t".join(map(str, range(3, 10)))
    table = bed_intervals(write(f"1\t1\t2\t{cells}\n")).table
    assert list(table.columns)[3:6] == ["name", "score", "strand"]
    assert list(table.columns)[-2:] == ["column9", "column10"]


def test_spaces_may_stand_for_tabs_and_columns_may_be_left_out(write) -> None:
    found = bed_intervals(write("chr1 10 20 name\n"), columns=False)
    assert _tuples(found) == [("1", 10, 20)]
    assert list(found.table.columns) == ["chrom", "start", "end"]
    assert found.table.empty


@pytest.mark.parametrize("text", ["", "# nothing\n", "chrom\tstart\tend\n"])
def test_a_file_may_be_empty(write, text: str) -> None:
    found = bed_intervals(write(text))
    assert len(found) == 0
    assert found.contigs == ()
    assert list(found.table.columns) == ["chrom", "start", "end"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr1\t10", r"calls\.bed:2: 'chr1 10' is no BED line"),
        ("chr1\t10\tx", r"calls\.bed:2: .* is no BED line"),
        ("chr1\t-10\t20", r"calls\.bed:2: .* is no BED line"),
        ("chr1\t20\t20", r"calls\.bed:2: no interval.*start 20, end 20"),
        ("chr1\t30\t20", r"calls\.bed:2: no interval.*start 30, end 20"),
        ("chr1\t1\t3000000000", r"calls\.bed:2: no interval"),
        ("\t1\t2", r"calls\.bed:2: no interval: contig ''"),
        ("chrom\tstart\tend", r"calls\.bed:2: .* is no BED line"),
    ],
)
def test_a_line_that_is_no_interval_is_an_error_with_its_place(write, line, message) -> None:
    with pytest.raises(InputError, match=message):
        bed_intervals(write(f"chr1\t1\t2\n{line}\n"))


def test_a_table_may_spell_its_columns_in_several_ways_and_keeps_the_others() -> None:
    table = pd.DataFrame({"score": [7], "End": [20.0], "#Chr": ["chrX"], "START": ["10"]})
    found = bed_intervals(table)
    assert _tuples(found) == [("X", 10, 20)]
    assert list(found.table.columns) == ["chrom", "start", "end", "score"]
    assert found.place(0) == "the DataFrame:0"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"chrom": ["1"], "start": [1]}, "expected chrom, start and end"),
        ({"chrom": ["1"], "start": ["x"], "end": [2]}, "row 0 has no whole number as start"),
        ({"chrom": ["1", "1"], "start": [1, 1], "end": [2, 2.5]}, "row 1 .* as end"),
        ({"chrom": ["1"], "start": [2], "end": [2]}, "row 0: no interval"),
        ({"chrom": ["1"], "start": [-1], "end": [2]}, "row 0: no interval"),
    ],
)
def test_a_table_without_intervals_is_an_error(columns, message) -> None:
    with pytest.raises(InputError, match=message):
        bed_intervals(pd.DataFrame(columns), name="known")
