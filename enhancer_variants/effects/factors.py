"""What many TFBS models say about the alleles of a chunk, model after model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enhancer_variants.effects.motif_evidence import MotifEvidence
from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.io.long_table import WriteRows
from enhancer_variants.schema import ALLELE_COLUMNS

__all__ = ["FactorSummary"]

Floats = npt.NDArray[np.float64]


class FactorSummary:
    """Strongest gain and loss, and agreement with motifs, as one TFBS model after another scores.

    Nothing of a model is kept but what is strongest so far, so that hundreds of models take no
    more memory than one. The rules:

    - a model *agrees* where its shift is at least ``agreement_shift`` in size and has the sign of
      the strongest called change of its factor's motifs;
    - of several that agree, the one with the largest shift is named, of equals the first;
    - the first enhancer model's shift has the ``same`` or the ``opposite`` sign.

    Parameters
    ----------
    plan
        What is asked for.
    rows
        The alleles.
    evidence
        What the motifs say; None without motifs.
    write
        Takes a row for each allele and model, if anybody wants them.
    """

    def __init__(
        self,
        plan: ScoringPlan,
        rows: AlleleRows,
        evidence: MotifEvidence | None,
        write: WriteRows | None,
    ) -> None:
        self._plan, self._evidence, self._write = plan, evidence, write
        total = len(rows)
        self._names = np.array([None, *plan.factors], dtype=object)
        self._done = 0
        self._gain, self._loss = _Strongest(total), _Strongest(total)
        self._agreeing = _Strongest(total)
        self._agreed_sign = np.zeros(total, dtype=np.int8)
        self._identity = _arrow_identity(rows) if write else {}

    def add(self, effects: Mapping[str, Any], statuses: Sequence[str | None]) -> None:
        """Take the next factor's effects on every row, NaN where it did not score.

        Parameters
        ----------
        effects
            Columns by quantity.
        statuses
            By row: ok, or why this model did not score the allele.
        """
        self._done += 1
        factor, shift = str(self._names[self._done]), effects["log_odds_shift"]
        self._gain.offer(self._done, shift, shift > 0)
        self._loss.offer(self._done, -shift, shift < 0)
        signs = None if self._evidence is None else self._evidence.signs.get(factor)
        agrees = np.zeros(len(shift), dtype=bool)
        if signs is not None:
            large = np.abs(shift) >= self._plan.agreement_shift
            agrees = large & (signs != 0) & (np.sign(shift) == signs)
            better = self._agreeing.offer(self._done, np.abs(shift), agrees)
            self._agreed_sign[better] = signs[better]
        if self._write is not None:
            agreement = self._agreement(shift, agrees, known=signs is not None)
            self._write(
                {
                    **self._identity,
                    "model": pa.repeat(pa.scalar(factor), len(shift)),
                    "status": statuses,
                    **effects,
                    "agreement": agreement,
                }
            )

    def columns(self, enhancer_shift: Floats | None) -> dict[str, Any]:
        """Columns of the strongest gain and loss, and of agreement, as the plan wants them.

        Parameters
        ----------
        enhancer_shift
            The first enhancer model's shift by row, NaN where it did not score; None without one.
        """
        columns: dict[str, Any] = {}
        if self._plan.only_top_factors:
            columns["tfbs_top_gain"] = self._names[self._gain.which].tolist()
            columns["tfbs_top_gain_shift"] = self._gain.sizes()
            columns["tfbs_top_loss"] = self._names[self._loss.which].tolist()
            columns["tfbs_top_loss_shift"] = -self._loss.sizes()
        if self._evidence is not None:
            words = np.array(["loss", None, "gain"], dtype=object)
            columns["agreement_tf"] = self._names[self._agreeing.which].tolist()
            columns["agreement"] = words[self._agreed_sign + 1].tolist()
            if enhancer_shift is not None:
                product = np.nan_to_num(np.sign(enhancer_shift)) * self._agreed_sign
                words = np.array(["opposite", None, "same"], dtype=object)
                columns["agreement_enhancer"] = words[product.astype(int) + 1].tolist()
        return columns

    def _agreement(self, shift: Floats, agrees: npt.NDArray[np.bool_], *, known: bool) -> Any:
        """Give the long table's word for each row; empty without motifs or a shift."""
        if self._evidence is None:
            return pa.nulls(len(shift), pa.string())
        word = np.where(
            agrees, np.where(shift > 0, "gain", "loss"), "none" if known else "no_motif"
        )
        return pa.array(word, type=pa.string(), mask=np.isnan(shift))


class _Strongest:
    """The largest value offered for each row, and which offer it was (0 for none)."""

    def __init__(self, rows: int) -> None:
        self._size = np.zeros(rows)
        self.which = np.zeros(rows, dtype=np.intp)

    def offer(
        self, number: int, size: Floats, counts: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Take what counts and is larger than before; give where that was so."""
        better = np.asarray(counts & ((self.which == 0) | (size > self._size)))
        self._size[better], self.which[better] = size[better], number
        return better

    def sizes(self) -> Floats:
        """Give the values, NaN where there is none."""
        return np.where(self.which > 0, self._size, np.nan)


def _arrow_identity(rows: AlleleRows) -> dict[str, Any]:
    """Columns that are the same for every model, made once."""
    identity = rows.identity()
    return {column.name: pa.array(identity[column.name]) for column in ALLELE_COLUMNS}
