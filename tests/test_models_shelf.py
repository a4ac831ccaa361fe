from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import CheckpointError, ModelError
from enhancer_variants.models import ModelShelf, predict_logits, tokenize
from enhancer_variants.models import shelf as module


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Four copies of one small model."""
    names = ["A", "B", "C", "D"]
    return {name: Path(shutil.copytree(demo_files().model, tmp_path / name)) for name in names}


def size(sources: dict[str, Path]) -> int:
    return module._size(ModelShelf(sources).models[0])


def loaded(shelf: ModelShelf) -> list[str]:
    return [
        model.name for model in shelf.models if model.network.pooler.weight.device.type == "cpu"
    ]


def test_all_models_stay_where_they_fit(sources: dict[str, Path]) -> None:
    shelf = ModelShelf(sources, memory=4 * size(sources))
    assert shelf.complete
    assert [model.name for model in shelf.models] == list(sources)
    assert all(shelf.ready(model) is model for model in shelf.models)


def test_the_first_stay_and_one_place_is_left_for_the_others(sources: dict[str, Path]) -> None:
    shelf = ModelShelf(sources, memory=3 * size(sources))
    assert not shelf.complete
    assert loaded(shelf) == ["A", "B"]
    assert shelf.models[2].network.pooler.weight.device.type == "meta"


@pytest.mark.parametrize("memory", [0, "1K", 1])
def test_a_model_is_loaded_however_little_memory_there_is(
    sources: dict[str, Path], memory: int | str
) -> None:
    shelf = ModelShelf(sources, memory=memory)
    assert loaded(shelf) == []
    complete = ModelShelf(sources)
    for outline, model in zip(shelf.models, complete.models, strict=True):
        assert outline.window_length == model.window_length
        assert outline.longest == model.longest
        tokens = tokenize(["ACGT" * 50], model.vocabulary)
        expected = predict_logits(model, tokens)
        assert (predict_logits(shelf.ready(outline), tokens) == expected).all()


def test_weights_that_change_meanwhile_are_noticed(sources: dict[str, Path]) -> None:
    shelf = ModelShelf(sources, memory=0)
    (sources["B"] / "enhancer_variants.json").unlink()
    weights = sources["B"] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert shelf.ready(shelf.models[0]).name == "A"
    with pytest.raises(ModelError, match="model B changed while they were in use"):
        shelf.ready(shelf.models[1])


def test_the_last_model_is_checked_before_anything_is_scored(sources: dict[str, Path]) -> None:
    (sources["D"] / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"D.config.json"):
        ModelShelf(sources, memory=0)


@pytest.mark.parametrize(
    ("text", "size"), [("8GB", 8 * 2**30), ("512M", 2**29), ("1.5 kib", 1536), ("12", 12)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert module._bytes(text) == size


@pytest.mark.parametrize("memory", ["much", -1, True, None, "8XB"])
def test_what_is_no_size_is_refused(memory: object) -> None:
    with pytest.raises(ModelError, match="model_memory is"):
        ModelShelf({}, memory=memory)


def test_free_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    free = module._free_memory(torch.device("cpu"))
    assert free > 2**26
    monkeypatch.setattr(module, "_MEMORY_FILE", "/no/such/file")
    assert module._free_memory(torch.device("cpu")) > 2**26


def test_openvino_has_weights_of_its_own(sources: dict[str, Path]) -> None:
    one = {"A": sources["A"]}
    (model,) = ModelShelf(one, device="cpu", backend="openvino").models
    assert model.backend == "openvino"
    assert module._size(model) == 2 * size(one)


@pytest.mark.parametrize(
    ("most", "used", "folder"),
    [
        ("memory.max", "memory.current", "."),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory"),
    ],
)
def test_a_container_has_what_its_group_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str, used: str, folder: str
) -> None:
    monkeypatch.setattr(module, "_GROUPS", str(tmp_path))
    everything = module._free_memory(torch.device("cpu"))
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / most).write_text("5000000\n")
    (tmp_path / folder / used).write_text("1000000\n")
    assert module._free_memory(torch.device("cpu")) == 4_000_000 < everything
    (tmp_path / folder / most).write_text("max\n")
    assert module._free_memory(torch.device("cpu")) > 4_000_000
