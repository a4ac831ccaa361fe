"""The alleles of a chunk of records, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from enhancer_variants.effects.window_pairs import WindowPairs
from enhancer_variants.genome import Placement, Reference, WindowRule, allele_windows, place
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.motifs import AlleleContext, allele_context, sequence_context
from enhancer_variants.schema import Status

__all__ = ["AlleleRows"]


@dataclass(slots=True)
class AlleleRows:
    """The alleles of a chunk: whose each is, its number and text, and where it lies.

    Attributes
    ----------
    counts
        Rows of each record.
    records, numbers, alts, placements
        By row: the record, the ALT's number in it (0 for none), its text, where it lies.
    """

    counts: list[int] = field(default_factory=list)
    records: list[VariantRecord] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        records: Sequence[VariantRecord],
        reference: Reference,
        contig_lengths: Mapping[str, int],
    ) -> AlleleRows:
        """Make a row for each ALT, or one for a record that has none or could not be read."""
        rows = cls()
        for record in records:
            rows._add(record, reference, contig_lengths.get(record.contig))
        return rows

    @classmethod
    def of_sequences(cls, records: Sequence[VariantRecord]) -> AlleleRows:
        """Make a row for each pair of sequences, which lie nowhere."""
        rows = cls()
        for record in records:
            rows._append(record, 1, record.alts[0], Placement(Status.OK, "", None, None))
            rows.counts.append(1)
        return rows

    def __len__(self) -> int:
        return len(self.placements)

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

    def without_long(self, pairs: WindowPairs, most: int) -> WindowPairs:
        """Refuse the rows of which an allele has more than `most` bases."""
        sizes = (max(len(self.records[r].ref), len(self.alts[r])) for r in pairs.rows.tolist())
        fits = np.fromiter((size <= most for size in sizes), dtype=bool, count=len(pairs.rows))
        if fits.all():
            return pairs
        reason = (Status.TOO_LONG, f"motifs are looked for in alleles of at most {most} bases")
        refused = dict.fromkeys(pairs.rows[~fits].tolist(), reason)
        return WindowPairs(
            pairs.sequences,
            pairs.rows[fits],
            pairs.ref[fits],
            pairs.alt[fits],
            {**pairs.refused, **refused},
        )

    def context(self, row: int, margin: int) -> AlleleContext:
        """Give both alleles of a row with `margin` bases around the change, for motifs."""
        placement = self.placements[row]
        if placement.variant is None or placement.contig is None:
            return sequence_context(self.records[row].ref.upper(), self.alts[row].upper(), margin)
        return allele_context(placement.variant, placement.contig, margin)

    def _add(self, record: VariantRecord, reference: Reference, length: int | None) -> None:
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

    def _append(self, record: VariantRecord, number: int, alt: str, placement: Placement) -> None:
        self.records.append(record)
        self.numbers.append(number)
        self.alts.append(alt)
        self.placements.append(placement)


def _invalid(problem: str) -> Placement:
    return Placement(Status.INVALID_RECORD, problem, None, None)


def _place(record: VariantRecord, alt: str, reference: Reference, length: int | None) -> Placement:
    if not alt:
        return _invalid("this ALT is empty")
    return place(record.contig, record.position or 0, record.ref, alt, reference, length)
