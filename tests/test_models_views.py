"""Parts of a multi-label model: whose outputs they have, and that they stay one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError, ModelError
from enhancer_variants.models import (
    Model,
    ModelCard,
    ModelShelf,
    ModelView,
    NullConditions,
    NullDistribution,
    NullSet,
    NullSource,
    OutputNull,
    find_model,
    joined,
    load_model,
    log_odds,
    predict_logits,
    seen_as,
    tokenize,
    write_card,
)

LABELS = ("CTCF", "enhancer", "NANOG")


def card_of(labels: tuple[str, ...] = LABELS, nulls: tuple[NullSet, ...] = ()) -> ModelCard:
    return ModelCard(name="panel", task="multi_label", labels=labels, window_length=60, nulls=nulls)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "panel"
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=69,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=3,
        initializer_range=0.4,
        problem_type="multi_label_classification",
    )
    BertForSequenceClassification(config).save_pretrained(path)
    write_card(card_of(), path / "enhancer_variants.json")
    return path


@pytest.fixture(scope="module")
def whole(folder: Path) -> Model:
    return load_model(folder)


def test_parts_have_the_outputs_of_the_whole(whole: Model, folder: Path) -> None:
    enhancer = seen_as(whole, ModelView(folder, "enhancer"), "mini")
    factors = seen_as(whole, ModelView(folder, "factors"), "panel")
    assert enhancer.network is factors.network is whole.network
    assert (enhancer.output_names, factors.output_names) == (("mini",), ("CTCF", "NANOG"))
    assert (enhancer.card.labels, factors.card.labels) == (("enhancer",), ("CTCF", "NANOG"))
    logits = predict_logits(whole, tokenize(["ACGT" * 15, "GATTACA" * 8], whole.vocabulary))
    values = log_odds(whole, logits)
    assert np.array_equal(log_odds(enhancer, logits), values[:, [1]])
    assert np.array_equal(log_odds(factors, logits), values[:, [0, 2]])


def test_parts_joined_are_read_in_one_pass(whole: Model, folder: Path) -> None:
    enhancer = seen_as(whole, ModelView(folder, "enhancer"), "enhancer")
    factors = seen_as(whole, ModelView(folder, "factors"))
    together = joined([enhancer, factors])
    assert together.output_names == ("enhancer", "CTCF", "NANOG")
    logits = predict_logits(together, tokenize(["ACGT" * 15], whole.vocabulary))
    expected = np.hstack([log_odds(enhancer, logits), log_odds(factors, logits)])
    assert np.array_equal(log_odds(together, logits), expected)
    assert joined([factors]) is factors
    with pytest.raises(ModelError, match="no parts of one network"):
        joined([enhancer, whole])
    with pytest.raises(ModelError, match="no parts of one network"):
        joined([enhancer, seen_as(load_model(folder), ModelView(folder, "factors"))])


def test_a_model_without_the_label_is_whole_in_every_part() -> None:
    factors_only = card_of(("CTCF", "NANOG"))
    single = ModelCard(name="m", task="single_label", labels=("no", "enhancer"))
    for part in ("all", "enhancer", "factors"):
        view = ModelView(Path("m"), part)
        assert view.columns(factors_only) is None
        assert view.output_names(factors_only, "mine") == ("CTCF", "NANOG")
        assert view.columns(single) is None
        assert view.output_names(single, "mine") == ("mine",)
        assert view.card_of(single) == single


def test_an_enhancer_model_holds_no_factors() -> None:
    only = card_of(("enhancer",))
    assert ModelView(Path("m"), "enhancer").columns(only) == (0,)
    with pytest.raises(InputError, match="its only label is 'enhancer'"):
        ModelView(Path("m"), "factors").card_of(only)


def test_null_distributions_go_with_their_outputs() -> None:
    conditions = NullConditions(
        weights_sha256="0" * 64,
        window_length=60,
        max_seq_length=None,
        padding="none",
        positive_label=None,
        strand="forward",
        anchors="left",
        shifts=0,
    )
    source = NullSource(
        changes="random", reference="a.fa", reference_sha256="1" * 64, enhancer_variants="1"
    )
    nulls = tuple(OutputNull(NullDistribution.of([float(n + 1)])) for n in range(3))
    card = card_of(nulls=(NullSet(conditions, source, nulls),))
    [of_enhancer] = ModelView(Path("m"), "enhancer").card_of(card).nulls
    [of_factors] = ModelView(Path("m"), "factors").card_of(card).nulls
    assert of_enhancer.outputs == (nulls[1],)
    assert of_factors.outputs == (nulls[0], nulls[2])
    assert ModelView(Path("m")).card_of(card) == card


def test_a_shelf_holds_the_network_of_two_parts_once(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"  # another spelling of the same directory
    link.symlink_to(folder)
    shelf = ModelShelf(
        {"enhancer": ModelView(folder, "enhancer"), "panel": ModelView(link, "factors")}
    )
    enhancer, panel = shelf.models
    assert (enhancer.name, panel.name) == ("enhancer", "panel")
    assert enhancer.network is panel.network
    assert shelf.ready(panel) is panel
    size = sum(p.numel() * 4 for p in enhancer.network.parameters())
    sources = {"enhancer": ModelView(folder, "enhancer"), "panel": ModelView(folder, "factors")}
    assert ModelShelf(sources, memory=size).complete
    away = ModelShelf(sources, memory=size - 1)
    assert not away.complete
    assert away.models[0].network is away.models[1].network  # so that scoring knows
    ready = away.ready(away.models[1])
    assert (ready.name, ready.output_names, ready.columns) == ("panel", ("CTCF", "NANOG"), (0, 2))
    tokens = tokenize(["ACGT" * 15], ready.vocabulary)
    assert np.array_equal(predict_logits(ready, tokens), predict_logits(panel, tokens))


def test_a_directory_is_found_before_a_name_of_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="models download DNABERT-6"):
        find_model("DNABERT-6")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DNABERT-6").mkdir()
    assert find_model("DNABERT-6") == ModelView(Path("DNABERT-6"))


def test_a_path_is_never_a_name() -> None:
    assert find_model(Path("enhancer-mini")) == ModelView(Path("enhancer-mini"))
    view = ModelView(demo_files().model, "factors")
    assert find_model(view, "enhancer") is view
