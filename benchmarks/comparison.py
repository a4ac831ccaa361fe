"""How many permutations of how many calls a comparison makes in a second.

    python benchmarks/comparison.py [--calls 100000] [--known 100000] [--permutations 20]

Calls and databases lie at random on GRCh38, without the blacklist of `ENHANCER_VARIANTS_DATA` where
that is set, which cuts the genome into several hundred stretches. Lengths: calls 350 bases and a
multiple of 150 more, known intervals log-normal around 600. Correctness first: the overlaps of one
permutation are asserted to be those of bioframe. The contestants are timed in turn, in one process
and thread; the processor's time is told too, for a machine that others use.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import bioframe
import numpy as np
import pandas as pd
from machine import save

from enhancer_variants.scan.bed_intervals import BedIntervals, bed_intervals
from enhancer_variants.scan.genome_space import GenomeSpace, genome_space
from enhancer_variants.scan.overlaps import IntervalSet, Line
from enhancer_variants.scan.permutations import RandomPlaces, counts_at, permuted_counts

CONTESTANTS = {
    "one database, one base": (1, (0.0,)),
    "one database, three overlaps": (1, (0.0, 0.1, 0.5)),
    "ten databases, one base": (10, (0.0,)),
    "ten databases, three overlaps": (10, (0.0, 0.1, 0.5)),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=100_000)
    arguments.add_argument("--known", type=int, default=100_000)
    arguments.add_argument("--permutations", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    data = os.environ.get("ENHANCER_VARIANTS_DATA")
    blacklist = Path(data, "genome", "hg38-blacklist.v2.bed.gz") if data else None
    space = genome_space("hg38", blacklist=blacklist)
    generator = np.random.default_rng(0)
    line = Line.of(dict(space.lengths))
    calls = at_random(space, 350 + 150 * generator.integers(0, 10, options.calls), generator)
    places = RandomPlaces(calls, space, line)
    databases = [
        IntervalSet(*line.place(at_random(space, lengths(options.known, generator), generator)))
        for _ in range(10)
    ]
    check(places, databases[0])
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTESTANTS}
    for _ in range(options.rounds):
        for name, (number, shares) in CONTESTANTS.items():
            begin, cpu = time.perf_counter(), time.process_time()
            permuted_counts(
                places, databases[:number], shares, permutations=options.permutations, seed=1
            )
            took = time.perf_counter() - begin, time.process_time() - cpu
            seconds[name].append(took)
    result: dict[str, Any] = {
        "calls": options.calls,
        "known_of_each_database": options.known,
        "blacklist": blacklist is not None,
        "permutations": options.permutations,
        "rounds": options.rounds,
    }
    for name, took in seconds.items():
        clock, cpu = (statistics.median(column) for column in zip(*took, strict=True))
        result[name] = {
            "permutations_per_second": round(options.permutations / clock, 1),
            "milliseconds_per_permutation": round(1000 * clock / options.permutations, 1),
            "cpu_milliseconds_per_permutation": round(1000 * cpu / options.permutations, 1),
        }
    save("comparison", result)


def lengths(count: int, generator: np.random.Generator) -> np.ndarray:
    return np.maximum(generator.lognormal(np.log(600), 0.6, count).astype(np.int64), 50)


def at_random(
    space: GenomeSpace, lengths: np.ndarray, generator: np.random.Generator
) -> BedIntervals:
    """Intervals of these lengths anywhere in the genome."""
    contigs = list(space.lengths)
    sizes = np.array([space.lengths[contig] for contig in contigs])
    contig = generator.choice(len(contigs), len(lengths), p=sizes / sizes.sum())
    start = (generator.random(len(lengths)) * (sizes[contig] - lengths)).astype(np.int64)
    names = np.array(contigs, dtype=object)[contig]
    return bed_intervals(pd.DataFrame({"chrom": names, "start": start, "end": start + lengths}))


def check(places: RandomPlaces, known: IntervalSet) -> None:
    """Assert that the overlaps of one permutation are those that bioframe finds."""
    starts = places.draw(np.random.default_rng(5))
    ends = starts + places.lengths
    counted = counts_at(starts, ends, [known], (0.0, 0.5))[0]
    calls, others = (
        pd.DataFrame({"chrom": "line", "start": start, "end": end})
        for start, end in ((starts, ends), (known.starts, known.ends))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs = bioframe.overlap(calls, others, how="inner", return_index=True)
    assert counted[0] == pairs["index"].nunique()
    shared = pairs[["end", "end_"]].min(axis=1) - pairs[["start", "start_"]].max(axis=1)
    longer = np.maximum(pairs["end"] - pairs["start"], pairs["end_"] - pairs["start_"])
    assert counted[1] == pairs.loc[shared >= 0.5 * longer, "index"].nunique()


if __name__ == "__main__":
    main()
