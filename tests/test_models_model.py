"""Loaded models and the log-odds of their logits."""

from __future__ import annotations

import csv
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertForSequenceClassification

import enhancer_variants.models.model as module
from enhancer_variants.errors import CheckpointError, ModelError, WindowLengthError
from enhancer_variants.models import (
    Admission,
    Model,
    ModelCard,
    Vocabulary,
    load_model,
    log_odds,
    predict_logits,
    probability,
    read_checkpoint,
    tokenize,
    write_card,
)
from enhancer_variants.models.packed_linear import can_pack

HERE = Path(__file__).parent


def saved(folder: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    sizes = {
        "vocab_size": 69,
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 256,
        "initializer_range": 0.3,
    }
    BertForSequenceClassification(BertConfig(**(sizes | changes))).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("model") / "CTCF")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model(folder)


def with_labels(task: Any, labels: tuple[str, ...], positive: str | None) -> Any:
    """A stand-in for a model with another head: log_odds looks at its card alone."""

    class Headed:
        card = ModelCard(name="m", task=task, labels=labels, positive_label=positive)
        columns = None

    return Headed()


def test_a_model_without_a_card_says_what_it_assumes(model: Model) -> None:
    assert (model.name, model.output_names) == ("CTCF", ("CTCF",))
    assert (model.window_length, model.max_seq_length, model.padding) == (200, None, "none")
    assert (model.token_limit, model.longest) == (256, 256)
    assert (model.precision, model.device.type) == ("fp32", "cpu")
    assert model.vocabulary == Vocabulary.canonical(3)
    assert model.decision_threshold == 0.0
    assert len(model.assumptions) == 2
    assert all(sentence.endswith(".") for sentence in model.assumptions)


def test_a_loaded_network_is_for_inference(model: Model) -> None:
    assert not model.network.training
    assert not any(p.requires_grad for p in model.network.parameters())
    assert {p.device.type for p in model.network.parameters()} == {"cpu"}


def test_logits_equal_transformers(model: Model, folder: Path) -> None:
    sequences = ["GATTACA" * 10, "CCCGGGTTTAAA" * 5]
    tokens = tokenize(sequences, model.vocabulary)
    theirs = BertForSequenceClassification.from_pretrained(folder).eval()
    mask = torch.from_numpy(np.arange(tokens.ids.shape[1]) < tokens.lengths[:, None]).long()
    with torch.inference_mode():
        ids = torch.from_numpy(tokens.ids).long()
        expected = theirs(input_ids=ids, attention_mask=mask).logits.numpy()
    assert np.abs(predict_logits(model, tokens) - expected).max() < 1e-5


def test_the_card_decides(tmp_path: Path) -> None:
    path = saved(tmp_path / "m", problem_type="multi_label_classification")
    card = ModelCard(
        name="panel",
        task="multi_label",
        labels=("NKX2-5", "MAX::MYC"),
        window_length=101,
        max_seq_length=110,
        padding="dnabert",
        decision_threshold=1.5,
    )
    write_card(card, path / "enhancer_variants.json")
    loaded = load_model(path)
    assert (loaded.name, loaded.output_names) == ("panel", ("NKX2-5", "MAX::MYC"))
    assert (loaded.window_length, loaded.max_seq_length) == (101, 110)
    assert (loaded.padding, loaded.decision_threshold) == ("dnabert", 1.5)
    assert (loaded.token_limit, loaded.longest, loaded.assumptions) == (110, 110, ())
    with pytest.raises(ModelError, match="window_length 200 was asked for"):
        load_model(path, window=200)


def test_arguments_decide_where_there_is_no_card(folder: Path) -> None:
    loaded = load_model(folder, "enhancer", window=101, max_seq_length=120, padding="dnabert")
    assert (loaded.name, loaded.output_names) == ("enhancer", ("enhancer",))
    assert (loaded.window_length, loaded.max_seq_length) == (101, 120)
    assert (loaded.padding, loaded.assumptions) == ("dnabert", ())
    with pytest.raises(WindowLengthError, match="a window of 350 bases, but 256 tokens hold 256"):
        load_model(folder, window=350)


def test_three_labels_need_one_that_is_positive(tmp_path: Path) -> None:
    path = saved(tmp_path / "m", num_labels=3)
    with pytest.raises(CheckpointError, match="none of them marked as positive"):
        load_model(path)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_precisions_are_those_of_the_weights(folder: Path, precision: Any) -> None:
    loaded = load_model(folder, precision=precision)
    assert loaded.precision == precision
    [dtype] = {p.dtype for p in loaded.network.parameters()}
    assert (
        str(dtype)
        == {
            "fp32": "torch.float32",
            "fp16": "torch.float16",
            "bf16": "torch.bfloat16",
        }[precision]
    )
    logits = predict_logits(loaded, tokenize(["ACGT" * 20], loaded.vocabulary))
    assert logits.dtype == np.float32


@pytest.mark.parametrize("precision", ["fp8", "float32", ""])
def test_an_unknown_precision_is_refused(folder: Path, precision: Any) -> None:
    with pytest.raises(ModelError, match=f"precision '{precision}'; expected auto, fp32, fp16"):
        load_model(folder, precision=precision)


@pytest.mark.parametrize("device", ["cuda:999", "gpu", "cpu:0", "meta", ""])
def test_a_device_that_is_not_there_is_refused(folder: Path, device: str) -> None:
    with pytest.raises(ModelError, match=f"device '{device}'; expected auto or one of: .*cpu"):
        load_model(folder, device=device)


def test_the_accelerator_is_chosen_where_there_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module._device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert module._device("auto") == module._device("cuda") == torch.device("cuda:0")
    assert module._device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ModelError, match=r"'cuda:2'; .*: cuda:0, cuda:1, cpu"):
        load_model(folder, device="cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert module._device("auto") == module._device("mps") == torch.device("mps")


@pytest.mark.parametrize(
    ("precision", "backend", "installed", "expected"),
    [
        ("auto", "auto", True, ("bf16", "openvino")),
        ("auto", "auto", False, ("bf16", "torch")),
        ("fp32", "auto", True, ("fp32", "openvino")),
        ("fp32", "auto", False, ("fp32", "torch")),
        ("auto", "torch", True, ("bf16", "torch")),
        ("fp16", "auto", True, ("fp16", "torch")),  # asked for, admitted or not
        ("auto", "openvino", True, ("bf16", "openvino")),
    ],
)
def test_auto_is_what_the_card_admits_and_is_installed(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: Any,
    backend: Any,
    installed: bool,
    expected: tuple[str, str],
) -> None:
    plain = load_model(folder)
    copy = Path(shutil.copytree(folder, tmp_path / "m"))
    ways = {("bf16", "torch"): 2.0, ("fp32", "openvino"): 1.3, ("bf16", "openvino"): 3.0}
    admissions = tuple(
        Admission(
            precision=way,
            backend=by,
            device_type="cpu",
            n=100,
            largest_error=1e-5,
            p99_error=1e-5,
            rank_correlation=1.0,
            speedup=speedup,
            windows="made up",
            weights_sha256=plain.weights_sha256,
            window_length=plain.window_length,
            max_seq_length=plain.max_seq_length,
            padding=plain.padding,
            versions={"torch": "2.9"},
        )
        for (way, by), speedup in ways.items()  # type: ignore[assignment]
    )
    write_card(replace(plain.card, admissions=admissions), copy / "enhancer_variants.json")
    monkeypatch.setattr(module, "has_openvino", lambda: installed)
    loaded = load_model(copy, device="cpu", precision=precision, backend=backend)
    assert (loaded.precision, loaded.backend) == expected


def test_weights_are_packed_on_a_cpu_alone(folder: Path) -> None:
    from_disk = read_checkpoint(folder)
    on_cpu = module._network(from_disk, torch.device("cpu"), "fp32", "torch")
    packed = [name for name, weight in on_cpu.named_parameters() if weight.is_mkldnn]
    assert len(packed) == (4 * len(on_cpu.layers) - 1 if can_pack(torch.float32) else 0)
    elsewhere = module._network(from_disk, torch.device("meta"), "fp16", "torch")
    assert not any(weight.is_mkldnn for weight in elsewhere.parameters())


FINITE = st.floats(-30, 30, width=32)


@settings(deadline=None)
@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=5))
def test_two_labels(logits: list[tuple[float, float]]) -> None:
    z = np.array(logits, dtype=np.float32)
    positive_second = with_labels("single_label", ("no", "yes"), "yes")
    positive_first = with_labels("single_label", ("yes", "no"), "yes")
    found = log_odds(positive_second, z)
    assert found.shape == (len(z), 1)
    assert found.dtype == np.float64
    expected = [(b - a) / math.log(2) for a, b in z.astype(float)]
    assert found[:, 0] == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(log_odds(positive_first, z), -found)


@settings(deadline=None)
@given(st.lists(st.lists(FINITE, min_size=4, max_size=4), min_size=1, max_size=3))
def test_several_labels_and_several_outputs(logits: list[list[float]]) -> None:
    z = np.array(logits, dtype=np.float32)
    labels = ("a", "b", "c", "d")
    softmax = np.exp(z.astype(float)) / np.exp(z.astype(float)).sum(axis=1, keepdims=True)
    rest = softmax[:, [0, 1, 3]].sum(axis=1)  # 1 - P loses its digits where P is near 1
    found = log_odds(with_labels("single_label", labels, "c"), z)
    assert found == pytest.approx(np.log2(softmax[:, [2]] / rest[:, None]), abs=1e-9)
    assert probability(found) == pytest.approx(softmax[:, [2]], abs=1e-12)
    each = log_odds(with_labels("multi_label", labels, None), z)
    assert each == pytest.approx(z.astype(float) / math.log(2), abs=1e-12)


def test_what_is_not_finite_stays_so() -> None:
    z = np.array([[np.nan, 0], [np.inf, 0], [-np.inf, 0], [np.inf, np.inf]], dtype=np.float32)
    found = log_odds(with_labels("single_label", ("no", "yes"), "yes"), z)
    assert not np.isfinite(found).any()


@settings(deadline=None)
@given(st.floats(-1000, 1000))
def test_probability_is_symmetric_and_keeps_its_digits(x: float) -> None:
    p, q = probability(np.array([x, -x]))
    assert p + q == pytest.approx(1)
    assert 0 <= p <= 1
    if x < -60:
        assert p == pytest.approx(2.0**x, rel=1e-9)


def test_published_scores_follow_with_the_published_signs() -> None:
    """SNP.py: diff = (mut - orig) * max, logOR = -shift; here from log-odds."""
    with (HERE / "oracle" / "snp.tsv").open() as file:
        columns = {name: [] for name in ("orig_pred", "mut_pred", "diff", "logOR")}
        for row in csv.DictReader(file, delimiter="\t"):
            for name, values in columns.items():
                values.append(float(row[name]))
    ref, alt, diff, log_or = (np.array(columns[name]) for name in columns)
    assert len(diff) > 50
    two_labels = with_labels("single_label", ("no", "yes"), "yes")
    shift = np.zeros(len(ref))
    for sign, p in ((-1, ref), (1, alt)):
        logits = np.stack([np.log(1 - p), np.log(p)], axis=1)
        found = log_odds(two_labels, logits.astype(np.float32))
        assert probability(found)[:, 0] == pytest.approx(p, abs=1e-6)
        shift += sign * found[:, 0]
    assert -shift == pytest.approx(log_or, abs=1e-5)
    assert (alt - ref) * np.maximum(ref, alt) == pytest.approx(diff, abs=1e-6)


def test_every_mutation_scores_as_the_original_scored_it(oracle: Path) -> None:
    model = load_model(
        oracle / "checkpoints" / "tf6", window=101, max_seq_length=110, padding="dnabert"
    )
    rows = []
    for name in ("saturation_mutations", "SNP_mut_file_mutations"):
        with (oracle / "snp" / f"{name}.tsv").open() as file:
            rows += list(csv.DictReader(file, delimiter="\t"))
    scores = []
    for column in ("orig_seq", "mut_seq"):
        tokens = tokenize([row[column] for row in rows], model.vocabulary)
        scores.append(log_odds(model, predict_logits(model, tokens))[:, 0])
    ref, alt = scores
    for found, column in ((ref, "orig_pred"), (alt, "mut_pred")):
        expected = np.array([float(row[column]) for row in rows])
        assert np.abs(probability(found) - expected).max() < 5e-6
    published = np.array([float(row["logOR"]) for row in rows])
    assert np.abs((ref - alt) - published).max() < 5e-5
