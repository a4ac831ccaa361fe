"""The folder of an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.training.variant_evaluation import (
    MEAN_OF_GROUPS,
    VariantEvaluation,
    evaluate_variants,
    variant_evaluation_as_dict,
    variant_evaluation_text,
    write_variant_evaluation,
)


def evaluation(p_value: str | None = "p") -> VariantEvaluation:
    generator = np.random.default_rng(4)
    frame = pd.DataFrame({"chrom": "1", "pos": range(1, 41), "ref": "A", "alt": list("CGTG") * 10})
    frame["lfc"] = generator.normal(size=40)
    frame["p"] = np.where(generator.random(40) < 0.5, 1e-9, 0.2)
    frame["element"] = ["one", "two"] * 20
    frame["my_log_odds_shift"] = frame["lfc"] + generator.normal(size=40)
    frame.loc[3, "my_log_odds_shift"] = None
    frame.loc[4, "p"] = None
    frame.loc[5, "lfc"] = None
    return evaluate_variants(frame, effect="lfc", group="element", p_value=p_value, resamples=40)


def test_tables_and_json_say_the_same(tmp_path: Path) -> None:
    found = evaluation()
    paths = write_variant_evaluation(found, tmp_path / "out")
    assert [path.name for path in paths] == [
        "variant_evaluation.json",
        "metrics.tsv",
        "differences.tsv",
        "variants.tsv",
    ]
    content = json.loads(paths[0].read_text())
    assert content == json.loads(json.dumps(variant_evaluation_as_dict(found)))
    metrics = pd.read_csv(paths[1], sep="\t")
    assert len(metrics) == len(content["metrics"]) == 2 * 2 * 4 * 3
    one = metrics[(metrics["score"] == "my_log_odds_shift") & (metrics["group"] == MEAN_OF_GROUPS)]
    row = one[(one["metric"] == "pearson") & (one["variants"] == "common")].iloc[0]
    interval = found.figure("my_log_odds_shift", "pearson").interval
    assert row[["value", "low", "high"]].tolist() == pytest.approx(
        [interval.value, interval.lower, interval.upper], abs=1e-5
    )
    assert (row["n"], row["groups"]) == (38, 2)
    differences = pd.read_csv(paths[2], sep="\t")
    assert len(differences) == len(content["differences"]) == 4 * 3
    sure = differences["better"].notna()
    assert (sure == ((differences["low"] > 0) | (differences["high"] < 0))).all()
    variants = pd.read_csv(
        paths[3],
        sep="\t",
        dtype={"chrom": str},
        keep_default_na=False,
        na_values={name: [""] for name in ("p_value", "my_log_odds_shift")},
    )
    pd.testing.assert_frame_equal(variants, found.variants, rtol=1e-5, check_dtype=False)


def test_counts_and_what_is_missing() -> None:
    alleles = variant_evaluation_as_dict(evaluation())["alleles"]
    assert alleles["left_out"] == {"no lfc": 1}
    assert (alleles["read"], alleles["evaluated"], alleles["compared"]) == (40, 39, 38)
    assert alleles["without_p_value"] == 1
    assert alleles["groups"]["two"]["compared"] == 18
    assert alleles["significant"] == sum(g["significant"] for g in alleles["groups"].values())
    scores = variant_evaluation_as_dict(evaluation())["scores"]
    assert scores["my_log_odds_shift"]["missing"] == {"no my_log_odds_shift": 1}
    assert "significant" not in variant_evaluation_as_dict(evaluation(None))["alleles"]


def test_equal_results_are_equal_bytes_and_what_is_undefined_is_null(tmp_path: Path) -> None:
    first = write_variant_evaluation(evaluation(), tmp_path / "a")
    second = write_variant_evaluation(evaluation(), tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    content = json.loads(first[0].read_text(), parse_constant=pytest.fail)
    assert {one["p_value"] for one in content["metrics"] if one["metric"] == "pearson"} == {None}
    assert str(tmp_path) not in first[0].read_text()


def test_one_score_alone_has_an_empty_table_of_differences(tmp_path: Path) -> None:
    frame = pd.DataFrame({"chrom": "1", "pos": [1, 2], "ref": "A", "alt": "C", "lfc": [1.0, 2.0]})
    found = evaluate_variants(frame, effect="lfc", scores=[], resamples=3)
    write_variant_evaluation(found, tmp_path)
    assert list(pd.read_csv(tmp_path / "differences.tsv", sep="\t"))[:2] == ["score", "than"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("here first")
    with pytest.raises(InputError, match="is a file; expected a folder"):
        write_variant_evaluation(evaluation(), target)
    assert target.read_text() == "here first"


def test_the_text_has_counts_figures_and_verdicts() -> None:
    lines = variant_evaluation_text(evaluation()).splitlines()
    assert lines[:4] == [
        "39 of 40 alleles evaluated, 38 of them with all scores; means of 2 groups",
        "  left out: 1 no lfc",
        "  without p: 1",
        "  without my_log_odds_shift: 1 no my_log_odds_shift",
    ]
    assert lines[4].split() == ["pearson", "spearman", "auroc", "direction"]
    interval = evaluation().figure("my_log_odds_shift", "pearson").interval
    shown = f"{interval.value:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"
    assert lines[5].startswith(f"my_log_odds_shift  {shown}  ")
    assert "better by pearson: my_log_odds_shift than gc_change" in lines


def test_the_text_of_what_nothing_can_be_said_about() -> None:
    frame = pd.DataFrame({"chrom": "1", "pos": [1, 2], "ref": "A", "alt": "C", "lfc": [1.0, 2.0]})
    other = frame.assign(pos=[2, 3], x=[5.0, 5.0]).drop(columns="lfc")
    found = evaluate_variants(other, effect="lfc", measured=frame, scores=["x"], resamples=3)
    text = variant_evaluation_text(found)
    assert "  measured but not scored: 1\n" in text
    assert "  left out: 1 not in the DataFrame\n" in text
    assert "x          not defined  not defined\n" in text
    assert text.endswith("no score is better than another")
