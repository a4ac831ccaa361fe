"""Alleles in and out of predicted enhancers."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants import VariantScorer
from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError
from enhancer_variants.genome import InMemoryContig, Reference, Variant, normal_form
from enhancer_variants.scan import GenomeScanner, VariantCalls, enhancer_change
from enhancer_variants.scan.haplotypes import allele_tiles
from enhancer_variants.scan.tiling import Tiling
from enhancer_variants.schema import ENHANCER_CHANGES, VARIANT_CALL_COLUMNS

MakeReference = Callable[..., Reference]


def _dna(bases: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=bases))


@pytest.fixture(scope="module")
def scanner() -> GenomeScanner:
    """Answer to GATA1 and AP-1 sites in the made-up genome of the examples."""
    files = demo_files()
    return GenomeScanner(files.reference, files.planted_model, progress=False, device="cpu")


@given(
    st.integers(0, 59),
    st.text("ACGT", min_size=0, max_size=6),
    st.integers(0, 6),
    st.integers(1, 25),
    st.integers(0, 30),
)
@settings(max_examples=50)
def test_tiles_are_those_of_the_two_haplotypes(
    at: int, inserted: str, deleted: int, step: int, flank: int
) -> None:
    bases, tiling = _dna(60), Tiling(12, step)
    contig = InMemoryContig("c", bases)
    ref = bases[at : at + 1 + deleted]
    alt = bases[at] + inserted
    if ref == alt:
        return
    variant = normal_form(Variant("c", at + 1, ref, alt), contig)
    tiles = allele_tiles(variant, contig, tiling, flank)
    every = tiling.starts(60, np.arange(tiling.count(60)))
    near = (every + 12 > variant.start - flank) & (every < variant.end + flank)
    assert tiles.starts.tolist() == every[near].tolist()
    haplotype = bases[: variant.start] + variant.alt + bases[variant.end :]
    for start, own, changed in zip(tiles.starts.tolist(), tiles.ref, tiles.alt, strict=True):
        assert own == bases[start : start + 12]
        if start <= variant.start:
            expected = haplotype[start : start + 12]
            assert changed == (expected if len(expected) == 12 else "")
        elif start >= variant.end:
            assert changed == own
        else:
            assert changed == "" or changed in haplotype


def test_a_tile_within_a_deletion_begins_behind_it() -> None:
    contig = InMemoryContig("c", "AAAACCCCGGGGTTTTACGT")
    tiles = allele_tiles(Variant("c", 4, "ACCCC", "A"), contig, Tiling(4, 3), 0)
    assert tiles.starts.tolist() == [0, 3, 6]
    assert tiles.ref == ("AAAA", "ACCC", "CCGG")
    assert tiles.alt == ("AAAA", "AGGG", "GGGG")


def test_tiles_with_other_letters_are_empty() -> None:
    contig = InMemoryContig("c", "ACGTNACGTACG")
    tiles = allele_tiles(Variant("c", 7, "C", "T"), contig, Tiling(4, 2), 2)
    assert tiles.starts.tolist() == [2, 4, 6, 8]
    assert tiles.ref == ("", "", "CGTA", "TACG")
    assert tiles.alt == ("", "", "TGTA", "TACG")
    assert not len(allele_tiles(Variant("c", 7, "C", "T"), contig, Tiling(40, 2), 2).starts)


@pytest.mark.parametrize(
    ("in_ref", "in_alt", "prob_ref", "prob_alt", "change"),
    [
        (True, False, 0.9, 0.1, "loss"),
        (True, False, 0.2, 0.1, "loss"),
        (True, True, 0.5, 0.49, "loss"),
        (True, True, 0.49, 0.5, "gain"),
        (True, True, 0.6, 0.9, "none"),
        (False, True, 0.2, 0.3, "gain_outside"),
        (False, False, 0.49, 0.5, "gain_outside"),
        (False, False, 0.9, 0.1, "none"),
    ],
)
def test_what_an_allele_does_to_an_enhancer(
    in_ref: bool, in_alt: bool, prob_ref: float, prob_alt: float, change: str
) -> None:
    assert change in ENHANCER_CHANGES
    found = enhancer_change(in_ref=in_ref, in_alt=in_alt, prob_ref=prob_ref, prob_alt=prob_alt)
    assert found == change


def test_a_broken_site_takes_its_call_away_and_a_new_one_makes_one(scanner: GenomeScanner) -> None:
    contig = scanner.reference.find("chr1")
    assert contig is not None
    base = contig.bases(6999, 7000)
    effects = VariantCalls(scanner).score(
        ["chr1:4005:T:A", f"chr1:7000:{base}:{base}GATGACTCATC", "chr1:2009:A:T"]
    )
    assert effects["enhancer_change"].tolist() == ["loss", "gain_outside", "none"]
    assert effects["in_enhancer_ref"].tolist() == ["yes", "no", "no"]
    assert effects["in_enhancer_alt"].tolist() == ["no", "yes", "no"]
    calls = scanner.scan("chr1").calls
    (call,) = calls[(calls["start"] <= 4004) & (calls["end"] > 4004)].to_dict("records")
    assert effects["call_start_ref"][0] == call["start"]
    assert effects["call_end_ref"][0] == call["end"]
    assert effects["call_max_log_odds_ref"][0] == pytest.approx(call["max_log_odds"], abs=1e-4)


def test_effects_are_those_of_the_scorer_and_bad_records_have_no_call(
    scanner: GenomeScanner,
) -> None:
    files = demo_files()
    effects = VariantCalls(scanner, flank=0).score(files.variants)
    plain = VariantScorer(
        files.reference, enhancer=files.planted_model, progress=False, device="cpu"
    ).score_vcf(files.variants)
    for column in plain:
        if plain[column].dtype == float:
            assert effects[column].to_numpy() == pytest.approx(plain[column], abs=1e-4, nan_ok=True)
        else:
            assert effects[column].equals(plain[column]), column
    bad = effects["status"] != "ok"
    for column in VARIANT_CALL_COLUMNS:
        assert effects.loc[bad, column.name].isna().all()
    assert effects.loc[~bad, "enhancer_change"].isin(ENHANCER_CHANGES).all()
    options = effects.attrs["enhancer_variants"]["options"]
    assert options["flank"] == 0
    assert options["threshold"] == 0.5


def test_whether_a_base_is_in_a_call_is_what_the_scan_says(scanner: GenomeScanner) -> None:
    calls = scanner.scan("chr1").calls
    contig = scanner.reference.find("chr1")
    assert contig is not None
    variants, expected = [], []
    for position in range(3800, 5200, 90):
        base = contig.bases(position - 1, position)
        variants.append(f"chr1:{position}:{base}:{'A' if base != 'A' else 'C'}")
        inside = (calls["start"] < position) & (calls["end"] >= position)
        expected.append("yes" if inside.any() else "no")
    effects = VariantCalls(scanner).score(variants)
    assert {"yes", "no"} == set(expected)
    assert effects["in_enhancer_ref"].tolist() == expected


def test_a_vcf_gets_the_calls_as_info(scanner: GenomeScanner, tmp_path: Path) -> None:
    output = tmp_path / "effects.vcf"
    summary = VariantCalls(scanner, flank=100).annotate(demo_files().variants, output)
    assert summary.records == 24
    with pysam.VariantFile(str(output)) as file:
        by_id = {record.id: record for record in file}
    assert by_id["GATA1_site"].info["EV_IN_ENHANCER_REF"] == ("yes",)
    assert by_id["GATA1_site"].info["EV_CALL_START_REF"] == (3850,)
    assert by_id["edge"].info["EV_ENHANCER_CHANGE"] == (".",)


def test_a_flank_below_none_is_refused(scanner: GenomeScanner) -> None:
    with pytest.raises(InputError, match="flank is -1"):
        VariantCalls(scanner, flank=-1)


def test_an_input_is_not_written_over(scanner: GenomeScanner, tmp_path: Path) -> None:
    variants = tmp_path / "in.vcf"
    variants.write_bytes(demo_files().variants.read_bytes())
    before = variants.read_bytes()
    with pytest.raises(InputError, match="is an input; write to another file"):
        VariantCalls(scanner).annotate(variants, variants)
    assert variants.read_bytes() == before
