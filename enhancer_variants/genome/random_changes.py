"""Random changes of a genome, against which the effect of real ones is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome.alphabet import is_acgt
from enhancer_variants.genome.interval import Interval
from enhancer_variants.genome.reference import Contig, Reference
from enhancer_variants.genome.variant import Variant

__all__ = ["LONGEST_RANDOM_INDEL", "known_bases", "random_indels", "random_snvs"]

LONGEST_RANDOM_INDEL: Final = 10
"""Bases of the longest random insertion or deletion."""

Stretch: TypeAlias = tuple[Contig, int, int]
"""A contig with the 0-based start and end of a part of it."""

_PROBES: Final = 200
"""Bases that are looked at, evenly spread, to learn whether most are known."""

_PIECE: Final = 1 << 20
"""Bases that are read at once to find the known ones."""

_IS_KNOWN: Final = np.isin(np.arange(256), np.frombuffer(b"ACGT", np.uint8))


def random_snvs(
    reference: Reference, count: int, seed: int, intervals: Sequence[Interval] | None = None
) -> Iterator[Variant]:
    """Make single-base changes at random positions, to any of the three other bases.

    Parameters
    ----------
    reference
        The genome. Every A, C, G and T of it is as likely as any other; N is never changed.
    count
        How many; so many come, whatever the share of N.
    seed
        The same seed gives the same changes.
    intervals
        Only there, by default anywhere; on the reference's own contig names, without overlaps.

    Yields
    ------
    Variant
        In the order of the contigs and positions; a position may come twice.

    Raises
    ------
    InputError
        If there is no base that could be changed.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     changes = [*random_snvs(genome, 100, seed=1)]
    >>> len(changes), {change.kind for change in changes}
    (100, {'snv'})
    """
    generator = np.random.default_rng(seed)
    places = _random_places(reference, count, generator, intervals)
    choices = generator.integers(0, 3, len(places)).tolist()
    for (contig, start), choice in zip(places, choices, strict=True):
        ref = contig.bases(start, start + 1)
        yield Variant(contig.name, start + 1, ref, "ACGT".replace(ref, "")[choice])


def random_indels(
    reference: Reference, count: int, seed: int, intervals: Sequence[Interval] | None = None
) -> Iterator[Variant]:
    """Make insertions and deletions at random positions, half of each.

    Their lengths L are 1 to 10 bases with probabilities in proportion to 2**-L: every second one
    is of one base. Inserted bases are A, C, G or T with equal probability. (Real ones lie in
    repeats more often than not, and are copies of what is beside them.)

    Parameters
    ----------
    reference, count, seed, intervals
        As for :func:`random_snvs`. Deletions that would reach into N or over a contig's end are
        left out, so there may be fewer.

    Yields
    ------
    Variant
        With the base before it, as in a VCF.

    Raises
    ------
    InputError
        If there is no base that could be changed.
    """
    generator = np.random.default_rng([seed, 1])  # not where the SNVs are
    places = _random_places(reference, count, generator, intervals)
    share = 0.5 ** np.arange(1, LONGEST_RANDOM_INDEL + 1)
    lengths = generator.choice(np.arange(1, len(share) + 1), len(places), p=share / share.sum())
    inserted = generator.integers(0, 4, (len(places), LONGEST_RANDOM_INDEL), dtype=np.int8)
    is_insertion = generator.random(len(places)) < 0.5
    for number, (contig, start) in enumerate(places):
        length = int(lengths[number])
        anchor = contig.bases(start, start + 1)
        if is_insertion[number]:
            added = "".join("ACGT"[base] for base in inserted[number, :length])
            yield Variant(contig.name, start + 1, anchor, anchor + added)
        elif start + 1 + length <= contig.length:
            ref = contig.bases(start, start + 1 + length)
            if is_acgt(ref):
                yield Variant(contig.name, start + 1, ref, anchor)


def known_bases(
    reference: Reference, enough: int, intervals: Sequence[Interval] | None = None
) -> int:
    """Count the bases that random changes can fall on, A, C, G and T, up to `enough`.

    Parameters
    ----------
    reference, intervals
        As for :func:`random_snvs`.
    enough
        Where there are so many or more, this number is given and no more is read.

    Raises
    ------
    InputError
        If no interval has a base.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     known_bases(genome, 100)
    100
    """
    found = 0
    for _, start, end in _known_stretches(_stretches(reference, intervals)):
        found += end - start
        if found >= enough:
            return enough
    return found


def _random_places(
    reference: Reference,
    count: int,
    generator: np.random.Generator,
    intervals: Sequence[Interval] | None,
) -> list[tuple[Contig, int]]:
    """Draw contigs and 0-based positions of known bases, in order."""
    stretches = _stretches(reference, intervals)
    if not _mostly_known(stretches):
        # Drawing again for each N would take ever so long; reading everything once does not.
        bases = sum(end - start for _, start, end in stretches)
        stretches = [*_known_stretches(stretches)]
        if not stretches:
            raise InputError(
                f"{reference.name}: no A, C, G or T in the {bases} bases there; expected some "
                "known bases"
            )
    ends = np.cumsum([end - start for _, start, end in stretches])
    drawn: list[int] = []
    while missing := count - len(drawn):
        # In order, so that neighbours are read from the file together.
        numbers = np.sort(generator.integers(0, ends[-1], missing)).tolist()
        drawn += [number for number in numbers if _is_known(*_place(number, stretches, ends))]
    return [_place(number, stretches, ends) for number in sorted(drawn)]


def _place(
    number: int, stretches: Sequence[Stretch], ends: npt.NDArray[np.int64]
) -> tuple[Contig, int]:
    """Contig and 0-based position of a base that is counted through all stretches."""
    contig, _, end = stretches[which := int(np.searchsorted(ends, number, side="right"))]
    return contig, end - int(ends[which]) + number


def _mostly_known(stretches: Sequence[Stretch]) -> bool:
    ends = np.cumsum([end - start for _, start, end in stretches])
    probes = np.linspace(0, ends[-1] - 1, _PROBES).astype(np.int64).tolist()
    known = sum(_is_known(*_place(number, stretches, ends)) for number in probes)
    return known > _PROBES // 2


def _known_stretches(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Split stretches into those of known bases only, in order."""
    for contig, start, end in stretches:
        for first in range(start, end, _PIECE):
            bases = contig.bases(first, min(first + _PIECE, end))
            if bases.count("N") == len(bases):
                continue
            known = _IS_KNOWN[np.frombuffer(bases.encode("ascii"), np.uint8)]
            borders = first + np.flatnonzero(np.diff(known, prepend=False, append=False))
            for known_start, known_end in borders.reshape(-1, 2).tolist():
                yield contig, known_start, known_end


def _stretches(reference: Reference, intervals: Sequence[Interval] | None) -> list[Stretch]:
    """Contig, 0-based start and end of each stretch that changes may fall on."""
    if intervals is None:
        intervals = [Interval(name, 0, length) for name, length in reference.lengths.items()]
    stretches = []
    for interval in intervals:
        contig = reference.find(interval.contig)
        if contig is not None and interval.start < contig.length:
            stretches.append((contig, interval.start, min(interval.end, contig.length)))
    if not stretches:
        raise InputError(f"{reference.name}: no base in the regions asked for; expected some")
    return stretches


def _is_known(contig: Contig, start: int) -> bool:
    return is_acgt(contig.bases(start, start + 1))
