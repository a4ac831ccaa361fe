"""OpenVINO: the numbers of torch, and nothing left behind."""

from __future__ import annotations

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import MissingDependencyError, ModelError
from enhancer_variants.models import (
    DnabertNetwork,
    Model,
    NetworkConfig,
    load_model,
    predict_logits,
    tokenize,
)
from enhancer_variants.models import openvino_network as module
from enhancer_variants.models.openvino_network import OpenvinoNetwork, has_openvino

CONFIG = NetworkConfig(69, 16, 2, 4, 24, 40, 3, 1e-12, 2)
SEQUENCES = ["GATTACA" * 3, "ACGTNACGTACG", "C"]


@pytest.fixture(scope="module")
def networks() -> dict[str, DnabertNetwork]:
    torch.manual_seed(0)
    ours = DnabertNetwork(CONFIG).requires_grad_(False).eval()
    made: dict[str, DnabertNetwork] = {"torch": ours}
    for precision in ("fp32", "bf16"):
        network = OpenvinoNetwork(CONFIG, precision=precision).requires_grad_(False).eval()
        network.load_state_dict(ours.state_dict())
        made[precision] = network
    return made


@pytest.mark.parametrize("lengths", [None, [20, 20, 20], [20, 13, 4], [13, 13, 13]])
@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_logits_are_those_of_torch(
    networks: dict[str, DnabertNetwork], lengths: list[int] | None, padding: Any
) -> None:
    ids = torch.randint(5, 69, (3, 20), generator=torch.Generator().manual_seed(1))
    given = None if lengths is None else torch.tensor(lengths)
    with torch.inference_mode():
        exact = networks["torch"](ids, given, padding=padding)
        found = networks["fp32"](ids.int(), given, padding=padding)
        rounded = networks["bf16"](ids.int(), given, padding=padding)
    assert found.dtype == rounded.dtype == torch.float32
    torch.testing.assert_close(found, exact, atol=2e-6, rtol=1e-5)
    assert (rounded - exact).abs().max() < 0.05


def test_all_else_of_the_network_is_torchs(networks: dict[str, DnabertNetwork]) -> None:
    ids = torch.randint(5, 69, (2, 9), generator=torch.Generator().manual_seed(2))
    ours, theirs = networks["torch"], networks["fp32"]
    assert torch.equal(theirs.hidden_states(ids), ours.hidden_states(ids))
    words = ours.word_embeddings(ids).detach().requires_grad_()
    gradients = [
        torch.autograd.grad(network.logits_of_words(words)[:, 0].sum(), words)[0]
        for network in (ours, theirs)
    ]
    assert torch.equal(*gradients)


@pytest.fixture(scope="module")
def bundled() -> dict[str, Model]:
    return {
        backend: load_model("enhancer-mini", device="cpu", precision="fp32", backend=backend)
        for backend in ("torch", "openvino")
    }


def test_a_model_is_loaded_for_it(bundled: dict[str, Model]) -> None:
    assert {name: model.backend for name, model in bundled.items()} == {
        "torch": "torch",
        "openvino": "openvino",
    }
    logits = {
        name: predict_logits(model, tokenize(SEQUENCES, model.vocabulary))
        for name, model in bundled.items()
    }
    assert abs(logits["openvino"] - logits["torch"]).max() < 5e-5


def test_nothing_is_left_in_the_home(networks: dict[str, DnabertNetwork]) -> None:
    networks["fp32"](torch.tensor([[2, 5, 3]], dtype=torch.int32))
    assert list(Path.home().iterdir()) == []


def test_it_is_imported_without_its_telemetry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for OpenVINO, which imports its telemetry where it finds it."""
    (tmp_path / "openvino_telemetry.py").write_text("")
    (tmp_path / "openvino.py").write_text(
        "try:\n    import openvino_telemetry\n    telemetry = True\n"
        "except ImportError:\n    telemetry = False\n"
    )
    for name in ("openvino", "openvino_telemetry"):
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    monkeypatch.syspath_prepend(tmp_path)
    assert module._openvino().telemetry is False
    assert "openvino_telemetry" not in sys.modules


def test_without_openvino_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert not has_openvino()
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[openvino\]"):
        load_model("enhancer-mini", backend="openvino")
    assert load_model("enhancer-mini", device="cpu").backend == "torch"


def test_what_openvino_does_not_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="expected fp32 or bf16"):
        load_model("enhancer-mini", precision="fp16", backend="openvino")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ModelError, match="expected device 'cpu'"):
        load_model("enhancer-mini", device="cuda", backend="openvino")
    with pytest.raises(ModelError, match="expected auto, torch, openvino"):
        load_model("enhancer-mini", backend="onnx")  # type: ignore[arg-type]


def test_threads_that_share_a_network_have_their_own_results(
    networks: dict[str, DnabertNetwork],
) -> None:
    shared = networks["fp32"]
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randint(5, 69, (4, 40), generator=generator) for _ in range(200)]
    expected = [shared(ids) for ids in batches]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(shared, batches))
    assert all(torch.equal(ours, alone) for ours, alone in zip(found, expected, strict=True))


class _SignalStack(ctypes.Structure):
    """``stack_t`` of signal.h."""

    _fields_ = (("place", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def _signal_stack() -> tuple[int | None, int, int]:
    found = _SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found)) == 0
    return found.place, found.flags, found.size


def test_signals_of_this_thread_keep_their_stack() -> None:
    before = _signal_stack()
    model = load_model(demo_files().model, backend="openvino", device="cpu")
    predict_logits(model, tokenize(["ACGT" * 50], model.vocabulary))
    assert _signal_stack() == before
