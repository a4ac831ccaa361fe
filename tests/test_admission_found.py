"""The table of a check, and what it says underneath."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from enhancer_variants.admission import ModelCheck, PrecisionCheck, ShiftErrors
from enhancer_variants.models import Admission, ModelCard

SHIFTS = arrays.arrays(
    np.float64, st.tuples(st.integers(3, 30), st.integers(1, 3)), elements=st.integers(-40, 40)
)


@settings(max_examples=40)
@given(st.data())
def test_errors_are_those_of_the_worst_output(data: st.DataObject) -> None:
    expected = data.draw(SHIFTS)
    found = data.draw(arrays.arrays(np.float64, expected.shape, elements=st.integers(-40, 40)))
    errors = ShiftErrors.of(found, expected)
    columns = range(expected.shape[1])
    assert errors.largest == max(abs(found - expected).ravel())
    assert errors.p99 == pytest.approx(
        max(np.percentile(abs(found[:, c] - expected[:, c]), 99) for c in columns)
    )
    if all(np.ptp(side[:, c]) for side in (found, expected) for c in columns):
        by_output = [scipy.stats.spearmanr(found[:, c], expected[:, c])[0] for c in columns]
        assert errors.rank_correlation == pytest.approx(min(by_output))


def test_shifts_that_are_all_equal_agree_only_with_such() -> None:
    equal, rising = np.full((4, 1), 0.5), np.arange(4.0).reshape(4, 1)
    assert ShiftErrors.of(equal, equal + 1) == ShiftErrors(1.0, 1.0, 1.0)
    assert ShiftErrors.of(equal, rising).rank_correlation == 0.0
    assert ShiftErrors.of(rising, equal).rank_correlation == 0.0


def test_what_is_not_finite_has_no_errors() -> None:
    errors = ShiftErrors.of(np.array([[np.inf], [1.0]]), np.zeros((2, 1)))
    assert np.isnan([errors.largest, errors.p99, errors.rank_correlation]).all()


def check(**changes: Any) -> ModelCheck:
    """A check that admits fp32 on OpenVINO, of five rows."""
    admission = Admission(
        precision="fp32",
        backend="openvino",
        device_type="cpu",
        n=200,
        largest_error=3e-6,
        p99_error=1e-6,
        rank_correlation=1.0,
        speedup=1.3,
        windows="a.vcf",
        weights_sha256="0" * 64,
        window_length=200,
        max_seq_length=None,
        padding="none",
        versions={},
    )
    card = ModelCard(
        name="mini",
        task="multi_label",
        labels=("CTCF", "NANOG"),
        window_length=200,
        padding="none",
        weights_sha256="0" * 64,
        admissions=(admission,),
    )
    rate = {"sequences_per_second": 1234.56, "speedup": 1.0}
    rows = (
        PrecisionCheck(precision="fp32", backend="torch", verdict="reference", **rate),
        PrecisionCheck(
            precision="bf16",
            backend="torch",
            verdict="approximate",
            errors=ShiftErrors(0.106, 0.034, 0.9987),
            sequences_per_second=2400.0,
            speedup=1.94,
        ),
        PrecisionCheck(
            precision="fp32",
            backend="openvino",
            verdict="exact",
            admitted=True,
            errors=ShiftErrors(3e-6, 1e-6, 1.0),
            sequences_per_second=1604.9,
            speedup=1.3,
        ),
        PrecisionCheck(
            precision="fp16", backend="torch", verdict="not available", detail="no such numbers"
        ),
    )
    values: dict[str, Any] = {
        "device_type": "cpu",
        "windows": "200 random SNVs of hg38.fa, seed 0",
        "n": 200,
        "accept": "exact",
        "rows": rows,
        "card": card,
    }
    return ModelCheck(**(values | changes))


def test_the_printed_table_says_it_all() -> None:
    assert str(check()).splitlines() == [
        "precision  backend   largest error  99th percentile  rank correlation  sequences/s  speed"
        "  verdict",
        "fp32       torch                 -                -                 -      1,234.6   1.00"
        "  reference",
        "bf16       torch           1.1e-01          3.4e-02           0.99870      2,400.0   1.94"
        "  approximate",
        "fp32       openvino        3.0e-06          1.0e-06           1.00000      1,604.9   1.30"
        "  exact, admitted",
        "fp16       torch                 -                -                 -            -      -"
        "  not available",
        "",
        "mini on cpu: 200 window pairs, the worst of 2 outputs.",
        "Windows: 200 random SNVs of hg38.fa, seed 0.",
        "fp16 on torch: no such numbers.",
        "accept='approximate' (--accept approximate) admits bf16 on torch.",
        "Picked: fp32 on openvino.",
        "The card is as it was.",
    ]


def test_a_card_that_was_written_is_told_of() -> None:
    card = dataclasses.replace(check().card, labels=("CTCF",), admissions=())
    lines = str(check(written=True, card=card)).splitlines()
    assert lines[-1] == "In the card now."
    assert lines[-2] == "Picked: fp32 on torch."
    assert "mini on cpu: 200 window pairs." in lines


def test_the_frame_has_a_row_for_each_and_nan_for_no_figure() -> None:
    frame = check().to_frame().set_index(["precision", "backend"])
    assert frame["verdict"].tolist() == ["reference", "approximate", "exact", "not available"]
    assert frame.loc[("fp32", "openvino"), "largest_error"] == 3e-6
    assert frame["rank_correlation"].isna().tolist() == [True, False, False, True]
    assert frame["speedup"].isna().tolist() == [False, False, False, True]
    assert frame["admitted"].tolist() == [False, False, True, False]
    assert (frame["n"] == 200).all()


def test_json_holds_the_same_and_null_for_no_figure() -> None:
    found = json.loads(json.dumps(check().to_dict(), allow_nan=False))
    assert found["chosen"] == {"precision": "fp32", "backend": "openvino"}
    assert [row["p99_error"] for row in found["rows"]] == [None, 0.034, 1e-6, None]
    assert found["written"] is False
    assert found["model"] == "mini"
