"""What a data set holds and how easy it is: the card that lies beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from enhancer_variants._version import __version__
from enhancer_variants.errors import InputError
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.canonical_kmers import LARGEST_KMER, sharing_a_kmer
from enhancer_variants.training.negatives import composition

__all__ = ["data_card", "gc_auroc", "source_of"]


def gc_auroc(sequences: Sequence[LabelledSequence]) -> float | None:
    """Area under the ROC curve of GC content as the only predictor of label 1 against label 0.

    Returns
    -------
    float or None
        0.5 where GC says nothing, below it where the negatives have more; None where there are
        not both labels.

    Notes
    -----
    The Mann-Whitney statistic: the share of pairs of a positive and a negative in which the
    positive has more GC, a tie counting half.

    Examples
    --------
    >>> gc_auroc([LabelledSequence("GGCA", 1), LabelledSequence("ATTA", 0)])
    1.0
    """
    labelled = [record for record in sequences if record.label in (0, 1)]
    is_positive = np.array([record.label == 1 for record in labelled], dtype=bool)
    positives = int(is_positive.sum())
    negatives = len(labelled) - positives
    if not positives or not negatives:
        return None
    ranks = rankdata([composition(record.sequence)[0] for record in labelled])
    above = ranks[is_positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def source_of(path: str | os.PathLike[str]) -> dict[str, str]:
    """Give base name and SHA-256 of a file that a data set is made from.

    Raises
    ------
    InputError
        If it cannot be read.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> source_of(demo_files().reference)["name"]
    'genome.fa'
    """
    try:
        with Path(path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return {"name": Path(path).name, "sha256": digest}


def data_card(
    splits: Mapping[str, Sequence[LabelledSequence]],
    *,
    sources: Sequence[Mapping[str, str]] = (),
    options: Mapping[str, Any] | None = None,
    left_out: Mapping[str, int] | None = None,
    k: int = LARGEST_KMER,
) -> dict[str, Any]:
    """Describe a data set, as a JSON object in a fixed order, without paths or times.

    Parameters
    ----------
    splits
        Sequences by the name of the split.
    sources
        Name and checksum of each file it is made from (:func:`source_of`).
    options
        How it was made, seeds included.
    left_out
        Numbers of sequences that were left out, by the reason.
    k
        Bases of the k-mers by which sequences of two splits are said to overlap.

    Returns
    -------
    dict
        ``splits``: for each the number of sequences by class, their lengths, the mean and
        standard deviation of GC by class, and the AUROC of GC alone
        (:func:`gc_auroc`). ``overlaps``: for each two splits, how many sequences of the first
        share a k-mer with the second on either strand, and how many of the second with the first.

    Examples
    --------
    >>> card = data_card({"train": [LabelledSequence("GGCA", 1), LabelledSequence("ATTA", 0)]})
    >>> card["splits"]["train"]["counts"], card["splits"]["train"]["gc_auroc"]
    ({'0': 1, '1': 1}, 1.0)
    """
    names = list(splits)
    return {
        "enhancer_variants": __version__,
        "sources": [dict(source) for source in sources],
        "options": dict(options or {}),
        "left_out": dict(left_out or {}),
        "splits": {name: _description(split) for name, split in splits.items()},
        "overlaps": [
            _overlap(one, splits[one], other, splits[other], k)
            for number, one in enumerate(names)
            for other in names[number + 1 :]
        ],
    }


def _description(split: Sequence[LabelledSequence]) -> dict[str, Any]:
    gc_by_class: dict[str, list[float]] = {}
    for record in sorted(split, key=lambda record: str(record.label)):
        name = "unlabelled" if record.label is None else str(record.label)
        gc_by_class.setdefault(name, []).append(composition(record.sequence)[0])
    lengths = [len(record.sequence) for record in split]
    return {
        "counts": {name: len(shares) for name, shares in gc_by_class.items()},
        "shortest": min(lengths, default=None),
        "longest": max(lengths, default=None),
        "gc": {
            name: {"mean": round(float(np.mean(gc)), 6), "sd": round(float(np.std(gc)), 6)}
            for name, gc in gc_by_class.items()
        },
        "gc_auroc": None if (area := gc_auroc(split)) is None else round(area, 6),
    }


def _overlap(
    one: str,
    first: Sequence[LabelledSequence],
    other: str,
    second: Sequence[LabelledSequence],
    k: int,
) -> dict[str, Any]:
    texts_one, texts_other = [r.sequence for r in first], [r.sequence for r in second]
    return {
        "k": k,
        one: int(sharing_a_kmer(texts_one, texts_other, k).sum()),
        other: int(sharing_a_kmer(texts_other, texts_one, k).sum()),
    }
