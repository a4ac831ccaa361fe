"""The picture of a scan along a contig."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval
from enhancer_variants.reports.plot import scan_track

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

WINDOWS = pd.DataFrame(
    {
        "chrom": "chr1",
        "start": [0, 50, 100, 600],
        "end": [200, 250, 300, 800],
        "probability": [0.2, 0.9, 0.6, 0.7],
    }
)
CALLS = pd.DataFrame(
    {"chrom": "1", "start": [50, 600], "end": [300, 800], "summit_offset": [100, 100]}
)


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    matplotlib.pyplot.close("all")


def _by_gid(ax: Any, gid: str) -> Any:
    (found,) = [artist for artist in ax.get_children() if artist.get_gid() == gid]
    return found


def _height_at(ax: Any, gid: str, x: float) -> float:
    """Height of a filled area at x; 0 where there is none."""
    inside = [0.0]
    for path in _by_gid(ax, gid).get_paths():
        inside += [y for y in np.arange(0.01, 1, 0.02) if path.contains_point((x, y))]
    return max(inside)


def test_every_base_shows_the_window_that_is_nearest() -> None:
    ax = scan_track(WINDOWS)["probability"]
    assert ax.get_xlim() == (0.5, 800.5)
    for x, expected in [(10, 0.2), (120, 0.2), (130, 0.9), (170, 0.9), (180, 0.6), (290, 0.6)]:
        assert _height_at(ax, "probability", x) == pytest.approx(expected, abs=0.021), x
    assert _height_at(ax, "probability", 450) == 0
    assert _height_at(ax, "probability", 700) == pytest.approx(0.7, abs=0.021)
    assert _height_at(ax, "above", 60) == 0
    assert _height_at(ax, "above", 150) == pytest.approx(0.9, abs=0.021)
    assert _by_gid(ax, "threshold").get_ydata() == [0.5, 0.5]


def test_calls_have_bars_and_summits_and_annotation_stands_below(tmp_path: Path) -> None:
    bed = tmp_path / "e.bed"
    bed.write_text("chr1\t100\t140\tE1\nchr2\t0\t50\n")
    axes = scan_track(
        WINDOWS, CALLS, region="chr1:1-400", tracks={"bed": bed, "own": [Interval("1", 5, 9)]}
    )
    assert axes["probability"].get_xlim() == axes["tracks"].get_xlim() == (0.5, 400.5)
    labels = [label.get_text() for label in axes["tracks"].get_yticklabels()]
    assert labels == ["calls", "bed", "own"]
    bars = [patch for patch in axes["tracks"].patches if patch.get_gid() == "stretch"]
    assert [(bar.get_x(), bar.get_width()) for bar in bars][:2] == [(50.5, 250.0), (100.5, 40.0)]
    assert _by_gid(axes["probability"], "summits").get_xdata().tolist() == [151.0]


def test_it_draws_into_a_figure_that_is_given_and_on_a_contig_of_several() -> None:
    figure = matplotlib.pyplot.figure(layout="constrained")
    both = pd.concat([WINDOWS, WINDOWS.assign(chrom="chr2", probability=0.1)])
    axes = scan_track(both, region=Interval("2", 0, 300), threshold=0.05, figure=figure)
    assert axes["probability"].figure is figure
    assert _height_at(axes["probability"], "above", 150) == pytest.approx(0.1, abs=0.021)
    nothing = scan_track(WINDOWS.iloc[:0], region="chr9:1-10")["probability"]
    assert nothing.get_xlim() == (0.5, 10.5)
    assert scan_track(WINDOWS, region="1:101-")["probability"].get_xlim() == (100.5, 800.5)


def test_windows_on_several_contigs_or_without_a_column_are_refused() -> None:
    both = pd.concat([WINDOWS, WINDOWS.assign(chrom="chr2")])
    with pytest.raises(InputError, match="on 2 contigs"):
        scan_track(both)
    with pytest.raises(InputError, match="no column probability"):
        scan_track(WINDOWS.drop(columns="probability"))
