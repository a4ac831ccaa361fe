"""Pictures of an evaluation on measured variants."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.reports.variant_evaluation_pictures import (
    draw_variant_evaluation,
    score_forest,
    score_scatter,
)
from enhancer_variants.training.variant_evaluation import VariantEvaluation, evaluate_variants


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    mpl.use("Agg")
    yield
    pyplot.close("all")


def evaluation(groups: int = 4, p_value: str | None = "p", **columns: object) -> VariantEvaluation:
    generator = np.random.default_rng(6)
    rows = 20 * groups
    frame = pd.DataFrame({"chrom": "1", "pos": range(1, rows + 1), "ref": "A"})
    frame["alt"] = (list("CGTGGCT") * rows)[:rows]
    frame["lfc"] = generator.normal(size=rows)
    frame["p"] = np.where(generator.random(rows) < 0.5, 1e-9, 0.2)
    frame["element"] = [f"element {n % groups}" for n in range(rows)]
    frame["my_log_odds_shift"] = frame["lfc"] + generator.normal(size=rows)
    frame.loc[0, "my_log_odds_shift"] = None
    frame = frame.assign(**columns)
    scores = ["my_log_odds_shift", *columns]
    return evaluate_variants(
        frame, effect="lfc", group="element", p_value=p_value, scores=scores, resamples=20
    )


def test_a_panel_for_each_group_with_all_compared_variants() -> None:
    found = evaluation()
    panels = score_scatter(found, "my_log_odds_shift").axes
    visible = [panel for panel in panels if panel.get_visible()]
    assert len(visible) == 4
    for panel, group in zip(visible, found.groups, strict=True):
        table = found.variants[found.compared & (found.variants["group"] == group)]
        other, significant = (np.asarray(points.get_offsets()) for points in panel.collections)
        assert len(significant) == (table["p_value"] < 1e-5).sum()
        drawn = np.concatenate([other, significant])
        expected = table[["my_log_odds_shift", "effect"]].to_numpy()
        assert sorted(drawn.tolist()) == sorted(expected.tolist())
        r = found.figure("my_log_odds_shift", "pearson", group).interval.value
        title = panel.get_title(loc="right").replace("\N{MINUS SIGN}", "-")
        assert title.startswith(f"r {r:.2f} ")
        assert title.endswith(f"n {len(table)}")
        assert panel.get_title(loc="left") == group


def test_points_of_few_values_are_spread_sideways_around_them() -> None:
    found = evaluation(2)
    panel = score_scatter(found, "gc_change").axes[0]
    x = np.concatenate([np.asarray(points.get_offsets())[:, 0] for points in panel.collections])
    assert len(np.unique(x)) > 10
    assert np.abs(x - np.round(x)).max() <= 0.2
    flat = score_scatter(evaluation(2, flat=1.0), "flat").axes[0]
    assert {float(points.get_offsets()[0, 0]) for points in flat.collections} == {1.0}


def test_labels_name_score_unit_and_effect() -> None:
    figure = score_scatter(evaluation(), "my_log_odds_shift")
    assert figure.get_supxlabel() == "predicted: my (log2 odds)"
    assert figure.get_supylabel() == "measured: lfc"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "measured effect with p < 1e\N{MINUS SIGN}5",
        "other",
    ]
    plain = score_scatter(evaluation(1, None, cadd=2.0), "cadd")
    assert plain.get_supxlabel() == "predicted: cadd"
    assert plain.legends == []


def test_an_unknown_score_is_refused() -> None:
    with pytest.raises(InputError, match="no score x to draw; there are my_log_odds_shift, gc"):
        score_scatter(evaluation(), "x")


def test_the_forest_has_each_figure_with_its_interval() -> None:
    found = evaluation()
    panels = score_forest(found).axes
    assert len(panels) == 4
    for panel, metric in zip(panels, found.metrics, strict=True):
        intervals = [line for line in panel.lines if len(line.get_xdata()) == 2][1:]
        assert len(intervals) == 2 * (4 + 1)
        overall = found.figure("my_log_odds_shift", metric).interval
        assert list(intervals[0].get_xdata()) == [overall.lower, overall.upper]
        markers = [line.get_xdata()[0] for line in panel.lines if len(line.get_xdata()) == 1]
        assert markers[0] == overall.value
    assert [text.get_text() for text in panels[0].get_yticklabels()] == ["my", "GC change"]


def test_many_groups_leave_the_means_and_one_group_is_its_own_mean() -> None:
    for groups, metrics in ((9, 4), (1, 4)):
        figure = score_forest(evaluation(groups))
        assert len(figure.axes) == metrics
        assert figure.legends == []
        intervals = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2][1:]
        assert len(intervals) == 2


def test_what_is_undefined_is_not_drawn() -> None:
    figure = score_forest(evaluation(1, None, flat=1.0))
    assert len(figure.axes) == 2
    intervals = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2][1:]
    assert len(intervals) == 2


def test_files_of_a_folder(tmp_path: Path) -> None:
    odd = {"a/b": 1.0, "a?b": 2.0, "none": None}
    found = evaluation(1, None, **odd)
    paths = draw_variant_evaluation(found, tmp_path)
    assert [path.name for path in paths] == [
        "scores.png",
        "scatter_my_log_odds_shift.png",
        "scatter_a-b_2.png",
        "scatter_a-b_3.png",
        "scatter_gc_change.png",
    ]
    for path in paths:
        height, width, _ = pyplot.imread(path).shape
        assert min(height, width) >= 600
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = evaluation(1)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[plot\]"):
        draw_variant_evaluation(found, tmp_path)


def test_of_many_groups_the_largest_are_drawn() -> None:
    frame = pd.DataFrame({"chrom": "1", "pos": range(1, 32), "ref": "A", "alt": "G"})
    frame["lfc"] = frame["x"] = frame["pos"] * 1.0
    frame["element"] = [f"g{min(row, 25)}" for row in range(31)]
    found = evaluate_variants(frame, effect="lfc", group="element", scores=["x"], resamples=2)
    figure = score_scatter(found, "x")
    assert sum(panel.get_visible() for panel in figure.axes) == 24
    assert figure.get_supxlabel().endswith("24 of 26 groups")
