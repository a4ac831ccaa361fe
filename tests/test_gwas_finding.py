"""Which sites of a source a list's variants are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from enhancer_variants.genome import Reference
from enhancer_variants.gwas import ListVariant, Site
from enhancer_variants.gwas.finding import FoundSites, NotFound, find_sites, known_sites
from enhancer_variants.schema import Status

C_TO_T = Site("NC_000001.11", 2, ("rs1",), "C", ("T",))
INSERTION = Site("chr1", 9, ("rs2",), "A", ("AT",))


class RememberingSource:
    """Sites in memory, and what was asked of them; contigs are chr1 and chrX alone."""

    name = "sites.vcf"

    def __init__(self, *sites: Site) -> None:
        self.sites = sites
        self.asked: list[Collection[object]] = []

    def by_rsid(self, rsids: Collection[str]) -> Mapping[str, tuple[Site, ...]]:
        self.asked.append(rsids)
        found = {x: tuple(site for site in self.sites if x in site.ids) for x in rsids}
        return {rsid: sites for rsid, sites in found.items() if sites}

    def at(self, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[Site, ...]]:
        self.asked.append(places)
        found = {
            place: tuple(
                site
                for site in self.sites
                if site.position == place[1] and ("X" in place[0]) == ("X" in site.contig)
            )
            for place in places
        }
        return {place: sites for place, sites in found.items() if sites}

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    path: Path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(">chr1\nACGTACGTAATTCCGG\n>chrX\nTTTTTTTT\n")
    return Reference(path)


def found(variant: ListVariant, reference: Reference, *sites: Site) -> FoundSites | NotFound:
    known = known_sites([variant], RememberingSource(*sites))
    return find_sites(variant, known, reference)


def listed(rsid: str, position: int | None = None, effect: str = "T") -> ListVariant:
    return ListVariant(rsid, "1" if position else "", position, effect)


def test_an_identifier_at_several_positions(reference: Reference) -> None:
    on_x = Site("chrX", 5, ("rs1",), "T", ("C",))
    assert found(listed("rs1"), reference, C_TO_T, on_x) == NotFound(
        Status.RSID_AMBIGUOUS, "sites.vcf has rs1 at NC_000001.11:2, chrX:5"
    )
    # A place in the list decides.
    assert found(listed("rs1", 2), reference, C_TO_T, on_x) == FoundSites((C_TO_T,))
    many = [replace(C_TO_T, position=position) for position in range(2, 8)]
    ambiguous = found(listed("rs1"), reference, *many)
    assert isinstance(ambiguous, NotFound)
    assert ambiguous.detail.endswith(":4 and 3 more")


def test_copies_on_contigs_that_the_reference_lacks(reference: Reference) -> None:
    patch = Site("NW_009646195.1", 77, ("rs1",), "C", ("T",))
    assert found(listed("rs1"), reference, patch, C_TO_T) == FoundSites((C_TO_T,))
    assert found(listed("rs1"), reference, patch) == FoundSites((patch,))


@pytest.mark.parametrize(
    ("position", "contig"), [(3, "chr1"), (1, "chr1"), (2, "chrX"), (9, "NC_000001.11")]
)
def test_another_position_than_the_source(reference: Reference, position: int, contig: str) -> None:
    site = replace(C_TO_T, contig=contig)
    assert found(listed("rs1", position), reference, site) == NotFound(
        Status.POSITION_CONFLICT,
        f"the list has rs1 at 1:{position}, sites.vcf at {contig}:2",
    )


def test_an_indel_may_be_listed_after_its_anchor(reference: Reference) -> None:
    for position in (9, 10):
        assert found(listed("rs2", position), reference, INSERTION) == FoundSites((INSERTION,))
    for position in (8, 11):
        conflict = found(listed("rs2", position), reference, INSERTION)
        assert isinstance(conflict, NotFound)
        assert conflict.status is Status.POSITION_CONFLICT
    # A record at the position itself comes first.
    before = Site("1", 1, ("rs1",), "A", ("AG",))
    assert found(listed("rs1", 2), reference, before, C_TO_T) == FoundSites((C_TO_T,))


def test_records_of_one_ref_are_joined(reference: Reference) -> None:
    """1000 Genomes has a record for each ALT, whose REF share includes the other ALTs."""
    split = (
        Site("1", 2, ("rs1",), "C", ("T",), (0.75, 0.25)),
        Site("1", 2, ("rs1", "rs9"), "C", ("G",), (0.5, 0.5)),
        Site("1", 2, ("rs1",), "C", ("T", "A"), (0.9, 0.1, 0.0)),
    )
    joined = Site("1", 2, ("rs1", "rs9"), "C", ("T", "G", "A"), (0.25, 0.25, 0.5, 0.0))
    assert found(listed("rs1"), reference, *split) == FoundSites((joined,))
    unknown = found(listed("rs1"), reference, *split[:2], replace(split[2], frequencies=()))
    assert unknown == FoundSites((replace(joined, frequencies=(None, 0.25, 0.5, None)),))
    none = found(listed("rs1"), reference, *(replace(site, frequencies=()) for site in split))
    assert none == FoundSites((replace(joined, frequencies=()),))
    # Neither another REF nor an indel is joined with them.
    apart = (split[0], Site("1", 2, ("rs1",), "CG", ("TG",)), Site("1", 2, ("rs1",), "C", ("CA",)))
    assert found(listed("rs1"), reference, *apart) == FoundSites(apart)


def test_an_identifier_that_the_source_does_not_have(reference: Reference) -> None:
    assert found(listed("rs77", 2), reference, C_TO_T) == FoundSites(
        (C_TO_T,), "the source calls it rs1", by_place_alone=True
    )
    # Without an allele, only a site that has no rsID of its own can be meant.
    unnamed = replace(C_TO_T, ids=("1:2:C:T",))
    assert found(listed("rs77", 2, ""), reference, C_TO_T, unnamed) == FoundSites(
        (unnamed,), by_place_alone=True
    )
    for variant, detail in (
        (
            listed("rs77", 2, ""),
            "sites.vcf has no rs77; at 1:2 it has rs1, and the list names no allele to tell "
            "whether that is the same",
        ),
        (listed("rs77", 3), "sites.vcf has no rs77, and none at 1:3"),
        (listed("rs77"), "sites.vcf has no rs77"),
        (listed("", 3), "sites.vcf has no such variant, and none at 1:3"),
        (listed(""), "the list has neither an rsID nor a position"),
    ):
        assert found(variant, reference, C_TO_T) == NotFound(Status.RSID_NOT_FOUND, detail)


def test_a_source_is_asked_once_for_places_and_once_for_what_was_not_there() -> None:
    source = RememberingSource(C_TO_T, INSERTION)
    variants = [
        ListVariant("RS1", "1", 2, "C", "T"),
        listed("rs2", 10, "AT"),
        listed("RS5", 1, "A"),
        listed("rs6"),
        listed("", 4),
    ]
    known = known_sites(variants, source)
    assert source.asked == [
        {("1", 2), ("1", 10), ("1", 9), ("1", 1), ("1", 4), ("1", 3)},
        {"rs5", "rs6"},
    ]
    assert (known.source, known.named) == ("sites.vcf", {})
    assert known.at == {("1", 2): (C_TO_T,), ("1", 9): (INSERTION,)}
    quiet = RememberingSource(C_TO_T)
    known_sites([], quiet)
    assert quiet.asked == []
