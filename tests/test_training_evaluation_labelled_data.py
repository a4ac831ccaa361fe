"""What is known of each output is read by row, and what is wrong is said with its line."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enhancer_variants import InputError, LabelledSequence
from enhancer_variants.models import Model, ModelCard
from enhancer_variants.training.evaluation import read_labelled_data
from enhancer_variants.training.evaluation.labelled_data import holds_split, split_file


@pytest.fixture
def model(counting_model: Callable[..., Model]) -> Model:
    return counting_model()


@pytest.fixture
def panel(model: Model) -> Model:
    """Give a model of three outputs."""
    names = ("CTCF", "NANOG", "SRF")
    card = ModelCard(name="panel", task="multi_label", labels=names)
    return replace(model, name="panel", card=card, output_names=names)


def test_a_label_is_the_number_of_a_class(model: Model) -> None:
    several = [LabelledSequence("ACGT", label) for label in (1, 0, None)]
    found = read_labelled_data(several, model)
    np.testing.assert_array_equal(found.truth["enhancer"], [1, 0, np.nan])
    assert found.source == {}


@pytest.mark.parametrize(("positive", "expected"), [("no", [1, 0, 0]), ("yes", [0, 1, 0])])
def test_the_positive_class_is_the_models(model: Model, positive: str, expected: list[int]) -> None:
    card = replace(model.card, labels=("no", "yes", "perhaps"), positive_label=positive)
    several = [LabelledSequence("ACGT", label) for label in (0, 1, 2)]
    assert (
        read_labelled_data(several, replace(model, card=card)).truth["enhancer"].tolist()
        == expected
    )


def test_a_class_that_the_model_does_not_have(model: Model) -> None:
    with pytest.raises(InputError, match=r"sequence 2 has the label 2; expected 0 to 1"):
        read_labelled_data([LabelledSequence("ACGT", 1), LabelledSequence("ACGT", 2)], model)


def test_a_file_is_named_with_its_checksum(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "test.fa"
    path.write_text(">a;label=1\nACGT\n>b;label=0\nACGA\n")
    found = read_labelled_data(path, model)
    assert found.source == {
        "name": "test.fa",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert [record.sequence for record in found.sequences] == ["ACGT", "ACGA"]
    assert read_labelled_data(str(path), model, label="enhancer").truth["enhancer"].tolist() == [
        1,
        0,
    ]


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_columns_are_by_output(panel: Model, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "test.gz"
    rows = [["sequence", "SRF", "x", "CTCF"], ["ACGT", "1", "7", ""], [], ["ACGA", "", "8", "0.0"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    found = read_labelled_data(path, panel)
    assert list(found.truth) == ["CTCF", "SRF"]
    np.testing.assert_array_equal(found.truth["CTCF"], [np.nan, 0])
    np.testing.assert_array_equal(found.truth["SRF"], [1, np.nan])


def test_labels_of_a_file_are_of_the_output_that_is_named(panel: Model, tmp_path: Path) -> None:
    path = tmp_path / "nanog.csv"
    path.write_text("sequence,label\nACGT,1\nACGA,0\n")
    found = read_labelled_data(path, panel, label="NANOG")
    assert {name: truth.tolist() for name, truth in found.truth.items()} == {"NANOG": [1, 0]}


def test_the_only_output_of_a_multi_label_model_needs_no_name(panel: Model) -> None:
    one = replace(panel, output_names=("CTCF",))
    assert read_labelled_data([LabelledSequence("ACGT", 1)], one).truth["CTCF"].tolist() == [1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "sequence,CTCF\nACGT,1\nACGT,yes\n", r"a.csv:3: CTCF is 'yes'"),
        ("a.csv", "sequence,SRF,SRF\nACGT,1,0\n", "2 columns 'SRF'"),
        ("a.csv", "sequence,label\nACGT,1\n", "no column for any output of model panel"),
        ("a.fa", ">x;label=1\nACGT\n", "no column for any output"),
        ("a.csv", "sequence,CTCF,SRF\nACGT,,\n", "no sequence has a label"),
    ],
)
def test_what_is_wrong_with_columns_is_said(
    panel: Model, tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_labelled_data(path, panel)


def test_what_else_is_wrong_is_said(model: Model, panel: Model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no output 'SOX2'; expected one of CTCF, NANOG, SRF"):
        read_labelled_data([LabelledSequence("ACGT", 1)], panel, label="SOX2")
    with pytest.raises(InputError, match="the sequences: has no column"):
        read_labelled_data([LabelledSequence("ACGT", 1)], panel)
    with pytest.raises(InputError, match="no sequence has a label"):
        read_labelled_data([LabelledSequence("ACGT")], model)
    with pytest.raises(InputError, match="is no file"):
        read_labelled_data("-", model)
    with pytest.raises(InputError, match="absent"):
        read_labelled_data(tmp_path / "absent.fa", model)


def test_a_folder_has_splits(model: Model, tmp_path: Path) -> None:
    (tmp_path / "dev.fa").write_text(">a;label=1\nACGT\n")
    assert read_labelled_data(tmp_path, model, split="dev").source["name"] == "dev.fa"
    assert split_file(tmp_path, "dev") == tmp_path / "dev.fa"
    with pytest.raises(InputError, match="has no split test"):
        read_labelled_data(tmp_path, model)
    (tmp_path / "dev.csv").write_text("sequence,label\nACGT,1\n")
    with pytest.raises(InputError, match=r"has dev.csv, dev.fa; expected one file dev"):
        split_file(tmp_path, "dev")
    assert holds_split(os.fspath(tmp_path), "dev")
    (tmp_path / "Test.fasta").write_text(">a;label=1\nACGT\n")
    assert split_file(tmp_path, "test") == tmp_path / "Test.fasta"
    assert not holds_split(tmp_path, "train")
    assert not holds_split(tmp_path / "dev.fa", "dev")
    assert not holds_split([LabelledSequence("ACGT")], "dev")
