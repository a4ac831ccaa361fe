"""What computes a result is named, so that a run is only gone on with where it is the same."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

import pytest
import torch

from enhancer_variants.demo import demo_files
from enhancer_variants.models import Model, load_model
from enhancer_variants.models.conditions import computing_conditions


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(demo_files().model, device="cpu")


def test_a_model_on_a_cpu_has_threads(model: Model) -> None:
    conditions = computing_conditions([model, model])
    assert conditions["devices"] == [f"cpu {torch.backends.cpu.get_cpu_capability()}"]
    assert conditions["threads"] == torch.get_num_threads()
    assert conditions["versions"]["torch"] == version("torch")  # type: ignore[index, call-overload]


def test_devices_have_names_and_threads_do_not_matter_there(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"H200 {device.index}")
    elsewhere = [replace(model, device=torch.device(name)) for name in ("mps", "cuda:1")]
    conditions = computing_conditions(elsewhere)
    assert conditions["devices"] == ["cuda H200 1", "mps"]
    assert conditions["threads"] is None


def test_another_backend_has_a_version_too(model: Model) -> None:
    pytest.importorskip("openvino")
    conditions = computing_conditions([model, replace(model, backend="openvino")])
    assert set(conditions["versions"]) == {  # type: ignore[arg-type]
        *("numpy", "openvino", "pyarrow", "scipy", "torch")
    }
