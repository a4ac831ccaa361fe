"""Negatives from the genome: where they may lie and what they resemble."""

from __future__ import annotations

import random
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.io import read_bed
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.training import random_places
from enhancer_variants.training.card import gc_auroc
from enhancer_variants.training.negatives import (
    composition,
    matched_negatives,
    require_some_on_reference,
    shuffled_negatives,
)
from enhancer_variants.training.random_places import GenomeBases, PlacesToDraw

INTERVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(
        lambda x: Interval("c", x[0], x[0] + x[1])
    ),
    max_size=6,
)


def patchwork(seed, length=20_000):
    """Make a contig of AT-rich and GC-rich stretches, some in lower case, some N."""
    chance = random.Random(seed)
    pieces = []
    while sum(map(len, pieces)) < length:
        letters = chance.choice(["AATTACGT", "GGCCACGT"])
        piece = "".join(chance.choices(letters, k=200))
        pieces.append(chance.choice([piece, piece, piece.lower(), "N" * 50]))
    return "".join(pieces)[:length]


def clear(text):
    return set(text.upper()) <= set("ACGT")


@pytest.fixture
def genome(make_reference):
    return make_reference(chr1=patchwork(1), chr2=patchwork(2), chr3="N" * 500)


@pytest.fixture
def positives(genome):
    chance, found = random.Random(5), []
    for contig, length in [*product(["chr1", "2"], [80, 120])] * 10:
        while True:
            start = chance.randrange(19_000)
            bases = genome.find(contig).bases(start, start + length)
            if clear(bases):
                break
        found.append(LabelledSequence(bases, 1, contig, start, start + length))
    return found


EXCLUDED = [Interval("1", 0, 5000), Interval("chr2", 9000, 12_000), Interval("chrNo", 1, 2)]


@pytest.mark.parametrize("make", [matched_negatives, shuffled_negatives])
def test_where_negatives_lie(genome, positives, make):
    loose = {"gc_tolerance": 0.05} if make is matched_negatives else {}
    found = make(positives, genome, seed=1, excluded=EXCLUDED, **loose)
    assert len(found.sequences) + found.unmatched == len(positives)
    assert len(found.sequences) >= 35
    places = [record.interval for record in found.sequences]
    assert not any(one.overlaps(other) for one, other in combinations(places, 2))
    for record in found.sequences:
        assert record.label == 0
        assert clear(record.sequence)
        assert genome.find(record.contig).bases(record.start, record.end) == record.sequence
        assert not record.interval.overlaps(Interval("chr1", 0, 5000))
        assert not record.interval.overlaps(Interval("chr2", 9000, 12_000))
    assert make(positives, genome, seed=1, excluded=EXCLUDED, **loose) == found
    assert make(positives, genome, seed=2, excluded=EXCLUDED, **loose) != found


def test_shuffled_ones_have_lengths_and_contigs_of_the_positives(genome, positives):
    found = shuffled_negatives(positives, genome, seed=1)
    assert found.unmatched == 0
    for positive, negative in zip(positives, found.sequences, strict=True):
        assert negative.contig == genome.find(positive.contig).name
        assert len(negative.sequence) == len(positive.sequence)


def test_matched_ones_resemble_their_positives(genome, positives):
    with GenomeBases(genome) as bases:
        for positive in positives:
            one = LabelledSequence(
                positive.sequence, 1, positive.contig, positive.start, positive.end
            )
            found = matched_negatives([one], genome, seed=1, gc_tolerance=0.03)
            for negative in found.sequences:
                contig = genome.find(positive.contig).name
                assert negative.contig == contig
                assert not negative.interval.overlaps(Interval(contig, one.start, one.end))
                gc, repeats = composition(bases.read(contig, positive.start, positive.end))
                gc_found, repeats_found = composition(
                    bases.read(contig, negative.start, negative.end)
                )
                assert abs(gc - gc_found) <= 0.03 + 1e-9
                assert abs(repeats - repeats_found) <= 0.1 + 1e-9


def test_no_place_is_no_negative(make_reference):
    genome = make_reference(chr1="ACGT" * 25, chr2="N" * 40 + "A" * 60)
    everything = [LabelledSequence("ACGT" * 25, 1, "chr1", 0, 100)]
    assert matched_negatives(everything, genome, seed=1).unmatched == 1
    alike = [LabelledSequence("A" * 20, 1, "chr2", 40, 60)]
    found = matched_negatives(alike, genome, seed=1)
    assert [record.sequence for record in found.sequences] == ["A" * 20]
    assert matched_negatives([], genome, seed=1).sequences == ()


def test_what_has_no_place_has_no_negative(genome):
    with pytest.raises(InputError, match=r"positive ACGT\.\.\. has no coordinates"):
        shuffled_negatives([LabelledSequence("ACGT", 1)], genome, seed=1)
    for contig, start in (("chr9", 0), ("chr1", 19_998)):
        with pytest.raises(InputError, match=r"does not lie on genome0\.fa"):
            matched_negatives(
                [LabelledSequence("ACGT", 1, contig, start, start + 4)], genome, seed=1
            )
    for tolerances in ({"gc_tolerance": -0.1}, {"repeat_tolerance": -0.1}):
        with pytest.raises(InputError, match="tolerances are"):
            matched_negatives([], genome, seed=1, **tolerances)


@pytest.mark.parametrize("make", [matched_negatives, shuffled_negatives])
def test_exclusions_are_of_the_reference(genome, positives, make):
    foreign = [Interval("scaffold_1", 0, 9), Interval("chrNo", 1, 2)]
    with pytest.raises(InputError, match=r"excluded intervals: .*\(scaffold_1, chrNo\).* chr1"):
        make(positives, genome, seed=1, excluded=iter(foreign))
    with pytest.raises(InputError, match=r"^gaps\.bed: genome0\.fa has none"):
        require_some_on_reference(foreign, genome, "gaps.bed")
    require_some_on_reference([*foreign, Interval("1", 0, 1)], genome)
    require_some_on_reference([], genome)


@given(INTERVALS, INTERVALS, st.integers(1, 12))
def test_every_free_place_can_be_drawn_and_no_other(stretches, holes, length):
    is_known = np.zeros(100, dtype=bool)
    for stretch in stretches:
        is_known[stretch.start : stretch.end] = True
    known = np.flatnonzero(np.diff(is_known, prepend=False, append=False)).reshape(-1, 2)
    is_free = is_known.copy()
    for hole in holes:
        is_free[hole.start : hole.end] = False
    expected = {s for s in range(100 - length) if is_free[s : s + length].all()}
    drawn = PlacesToDraw(known, holes).draw(length, 3000, np.random.default_rng(1))
    assert set(drawn.tolist()) == expected


@pytest.mark.parametrize("piece", [7, 1 << 24])
def test_known_stretches_whatever_is_read_at_once(make_reference, monkeypatch, piece):
    monkeypatch.setattr(random_places, "_PIECE", piece)
    genome = make_reference(a="NNacgtACGTacRTNNNNNNNNNNNNNNA", b="NNN", c="ACGTACGTACGTACG")
    with GenomeBases(genome) as bases:
        assert bases.known_stretches("a").tolist() == [[2, 12], [13, 14], [28, 29]]
        assert bases.known_stretches("b").tolist() == []
        assert bases.known_stretches("c").tolist() == [[0, 15]]


@pytest.mark.realdata
def test_matching_takes_gc_out_of_real_peaks(data):
    peaks = read_labelled_sequences(data / "tf/nanog/positives_train.fa.gz", label=1)
    peaks = [peak for peak in peaks if peak.contig in ("chr21", "chr22")]
    blacklist = read_bed(data / "genome/hg19-blacklist.v2.bed.gz")
    with Reference(data / "genome/hg19_sparse.fa.gz") as genome:
        found = matched_negatives(peaks, genome, seed=1, excluded=blacklist)
    assert found.unmatched < 0.1 * len(peaks)
    assert abs(gc_auroc([*peaks, *found.sequences]) - 0.5) < 0.05
