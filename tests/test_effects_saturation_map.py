"""Maps of saturation mutagenesis as values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.effects.saturation_map import (
    SaturationMutagenesis,
    changes_of,
    gradient_correlation,
)
from enhancer_variants.errors import InputError

NAN = [math.nan] * 4
SHIFTS = [[-3, -6, 0, -3], NAN, [0, 0, 1.5, 0]]


def toy(sequence: str = "GNA", shifts: Any = SHIFTS, **keywords: Any) -> SaturationMutagenesis:
    return SaturationMutagenesis(sequence, shifts, 2.0, "toy", "toy", **keywords)


def test_importance_is_what_the_three_changes_lose_on_average() -> None:
    np.testing.assert_allclose(toy().importance, [4, math.nan, -0.5])


def test_a_frame_has_a_row_for_each_change_and_its_vcf_position() -> None:
    frame = toy(contig="chr1", start=9).to_frame()
    expected = pd.DataFrame(
        {
            "position": [0, 0, 0, 2, 2, 2],
            "chrom": ["chr1"] * 6,
            "pos": pd.array([10, 10, 10, 12, 12, 12], dtype="Int64"),
            "ref": list("GGGAAA"),
            "alt": list("ACTCGT"),
            "log_odds_shift": [-3.0, -6.0, -3.0, 0.0, 1.5, 0.0],
        }
    ).astype({"chrom": object})
    pd.testing.assert_frame_equal(frame, expected)


def test_a_frame_of_a_bare_sequence_has_no_coordinates() -> None:
    frame = toy().to_frame()
    assert frame["chrom"].isna().all()
    assert frame["pos"].isna().all()
    assert frame["pos"].dtype == "Int64"


def test_a_frame_of_a_sequence_without_any_known_base_is_empty() -> None:
    frame = toy("N", [NAN]).to_frame()
    assert frame.empty
    assert list(frame) == ["position", "chrom", "pos", "ref", "alt", "log_odds_shift"]


def test_shifts_are_copied_and_cannot_be_written() -> None:
    given_shifts = np.zeros((1, 4))
    saturation = toy("G", given_shifts)
    given_shifts[0, 0] = 5
    assert saturation.shifts[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        saturation.shifts[0, 0] = 1


def test_shifts_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(3, 4\); expected \(2, 4\)"):
        toy("GA")


@pytest.mark.parametrize("place", [{"contig": "chr1"}, {"start": 0}])
def test_half_a_place_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected both, or none"):
        toy(**place)


@given(st.text("ACGTN"))
def test_every_change_is_listed_once(sequence: str) -> None:
    positions, letters = changes_of(sequence)
    listed = [(at, "ACGT"[letter]) for at, letter in zip(positions, letters, strict=True)]
    assert listed == [
        (at, base)
        for at, own in enumerate(sequence)
        if own != "N"
        for base in "ACGT"
        if base != own
    ]


def test_correlation_is_over_the_changes_alone() -> None:
    first = toy()
    second = toy(shifts=[[1, 2, 0, 4], NAN, [0, 8, 16, 32]])
    expected = np.corrcoef([-3, -6, -3, 0, 1.5, 0], [1, 2, 4, 8, 16, 32])[0, 1]
    assert gradient_correlation(first, second) == pytest.approx(expected)
    assert gradient_correlation(first, toy(shifts=-2 * first.shifts)) == pytest.approx(-1)


def test_correlation_with_a_flat_map_is_undefined() -> None:
    assert math.isnan(gradient_correlation(toy(), toy(shifts=np.zeros((3, 4)))))
    assert math.isnan(gradient_correlation(toy("N", [NAN]), toy("N", [NAN])))


def test_maps_of_two_sequences_are_not_compared() -> None:
    with pytest.raises(InputError, match="different sequences"):
        gradient_correlation(toy(), toy("GNC"))
