from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.gwas.sites.identifiers import identifier_key, rs_number


@pytest.mark.parametrize(
    ("identifier", "number"),
    [
        ("rs7903146", 7903146),
        ("RS7903146", 7903146),
        ("rs007", 7),
        ("rs", None),
        ("rs12a", None),
        ("rs12 ", None),
        ("rs١٢", None),
        ("ss1388", None),
        ("7:126253551:G:T", None),
        ("rs" + "9" * 18, 10**18 - 1),
        ("rs" + "9" * 19, None),
    ],
)
def test_an_rs_number_is_its_digits(identifier: str, number: int | None) -> None:
    assert rs_number(identifier) == number


@given(st.text(max_size=30))
def test_a_key_is_the_number_or_negative_and_fits_64_bits(identifier: str) -> None:
    key = identifier_key(identifier)
    number = rs_number(identifier)
    assert key == number if number is not None else -(2**63) <= key < 0


def test_keys_of_text_stay_the_same_between_versions() -> None:
    """An index on a disk holds them."""
    assert identifier_key("7:126253551:G:T") == -7406515142722858963
    assert identifier_key("ss1388") != identifier_key("ss1389")
