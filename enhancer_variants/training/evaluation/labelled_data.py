"""Sequences with what is known of each output of a model: from a file, a data set or memory."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.io.output import is_stream
from enhancer_variants.models import Model
from enhancer_variants.training.card import source_of
from enhancer_variants.training.finetuning.label_tables import read_multi_label_sequences
from enhancer_variants.training.weighted_statistics import Numbers

__all__ = ["LabelledData", "LabelledSource", "holds_split", "read_labelled_data", "split_file"]

LabelledSource: TypeAlias = str | os.PathLike[str] | Sequence[LabelledSequence]
"""A file, the folder of a data set, or sequences."""

_ENDINGS: Final = tuple(e + z for z in ("", ".gz") for e in (".tsv", ".csv", ".fa", ".fasta"))


@dataclass(frozen=True, slots=True, eq=False)
class LabelledData:
    """Sequences, and for some outputs of a model whether each is a positive.

    Attributes
    ----------
    sequences
        n sequences, in the order of the file.
    truth
        (n,) by output: 1, 0, or NaN where it is not known.
    source
        Base name and SHA-256 of the file; empty of sequences in memory.
    """

    sequences: tuple[LabelledSequence, ...]
    truth: Mapping[str, Numbers]
    source: Mapping[str, str]

    def has_both_classes(self, output: str) -> bool:
        """Whether positives and negatives of an output are known."""
        known = self.truth.get(output, np.empty(0))
        return bool((known == 1).any() and (known == 0).any())


def read_labelled_data(
    source: LabelledSource, model: Model, *, split: str = "test", label: str | None = None
) -> LabelledData:
    """Read sequences and what is known of each output of a model.

    Parameters
    ----------
    source
        A file that :func:`~enhancer_variants.io.read_labelled_sequences` reads, the folder of a
        data set, or sequences.
    model
        Whose outputs are asked about. The label of a sequence is the number of its class: of a
        single-label model, that of the positive label is a positive and all others are negatives.
        Of a multi-label model it is 1 or 0, for the one output there is or that `label` names;
        otherwise the file is a CSV or TSV with a column for each output, by its name, that holds
        1, 0 or nothing.
    split
        Which split of a data set's folder.
    label
        Name of the output that the labels are of.

    Raises
    ------
    InputError
        If the file cannot be read, has no labels or other ones, or there is no such output.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> model = load_model(demo_files().model, "enhancer")
    >>> several = [LabelledSequence("ACGTACGT", 1), LabelledSequence("ACGTACGA")]
    >>> read_labelled_data(several, model).truth
    {'enhancer': array([ 1., nan])}
    """
    if label is not None and label not in model.output_names:
        raise InputError(
            f"model {model.name} has no output {label!r}; expected one of "
            f"{', '.join(model.output_names)}"
        )
    path = None
    if isinstance(source, str | os.PathLike):
        if is_stream(source):
            raise InputError(f"{os.fspath(source)}: is no file; expected one or a folder")
        path = split_file(source, split) if Path(source).is_dir() else Path(source)
        sequences = tuple(read_labelled_sequences(path))
    else:
        sequences = tuple(source)
    columns = {} if path is None or label is not None else _columns(path, model.output_names)
    output = label or (model.output_names[0] if len(model.output_names) == 1 else None)
    if not columns and output is None:
        raise InputError(
            f"{_name(path)}: has no column for any output of model {model.name}; expected some of "
            f"{', '.join(model.output_names)} in a CSV or TSV, or the output that its labels are "
            "of (label, --label)"
        )
    truth = columns or {output or "": _truth(sequences, model, _name(path))}
    if all(np.isnan(known).all() for known in truth.values()):
        raise InputError(f"{_name(path)}: no sequence has a label; expected some with 0 and 1")
    return LabelledData(sequences, truth, {} if path is None else source_of(path))


def split_file(folder: str | os.PathLike[str], split: str) -> Path:
    """Find the file of a split in the folder of a data set.

    Raises
    ------
    InputError
        If there is none, or several.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "test.fa").write_text(">a")
    ...     split_file(folder, "test").name
    'test.fa'
    """
    found = _split_files(folder, split)
    if len(found) == 1:
        return found[0]
    problem = f"has {', '.join(path.name for path in found)}" if found else f"has no split {split}"
    raise InputError(
        f"{os.fspath(folder)}: {problem}; expected one file {split} with the ending "
        f"{', '.join(_ENDINGS)}"
    )


def holds_split(source: LabelledSource, split: str) -> bool:
    """Whether this is the folder of a data set, with such a split in it."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return False
    return bool(_split_files(source, split))


def _split_files(folder: str | os.PathLike[str], split: str) -> list[Path]:
    names = [(split + ending).lower() for ending in _ENDINGS]
    return [path for path in sorted(Path(folder).iterdir()) if path.name.lower() in names]


def _name(path: Path | None) -> str:
    return "the sequences" if path is None else str(path)


def _truth(sequences: Sequence[LabelledSequence], model: Model, where: str) -> Numbers:
    card = model.card
    classes, positive = 2, 1
    if card.task != "multi_label":
        classes, positive = len(card.labels), card.labels.index(card.positive_label or "")
    truth = np.full(len(sequences), math.nan)
    for row, record in enumerate(sequences):
        if record.label is None:
            continue
        if record.label >= classes:
            raise InputError(
                f"{where}: sequence {row + 1} has the label {record.label}; expected 0 to "
                f"{classes - 1}, the classes of model {model.name}"
            )
        truth[row] = record.label == positive
    return truth


def _columns(path: Path, outputs: Sequence[str]) -> dict[str, Numbers]:
    """Read the columns that are named as outputs; none of a file that is no table."""
    with InputStream(path) as stream:
        texts = (line.decode("utf-8-sig") for line in stream)
        header = next(text for text in texts if text.strip())
    delimiter = "\t" if "\t" in header else ","
    names = {name.strip() for name in next(csv.reader([header], delimiter=delimiter))}
    found = [output for output in outputs if output in names]
    if header.startswith(">") or not found:
        return {}
    read = read_multi_label_sequences(path, found)
    return dict(zip(read.labels, read.targets.T.astype(np.float64), strict=True))
