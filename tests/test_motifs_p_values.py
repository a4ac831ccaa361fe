from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom

from enhancer_variants.errors import InputError
from enhancer_variants.motifs import (
    Background,
    Motif,
    Pwm,
    ScoreDistributions,
    bundled_motifs,
    score_distribution,
)
from enhancer_variants.motifs.pwm import UNIFORM_BACKGROUND

Floats = npt.NDArray[np.float64]


def all_words(pwm: Pwm) -> tuple[Floats, Floats]:
    """Scores of all words, ascending, and P(S >= score) of each."""
    scores, chances = np.zeros(1), np.ones(1)
    for row in pwm.scores:
        scores = np.add.outer(scores, row).ravel()
        chances = np.multiply.outer(chances, np.array(pwm.background)).ravel()
    order = np.argsort(scores)
    scores, chances = scores[order], chances[order]
    from_here = np.cumsum(chances[::-1])[::-1]
    return scores, from_here[np.searchsorted(scores, scores - 1e-7)]


def random_pwm(length: int, seed: int, background: Background = UNIFORM_BACKGROUND) -> Pwm:
    counts = np.random.default_rng(seed).dirichlet([0.3] * 4, length) * 100
    return Pwm.from_motif(Motif(f"random{seed}", "RANDOM", counts), background=background)


@pytest.mark.parametrize("length", [1, 4, 7, 8, 9, 10])
@pytest.mark.parametrize("background", [(0.25, 0.25, 0.25, 0.25), (0.3, 0.2, 0.2, 0.3)])
def test_all_words_by_brute_force(length: int, background: Background) -> None:
    for seed in range(4):
        pwm = random_pwm(length, seed, background)
        scores, expected = all_words(pwm)
        some = np.unique(np.linspace(0, len(scores) - 1, 20_000).astype(int))
        found = score_distribution(pwm).p_value(scores[some])
        assert np.abs(found / expected[some] - 1).max() < 0.02
        best = scores[-200:]
        np.testing.assert_allclose(
            score_distribution(pwm).p_value(best), expected[-200:], rtol=0.0041
        )


@settings(max_examples=60, deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 8), st.just(4)), elements=st.integers(0, 3)))
def test_many_ties_by_brute_force(counts: npt.NDArray[np.int64]) -> None:
    counts[:, 0] += counts.sum(axis=1) == 0
    pwm = Pwm.from_motif(Motif("ties", "TIES", counts * 2.0 + 1e-3))
    scores, expected = all_words(pwm)
    found = score_distribution(pwm).p_value(scores)
    assert np.abs(found / expected - 1).max() < 0.02


def test_a_motif_without_information_has_p_of_one() -> None:
    for length in (3, 12):
        flat = Pwm("flat", "FLAT", np.zeros((length, 4)))
        assert score_distribution(flat).p_value(0.0) == pytest.approx(1)
        assert score_distribution(flat).p_value(0.1) == 0


def test_more_best_words_than_are_looked_at() -> None:
    # 4**7 words share the best score, and the other positions have too many scores for a list.
    rows = np.random.default_rng(2).normal(0, 2, (8, 4))
    pwm = Pwm("flat", "FLAT", np.vstack([np.zeros((7, 4)), rows]))
    alone = Pwm("alone", "ALONE", rows)
    scores, expected = all_words(alone)
    found = score_distribution(pwm).p_value(scores[::50])
    assert np.abs(found / expected[::50] - 1).max() < 0.02


def test_long_motif_with_known_distribution() -> None:
    # Each position scores 1 with probability 1/4, else 0: binomial.
    pwm = Pwm("coin", "COIN", np.tile([1.0, 0.0, 0.0, 0.0], (30, 1)))
    matches = np.arange(1, 31)
    expected = binom.sf(matches - 1, 30, 0.25)
    np.testing.assert_allclose(
        score_distribution(pwm).p_value(matches.astype(float)), expected, rtol=0.0041
    )


def test_threshold_is_the_lowest_score_that_is_rare_enough() -> None:
    pwm = random_pwm(6, 3)
    distribution = score_distribution(pwm)
    scores, expected = all_words(pwm)
    for p_value in (0.01, 1e-3):
        threshold = distribution.threshold(p_value)
        assert distribution.p_value(threshold) <= p_value
        lower = scores[scores < threshold - 1e-7].max()
        assert expected[scores == lower][0] > p_value * 0.995
    assert distribution.threshold(1e-9) == float("inf")
    for wrong in (0, -1, 1.5):
        with pytest.raises(InputError, match="p-value is"):
            distribution.threshold(wrong)


def test_p_falls_with_the_score_and_keeps_shape_and_nan() -> None:
    distribution = score_distribution(random_pwm(14, 1))
    scores = np.linspace(-80, 25, 5000)
    assert (np.diff(distribution.p_value(scores)) <= 0).all()
    found = distribution.p_value([[np.nan, 1e6], [-1e6, 0.0]])
    assert found.shape == (2, 2)
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 0
    assert found[1, 0] == pytest.approx(1)


def test_distributions_are_kept_by_content() -> None:
    distributions = ScoreDistributions()
    one, background = random_pwm(5, 0), (0.3, 0.2, 0.2, 0.3)
    assert distributions.of(one) is distributions.of(Pwm("other", "OTHER", one.scores))
    other = Pwm(one.id, one.name, one.scores, background=background)
    assert distributions.of(one) is not distributions.of(other)


def test_bundled_motifs_by_brute_force() -> None:
    short = [motif for motif in bundled_motifs("JASPAR2024") if motif.length <= 9]
    for motif in short[::12]:
        pwm = Pwm.from_motif(motif)
        scores, expected = all_words(pwm)
        some = np.random.default_rng(0).integers(0, len(scores), 5000)
        found = score_distribution(pwm).p_value(scores[some])
        assert np.abs(found / expected[some] - 1).max() < 0.02


def test_moods_gives_the_same_thresholds() -> None:
    tools = pytest.importorskip("MOODS.tools")
    for motif in bundled_motifs("JASPAR2024")[::60]:
        pwm = Pwm.from_motif(motif)
        distribution = score_distribution(pwm)
        for p_value in (1e-3, 1e-4, 1e-5):
            if 4.0**-pwm.length * 100 > p_value:
                continue  # steps are too wide to compare thresholds
            theirs = tools.threshold_from_p_with_precision(
                pwm.scores.T.tolist(), list(pwm.background), p_value, 4000.0, 4
            )
            found = float(distribution.p_value(theirs))
            assert found == pytest.approx(p_value, rel=0.02), motif.id


def test_biopython_gives_the_same_thresholds() -> None:
    thresholds = pytest.importorskip("Bio.motifs.thresholds")
    motifs = pytest.importorskip("Bio.motifs")
    motif = next(motif for motif in bundled_motifs("JASPAR2024") if motif.length == 12)
    pwm = Pwm.from_motif(motif)
    counts = {base: motif.counts[:, column].tolist() for column, base in enumerate("ACGT")}
    theirs = motifs.Motif(alphabet="ACGT", counts=counts)
    theirs.pseudocounts = 0.2
    distribution = thresholds.ScoreDistribution(
        pssm=theirs.pssm, background=dict.fromkeys("ACGT", 0.25), precision=1000
    )
    for p_value in (1e-3, 1e-4):
        found = float(score_distribution(pwm).p_value(distribution.threshold_fpr(p_value)))
        assert found == pytest.approx(p_value, rel=0.05)  # their grid is about 0.01 bits
