from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome.interval import OPEN_END, Interval

HLA = "HLA-A*01:01:01:01"

names = st.sampled_from(["chr1", "1", HLA, "HLA-DRB1*15:01:01:02", "chr6_GL000250v2_alt", "a-b"])
intervals = st.tuples(names, st.integers(0, OPEN_END - 1), st.integers(1, OPEN_END)).map(
    lambda parts: Interval(parts[0], parts[1], min(parts[1] + parts[2], OPEN_END))
)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("chr1:1-1,000", 0, 1000),
        ("chr1:1-1000", 0, 1000),
        (" chr1:100\n", 99, 100),
        ("chr1:100-", 99, OPEN_END),
        ("chr1:1,234,567-", 1234566, OPEN_END),
        ("chr1", 0, OPEN_END),
        ("chr1:7-7", 6, 7),
    ],
)
def test_parse_reads_the_notation_of_bcftools(text: str, start: int, end: int) -> None:
    assert Interval.parse(text) == Interval("chr1", start, end)


def test_a_known_name_is_preferred_to_a_range() -> None:
    assert Interval.parse(HLA, contigs=[HLA]) == Interval(HLA, 0, OPEN_END)
    assert Interval.parse(f"{HLA}:5-9", contigs=[HLA]) == Interval(HLA, 4, 9)
    assert Interval.parse(HLA) == Interval("HLA-A*01:01:01", 0, 1)
    assert Interval.parse("chr2", contigs=[HLA]) == Interval("chr2", 0, OPEN_END)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "chr1:", "chr1:a-b", "chr1:0-5", "chr1:0", "chr1:9-5", "chr1:-5", "chr1:1-5-9",
     "chr 1:1-5", "a b", "chr1:1,00", "chr1:5-99999999999", "chr1:5-4294967296", ":1-5"],
)  # fmt: skip
def test_parse_refuses_and_says_what_it_found(text: str) -> None:
    with pytest.raises(InputError) as error:
        Interval.parse(text)
    assert repr(text) in str(error.value)


@given(intervals)
def test_text_round_trips(interval: Interval) -> None:
    assert Interval.parse(str(interval)) == interval
    assert Interval.parse(str(interval), contigs=[interval.contig]) == interval


def test_text_forms() -> None:
    assert str(Interval("chr1", 9, 20, "-")) == "chr1:10-20"
    assert str(Interval("chr1", 0, OPEN_END)) == "chr1"
    assert str(Interval("chr1", 5, OPEN_END)) == "chr1:6-"
    assert str(Interval(HLA, 0, OPEN_END)) == f"{HLA}:1-"


@pytest.mark.parametrize(
    ("contig", "start", "end", "strand"),
    [("", 0, 1, "."), ("1", -1, 1, "."), ("1", 5, 5, "."), ("1", 6, 5, "."), ("1", 0, 2**31, "."),
     ("1", 0, 1, "x"), ("1", 0, 1, "")],
)  # fmt: skip
def test_an_impossible_interval_is_refused(contig: str, start: int, end: int, strand: str) -> None:
    with pytest.raises(InputError):
        Interval(contig, start, end, strand)  # type: ignore[arg-type]


def test_is_a_frozen_ordered_value() -> None:
    interval = Interval("chr1", 5, 9)
    with pytest.raises(dataclasses.FrozenInstanceError):
        interval.start = 0  # type: ignore[misc]
    assert {interval, Interval("chr1", 5, 9)} == {interval}
    assert sorted([Interval("b", 0, 1), Interval("a", 5, 6), Interval("a", 5, 6, "-")]) == [
        Interval("a", 5, 6, "-"),
        Interval("a", 5, 6),
        Interval("b", 0, 1),
    ]


small = st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(1, 5)).map(
    lambda parts: Interval(parts[0], parts[1], parts[1] + parts[2])
)


@given(small, small)
def test_overlap_is_a_shared_base(one: Interval, other: Interval) -> None:
    bases = [{(x.contig, n) for n in range(x.start, x.end)} for x in (one, other)]
    assert one.overlaps(other) is bool(bases[0] & bases[1])
    assert one.length == len(bases[0])


def test_a_number_of_thousands_of_digits_is_no_position() -> None:
    with pytest.raises(InputError):
        Interval.parse("chr1:1-9" + ",999" * 2_000)
