from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas.sites.merged_ids import MergedIds


def _table(folder: Path, text: str) -> Path:
    path = folder / "merged.tsv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "10\t20\n",
        "rs10\trs20\n",
        "old\tnew\nRS10\t20\n",
        "old,new\nrs10,rs20\n",
        "# a comment\n# another\n10 20\n\n",
        "10\t20\t130\t1\t2010-01-01\t2011-01-01\t20\t1\t\r\n",
    ],
)
def test_every_way_to_write_the_table_is_read(tmp_path: Path, text: str) -> None:
    merged = MergedIds(_table(tmp_path, text))
    assert merged.later(10) == (20,)
    assert merged.later(20) == merged.later(9) == merged.later(11) == ()


def test_chains_are_followed_whatever_the_order_of_rows(tmp_path: Path) -> None:
    merged = MergedIds(_table(tmp_path, "30\t40\n10\t20\n20\t30\n"))
    assert merged.later(10) == (20, 30, 40)
    assert merged.later(30) == (40,)


@pytest.mark.parametrize(
    ("text", "chain"), [("1\t2\n2\t1\n", (2,)), ("1\t1\n", ()), ("1\t2\n2\t3\n3\t2\n", (2, 3))]
)
def test_cycles_end(tmp_path: Path, text: str, chain: tuple[int, ...]) -> None:
    assert MergedIds(_table(tmp_path, text)).later(1) == chain


def test_the_first_of_two_rows_counts(tmp_path: Path) -> None:
    assert MergedIds(_table(tmp_path, "1\t2\n1\t3\n")).later(1) == (2,)


def test_gzip_is_read_and_an_empty_table_is_one(tmp_path: Path) -> None:
    packed = tmp_path / "merged.tsv.gz"
    packed.write_bytes(gzip.compress(b"1\t2\n"))
    assert MergedIds(packed).later(1) == (2,)
    assert MergedIds(_table(tmp_path, "old\tnew\n")).later(1) == ()


def test_a_line_that_is_no_pair_is_an_error_with_its_place(tmp_path: Path) -> None:
    path = _table(tmp_path, 'old\tnew\n1\t2\n{"refsnp_id": 1}\n')
    with pytest.raises(GwasFileError, match=r"merged.tsv:3: is .*expected a retired and a kept"):
        MergedIds(path)


@pytest.mark.parametrize("line", ["1\n", "1\t\n", "1\tx\n", "12345678901234567890\t2\n", "-1\t2\n"])
def test_half_pairs_are_errors(tmp_path: Path, line: str) -> None:
    with pytest.raises(GwasFileError, match=r"merged\.tsv:2"):
        MergedIds(_table(tmp_path, f"old\tnew\n{line}"))


def test_a_damaged_or_missing_table_is_an_error(tmp_path: Path) -> None:
    packed = tmp_path / "merged.tsv.gz"
    packed.write_bytes(gzip.compress(b"1\t2\n" * 1000)[:-20])
    with pytest.raises(GwasFileError, match=r"merged rsIDs: .*truncated"):
        MergedIds(packed)
    with pytest.raises(GwasFileError, match="cannot be read"):
        MergedIds(tmp_path / "none.tsv")
