"""Of each lead and its proxies, the one with the strongest evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.gwas import LOCUS_COLUMNS, locus_summary

NAN = float("nan")


def _effects(*rows: dict[str, Any], model: str | None = "enhancer") -> pd.DataFrame:
    """Make effects of some alleles: position, lead, shift and whatever else each has."""
    blank = {
        "list_row": 0, "list_variant": 0, "chrom": "chr1", "pos": 1, "id": None, "ref": "A",
        "alt": "G", "proxy_of": None, "proxy_r2": 1.0,
    }  # fmt: skip
    if model:
        blank |= {f"{model}_log_odds_shift": NAN, f"{model}_risk_log_odds_shift": NAN}
    return pd.DataFrame([blank | row for row in rows])


def _best(effects: pd.DataFrame) -> list[Any]:
    return locus_summary(effects)["pos"].tolist()


def test_the_largest_shift_of_the_first_model_wins_whatever_its_sign() -> None:
    effects = _effects(
        {"pos": 1, "id": "rs1", "enhancer_log_odds_shift": 1.0, "CTCF_log_odds_shift": 9.0},
        {"pos": 2, "id": "rs2", "enhancer_log_odds_shift": -3.0, "proxy_of": "rs1"},
        {"pos": 3, "id": "rs3", "enhancer_log_odds_shift": 2.0, "proxy_of": "rs1"},
        {"pos": 4, "id": "rs4", "proxy_of": "rs1"},
        {"list_row": 1, "pos": 9, "id": "rs9", "enhancer_log_odds_shift": 0.5},
    )
    effects.attrs["enhancer_variants"] = {"input": "list.tsv"}
    loci = locus_summary(effects)
    assert list(loci.columns[:8]) == [column.name for column in LOCUS_COLUMNS]
    assert loci["lead"].tolist() == ["rs1", "rs9"]
    assert loci[["locus_alleles", "locus_scored"]].to_numpy().tolist() == [[4, 3], [1, 1]]
    assert loci["evidence"].tolist() == ["enhancer_log_odds_shift"] * 2
    assert loci["evidence_value"].tolist() == [3.0, 0.5]
    assert loci["is_lead"].tolist() == ["no", "yes"]
    assert loci["id"].tolist() == ["rs2", "rs9"]
    assert not loci.columns.duplicated().any()
    assert loci.attrs == effects.attrs


def test_a_calibrated_p_comes_before_the_size() -> None:
    effects = _effects(
        {"pos": 1, "enhancer_log_odds_shift": 9.0, "enhancer_p": NAN},
        {"pos": 2, "enhancer_log_odds_shift": 2.0, "enhancer_p": 0.01, "proxy_of": "a"},
        {"pos": 3, "enhancer_log_odds_shift": 3.0, "enhancer_p": 0.02, "proxy_of": "a"},
        {"pos": 4, "enhancer_log_odds_shift": 2.5, "enhancer_p": 0.01, "proxy_of": "a"},
    )
    loci = locus_summary(effects)
    assert loci["pos"].tolist() == [4]
    assert loci[["evidence", "evidence_value"]].to_numpy().tolist() == [["enhancer_p", 0.01]]


def test_agreement_then_r2_then_the_order_break_ties() -> None:
    same = {"enhancer_log_odds_shift": 1.0, "agreement_tf": None, "proxy_of": "a"}
    rows = [
        same | {"pos": 1, "proxy_of": None, "proxy_r2": 0.5},
        same | {"pos": 2, "proxy_r2": 0.9},
        same | {"pos": 3, "proxy_r2": 0.9},
        same | {"pos": 4, "proxy_r2": 0.8, "agreement_tf": "CTCF"},
    ]
    assert _best(_effects(*rows)) == [4]
    assert _best(_effects(*rows[:3])) == [2]
    assert _best(_effects(*rows[:1])) == [1]


def test_what_counts_without_an_enhancer_model() -> None:
    factor = _effects({"pos": 1, "CTCF_log_odds_shift": -1.0}, model="CTCF")
    assert locus_summary(factor)["evidence"].tolist() == ["CTCF_log_odds_shift"]
    many = _effects(
        {"pos": 1, "tfbs_top_gain_shift": 1.0, "tfbs_top_loss_shift": -2.0},
        {"pos": 2, "tfbs_top_gain_shift": 1.5, "tfbs_top_loss_shift": NAN},
        {"pos": 3, "tfbs_top_gain_shift": NAN, "tfbs_top_loss_shift": NAN},
        model=None,
    )
    loci = locus_summary(many)
    assert loci[["pos", "evidence_value", "locus_scored"]].to_numpy().tolist() == [[1, 2, 2]]
    motifs = _effects(
        {"pos": 1, "motif_log10_p_ratio": 1.0}, {"pos": 2, "motif_log10_p_ratio": -2.0}, model=None
    )
    assert locus_summary(motifs)[["pos", "evidence_value"]].to_numpy().tolist() == [[2, 2]]
    with pytest.raises(InputError, match="nothing to compare"):
        locus_summary(_effects({"pos": 1}, model=None))


def test_a_locus_without_evidence_is_its_lead() -> None:
    effects = _effects(
        {"list_row": 7, "pos": None, "chrom": None, "alt": None, "id": None},
        {"list_row": 7, "pos": 5, "alt": None, "id": None, "proxy_of": "x", "proxy_r2": 1.5},
        {"list_row": 8, "pos": 5, "alt": "G", "id": None},
    ).drop(columns=["proxy_of", "proxy_r2"])
    loci = locus_summary(effects)
    assert loci["list_row"].tolist() == [7, 8]
    assert loci["lead"].fillna("").tolist() == ["", "chr1:5"]
    assert loci[["locus_alleles", "locus_scored"]].to_numpy().tolist() == [[0, 0], [1, 0]]
    assert loci["is_lead"].tolist() == ["yes", "yes"]
    assert loci["evidence"].isna().all()
    assert np.isnan(loci["evidence_value"]).all()


def test_a_lead_that_was_not_found_gives_way_to_a_proxy_that_was() -> None:
    effects = _effects(
        {"pos": None, "alt": None, "id": "rs1"},
        {"pos": 5, "enhancer_log_odds_shift": 0.0, "proxy_of": "rs1"},
        {"pos": 5, "enhancer_log_odds_shift": 0.0, "proxy_of": "rs1"},
    )
    loci = locus_summary(effects)
    assert loci[["lead", "pos", "is_lead"]].to_numpy().tolist() == [["rs1", 5, "no"]]
    assert loci[["locus_alleles", "locus_scored"]].to_numpy().tolist() == [[1, 1]]


def test_effects_that_are_none_of_a_list() -> None:
    empty = _effects({"pos": 1}).iloc[:0]
    assert len(locus_summary(empty)) == 0
    for wrong in (pd.DataFrame({"chrom": []}), "effects.tsv"):
        with pytest.raises(InputError, match="effects of a risk list"):
            locus_summary(wrong)  # type: ignore[arg-type]
