from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome.variant import LARGEST_POSITION, Variant
from enhancer_variants.schema import KINDS

SORT1 = Variant("chr1", 109274968, "G", "T")
HLA = "HLA-A*01:01:01:01"

dna = st.text("ACGT", min_size=1, max_size=8)
contigs = st.sampled_from(
    ["chr1", "1", "X", HLA, "chr6_GL000250v2_alt", "chr1:5:A:T", "NC_000001.11", "a-1-C-G", "chr>1"]
)
variants = st.builds(
    Variant,
    contigs,
    st.integers(0, LARGEST_POSITION),
    dna,
    dna | st.sampled_from(["*", ".", "<DEL>", "<DUP:TANDEM>", "<del>"]),
)


@pytest.mark.parametrize(
    "text",
    [
        "chr1:109274968:G:T",
        "chr1-109274968-G-T",
        "chr1:109274968:G>T",
        "chr1:109274968G>T",
        "chr1_109274968_G_T",
        "chr1:109,274,968:G:T",
        "chr1 109274968 G T",
        "chr1\t109,274,968\tg\tt",
        "  chr1:109274968:g:t\n",
        "chr1:0109274968:G:T",
    ],
)
def test_parse_reads_every_notation(text: str) -> None:
    assert Variant.parse(text) == SORT1


@pytest.mark.parametrize(
    ("text", "contig", "position"),
    [
        (f"{HLA}:57:A:T", HLA, 57),
        (f"{HLA}-57-A-T", HLA, 57),
        (f"{HLA}_57_A_T", HLA, 57),
        (f"{HLA}:57:A>T", HLA, 57),
        (f"{HLA}:57A>T", HLA, 57),
        (f"{HLA} 57 A T", HLA, 57),
        ("chr6_GL000250v2_alt_100_A_T", "chr6_GL000250v2_alt", 100),
        ("chr6_GL000250v2_alt:100:A:T", "chr6_GL000250v2_alt", 100),
        ("1-109-A-T", "1", 109),
        ("1:0:A:T", "1", 0),
        ("1:000:A:T", "1", 0),
        (f"1:{2**31 - 1}:A:T", "1", 2**31 - 1),
    ],
)
def test_contig_names_may_hold_the_separator(text: str, contig: str, position: int) -> None:
    assert Variant.parse(text) == Variant(contig, position, "A", "T")


@given(variants)
def test_text_round_trips(variant: Variant) -> None:
    assert Variant.parse(str(variant)) == variant


@given(variants, st.sampled_from(["{}-{}-{}-{}", "{}_{}_{}_{}", "{} {} {} {}", "{}:{}:{}>{}"]))
def test_other_notations_read_the_same(variant: Variant, notation: str) -> None:
    text = notation.format(variant.contig, variant.position, variant.ref, variant.alt)
    assert Variant.parse(text) == variant


@pytest.mark.parametrize(
    "text",
    ["", "rs12740374", "chr1:5", "chr1:5:A", "chr1:5:A:", "chr1:5::T", ":5:A:T", "chr1:x:A:T",
     "chr1:-5:A:T", "chr1:5:A:T,C", "chr1:5-A-T", "chr1:5:A:G]17:198982]", "chr1:1,00:A:T",
     "1-100-A--", "chr1:5:A:T extra", "NC_000001.11:g.5A>T", "chr1:5:<DEL>:A", "chr1:٥:A:T"],
)  # fmt: skip
def test_parse_refuses_and_names_the_notations(text: str) -> None:
    with pytest.raises(InputError) as error:
        Variant.parse(text)
    assert repr(text) in str(error.value)
    assert "chr1:109274968:G:T" in str(error.value)


@pytest.mark.parametrize("position", [str(2**31), "99999999999", "9" * 5000, "9,999,999,999"])
def test_a_position_beyond_vcf_is_refused(position: str) -> None:
    with pytest.raises(InputError, match="above 2147483647"):
        Variant.parse(f"chr1:{position}:A:T")


@pytest.mark.parametrize(
    ("contig", "position", "ref", "alt"),
    [("", 1, "A", "T"), ("1", -1, "A", "T"), ("1", 1, "", "T"), ("1", 1, "A", "")],
)
def test_an_impossible_variant_is_refused(contig: str, position: int, ref: str, alt: str) -> None:
    with pytest.raises(InputError, match="no variant"):
        Variant(contig, position, ref, alt)


def test_is_a_frozen_value_whose_identifier_is_a_label() -> None:
    named = dataclasses.replace(SORT1, id="rs12740374")
    assert named == SORT1
    assert len({named, SORT1}) == 1
    assert named.id == "rs12740374"
    with pytest.raises(dataclasses.FrozenInstanceError):
        named.ref = "A"  # type: ignore[misc]


def test_coordinates_are_half_open() -> None:
    deletion = Variant("1", 10, "CAT", "C")
    assert (deletion.start, deletion.end) == (9, 12)
    assert "..........CAT"[: deletion.end][deletion.start :] == ".CA"


@pytest.mark.parametrize(
    ("ref", "alt", "kind"),
    [
        ("A", "T", "snv"),
        ("CAG", "CTG", "snv"),
        ("CA", "TG", "mnv"),
        ("CAT", "GAC", "mnv"),
        ("TCAG", "TTGG", "mnv"),
        ("A", "AT", "insertion"),
        ("A", "TA", "insertion"),
        ("CAC", "CACAC", "insertion"),
        ("CAG", "CATG", "insertion"),
        ("AT", "A", "deletion"),
        ("AA", "A", "deletion"),
        ("GCAG", "GG", "deletion"),
        ("AC", "T", "delins"),
        ("A", "TC", "delins"),
        ("ACGT", "ATT", "delins"),
        ("a", "AT", "insertion"),
        ("A", "A", "snv"),
        ("AC", "AC", "mnv"),
    ],
)
def test_kind(ref: str, alt: str, kind: str) -> None:
    assert Variant("1", 5, ref, alt).kind == kind


@given(dna, dna, st.text("ACGT", max_size=5), st.text("ACGT", max_size=5))
def test_kind_is_the_same_for_any_spelling(ref: str, alt: str, left: str, right: str) -> None:
    if ref == alt:
        return
    kind = Variant("1", 50, ref, alt).kind
    assert kind in KINDS
    assert Variant("1", 50 - len(left), left + ref + right, left + alt + right).kind == kind


@given(variants)
def test_swapping_twice_is_the_variant(variant: Variant) -> None:
    labelled = dataclasses.replace(variant, id="rs1")
    assert labelled.swapped().ref == variant.alt
    assert labelled.swapped().swapped() == variant
    assert labelled.swapped().id == "rs1"
