from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.transforms import Bbox

from enhancer_variants.effects.attention import AttentionTrack
from enhancer_variants.effects.saturation_map import SaturationMutagenesis
from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.genome import (
    AlleleWindow,
    InMemoryContig,
    Reference,
    Variant,
    WindowRule,
    allele_windows,
    normal_form,
    reverse_complement,
)
from enhancer_variants.motifs import Motif
from enhancer_variants.reports import plot
from enhancer_variants.reports.plot import MotifHit
from enhancer_variants.reports.plot.columns import Columns
from enhancer_variants.reports.plot.hit_rows import EFFECT_COLOURS, ROW_HEIGHT, place_hits
from enhancer_variants.reports.plot.motif_hit import SHOWN_EFFECTS
from enhancer_variants.reports.plot.panel import change_text
from enhancer_variants.scorer import VariantScorer

START = 1_000
SEQUENCE = "ACGTTGCAACGTACGTAGCATCGATTGCAACGTTACGATC"
SNV = Variant("chr1", START + 21, "T", "G")  # index 20
CREATED = MotifHit("MA1", "GATA1", "created", "+", START + 18, 6, "alt")
LOST = MotifHit("MA2", "CEBPA", "disrupted", "-", START + 16, 8, "ref")


@pytest.fixture(autouse=True)
def _no_window_opens_and_no_figure_stays_open() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def saturation(
    sequence: str = SEQUENCE, *, placed: bool = True, log_odds: float = 1.5, **options: str
) -> SaturationMutagenesis:
    """Each base is as important as its number in the sequence, every fifth minus that."""
    numbers = np.arange(1.0, len(sequence) + 1)
    numbers[4::5] *= -1
    shifts = np.repeat(-numbers[:, None], 4, axis=1)
    for index, base in enumerate(sequence):
        if base in "ACGT":
            shifts[index, "ACGT".index(base)] = 0
        else:
            shifts[index] = np.nan
    place = {"contig": "chr1", "start": START} if placed else {}
    return SaturationMutagenesis(
        sequence, shifts, log_odds, "enhancer", "enhancer", **(options | place)
    )


def alternate(variant: Variant, sequence: str = SEQUENCE) -> SaturationMutagenesis:
    """The ALT window, of REF's length, which as an indel's lies nowhere."""
    first = variant.start - START
    longer = sequence[:first] + variant.alt + sequence[first + len(variant.ref) :] + "A" * 10
    return saturation(longer[: len(sequence)], placed=False, log_odds=0.25)


def letters(ax: Axes) -> dict[float, tuple[float, float]]:
    """(lower, upper) edge of the letter at each column."""
    [drawn] = [found for found in ax.collections if found.get_gid() == "letters"]
    boxes = [path.get_extents() for path in drawn.get_paths()]
    return {round((box.x0 + box.x1) / 2, 6): (box.y0, box.y1) for box in boxes}


def of_kind(ax: Axes, gid: str) -> list[Patch]:
    return [patch for patch in ax.patches if patch.get_gid() == gid]


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def tick_labels(ax: Axes) -> dict[float, str]:
    ax.get_figure(root=True).draw_without_rendering()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    return {float(x): label.get_text() for x, label in ticks}


def x_range(patch: Patch) -> tuple[float, float]:
    box = patch.get_path().get_extents(patch.get_patch_transform())
    return box.x0, box.x1


def overlapping(ax: Axes) -> list[tuple[str, str]]:
    """Pairs of names, or names and bars, that touch in the picture."""
    ax.get_figure(root=True).draw_without_rendering()
    hits = of_kind(ax, "motif_hit")
    boxes = [(f"bar {n}", bar.get_window_extent()) for n, bar in enumerate(hits)]
    boxes += [(text.get_text(), text.get_window_extent()) for text in ax.texts]
    pairs = itertools.combinations(boxes, 2)
    return [(one, other) for (one, a), (other, b) in pairs if a.overlaps(b)]


def points_per_unit(ax: Axes) -> float:
    ax.get_figure(root=True).draw_without_rendering()
    bottom, top = ax.get_ylim()
    return ax.get_window_extent().height / (top - bottom)


# --- sequence logos


def test_letters_are_as_high_as_bases_are_important_and_stand_at_their_coordinates() -> None:
    shown = saturation()
    drawn = letters(plot.saturation_logo(shown))
    assert sorted(drawn) == list(range(START + 1, START + len(SEQUENCE) + 1))
    for index, importance in enumerate(shown.importance.tolist()):
        expected = (min(importance, 0), max(importance, 0))
        assert drawn[START + 1 + index] == pytest.approx(expected)


def test_a_logo_says_its_coordinates_and_its_sign() -> None:
    ax = plot.saturation_logo(saturation())
    assert ax.get_xlabel() == "position on chr1 (1-based)"
    assert ax.get_ylabel() == "-mean shift\n(log2 odds)"
    assert not ax.get_title()
    labels = tick_labels(ax)
    assert labels[1010.0] == "1,010"
    assert all(label == f"{int(x):,}" for x, label in labels.items())


def test_a_sequence_that_lies_nowhere_is_counted_from_1() -> None:
    ax = plot.saturation_logo(saturation(placed=False, method="gradient"), start=10, end=20)
    assert ax.get_xlabel() == "position in the sequence (1-based)"
    assert ax.get_title() == "importance by gradient"
    assert ax.get_xlim() == (10.5, 20.5)
    assert sorted(letters(ax)) == list(range(11, 21))


def test_a_region_is_cropped_to_the_sequence() -> None:
    ax = plot.saturation_logo(saturation(), start=START - 50, end=START + 3)
    assert ax.get_xlim() == (START + 0.5, START + 3.5)
    assert sorted(letters(ax)) == [START + 1, START + 2, START + 3]
    with pytest.raises(InputError, match="no base of the sequence"):
        plot.saturation_logo(saturation(), start=0, end=START)


def test_a_narrow_region_without_a_round_position_still_has_a_tick() -> None:
    ax = plot.saturation_logo(saturation(), start=START + 2, end=START + 3)
    assert tick_labels(ax) == {START + 3.0: "1,003"}


def test_the_variant_is_shaded_and_named_where_it_is() -> None:
    ax = plot.saturation_logo(saturation(), variant=SNV)
    [band] = of_kind(ax, "variant")
    assert x_range(band) == (SNV.position - 0.5, SNV.position + 0.5)
    [name] = ax.texts
    assert name.get_text() == "T>G"
    assert name.get_position()[0] == SNV.position


def test_a_variant_out_of_view_is_not_named() -> None:
    assert not texts(plot.saturation_logo(saturation(), variant=SNV, end=START + 10))


@pytest.mark.parametrize(("index", "side"), [(0, "left"), (20, "center"), (39, "right")])
def test_names_of_variants_stay_within_the_panel(index: int, side: str) -> None:
    base = SEQUENCE[index]
    variant = Variant("chr1", START + 1 + index, base, "A" if base != "A" else "C")
    ax = plot.saturation_logo(saturation(), variant=variant)
    assert ax.texts[0].get_horizontalalignment() == side


def test_hits_of_the_allele_are_pointed_where_their_strand_leads() -> None:
    forward = MotifHit("MA3", "", "weakened", "+", START + 16, 8, "ref")
    ax = plot.saturation_logo(saturation(), variant=SNV, motif_hits=[LOST, forward, CREATED])
    bars = of_kind(ax, "motif_hit")
    assert [x_range(bar) for bar in bars] == [(START + 16.5, START + 24.5)] * 2
    assert [bar.get_facecolor() for bar in bars] == [
        mpl.colors.to_rgba(EFFECT_COLOURS[effect]) for effect in ("disrupted", "weakened")
    ]
    assert {"CEBPA disrupted", "MA3 weakened", "T>G"} == set(texts(ax))
    for bar, tip in zip(bars, (START + 16.5, START + 24.5), strict=True):
        assert isinstance(bar, Polygon)
        at_tip = [y for x, y in bar.get_xy()[:-1] if x == tip]
        assert len(at_tip) == 1


def many_hits(number: int) -> list[MotifHit]:
    return [
        MotifHit(
            f"MA{n}", f"TF{n}", SHOWN_EFFECTS[n % 2], "+-"[n % 2], START + 10 + n % 7, 9, "ref"
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("region", [(None, None), (START + 10, START + 34)])
def test_hits_and_their_names_do_not_touch(region: tuple[int | None, int | None]) -> None:
    start, end = region
    ax = plot.saturation_logo(
        saturation(), variant=SNV, motif_hits=many_hits(12), start=start, end=end
    )
    assert len(of_kind(ax, "motif_hit")) == 12
    assert overlapping(ax) == []


def test_hits_keep_clear_of_the_letters() -> None:
    ax = plot.saturation_logo(saturation(), motif_hits=many_hits(9))
    highest = max(upper for _, upper in letters(ax).values())
    lowest_bar = min(bar.get_xy()[:, 1].min() for bar in of_kind(ax, "motif_hit"))
    bottom, top = ax.get_ylim()
    assert bottom + lowest_bar * (top - bottom) > highest
    assert max(ax.get_yticks()) <= highest


def test_a_new_figure_grows_with_its_rows_of_hits_and_a_given_one_says_how_many_are_left() -> None:
    low = plot.saturation_logo(saturation()).get_figure(root=True).get_figheight()
    ax = plot.saturation_logo(saturation(), motif_hits=many_hits(14))
    assert len(of_kind(ax, "motif_hit")) == 14
    assert ax.get_figure(root=True).get_figheight() > low + 1
    given = Figure(figsize=(6, 2)).subplots()
    plot.saturation_logo(saturation(), ax=given, motif_hits=many_hits(14))
    drawn = len(of_kind(given, "motif_hit"))
    assert 0 < drawn < 14
    assert f"and {14 - drawn} more" in texts(given)
    assert given.get_figure(root=True).get_figheight() == 2


def test_names_go_where_there_is_room() -> None:
    columns = Columns.lay_out(40)
    narrow, view = 5.0, columns.view(None, None)
    at = [
        MotifHit("a", "NAME", "weakened", strand, start, length, "ref")
        for strand, start, length in [("+", 2, 5), ("+", 33, 6), ("+", 1, 38), ("-", 1, 38)]
    ]
    behind, before, over, over_reverse = place_hits(at, "ref", columns, view, narrow)
    assert (behind.name_on_left, before.name_on_left) == (False, True)
    assert behind.name_at > behind.right
    assert before.name_at < before.left
    assert over.left < over.name_at < over.right
    assert over_reverse.left < over_reverse.name_at < over_reverse.right
    assert over_reverse.name_on_left
    assert over.row != over_reverse.row


def test_hits_outside_the_view_are_left_out_and_others_cut_at_its_edge() -> None:
    columns = Columns.lay_out(40)
    hits = [
        MotifHit("a", "A", "weakened", "+", start, 6, "ref") for start in (-6, -2, 5, 12, 37, 40)
    ]
    placed = place_hits(hits, "ref", columns, columns.view(None, None), 5.0)
    assert [(hit.left, hit.right) for hit in placed] == [
        (0.5, 4.5), (5.5, 11.5), (12.5, 18.5), (37.5, 40.5)
    ]  # fmt: skip
    placed = place_hits(hits, "ref", columns, columns.view(8, 14), 5.0)
    assert [(hit.left, hit.right) for hit in placed] == [(8.5, 11.5), (12.5, 14.5)]


def test_unknown_bases_have_no_letter_and_nothing_important_is_no_error() -> None:
    ax = plot.saturation_logo(saturation("ACNGT"))
    assert sorted(letters(ax)) == [START + 1, START + 2, START + 4, START + 5]
    flat = SaturationMutagenesis("ACGT", np.zeros((4, 4)), 0.0, "toy", "toy")
    assert not letters(plot.saturation_logo(flat))


def of_importance(*importance: float, **options: str) -> SaturationMutagenesis:
    """As many bases as numbers, each A."""
    shifts = np.repeat(-np.array(importance)[:, None], 4, axis=1)
    shifts[:, 0] = 0
    return SaturationMutagenesis("A" * len(importance), shifts, 0.0, "toy", "toy", **options)


@pytest.mark.parametrize("largest", [0.0, 1e-6, 0.01, 0.05])
def test_what_is_next_to_nothing_does_not_fill_the_panel(largest: float) -> None:
    ax = plot.saturation_logo(of_importance(largest, -largest, 0.0))
    bottom, top = ax.get_ylim()
    assert bottom <= -0.1
    assert top >= 0.1
    assert {-0.1, 0.0, 0.1} <= {round(float(tick), 9) for tick in ax.get_yticks()}


def test_letters_lower_than_half_a_point_are_left_out() -> None:
    ax = plot.saturation_logo(of_importance(10.0, 1e-3, -1e-3, 0.0, 1.0, -2.0))
    assert sorted(letters(ax)) == [1, 5, 6]
    points = points_per_unit(ax) * 72 / ax.get_figure(root=True).dpi
    assert 1e-3 * points < 0.5 < 1.0 * points
    assert letters(ax)[6] == pytest.approx((-2, 0))


def test_letters_below_0_stand_upside_down() -> None:
    ax = plot.saturation_logo(of_importance(1.0, -1.0))
    [drawn] = [found for found in ax.collections if found.get_gid() == "letters"]
    upright, flipped = (path.vertices for path in drawn.get_paths())
    assert np.allclose(flipped, (upright - (1, 0)) * (1, -1) + (2, 0))


def test_a_sequence_without_the_allele_is_refused() -> None:
    with pytest.raises(InputError, match=r"has T at chr1:1021, expected G, the ALT allele"):
        plot.saturation_logo(saturation(), variant=SNV, allele="alt")
    with pytest.raises(InputError, match="not within the sequence"):
        plot.saturation_logo(saturation(), variant=Variant("chr1", 5, "A", "C"))


# --- REF and ALT


def test_both_alleles_have_one_scale_and_their_own_hits() -> None:
    above, below = plot.allele_logos(
        saturation(), alternate(SNV), SNV, motif_hits=[LOST, CREATED], start=START + 10
    )
    assert points_per_unit(above) == pytest.approx(points_per_unit(below), rel=1e-3)
    assert above.get_yticks().tolist() == below.get_yticks().tolist()
    assert above.get_xlim() == below.get_xlim() == (START + 10.5, START + 40.5)
    assert texts(above) == ["CEBPA disrupted", "T>G"]
    assert texts(below) == ["GATA1 created"]
    assert above.get_ylabel() == "REF: -mean shift\n(log2 odds)"
    assert below.get_ylabel() == "ALT: -mean shift\n(log2 odds)"
    assert not above.get_xlabel()
    assert not any(label.get_visible() for label in above.get_xticklabels())


@pytest.mark.parametrize("given", [False, True])
def test_one_scale_holds_whatever_the_rows_of_hits_above(given: bool) -> None:
    pair = tuple(Figure(figsize=(8, 6)).subplots(2, 1)) if given else None
    above, below = plot.allele_logos(
        saturation(), alternate(SNV), SNV, axes=pair, motif_hits=many_hits(8)
    )
    assert points_per_unit(above) == pytest.approx(points_per_unit(below), rel=1e-3)
    heights = [ax.get_window_extent().height for ax in (above, below)]
    assert heights[0] == pytest.approx(heights[1]) if given else heights[0] > heights[1] * 1.5
    assert len(of_kind(above, "motif_hit")) == (5 if given else 8)


def test_an_insertion_is_a_gap_in_ref_and_what_follows_stays_aligned() -> None:
    insertion = Variant("chr1", START + 11, "G", "GTTT")  # behind index 10
    above, below = plot.allele_logos(saturation(), alternate(insertion), insertion)
    gap = {START + 12, START + 13, START + 14}
    assert gap.isdisjoint(letters(above))
    assert gap <= set(letters(below))
    assert START + 15 in letters(above)  # index 11 of REF, 14 of ALT
    for ax in (above, below):
        assert x_range(of_kind(ax, "variant")[0]) == (START + 11.5, START + 14.5)
    [dashes] = [lines for lines in above.collections if lines.get_gid() == "gap"]
    assert sorted(segment[:, 0].mean() for segment in dashes.get_segments()) == sorted(gap)
    assert tick_labels(below)[START + 13 + 20.0] == "1,030"
    assert "ins TTT" in texts(above)


def test_a_deletion_is_a_gap_in_alt() -> None:
    deletion = Variant("chr1", START + 11, SEQUENCE[10:14], SEQUENCE[10])
    hit = MotifHit("MA1", "SPI1", "created", "+", START + 9, 5, "alt")
    above, below = plot.allele_logos(saturation(), alternate(deletion), deletion, motif_hits=[hit])
    gap = {START + 12, START + 13, START + 14}
    assert gap <= set(letters(above))
    assert gap.isdisjoint(letters(below))
    [bar] = of_kind(below, "motif_hit")
    assert x_range(bar) == (START + 9.5, START + 17.5)  # five bases and the gap of three
    assert "del TAC" in texts(above)
    _, below = plot.allele_logos(
        saturation(), alternate(deletion), deletion, start=START + 11, end=START + 14
    )
    assert not letters(below), "nothing of ALT is there"


def test_windows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="expected one start and one length"):
        plot.allele_logos(saturation(), saturation(SEQUENCE[:-1], placed=False), SNV)
    with pytest.raises(InputError, match="has T at chr1:1021, expected G"):
        plot.allele_logos(saturation(), saturation(), SNV)
    with pytest.raises(InputError, match="gradient in REF and exact in ALT"):
        plot.allele_logos(saturation(method="gradient"), alternate(SNV), SNV)


def label_boxes(axes: Iterable[Axes]) -> list[Bbox]:
    """Where the labels of y axes are in the picture."""
    listed = list(axes)
    listed[0].get_figure(root=True).draw_without_rendering()
    return [ax.yaxis.label.get_window_extent() for ax in listed]


@pytest.mark.parametrize("hits", [0, 3, 8, 14])
def test_labels_of_panels_stay_beside_their_own_panel(hits: int) -> None:
    tracks = [
        AttentionTrack(sequence, np.ones(40)) for sequence in (SEQUENCE, alternate(SNV).sequence)
    ]
    axes = explained(
        SNV, motif_hits=many_hits(hits), attention_ref=tracks[0], attention_alt=tracks[1]
    ).values()
    boxes = label_boxes(axes)
    for ax, box in zip(axes, boxes, strict=True):
        panel = ax.get_window_extent()
        assert panel.y0 - 1 <= box.y0
        assert box.y1 <= panel.y1 + 1
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("height", [1.2, 2.5, 6.0])
def test_labels_shrink_where_given_panels_are_low(height: float) -> None:
    pair = tuple(Figure(figsize=(8, height)).subplots(2, 1))
    plot.allele_logos(saturation(), alternate(SNV), SNV, axes=pair, motif_hits=many_hits(6))
    above, below = label_boxes(pair)
    assert not above.overlaps(below)


def test_the_layout_of_a_figure_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    execute = ConstrainedLayoutEngine.execute

    def counted(engine: ConstrainedLayoutEngine, figure: Figure) -> object:
        passes.append(figure)
        return execute(engine, figure)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", counted)
    tracks = [
        AttentionTrack(sequence, np.ones(40)) for sequence in (SEQUENCE, alternate(SNV).sequence)
    ]
    explained(SNV, motif_hits=many_hits(8), attention_ref=tracks[0], attention_alt=tracks[1])
    assert len(passes) == 1
    plot.allele_logos(saturation(), alternate(SNV), SNV, motif_hits=many_hits(8))
    assert len(passes) == 2


def test_rows_of_hits_have_their_height_in_the_picture() -> None:
    axes = explained(SNV, motif_hits=many_hits(8))
    figure = axes["ref"].get_figure(root=True)
    figure.draw_without_rendering()
    middles = {bar.get_window_extent().y0 for bar in of_kind(axes["ref"], "motif_hit")}
    steps = np.diff(sorted(middles)) * 72 / figure.dpi
    assert steps == pytest.approx(np.full(len(steps), ROW_HEIGHT), rel=0.05)


@st.composite
def _indels(draw: st.DrawFn) -> tuple[Variant, str, str]:
    bases = st.text("ACGT", min_size=1, max_size=6)
    left, ref, alt = draw(st.text("ACGT", max_size=8)), draw(bases), draw(bases)
    right = draw(st.text("ACGT", min_size=12, max_size=20))
    length = len(left) + 6 + 6
    variant = Variant("1", len(left) + 1, ref, alt)
    return variant, (left + ref + right)[:length], (left + alt + right)[:length]


@given(_indels())
def test_columns_keep_equal_bases_under_one_another(drawn: tuple[Variant, str, str]) -> None:
    variant, ref, alt = drawn
    columns = Columns.lay_out(len(ref), variant=variant)
    at_ref = dict(zip(columns.ref.tolist(), ref, strict=True))
    at_alt = dict(zip(columns.alt.tolist(), alt, strict=True))
    assert columns.change is not None
    for column in set(at_ref) & set(at_alt) - set(range(*columns.change)):
        assert at_ref[column] == at_alt[column]
    assert (np.diff(columns.ref) > 0).all()
    assert (np.diff(columns.alt) > 0).all()
    for allele, seen in (("ref", at_ref), ("alt", at_alt)):
        assert set(columns.gaps(allele)) == set(range(*columns.change)) - set(seen)
    positions = columns.positions()
    assert [ref[positions[column] - 1] for column in at_ref] == list(ref)


# --- motif hits


def hit_table(**changed: object) -> pd.DataFrame:
    row = {
        "motif_id": "MA1", "motif_tf": "MYB", "motif_effect": "created",
        "motif_strand_ref": "+", "motif_strand_alt": "-", "motif_start_ref": 95,
        "motif_start_alt": 101, "motif_length": 8,
    }  # fmt: skip
    return pd.DataFrame([row | changed])


@pytest.mark.parametrize(
    ("alleles", "start_alt", "inserted", "expected"),
    [
        ("A>G", 98, None, 98),
        ("A>ATTT", 99, 0, 99),  # before the insertion, which is of indices 101-103
        ("A>ATTT", 101, 3, 101),
        ("A>ATTT", 101, 2, 102),
        ("A>ATTT", 101, 1, 103),
        ("A>ATTT", 101, 0, 104),
        ("A>AT", 101, 1, 101),
        ("ATTT>A", 98, None, 98),
        ("ATTT>A", 104, None, 101),  # the first base behind the deletion
        ("AC>GTT", 102, 1, 102),
        ("AC>GTT", 101, 0, 101),
    ],
)
def test_starts_in_alt_count_along_alt(
    alleles: str, start_alt: int, inserted: int | None, expected: int
) -> None:
    variant = Variant("1", 101, *alleles.split(">"))
    told = {} if inserted is None else {"motif_inserted_alt": inserted}
    [hit] = MotifHit.from_table(hit_table(motif_start_alt=start_alt, **told), variant)
    assert (hit.start, hit.length, hit.allele) == (expected, 8, "alt")


@pytest.mark.parametrize("effect", SHOWN_EFFECTS)
def test_losses_are_shown_in_ref_and_gains_in_alt(effect: str) -> None:
    table = hit_table(motif_effect=effect, motif_tf=None)
    [hit] = MotifHit.from_table(table, SNV)
    in_ref = effect in ("disrupted", "weakened")
    assert (hit.allele, hit.start) == (("ref", 95) if in_ref else ("alt", 101))
    assert (hit.strand, hit.label) == ("+" if in_ref else "-", f"MA1 {effect}")


def test_hits_without_an_effect_are_not_shown_and_missing_columns_are_named() -> None:
    assert MotifHit.from_table(hit_table(motif_effect="none"), SNV) == ()
    assert MotifHit.from_table(hit_table(motif_effect=None), SNV) == ()
    with pytest.raises(InputError, match=r"no column motif_length; .* expected motif_id"):
        MotifHit.from_table(hit_table().drop(columns="motif_length"), SNV)
    with pytest.raises(InputError, match=r"no motif hit: .* strand None"):
        MotifHit.from_table(hit_table(motif_strand_alt=None), SNV)


@pytest.mark.parametrize("effect", ["created", "disrupted"])
def test_which_inserted_base_a_hit_begins_at_is_not_guessed(effect: str) -> None:
    with pytest.raises(InputError, match=r"no column motif_inserted_alt; for .* expected motif_id"):
        MotifHit.from_table(hit_table(motif_effect=effect), Variant("1", 101, "A", "AT"))


SITE = "GGTACTCA"
LEFT, RIGHT = 8 * "ATATTTAATAATTAATATAA", 8 * "ATTTATAAATTATATTAATT"


@pytest.mark.parametrize("site", [SITE, reverse_complement(SITE)], ids=["forward", "reverse"])
@pytest.mark.parametrize(
    ("before", "inserted_before", "behind"),
    [(0, "", 0), (3, "", 0), (0, "", 3), (2, "", 2), (0, "T", 0), (0, "CT", 4)],
)
def test_a_hit_in_an_insertion_is_drawn_over_its_site(
    make_reference: Callable[..., Reference],
    site: str,
    before: int,
    inserted_before: str,
    behind: int,
) -> None:
    left, right = LEFT + site[:before], site[len(site) - behind :] + RIGHT
    insertion = inserted_before + site[before : len(site) - behind]
    variant = Variant("chr1", len(left), left[-1], left[-1] + insertion)
    [hit], window = hits_and_window(make_reference, left + right, variant)
    assert (hit.label, hit.allele) == ("TOY created", "alt")
    first = hit.start - window.start
    assert window.alt[first : first + hit.length] == site
    assert hit.strand == ("+" if site == SITE else "-")


@pytest.mark.parametrize("site", [SITE, reverse_complement(SITE)], ids=["forward", "reverse"])
@pytest.mark.parametrize(("alleles", "index"), [((4, ""), 1), ((1, "G"), 2), ((2, "AAAA"), 4)])
def test_a_lost_hit_is_drawn_over_its_site(
    make_reference: Callable[..., Reference], site: str, alleles: tuple[int, str], index: int
) -> None:
    bases, at = LEFT + site + RIGHT, len(LEFT) + index
    removed, put = alleles
    variant = Variant("chr1", at, bases[at - 1 : at + removed], bases[at - 1] + put)
    [hit], window = hits_and_window(make_reference, bases, variant)
    assert hit.effect in ("disrupted", "weakened")
    assert hit.allele == "ref"
    first = hit.start - window.start
    assert window.ref[first : first + hit.length] == site
    assert hit.strand == ("+" if site == SITE else "-")


def hits_and_window(
    make_reference: Callable[..., Reference], bases: str, variant: Variant
) -> tuple[tuple[MotifHit, ...], AlleleWindow]:
    """What a scorer with one toy motif finds, and the window that a picture would be of."""
    counts = [[1000.0 * (base == own) for base in "ACGT"] for own in SITE]
    scorer = VariantScorer(make_reference(chr1=bases), motifs=[Motif("MA1", "TOY", counts)])
    item = f"{variant.contig}:{variant.position}:{variant.ref}:{variant.alt}"
    table = scorer.motif_hits([item])
    contig = InMemoryContig("chr1", bases)
    normal = normal_form(variant, contig)
    [window] = allele_windows(normal, contig, WindowRule(30)).windows
    return MotifHit.from_table(table, normal), window


@pytest.mark.parametrize(
    "wrong", [{"effect": "none"}, {"strand": "."}, {"length": 0}, {"allele": "REF"}]
)
def test_what_is_no_hit_is_refused(wrong: dict[str, object]) -> None:
    right = {"motif_id": "MA1", "tf": "", "effect": "created", "strand": "+", "start": 5}
    with pytest.raises(InputError, match="no motif hit"):
        MotifHit(**({"length": 8, "allele": "ref"} | right | wrong))


def test_changes_are_written_short() -> None:
    assert change_text(Variant("1", 5, "GAC", "G")) == "del AC"
    assert change_text(Variant("1", 5, "GA", "TCC")) == "GA>TCC"
    assert change_text(Variant("1", 5, "G" + 13 * "A", "G")) == "del 13 bp"


# --- heat map


def test_the_map_has_every_shift_in_its_cell_and_colours_centred_at_0() -> None:
    shown = saturation()
    ax = plot.saturation_heatmap(shown, variant=SNV)
    [image] = ax.images
    assert np.array_equal(image.get_array().filled(np.nan), shown.shifts.T)
    low, high = image.get_clim()
    assert -low == high == np.abs(shown.shifts).max()
    assert image.get_extent()[:2] == [START + 0.5, START + 40.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == list("ACGT")
    bottom, top = ax.get_ylim()
    assert bottom > top, "A is the uppermost row"
    [bar] = [other for other in ax.get_figure(root=True).axes if other is not ax]
    assert bar.get_ylabel() == "log2 odds shift\n(> 0: gain)"
    [frame] = of_kind(ax, "variant")
    assert isinstance(frame, Rectangle)
    assert (frame.get_x(), frame.get_width()) == (SNV.position - 0.5, 1)
    assert texts(ax) == ["T>G"]


def test_dots_mark_the_bases_of_the_sequence() -> None:
    ax = plot.saturation_heatmap(saturation("ACNTG"))
    [dots] = ax.collections
    assert dots.get_offsets().tolist() == [
        [START + 1, 0], [START + 2, 1], [START + 4, 3], [START + 5, 2]
    ]  # fmt: skip
    assert np.isnan(ax.images[0].get_array().filled(np.nan)[:, 2]).all()


def test_the_map_of_a_deletion_has_a_gap() -> None:
    deletion = Variant("chr1", START + 11, SEQUENCE[10:14], SEQUENCE[10])
    window = alternate(deletion)
    placed = saturation(window.sequence)
    ax = plot.saturation_heatmap(placed, variant=deletion, allele="alt", start=START + 5)
    cells = ax.images[0].get_array().filled(np.nan)
    assert np.isnan(cells[:, 11:14]).all()
    assert np.array_equal(cells[:, 14:], placed.shifts.T[:, 11:])
    assert ax.get_xlim()[0] == START + 5.5


# --- attention


def test_attention_of_both_alleles_is_two_lines_with_gaps() -> None:
    insertion = Variant("chr1", START + 11, "G", "GTTT")
    window = alternate(insertion).sequence
    ref = AttentionTrack(SEQUENCE, np.linspace(0, 1, 40), "chr1", START)
    alt = AttentionTrack(window, np.linspace(0, 2, 40))
    ax = plot.attention_track(ref, alternate=alt, variant=insertion)
    of_ref, of_alt = (line.get_xydata() for line in ax.get_lines())
    assert of_ref[:, 0].tolist() == list(range(START + 1, START + 44))
    assert np.isnan(of_ref[11:14, 1]).all()
    assert np.array_equal(of_ref[14:, 1], ref.scores[11:])
    assert np.array_equal(of_alt[:, 1], alt.scores)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["REF", "ALT"]
    assert texts(ax) == ["ins TTT"]
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 2


def test_attention_of_one_sequence_needs_no_variant() -> None:
    ax = plot.attention_track(AttentionTrack("GATTA", [0, np.nan, 0, 0, 0]), start=1, end=4)
    assert ax.get_legend() is None
    assert ax.get_xlim() == (1.5, 4.5)
    assert ax.get_xlabel() == "position in the sequence (1-based)"


def test_attention_that_does_not_belong_together_is_refused() -> None:
    ref, alt = AttentionTrack("GATTA", np.ones(5)), AttentionTrack("GATTAC", np.ones(6))
    with pytest.raises(InputError, match="5 and 6 bases"):
        plot.attention_track(ref, alternate=alt, variant=Variant("1", 1, "G", "C"))
    with pytest.raises(InputError, match="the variant is None"):
        plot.attention_track(ref, alternate=ref)


# --- explanation


def explained(variant: Variant, **options: object) -> dict[str, Axes]:
    return plot.explanation_figure(saturation(), alternate(variant), variant, **options)


def test_an_explanation_names_the_variant_the_model_and_both_log_odds() -> None:
    variant = Variant("chr1", SNV.position, "T", "G", "rs1")
    axes = explained(variant, motif_hits=[LOST, CREATED])
    assert list(axes) == ["ref", "alt"]
    assert axes["ref"].get_figure(root=True).get_suptitle() == (
        "chr1:1,021 T>G (rs1), enhancer\nlog2 odds: REF +1.50, ALT +0.25, shift -1.25"
    )
    assert not axes["ref"].get_title()
    assert axes["alt"].get_xlabel() == "position on chr1 (1-based)"


def test_an_explanation_says_that_it_is_approximate() -> None:
    ref, alt = saturation(method="gradient"), alternate(SNV)
    alt = dataclasses.replace(alt, method="gradient")
    axes = plot.explanation_figure(ref, alt, SNV)
    title = axes["ref"].get_figure(root=True).get_suptitle()
    assert title.endswith("shift -1.25; importance by gradient")


def test_an_explanation_has_attention_below_and_coordinates_once() -> None:
    attention = [
        AttentionTrack(sequence, np.ones(40)) for sequence in (SEQUENCE, alternate(SNV).sequence)
    ]
    axes = explained(SNV, attention_ref=attention[0], attention_alt=attention[1], end=START + 30)
    assert list(axes) == ["ref", "alt", "attention"]
    assert {ax.get_xlim() for ax in axes.values()} == {(START + 0.5, START + 30.5)}
    assert [bool(ax.get_xlabel()) for ax in axes.values()] == [False, False, True]


def test_the_default_region_is_around_the_variant_and_its_hits() -> None:
    sequence = SEQUENCE * 3
    variant = Variant("chr1", START + 61, "T", "C")
    ref, alt = saturation(sequence), alternate(variant, sequence)
    axes = plot.explanation_figure(ref, alt, variant)
    assert axes["ref"].get_xlim() == (START + 20.5, START + 101.5)
    far = MotifHit("MA1", "CTCF", "disrupted", "+", START + 10, 55, "ref")
    out = MotifHit("MA1", "CTCF", "disrupted", "+", START + 400, 5, "ref")
    axes = plot.explanation_figure(ref, alt, variant, motif_hits=[far, out])
    assert axes["ref"].get_xlim() == (START + 9.5, START + 101.5)


def test_one_output_of_several_is_named() -> None:
    def of_output(made: SaturationMutagenesis) -> SaturationMutagenesis:
        return SaturationMutagenesis(
            made.sequence, made.shifts, 0.0, "tfbs", "CTCF", contig="chr1", start=START
        )

    ref, alt = of_output(saturation()), of_output(alternate(SNV))
    axes = plot.explanation_figure(ref, alt, SNV)
    assert "T>G, tfbs, CTCF\n" in axes["ref"].get_figure(root=True).get_suptitle()
    with pytest.raises(InputError, match="REF is explained for tfbs CTCF, ALT for enhancer"):
        plot.explanation_figure(ref, alternate(SNV), SNV)


def test_attention_of_other_sequences_or_of_one_allele_is_refused() -> None:
    attention = AttentionTrack(SEQUENCE, np.ones(40))
    with pytest.raises(InputError, match="for one allele alone"):
        explained(SNV, attention_ref=attention)
    with pytest.raises(InputError, match="of other sequences"):
        explained(SNV, attention_ref=attention, attention_alt=attention)


def test_an_explanation_fits_into_a_given_figure() -> None:
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    axes = explained(SNV, figure=left, motif_hits=many_hits(9))
    assert axes["ref"].figure is left
    assert not right.axes
    assert points_per_unit(axes["ref"]) == pytest.approx(points_per_unit(axes["alt"]), rel=1e-3)
    assert figure.get_figheight() == 4


# --- manners


def test_given_axes_are_drawn_on_and_nothing_global_changes() -> None:
    before = dict(mpl.rcParams)
    first, second, third = Figure(figsize=(8, 6)).subplots(3, 1)
    assert plot.saturation_logo(saturation(), ax=first) is first
    assert plot.saturation_heatmap(saturation(), ax=second) is second
    assert plot.attention_track(AttentionTrack("GAT", np.ones(3)), ax=third) is third
    pair = tuple(Figure().subplots(2, 1))
    assert plot.allele_logos(saturation(), alternate(SNV), SNV, axes=pair) == pair
    assert not plt.get_fignums()
    assert dict(mpl.rcParams) == before


def test_removed_axes_are_refused() -> None:
    ax = Figure().subplots()
    ax.remove()
    with pytest.raises(InputError, match="of no figure"):
        plot.saturation_logo(saturation(), ax=ax)


def test_a_new_figure_is_known_to_notebooks() -> None:
    ax = plot.saturation_logo(saturation())
    assert plt.figure(plt.get_fignums()[0]) is ax.get_figure(root=True)


def test_the_same_picture_is_the_same_bytes(tmp_path: Path) -> None:
    pictures = []
    for name in ("one.png", "two.png"):
        axes = explained(SNV, motif_hits=[LOST, CREATED])
        axes["ref"].get_figure(root=True).savefig(tmp_path / name, dpi=50)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("library", ["matplotlib", "logomaker"])
def test_a_missing_library_names_the_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n == library or n.startswith(f"{library}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, library, None)
    ax = None if library == "matplotlib" else Figure().subplots()
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[plot\]") as raised:
        plot.saturation_logo(saturation(), ax=ax)
    assert library in str(raised.value)


def test_importing_the_plots_loads_no_plotting_library() -> None:
    code = (
        "import sys, enhancer_variants.reports as reports; reports.plot.saturation_logo;"
        "assert not {'matplotlib', 'logomaker'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
