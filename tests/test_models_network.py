"""The network, against transformers, the original program and a reading of its formulas."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.errors import ModelError
from enhancer_variants.models import DnabertNetwork, NetworkConfig, Vocabulary, tokenize, truncate
from enhancer_variants.models.network import from_checkpoint_names, to_checkpoint_names

LOGITS = 2e-5
PROBABILITIES = 5e-6
LOWER_CASE = {("mixed", 11), ("mixed", 12)}
"""Rows of the original's input that it reads as [UNK] because they are in lower case."""


@pytest.fixture(autouse=True)
def _inference() -> Any:
    with torch.inference_mode():
        yield


def bert(layers: int, heads: int, width: int, labels: int, seed: int = 0) -> Any:
    """A BertForSequenceClassification of transformers with weights that matter."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=69,
        hidden_size=heads * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=24,
        max_position_embeddings=40,
        num_labels=labels,
        initializer_range=0.3,
        attn_implementation="eager",
    )
    return BertForSequenceClassification(config).eval()


def network(model: Any) -> DnabertNetwork:
    c = model.config
    config = NetworkConfig(
        c.vocab_size,
        c.hidden_size,
        c.num_hidden_layers,
        c.num_attention_heads,
        c.intermediate_size,
        c.max_position_embeddings,
        c.type_vocab_size,
        c.layer_norm_eps,
        c.num_labels,
    )
    ours = DnabertNetwork(config).eval()
    ours.load_state_dict(from_checkpoint_names(model.state_dict(), c.num_hidden_layers))
    return ours


def by_the_formulas(model: Any, ids: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Logits in float64 with `added` (B, L) added to the attention scores of each key."""
    w = {name: tensor.double() for name, tensor in model.state_dict().items()}
    c = model.config
    heads = c.num_attention_heads

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.pow(2).mean(-1, keepdim=True) + c.layer_norm_eps).sqrt()
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    e = "bert.embeddings."
    x = w[f"{e}word_embeddings.weight"][ids] + w[f"{e}token_type_embeddings.weight"][0]
    x = norm(x + w[f"{e}position_embeddings.weight"][: ids.shape[1]], f"{e}LayerNorm")
    for layer in range(c.num_hidden_layers):
        p = f"bert.encoder.layer.{layer}."
        q, k, v = (
            linear(x, f"{p}attention.self.{part}").view(*x.shape[:2], heads, -1)
            for part in ("query", "key", "value")
        )
        scores = torch.einsum("bihd,bjhd->bhij", q, k) / math.sqrt(q.shape[-1])
        weights = (scores + added.double()[:, None, None, :]).softmax(-1)
        context = torch.einsum("bhij,bjhd->bihd", weights, v).reshape(x.shape)
        p_out = f"{p}attention.output"
        x = norm(linear(context, f"{p_out}.dense") + x, f"{p_out}.LayerNorm")
        wide = linear(x, f"{p}intermediate.dense")
        wide = wide * 0.5 * (1 + torch.erf(wide / math.sqrt(2)))
        x = norm(linear(wide, f"{p}output.dense") + x, f"{p}output.LayerNorm")
    return linear(torch.tanh(linear(x[:, 0], "bert.pooler.dense")), "classifier")


def padded(lengths: list[int], width: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random tokens of these lengths, padded with 0; and a mask, 1 on tokens."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 69, (len(lengths), width), generator=generator)
    mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
    return ids * mask, mask


@settings(max_examples=40, deadline=None)
@given(
    layers=st.integers(1, 3),
    heads=st.integers(1, 4),
    width=st.sampled_from([2, 4, 8]),
    labels=st.integers(1, 4),
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_logits_equal_transformers(
    layers: int, heads: int, width: int, labels: int, lengths: list[int], seed: int
) -> None:
    model = bert(layers, heads, width, labels, seed)
    ids, mask = padded(lengths, max(lengths), seed)
    expected = model(input_ids=ids, attention_mask=mask).logits
    found = network(model)(ids, torch.tensor(lengths))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    heads=st.integers(1, 3),
    lengths=st.lists(st.integers(2, 20), min_size=1, max_size=4),
    more=st.integers(0, 10),
    seed=st.integers(0, 99),
)
def test_both_paddings_equal_the_formulas(
    heads: int, lengths: list[int], more: int, seed: int
) -> None:
    model = bert(2, heads, 4, 2, seed)
    ids, mask = padded(lengths, max(lengths) + more, seed)
    ours = network(model)
    published = by_the_formulas(model, ids, mask)  # +1 on tokens, 0 on padding: no mask at all
    masked = by_the_formulas(model, ids, (1 - mask) * -1e9)
    given_lengths = torch.tensor(lengths)
    found = ours(ids, given_lengths, padding="dnabert").double()
    torch.testing.assert_close(found, published, atol=1e-5, rtol=1e-5)
    found = ours(ids, given_lengths, padding="none").double()
    torch.testing.assert_close(found, masked, atol=1e-5, rtol=1e-5)


def test_padding_none_is_no_padding_and_dnabert_is_not() -> None:
    ours = network(bert(2, 2, 8, 2))
    ids, _ = padded([12], 20, 1)
    alone = ours(ids[:, :12])
    lengths = torch.tensor([12])
    torch.testing.assert_close(ours(ids, lengths, padding="none"), alone, atol=1e-6, rtol=1e-5)
    assert (ours(ids, lengths, padding="dnabert") - alone).abs().max() > 1e-3


@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_embeddings_that_are_looked_up_give_the_logits_of_their_tokens(padding: Any) -> None:
    ours = network(bert(2, 2, 8, 3))
    ids, _ = padded([12, 20], 20, 1)
    lengths = torch.tensor([12, 20])
    found = ours.logits_of_words(ours.word_embeddings(ids), lengths, padding=padding)
    assert torch.equal(found, ours(ids, lengths, padding=padding))


def test_hidden_states_of_every_layer_equal_transformers() -> None:
    model = bert(3, 2, 4, 2)
    ids, mask = padded([9, 5], 9, 3)
    expected = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    ours, lengths = network(model), torch.tensor([9, 5])
    found = ours.hidden_states(ids, lengths, "none", every_layer=True)
    assert found.shape == (4, 2, 9, 8)
    for ours_layer, theirs in zip(found, expected, strict=True):
        real = mask.bool()
        torch.testing.assert_close(ours_layer[real], theirs[real], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.hidden_states(ids, lengths), found[-1])


@pytest.mark.parametrize("layer", [0, 1, 2, -1, -3])
def test_attention_weights_equal_transformers(layer: int) -> None:
    model = bert(3, 2, 4, 2)
    ids, mask = padded([9, 5], 9, 3)
    expected = model(input_ids=ids, attention_mask=mask, output_attentions=True).attentions[layer]
    found = network(model).attention_weights(ids, torch.tensor([9, 5]), "none", layer)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 2, 9))
    lengths = torch.tensor([9, 5])
    of_cls = network(model).attention_weights(ids, lengths, "none", layer, cls_only=True)
    torch.testing.assert_close(of_cls, found[:, :, :1])


@pytest.mark.parametrize("layer", [3, -4])
def test_a_layer_that_is_not_there_is_refused(layer: int) -> None:
    with pytest.raises(ModelError, match=f"layer {layer}: expected one of the network's 3"):
        network(bert(3, 1, 4, 2)).attention_weights(torch.tensor([[2, 3]]), layer=layer)


def test_names_map_one_to_one() -> None:
    theirs = bert(2, 2, 4, 3).state_dict()
    ours = from_checkpoint_names(theirs, 2)
    back = to_checkpoint_names(ours, 2)
    assert back.keys() == theirs.keys()
    assert all(torch.equal(back[name], theirs[name]) for name in theirs)
    assert ours.keys() == network(bert(2, 2, 4, 3)).state_dict().keys()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.1), (torch.float16, 0.01)])
@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_half_precisions_give_float32_logits_near_the_exact_ones(
    dtype: torch.dtype, tolerance: float, padding: Any
) -> None:
    ours = network(bert(2, 2, 8, 2))
    ids, _ = padded([20, 13, 20], 24, 5)
    lengths = torch.tensor([20, 13, 20])
    exact = ours(ids, lengths, padding=padding)
    rounded = ours.to(dtype)(ids, lengths, padding=padding)
    assert rounded.dtype == torch.float32
    assert ours.attention_weights(ids, lengths, padding).dtype == torch.float32
    assert 0 < (rounded - exact).abs().max() < tolerance


def sequences(oracle: Path, name: str) -> list[str]:
    with (oracle / "inputs" / "sequences.tsv").open() as file:
        return [
            row["sequence"] for row in csv.DictReader(file, delimiter="\t") if row["set"] == name
        ]


def original(oracle: Path, checkpoint: str) -> DnabertNetwork:
    """A checkpoint of the original, loaded by torch alone."""
    folder = oracle / "checkpoints" / checkpoint
    c = json.loads((folder / "config.json").read_text())
    weights = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    names = [field for field in NetworkConfig.__slots__ if field != "num_labels"]
    config = NetworkConfig(*(c[name] for name in names), c["num_labels"])
    loaded = DnabertNetwork(config).eval()
    loaded.load_state_dict(from_checkpoint_names(weights, config.num_hidden_layers))
    return loaded


def inputs(texts: list[str], k: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    tokens = truncate(tokenize(texts, Vocabulary.canonical(k)), width)
    ids = np.zeros((len(texts), width), dtype=np.int32)
    ids[:, : tokens.ids.shape[1]] = tokens.ids
    return torch.from_numpy(ids), torch.from_numpy(tokens.lengths)


@pytest.mark.parametrize(
    ("name", "checkpoint", "dataset", "k"),
    [
        ("enhancer6_sample200", "enhancer6", "sample200", 6),
        ("tf6_sample200", "tf6", "sample200", 6),
        ("enhancer3_sample200", "enhancer3", "sample200", 3),
        ("enhancer6_seed202_200", "enhancer6", "seed202", 6),
    ],
)
def test_logits_and_probabilities_are_the_originals(
    oracle: Path, name: str, checkpoint: str, dataset: str, k: int
) -> None:
    expected = np.load(oracle / "logits" / f"{name}.npz")
    ids, lengths = inputs(sequences(oracle, dataset), k, 200)
    assert np.array_equal(ids.numpy(), expected["input_ids"])
    assert np.array_equal(lengths.numpy(), expected["n_tokens"])
    logits = original(oracle, checkpoint)(ids, lengths, padding="dnabert")
    assert np.abs(logits.numpy() - expected["logits"]).max() < LOGITS
    assert np.abs(logits.numpy() - expected["logits64"]).max() < LOGITS
    probabilities = torch.softmax(logits, -1).numpy()
    assert np.abs(probabilities - expected["probs"]).max() < PROBABILITIES
    if (predicted := oracle / "pred_results" / f"{name}.npy").exists():
        assert np.abs(probabilities[:, 1] - np.load(predicted)).max() < PROBABILITIES


@pytest.mark.parametrize(
    ("name", "checkpoint", "dataset", "width"),
    [
        ("enhancer6_sample200", "enhancer6", "sample200", 200),
        ("enhancer6_mixed200", "enhancer6", "mixed", 200),
        ("enhancer6_mixed350", "enhancer6", "mixed", 350),
        ("enhancer6_seed202_200", "enhancer6", "seed202", 200),
        ("tf6_tf101", "tf6", "tf101", 128),
    ],
)
def test_padding_none_is_the_originals_standard_mask(
    oracle: Path, name: str, checkpoint: str, dataset: str, width: int
) -> None:
    expected = np.load(oracle / "logits" / "standard_mask_variant_first20.npz")[name]
    ids, lengths = inputs(sequences(oracle, dataset)[: len(expected)], 6, width)
    differences = np.abs(original(oracle, checkpoint)(ids, lengths).numpy() - expected).max(axis=1)
    for row, difference in enumerate(differences):
        assert difference < LOGITS or (dataset, row) in LOWER_CASE, row


def test_every_intermediate_is_the_originals(oracle: Path) -> None:
    expected = np.load(oracle / "logits" / "intermediates_enhancer6.npz")
    ids = torch.from_numpy(expected["input_ids"])
    lengths = torch.from_numpy(expected["attention_mask"].sum(axis=1))
    net = original(oracle, "enhancer6")
    hidden = net.hidden_states(ids, lengths, "dnabert", every_layer=True)
    found = {
        "hidden": hidden,
        "pooled": net.pooled(hidden[-1][:, 0]),
        "logits": net(ids, lengths, padding="dnabert"),
        "attn_first": net.attention_weights(ids, lengths, "dnabert", 0),
        "attn_last": net.attention_weights(ids, lengths, "dnabert"),
    }
    for name, tensor in found.items():
        assert np.abs(tensor.numpy() - expected[name]).max() < LOGITS, name


def test_attention_of_cls_is_the_originals(oracle: Path) -> None:
    path = oracle / "attention" / "enhancer6_vis20_200_cls_sum_per_token.npz"
    expected = np.load(path)["cls_sum"]
    ids, lengths = inputs(sequences(oracle, "vis20"), 6, 200)
    weights = original(oracle, "enhancer6").attention_weights(ids, lengths, "dnabert")
    assert np.abs(weights[:, :, 0].sum(1).numpy() - expected).max() < PROBABILITIES


def tiny(dropout: float, layers: int = 1) -> DnabertNetwork:
    torch.manual_seed(0)
    return DnabertNetwork(NetworkConfig(69, 8, layers, 2, 16, 40, 2, 1e-12, 2), dropout=dropout)


def test_dropout_acts_in_training_mode_alone() -> None:
    ids = torch.arange(2, 12)[None]
    plain, dropping = tiny(0.0), tiny(0.5)
    assert torch.equal(dropping.eval()(ids), plain.eval()(ids))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert torch.equal(plain.train()(ids), plain.eval()(ids))
    assert torch.equal(torch.get_rng_state(), state)  # without dropout nothing is drawn
    first, second = (dropping.train()(ids) for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("layers", [0, 2])
def test_dropout_is_that_of_bert(layers: int) -> None:
    """Drawn from the same random state, the same activations are dropped at the same places."""
    theirs = bert(layers, heads=2, width=4, labels=3)
    plain = network(theirs)
    theirs.config.hidden_dropout_prob = theirs.config.attention_probs_dropout_prob = 0.3
    dropping = type(theirs)(theirs.config).train()
    dropping.load_state_dict(theirs.state_dict())
    ours = DnabertNetwork(plain.config, dropout=0.3).train()
    ours.load_state_dict(plain.state_dict())
    ids = torch.randint(5, 69, (3, 12), generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    expected = dropping.bert(ids).last_hidden_state
    torch.manual_seed(1)
    found = ours.hidden_states(ids)
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(found, plain.hidden_states(ids), atol=0.1)
    if not layers:  # the last layer is computed for [CLS] alone, and so draws fewer numbers
        torch.manual_seed(2)
        expected = dropping(ids).logits
        torch.manual_seed(2)
        assert torch.allclose(ours(ids), expected, atol=1e-5)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, math.nan])
def test_a_share_that_is_none_is_refused(dropout: float) -> None:
    with pytest.raises(ModelError, match="dropout is"):
        tiny(dropout)
