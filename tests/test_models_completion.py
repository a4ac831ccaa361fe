"""What a card leaves open: arguments, then assumptions, each of them a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enhancer_variants.errors import ModelError, WindowLengthError
from enhancer_variants.models import Checkpoint, ModelCard, NetworkConfig, Vocabulary
from enhancer_variants.models.completion import complete_card


def checkpoint(card: ModelCard | None = None, **changes: Any) -> Checkpoint:
    """A checkpoint of the published code with 512 positions and k = 6, without its tensors."""
    content = {
        "directory": Path("models/CTCF"),
        "config": NetworkConfig(4101, 8, 1, 2, 16, 512, 2, 1e-12, 2),
        "tensors": {},
        "vocabulary": Vocabulary.canonical(6),
        "card": card,
        "labels": ("LABEL_0", "LABEL_1"),
        "problem_type": None,
        "legacy": True,
        "weights_file": "pytorch_model.bin",
        "weights_sha256": "0" * 64,
    }
    return Checkpoint(**(content | changes))


FULL = ModelCard(
    name="CTCF",
    task="single_label",
    labels=("no", "yes"),
    positive_label="no",
    window_length=101,
    kmer=6,
    max_seq_length=110,
    padding="dnabert",
    licence="MIT",
)


def test_a_full_card_is_taken_at_its_word() -> None:
    card, assumptions = complete_card(checkpoint(FULL))
    assert card == replace(FULL, weights_sha256="0" * 64)
    assert assumptions == ()
    again, _ = complete_card(checkpoint(FULL), window=101, max_seq_length=110, padding="dnabert")
    assert again == card


def test_the_published_settings_are_assumed_for_the_published_code() -> None:
    card, assumptions = complete_card(checkpoint())
    assert (card.name, card.kmer, card.positive_label) == ("CTCF", 6, "LABEL_1")
    assert (card.window_length, card.max_seq_length, card.padding) == (200, 200, "dnabert")
    window, padding, tokens = assumptions
    assert "200 are assumed" in window
    assert "dnabert is assumed" in padding
    assert "200 are assumed" in tokens


def test_padding_without_influence_is_assumed_for_todays_directories() -> None:
    card, assumptions = complete_card(checkpoint(legacy=False))
    assert (card.window_length, card.max_seq_length, card.padding) == (200, None, "none")
    assert len(assumptions) == 2


@pytest.mark.parametrize(("window", "tokens"), [(101, 200), (203, 200), (204, 204), (350, 350)])
def test_as_many_tokens_are_assumed_as_the_window_needs(window: int, tokens: int) -> None:
    card, assumptions = complete_card(checkpoint(), window=window)
    assert card.max_seq_length == tokens
    assert len(assumptions) == 2


def test_arguments_leave_nothing_to_assume() -> None:
    card, assumptions = complete_card(
        checkpoint(), name="enhancer", window=350, max_seq_length=512, padding="none", licence="MIT"
    )
    assert assumptions == ()
    assert (card.name, card.window_length, card.licence) == ("enhancer", 350, "MIT")
    assert (card.max_seq_length, card.padding) == (512, "none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 200}, "window_length 200 was asked for, but the model's card says 101"),
        ({"max_seq_length": 200}, "max_seq_length 200 was asked for, but .* 110"),
        ({"padding": "none"}, "padding 'none' was asked for, but .* 'dnabert'"),
        ({"licence": "GPL"}, "licence 'GPL' was asked for, but"),
    ],
)
def test_arguments_against_the_card_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ModelError, match=rf"models/CTCF: {message}"):
        complete_card(checkpoint(FULL), **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "key 'window_length' is 0"),
        ({"padding": "longest"}, "key 'padding' is 'longest'"),
        ({"positive_label": "maybe"}, "key 'positive_label' is 'maybe'"),
    ],
)
def test_arguments_that_no_card_could_have_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ModelError, match=f"models/CTCF: {message}"):
        complete_card(checkpoint(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 516}, "max_seq_length is 516, but the network has 512 positions"),
        ({"window": 516, "padding": "none"}, "a window of 516 bases, but 512 tokens hold 515"),
        ({"window": 204, "max_seq_length": 200}, "a window of 204 bases, but 200 tokens hold 203"),
        ({"window": 5}, "a window of 5 bases holds no 6-mer"),
        ({"max_seq_length": 513}, "max_seq_length is 513, but the network has 512 positions"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(WindowLengthError, match=message):
        complete_card(checkpoint(), **arguments)


def test_one_of_several_labels_is_not_guessed_to_be_positive() -> None:
    card, _ = complete_card(checkpoint(labels=("a", "b", "c")))
    assert card.positive_label is None
    card, _ = complete_card(checkpoint(labels=("a", "b", "c")), positive_label="b")
    assert card.positive_label == "b"
    multi = checkpoint(labels=("a", "b"), problem_type="multi_label_classification")
    card, _ = complete_card(multi)
    assert (card.task, card.positive_label) == ("multi_label", None)


@pytest.mark.parametrize(
    ("folder", "name"), [("a\tb", "ab"), ("\n", "model"), ("x" * 250, "x" * 200)]
)
def test_a_directory_lends_its_name_as_far_as_it_is_one(folder: str, name: str) -> None:
    card, _ = complete_card(checkpoint(directory=Path("models") / folder))
    assert card.name == name
