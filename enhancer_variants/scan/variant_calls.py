"""What alleles do to the predicted enhancers that they lie in: loss, gain, gain outside of one.

An allele is *in an enhancer* where it shares a base with a call; calls are made from the tiles
around it, once with REF and once with ALT, by the rule of the scan. Its own window, which has the
allele in its middle and gives the effects, *crosses* where its probability passes the threshold.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.effects import Outputs, Requested, record_chunks, score_records
from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.io import (
    EffectTable,
    Regions,
    VariantInput,
    VariantSource,
    effect_writer,
    output_format,
    to_frame,
    writable,
)
from enhancer_variants.progress import ProgressBar
from enhancer_variants.scan.calling import Call, CallRule, make_calls
from enhancer_variants.scan.haplotypes import AlleleTiles, allele_tiles
from enhancer_variants.scan.scanned import ScannedWindows
from enhancer_variants.scan.scanning import GenomeScanner
from enhancer_variants.schema import VARIANT_CALL_COLUMNS, Column, Status
from enhancer_variants.summary import RunSummary

__all__ = ["FLANK", "VariantCalls", "enhancer_change"]

FLANK = 1_000
"""Bases to either side of an allele whose windows are read where nobody says another number."""

_RECORDS_PER_CHUNK = 512
"""Few, because every allele brings dozens of windows."""


def enhancer_change(
    *, in_ref: bool, in_alt: bool, prob_ref: float, prob_alt: float, threshold: float = 0.5
) -> str:
    """Say what an allele does to the predicted enhancer that it lies in, or to its absence.

    Parameters
    ----------
    in_ref, in_alt
        Whether the allele lies in a call with REF and with ALT.
    prob_ref, prob_alt
        Probabilities of the window around the allele.
    threshold
        Probability from which on a window is called.

    Returns
    -------
    str
        ``loss``: in a call with REF, and with ALT in none or its window falls below the threshold.
        ``gain``: in a call with both, and its window rises to the threshold. ``gain_outside``: in
        no call with REF, and with ALT in one or its window rises to the threshold. Else ``none``.

    Examples
    --------
    >>> enhancer_change(in_ref=True, in_alt=False, prob_ref=0.9, prob_alt=0.4)
    'loss'
    >>> enhancer_change(in_ref=False, in_alt=True, prob_ref=0.4, prob_alt=0.9)
    'gain_outside'
    """
    rises, falls = prob_ref < threshold <= prob_alt, prob_alt < threshold <= prob_ref
    if not in_ref:
        return "gain_outside" if in_alt or rises else "none"
    if not in_alt or falls:
        return "loss"
    return "gain" if rises else "none"


@dataclass(frozen=True, slots=True)
class VariantCalls:
    """Scores variants and says what they do to predicted enhancers.

    Attributes
    ----------
    scanner
        Genome, model and what makes a call.
    flank
        Bases to either side of an allele whose windows are read. A call that reaches further is
        cut there.
    ignore_assembly
        Score even if variants and reference look like different builds.

    Raises
    ------
    InputError
        If the flank is negative.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> scanner = GenomeScanner(files.reference, files.planted_model, progress=False)
    >>> effects = VariantCalls(scanner, flank=200).score(["chr1:4005:T:A", "chr1:9000:A:T"])
    >>> effects[["in_enhancer_ref", "in_enhancer_alt"]].values.tolist()
    [['yes', 'no'], ['no', 'no']]
    """

    scanner: GenomeScanner
    flank: int = FLANK
    ignore_assembly: bool = False

    def __post_init__(self) -> None:
        if self.flank < 0:
            raise InputError(f"flank is {self.flank}; expected a number of bases, 0 or more")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of the effects, and those of calls behind them."""
        return (*self.scanner.plan.columns, *VARIANT_CALL_COLUMNS)

    def score(
        self,
        variants: VariantSource | Sequence[object] | pd.DataFrame,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """Score variants: one row per ALT allele, in order.

        Parameters
        ----------
        variants
            A file as for :meth:`VariantScorer.score_vcf`, or variants that are at hand as for
            :meth:`VariantScorer.score`.
        regions, regions_file
            Only records of a file that overlap these.

        Returns
        -------
        pandas.DataFrame
            The columns of the effects and
            :data:`~enhancer_variants.schema.VARIANT_CALL_COLUMNS`.
        """
        at_hand = not isinstance(variants, str | os.PathLike)
        requested = self._requested(variants, regions, regions_file, at_hand=at_hand)
        with requested.open() as opened:
            source = requested.checked(opened)
            frame = to_frame(self._tables(source), self.columns)
            frame.attrs["enhancer_variants"] = self._provenance(source, requested)
        return frame

    def annotate(
        self,
        variants: VariantSource,
        output: str | os.PathLike[str] | None,
        format: str | None = None,  # noqa: A002 (the word users know)
        *,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        overwrite_info: bool = False,
    ) -> RunSummary:
        """Score a file of any size into a file, as :meth:`VariantScorer.annotate` does.

        Parameters
        ----------
        variants, regions, regions_file
            As for :meth:`score`.
        output, format, overwrite_info
            As for :meth:`VariantScorer.annotate`.

        Returns
        -------
        RunSummary
            Counts.

        Raises
        ------
        InputError
            As :meth:`VariantScorer.annotate`; also where the output is an input.
        """
        files = (variants, regions_file, *self.scanner.reference.files)
        Outputs(output).refuse_inputs(files)
        requested = self._requested(variants, regions, regions_file)
        counts, records = Counter[str](), 0
        with requested.open() as opened:
            default = "vcf" if opened.kind == "vcf" else "tsv"
            written_as = output_format(output, format, default)
            source = requested.checked(writable(opened, written_as))
            with effect_writer(
                output,
                written_as,
                source,
                self.columns,
                self._provenance(source, requested),
                contig_lengths=self.scanner.reference.lengths,
                overwrite_info=overwrite_info,
            ) as write:
                for table in self._tables(source):
                    write(table)
                    counts.update(table.data["status"])
                    records += len(table.records)
        return RunSummary.of(records, counts)

    def _requested(
        self, variants: Any, regions: Any, regions_file: Any, *, at_hand: bool = False
    ) -> Requested:
        about = (variants, self.scanner.reference, regions, regions_file)
        return Requested.of(*about, ignore_assembly=self.ignore_assembly, at_hand=at_hand)

    def _provenance(self, source: VariantInput, requested: Requested) -> dict[str, Any]:
        asked = {"flank": self.flank, "ignore_assembly": self.ignore_assembly}
        return self.scanner.provenance({**asked, **requested.options()}, source.name)

    def _tables(self, source: VariantInput) -> Iterator[EffectTable]:
        scanner, lengths = self.scanner, source.contig_lengths
        with ProgressBar(scanner.progress) as bar:
            for chunk in record_chunks(source.records, _RECORDS_PER_CHUNK):
                bar.expect(sum(max(1, len(r.alts)) for r in chunk), source.fraction_read())
                table = score_records(chunk, scanner.plan, scanner.reference, lengths)
                rows = AlleleRows.of(chunk, scanner.reference, lengths)
                data = {**table.data, **self._call_columns(table, rows)}
                bar.advance(len(table))
                yield replace(table, columns=self.columns, data=data)

    def _call_columns(self, table: EffectTable, rows: AlleleRows) -> dict[str, Sequence[Any]]:
        """Fill the columns of calls for one chunk."""
        (name,) = self.scanner.plan.models[0].output_names
        rule, tiling = self.scanner.rule, self.scanner.tiling
        placed: dict[int, tuple[Variant, AlleleTiles]] = {}
        for row, (status, placement) in enumerate(
            zip(table.data["status"], rows.placements, strict=True)
        ):
            if status == Status.OK and placement.variant and placement.contig:
                tiles = allele_tiles(placement.variant, placement.contig, tiling, self.flank)
                placed[row] = (placement.variant, tiles)
        scores = self._scores(placed.values())
        data: dict[str, Any] = {column.name: [None] * len(table) for column in VARIANT_CALL_COLUMNS}
        data["call_max_log_odds_ref"] = np.full(len(table), np.nan)
        for row, (variant, tiles) in placed.items():
            ref, alt = (
                _call_at(variant, tiles.starts, texts, scores, rule, tiling.window)
                for texts in (tiles.ref, tiles.alt)
            )
            data["in_enhancer_ref"][row] = "yes" if ref else "no"
            data["in_enhancer_alt"][row] = "yes" if alt else "no"
            if ref:
                data["call_start_ref"][row], data["call_end_ref"][row] = ref.start, ref.end
                data["call_max_log_odds_ref"][row] = ref.max_log_odds
            data["enhancer_change"][row] = enhancer_change(
                in_ref=ref is not None,
                in_alt=alt is not None,
                prob_ref=table.data[f"{name}_prob_ref"][row],
                prob_alt=table.data[f"{name}_prob_alt"][row],
                threshold=rule.threshold,
            )
        return data

    def _scores(self, placed: Any) -> Mapping[str, float]:
        """Log-odds of every distinct window."""
        windows = dict.fromkeys(
            text for _, tiles in placed for text in (*tiles.ref, *tiles.alt) if text
        )
        scores = self.scanner.work.sequence_log_odds(list(windows))
        return dict(zip(windows, scores.tolist(), strict=True))


def _call_at(
    variant: Variant,
    starts: npt.NDArray[np.int64],
    texts: Sequence[str],
    scores: Mapping[str, float],
    rule: CallRule,
    window: int,
) -> Call | None:
    """Give the call that shares a base with REF, if there is one."""
    readable = [number for number, text in enumerate(texts) if text]
    log_odds = np.array([scores[texts[number]] for number in readable], dtype=np.float64)
    scored = ScannedWindows(variant.contig, starts[readable], log_odds)
    for call in make_calls([scored], rule, window):
        if call.start < variant.end and variant.start < call.end:
            return call
    return None
