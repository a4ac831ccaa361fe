"""Regions, from text and from BED files."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import OPEN_END, Interval
from enhancer_variants.io import read_bed, requested_intervals
from enhancer_variants.io.regions import merge_intervals


def test_nothing_asked_for_is_everything():
    assert requested_intervals(None, None, []) is None
    assert requested_intervals([], None, []) == []


def test_one_several_and_a_file_together(tmp_path):
    bed = tmp_path / "x.bed"
    bed.write_text("2\t5\t9\n")
    assert requested_intervals("1:1-10", None, []) == [Interval("1", 0, 10)]
    assert requested_intervals(Interval("1", 0, 10), None, []) == [Interval("1", 0, 10)]
    assert requested_intervals(["1:5", Interval("3", 0, 1)], bed, []) == [
        Interval("1", 4, 5),
        Interval("3", 0, 1),
        Interval("2", 5, 9),
    ]
    assert requested_intervals("HLA:1-2", None, ["HLA:1-2"]) == [Interval("HLA:1-2", 0, OPEN_END)]


def test_text_that_is_no_region():
    with pytest.raises(InputError, match="cannot read"):
        requested_intervals(["chr1:x-y"], None, [])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bed(tmp_path, pack):
    path = tmp_path / "x.bed"
    path.write_bytes(
        pack(
            b"#chrom\tstart\nbrowser position\ntrack name=x\n\n"
            b"chr1\t0\t10\tname\t0\t+\r\nchr2 5 6\ntrackless\t1\t2"
        )
    )
    assert read_bed(path) == [
        Interval("chr1", 0, 10),
        Interval("chr2", 5, 6),
        Interval("trackless", 1, 2),
    ]


@pytest.mark.parametrize(
    "line",
    ["chr1", "chr1\t5", "chr1\tx\t9", "chr1\t5\t-9", "chr1\t1e3\t2e3", "chr1\t9\t5", "chr1\t5\t5",
     "chr1\t1_0\t20", "\t5\t9", "chr1\t0\t99999999999", "chr1\t\u0661\t\u0662", "PK\x03\x00\x00"],
)  # fmt: skip
def test_a_line_that_is_no_bed(tmp_path, line):
    path = tmp_path / "x.bed"
    path.write_text("chr1\t0\t10\n" + line + "\n")
    with pytest.raises(VariantFileError, match=r"^x\.bed:2: "):
        read_bed(path)


def test_a_bed_file_that_cannot_be_read(tmp_path):
    with pytest.raises(VariantFileError, match="cannot be read"):
        read_bed(tmp_path / "none.bed")
    cut = tmp_path / "cut.bed.gz"
    cut.write_bytes(gzip.compress(b"chr1\t0\t10\n" * 100)[:-5])
    with pytest.raises(VariantFileError, match="truncated"):
        read_bed(cut)


INTERVALS = st.builds(
    lambda contig, start, length: Interval(contig, start, start + length),
    st.sampled_from(["1", "chr1", "2", "absent"]),
    st.integers(0, 60),
    st.integers(1, 20),
)


@settings(deadline=None)
@given(st.lists(INTERVALS, max_size=12))
def test_merged_intervals_cover_the_same_bases_and_are_apart(intervals):
    names = {"1": "chr1", "chr1": "chr1", "2": "2"}
    merged = merge_intervals(intervals, names.get)

    def bases(some, name):
        return [(name(i.contig), base) for i in some for base in range(i.start, i.end)]

    asked = set(bases((i for i in intervals if i.contig in names), names.get))
    covered = bases(merged, str)
    assert set(covered) == asked
    assert len(covered) == len(asked)
    for one, following in itertools.pairwise(merged):
        assert one.contig != following.contig or one.end < following.start
