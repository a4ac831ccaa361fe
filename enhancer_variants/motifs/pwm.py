"""Motifs as they are published, and the log-odds matrices that sequences are scored with.

With n the counts of a position, N their sum, c the pseudocount and q the background, the score
of base b is::

    p(b) = (n(b) + c * q(b)) / (N + c)
    score(b) = log2(p(b) / q(b))                bits

and the score of a placement is the sum over its positions: the log-likelihood ratio of motif
against background. Formula: Wasserman WW, Sandelin A (2004), Nat Rev Genet 5:276-287. The
pseudocount of 0.8 in all, spread over the bases as the background is: Nishida K, Frith MC,
Nakai K (2009), Nucleic Acids Res 37:939-944.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

__all__ = [
    "BASES",
    "PSEUDOCOUNT",
    "SCORE_UNIT",
    "UNIFORM_BACKGROUND",
    "UNKNOWN_SITES",
    "Background",
    "Motif",
    "Pwm",
    "strand_symmetric",
]

Background = tuple[float, float, float, float]
"""Probabilities of A, C, G and T outside of motifs."""

BASES: Final = "ACGT"
"""Order of a matrix's columns; from its end, the order of the complements."""

UNIFORM_BACKGROUND: Final[Background] = (0.25, 0.25, 0.25, 0.25)

PSEUDOCOUNT: Final = 0.8
"""Sites added to each position, spread over the four bases as the background is."""

SCORE_UNIT: Final = 2.0**-28
"""Scores are whole multiples of this, 4e-9 bits: sums of them are exact in any order, and a tie
is a tie on every machine."""

UNKNOWN_SITES: Final = 20.0
"""Sites that a matrix of probabilities stands for where nobody says, as in the MEME Suite."""

_SUMS_TO_ONE: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Motif:
    """What a transcription factor was seen to bind, one row per position.

    Equal if all fields are, the matrix to the last bit.

    Parameters
    ----------
    id
        Identifier such as ``MA0139.2``.
    name
        The transcription factor; the parts of a dimer joined by ``::``.
    matrix
        Shape (L, 4) in the order A, C, G, T: how often each base was counted, or probabilities.
        Copied, and read-only from then on.
    family
        Family of the factor's binding domain; empty where not known.
    sites
        For probabilities, the number of sites they are taken from; None where not known
        (:data:`UNKNOWN_SITES` then). Counts say it themselves.

    Raises
    ------
    InputError
        If the identifier is empty, or the matrix has another shape, an entry that is negative
        or no number, or a position without any count.

    Examples
    --------
    >>> motif = Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]])
    >>> motif.length, motif.is_probabilities
    (2, False)
    """

    id: str
    name: str
    matrix: npt.NDArray[np.float64]
    family: str = ""
    sites: float | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise InputError("a motif needs an identifier, found an empty one")
        if self.sites is not None and not 0 < self.sites < np.inf:
            raise InputError(f"motif {self.id}: {self.sites} sites, expected a number above 0")
        object.__setattr__(self, "matrix", _checked(self.matrix, self.id))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Motif):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        return self.id, self.name, self.family, self.sites, self.matrix.tobytes()

    @property
    def length(self) -> int:
        """Number of positions, L."""
        return len(self.matrix)

    @property
    def is_probabilities(self) -> bool:
        """Whether every position sums to 1 (within 0.01), as no count of several sites does."""
        return bool((np.abs(self.matrix.sum(axis=1) - 1) <= _SUMS_TO_ONE).all())

    @property
    def counts(self) -> npt.NDArray[np.float64]:
        """Counts, shape (L, 4): the matrix, or the probabilities times the number of sites.

        Examples
        --------
        >>> Motif("toy", "TOY", [[0.5, 0, 0, 0.5]], sites=30).counts.tolist()
        [[15.0, 0.0, 0.0, 15.0]]
        """
        if not self.is_probabilities:
            return self.matrix
        sites = UNKNOWN_SITES if self.sites is None else self.sites
        probabilities = self.matrix / self.matrix.sum(axis=1, keepdims=True)
        return np.asarray(probabilities * sites)


@dataclass(frozen=True, slots=True, eq=False)
class Pwm:
    """Log-odds of a motif against a background.

    Equal if all fields are, the scores to the last bit.

    Parameters
    ----------
    id, name, family
        As in :class:`Motif`.
    scores
        Shape (L, 4) in the order A, C, G, T, bits; above 0 where the motif has the base more
        often than the background. Copied, rounded to :data:`SCORE_UNIT`, and read-only from
        then on.
    background
        Probabilities of A, C, G, T that the scores are against, the same on both strands
        (:func:`strand_symmetric`).

    Raises
    ------
    InputError
        If a score is not finite, the shape is another, or the background is none or differs
        between the strands.

    Examples
    --------
    >>> pwm = Pwm.from_motif(Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]]))
    >>> pwm.scores.round(2).tolist()
    [[-3.75, -3.75, 1.77, -1.17], [1.92, -3.75, -3.75, -3.75]]
    >>> pwm.consensus, round(pwm.score("GA"), 2)
    ('GA', 3.69)
    """

    id: str
    name: str
    scores: npt.NDArray[np.float64]
    family: str = ""
    background: Background = UNIFORM_BACKGROUND

    def __post_init__(self) -> None:
        scores = np.array(self.scores, dtype=np.float64)
        if scores.ndim != 2 or scores.shape[1:] != (4,) or not len(scores):
            raise InputError(f"motif {self.id}: scores of shape {scores.shape}, expected (L, 4)")
        if not np.isfinite(scores).all():
            raise InputError(
                f"motif {self.id}: a score that is not finite; where a base was never counted, "
                "the pseudocount has to be above 0"
            )
        if strand_symmetric(self.background) != self.background:
            raise InputError(
                f"motif {self.id}: background {self.background} differs between the strands; "
                "expected as many A as T and as many C as G (strand_symmetric makes it so)"
            )
        scores = np.rint(scores / SCORE_UNIT) * SCORE_UNIT
        scores.flags.writeable = False
        object.__setattr__(self, "scores", scores)

    @classmethod
    def from_motif(
        cls,
        motif: Motif,
        pseudocount: float = PSEUDOCOUNT,
        background: Sequence[float] = UNIFORM_BACKGROUND,
    ) -> Pwm:
        """Turn counts into log-odds by the formula of this module.

        Parameters
        ----------
        motif
            Counts, or probabilities with the number of sites they stand for.
        pseudocount
            Sites added to each position, spread over the bases as the background is.
        background
            Probabilities of A, C, G, T. Both strands are read, so A and T, and C and G, are
            averaged, as FIMO does.

        Returns
        -------
        Pwm
            With the same identifier, name and family.

        Raises
        ------
        InputError
            If the pseudocount is negative, or 0 with a base that was never counted, or the
            background is none.
        """
        if not 0 <= pseudocount < np.inf:
            raise InputError(f"pseudocount is {pseudocount}, expected a number of at least 0")
        symmetric = strand_symmetric(background)
        against, counts = np.array(symmetric), motif.counts
        total = counts.sum(axis=1, keepdims=True)
        probabilities = (counts + pseudocount * against) / (total + pseudocount)
        with np.errstate(divide="ignore"):
            scores = np.log2(probabilities / against)
        return cls(motif.id, motif.name, scores, motif.family, symmetric)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pwm):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        return self.id, self.name, self.family, self.background, self.scores.tobytes()

    @property
    def length(self) -> int:
        """Number of positions, L."""
        return len(self.scores)

    @property
    def consensus(self) -> str:
        """The best base of each position, the first in the alphabet where several are best."""
        return "".join(BASES[base] for base in self.scores.argmax(axis=1))

    @property
    def largest_score(self) -> float:
        """Score of the consensus, bits."""
        return float(self.scores.max(axis=1).sum())

    def digest(self) -> bytes:
        """Eight bytes that tell scores and background from any others, whatever they are called.

        Examples
        --------
        >>> rows = [[1, -1, -1, -1]] * 3
        >>> Pwm("toy", "TOY", rows).digest() == Pwm("other", "OTHER", rows).digest()
        True
        """
        content = np.append(self.scores, [self.background], axis=0).astype("<f8").tobytes()
        return hashlib.sha256(content).digest()[:8]

    def score(self, sequence: str) -> float:
        """Score one placement.

        Parameters
        ----------
        sequence
            L letters of A, C, G, T, as the motif's strand has them.

        Returns
        -------
        float
            Bits.

        Raises
        ------
        InputError
            If the sequence has another length or another letter.
        """
        if len(sequence) != self.length or set(sequence) - set(BASES):
            raise InputError(
                f"motif {self.id} reads {self.length} letters of A, C, G, T, found {sequence!r}"
            )
        return float(self.scores[range(self.length), [BASES.index(x) for x in sequence]].sum())

    def reverse_complement(self) -> Pwm:
        """Give the matrix that scores the other strand's sites on this one.

        Examples
        --------
        >>> Pwm.from_motif(Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]])).consensus
        'GA'
        >>> Pwm.from_motif(
        ...     Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]])
        ... ).reverse_complement().consensus
        'TC'
        """
        return Pwm(self.id, self.name, self.scores[::-1, ::-1], self.family, self.background)


def strand_symmetric(background: Sequence[float]) -> Background:
    """Average a background over both strands: as many A as T, as many C as G.

    Parameters
    ----------
    background
        Probabilities of A, C, G, T, each above 0, sum 1.

    Returns
    -------
    tuple of float
        The four probabilities; the same to the last bit where they were symmetric already.

    Raises
    ------
    InputError
        If it is not four probabilities above 0 that sum to 1 (within 1e-6).

    Examples
    --------
    >>> strand_symmetric((0.3, 0.2, 0.2, 0.3))
    (0.3, 0.2, 0.2, 0.3)
    >>> strand_symmetric((0.25, 0.25, 0.125, 0.375))
    (0.3125, 0.1875, 0.1875, 0.3125)
    """
    values = [float(value) for value in background]
    if (
        len(values) != 4
        or not all(0 < value < 1 for value in values)
        or abs(sum(values) - 1) > 1e-6
    ):
        raise InputError(
            f"background is {tuple(background)}, expected probabilities above 0 of A, C, G and T "
            "that sum to 1"
        )
    a, c, g, t = values
    return ((a + t) / 2, (c + g) / 2, (c + g) / 2, (a + t) / 2)


def _checked(matrix: npt.ArrayLike, motif: str) -> npt.NDArray[np.float64]:
    """Copy a matrix, refusing what cannot be counts."""
    checked = np.array(matrix, dtype=np.float64)
    if checked.ndim != 2 or checked.shape[1:] != (4,) or not len(checked):
        raise InputError(f"motif {motif}: a matrix of shape {checked.shape}, expected (L, 4)")
    if not np.isfinite(checked).all() or (checked < 0).any():
        raise InputError(f"motif {motif}: an entry that is negative or no number")
    empty = checked.sum(axis=1) <= 0
    if empty.any():
        raise InputError(f"motif {motif}: position {int(empty.argmax()) + 1} sums to 0")
    checked.flags.writeable = False
    return checked
