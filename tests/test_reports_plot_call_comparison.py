"""Pictures of a comparison: what is drawn is what was counted."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

import enhancer_variants as ev
from enhancer_variants.errors import InputError
from enhancer_variants.reports import draw_comparison
from enhancer_variants.scan import CallComparison, compare_calls

mpl.use("Agg")


def _table(starts: list[int], length: int = 100) -> pd.DataFrame:
    return pd.DataFrame({"chrom": "1", "start": starts, "end": [s + length for s in starts]})


CALLS = _table([0, 1000, 2000, 3000])
KNOWN = {"first": _table([0, 1050]), "second": _table([1000, 2000]), "empty": _table([])}


@pytest.fixture(scope="module")
def found() -> CallComparison:
    return compare_calls(CALLS, KNOWN, genome={"1": 100_000}, permutations=40)


def test_a_bar_is_the_share_of_calls_and_a_mark_what_chance_gives(found: CallComparison) -> None:
    ax = ev.plot.comparison(found, ax=Figure().subplots())
    assert [bar.get_width() for bar in ax.patches] == [50.0, 50.0, 0.0, 75.0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["first", "second", "empty", "any of them"]
    frame = found.to_frame()
    expected = frame[frame["reciprocal_overlap"] == 0.0]["expected"] / 4 * 100
    assert ax.lines[0].get_xdata() == pytest.approx(expected.to_numpy())
    texts = [text.get_text() for text in ax.texts]
    assert texts[0] == "2 of 4, p = 0.024"  # no permuted call overlaps: there is no ratio
    assert texts[2] == "0 of 4, p = 1"


def test_without_permutations_there_are_bars_alone() -> None:
    ax = ev.plot.comparison(compare_calls(CALLS, KNOWN), ax=Figure().subplots())
    assert not ax.lines
    assert ax.texts[0].get_text() == "2 of 4"


def test_the_combinations_are_drawn_by_their_calls(found: CallComparison) -> None:
    axes = ev.plot.upset(found, reciprocal=0.5, figure=Figure(layout="constrained"))
    assert [bar.get_height() for bar in axes["combinations"].patches] == [1, 1, 1, 1]
    assert [bar.get_width() for bar in axes["databases"].patches] == [2, 2, 0]
    # One call is in both databases: one line joins their dots.
    (line,) = axes["matrix"].lines
    assert list(line.get_ydata()) == [0, 1]
    dark = [c for c in axes["matrix"].collections if c.get_facecolor()[0][0] < 0.5]
    assert sum(len(c.get_offsets()) for c in dark) == 4


def test_the_smallest_combinations_are_left_out_and_told(found: CallComparison) -> None:
    axes = ev.plot.upset(found, most=2, figure=Figure(layout="constrained"))
    assert len(axes["combinations"].patches) == 2
    assert "2 smaller combinations not shown" in axes["combinations"].get_title(loc="left")


def test_many_combinations_have_upright_numbers() -> None:
    starts = list(range(0, 16_000, 1000))
    known = {
        str(bit): _table([s for n, s in enumerate(starts) if n >> bit & 1]) for bit in range(4)
    }
    axes = ev.plot.upset(compare_calls(_table(starts), known))
    assert {text.get_rotation() for text in axes["combinations"].texts} == {90.0}


def test_another_reciprocal_overlap_is_an_error(found: CallComparison) -> None:
    with pytest.raises(InputError, match=r"0\.7 was not counted; expected one of 0\.0, 0\.1, 0\.5"):
        ev.plot.upset(found, reciprocal=0.7)


def test_a_picture_is_the_same_at_each_run(found: CallComparison, tmp_path: Path) -> None:
    for name in ("once.svg", "twice.svg"):
        draw_comparison(found, tmp_path / name, reciprocal=0.1)
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "twice.svg").read_bytes()


def test_fold_enrichment_stands_with_its_interval() -> None:
    calls = _table(list(range(0, 4000, 100)))
    found = compare_calls(calls, {"first": calls}, genome={"1": 8000}, permutations=40)
    ax = ev.plot.comparison(found, ax=Figure().subplots())
    row = found.to_frame().iloc[0]
    fold, low, high = (f"{row[name]:.3g}" for name in ("fold", "fold_low", "fold_high"))
    assert ax.texts[0].get_text() == f"40 of 40, {fold}-fold ({low} to {high}), p = 0.024"


def test_a_picture_may_be_empty(tmp_path: Path) -> None:
    found = compare_calls(_table([]), KNOWN, genome={"1": 100_000}, permutations=5)
    draw_comparison(found, tmp_path / "found.pdf")
    assert (tmp_path / "found.pdf").read_bytes().startswith(b"%PDF")


def test_another_ending_is_an_error(found: CallComparison, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in \.png"):
        draw_comparison(found, tmp_path / "found.jpg")
