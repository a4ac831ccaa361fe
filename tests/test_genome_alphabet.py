from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.genome.alphabet import is_acgt, reverse_complement

IUPAC = "ACGTRYSWKMBDHVN"
MEANINGS = dict(
    zip(
        IUPAC,
        "A C G T AG CT CG AT GT AC CGT AGT ACT ACG ACGT".split(),
        strict=True,
    )
)


def test_reverse_complement_keeps_case() -> None:
    assert reverse_complement("AACgtN") == "NacGTT"


@pytest.mark.parametrize("letter", IUPAC)
def test_an_ambiguity_letter_complements_to_the_letter_of_its_complements(letter: str) -> None:
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    bases = {complement[base] for base in MEANINGS[letter]}
    assert bases == set(MEANINGS[reverse_complement(letter)])
    assert reverse_complement(letter.lower()) == reverse_complement(letter).lower()


@given(st.text(IUPAC + IUPAC.lower() + "*-"))
def test_reverse_complement_twice_is_the_sequence(sequence: str) -> None:
    assert reverse_complement(reverse_complement(sequence)) == sequence


@given(st.text(st.sampled_from("ACGTNacgt\n\x00éＡ\udcff"), max_size=6) | st.text("ACGT"))
def test_is_acgt_is_the_definition(sequence: str) -> None:
    assert is_acgt(sequence) is (len(sequence) > 0 and all(base in "ACGT" for base in sequence))
