"""Errors and rates of networks whose errors are known by hand."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from enhancer_variants.admission import bench as bench_module
from enhancer_variants.admission.bench import Bench
from enhancer_variants.admission.windows import changes_to_read, pairs_of
from enhancer_variants.errors import MissingDependencyError, ModelError
from enhancer_variants.genome import Reference
from enhancer_variants.models import Model
from enhancer_variants.progress import ProgressBar

BF16 = ("bf16", "torch")


class Changed(torch.nn.Module):
    """Another network's logits, changed."""

    def __init__(self, network: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.network, self.change, self.config = network, change, network.config

    def forward(self, *inputs: Any, **options: Any) -> torch.Tensor:
        return self.change(self.network(*inputs, **options))


def changed(model: Model, change: Callable[[torch.Tensor], torch.Tensor]) -> Model:
    return dataclasses.replace(model, network=Changed(model.network, change))  # type: ignore[arg-type]


@pytest.fixture
def genome(make_reference: Callable[..., Reference]) -> Reference:
    generator = random.Random(1)
    return make_reference(chr1="".join(generator.choices("ACGT", k=4000)))


@pytest.fixture
def judge(position_model: Callable[..., Model]) -> Model:
    return position_model()


@pytest.fixture
def bench(genome: Reference, judge: Model) -> Bench:
    changes, named = changes_to_read(genome, None, 150, seed=2)
    pairs = pairs_of(changes, named, genome, judge.window_length, 150, 2)
    return Bench.of(judge, pairs, ProgressBar(False), 2)


def test_logits_that_are_a_little_larger_are_off_by_as_much_of_the_shift(bench: Bench) -> None:
    model = changed(bench.judge, lambda logits: logits * 1.25)
    reference, row = bench.rows([BF16], lambda *_: model)
    assert (reference.verdict, reference.what, reference.speedup) == (
        "reference",
        "fp32 on torch",
        1.0,
    )
    assert (row.verdict, row.what, row.admitted) == ("approximate", "bf16 on torch", False)
    assert row.errors is not None
    assert row.errors.largest == pytest.approx(0.25 * abs(bench.expected).max(), rel=1e-4)
    assert row.errors.rank_correlation == pytest.approx(1.0, abs=1e-4)
    assert row.speedup == row.sequences_per_second / reference.sequences_per_second


def test_the_same_logits_are_exact_and_others_in_another_order_refused(bench: Bench) -> None:
    same = bench.judge
    backwards = changed(same, lambda logits: -logits)
    _, first, second = bench.rows(
        [BF16, ("fp16", "torch")], lambda precision, _: same if precision == "bf16" else backwards
    )
    assert (first.verdict, second.verdict) == ("exact", "refused")
    assert first.errors is not None
    assert first.errors.largest == 0.0
    assert second.errors is not None
    assert second.errors.rank_correlation == pytest.approx(-1.0)


def test_shifts_that_are_not_finite_are_refused_and_counted(bench: Bench) -> None:
    _, row = bench.rows([BF16], lambda *_: changed(bench.judge, lambda logits: logits * np.inf))
    assert row.verdict == "refused"
    assert row.detail == "150 of 150 shifts are not finite"


@pytest.mark.parametrize(
    "error",
    [
        MissingDependencyError("install enhancer-variants[openvino].\nMore."),
        ModelError("install enhancer-variants[openvino]"),
        RuntimeError("install enhancer-variants[openvino]."),
    ],
)
def test_what_cannot_be_loaded_is_a_row_that_says_why(bench: Bench, error: Exception) -> None:
    def load(*_: str) -> Model:
        raise error

    _, row = bench.rows([("fp32", "openvino")], load)
    assert row.verdict == "not available"
    assert row.detail == "install enhancer-variants[openvino]"
    assert row.errors is None
    assert row.speedup is None


def test_numbers_that_the_device_has_not_are_a_row_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def eye(*_: object, **__: object) -> torch.Tensor:
        raise TypeError  # as torch does on older Macs

    monkeypatch.setattr(torch, "eye", eye)
    _, row = bench.rows([BF16], lambda *_: bench.judge)
    assert (row.verdict, row.detail) == ("not available", "TypeError")


def test_a_gpu_may_say_itself_that_it_has_no_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    eye = torch.eye
    monkeypatch.setattr(torch, "eye", lambda size, **numbers: eye(size, dtype=numbers["dtype"]))
    # A T4 can hold such numbers, and computes with them as with others: slowly.
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda *, including_emulation=True: including_emulation
    )
    monkeypatch.setattr(torch.cuda, "device", contextlib.nullcontext)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla T4")
    missing = bench_module._missing_type
    assert missing("bf16", torch.device("cuda")) == "Tesla T4 does not compute in bf16"
    assert missing("fp16", torch.device("cuda")) == ""


def test_what_is_hopelessly_slow_is_not_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = dataclasses.replace(bench.judge, name="slow")
    monkeypatch.setattr(bench_module, "_quickest", lambda m, _: 8.0 if m is slow else 2.0)
    assert len(bench.tokens.lengths) / 0.5 > 60
    _, row = bench.rows([BF16], lambda *_: slow)
    assert (row.verdict, row.errors) == ("slower", None)
    assert (row.sequences_per_second, row.speedup) == (0.5, 0.25)
    assert "not looked at" in row.detail


def test_what_is_slow_and_yet_soon_done_is_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = dataclasses.replace(bench.judge, name="slow")
    monkeypatch.setattr(bench_module, "_quickest", lambda m, _: 0.8 if m is slow else 0.2)
    assert len(bench.tokens.lengths) / 5 < 60 < len(bench.tokens.lengths) / 0.5
    _, row = bench.rows([BF16], lambda *_: slow)
    assert row.verdict == "exact"


def test_rates_are_medians_of_rounds_that_take_turns(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (dataclasses.replace(bench.judge, name=name) for name in ("one", "two"))
    seconds = itertools.chain.from_iterable(zip([1, 5, 2, 9, 4], [8, 1, 1, 1, 1], strict=True))
    turns: list[str] = []

    def scripted(model: Model, _: object) -> float:
        turns.append(model.name)
        return float(next(seconds))

    monkeypatch.setattr(bench_module, "_seconds", scripted)
    rows = len(bench.timed.lengths)
    assert bench_module._rates([one, two], bench.timed) == [rows / 4, rows / 1]
    assert turns == ["one", "two"] * 5


def test_the_quickest_pass_counts_but_for_the_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.1, 3.0, 2.0, 4.0])
    monkeypatch.setattr(bench_module, "_seconds", lambda *_: next(seconds))
    assert bench_module._quickest(bench.judge, bench.timed) == 2.0


def test_rates_are_measured_on_whole_batches(bench: Bench) -> None:
    assert 0 < len(bench.timed.lengths) <= 512
    assert np.array_equal(bench.timed.ids, bench.tokens.ids[: len(bench.timed.ids)])


def test_a_reference_that_is_not_finite_is_an_error(bench: Bench) -> None:
    broken = changed(bench.judge, lambda logits: logits * np.nan)
    with pytest.raises(ModelError, match=r"^model enhancer gives logits in fp32 that are not fin"):
        Bench.of(broken, bench.pairs, ProgressBar(False), 2)
