"""Which sequences are trained on and which are held out."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.io.labelled_sequence import LabelledSequence

__all__ = [
    "HELD_OUT_CONTIGS",
    "PUBLISHED_SHARES",
    "require_both_classes",
    "require_contigs",
    "split_at_random",
    "split_by_contig",
]

HELD_OUT_CONTIGS: Final = ("chr8", "chr9", "chr20", "chr21", "chr22")
"""Contigs that the bundled models have never seen."""

PUBLISHED_SHARES: Final[Mapping[str, Mapping[str, float]]] = {
    "80:20": {"train": 0.8, "dev": 0.2},
    "80:10:10": {"train": 0.8, "dev": 0.1, "test": 0.1},
}
"""The random splits of published training sets, by name."""


def split_by_contig(
    sequences: Sequence[LabelledSequence],
    test: Collection[str] = HELD_OUT_CONTIGS,
    dev: Collection[str] = (),
) -> dict[str, list[LabelledSequence]]:
    """Hold out whole contigs, so that no overlap or neighbour is on both sides.

    Parameters
    ----------
    sequences
        With coordinates.
    test, dev
        Contigs of the test and development split, under any synonym (``chr8``, ``8``); spaces
        around a name do not count.

    Returns
    -------
    dict of str to list of LabelledSequence
        ``train``, ``dev`` where it has contigs, and ``test``; in the order given.

    Raises
    ------
    InputError
        If a sequence has no coordinates, or a contig is in both splits.

    Examples
    --------
    >>> several = [LabelledSequence("ACGT", 1, contig, 0, 4) for contig in ("8", "chr1")]
    >>> {name: len(split) for name, split in split_by_contig(several).items()}
    {'train': 1, 'test': 1}
    """
    in_test = {canonical_contig(name.strip()) for name in test}
    in_dev = {canonical_contig(name.strip()) for name in dev}
    if both := in_test & in_dev:
        raise InputError(f"contigs {', '.join(sorted(both))} are in the dev and the test split")
    splits: dict[str, list[LabelledSequence]] = {"train": [], "dev": [], "test": []}
    for record in sequences:
        if record.contig is None:
            raise InputError(
                f"sequence {record.name or record.sequence[:20] + '...'} has no coordinates, so "
                "it is on no side of a split by contig; split at random (80:20) instead"
            )
        contig = canonical_contig(record.contig)
        side = "test" if contig in in_test else "dev" if contig in in_dev else "train"
        splits[side].append(record)
    if not in_dev:
        del splits["dev"]
    return splits


def split_at_random(
    sequences: Sequence[LabelledSequence], shares: Mapping[str, float], seed: int
) -> dict[str, list[LabelledSequence]]:
    """Split at random, each class in the same proportions.

    Parameters
    ----------
    sequences
        Of any kind; those without a label are a class of their own.
    shares
        Share of each split by its name, each above 0, together 1 (:data:`PUBLISHED_SHARES`).
    seed
        The same seed gives the same splits.

    Returns
    -------
    dict of str to list of LabelledSequence
        By the names in `shares`; each in the order given. Of every class a split has its
        share to within one sequence.

    Raises
    ------
    InputError
        If the shares are not above 0 and 1 in all.

    Examples
    --------
    >>> several = [LabelledSequence("ACGT", label) for label in [0] * 10 + [1] * 20]
    >>> splits = split_at_random(several, PUBLISHED_SHARES["80:20"], seed=1)
    >>> [(name, sum(s.label for s in split), len(split)) for name, split in splits.items()]
    [('train', 16, 24), ('dev', 4, 6)]
    """
    total = sum(shares.values())
    if not shares or min(shares.values()) <= 0 or abs(total - 1) > 1e-9:
        raise InputError(
            f"shares of the splits are {dict(shares)}; expected numbers above 0 that add up to 1"
        )
    generator = np.random.default_rng(seed)
    classes: dict[int | None, list[int]] = {}
    for number, record in enumerate(sequences):
        classes.setdefault(record.label, []).append(number)
    members: dict[str, list[int]] = {name: [] for name in shares}
    borders = np.cumsum([*shares.values()])
    for label in sorted(classes, key=lambda label: (label is None, label)):
        shuffled = generator.permutation(classes[label])
        cuts = np.rint(borders[:-1] * len(shuffled)).astype(int)
        for name, part in zip(shares, np.split(shuffled, cuts), strict=True):
            members[name] += part.tolist()
    return {name: [sequences[n] for n in sorted(numbers)] for name, numbers in members.items()}


def require_contigs(sequences: Sequence[LabelledSequence], named: Collection[str]) -> None:
    """Make sure that contigs to hold out are there: a misspelt one would be trained on.

    Raises
    ------
    InputError
        If no sequence lies on one of the contigs `named`, under any synonym.

    Examples
    --------
    >>> require_contigs([LabelledSequence("ACGT", 1, "chr8", 0, 4)], ["8"])
    """
    found = {canonical_contig(r.contig): r.contig for r in sequences if r.contig is not None}
    if absent := [name for name in named if canonical_contig(name.strip()) not in found]:
        raise InputError(
            f"no sequence lies on {', '.join(absent)}, to be held out; expected some of "
            f"{', '.join(sorted(found.values())[:30])}"
        )


def require_both_classes(splits: Mapping[str, Sequence[LabelledSequence]]) -> None:
    """Make sure that positives and negatives (label 0) are in the first split, and warn of others.

    Parameters
    ----------
    splits
        Sequences by the name of the split, training first.

    Raises
    ------
    InputError
        If the first split lacks positives or negatives.

    Warns
    -----
    UserWarning
        For each further split that does.

    Examples
    --------
    >>> both = [LabelledSequence("ACGT", 1), LabelledSequence("CCGT", 0)]
    >>> require_both_classes({"train": both})
    """
    for number, (name, split) in enumerate(splits.items()):
        negatives = sum(record.label == 0 for record in split)
        positives = len(split) - negatives
        if positives and negatives:
            continue
        found = f"split {name} has {positives} positives and {negatives} negatives"
        if number == 0:
            raise InputError(
                f"{found}, so nothing can be learned from it; expected some of both: hold out "
                "less, or give more sequences"
            )
        warnings.warn(f"{found}, so no AUROC can be computed on it", UserWarning, stacklevel=4)
