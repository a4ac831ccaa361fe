"""Negatives from the genome: matched to the positives, or placed as the published way does."""

from __future__ import annotations

import bisect
import math
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.random_places import GenomeBases, PlacesToDraw

__all__ = [
    "Negatives",
    "composition",
    "matched_negatives",
    "require_some_on_reference",
    "shuffled_negatives",
]

_ROUNDS: Final = 100
"""How often candidates are drawn for the positives that have no negative yet."""

_CANDIDATES: Final = 4
"""Candidates that are drawn in a round for each such positive."""

_FEWEST: Final = 64
"""Candidates that are drawn in a round at least: a contig may have one such positive."""

_UPPER_CASE: Final = string.ascii_uppercase.encode()

_ROUNDING: Final = 1e-9
"""Shares that differ by just the tolerance are near enough."""


@dataclass(frozen=True, slots=True)
class Negatives:
    """Negatives that were found, and how many positives have none.

    Attributes
    ----------
    sequences
        Negatives in upper case, in the order of the positives.
    unmatched
        Positives for which no place was found.
    """

    sequences: tuple[LabelledSequence, ...]
    unmatched: int


def composition(sequence: str) -> tuple[float, float]:
    """Shares of G and C, and of lower-case letters (repeats), in a sequence.

    Examples
    --------
    >>> composition("ACGTacgttt")
    (0.4, 0.6)
    """
    upper = sequence.upper()
    # Deleting the other letters counts ten times as fast as looking at each.
    repeats = len(sequence.encode().translate(None, _UPPER_CASE))
    return (upper.count("G") + upper.count("C")) / len(sequence), repeats / len(sequence)


def matched_negatives(
    positives: Sequence[LabelledSequence],
    reference: Reference,
    *,
    seed: int,
    gc_tolerance: float = 0.02,
    repeat_tolerance: float = 0.1,
    excluded: Iterable[Interval] = (),
    label: int = 0,
) -> Negatives:
    """Find a negative for each positive: on its contig, as long, with as much GC and repeats.

    Parameters
    ----------
    positives
        Sequences with coordinates on the reference.
    reference
        The genome. The repeat fraction is the share of its lower-case letters; where the FASTA
        has none, repeats are not matched.
    seed
        The same seed gives the same negatives.
    gc_tolerance, repeat_tolerance
        Largest difference of the shares of GC and repeats, 0 to 1.
    excluded
        Further intervals to keep clear of, as a blacklist or assembly gaps.
    label
        Class of the negatives.

    Returns
    -------
    Negatives
        None of them overlaps a positive, an excluded interval, N, or another negative.

    Raises
    ------
    InputError
        If a positive has no coordinates or is not on the reference, intervals are excluded of
        which none is on it, or a tolerance is negative.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     contig = genome.find(next(iter(genome.lengths)))
    ...     peak = LabelledSequence(contig.bases(500, 600), 1, contig.name, 500, 600)
    ...     negatives = matched_negatives([peak], genome, seed=1)
    >>> abs(composition(negatives.sequences[0].sequence)[0] - composition(peak.sequence)[0]) <= 0.02
    True
    """
    if gc_tolerance < 0 or repeat_tolerance < 0:
        raise InputError(
            f"tolerances are {gc_tolerance} (GC) and {repeat_tolerance} (repeats); "
            "expected 0 or more"
        )
    places = [_place_of(positive, reference) for positive in positives]
    tolerances = (gc_tolerance, repeat_tolerance)
    avoid = [*excluded]
    require_some_on_reference(avoid, reference)
    return _negatives(places, reference, [*avoid, *places], tolerances, seed, label)


def shuffled_negatives(
    positives: Sequence[LabelledSequence],
    reference: Reference,
    *,
    seed: int,
    excluded: Iterable[Interval] = (),
    label: int = 0,
) -> Negatives:
    """Place as many stretches of the same lengths on the same contigs, at random.

    That is how the published training sets were made (``bedtools shuffle -chrom -excl``): GC
    content and repeats differ from the positives', and a place may even be a positive's. N, which
    the published way removed afterwards, is never drawn.

    Parameters
    ----------
    positives, reference, seed, label
        As for :func:`matched_negatives`.
    excluded
        Intervals to keep clear of, as a blacklist.

    Raises
    ------
    InputError
        If a positive has no coordinates or is not on the reference, or intervals are excluded of
        which none is on it.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     contig = genome.find(next(iter(genome.lengths)))
    ...     peak = LabelledSequence(contig.bases(500, 600), 1, contig.name, 500, 600)
    ...     negatives = shuffled_negatives([peak], genome, seed=1)
    >>> len(negatives.sequences[0].sequence), negatives.unmatched
    (100, 0)
    """
    places = [_place_of(positive, reference) for positive in positives]
    avoid = [*excluded]
    require_some_on_reference(avoid, reference)
    return _negatives(places, reference, avoid, (math.inf, math.inf), seed, label)


def require_some_on_reference(
    excluded: Sequence[Interval], reference: Reference, called: str = "the excluded intervals"
) -> None:
    """Make sure that intervals to keep clear of are of this reference, or there are none.

    Parameters
    ----------
    excluded
        All that one source excludes.
    reference
        The genome; contigs may go by any synonym.
    called
        What the message calls the source, as the name of its file.

    Raises
    ------
    InputError
        If the reference has none of their contigs: they would exclude nothing.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     require_some_on_reference([Interval(next(iter(genome.lengths)), 0, 9)], genome)
    """
    contigs = dict.fromkeys(interval.contig for interval in excluded)
    if contigs and not any(map(reference.find, contigs)):
        raise InputError(
            f"{called}: {reference.name} has none of the contigs ({', '.join([*contigs][:5])}); "
            f"expected some of {', '.join([*reference.lengths][:5])}, ..."
        )


def _place_of(positive: LabelledSequence, reference: Reference) -> Interval:
    """Where a positive lies, under the reference's own contig name."""
    place = positive.interval
    called = positive.name or f"{positive.sequence[:20]}..."
    if place is None:
        raise InputError(
            f"positive {called} has no coordinates, so no negative can be found on its contig; "
            "give positives as BED, or shuffle them instead ('dinucleotide')"
        )
    contig = reference.find(place.contig)
    if contig is None or place.end > contig.length:
        raise InputError(
            f"positive {place} does not lie on {reference.name}; expected the reference that its "
            "coordinates are of"
        )
    return Interval(contig.name, place.start, place.end)


def _negatives(
    places: Sequence[Interval],
    reference: Reference,
    excluded: Iterable[Interval],
    tolerances: tuple[float, float],
    seed: int,
    label: int,
) -> Negatives:
    generator = np.random.default_rng(seed)
    excluded_on: dict[str, list[Interval]] = {}
    for interval in excluded:
        if found_contig := reference.find(interval.contig):
            excluded_on.setdefault(found_contig.name, []).append(interval)
    numbers_on: dict[str, list[int]] = {}
    for number, place in enumerate(places):
        numbers_on.setdefault(place.contig, []).append(number)
    found: dict[int, LabelledSequence] = {}
    with GenomeBases(reference) as bases:
        for contig in filter(numbers_on.__contains__, reference.lengths):
            free = PlacesToDraw(bases.known_stretches(contig), excluded_on.get(contig, ()))
            numbers = numbers_on[contig]
            wanted = [places[number] for number in numbers]
            for which, place in _places_like(wanted, free, bases, tolerances, generator):
                sequence = bases.read(contig, place.start, place.end).upper()
                found[numbers[which]] = LabelledSequence(
                    sequence, label, contig, place.start, place.end
                )
    return Negatives(tuple(found[number] for number in sorted(found)), len(places) - len(found))


def _places_like(
    wanted: Sequence[Interval],
    free: PlacesToDraw,
    bases: GenomeBases,
    tolerances: tuple[float, float],
    generator: np.random.Generator,
) -> Iterator[tuple[int, Interval]]:
    """Draw places on one contig and give each to the wanted one that it resembles most."""
    contig = wanted[0].contig
    target = np.array([composition(bases.read(contig, w.start, w.end)) for w in wanted])
    scale = np.array(tolerances) + _ROUNDING
    lengths = np.array([place.length for place in wanted])
    is_open = np.ones(len(wanted), dtype=bool)
    taken = _Taken()
    for _ in range(_ROUNDS):
        for length in np.unique(lengths[is_open]).tolist():
            of_length = lengths == length
            count = max(_FEWEST, _CANDIDATES * int((is_open & of_length).sum()))
            for start in free.draw(length, count, generator).tolist():
                found = composition(bases.read(contig, start, start + length))
                off = np.abs(target - found) / scale
                fits = is_open & of_length & (off <= 1).all(axis=1)
                if fits.any() and taken.add(start, start + length):
                    best = int(np.argmin(np.where(fits, off.sum(axis=1), np.inf)))
                    is_open[best] = False
                    yield best, Interval(contig, start, start + length)


class _Taken:
    """Stretches that were given away, none of which overlaps another."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> bool:
        """Take a stretch, or answer no where it overlaps one that is taken."""
        at = bisect.bisect_left(self._starts, end)
        if at and self._ends[at - 1] > start:
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True
