"""Pictures of many alleles: where each point is, what it is coloured and which are named."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from enhancer_variants import tidy
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval
from enhancer_variants.reports import plot
from enhancer_variants.reports.plot.annotation_tracks import Stretch, pack
from enhancer_variants.reports.plot.effect_points import GAIN, LOSS, NEITHER
from enhancer_variants.reports.plot.p_values import LARGEST, minus_log10_p
from enhancer_variants.reports.plot.point_labels import NamedPoint, name_points

PLOTS = [plot.locus, plot.volcano, plot.rank, plot.heatmap]


@pytest.fixture(autouse=True)
def _no_window_opens_and_no_figure_stays_open() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def effects(shifts: list[float], **columns: object) -> pd.DataFrame:
    count = len(shifts)
    made: dict[str, object] = {
        "chrom": "chr1",
        "pos": [1_000 + 100 * number for number in range(count)],
        "id": [f"rs{number}" for number in range(count)],
        "ref": "A",
        "alt": "T",
        "record": range(count),
        "allele": 1,
        "status": ["ok" if np.isfinite(shift) else "has_n" for shift in shifts],
        "kind": "snv",
        "enhancer_log_odds_shift": shifts,
        **columns,
    }
    return pd.DataFrame(made, index=range(count))


def panel(found: Axes | dict[str, Axes]) -> Axes:
    return found["shift"] if isinstance(found, dict) else found


def artists(ax: Axes, gid: str) -> Any:
    return next(child for child in ax.get_children() if child.get_gid() == gid)


def named(ax: Axes) -> list[Annotation]:
    return [child for child in ax.texts if child.get_gid() == "name"]  # type: ignore[misc]


def colours(collection: Any) -> list[str]:
    return [to_hex(colour) for colour in collection.get_facecolors()]


def box_of(text: Annotation) -> Bbox:
    """Where a name stands, without its leader."""
    text.get_window_extent()  # moves it to its place
    return Bbox(Text.get_window_extent(text))


def boxes_apart(ax: Axes) -> bool:
    boxes = [box_of(text) for text in named(ax)]
    return not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_locus_has_a_point_and_a_stem_for_each_scored_allele() -> None:
    axes = plot.locus(effects([0.5, -2.0, float("nan"), 0.0]))
    points = artists(axes["shift"], "shifts")
    drawn = dict(zip(map(tuple, points.get_offsets().tolist()), colours(points), strict=True))
    assert drawn == {(1000.0, 0.5): GAIN, (1100.0, -2.0): LOSS, (1300.0, 0.0): NEITHER}
    stems = artists(axes["shift"], "stems").get_segments()
    assert [stem[1].tolist() for stem in stems] == [[1000, 0.5], [1100, -2.0], [1300, 0.0]]
    assert set(axes) == {"shift"}
    assert axes["shift"].get_xlabel() == "position on chr1 (1-based)"
    assert "log2 odds" in axes["shift"].get_ylabel()
    assert {text.get_text() for text in named(axes["shift"])} == {"rs0", "rs1", "rs3"}


def test_the_risk_allele_s_shift_is_drawn_where_it_is_asked_for() -> None:
    frame = effects([0.5, -2.0], enhancer_risk_log_odds_shift=[-0.5, float("nan")])
    axes = plot.locus(frame, allele="risk")
    assert artists(axes["shift"], "shifts").get_offsets().tolist() == [[1000.0, -0.5]]
    assert "risk allele gains" in axes["shift"].get_ylabel()
    with pytest.raises(InputError, match="of no risk list"):
        plot.locus(effects([0.5]), allele="risk")
    with pytest.raises(InputError, match="a row for each model has no shifts of risk alleles"):
        plot.volcano(tidy(effects([0.5])), allele="risk")


def test_the_study_s_p_values_stand_above_with_leads_and_their_proxies() -> None:
    frame = effects(
        [0.5, -2.0, 0.1],
        risk_minus_log10_p=[9.0, 3.0, float("nan")],
        proxy_of=["", "rs0", "rs0"],
        proxy_r2=[1.0, 0.7, 0.1],
    )
    axes = plot.locus(frame)
    assert artists(axes["p"], "lead").get_offsets().tolist() == [[1000.0, 9.0]]
    assert artists(axes["p"], "p").get_offsets().tolist() == [[1100.0, 3.0]]
    assert axes["p"].get_xlim() == axes["shift"].get_xlim()
    assert [line.get_ydata()[0] for line in axes["p"].lines] == [pytest.approx(7.301, abs=1e-3)]
    assert colours(artists(axes["p"], "lead")) != colours(artists(axes["p"], "p"))


def test_p_values_may_be_in_any_column() -> None:
    rows = pd.DataFrame({"p": [1e-3, 0.0], "neg_log10_p": [400.0, 2.0], "beta": [-0.5, 3.0]})
    assert minus_log10_p(rows, None) is None
    of_p, of_log = minus_log10_p(rows, "p"), minus_log10_p(rows, "neg_log10_p")
    assert of_p is not None
    assert of_log is not None
    assert of_p.tolist() == [3.0, LARGEST]
    assert of_log.tolist() == [LARGEST, 2.0]
    with pytest.raises(InputError, match=r"column 'beta' holds -0.5; expected a p-value"):
        minus_log10_p(rows, "beta")
    with pytest.raises(InputError, match="no column 'pvalue'"):
        minus_log10_p(rows, "pvalue")


def test_tracks_show_what_is_in_view_with_its_names(tmp_path: Path) -> None:
    bed = tmp_path / "peaks.bed"
    bed.write_text("chr1\t900\t1000\tpeak\nchr2\t900\t1000\tother\nchr1\t90000\t90001\tfar\n")
    values = [Interval("1", 1_040, 1_060), (Interval("chr1", 950, 1_030), "$named$")]
    axes = plot.locus(effects([0.5, -2.0]), tracks={"peaks": bed, "mine": values})
    ax = axes["tracks"]
    bars = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_gid() == "stretch"]
    left = axes["shift"].get_xlim()[0]
    assert sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars) == [
        (max(900.5, left), 1000.5),
        (max(950.5, left), 1030.5),
        (1040.5, 1060.5),
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["peaks", "mine"]
    assert {text.get_text() for text in ax.texts} == {"peak", "$named$"}
    assert ax.get_xlim() == axes["shift"].get_xlim()
    with pytest.raises(InputError, match=r"track 'bad': \('chr1', 5\) is no interval"):
        plot.locus(effects([0.5]), tracks={"bad": [("chr1", 5)]})  # type: ignore[list-item]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 80), st.sampled_from(["", "a", "a name"])),
        max_size=20,
    )
)
def test_bars_and_names_of_a_track_touch_nothing_but_in_its_last_row(
    found: list[tuple[int, int, str]],
) -> None:
    stretches = sorted((Stretch(a, a + b, name) for a, b, name in found), key=lambda s: s.left)
    packed = pack(stretches, 1.0)
    assert len(packed) == len(stretches)
    for one, other in itertools.combinations(packed, 2):
        if one.row == other.row < 5:
            assert one.right < other.left or other.right < one.left


def test_a_contig_has_to_be_named_where_there_are_several() -> None:
    frame = effects([0.5, -2.0, 1.0], chrom=["chr1", "1", "chr2"])
    with pytest.raises(InputError, match="the alleles are on chr1, 1, chr2"):
        plot.locus(frame)
    axes = plot.locus(frame, contig="chr1")
    assert len(artists(axes["shift"], "shifts").get_offsets()) == 2
    with pytest.raises(InputError, match="no column chrom"):
        plot.locus(frame.drop(columns="chrom"))


def test_a_region_is_shown_as_asked_for() -> None:
    axes = plot.locus(effects([0.5, -2.0, 1.0]), start=1_050, end=1_150)
    assert axes["shift"].get_xlim() == (1050.5, 1150.5)
    assert artists(axes["shift"], "shifts").get_offsets().tolist() == [[1100.0, -2.0]]
    with pytest.raises(InputError, match="has no base"):
        plot.locus(effects([0.5]), start=5, end=5)


def test_a_volcano_has_p_values_if_there_are_some() -> None:
    frame = effects([0.5, -2.0, 0.1], enhancer_p=[0.1, 0.001, float("nan")], kind="deletion")
    ax = plot.volcano(frame)
    points = artists(ax, "other kinds")
    assert points.get_offsets().round(6).tolist() == [[0.5, 1.0], [-2.0, 3.0]]
    assert colours(points) == [GAIN, LOSS]
    assert "-log10 p" in ax.get_ylabel()
    low, high = ax.get_xlim()
    assert low == -high


def test_kinds_have_marks_of_their_own_and_a_legend() -> None:
    ax = plot.volcano(effects([0.5, -2.0, 1.0], kind=["snv", "deletion", None]))
    assert artists(ax, "SNV").get_offsets()[:, 0].tolist() == [0.5, 1.0]
    assert artists(ax, "other kinds").get_offsets()[:, 0].tolist() == [-2.0]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["SNV", "other kinds"]


@pytest.mark.parametrize(
    ("against", "columns", "heights"),
    [
        (None, {"motif_log10_p_ratio": [-3.0, 1.0]}, {0.5: 3.0, -2.0: 1.0}),
        (None, {}, {0.5: 0.0, -2.0: np.log10(2)}),
        ("rank", {"enhancer_p": 0.5}, {0.5: 0.0, -2.0: np.log10(2)}),
    ],
)
def test_what_a_volcano_has_without_them(
    against: Any, columns: dict[str, object], heights: dict[float, float]
) -> None:
    ax = plot.volcano(effects([0.5, -2.0], **columns), against=against)
    drawn = dict(artists(ax, "SNV").get_offsets().tolist())
    assert drawn == pytest.approx(heights)


def test_a_volcano_refuses_what_is_not_there() -> None:
    with pytest.raises(InputError, match="score with calibrated=True"):
        plot.volcano(effects([0.5]), against="p")
    with pytest.raises(InputError, match="expected p, motif, rank"):
        plot.volcano(effects([0.5]), against="q")  # type: ignore[arg-type]


def test_ranks_go_from_the_largest_gain_to_the_largest_loss() -> None:
    ax = plot.rank(effects([-1.0, 2.0, float("nan"), 0.0]), label=2)
    points = ax.collections[0]
    assert points.get_offsets().tolist() == [[1, 2.0], [2, 0.0], [3, -1.0]]  # type: ignore[union-attr]
    assert colours(points) == [GAIN, NEITHER, LOSS]
    assert {text.get_text() for text in named(ax)} == {"rs0", "rs1"}


@pytest.mark.parametrize("draw", PLOTS)
def test_an_allele_that_a_list_has_in_many_rows_is_named_once(draw: Callable[..., Any]) -> None:
    frame = effects(
        [1.0] * 9 + [0.5], pos=[7] * 9 + [900], id=["rs7"] * 9 + ["rs8"], A_log_odds_shift=2.0
    )
    ax = panel(draw(frame))
    names = [text.get_text() for text in named(ax) or ax.get_yticklabels()]
    assert names == ["rs7", "rs8"]


def test_alleles_of_one_name_are_told_apart() -> None:
    ax = plot.rank(effects([1.0, -1.0], id="rs7", alt=["C", "G"]))
    assert {text.get_text() for text in named(ax)} == {"rs7 A>C", "rs7 A>G"}


@pytest.mark.parametrize("draw", [plot.locus, plot.volcano, plot.rank])
def test_names_of_neighbours_do_not_overlap(draw: Callable[..., Any]) -> None:
    crowd = effects([2.0 + number / 50 for number in range(24)], pos=range(1_000, 1_024))
    ax = panel(draw(crowd, label=12))
    assert 4 <= len(named(ax)) <= 12
    assert boxes_apart(ax)
    edges = ax.get_window_extent()
    for text in named(ax):
        box = box_of(text)
        assert edges.x0 <= box.x0 < box.x1 <= edges.x1
        assert edges.y0 <= box.y0 < box.y1 <= edges.y1


def test_a_name_that_fits_nowhere_is_left_out() -> None:
    ax = plt.figure(figsize=(1, 1)).add_subplot()
    assert name_points(ax, [NamedPoint(0.5, 0.5, "a name that is far too long")]) == []
    assert len(ax.texts) == 0
    assert name_points(ax, []) == []


def test_names_are_no_formulas() -> None:
    ax = plot.rank(effects([1.0], id=r"$\foo$"))
    ax.figure.canvas.draw()
    assert named(ax)[0].get_text() == r"$\foo$"


def factors(count: int = 4) -> pd.DataFrame:
    shifts = np.arange(count * 3, dtype=float).reshape(count, 3) - 4
    return effects(
        [0.1] * count, **{f"{f}_log_odds_shift": shifts[:, n] for n, f in enumerate("ABC")}
    )


def cells(ax: Axes) -> Any:
    return np.asarray(ax.images[0].get_array().filled(np.nan))  # type: ignore[union-attr]


def test_a_map_has_an_allele_in_each_row_and_a_factor_in_each_column() -> None:
    ax = plot.heatmap(factors(), cluster=False)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["A", "B", "C"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["rs0", "rs1", "rs2", "rs3"]
    assert cells(ax).tolist() == (np.arange(12.0).reshape(4, 3) - 4).tolist()
    assert ax.images[0].get_clim() == (-7, 7)


def test_a_clustered_map_has_the_same_cells_in_another_order() -> None:
    frame = factors(6)
    ax = plot.heatmap(frame)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    columns = [label.get_text() for label in ax.get_xticklabels()]
    table = frame.set_index("id")[[f"{column}_log_odds_shift" for column in columns]].loc[rows]
    assert sorted(rows) == sorted(frame["id"])
    assert cells(ax).tolist() == table.to_numpy().tolist()


def test_a_map_of_a_long_table_is_that_of_the_wide_one() -> None:
    frame = factors(5)
    wide, long = plot.heatmap(frame), plot.heatmap(tidy(frame))
    assert cells(wide).tolist() == cells(long).tolist()
    assert [t.get_text() for t in wide.get_yticklabels()] == [
        t.get_text() for t in long.get_yticklabels()
    ]
    with pytest.raises(InputError, match="needs record and allele"):
        plot.heatmap(tidy(frame).drop(columns="record"))


def test_cells_that_were_not_scored_are_hatched() -> None:
    frame = factors(3)
    frame.loc[1, "B_log_odds_shift"] = float("nan")
    ax = plot.heatmap(frame, cluster=False)
    hatched = [p for p in ax.patches if p.get_gid() == "not scored"]
    assert [p.get_xy() for p in hatched] == [(0.5, 0.5)]  # type: ignore[attr-defined]
    assert all(patch.get_hatch() for patch in hatched)
    assert np.isnan(cells(ax)[1, 1])


def test_the_largest_shifts_are_chosen_and_what_is_left_out_is_said() -> None:
    many = effects([0.0] * 3, **{f"F{n}_log_odds_shift": [n, 0.0, -1.0] for n in range(70)})
    ax = plot.heatmap(many, top=2, cluster=False)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["rs0", "rs2"]
    assert len(ax.get_xticklabels()) == 60
    assert ax.get_title() == "2 of 3 alleles and 60 of 70 models, with the largest shifts"


def test_models_of_a_map_may_be_named() -> None:
    ax = plot.heatmap(factors(), ["enhancer", "B"], cluster=False)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["enhancer", "B"]
    with pytest.raises(InputError, match="no model is called 'Z' in these effects; expected"):
        plot.heatmap(factors(), ["Z"])
    with pytest.raises(InputError, match="only the largest gain and loss"):
        plot.heatmap(effects([0.5], tfbs_top_gain="A"))


@pytest.mark.parametrize("draw", PLOTS)
def test_one_row_is_enough(draw: Callable[..., Any]) -> None:
    ax = panel(draw(effects([0.5], CTCF_log_odds_shift=[0.25])))
    ax.figure.canvas.draw()
    assert ax.collections or ax.images


@pytest.mark.parametrize("draw", PLOTS)
def test_where_nothing_is_scored_the_panel_says_so(draw: Callable[..., Any]) -> None:
    frame = effects([float("nan")] * 3, risk_minus_log10_p=5.0)
    for chosen, said in ((frame, "3 rows: 3 has_n"), (frame.head(0), "0 rows")):
        axes = draw(chosen)
        text = artists(panel(axes), "nothing").get_text()
        assert text.startswith("no allele with a shift of ")
        assert text.endswith(said)
    long = artists(panel(draw(tidy(frame))), "nothing").get_text()
    assert "3 has_n" in long


@pytest.mark.parametrize("draw", PLOTS)
def test_what_is_no_table_of_effects_is_refused(draw: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="list: expected a DataFrame of effects"):
        draw([1, 2])
    other = plot.heatmap if draw is plot.heatmap else draw
    with pytest.raises(InputError, match="no model is called"):
        other(effects([0.5]), **({"models": ["x"]} if draw is plot.heatmap else {"model": "x"}))


@pytest.mark.parametrize("draw", [plot.locus, plot.volcano, plot.rank])
def test_many_points_are_one_image(draw: Callable[..., Any]) -> None:
    count = 2_500
    many = effects(np.linspace(-3, 3, count).tolist(), risk_minus_log10_p=1.0)
    axes = draw(many, label=2)
    drawn = [c for c in panel(axes).collections if len(c.get_offsets()) == count]  # type: ignore[arg-type]
    assert [collection.get_rasterized() for collection in drawn] == [True]


def test_given_figures_and_axes_are_drawn_on() -> None:
    figure = plt.figure(layout="constrained")
    assert plot.locus(effects([0.5]), figure=figure)["shift"].figure is figure
    for draw in (plot.volcano, plot.rank, plot.heatmap):
        ax = plt.figure().add_subplot()
        assert draw(effects([0.5]), ax=ax) is ax
