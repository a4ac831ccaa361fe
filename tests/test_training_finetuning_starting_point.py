"""What a run starts from: whose weights, which labels, how long a window."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from enhancer_variants.errors import InputError, WindowLengthError
from enhancer_variants.models import ModelCard, NetworkConfig, Vocabulary, read_checkpoint
from enhancer_variants.models.encoder import initial_tensors
from enhancer_variants.models.network import to_checkpoint_names
from enhancer_variants.models.saving import write_model
from enhancer_variants.training.finetuning import FinetuneConfig, NetworkSizes
from enhancer_variants.training.finetuning.data import LabelledSplit
from enhancer_variants.training.finetuning.starting_point import StartingPoint, starting_point

CONFIG = NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)
SIZES = NetworkSizes(
    hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
)
CARD = ModelCard(
    name="before",
    task="single_label",
    labels=("unbound", "bound"),
    positive_label="bound",
    window_length=20,
    padding="none",
    licence="CC-BY-NC-4.0",
)


def split(*lengths: int, classes: Any = (0, 1)) -> LabelledSplit:
    sequences, targets = tuple("A" * length for length in lengths), np.asarray(classes)
    labels = ("A", "B") if targets.ndim == 2 else ()
    return LabelledSplit("train", sequences, targets, labels, {"name": "train.csv"})


def start(train: LabelledSplit, **options: Any) -> StartingPoint:
    if "model" not in options:
        options = {"network": SIZES, "kmer": 3, **options}
    return starting_point(FinetuneConfig(train="train.csv", output="model", **options), train)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A model directory with other labels and another window than what is trained."""
    folder = tmp_path / "before"
    folder.mkdir()
    tensors = initial_tensors(CONFIG, torch.Generator().manual_seed(1))
    write_model(folder, CONFIG, tensors, Vocabulary.canonical(3), CARD)
    return folder


def test_a_network_from_scratch_follows_from_the_seed() -> None:
    first, again, other = (start(split(20, 20), seed=seed) for seed in (1, 1, 2))
    weights = [s.network.state_dict()["layers.0.output.weight"] for s in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert first.labels == ("negative", "positive")
    assert (first.positive_label, first.window_length, first.token_limit) == ("positive", 20, 512)
    assert first.network.training
    assert first.network.dropout == 0.1
    assert first.provenance["from"] == "scratch"
    assert first.vocabulary.k == 3


def test_from_scratch_without_sizes_is_a_small_network() -> None:
    config = FinetuneConfig(train="train.csv", output="model")
    made = starting_point(config, split(30, 30))
    assert (made.vocabulary.k, made.network.config.hidden_size) == (6, 256)


def test_a_classifier_with_as_many_classes_is_kept(before: Path) -> None:
    made = start(split(30, 25), model=before)
    theirs = read_checkpoint(before).tensors
    ours = to_checkpoint_names(made.network.state_dict(), 1)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert (made.labels, made.positive_label) == (("unbound", "bound"), "bound")
    assert made.window_length == 20
    assert made.provenance["classifier"] == "kept"
    assert made.provenance["licence"] == "CC-BY-NC-4.0"
    assert start(split(30, 25), model=before, window_length=25).window_length == 25
    renamed = start(split(30, 25), model=before, labels=("no", "yes"))
    assert (renamed.labels, renamed.positive_label) == (("no", "yes"), "yes")
    assert renamed.provenance["classifier"] == "kept"


def test_a_classifier_for_other_labels_is_drawn_anew(before: Path) -> None:
    targets = np.array([[0, 1], [1, 0]], np.float32)
    made = start(split(20, 20, classes=targets), model=before, task="multi_label")
    assert (made.labels, made.positive_label) == (("A", "B"), None)
    assert made.provenance["classifier"] == "new"
    theirs = read_checkpoint(before).tensors["classifier.weight"]
    assert not torch.equal(made.network.classifier.weight.detach(), theirs)
    three = start(split(20, 20, 20, classes=(0, 1, 2)), model=before, positive_label="class_1")
    assert three.labels == ("class_0", "class_1", "class_2")
    assert three.positive_label == "class_1"


def test_a_multi_label_classifier_is_kept_for_the_very_labels(before: Path) -> None:
    card = dataclasses.replace(CARD, task="multi_label", labels=("A", "B"), positive_label=None)
    tensors = initial_tensors(CONFIG, torch.Generator().manual_seed(1))
    write_model(before, CONFIG, tensors, Vocabulary.canonical(3), card)
    targets = np.array([[0, 1], [1, 0]], np.float32)
    train = split(20, 20, classes=targets)
    made = start(train, model=before, task="multi_label")
    assert made.provenance["classifier"] == "kept"
    other = dataclasses.replace(train, labels=("B", "A"))
    assert start(other, model=before, task="multi_label").provenance["classifier"] == "new"


def test_a_checkpoint_without_a_card_lends_its_weights_only(before: Path) -> None:
    (before / "enhancer_variants.json").unlink()
    made = start(split(25, 25), model=before)
    assert (made.labels, made.window_length) == (("negative", "positive"), 25)
    assert made.provenance["from"] == "before"
    assert made.card is None


@pytest.mark.parametrize(
    ("lengths", "classes", "options", "error", "message"),
    [
        ((20, 30), (0, 1), {}, InputError, "20 to 30 bases long; expected window_length"),
        ((20, 2), (0, 1), {"window_length": 20}, InputError, "sequence 2 has 2 bases"),
        ((20, 20), (0, 1), {"shift": 3}, InputError, "no room to be moved by 3"),
        ((20, 20, 20), (0, 1, 2), {}, InputError, "there are 3 classes and no positive_label"),
        ((20, 20), (0, 2), {}, InputError, "a sequence has label 2 and none has 1; expected"),
        ((20, 20), (0, 10**15), {}, InputError, "a sequence has label 1000000000000000 and none"),
        ((20, 20), (0, 1), {"positive_label": "x"}, InputError, "positive_label is 'x'"),
        ((2, 2), (0, 1), {}, WindowLengthError, "window_length is 2; expected 3 to 512"),
        ((600, 600), (0, 1), {}, WindowLengthError, "window_length is 600"),
        ((20, 20), (0, 1), {"max_seq_length": 10}, WindowLengthError, "expected 3 to 10 bases"),
        ((20, 20), (0, 1), {"max_seq_length": 600}, WindowLengthError, "has 512 positions"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    lengths: tuple[int, ...],
    classes: tuple[int, ...],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        start(split(*lengths, classes=classes), **options)


def test_a_model_is_not_written_over_by_the_run_that_starts_from_it(before: Path) -> None:
    config = FinetuneConfig(train="train.csv", model=before, output=before / ".." / before.name)
    with pytest.raises(InputError, match="both the model to start from and the output"):
        starting_point(config, split(20, 20))


def test_a_window_can_move_where_one_sequence_is_longer() -> None:
    assert start(split(20, 30), window_length=20, shift=3).window_length == 20
