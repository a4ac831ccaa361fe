"""Calls held against databases of known enhancers: overlap, distance, and what chance gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants._version import __version__
from enhancer_variants.errors import InputError
from enhancer_variants.scan.bed_intervals import BedIntervals, BedSource, bed_intervals
from enhancer_variants.scan.comparison_checks import (
    checked_share,
    checked_shares,
    require_fitting,
    tell_excluded,
    tell_immovable,
)
from enhancer_variants.scan.comparison_results import (
    ANY_DATABASE,
    CallComparison,
    DatabaseComparison,
    OverlapCounts,
)
from enhancer_variants.scan.genome_space import (
    GenomeSource,
    GenomeSpace,
    file_facts,
    genome_space,
)
from enhancer_variants.scan.overlaps import IntervalSet, Line, lengths_needed, shared_bases
from enhancer_variants.scan.permutations import (
    Enrichment,
    RandomPlaces,
    enrichment,
    permuted_counts,
)
from enhancer_variants.schema.comparison_columns import COMBINATION_COLUMNS

__all__ = ["compare_calls"]

_RECIPROCAL: Final = (0.0, 0.1, 0.5)

Floats: TypeAlias = npt.NDArray[np.float64]
Booleans: TypeAlias = npt.NDArray[np.bool_]


def compare_calls(
    calls: BedSource,
    known: Mapping[str, BedSource],
    *,
    genome: GenomeSource | None = None,
    gaps: BedSource | None = None,
    blacklist: BedSource | None = None,
    reciprocal: Sequence[float] = _RECIPROCAL,
    novel_reciprocal: float | None = None,
    permutations: int = 1000,
    seed: int = 0,
    progress: bool | None = False,
) -> CallComparison:
    """Compare called enhancers with databases of known ones.

    Parameters
    ----------
    calls
        BED file, plain, gzipped or bgzipped, or a table with `chrom`, `start` and `end`: 0-based,
        half-open.
    known
        The databases likewise, by name: letters, digits, ``_``, ``.`` and ``-``.
    genome
        Lengths of the contigs, which permutations need: ``hg38``, ``hg19``, a file of sizes, a
        FASTA (where N is a gap) or its index, or a mapping. None for no permutations.
    gaps, blacklist
        BED files or tables of where no permuted call may lie.
    reciprocal
        What counts as overlap: both intervals are covered to at least this share by each other;
        0 is one shared base.
    novel_reciprocal
        That of novel calls; the smallest of `reciprocal` by default.
    permutations
        How often the calls are put elsewhere at random, each on its own contig and with its own
        length; 0 for none.
    seed
        Of the permutations.
    progress
        Show a bar: True, False, or None for "where someone is watching".

    Returns
    -------
    CallComparison
        For each database and all of them together.

    Raises
    ------
    InputError
        If a file or an option is none of the above, or a call ends beyond its contig.
    VariantFileError, FastaError
        If a file cannot be read to its end.

    Warns
    -----
    UserWarning
        If a database has no contig in common with the calls or ends beyond the genome's, or gaps or
        blacklist none with the genome; if calls fit nowhere and are left out of the permutations,
        or overlap gaps or blacklist.

    Notes
    -----
    Contigs are one and the same under any of their names (``chr1``, ``1``). Permuted calls may
    overlap each other, as those of ``bedtools shuffle`` do by default.

    Examples
    --------
    >>> calls = pd.DataFrame({"chrom": "chr1", "start": [100, 500], "end": [200, 600]})
    >>> atlas = pd.DataFrame({"chrom": "1", "start": [150], "end": [250]})
    >>> found = compare_calls(calls, {"atlas": atlas}, genome={"1": 100_000}, permutations=99)
    >>> found.to_frame()[["database", "reciprocal_overlap", "calls_overlapping", "p_enriched"]]
           database  reciprocal_overlap  calls_overlapping  p_enriched
    0         atlas                 0.0                  1        0.01
    1         atlas                 0.1                  1        0.01
    2         atlas                 0.5                  1        0.01
    3  any_database                 0.0                  1        0.01
    4  any_database                 0.1                  1        0.01
    5  any_database                 0.5                  1        0.01
    >>> found.novel.to_dict("records")
    [{'chrom': 'chr1', 'start': 500, 'end': 600}]
    """
    shares = checked_shares(known, reciprocal, permutations, seed)
    sources = (calls, *known.values(), genome, gaps, blacklist)
    if sum(isinstance(source, str) and source == "-" for source in sources) > 1:
        raise InputError("standard input (-) is named more than once; it can be read once")
    novel_at = shares[0] if novel_reciprocal is None else checked_share(novel_reciprocal)
    if genome is None and not (gaps is None and blacklist is None):
        raise InputError("gaps and blacklist are for permutations, which need the genome's lengths")
    called = bed_intervals(calls, name="calls")
    databases = {
        name: bed_intervals(source, name=name, columns=False) for name, source in known.items()
    }
    space = None
    if genome is not None:
        space = genome_space(genome, gaps=gaps, blacklist=blacklist)
    require_fitting(called, databases, space)
    line = Line.of(_lengths([called, *databases.values()], space))
    sets = {name: IntervalSet(*line.place(database)) for name, database in databases.items()}
    own = IntervalSet(*line.place(called))
    best = np.array([one.reciprocal(own.starts, own.ends) for one in sets.values()])
    distances = np.array([one.distances(own.starts, own.ends, line) for one in sets.values()])
    chance = None
    if space is not None and permutations:
        places = RandomPlaces(called, space, line)
        tell_immovable(called, places)
        tell_excluded(own, space, line)
        chance = (
            places,
            permuted_counts(
                places,
                list(sets.values()),
                shares,
                permutations=permutations,
                seed=seed,
                progress=progress,
            ),
        )
    novel = np.flatnonzero(_overlapping(best, novel_at).sum(axis=0) == 0)
    options = {
        "reciprocal": list(shares),
        "novel_reciprocal": novel_at,
        "permutations": permutations if chance else 0,
        "seed": seed if chance else None,
    }
    return CallComparison(
        calls=len(called),
        databases=_databases(own, sets, best, distances, shares, chance),
        combinations=_combinations(list(sets), best, shares),
        per_call=_per_call(called, list(sets), best, distances),
        novel=called.table.iloc[novel].reset_index(drop=True),
        novel_reciprocal=novel_at,
        provenance=_provenance(calls, known, called, databases, space, options),
    )


def _lengths(several: Iterable[BedIntervals], space: GenomeSpace | None) -> dict[str, int]:
    """Room that each contig needs on the line."""
    needed = dict(space.lengths) if space is not None else {}
    for contig, end in lengths_needed(several).items():
        needed[contig] = max(needed.get(contig, 0), end)
    return needed


def _overlapping(best: Floats, share: float) -> Booleans:
    """Whether reciprocal overlaps are enough."""
    found: Booleans = best >= share if share > 0 else best > 0
    return found


_Chance: TypeAlias = "tuple[RandomPlaces, npt.NDArray[np.int64]] | None"


def _databases(
    own: IntervalSet,
    sets: Mapping[str, IntervalSet],
    best: Floats,
    distances: Floats,
    shares: Sequence[float],
    chance: _Chance,
) -> tuple[DatabaseComparison, ...]:
    """Describe each database, and all of them together."""
    together = IntervalSet(
        np.concatenate([one.starts for one in sets.values()]),
        np.concatenate([one.ends for one in sets.values()]),
    )
    named = [*sets.items(), (ANY_DATABASE, together)]
    nearest = np.fmin.reduce(distances)
    found = []
    for number, (name, known) in enumerate(named):
        calls_best = best[number] if number < len(sets) else best.max(axis=0)
        known_best = own.reciprocal(known.starts, known.ends)
        overlaps = tuple(
            OverlapCounts(
                share,
                int(_overlapping(calls_best, share).sum()),
                int(_overlapping(known_best, share).sum()),
                _enriched(_overlapping(calls_best, share), number, column, chance),
            )
            for column, share in enumerate(shares)
        )
        found.append(
            DatabaseComparison(
                name,
                len(known),
                own.bases,
                known.bases,
                shared_bases(own.merged, known.merged),
                _quartiles(distances[number] if number < len(sets) else nearest),
                overlaps,
            )
        )
    return tuple(found)


def _enriched(
    overlapping: Booleans, database: int, column: int, chance: _Chance
) -> Enrichment | None:
    if chance is None:
        return None
    places, counts = chance
    observed = int(overlapping[places.movable].sum())
    return enrichment(observed, len(places.movable), counts[:, database, column])


def _quartiles(distances: Floats) -> tuple[float, float, float]:
    known = distances[~np.isnan(distances)]
    if not len(known):
        return (np.nan, np.nan, np.nan)
    first, median, third = np.percentile(known, [25, 50, 75]).tolist()
    return first, median, third


def _combinations(names: Sequence[str], best: Floats, shares: Sequence[float]) -> pd.DataFrame:
    """Count the calls of each combination of databases, the most frequent first."""
    rows: list[tuple[float, str, int, int, float]] = []
    calls = best.shape[1]
    for share in shares:
        patterns, counts = np.unique(_overlapping(best, share).T, axis=0, return_counts=True)
        some = [
            (",".join(name for name, has in zip(names, pattern, strict=True) if has), int(count))
            for pattern, count in zip(patterns.tolist(), counts, strict=True)
        ]
        some.sort(key=lambda one: (-one[1], one[0]))
        rows += [
            (share, text, text.count(",") + 1 if text else 0, count, count / calls)
            for text, count in some
            if count
        ]
    return pd.DataFrame(rows, columns=[column.name for column in COMBINATION_COLUMNS])


def _per_call(
    called: BedIntervals, names: Sequence[str], best: Floats, distances: Floats
) -> pd.DataFrame:
    columns: dict[str, Any] = {name: called.table[name] for name in ("chrom", "start", "end")}
    for name, overlap, distance in zip(names, best, distances, strict=True):
        columns[f"{name}_overlap"] = overlap
        columns[f"{name}_distance"] = distance
    return pd.DataFrame(columns)


def _provenance(
    calls: BedSource,
    known: Mapping[str, BedSource],
    called: BedIntervals,
    databases: Mapping[str, BedIntervals],
    space: GenomeSpace | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    nothing = {"genome": None, "gaps": None, "blacklist": None}
    return {
        "enhancer_variants": __version__,
        "notice": "For research, not for clinical use.",
        "calls": file_facts(calls, "calls") | {"intervals": len(called)},
        "known": {
            name: file_facts(source, name) | {"intervals": len(databases[name])}
            for name, source in known.items()
        },
        **(nothing if space is None else space.facts),
        "options": dict(options),
    }
