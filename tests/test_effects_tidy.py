from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import tidy

MODEL = demo_files().model


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


def test_effects_without_a_model_are_refused() -> None:
    with pytest.raises(ev.InputError, match="no column"):
        tidy(pd.DataFrame({"chrom": ["1"]}))
