"""Files to windows, windows to batches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io import LabelledSequence
from enhancer_variants.models import Vocabulary, tokenize
from enhancer_variants.training.finetuning import FinetuneConfig
from enhancer_variants.training.finetuning.data import (
    Augmentation,
    Batches,
    LabelledSplit,
    Windows,
    middle,
    read_splits,
    require_each_class,
    require_known_classes,
    split_files,
)

ROW = "GATTACA,1\n"


def config(train: Path, **more: Any) -> FinetuneConfig:
    return FinetuneConfig(train=train, output="model", **more)


def write(folder: Path, *names: str, text: str = "sequence,label\n" + ROW) -> None:
    for name in names:
        (folder / name).write_text(text)


def test_a_folder_gives_its_splits(tmp_path: Path) -> None:
    write(tmp_path, "Train.csv", "dev.csv", "data_card.json")
    files = split_files(config(tmp_path))
    assert {name: path.name for name, path in files.items()} == {
        "train": "Train.csv",
        "dev": "dev.csv",
    }
    files = split_files(config(tmp_path, dev=tmp_path / "other.csv", test="test.fa"))
    assert [path.name for path in files.values()] == ["Train.csv", "other.csv", "test.fa"]


def test_a_folder_must_hold_one_file_of_each_split(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no train.tsv"):
        split_files(config(tmp_path))
    write(tmp_path, "train.csv", "train.tsv")
    with pytest.raises(InputError, match=r"holds train.csv and train.tsv"):
        split_files(config(tmp_path))


def test_splits_hold_sequences_classes_and_checksums(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("sequence\tlabel\nGAT ATT TTA\t1\nACG CGT GTN\t0\n")
    (tmp_path / "dev.fa").write_text(">a;label=1\nGATTACA\n")
    splits = read_splits(config(tmp_path))
    assert splits["train"].sequences == ("GATTA", "ACGTN")
    assert splits["train"].targets.tolist() == [1, 0]
    assert splits["dev"].source["name"] == "dev.fa"
    assert len(splits["dev"].source["sha256"]) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">a\nGATTACA\n>b;label=1\nGATTACA\n", "1 of 2 sequences have no label, the first"),
        ("sequence,label\n", "holds no sequence with a label"),
    ],
)
def test_a_file_without_the_right_labels_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path, "train.fa", text=text)
    with pytest.raises(InputError, match=message):
        read_splits(config(tmp_path / "train.fa", best_by="last"))


def test_every_split_has_the_classes_of_the_model(tmp_path: Path) -> None:
    write(tmp_path, "train.csv")
    write(tmp_path, "dev.fa", text=">a;label=2\nGATTACA\n")
    splits = read_splits(config(tmp_path))
    require_known_classes(splits, ("a", "b", "c"))
    with pytest.raises(InputError, match=r"dev.fa: a sequence has label 2; expected 0 to 1"):
        require_known_classes(splits, ("no", "yes"))


def test_a_label_that_no_class_can_have_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", text=f"sequence,label\nGATTACA,{10**30}\n")
    with pytest.raises(InputError, match=r"train.csv: a label is above 2\*\*63; expected"):
        read_splits(config(tmp_path, best_by="last"))


@pytest.mark.parametrize(
    ("targets", "labels", "message"),
    [
        ([1, 1], (), "t.csv: all training sequences are of class 'B'; expected some of another"),
        ([[0, 0], [1, np.nan]], ("A", "B"), "t.csv: no training sequence is positive for 'B'"),
        ([[1, 0], [1, 1]], ("A", "B"), "t.csv: no training sequence is negative for 'A'"),
    ],
)
def test_what_could_not_be_learned_is_refused(
    targets: Any, labels: tuple[str, ...], message: str
) -> None:
    def split(values: Any) -> LabelledSplit:
        return LabelledSplit("train", ("A", "C"), np.array(values), labels, {"name": "t.csv"})

    with pytest.raises(InputError, match=message):
        require_each_class(split(targets), ("A", "B"))
    require_each_class(split([[0, 1], [1, 0]] if labels else [0, 1]), ("A", "B"))


def test_dev_is_needed_where_weights_are_chosen_by_it(tmp_path: Path) -> None:
    write(tmp_path, "train.csv")
    with pytest.raises(InputError, match="there is no dev split, and best_by is 'mcc'"):
        read_splits(config(tmp_path))
    with pytest.raises(InputError, match="there is no dev split"):
        read_splits(config(tmp_path, best_by="last", threshold="mcc"))
    assert read_splits(config(tmp_path, best_by="last")).keys() == {"train"}


def test_every_multi_label_split_has_the_labels_of_train(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", text="sequence,A,B\nGATTACA,1,\nACGTACG,,\n")
    write(tmp_path, "dev.csv", text="sequence,B,A\nGATTACA,0,1\n")
    splits = read_splits(config(tmp_path, task="multi_label"))
    assert splits["dev"].labels == splits["train"].labels == ("A", "B")
    assert splits["dev"].targets.tolist() == [[1, 0]]
    assert (splits["train"].sequences, splits["train"].left_out) == (("GATTACA",), 1)


@given(sequence=st.text("ACGT", min_size=1, max_size=30), window=st.integers(1, 30))
def test_the_middle_is_that_of_data_sets(sequence: str, window: int) -> None:
    if window <= len(sequence):
        assert middle(sequence, window) == LabelledSequence(sequence).cropped(window).sequence
    else:
        assert middle(sequence, window) == sequence


def test_shifts_stay_in_the_sequence_and_are_equally_likely() -> None:
    augmentation = Augmentation(shift=2, seed=1)
    seen = Counter(
        augmentation.window("AACCGGTT", 5, epoch=epoch, number=0) for epoch in range(2000)
    )
    # From the middle, at 2, it can go 2 to the left and 1 to the right.
    assert seen.keys() == {"AACCG", "ACCGG", "CCGGT", "CGGTT"}
    assert min(seen.values()) > 400
    assert augmentation.window("ACG", 5, epoch=0, number=0) == "ACG"


def test_strands_are_drawn_with_the_probability_asked_for() -> None:
    augmentation = Augmentation(reverse_complement=0.25)
    turned = [augmentation.window("AAAC", 4, epoch=0, number=n) == "GTTT" for n in range(2000)]
    assert 0.2 < np.mean(turned) < 0.3


@given(
    sequence=st.text("ACGT", min_size=6, max_size=20),
    shift=st.integers(0, 5),
    epoch=st.integers(0, 5),
    number=st.integers(0, 5),
)
def test_a_window_follows_from_seed_epoch_and_number(
    sequence: str, shift: int, epoch: int, number: int
) -> None:
    augmentation = Augmentation(reverse_complement=0.5, shift=shift, seed=3)
    window = augmentation.window(sequence, 6, epoch=epoch, number=number)
    assert window == augmentation.window(sequence, 6, epoch=epoch, number=number)
    assert window in sequence or reverse_complement(window) in sequence
    assert len(window) == 6


def test_a_data_set_of_windows_changes_with_the_epoch() -> None:
    split = LabelledSplit("train", ("AAAACCCC",) * 8, np.arange(8), (), {})
    windows = Windows(split, 4, Augmentation(shift=2))
    first = [windows[n][0] for n in range(len(windows))]
    windows.epoch = 1
    assert first != [windows[n][0] for n in range(len(windows))]
    assert [windows[n][1] for n in range(8)] == list(range(8))


def test_batches_are_tokens_padded_as_the_network_wants_them() -> None:
    vocabulary = Vocabulary.canonical(3)
    rows = [("ACGTA", np.int64(1)), ("ACGT", np.int64(0))]
    tokens = tokenize([sequence for sequence, _ in rows], vocabulary)
    batch = Batches(vocabulary, "none", 12)(rows)
    assert batch["ids"].tolist() == tokens.ids.tolist()
    assert batch["lengths"].tolist() == [5, 4]
    assert batch["labels"].tolist() == [1, 0]
    padded = Batches(vocabulary, "dnabert", 7)(rows)
    assert padded["ids"].shape == (2, 7)
    assert padded["ids"][1].tolist() == [*tokens.ids[1].tolist(), 0, 0]
    assert "lengths" not in Batches(vocabulary, "none", 12)(rows[:1])
    several = Batches(vocabulary, "none", 12)([("ACGT", np.array([1, np.nan], np.float32))])
    assert several["labels"].shape == (1, 2)


@pytest.mark.realdata
def test_the_published_files_are_read(data: Path) -> None:
    train, dev = (
        data / "enhancer" / f"dnabert_enhancer_{n}_202bp.tsv.gz" for n in ("train", "dev")
    )
    splits = read_splits(config(train, dev=dev))
    for split in splits.values():
        assert {len(sequence) for sequence in split.sequences} == {202}
        assert {*split.targets.tolist()} == {0, 1}
