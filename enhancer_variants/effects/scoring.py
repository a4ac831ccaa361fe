"""Score a chunk of records: alleles, windows, tokens, log-odds, effects, one row per allele."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.collector import collector_paused
from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.shifts import allele_effects
from enhancer_variants.effects.window_pairs import WindowPairs
from enhancer_variants.errors import ModelError
from enhancer_variants.genome import (
    Placement,
    Reference,
    WindowRule,
    allele_windows,
    place,
    reverse_complement,
)
from enhancer_variants.io.effect_table import EffectTable
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.models import Model, Tokens, Vocabulary, log_odds, predict_logits, tokenize
from enhancer_variants.schema import Status

__all__ = ["score_records", "score_windows"]

Advance = Callable[[float], None]


def score_records(
    records: Sequence[VariantRecord],
    plan: ScoringPlan,
    reference: Reference,
    contig_lengths: Mapping[str, int] | None = None,
    advance: Advance | None = None,
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

    Returns
    -------
    EffectTable
        One row per ALT allele, one for a record without any.

    Raises
    ------
    ModelError
        If a model gives a logit that is not finite; names the model and the variant.
    """
    rows = _Rows()
    lengths = contig_lengths or {}
    with collector_paused():
        for record in records:
            rows.add(record, reference, lengths.get(record.contig))
        by_rule = {rule: rows.windows(rule) for rule in dict.fromkeys(map(plan.rule, plan.models))}
    pairs = [by_rule[plan.rule(model)] for model in plan.models]
    return _table(records, rows, pairs, plan, advance)


def score_windows(
    records: Sequence[VariantRecord],
    pairs: WindowPairs,
    plan: ScoringPlan,
    advance: Advance | None = None,
) -> EffectTable:
    """Score windows that the caller made, one row per record (see :func:`score_records`)."""
    rows = _Rows()
    for record in records:
        rows.add_unplaced(record)
    return _table(records, rows, [pairs] * len(plan.models), plan, advance)


@dataclass(slots=True)
class _Rows:
    """The alleles of a chunk: whose each is, its number and text, and where it lies."""

    counts: list[int] = field(default_factory=list)
    records: list[VariantRecord] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)

    def add(self, record: VariantRecord, reference: Reference, length: int | None) -> None:
        """Append a row for each ALT, or one for a record that could not be read."""
        if record.problem:
            spelled = ",".join(record.alts)
            self._append(record, 0, spelled, _invalid(record.problem))
            self.counts.append(1)
            return
        alone = len(record.alts) == 1
        for number, alt in enumerate(record.alts, 1):
            placement = _place(record, alt, reference, length)
            unnumbered = alone and placement.status is Status.NO_ALT
            self._append(record, 0 if unnumbered else number, alt, placement)
        self.counts.append(len(record.alts))

    def add_unplaced(self, record: VariantRecord) -> None:
        """Append the row of a pair of sequences, which lies nowhere."""
        self._append(record, 1, record.alts[0], Placement(Status.OK, "", None, None))
        self.counts.append(1)

    def _append(self, record: VariantRecord, number: int, alt: str, placement: Placement) -> None:
        self.records.append(record)
        self.numbers.append(number)
        self.alts.append(alt)
        self.placements.append(placement)

    def identity(self) -> dict[str, list[Any]]:
        """Give the identity columns, named as in :data:`IDENTITY_COLUMNS`."""
        records, placements = self.records, self.placements
        variants = [placement.variant for placement in placements]
        return {
            "chrom": [record.contig or None for record in records],
            "pos": [record.position for record in records],
            "id": [record.id or None for record in records],
            "ref": [record.ref or None for record in records],
            "alt": [alt or None for alt in self.alts],
            "record": [record.number for record in records],
            "allele": self.numbers,
            "status": [placement.status for placement in placements],
            "status_detail": [placement.detail or None for placement in placements],
            "kind": [None if variant is None else variant.kind for variant in variants],
        }

    def named(self, row: int) -> str:
        """Name the allele of a row, for messages."""
        record = self.records[row]
        cells = (record.contig, record.position, record.ref, self.alts[row])
        return ":".join(str(cell) for cell in cells if cell)[:200]

    def windows(self, rule: WindowRule) -> WindowPairs:
        """Windows of every allele that has none of the statuses that come before windows."""
        places: dict[str, int] = {}
        place_of = places.setdefault
        rows: list[int] = []
        refs: list[int] = []
        alts: list[int] = []
        refused: dict[int, tuple[Status, str]] = {}
        for row, placement in enumerate(self.placements):
            if placement.variant is None or placement.contig is None:
                continue
            found = allele_windows(placement.variant, placement.contig, rule)
            if found.status is not Status.OK:
                refused[row] = (found.status, found.detail)
                continue
            rows.append(row)
            for window in found.windows:
                refs.append(place_of(window.ref, len(places)))
                alts.append(place_of(window.alt, len(places)))
        shape = (len(rows), rule.windows_per_allele)
        return WindowPairs(
            list(places),
            np.array(rows, dtype=np.intp),
            np.array(refs, dtype=np.intp).reshape(shape),
            np.array(alts, dtype=np.intp).reshape(shape),
            refused,
        )


def _invalid(problem: str) -> Placement:
    return Placement(Status.INVALID_RECORD, problem, None, None)


def _place(record: VariantRecord, alt: str, reference: Reference, length: int | None) -> Placement:
    if not alt:
        return _invalid("this ALT is empty")
    return place(record.contig, record.position or 0, record.ref, alt, reference, length)


def _table(
    records: Sequence[VariantRecord],
    rows: _Rows,
    pairs: Sequence[WindowPairs],
    plan: ScoringPlan,
    advance: Advance | None,
) -> EffectTable:
    """Score the windows with every model and put the columns together."""
    total = len(rows.placements)
    passes = 2 if plan.strand == "both" else 1
    work = passes * sum(len(p.sequences) for p in pairs)
    data: dict[str, Any] = rows.identity()
    tokens: dict[tuple[int, Vocabulary, bool], Tokens] = {}
    for model, windows in zip(plan.models, pairs, strict=True):
        progress = None
        if advance is not None and work:
            progress = _shared(advance, total / work)
        scores = _log_odds(model, windows, plan, tokens, progress, rows)
        for output, values in zip(model.output_names, np.moveaxis(scores, -1, 0), strict=True):
            ref, alt = _members(values, windows.ref), _members(values, windows.alt)
            effects = allele_effects(ref, alt, model.decision_threshold)
            for quantity, column in effects.items():
                data[f"{output}_{quantity}"] = _spread_over(column, windows.rows, total)
    _settle_status(data, plan, pairs)
    if advance is not None and not work:
        advance(total)
    return EffectTable(records, rows.counts, plan.columns, data)


def _shared(advance: Advance, alleles_per_sequence: float) -> Callable[[int], None]:
    return lambda sequences: advance(sequences * alleles_per_sequence)


def _log_odds(
    model: Model,
    windows: WindowPairs,
    plan: ScoringPlan,
    tokens: dict[tuple[int, Vocabulary, bool], Tokens],
    progress: Callable[[int], None] | None,
    rows: _Rows,
) -> npt.NDArray[np.float64]:
    """Log-odds of every distinct window: shape (strands, windows, outputs)."""
    strands = []
    for reverse in (False, True) if plan.strand == "both" else (False,):
        key = (id(windows), model.vocabulary, reverse)
        if key not in tokens:
            sequences = windows.sequences
            if reverse:
                sequences = [reverse_complement(sequence) for sequence in sequences]
            tokens[key] = tokenize(sequences, model.vocabulary)
        logits = predict_logits(model, tokens[key], batch_size=plan.batch_size, progress=progress)
        _require_finite(logits, model, windows, rows)
        strands.append(log_odds(model, logits))
    return np.stack(strands)


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
    logits: npt.NDArray[np.float32], model: Model, windows: WindowPairs, rows: _Rows
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


def _settle_status(data: dict[str, Any], plan: ScoringPlan, pairs: Sequence[WindowPairs]) -> None:
    """Give the rows that some model could not score their status; ok only if all could."""
    reasons: dict[int, dict[str, tuple[Status, str]]] = {}
    for model, windows in zip(plan.models, pairs, strict=True):
        for row, reason in windows.refused.items():
            reasons.setdefault(row, {})[model.name] = reason
    for row, by_model in reasons.items():
        status, detail = min(by_model.values(), key=lambda reason: reason[0].rank())
        data["status"][row] = status
        data["status_detail"][row] = detail or None
        if len(plan.models) > 1:
            listed = (f"{name}={reason}" for name, (reason, _) in by_model.items())
            data["status_detail"][row] = ",".join(listed)
