from __future__ import annotations

import pytest

from enhancer_variants.gwas.site import Site
from enhancer_variants.gwas.sites.records import info_of, site_of
from enhancer_variants.io import parse_vcf_line


def _site(alleles: str, info: str = ".", ids: str = "rs1", population: str | None = None) -> Site:
    ref, alt = alleles.split(">", 1)
    line = f"chr1\t9\t{ids}\t{ref}\t{alt}\t.\t.\t{info}\tGT\t0|1\r\n".encode()
    return site_of(parse_vcf_line(line, 0), population)


@pytest.mark.parametrize(
    ("alleles", "info", "expected"),
    [
        ("C>T", ".", ("C", ("T",), ())),
        ("c>t", ".", ("C", ("T",), ())),
        ("C>T,A", "AF=0.1,0", ("C", ("T", "A"), (0.9, 0.1, 0.0))),
        ("C>T,A", "AF=0,0", ("C", ("T", "A"), (1.0, 0.0, 0.0))),
        ("C>T,A", "AF=0,.", ("C", ("T", "A"), (None, 0.0, None))),
        ("C>*,T,<DEL>,N,R", "AF=0.1,0.2,0.3,0.1,0.1", ("C", ("T",), (0.2, 0.2))),
        ("C><DEL>", "AF=0.1", ("C", (), (0.9,))),
        ("C>.", ".", ("C", (), ())),
        ("C>*,T", "AF=0.1,0", ("C", ("T",), (0.9, 0.0))),
        ("N>T", ".", ("N", ("T",), ())),
    ],
)
def test_alleles_that_are_no_bases_are_left_out_and_those_never_seen_stay(
    alleles: str, info: str, expected: tuple[object, ...]
) -> None:
    site = _site(alleles, info)
    frequencies = tuple(None if f is None else round(f, 9) for f in site.frequencies)
    assert (site.ref, site.alts, frequencies) == expected


def test_the_population_decides_what_was_seen() -> None:
    info = "AF=0.1,0.1;EUR_AF=0,0.1"
    assert _site("C>T,A", info).frequencies == pytest.approx((0.8, 0.1, 0.1))
    assert _site("C>T,A", info, population="EUR_AF").frequencies == (0.9, 0.0, 0.1)


def test_what_another_population_has_is_of_unknown_frequency() -> None:
    studies = "FREQ=1000Genomes:1,0,0|GoNL:0.5,0,0.5"
    assert _site("C>T,A", studies).frequencies == (1.0, 0.0, None)
    assert _site("C>T,A", studies, population="1000Genomes").frequencies == (1.0, 0.0, 0.0)


def test_identifiers_are_split_and_a_dot_is_none() -> None:
    assert _site("C>T", ids="rs1;rs2").ids == ("rs1", "rs2")
    assert _site("C>T", ids=".").ids == _site("C>T", ids="").ids == ()


def test_info_is_the_eighth_column() -> None:
    record = parse_vcf_line(b"1\t9\t.\tA\tT\t.\t.\tAF=0.5\r\n", 0)
    assert info_of(record) == "AF=0.5"
