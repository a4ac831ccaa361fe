"""Score chunk after chunk; the networks run while the next chunks are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from enhancer_variants.effects.checked_input import RECORDS_PER_CHUNK
from enhancer_variants.effects.network_thread import NetworkThread
from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.scoring import Advance, PreparedChunk, prepare_records
from enhancer_variants.effects.side_tables import SideTables
from enhancer_variants.genome import Reference
from enhancer_variants.io import EffectTable, VariantRecord

__all__ = ["CHUNKS_AHEAD", "score_chunks"]

CHUNKS_AHEAD = 2
"""At most so many chunks are read and prepared beyond the one whose table comes next."""

_MOST_RECORDS = 16 * RECORDS_PER_CHUNK
"""Nothing is read ahead of chunks with so many records: they are large to save something else."""


def score_chunks(
    chunks: Iterable[Sequence[VariantRecord]],
    plan: ScoringPlan,
    reference: Reference,
    contig_lengths: Mapping[str, int] | None = None,
    advance: Advance | None = None,
    side_tables: SideTables | None = None,
) -> Iterator[EffectTable]:
    """Score every ALT allele of chunks of records, a table for each chunk, in order.

    The networks run in a thread of their own, and meanwhile the next :data:`CHUNKS_AHEAD` chunks
    are read and made into tokens, and the caller does what it does with the tables so far. All but
    the networks stays in the caller's thread: `chunks` are read there, and `advance` and
    `side_tables` are called there. A single chunk is scored without a thread.

    Parameters
    ----------
    chunks
        Records in input order, as :func:`record_chunks` cuts them.
    plan, reference, contig_lengths, advance, side_tables
        As for :func:`score_records`.

    Yields
    ------
    EffectTable
        One row per ALT allele of a chunk, one for a record without any.

    Raises
    ------
    ModelError
        As :func:`score_records`. An exception rises behind the tables of all chunks before the
        one that it is of.
    """
    prepared = (
        prepare_records(chunk, plan, reference, contig_lengths, side_tables) for chunk in chunks
    )
    with NetworkThread() as networks:
        ahead = _ReadAhead(prepared, networks)
        while (chunk := ahead.next_chunk()) is not None:
            yield chunk.scored(advance, networks.in_turn if ahead.is_submitted else None)
            del chunk


class _ReadAhead:
    """Gives prepared chunks in order, and meanwhile submits those that follow to the networks.

    `is_submitted` says whether the chunk given last was submitted: not where it is alone.
    """

    def __init__(self, prepared: Iterator[PreparedChunk], networks: NetworkThread) -> None:
        self._prepared, self._networks = prepared, networks
        self._waiting: deque[PreparedChunk] = deque()
        self._submitted = 0
        self._ended = False
        self._failure: Exception | None = None
        self.is_submitted = False

    def next_chunk(self) -> PreparedChunk | None:
        """Give the next chunk, None behind the last one; what reading it raised rises here."""
        while not self._ended and self._has_room():
            self._read()
        if not self._waiting:
            if self._failure is not None:
                raise self._failure
            return None
        self.is_submitted = self._submitted > 0
        self._submitted -= self.is_submitted
        return self._waiting.popleft()

    def _has_room(self) -> bool:
        records = sum(len(chunk.records) for chunk in self._waiting)
        return len(self._waiting) <= CHUNKS_AHEAD and records < _MOST_RECORDS

    def _read(self) -> None:
        try:
            self._waiting.append(next(self._prepared))
        except StopIteration:
            self._ended = True
        except Exception as error:  # noqa: BLE001 - its turn comes behind the chunks before it
            self._ended, self._failure = True, error
        if len(self._waiting) > 1:
            for chunk in islice(self._waiting, self._submitted, None):
                self._networks.submit(chunk.passes)
            self._submitted = len(self._waiting)
