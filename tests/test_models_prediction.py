"""Prediction: whatever the batches, the same logits in the order of the input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.errors import DeviceMemoryError, ModelError, WindowLengthError
from enhancer_variants.models import (
    Model,
    load_model,
    log_odds,
    predict_logits,
    prediction,
    tokenize,
)
from enhancer_variants.models.prediction import batch_rows

PADDINGS = ["none", "dnabert"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=69,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=600,
        initializer_range=0.3,
    )
    folder = tmp_path_factory.mktemp("model")
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, Model]:
    return {
        padding: load_model(folder, window=60, max_seq_length=64, padding=padding)
        for padding in PADDINGS
    }


def alone(model: Model, sequence: str) -> np.ndarray:
    """Logits of one sequence without any batch: the network's, fed by hand."""
    ids = tokenize([sequence], model.vocabulary).ids
    lengths = torch.tensor([ids.shape[1]])
    if model.padding == "dnabert":
        ids = np.pad(ids, ((0, 0), (0, model.token_limit - ids.shape[1])))
    with torch.inference_mode():
        logits = model.network(torch.from_numpy(ids), lengths, padding=model.padding)
    return logits.numpy()[0]


@pytest.mark.parametrize("padding", PADDINGS)
@settings(deadline=None, max_examples=40)
@given(
    sequences=st.lists(st.text("ACGTN", max_size=64), max_size=9),
    batch_size=st.integers(1, 10) | st.just("auto"),
)
def test_batches_of_any_size_and_order_agree(
    models: dict[str, Model], padding: str, sequences: list[str], batch_size: Any
) -> None:
    model = models[padding]
    tokens = tokenize(sequences, model.vocabulary)
    finished: list[int] = []
    logits = predict_logits(model, tokens, batch_size=batch_size, progress=finished.append)
    assert logits.shape == (len(sequences), 2)
    assert logits.dtype == np.float32
    assert sum(finished) == len(sequences)
    expected = np.array([alone(model, s) for s in sequences], dtype=np.float32).reshape(-1, 2)
    difference = log_odds(model, logits) - log_odds(model, expected)
    assert np.abs(difference).max(initial=0) < 1e-4


def test_nothing_in_nothing_out(models: dict[str, Model]) -> None:
    model = models["none"]
    assert predict_logits(model, tokenize([], model.vocabulary)).shape == (0, 2)


def test_padding_has_an_influence_only_where_it_is_the_published_one(folder: Path) -> None:
    sequence = ["GATTACA" * 5]
    found = {}
    for padding in PADDINGS:
        for width in (64, 128):
            model = load_model(folder, window=60, max_seq_length=width, padding=padding)
            found[padding, width] = predict_logits(model, tokenize(sequence, model.vocabulary))
    assert np.array_equal(found["none", 64], found["none", 128])
    assert np.abs(found["dnabert", 64] - found["dnabert", 128]).max() > 1e-3


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_sequence_that_would_be_cut_is_refused(models: dict[str, Model], padding: str) -> None:
    model = models[padding]
    assert model.longest == 64
    fits = tokenize(["A" * 64, "ACGT"], model.vocabulary)
    assert np.isfinite(predict_logits(model, fits)).all()
    with pytest.raises(WindowLengthError, match=r"sequence 1 \(counted from 0\) has 65 bases"):
        predict_logits(model, tokenize(["ACGT", "A" * 65], model.vocabulary))


def test_an_empty_last_piece_is_dropped_where_the_tokens_end(folder: Path) -> None:
    """510 k-mers fill 512 tokens; the published code cuts the [CLS] [SEP] that follows."""
    model = load_model(folder, window=512, max_seq_length=512, padding="none")
    sequence = "GATTACA" * 80
    tokens = tokenize([sequence[:512]], model.vocabulary)
    assert tokens.lengths.tolist() == [514]
    with torch.inference_mode():
        expected = model.network(torch.from_numpy(tokens.ids[:, :512])).numpy()
    assert np.abs(predict_logits(model, tokens) - expected).max() < 1e-5
    longer = load_model(folder, window=512, padding="none")
    assert longer.longest == 510 + 86 + 2
    with torch.inference_mode():
        expected = longer.network(torch.from_numpy(tokens.ids)).numpy()
    assert np.abs(predict_logits(longer, tokens) - expected).max() < 1e-5


def settings_seen(model: Model, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Settings of matrix products on a GPU and on a CPU while the network computes."""
    seen = set()
    compute = type(model.network).forward

    def spy(*arguments: Any, **named: Any) -> torch.Tensor:
        seen.add(matmul_settings())
        return compute(*arguments, **named)

    monkeypatch.setattr(type(model.network), "forward", spy)
    predict_logits(model, tokenize(["GATTACA" * 5] * 3, model.vocabulary), batch_size=1)
    return seen


def matmul_settings() -> tuple[str, str]:
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.mkldnn.matmul.fp32_precision


@pytest.fixture
def _torchs_own_settings() -> Iterator[None]:
    kinds = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)
    settings = matmul_settings()
    yield
    torch.set_float32_matmul_precision("highest")
    for kind, setting in zip(kinds, settings, strict=True):
        kind.fp32_precision = setting


@pytest.mark.usefixtures("_torchs_own_settings")
@pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="torch before 2.9"
)
@pytest.mark.parametrize("setting", ["highest", "high", "medium", "tf32 by the newer names"])
def test_the_callers_matmul_precision_is_not_used_and_left_alone(
    models: dict[str, Model], setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting in ("highest", "high", "medium"):
        torch.set_float32_matmul_precision(setting)
    else:
        torch.backends.cuda.matmul.fp32_precision = "tf32"
    before = matmul_settings()
    assert settings_seen(models["none"], monkeypatch) == {("ieee", "ieee")}
    assert matmul_settings() == before
    with pytest.raises(WindowLengthError):
        predict_logits(models["none"], tokenize(["A" * 500], models["none"].vocabulary))
    assert matmul_settings() == before


def test_torch_before_2_9_has_one_setting_for_all(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(torch.backends.cuda, "matmul", object())
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "high")
    monkeypatch.setattr(torch, "set_float32_matmul_precision", seen.append)
    predict_logits(models["none"], tokenize(["GATTACA"], models["none"].vocabulary))
    assert seen == ["highest", "high"]


def test_gradients_are_neither_needed_nor_switched_off_for_the_caller(
    models: dict[str, Model],
) -> None:
    model = models["none"]
    predict_logits(model, tokenize(["GATTACA"], model.vocabulary))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_values_that_are_not_finite_are_returned(folder: Path) -> None:
    model = load_model(folder, window=60, padding="none")
    model.network.classifier.bias[1] = float("nan")
    logits = predict_logits(model, tokenize(["GATTACA"], model.vocabulary))
    assert np.isnan(logits).tolist() == [[False, True]]


@pytest.mark.parametrize("batch_size", [0, -1, True, 2.0, "all"])
def test_a_batch_size_that_is_none_is_refused(models: dict[str, Model], batch_size: Any) -> None:
    model = models["none"]
    with pytest.raises(ModelError, match="expected auto or a whole number above 0"):
        predict_logits(model, tokenize(["ACGT"], model.vocabulary), batch_size=batch_size)


@pytest.mark.parametrize(
    ("device", "length", "width", "rows"),
    [
        ("cpu", 200, 3072, 4),  # DNABERT at 200 bp: as measured
        ("cpu", 200, 64, 192),  # a small network
        ("cpu", 20, 64, 512),
        ("cpu", 100_000, 3072, 1),
        ("cuda", 200, 3072, 256),
    ],
)
def test_batches_fit_the_cache_of_a_cpu(device: str, length: int, width: int, rows: int) -> None:
    assert batch_rows(device, length, width) == rows


def test_the_originals_logits_come_out_of_the_whole_path(oracle: Path) -> None:
    """From a directory and sequences to probabilities, long and short ones mixed."""
    model = load_model(oracle / "checkpoints" / "enhancer6")
    assert (model.window_length, model.max_seq_length, model.padding) == (200, 200, "dnabert")
    rows = (oracle / "inputs" / "sequences.tsv").read_text().splitlines()[1:]
    table = [line.split("\t") for line in rows]
    expected = {
        name: np.load(oracle / "logits" / f"enhancer6_{file}.npz")["logits"]
        for name, file in (("sample200", "sample200"), ("seed202", "seed202_200"))
    }
    sequences = [row[4] for name in expected for row in table if row[0] == name]
    logits = predict_logits(model, tokenize(sequences, model.vocabulary))
    assert np.abs(logits - np.concatenate(list(expected.values()))).max() < 2e-5


def test_a_legacy_config_is_told_by_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    del config["transformers_version"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_model(tmp_path).padding == "dnabert"


class Spy:
    """Stands for a model's network and notes the batches that it is given."""

    def __init__(self, network: Any) -> None:
        self.network, self.config = network, network.config
        self.ids: list[torch.Tensor] = []
        self.fails_from = 10**6

    def __call__(self, ids: torch.Tensor, lengths: Any, *, padding: Any) -> torch.Tensor:
        self.ids.append(ids)
        if len(ids) >= self.fails_from:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        result: torch.Tensor = self.network(ids, lengths, padding=padding)
        return result


def spied(model: Model) -> tuple[Model, Spy]:
    spy = Spy(model.network)
    return replace(model, network=spy), spy  # type: ignore[arg-type]


@pytest.mark.parametrize("padding", PADDINGS)
def test_all_batches_have_the_same_shape(models: dict[str, Model], padding: str) -> None:
    model, spy = spied(models[padding])
    tokens = tokenize(["GATTACA" * 3, "ACGTACGTAGATTACAGATTA", "C" * 21] * 3, model.vocabulary)
    finished: list[int] = []
    predict_logits(model, tokens, batch_size=4, progress=finished.append)
    assert [ids.shape[0] for ids in spy.ids] == [4, 4, 4]
    assert finished == [4, 4, 1]
    assert (spy.ids[-1] == spy.ids[-1][0]).all()  # a row and its copies
    model, spy = spied(models[padding])
    predict_logits(model, tokens, batch_size=64)
    assert [ids.shape[0] for ids in spy.ids] == [9]  # a batch alone is not filled


@pytest.mark.parametrize("padding", PADDINGS)
def test_bytes_do_not_depend_on_what_else_is_computed(
    models: dict[str, Model], padding: str
) -> None:
    model = models[padding]
    sequences = ["".join("ACGT"[(i * j + j) % 4] for i in range(30)) for j in range(1, 23)]
    everything = predict_logits(model, tokenize(sequences, model.vocabulary), batch_size=4)
    for start, end in ((0, 5), (3, 22), (7, 15)):
        part = tokenize(sequences[start:end], model.vocabulary)
        assert np.array_equal(predict_logits(model, part, batch_size=4), everything[start:end])


def test_memory_that_runs_out_is_an_error_with_a_remedy(models: dict[str, Model]) -> None:
    model, spy = spied(models["none"])
    spy.fails_from = 8
    tokens = tokenize(["GATTACA"] * 20, model.vocabulary)
    with pytest.raises(DeviceMemoryError, match="--batch-size 4") as raised:
        predict_logits(model, tokens, batch_size=8)
    assert raised.value.batch_size == 8
    assert np.isfinite(predict_logits(model, tokens, batch_size=4)).all()


def test_rows_that_a_gpu_pads_have_one_of_few_lengths(models: dict[str, Model]) -> None:
    on_gpu = replace(models["none"], device=torch.device("cuda"))
    alike, mixed, long = (
        tokenize(["A" * bases for bases in lengths], on_gpu.vocabulary)
        for lengths in ((12, 12, 12), (12, 21), (60, 64))
    )
    for tokens, asked, width in ((alike, on_gpu, 12), (mixed, on_gpu, 32), (long, on_gpu, 64)):
        ids, lengths = prediction._batch(asked, tokens, np.arange(len(tokens.lengths)))
        assert ids.shape[1] == width
        assert (lengths is None) == (tokens is alike)
        longest = tokens.ids.shape[1]
        assert np.array_equal(ids[:, :longest], tokens.ids[:, :width])
        assert (ids[:, longest:] == on_gpu.vocabulary.pad).all()
    ids, _ = prediction._batch(models["none"], mixed, np.arange(2))
    assert ids.shape[1] == mixed.ids.shape[1]


@pytest.fixture(scope="module")
def overflowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose k-mer AAA makes an activation of some 70,000, more than fp16 holds."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=69,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=600,
    )
    network = BertForSequenceClassification(config)
    first = network.bert.encoder.layer[0]
    with torch.no_grad():
        network.bert.embeddings.word_embeddings.weight[5] = torch.tensor([50.0] + [0.0] * 7)
        first.intermediate.dense.weight[0] = torch.tensor([28_000.0] + [0.0] * 7)
        first.intermediate.dense.bias[0] = 0.0
        first.output.dense.weight[:, 0] = 1e-5
    folder = tmp_path_factory.mktemp("overflowing")
    network.save_pretrained(folder)
    return folder


def test_a_row_that_overflows_in_fp16_is_computed_again_in_float32(overflowing: Path) -> None:
    exact, half = (
        load_model(overflowing, window=60, padding="none", device="cpu", precision=precision)
        for precision in ("fp32", "fp16")
    )
    tokens = tokenize(["GCTGCT", "AAAAAA", "CCTCCT"], exact.vocabulary)
    with torch.inference_mode():
        raw = half.network(torch.from_numpy(tokens.ids)).numpy()
    finite = np.isfinite(raw).all(axis=1)
    assert finite.any()
    assert not finite.all()  # or nothing is tested here
    expected, found = predict_logits(exact, tokens), predict_logits(half, tokens)
    assert np.abs(found - expected).max() < 0.01
    assert np.array_equal(found[finite], raw[finite])  # the others are left as they are


def test_weights_that_are_not_finite_stay_an_error_of_the_caller(overflowing: Path) -> None:
    model = load_model(overflowing, window=60, padding="none", device="cpu", precision="bf16")
    model.network.classifier.bias[1] = float("inf")
    assert np.isinf(predict_logits(model, tokenize(["ACGT"], model.vocabulary))[0, 1])
