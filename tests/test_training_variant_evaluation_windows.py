"""Simple scores of alleles: GC, k-mers and motifs, from their windows on the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.genome import Reference
from enhancer_variants.motifs import Pwm, motif_panel
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.training.evaluation import KmerRegression
from enhancer_variants.training.variant_evaluation import windows
from enhancer_variants.training.variant_evaluation.cells import Allele
from enhancer_variants.training.variant_evaluation.windows import (
    gc_changes,
    kmer_shifts,
    motif_shift_sums,
    place_alleles,
)


def allele(position: int | None, ref: str, alt: str, problem: str = "") -> Allele:
    return Allele("chr1", position, "", ref, alt, 0, 1, problem)


SEQUENCE = "ACGTTGCAAC" * 4
ALLELES = [
    allele(15, "T", "C"),
    allele(2, "C", "A"),
    allele(15, "G", "C"),
    allele(None, "", "", "no record"),
    allele(20, "C", "CGG"),
]


def test_places_and_windows(make_reference: Callable[..., Reference]) -> None:
    found = place_alleles(ALLELES, make_reference(chr1=SEQUENCE), 10)
    assert [one.status.value for one in found] == [
        "ok",
        "edge",
        "ref_mismatch",
        "invalid_record",
        "ok",
    ]
    assert found[0].window.ref == SEQUENCE[9:19]
    assert found[0].window.alt == SEQUENCE[9:14] + "C" + SEQUENCE[15:19]
    assert [one.window is None for one in found] == [False, True, True, True, False]


def test_gc_is_counted_in_bases_of_either_case() -> None:
    alleles = [
        allele(1, "a", "g"),
        allele(1, "G", "C"),
        allele(1, "CGG", "C"),
        allele(1, "T", "TGC"),
    ]
    assert gc_changes(alleles).tolist() == [1, 0, -2, 2]


def test_a_kmer_model_sees_both_windows(make_reference: Callable[..., Reference]) -> None:
    generator = np.random.default_rng(0)
    noise = ["".join(generator.choice(list("ACGT"), 10)) for _ in range(40)]
    labels = [number % 2 for number in range(40)]
    planted = [
        text[:3] + "GGGG" * label + text[7:] for text, label in zip(noise, labels, strict=True)
    ]
    fitted = KmerRegression.fit(planted, labels, k=2)
    placed = place_alleles(ALLELES, make_reference(chr1=SEQUENCE), 10)
    shifts = kmer_shifts(placed, fitted)
    ref, alt = fitted.log_odds([placed[0].window.ref, placed[0].window.alt])
    assert shifts[0] == alt - ref != 0
    assert np.isnan(shifts[1:4]).all()
    assert shifts[4] > 0  # two more G
    assert np.isnan(kmer_shifts(placed[1:4], fitted)).all()


def test_motif_sums_are_those_of_scoring(
    make_reference: Callable[..., Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    motifs = [Pwm("one", "ONE", [[2, -3, -3, -3], [-3, 2, -3, -3], [-3, -3, 2, -3]] * 2)]
    reference = make_reference(chr1=SEQUENCE)
    frame = pd.DataFrame(
        [(one.contig, one.position, one.ref, one.alt) for one in (*ALLELES[:3], ALLELES[4])],
        columns=["chrom", "pos", "ref", "alt"],
    )
    scored = VariantScorer(reference, motifs=motifs, window=10, ignore_assembly=True).score(frame)
    monkeypatch.setattr(windows, "_ALLELES_AT_ONCE", 1)
    placed = place_alleles([*ALLELES[:3], ALLELES[4]], reference, 10)
    sums = motif_shift_sums(placed, motif_panel(motifs))
    expected = scored["motif_shift_sum"].to_numpy(dtype=float)
    assert sums == pytest.approx(expected, nan_ok=True)
    assert np.isnan(sums).tolist() == [False, True, True, False]
