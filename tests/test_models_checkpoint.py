"""Model directories: the originals, today's, damaged and hostile ones."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertTokenizer

from enhancer_variants.errors import CheckpointError, UnsafeCheckpointError
from enhancer_variants.models import (
    Checkpoint,
    ModelCard,
    NetworkConfig,
    Vocabulary,
    read_checkpoint,
    write_card,
)
from enhancer_variants.models.architecture import tensor_shapes

SIZES = {
    "vocab_size": 9,
    "hidden_size": 4,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 6,
    "max_position_embeddings": 8,
}


def bert(**changes: Any) -> Any:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**(SIZES | changes)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory as transformers writes it, with a vocabulary beside it."""
    path = tmp_path / "model"
    bert().save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(Vocabulary.canonical(1).tokens()) + "\n")
    return path


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """A directory as the published code writes it: no transformers_version, a pickle."""
    path = tmp_path / "legacy"
    path.mkdir()
    settings_ = {**SIZES, "hidden_act": "gelu", "num_labels": 2, "layer_norm_eps": 1e-12}
    (path / "config.json").write_text(json.dumps(settings_))
    torch.save(bert().state_dict(), path / "pytorch_model.bin")
    return path


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: v for key, v in content.items() if v is not ...}))


def reweigh(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "model.safetensors")


def refusal(folder: Path, error: type[Exception] = CheckpointError) -> str:
    with pytest.raises(error) as caught:
        read_checkpoint(folder)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "expected" in message
    return message


def test_todays_directory(folder: Path) -> None:
    found = read_checkpoint(folder)
    assert found.config == NetworkConfig(9, 4, 2, 2, 6, 8, 2, 1e-12, 2)
    assert (found.vocabulary, found.labels) == (Vocabulary.canonical(1), ("LABEL_0", "LABEL_1"))
    assert (found.card, found.legacy, found.task) == (None, False, "single_label")
    assert found.weights_file == "model.safetensors"
    for name, tensor in bert().state_dict().items():
        assert torch.equal(found.tensors[name], tensor)


def test_the_published_codes_directory(legacy: Path) -> None:
    for unopened in ("training_args.bin", "optimizer.pt", "scheduler.pt", "modeling_bert.py"):
        os.mkfifo(legacy / unopened)  # opening one would wait for ever
    found = read_checkpoint(str(legacy))
    assert found.legacy
    assert found.weights_file == "pytorch_model.bin"
    assert found.vocabulary == Vocabulary.canonical(1)


@pytest.mark.parametrize("name", ["enhancer6", "enhancer3", "tf6", "trained6_from_base6"])
def test_the_originals_own_checkpoints(oracle: Path, name: str) -> None:
    found = read_checkpoint(oracle / "checkpoints" / name)
    assert found.legacy
    assert found.vocabulary == Vocabulary.canonical(3 if name == "enhancer3" else 6)
    expected = torch.load(oracle / "checkpoints" / name / "pytorch_model.bin", weights_only=True)
    assert found.tensors.keys() == expected.keys()
    assert all(torch.equal(found.tensors[key], expected[key]) for key in expected)


def test_safetensors_is_preferred(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"a pickle that nobody reads")
    assert read_checkpoint(folder).weights_file == "model.safetensors"


def test_links_of_a_hub_cache_are_followed(folder: Path, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    shutil.move(folder / "model.safetensors", blob)
    (folder / "model.safetensors").symlink_to(blob)
    assert read_checkpoint(folder).weights_file == "model.safetensors"


def test_old_names_pretraining_heads_and_position_ids(legacy: Path) -> None:
    state = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in bert().state_dict().items()
    }
    state["bert.embeddings.position_ids"] = torch.arange(8)[None]
    state["cls.predictions.decoder.weight"] = state["bert.embeddings.word_embeddings.weight"]
    torch.save(state, legacy / "pytorch_model.bin")
    found = read_checkpoint(legacy)
    assert found.tensors.keys() == bert().state_dict().keys()


def test_half_precision_weights_are_read_as_float32(folder: Path) -> None:
    reweigh(folder, lambda tensors: tensors.update({n: t.half() for n, t in tensors.items()}))
    assert {t.dtype for t in read_checkpoint(folder).tensors.values()} == {torch.float32}


def test_the_vocabulary_of_todays_tokenizer_is_read(folder: Path) -> None:
    reordered = Vocabulary.from_tokens(Vocabulary.canonical(1).tokens()[::-1], "")
    (folder / "vocab.txt").write_text("\n".join(reordered.tokens()))
    BertTokenizer.from_pretrained(folder, do_lower_case=False).save_pretrained(folder)
    assert read_checkpoint(folder).vocabulary == reordered
    (folder / "vocab.txt").unlink()
    assert (folder / "tokenizer.json").exists()
    assert read_checkpoint(folder).vocabulary == reordered
    (folder / "tokenizer.json").unlink()
    assert read_checkpoint(folder).vocabulary == Vocabulary.canonical(1)


@pytest.mark.parametrize(
    ("problem_type", "task"),
    [
        (..., "single_label"),
        (None, "single_label"),
        ("single_label_classification", "single_label"),
        ("multi_label_classification", "multi_label"),
    ],
)
def test_the_task_is_that_of_the_config(folder: Path, problem_type: Any, task: str) -> None:
    configure(folder, problem_type=problem_type, id2label={"0": "CTCF", "1": "MAX::MYC"})
    found = read_checkpoint(folder)
    assert (found.task, found.labels) == (task, ("CTCF", "MAX::MYC"))


def test_one_output_is_a_multi_label_model_or_none(tmp_path: Path) -> None:
    bert(num_labels=1, problem_type="multi_label_classification").save_pretrained(tmp_path / "m")
    assert read_checkpoint(tmp_path / "m").config.num_labels == 1
    bert(num_labels=1).save_pretrained(tmp_path / "regression")
    assert "a classifier with one output" in refusal(tmp_path / "regression")


def card(**changes: Any) -> ModelCard:
    return ModelCard(
        **({"name": "CTCF", "task": "single_label", "labels": ("no", "yes")} | changes)
    )


def test_the_card_names_labels_and_task(folder: Path) -> None:
    digest = read_checkpoint(folder).weights_sha256
    said = card(kmer=1, weights_sha256=digest)
    write_card(said, folder / "enhancer_variants.json")
    found = read_checkpoint(folder)
    assert (found.card, found.labels, found.task) == (said, ("no", "yes"), "single_label")
    write_card(card(task="multi_label"), folder / "enhancer_variants.json")
    assert read_checkpoint(folder).task == "multi_label"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"weights_sha256": "0" * 64}, "key 'weights_sha256' is '000"),
        ({"kmer": 6}, "key 'kmer' is 6, but the directory's other files say 1"),
        ({"labels": ("a", "b", "c")}, "key 'labels' has 3 names; expected 2"),
    ],
)
def test_a_card_that_contradicts_its_directory_is_refused(
    folder: Path, said: Any, message: str
) -> None:
    write_card(card(**said), folder / "enhancer_variants.json")
    assert message in refusal(folder)


def test_a_card_that_contradicts_the_config_is_refused(folder: Path) -> None:
    configure(folder, id2label={"0": "yes", "1": "no"})
    write_card(card(), folder / "enhancer_variants.json")
    assert "key 'labels' is ('no', 'yes'), but" in refusal(folder)
    configure(folder, id2label=..., problem_type="multi_label_classification")
    assert "key 'task' is 'single_label', but" in refusal(folder)


def test_a_card_that_is_none_is_refused(folder: Path) -> None:
    (folder / "enhancer_variants.json").symlink_to("nowhere")
    assert "enhancer_variants.json: No such file" in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model_type", "roberta", "'model_type' is 'roberta'; expected 'bert'"),
        ("hidden_act", "gelu_new", "'hidden_act' is 'gelu_new'; expected 'gelu'"),
        ("hidden_act", ["gelu"], "'hidden_act' is ['gelu']"),
        ("position_embedding_type", "relative_key", "expected 'absolute'"),
        ("is_decoder", True, "'is_decoder' is True; expected False"),
        ("pruned_heads", {"0": [1]}, "'pruned_heads' is {'0': [1]}; expected {}"),
        ("problem_type", "regression", "'problem_type' is 'regression'"),
        ("architectures", ["RobertaForSequenceClassification"], "'architectures' is"),
        ("architectures", "Bert", "'architectures' is 'Bert'"),
        ("architectures", [7], "'architectures' is [7]"),
        ("architectures", ["BertForLongSequenceClassification"], "dnalong, are not supported"),
        ("layer_norm_eps", 0.0, "'layer_norm_eps' is 0.0"),
        ("layer_norm_eps", "1e-12", "'layer_norm_eps' is '1e-12'"),
        ("hidden_size", True, "'hidden_size' is True; expected a whole number above 0"),
        ("hidden_size", 4.0, "'hidden_size' is 4.0"),
        ("hidden_size", ..., "'hidden_size' is None"),
        ("hidden_size", -4, "'hidden_size' is -4"),
        ("hidden_size", 10**12, "is (9, 4); expected the shape (9, 1000000000000)"),
        ("hidden_size", 5, "'hidden_size' is 5; expected a multiple of 'num_attention_heads', 2"),
        ("num_attention_heads", 10**12, "expected a multiple of 'num_attention_heads'"),
        ("num_hidden_layers", 10**9, "'num_hidden_layers' is 1000000000; expected at most 2"),
        pytest.param("num_hidden_layers", 10**3000, "'num_hidden_layers' is 1000", id="absurd"),
        ("num_hidden_layers", 1, "is no part of a BertForSequenceClassification of 1 layers"),
        ("num_hidden_layers", 0, "'num_hidden_layers' is 0"),
        ("vocab_size", 69, "expected the shape (69, 4)"),
        ("type_vocab_size", 1, "expected the shape (1, 4)"),
        ("id2label", {"0": "a"}, "'id2label' is {'0': 'a'}, 'num_labels' 2; expected a different"),
        ("id2label", {"0": "a", "1": "a"}, "expected a different name"),
        ("id2label", {"0": "a", "1": 7}, "expected a different name"),
        ("id2label", {"0": "a", "1": "\n"}, "expected a different name"),
        ("id2label", ["a", "b"], "expected a different name"),
        ("num_labels", 3, "'num_labels' 3; expected a different name"),
    ],
)
def test_a_config_of_something_else_is_refused(
    folder: Path, key: str, value: Any, message: str
) -> None:
    configure(folder, **{key: value})
    assert message in refusal(folder)


def without_head(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["classifier.weight"], tensors["classifier.bias"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_head, "no classifier.weight, so this is a base model"),
        (lambda t: t.update({"rnn.weight_ih_l0": torch.zeros(1)}), "(dnalong), which are not"),
        (lambda t: t.update({"classifier.weight": torch.zeros(4)}), "has shape (4,); expected"),
        (lambda t: t.pop("bert.pooler.dense.bias"), "'bert.pooler.dense.bias' is missing"),
        (lambda t: t.update({"extra": torch.zeros(1)}), "tensor 'extra' is no part of"),
        (lambda t: t["classifier.bias"].fill_(float("nan")), "holds NaN or infinity"),
        (lambda t: t["classifier.bias"].fill_(float("inf")), "holds NaN or infinity"),
        (
            lambda t: t.update({"classifier.bias": torch.zeros(2, dtype=torch.int64)}),
            "'classifier.bias' is torch.int64; expected floats",
        ),
    ],
)
def test_weights_of_something_else_are_refused(folder: Path, change: Any, message: str) -> None:
    reweigh(folder, change)
    assert message in refusal(folder)


def test_a_base_model_is_to_be_fine_tuned_first(tmp_path: Path) -> None:
    BertForMaskedLM(BertConfig(**SIZES)).save_pretrained(tmp_path)
    assert "fine-tune it on labelled sequences first" in refusal(tmp_path)


def test_directories_that_are_none(folder: Path, tmp_path: Path) -> None:
    assert "no such directory; expected a model directory" in refusal(tmp_path / "absent")
    assert "no directory but a file" in refusal(folder / "config.json")
    (folder / "model.safetensors").unlink()
    assert "neither model.safetensors nor pytorch_model.bin" in refusal(folder)
    (folder / "pytorch_model.bin.index.json").touch()
    assert "weights in several files" in refusal(folder)
    (folder / "config.json").unlink()
    assert "no config.json" in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_pipes_devices_and_loops_are_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert "a pipe, device or directory" in refusal(folder)
    for target in ("/dev/zero", name):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
        assert name in refusal(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "expected one token a line in UTF-8"),
        (b"A\nT\n", "2 tokens; expected 4**k + 5"),
        ("\n".join(Vocabulary.canonical(2).tokens()).encode(), "21 tokens; expected 9, the"),
    ],
)
def test_a_vocabulary_of_something_else_is_refused(
    folder: Path, content: bytes, message: str
) -> None:
    (folder / "vocab.txt").write_bytes(content)
    assert message in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"model": []},
        {"model": {"vocab": ["A"]}},
        {"model": {"vocab": {"A": 1}}},
        {"model": {"vocab": {"A": False}}},
        {"model": {"vocab": {"A": 0, "T": 0}}},
        {"model": {"vocab": {"A": "0"}}},
    ],
)
def test_a_tokenizer_of_something_else_is_refused(folder: Path, content: Any) -> None:
    (folder / "vocab.txt").unlink()
    (folder / "tokenizer.json").write_text(json.dumps(content))
    assert "no 'model.vocab' that gives each token an id" in refusal(folder)


def test_a_size_that_fits_no_k_needs_a_vocabulary(tmp_path: Path) -> None:
    bert(vocab_size=10).save_pretrained(tmp_path)
    assert "'vocab_size' is 10 and there is no vocab.txt" in refusal(tmp_path)


def test_a_hostile_pickle_is_unsafe_and_named(legacy: Path) -> None:
    class Shell:
        def __reduce__(self) -> Any:
            return os.system, ("true",)

    torch.save({"classifier.weight": Shell()}, legacy / "pytorch_model.bin")
    assert "system', which could run code" in refusal(legacy, UnsafeCheckpointError)


def test_every_shape_is_that_of_transformers() -> None:
    config = NetworkConfig(9, 4, 2, 2, 6, 8, 2, 1e-12, 3)
    expected = {n: tuple(t.shape) for n, t in bert(num_labels=3).state_dict().items()}
    assert dict(tensor_shapes(config)) == expected


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One directory in each format of weights, each with every file that is read."""
    folders = []
    model = bert(num_hidden_layers=1)
    for kind in ("safetensors", "zip", "bare"):
        folder = tmp_path_factory.mktemp(kind)
        model.config.save_pretrained(folder)
        if kind == "safetensors":
            model.save_pretrained(folder)
        else:
            path, zipped = folder / "pytorch_model.bin", kind == "zip"
            torch.save(model.state_dict(), path, _use_new_zipfile_serialization=zipped)
        (folder / "vocab.txt").write_text("\n".join(Vocabulary.canonical(1).tokens()))
        write_card(card(), folder / "enhancer_variants.json")
        assert isinstance(read_checkpoint(folder), Checkpoint)
        folders.append(folder)
    return folders


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_no_damage_makes_anything_but_an_error_of_this_package(
    good: list[Path], tmp_path: Path, data: st.DataObject
) -> None:
    source = data.draw(st.sampled_from(good), label="format")
    name = data.draw(st.sampled_from(sorted(path.name for path in source.iterdir())), label="file")
    folder = tmp_path / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    content = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4), label="damages")):
        near_start = min(len(content), 1200)
        place = data.draw(st.integers(0, near_start) | st.integers(0, len(content)), label="at")
        what = data.draw(st.sampled_from(["flip", "cut", "insert"]), label="what")
        if what == "cut":
            del content[place:]
        elif what == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=8), label="bytes")
        elif place < len(content):
            content[place] ^= data.draw(st.integers(1, 255), label="bits")
    (folder / name).write_bytes(content)
    # Some damage is not to be seen, a flipped bit in a weight for one.
    with contextlib.suppress(CheckpointError, UnsafeCheckpointError):
        read_checkpoint(folder)
