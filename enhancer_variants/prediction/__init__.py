"""Sequences in, probabilities and log-odds out: one row for each, in their order."""

from enhancer_variants.prediction.columns import (
    PredictionStatus,
    PredictionSummary,
    prediction_columns,
)
from enhancer_variants.prediction.outputs import PREDICTION_FORMATS
from enhancer_variants.prediction.predict import predict_file, predict_sequences
from enhancer_variants.prediction.sequences import BedWindow, SequenceSource

__all__ = [
    "PREDICTION_FORMATS",
    "BedWindow",
    "PredictionStatus",
    "PredictionSummary",
    "SequenceSource",
    "predict_file",
    "predict_sequences",
    "prediction_columns",
]
