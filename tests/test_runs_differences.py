from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.runs.differences import differences

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
@settings(max_examples=40)
def test_nothing_differs_from_itself(value: object) -> None:
    assert list(differences(value, copy.deepcopy(value))) == []


@given(VALUES, VALUES)
@settings(max_examples=40)
def test_what_differs_is_found_from_both_sides(one: object, other: object) -> None:
    there = {(name, found, expected) for name, found, expected in differences(one, other)}
    back = {(name, found, expected) for name, expected, found in differences(other, one)}
    assert there == back
    assert bool(there) == (repr_of(one) != repr_of(other))


def repr_of(value: object) -> str:
    """JSON in one spelling: True is not 1, and the order of keys does not matter."""
    if isinstance(value, dict):
        return f"{{{sorted((key, repr_of(inner)) for key, inner in value.items())}}}"
    if isinstance(value, list):
        return repr([repr_of(inner) for inner in value])
    return repr(value)


def test_places_have_names() -> None:
    found = {"models": [{"sha256": "a" * 200}, {"window": 200}], "only": 1}
    expected = {"models": [{"sha256": "b" * 200}, {"window": 350}], "other": [1]}
    by_name = {name: (now, before) for name, now, before in differences(found, expected)}
    assert by_name["models[1].window"] == ("200", "350")
    assert by_name["only"] == ("1", "absent")
    assert by_name["other"] == ("absent", "[1]")
    assert by_name["models[0].sha256"][0].endswith("a...")
    assert len(by_name["models[0].sha256"][0]) == 90
    assert list(differences([1], [1, 2], "regions")) == [("regions", "[1]", "[1, 2]")]
