from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant, normal_form, reverse_complement
from enhancer_variants.genome.reference import InMemoryContig
from enhancer_variants.motifs import (
    CallThresholds,
    MotifChanges,
    MotifOptions,
    Pwm,
    allele_context,
    bundled_motifs,
    motif_panel,
    sequence_context,
    strongest_changes,
)
from enhancer_variants.motifs.change import _effects
from enhancer_variants.schema import MOTIF_EFFECTS

TOY = Pwm("toy", "TOY", np.tile([2.0, -6.0, -6.0, -6.0], (7, 1)))


def changes_of(contig: str, *texts: str, pwms: list[Pwm]) -> MotifChanges:
    """Changes of variants given as POS:REF:ALT, POS 1-based."""
    held, panel = InMemoryContig("1", contig), motif_panel(pwms)
    variants = [normal_form(Variant.parse(f"1:{text}"), held) for text in texts]
    return panel.changes([allele_context(variant, held, panel.margin) for variant in variants])


def effect(changes: MotifChanges, row: int = 0, column: int = 0) -> str:
    return MOTIF_EFFECTS[changes.effects[row, column]]


def random_contig(seed: int, length: int = 400) -> str:
    return "".join("ACGT"[code] for code in np.random.default_rng(seed).integers(0, 4, length))


def test_insertion_and_deletion_in_their_own_coordinates() -> None:
    #         0123456789
    contig = "CGCGCGCGCG" * 5 + "AAAAAAA" + "CGCGCGCGCG" * 5
    shorter = contig.replace("AAAAAAA", "AAA")
    deleted = changes_of(contig, "50:GAAAA:G", pwms=[TOY])
    assert effect(deleted) == "disrupted"
    assert deleted.starts_ref[0, 0] == 50
    inserted = changes_of(shorter, "50:G:GAAAA", pwms=[TOY])
    assert effect(inserted) == "created"
    # The first inserted base is left of the reference base 50.
    assert inserted.starts_alt[0, 0] == 50
    assert inserted.score_shift[0, 0] == -deleted.score_shift[0, 0] > 0
    # A site that an insertion of other bases splits, and one that a deletion puts together.
    split = changes_of(contig, "53:A:ACC", pwms=[TOY])
    assert effect(split) == "disrupted"
    joined = changes_of(contig[:53] + "CC" + contig[53:], "53:ACC:A", pwms=[TOY])
    assert effect(joined) == "created"
    assert joined.starts_alt[0, 0] == 50


def test_a_start_behind_the_change_is_moved() -> None:
    contig = "CGCGCGCGCG" * 5 + "TTCAAAAAAA" + "CGCGCGCGCG" * 5
    # Two bases inserted before the C; the best hit of ALT begins right behind the change.
    changes = changes_of(contig, "53:C:GGA", pwms=[TOY])
    # ALT: ...TT GGA AAAAAAA: the run begins at ALT index 54, its first base is inserted.
    assert changes.starts_alt[0, 0] == 53
    assert changes.scores_alt[0, 0] == 14


@st.composite
def alleles(draw: st.DrawFn) -> tuple[str, Variant]:
    contig = draw(st.text("ACGT", min_size=70, max_size=70))
    start = draw(st.integers(30, 38))
    ref = contig[start : start + draw(st.integers(1, 4))]
    alt = draw(st.text("ACGT", min_size=1, max_size=4))
    assume(alt != ref)
    held = InMemoryContig("1", contig)
    variant = normal_form(Variant("1", start + 1, ref, alt), held)
    assume(variant.start > 12)
    return contig, variant


@settings(max_examples=80, deadline=None)
@given(alleles())
def test_swapping_the_alleles_negates_the_shift(allele: tuple[str, Variant]) -> None:
    contig, variant = allele
    other = contig[: variant.start] + variant.alt + contig[variant.end :]
    rows = np.random.default_rng(3).normal(-1, 2, (3, 6, 4))
    pwms = [Pwm(f"M{number}", "F", scores) for number, scores in enumerate(rows)]
    one = changes_of(contig, str(variant).split(":", 1)[1], pwms=pwms)
    two = changes_of(other, str(variant.swapped()).split(":", 1)[1], pwms=pwms)
    assert np.array_equal(one.score_shift, -two.score_shift)
    assert np.array_equal(one.log10_p_ratio, -two.log10_p_ratio)
    opposite = np.array([0, 2, 1, 4, 3])
    assert np.array_equal(opposite[one.effects], two.effects)


def called(p_ref: list[float], p_alt: list[float], **thresholds: float) -> list[str]:
    codes = _effects(np.array(p_ref), np.array(p_alt), CallThresholds(**thresholds))
    return [MOTIF_EFFECTS[code] for code in codes]


def test_calls_have_a_margin() -> None:
    nan = float("nan")
    p_ref = [1e-4, 1e-3, 0.99e-4, 1.01e-4, 1e-5, 1e-6, 2e-4, 1e-4, nan, 1e-6, 0.5]
    p_alt = [1e-3, 1e-4, 1.01e-4, 0.99e-4, 1e-6, 1e-5, 0.5, 1e-4, 1e-6, nan, 0.6]
    assert called(p_ref, p_alt) == [
        "disrupted", "created", "weakened", "strengthened", "strengthened", "weakened",
        "none", "none", "none", "none", "none",
    ]  # fmt: skip
    assert called([2e-4, 1e-4], [0.5, 1e-2], hit=2e-4, no_hit=0.1) == ["disrupted", "weakened"]
    assert called([1e-4], [1e-4], hit=1e-4, no_hit=1e-4) == ["none"]


@pytest.mark.parametrize("thresholds", [(0, 1e-3), (1e-3, 1e-4), (1e-4, 1.1)])
def test_thresholds_are_checked(thresholds: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="expected 0 < hit <= no_hit <= 1"):
        CallThresholds(*thresholds)


def made_up(
    p_ref: npt.ArrayLike, p_alt: npt.ArrayLike, ids: str, p_change: npt.ArrayLike = np.nan
) -> MotifChanges:
    pwms = tuple(Pwm(name, name, np.zeros((1, 4))) for name in ids)
    changes = MotifChanges.empty(pwms, len(np.asarray(p_ref)))
    changes.p_ref[:], changes.p_alt[:], changes.p_change[:] = p_ref, p_alt, p_change
    return changes


NAN = float("nan")


def test_strongest_is_the_largest_ratio_then_the_smallest_identifier() -> None:
    p_ref = [[0.1, 0.1, 0.1], [0.1, 0.1, 0.1], [NAN, NAN, 0.1], [NAN, NAN, NAN], [0.1, 0.2, 0.3]]
    p_alt = [[0.2, 0.3, 0.01], [0.2, 0.05, 0.2], [0.1, NAN, 0.1], [0.1, 0.1, 0.1], [0.1, 0.2, 0.3]]
    assert strongest_changes(made_up(p_ref, p_alt, "CBA")).tolist() == [2, 2, 2, -1, 2]
    assert strongest_changes(made_up(p_ref, p_alt, "ABC")).tolist() == [2, 0, 2, -1, 0]


def test_strongest_of_an_snv_has_the_smallest_p_of_the_change() -> None:
    p_ref = [[0.1, 0.1, 0.1]] * 4
    p_alt = [[0.2, 0.3, 0.01], [0.3, 0.05, 0.2], [0.2, 0.1, 0.2], [0.1, 0.1, 0.2]]
    p_change = [[0.2, 1e-3, 0.1], [1e-7, 1e-7, 0.1], [0.1, NAN, 0.1], [NAN, NAN, NAN]]
    made = made_up(p_ref, p_alt, "CBA", p_change)
    assert strongest_changes(made).tolist() == [1, 0, 2, 2]


def test_q_is_adjusted_over_the_motifs_that_have_a_p() -> None:
    p_change = [[0.01, 0.02, 0.9], [0.01, NAN, 0.02], [NAN, NAN, NAN], [0.5, 0.5, 0.5]]
    made = made_up(np.ones((4, 3)), np.ones((4, 3)), "ABC", p_change)
    expected = [[0.03, 0.03, 0.9], [0.02, NAN, 0.02], [NAN, NAN, NAN], [0.5, 0.5, 0.5]]
    np.testing.assert_allclose(made.q_change, expected, rtol=1e-6)
    assert made_up(np.ones((0, 3)), np.ones((0, 3)), "ABC").q_change.shape == (0, 3)


def test_called_names_rows_and_columns() -> None:
    changes = made_up(np.ones((2, 3)), np.ones((2, 3)), "ABC")
    changes.effects[1, 2] = changes.effects[0, 1] = 3
    rows, columns = changes.called()
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 2])


def test_more_alleles_than_are_held_at_once() -> None:
    contig = random_contig(4, 2600)
    texts = [
        f"{place + 1}:{contig[place]}:{reverse_complement(contig[place])}"
        for place in range(20, 2500)
    ]
    pwms = [Pwm.from_motif(motif) for motif in bundled_motifs("JASPAR2024")[:400:100]]
    whole = changes_of(contig, *texts, pwms=pwms)
    alone = changes_of(contig, texts[-1], pwms=pwms)
    assert np.array_equal(whole.p_alt[-1], alone.p_alt[0])
    assert np.array_equal(whole.starts_ref[-1], alone.starts_ref[0])
    assert (whole.starts_ref > 0).all()


def test_p_of_the_change_is_that_of_snvs_alone() -> None:
    contig = "CGCGCGCGCG" * 5 + "AAAAAAA" + "CGCGCGCGCG" * 5
    changes = changes_of(contig, "53:A:C", "53:AA:CC", "53:A:AC", "20:G:N", pwms=[TOY])
    assert np.isnan(changes.p_change.ravel()).tolist() == [False, True, True, True]
    assert np.isnan(changes.scores_alt[3, 0])
    assert effect(changes, 3) == "none"
    panel = motif_panel([TOY])
    [expected] = panel.by_chance.of(TOY).p_value(changes.log10_p_ratio[0])
    assert changes.p_change[0, 0] == pytest.approx(expected, rel=1e-4)


def test_p_of_the_change_of_the_score_where_asked() -> None:
    panel = motif_panel([TOY], MotifOptions(p_change_of="score_shift"))
    changes = panel.changes([sequence_context("CCCCCCAAAAAAAC", "CCCCCCAAAAACAC", panel.margin)])
    expected = panel.by_chance.of(TOY).p_value(8.0)
    assert (changes.score_shift[0, 0], changes.p_change[0, 0]) == (-8, np.float32(expected))


def test_a_long_insertion_is_seen_to_its_end() -> None:
    inserted = "C" * 300 + "AAAAAAA"
    changes = changes_of("CG" * 60, f"60:G:G{inserted}", pwms=[TOY])
    assert effect(changes) == "created"
    assert changes.scores_alt[0, 0] == 14


def test_no_allele_at_all() -> None:
    empty = motif_panel([TOY]).changes([])
    assert empty.effects.shape == (0, 1)
    assert strongest_changes(empty).shape == (0,)


@pytest.mark.parametrize(
    ("alt", "start", "inserted"),
    [("CGGTGACTCAT", 20, 8), ("CGGGTGACTCATGG", 20, 10), ("CTGACTCAT", 20, 8), ("TGACTCAT", 19, 0)],
)
def test_a_hit_among_inserted_bases_says_how_many_it_has(
    alt: str, start: int, inserted: int
) -> None:
    scores = [[2 if base == letter else -2 for letter in "ACGT"] for base in "TGACTCAT"]
    panel = motif_panel([Pwm("AP1", "JUN", scores)])
    contig = InMemoryContig("c", "C" * 40)
    context = allele_context(Variant("c", 20, "C", alt), contig, panel.margin)
    changes = panel.changes([context])
    assert changes.scores_alt.item() == 16
    assert (changes.starts_alt.item(), changes.inserted_alt.item()) == (start, inserted)
