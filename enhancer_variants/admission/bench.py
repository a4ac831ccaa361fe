"""Compute the same windows in several ways: how far the shifts are apart, and how quickly."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from enhancer_variants.admission.found import PrecisionCheck, ShiftErrors
from enhancer_variants.effects import WindowPairs
from enhancer_variants.errors import MissingDependencyError, ModelError
from enhancer_variants.models import (
    Backend,
    Model,
    Precision,
    Tokens,
    log_odds,
    predict_logits,
    tokenize,
)
from enhancer_variants.models.admission import grade
from enhancer_variants.models.prediction import rows_at_once
from enhancer_variants.progress import ProgressBar

__all__ = ["Bench", "Way"]

_ROUNDS = 5
_SECONDS_PER_ROUND = 0.5
_PROBE_ROWS = 4
_PROBES = 3

_HOPELESS = 1 / 3
"""Speed beside the reference below which errors are not worth the wait: as fp16 on most CPUs."""

_WAIT = 60.0
"""Seconds that are waited for errors all the same."""

_TORCH_TYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}

Shifts: TypeAlias = npt.NDArray[np.float64]
Way: TypeAlias = tuple[Precision, Backend]
"""A precision on a backend."""

Load: TypeAlias = Callable[[Precision, Backend], Model]


@dataclass(slots=True)
class _Candidate:
    """A way to compute the model that has been looked at, with its network where there is one."""

    row: PrecisionCheck
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Windows that a model is computed on in several ways, one of which is right.

    Attributes
    ----------
    judge
        The model in fp32 on torch: the reference.
    tokens, pairs
        The windows.
    expected
        Shape (pairs, outputs): shifts of the reference, log2 units.
    timed
        The windows that rates are measured on.
    bar
        Told of every window that was computed, rounds of timing aside.
    passes
        How often all windows are computed, at most.
    """

    judge: Model
    tokens: Tokens
    pairs: WindowPairs
    expected: Shifts
    timed: Tokens
    bar: ProgressBar
    passes: int

    @classmethod
    def of(cls, judge: Model, pairs: WindowPairs, bar: ProgressBar, passes: int) -> Bench:
        """Compute the windows with the reference, in the first of so many passes.

        Raises
        ------
        ModelError
            If a logit is not finite.
        """
        tokens = tokenize(pairs.sequences, judge.vocabulary)
        bar.expect(len(pairs.sequences), 1 / passes)
        began = time.perf_counter()
        expected = _shifts(judge, tokens, pairs, bar)
        rate = len(tokens.lengths) / (time.perf_counter() - began)
        if not np.isfinite(expected).all():
            raise ModelError(
                f"model {judge.name} gives logits in fp32 that are not finite; expected finite "
                "ones. Its weights overflow: check the model."
            )
        # Whole batches, because the last one takes as long with few rows as with many.
        batch = rows_at_once(judge, tokens.ids.shape[1], "auto")
        batches = round(rate * _SECONDS_PER_ROUND) // batch
        timed = _first(tokens, batch * max(1, min(batches, len(tokens.lengths) // batch)))
        return cls(judge, tokens, pairs, expected, timed, bar, passes)

    def rows(self, combinations: Sequence[Way], load: Load) -> tuple[PrecisionCheck, ...]:
        """Look at each precision and backend, then let those that compute take turns.

        Parameters
        ----------
        combinations
            Precisions and backends, without the reference.
        load
            Loads the model for one of them, or raises what says why there is none.

        Returns
        -------
        tuple of PrecisionCheck
            The reference's row, then theirs; nothing is admitted yet.
        """
        reference = PrecisionCheck(precision="fp32", backend="torch", verdict="reference")
        candidates = [_Candidate(reference, self.judge)]
        for place, way in enumerate(combinations, 2):
            self.bar.expect(len(self.tokens.lengths), place / self.passes)
            candidates.append(self._candidate(way, load))
        running = [c for c in candidates if c.model is not None]
        rates = _rates([c.model for c in running if c.model is not None], self.timed)
        for candidate, rate in zip(running, rates, strict=True):
            speedup = rate / rates[0]
            candidate.row = replace(candidate.row, sequences_per_second=rate, speedup=speedup)
        return tuple(candidate.row for candidate in candidates)

    def _candidate(self, way: Way, load: Load) -> _Candidate:
        precision, backend = way
        reason = _missing_type(precision, self.judge.device)
        if not reason:
            try:
                return self._judged(way, load(precision, backend))
            except (ModelError, MissingDependencyError, RuntimeError) as error:
                # What torch or OpenVINO cannot compute here, each says in its own words.
                reason = _first_line(error)
        row = PrecisionCheck(
            precision=precision, backend=backend, verdict="not available", detail=reason
        )
        return _Candidate(row)

    def _judged(self, way: Way, model: Model) -> _Candidate:
        row = PrecisionCheck(precision=way[0], backend=way[1], verdict="slower")
        probe = _first(self.tokens, _PROBE_ROWS)
        ours, judges = (_quickest(each, probe) for each in (model, self.judge))
        rate = len(probe.lengths) / ours
        if judges < _HOPELESS * ours and len(self.tokens.lengths) / rate > _WAIT:
            detail = "so much slower than fp32 on torch that its errors were not looked at"
            return _Candidate(
                replace(row, sequences_per_second=rate, speedup=judges / ours, detail=detail)
            )
        shifts = _shifts(model, self.tokens, self.pairs, self.bar)
        errors = ShiftErrors.of(shifts, self.expected)
        wrong = int((~np.isfinite(shifts)).any(axis=1).sum())
        return _Candidate(
            replace(
                row,
                verdict=grade(errors.largest, errors.rank_correlation),
                errors=errors,
                detail=f"{wrong} of {len(shifts)} shifts are not finite" if wrong else "",
            ),
            model,
        )


def _shifts(model: Model, tokens: Tokens, pairs: WindowPairs, bar: ProgressBar) -> Shifts:
    """Shape (pairs, outputs): log_odds_shift of every pair, log2 units."""
    scores = log_odds(model, predict_logits(model, tokens, progress=bar.advance))
    with np.errstate(invalid="ignore"):
        shifts: Shifts = scores[pairs.alt[:, 0]] - scores[pairs.ref[:, 0]]
    return shifts


def _rates(models: Sequence[Model], tokens: Tokens) -> list[float]:
    """Sequences per second of each; they take turns, so that a busy moment meets them all."""
    seconds: list[list[float]] = [[] for _ in models]
    for _ in range(_ROUNDS):
        for model, taken in zip(models, seconds, strict=True):
            taken.append(_seconds(model, tokens))
    return [len(tokens.lengths) / statistics.median(taken) for taken in seconds]


def _quickest(model: Model, tokens: Tokens) -> float:
    """Seconds of the quickest of a few passes, the first of which only warms up."""
    _seconds(model, tokens)
    return min(_seconds(model, tokens) for _ in range(_PROBES))


def _seconds(model: Model, tokens: Tokens) -> float:
    began = time.perf_counter()
    predict_logits(model, tokens)  # ends with a copy to the host, so an accelerator is done
    return time.perf_counter() - began


def _first(tokens: Tokens, rows: int) -> Tokens:
    return Tokens(tokens.ids[:rows], tokens.lengths[:rows])


def _missing_type(precision: Precision, device: torch.device) -> str:
    """Why a device does not compute with such numbers; empty if it does."""
    dtype = _TORCH_TYPES[precision]
    try:
        square = torch.eye(2, dtype=dtype, device=device)
        (square @ square).cpu()
    except (RuntimeError, TypeError) as error:
        return _first_line(error)
    if device.type == "cuda" and precision == "bf16":
        with torch.cuda.device(device):
            supported = torch.cuda.is_bf16_supported(including_emulation=False)
        if not supported:
            return f"{torch.cuda.get_device_name(device)} does not compute in bf16"
    return ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
