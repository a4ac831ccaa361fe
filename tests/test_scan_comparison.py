"""Calls against databases, on intervals whose answer is known by hand, and as files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.scan import (
    ANY_DATABASE,
    CallComparison,
    compare_calls,
    comparison_text,
    write_comparison,
    write_novel,
)
from enhancer_variants.scan.bed_intervals import bed_intervals
from enhancer_variants.scan.comparison_output import refuse_inputs
from enhancer_variants.schema import COMBINATION_COLUMNS, COMPARISON_COLUMNS


def _table(*rows: tuple[str, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    return frame.astype({"chrom": object, "start": "int64", "end": "int64"})


CALLS = _table(("chr1", 100, 200), ("chr1", 300, 400), ("chr2", 0, 50), ("chr3", 10, 20))
CALLS["name"] = ["both", "one", "far", "alone"]
KNOWN = {
    "first": _table(("1", 150, 250), ("1", 390, 590), ("1", 180, 182), ("2", 70, 80)),
    "second": _table(("chr1", 100, 200), ("chr9", 0, 10)),
}
GENOME = {"chr1": 10_000, "chr2": 5_000, "chr3": 30}


@pytest.fixture(scope="module")
def found() -> CallComparison:
    return compare_calls(CALLS, KNOWN, genome=GENOME, permutations=50, reciprocal=[0.5, 0.0])


def _row(found: CallComparison, database: str, share: float) -> pd.Series:
    frame = found.to_frame()
    chosen = (frame["database"] == database) & (frame["reciprocal_overlap"] == share)
    return frame[chosen].iloc[0]


def test_counts_of_each_database_are_those_by_hand(found: CallComparison) -> None:
    any_base, half = _row(found, "first", 0.0), _row(found, "first", 0.5)
    assert (any_base["calls"], any_base["known"]) == (4, 4)
    assert (any_base["calls_overlapping"], any_base["known_overlapping"]) == (2, 3)
    assert (half["calls_overlapping"], half["known_overlapping"]) == (1, 1)
    assert half["calls_fraction"] == half["known_fraction"] == 0.25


def test_bases_and_jaccard_are_those_by_hand(found: CallComparison) -> None:
    row = _row(found, "first", 0.0)
    assert (row["calls_bases"], row["known_bases"], row["shared_bases"]) == (260, 310, 60)
    assert row["jaccard"] == 60 / (260 + 310 - 60)


def test_distances_are_those_by_hand(found: CallComparison) -> None:
    distances = found.per_call["first_distance"].tolist()
    assert distances[:3] == [0.0, 0.0, 20.0]
    assert math.isnan(distances[3])
    row = _row(found, "first", 0.0)
    quartiles = row[["distance_quartile_1", "distance_median", "distance_quartile_3"]]
    assert quartiles.tolist() == [0.0, 0.0, 10.0]
    assert found.per_call["second_distance"].tolist()[:2] == [0.0, 100.0]


def test_all_databases_together_are_a_row_of_their_own(found: CallComparison) -> None:
    assert [database.name for database in found.databases] == ["first", "second", ANY_DATABASE]
    row = _row(found, ANY_DATABASE, 0.0)
    assert (row["known"], row["calls_overlapping"], row["known_overlapping"]) == (6, 2, 4)
    assert row["shared_bases"] == 100 + 10
    assert row["distance_quartile_3"] == 10.0


def test_combinations_say_which_databases_have_which_calls(found: CallComparison) -> None:
    assert list(found.combinations.columns) == [column.name for column in COMBINATION_COLUMNS]
    any_base = found.combinations[found.combinations["reciprocal_overlap"] == 0.0]
    assert dict(zip(any_base["databases"], any_base["calls"], strict=True)) == {
        "": 2,
        "first": 1,
        "first,second": 1,
    }
    assert any_base["number_of_databases"].tolist() == [0, 1, 2]
    assert found.combinations.groupby("reciprocal_overlap")["calls"].sum().eq(4).all()


def test_novel_calls_keep_their_columns_and_order(found: CallComparison) -> None:
    assert found.novel_reciprocal == 0.0
    assert found.novel["name"].tolist() == ["far", "alone"]
    stricter = compare_calls(CALLS, KNOWN, novel_reciprocal=0.2)
    assert stricter.novel["name"].tolist() == ["one", "far", "alone"]


@pytest.mark.filterwarnings("ignore:.*overlap gaps or blacklist")
def test_enrichment_is_of_the_calls_that_can_be_moved(found: CallComparison) -> None:
    row = _row(found, "second", 0.0)
    assert (row["permutations"], row["calls_permuted"], row["observed"]) == (50, 4, 1)
    assert row["p_enriched"] < 0.1
    assert row["expected"] < 0.5
    with pytest.warns(UserWarning, match="1 of 4 calls fit nowhere.* at calls:2"):
        fewer = compare_calls(
            CALLS,
            KNOWN,
            genome=GENOME,
            gaps=_table(("2", 40, 5000)),
            permutations=20,
        )
    assert set(fewer.to_frame()["calls_permuted"]) == {3}


def test_calls_where_no_permuted_call_can_be_are_told() -> None:
    gaps = _table(("chr1", 199, 250), ("chr7", 0, 9))
    with pytest.warns(UserWarning, match="1 of 4 calls overlap gaps or blacklist"):
        compare_calls(CALLS, KNOWN, genome=GENOME, gaps=gaps, permutations=2)


def test_a_call_that_only_fits_where_it_is_overlaps_in_every_permutation() -> None:
    one = _table(("1", 0, 100))
    row = _row(
        compare_calls(one, {"same": one}, genome={"1": 100}, permutations=9, reciprocal=[1.0]),
        "same",
        1.0,
    )
    assert (row["expected"], row["p_enriched"], row["p_depleted"], row["fold"]) == (1, 1, 1, 1)
    assert math.isnan(row["z"])


def test_equal_seeds_give_equal_results_and_others_do_not(found: CallComparison) -> None:
    again = compare_calls(CALLS, KNOWN, genome=GENOME, permutations=50, reciprocal=[0.0, 0.5])
    assert again.to_dict() == found.to_dict()
    other = compare_calls(
        CALLS, KNOWN, genome=GENOME, permutations=50, reciprocal=[0.0, 0.5], seed=1
    )
    assert not other.to_frame()["expected"].equals(found.to_frame()["expected"])


def test_without_a_genome_nothing_is_permuted() -> None:
    found = compare_calls(CALLS, KNOWN)
    frame = found.to_frame()
    assert set(frame["permutations"]) == {0}
    assert frame[["expected", "fold", "z", "p_enriched"]].isna().all(axis=None)
    assert found.provenance["options"]["seed"] is None
    assert found.provenance["genome"] is None


@pytest.mark.parametrize("empty", ["calls", "known", "both"])
def test_what_is_empty_gives_zeros(empty: str) -> None:
    none = _table()
    calls = CALLS if empty == "known" else none
    known = {"first": KNOWN["first"] if empty == "calls" else none}
    found = compare_calls(calls, known, genome=GENOME, permutations=10)
    frame = found.to_frame()
    assert set(frame["calls_overlapping"]) == set(frame["known_overlapping"]) == {0}
    assert set(frame["p_enriched"]) == {1.0}
    assert frame["fold"].isna().all()
    assert frame["calls_fraction"].isna().all() == (empty != "known")
    assert len(found.novel) == len(calls)
    json.dumps(found.to_dict(), allow_nan=False)
    assert "novel calls" in comparison_text(found)


_ROWS = st.lists(
    st.tuples(st.sampled_from(["1", "2"]), st.integers(0, 80), st.integers(1, 19)), max_size=8
)


@pytest.mark.filterwarnings("ignore:.*no contig in common")
@settings(max_examples=12)
@given(_ROWS, st.lists(_ROWS, min_size=1, max_size=3), st.sampled_from([0.0, 0.3, 1.0]))
def test_the_order_of_files_and_lines_does_not_matter(calls, several, share) -> None:
    def table(rows, backward: bool) -> pd.DataFrame:
        ordered = rows[::-1] if backward else rows
        return _table(*[(contig, start, start + length) for contig, start, length in ordered])

    forward, backward = (
        compare_calls(
            table(calls, back),
            {str(n): table(rows, back) for n, rows in enumerate(several)},
            reciprocal=[share],
        )
        for back in (False, True)
    )
    pd.testing.assert_frame_equal(forward.to_frame(), backward.to_frame())
    pd.testing.assert_frame_equal(forward.combinations, backward.combinations)
    assert forward.combinations["calls"].sum() == len(calls)
    every = forward.databases[-1].overlaps[0].calls
    assert len(forward.novel) == len(calls) - every


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"known": {}}, "no database"),
        ({"known": {"a,b": CALLS}}, "database 'a,b'"),
        ({"known": {ANY_DATABASE: CALLS}}, "all of them together"),
        ({"reciprocal": []}, "no reciprocal overlap"),
        ({"reciprocal": [1.5]}, r"overlap is 1\.5"),
        ({"novel_reciprocal": -0.1}, r"overlap is -0\.1"),
        ({"permutations": -1}, "permutations are -1"),
        ({"seed": -1}, "seed -1"),
        ({"gaps": CALLS}, "need the genome's lengths"),
        ({"genome": {"1": 350}}, "calls:1: ends at 400, but contig 1 has 350 bases"),
    ],
)
def test_what_cannot_be_compared_is_an_error(change, message) -> None:
    with pytest.raises(InputError, match=message):
        compare_calls(**({"calls": CALLS, "known": KNOWN} | change))


def test_databases_that_look_like_another_build_are_told() -> None:
    with pytest.warns(UserWarning, match="other has no contig in common with the calls: scaffold"):
        compare_calls(CALLS, {"other": _table(("scaffold", 1, 2))})
    with pytest.warns(UserWarning, match="1 of 2 intervals end beyond.* at other:1"):
        compare_calls(
            CALLS,
            {"other": _table(("1", 1, 2), ("1", 9_000, 10_001))},
            genome=GENOME,
            permutations=1,
        )


def test_the_frame_has_the_declared_columns_and_types(found: CallComparison) -> None:
    frame = found.to_frame()
    assert list(frame.columns) == [column.name for column in COMPARISON_COLUMNS]
    kinds = {"string": "OU", "integer": "i", "float": "f"}
    for column in COMPARISON_COLUMNS:
        assert frame[column.name].dtype.kind in kinds[column.type], column.name


def test_the_object_holds_the_same_as_the_frame_and_no_path(tmp_path: Path) -> None:
    path = tmp_path / "calls.bed"
    path.write_text("chr1\t10\t20\n")
    found = compare_calls(path, {"same": path})
    told = found.to_dict()
    assert str(tmp_path) not in json.dumps(told, allow_nan=False)
    assert told["provenance"]["known"]["same"]["name"] == "calls.bed"
    assert told["provenance"]["calls"]["intervals"] == 1
    assert told["databases"][0]["jaccard"] == 1.0
    assert told["databases"][0]["z"] is None
    assert told["combinations"][0]["databases"] == ["same"]
    assert told["novel"] == {"reciprocal_overlap": 0.0, "calls": 0}


def test_a_folder_gets_all_tables_and_they_read_back(found: CallComparison, tmp_path: Path) -> None:
    files = {path.name: path for path in write_comparison(found, tmp_path / "compared")}
    assert len(files) == 5
    frame = pd.read_csv(files["comparison.tsv"], sep="\t")
    np.testing.assert_allclose(frame["jaccard"], found.to_frame()["jaccard"], rtol=1e-5)
    assert json.loads(files["comparison.json"].read_text()) == found.to_dict()
    per_call = pd.read_csv(files["per_call.tsv"], sep="\t")
    assert per_call["second_overlap"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert len(pd.read_csv(files["combinations.tsv"], sep="\t")) == len(found.combinations)
    pd.testing.assert_frame_equal(bed_intervals(files["novel.bed"]).table, found.novel)


def test_the_ending_says_what_is_written(
    found: CallComparison, tmp_path: Path, capfdbinary
) -> None:
    (table,) = write_comparison(found, tmp_path / "found.tsv")
    (one,) = write_comparison(found, tmp_path / "found.json")
    assert json.loads(one.read_text())["novel"]["calls"] == 2
    assert write_comparison(found, None) == []
    assert capfdbinary.readouterr().out == table.read_bytes()


def test_novel_calls_without_a_value_have_a_point(tmp_path: Path) -> None:
    calls = CALLS.assign(name=["a", None, None, "d"])
    write_novel(compare_calls(calls, {"none": _table()}), tmp_path / "novel.bed")
    lines = (tmp_path / "novel.bed").read_text().splitlines()
    assert lines[:3] == ["#chrom\tstart\tend\tname", "chr1\t100\t200\ta", "chr1\t300\t400\t."]


def test_an_ending_that_cannot_be_written_is_an_error(found, tmp_path: Path) -> None:
    for name in ("found.tsv.gz", "found.csv", "found.bed"):
        with pytest.raises(InputError, match=r"expected a name that ends in \.tsv or \.json"):
            write_comparison(found, tmp_path / name)
    (tmp_path / "version.2").mkdir()
    assert len(write_comparison(found, tmp_path / "version.2")) == 5


def test_a_folder_that_cannot_be_made_is_an_error(found: CallComparison, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made as a folder"):
        write_comparison(found, tmp_path / "file")


def test_inputs_are_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "compared"
    folder.mkdir()
    (folder / "novel.bed").write_text("chr1\t1\t2\n")
    link = tmp_path / "link.bed"
    link.symlink_to(folder / "novel.bed")
    with pytest.raises(InputError, match=r"novel\.bed: is an input"):
        refuse_inputs(folder, [], [link])
    with pytest.raises(InputError, match="two outputs"):
        refuse_inputs(tmp_path / "a.tsv", [tmp_path / "a.tsv", None], ["absent.bed", 3])
    refuse_inputs(tmp_path / "a.tsv", [folder / "b.bed"], [link])
    refuse_inputs("-", [None], [link])
    refuse_inputs(None, [], [link])


def test_the_text_has_a_line_for_each_database_and_overlap(found: CallComparison) -> None:
    lines = comparison_text(found).splitlines()
    assert len(lines) == 2 + 6 + 1
    assert lines[0] == "4 calls"
    assert "fold (95 %)" in lines[1]
    assert lines[2].split()[:5] == ["first", "1", "base", "2", "(50.0%)"]
    assert lines[-1] == "2 novel calls that no database has (overlap: 1 base)"


@pytest.mark.realdata
def test_peaks_and_their_negatives_lie_apart(data: Path) -> None:
    """CTCF peaks overlap themselves completely, and their negatives never by more than chance."""
    positives, negatives = (
        data / "tf/ctcf" / f"{name}.bed.gz" for name in ("postrain", "negtrain")
    )
    blacklist = data / "genome/hg19-blacklist.v2.bed.gz"
    found = compare_calls(
        positives,
        {"same": positives, "negatives": negatives},
        genome="hg19",
        blacklist=blacklist,
        permutations=20,
        reciprocal=[0.5],
    )
    same, other = (_row(found, name, 0.5) for name in ("same", "negatives"))
    assert same["calls_fraction"] == same["jaccard"] == 1.0
    assert same["fold"] > 50
    assert other["calls_fraction"] < 0.05
