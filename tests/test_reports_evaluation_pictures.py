"""Pictures have every method, panel and number, fit on the page, and are files of their own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import enhancer_variants as ev
from enhancer_variants import InputError, LabelledSequence
from enhancer_variants.models import Model
from enhancer_variants.reports import draw_evaluation, evaluation_pictures
from enhancer_variants.reports.evaluation_pictures import (
    confusion_picture,
    precision_recall_picture,
    reliability_picture,
    roc_picture,
)
from enhancer_variants.training.evaluation import Evaluation

mpl.use("Agg")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
PICTURES = [roc_picture, precision_recall_picture, reliability_picture, confusion_picture]


@pytest.fixture(autouse=True)
def _coarse_and_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(evaluation_pictures, "_DOTS_PER_INCH", 40)
    yield
    mpl.pyplot.close("all")


def sequences_of(number: int, classes: int = 2) -> list[LabelledSequence]:
    chance = random.Random(3)
    rows = []
    for index in range(number):
        label = index % classes
        weights = [2, 1, 3, 2] if label else [2, 2, 1, 2]
        rows.append(LabelledSequence("".join(chance.choices("ACGT", weights, k=20)), label))
    return rows


@pytest.fixture(scope="module")
def evaluation(counting_model: Callable[..., Model]) -> Evaluation:
    model = replace(counting_model(), name="a model with a rather long name")
    model = replace(model, output_names=("enhancer",), decision_threshold=5.5)
    return ev.evaluate(model, sequences_of(150), train=sequences_of(100), resamples=30)


def texts(figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.parametrize("picture", PICTURES)
def test_nothing_is_cut_off_or_covered(picture: Callable, evaluation: Evaluation) -> None:
    figure = picture(evaluation, "enhancer")
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    boxes = []
    for axes in figure.axes:
        labels = [axes.title, axes.xaxis.label, axes.yaxis.label]
        labels += [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts]
        if legend := axes.get_legend():
            labels += legend.get_texts()
        boxes += [text.get_window_extent(renderer) for text in labels if text.get_text()]
    for number, box in enumerate(boxes):
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1
        for other in boxes[:number]:
            assert not box.shrunk(0.9, 0.8).overlaps(other.shrunk(0.9, 0.8))


@pytest.mark.parametrize(
    ("picture", "area"), [(roc_picture, "auroc"), (precision_recall_picture, "auprc")]
)
def test_curves_have_their_areas(picture: Callable, area: str, evaluation: Evaluation) -> None:
    figure = picture(evaluation, "enhancer")
    sets = evaluation.outputs[0].sets
    assert len(figure.axes) == 2
    for axes, one in zip(figure.axes, sets, strict=True):
        assert (
            f"{one.positives:,} positives, {one.rows - one.positives:,} negatives"
            in axes.get_title()
        )
        legend = [text.get_text() for text in axes.get_legend().get_texts()]
        assert len(legend) == 3
        for text, method in zip(legend, one.methods, strict=True):
            found = method.figures[area]
            assert f"{found.value:.3f} ({found.lower:.3f} to {found.upper:.3f})" in text
        assert legend[0].startswith("a model with a rather lon\N{HORIZONTAL ELLIPSIS}: ")
        assert len(axes.collections) == 3  # bands


def test_a_line_without_skill_is_the_share_of_positives(evaluation: Evaluation) -> None:
    axes = precision_recall_picture(evaluation, "enhancer").axes[0]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(0.5)
    assert list(roc_picture(evaluation, "enhancer").axes[0].lines[0].get_ydata()) == [0, 1]


def test_reliability_has_the_bins(evaluation: Evaluation) -> None:
    figure = reliability_picture(evaluation, "enhancer")
    panels = iter(figure.axes)
    for one in evaluation.outputs[0].sets:
        for method in one.methods:
            axes = next(panels)
            bins = [found for found in method.reliability if found.rows]
            np.testing.assert_allclose(
                axes.lines[-1].get_xydata(),
                [(found.mean_probability, found.observed_share) for found in bins],
            )
            heights = [patch.get_height() for patch in axes.patches]
            np.testing.assert_allclose(heights, [found.rows / one.rows for found in bins])
            assert f"ECE {method.figures['calibration_error'].value:.3f}" in axes.get_title()


def test_confusion_has_the_counts(evaluation: Evaluation) -> None:
    figure = confusion_picture(evaluation, "enhancer")
    assert len(figure.axes) == 6
    confusion = evaluation.outputs[0].sets[0].methods[0].confusion
    shown = [int(text.get_text().split("\n")[0]) for text in figure.axes[0].texts]
    assert shown == confusion.to_array().ravel().tolist()


def test_the_files_are_there_and_the_same_again(evaluation: Evaluation, tmp_path: Path) -> None:
    paths = draw_evaluation(evaluation, tmp_path)
    names = ["roc.png", "precision_recall.png", "reliability.png", "confusion.png"]
    assert [path.name for path in paths] == names
    first = [path.read_bytes() for path in paths]
    assert all(content.startswith(b"\x89PNG") for content in first)
    assert [path.read_bytes() for path in draw_evaluation(evaluation, tmp_path)] == first
    with pytest.raises(InputError, match="no such folder"):
        draw_evaluation(evaluation, tmp_path / "absent")
    assert mpl.pyplot.get_fignums() == []


def test_each_output_has_its_own_files(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for picture in PICTURES:
        blank = lambda *_: mpl.pyplot.figure(figsize=(1, 1))  # noqa: E731 # drawn elsewhere
        monkeypatch.setattr(evaluation_pictures, picture.__name__, blank)
    (one,) = evaluation.outputs
    outputs = tuple(replace(one, output=name) for name in ("CTCF", "a/b", "a b"))
    paths = draw_evaluation(replace(evaluation, outputs=outputs), tmp_path)
    assert [path.name for path in paths if path.name.startswith("roc")] == [
        *("roc_CTCF.png", "roc_a-b_2.png", "roc_a-b_3.png"),
    ]
    assert len(set(paths)) == 12


def test_one_class_is_drawn_without_curves(
    counting_model: Callable[..., Model], tmp_path: Path
) -> None:
    found = ev.evaluate(counting_model(), sequences_of(20, classes=1), resamples=5)
    assert len(draw_evaluation(found, tmp_path)) == 4
    assert roc_picture(found, "enhancer").axes[0].get_legend() is None
    assert "MCC 0.000" in " ".join(texts(confusion_picture(found, "enhancer")))
