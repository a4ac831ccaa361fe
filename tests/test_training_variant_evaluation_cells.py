"""Values of INFO fields and table cells, allele by allele."""

from __future__ import annotations

import math

import pytest

from enhancer_variants.training.variant_evaluation.cells import (
    Cells,
    cells_of,
    declared_numbers,
    info_value,
)


@pytest.mark.parametrize(
    ("text", "number", "alleles", "values"),
    [
        ("0.5", "1", 1, ["0.5"]),
        ("0.5", "A", 1, ["0.5"]),
        ("0.5", ".", 1, ["0.5"]),
        ("1,2", "A", 2, ["1", "2"]),
        ("1,2", ".", 2, ["1", "2"]),
        ("7,1,2", "R", 2, ["1", "2"]),
        ("7,1,2", ".", 2, ["1", "2"]),
        ("7,1", "R", 1, ["1"]),
        (".,2", "A", 2, ["no X", "2"]),
        (".", "A", 2, ["no X", "no X"]),
        ("nan", "A", 1, ["no X"]),
        ("1", "1", 2, ["X is one value for several alleles"] * 2),
        ("1", "A", 2, ["X is one value for several alleles"] * 2),
        ("1", "R", 2, ["X has another number of values than alleles"] * 2),
        ("1,2", "R", 2, ["X has another number of values than alleles"] * 2),
        ("1,2,3", "A", 2, ["X has another number of values than alleles"] * 2),
        ("1,2,3,4", ".", 2, ["X has another number of values than alleles"] * 2),
        ("7,1", "A", 1, ["X has another number of values than alleles"]),
        (None, "A", 1, ["no X"]),
    ],
)
def test_each_allele_has_its_own_value_or_a_reason(
    text: str | None, number: str, alleles: int, values: list[str]
) -> None:
    info = {} if text is None else {"X": text}
    found = [info_value(info, "X", number, i + 1, alleles, shared=False) for i in range(alleles)]
    assert [value or reason for value, reason in found] == values
    assert all((value is None) == bool(reason) for value, reason in found)


def test_a_name_may_stand_for_all_alleles_and_is_decoded() -> None:
    info = {"ELEMENT": "SORT1%2C%20A"}
    assert info_value(info, "ELEMENT", "1", 2, 3, shared=True) == ("SORT1, A", "")


def test_numbers_of_a_header_in_any_order_of_its_fields() -> None:
    lines = [
        b"##fileformat=VCFv4.3\n",
        b'##INFO=<ID=A1,Number=A,Type=Float,Description="x, Number=7">\n',
        b'##INFO=<Number=R,ID=R1,Type=Float,Description="ID=Z">\n',
        b'##INFO=<ID=NONE,Type=Float,Description="">\n',
        b'##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n',
    ]
    assert declared_numbers(lines) == {"A1": "A", "R1": "R", "NONE": "."}


def test_texts_as_numbers() -> None:
    values, reasons = Cells(["-1e-3", "inf", "x", None], ["", "", "", "gone"]).numbers("P")
    assert values[0] == -0.001
    assert all(map(math.isnan, values[1:]))
    assert reasons == ["", "P is no number", "P is no number", "gone"]


def test_cells_of_a_column() -> None:
    assert cells_of([1, " a ", "", ".", "NaN", None, float("nan")], "x").texts == [
        "1",
        "a",
        *[None] * 5,
    ]
