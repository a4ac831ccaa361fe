"""The view of effects in a notebook: short, with units and signs, and nothing injected."""

from __future__ import annotations

import html
import pickle
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import enhancer_variants as ev
from enhancer_variants.io import EffectsFrame, styled
from enhancer_variants.io.notebook_view import effects_html
from enhancer_variants.schema import model_columns

TAGS = {"div", "p", "table", "thead", "tbody", "tr", "th", "td", "span", "br", "wbr"}
ATTRIBUTES = {"style", "title"}


class Page(HTMLParser):
    """Tags, attributes, cells and rows of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")


def effects(rows: int = 3, **columns: object) -> pd.DataFrame:
    made: dict[str, object] = {
        "chrom": "chr1",
        "pos": range(1, rows + 1),
        "id": [f"rs{number}" for number in range(rows)],
        "ref": "A",
        "alt": "T",
        "status": "ok",
        **columns,
    }
    return pd.DataFrame(made, index=range(rows))


def shown(frame: pd.DataFrame) -> Page:
    view = styled(frame)._repr_html_()
    assert view is not None
    return Page(view)


def test_signs_stand_in_colour_and_in_print_and_units_in_the_head() -> None:
    frame = effects(toy_log_odds_shift=[1.25, -0.5, 0.001])
    page = shown(frame)
    assert [row[-1] for row in page.rows[1:4]] == ["+1.25", "−0.50", "0.00"]
    view = effects_html(frame)
    assert view.count("#b35806") == 2  # one gain, and the line that explains it
    assert view.count("#7d5fb2") == 2
    assert "log2 odds" in page.text
    assert "1-based" in page.text


def test_alleles_are_counted_by_status() -> None:
    page = shown(effects(5, status=["ok", "ok", "has_n", "edge", "has_n"]))
    assert "5 alleles: 2 scored, not scored: 2 has_n, 1 edge." in page.text
    assert "1 allele: 1 scored." in shown(effects(1)).text
    assert "0 alleles: 0 scored." in shown(effects(0)).text


def test_a_long_table_shows_its_head_and_says_so() -> None:
    page = shown(effects(1_234))
    assert len(page.rows) == 1 + 20
    assert "the first 20 rows of 1,234" in page.text


def test_few_columns_stay_as_they_are_and_of_many_the_telling_ones_are_shown() -> None:
    chosen = effects(toy_prob_ref=0.5, kind="snv", record=0)
    assert shown(chosen).rows[1][1:] == ["chr1", "1", "rs0", "A", "T", "ok", "0.5", "snv", "0"]
    models = ("enhancer", "CTCF", "SRF", "NANOG")
    many = {column.name: 0.25 for m in models for column in model_columns(m, calibrated=True)}
    page = shown(effects(1, record=0, allele=1, motif_tf="SRF", own=[3], **many))
    head = page.text.replace(" ", "")
    assert head.index("enhancer_log_odds_shift") < head.index("enhancer_p")
    assert head.index("enhancer_p") < head.index("motif_tf") < head.index("CTCF_log_odds_shift")
    assert len(page.rows[1]) == 1 + 22
    assert "22 of 50 columns" in page.text
    assert "record" not in head


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "·"),
        (pd.NA, "·"),
        (float("nan"), "·"),
        (1234567, "1,234,567"),
        (0.000123456, "0.000123"),
        (True, "True"),
        ("x" * 40, "x" * 29 + "..."),
        (("a", 1), "('a', 1)"),
    ],
)
def test_values_are_written_short(value: object, written: str) -> None:
    frame = effects(1, own=pd.Series([value], dtype=object))
    assert shown(frame).rows[1][-1] == written


@settings(max_examples=50)
@given(
    name=st.text(min_size=1),
    column=st.text(min_size=1),
    status=st.text(),
    label=st.text(),
)
def test_nothing_of_the_input_becomes_markup(
    name: str, column: str, status: str, label: str
) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    frame = effects(2, id=[name + hostile, hostile * 9], alt=hostile, status=[status, hostile])
    frame[column + hostile] = hostile
    frame.index = pd.Index([label + hostile, hostile])
    page = shown(frame)
    assert set(page.tags) <= TAGS
    assert set(page.attributes) <= ATTRIBUTES
    assert len(page.rows) == 3


@settings(max_examples=30)
@given(rows=st.integers(0, 60), columns=st.integers(0, 60))
def test_rows_and_columns_are_limited(rows: int, columns: int) -> None:
    more = pd.DataFrame({f"own{n}": np.zeros(rows) for n in range(columns)}, index=range(rows))
    page = shown(pd.concat([effects(rows), more], axis=1))
    assert len(page.rows) == 1 + min(rows, 20)
    assert all(len(row) == 1 + min(columns + 6, 22) for row in page.rows[1:])


def test_a_frame_that_names_no_allele_has_the_view_of_pandas() -> None:
    frame = styled(effects()).drop(columns="status")
    assert isinstance(frame, EffectsFrame)
    assert "dataframe" in str(frame._repr_html_())
    grouped = styled(effects()).set_index(["chrom", "pos"], drop=False)
    assert "dataframe" in str(grouped._repr_html_())


def test_two_columns_of_one_name_are_shown_once() -> None:
    frame = pd.concat([effects(), effects()[["status", "id"]]], axis=1)
    assert len(shown(frame).rows[1]) == 1 + 6


def test_it_is_a_data_frame_in_all_else(tmp_path: Path) -> None:
    plain = effects(toy_log_odds_shift=[1.0, -1.0, 0.0])
    plain.attrs["enhancer_variants"] = {"models": []}
    frame = styled(plain)
    assert repr(frame) == repr(plain)
    for kept in (frame.head(2), frame[frame["pos"] > 1], frame.copy(), frame.sort_values("pos")):
        assert type(kept) is EffectsFrame
        assert kept.attrs == plain.attrs
    assert type(pd.concat([frame, frame])) is EffectsFrame
    assert type(frame["pos"]) is pd.Series
    restored = pickle.loads(pickle.dumps(frame))  # noqa: S301 - of our own making
    pd.testing.assert_frame_equal(restored, frame)
    frame.to_parquet(tmp_path / "effects.parquet")
    read = pd.read_parquet(tmp_path / "effects.parquet")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), read, check_dtype=False)
    assert type(pd.DataFrame(frame)) is pd.DataFrame


def test_views_are_left_to_pandas_where_it_is_told_to_show_none() -> None:
    with pd.option_context("display.notebook_repr_html", False):
        assert styled(effects())._repr_html_() is None


def test_descriptions_are_under_the_pointer() -> None:
    view = effects_html(effects(toy_log_odds_shift=1.0))
    assert html.escape("log_odds(ALT) - log_odds(REF): above 0, the ALT gains.") in view


def test_it_stands_at_the_top() -> None:
    assert ev.styled is styled
