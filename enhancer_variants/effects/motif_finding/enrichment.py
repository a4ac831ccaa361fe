"""Words that positive sequences hold more often than chance puts there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.motif_finding.substrings import sequences_containing
from enhancer_variants.errors import InputError

__all__ = ["Enrichment", "enrichment", "require_both_classes"]


@dataclass(frozen=True, slots=True, eq=False)
class Enrichment:
    """Whether words are in more positive sequences than chance puts there; one entry each.

    Attributes
    ----------
    n_sequences
        Positive and negative sequences that contain the word.
    n_positive
        Positive sequences that contain it.
    p
        Probability of as many positive ones or more if the word had nothing to do with it
        (hypergeometric).
    q
        Benjamini-Hochberg over all words.
    """

    n_sequences: npt.NDArray[np.int64]
    n_positive: npt.NDArray[np.int64]
    p: npt.NDArray[np.float64]
    q: npt.NDArray[np.float64]


def enrichment(
    words: Sequence[str], positives: Sequence[str], negatives: Sequence[str]
) -> Enrichment:
    """Test whether words are in more positive sequences than chance puts there.

    Parameters
    ----------
    words
        Distinct words of A, C, G, T.
    positives, negatives
        Sequences in upper case, at least one each.

    Returns
    -------
    Enrichment
        One entry for each word.

    Raises
    ------
    InputError
        If a class has no sequence.

    Examples
    --------
    >>> tested = enrichment(["GATA"], ["GATAC", "CGATA", "GATAGATA"], ["CCC"] * 3)
    >>> tested.n_positive.tolist(), tested.p.round(3).tolist()
    ([3], [0.05])
    """
    import scipy.stats  # noqa: PLC0415 - slow to import, and few runs need it

    require_both_classes(positives, negatives)
    in_positives = sequences_containing(words, positives)
    in_all = in_positives + sequences_containing(words, negatives)
    total, positive = len(positives) + len(negatives), len(positives)
    # Many words have the same two counts, and the test is slow.
    counts, word_counts = np.unique(
        np.stack([in_all, in_positives], axis=1), axis=0, return_inverse=True
    )
    of_counts = scipy.stats.hypergeom.sf(counts[:, 1] - 1, total, positive, counts[:, 0])
    p = np.clip(np.asarray(of_counts)[word_counts.reshape(-1)], 0, 1)
    q = np.asarray(scipy.stats.false_discovery_control(p)) if len(p) else p
    return Enrichment(in_all, in_positives, p, q)


def require_both_classes(positives: Sequence[str], negatives: Sequence[str]) -> None:
    """Raise an InputError if one of the two classes has no sequence."""
    if not positives or not negatives:
        raise InputError(
            f"{len(positives)} positive and {len(negatives)} negative sequences; expected at "
            "least one of each"
        )
