"""From rows of a list to alleles that can be scored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants.genome import Reference, canonical_contig
from enhancer_variants.gwas import (
    Liftover,
    ListRow,
    ListVariant,
    ResolvedAllele,
    Site,
    resolve,
)
from enhancer_variants.schema import Status

#          1234567890123456789
GENOME = {"chr1": "ACGTACGTAATTCCGGNACG", "chrX": "TTTTTTTTTT"}


class SitesInMemory:
    """A source of sites, and what it was asked."""

    name = "sites.vcf"

    def __init__(self, *sites: Site, merged: Mapping[str, str] | None = None) -> None:
        self.sites = sites
        self.merged = merged or {}
        self.asked: list[Collection[object]] = []

    def by_rsid(self, rsids: Collection[str]) -> Mapping[str, tuple[Site, ...]]:
        self.asked.append(rsids)
        found = {
            rsid: tuple(
                site
                for site in self.sites
                if self.merged.get(rsid, rsid) in map(str.lower, site.ids)
            )
            for rsid in rsids
        }
        return {rsid: sites for rsid, sites in found.items() if sites}

    def at(self, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[Site, ...]]:
        self.asked.append(places)
        found = {
            (contig, position): tuple(
                site
                for site in self.sites
                if site.position == position
                and canonical_contig(site.contig) == canonical_contig(contig)
            )
            for contig, position in places
        }
        return {place: sites for place, sites in found.items() if sites}

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in GENOME.items()))
    return Reference(path)


def rows(*variants: ListVariant) -> list[ListRow]:
    return [ListRow(number, (), (variant,)) for number, variant in enumerate(variants)]


def only(
    variant: ListVariant,
    reference: Reference,
    *sites: Site,
    merged: Mapping[str, str] | None = None,
) -> ResolvedAllele:
    [allele] = resolve(rows(variant), reference, SitesInMemory(*sites, merged=merged))
    return allele


def alone(
    variant: ListVariant, reference: Reference, liftover: Liftover | None = None
) -> ResolvedAllele:
    """Resolve a variant without sites."""
    [allele] = resolve(rows(variant), reference, None, liftover=liftover)
    return allele


def named(
    rsid: str = "rs1", effect: str = "T", other: str = "", position: int | None = None
) -> ListVariant:
    return ListVariant(rsid, "1" if position else "", position, effect, other)


C_TO_T = Site("NC_000001.11", 2, ("rs1",), "C", ("T",))
INSERTION = Site("chr1", 9, ("rs2",), "A", ("AT",))


@pytest.mark.parametrize(
    ("effect", "orientation", "risk", "other"),
    [
        ("T", "direct", "T", "C"),
        ("A", "complement", "T", "C"),
        ("C", "direct", "C", "T"),
        ("G", "complement", "C", "T"),
        ("", "unknown", "", ""),
    ],
)
@pytest.mark.parametrize("position", [2, None])
def test_alleles_of_a_found_site(
    reference: Reference,
    effect: str,
    orientation: str,
    risk: str,
    other: str,
    position: int | None,
) -> None:
    found = only(named("rs1", effect, "", position), reference, C_TO_T)
    assert (found.status, found.orientation) == (Status.OK, orientation)
    assert (found.contig, found.position, found.id) == ("chr1", 2, "rs1")
    assert (found.ref, found.alt, found.risk_allele, found.other_allele) == ("C", "T", risk, other)


def test_one_row_for_each_variant_and_alt_in_order(reference: Reference) -> None:
    site = Site("1", 2, ("rs1",), "C", ("T", "A"))
    haplotype = ListRow(7, (), (named("rs1", "C"), named("rs9"), named("rs1", "G", "A")))
    found = resolve([haplotype, *rows(named("rs1", "", "T"))], reference, SitesInMemory(site))
    assert [(x.list_row, x.list_variant, x.alt, x.risk_allele, x.other_allele) for x in found] == [
        (7, 0, "T", "C", "T"),
        (7, 0, "A", "C", "A"),
        (7, 1, "", "", ""),
        (7, 2, "T", "C", "T"),
        (7, 2, "A", "", ""),
        (0, 0, "T", "", ""),
        (0, 0, "A", "", ""),
    ]
    assert found[2].status is Status.RSID_NOT_FOUND
    assert found[4].orientation == "complement"


def test_both_rows_of_two_listed_alts_compare_them(reference: Reference) -> None:
    site = Site("1", 2, ("rs1",), "C", ("G", "A"))
    found = resolve(rows(named("rs1", "G", "A")), reference, SitesInMemory(site))
    assert [(x.alt, x.risk_allele, x.other_allele) for x in found] == [
        ("G", "G", "A"),
        ("A", "G", "A"),
    ]


def test_a_single_base_is_one_of_an_snv_rather_than_an_indels_anchor(reference: Reference) -> None:
    indel = Site("1", 2, ("rs1",), "C", ("CT",))
    found = resolve(rows(named("rs1", "C", "")), reference, SitesInMemory(indel, C_TO_T))
    assert [(x.ref, x.alt) for x in found] == [("C", "T")]
    found = resolve(rows(named("rs1", "CT", "C")), reference, SitesInMemory(C_TO_T, indel))
    assert [(x.ref, x.alt) for x in found] == [("C", "CT")]
    # Without alleles it may be either.
    found = resolve(rows(named("rs1", "")), reference, SitesInMemory(C_TO_T, indel))
    assert [(x.ref, x.alt) for x in found] == [("C", "T"), ("C", "CT")]


def test_alleles_on_neither_strand(reference: Reference) -> None:
    found = only(named("rs1", "A", "C"), reference, C_TO_T)
    assert found.status is Status.ALLELE_UNKNOWN
    assert found.detail == "the list has A/C, the site C>T: no match on either strand"
    assert (found.contig, found.position, found.ref, found.alt) == ("chr1", 2, "C", "")
    forward = replace(named("rs1", "A", "G"), forward=True)
    assert "forward strand" in only(forward, reference, C_TO_T).detail
    same = only(named("rs1", "C", "C"), reference, C_TO_T)
    assert (same.status, same.detail) == (
        Status.ALLELE_UNKNOWN,
        "the list has C as both alleles",
    )


def test_long_alleles_are_not_shown_in_full(reference: Reference) -> None:
    long = Site("1", 2, ("rs1",), "C", ("C" + 40 * "AG",))
    detail = only(named("rs1", "A", "C"), reference, long).detail
    assert detail == f"the list has A/C, the site C>C{27 * 'AG'}...: no match on either strand"


def test_a_site_without_an_alternate_allele(reference: Reference) -> None:
    found = only(named("rs1", ""), reference, replace(C_TO_T, alts=()))
    assert (found.status, found.ref, found.alt) == (Status.NO_ALT, "C", "")


def test_problems_of_the_list(reference: Reference) -> None:
    found = only(ListVariant(problem="an HLA allele"), reference)
    assert (found.status, found.detail) == (Status.INVALID_RECORD, "an HLA allele")
    found = only(ListVariant(effect_allele="A"), reference)
    assert (found.status, found.detail) == (
        Status.RSID_NOT_FOUND,
        "the list has neither an rsID nor a position",
    )


def test_an_indel_may_be_listed_after_its_anchor(reference: Reference) -> None:
    for position in (9, 10):
        found = only(named("rs2", "AT", "A", position), reference, INSERTION)
        assert (found.status, found.position, found.alt) == (Status.OK, 9, "AT")
        found = only(named("rs2", "T", "-", position), reference, INSERTION)
        assert (found.orientation, found.risk_allele, found.other_allele) == ("direct", "AT", "A")
    assert only(named("rs2", "AT", "", 11), reference, INSERTION).status is Status.POSITION_CONFLICT


@pytest.mark.parametrize(("position", "status"), [(2, Status.OK), (3, Status.POSITION_CONFLICT)])
def test_a_merged_identifier(reference: Reference, position: int, status: Status) -> None:
    found = only(named("rs77", position=position), reference, C_TO_T, merged={"rs77": "rs1"})
    assert (found.status, found.id) == (status, "rs77")
    if status is Status.OK:
        assert found.detail == "the source calls it rs1"
    by_name = only(named("rs77"), reference, C_TO_T, merged={"rs77": "rs1"})
    assert (by_name.alt, by_name.detail) == ("T", "the source calls it rs1")


def test_an_identifier_that_the_source_does_not_have(reference: Reference) -> None:
    accepted = only(named("rs77", position=2), reference, C_TO_T)
    assert (accepted.alt, accepted.detail) == ("T", "the source calls it rs1")
    for ids in ((), ("1:2:C:T",)):
        unnamed = replace(C_TO_T, ids=ids)
        for effect in ("T", ""):
            found = only(named("rs77", effect, position=2), reference, unnamed)
            assert (found.status, found.alt, found.detail) == (Status.OK, "T", "")
    for variant, words in (
        (named("rs77", "T", "A", 2), "sites.vcf has no rs77, and C>T at its position"),
        (named("rs77", "", "", 2), "at 1:2 it has rs1, and the list names no allele"),
        (named("rs77", "", "", 3), "sites.vcf has no rs77, and none at 1:3"),
        (named("rs77"), "sites.vcf has no rs77"),
    ):
        found = only(variant, reference, C_TO_T)
        assert found.status is Status.RSID_NOT_FOUND
        assert words in found.detail


def test_a_position_alone(reference: Reference) -> None:
    found = only(named("", "A", "", 2), reference, C_TO_T)
    assert (found.orientation, found.risk_allele, found.id) == ("complement", "T", "rs1")
    absent = only(named("", "T", "", 5), reference, C_TO_T)
    assert absent.detail == "sites.vcf has no such variant, and none at 1:5"
    assert absent.status is Status.RSID_NOT_FOUND
    unknown = only(named("", "A", "C", 2), reference, C_TO_T)
    assert unknown.status is Status.ALLELE_UNKNOWN
    # An SNV at the place of an indel is another variant.
    assert only(named("", "A", "AT", 9), reference, INSERTION).alt == "AT"
    snv = Site("1", 9, (), "A", ("G",))
    assert only(named("", "A", "AT", 9), reference, snv).status is Status.RSID_NOT_FOUND
    assert only(named("", "I", "D", 9), reference, snv, INSERTION).alt == "AT"


def stated(ref: str, alt: str, position: int, rsid: str = "", effect: str = "") -> ListVariant:
    effect = effect or alt
    other = ref if effect == alt else alt
    return ListVariant(rsid, "chr1", position, effect, other, None, ref, alt, forward=True)


def test_ref_and_alt_of_the_list(reference: Reference) -> None:
    """They are the row, whatever other ALTs the source has; REF is for the scorer to check."""
    wide = replace(C_TO_T, alts=("T", "G"))
    for found in (
        alone(stated("C", "T", 2, "rs1"), reference),
        only(stated("C", "T", 2, "rs1"), reference, wide),
        only(stated("C", "T", 2), reference, wide),
    ):
        assert (found.status, found.orientation) == (Status.OK, "direct")
        assert (found.ref, found.alt, found.risk_allele, found.other_allele) == ("C", "T", "T", "C")
    assert only(stated("C", "T", 2), reference, wide).id == "rs1"
    wrong = alone(stated("A", "T", 2), reference)
    assert (wrong.status, wrong.ref, wrong.alt) == (Status.OK, "A", "T")
    risk_is_ref = alone(stated("C", "T", 2, effect="C"), reference)
    assert (risk_is_ref.risk_allele, risk_is_ref.other_allele) == ("C", "T")
    another = alone(replace(stated("C", "T", 2), effect_allele="G", other_allele=""), reference)
    assert another.status is Status.ALLELE_UNKNOWN
    assert another.detail.startswith("the list has G, the site C>T")


def test_ref_and_alt_that_the_source_contradicts(reference: Reference) -> None:
    for rsid in ("rs1", ""):
        found = only(stated("C", "A", 2, rsid), reference, C_TO_T)
        assert found.status is Status.ALLELE_UNKNOWN
        assert "C>A" in found.detail
        assert "C>T" in found.detail
    elsewhere = only(stated("G", "A", 3, "rs1"), reference, C_TO_T)
    assert elsewhere.status is Status.POSITION_CONFLICT
    # A source that does not have the variant contradicts nothing.
    for variant in (stated("C", "A", 2, "rs77"), stated("G", "A", 3), stated("G", "A", 3, "rs77")):
        found = only(variant, reference, C_TO_T)
        assert (found.status, found.alt, found.orientation) == (Status.OK, "A", "direct")
        assert found.detail.startswith("sites.vcf has no ")


def test_an_indel_of_the_list_in_another_spelling(reference: Reference) -> None:
    spelled = Site("1", 9, ("rs3",), "AA", ("AAA", "A"))
    found = only(stated("A", "AA", 9, "rs3"), reference, spelled)
    assert (found.status, found.position, found.ref, found.alt) == (Status.OK, 9, "A", "AA")
    another = only(stated("A", "AC", 9, "rs3"), reference, spelled)
    assert another.status is Status.ALLELE_UNKNOWN
    wrong = only(stated("G", "GC", 9, "rs3"), reference, spelled)
    assert wrong.status is Status.ALLELE_UNKNOWN


def test_ref_and_alt_without_a_position(reference: Reference) -> None:
    wide = replace(C_TO_T, alts=("G", "T"))
    variant = replace(stated("C", "T", 2, "rs1"), contig="", position=None)
    found = only(variant, reference, wide)
    assert (found.contig, found.position, found.ref, found.alt) == ("chr1", 2, "C", "T")
    assert (found.orientation, found.risk_allele) == ("direct", "T")
    assert only(variant, reference, INSERTION).status is Status.RSID_NOT_FOUND


def test_ref_and_alt_on_an_unknown_strand_are_as_any_two_alleles(reference: Reference) -> None:
    variant = replace(stated("G", "A", 2, "rs1"), forward=False)
    found = only(variant, reference, C_TO_T)
    assert (found.orientation, found.ref, found.alt) == ("complement", "C", "T")
    assert alone(variant, reference).status is Status.ALLELE_UNKNOWN


def test_without_sites_the_reference_judges(reference: Reference) -> None:
    found = alone(named("rs1", "T", "", 2), reference)
    assert (found.status, found.orientation) == (Status.OK, "assumed")
    assert (found.contig, found.position, found.id) == ("chr1", 2, "rs1")
    assert (found.ref, found.alt, found.risk_allele, found.other_allele) == ("C", "T", "T", "C")
    nowhere = alone(named(), reference)
    assert nowhere.status is Status.RSID_NOT_FOUND
    assert nowhere.detail == "no position in the list and no source of sites: --sites"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Liftover:
    """Old chr1 is 10 bases that the new one lacks, its 1 to 10, and its 11 to 20 turned round."""
    path = tmp_path_factory.mktemp("chain") / "old_to_new.chain"
    path.write_text(
        "chain 9 chr1 30 + 10 20 chr1 20 + 0 10 1\n10\n\n"
        "chain 8 chr1 30 + 20 30 chr1 20 - 0 10 2\n10\n"
    )
    return Liftover.read(path)


def test_positions_are_lifted_before_anything_else(reference: Reference, chain: Liftover) -> None:
    for found in (
        alone(named("rs1", "T", "", 12), reference, chain),
        *resolve(rows(named("rs1", "T", "", 12)), reference, SitesInMemory(C_TO_T), liftover=chain),
    ):
        assert (found.contig, found.position, found.ref, found.alt) == ("chr1", 2, "C", "T")
    [by_name] = resolve(rows(named("rs1")), reference, SitesInMemory(C_TO_T), liftover=chain)
    assert by_name.position == 2
    lost = alone(named("rs1", "T", "", 5), reference, chain)
    assert (lost.status, lost.contig, lost.position) == (Status.LIFTOVER_FAILED, "", None)
    assert lost.detail == "old_to_new.chain has no counterpart of 1:5"
    unreadable = alone(ListVariant("x", "1", 5, problem="unreadable"), reference, chain)
    assert unreadable.status is Status.INVALID_RECORD


def test_a_stretch_that_is_turned_round(reference: Reference, chain: Liftover) -> None:
    """Old position 27 is new position 14, a C; on the old forward strand it was a G."""
    detail = "the chain file has this stretch the other way round"
    turned = stated("G", "A", 27)
    for found in (
        alone(turned, reference, chain),
        alone(replace(turned, ref="", alt=""), reference, chain),
        *resolve(
            rows(replace(turned, rsid="rs1")),
            reference,
            SitesInMemory(Site("chr1", 14, ("rs1",), "C", ("T",))),
            liftover=chain,
        ),
    ):
        assert (found.status, found.orientation, found.detail) == (Status.OK, "complement", detail)
        assert (found.position, found.ref, found.alt) == (14, "C", "T")
        assert (found.risk_allele, found.other_allele) == ("T", "C")
    indel = alone(stated("G", "GA", 27), reference, chain)
    assert indel.status is Status.LIFTOVER_FAILED
    assert "only single bases" in indel.detail
    # A strand that the list does not state is found as ever with sites, and not at all without.
    unstated = named("rs1", "A", "", 27)
    source = SitesInMemory(Site("chr1", 14, ("rs1",), "C", ("T",)))
    [found] = resolve(rows(unstated), reference, source, liftover=chain)
    assert (found.orientation, found.risk_allele, found.detail) == ("complement", "T", detail)
    assert alone(unstated, reference, chain).status is Status.ALLELE_UNKNOWN


some_sites = SitesInMemory(
    C_TO_T,
    INSERTION,
    Site("chr1", 4, ("rs3",), "T", ("A",), (0.8, 0.2)),
    Site("chr1", 5, ("rs4", "rs5"), "A", ("C", "G")),
    Site("chrX", 5, ("rs4",), "T", ("C",)),
    Site("chr1", 6, (), "C", ("T",)),
)

variants = st.builds(
    ListVariant,
    rsid=st.sampled_from(["", "rs1", "rs2", "rs3", "rs4", "rs5", "rs6"]),
    contig=st.sampled_from(["", "1", "chr1", "chrX", "chr7"]),
    position=st.none() | st.integers(0, 25),
    effect_allele=st.sampled_from(["", *"ACGT", "AT", "-", "I", "N"]),
    other_allele=st.sampled_from(["", *"ACGT", "AT", "D"]),
    effect_allele_frequency=st.none() | st.floats(0, 1),
    forward=st.booleans(),
    problem=st.sampled_from(["", "", "", "unreadable"]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lists=st.lists(st.lists(variants, min_size=1, max_size=3), max_size=5),
    split=st.integers(0, 5),
    with_sites=st.booleans(),
)
def test_every_variant_comes_out_in_order_however_the_rows_are_cut(
    reference: Reference, lists: list[list[ListVariant]], split: int, with_sites: bool
) -> None:
    source = some_sites if with_sites else None
    listed = [ListRow(number, (), tuple(of_row)) for number, of_row in enumerate(lists)]
    found = resolve(listed, reference, source)
    numbers = [(allele.list_row, allele.list_variant) for allele in found]
    assert numbers == sorted(numbers)
    assert set(numbers) == {(row.number, k) for row in listed for k in range(len(row.variants))}
    cut = resolve(listed[:split], reference, source) + resolve(listed[split:], reference, source)
    assert found == cut
    for allele in found:
        assert bool(allele.detail) or allele.status is Status.OK
        assert bool(allele.orientation) == (allele.status is Status.OK)
        assert bool(allele.risk_allele) == bool(allele.other_allele)
        if allele.risk_allele:
            assert allele.alt in (allele.risk_allele, allele.other_allele)


@pytest.mark.realdata
def test_variants_of_the_catalogue(data: Path) -> None:
    """Written by hand from the catalogue and dbSNP: listed allele to strand, risk and other."""
    places = {
        "rs7903146": ("10", 112998590, "C", "T"),
        "rs12203592": ("6", 396321, "C", "T"),
        "rs12740374": ("1", 109274968, "G", "T"),
        "rs660240": ("1", 109275216, "T", "C"),
    }
    expected = {
        ("rs7903146", "T"): ("direct", "T", "C"),
        ("rs7903146", "A"): ("complement", "T", "C"),
        ("rs7903146", "C"): ("direct", "C", "T"),
        ("rs7903146", ""): ("unknown", "", ""),
        ("rs12203592", "T"): ("direct", "T", "C"),
        ("rs12203592", "C"): ("direct", "C", "T"),
        ("rs12203592", ""): ("unknown", "", ""),
        ("rs12740374", "T"): ("direct", "T", "G"),
        ("rs660240", "T"): ("direct", "T", "C"),
        ("rs660240", "A"): ("complement", "T", "C"),
    }
    lines = (data / "gwas" / "site_alleles_hg38.vcf").read_text().splitlines()
    fields = [line.split("\t") for line in lines if not line.startswith("#")]
    source = SitesInMemory(*(Site(f[0], int(f[1]), (f[2],), f[3], (f[4],)) for f in fields))
    with Reference(data / "mpra" / "hg38_elements.fa.gz") as genome:
        for has_place in (True, False):
            asked = [
                ListVariant(
                    rsid,
                    places[rsid][0] if has_place else "",
                    places[rsid][1] if has_place else None,
                    effect,
                )
                for rsid, effect in expected
            ]
            for allele, ((rsid, _), outcome) in zip(
                resolve(rows(*asked), genome, source), expected.items(), strict=True
            ):
                where, at, ref, alt = places[rsid]
                assert (allele.contig, allele.position) == (f"chr{where}", at)
                assert (allele.ref, allele.alt, allele.status) == (ref, alt, Status.OK)
                assert (allele.orientation, allele.risk_allele, allele.other_allele) == outcome
                assert genome.find(where).bases(at - 1, at) == ref  # type: ignore[union-attr]
