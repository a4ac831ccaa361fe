from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from enhancer_variants.effects import ScoringPlan, pair_windows, score_records, score_windows
from enhancer_variants.errors import ModelError
from enhancer_variants.genome import Reference, Variant, reverse_complement
from enhancer_variants.io import EffectTable, VariantRecord, open_items, parse_vcf_line
from enhancer_variants.models import Model

Make = Callable[..., Any]

GENOME = "".join(random.Random(3).choices("ACGT", k=400))


def records(variants: Iterable[object]) -> list[VariantRecord]:
    return list(open_items(variants).records)


def row(table: EffectTable, number: int = 0) -> dict[str, Any]:
    return {name: values[number] for name, values in table.data.items()}


def test_a_gained_g_is_a_shift_of_one(counting_model: Make, make_reference: Make) -> None:
    reference = make_reference(chr1="A" * 50)
    plan = ScoringPlan((counting_model("G"),))
    effects = row(score_records(records(["chr1:25:A:G"]), plan, reference))
    assert effects["status"] == "ok"
    assert effects["enhancer_log_odds_ref"] == 0
    assert effects["enhancer_log_odds_alt"] == pytest.approx(1)
    assert effects["enhancer_log_odds_shift"] == pytest.approx(1)
    assert effects["enhancer_prob_ref"] == 0.5
    assert effects["enhancer_prob_alt"] == pytest.approx(2 / 3)
    assert effects["enhancer_score_change"] == pytest.approx((2 / 3 - 1 / 2) * 2 / 3)
    assert effects["enhancer_effect"] == "none"  # positive before and after
    assert (effects["kind"], effects["record"], effects["allele"]) == ("snv", 0, 1)


def test_every_allele_of_a_record_has_its_row(counting_model: Make, make_reference: Make) -> None:
    reference = make_reference(chr1="A" * 50)
    lines = [
        b"chr1\t25\trs1\tA\tG,*,AGG,<DEL>\t.\t.\t.\n",
        b"chr1\t25\trs2\tA\t.\t.\t.\t.\n",
        b"chr1\t25\n",
        b"chr1\t25\trs4\tA\tG,\t.\t.\t.\n",
    ]
    parsed = [parse_vcf_line(line, number) for number, line in enumerate(lines)]
    table = score_records(parsed, ScoringPlan((counting_model("G"),)), reference)
    assert table.rows_per_record == [4, 1, 1, 2]
    assert [str(status) for status in table.data["status"]] == [
        "ok",
        "star_allele",
        "ok",
        "symbolic",
        "no_alt",
        "invalid_record",
        "ok",
        "invalid_record",
    ]
    assert table.data["record"] == [0, 0, 0, 0, 1, 2, 3, 3]
    assert table.data["allele"] == [1, 2, 3, 4, 0, 0, 1, 2]
    assert table.data["alt"] == ["G", "*", "AGG", "<DEL>", ".", None, "G", None]
    shifts = table.data["enhancer_log_odds_shift"]
    np.testing.assert_allclose(shifts, [1, np.nan, 2, np.nan, np.nan, np.nan, 1, np.nan])
    assert table.data["enhancer_effect"][1] is None


def test_models_of_different_windows_score_what_they_can(
    counting_model: Make, make_reference: Make
) -> None:
    reference = make_reference(chr1="A" * 50)
    models = (counting_model("G", "enhancer", 40), counting_model("G", "CTCF", 10))
    table = score_records(records(["chr1:10:A:G", "chr1:25:A:G"]), ScoringPlan(models), reference)
    assert [str(status) for status in table.data["status"]] == ["edge", "ok"]
    assert table.data["status_detail"] == ["enhancer=edge", None]
    np.testing.assert_allclose(table.data["enhancer_log_odds_shift"], [np.nan, 1])
    np.testing.assert_allclose(table.data["CTCF_log_odds_shift"], [1, 1])


def test_the_reason_of_highest_precedence_is_the_status(
    counting_model: Make, make_reference: Make
) -> None:
    reference = make_reference(chr1="N" * 12 + "A" * 38)
    models = (counting_model("G", "near", 6), counting_model("G", "far", 40))
    table = score_records(records(["chr1:14:A:G"]), ScoringPlan(models), reference)
    assert table.data["status"] == ["edge"]
    assert table.data["status_detail"] == ["near=has_n,far=edge"]


def test_both_strands_average_and_tell_their_spread(
    counting_model: Make, make_reference: Make
) -> None:
    reference = make_reference(chr1="A" * 50)
    plan = ScoringPlan((counting_model("G"),), strand="both")
    effects = row(score_records(records(["chr1:25:A:G"]), plan, reference))
    # On the other strand the G is a C, which this model does not count.
    assert effects["enhancer_log_odds_shift"] == pytest.approx(0.5)
    assert effects["enhancer_log_odds_shift_spread"] == pytest.approx(1)


def test_a_strand_symmetric_score_is_the_same_on_the_other_strand(
    position_model: Make, make_reference: Make
) -> None:
    """With both strands and both anchors, a variant and its mirror image have one score."""
    forward = make_reference(chr1=GENOME)
    backward = make_reference(chr1=reverse_complement(GENOME))
    plan = ScoringPlan((position_model(),), strand="both", anchors="both", shifts=2)
    for start, ref, alt in [(200, GENOME[199], "N"), (150, GENOME[149:152], GENOME[149])]:
        alt_allele = "ACGT"[("ACGT".index(ref) + 1) % 4] if alt == "N" else alt
        mirror = Variant(
            "chr1",
            len(GENOME) - (start - 1 + len(ref)) + 1,
            reverse_complement(ref),
            reverse_complement(alt_allele),
        )
        here = score_records(records([Variant("chr1", start, ref, alt_allele)]), plan, forward)
        there = score_records(records([mirror]), plan, backward)
        for quantity in ("log_odds_shift", "log_odds_shift_spread", "prob_ref"):
            name = f"enhancer_{quantity}"
            assert row(here)[name] == pytest.approx(row(there)[name], abs=1e-5)


def test_equal_windows_are_computed_once(counting_model: Make, make_reference: Make) -> None:
    reference = make_reference(chr1=GENOME)
    model = counting_model("G")
    base = GENOME[99]
    others = [b for b in "ACGT" if b != base]
    lines = [f"chr1\t100\t.\t{base}\t{','.join(others)}\t.\t.\t.\n".encode()] * 3
    parsed = [parse_vcf_line(line, number) for number, line in enumerate(lines)]
    table = score_records(parsed, ScoringPlan((model,)), reference)
    assert len(table) == 9
    assert model.network.rows_seen == 4  # one reference window and three alternates


def test_progress_adds_up_to_the_alleles(counting_model: Make, make_reference: Make) -> None:
    reference = make_reference(chr1="A" * 60)
    plan = ScoringPlan((counting_model("G"), counting_model("C", "CTCF")), strand="both")
    done: list[float] = []
    score_records(records(["chr1:30:A:G", "chr1:31:A:C"]), plan, reference, advance=done.append)
    assert sum(done) == pytest.approx(2)
    done.clear()
    score_records(records(["chr1:1:A:G"]), plan, reference, advance=done.append)
    assert sum(done) == pytest.approx(1)


class _Broken(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.config = network, network.config

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: str = "none"
    ) -> Tensor:
        logits = self.network(ids, lengths, padding=padding)
        logits[(ids == 8).any(1)] = torch.nan
        return logits


def test_a_logit_that_is_no_number_names_model_and_variant(
    counting_model: Make, make_reference: Make
) -> None:
    reference = make_reference(chr1="A" * 60)
    model: Model = counting_model("G")
    broken = replace(model, network=_Broken(model.network))
    variants = records(["chr1:30:A:C", "chr1:31:A:G"])
    with pytest.raises(ModelError, match=r"enhancer gives .*nan.* record 1 \(chr1:31:A:G\)"):
        score_records(variants, ScoringPlan((broken,)), reference)


def test_no_records_give_an_empty_table(counting_model: Make, make_reference: Make) -> None:
    table = score_records([], ScoringPlan((counting_model(),)), make_reference(chr1="A" * 9))
    assert len(table) == 0
    assert set(table.data) == {column.name for column in table.columns}


@pytest.mark.parametrize("options", [{"shifts": 1}, {"anchors": "both"}, {"strand": "both"}])
def test_where_nothing_can_be_scored_every_column_is_still_there(
    counting_model: Make, make_reference: Make, options: dict[str, Any]
) -> None:
    plan = ScoringPlan((counting_model(),), **options)
    for variants in (["chr1:1:A:G"], []):
        table = score_records(records(variants), plan, make_reference(chr1="A" * 50))
        assert set(table.data) == {column.name for column in table.columns}
        assert np.isnan(table.data["enhancer_log_odds_shift_spread"]).all()


def test_pairs_of_sequences_are_scored_as_they_are(counting_model: Make) -> None:
    plan = ScoringPlan((counting_model("G"),))
    pairs = pair_windows(["ACGT", "aaaa", "ANA"], ["GCGT", "GGAAGG", "AAA"], plan)
    table = score_windows(*pairs, plan)
    assert [str(status) for status in table.data["status"]] == ["ok", "ok", "has_n"]
    np.testing.assert_allclose(table.data["enhancer_log_odds_shift"], [1, 4, np.nan])
    assert table.data["chrom"] == [None] * 3


repeats = st.lists(st.sampled_from(["A", "CA", "TTG", "ACGT"]), min_size=4, max_size=12).map(
    "".join
)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, list[Variant]]:
    """A repetitive genome and many spellings of one deletion or insertion in it."""
    middle = draw(repeats)
    left, right = GENOME[:40], GENOME[40:80]
    genome = left + middle + right
    start = draw(st.integers(41, 40 + len(middle) - 2))
    if draw(st.booleans()):
        removed = draw(st.integers(1, min(6, 40 + len(middle) - start)))
        haplotype = genome[:start] + genome[start + removed :]
    else:
        haplotype = genome[:start] + draw(repeats)[:6] + genome[start:]
    found = []
    for first in range(30, start + 1):
        for kept_behind in (0, 1, 5):
            grown = len(haplotype) - len(genome)
            last = max(start + 8, first + 1) + kept_behind
            ref, alt = genome[first:last], haplotype[first : last + grown]
            same = genome[:first] + alt + genome[last:] == haplotype
            if ref and alt and ref != alt and same:
                found.append(Variant("chr1", first + 1, ref, alt))
    return genome, found


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(spellings())
def test_every_spelling_of_an_allele_has_one_score(
    position_model: Make, make_reference: Make, case: tuple[str, list[Variant]]
) -> None:
    genome, variants = case
    reference: Reference = make_reference(chr1=genome)
    for anchors in ("left", "both"):
        plan = ScoringPlan((position_model(),), anchors=anchors)
        table = score_records(records(variants), plan, reference)
        assert len({str(status) for status in table.data["status"]}) <= 1
        assert len({str(value) for value in table.data["enhancer_log_odds_shift"]}) <= 1
        assert len(set(table.data["kind"])) <= 1
