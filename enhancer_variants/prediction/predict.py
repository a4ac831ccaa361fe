"""Sequences in, probabilities and log-odds out: one row for each, in their order.

A sequence that the model cannot read is a row with the reason, never an exception, and nothing
is cut or filled up unless asked. The published DNABERT code (``run_finetune.py --do_predict``)
cuts what is too long and reads every k-mer with N as [UNK] without a word; ``truncate`` and
``allow_n`` do the same on request.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.genome import Reference
from enhancer_variants.genome.reference import ReferenceSource
from enhancer_variants.io import to_frame
from enhancer_variants.models import Model
from enhancer_variants.prediction.columns import PredictionSummary
from enhancer_variants.prediction.outputs import (
    Destination,
    WriteArray,
    array_writer,
    check_places,
    format_of,
    table_writer,
)
from enhancer_variants.prediction.plan import PredictionPlan, Predictions
from enhancer_variants.prediction.sequences import (
    BedWindow,
    SequenceInput,
    SequenceSource,
    open_sequences,
)

__all__ = ["predict_file", "predict_sequences"]


def predict_sequences(
    model: Model | str | os.PathLike[str] | None,
    sequences: SequenceSource,
    *,
    reference: Reference | ReferenceSource | None = None,
    bed_window: BedWindow = "centred",
    strand: Literal["forward", "both"] = "forward",
    allow_n: bool = False,
    truncate: bool = False,
    batch_size: int | Literal["auto"] = "auto",
    progress: bool | None = None,
) -> pd.DataFrame:
    """Predict sequences.

    Parameters
    ----------
    model
        A loaded model, or the directory or name of one; None for the bundled ``enhancer-mini``.
    sequences
        Strings or :class:`~enhancer_variants.io.labelled_sequences.LabelledSequence` values; a
        DataFrame with a column ``sequence`` (others may be name, label, coordinate as 1-based
        ``chr1:100-299``, or chrom, start and end, 0-based half-open); or a file as for
        :func:`predict_file`. One string alone is the name of a file. Upper and lower case are
        the same to the model.
    reference
        FASTA of a genome: `sequences` is then a BED file.
    bed_window
        ``centred``: the model's window length W around the middle m = (start + end) // 2, from
        m - W // 2 on, so an interval of W bases is read as it is. ``interval``: its own bases.
        Always of the forward strand, as ``bedtools getfasta`` reads it.
    strand
        ``both`` averages the log-odds with those of the reverse complement.
    allow_n
        Predict sequences with N and other letters: a k-mer that holds one is [UNK].
    truncate
        Read only the first bases of what is longer than the model reads, as the published code
        does silently. Its status is ok; the detail says what was read.
    batch_size
        Sequences in one pass through the network.
    progress
        Show a progress bar; None means where someone is watching.

    Returns
    -------
    pandas.DataFrame
        One row per sequence in the order given, with the columns of :func:`prediction_columns`;
        ``attrs["enhancer_variants"]`` is the provenance.

    Raises
    ------
    InputError
        If a file is none of the formats or cannot be read to its end, a DataFrame has no
        sequences, `sequences` is None or nothing else that holds any, or an option is none.
    ModelError
        If a model cannot be loaded or gives a number that is not finite.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> model = load_model(demo_files().model, "enhancer")
    >>> predict_sequences(model, ["ACGT" * 50, "ACGN" * 50, "ACG"])["status"].tolist()
    ['ok', 'has_n', 'too_short']
    """
    plan = _plan(model, strand=strand, batch_size=batch_size, allow_n=allow_n, truncate=truncate)
    with _opened(sequences, plan, reference, bed_window) as source:
        tables = [predictions.table for predictions in plan.predictions(source, progress)]
        frame = to_frame(tables, plan.columns)
        frame.attrs["enhancer_variants"] = _provenance(plan, source, bed_window)
    return frame


def predict_file(
    model: Model | str | os.PathLike[str] | None,
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None,
    format: str | None = None,  # noqa: A002 (the word users know)
    *,
    npy: str | os.PathLike[str] | None = None,
    attention: str | os.PathLike[str] | None = None,
    reference: Reference | ReferenceSource | None = None,
    bed_window: BedWindow = "centred",
    strand: Literal["forward", "both"] = "forward",
    allow_n: bool = False,
    truncate: bool = False,
    batch_size: int | Literal["auto"] = "auto",
    progress: bool | None = None,
) -> PredictionSummary:
    r"""Predict a file of any size into a file, holding one chunk at a time.

    Parameters
    ----------
    path
        FASTA; CSV, or TSV where the header holds a tab, with a column ``sequence`` whose cells
        are bases or k-mers (``train.tsv``, ``dev.tsv``); BED where a reference is given. Plain
        or gzipped, told by content, ``-`` for standard input. Of a FASTA header, ``;label=1`` is
        the label and leading ``chr1:99-299`` the coordinates where they fit the length; with
        ``(-)``, the reverse strand, the bases are read as they are and have no coordinates.
    output
        File to write, None or ``-`` for standard output. It appears under its name only when it
        is complete; of text, the provenance stands in ``<output>.json``.
    format
        ``tsv``, ``tsv.gz``, ``csv`` or ``parquet``; by default the ending of `output` says it.
    npy
        Also write the probability of class 1, as the published code's ``pred_results.npy``:
        float32, shape (sequences,) in file order; (sequences, outputs) where a model has several.
        NaN where there is no prediction.
    attention
        Also write the attention per base, as the published code's ``atten.npy``: float64, shape
        (sequences, max_seq_length), of the forward strand; NaN where there is no prediction.
    model, reference, bed_window, strand, allow_n, truncate, batch_size, progress
        As for :func:`predict_sequences`.

    Returns
    -------
    PredictionSummary
        Counts of what was read.

    Raises
    ------
    InputError
        As :func:`predict_sequences`; if the output's format is not told, or an output is an
        input or another output.
    ModelError
        As :func:`predict_sequences`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "peaks.fa")
    ...     _ = fasta.write_text(f">a;label=1\n{'ACGT' * 50}\n>b\nACGNN\n")
    ...     print(predict_file(demo_files().model, fasta, pathlib.Path(folder, "peaks.tsv")))
    2 sequences: 1 predicted, 1 not (too_short 1)
    """
    written_as = format_of(output, format)
    genome = None if reference is None else Reference.of(reference)
    check_places([output, npy, attention], [path, *(genome.files if genome else ())])
    plan = _plan(model, strand=strand, batch_size=batch_size, allow_n=allow_n, truncate=truncate)
    counts: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(_opened(path, plan, genome, bed_window))
        made_with = _provenance(plan, source, bed_window)
        write = stack.enter_context(table_writer(written_as, output, plan.columns, made_with))
        writers = [stack.enter_context(w) for w in _array_writers(plan, npy, attention)]
        for predictions in plan.predictions(source, progress):
            write(predictions.table)
            for write_array in writers:
                write_array(predictions)
            counts.update(predictions.table.data["status"])
    return PredictionSummary.of(counts)


def _plan(model: Model | str | os.PathLike[str] | None, **options: Any) -> PredictionPlan:
    """Make the plan, and say what was assumed of the model."""
    plan = PredictionPlan.of(model, **options)
    for assumption in plan.model.assumptions:
        warnings.warn(f"{plan.model.name}: {assumption}", UserWarning, stacklevel=3)
    return plan


def _opened(
    sequences: SequenceSource,
    plan: PredictionPlan,
    reference: Reference | ReferenceSource | None,
    bed_window: BedWindow,
) -> contextlib.AbstractContextManager[SequenceInput]:
    return open_sequences(
        sequences,
        longest=plan.model.longest,
        window=plan.model.window_length,
        reference=None if reference is None else Reference.of(reference),
        bed_window=bed_window,
    )


def _provenance(
    plan: PredictionPlan, source: SequenceInput, bed_window: BedWindow
) -> dict[str, Any]:
    of_bed = {} if source.reference is None else {"bed_window": bed_window}
    return plan.provenance(source, **of_bed)


def _array_writers(
    plan: PredictionPlan, npy: Destination, attention: Destination
) -> Iterator[contextlib.AbstractContextManager[Callable[[Predictions], None]]]:
    """Give what writes the arrays that are asked for, each to be opened."""
    if npy is not None:
        outputs = len(plan.model.output_names)
        width = None if outputs == 1 else outputs
        yield _writing(array_writer(npy, np.float32, width), lambda found: found.class_one)
    if attention is not None:
        limit = plan.model.token_limit
        yield _writing(array_writer(attention, np.float64, limit), plan.attention)


@contextlib.contextmanager
def _writing(
    writer: contextlib.AbstractContextManager[WriteArray],
    array_of: Callable[[Predictions], npt.NDArray[Any]],
) -> Iterator[Callable[[Predictions], None]]:
    with writer as write:
        yield lambda predictions: write(array_of(predictions))
