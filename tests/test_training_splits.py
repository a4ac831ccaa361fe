"""Splits: by contig under any name, and random in equal proportions."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.splits import (
    PUBLISHED_SHARES,
    require_both_classes,
    require_contigs,
    split_at_random,
    split_by_contig,
)


def on(*contigs):
    return [LabelledSequence("ACGT", 1, contig, 0, 4) for contig in contigs]


def test_by_contig_under_any_name():
    records = on("chr1", "chr8", "9", "NC_000020.10", "22", "chr18", "X")
    splits = split_by_contig(records)
    assert [r.contig for r in splits["test"]] == ["chr8", "9", "NC_000020.10", "22"]
    assert [r.contig for r in splits["train"]] == ["chr1", "chr18", "X"]
    splits = split_by_contig(records, test=["8"], dev=["chrX", "1"])
    assert {name: len(split) for name, split in splits.items()} == {"train": 4, "dev": 2, "test": 1}


def test_spaces_around_a_name_hold_out_all_the_same():
    splits = split_by_contig(on("chr1", "2", "3"), test=["chr2", " chr1"], dev=["chr3 "])
    assert {name: len(split) for name, split in splits.items()} == {"train": 0, "dev": 1, "test": 2}


def test_contigs_to_hold_out_are_there():
    require_contigs(on("chr1", "2"), ["1", " chr2"])
    require_contigs([], [])
    with pytest.raises(InputError, match=r"lies on chr20, chrZ, .* expected some of 2, chr1"):
        require_contigs([*on("chr1", "2"), LabelledSequence("ACGT")], ["1", "chr20", "chrZ"])


def test_training_needs_both_classes_and_others_should_have_them():
    positive, negative = LabelledSequence("ACGT", 1), LabelledSequence("ACGT", 0)
    both = [positive, negative]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_both_classes({"train": both, "test": both})
    for train in ([], [positive], [negative]):
        with pytest.raises(InputError, match=r"split train has .* nothing can be learned"):
            require_both_classes({"train": train, "test": both})
    for test in ([], [positive], [negative]):
        with pytest.warns(UserWarning, match=r"split test has .* no AUROC"):
            require_both_classes({"train": both, "test": test})


def test_what_has_no_contig_has_no_side():
    with pytest.raises(InputError, match="no coordinates"):
        split_by_contig([LabelledSequence("ACGT", 1)])
    with pytest.raises(InputError, match="contigs 8 are in the dev and the test split"):
        split_by_contig(on("1"), dev=["8"])


@given(
    st.lists(st.sampled_from([0, 1, 2, None]), max_size=60),
    st.sampled_from([*PUBLISHED_SHARES]),
    st.integers(0, 1000),
)
def test_random_splits_keep_all_and_their_proportions(labels, published, seed):
    shares = PUBLISHED_SHARES[published]
    records = [LabelledSequence("ACGT", label, name=str(i)) for i, label in enumerate(labels)]
    splits = split_at_random(records, shares, seed)
    assert [*splits] == [*shares]
    members = [record for split in splits.values() for record in split]
    assert sorted(int(record.name) for record in members) == [*range(len(records))]
    for label, total in Counter(labels).items():
        for name, share in shares.items():
            count = sum(record.label == label for record in splits[name])
            assert abs(count - share * total) <= 1
    for split in splits.values():
        assert [int(record.name) for record in split] == sorted(int(r.name) for r in split)
    assert split_at_random(records, shares, seed) == splits


def test_the_seed_decides():
    records = [LabelledSequence("ACGT", 1, name=str(i)) for i in range(50)]
    shares = PUBLISHED_SHARES["80:20"]
    assert split_at_random(records, shares, 1) != split_at_random(records, shares, 2)


@pytest.mark.parametrize("shares", [{}, {"train": 0.8}, {"train": 1.2, "dev": -0.2}])
def test_shares_add_up(shares):
    with pytest.raises(InputError, match="add up to 1"):
        split_at_random([], shares, 1)
