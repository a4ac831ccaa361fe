"""What a card says of its null distributions, and what it may not say."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import ModelCard, read_card, write_card
from enhancer_variants.models import card as card_module
from enhancer_variants.models.card import require_room_for_nulls
from enhancer_variants.models.null import NullDistribution, OutputNull
from enhancer_variants.models.null_set import (
    NullConditions,
    NullSet,
    NullSource,
    nulls_for_weights,
    with_null_set,
)

CONDITIONS = NullConditions(
    weights_sha256="1" * 64,
    window_length=200,
    max_seq_length=None,
    padding="none",
    positive_label="yes",
    strand="forward",
    anchors="left",
    shifts=0,
)
SOURCE = NullSource(
    changes="variants",
    reference="hg38.fa.gz",
    reference_sha256="2" * 64,
    enhancer_variants="0.2.0",
    variants="common.vcf.gz",
    variants_sha256="3" * 64,
    regions=("chr1:1-1000", "chr2"),
    regions_file="open.bed",
    regions_file_sha256="4" * 64,
)
NULL_SET = NullSet(
    CONDITIONS,
    SOURCE,
    (OutputNull(NullDistribution.of(range(2000)), NullDistribution.of([0.123456789, 3e-9])),),
)
CARD = ModelCard(name="CTCF", task="single_label", labels=("no", "yes"), nulls=(NULL_SET,))


def other_use(**changes: Any) -> NullSet:
    return dataclasses.replace(NULL_SET, conditions=dataclasses.replace(CONDITIONS, **changes))


def test_a_card_with_nulls_survives_a_file_in_the_same_bytes(tmp_path: Path) -> None:
    card = dataclasses.replace(CARD, nulls=(NULL_SET, other_use(strand="both")))
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    write_card(card, one)
    again = read_card(one)
    write_card(again, two)
    assert again == card
    assert hash(again) == hash(card)
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_bytes().splitlines()) < 40  # the numbers of one set are one line


def test_the_other_keys_stand_as_without_nulls(tmp_path: Path) -> None:
    with_training = dataclasses.replace(CARD, training={"a": [1, {"b": "x\ny"}]}, nulls=())
    write_card(with_training, tmp_path / "card.json")
    text = (tmp_path / "card.json").read_text()
    content = json.loads(text)
    assert text == json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def test_room_for_nulls_is_reckoned_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_use(shifts=1)
    two = dataclasses.replace(CARD, nulls=(NULL_SET, other))
    write_card(two, tmp_path / "card.json")
    size = (tmp_path / "card.json").stat().st_size
    new = other_use(shifts=2).conditions
    monkeypatch.setattr(card_module, "_LARGEST_FILE", size + 2 * card_module._NULL_BYTES)
    require_room_for_nulls(two, new)
    monkeypatch.setattr(card_module, "_LARGEST_FILE", size + 2 * card_module._NULL_BYTES - 1)
    require_room_for_nulls(two, other.conditions)  # takes the place of the old
    with pytest.raises(CheckpointError, match=rf"{size} bytes .* 2 other ways .*a copy of"):
        require_room_for_nulls(two, new)


def test_a_model_of_too_many_outputs_has_no_room_at_all() -> None:
    labels = [f"T{number}" for number in range(1195)]
    huge = ModelCard(name="TFBS", task="multi_label", labels=tuple(labels))
    with pytest.raises(CheckpointError, match=r"of 1195 outputs .* as for 1,190 outputs"):
        require_room_for_nulls(huge, CONDITIONS)
    fits = ModelCard(name="TFBS", task="multi_label", labels=tuple(labels[5:]))
    require_room_for_nulls(fits, CONDITIONS)


def test_a_null_distribution_is_no_larger_than_reckoned() -> None:
    for scale in (1e-9, 1e-6, 1e-3, 1.0, 100.0):
        sizes = np.random.default_rng(1).exponential(scale, size=100_000)
        written = json.dumps(dataclasses.asdict(NullDistribution.of(sizes)))
        assert len(written) < card_module._NULL_BYTES


def test_a_card_has_room_for_a_hundred_ways_to_use_the_model() -> None:
    sets = tuple(other_use(shifts=shifts) for shifts in range(1, 101))
    full = dataclasses.replace(CARD, nulls=sets)
    require_room_for_nulls(full, sets[3].conditions)
    with pytest.raises(CheckpointError, match="100 other ways to use the model"):
        require_room_for_nulls(full, CONDITIONS)


def test_a_card_is_shown_without_its_numbers() -> None:
    assert len(repr(CARD)) < 1000


def test_numbers_are_written_with_seven_digits(tmp_path: Path) -> None:
    write_card(CARD, tmp_path / "card.json")
    content = json.loads((tmp_path / "card.json").read_text())
    other = content["nulls"][0]["outputs"][0]["other"]
    assert other["largest"] == [0.1234568, 3e-09]
    assert other["n"] == 2


def test_a_set_made_again_takes_the_place_of_the_old() -> None:
    both = other_use(strand="both")
    again = dataclasses.replace(NULL_SET, source=dataclasses.replace(SOURCE, regions=None))
    assert with_null_set((), NULL_SET) == (NULL_SET,)
    assert with_null_set((NULL_SET, both), again) == (both, again)
    assert with_null_set((NULL_SET, both), other_use(weights_sha256="9" * 64)) == (
        other_use(weights_sha256="9" * 64),
    )


def test_nulls_go_with_the_weights_into_another_file() -> None:
    stale = other_use(weights_sha256="9" * 64)
    assert nulls_for_weights((NULL_SET, stale), "1" * 64, "5" * 64) == (
        other_use(weights_sha256="5" * 64),
    )


def test_the_summary_is_json_without_the_shifts() -> None:
    summary = NULL_SET.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["n"] == [{"snv": 2000, "other": 2}]
    assert summary["source"]["regions"] == ["chr1:1-1000", "chr2"]  # type: ignore[index, call-overload]
    only_snvs = NullSet(
        CONDITIONS,
        dataclasses.replace(SOURCE, regions=None),
        (OutputNull(NULL_SET.outputs[0].snv),),
    )
    assert only_snvs.summary()["n"] == [{"snv": 2000, "other": 0}]
    assert only_snvs.summary()["source"]["regions"] is None  # type: ignore[index, call-overload]


def test_what_differs_is_named() -> None:
    other = dataclasses.replace(CONDITIONS, shifts=2, weights_sha256="9" * 64)
    assert CONDITIONS.differences(CONDITIONS) == ()
    assert CONDITIONS.differences(other) == (
        "weights_sha256 999999999999... instead of 111111111111...",
        "shifts 2 instead of 0",
    )


HOSTILE: list[tuple[list[Any], Any, str]] = [
    (["nulls"], {}, "key 'nulls' is {}; expected a list"),
    (["nulls"], None, "key 'nulls' is None; expected a list"),
    (["nulls"], [[]] * 101, "at most 100"),
    (["nulls", 0], [], r"key 'nulls\[0\]' is \[\]; expected an object of conditions, outputs"),
    (["nulls", 0, "more"], 1, r"key 'nulls\[0\]' is "),
    (["nulls", 0, "outputs"], {}, r"nulls\[0\].outputs' is {}; expected a list of 1"),
    (["nulls", 0, "outputs"], [], "expected a list of 1, one for each output"),
    (["nulls", 0, "outputs", 0], None, r"key 'nulls\[0\].outputs\[0\]' is None"),
    (["nulls", 0, "outputs", 0, "snv"], None, r"outputs\[0\].snv' is None; expected an object of"),
    (["nulls", 0, "outputs", 0, "other"], [], r"outputs\[0\].other' is \[\]"),
    (["nulls", 0, "outputs", 0, "snv", "n"], 0, r"outputs\[0\].snv: key 'n' is 0; expected"),
    (["nulls", 0, "outputs", 0, "snv", "n"], 10**9, r"outputs\[0\].snv: key 'largest' is"),
    (["nulls", 0, "outputs", 0, "snv", "largest", 0], 1e300, "snv: key 'largest' is"),
    (["nulls", 0, "outputs", 0, "snv", "quantiles", 7], {}, "snv: key 'quantiles' is"),
    (["nulls", 0, "conditions"], 1, r"nulls\[0\].conditions' is 1; expected an object of anchors"),
    (["nulls", 0, "conditions", "weights_sha256"], "x", "conditions: key 'weights_sha256' is 'x'"),
    (["nulls", 0, "conditions", "window_length"], 0, "key 'window_length' is 0"),
    (["nulls", 0, "conditions", "window_length"], None, "key 'window_length' is None"),
    (["nulls", 0, "conditions", "max_seq_length"], "9", "key 'max_seq_length' is '9'"),
    (["nulls", 0, "conditions", "shifts"], -1, "key 'shifts' is -1"),
    (["nulls", 0, "conditions", "shifts"], 10**30, "key 'shifts' is 1000"),
    (["nulls", 0, "conditions", "padding"], None, "key 'padding' is None; expected \"dnabert\""),
    (["nulls", 0, "conditions", "strand"], "-", "key 'strand' is '-'; expected \"forward\" or"),
    (["nulls", 0, "conditions", "anchors"], [], "key 'anchors'"),
    (["nulls", 0, "conditions", "positive_label"], 1, "key 'positive_label' is 1"),
    (["nulls", 0, "source", "changes"], "guesses", "source: key 'changes' is 'guesses'"),
    (["nulls", 0, "source", "reference"], None, "key 'reference' is None"),
    (["nulls", 0, "source", "reference_sha256"], None, "key 'reference_sha256' is None"),
    (["nulls", 0, "source", "variants"], "a\nb", "key 'variants' is"),
    (["nulls", 0, "source", "variants_sha256"], "3", "key 'variants_sha256' is '3'"),
    (["nulls", 0, "source", "seed"], 1.5, "key 'seed' is 1.5"),
    (["nulls", 0, "source", "regions"], "chr1", "key 'regions' is 'chr1'"),
    (["nulls", 0, "source", "regions"], [["chr1"]], r"key 'regions' is \['chr1'\]"),
    (["nulls", 0, "source", "regions"], ["1"] * 10_001, "at most 10000"),
]


@pytest.mark.parametrize(("place", "value", "message"), HOSTILE)
def test_a_hostile_card_is_refused_with_file_and_key(
    tmp_path: Path, place: list[Any], value: Any, message: str
) -> None:
    path = tmp_path / "card.json"
    write_card(CARD, path)
    content: Any = json.loads(path.read_text())
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = copy.deepcopy(value)
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=message) as caught:
        read_card(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 500


def test_a_key_that_is_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    write_card(CARD, path)
    content = json.loads(path.read_text())
    del content["nulls"][0]["conditions"]["strand"]
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"nulls\[0\]\.conditions"):
        read_card(path)


def test_a_card_has_as_many_outputs_as_its_model_and_each_use_once() -> None:
    labels = ("CTCF", "REST")
    with pytest.raises(CheckpointError, match="key 'nulls' is 1; expected 2 outputs"):
        ModelCard(name="two", task="multi_label", labels=labels, nulls=(NULL_SET,))
    two = dataclasses.replace(NULL_SET, outputs=NULL_SET.outputs * 2)
    assert ModelCard(name="two", task="multi_label", labels=labels, nulls=(two,)).nulls == (two,)
    with pytest.raises(CheckpointError, match="expected each set of conditions once"):
        dataclasses.replace(CARD, nulls=(NULL_SET, NULL_SET))
    with pytest.raises(CheckpointError, match="expected a tuple of NullSet"):
        dataclasses.replace(CARD, nulls=[NULL_SET])
