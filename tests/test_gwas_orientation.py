"""On which strand a list has its alleles."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.genome import reverse_complement
from enhancer_variants.gwas import ListVariant, OrientedSite, Site, orient

BASES = "ACGT"
COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


def site(ref: str, *alts: str, frequencies: tuple[float | None, ...] = ()) -> Site:
    return Site("chr1", 100, ("rs1",), ref, alts, frequencies)


def listed(
    effect: str, other: str = "", frequency: float | None = None, forward: bool = False
) -> ListVariant:
    return ListVariant(
        effect_allele=effect,
        other_allele=other,
        effect_allele_frequency=frequency,
        forward=forward,
    )


def outcome(variant: ListVariant, at: Site) -> tuple[str, str, str] | None:
    oriented = orient(variant, at)
    if oriented is None:
        return None
    return oriented.orientation, oriented.effect_allele, oriented.other_allele


@pytest.mark.parametrize(
    ("effect", "other", "at", "expected"),
    [
        # rs7903146, rs12203592, rs12740374 and rs660240, as the catalogue has them
        ("T", "", site("C", "T"), ("direct", "T", "")),
        ("A", "", site("C", "T"), ("complement", "T", "")),
        ("C", "", site("C", "T"), ("direct", "C", "")),
        ("", "", site("C", "T"), ("unknown", "", "")),
        ("T", "", site("G", "T"), ("direct", "T", "")),
        ("T", "", site("T", "C"), ("direct", "T", "")),
        ("A", "", site("T", "C"), ("complement", "T", "")),
        # both alleles listed
        ("T", "C", site("C", "T"), ("direct", "T", "C")),
        ("G", "A", site("C", "T"), ("complement", "C", "T")),
        ("A", "C", site("C", "T"), None),
        ("T", "T", site("C", "T"), None),
        # only the other one is listed
        ("", "C", site("C", "T"), ("unknown", "", "")),
        # closed under complement
        ("A", "", site("A", "T"), ("palindromic", "", "")),
        ("A", "T", site("A", "T"), ("palindromic", "", "")),
        ("G", "C", site("C", "G"), ("palindromic", "", "")),
        ("A", "C", site("A", "C", "G", "T"), ("palindromic", "", "")),
        ("A", "", site("C", "A", "T"), ("palindromic", "", "")),
        ("C", "", site("C", "A", "T"), ("direct", "C", "")),
        # part of the set is closed, but the other allele tells
        ("A", "C", site("C", "A", "T"), ("direct", "A", "C")),
        ("T", "G", site("C", "A", "T"), ("complement", "A", "C")),
        # two ALTs
        ("T", "A", site("C", "T", "A"), ("palindromic", "", "")),
        ("G", "A", site("C", "G", "A"), ("direct", "G", "A")),
        # several bases for as many
        ("GT", "AA", site("AC", "TT"), ("complement", "AC", "TT")),
        ("GT", "", site("AC", "GT"), ("palindromic", "", "")),
        ("AT", "GC", site("GC", "AT"), ("direct", "AT", "GC")),
        # indels: as they are or not at all
        ("AT", "A", site("A", "AT"), ("direct", "AT", "A")),
        ("A", "AT", site("A", "AT"), ("direct", "A", "AT")),
        ("AG", "A", site("A", "AC"), None),
        ("T", "AT", site("A", "AT"), None),
        ("T", "", site("A", "AT"), None),
        ("C", "T", site("A", "AT", "G"), ("complement", "G", "A")),
        ("T", "", site("A", "AT", "G"), ("complement", "A", "")),
        # indels in other spellings
        ("I", "D", site("A", "AT"), ("direct", "AT", "A")),
        ("D", "", site("AT", "A"), ("direct", "A", "")),
        ("I", "D", site("A", "AT", "ATT"), ("unknown", "", "")),
        ("I", "D", site("A", "T"), None),
        ("-", "T", site("AT", "A"), ("direct", "A", "AT")),
        ("TT", "-", site("A", "ATT"), ("direct", "ATT", "A")),
        ("TT", "-", site("A", "AT", "ATT"), ("direct", "ATT", "A")),
        ("-", "A", site("AT", "A"), None),
        ("-", "", site("A", "C"), None),
        # letters that are no alleles of any site
        ("R", "", site("A", "G"), None),
    ],
)
def test_alleles_of_one_site(
    effect: str, other: str, at: Site, expected: tuple[str, str, str] | None
) -> None:
    assert outcome(listed(effect, other), at) == expected


@pytest.mark.parametrize(
    ("listed_share", "source_share", "expected"),
    [
        (0.1, 0.2, ("frequency", "A", "")),
        (0.9, 0.8, ("frequency", "A", "")),
        (0.1, 0.8, ("frequency", "T", "")),
        (0.9, 0.2, ("frequency", "T", "")),
        (0.4, 0.1, ("palindromic", "", "")),
        (0.6, 0.9, ("palindromic", "", "")),
        (0.1, 0.4, ("palindromic", "", "")),
        (0.1, 0.6, ("palindromic", "", "")),
        (0.39, 0.399, ("frequency", "A", "")),
        (None, 0.1, ("palindromic", "", "")),
        (0.1, None, ("palindromic", "", "")),
    ],
)
def test_frequency_decides_only_when_both_are_clear(
    listed_share: float | None,
    source_share: float | None,
    expected: tuple[str, str, str],
) -> None:
    rest = None if source_share is None else 1 - source_share
    at = site("A", "T", frequencies=(source_share, rest))
    assert outcome(listed("A", frequency=listed_share), at) == expected


@pytest.mark.parametrize("frequencies", [(None, 0.2), (0.8, None)])
def test_frequency_of_one_of_two_alleles_gives_the_other(
    frequencies: tuple[float | None, ...],
) -> None:
    at = site("A", "T", frequencies=frequencies)
    assert outcome(listed("A", frequency=0.9), at) == ("frequency", "A", "")


@pytest.mark.parametrize(
    ("effect", "other", "listed_share", "expected"),
    [
        # same side: as listed, opposite sides: the complement
        ("T", "C", 0.3, ("frequency", "T", "C")),
        ("T", "", 0.3, ("frequency", "T", "")),
        ("A", "", 0.05, ("frequency", "A", "")),
        ("G", "A", 0.7, ("frequency", "C", "T")),
        ("C", "", 0.7, ("frequency", "C", "")),
        ("T", "", 0.9, ("palindromic", "", "")),
        # the allele of the other reading has a frequency that is nearer
        ("A", "", 0.3, ("palindromic", "", "")),
        ("C", "", 0.3, ("frequency", "G", "")),
        # in between
        ("T", "", 0.5, ("palindromic", "", "")),
    ],
)
def test_frequency_at_a_site_of_four_alleles(
    effect: str, other: str, listed_share: float, expected: tuple[str, str, str]
) -> None:
    at = site("C", "A", "G", "T", frequencies=(0.62, 0.04, 0.12, 0.22))
    assert outcome(listed(effect, other, listed_share), at) == expected


def test_frequency_at_a_site_of_three_alleles() -> None:
    rare = site("C", "A", "T", frequencies=(0.8, 0.1, 0.1))
    assert outcome(listed("A", frequency=0.1), rare) == ("frequency", "A", "")
    assert outcome(listed("A", frequency=0.9), rare) == ("frequency", "T", "")
    clear = site("C", "A", "T", frequencies=(0.1, 0.2, 0.7))
    assert outcome(listed("A", frequency=0.2), clear) == ("frequency", "A", "")
    assert outcome(listed("A", frequency=0.7), clear) == ("frequency", "T", "")
    unknown = site("C", "A", "T", frequencies=(None, 0.2, None))
    assert outcome(listed("A", frequency=0.2), unknown) == ("frequency", "A", "")
    assert outcome(listed("A", frequency=0.7), unknown) == ("palindromic", "", "")
    assert outcome(listed("T", frequency=0.7), unknown) == ("palindromic", "", "")


@pytest.mark.parametrize(
    ("effect", "listed_share", "expected"),
    [
        # dbSNP has a third allele, seen once in 100,000, at many a common SNP.
        ("T", 0.3, ("frequency", "T", "")),
        ("A", 0.3, ("frequency", "T", "")),
        ("T", 0.1, ("frequency", "T", "")),
        ("T", 0.09, ("frequency", "T", "")),
        ("A", 0.09, ("palindromic", "", "")),
        ("A", 0.00001, ("frequency", "A", "")),
        ("T", None, ("palindromic", "", "")),
        ("T", 0.7, ("palindromic", "", "")),
        ("C", 0.7, ("direct", "C", "")),
    ],
)
def test_an_allele_that_is_hardly_ever_seen_is_not_the_lists(
    effect: str, listed_share: float | None, expected: tuple[str, str, str]
) -> None:
    at = site("C", "T", "A", frequencies=(0.69999, 0.3, 0.00001))
    assert outcome(listed(effect, frequency=listed_share), at) == expected


def test_a_rare_allele_on_the_lists_side_is_no_proof() -> None:
    """The G of the list may be C of the other strand, in another population."""
    at = site("C", "T", "G", frequencies=(0.69999, 0.3, 0.00001))
    assert outcome(listed("G", frequency=0.3), at) == ("palindromic", "", "")
    assert outcome(listed("G", frequency=0.7), at) == ("frequency", "C", "")
    # With two alleles, what the one has less the other has more.
    rare = site("C", "G", frequencies=(0.995, 0.005))
    assert outcome(listed("G", frequency=0.2), rare) == ("frequency", "G", "")


def test_alts_that_the_population_lacks_do_not_make_a_site_ambiguous() -> None:
    at = site("C", "T", "A", frequencies=(0.7, 0.3, 0.0))
    oriented = orient(listed("T"), at)
    assert oriented == OrientedSite(at, ("T",), "direct", "T")
    assert orient(listed(""), at) == OrientedSite(at, ("T",), "unknown")
    # unless nothing is left, or the list has just that one
    unseen = site("C", "T", "A", frequencies=(1.0, 0.0, 0.0))
    assert orient(listed(""), unseen) == OrientedSite(unseen, ("T", "A"), "unknown")
    rare = site("C", "T", "G", frequencies=(0.7, 0.3, 0.0))
    assert orient(listed("T", "G"), rare) == OrientedSite(rare, ("T", "G"), "direct", "T", "G")
    palindromic = site("T", "G", "A", frequencies=(0.7, 0.3, 0.0))
    assert orient(listed("A", "T"), palindromic) == OrientedSite(
        palindromic, ("G", "A"), "palindromic"
    )


def test_a_list_of_the_forward_strand_is_not_complemented() -> None:
    assert outcome(listed("A", forward=True), site("C", "T")) is None
    assert outcome(listed("A", "T", forward=True), site("A", "T")) == ("direct", "A", "T")


def test_what_is_compared_in_the_row_of_each_alt() -> None:
    at = site("C", "T", "A")
    risk_is_alt = OrientedSite(at, at.alts, "direct", "T")
    assert risk_is_alt.compared("T") == ("T", "C")
    assert risk_is_alt.compared("A") == ("", "")
    risk_is_ref = OrientedSite(at, at.alts, "direct", "C")
    assert risk_is_ref.compared("T") == ("C", "T")
    assert risk_is_ref.compared("A") == ("C", "A")
    two_alts = OrientedSite(at, at.alts, "direct", "A", "T")
    assert two_alts.compared("T") == two_alts.compared("A") == ("A", "T")
    with_ref = OrientedSite(at, at.alts, "direct", "C", "T")
    assert with_ref.compared("T") == ("C", "T")
    assert with_ref.compared("A") == ("", "")
    assert OrientedSite(at, at.alts, "palindromic").compared("T") == ("", "")
    # What was complemented is a base, not the anchor of an indel.
    mixed = site("A", "G", "AT")
    assert OrientedSite(mixed, mixed.alts, "complement", "A").compared("AT") == ("", "")
    assert OrientedSite(mixed, mixed.alts, "direct", "A").compared("AT") == ("A", "AT")


def by_brute_force(effect: str, other: str, alleles: tuple[str, ...]) -> tuple[str, str] | None:
    """Try either strand with every ordered pair of the site's alleles."""
    found: dict[str, set[tuple[str, str]]] = {"direct": set(), "complement": set()}
    for strand, hits in found.items():
        for first, second in permutations(alleles, 2):
            on_strand = (
                (first, second) if strand == "direct" else (COMPLEMENT[first], COMPLEMENT[second])
            )
            if on_strand[0] == effect and other in ("", on_strand[1]):
                hits.add((first, second if other else ""))
    if found["direct"] and found["complement"]:
        return ("palindromic", "")
    for strand, hits in found.items():
        if hits:
            [(first, _)] = hits
            return strand, first
    return None


@settings(max_examples=50)
@given(
    effect=st.sampled_from(BASES),
    other=st.sampled_from(["", *BASES]),
    alleles=st.lists(st.sampled_from(BASES), min_size=2, max_size=4, unique=True),
)
def test_brute_force_agrees(effect: str, other: str, alleles: list[str]) -> None:
    found = outcome(listed(effect, other), site(*alleles))
    assert (found and found[:2]) == by_brute_force(effect, other, tuple(alleles))


base = st.sampled_from(BASES)
# Thresholds, both sides of them, and shares for which 1 - share is exact enough to be one of these.
shares = st.sampled_from([0.0, 0.1, 0.39, 0.4, 0.5, 0.6, 0.61, 0.9, 1.0])


@settings(max_examples=50)
@given(base, st.sampled_from(["", *BASES]), st.lists(base, min_size=2, max_size=4, unique=True))
def test_the_other_strand_changes_only_the_orientation(
    effect: str, other: str, alleles: list[str]
) -> None:
    at = site(*alleles)
    one = orient(listed(effect, other), at)
    two = orient(listed(COMPLEMENT[effect], reverse_complement(other)), at)
    swapped = {"direct": "complement", "complement": "direct"}
    if one is None or two is None:
        assert one is two
    else:
        turned = swapped.get(one.orientation, one.orientation)
        assert replace(one, orientation="") == replace(two, orientation="")
        assert two.orientation == turned


@settings(max_examples=50)
@given(base, base, st.permutations(BASES), shares | st.none(), shares)
def test_swapped_alleles_swap_risk_and_other(
    effect: str, other: str, bases: list[str], frequency: float | None, of_ref: float
) -> None:
    at = site(*bases[:2], frequencies=(of_ref, 1 - of_ref))
    rest = None if frequency is None else 1 - frequency
    one = orient(listed(effect, other, frequency), at)
    two = orient(listed(other, effect, rest), at)
    if one is None or two is None:
        assert one is two
    else:
        assert (one.effect_allele, one.other_allele) == (two.other_allele, two.effect_allele)
        assert one.orientation == two.orientation


@settings(max_examples=50)
@given(
    alleles=st.permutations(BASES).flatmap(lambda b: st.sampled_from([b[:2], b[:3], b])),
    weights=st.lists(st.integers(1, 50), min_size=4, max_size=4, unique=True),
    on_the_other_strand=st.booleans(),
)
def test_a_list_with_the_frequency_of_the_source_never_gets_the_other_sign(
    alleles: list[str], weights: list[int], on_the_other_strand: bool
) -> None:
    of_alleles = weights[: len(alleles)]
    at = site(*alleles, frequencies=tuple(w / sum(of_alleles) for w in of_alleles))
    effect, other = alleles[0], alleles[-1]
    as_listed = (COMPLEMENT[effect], COMPLEMENT[other]) if on_the_other_strand else (effect, other)
    oriented = orient(listed(*as_listed, at.frequencies[0]), at)
    assert oriented is not None
    assert oriented.effect_allele in (effect, "")
