"""What a worker of a long scoring run does: load the models once, then score shard after shard."""

from __future__ import annotations

import contextlib
import operator
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Final

import pyarrow as pa

from enhancer_variants.effects import (
    Outputs,
    ScoringPlan,
    SideTables,
    collector_paused,
    score_chunks,
)
from enhancer_variants.effects.outputs import Destination
from enhancer_variants.genome import Reference
from enhancer_variants.io import VariantRecord
from enhancer_variants.io.effects_as_vcf import VcfLines
from enhancer_variants.io.pieces import effects_piece, long_table_piece
from enhancer_variants.models import Model
from enhancer_variants.models.batch_size import measured_batch_size
from enhancer_variants.models.conditions import computing_conditions
from enhancer_variants.models.files import JSON
from enhancer_variants.provenance import provenance_of
from enhancer_variants.runs import Piece, Shard
from enhancer_variants.runs.shrinking import BatchSize, OnOom, in_batches_that_fit
from enhancer_variants.schema import MOTIF_HIT_COLUMNS, MOTIF_HITS, Column
from enhancer_variants.scorer import VariantScorer

__all__ = ["MakeScoringWork", "ScoringOutline", "ScoringShard", "ScoringWork"]


RECORDS: Final = "records"
"""Name of the count of records; the others are named as statuses are."""

TFBS_PIECE: Final = "tfbs.parquet"
HITS_PIECE: Final = "motif_hits.parquet"

_DATA_SET: Final = "effects.parquet"

_FIELDS: Final = tuple(operator.attrgetter(own.name) for own in fields(VariantRecord))


@dataclass(frozen=True, slots=True)
class ScoringShard:
    """Content of a shard of a scoring run.

    Attributes
    ----------
    chunks
        The records, cut as a run without shards cuts them.
    batch_size
        Sequences in one pass through a network.

    Examples
    --------
    >>> ScoringShard((), 64).batch_size
    64
    """

    chunks: tuple[Sequence[VariantRecord], ...]
    batch_size: BatchSize

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle columns, which one process does for all workers, in a quarter of the time."""
        columns = [[[*map(values, chunk)] for values in _FIELDS] for chunk in self.chunks]
        return _shard_of_columns, (columns, self.batch_size)


def _shard_of_columns(chunks: Sequence[Sequence[Any]], batch_size: BatchSize) -> ScoringShard:
    return ScoringShard(tuple(tuple(map(VariantRecord, *chunk)) for chunk in chunks), batch_size)


@dataclass(frozen=True, slots=True)
class ScoringOutline:
    """What whoever joins the pieces has to know of what the workers loaded.

    Attributes
    ----------
    columns
        Columns of the effects.
    long_columns
        Columns of the table of TFBS models.
    provenance
        Of all tables.
    pieces
        Names of the pieces of every shard.
    outputs
        The files to write, with the table of TFBS models where the effects hold only the largest
        gain and loss. Where the effects stay in pieces, what was asked for.
    records_per_chunk
        Records that are scored together where nobody says how many.
    batch_size
        Sequences in one pass through a network: as asked for, or as measured.
    warnings
        What a worker warned of while it loaded the models.
    """

    columns: tuple[Column, ...]
    long_columns: tuple[Column, ...]
    provenance: Mapping[str, Any]
    pieces: tuple[str, ...]
    outputs: Outputs
    records_per_chunk: int
    batch_size: BatchSize
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MakeScoringWork:
    """Loads what a scoring run needs, wherever it is called; all in it are values and names.

    Attributes
    ----------
    reference
        Path of the FASTA.
    options
        Of :class:`~enhancer_variants.VariantScorer`.
    input_name
        Base name of the input.
    request
        What else the provenance tells of the request.
    outputs
        The files to write; effects that go nowhere stay in pieces.
    ending
        Of the pieces of the effects (:func:`~enhancer_variants.io.pieces.piece_format`).
    contig_lengths
        Lengths that the input's header declares.
    overwrite_info
        Replace ``EV_`` keys that a record already has.
    on_oom
        What to do where a device has too little memory for a batch.
    batch_size
        The one that the run has settled on, if it has begun.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> options = {"enhancer": str(files.model), "device": "cpu"}
    >>> make_work = MakeScoringWork(str(files.reference), options, "variants.vcf", {})
    >>> make_work().outline.pieces
    ('effects.parquet',)
    """

    reference: str
    options: Mapping[str, Any]
    input_name: str
    request: Mapping[str, Any]
    outputs: Outputs = field(default_factory=lambda: Outputs(None))
    ending: str = "parquet"
    contig_lengths: Mapping[str, int] = field(default_factory=dict)
    overwrite_info: bool = False
    on_oom: OnOom = "stop"
    batch_size: BatchSize | None = None

    def __call__(self) -> ScoringWork:
        """Load the models.

        Raises
        ------
        InputError, ModelError, FastaError, MotifFileError
            As :class:`~enhancer_variants.VariantScorer`; also if a table is asked for that the
            models have nothing to write into.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            scorer = VariantScorer(self.reference, **self.options)
        said = tuple(str(w.message) for w in caught if issubclass(w.category, UserWarning))
        return ScoringWork(self, scorer, said)


class ScoringWork:
    """Scores shards (see :class:`~enhancer_variants.runs.Work`).

    Parameters
    ----------
    asked
        What the run was asked for.
    scorer
        The loaded models.
    said
        What they warned of.
    """

    def __init__(
        self, asked: MakeScoringWork, scorer: VariantScorer, said: tuple[str, ...]
    ) -> None:
        self._asked, self._plan = asked, scorer.plan
        self._reference = Reference.of(scorer.reference or asked.reference)
        about = (scorer.plan, self._reference, asked.input_name)
        self._provenance = provenance_of(*about, asked.request)
        as_vcf = asked.ending.startswith("vcf")
        self._lists = (MOTIF_HITS,) if as_vcf and scorer.plan.motifs else ()
        outputs = _complete(asked.outputs, scorer.plan)
        self.outline = ScoringOutline(
            columns=(*scorer.plan.columns, *self._lists),
            long_columns=scorer.plan.long_columns,
            provenance=self._provenance,
            pieces=_pieces(outputs, asked.ending),
            outputs=asked.outputs if asked.outputs.effects is None else outputs,
            records_per_chunk=scorer.records_per_chunk,
            batch_size=asked.batch_size or _batch_size(scorer.plan),
            warnings=said,
        )

    @property
    def conditions(self) -> Mapping[str, JSON]:
        """What the bytes depend on: the provenance, the columns, and what computes."""
        return {
            "made_with": dict(self._provenance),
            "wide": not self._plan.only_top_factors,
            **computing_conditions(self._plan.models),
        }

    def __call__(self, shard: Shard, advance: Callable[[float], None] | None = None) -> Piece:
        """Score a shard; once more with smaller batches where memory ran out, if asked to.

        Raises
        ------
        FastaError
            If the reference is not the one any more whose digest the conditions hold.
        """
        do = partial(self._piece, shard.content.chunks)
        piece = in_batches_that_fit(do, shard.content.batch_size, self._asked.on_oom, advance)
        self._reference.require_unchanged()
        return piece

    def _piece(
        self,
        chunks: Sequence[Sequence[VariantRecord]],
        batch_size: BatchSize,
        advance: Callable[[float], None],
        notes: Mapping[str, JSON],
    ) -> Piece:
        asked, outline = self._asked, self.outline
        plan = replace(self._plan, batch_size=batch_size)
        lines = VcfLines(outline.columns, asked.overwrite_info, asked.input_name)
        counts, contents = Counter[str](), dict[str, pa.BufferOutputStream]()
        effects, *beside = outline.pieces
        with contextlib.ExitStack() as stack:
            about = (asked.ending, outline.columns, self._provenance, lines)
            write, contents[effects] = stack.enter_context(effects_piece(*about))
            takers: dict[str, Any] = {}
            for name in beside:
                columns = outline.long_columns if name == TFBS_PIECE else MOTIF_HIT_COLUMNS
                piece = long_table_piece(columns, self._provenance)
                takers[name], contents[name] = stack.enter_context(piece)
            side = SideTables(takers.get(TFBS_PIECE), takers.get(HITS_PIECE), bool(self._lists))
            context = (plan, self._reference, asked.contig_lengths)
            for table in score_chunks(chunks, *context, advance, side):
                with collector_paused():
                    write(table)
                counts.update(table.data["status"])
                counts[RECORDS] += len(table.records)
        files = {name: content.getvalue().to_pybytes() for name, content in contents.items()}
        return Piece(files, counts, notes)


def _complete(asked: Outputs, plan: ScoringPlan) -> Outputs:
    """Check what is asked for against the plan; effects in pieces are a table like any other."""
    effects: Destination = _DATA_SET if asked.effects is None else asked.effects
    return Outputs.of(plan, effects, asked.tfbs_table, asked.motif_hits)


def _pieces(outputs: Outputs, ending: str) -> tuple[str, ...]:
    beside = {TFBS_PIECE: outputs.tfbs_table, HITS_PIECE: outputs.motif_hits}
    return (f"effects.{ending}", *(name for name, table in beside.items() if table is not None))


def _batch_size(plan: ScoringPlan) -> BatchSize:
    """Measure the batch size where nobody says it, for the largest model that is on a GPU.

    On a CPU the usual one is used: the bytes are then those of a run without shards.
    """
    on_gpu = [model for model in plan.models if model.device.type != "cpu"]
    if plan.batch_size != "auto" or not on_gpu:
        return plan.batch_size
    return measured_batch_size(plan.ready(max(on_gpu, key=_parameters)))


def _parameters(model: Model) -> int:
    return sum(weight.numel() for weight in model.network.parameters())
