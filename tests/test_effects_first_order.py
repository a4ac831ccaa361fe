"""The first-order approximation, against finite differences and a network that is linear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.effects.first_order import first_order_shifts
from enhancer_variants.errors import ModelError
from enhancer_variants.models import Model, ModelCard, load_model, log_odds, tokenize, write_card

Make = Callable[..., Any]


def tiny_model(folder: Path, card: ModelCard) -> Model:
    """Two layers with weights that matter."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=69,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=40,
        initializer_range=0.3,
        num_labels=len(card.labels),
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    write_card(card, folder / "enhancer_variants.json")
    return load_model(folder)


CARDS = [
    ModelCard(name="two", task="single_label", labels=("no", "yes"), positive_label="yes"),
    ModelCard(name="three", task="single_label", labels=("a", "b", "c"), positive_label="b"),
    ModelCard(name="many", task="multi_label", labels=("CTCF", "REST", "SPI1")),
]


@pytest.mark.parametrize("padding", ["none", "dnabert"])
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_it_is_the_slope_along_the_changed_embeddings(
    tmp_path: Path, card: ModelCard, padding: Any
) -> None:
    card = replace(card, kmer=3, window_length=12, max_seq_length=20, padding=padding)
    model = tiny_model(tmp_path, card)
    own = "ACGTTGCATTAG"
    changed = [own[:at] + new + own[at + 1 :] for at in range(12) for new in "ACGT"]
    tokens = tokenize([own, *changed], model.vocabulary)
    found = first_order_shifts(model, tokens, list(range(len(model.output_names))))

    read = tokens.ids.shape[1]
    ids = np.zeros((49, 20 if padding == "dnabert" else read), dtype=np.int64)
    ids[:, :read] = tokens.ids
    words = model.network.word_embeddings(torch.from_numpy(ids))
    lengths = torch.from_numpy(tokens.lengths[1:])

    def at(step: float) -> np.ndarray:
        there = words[0] + step * (words[1:] - words[0])
        logits = model.network.logits_of_words(there, lengths, padding=model.padding)
        return log_odds(model, logits.numpy())

    step = 4e-3
    np.testing.assert_allclose(found, (at(step) - at(-step)) / (2 * step), atol=5e-4)
    assert np.abs(found).max() > 0.05  # a hundred times as much as the tolerance


class LinearNetwork(nn.Module):
    """Log2 odds = a weighted sum of the embeddings: the first order is all there is."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.word_embeddings = nn.Embedding.from_pretrained(torch.randn(21, 3, generator=generator))
        self.weights = torch.randn(30, 3, generator=generator)

    def logits_of_words(
        self, words: Tensor, lengths: Tensor | None = None, *, padding: str = "none"
    ) -> Tensor:
        logit = (words * self.weights[: words.shape[1]]).sum(dim=(1, 2))
        return torch.stack([torch.zeros_like(logit), logit], 1)

    def forward(self, ids: Tensor, lengths: Tensor | None = None, *, padding: str = "none") -> Any:
        return self.logits_of_words(self.word_embeddings(ids))


def test_it_is_exact_where_the_network_is_linear(position_model: Make) -> None:
    model = replace(position_model(k=2), network=LinearNetwork())
    tokens = tokenize(["ACGTNAC", "ACTTNAC", "CCGTNAC", "ACGTNAG"], model.vocabulary)
    exact = log_odds(model, model.network(torch.from_numpy(tokens.ids)).numpy())
    np.testing.assert_allclose(
        first_order_shifts(model, tokens, [0]), exact[1:] - exact[0], atol=1e-5
    )


def test_no_gradient_is_left_behind(tmp_path: Path) -> None:
    model = tiny_model(tmp_path, replace(CARDS[0], window_length=12))
    tokens = tokenize(["ACGTTGCATTAG", "ACGTAGCATTAG"], model.vocabulary)
    with torch.no_grad():  # as a caller may have it
        first_order_shifts(model, tokens, [0])
    assert all(p.grad is None and not p.requires_grad for p in model.network.parameters())


def test_half_precision_is_refused(position_model: Make) -> None:
    model = replace(position_model(), precision="bf16")
    with pytest.raises(ModelError, match="is in bf16; expected fp32"):
        first_order_shifts(model, tokenize(["ACGT", "ACGA"], model.vocabulary), [0])
