"""Windows of one length, centred on intervals of a genome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, is_acgt
from enhancer_variants.io.labelled_sequence import LabelledSequence

__all__ = ["CentredWindows", "centred_windows"]


@dataclass(frozen=True, slots=True)
class CentredWindows:
    """Windows that were read, and how many were left out for which reason.

    Attributes
    ----------
    sequences
        The windows, in the order of their intervals, all of one length and of A, C, G and T.
    has_n
        Windows with N or another IUPAC letter.
    edge
        Windows that leave their contig.
    no_contig
        Intervals of a contig that the reference does not have.
    """

    sequences: tuple[LabelledSequence, ...]
    has_n: int
    edge: int
    no_contig: int


def centred_windows(
    intervals: Iterable[Interval], reference: Reference, window: int, label: int | None = 1
) -> CentredWindows:
    """Read the window around the middle of each interval: W//2 bases of it lie left of the centre.

    Parameters
    ----------
    intervals
        0-based half-open; the centre is (start + end) // 2. They may be longer or shorter than
        the window. Contigs may go by any synonym.
    reference
        The genome.
    window
        Bases of a window, W.
    label
        Class of these sequences.

    Returns
    -------
    CentredWindows
        In upper case, with the reference's own contig names.

    Raises
    ------
    InputError
        If the window is shorter than 1.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     contig = next(iter(genome.lengths))
    ...     windows = centred_windows([Interval(contig, 500, 520)], genome, 100)
    >>> windows.sequences[0].start, windows.sequences[0].end
    (460, 560)
    """
    if window < 1:
        raise InputError(f"window is {window}; expected 1 base or more")
    sequences = []
    has_n = edge = no_contig = 0
    for interval in intervals:
        contig = reference.find(interval.contig)
        start = (interval.start + interval.end) // 2 - window // 2
        if contig is None:
            no_contig += 1
        elif start < 0 or start + window > contig.length:
            edge += 1
        elif not is_acgt(bases := contig.bases(start, start + window)):
            has_n += 1
        else:
            sequences.append(LabelledSequence(bases, label, contig.name, start, start + window))
    return CentredWindows(tuple(sequences), has_n, edge, no_contig)
