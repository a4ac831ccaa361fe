"""What has to be right before calls are compared, and what a user is told in a warning."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.scan.bed_intervals import BedIntervals, BedSource
from enhancer_variants.scan.comparison_results import ANY_DATABASE
from enhancer_variants.scan.genome_space import GenomeSpace
from enhancer_variants.scan.overlaps import IntervalSet, Line
from enhancer_variants.scan.permutations import RandomPlaces

__all__ = [
    "checked_share",
    "checked_shares",
    "require_fitting",
    "tell_excluded",
    "tell_immovable",
]

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_NONE: Final = np.empty(0, np.int64)


def checked_shares(
    known: Mapping[str, BedSource], reciprocal: Sequence[float], permutations: int, seed: int
) -> tuple[float, ...]:
    """Make sure of the options; give the reciprocal overlaps, sorted, each once.

    Parameters
    ----------
    known, reciprocal, permutations, seed
        As :func:`~enhancer_variants.compare_calls` takes them.

    Raises
    ------
    InputError
        If one of them is none of what is described there.

    Examples
    --------
    >>> checked_shares({"atlas": "atlas.bed"}, [0.5, 0, 0.5], 1000, 0)
    (0.0, 0.5)
    """
    if not known:
        raise InputError("no database of known enhancers is named; expected one or more")
    for name in known:
        if not _NAME.fullmatch(name) or name == ANY_DATABASE:
            raise InputError(
                f"database {name!r}: expected a name of letters, digits, _ . and -, other than "
                f"{ANY_DATABASE}, which is all of them together"
            )
    if permutations < 0 or seed < 0:
        raise InputError(
            f"permutations are {permutations} and the seed {seed}; expected 0 or more of each"
        )
    if not len(reciprocal):
        raise InputError("no reciprocal overlap is given; expected one or more, as 0 and 0.5")
    return tuple(sorted({checked_share(share) for share in reciprocal}))


def checked_share(value: float) -> float:
    """Give a reciprocal overlap as a float.

    Raises
    ------
    InputError
        If it is not from 0 to 1.

    Examples
    --------
    >>> checked_share(1)
    1.0
    """
    if not 0 <= value <= 1:
        raise InputError(f"the reciprocal overlap is {value}; expected a share from 0 to 1")
    return float(value)


def require_fitting(
    called: BedIntervals, databases: Mapping[str, BedIntervals], space: GenomeSpace | None
) -> None:
    """Refuse calls beyond their contig; warn of databases that look like those of another build.

    Parameters
    ----------
    called
        The calls.
    databases
        Known enhancers, by name.
    space
        The genome, if it is known.

    Raises
    ------
    InputError
        With the first call that ends beyond its contig.
    """
    if space is not None:
        for number in _beyond(called, space)[:1].tolist():
            contig = called.contigs[called.contig[number]]
            raise InputError(
                f"{called.place(number)}: ends at {called.ends[number]}, but contig {contig} has "
                f"{space.lengths[contig]} bases: is the genome of another build?"
            )
    for name, database in databases.items():
        if len(called) and len(database) and not set(called.contigs) & set(database.contigs):
            warnings.warn(
                f"{name} has no contig in common with the calls: {', '.join(database.contigs[:3])} "
                f"and {', '.join(called.contigs[:3])}",
                stacklevel=3,
            )
        beyond = () if space is None else _beyond(database, space).tolist()
        if beyond:
            warnings.warn(
                f"{name}: {len(beyond):,} of {len(database):,} intervals end beyond their contig, "
                f"the first at {database.place(beyond[0])}: is it of another build?",
                stacklevel=3,
            )


def tell_immovable(called: BedIntervals, places: RandomPlaces) -> None:
    """Warn of calls for which there is no place.

    Parameters
    ----------
    called
        The calls.
    places
        Where each could be.
    """
    left = np.setdiff1d(np.arange(len(called)), places.movable)
    if len(left):
        warnings.warn(
            f"{len(left):,} of {len(called):,} calls fit nowhere on their contig outside gaps and "
            "blacklist, or its length is not known: they are left out of the permutations. The "
            f"first is at {called.place(int(left[0]))}",
            stacklevel=3,
        )


def tell_excluded(own: IntervalSet, space: GenomeSpace, line: Line) -> None:
    """Warn of calls where no permuted call can be.

    Parameters
    ----------
    own
        The calls on a line.
    space
        The genome with what is excluded.
    line
        The line.
    """
    starts, ends = space.excluded_on(line)
    inside = int(IntervalSet(starts, ends).touches(own.starts, own.ends).sum())
    if inside:
        warnings.warn(
            f"{inside:,} of {len(own):,} calls overlap gaps or blacklist, where no permuted call "
            "can be: take them out first if they are not to count",
            stacklevel=3,
        )


def _beyond(intervals: BedIntervals, space: GenomeSpace) -> npt.NDArray[np.int64]:
    """Numbers of the intervals that end beyond a contig of known length."""
    longest = np.iinfo(np.int64).max
    lengths = np.array([space.lengths.get(c, longest) for c in intervals.contigs], np.int64)
    return np.flatnonzero(intervals.ends > lengths[intervals.contig]) if len(intervals) else _NONE
