"""Which alleles of a table are the top ones, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.reports.effect_rows import models_of, shift_column
from enhancer_variants.reports.page.page_columns import significance

__all__ = ["Ranking", "main_model", "ranking_of"]

_SMALL_FIRST: Final = ("p", "q")
_OTHERWISE: Final = ("motif_log10_p_ratio", "motif_shift_sum", "tfbs_top_gain_shift")
_ALLELE: Final = ("chrom", "pos", "ref", "alt")


def main_model(effects: pd.DataFrame) -> str | None:
    """Choose the model that a page is about: ``enhancer``, else the first; None without models.

    Examples
    --------
    >>> main_model(pd.DataFrame(columns=["CTCF_log_odds_shift", "enhancer_log_odds_shift"]))
    'enhancer'
    """
    models = models_of(effects.columns)
    return "enhancer" if "enhancer" in models else next(iter(models), None)


@dataclass(frozen=True, slots=True)
class Ranking:
    """By what alleles are put in order.

    Attributes
    ----------
    column
        The column; None where the table has nothing to rank by.
    model
        Whose column it is; None for a motif's.
    small_first
        Whether the smallest values come first (p-values), or the largest, whatever their sign.
    """

    column: str | None
    model: str | None
    small_first: bool

    def __str__(self) -> str:
        """Say it in words."""
        if self.column is None:
            return "nothing"
        return f"smallest {self.column}" if self.small_first else f"largest absolute {self.column}"

    def order(self, effects: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Places of the rows that have a value, best first; equal ones by the size of the shift."""
        if self.column is None:
            return np.empty(0, dtype=np.int64)
        values = _numbers(effects, self.column)
        keys = [values if self.small_first else -np.abs(values)]
        if self.model is not None:
            keys.insert(0, -np.abs(_numbers(effects, shift_column(self.model))))
        order = np.lexsort(keys)
        return order[np.isfinite(values[order])].astype(np.int64)

    def top(self, effects: pd.DataFrame, count: int) -> list[list[int]]:
        """Give the rows of each of the `count` best alleles: one, or several of a risk list."""
        names = [name for name in _ALLELE if name in effects]
        rows: dict[tuple[object, ...], list[int]] = {}
        identity = effects[names].astype(object).to_numpy()
        for place in self.order(effects).tolist():
            allele = tuple(map(str, identity[place]))
            if allele in rows:
                rows[allele].append(place)
            elif len(rows) < count:
                rows[allele] = [place]
        return [sorted(places) for places in rows.values()]


def ranking_of(effects: pd.DataFrame, rank_by: str | None = None) -> Ranking:
    """Choose by what alleles are ranked.

    Parameters
    ----------
    effects
        The table.
    rank_by
        A column of it; by default the main model's p-value where it is calibrated, else its
        shift, and without a model the change of a motif.

    Raises
    ------
    InputError
        If the column is not there or holds no numbers.

    Examples
    --------
    >>> str(ranking_of(pd.DataFrame({"CTCF_log_odds_shift": [0.5, -2.0]})))
    'largest absolute CTCF_log_odds_shift'
    """
    if rank_by is not None:
        return _by(effects, rank_by)
    model = main_model(effects)
    if model is None:
        column = next((name for name in _OTHERWISE if name in effects), None)
        return Ranking(column, None, small_first=False)
    p = significance(model, effects.columns)
    if p is not None and bool(effects[p].notna().any()):
        return Ranking(p, model, small_first=True)
    return Ranking(shift_column(model), model, small_first=False)


def _by(effects: pd.DataFrame, column: str) -> Ranking:
    if column not in effects:
        raise InputError(f"there is no column {column!r} to rank by; expected one of the effects'")
    if not pd.api.types.is_numeric_dtype(effects[column]):
        raise InputError(f"{column} holds no numbers: rank by a shift, a p-value or the like")
    models: Sequence[str] = models_of(effects.columns)
    owners = [name for name in models if column.startswith(f"{name}_")]
    model = max(owners, key=len, default=None)
    quantity = column.removeprefix(f"{model}_") if model else column
    small = quantity in _SMALL_FIRST or quantity.startswith(("motif_p_", "motif_q_"))
    return Ranking(column, model, small)


def _numbers(effects: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    return effects[column].to_numpy(dtype=np.float64, na_value=np.nan)
