"""The model card: what it may say, and that it says it in the same bytes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import ModelCard, read_card, write_card
from enhancer_variants.models import card as card_module
from enhancer_variants.models.card import with_assumptions_noted

MINIMAL = {"format": 1, "name": "CTCF", "task": "single_label", "labels": ["no", "yes"]}

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda text: text.isprintable() and text == text.strip()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
MAYBE_TEXT = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)


@st.composite
def cards(draw: st.DrawFn) -> ModelCard:
    task = draw(st.sampled_from(["single_label", "multi_label"]))
    least = 2 if task == "single_label" else 1
    labels = draw(st.lists(NAMES, min_size=least, max_size=4, unique=True))
    positive = st.none() | st.sampled_from(labels) if task == "single_label" else st.none()
    return ModelCard(
        name=draw(NAMES),
        task=task,
        labels=tuple(labels),
        positive_label=draw(positive),
        window_length=draw(st.none() | st.integers(1, 2000)),
        kmer=draw(st.none() | st.integers(1, 8)),
        max_seq_length=draw(st.none() | st.integers(3, 2000)),
        padding=draw(st.sampled_from([None, "dnabert", "none"])),
        licence=draw(MAYBE_TEXT),
        citation=draw(MAYBE_TEXT),
        training=draw(st.dictionaries(NAMES, VALUES, max_size=3)),
        weights_sha256=draw(st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)),
        decision_threshold=draw(st.floats(-50, 50) | st.integers(-3, 3)),
        notes=draw(MAYBE_TEXT),
    )


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "enhancer_variants.json"
    content = {key: value for key, value in (MINIMAL | changes).items() if value is not ...}
    path.write_text(json.dumps(content))
    return path


@settings(deadline=None)
@given(cards())
def test_cards_survive_a_file_and_equal_cards_are_equal_bytes(
    tmp_path_factory: pytest.TempPathFactory, card: ModelCard
) -> None:
    folder = tmp_path_factory.mktemp("card")
    write_card(card, folder / "one.json")
    again = read_card(folder / "one.json")
    write_card(again, str(folder / "two.json"))
    assert again == card
    assert hash(again) == hash(card)
    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()


def test_the_bytes_are_sorted_and_complete(tmp_path: Path) -> None:
    card = ModelCard(name="CTCF", task="multi_label", labels=("é",))
    write_card(card, tmp_path / "card.json")
    text = (tmp_path / "card.json").read_text(encoding="utf-8")
    keys = list(json.loads(text))
    assert keys == sorted({f.name for f in dataclasses.fields(ModelCard)} - {"admissions"})
    assert text.endswith("}\n")
    assert '"é"' in text


def test_what_a_card_does_not_say_has_the_documented_defaults(tmp_path: Path) -> None:
    card = read_card(written(tmp_path))
    assert card.labels == ("no", "yes")
    assert card.decision_threshold == 0
    assert card.training == {}
    unsaid = ("positive_label", "window_length", "kmer", "max_seq_length", "padding", "licence")
    assert all(getattr(card, key) is None for key in unsaid)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "newer than this version"),
        ("format", True, "key 'format' is True; expected a whole number"),
        ("format", ..., "key 'format' is None; expected a whole number"),
        ("format", "1", "key 'format' is '1'"),
        ("name", ..., "key 'name' is missing"),
        ("name", "", "key 'name' is ''; expected a printable name"),
        ("name", "a\tb", "key 'name'"),
        ("name", " a", "key 'name'"),
        ("name", "x" * 201, "key 'name'"),
        ("name", 7, "key 'name' is 7"),
        ("nmae", "CTCF", "key 'nmae' is unknown; expected admissions, citation, "),
        ("task", "regression", "key 'task' is 'regression'; expected \"single_label\""),
        ("task", ["single_label"], "key 'task'"),
        ("labels", ..., "key 'labels' is missing"),
        ("labels", "ab", "key 'labels' is 'ab'; expected a list of names"),
        ("labels", ["yes"], "expected a list of 2 or more names"),
        ("labels", ["yes", "yes"], "expected each name once"),
        ("labels", ["yes", 1], "key 'labels' is 1; expected printable names"),
        ("labels", ["yes", ["no"]], "key 'labels'"),
        ("positive_label", "maybe", "key 'positive_label' is 'maybe'; expected one of the labels"),
        ("window_length", 0, "key 'window_length' is 0; expected a whole number from 1"),
        ("window_length", 200.0, "key 'window_length' is 200.0"),
        ("window_length", True, "key 'window_length' is True"),
        ("window_length", 10**12, "key 'window_length'"),
        ("kmer", 9, "key 'kmer' is 9; expected a whole number from 1 to 8"),
        ("max_seq_length", 2, "key 'max_seq_length' is 2"),
        ("padding", "longest", "key 'padding' is 'longest'; expected \"dnabert\""),
        ("padding", [], "key 'padding'"),
        ("licence", 3, "key 'licence' is 3; expected text or null"),
        ("training", [], "key 'training' is ..; expected an object"),
        ("weights_sha256", "abc", "key 'weights_sha256' is 'abc'; expected 64"),
        ("weights_sha256", "A" * 64, "key 'weights_sha256'"),
        ("weights_sha256", 1, "key 'weights_sha256'"),
        ("decision_threshold", "0", "key 'decision_threshold' is '0'; expected a number"),
        ("decision_threshold", False, "key 'decision_threshold'"),
        ("decision_threshold", 10**400, "key 'decision_threshold' is 1000"),
        ("decision_threshold", None, "key 'decision_threshold'"),
    ],
)
def test_a_wrong_value_is_refused_with_file_key_and_expectation(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    path = written(tmp_path, **{key: value})
    with pytest.raises(CheckpointError, match=message) as caught:
        read_card(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_multi_label_model_has_no_positive_label(tmp_path: Path) -> None:
    path = written(tmp_path, task="multi_label", labels=["CTCF"], positive_label="CTCF")
    with pytest.raises(CheckpointError, match="expected null for a multi_label model"):
        read_card(path)


def test_a_card_of_another_size_or_depth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="larger than 1000000 bytes"):
        read_card(written(tmp_path, notes="x" * 1_000_001))
    nested: Any = 1
    for _ in range(40):
        nested = [nested]
    with pytest.raises(CheckpointError, match="nested deeper than 32"):
        read_card(written(tmp_path, training={"a": nested}))


def test_a_card_that_could_not_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_module, "_LARGEST_FILE", 2000)
    path = tmp_path / "card.json"
    write_card(ModelCard(name="CTCF", task="multi_label", labels=("CTCF",)), path)
    before = path.read_bytes()
    long = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",), notes="x" * 2000)
    with pytest.raises(CheckpointError, match=r"card.json: 2\d\d\d bytes of a card; expected at"):
        write_card(long, path)
    assert path.read_bytes() == before
    path.write_text("{" + " " * 2000 + "}")
    with pytest.raises(CheckpointError, match="larger than 2000 bytes"):
        read_card(path)


@pytest.mark.parametrize("training", [{1: 2}, {"a": (1, 2)}, {"a": object()}, {"a": float("nan")}])
def test_training_that_no_file_could_hold_is_refused_at_once(training: Any) -> None:
    with pytest.raises(CheckpointError, match=r"'training' .* expected an object of JSON values"):
        ModelCard(name="CTCF", task="multi_label", labels=("CTCF",), training=training)


def test_labels_are_a_tuple() -> None:
    with pytest.raises(CheckpointError, match="key 'labels'"):
        ModelCard(name="CTCF", task="multi_label", labels=["CTCF"])  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    card = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",))
    with pytest.raises(FileNotFoundError):
        write_card(card, tmp_path / "absent" / "card.json")


def test_what_was_assumed_is_noted_behind_the_notes() -> None:
    card = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",))
    assert with_assumptions_noted(card, "calibrated", ()) is card
    once = with_assumptions_noted(card, "converted", ["One.", "Two."])
    assert once.notes == "Assumed when the model was converted: One. Two."
    twice = with_assumptions_noted(once, "calibrated", ["Three."])
    assert twice.notes == f"{once.notes}\nAssumed when the model was calibrated: Three."


def test_admissions_of_another_kind_or_twice_are_refused_with_file_and_key(tmp_path: Path) -> None:
    admission = {
        "precision": "bf16",
        "backend": "torch",
        "device_type": "cpu",
        "n": 1000,
        "largest_error": 0.03,
        "p99_error": 0.01,
        "rank_correlation": 0.999,
        "speedup": 2.4,
        "windows": "common.vcf",
        "weights_sha256": "0" * 64,
        "window_length": 200,
        "max_seq_length": None,
        "padding": "none",
        "versions": {},
    }
    path = written(tmp_path, admissions=[admission])
    assert [a.precision for a in read_card(path).admissions] == ["bf16"]
    for wrong, message in (
        ([admission, admission], "key 'admissions' is 'cpu bf16 torch'; expected each precision"),
        (
            [admission | {"p99_error": "low"}],
            r"admissions\[0\]: key 'p99_error' is 'low'; expected",
        ),
        (None, "key 'admissions' is None; expected a list"),
    ):
        path = written(tmp_path, admissions=wrong)
        with pytest.raises(CheckpointError, match=f"^{path}: {message}"):
            read_card(path)
    with pytest.raises(CheckpointError, match="expected a tuple of Admission"):
        ModelCard(name="CTCF", task="multi_label", labels=("CTCF",), admissions=(admission,))
