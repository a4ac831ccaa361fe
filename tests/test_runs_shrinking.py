from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from enhancer_variants.errors import DeviceMemoryError
from enhancer_variants.runs import Piece
from enhancer_variants.runs.shrinking import BatchSize, in_batches_that_fit


def of_two_rows(
    batch_size: BatchSize, advance: Callable[[float], None], notes: Mapping[str, object]
) -> Piece:
    """Do something that takes two rows at once, and say so only when some of it was done."""
    advance(3)
    if batch_size == "auto" or batch_size > 2:
        raise DeviceMemoryError("too little", 8 if batch_size == "auto" else batch_size)
    advance(4)
    return Piece({}, {}, dict(notes))


def test_halves_until_it_fits_and_takes_progress_back() -> None:
    told: list[float] = []
    assert in_batches_that_fit(of_two_rows, "auto", "shrink", told.append).notes == {
        "batch_size": 2
    }
    assert told == [3, -3, 3, -3, 3, 4]
    assert in_batches_that_fit(of_two_rows, 2, "stop").notes == {}


def test_what_cannot_shrink_says_how_to_go_on() -> None:
    def never(*_: object) -> Piece:
        raise DeviceMemoryError("too little", 1)

    for do, on_oom in ((of_two_rows, "stop"), (never, "shrink")):
        with pytest.raises(DeviceMemoryError, match=r"^too little\. A run keeps .*--on-oom"):
            in_batches_that_fit(do, 8, on_oom)
