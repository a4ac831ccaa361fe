"""Sequences to train on and to be judged by: files to windows, windows to batches."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.models import Padding, Vocabulary, tokenize, truncate
from enhancer_variants.training.card import source_of
from enhancer_variants.training.finetuning.config import FinetuneConfig
from enhancer_variants.training.finetuning.label_tables import read_multi_label_sequences

__all__ = [
    "Augmentation",
    "Batches",
    "LabelledSplit",
    "Windows",
    "middle",
    "read_splits",
    "require_each_class",
    "require_known_classes",
    "split_files",
]

Targets: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.float32]
"""(n,) numbers of classes, or (n, L) 0, 1 and NaN where a label is not known."""

_ENDINGS: Final = (".tsv", ".csv", ".fa", ".fasta", ".tsv.gz", ".csv.gz", ".fa.gz", ".fasta.gz")
_SPLITS: Final = ("train", "dev", "test")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSplit:
    """Sequences of one split with their targets.

    Attributes
    ----------
    name
        ``train``, ``dev`` or ``test``.
    sequences
        n sequences as the file has them.
    targets
        Shape ``(n,)``, int64: number of the class; or ``(n, L)``, float32: 0, 1 or NaN for each of
        L labels.
    labels
        Names of multi-label columns; empty for single-label files, which have none.
    source
        Base name and SHA-256 of the file.
    left_out
        Rows without any label that is known.
    """

    name: str
    sequences: tuple[str, ...]
    targets: Targets
    labels: tuple[str, ...]
    source: Mapping[str, str]
    left_out: int = 0


def split_files(config: FinetuneConfig) -> dict[str, Path]:
    """Find the file of each split that a run names, or that its data folder holds.

    Parameters
    ----------
    config
        The run; a folder as `train` gives its ``train``, ``dev`` and ``test``, unless `dev` or
        `test` names another file.

    Returns
    -------
    dict
        Path by the name of the split; `train` always.

    Raises
    ------
    InputError
        If the folder holds no file, or two, for a split that is needed.

    Examples
    --------
    >>> split_files(FinetuneConfig(train="a.tsv", test="b.tsv", output="model"))
    {'train': PosixPath('a.tsv'), 'test': PosixPath('b.tsv')}
    """
    train = Path(config.train)
    files = {"train": train}
    if train.is_dir():
        files = {name: path for name in _SPLITS if (path := _file_of_split(train, name))}
        if "train" not in files:
            raise InputError(
                f"{train}: holds no train.tsv, train.csv or train.fa; expected a folder as "
                "`enhancer-variants dataset` writes it, or a file"
            )
    for name, named in (("dev", config.dev), ("test", config.test)):
        if named is not None:
            files[name] = Path(named)
    return files


def _file_of_split(folder: Path, split: str) -> Path | None:
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.name.lower() in {split + ending for ending in _ENDINGS}
    ]
    if len(found) > 1:
        raise InputError(
            f"{folder}: holds {' and '.join(path.name for path in found)}; expected one file of "
            f"{split}: name the one that is meant"
        )
    return found[0] if found else None


def read_splits(config: FinetuneConfig) -> dict[str, LabelledSplit]:
    """Read every split of a run.

    Parameters
    ----------
    config
        The run.

    Returns
    -------
    dict
        `train`, and `dev` and `test` where there are some. Multi-label splits have the labels of
        `train`, in that order.

    Raises
    ------
    InputError
        If a file cannot be read, holds no sequences or one without a label, or there is no dev
        split and `best_by` needs one.
    """
    files = split_files(config)
    needs_dev = config.best_by != "last" or config.threshold == "mcc"
    if "dev" not in files and needs_dev:
        raise InputError(
            f"there is no dev split, and best_by is {config.best_by!r}; expected one, or "
            "best_by='last' (--best-by last), which keeps the weights of the last step"
        )
    splits: dict[str, LabelledSplit] = {}
    labels = config.labels
    for name, path in files.items():
        if config.task == "multi_label":
            splits[name] = _read_multi_label(name, path, labels)
            labels = splits["train"].labels
        else:
            splits[name] = _read_single_label(name, path)
    return splits


def _read_single_label(name: str, path: str | os.PathLike[str]) -> LabelledSplit:
    records = read_labelled_sequences(path)
    try:
        classes = np.array([-1 if r.label is None else r.label for r in records], dtype=np.int64)
    except OverflowError as error:
        raise InputError(
            f"{path}: a label is above 2**63; expected the numbers of classes, 0, 1, ..."
        ) from error
    if (classes < 0).any():
        first = int(np.flatnonzero(classes < 0)[0])
        raise InputError(
            f"{path}: {int((classes < 0).sum())} of {len(records)} sequences have no label, the "
            f"first of them is number {first + 1}; expected a label for each"
        )
    sequences = tuple(record.sequence for record in records)
    _require_some(path, sequences)
    return LabelledSplit(name, sequences, classes, (), source_of(path))


def _read_multi_label(
    name: str, path: str | os.PathLike[str], labels: Sequence[str] | None
) -> LabelledSplit:
    table = read_multi_label_sequences(path, labels)
    known = np.flatnonzero(~np.isnan(table.targets).all(axis=1))
    sequences = tuple(table.sequences[row] for row in known.tolist())
    _require_some(path, sequences)
    left_out = len(table.sequences) - len(sequences)
    targets = table.targets[known]
    return LabelledSplit(name, sequences, targets, table.labels, source_of(path), left_out)


def _require_some(path: str | os.PathLike[str], sequences: Sequence[str]) -> None:
    if not sequences:
        raise InputError(f"{path}: holds no sequence with a label; expected some")


def require_known_classes(splits: Mapping[str, LabelledSplit], labels: Sequence[str]) -> None:
    """Refuse single-label sequences of a class that the model does not have.

    Raises
    ------
    InputError
        If there is one.
    """
    for split in splits.values():
        if not split.labels and split.targets.max() >= len(labels):
            raise InputError(
                f"{split.source['name']}: a sequence has label {split.targets.max()}; expected 0 "
                f"to {len(labels) - 1} for the classes {', '.join(labels)}"
            )


def require_each_class(train: LabelledSplit, labels: Sequence[str]) -> None:
    """Refuse training sequences from which an output could learn nothing.

    Parameters
    ----------
    train
        The sequences.
    labels
        Names of the outputs.

    Raises
    ------
    InputError
        If all are of one class, or none is known to be positive, or negative, for one of several
        labels.
    """
    where = train.source["name"]
    if not train.labels and (train.targets == train.targets[0]).all():
        raise InputError(
            f"{where}: all training sequences are of class {labels[int(train.targets[0])]!r}; "
            "expected some of another"
        )
    for label, of_label in zip(train.labels, train.targets.T, strict=False):
        for value, word in ((0, "negative"), (1, "positive")):
            if not (of_label == value).any():
                raise InputError(
                    f"{where}: no training sequence is {word} for {label!r}; expected some, or "
                    "labels (--labels) that leave it out"
                )


def middle(sequence: str, window: int, shift: int = 0) -> str:
    """Give the `window` bases around a sequence's middle, or all of a shorter one.

    Parameters
    ----------
    sequence
        The sequence.
    window
        Bases to keep: W//2 of them left of base length//2.
    shift
        Bases by which the window is moved to the right; no further than the sequence reaches.

    Examples
    --------
    >>> middle("AACGTT", 2), middle("AACGTT", 2, 1), middle("AACGTT", 2, -9), middle("ACG", 5)
    ('CG', 'GT', 'AA', 'ACG')
    """
    if len(sequence) <= window:
        return sequence
    start = len(sequence) // 2 - window // 2 + shift
    start = min(max(start, 0), len(sequence) - window)
    return sequence[start : start + window]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a training sequence is changed each time that it is read.

    What becomes of a sequence follows from the seed, the epoch and its number alone, so that runs
    that stop and go on, and those on several devices, see the same.

    Attributes
    ----------
    reverse_complement
        Probability with which it is turned around.
    shift
        Bases by which its window is moved at most; every move that stays in the sequence is as
        likely as any other.
    seed
        Of all random numbers.

    Examples
    --------
    >>> Augmentation(reverse_complement=1.0).window("AACC", 4, epoch=0, number=0)
    'GGTT'
    """

    reverse_complement: float = 0.0
    shift: int = 0
    seed: int = 0

    def window(self, sequence: str, window: int, *, epoch: int, number: int) -> str:
        """Give the window of a sequence as it is read in an epoch."""
        if not self.reverse_complement and not self.shift:
            return middle(sequence, window)
        generator = np.random.default_rng([self.seed, epoch, number])
        left = len(sequence) // 2 - window // 2
        right = len(sequence) - window - left
        shift = 0
        if self.shift and right >= 0:
            shift = int(generator.integers(-min(self.shift, left), min(self.shift, right) + 1))
        kept = middle(sequence, window, shift)
        return reverse_complement(kept) if generator.random() < self.reverse_complement else kept


class Windows(Dataset[tuple[str, npt.NDArray[np.generic]]]):
    """Windows of a split with their targets, as a data set of torch.

    Parameters
    ----------
    split
        Sequences and targets.
    window
        Bases of a window, W; shorter sequences stay as they are.
    augmentation
        How they are changed; not at all by default.

    Examples
    --------
    >>> split = LabelledSplit("dev", ("AACC", "GT"), np.array([0, 1]), (), {})
    >>> Windows(split, 2)[0]
    ('AC', np.int64(0))
    """

    def __init__(
        self, split: LabelledSplit, window: int, augmentation: Augmentation | None = None
    ) -> None:
        self._split = split
        self._window = window
        self._augmentation = augmentation or Augmentation()
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._split.sequences)

    def __getitem__(self, number: int) -> tuple[str, npt.NDArray[np.generic]]:
        sequence = self._split.sequences[number]
        window = self._augmentation.window(sequence, self._window, epoch=self.epoch, number=number)
        return window, self._split.targets[number]


@dataclass(frozen=True, slots=True)
class Batches:
    """Windows and targets to the tensors that the network reads.

    Attributes
    ----------
    vocabulary
        Token ids.
    padding
        As the network is to treat it.
    width
        Tokens that rows are padded to, and cut at, with ``padding="dnabert"``; else the most that
        the network reads.

    Examples
    --------
    >>> batch = Batches(Vocabulary.canonical(3), "none", 512)([("AAAT", np.int64(1))])
    >>> batch["ids"].tolist(), batch["labels"].tolist()
    ([[2, 5, 6, 3]], [1])
    """

    vocabulary: Vocabulary
    padding: Padding
    width: int

    def __call__(self, rows: Sequence[tuple[str, npt.NDArray[np.generic]]]) -> dict[str, Tensor]:
        """`ids` (B, L), `labels`, and `lengths` (B,) where a row is padded."""
        tokens = truncate(tokenize([sequence for sequence, _ in rows], self.vocabulary), self.width)
        longest = tokens.ids.shape[1]
        width = self.width if self.padding == "dnabert" else longest
        ids = np.full((len(rows), width), self.vocabulary.pad, dtype=np.int64)
        ids[:, :longest] = tokens.ids
        batch = {
            "ids": torch.from_numpy(ids),
            "labels": torch.from_numpy(np.stack([target for _, target in rows])),
        }
        if int(tokens.lengths.min()) < width:
            batch["lengths"] = torch.from_numpy(tokens.lengths.astype(np.int64))
        return batch
