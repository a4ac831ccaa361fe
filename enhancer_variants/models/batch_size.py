"""The batch size that is the quickest on this machine, found by measuring."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from enhancer_variants.errors import DeviceMemoryError, ModelError
from enhancer_variants.models.graphed_network import GraphedNetwork
from enhancer_variants.models.model import Model
from enhancer_variants.models.prediction import predict_logits, rows_at_once
from enhancer_variants.models.tokens import Tokens, tokenize

__all__ = ["measured_batch_size"]

_MOST_ROUNDS: Final = 5
_FIRST_WORD: Final = 5
"""Ids below are special tokens."""
_WORTH_IT: Final = 0.98
"""A larger batch has to be 2 % quicker: it takes more memory, and less is noise."""


def measured_batch_size(
    model: Model,
    length: int | None = None,
    candidates: Sequence[int] | None = None,
    *,
    seconds: float = 2.0,
) -> int:
    """Measure which batch size computes the most rows in a second.

    Every candidate is measured in turn, up to five times, until the time is used up. With a large
    network on a CPU that is the smaller ones once each, whatever their time; those that would
    take as long again are left out.

    Parameters
    ----------
    model
        The model, with its weights.
    length
        Tokens of a row; by default as many as the model's window has.
    candidates
        Batch sizes to choose from; by default a quarter, half, once, twice and four times the
        batch size that is used where nothing is measured.
    seconds
        How long to measure; at least two candidates are.

    Returns
    -------
    int
        The quickest of the candidates, of those that are equally quick the smallest one. It
        depends on the machine and on what else it does: note it to get the same result again.

    Raises
    ------
    DeviceMemoryError
        If the device has too little memory for the smallest candidate; larger ones that do not
        fit are left out.
    ModelError
        If a candidate is not a positive number, or there is none.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> measured_batch_size(load_model(demo_files().model), candidates=[16])
    16
    """
    if length is None:
        length = tokenize(["A" * model.window_length], model.vocabulary).ids.shape[1]
    usual = rows_at_once(model, length, "auto")
    if candidates is None:
        candidates = [usual // 4, usual // 2, usual, 2 * usual, 4 * usual]
        candidates = [size for size in candidates if size]
    sizes = sorted({rows_at_once(model, length, size) for size in candidates})
    if not sizes:
        raise ModelError("no batch size to choose from; expected one or more")
    if len(sizes) == 1:
        return sizes[0]
    per_row = _seconds_per_row(model, length, sizes, seconds)
    if isinstance(model.network, GraphedNetwork):
        model.network.forget_passes()  # those of the others would take memory and places
    best = sizes[0]
    for size in per_row:
        if per_row[size] < _WORTH_IT * per_row[best]:
            best = size
    return best


def _seconds_per_row(
    model: Model, length: int, sizes: Sequence[int], seconds: float
) -> dict[int, float]:
    """Least time for a row at each batch size that could be measured, in ascending order."""
    if model.device.type != "cpu":
        sizes = _warmed_up(model, length, sizes, seconds)
    start = time.perf_counter()
    _seconds_of_batch(model, length, sizes[0])  # the first pass allocates and compiles
    least: dict[int, float] = {}
    for round_number in range(_MOST_ROUNDS):
        for place, size in enumerate(sizes):
            expected = size * min(least.values(), default=0.0)
            if time.perf_counter() - start + expected > seconds and (round_number or place > 1):
                return least
            try:
                taken = _seconds_of_batch(model, length, size) / size
            except DeviceMemoryError:
                if place == 0:
                    raise
                sizes = sizes[:place]
                break
            least[size] = min(taken, least.get(size, taken))
    return least


def _warmed_up(model: Model, length: int, sizes: Sequence[int], seconds: float) -> list[int]:
    """Sizes that fit and are soon done, behind the passes in which a GPU prepares for each.

    In the first pass of a shape its libraries choose algorithms, and the second one is recorded:
    both may take longer than many batches. The third one tells whether a larger size is worth
    waiting for.
    """
    ready: list[int] = []
    taken = 0.0
    for size in sizes:
        if len(ready) > 1 and taken * size > seconds * ready[-1]:
            break
        try:
            for _ in range(3):
                taken = _seconds_of_batch(model, length, size)
        except DeviceMemoryError:
            if not ready:
                raise
            break
        ready.append(size)
    return ready


def _seconds_of_batch(model: Model, length: int, size: int) -> float:
    words = np.random.default_rng(0).integers(_FIRST_WORD, model.vocabulary.size, (size, length))
    tokens = Tokens(words.astype(np.int32), np.full(size, length, dtype=np.int32))
    start = time.perf_counter()
    predict_logits(model, tokens, batch_size=size)
    return time.perf_counter() - start
