"""The card of one allele: words, logos and models say what the row says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from enhancer_variants.effects.attention import AttentionTrack
from enhancer_variants.effects.saturation_map import SaturationMutagenesis
from enhancer_variants.errors import InputError
from enhancer_variants.explanation import Explanation
from enhancer_variants.genome import Variant
from enhancer_variants.reports import plot
from enhancer_variants.reports.evidence import evidence_in_words
from enhancer_variants.reports.plot.effect_points import GAIN, LOSS
from enhancer_variants.reports.plot.probabilities import ModelAnswer, draw_probabilities


@pytest.fixture(autouse=True)
def _no_window_opens_and_no_figure_stays_open() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def row(**columns: object) -> dict[str, Any]:
    return {
        "chrom": "chr1",
        "pos": 1_005,
        "id": "rs1",
        "ref": "C",
        "alt": "G",
        "record": 0,
        "allele": 1,
        "status": "ok",
        **columns,
    }


def model(name: str, ref: float, alt: float) -> dict[str, float]:
    return {
        f"{name}_prob_ref": 1 / (1 + 2**-ref),
        f"{name}_prob_alt": 1 / (1 + 2**-alt),
        f"{name}_log_odds_ref": ref,
        f"{name}_log_odds_alt": alt,
        f"{name}_log_odds_shift": alt - ref,
    }


def explanation(record: int = 0, hits: pd.DataFrame | None = None) -> Explanation:
    windows = ("ACGTCACGTA", "ACGTGACGTA")
    maps = [
        SaturationMutagenesis(
            w, np.full((10, 4), -1.0), 1.0, "toy", "toy", contig="chr1", start=1000
        )
        for w in windows
    ]
    tracks = [AttentionTrack(w, [0.1] * 10, "chr1", 1000) for w in windows]
    variant = Variant("chr1", 1005, "C", "G")
    return Explanation(record, 1, variant, *maps, *tracks, pd.DataFrame() if hits is None else hits)


def drawn(ax: Axes, gid: str) -> Any:
    return next(c for c in ax.collections if c.get_gid() == gid)


def labels(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def words(card: dict[str, Axes]) -> str:
    text = next(t for t in card["words"].texts if t.get_gid() == "words")
    return " ".join(text.get_text().split())


def test_models_stand_below_each_other_with_ref_and_alt_a_shift_apart() -> None:
    card = plot.variant_card(
        row(**model("A", -3, -1), **model("B", 2, -1), **model("enhancer", 0.5, 0.25))
    )
    ax = card["probabilities"]
    assert labels(ax) == ["enhancer", "B", "A"]
    assert drawn(ax, "ref").get_offsets().tolist() == [[0.5, 0], [2, 1], [-3, 2]]
    assert drawn(ax, "alt").get_offsets().tolist() == [[0.25, 0], [-1, 1], [-1, 2]]
    assert [to_hex(c) for c in drawn(ax, "alt").get_facecolors()] == [LOSS, LOSS, GAIN]
    shifts = [t.get_text() for t in ax.texts if t.get_gid() == "shift"]
    assert shifts == ["-0.25", "-3.00", "+2.00"]
    assert set(card) == {"words", "probabilities"}


def test_the_words_are_those_of_the_row() -> None:
    of = row(**model("enhancer", 0.5, 2.25))
    card = plot.variant_card(pd.Series(of))
    assert words(card) == evidence_in_words(of)
    title = next(t for t in card["words"].texts if t.get_gid() == "title")
    assert title.get_text() == "rs1, chr1:1,005 C>G"


def test_an_allele_that_was_not_scored_has_only_words() -> None:
    card = plot.variant_card(row(status="has_n", enhancer_log_odds_shift=float("nan"), id="."))
    assert set(card) == {"words"}
    assert words(card).startswith("Not scored (has_n)")
    assert next(t.get_text() for t in card["words"].texts) == "chr1:1,005 C>G"


def test_an_explanation_adds_both_windows_with_the_motif_hits_that_change_most() -> None:
    count = 12
    hits = pd.DataFrame(
        {
            "motif_id": [f"MA{n}" for n in range(count)],
            "motif_tf": [f"TF{n}" for n in range(count)],
            "motif_effect": "created",
            "motif_strand_ref": "+",
            "motif_strand_alt": "+",
            "motif_start_ref": 1001,
            "motif_start_alt": 1001,
            "motif_length": 6,
            "motif_log10_p_ratio": np.arange(count) + 1.0,
        }
    )
    card = plot.variant_card(row(**model("toy", 0, 1)), explanation(hits=hits))
    assert set(card) == {"words", "ref", "alt", "probabilities"}
    names = {t.get_text() for t in card["alt"].texts}
    assert "TF4 created" in names
    assert "TF3 created" not in names
    assert {card[name].get_figure(root=True) for name in card} == {
        card["words"].get_figure(root=True)
    }


def test_an_explanation_of_another_allele_is_refused() -> None:
    with pytest.raises(InputError, match=r"row is of record 0, allele 1; .* record 3, allele 1"):
        plot.variant_card(row(**model("toy", 0, 1)), explanation(record=3))
    own = {key: value for key, value in row(**model("toy", 0, 1)).items() if key != "record"}
    assert "ref" in plot.variant_card(own, explanation(record=3))


def test_of_many_models_those_with_the_largest_shifts_are_drawn() -> None:
    models = {k: v for n in range(20) for k, v in model(f"F{n}", 0, n / 10).items()}
    ax = plot.variant_card(row(**models))["probabilities"]
    assert labels(ax) == [f"F{n}" for n in range(19, 3, -1)]
    assert "4 models more" in ax.get_xlabel()


def test_p_values_stand_in_a_column_of_their_own() -> None:
    of = row(**model("A", 0, 1), A_p=0.0123, **model("B", 0, 2))
    ax = plot.variant_card(of)["probabilities"]
    assert [t.get_text() for t in ax.texts if t.get_gid() == "p"] == ["", "0.012"]


def test_a_card_is_drawn_on_a_given_figure_and_wrapped_to_its_width() -> None:
    figure = plt.figure(figsize=(4, 5), layout="constrained")
    card = plot.variant_card(row(**model("A", 0, 1), id=r"$\x$"), figure=figure)
    assert card["words"].get_figure(root=True) is figure
    figure.canvas.draw()
    text = next(t for t in card["words"].texts if t.get_gid() == "words")
    assert text.get_window_extent().x1 <= figure.bbox.x1


@settings(max_examples=15)
@given(
    ref=st.floats(-60, 60),
    alt=st.floats(-60, 60),
)
def test_ticks_are_probabilities_where_their_log_odds_are(ref: float, alt: float) -> None:
    ax = plt.figure().add_subplot()
    draw_probabilities(ax, [ModelAnswer("toy", ref, alt, alt - ref)])
    low, high = ax.get_xlim()
    assert low < min(ref, alt)
    assert max(ref, alt) < high
    for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        whole, _, less = label.get_text().rpartition("1 - ")
        probability = (
            1 - float(less) if whole or label.get_text().startswith("1 - ") else float(less)
        )
        assert math.log2(probability / (1 - probability)) == pytest.approx(tick, abs=1e-3)
    plt.close("all")


def test_log_odds_come_from_probabilities_where_there_are_no_others() -> None:
    answer = ModelAnswer.of("toy", (0.5, 0.8), (None, None), 2.0, None)
    assert (answer.log_odds_ref, answer.log_odds_alt) == pytest.approx((0, 2))
    certain = ModelAnswer.of("toy", (0.0, 1.0), (None, None), 80.0, None)
    assert (certain.log_odds_ref, certain.log_odds_alt) == (-40, 40)
