from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant, normal_form
from enhancer_variants.genome.reference import InMemoryContig
from enhancer_variants.motifs import AlleleContext, allele_context, sequence_context

CONTIG = InMemoryContig("1", "AACCGGTTAACCGGTT")


@pytest.mark.parametrize(
    ("variant", "own_ref", "own_alt", "start", "snv"),
    [
        (("C", "T"), "C", "T", 4, True),
        (("CAG", "CTG"), "A", "T", 5, True),
        (("CA", "TG"), "CA", "TG", 4, False),
        (("C", "CTT"), "", "TT", 5, False),
        (("CTT", "C"), "TT", "", 5, False),
        (("C", "CC"), "", "C", 5, False),
        (("TTC", "C"), "TT", "", 4, False),
        (("CG", "T"), "CG", "T", 4, False),
        (("CAG", "TAC"), "CAG", "TAC", 4, False),
    ],
)
def test_own_is_the_allele_without_its_anchor(
    variant: tuple[str, str], own_ref: str, own_alt: str, start: int, snv: bool
) -> None:
    ref, alt = variant
    contig = InMemoryContig("1", "GATC" + ref + "GGATC")
    found = allele_context(Variant("1", 5, ref, alt), contig, 3)
    assert found.ref[slice(*found.own_ref)] == own_ref
    assert found.alt[slice(*found.own_alt)] == own_alt
    assert found.own_ref[0] == found.own_alt[0] == 3
    assert (found.start, found.is_snv) == (start - 3, snv)


def test_n_stands_beyond_both_ends() -> None:
    contig = InMemoryContig("1", "ACGT")
    assert allele_context(Variant("1", 1, "A", "G"), contig, 5) == AlleleContext(
        "NNNNNACGTNN", "NNNNNGCGTNN", (5, 6), (5, 6), -5
    )
    assert allele_context(Variant("1", 4, "T", "TCC"), contig, 5) == AlleleContext(
        "NACGTNNNNN", "NACGTCCNNNNN", (5, 5), (5, 7), -1
    )


def test_variant_has_to_be_on_the_contig() -> None:
    with pytest.raises(InputError, match="4"):
        allele_context(Variant("1", 40, "A", "G"), InMemoryContig("1", "ACGT"), 2)


@given(st.integers(1, 15), st.integers(1, 6), st.text("ACGT", min_size=1, max_size=6), st.data())
def test_both_ways_to_a_context_agree(
    position: int, length: int, alt: str, data: st.DataObject
) -> None:
    margin = data.draw(st.integers(0, 20))
    bases = CONTIG.sequence
    ref = bases[position - 1 : position - 1 + length]
    assume(alt != ref)
    variant = normal_form(Variant("1", position, ref, alt), CONTIG)
    changed = bases[: variant.start] + variant.alt + bases[variant.end :]
    one, two = allele_context(variant, CONTIG, margin), sequence_context(bases, changed, margin)
    # Taken away from the left first, a repeat's change may lie further right: the same alleles.
    assert one.own_ref[1] - one.own_ref[0] == two.own_ref[1] - two.own_ref[0]
    assert one.is_snv == two.is_snv
    for context in (one, two):
        at = context.start + margin
        assert context.ref.replace("N", "") in bases
        assert context.alt.replace("N", "") in changed
        assert len(context.ref) == 2 * margin + context.own_ref[1] - context.own_ref[0]
        assert (
            bases[:at] + context.alt[slice(*context.own_alt)]
            == changed[: at + context.own_alt[1] - context.own_alt[0]]
        )


def test_equal_sequences_have_nothing_of_their_own() -> None:
    for sequence in ("A", "ACGT", ""):
        found = sequence_context(sequence, sequence.lower(), 2)
        assert found.own_ref == found.own_alt == (2, 2)
        assert found.start == len(sequence) - 2
        assert not found.is_snv
