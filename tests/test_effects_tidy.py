from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import tidy
from enhancer_variants.motifs import Motif

MODEL = demo_files().model
TOY = Motif("M1", "TOY", [[9, 0, 0, 1]] * 6)


def scorer(**options: Any) -> ev.VariantScorer:
    return ev.VariantScorer(demo_files().reference, **options)


def test_every_allele_has_a_row_for_each_model() -> None:
    effects = scorer(enhancer=MODEL, tfbs={"CTCF": MODEL}).score_vcf(demo_files().variants)
    rows = tidy(effects)
    assert rows["model"].tolist() == ["enhancer", "CTCF"] * len(effects)
    assert rows["record"].tolist() == [r for record in effects["record"] for r in (record, record)]
    for model in ("enhancer", "CTCF"):
        of_model = rows[rows["model"] == model].reset_index(drop=True)
        for quantity in ("log_odds_shift", "effect"):
            expected = effects[f"{model}_{quantity}"]
            pd.testing.assert_series_equal(of_model[quantity], expected, check_names=False)


def test_many_models_come_from_the_table_beside(tmp_path: Path) -> None:
    factors = {f"TF{number}": MODEL for number in range(17)}
    output = tmp_path / "effects.parquet"
    scorer(enhancer=MODEL, tfbs=factors).annotate(demo_files().variants, output)
    effects = pd.read_parquet(output)
    rows = tidy(effects, f"{output}.tfbs.parquet")
    assert rows["model"].tolist() == ["enhancer", *factors] * len(effects)
    assert rows["log_odds_shift"].isna().sum() == 18 * (effects["status"] != "ok").sum()
    with pytest.raises(ev.InputError, match="name the table"):
        tidy(effects)
    with pytest.raises(ev.InputError, match="are of alleles that the effects do not have"):
        tidy(effects.iloc[1:], f"{output}.tfbs.parquet")
    with pytest.raises(ev.InputError, match="cannot be read as Parquet"):
        tidy(effects, demo_files().variants)
    with pytest.raises(ev.InputError, match="has no column model"):
        tidy(effects, output)
    with pytest.raises(ev.InputError, match="one file's effects"):
        tidy(pd.concat([effects, effects]), f"{output}.tfbs.parquet")


def test_models_that_have_columns_are_not_taken_from_the_table_again(tmp_path: Path) -> None:
    output, table = tmp_path / "effects.parquet", tmp_path / "table.parquet"
    one = scorer(enhancer=MODEL, tfbs={"CTCF": MODEL})
    one.annotate(demo_files().variants, output, tfbs_table=table)
    effects = pd.read_parquet(output)
    pd.testing.assert_frame_equal(
        tidy(effects, table).drop(columns="agreement", errors="ignore"), tidy(effects)
    )


def test_a_row_from_the_table_has_its_models_own_status(tmp_path: Path) -> None:
    factors = {f"TF{number}": MODEL for number in range(17)}
    output = tmp_path / "effects.parquet"
    one = scorer(tfbs=factors, motifs=[TOY], window=None)
    one.annotate(demo_files().variants, output)
    rows = tidy(pd.read_parquet(output), f"{output}.tfbs.parquet")
    assert (rows["status"].eq("ok") == rows["log_odds_shift"].notna()).all()


def test_effects_without_a_model_are_refused() -> None:
    with pytest.raises(ev.InputError, match="no column"):
        tidy(pd.DataFrame({"record": [0], "allele": [1]}))
    for nothing in (pd.DataFrame({"chrom": ["1"]}), "effects.parquet"):
        with pytest.raises(ev.InputError, match="expected a DataFrame of effects"):
            tidy(nothing)  # type: ignore[arg-type]
