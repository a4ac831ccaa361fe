"""Random changes: where they fall, what they change, and that a seed says all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, random_changes
from enhancer_variants.genome.random_changes import (
    LONGEST_RANDOM_INDEL,
    known_bases,
    random_indels,
    random_snvs,
)

MakeReference = Callable[..., Reference]


def test_snvs_are_uniform_over_known_bases_and_other_bases(make_reference: MakeReference) -> None:
    reference = make_reference(chr1="NNAAN" + "N" * 10, chr2="acgTRN", chr3="NNNN")
    changes = [*random_snvs(reference, 6000, seed=7)]
    assert len(changes) == 6000
    places = Counter((c.contig, c.position) for c in changes)
    known = {("chr1", 3), ("chr1", 4), *(("chr2", position) for position in range(1, 5))}
    assert set(places) == known
    assert all(850 < count < 1150 for count in places.values())
    kinds = Counter((c.ref, c.alt) for c in changes)
    assert len(kinds) == 12
    assert all(220 < kinds["CGT"[i], alt] < 450 for i in range(3) for alt in "A")
    assert [(c.contig, c.position) for c in changes] == sorted(
        (c.contig, c.position) for c in changes
    )


def test_indels_have_the_lengths_that_are_documented(make_reference: MakeReference) -> None:
    reference = make_reference(chr1="ACGT" * 500)
    changes = [*random_indels(reference, 4000, seed=3)]
    assert 3960 < len(changes) <= 4000
    lengths = Counter(len(c.alt) - len(c.ref) for c in changes)
    for length in range(1, 4):
        assert lengths[length] == pytest.approx(2000 * 0.5**length, rel=0.25)
        assert lengths[-length] == pytest.approx(2000 * 0.5**length, rel=0.25)
    assert max(map(abs, lengths)) <= LONGEST_RANDOM_INDEL
    contig = reference.find("chr1")
    assert contig is not None
    for change in changes:
        assert contig.bases(change.start, change.start + len(change.ref)) == change.ref
        assert 1 in (len(change.ref), len(change.alt))
        assert change.ref[0] == change.alt[0]


def test_deletions_do_not_reach_over_ends_or_into_n(make_reference: MakeReference) -> None:
    reference = make_reference(chr1="ACNGT")
    changes = [*random_indels(reference, 500, seed=1)]
    deletions = {(c.position, c.ref) for c in changes if len(c.ref) > 1}
    assert deletions == {(1, "AC"), (4, "GT")}


@pytest.mark.parametrize("make", [random_snvs, random_indels])
def test_a_seed_says_which_changes(make: Callable[..., object], make_reference: object) -> None:
    reference = make_reference(chr1="ACGT" * 500)  # type: ignore[operator]
    one, again, other = (list(make(reference, 50, seed)) for seed in (1, 1, 2))  # type: ignore[call-overload]
    assert one == again
    assert one != other


def test_regions_restrict_the_changes(make_reference: MakeReference) -> None:
    reference = make_reference(chr1="ACGT" * 10, chr2="ACGT")
    regions = [Interval("1", 4, 6), Interval("chr2", 3, 2**31 - 1), Interval("chr9", 0, 5)]
    changes = random_snvs(reference, 300, 0, regions)
    assert {(c.contig, c.position) for c in changes} == {("chr1", 5), ("chr1", 6), ("chr2", 4)}


def test_few_bases_in_much_n_are_found_and_as_likely_as_any(make_reference: MakeReference) -> None:
    gap = "N" * 1_200_000  # more than is read at once
    reference = make_reference(chr1=gap + "AC" + gap, chr2="N" * 9, chr3="G" + gap + "T")
    changes = [*random_snvs(reference, 4000, seed=1)]
    places = Counter((c.contig, c.position, c.ref) for c in changes)
    assert places.keys() == {
        ("chr1", 1_200_001, "A"),
        ("chr1", 1_200_002, "C"),
        ("chr3", 1, "G"),
        ("chr3", 1_200_002, "T"),
    }
    assert all(880 < count < 1120 for count in places.values())
    assert changes == [*random_snvs(reference, 4000, seed=1)]
    assert known_bases(reference, 100) == 4
    assert known_bases(reference, 3) == 3
    assert known_bases(reference, 100, [Interval("chr1", 1_200_001, 1_300_000)]) == 1


def test_known_bases_over_the_borders_of_pieces_are_counted_once(
    make_reference: MakeReference,
) -> None:
    piece = random_changes._PIECE
    reference = make_reference(chr1="N" * (piece - 5) + "ACRGTACGTN" + "N" * piece)
    assert known_bases(reference, 100) == 8


@pytest.mark.realdata
def test_a_sparse_genome_gives_as_many_as_asked(data: Path) -> None:
    with Reference(data / "genome" / "hg19_sparse.fa.gz") as reference:
        regions = [Interval("chr21", 0, 2**31 - 1), Interval("chr22", 0, 2**31 - 1)]
        assert len([*random_snvs(reference, 500, 0, regions)]) == 500


def test_a_genome_without_bases_is_refused(make_reference: MakeReference) -> None:
    unknown = make_reference(chr1="N" * 50)
    with pytest.raises(InputError, match="no A, C, G or T in the 50 bases"):
        next(random_snvs(unknown, 5, seed=0))
    with pytest.raises(InputError, match="no base in the regions"):
        next(random_indels(unknown, 5, 0, [Interval("chr1", 50, 60)]))
