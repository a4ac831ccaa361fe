"""The measured batch size, on a clock that is made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from enhancer_variants.errors import DeviceMemoryError, ModelError
from enhancer_variants.models import (
    Model,
    NetworkConfig,
    batch_size,
    load_model,
    measured_batch_size,
)
from enhancer_variants.models.graphed_network import GraphedNetwork
from enhancer_variants.models.prediction import rows_at_once


class Machine:
    """A clock and a network that takes `cost(rows)` seconds for a batch."""

    def __init__(self, cost: Callable[[int], float], most_rows: int = 10**6) -> None:
        self.now = 0.0
        self.cost, self.most_rows = cost, most_rows
        self.seen: list[tuple[int, int]] = []

    def perf_counter(self) -> float:
        return self.now

    def predict_logits(self, model: Model, tokens: Any, batch_size: int) -> None:
        assert len(tokens.ids) == batch_size
        assert tokens.ids.min() >= 5
        if batch_size > self.most_rows:
            raise DeviceMemoryError("too little", batch_size)
        self.seen.append(tokens.ids.shape)
        self.now += self.cost(batch_size)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], Machine]:
    def use(machine: Machine) -> Machine:
        monkeypatch.setattr(batch_size, "time", machine)
        monkeypatch.setattr(batch_size, "predict_logits", machine.predict_logits)
        return machine

    return use


@pytest.fixture
def model(counting_model: Callable[..., Model]) -> Model:
    return counting_model()


def test_the_quickest_is_chosen(on: Any, model: Model) -> None:
    machine = on(Machine(lambda rows: 0.001 * (rows + 20 + (rows - 8) ** 2)))
    assert measured_batch_size(model, 30, [2, 16, 8, 4]) == 8
    assert machine.seen[:5] == [(2, 30), (2, 30), (4, 30), (8, 30), (16, 30)]
    assert len(machine.seen) == 1 + 5 * 4


def test_passes_that_were_recorded_on_the_way_are_given_back(
    on: Any, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Machine(lambda rows: 0.01 * rows))
    network = GraphedNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2))
    forgotten: list[None] = []
    monkeypatch.setattr(network, "forget_passes", lambda: forgotten.append(None))
    measured_batch_size(replace(model, network=network), 30, [4, 8])
    assert forgotten == [None]


def test_of_equals_it_is_the_smallest(on: Any, model: Model) -> None:
    on(Machine(lambda rows: 0.01 * rows))
    assert measured_batch_size(model, 30, [4, 8, 16]) == 4


def test_the_length_is_that_of_the_window(on: Any, model: Model) -> None:
    machine = on(Machine(lambda _: 0.01))
    usual = rows_at_once(model, model.window_length + 2, "auto")
    assert measured_batch_size(model) == 4 * usual
    assert machine.seen[-1] == (4 * usual, model.window_length + 2)


def test_a_large_network_is_measured_twice_and_no_more(on: Any, model: Model) -> None:
    machine = on(Machine(lambda rows: 10.0 * rows**0.5))
    assert measured_batch_size(model, 30, [1, 2, 4, 8]) == 2
    assert [rows for rows, _ in machine.seen] == [1, 1, 2]


def test_what_does_not_fit_is_left_out(on: Any, model: Model) -> None:
    on(Machine(lambda _: 0.01, most_rows=8))
    assert measured_batch_size(model, 30, [4, 8, 16, 32]) == 8
    on(Machine(lambda _: 0.01, most_rows=1))
    with pytest.raises(DeviceMemoryError):
        measured_batch_size(model, 30, [4, 8])


def test_a_gpu_may_prepare_for_each_size(on: Any, model: Model) -> None:
    on_gpu = replace(model, device=torch.device("cuda"))

    def cost(rows: int) -> float:
        preparing = machine.seen.count((rows, 30)) <= 2
        return 0.3 * preparing + 0.001 * (rows + 20 + (rows - 8) ** 2)

    machine = on(Machine(cost))
    assert measured_batch_size(on_gpu, 30, [4, 8, 16, 32]) == 8
    assert [rows for rows, _ in machine.seen[:12]] == [4] * 3 + [8] * 3 + [16] * 3 + [32] * 3


def test_a_gpu_does_not_prepare_for_what_takes_long_or_does_not_fit(on: Any, model: Model) -> None:
    on_gpu = replace(model, device=torch.device("cuda"))
    machine = on(Machine(lambda rows: 0.1 * rows))
    assert measured_batch_size(on_gpu, 30, [4, 8, 16, 32, 64]) == 4
    assert max(rows for rows, _ in machine.seen) == 16
    on(Machine(lambda _: 0.01, most_rows=8))
    assert measured_batch_size(on_gpu, 30, [4, 8, 16, 32]) == 8
    on(Machine(lambda _: 0.01, most_rows=1))
    with pytest.raises(DeviceMemoryError):
        measured_batch_size(on_gpu, 30, [4, 8])


def test_candidates_are_sizes(model: Model) -> None:
    with pytest.raises(ModelError, match="no batch size to choose from"):
        measured_batch_size(model, 30, [])
    with pytest.raises(ModelError, match="a whole number above 0"):
        measured_batch_size(model, 30, [0, 4])
    assert measured_batch_size(model, 30, [7, 7]) == 7


def test_a_real_network_is_timed() -> None:
    assert measured_batch_size(load_model("enhancer-mini"), 20, [1, 2], seconds=0.05) in (1, 2)
