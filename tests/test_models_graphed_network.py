"""Recorded passes, with a stand-in for CUDA's recorder: which are recorded, and what is read."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from enhancer_variants.models import DnabertNetwork, NetworkConfig
from enhancer_variants.models import graphed_network as module
from enhancer_variants.models.graphed_network import GraphedNetwork

CONFIG = NetworkConfig(69, 8, 2, 2, 16, 32, 2, 1e-12, 2)


@pytest.fixture
def networks() -> tuple[DnabertNetwork, GraphedNetwork]:
    torch.manual_seed(0)
    plain = DnabertNetwork(CONFIG).requires_grad_(False).eval()
    graphed = GraphedNetwork(CONFIG).requires_grad_(False).eval()
    graphed.load_state_dict(plain.state_dict())
    return plain, graphed


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Shapes that were recorded, by a recorder that computes again where CUDA would replay."""
    shapes: list[torch.Size] = []

    def record(compute: Any, ids: torch.Tensor, bias: torch.Tensor | None) -> Any:
        shapes.append(ids.shape)
        ids, bias = torch.zeros_like(ids), None if bias is None else torch.zeros_like(bias)
        logits = torch.zeros(len(ids), CONFIG.num_labels)
        return module._RecordedPass(lambda: logits.copy_(compute(ids, bias)), ids, bias, logits)

    monkeypatch.setattr(module, "_record", record)
    monkeypatch.setattr(module, "_is_recordable", lambda _: True)
    return shapes


def batch(rows: int, tokens: int, seed: int) -> torch.Tensor:
    return torch.randint(5, 69, (rows, tokens), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_a_shape_is_recorded_when_it_comes_again(
    networks: tuple[DnabertNetwork, GraphedNetwork], recorded: list[torch.Size], padding: Any
) -> None:
    plain, graphed = networks
    kept = []
    for seed, lengths in enumerate([None, None, None, [6, 6, 6], [5, 5, 5], [7, 4, 5], [4, 6, 7]]):
        ids = batch(3, 8, seed)
        given = None if lengths is None else torch.tensor(lengths)
        kept.append((graphed(ids, given, padding=padding), plain(ids, given, padding=padding)))
    assert recorded == [(3, 8)] * 3  # without padding, with one length, with several
    for found, expected in kept:  # a replay does not write over what an earlier one gave
        assert torch.equal(found, expected)


def test_only_so_many_shapes_are_recorded(
    networks: tuple[DnabertNetwork, GraphedNetwork], recorded: list[torch.Size]
) -> None:
    plain, graphed = networks
    for rows in range(1, 8):
        ids = batch(rows, 5, rows)
        for _ in range(2):
            assert torch.equal(graphed(ids), plain(ids))
    assert len(recorded) == module._MOST_SHAPES


def test_forgotten_passes_are_recorded_anew(
    networks: tuple[DnabertNetwork, GraphedNetwork], recorded: list[torch.Size]
) -> None:
    plain, graphed = networks
    for rows in range(1, 8):
        for _ in range(2):
            graphed(batch(rows, 5, rows))
        graphed.forget_passes()
    assert len(recorded) == 7
    assert torch.equal(graphed(batch(7, 5, 7)), plain(batch(7, 5, 7)))


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("out of memory"), RuntimeError("not permitted")]
)
def test_what_cannot_be_recorded_is_computed(
    networks: tuple[DnabertNetwork, GraphedNetwork],
    recorded: list[torch.Size],
    monkeypatch: pytest.MonkeyPatch,
    error: RuntimeError,
) -> None:
    plain, graphed = networks
    asked: list[torch.Size] = []
    small, large = batch(2, 8, 0), batch(3, 8, 1)
    for _ in range(2):
        graphed(small)

    def fail(_: Any, ids: torch.Tensor, __: Any) -> None:
        asked.append(ids.shape)
        raise error

    monkeypatch.setattr(module, "_record", fail)
    graphed(large)
    with pytest.warns(RuntimeWarning, match=f"3 rows of 8 tokens are not recorded.*{error}"):
        assert torch.equal(graphed(large), plain(large))
    for ids in (large, batch(4, 8, 2), batch(4, 8, 3), small):
        assert torch.equal(graphed(ids), plain(ids))
    assert asked == [(3, 8)]  # it is not tried again
    assert recorded == [(2, 8)]  # and what was recorded before is of use still


@pytest.mark.filterwarnings("ignore:passes of 9 rows:RuntimeWarning")
def test_small_passes_are_recorded_once_a_large_one_that_did_not_fit_is_forgotten(
    networks: tuple[DnabertNetwork, GraphedNetwork],
    recorded: list[torch.Size],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when a batch size is measured, and the largest candidate takes too much memory."""
    _, graphed = networks
    record = module._record

    def in_little_memory(compute: Any, ids: torch.Tensor, bias: torch.Tensor | None) -> Any:
        if len(ids) > 8:
            raise torch.OutOfMemoryError("out of memory")
        return record(compute, ids, bias)

    monkeypatch.setattr(module, "_record", in_little_memory)
    for rows in (4, 9):
        for _ in range(2):
            graphed(batch(rows, 5, rows))
    graphed.forget_passes()
    for _ in range(2):
        graphed(batch(4, 5, 4))
    assert recorded == [(4, 5), (4, 5)]


@pytest.mark.usefixtures("recorded")
def test_two_threads_do_not_take_each_others_results(
    networks: tuple[DnabertNetwork, GraphedNetwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, graphed = networks
    replaying, found = threading.Event(), list[torch.Tensor]()
    one, other = batch(3, 8, 1), batch(3, 8, 2)
    for _ in range(2):
        graphed(one)
    recorded_pass = next(iter(graphed._passes.values()))
    assert recorded_pass is not None

    def slow_replay() -> None:
        replaying.set()
        if threading.current_thread() is first:
            second.join(0.05)  # as long as another thread would need to write over the input
        recorded_pass.replay()

    slow = dataclasses.replace(recorded_pass, replay=slow_replay)
    monkeypatch.setitem(graphed._passes, next(iter(graphed._passes)), slow)
    second = threading.Thread(target=lambda: replaying.wait() and graphed(other))
    first = threading.Thread(target=lambda: found.append(graphed(one)))
    second.start()
    first.start()
    first.join()
    second.join()
    assert torch.equal(found[0], plain(one))


def test_on_a_cpu_it_is_the_plain_network(
    networks: tuple[DnabertNetwork, GraphedNetwork],
) -> None:
    plain, graphed = networks
    ids = batch(2, 9, 0)
    with torch.inference_mode():
        assert torch.equal(graphed(ids), plain(ids))
    assert not graphed._passes


class Stream:
    """Stands in for a CUDA stream."""

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device


class Graph:
    """Stands in for a CUDA graph."""

    memory: object = None

    def pool(self) -> object:
        return self.memory

    def replay(self) -> None:
        pass


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Where and in which mode passes are recorded, by stand-ins for CUDA's streams and graphs."""
    found: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def graph(graph: Graph, *, pool: object, **options: Any) -> Iterator[None]:
        found.append({**options, "pool": pool, "inference": torch.is_inference_mode_enabled()})
        graph.memory = pool or object()
        yield

    stand_ins = {"Stream": Stream, "CUDAGraph": Graph, "graph": graph, "current_stream": Stream}
    contexts = dict.fromkeys(("stream", "device"), contextlib.nullcontext)
    for name, stand_in in {**stand_ins, **contexts}.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    module._recorder.cache_clear()
    yield found
    module._recorder.cache_clear()


def record(device: str = "cpu") -> Any:
    def compute(ids: torch.Tensor, _: torch.Tensor | None) -> torch.Tensor:
        assert torch.is_inference_mode_enabled()
        return ids.float()

    with torch.inference_mode():
        return module._record(compute, torch.ones(2, 3, device=device), None)


def test_passes_share_the_memory_and_the_stream_of_their_gpu(
    recordings: list[dict[str, Any]],
) -> None:
    first = record()
    _, elsewhere = record(), record("meta")
    one, two, other = recordings
    assert (one["pool"], two["pool"], other["pool"]) == (None, first.replay.__self__.pool(), None)
    assert one["stream"] is two["stream"]
    assert (one["stream"].device, other["stream"].device) == (
        first.ids.device,
        elsewhere.ids.device,
    )
    assert not any(recording["inference"] for recording in recordings)
    assert {recording["capture_error_mode"] for recording in recordings} == {"thread_local"}


def test_the_memory_of_passes_that_are_gone_is_not_asked_for(
    recordings: list[dict[str, Any]],
) -> None:
    for _ in range(2):
        record()
    assert [recording["pool"] for recording in recordings] == [None, None]


def test_other_streams_than_the_common_one_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ids: Any = SimpleNamespace(is_cuda=True, device="cuda:1")
    current = {"cuda:0": "other", "cuda:1": "common"}
    monkeypatch.setattr(torch.cuda, "current_stream", current.get)
    monkeypatch.setattr(torch.cuda, "default_stream", lambda _: "common")
    assert not module._is_recordable(ids)
    with torch.inference_mode():
        assert module._is_recordable(ids)
        current["cuda:1"] = "other"
        assert not module._is_recordable(ids)
