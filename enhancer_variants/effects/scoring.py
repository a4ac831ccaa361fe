"""Score a chunk of records: alleles, windows, tokens, log-odds, effects, one row per allele."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.calibrated import calibrated_columns, valid_null
from enhancer_variants.effects.collector import collector_paused
from enhancer_variants.effects.factors import FactorSummary
from enhancer_variants.effects.motif_evidence import MotifEvidence, motif_evidence
from enhancer_variants.effects.network_passes import Logits, NetworkPasses
from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.effects.shifts import allele_effects
from enhancer_variants.effects.side_tables import SideTables
from enhancer_variants.effects.window_pairs import WindowPairs
from enhancer_variants.errors import ModelError
from enhancer_variants.genome import Reference
from enhancer_variants.io.effect_table import EffectTable
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.models import Model, log_odds
from enhancer_variants.schema import Status

__all__ = ["Advance", "PreparedChunk", "prepare_records", "score_records", "score_windows"]

Advance: TypeAlias = Callable[[float], None]
"""Told how many more alleles are done."""

LogitsInTurn: TypeAlias = Callable[[Callable[[int], None] | None], Iterator[list[Logits]]]
"""Gives the logits of one model after the other, as :meth:`NetworkPasses.in_turn` does."""


def score_records(
    records: Sequence[VariantRecord],
    plan: ScoringPlan,
    reference: Reference,
    contig_lengths: Mapping[str, int] | None = None,
    advance: Advance | None = None,
    side_tables: SideTables | None = None,
) -> EffectTable:
    """Score every ALT allele of some records.

    Parameters
    ----------
    records
        Records in input order.
    contig_lengths
        Lengths that the input's header declares, which tell one mitochondrial contig from
        another.
    advance
        Told, as the networks proceed, how many more alleles are done; the sum over a call is
        the number of rows.
    side_tables
        Who takes what is more than a row per allele.

    Returns
    -------
    EffectTable
        One row per ALT allele, one for a record without any.

    Raises
    ------
    ModelError
        If a model gives a logit that is not finite; names the model and the variant.
    """
    chunk = prepare_records(records, plan, reference, contig_lengths, side_tables)
    return chunk.scored(advance)


def prepare_records(
    records: Sequence[VariantRecord],
    plan: ScoringPlan,
    reference: Reference,
    contig_lengths: Mapping[str, int] | None = None,
    side_tables: SideTables | None = None,
) -> PreparedChunk:
    """Find alleles and windows of some records for networks to read: see :func:`score_records`."""
    with collector_paused():
        rows = AlleleRows.of(records, reference, contig_lengths or {})
        rules = [plan.rule(model) for model in plan.models]
        if plan.motifs:
            rules.append(plan.motif_rule)
        by_rule = {rule: rows.windows(rule) for rule in dict.fromkeys(rules)}
        pairs = [by_rule[rule] for rule in rules]
        return PreparedChunk(records, rows, pairs, plan, side_tables)


def score_windows(
    records: Sequence[VariantRecord],
    pairs: WindowPairs,
    plan: ScoringPlan,
    advance: Advance | None = None,
    side_tables: SideTables | None = None,
) -> EffectTable:
    """Score windows that the caller made, one row per record (see :func:`score_records`)."""
    rows = AlleleRows.of_sequences(records)
    readers = len(plan.models) + bool(plan.motifs)
    return PreparedChunk(records, rows, [pairs] * readers, plan, side_tables).scored(advance)


class PreparedChunk:
    """Some records on their way to a table, with windows and without scores.

    `pairs` holds the windows of each model in the plan's order, then, if the plan has motifs,
    those that say which alleles are read with motifs. `passes` runs the networks over them.
    """

    def __init__(
        self,
        records: Sequence[VariantRecord],
        rows: AlleleRows,
        pairs: Sequence[WindowPairs],
        plan: ScoringPlan,
        side_tables: SideTables | None,
    ) -> None:
        self.records, self.rows, self.pairs, self.plan = records, rows, list(pairs), plan
        self.side_tables = side_tables or SideTables()
        self.data: dict[str, Any] = rows.identity()
        self.is_snv = np.array([kind == "snv" for kind in self.data["kind"]], dtype=bool)
        self.passes = NetworkPasses(plan, zip(plan.models, pairs, strict=False))

    def scored(
        self, advance: Advance | None = None, logits_in_turn: LogitsInTurn | None = None
    ) -> EffectTable:
        """Score the windows with every model and put the columns together.

        Parameters
        ----------
        advance
            Told how many more alleles are done.
        logits_in_turn
            Gives the logits of one model after the other, in the plan's order; by default the
            networks are run here.
        """
        total, evidence = len(self.rows), self._motif_evidence()
        work = self.passes.sequences
        progress = _shared(advance, total / work) if advance is not None and work else None
        self._logits = (logits_in_turn or self.passes.in_turn)(progress)
        enhancers = len(self.plan.enhancers)
        for model, windows in zip(self.plan.enhancers, self.pairs, strict=False):
            for output, effects in self._effects(model, windows):
                self._keep(output, effects)
        factors = FactorSummary(self.plan, self.rows, evidence, self.side_tables.factors)
        statuses: dict[int, list[str]] = {}
        for model, windows in zip(self.plan.tfbs, self.pairs[enhancers:], strict=False):
            if id(windows) not in statuses:
                statuses[id(windows)] = self._statuses(windows)
            for output, effects in self._effects(model, windows):
                factors.add(effects, statuses[id(windows)])
                if not self.plan.only_top_factors:
                    self._keep(output, effects)
        if evidence is not None:
            self.data.update(evidence.columns)
        self.data.update(factors.columns(self._enhancer_shift()))
        self._settle_status()
        if advance is not None and not work:
            advance(total)
        return EffectTable(self.records, self.rows.counts, self.plan.columns, self.data)

    def _motif_evidence(self) -> MotifEvidence | None:
        if self.plan.motifs is None:
            return None
        self.pairs[-1] = self.rows.without_long(self.pairs[-1], self.plan.motifs.longest_allele)
        read = self.pairs[-1].rows
        return motif_evidence(
            self.rows, read, self.plan.motifs, self.plan.factors, self.side_tables
        )

    def _effects(self, model: Model, windows: WindowPairs) -> Iterator[tuple[str, dict[str, Any]]]:
        """Columns of each of a model's outputs, by quantity, for all rows."""
        plan, total = self.plan, len(self.rows)
        strands = next(self._logits)
        for logits in strands:
            _require_finite(logits, model, windows, self.rows)
        scores = np.stack([log_odds(model, logits) for logits in strands])
        for output, values in zip(model.output_names, np.moveaxis(scores, -1, 0), strict=True):
            ref, alt = _members(values, windows.ref), _members(values, windows.alt)
            effects = allele_effects(ref, alt, model.decision_threshold)
            if plan.calibrated:
                null = valid_null(model, output, plan.strand, plan.anchors, plan.shifts)
                is_snv = self.is_snv[windows.rows]
                effects |= calibrated_columns(null, effects["log_odds_shift"], is_snv)
            yield output, {q: _spread_over(c, windows.rows, total) for q, c in effects.items()}

    def _keep(self, output: str, effects: Mapping[str, Any]) -> None:
        for quantity, column in effects.items():
            self.data[f"{output}_{quantity}"] = column

    def _enhancer_shift(self) -> npt.NDArray[np.float64] | None:
        if not self.plan.enhancers:
            return None
        first = self.plan.enhancers[0].output_names[0]
        shift: npt.NDArray[np.float64] = self.data[f"{first}_log_odds_shift"]
        return shift

    def _statuses(self, windows: WindowPairs) -> list[str]:
        """Status of each row for the models that read these windows."""
        statuses = list(self.data["status"])
        for row, (status, _) in windows.refused.items():
            statuses[row] = status
        return statuses

    def _settle_status(self) -> None:
        """Give the rows that some model could not score their status; ok only if all could."""
        names = [model.name for model in self.plan.models] + ["motif"] * bool(self.plan.motifs)
        reasons: dict[int, dict[str, tuple[Status, str]]] = {}
        for name, windows in zip(names, self.pairs, strict=True):
            for row, reason in windows.refused.items():
                reasons.setdefault(row, {})[name] = reason
        for row, by_name in reasons.items():
            status, detail = min(by_name.values(), key=lambda reason: reason[0].rank())
            self.data["status"][row] = status
            self.data["status_detail"][row] = detail or None
            if len(names) > 1:
                reasons_by_name = {name: reason for name, (reason, _) in by_name.items()}
                self.data["status_detail"][row] = self._listed(reasons_by_name)

    def _listed(self, reasons: dict[str, Status]) -> str:
        """Say which model could not score for which reason; many factors of one reason at once."""
        factors = {model.name for model in self.plan.tfbs}
        of_factors = {reason for name, reason in reasons.items() if name in factors}
        if self.plan.only_top_factors and factors <= reasons.keys() and len(of_factors) == 1:
            named = {name: reason for name, reason in reasons.items() if name not in factors}
            reasons = {**named, "tfbs": of_factors.pop()}
        return ",".join(f"{name}={reason}" for name, reason in reasons.items())


def _shared(advance: Advance, alleles_per_sequence: float) -> Callable[[int], None]:
    return lambda sequences: advance(sequences * alleles_per_sequence)


def _members(
    values: npt.NDArray[np.float64], places: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Log-odds of each allele's windows, both strands side by side: shape (n, m * strands)."""
    return np.concatenate([strand[places] for strand in values], axis=1)


def _spread_over(
    column: npt.NDArray[Any], rows: npt.NDArray[np.intp], total: int
) -> npt.NDArray[Any] | list[Any]:
    """Values at their rows, nothing (NaN, None) elsewhere."""
    if column.dtype.kind == "f":
        full = np.full(total, np.nan)
        full[rows] = column
        return full
    texts: list[Any] = [None] * total
    for row, text in zip(rows.tolist(), column.tolist(), strict=True):
        texts[row] = text
    return texts


def _require_finite(
    logits: npt.NDArray[np.float32], model: Model, windows: WindowPairs, rows: AlleleRows
) -> None:
    finite = np.isfinite(logits).all(axis=1)
    if finite.all():
        return
    sequence = int(np.argmin(finite))
    hit = (windows.ref == sequence) | (windows.alt == sequence)
    row = int(windows.rows[np.argmax(hit.any(axis=1))])
    remedy = "Its weights overflow: check the model."
    if model.precision != "fp32":
        remedy = f"Its weights overflow in {model.precision}: use precision='fp32'."
    raise ModelError(
        f"model {model.name} gives {logits[sequence].tolist()} for record "
        f"{rows.records[row].number} ({rows.named(row)}); expected finite logits. {remedy}"
    )
