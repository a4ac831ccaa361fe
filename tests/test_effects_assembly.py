from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from enhancer_variants.effects import assembly, assembly_checked
from enhancer_variants.errors import AssemblyMismatchError
from enhancer_variants.genome import Reference
from enhancer_variants.io import VariantRecord, parse_vcf_line

Make = Callable[..., Any]
GENOME = "".join(random.Random(5).choices("ACGT", k=3_000))


def snvs(count: int, wrong: int, contig: str = "chr1", start: int = 100) -> list[VariantRecord]:
    """SNVs at consecutive positions, the first `wrong` of them with another base's REF."""
    records = []
    for number in range(count):
        position = start + number
        base = GENOME[position - 1]
        other = "ACGT"[("ACGT".index(base) + 1) % 4]
        ref, alt = (other, base) if number < wrong else (base, other)
        line = f"{contig}\t{position}\t.\t{ref}\t{alt}\t.\t.\t.\n".encode()
        records.append(parse_vcf_line(line, number))
    return records


def check(
    records: list[VariantRecord], reference: Reference, **lengths: int
) -> list[VariantRecord]:
    return list(assembly_checked(iter(records), reference, lengths, "in.vcf"))


def test_records_come_through_unchanged_and_in_order(make_reference: Make) -> None:
    records = snvs(1_500, 3)
    assert check(records, make_reference(chr1=GENOME)) == records


def test_more_than_half_of_twenty_wrong_is_another_build(make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME)
    assert len(check(snvs(20, 10), reference)) == 20
    with pytest.raises(AssemblyMismatchError, match=r"11 of the first 20 SNVs.*ignore-assembly"):
        check(snvs(20, 11), reference)


def test_fewer_than_twenty_prove_nothing(make_reference: Make) -> None:
    assert len(check(snvs(19, 19), make_reference(chr1=GENOME))) == 19


def test_only_the_first_thousand_are_compared(make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME)
    late = snvs(1_000, 0) + snvs(1_500, 1_500, start=1_200)
    assert len(check(late, reference)) == 2_500


def test_nothing_is_yielded_before_the_verdict(make_reference: Make) -> None:
    """So nothing is scored, and nothing written, of variants of another build."""
    reference = make_reference(chr1=GENOME)
    taken = 0

    def watched() -> Iterator[VariantRecord]:
        nonlocal taken
        for record in snvs(1_200, 1_200):
            taken += 1
            yield record

    with pytest.raises(AssemblyMismatchError):
        assembly_checked(watched(), reference, {}, "in.vcf")
    assert taken == 1_000


def test_unknown_bases_indels_and_other_records_are_not_counted(make_reference: Make) -> None:
    reference = make_reference(chr1="N" * 3_000)
    assert len(check(snvs(100, 100), reference)) == 100
    indels = [parse_vcf_line(f"chr1\t{n}\t.\tGGG\tG\t.\t.\t.\n".encode(), n) for n in range(1, 60)]
    assert len(check(indels, make_reference(chr1=GENOME))) == 59
    unknown = snvs(50, 50, contig="chr7")
    assert len(check(unknown, make_reference(chr1=GENOME))) == 50


def test_positions_beyond_the_contig_count_as_wrong(make_reference: Make) -> None:
    with pytest.raises(AssemblyMismatchError):
        check(snvs(40, 0, start=1_000), make_reference(chr1=GENOME[:500]))


def test_another_declared_length_is_another_build(make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME)
    with pytest.raises(AssemblyMismatchError, match=r"chr1 has 2,999 bases by its header.*3,000"):
        check(snvs(1, 0), reference, chr1=2_999)
    assert check(snvs(1, 0), reference, chr1=3_000, chr2=5)  # chr2 carries no record


def test_the_length_is_checked_where_a_contig_first_appears(make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME, chr2=GENOME)
    records = snvs(1_100, 0) + snvs(1, 0, contig="chr2")
    with pytest.raises(AssemblyMismatchError, match="chr2"):
        check(records, reference, chr2=7)


def test_the_likely_builds_are_named(make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME)
    with pytest.raises(AssemblyMismatchError, match=r"variants look like GRCh37.*hg19"):
        check(snvs(1, 0), reference, chr1=249_250_621)
    with pytest.raises(AssemblyMismatchError, match=r"by its accession.*GRCh38"):
        check(snvs(1, 0, contig="NC_000001.11"), reference)


def test_exchanged_alleles_are_told_from_another_build(make_reference: Make) -> None:
    with pytest.raises(AssemblyMismatchError, match="REF and ALT are exchanged"):
        check(snvs(30, 30), make_reference(chr1=GENOME))
    records = snvs(30, 0)
    for number, record in enumerate(records):
        ref = "ACGT"[("ACGT".index(record.ref) + 2) % 4]
        records[number] = replace(record, ref=ref)
    with pytest.raises(AssemblyMismatchError, match="build"):
        check(records, make_reference(chr1=GENOME))


@pytest.mark.parametrize(
    ("own", "given", "refused"),
    [
        ("NC_000001.11", "NC_000001.11", False),  # a slice under its own name
        ("NC_000001.99", "NC_000001.98", True),
        ("NC_000001.11", "NC_000001.10", True),
        ("chr1", "NC_000001.9", False),  # nothing is known of either build
    ],
)
def test_versions_of_accessions_are_compared(
    make_reference: Make, own: str, given: str, *, refused: bool
) -> None:
    reference = make_reference(**{own: GENOME})
    records = snvs(1, 0, contig=given)
    if refused:
        with pytest.raises(AssemblyMismatchError, match="another version"):
            check(records, reference)
    else:
        assert check(records, reference) == records


def test_the_wait_for_snvs_has_an_end(
    make_reference: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "_LARGEST_BUFFER", 10_000)
    taken = 0

    def watched() -> Iterator[VariantRecord]:
        nonlocal taken
        for record in snvs(100, 0, contig="chr9"):
            taken += 1
            yield record

    stream = assembly_checked(watched(), make_reference(chr1=GENOME), {}, "in.vcf")
    assert taken < 20
    assert len(list(stream)) == 100


def test_a_mitochondrial_contig_of_another_length_is_no_mismatch(make_reference: Make) -> None:
    reference = make_reference(chrM=GENOME)
    assert len(check(snvs(30, 0, contig="MT"), reference, MT=16_569)) == 30
