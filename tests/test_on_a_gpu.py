"""What only a GPU can show; skipped without one. The CPU is the oracle.

pytest tests/test_on_a_gpu.py
"""

from __future__ import annotations

import gc
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch

import enhancer_variants as ev
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.errors import DeviceMemoryError
from enhancer_variants.models import (
    Model,
    Tokens,
    bundled_directory,
    load_model,
    log_odds,
    measured_batch_size,
    predict_logits,
    tokenize,
)
from enhancer_variants.models.graphed_network import GraphedNetwork

DEVICE = "cuda"

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(scope="module")
def on_cpu() -> Model:
    return load_model(bundled_directory(), device="cpu")


@pytest.fixture(scope="module")
def on_gpu() -> Model:
    return load_model(bundled_directory(), device=DEVICE, precision="fp32")


@pytest.fixture(scope="module")
def half() -> Model:
    return load_model(bundled_directory(), device=DEVICE, precision="fp16")


@pytest.fixture(autouse=True)
def _nothing_is_computed_unrecorded() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*are not recorded as CUDA graphs")
        yield


def windows(count: int, lengths: tuple[int, ...] = (200,), seed: int = 0) -> list[str]:
    bases = random.Random(seed)
    return ["".join(bases.choices("ACGT", k=bases.choice(lengths))) for _ in range(count)]


def _in_threads(compute: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=compute, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def tokens_of(model: Model, sequences: list[str]) -> Tokens:
    return tokenize(sequences, model.vocabulary)


@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_a_mask_is_read_in_fp16_as_in_float32(on_cpu: Model, half: Model, padding: Any) -> None:
    asked: dict[str, Any] = {"padding": padding, "max_seq_length": 200}
    tokens = tokens_of(on_cpu, windows(64, (101, 120, 197, 200)))
    expected = predict_logits(replace(on_cpu, **asked), tokens)
    for _ in range(3):
        found = predict_logits(replace(half, **asked), tokens, batch_size=16)
        assert np.abs(found - expected).max() < 0.1


@pytest.mark.parametrize("padding", ["none", "dnabert"])
@pytest.mark.parametrize("lengths", [(200,), (150,), (101, 120, 199, 200)])
def test_float32_gives_the_logits_of_the_cpu(
    on_cpu: Model, on_gpu: Model, padding: Any, lengths: tuple[int, ...]
) -> None:
    asked: dict[str, Any] = {"padding": padding, "max_seq_length": 200}
    tokens = tokens_of(on_cpu, windows(100, lengths))
    expected = predict_logits(replace(on_cpu, **asked), tokens)
    for _ in range(2):  # computed, recorded and replayed
        found = predict_logits(replace(on_gpu, **asked), tokens, batch_size=16)
        assert np.abs(found - expected).max() < 1e-4


def test_a_replay_gives_what_was_recorded(half: Model) -> None:
    assert isinstance(half.network, GraphedNetwork)
    half.network.forget_passes()
    tokens = tokens_of(half, windows(64))
    first = predict_logits(half, tokens, batch_size=64)
    replays = [predict_logits(half, tokens, batch_size=64) for _ in range(5)]
    assert any(half.network._passes.values())
    assert all(np.array_equal(replays[0], again) for again in replays)
    assert np.abs(replays[0] - first).max() < 0.01


def test_networks_share_memory_and_outlive_one_another(half: Model) -> None:
    tokens = tokens_of(half, windows(64))
    expected = predict_logits(half, tokens, batch_size=64)
    others = [load_model(bundled_directory(), device=DEVICE, precision="fp16") for _ in range(4)]

    def reserved_with(models: list[Model]) -> int:
        for model in models * 3:
            assert np.abs(predict_logits(model, tokens, batch_size=64) - expected).max() < 0.01
        return torch.cuda.memory_reserved()

    one = reserved_with(others[:1])
    weights = sum(p.numel() * p.element_size() for p in others[0].network.parameters())
    assert reserved_with(others) - one < 3 * (2 * weights + 2**25)
    replayed = predict_logits(others[3], tokens, batch_size=64)
    del others[:3]
    gc.collect()
    torch.cuda.empty_cache()
    _ = torch.full((2**26,), 7.0, device=DEVICE)  # takes what was given back
    assert np.array_equal(predict_logits(others[0], tokens, batch_size=64), replayed)


def test_recordings_leave_those_of_others_alone(half: Model) -> None:
    assert isinstance(half.network, GraphedNetwork)
    half.network.forget_passes()
    tokens = tokens_of(half, windows(8))
    for _ in range(3):
        predict_logits(half, tokens, batch_size=8)
    numbers = torch.zeros(4, device=DEVICE)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        doubled = numbers + torch.rand(4, device=DEVICE)
    graph.replay()
    assert (doubled.cpu() > 0).all()


def test_two_threads_record_in_turn(half: Model) -> None:
    models = [load_model(bundled_directory(), device=DEVICE, precision="fp16") for _ in range(2)]
    tokens = tokens_of(half, windows(32))
    expected = predict_logits(half, tokens, batch_size=32)
    found: list[list[np.ndarray]] = [[], []]

    def compute(number: int) -> None:
        found[number] += [predict_logits(models[number], tokens, batch_size=32) for _ in range(5)]

    _in_threads(compute)
    for own in found:
        assert [np.abs(result - expected).max() < 0.01 for result in own] == [True] * 5


def test_shifts_in_fp16_have_the_ranks_of_float32(on_cpu: Model, half: Model) -> None:
    ref = windows(400)
    alt = [window[:100] + "ACGT"["CGTA".index(window[100])] + window[101:] for window in ref]

    def shifts(model: Model) -> np.ndarray:
        odds = [log_odds(model, predict_logits(model, tokens_of(model, own))) for own in (ref, alt)]
        return odds[1] - odds[0]

    expected, found = shifts(on_cpu), shifts(half)
    for output in range(expected.shape[1]):
        assert scipy.stats.spearmanr(expected[:, output], found[:, output])[0] > 0.995
    assert np.abs(found - expected).max() < 0.2


def test_what_overflows_in_fp16_is_computed_again(half: Model) -> None:
    broken = load_model(bundled_directory(), device=DEVICE, precision="fp16")
    last: Any = broken.network.layers[-1]
    with torch.inference_mode():
        last.intermediate.bias[0] = 60_000.0  # times a weight of 2 it is more than fp16 holds
        last.output.weight[:, 0] = 2.0
    wide = load_model(bundled_directory(), device="cpu")
    wide.network.load_state_dict(
        {name: value.float().cpu() for name, value in broken.network.state_dict().items()},
        assign=True,
    )
    tokens = tokens_of(half, windows(40))
    with torch.inference_mode():
        raw = broken.network(torch.from_numpy(tokens.ids).to(DEVICE))
    assert not torch.isfinite(raw).any()  # or nothing is tested here
    found, expected = predict_logits(broken, tokens, batch_size=8), predict_logits(wide, tokens)
    assert np.isfinite(found).all()
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()


def test_two_threads_have_their_own_results(half: Model) -> None:
    sequences = [windows(200, seed=seed) for seed in (1, 2)]
    expected = [predict_logits(half, tokens_of(half, own), batch_size=32) for own in sequences]
    found: list[list[np.ndarray]] = [[], []]

    def compute(number: int) -> None:
        tokens = tokens_of(half, sequences[number])
        found[number] += [predict_logits(half, tokens, batch_size=32) for _ in range(10)]

    _in_threads(compute)
    for own, right in zip(found, expected, strict=True):
        assert len(own) == 10
        assert all(np.abs(result - right).max() < 0.01 for result in own)


def test_batches_are_started_without_waiting_for_the_gpu(half: Model) -> None:
    tokens = tokens_of(half, windows(256))
    predict_logits(half, tokens, batch_size=32)
    predict_logits(half, tokens, batch_size=32)
    torch.cuda.set_sync_debug_mode("error")
    try:
        predict_logits(half, tokens, batch_size=32)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_too_large_a_batch_names_one_that_may_fit(half: Model) -> None:
    tokens = tokens_of(half, windows(16_384))
    torch.cuda.empty_cache()
    used = torch.cuda.memory_allocated() + 2**28
    torch.cuda.set_per_process_memory_fraction(used / torch.cuda.mem_get_info()[1])
    try:
        with pytest.raises(DeviceMemoryError, match="--batch-size 8192"):
            predict_logits(half, tokens, batch_size=16_384)
        few = Tokens(tokens.ids[:64], tokens.lengths[:64])
        assert np.isfinite(predict_logits(half, few, batch_size=32)).all()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_batch_size_is_measured(half: Model) -> None:
    assert measured_batch_size(half, candidates=[32, 64, 128], seconds=1.0) in (32, 64, 128)
    assert isinstance(half.network, GraphedNetwork)
    assert not half.network._passes


@pytest.fixture
def files() -> DemoFiles:
    return demo_files()


def test_a_vcf_is_scored_as_on_the_cpu(files: DemoFiles) -> None:
    tables = {}
    for device in ("cpu", DEVICE):
        scorer = ev.VariantScorer(files.reference, enhancer=files.model, device=device)
        tables[device] = scorer.score_vcf(files.variants)
    expected, found = tables["cpu"], tables[DEVICE]
    assert list(found["status"]) == list(expected["status"])
    numbers = [name for name in expected if pd.api.types.is_float_dtype(expected[name])]
    pd.testing.assert_frame_equal(found[numbers], expected[numbers], rtol=0, atol=1e-4)


def test_a_run_in_shards_goes_on_to_the_same_bytes(files: DemoFiles, tmp_path: Path) -> None:
    def run(name: str) -> bytes:
        output = tmp_path / f"{name}.vcf"
        ev.score_run(
            files.variants,
            files.reference,
            output,
            run_dir=tmp_path / name,
            shard_records=8,
            enhancer=files.model,
            device=DEVICE,
            batch_size=16,
        )
        return output.read_bytes()

    whole = run("one")
    (tmp_path / "one.vcf").unlink()
    done = sorted((tmp_path / "one" / "done").iterdir())
    assert len(done) > 1
    done[-1].unlink()
    assert run("one") == whole
