from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.genome.placement import Placement, place
from enhancer_variants.genome.reference import Reference
from enhancer_variants.genome.variant import Variant
from enhancer_variants.schema import Status

CHR1 = "GCACACATTNNRACgtacgtTTTTTTTTTTTTTTTTTTTTTTTTTT"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    path = tmp_path_factory.mktemp("placement") / "toy.fa"
    path.write_text(f">chr1\n{CHR1}\n>chrM\n{'ACGTA' * 4}\n>Foo\nACGT\n>chrFoo\nACGTA\n")
    return Reference(path)


@pytest.mark.parametrize(
    ("ref", "alt", "status", "detail"),
    [
        ("", "A", Status.INVALID_RECORD, "REF is empty"),
        ("A", "", Status.INVALID_RECORD, "ALT is empty"),
        ("G", ".", Status.NO_ALT, ""),
        ("G", "*", Status.STAR_ALLELE, ""),
        ("G", "G]17:198982]", Status.BREAKEND, ""),
        ("G", "]13:123456]T", Status.BREAKEND, ""),
        ("G", "G[<ctg1>:7[", Status.BREAKEND, ""),
        ("G", "G.", Status.BREAKEND, ""),
        ("G", ".G", Status.BREAKEND, ""),
        ("G", "<DEL>", Status.SYMBOLIC, ""),
        ("G", "<NON_REF>", Status.SYMBOLIC, ""),
        ("G", "<*>", Status.SYMBOLIC, ""),
        ("G", "C<ctg1>", Status.SYMBOLIC, ""),
        ("N", "A", Status.NON_ACGT, "REF holds N"),
        ("gn", "A", Status.NON_ACGT, "REF holds N"),
        ("G", "R", Status.NON_ACGT, "ALT holds R"),
        ("G", "ATy", Status.NON_ACGT, "ALT holds Y"),
        ("G", "A,T", Status.NON_ACGT, "ALT holds ,"),
        (".", "A", Status.NON_ACGT, "REF holds ."),
        ("G", "**", Status.NON_ACGT, "ALT holds *"),
        ("G", "G", Status.SAME_ALLELE, ""),
        ("g", "G", Status.SAME_ALLELE, ""),
        ("GCA", "gca", Status.SAME_ALLELE, ""),
    ],
)
def test_alleles_that_cannot_be_scored(
    reference: Reference, ref: str, alt: str, status: Status, detail: str
) -> None:
    expected = Placement(status, detail, None, None)
    assert place("chr1", 1, ref, alt, reference) == expected
    # These come before anything that the reference says.
    assert place("absent", 0, ref, alt, reference) == expected


@pytest.mark.parametrize(
    ("contig", "declared", "detail"),
    [
        ("chr2", None, "the reference has no contig chr2"),
        ("FOO", None, "the reference has no contig FOO"),
        ("MT", None, "the reference has chrM (20 bases), which is the same mitochondrial contig "
         "as MT only if the lengths agree; the length of MT is not known"),
        ("chrM", 16569, "the reference has chrM (20 bases), which is the same mitochondrial "
         "contig as chrM only if the lengths agree; the length of chrM is 16569 bases"),
        ("CHRFoo", None, "contig CHRFoo could be any of Foo (4 bases) and chrFoo (5 bases) in the "
         "reference"),
    ],
)  # fmt: skip
def test_contigs_that_are_not_found(
    reference: Reference, contig: str, declared: int | None, detail: str
) -> None:
    assert place(contig, 1, "A", "C", reference, declared) == Placement(
        Status.NO_CONTIG, detail, None, None
    )


@pytest.mark.parametrize(
    ("position", "ref", "detail"),
    [
        (0, "G", "POS is 0, the first base of a contig is 1"),
        (-3, "G", "POS is -3, the first base of a contig is 1"),
        (46, "T", None),
        (47, "T", "REF reaches to chr1:47, the contig has 46 bases"),
        (45, "TTT", "REF reaches to chr1:47, the contig has 46 bases"),
        (99999999999, "T", "REF reaches to chr1:99999999999, the contig has 46 bases"),
        (2, "GT", "the reference has CA at chr1:2, the record says GT"),
        (2, "t", "the reference has C at chr1:2, the record says T"),
        (10, "A", "the reference has N at chr1:10, the record says A"),
        (12, "A", "the reference has R at chr1:12, the record says A"),
        (20, "C" * 25, f"the reference has {'T' * 20}... (25 bases) at chr1:20, "
         f"the record says {'C' * 20}... (25 bases)"),
    ],
)  # fmt: skip
def test_ref_is_held_against_the_reference(
    reference: Reference, position: int, ref: str, detail: str | None
) -> None:
    placement = place("1", position, ref, "ACGTACGT", reference)
    if detail is None:
        assert placement.status is Status.OK
    else:
        assert placement == Placement(Status.REF_MISMATCH, detail, None, None)


@pytest.mark.parametrize(
    ("position", "ref", "alt", "variant"),
    [
        (1, "G", "T", "chr1:1:G:T"),
        (1, "g", "t", "chr1:1:G:T"),
        (15, "G", "A", "chr1:15:G:A"),
        (15, "gT", "GA", "chr1:16:T:A"),
        (5, "aca", "A", "chr1:1:GCA:G"),
        (46, "T", "TT", "chr1:19:G:GT"),
        (13, "AC", "C", "chr1:13:AC:C"),
    ],
)
def test_an_ok_allele_is_in_normal_form_on_the_name_of_the_reference(
    reference: Reference, position: int, ref: str, alt: str, variant: str
) -> None:
    placement = place("NC_000001.10", position, ref, alt, reference, 249250621, "rs1")
    assert placement == Placement(Status.OK, "", Variant.parse(variant), reference.find("chr1"))
    assert placement.variant is not None
    assert placement.variant.id == "rs1"


@given(
    st.sampled_from(["1", "chrM", "M", "Foo", "x"]),
    st.integers(-1, 50),
    st.text("ACGTNacgtn.*<>[]", max_size=4),
    st.text("ACGTNacgtn.*<>[]", max_size=4),
)
def test_whatever_a_record_holds_gets_one_status(
    reference: Reference, contig: str, position: int, ref: str, alt: str
) -> None:
    placement = place(contig, position, ref, alt, reference)
    ok = placement.status is Status.OK
    assert (placement.variant is not None, placement.contig is not None) == (ok, ok)
    assert placement.status.rank() < Status.TOO_LONG.rank() or ok
    if ok:
        assert placement.contig is not None
        start = position - 1
        assert placement.contig.bases(start, start + len(ref)) == ref.upper()
        assert set(ref.upper() + alt.upper()) <= set("ACGT")
