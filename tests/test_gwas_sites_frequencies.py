from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.gwas.sites.frequencies import (
    allele_frequencies,
    require_population,
)
from enhancer_variants.io.vcf_header import VcfHeader, read_header

DBSNP = "RS=1;FREQ=1000Genomes:0.9986,0.0014,.|GnomAD_genomes:0.9999,.,0.0001|X:1,0,0;COMMON"


@pytest.mark.parametrize(
    ("info", "alternates", "population", "expected"),
    [
        (".", 1, None, ()),
        ("", 1, "AF", ()),
        ("AF=0.25", 1, None, (0.75, 0.25)),
        ("AC=1;AF=0.25,0.5", 2, None, (0.25, 0.25, 0.5)),
        ("AF=0.25;EUR_AF=1", 1, "EUR_AF", (0.0, 1.0)),
        ("AF=0.25", 1, "EUR_AF", ()),
        ("AF=.", 1, None, ()),
        ("AF=.,0.5", 2, None, (None, None, 0.5)),
        ("AF=0.5", 2, None, ()),  # as many values as ALTs, or they belong to nothing
        ("AF=0.6,0.6", 2, None, (None, 0.6, 0.6)),
        ("AF=0.6,0.4001", 2, None, (0.0, 0.6, 0.4001)),
        ("AF=1e-3", 1, None, (0.999, 0.001)),
        ("AF=2", 1, None, ()),
        ("AF=nan", 1, None, ()),
        ("AF=x", 1, None, ()),
        ("AF", 1, None, ()),
        (DBSNP, 2, "1000Genomes", (0.9986, 0.0014, None)),
        (DBSNP, 2, "GnomAD_genomes", (0.9999, None, 0.0001)),
        (DBSNP, 2, None, (0.9986, 0.0014, None)),
        (DBSNP + ";X=7", 2, "X", ()),  # an INFO key comes before a study
        (DBSNP, 2, "TOPMED", ()),
        (DBSNP, 1, "1000Genomes", ()),
        ("FREQ=Y:0.5,0.5|X:1,0", 1, None, (0.5, 0.5)),  # its first
        ("FREQ=1000Genomes:0.5,0.5|dbGaP_PopFreq:1,0", 1, None, (1.0, 0.0)),
        ("FREQ=1000Genomes", 1, None, ()),
        ("FREQ=1000Genomes:.,.", 1, None, ()),
        ("FREQ=0.5", 1, "FREQ", ()),
    ],
)
def test_frequencies_are_read_as_they_are_written(
    info: str, alternates: int, population: str | None, expected: tuple[float | None, ...]
) -> None:
    assert allele_frequencies(info, alternates, population).values == expected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_the_reference_has_what_the_others_leave(values: list[float]) -> None:
    info = "AF=" + ",".join(map(repr, values))
    reference, *others = allele_frequencies(info, len(values)).values
    assert others == values
    if sum(values) <= 1:
        assert reference is not None
        assert math.isclose(reference + sum(values), 1, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("info", "alternates", "population", "unseen"),
    [
        (".", 2, None, (False, False)),
        ("AF=0,0.1", 2, None, (True, False)),
        ("AF=0.0,.", 2, None, (True, False)),
        ("AF=0;EUR_AF=0.1", 1, "EUR_AF", (False,)),
        (DBSNP, 2, None, (False, False)),
        (DBSNP, 2, "X", (True, True)),
        (DBSNP, 2, "1000Genomes", (False, False)),
        ("FREQ=X:1,0,.|Y:1,0,.", 2, None, (True, False)),
        ("FREQ=X:1,0|Y:0.5,0.5,0", 1, None, (True,)),  # a study of another length says nothing
    ],
)
def test_an_allele_is_unseen_if_it_is_known_to_be(
    info: str, alternates: int, population: str | None, unseen: tuple[bool, ...]
) -> None:
    assert allele_frequencies(info, alternates, population).unseen == unseen


def _header(*declarations: str) -> VcfHeader:
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    return read_header(iter([f"{line}\n".encode() for line in (*declarations, columns)]), "x.vcf")


DECLARED = '##INFO=<ID=EUR_AF,Number=A,Type=Float,Description="Frequency, ID=no, Number=A">'


@pytest.mark.parametrize("population", ["EUR_AF", "1000Genomes", "AF_nfe", "X"])
def test_a_population_is_known_by_the_header_or_the_records(population: str) -> None:
    require_population(population, _header(DECLARED), iter([".", DBSNP, "AF_nfe=0"]), "x.vcf")


def test_the_header_is_enough() -> None:
    require_population("EUR_AF", _header(DECLARED), iter([]), "x.vcf")


def test_an_unknown_population_is_refused_with_those_that_there_are() -> None:
    header = _header(
        DECLARED,
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        '##INFO=<ID=FREQ,Number=.,Type=String,Description="x">',
    )
    expected = r"x\.vcf: .* 'EUR'; expected one of EUR_AF, 1000Genomes, GnomAD_genomes, X \("
    with pytest.raises(InputError, match=expected):
        require_population("EUR", header, iter([DBSNP]), "x.vcf")
    with pytest.raises(InputError, match="'DP'"):
        require_population("DP", header, iter([]), "x.vcf")
    with pytest.raises(InputError, match="seems to have no frequencies"):
        require_population("EUR", _header(), iter(["DP=3"]), "x.vcf")


def test_a_long_list_of_populations_is_cut() -> None:
    many = ";".join(f"AF_{n}=0" for n in range(50))
    with pytest.raises(InputError, match=r"AF_39 and 10 more \("):
        require_population("EUR", _header(), iter([many]), "x.vcf")
