from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enhancer_variants.effects import allele_effects, score_change

log_odds = arrays(
    np.float64,
    (7, 3),
    elements=st.floats(-40, 40, allow_subnormal=False).map(lambda x: round(x, 6)),
)


@given(log_odds, log_odds)
def test_swapping_the_alleles_negates_what_has_a_sign(ref: np.ndarray, alt: np.ndarray) -> None:
    one, other = allele_effects(ref, alt), allele_effects(alt, ref)
    for quantity in ("log_odds_shift", "score_change"):
        np.testing.assert_allclose(one[quantity], -other[quantity], atol=1e-12)
    np.testing.assert_array_equal(one["prob_ref"], other["prob_alt"])
    turned = {"gain": "loss", "loss": "gain", "none": "none"}
    assert [turned[effect] for effect in one["effect"]] == list(other["effect"])
    np.testing.assert_allclose(one["log_odds_shift_spread"], other["log_odds_shift_spread"])


@pytest.mark.parametrize(
    ("ref", "alt", "threshold", "effect"),
    [
        (-0.1, 0.0, 0.0, "gain"),
        (0.0, -0.1, 0.0, "loss"),
        (0.5, 2.0, 0.0, "none"),
        (-2.0, -0.5, 0.0, "none"),
        (0.5, 2.0, 1.0, "gain"),
        (-1.0, 0.5, 1.0, "none"),
    ],
)
def test_an_effect_is_a_crossing_of_the_threshold(
    ref: float, alt: float, threshold: float, effect: str
) -> None:
    found = allele_effects(np.array([[ref]]), np.array([[alt]]), threshold)
    assert found["effect"].tolist() == [effect]
    assert "log_odds_shift_spread" not in found


def test_averages_and_spread_by_hand() -> None:
    found = allele_effects(np.array([[0.0, 2.0]]), np.array([[1.0, 6.0]]))
    assert found["log_odds_ref"].tolist() == [1.0]
    assert found["log_odds_alt"].tolist() == [3.5]
    assert found["log_odds_shift"].tolist() == [2.5]
    assert found["log_odds_shift_spread"].tolist() == [3.0]  # shifts of 1 and 4
    assert found["prob_ref"][0] == pytest.approx(2 / 3)


def test_score_change_by_hand() -> None:
    np.testing.assert_allclose(score_change(np.array([0.9]), np.array([0.1])), [-0.72])


@pytest.mark.parametrize("table", ["SNP_mut_file_mutations.tsv", "saturation_mutations.tsv"])
def test_equal_to_the_original_snp_script(oracle: Path, table: str) -> None:
    """SNP.py's diff is our score change; its logOR is the negative of our shift."""
    original = pd.read_csv(oracle / "snp" / table, sep="\t")
    ref, alt = original["orig_pred"].to_numpy(), original["mut_pred"].to_numpy()
    odds = [np.log2(p / (1 - p))[:, None] for p in (ref, alt)]
    effects = allele_effects(*odds)
    np.testing.assert_allclose(effects["score_change"], original["diff"], atol=5e-7)
    np.testing.assert_allclose(effects["log_odds_shift"], -original["logOR"], atol=5e-6)
