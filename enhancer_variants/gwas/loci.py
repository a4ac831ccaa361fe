"""Of each lead variant and its proxies, the one with the strongest evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.schema import Column

__all__ = ["LOCUS_COLUMNS", "locus_summary"]

LOCUS_COLUMNS = (
    Column("list_row", "integer", "0-based", "Number of the list's data row."),
    Column("list_variant", "integer", "0-based", "Number of the variant within its row."),
    Column("lead", "string", "", "The lead variant: its identifier, else where it lies."),
    Column("locus_alleles", "integer", "", "Distinct alleles of the lead and its proxies."),
    Column("locus_scored", "integer", "", "How many of them have evidence."),
    Column("evidence", "string", "", "The column that decided which is the strongest."),
    Column("evidence_value", "float", "", "Its value for the strongest; of shifts, the size."),
    Column("is_lead", "string", "", "yes where the strongest is the lead itself, else no."),
)
"""In front of the columns of the strongest allele of a locus."""

_KEY = ["list_row", "list_variant"]
_ALLELE = ["chrom", "pos", "ref", "alt"]
_SHIFT = "_log_odds_shift"
_RISK_SHIFT = "_risk_log_odds_shift"


def locus_summary(effects: pd.DataFrame) -> pd.DataFrame:
    """Give one row for each lead variant: the strongest of it and its proxies.

    The evidence is the size of the first model's log-odds shift: the enhancer model's, where there
    is one. Where that model is calibrated, its p-value comes before the size. With the largest gain
    and loss of many TFBS models and no enhancer model it is the larger of the two; with motifs
    alone, the size of ``motif_log10_p_ratio``. Of equals, an allele with an agreement between a
    TFBS model and a motif comes first, then the one with the larger r2, then the earlier row.

    Parameters
    ----------
    effects
        As :func:`~enhancer_variants.score_gwas` gives it, with or without proxies.

    Returns
    -------
    pandas.DataFrame
        The columns of :data:`LOCUS_COLUMNS`, then those of the strongest allele, in the order of
        the list. A locus without any evidence has the lead's first row.

    Raises
    ------
    InputError
        If these are no effects of a list, or nothing was scored with.

    Examples
    --------
    >>> effects = pd.DataFrame({
    ...     "list_row": [0, 0], "list_variant": [0, 0], "chrom": "chr1", "pos": [5, 9],
    ...     "id": ["rs1", "rs2"], "ref": "A", "alt": "G", "proxy_of": [None, "rs1"],
    ...     "proxy_r2": [1, 0.9], "enhancer_log_odds_shift": [0.1, -2.5],
    ...     "enhancer_risk_log_odds_shift": [0.1, None]})
    >>> locus_summary(effects)[["lead", "id", "evidence_value", "is_lead"]].values.tolist()
    [['rs1', 'rs2', 2.5, 'no']]
    """
    if not isinstance(effects, pd.DataFrame) or not {*_KEY, *_ALLELE} <= set(effects.columns):
        raise InputError("expected effects of a risk list, as score_gwas gives them")
    evidence = _evidence(effects)
    order = effects[_KEY].astype("int64").assign(_row=np.arange(len(effects)))
    ranked = order.assign(**evidence.ranks).sort_values([*_KEY, *evidence.ranks, "_row"])
    best = ranked.groupby(_KEY, sort=True)["_row"].first().to_numpy(dtype=np.intp)
    first = order.groupby(_KEY, sort=True)["_row"].first().to_numpy(dtype=np.intp)
    # Where nothing has evidence the lead stands for its locus: it is the first row.
    best = np.where(np.isnan(evidence.value[best]), first, best) if len(best) else best
    distinct = effects.assign(_has=~np.isnan(evidence.value)).drop_duplicates([*_KEY, *_ALLELE])
    named = distinct[distinct["alt"].notna()].groupby(_KEY)["_has"].agg(["size", "sum"])
    strongest = effects.iloc[best].reset_index(drop=True)
    counts = named.reindex(pd.MultiIndex.from_frame(strongest[_KEY]), fill_value=0)
    leads = effects.iloc[first]
    is_proxy = _proxy_of(strongest) != ""
    has = ~np.isnan(evidence.value[best])
    summary = pd.DataFrame(
        {
            "list_row": strongest["list_row"],
            "list_variant": strongest["list_variant"],
            "lead": _texts(_names(leads)),
            "locus_alleles": counts["size"].to_numpy(dtype="int64"),
            "locus_scored": counts["sum"].to_numpy(dtype="int64"),
            "evidence": _texts(np.where(has, evidence.columns[best], None)),
            "evidence_value": evidence.value[best],
            "is_lead": _texts(np.where(is_proxy, "no", "yes")),
        }
    )
    joined = pd.concat([summary, strongest.drop(columns=_KEY)], axis=1)
    joined.attrs = dict(effects.attrs)
    return joined


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Evidence of each row.

    `columns` names where it comes from, `value` is it (NaN for none), and `ranks` are the columns
    to sort by, the smallest first.
    """

    columns: np.ndarray[Any, np.dtype[np.object_]]
    value: np.ndarray[Any, np.dtype[np.float64]]
    ranks: dict[str, Any]


def _evidence(effects: pd.DataFrame) -> _Evidence:
    model = _first_model(effects)
    if model is not None:
        column, sizes = f"{model}{_SHIFT}", np.abs(_numbers(effects, f"{model}{_SHIFT}"))
    elif "tfbs_top_gain_shift" in effects:
        both = [_numbers(effects, f"tfbs_top_{what}_shift") for what in ("gain", "loss")]
        column, sizes = "tfbs_top_gain_shift, tfbs_top_loss_shift", _largest(np.abs(both))
    elif "motif_log10_p_ratio" in effects:
        column = "motif_log10_p_ratio"
        sizes = np.abs(_numbers(effects, column))
    else:
        raise InputError("these effects have no shift of a model and no motif: nothing to compare")
    p = _numbers(effects, f"{model}_p")
    has_p = ~np.isnan(p)
    agreement = effects["agreement_tf"].isna() if "agreement_tf" in effects else False
    ranks = {
        "_p": np.where(has_p, p, 2.0),
        "_size": -np.nan_to_num(sizes, nan=-1.0),
        "_agreement": agreement,
        "_r2": -np.nan_to_num(_numbers(effects, "proxy_r2"), nan=0.0),
    }
    columns = np.where(has_p, f"{model}_p", column).astype(object)
    return _Evidence(columns, np.where(has_p, p, sizes), ranks)


def _first_model(effects: pd.DataFrame) -> str | None:
    models = (name.removesuffix(_SHIFT) for name in effects.columns if name.endswith(_SHIFT))
    return next((model for model in models if f"{model}{_RISK_SHIFT}" in effects), None)


def _numbers(effects: pd.DataFrame, column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    if column not in effects:
        return np.full(len(effects), np.nan)
    return effects[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _largest(
    sizes: np.ndarray[Any, np.dtype[np.float64]],
) -> np.ndarray[Any, np.dtype[np.float64]]:
    known = ~np.isnan(sizes)
    largest = np.where(known, sizes, -1.0).max(axis=0)
    return np.asarray(np.where(known.any(axis=0), largest, np.nan))


def _proxy_of(effects: pd.DataFrame) -> Any:
    if "proxy_of" not in effects:
        return np.full(len(effects), "")
    return effects["proxy_of"].fillna("").to_numpy(dtype=object)


def _texts(values: Any) -> pd.Series[str]:
    return pd.Series(values, dtype="string")


def _names(leads: pd.DataFrame) -> Sequence[str | None]:
    """Name each lead by its identifier, else by its place, else not at all."""
    names: list[str | None] = []
    columns = [
        leads[c].tolist() if c in leads else [None] * len(leads) for c in ("id", *_ALLELE[:2])
    ]
    for identifier, contig, position in zip(*columns, strict=True):
        if not pd.isna(identifier) and identifier:
            names.append(str(identifier))
        elif not pd.isna(contig) and not pd.isna(position):
            names.append(f"{contig}:{int(position)}")
        else:
            names.append(None)
    return names
