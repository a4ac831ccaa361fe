"""Random places, against every place there is, and what is made of the counts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, kstest

from enhancer_variants.scan.bed_intervals import bed_intervals
from enhancer_variants.scan.genome_space import genome_space
from enhancer_variants.scan.overlaps import IntervalSet, Line
from enhancer_variants.scan.permutations import (
    RandomPlaces,
    counts_at,
    enrichment,
    permuted_counts,
)

LENGTHS = {"1": 60, "2": 40}
LINE = Line.of(LENGTHS)
GAPS = pd.DataFrame({"chrom": ["chr1", "1", "2"], "start": [10, 35, 0], "end": [20, 41, 5]})
SPACE = genome_space(LENGTHS, gaps=GAPS)


def _bed(*rows: tuple[str, int, int]):
    return bed_intervals(pd.DataFrame(rows, columns=["chrom", "start", "end"]))


def _possible(contig: str, length: int) -> list[int]:
    """Starts at which an interval shares no base with a gap, by trying all."""
    taken = {
        base
        for name, start, end in GAPS.itertuples(index=False)
        if name.removeprefix("chr") == contig
        for base in range(start, end)
    }
    starts = range(LENGTHS[contig] - length + 1)
    return [start for start in starts if not taken & set(range(start, start + length))]


@pytest.mark.parametrize(("contig", "length"), [("1", 1), ("1", 9), ("1", 14), ("2", 30)])
def test_every_free_place_is_drawn_equally_often_and_no_other(contig: str, length: int) -> None:
    calls = _bed(*[(contig, 0, length)] * 8000)
    starts = RandomPlaces(calls, SPACE, LINE).draw(np.random.default_rng(1)) - LINE.offsets[contig]
    possible = _possible(contig, length)
    values, counts = np.unique(starts, return_counts=True)
    assert values.tolist() == possible
    assert chisquare(counts).pvalue > 1e-3


def test_calls_of_all_lengths_and_contigs_keep_both() -> None:
    rows = [(c, 0, n) for c, n in itertools.product(["chr2", "chr1"], [1, 5, 15, 2, 30])]
    calls = _bed(*rows)
    places = RandomPlaces(calls, SPACE, LINE)
    assert places.movable.tolist() == [n for n, (c, _, e) in enumerate(rows) if _possible(c[3:], e)]
    for seed in range(20):
        starts = places.draw(np.random.default_rng(seed))
        for number, start in zip(places.movable.tolist(), starts.tolist(), strict=True):
            contig, _, length = rows[number]
            assert start - LINE.offsets[contig[3:]] in _possible(contig[3:], length)


def test_calls_that_fit_nowhere_or_whose_contig_is_not_known_are_left_out() -> None:
    calls = _bed(("chr9", 0, 5), ("chr1", 0, 16), ("chr1", 0, 15), ("chr2", 0, 36))
    line = Line.of({**LENGTHS, "9": 5})
    places = RandomPlaces(calls, SPACE, line)
    assert places.movable.tolist() == [1, 2]
    none = RandomPlaces(_bed(("chr9", 0, 5)), SPACE, line)
    assert none.draw(np.random.default_rng(0)).shape == (0,)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_mean_count_is_the_share_of_places_that_overlap(share: float) -> None:
    rows = [("1", 0, 4)] * 30 + [("2", 0, 7)] * 20
    known = [("1", 0, 6), ("1", 22, 27), ("1", 24, 26), ("2", 30, 38)]

    def overlaps(contig: str, start: int, length: int) -> bool:
        best = 0.0
        for name, begin, end in known:
            shared = min(start + length, end) - max(start, begin)
            if name == contig and shared > 0:
                best = max(best, shared / max(length, end - begin))
        return best >= share if share else best > 0

    chances = []
    for contig, _, length in rows:
        possible = _possible(contig, length)
        chances.append(sum(overlaps(contig, s, length) for s in possible) / len(possible))
    mean, variance = sum(chances), sum(p * (1 - p) for p in chances)
    databases = [IntervalSet(*LINE.place(_bed(*known)))]
    places = RandomPlaces(_bed(*rows), SPACE, LINE)
    counts = permuted_counts(places, databases, [share], permutations=2000, seed=3)[:, 0, 0]
    assert counts.mean() == pytest.approx(mean, abs=4 * math.sqrt(variance / 2000))
    assert counts.var() == pytest.approx(variance, rel=0.15)


def test_all_databases_together_count_each_call_once() -> None:
    sets = [IntervalSet(*LINE.place(_bed(row))) for row in [("1", 0, 9), ("1", 5, 9), ("2", 0, 9)]]
    starts, ends = LINE.place(_bed(("1", 4, 6), ("1", 0, 9), ("2", 30, 31)))
    assert counts_at(starts, ends, sets, [0.0, 0.9]).tolist() == [[2, 1], [2, 0], [0, 0], [2, 1]]


def test_a_permutation_depends_on_the_seed_and_its_number_alone() -> None:
    places = RandomPlaces(_bed(*[("1", 0, 5)] * 40), SPACE, LINE)
    databases = [IntervalSet(*LINE.place(_bed(("1", 0, 9))))]
    ten, five = (permuted_counts(places, databases, [0.0], permutations=n, seed=7) for n in (10, 5))
    assert (ten[:5] == five).all()
    other = permuted_counts(places, databases, [0.0], permutations=10, seed=8)
    assert (other != ten).any()


def test_p_is_uniform_where_calls_lie_at_random() -> None:
    lengths = {"1": 50_000}
    line, space = Line.of(lengths), genome_space(lengths)
    generator = np.random.default_rng(5)
    begins = generator.integers(0, 49_000, 60)
    known = IntervalSet(begins, begins + generator.integers(50, 600, 60))
    places = RandomPlaces(_bed(*[("1", 0, 200)] * 120), space, line)
    starts = np.array([places.draw(generator) for _ in range(150)])
    observed = [int(known.touches(one, one + 200).sum()) for one in starts]
    counts = permuted_counts(places, [known], [0.0], permutations=400, seed=1)[:, 0, 0]
    found = [enrichment(count, 120, counts) for count in observed]
    # Counts are whole numbers: p is made continuous by a random share of the ties.
    shares = generator.random(len(found))
    ties = np.array([(counts == count).sum() for count in observed])
    p = np.array([one.p_enriched for one in found]) - shares * (ties + 1) / 401
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.mean([one.p_enriched <= 0.1 for one in found]) < 0.17


def test_figures_of_an_enrichment_are_those_by_hand() -> None:
    found = enrichment(6, 9, np.array([1, 2, 3, 4, 6]))
    assert (found.mean, found.permutations, found.calls) == (3.2, 5, 9)
    assert found.deviation == pytest.approx(np.std([1, 2, 3, 4, 6], ddof=1))
    assert found.z == pytest.approx((6 - 3.2) / found.deviation)
    assert (found.p_enriched, found.p_depleted) == (2 / 6, 1.0)
    assert (found.low, found.high) == pytest.approx((1.1, 5.8))
    assert (found.fold, found.fold_low) == pytest.approx((6 / 3.2, 6 / 5.8))
    assert found.fold_high == pytest.approx(6 / 1.1)


def test_what_is_not_defined_is_nan() -> None:
    never = enrichment(0, 0, np.zeros(3, np.int64))
    assert never.p_enriched == never.p_depleted == 1.0
    assert all(map(math.isnan, (never.z, never.fold, never.fold_low, never.fold_high)))
    assert math.isnan(enrichment(1, 2, np.array([1])).z)
