"""The front door: give it variants, a genome and models, get one row per allele."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pandas as pd

from enhancer_variants.effects import (
    FactorSource,
    ModelSource,
    Outputs,
    Requested,
    ScoringPlan,
    SideTables,
    collector_paused,
    is_file,
    is_variant_source,
    make_plan,
    named_or_bundled,
    pair_windows,
    record_chunks,
    records_per_chunk,
    score_chunks,
    score_windows,
)
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, ReferenceSource
from enhancer_variants.io import (
    EffectTable,
    Regions,
    VariantInput,
    VariantSource,
    long_frame,
    output_format,
    to_frame,
    writable,
)
from enhancer_variants.models import Backend, Model, ModelMemory, Padding, Precision
from enhancer_variants.motifs import MotifOptions, MotifSource
from enhancer_variants.progress import ProgressBar
from enhancer_variants.provenance import provenance_of
from enhancer_variants.schema import MOTIF_HIT_COLUMNS
from enhancer_variants.summary import RunSummary

__all__ = ["RunSummary", "VariantScorer", "score_vcf"]


class VariantScorer:
    """Scores variants with an enhancer model and any number of TFBS models.

    Where neither a model nor motifs are named, these are what the package ships: ``enhancer-mini``,
    ``tfbs-mini`` and JASPAR 2024. Something named means only what is named.

    For research, not for clinical use.

    Parameters
    ----------
    reference
        FASTA (plain or bgzipped) that REF alleles are taken from, an open ``pysam.FastaFile`` or
        ``pyfaidx.Fasta``, or None where only :meth:`score_sequences` is used.
    enhancer
        The enhancer model: its directory, ``"enhancer-mini"`` (bundled), or the name of one that
        has been downloaded; ``{name: model}`` for several. Of a multi-label model that has the
        label `enhancer`, this output alone.
    tfbs
        TFBS models: ``{name: model}``, a directory or a name or several, a folder of directories,
        or ``"tfbs-mini"`` or ``"bundled"`` (bundled). The labels of a multi-label model name its
        columns, `enhancer` left out. With more than 16 models or labels, a table holds the
        largest gain and loss in place of every one's columns (see `wide`).
    motifs
        Motifs to look for: ``"JASPAR2024"`` (bundled), a file (MEME, JASPAR, HOCOMOCO), or
        motifs that are held.
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
    calibrated
        Compare each shift with the null distribution that a model's card holds.
    motif_options
        Pseudocount, background and thresholds of the motifs.
    agreement_shift
        Log2 odds from which on a TFBS model's shift counts in an agreement with a motif.
    wide
        Give every TFBS model its columns, however many there are.
    ignore_assembly
        Score even if variants and reference look like different builds.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` ...
    precision, backend
        ``fp32``, ``fp16``, ``bf16``, and ``torch``, ``openvino``; ``auto`` is what ``models check``
        admitted for a model (its card says so), else fp32 on torch.
    batch_size
        Sequences in one pass through the network, or ``auto``.
    model_memory
        Bytes that the models may take (``8GB``), or ``auto``: half of what is free. Where they do
        not fit, large chunks are scored by one model after the other, each read once a chunk.
    progress
        Show a progress bar; None means where someone is watching (a terminal, a notebook).

    Raises
    ------
    InputError
        If two names would give the same column, a name stands for no model, or nothing is named
        and the bundled models are not installed.
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
        tfbs: FactorSource | None = None,
        motifs: MotifSource | None = None,
        window: int | None = None,
        max_seq_length: int | None = None,
        strand: Literal["forward", "both"] = "forward",
        anchors: Literal["left", "both"] = "left",
        shifts: int = 0,
        allow_n: bool = False,
        padding: Padding | None = None,
        calibrated: bool = False,
        motif_options: MotifOptions | None = None,
        agreement_shift: float = 1.0,
        wide: bool = False,
        ignore_assembly: bool = False,
        device: str = "auto",
        precision: Precision | Literal["auto"] = "auto",
        backend: Backend | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        model_memory: ModelMemory = "auto",
        progress: bool | None = None,
    ) -> None:
        self.ignore_assembly, self.progress = ignore_assembly, progress
        enhancer, tfbs, motifs = named_or_bundled(enhancer, tfbs, motifs)
        self.reference = None if reference is None else Reference.of(reference)
        self._files = [motifs, *(self.reference.files if self.reference else ())]
        self.plan, self._shelf = make_plan(
            enhancer,
            tfbs,
            motifs,
            motif_options=motif_options,
            window=window,
            max_seq_length=max_seq_length,
            padding=padding,
            device=device,
            precision=precision,
            backend=backend,
            model_memory=model_memory,
            strand=strand,
            anchors=anchors,
            shifts=shifts,
            allow_n=allow_n,
            batch_size=batch_size,
            agreement_shift=agreement_shift,
            calibrated=calibrated,
            wide=wide,
        )

    @property
    def models(self) -> tuple[Model, ...]:
        """The loaded models, in the order of their columns."""
        return self.plan.models

    @property
    def records_per_chunk(self) -> int:
        """Records scored together: more where models are read from disk for every chunk."""
        return records_per_chunk(large=not self._shelf.complete)

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
        requested = self._requested(path, regions, regions_file)
        with requested.open() as source:
            return self._frame(self._tables(requested.checked(source)), source.name, requested)

    def iter_vcf(
        self,
        path: VariantSource,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        *,
        chunk_size: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Score a file of any size, one DataFrame per `chunk_size` records (see `score_vcf`)."""
        requested = self._requested(path, regions, regions_file)
        with requested.open() as source:
            for table in self._tables(requested.checked(source), chunk_size):
                yield self._frame([table], source.name, requested)

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
        if isinstance(items, str) and is_file(items):
            raise InputError(f"{items!r} is a file: score it with score_vcf")
        at_hand = isinstance(items, str) or not is_variant_source(items)
        requested = self._requested(items, at_hand=at_hand)
        with requested.open() as source:
            return self._frame(self._tables(requested.checked(source)), source.name, requested)

    def motif_hits(
        self,
        items: Iterable[object] | pd.DataFrame | VariantSource,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """Find every motif with a hit in REF or ALT, without running a model.

        Parameters
        ----------
        items
            Variants as for :meth:`score`, or a file as for :meth:`score_vcf`.
        regions, regions_file
            As for :meth:`score_vcf`.

        Returns
        -------
        pandas.DataFrame
            One row for each allele and motif whose best placement in one of the alleles is a hit,
            with the columns of :data:`~enhancer_variants.schema.MOTIF_HIT_COLUMNS`; in the order
            of the alleles, then of the motifs.

        Raises
        ------
        InputError
            If the scorer has no motifs.

        Examples
        --------
        >>> from enhancer_variants.demo import demo_files
        >>> scorer = VariantScorer(demo_files().reference, motifs="JASPAR2024")
        >>> hits = scorer.motif_hits(["chr1:2009:A:T"])
        >>> bool((hits[["motif_p_ref", "motif_p_alt"]].min(axis=1) <= 1e-4).all())
        True
        """
        if self.plan.motifs is None:
            raise InputError("this scorer has no motifs: make it with motifs='JASPAR2024'")
        only_motifs = replace(self.plan, enhancers=(), tfbs=())
        hits: list[Mapping[str, Any]] = []
        side = SideTables(motif_hits=hits.append)
        at_hand = not is_variant_source(items)
        requested = self._requested(items, regions, regions_file, at_hand=at_hand)
        with requested.open() as source:
            for _ in self._tables(requested.checked(source), plan=only_motifs, side=side):
                pass
            frame = long_frame(hits, MOTIF_HIT_COLUMNS)
            made_with = self._provenance(source.name, requested, only_motifs)
            frame.attrs["enhancer_variants"] = made_with
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
        return self._frame([table], "sequences")

    def annotate(
        self,
        path: VariantSource,
        output: str | os.PathLike[str] | None,
        format: str | None = None,  # noqa: A002 (the word users know)
        *,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        tfbs_table: str | os.PathLike[str] | None = None,
        motif_hits: str | os.PathLike[str] | None = None,
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
        tfbs_table
            Parquet file for a row for each allele and TFBS model. Where the output holds only the
            largest gain and loss of many models, it is ``<output>.tfbs.parquet`` by default.
        motif_hits
            Parquet file for a row for each allele and motif with a hit in REF or ALT.
        overwrite_info
            Replace ``EV_`` keys that the input already has.

        Returns
        -------
        RunSummary
            Counts of what was read and scored.

        Raises
        ------
        InputError
            If the input has ``EV_`` keys already, the output's format is not told, or a table is
            asked for that this scorer has nothing to write into.
        VariantFileError, AssemblyMismatchError
            As for :meth:`score_vcf`.
        """
        counts: Counter[str] = Counter()
        records = 0
        requested = self._requested(path, regions, regions_file)
        outputs = Outputs.of(self.plan, output, tfbs_table, motif_hits)
        outputs.refuse_inputs([path, regions_file, *self._files])
        with requested.open() as opened:
            written_as = output_format(
                output, format, default="vcf" if opened.kind == "vcf" else "tsv"
            )
            # The variants' build is judged before the output is opened, and all that the
            # output can object to comes before the first allele is scored.
            source = requested.checked(writable(opened, written_as))
            with outputs.opened(
                written_as,
                source,
                self.plan,
                self._provenance(source.name, requested),
                contig_lengths=self._reference().lengths,
                overwrite_info=overwrite_info,
            ) as (write, side):
                for table in self._tables(source, side=side):
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

    def _requested(
        self,
        path: VariantSource | Iterable[object] | pd.DataFrame,
        regions: Regions | None = None,
        regions_file: str | os.PathLike[str] | None = None,
        *,
        at_hand: bool = False,
    ) -> Requested:
        about = (path, self._reference(), regions, regions_file)
        return Requested.of(*about, ignore_assembly=self.ignore_assembly, at_hand=at_hand)

    def _tables(
        self,
        source: VariantInput,
        chunk_size: int | None = None,
        plan: ScoringPlan | None = None,
        side: SideTables | None = None,
    ) -> Iterator[EffectTable]:
        reference, lengths = self._reference(), source.contig_lengths
        large = not self._shelf.complete
        with ProgressBar(self.progress) as bar:

            def expect(alleles: int) -> None:
                bar.expect(alleles, source.fraction_read())

            chunks = record_chunks(source.records, chunk_size, large=large, expect=expect)
            about = (plan or self.plan, reference, lengths)
            yield from score_chunks(chunks, *about, bar.advance, side)
        reference.require_unchanged()

    def _frame(
        self, tables: Iterable[EffectTable], name: str, requested: Requested | None = None
    ) -> pd.DataFrame:
        if self.plan.only_top_factors:
            warnings.warn(self.plan.left_out, UserWarning, stacklevel=3)
        frame = to_frame(tables, self.plan.columns)
        frame.attrs["enhancer_variants"] = self._provenance(name, requested)
        return frame

    def _provenance(
        self, name: str, requested: Requested | None = None, plan: ScoringPlan | None = None
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"ignore_assembly": self.ignore_assembly}
        if requested is not None:
            options |= requested.options()
        return provenance_of(plan or self.plan, self.reference, name, options)


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
        As for :class:`VariantScorer`; without any, the bundled models and motifs score.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> effects = score_vcf(files.variants, files.reference)
    >>> {"enhancer_log_odds_shift", "CTCF_log_odds_shift", "motif_id"} <= set(effects)
    True
    """
    return VariantScorer(reference, **options).score_vcf(path)
