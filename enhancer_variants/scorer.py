"""The front door: give it variants, a genome and models, get one row per allele."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import cyvcf2
import pandas as pd
import pysam

from enhancer_variants.effects import (
    ModelSource,
    ScoringPlan,
    assembly_checked,
    collector_paused,
    named_models,
    pair_windows,
    require_fitting_contigs,
    score_records,
    score_windows,
)
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, ReferenceSource
from enhancer_variants.io import (
    EffectTable,
    Regions,
    VariantInput,
    VariantRecord,
    VariantSource,
    effect_writer,
    open_items,
    open_variants,
    output_format,
    requested_intervals,
    several,
    to_frame,
    writable,
)
from enhancer_variants.models import Model, Padding, Precision, load_model
from enhancer_variants.progress import ProgressBar
from enhancer_variants.provenance import provenance_of
from enhancer_variants.summary import RunSummary

__all__ = ["RunSummary", "VariantScorer", "score_vcf"]

RECORDS_PER_CHUNK = 4_096
"""Enough that the work around a chunk vanishes, few enough to be gone before the garbage collector
looks at them twice (benchmarks/pipeline.py: larger and smaller chunks are slower)."""

_BYTES_PER_CHUNK = 32 * 2**20
"""Records of many samples are wide; a chunk ends at this many bytes of text too."""


class VariantScorer:
    """Scores variants with an enhancer model and any number of TFBS models.

    For research, not for clinical use.

    Parameters
    ----------
    reference
        FASTA (plain or bgzipped) that the variants' REF alleles are taken from, an open
        ``pysam.FastaFile`` or ``pyfaidx.Fasta``, or None where only
        :meth:`score_sequences` is used.
    enhancer
        Directory of the enhancer model, or ``{name: directory}`` for several.
    tfbs
        Directories of TFBS models by name. The labels of a multi-label model name its columns.
    window, max_seq_length, padding
        Fill in what a model's card does not say: bases a model reads, tokens it is padded to,
        and how it treats padding (``dnabert`` or ``none``).
    strand
        ``forward``, or ``both`` to average with the reverse complement.
    anchors
        ``left``, or ``both`` to average with the mirror image of the window rule.
    shifts
        Average over windows moved by up to so many bases to either side.
    allow_n
        Score windows with N, and over a contig's end (N there), instead of refusing them.
    ignore_assembly
        Score even if variants and reference look like different builds.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` ...
    precision
        ``auto`` (fp32), ``fp32``, ``fp16`` or ``bf16``.
    batch_size
        Sequences in one pass through the network, or ``auto``.
    progress
        Show a progress bar; None means where someone is watching (a terminal, a notebook).

    Raises
    ------
    InputError
        If no model is named, or two names would give the same column.
    ModelError, CheckpointError, UnsafeCheckpointError, WindowLengthError
        If a model cannot be loaded as asked.
    FastaError
        If the reference cannot be read.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> scorer = VariantScorer(files.reference, enhancer=files.model)
    >>> effects = scorer.score(["chr1:2009:A:T", "chr1:10:A:T"])
    >>> effects[["pos", "status"]].values.tolist()
    [[2009, 'ok'], [10, 'edge']]
    """

    def __init__(
        self,
        reference: ReferenceSource | Reference | None,
        *,
        enhancer: ModelSource | Mapping[str, ModelSource] | None = None,
        tfbs: Mapping[str, ModelSource] | None = None,
        window: int | None = None,
        max_seq_length: int | None = None,
        strand: Literal["forward", "both"] = "forward",
        anchors: Literal["left", "both"] = "left",
        shifts: int = 0,
        allow_n: bool = False,
        padding: Padding | None = None,
        ignore_assembly: bool = False,
        device: str = "auto",
        precision: Precision | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        progress: bool | None = None,
    ) -> None:
        sources = named_models(enhancer, tfbs)
        self.ignore_assembly = ignore_assembly
        self.progress = progress
        self.reference = (
            reference
            if reference is None or isinstance(reference, Reference)
            else Reference(reference)
        )
        models = tuple(
            load_model(
                os.fspath(source),
                name,
                window=window,
                max_seq_length=max_seq_length,
                padding=padding,
                device=device,
                precision=precision,
            )
            for name, source in sources.items()
        )
        self.plan = ScoringPlan(models, strand, anchors, shifts, allow_n, batch_size)
        for model in models:
            for assumption in model.assumptions:
                warnings.warn(f"{model.name}: {assumption}", UserWarning, stacklevel=2)

    @property
    def models(self) -> tuple[Model, ...]:
        """The loaded models, in the order of their columns."""
        return self.plan.models

    def score_vcf(
        self,
        path: VariantSource,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """Score every ALT allele of a file.

        Parameters
        ----------
        path
            VCF (plain, gzip, bgzip), BCF, TSV or CSV, ``-`` for standard input, or a
            ``cyvcf2.VCF`` or ``pysam.VariantFile`` that is held.
        regions
            Only records that overlap ``chr1:1-1000`` (1-based, inclusive) or several such,
            through the file's index.
        regions_file
            Likewise, from a BED file.

        Returns
        -------
        pandas.DataFrame
            One row per ALT allele in input order (:mod:`enhancer_variants.schema` has the
            columns); the provenance is in ``attrs["enhancer_variants"]``.

        Raises
        ------
        VariantFileError
            If the file is damaged, truncated or none of these formats.
        AssemblyMismatchError
            If the variants are of another build than the reference.
        """
        regions = None if regions is None else several(regions)
        again = self._reopener(path, regions, regions_file)
        with self._open(path, regions, regions_file) as source:
            frame = to_frame(self._tables(self._checked(source, again)), self.plan.columns)
            frame.attrs["enhancer_variants"] = self._provenance(source.name, regions, regions_file)
        return frame

    def iter_vcf(
        self,
        path: VariantSource,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        *,
        chunk_size: int = RECORDS_PER_CHUNK,
    ) -> Iterator[pd.DataFrame]:
        """Score a file of any size, one DataFrame per `chunk_size` records (see `score_vcf`)."""
        regions = None if regions is None else several(regions)
        again = self._reopener(path, regions, regions_file)
        with self._open(path, regions, regions_file) as source:
            provenance = self._provenance(source.name, regions, regions_file)
            for table in self._tables(self._checked(source, again), chunk_size):
                frame = to_frame([table], self.plan.columns)
                frame.attrs["enhancer_variants"] = provenance
                yield frame

    def score(self, items: Iterable[object] | pd.DataFrame | VariantSource) -> pd.DataFrame:
        """Score variants that are at hand.

        Parameters
        ----------
        items
            Strings (``chr1:109274968:G:T``, ``1-109274968-G-T``, ``chr1:109274968:G>T``),
            :class:`~enhancer_variants.genome.Variant` values, records of cyvcf2 or pysam, or a
            DataFrame with columns such as chrom, pos, ref, alt. A string that is no variant
            gives an ``invalid_record`` row.

        Returns
        -------
        pandas.DataFrame
            One row per ALT allele in the order given.
        """
        if isinstance(items, os.PathLike | pysam.VariantFile | cyvcf2.VCF):
            return self.score_vcf(items)
        if isinstance(items, str) and _is_file(items):
            raise InputError(f"{items!r} is a file: score it with score_vcf")
        with open_items(items) as source:
            frame = to_frame(self._tables(self._checked(source)), self.plan.columns)
            frame.attrs["enhancer_variants"] = self._provenance(source.name)
        return frame

    def score_sequences(self, ref: Sequence[str], alt: Sequence[str]) -> pd.DataFrame:
        """Score pairs of sequences as they are, without a genome.

        Parameters
        ----------
        ref, alt
            Sequences of any length the models read, pair by pair; the two of a pair may differ
            in length. `strand` applies; anchors and shifts need a genome.

        Returns
        -------
        pandas.DataFrame
            One row per pair. `ref` and `alt` hold the sequences; there is no position.

        Raises
        ------
        WindowLengthError
            If a sequence is longer than a model reads.
        InputError
            If the two lists differ in length.
        """
        if self.plan.anchors != "left" or self.plan.shifts:
            raise InputError(
                "anchors and shifts move windows along a genome and mean nothing for given "
                "sequences: score them with a scorer without these options"
            )
        records, pairs = pair_windows(ref, alt, self.plan)
        with ProgressBar(self.progress) as bar:
            bar.expect(len(records), None)
            table = score_windows(records, pairs, self.plan, bar.advance)
        frame = to_frame([table], self.plan.columns)
        frame.attrs["enhancer_variants"] = self._provenance("sequences")
        return frame

    def annotate(
        self,
        path: VariantSource,
        output: str | os.PathLike[str] | None,
        format: str | None = None,  # noqa: A002 (the word users know)
        *,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        overwrite_info: bool = False,
    ) -> RunSummary:
        """Score a file of any size into a file, holding one chunk at a time.

        Parameters
        ----------
        path, regions, regions_file
            As for :meth:`score_vcf`.
        output
            File to write, None or ``-`` for standard output. It appears under its name only
            when it is complete.
        format
            ``vcf``, ``vcf.gz``, ``bcf``, ``tsv``, ``tsv.gz`` or ``parquet``; by default the
            ending of `output` says it, and on standard output a VCF stays one.
        overwrite_info
            Replace ``EV_`` keys that the input already has.

        Returns
        -------
        RunSummary
            Counts of what was read and scored.

        Raises
        ------
        InputError
            If the input has ``EV_`` keys already, or the output's format is not told.
        VariantFileError, AssemblyMismatchError
            As for :meth:`score_vcf`.
        """
        counts: Counter[str] = Counter()
        records = 0
        regions = None if regions is None else several(regions)
        again = self._reopener(path, regions, regions_file)
        with self._open(path, regions, regions_file) as opened:
            written_as = output_format(
                output, format, default="vcf" if opened.kind == "vcf" else "tsv"
            )
            _refuse_own_input(path, output)
            # The variants' build is judged before the output is opened, and all that the
            # output can object to comes before the first allele is scored.
            source = self._checked(writable(opened, written_as), again)
            with effect_writer(
                output,
                written_as,
                source,
                self.plan.columns,
                self._provenance(source.name, regions, regions_file),
                contig_lengths=self._reference().lengths,
                overwrite_info=overwrite_info,
            ) as write:
                for table in self._tables(source):
                    with collector_paused():
                        write(table)
                    counts.update(table.data["status"])
                    records += len(table.records)
        return RunSummary.of(records, counts)

    def _reference(self) -> Reference:
        if self.reference is None:
            raise InputError(
                "this scorer has no reference genome, so it scores sequences only: give it a "
                "FASTA (VariantScorer('hg38.fa', ...)) to score variants"
            )
        return self.reference

    def _open(
        self,
        path: VariantSource,
        regions: Sequence[str | Interval] | None,
        regions_file: str | os.PathLike[str] | None,
    ) -> VariantInput:
        known = self._reference().lengths
        return open_variants(path, requested_intervals(regions, regions_file, known))

    def _reopener(
        self,
        path: VariantSource,
        regions: Sequence[str | Interval] | None,
        regions_file: str | os.PathLike[str] | None,
    ) -> Callable[[], VariantInput] | None:
        """Give what opens a file a second time; None for what can be read only once."""
        if isinstance(path, str | os.PathLike) and _is_file(path):
            return lambda: self._open(path, regions, regions_file)
        return None

    def _checked(
        self, source: VariantInput, again: Callable[[], VariantInput] | None = None
    ) -> VariantInput:
        """Give the input, once it was found to fit the reference.

        Its first records always are, and all of them if its header makes one suspicious and it
        can be opened `again`.
        """
        if self.ignore_assembly:
            return source
        about = (self._reference(), source.contig_lengths, source.name)
        records = assembly_checked(source.records, *about)
        if again is not None:
            require_fitting_contigs(_records_of(again), *about)
        return replace(source, records=records)

    def _tables(
        self, source: VariantInput, chunk_size: int = RECORDS_PER_CHUNK
    ) -> Iterator[EffectTable]:
        reference, lengths = self._reference(), source.contig_lengths
        with ProgressBar(self.progress) as bar:
            chunks = _chunks(source.records, chunk_size)
            while chunk := _next_chunk(chunks):
                bar.expect(sum(max(1, len(r.alts)) for r in chunk), source.fraction_read())
                yield score_records(chunk, self.plan, reference, lengths, bar.advance)

    def _provenance(
        self,
        name: str,
        regions: Sequence[str | Interval] | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"ignore_assembly": self.ignore_assembly}
        if regions is not None:
            options["regions"] = [*map(str, regions)]
        if regions_file is not None:
            options["regions_file"] = Path(regions_file).name
        return provenance_of(self.plan, self.reference, name, options)


def score_vcf(
    path: VariantSource, reference: ReferenceSource | Reference, **options: Any
) -> pd.DataFrame:
    """Score every ALT allele of a file: ``VariantScorer(reference, **options).score_vcf(path)``.

    Parameters
    ----------
    path
        As for :meth:`VariantScorer.score_vcf`.
    reference
        FASTA that the variants' REF alleles are taken from.
    **options
        As for :class:`VariantScorer`.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> effects = score_vcf(files.variants, files.reference, enhancer=files.model)
    >>> "enhancer_log_odds_shift" in effects
    True
    """
    return VariantScorer(reference, **options).score_vcf(path)


def _records_of(open_input: Callable[[], VariantInput]) -> Iterator[VariantRecord]:
    """Give an input's records; it is opened only when the first one is asked for."""
    with open_input() as source:
        yield from source.records


def _is_file(path: str | os.PathLike[str]) -> bool:
    """Whether a regular file has this name; text that no file could have as its name is none."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def _next_chunk(chunks: Iterator[list[VariantRecord]]) -> list[VariantRecord]:
    with collector_paused():
        return next(chunks, [])


def _chunks(records: Iterable[VariantRecord], size: int) -> Iterator[list[VariantRecord]]:
    chunk: list[VariantRecord] = []
    text = 0
    for record in records:
        chunk.append(record)
        text += len(record.line)
        if len(chunk) >= size or text > _BYTES_PER_CHUNK:
            yield chunk
            chunk, text = [], 0
    if chunk:
        yield chunk


def _refuse_own_input(path: VariantSource, output: str | os.PathLike[str] | None) -> None:
    paths = (path, output)
    files = [p for p in paths if isinstance(p, str | os.PathLike) and _is_file(p)]
    if len(files) == 2 and Path(files[0]).samefile(files[1]):
        raise InputError(f"{output}: is the input; write the effects to another file")
