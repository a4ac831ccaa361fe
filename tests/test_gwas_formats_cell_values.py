"""Numbers, p-values, positions, alleles and contigs as lists write them."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.gwas.formats.assembly_names import assembly_of, build_named, split_build
from enhancer_variants.gwas.formats.cell_values import (
    CATALOGUE_NUMBERS,
    PLINK_NUMBERS,
    TABLE_NUMBERS,
    allele_of,
    allele_pair_of,
    contig_of,
    is_missing,
    number_of,
    p_value_of,
    position_of,
    strength_of_evidence,
)


@given(mantissa=st.integers(1, 9999), exponent=st.integers(4, 5000))
def test_every_p_value_keeps_its_logarithm(mantissa: int, exponent: int) -> None:
    text = f"{mantissa / 1000}e-{exponent}"
    p, minus_log10_p = p_value_of(text)
    assert p == float(text)
    assert minus_log10_p == pytest.approx(float(-Decimal(text).log10()), rel=1e-12)


@pytest.mark.parametrize("text", ["5 x 10-8", "5x10^-8", "5.0 \u00d7 10\u22128", " 5*10^-8 "])
def test_p_values_as_they_are_printed(text: str) -> None:
    assert p_value_of(text) == pytest.approx((5e-8, 8 - math.log10(5)))


def test_p_values_at_the_ends() -> None:
    assert p_value_of("1") == (1.0, 0.0)
    assert math.copysign(1, p_value_of("1")[1] or 0.0) == 1  # no negative zero
    assert p_value_of("0.0") == (0.0, math.inf)
    assert p_value_of("1e-99999999999999999999") == (0.0, math.inf)
    assert p_value_of("1.5") == p_value_of("-1") == p_value_of("nan") == (None, None)


@pytest.mark.parametrize(
    ("p", "log", "expected"),
    [
        ("1e-9", "8.9", (1e-9, 9.0)),
        ("0", "Inf", (0.0, math.inf)),
        ("0", "nan", (0.0, math.inf)),
        ("NA", "3", (0.001, 3.0)),
        ("1e+13", "-13", (None, None)),
        (None, "x", (None, None)),
        (None, "Inf", (0.0, math.inf)),
        (None, None, (None, None)),
    ],
)
def test_the_better_of_p_value_and_logarithm(
    p: str | None, log: str | None, expected: tuple[float | None, float | None]
) -> None:
    found = strength_of_evidence(p, log)
    assert found == pytest.approx(expected)


@given(st.text(max_size=6))
def test_a_number_is_finite_or_none(text: str) -> None:
    number = number_of(text)
    assert number is None or math.isfinite(number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("1e+06", 1_000_000), ("1000.0", 1000), (" 7 ", 7), ("248956422", 248956422)],
)
def test_positions(text: str, expected: int) -> None:
    assert position_of(text) == expected
    assert position_of(text, first_base=0) == expected + 1


@pytest.mark.parametrize("text", ["-1", "1.5", "", "NA", "1_0", "3e9", "2147483648", "1,0", "²"])
def test_what_is_no_position(text: str) -> None:
    assert position_of(text) is position_of(text, first_base=0) is None


@pytest.mark.parametrize(
    ("text", "catalogue", "plink", "table"),
    [
        ("1", "1", "1", "1"),
        ("01", "1", "1", "1"),
        ("1.0", "1", "1", "1"),
        ("23", "X", "X", "X"),
        ("chr24", "chrY", "chrY", "chrY"),
        ("25", "MT", "X", "25"),
        ("26", "26", "MT", "MT"),
        ("XY", "XY", "X", "X"),
        ("0", "", "", ""),
        ("chr", "", "", ""),
        (" NA", "", "", ""),
        ("HLA-A*01:01", "HLA-A*01:01", "HLA-A*01:01", "HLA-A*01:01"),
        ("NC_000001.11", "NC_000001.11", "NC_000001.11", "NC_000001.11"),
    ],
)
def test_contigs_by_dialect(text: str, catalogue: str, plink: str, table: str) -> None:
    assert contig_of(text, CATALOGUE_NUMBERS) == catalogue
    assert contig_of(text, PLINK_NUMBERS) == plink
    assert contig_of(text, TABLE_NUMBERS) == table


@pytest.mark.parametrize("text", ["", "?", "I", "D", "-", "<CN0>", "N", "R", "0", "A/G", "AX"])
def test_what_is_no_sequence_is_an_unknown_allele(text: str) -> None:
    assert allele_of(text) == ""


@pytest.mark.parametrize(
    ("effect", "other", "pair"),
    [
        ("I", "D", ("I", "D")),
        (" d ", "?", ("D", "")),
        ("AT", "-", ("AT", "-")),
        ("-", "at", ("-", "AT")),
        ("-", "", ("", "")),
        ("A", "D", ("A", "")),
        ("R", "I", ("", "I")),
        ("<DEL>", "A", ("", "A")),
    ],
)
def test_indels_that_are_not_spelled_out_stay_beside_what_tells_them(
    effect: str, other: str, pair: tuple[str, str]
) -> None:
    assert allele_pair_of(effect, other) == pair


def test_alleles_and_missing_values() -> None:
    assert (allele_of("acgt"), allele_of(" T "), allele_of("g")) == ("ACGT", "T", "G")
    assert all(map(is_missing, ("", " . ", "NA", "#NA", "n/a", "NaN", "NR", "-", "NULL")))


@pytest.mark.parametrize(
    ("text", "name"),
    [("hg18", "NCBI36"), ("b37", "GRCh37"), ("build 38", "GRCh38"), ("hs1", "T2T-CHM13v2.0")],
)
def test_builds(text: str, name: str) -> None:
    assert build_named(text) == assembly_of(text) == name
    assert split_build("hg19") == ("hg19", "")
    assert split_build("pos_b37") == ("pos", "GRCh37")
