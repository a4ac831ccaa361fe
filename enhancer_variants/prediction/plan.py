"""How sequences are predicted: statuses, both strands, and one table for each chunk."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects import ScoringPlan, attention_scores
from enhancer_variants.errors import ModelError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.io import EffectTable
from enhancer_variants.models import (
    BUNDLED_ENHANCER,
    Model,
    load_model,
    log_odds,
    predict_logits,
    probability,
    tokenize,
)
from enhancer_variants.prediction.columns import PredictionStatus, prediction_columns
from enhancer_variants.prediction.sequences import GivenSequence, SequenceInput
from enhancer_variants.progress import ProgressBar
from enhancer_variants.provenance import provenance_of
from enhancer_variants.schema import Column

__all__ = ["PredictionPlan", "Predictions"]

_CHUNK_SEQUENCES: Final = 2048
_NOT_ACGT: Final = re.compile("[^ACGTacgt]")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of one chunk.

    Attributes
    ----------
    table
        One row for each sequence.
    class_one
        Probability of class 1 whichever class is the positive one, float32: shape (n,), or
        (n, outputs) for a model of several outputs; NaN where there is none.
    read
        What the model read, by row; rows without a prediction are not in it.
    """

    table: EffectTable
    class_one: npt.NDArray[np.float32]
    read: dict[int, str]


@dataclass(frozen=True, slots=True)
class PredictionPlan:
    """What sequences are predicted with, and how.

    Attributes
    ----------
    model
        The model.
    strand, batch_size, allow_n, truncate
        As for :func:`~enhancer_variants.prediction.predict_sequences`.
    """

    model: Model
    strand: Literal["forward", "both"] = "forward"
    batch_size: int | Literal["auto"] = "auto"
    allow_n: bool = False
    truncate: bool = False

    def __post_init__(self) -> None:
        _ = self._scoring  # checks the options as for scoring

    @classmethod
    def of(cls, model: Model | str | os.PathLike[str] | None, **options: Any) -> PredictionPlan:
        """Load the model where a directory or a name is given, the bundled one where nothing is."""
        if isinstance(model, Model):
            return cls(model, **options)
        return cls(load_model(BUNDLED_ENHANCER if model is None else model), **options)

    @property
    def _scoring(self) -> ScoringPlan:
        return ScoringPlan(
            enhancers=(self.model,),
            strand=self.strand,
            allow_n=self.allow_n,
            batch_size=self.batch_size,
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """Output columns, in order."""
        return prediction_columns(self.model, averaged=self.strand == "both")

    def provenance(self, source: SequenceInput, **options: Any) -> dict[str, Any]:
        """Provenance of a run, as that of scoring."""
        return provenance_of(
            self._scoring, source.reference, source.name, {"truncate": self.truncate, **options}
        )

    def predictions(self, source: SequenceInput, progress: bool | None) -> Iterator[Predictions]:
        """Predict sequences, some thousand at a time."""
        with ProgressBar(progress, unit=" sequences") as bar:
            while chunk := list(itertools.islice(source.given, _CHUNK_SEQUENCES)):
                bar.expect(len(chunk), source.fraction_read())
                yield self._predicted(chunk, bar.advance)

    def attention(self, predictions: Predictions) -> Floats:
        """Attention per base in the published layout: (n, max_seq_length), NaN where none."""
        scores = np.full((len(predictions.table), self.model.token_limit), np.nan)
        rows, sequences = list(predictions.read), list(predictions.read.values())
        if rows:
            scores[rows] = attention_scores(
                self.model, sequences, layout="dnabert", batch_size=self.batch_size
            )
        return scores

    def _predicted(
        self, given: Sequence[GivenSequence], advance: Callable[[float], None]
    ) -> Predictions:
        judged = [self._status(one) for one in given]
        rows = [row for row, (status, _) in enumerate(judged) if status == PredictionStatus.OK]
        read = {row: given[row].sequence[: self.model.longest] for row in rows}
        data: dict[str, Any] = {
            "name": [one.name for one in given],
            "chrom": [one.interval and one.interval.contig for one in given],
            "start": [one.interval and one.interval.start for one in given],
            "end": [one.interval and one.interval.end for one in given],
            "label": [one.label for one in given],
            "length": [one.length for one in given],
            "status": [status.value for status, _ in judged],
            "status_detail": [detail for _, detail in judged],
        }
        advance(len(given) - len(rows))
        passes = 2 if self.strand == "both" else 1
        logits = self._logits(read, lambda done: advance(done / passes))
        by_strand = np.full((passes, len(given), len(self.model.output_names)), np.nan)
        by_strand[:, rows] = [log_odds(self.model, strand) for strand in logits]
        for output, values in zip(self.model.output_names, by_strand.T, strict=True):
            mean = values.mean(axis=1)
            data[f"{output}_prob"] = probability(mean)
            data[f"{output}_log_odds"] = mean
            data[f"{output}_log_odds_spread"] = np.ptp(values, axis=1)
        columns = self.columns
        table = EffectTable((), (), columns, {column.name: data[column.name] for column in columns})
        by_strand[:, rows] = [log_odds(_of_class_one(self.model), strand) for strand in logits]
        class_one = probability(by_strand.mean(axis=0)).astype(np.float32)
        if len(self.model.output_names) == 1:
            class_one = class_one[:, 0]
        return Predictions(table, class_one, read)

    def _status(self, given: GivenSequence) -> tuple[PredictionStatus, str | None]:
        """Say whether the model reads a sequence, or why not."""
        if given.refused is not None or given.length is None:
            return given.refused or PredictionStatus.INVALID_RECORD, given.detail
        k, longest, length = self.model.vocabulary.k, self.model.longest, given.length
        if length < k:
            return PredictionStatus.TOO_SHORT, f"{length} bases, fewer than a k-mer's {k}"
        if length > longest and not self.truncate:
            return PredictionStatus.TOO_LONG, f"{length} bases, the model reads {longest}"
        other = None if self.allow_n else _NOT_ACGT.search(given.sequence, 0, longest)
        if other is not None:
            return PredictionStatus.HAS_N, f"{other[0]!r} at base {other.start() + 1}"
        cut = f"the first {longest} of {length} bases" if length > longest else None
        return PredictionStatus.OK, cut

    def _logits(
        self, read: dict[int, str], progress: Callable[[int], None]
    ) -> list[npt.NDArray[np.float32]]:
        """Logits of the sequences, once for each strand."""
        strands = [list(read.values())]
        if self.strand == "both":
            strands.append([reverse_complement(sequence) for sequence in strands[0]])
        logits = []
        for sequences in strands:
            tokens = tokenize(sequences, self.model.vocabulary)
            found = predict_logits(
                self.model, tokens, batch_size=self.batch_size, progress=progress
            )
            _require_finite(found, self.model, list(read))
            logits.append(found)
        return logits


def _of_class_one(model: Model) -> Model:
    """Give a model whose log-odds are those of class 1, as the published code takes them."""
    if model.card.task == "multi_label":
        return model
    return replace(model, card=replace(model.card, positive_label=model.card.labels[1]))


def _require_finite(logits: npt.NDArray[np.float32], model: Model, rows: Sequence[int]) -> None:
    finite = np.isfinite(logits).all(axis=1)
    if finite.all():
        return
    first = int(np.argmin(finite))
    remedy = "check the model" if model.precision == "fp32" else "use precision='fp32'"
    raise ModelError(
        f"model {model.name} gives {logits[first].tolist()} for a sequence (row {rows[first]} of "
        f"its chunk); expected finite logits. Its weights overflow in {model.precision}: {remedy}"
    )
