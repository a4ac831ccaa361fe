from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from enhancer_variants.effects import MotifEvidence, ScoringPlan, SideTables, score_records
from enhancer_variants.effects.factors import FactorSummary
from enhancer_variants.effects.motif_evidence import _motifs_of
from enhancer_variants.effects.plan import MOST_FACTOR_COLUMNS
from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.io import EffectTable, long_frame, open_items
from enhancer_variants.motifs import Motif, motif_panel

Make = Callable[..., Any]

GA = Motif("toy", "gata::other", [[0, 0, 1000, 0], [1000, 0, 0, 0]] * 4)
"""Its consensus is GAGAGAGA."""

SIGNS = {"GATA": np.array([1, -1, 0, 1, 1], dtype=np.int8)}


def plan_of(*factors: Any, **options: Any) -> ScoringPlan:
    return ScoringPlan(tfbs=factors, **options)


def summary(plan: ScoringPlan, rows: int, **evidence: Any) -> FactorSummary:
    identity = AlleleRows.of_sequences(list(open_items(["chr1:1:A:T"] * rows).records))
    found = MotifEvidence({}, evidence["signs"]) if evidence else None
    return FactorSummary(plan, identity, found, None)


def effects(*shifts: float) -> dict[str, Any]:
    return {"log_odds_shift": np.array(shifts)}


def test_the_largest_gain_and_loss_are_named(counting_model: Make) -> None:
    names = [f"M{number}" for number in range(MOST_FACTOR_COLUMNS + 1)]
    plan = plan_of(*(counting_model(name=name) for name in names))
    assert plan.only_top_factors
    factors = summary(plan, 4)
    factors.add(effects(1, -1, 0, np.nan), [])
    factors.add(effects(2, -1, 0, np.nan), [])
    factors.add(effects(2, -3, 0, np.nan), [])
    columns = factors.columns(None)
    assert columns["tfbs_top_gain"] == ["M1", None, None, None]  # the first of equals
    np.testing.assert_equal(columns["tfbs_top_gain_shift"], [2, np.nan, np.nan, np.nan])
    assert columns["tfbs_top_loss"] == [None, "M2", None, None]
    np.testing.assert_equal(columns["tfbs_top_loss_shift"], [np.nan, -3, np.nan, np.nan])


def test_agreement_needs_one_sign_and_both_thresholds(counting_model: Make) -> None:
    motifs = motif_panel([GA])
    plan = plan_of(counting_model(name="GATA"), counting_model(name="SPI1"), motifs=motifs)
    factors = summary(plan, 5, signs=SIGNS)
    factors.add(effects(1, -2, 5, -5, 0.99), [])
    factors.add(effects(9, 9, 9, 9, 9), [])  # has no motif, and cannot agree
    columns = factors.columns(np.array([-1.0, -1.0, 1.0, 1.0, np.nan]))
    assert columns["agreement_tf"] == ["GATA", "GATA", None, None, None]
    assert columns["agreement"] == ["gain", "loss", None, None, None]
    assert columns["agreement_enhancer"] == ["opposite", "same", None, None, None]


def test_the_threshold_of_the_shift_is_an_argument(counting_model: Make) -> None:
    plan = plan_of(counting_model(name="GATA"), motifs=motif_panel([GA]), agreement_shift=0.5)
    factors = summary(plan, 5, signs=SIGNS)
    factors.add(effects(0.5, -0.4, 0, 0, 0.9), [])
    assert factors.columns(None)["agreement"] == ["gain", None, None, None, "gain"]
    assert "agreement_enhancer" not in factors.columns(None)


def test_without_motifs_there_is_no_agreement(counting_model: Make) -> None:
    factors = summary(plan_of(counting_model(name="GATA")), 1)
    factors.add(effects(1), [])
    assert factors.columns(None) == {}


def scored(plan: ScoringPlan, make_reference: Make) -> tuple[EffectTable, list[Mapping[str, Any]]]:
    reference = make_reference(chr1="C" * 30 + "GAGAGAGA" + "C" * 30)
    rows: list[Mapping[str, Any]] = []
    records = list(open_items(["chr1:33:G:A", "chr1:10:C:G", "chr1:2:C:G", "chr9:1:A:T"]).records)
    table = score_records(records, plan, reference, side_tables=SideTables(factors=rows.append))
    return table, rows


def test_the_long_table_has_a_row_for_each_allele_and_model(
    counting_model: Make, make_reference: Make
) -> None:
    factors = [counting_model("G", name="GATA"), counting_model("C", name="SPI1", window=4)]
    plan = ScoringPlan(
        (counting_model("A"),),
        tfbs=tuple(factors),
        motifs=motif_panel([GA]),
        motif_window=20,
        agreement_shift=0.9,
    )
    table, rows = scored(plan, make_reference)
    long = long_frame(rows, plan.long_columns)
    assert long["model"].tolist() == ["GATA"] * 4 + ["SPI1"] * 4
    assert long["pos"].tolist() == [33, 10, 2, 1] * 2
    statuses = "ok edge edge no_contig ok ok edge no_contig"
    assert long["status"].tolist() == statuses.split()
    assert table.data["status_detail"][1].startswith("enhancer=edge,GATA=edge,motif=edge")
    assert long["log_odds_shift"].tolist()[:1] == [-1]
    assert long["agreement"].fillna("").tolist() == ["loss", "", "", ""] + ["no_motif"] * 2 + [
        "",
        "",
    ]
    assert long["log_odds_shift"].dtype == np.float32
    assert table.data["agreement_tf"] == ["GATA", None, None, None]
    assert table.data["agreement_enhancer"] == ["opposite", None, None, None]
    assert table.data["motif_effect"][0] == "weakened"


def test_many_factors_give_the_same_long_table_and_few_columns(
    position_model: Make, make_reference: Make
) -> None:
    factors = tuple(position_model(name=f"TF{n}", k=1 + n % 3) for n in range(20))
    narrow, wide = ScoringPlan(tfbs=factors), ScoringPlan(tfbs=factors, wide=True)
    (few, long), (many, same) = scored(narrow, make_reference), scored(wide, make_reference)
    columns = narrow.long_columns
    assert long_frame(long, columns).equals(long_frame(same, columns))
    shifts = np.array([many.data[f"TF{n}_log_odds_shift"] for n in range(20)])
    assert shifts[:, 0].max() > 0
    assert few.data["tfbs_top_gain"][0] == f"TF{shifts[:, 0].argmax()}"
    assert few.data["tfbs_top_gain_shift"][0] == shifts[:, 0].max()
    assert not any(name.startswith("TF1_") for name in few.data)
    assert "tfbs_top_gain" not in many.data


def test_a_model_is_ready_only_when_it_scores(counting_model: Make, make_reference: Make) -> None:
    asked_for = []

    def ready(model: Any) -> Any:
        asked_for.append(model.name)
        return model

    factors = (counting_model(name="A"), counting_model(name="B"))
    scored(ScoringPlan((counting_model(),), tfbs=factors, ready=ready), make_reference)
    assert asked_for == ["enhancer", "A", "B"]


def test_labels_of_one_model_are_factors(counting_model: Make, make_reference: Make) -> None:
    one = counting_model(name="many")
    labels = replace(
        one,
        output_names=("CTCF", "SPI1"),
        card=replace(one.card, task="multi_label", labels=("CTCF", "SPI1"), positive_label=None),
    )
    plan = ScoringPlan(tfbs=(labels,))
    assert plan.factors == ("CTCF", "SPI1")
    table, rows = scored(plan, make_reference)
    assert table.data["SPI1_log_odds_shift"][0] == pytest.approx(-1)  # z / ln 2 counts the G
    assert long_frame(rows, plan.long_columns)["model"].unique().tolist() == ["CTCF", "SPI1"]


@pytest.mark.parametrize(
    ("factor", "motif", "known"),
    [
        ("GATA", "gata::other", True),
        ("Other::GATA", "gata::other", True),
        ("fos::jun", "FOS::JUN", True),
        ("FOS::JUN", "JUN", False),
        ("GAT", "GATA", False),
    ],
)
def test_a_motif_is_a_factors_by_the_parts_of_its_name(
    factor: str, motif: str, known: bool
) -> None:
    panel = motif_panel([Motif("toy", motif, GA.matrix)])
    assert (factor in _motifs_of([factor], panel)) is known


def test_many_factors_of_one_reason_are_told_at_once(
    counting_model: Make, make_reference: Make
) -> None:
    factors = tuple(counting_model(name=f"TF{n}") for n in range(17))
    table, _ = scored(ScoringPlan((counting_model(),), tfbs=factors), make_reference)
    assert table.data["status_detail"][1] == "enhancer=edge,tfbs=edge"
