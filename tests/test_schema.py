from __future__ import annotations

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.schema import (
    IDENTITY_COLUMNS,
    MODEL_QUANTITIES,
    SPREAD,
    Status,
    check_distinct,
    model_columns,
    vcf_key,
)


def test_statuses_stand_in_the_order_of_precedence() -> None:
    assert [str(status) for status in Status] == (
        "invalid_record rsid_not_found rsid_ambiguous position_conflict liftover_failed "
        "allele_unknown no_alt star_allele breakend symbolic non_acgt same_allele no_contig "
        "ref_mismatch too_long edge has_n ok"
    ).split()
    assert [status.rank() for status in Status] == list(range(18))
    assert all(status.meaning.endswith(".") for status in Status)


def test_every_column_is_described_and_every_signed_one_says_its_sign() -> None:
    for column in (*IDENTITY_COLUMNS, *MODEL_QUANTITIES, SPREAD):
        assert column.description.endswith(".")
    for column in MODEL_QUANTITIES:
        if column.name in {"log_odds_shift", "score_change"}:
            assert "above 0, the ALT gains" in column.description


def test_identity_columns_are_those_users_join_on() -> None:
    names = [column.name for column in IDENTITY_COLUMNS]
    assert names == ("chrom pos id ref alt record allele status status_detail kind").split()


def test_model_columns_carry_the_name_and_the_key() -> None:
    columns = {column.name: column for column in model_columns("NKX2-5", averaged=True)}
    assert columns["NKX2-5_log_odds_shift"].vcf_key == "EV_NKX2_5_LOG_ODDS_SHIFT"
    assert columns["NKX2-5_log_odds_shift"].description.startswith("NKX2-5: ")
    assert "NKX2-5_log_odds_shift_spread" in columns
    assert "NKX2-5_log_odds_shift_spread" not in {c.name for c in model_columns("NKX2-5")}


@pytest.mark.parametrize(
    ("model", "key"),
    [("MAX::MYC", "EV_MAX__MYC_PROB"), ("a.b c", "EV_A.B_C_PROB"), ("Ω", "EV___PROB")],
)
def test_info_keys_hold_only_what_vcf_allows(model: str, key: str) -> None:
    assert vcf_key(model, "prob") == key


@pytest.mark.parametrize("names", [("NKX2-5", "NKX2_5"), ("ctcf", "CTCF"), ("a b", "a\tb")])
def test_names_that_clash_in_a_vcf_are_refused(names: tuple[str, str]) -> None:
    columns = [*model_columns(names[0]), *model_columns(names[1])]
    with pytest.raises(InputError, match="give one of the models another name"):
        check_distinct(columns)


def test_names_that_differ_are_accepted() -> None:
    check_distinct([*IDENTITY_COLUMNS, *model_columns("CTCF"), *model_columns("GATA1")])
