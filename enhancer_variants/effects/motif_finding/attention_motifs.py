"""Motifs where a model looks: words of high attention that positive sequences have more often.

The stages of ``motif/find_motifs.py`` of DNABERT (Ji Y et al. 2021, Bioinformatics
37:2112-2120), each a function of its own: stretches of high attention in the positive sequences
and the words they spell (:func:`candidate_motifs`), how many positive and negative sequences
hold each word and whether that is more than chance (:func:`enrichment`), similar words merged
(:func:`merge_candidates`), windows around what was merged (:func:`windows_around`). Each gives
what the published code gives. Where that code crashes, as without any region of high attention,
there are no motifs. Two differences: words and windows with another letter than A, C, G and T are
left out, and lower case counts as upper case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.attention import AttentionLayout, attention_scores
from enhancer_variants.effects.motif_finding.enrichment import (
    Enrichment,
    enrichment,
    require_both_classes,
)
from enhancer_variants.effects.motif_finding.merging import merge_candidates
from enhancer_variants.effects.motif_finding.regions import (
    AttentionRegion,
    Candidate,
    candidate_motifs,
    windows_around,
)
from enhancer_variants.errors import InputError
from enhancer_variants.models import Model
from enhancer_variants.motifs import Motif
from enhancer_variants.motifs.pwm import BASES

__all__ = [
    "AttentionMotif",
    "AttentionMotifOptions",
    "attention_motifs",
    "model_attention_motifs",
]


@dataclass(frozen=True, slots=True)
class AttentionMotifOptions:
    """How attention motifs are found; the defaults are those of the published command.

    Parameters
    ----------
    window_size
        Bases of a motif (``--window_size``).
    minimum_length
        Bases of the shortest stretch of high attention (``--min_len``).
    cutoff
        Words whose Benjamini-Hochberg q is below are kept (``--pval_cutoff``).
    minimum_instances
        Instances that a motif has at least (``--min_n_motif``).
    every_tie
        Whether a word joins all keys that align as the best one does (``--align_all_ties``), and
        not the first of them alone.
    reach_end
        Whether an instance may end where its sequence does. The published code drops it.

    Raises
    ------
    InputError
        If a number is not above 0.

    Examples
    --------
    >>> AttentionMotifOptions().window_size
    24
    """

    window_size: int = 24
    minimum_length: int = 5
    cutoff: float = 0.005
    minimum_instances: int = 3
    every_tie: bool = False
    reach_end: bool = False

    def __post_init__(self) -> None:
        for name in ("window_size", "minimum_length", "cutoff", "minimum_instances"):
            value = getattr(self, name)
            if not value > 0:
                raise InputError(f"{name} of attention motifs is {value}; expected more than 0")


@dataclass(frozen=True, slots=True)
class AttentionMotif:
    """A motif of high attention.

    Attributes
    ----------
    id
        ``attention_1`` and so on.
    consensus
        The word that the instances were aligned with.
    instances
        Where the motif stands in the positive sequences, each as long as the others.
    sites
        Their bases.
    n_sequences, n_positive, p, q
        How many sequences, and positive ones, contain the consensus; its p and q
        (:class:`Enrichment`).

    Examples
    --------
    >>> region = AttentionRegion(0, 2, 5)
    >>> found = AttentionMotif("attention_1", "TTA", (region,), ("TTA",), 1, 1, 0.5, 0.5)
    >>> found.motif.matrix.tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]]
    >>> AttentionMotif("attention_1", "TT", (region,), ("TTA",), 1, 1, 0.5, 0.5).core.length
    2
    """

    id: str
    consensus: str
    instances: tuple[AttentionRegion, ...]
    sites: tuple[str, ...]
    n_sequences: int
    n_positive: int
    p: float
    q: float

    @property
    def motif(self) -> Motif:
        """Counts of the bases at each position of the windows, named by the consensus."""
        letters = np.array([list(site) for site in self.sites])
        counts = np.stack([(letters == base).sum(axis=0) for base in BASES], axis=1)
        return Motif(self.id, self.consensus, counts.astype(np.float64), sites=len(self.sites))

    @property
    def core(self) -> Motif:
        """The motif without the flanks on both sides of the consensus.

        To be compared with known motifs and looked for elsewhere: flanks hold the chance of a few
        sites, and flat ones resemble the flat parts of other motifs.
        """
        motif, length = self.motif, len(self.consensus)
        start = max((motif.length - length) // 2, 0)
        return replace(motif, matrix=motif.matrix[start : start + length])


def attention_motifs(
    sequences_positive: Sequence[str],
    scores_positive: npt.NDArray[np.float64],
    sequences_negative: Sequence[str],
    options: AttentionMotifOptions | None = None,
) -> tuple[AttentionMotif, ...]:
    """Find the motifs that a model attends in positive sequences.

    Parameters
    ----------
    sequences_positive
        n sequences of the positive class.
    scores_positive
        Shape ``(n, width)``: attention of their bases, as :func:`attention_scores` gives it in
        either layout.
    sequences_negative
        Sequences of the negative class, the background.
    options
        Thresholds; by default the published ones.

    Returns
    -------
    tuple of AttentionMotif
        In the order in which their consensus words were met: shortest first. Empty where there
        is none.

    Raises
    ------
    InputError
        If a class has no sequence, or there is not one row of scores for each positive one.

    Examples
    --------
    >>> sequences = [flank + "GATAAG" + "C" * 9 for flank in ("CCTC", "TTTC", "GCGC", "AAAT")]
    >>> scores = np.tile([0.01] * 4 + [0.4] * 6 + [0.01] * 9, (4, 1))
    >>> options = AttentionMotifOptions(window_size=8, cutoff=0.05)
    >>> [found] = attention_motifs(sequences, scores, ["ACGT" * 5] * 6, options)
    >>> found.consensus, found.n_positive, found.sites[0], round(found.p, 4)
    ('GATAAG', 4, 'CGATAAGC', 0.0048)
    """
    options = options or AttentionMotifOptions()
    positives = [sequence.upper() for sequence in sequences_positive]
    negatives = [sequence.upper() for sequence in sequences_negative]
    candidates = candidate_motifs(positives, scores_positive, options.minimum_length)
    words = enrichment([candidate.word for candidate in candidates], positives, negatives)
    row_of = {
        candidate.word: row
        for row, candidate in enumerate(candidates)
        if words.q[row] < options.cutoff
    }
    merged = merge_candidates(
        [candidate for candidate in candidates if candidate.word in row_of],
        options.minimum_length,
        every_tie=options.every_tie,
    )
    found: list[AttentionMotif] = []
    for key in merged:
        instances = windows_around(
            key.regions, positives, options.window_size, reach_end=options.reach_end
        )
        if len(instances) >= options.minimum_instances:
            name = f"attention_{len(found) + 1}"
            found.append(_motif(name, key, instances, positives, words, row_of[key.word]))
    return tuple(found)


def model_attention_motifs(
    model: Model,
    sequences: Sequence[str],
    labels: Sequence[int],
    options: AttentionMotifOptions | None = None,
    *,
    layout: AttentionLayout = "bases",
    batch_size: int | Literal["auto"] = "auto",
) -> tuple[AttentionMotif, ...]:
    """Find the motifs that a model attends in the positive ones of labelled sequences.

    Parameters
    ----------
    model
        The model.
    sequences
        Sequences of both classes.
    labels
        1 for each positive sequence, 0 for each negative one.
    options
        Thresholds; by default the published ones.
    layout, batch_size
        As for :func:`attention_scores`; with ``dnabert`` the motifs are the published code's.

    Returns
    -------
    tuple of AttentionMotif
        As :func:`attention_motifs`.

    Raises
    ------
    InputError
        If a label is neither 0 nor 1, there are more or fewer labels than sequences, or a class
        has no sequence.
    WindowLengthError
        If, in the layout ``bases``, a positive sequence has more bases than the model reads.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> model = load_model(demo_files().model)
    >>> model_attention_motifs(model, ["ACGTTGCA", "GATTACAG"], [1, 0])
    ()
    """
    if len(labels) != len(sequences) or not set(labels) <= {0, 1}:
        raise InputError(
            f"{len(labels)} labels {sorted(set(labels))[:5]} for {len(sequences)} sequences; "
            "expected 0 or 1 for each"
        )
    positives = [text for text, label in zip(sequences, labels, strict=True) if label]
    negatives = [text for text, label in zip(sequences, labels, strict=True) if not label]
    require_both_classes(positives, negatives)
    scores = attention_scores(model, positives, layout=layout, batch_size=batch_size)
    return attention_motifs(positives, scores, negatives, options)


def _motif(
    name: str,
    key: Candidate,
    instances: tuple[AttentionRegion, ...],
    sequences: Sequence[str],
    words: Enrichment,
    row: int,
) -> AttentionMotif:
    return AttentionMotif(
        id=name,
        consensus=key.word,
        instances=instances,
        sites=tuple(sequences[at.sequence][at.start : at.end] for at in instances),
        n_sequences=int(words.n_sequences[row]),
        n_positive=int(words.n_positive[row]),
        p=float(words.p[row]),
        q=float(words.q[row]),
    )
