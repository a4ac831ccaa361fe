"""Effects with one row for each allele and model."""

from __future__ import annotations

import os
from collections.abc import Collection

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io.parquet_damage import parquet_damage, whole_table
from enhancer_variants.schema import (
    CALIBRATED_QUANTITIES,
    IDENTITY_COLUMNS,
    MODEL_QUANTITIES,
    Q_VALUE,
    SPREAD,
)

__all__ = ["tidy"]

_SHIFT = "_log_odds_shift"
_QUANTITIES = [q.name for q in (*MODEL_QUANTITIES, SPREAD, *CALIBRATED_QUANTITIES)]
_QUANTITIES.insert(_QUANTITIES.index("p") + 1, Q_VALUE.name)
_QUANTITIES.insert(_QUANTITIES.index("log_odds_shift") + 1, "risk_log_odds_shift")
_RISK = "_risk"
_KEY = ["record", "allele"]
_IDENTITY = [column.name for column in IDENTITY_COLUMNS]


def tidy(effects: pd.DataFrame, tfbs_table: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Give one row for each allele and model.

    Parameters
    ----------
    effects
        As :meth:`~enhancer_variants.VariantScorer.score_vcf` gives it, or as read from a file.
    tfbs_table
        Parquet file with the rows of every TFBS model, where `effects` holds only the largest
        gain and loss of many models.

    Returns
    -------
    pandas.DataFrame
        The identity columns, ``model``, and that model's quantities, without its name in front.
        The status is the model's own for rows from a table, the allele's for others.
        Alleles in their order, and for each all models in that of their columns.

    Raises
    ------
    InputError
        If `effects` is none, or of several files, or holds no model, or lacks those that are in
        a `tfbs_table`, or the table is none or of other effects.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants import score_vcf
    >>> files = demo_files()
    >>> effects = score_vcf(files.variants, files.reference, enhancer=files.model)
    >>> rows = tidy(effects)
    >>> len(rows) == len(effects), list(rows.columns[10:13])
    (True, ['model', 'prob_ref', 'prob_alt'])
    """
    if not isinstance(effects, pd.DataFrame) or not set(_KEY) <= set(effects.columns):
        raise InputError(f"{type(effects).__name__}: expected a DataFrame of effects")
    if "tfbs_top_gain" in effects and tfbs_table is None:
        raise InputError(
            "these effects hold only the largest gain and loss of many TFBS models: name the "
            "table that was written beside them (tfbs_table='effects.vcf.gz.tfbs.parquet'), or "
            "score with wide=True"
        )
    if effects.duplicated(_KEY).any():
        raise InputError("record and allele do not tell the rows apart: tidy one file's effects")
    models = _models(effects)
    identity = [name for name in _IDENTITY if name in effects]
    parts = [_of_model(effects, model, identity) for model in models]
    if tfbs_table is not None:
        parts.append(_from_table(effects, tfbs_table, identity, models))
    if not parts:
        raise InputError(f"there is no column *{_SHIFT}; expected effects of at least one model")
    joined = pd.concat(parts, ignore_index=True, sort=False)
    return joined.sort_values("_row", kind="stable", ignore_index=True).drop(columns="_row")


def _models(effects: pd.DataFrame) -> list[str]:
    """Name the models that have columns; the shift of a risk allele is a quantity of one."""
    named = [name.removesuffix(_SHIFT) for name in effects.columns if name.endswith(_SHIFT)]
    return [
        name
        for name in named
        if not (name.endswith(_RISK) and name.removesuffix(_RISK) in named)
        or f"{name}_{MODEL_QUANTITIES[0].name}" in effects
    ]


def _of_model(effects: pd.DataFrame, model: str, identity: list[str]) -> pd.DataFrame:
    columns = {f"{model}_{q}": q for q in _QUANTITIES if f"{model}_{q}" in effects}
    rows = effects[identity + list(columns)].rename(columns=columns)
    names = pd.Series(model, index=rows.index, dtype="string")
    rows.insert(len(identity), "model", names)
    return rows.assign(_row=range(len(rows)))


def _from_table(
    effects: pd.DataFrame,
    path: str | os.PathLike[str],
    identity: list[str],
    shown: Collection[str],
) -> pd.DataFrame:
    """Rows of the table, each with what `effects` says of its allele but for its status."""
    with parquet_damage(str(path)):
        table = whole_table(path).to_pandas()
    if missing := {*_KEY, "model", "status"} - set(table.columns):
        raise InputError(f"{path}: has no column {min(missing)}; expected a table of TFBS models")
    table = table[~table["model"].isin(list(shown))]
    own = [name for name in table.columns if name not in identity or name in (*_KEY, "status")]
    known = effects[identity].drop(columns=["status", "status_detail"], errors="ignore")
    rows = known.assign(_row=range(len(effects))).merge(table[own], on=_KEY, how="inner")
    if len(rows) != len(table):
        raise InputError(
            f"{path}: {len(table) - len(rows)} of {len(table)} rows are of alleles that the "
            "effects do not have; expected the table that was written beside them"
        )
    return rows
