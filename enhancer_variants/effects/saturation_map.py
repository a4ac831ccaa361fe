"""Maps of saturation mutagenesis: the shift of each change of each base of a sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LETTERS",
    "SaturationMutagenesis",
    "changes_of",
    "check_place",
    "gradient_correlation",
]

Method = Literal["exact", "gradient"]
Strand = Literal["forward", "both"]
Scores = npt.NDArray[np.float64]

LETTERS = "ACGT"
"""Order of the columns of a map."""


@dataclass(frozen=True, slots=True, eq=False)
class SaturationMutagenesis:
    """What changing each base of a sequence to each other one does to one output of a model.

    Attributes
    ----------
    sequence
        The W bases, upper case.
    shifts
        Shape (W, 4) in the order A, C, G, T, float64, read-only: log_odds(changed) -
        log_odds(sequence), log2 odds. Above 0, the change gains. The sequence's own letter is
        exactly 0; a base that is not A, C, G or T has no letter of its own, and its row is NaN.
    log_odds
        Log2 odds of the sequence itself, exact with either method.
    model, output
        Name of the model, and of the output: the same for a model that has one alone.
    method
        ``exact``: each change was read by the model; ``gradient``: first-order approximation.
    strand
        ``both`` where the log-odds are averaged with those of the reverse complement.
    contig, start
        Where the first base lies, 0-based; None for a sequence that lies nowhere.

    Raises
    ------
    InputError
        If the shifts have another shape, or there is a contig without a start or the reverse.

    Examples
    --------
    >>> toy = SaturationMutagenesis("GA", [[-3, -3, 0, -3], [0, 0, 1.5, 0]], 2.0, "toy", "toy")
    >>> toy.importance.tolist()
    [3.0, -0.5]
    """

    sequence: str
    shifts: Scores
    log_odds: float
    model: str
    output: str
    method: Method = "exact"
    strand: Strand = "forward"
    contig: str | None = None
    start: int | None = None

    def __post_init__(self) -> None:
        shifts = np.array(self.shifts, dtype=np.float64)
        if shifts.shape != (len(self.sequence), len(LETTERS)):
            raise InputError(
                f"shifts of shape {shifts.shape}; expected ({len(self.sequence)}, 4), one row "
                "for each base"
            )
        check_place(self.contig, self.start)
        shifts.flags.writeable = False
        object.__setattr__(self, "shifts", shifts)

    @property
    def importance(self) -> Scores:
        """How much each base supports the output: minus the mean shift of its three changes.

        Shape (W,), log2 odds. Above 0, the output loses where the base is changed; NaN for a base
        that is not A, C, G or T.
        """
        return np.asarray(-self.shifts.sum(axis=1) / (len(LETTERS) - 1))

    def to_frame(self) -> pd.DataFrame:
        """One row for each change: by position, then in the order A, C, G, T.

        Returns
        -------
        pandas.DataFrame
            ``position`` (0-based index in the sequence), ``chrom`` and ``pos`` (1-based, as in a
            VCF; empty for a sequence that lies nowhere), ``ref``, ``alt`` and ``log_odds_shift``
            (log2 odds; above 0, the ALT gains). A base that is not A, C, G or T has no rows.

        Examples
        --------
        >>> shifts = [[-3, -3, 0, -3], [0, 0, 1.5, 0]]
        >>> toy = SaturationMutagenesis("GA", shifts, 2.0, "toy", "toy", contig="chr1", start=9)
        >>> frame = toy.to_frame()
        >>> frame["pos"].tolist(), "".join(frame["alt"])
        ([10, 10, 10, 11, 11, 11], 'ACTCGT')
        """
        import pandas as pd  # noqa: PLC0415 - importing the package does not import pandas

        positions, letters = changes_of(self.sequence)
        start = pd.NA if self.start is None else self.start + 1
        return pd.DataFrame(
            {
                "position": positions,
                "chrom": pd.Series([self.contig] * len(positions), dtype="object"),
                "pos": pd.Series(positions, dtype="Int64") + start,
                "ref": [self.sequence[position] for position in positions],
                "alt": [LETTERS[letter] for letter in letters],
                "log_odds_shift": self.shifts[positions, letters],
            }
        )


def changes_of(sequence: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """List every single-base change of a sequence, by position, then in the order A, C, G, T.

    Parameters
    ----------
    sequence
        Bases, upper case. Those that are not A, C, G or T are not changed.

    Returns
    -------
    positions, letters : numpy.ndarray
        Shape (n,) both: 0-based position, and the new letter's place in "ACGT".

    Examples
    --------
    >>> positions, letters = changes_of("CN")
    >>> positions.tolist(), letters.tolist()
    ([0, 0, 0], [0, 2, 3])
    """
    own = np.array([LETTERS.find(base) for base in sequence], dtype=np.intp)
    is_change = (own[:, None] >= 0) & (own[:, None] != np.arange(len(LETTERS)))
    positions, letters = np.nonzero(is_change)
    return positions, letters


def check_place(contig: str | None, start: int | None) -> None:
    """Refuse a contig without a start, and a start without a contig.

    Parameters
    ----------
    contig, start
        Where a sequence begins, 0-based.

    Raises
    ------
    InputError
        If one of them is None.

    Examples
    --------
    >>> check_place("chr1", None)
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: contig is 'chr1' and start is None; expected both, or none
    """
    if (contig is None) != (start is None):
        raise InputError(f"contig is {contig!r} and start is {start!r}; expected both, or none")


def gradient_correlation(exact: SaturationMutagenesis, gradient: SaturationMutagenesis) -> float:
    """Pearson correlation of two maps of one sequence over all its changes.

    Says how well the gradient does for this model and this sequence, and for no other.

    Parameters
    ----------
    exact, gradient
        Maps of the same sequence; the letters of the sequence itself, which are 0 in both, and
        bases that are not A, C, G or T do not count.

    Returns
    -------
    float
        -1 to 1; NaN where one of the maps is the same everywhere.

    Raises
    ------
    InputError
        If the maps are of different sequences.

    Examples
    --------
    >>> exact = SaturationMutagenesis("GA", [[-3, -3, 0, -3], [0, 0, 1.5, 0]], 2.0, "toy", "toy")
    >>> round(gradient_correlation(exact, exact), 9)
    1.0
    """
    if exact.sequence != gradient.sequence:
        raise InputError("the two maps are of different sequences; expected one sequence")
    at = changes_of(exact.sequence)
    both = np.stack([exact.shifts[at], gradient.shifts[at]])
    if not both.size or (both.min(axis=1) == both.max(axis=1)).any():
        return math.nan
    return float(np.corrcoef(both[0], both[1])[0, 1])
