from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.motifs import SCORE_UNIT, Motif, Pwm, strand_symmetric

TOY = [[0.0, 0.0, 9.0, 1.0], [10.0, 0.0, 0.0, 0.0], [2.0, 3.0, 4.0, 5.0]]


def test_formula_by_hand() -> None:
    pwm = Pwm.from_motif(Motif("toy", "TOY", np.array(TOY), "made up"))
    # (9 + 0.8 * 0.25) / (10 + 0.8) / 0.25, and the same for a base that was never counted
    assert pwm.scores[0, 2] == pytest.approx(math.log2(9.2 / 10.8 / 0.25), abs=SCORE_UNIT)
    assert pwm.scores[0, 0] == pytest.approx(math.log2(0.2 / 10.8 / 0.25), abs=SCORE_UNIT)
    assert (pwm.id, pwm.name, pwm.family) == ("toy", "TOY", "made up")


def test_background_takes_part_in_pseudocount_and_odds() -> None:
    pwm = Pwm.from_motif(Motif("toy", "TOY", np.array(TOY)), 2.0, (0.3, 0.2, 0.2, 0.3))
    assert pwm.scores[0, 2] == pytest.approx(math.log2((9 + 0.4) / 12 / 0.2), abs=SCORE_UNIT)
    assert pwm.scores[0, 3] == pytest.approx(math.log2((1 + 0.6) / 12 / 0.3), abs=SCORE_UNIT)


def test_scores_are_those_of_biopython() -> None:
    motifs = pytest.importorskip("Bio.motifs")
    counts = {base: [row[column] for row in TOY] for column, base in enumerate("ACGT")}
    theirs = motifs.Motif(alphabet="ACGT", counts=counts).counts.normalize(pseudocounts=0.2)
    ours = Pwm.from_motif(Motif("toy", "TOY", np.array(TOY)))
    expected = np.array([theirs.log_odds()[base] for base in "ACGT"]).T
    np.testing.assert_allclose(ours.scores, expected, atol=SCORE_UNIT)


def test_probabilities_stand_for_their_number_of_sites() -> None:
    counts = np.array([[20.0, 30.0, 40.0, 10.0]])
    as_counts = Pwm.from_motif(Motif("a", "A", counts))
    as_probabilities = Pwm.from_motif(Motif("a", "A", counts / 100, sites=100))
    np.testing.assert_allclose(as_counts.scores, as_probabilities.scores, atol=2 * SCORE_UNIT)
    assert Motif("a", "A", counts / 100).counts.sum() == pytest.approx(20)
    assert Motif("a", "A", np.array([[0.333, 0.333, 0.333, 0.0]])).counts.sum() == pytest.approx(20)


def test_values_do_not_change() -> None:
    matrix = np.array(TOY)
    motif = Motif("toy", "TOY", matrix)
    pwm = Pwm.from_motif(motif)
    matrix[:] = 7
    assert motif.matrix.tolist() == TOY
    with pytest.raises(ValueError, match="read-only"):
        motif.matrix[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        pwm.scores[0, 0] = 1


def test_equality_is_by_content() -> None:
    one, same = (Motif("toy", "TOY", np.array(TOY)) for _ in range(2))
    other = Motif("toy", "TOY", np.array(TOY) + 1)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "toy"
    assert Pwm.from_motif(one) == Pwm.from_motif(same)
    assert len({Pwm.from_motif(motif) for motif in (one, same, other)}) == 2
    assert Pwm.from_motif(one) != "toy"


@given(st.text("ACGT", min_size=3, max_size=3))
def test_reverse_complement_scores_the_other_strand(word: str) -> None:
    pwm = Pwm.from_motif(Motif("toy", "TOY", np.array(TOY)))
    assert pwm.reverse_complement().score(reverse_complement(word)) == pwm.score(word)
    assert pwm.reverse_complement().reverse_complement() == pwm


def test_consensus_and_largest_score() -> None:
    pwm = Pwm.from_motif(Motif("toy", "TOY", np.array(TOY)))
    assert pwm.consensus == "GAT"
    assert pwm.largest_score == pwm.score("GAT")
    assert Pwm("tie", "TIE", np.ones((2, 4))).consensus == "AA"


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2, 3]], r"shape \(1, 3\)"),
        ([], "shape"),
        ([1, 2, 3, 4], "shape"),
        ([[1, -1, 3, 4]], "negative"),
        ([[1, float("nan"), 3, 4]], "no number"),
        ([[1, float("inf"), 3, 4]], "no number"),
        ([[1, 1, 1, 1], [0, 0, 0, 0]], "position 2 sums to 0"),
    ],
)
def test_what_is_no_motif_is_refused(matrix: list[list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Motif("toy", "TOY", matrix)  # type: ignore[arg-type]


def test_other_arguments_are_checked() -> None:
    motif = Motif("toy", "TOY", np.array(TOY))
    with pytest.raises(InputError, match="identifier"):
        Motif("", "TOY", np.array(TOY))
    with pytest.raises(InputError, match="sites"):
        Motif("toy", "TOY", np.array(TOY), sites=0)
    with pytest.raises(InputError, match="pseudocount is -1"):
        Pwm.from_motif(motif, -1)
    with pytest.raises(InputError, match="not finite"):
        Pwm.from_motif(motif, 0)
    with pytest.raises(InputError, match="shape"):
        Pwm("toy", "TOY", np.ones((2, 3)))
    with pytest.raises(InputError, match="differs between the strands"):
        Pwm("toy", "TOY", np.ones((2, 4)), background=(0.3, 0.25, 0.25, 0.2))
    for background in ((0.5, 0.5, 0, 0), (0.25, 0.25, 0.25), (0.3, 0.3, 0.3, 0.3)):
        with pytest.raises(InputError, match="background is"):
            strand_symmetric(background)
    for word in ("GA", "GAN", "gat"):
        with pytest.raises(InputError, match="reads 3 letters"):
            Pwm.from_motif(motif).score(word)
