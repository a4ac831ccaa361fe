"""Evidence in words: what is said follows from the row, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import enhancer_variants as ev
from enhancer_variants.reports.effect_rows import models_of, number, text, variant_name
from enhancer_variants.reports.evidence import evidence_in_words
from enhancer_variants.schema import Status

SCORED = {"ref": "A", "alt": "T", "status": "ok", "kind": "snv"}


def test_a_name_does_not_turn_round_what_is_said_of_it() -> None:
    turned = "rs1\u202e\u2067\x1b[31m"
    row = {**SCORED, "id": turned, "motif_id": turned, "motif_tf": turned, "motif_effect": turned}
    shown = "rs1\ufffd\ufffd\ufffd[31m"
    assert f"{shown} ({shown}), is {shown}" in evidence_in_words(row)
    assert variant_name(row) == shown


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"enhancer_log_odds_shift": 1.5}, "T instead of A raises the enhancer score by 1.50"),
        ({"enhancer_log_odds_shift": -1.5}, "T instead of A lowers the enhancer score by 1.50"),
        ({"enhancer_log_odds_shift": 0.0}, "leaves the enhancer score as it is."),
        ({"enhancer_log_odds_shift": -0.001}, "lowers the enhancer score by less than 0.01 log2"),
        (
            {"enhancer_log_odds_shift": 1.0, "ref": "A", "alt": "A" * 20, "kind": "insertion"},
            "The insertion raises",
        ),
        ({"enhancer_log_odds_shift": 1.0, "ref": "A", "alt": "A" * 20}, "The ALT allele raises"),
        (
            {
                "enhancer_log_odds_shift": 2.0,
                "enhancer_prob_ref": 0.25,
                "enhancer_prob_alt": 0.5714,
                "enhancer_effect": "gain",
                "enhancer_percentile": 0.99999,
                "enhancer_p": 0.00012,
            },
            "T instead of A raises the enhancer score by 2.00 log2 odds (probability 0.25 to "
            "0.571), across the model's decision threshold (gain); the shift is at least as large "
            "as 99.9 % of the model's null distribution (p = 1.2e-4).",
        ),
    ],
)
def test_the_enhancer_comes_first(row: dict[str, object], said: str) -> None:
    words = evidence_in_words({**SCORED, **row})
    assert said in words


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        ({"A": 0.9, "B": -0.95}, "of the TFBS models B (-0.95) moves most."),
        ({"A": 1.0}, "1 TFBS model moves by 1 log2 unit or more: A (+1.00)."),
        ({"A": 1.0, "B": -2.0}, "2 TFBS models move by 1 log2 unit or more: B (-2.00) and A"),
        (
            {"A": 1.1, "B": -2.0, "C": 3.0, "D": 1.5, "E": 0.1},
            "4 TFBS models move by 1 log2 unit or more: C (+3.00), B (-2.00), D (+1.50) and 1 more",
        ),
    ],
)
def test_factors_that_move_are_named_and_weak_ones_counted(
    shifts: dict[str, float], said: str
) -> None:
    row = {f"{model}_log_odds_shift": shift for model, shift in shifts.items()}
    assert said in evidence_in_words({**SCORED, **row})


def test_weak_effects_are_said_to_be_weak_only_where_the_enhancer_is_weak_too() -> None:
    weak = {**SCORED, "enhancer_log_odds_shift": 0.5, "CTCF_log_odds_shift": 0.5}
    assert "No model moves by as much as 1 log2 unit" in evidence_in_words(weak)
    strong = {**weak, "enhancer_log_odds_shift": 1.5}
    assert "No TFBS model moves by as much as 1 log2 unit" in evidence_in_words(strong)


def test_of_many_models_the_largest_gain_and_loss_are_named() -> None:
    row = {
        **SCORED,
        "tfbs_top_gain": "SRF",
        "tfbs_top_gain_shift": 0.4,
        "tfbs_top_loss": "YY1",
        "tfbs_top_loss_shift": -2.5,
        "enhancer_log_odds_shift": 0.1,
    }
    assert "Of all TFBS models, YY1 (-2.50) moves most." in evidence_in_words(row)
    both = {**row, "tfbs_top_gain_shift": 1.4}
    assert "Of all TFBS models, YY1 (-2.50) and SRF (+1.40) move most." in evidence_in_words(both)


MOTIF = {
    **SCORED,
    "motif_id": "MA0139.2",
    "motif_tf": "CTCF",
    "motif_effect": "disrupted",
    "motif_p_ref": 1.2e-6,
    "motif_p_alt": 0.003,
}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "The motif that changes most, CTCF (MA0139.2), is disrupted (p 1.2e-6 in REF, 0.003"),
        ({"motif_p_change": 0.0004}, "0.003 in ALT; p of such a change 4.0e-4)."),
        ({"motif_effect": "none"}, "CTCF (MA0139.2), has no hit that changes (p"),
        ({"motif_tf": None, "motif_p_ref": None}, "most, MA0139.2, is disrupted."),
        ({"agreement_tf": pd.NA}, "; no TFBS model agrees with a motif of its factor."),
        (
            {"agreement_tf": "CTCF", "agreement": "loss", "agreement_enhancer": "same"},
            "; model and motif of CTCF agree on a loss of binding, and the enhancer score moves "
            "the same way.",
        ),
        (
            {"agreement_tf": "REST", "agreement": "loss", "agreement_enhancer": "opposite"},
            "while the enhancer score moves the other way, as it may for a repressor.",
        ),
        ({"agreement_tf": "CTCF", "agreement": "gain"}, "agree on a gain of binding."),
    ],
)
def test_the_motif_and_whether_a_model_agrees(row: dict[str, object], said: str) -> None:
    assert said in evidence_in_words({**MOTIF, **row})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"orientation": "direct", "enhancer_risk_log_odds_shift": 0.5},
            "The risk allele T has a higher enhancer score than A (+0.50 log2 odds).",
        ),
        (
            {
                "orientation": "assumed",
                "enhancer_risk_log_odds_shift": -0.5,
                "proxy_of": "rs9",
                "proxy_r2": 0.9,
            },
            "The risk allele T (a proxy of rs9, r2 0.90) has a lower enhancer score than A "
            "(-0.50 log2 odds, if the list writes the forward strand).",
        ),
        ({"orientation": "direct", "enhancer_risk_log_odds_shift": 0.0}, "has the same enhancer"),
        ({"orientation": "palindromic", "risk_allele": ""}, "cannot be told (palindromic), so the"),
        ({"orientation": "unknown", "risk_allele": ""}, "Which allele carries the risk is not"),
        ({"orientation": "direct"}, "The list compares T with A, which is another change"),
    ],
)
def test_the_risk_allele_has_the_last_word(row: dict[str, object], said: str) -> None:
    listed = {"risk_allele": "T", "other_allele": "A", "enhancer_log_odds_shift": 0.5}
    assert said in evidence_in_words({**SCORED, **listed, **row})


def test_rows_of_no_list_have_no_risk_allele() -> None:
    assert "risk" not in evidence_in_words({**SCORED, "enhancer_log_odds_shift": 0.5})


@pytest.mark.parametrize("status", [status for status in Status if status != "ok"])
def test_the_reason_is_given_for_what_was_not_scored(status: Status) -> None:
    words = evidence_in_words({"status": status.value, "enhancer_log_odds_shift": float("nan")})
    assert words.startswith(f"Not scored ({status}): ")
    assert words.endswith(".")
    assert "Risk lists" not in words


def test_what_was_found_is_added_where_it_says_more() -> None:
    row = {"status": "edge", "status_detail": "enhancer=edge,motif=edge"}
    assert "Found" not in evidence_in_words(row)
    detailed = {"status": "no_contig", "status_detail": "the reference has no contig chr9"}
    assert evidence_in_words(detailed).endswith("Found: the reference has no contig chr9.")
    assert evidence_in_words({"status": "a new one"}) == "Not scored (a new one)."


def test_models_that_could_not_score_are_named_where_others_could() -> None:
    row = {**SCORED, "status": "edge", "status_detail": "long=edge", "enhancer_log_odds_shift": 1.0}
    words = evidence_in_words(row)
    assert words.startswith("Not every model could score this allele (edge). Found: long=edge.")
    assert "raises the enhancer score" in words


def test_enhancer_models_of_other_names_are_told_by_name() -> None:
    row = {**SCORED, "e201_log_odds_shift": 1.0, "e350_log_odds_shift": -1.0}
    words = evidence_in_words(row, enhancers=["e201", "e350"])
    assert "raises the score of the model e201" in words
    assert "lowers the score of the model e350" in words
    assert "TFBS" not in words


def test_nothing_was_asked() -> None:
    assert (
        evidence_in_words({"status": "ok"}) == "No model and no motif was asked about this allele."
    )


@settings(max_examples=40)
@given(
    shift=st.floats(-20, 20).filter(lambda value: abs(value) >= 0.005),
    factor=st.floats(-20, 20),
    p=st.floats(1e-7, 1),
)
def test_a_series_says_what_a_mapping_says_and_swapping_the_sign_swaps_the_verb(
    shift: float, factor: float, p: float
) -> None:
    row = {
        **SCORED,
        "enhancer_log_odds_shift": shift,
        "enhancer_percentile": 1 - p,
        "enhancer_p": p,
        "CTCF_log_odds_shift": factor,
    }
    words = evidence_in_words(row)
    assert evidence_in_words(pd.Series(row)) == words
    other = evidence_in_words({**row, "enhancer_log_odds_shift": -shift})
    verbs = ("raises", "lowers") if shift > 0 else ("lowers", "raises")
    assert verbs[0] in words
    assert words.replace(verbs[0], verbs[1], 1) == other


def test_rows_are_read_whatever_stands_for_nothing() -> None:
    row = pd.Series({"a": None, "b": pd.NA, "c": float("nan"), "d": "", "e": "x", "f": 2})
    assert [number(row, name) for name in "abcdf"] == [None, None, None, None, 2.0]
    assert [text(row, name) for name in "abce"] == ["", "", "", "x"]
    assert models_of(["A_log_odds_shift", "A_risk_log_odds_shift", 3]) == ["A"]
    assert models_of(["at_risk_log_odds_shift"]) == ["at_risk"]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"id": "rs1", "chrom": "1", "pos": 5}, "rs1"),
        ({"id": ".", "chrom": "1", "pos": 5_000, "ref": "A" * 13, "alt": "T"}, "1:5,000 13 bp>T"),
        ({"id": pd.NA, "chrom": "1", "pos": pd.NA, "ref": "A", "alt": "T"}, "1 A>T"),
        ({"ref": "A", "alt": "T"}, "A>T"),
        ({"chrom": "1", "pos": 7}, "1:7"),
    ],
)
def test_alleles_have_names(row: dict[str, object], name: str) -> None:
    assert variant_name(row) == name


def test_it_stands_at_the_top() -> None:
    assert ev.evidence_in_words is evidence_in_words
