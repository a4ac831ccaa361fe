"""Score a file in shards: read and cut the input, check what the folder holds, join the pieces."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, Final, cast

from enhancer_variants.effects import (
    Outputs,
    Requested,
    is_file,
    record_chunks,
    records_per_chunk,
)
from enhancer_variants.effects.outputs import Destination
from enhancer_variants.effects.plan import check_choice
from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.genome import Reference
from enhancer_variants.genome.file_stamp import stamp_of
from enhancer_variants.io import (
    Regions,
    VariantInput,
    is_stream,
    output_format,
    writable,
)
from enhancer_variants.io.effects_out import output_header
from enhancer_variants.io.output import remove_unfinished
from enhancer_variants.io.pieces import join_effects, join_long_table, piece_format
from enhancer_variants.models import ModelView
from enhancer_variants.models.bundled_models import BUNDLED_MODELS
from enhancer_variants.models.files import JSON, sha256_of
from enhancer_variants.progress import ProgressBar
from enhancer_variants.runs import (
    Engine,
    FinishedRun,
    LocalEngine,
    RunDirectory,
    Shard,
    run_shards,
)
from enhancer_variants.runs.shrinking import BatchSize, OnOom
from enhancer_variants.schema import MOTIF_HIT_COLUMNS
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.scoring_run.work import (
    HITS_PIECE,
    RECORDS,
    TFBS_PIECE,
    MakeScoringWork,
    ScoringOutline,
    ScoringShard,
)
from enhancer_variants.summary import RunSummary

__all__ = ["score_run"]

_CHUNKS_PER_SHARD: Final = 4
"""16,384 records: seconds on a GPU, minutes on a CPU, and what is lost where a machine dies."""

_SOURCES: Final = ("enhancer", "tfbs", "motifs")


def score_run(
    variants: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    output: Destination = None,
    format: str | None = None,  # noqa: A002 (the word users know)
    *,
    run_dir: str | os.PathLike[str],
    engine: Engine | None = None,
    on_oom: OnOom = "stop",
    shard_records: int | None = None,
    regions: Regions | None = None,
    regions_file: str | os.PathLike[str] | None = None,
    tfbs_table: str | os.PathLike[str] | None = None,
    motif_hits: str | os.PathLike[str] | None = None,
    overwrite_info: bool = False,
    ignore_assembly: bool = False,
    progress: bool | None = None,
    **scorer_options: Any,
) -> RunSummary:
    """Score a file in shards, each kept in a folder, so that the same call goes on with the rest.

    Whatever ended the process before, the output has the bytes that
    :meth:`VariantScorer.annotate` writes.

    Parameters
    ----------
    variants
        VCF, BCF, TSV or CSV: a file, which is read again each time.
    reference
        Path of the FASTA that the variants' REF alleles are taken from.
    output
        File to write, ``-`` for standard output. None leaves the effects in the folder: a Parquet
        data set, ``<run_dir>/effects/*.parquet``.
    format
        As for :meth:`VariantScorer.annotate`.
    run_dir
        The folder of the run; made where it is absent.
    engine
        Who does the work; this process by default.
    on_oom
        Where a device has too little memory for a batch: ``stop``, or ``shrink`` to do the shard
        again with half as many sequences at a time.
    shard_records
        Most records of a shard; by default 16,384, and more where the models do not fit into
        memory together.
    regions, regions_file, tfbs_table, motif_hits, overwrite_info
        As for :meth:`VariantScorer.annotate`.
    ignore_assembly, progress
        As for :class:`VariantScorer`.
    **scorer_options
        Other options of :class:`VariantScorer`; models and motifs by name or path, because every
        worker loads them for itself.

    Returns
    -------
    RunSummary
        Counts of the whole run.

    Raises
    ------
    InputError
        If the folder holds the run of another input, model, reference or option, or other files;
        if another process works there; if `variants` is no file, or the input changes meanwhile.
    DeviceMemoryError
        If memory runs out.
    VariantFileError, AssemblyMismatchError, ModelError, FastaError, MotifFileError
        As for :class:`VariantScorer`.

    Notes
    -----
    On a device other than the CPU, ``batch_size="auto"`` is measured when the run begins, and
    stays what it was when it is gone on with.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = score_run(
    ...         files.variants, files.reference, run_dir=folder, enhancer=files.model
    ...     )
    ...     (Path(folder) / "effects" / "00000.parquet").exists(), summary.records
    (True, 24)
    """
    check_choice("on_oom", on_oom, ("stop", "shrink"))
    if shard_records is not None and shard_records < 1:
        raise InputError(f"shard_records is {shard_records}; expected a number above 0")
    inspect.signature(VariantScorer).bind(reference, **scorer_options)
    request = Requested.of(
        _named_file(variants),
        Reference(_named("reference", reference)),
        regions,
        regions_file,
        ignore_assembly=ignore_assembly,
    )
    outputs = Outputs(output, tfbs_table, motif_hits)
    options = {name: _by_name(name, value) for name, value in scorer_options.items()}
    run = _Run(request, outputs, format, on_oom, shard_records, overwrite_info, options)
    with RunDirectory(run_dir) as directory, engine or LocalEngine() as working:
        return run.done(directory, working, progress)


@dataclass(frozen=True, slots=True)
class _Run:
    """A scoring run, as it was asked for."""

    request: Requested
    outputs: Outputs
    format: str | None
    on_oom: OnOom
    shard_records: int | None
    overwrite_info: bool
    options: Mapping[str, Any]

    def done(self, directory: RunDirectory, engine: Engine, progress: bool | None) -> RunSummary:
        """Do what is left of the run, and write its output."""
        before = stamp_of(self._path)  # sooner than it is opened: what is read has this stamp
        with self.request.open() as opened:
            written_as = self._written_as(opened)
            asked = self._asked()
            conditions, outline = engine.start(self._make_work(opened, written_as, directory))
            for message in outline.warnings:
                warnings.warn(message, UserWarning, stacklevel=4)
            self._refuse_outputs(outline, directory)
            header = self._header(opened, written_as, outline)
            asked["pieces"] = [*outline.pieces]
            settled = directory.begin(asked, conditions, self._settled(outline))
            _require_sound(settled, directory)
            source = self.request.checked(writable(opened, written_as))
            shards = self._unchanged(_shards(source, settled), before)
            with ProgressBar(progress) as bar:
                finished = run_shards(directory, engine, shards, bar)
        _warn_of_small_batches(finished)
        _join(directory, finished.shards, outline, written_as, header, opened.name)
        records = finished.counts.pop(RECORDS, 0)
        return RunSummary.of(records, finished.counts)

    @property
    def _path(self) -> Path:
        return Path(cast("str", self.request.source))

    def _unchanged(
        self, shards: Iterator[Shard], before: tuple[int, ...] | None
    ) -> Iterator[Shard]:
        """Give only shards that were read from the input whose digest is known.

        Raises
        ------
        InputError
            If the file was changed. One that is gone is still read well by who has it open.
        """
        for shard in chain(shards, [None]):
            if stamp_of(self._path) not in (before, None):
                raise InputError(
                    f"{self._path}: was changed while it was read; expected the file that the run "
                    "began with: put it back, or name another folder for the run"
                )
            if shard is not None:
                yield shard

    def _written_as(self, opened: VariantInput) -> str:
        if self.outputs.effects is not None:
            default = "vcf" if opened.kind == "vcf" else "tsv"
            return output_format(self.outputs.effects, self.format, default)
        if self.format not in (None, "parquet"):
            raise InputError(
                f"format {self.format!r}, and no output: without one the effects stay in the "
                "folder of the run as a Parquet data set; name a file, or - for standard output"
            )
        return "parquet"

    def _asked(self) -> dict[str, JSON]:
        """Say what a run is asked to do, as far as the pieces depend on it."""
        regions = self.request.regions_file
        return {
            "input": {"name": self._path.name, "sha256": _digest(self._path)},
            "regions_file": None if regions is None else {"sha256": _digest(Path(regions))},
            "overwrite_info": self.overwrite_info,
            "batch_size": self.options.get("batch_size", "auto"),
            "shard_records": self.shard_records,
        }

    def _make_work(
        self, opened: VariantInput, written_as: str, directory: RunDirectory
    ) -> MakeScoringWork:
        request = {"ignore_assembly": self.request.ignore_assembly, **self.request.options()}
        return MakeScoringWork(
            str(self.request.reference.path),
            self.options,
            opened.name,
            request,
            self.outputs,
            piece_format(written_as),
            dict(opened.contig_lengths),
            self.overwrite_info,
            self.on_oom,
            cast("BatchSize | None", directory.settled.get("batch_size")),
        )

    def _refuse_outputs(self, outline: ScoringOutline, directory: RunDirectory) -> None:
        """Refuse at the beginning what could not be written at the end, and clean up there."""
        outputs = outline.outputs
        read = [self._path, self.request.regions_file, self.options.get("motifs")]
        outputs.refuse_inputs([*read, *self.request.reference.files])
        written = (outputs.effects, outputs.tfbs_table, outputs.motif_hits)
        files = [output for output in written if output is not None and not is_stream(output)]
        if outputs.effects in files and ".tsv" in outline.pieces[0]:
            files.append(f"{os.fspath(outputs.effects)}.json")  # its provenance stands beside it
        for file in files:
            directory.refuse_output(file, outline.pieces)
            remove_unfinished(file)

    def _header(
        self, opened: VariantInput, written_as: str, outline: ScoringOutline
    ) -> tuple[bytes, ...]:
        if piece_format(written_as) != "vcf.zst":
            return ()
        about = (opened, outline.columns, outline.provenance, self.request.reference.lengths)
        return output_header(*about, overwrite_info=self.overwrite_info)

    def _settled(self, outline: ScoringOutline) -> dict[str, JSON]:
        """Say how the input is cut: chunks as without shards, and whole ones in each shard."""
        chunk = outline.records_per_chunk
        large = chunk > records_per_chunk()
        together = 1 if large else _CHUNKS_PER_SHARD
        if self.shard_records is not None:
            chunk = min(chunk, self.shard_records)
            together = self.shard_records // chunk
        return {
            "batch_size": outline.batch_size,
            "records_per_chunk": chunk,
            "large_chunks": large,
            "chunks_per_shard": together,
        }


def _require_sound(settled: Mapping[str, Any], directory: RunDirectory) -> None:
    """Refuse numbers of a folder that no run has settled: they would cut the input to nothing."""
    for name in ("records_per_chunk", "chunks_per_shard"):
        found = settled.get(name)
        if type(found) is not int:
            raise InputError(
                f"{directory.path}: {name} is {found!r} in run.json; expected a number above 0: "
                "the run's record is damaged; name another folder"
            )


def _shards(source: VariantInput, settled: Mapping[str, Any]) -> Iterator[Shard]:
    """Cut an input into shards; one without records is a shard without any."""
    size, large = settled["records_per_chunk"], settled["large_chunks"]
    chunks = record_chunks(source.records, size, large=large)
    for number in count():
        some = tuple(islice(chunks, settled["chunks_per_shard"]))
        if not some and number:
            return
        alleles = sum(max(1, len(record.alts)) for chunk in some for record in chunk)
        content = ScoringShard(some, settled["batch_size"])
        yield Shard(number, content, alleles, source.fraction_read())


def _join(
    directory: RunDirectory,
    shards: int,
    outline: ScoringOutline,
    written_as: str,
    header: Sequence[bytes],
    name: str,
) -> None:
    """Write the output from the pieces; effects are there only where all else is."""
    outputs, provenance = outline.outputs, outline.provenance
    long_tables = (
        (TFBS_PIECE, outputs.tfbs_table, outline.long_columns),
        (HITS_PIECE, outputs.motif_hits, MOTIF_HIT_COLUMNS),
    )
    for piece, table, columns in long_tables:
        if table is not None:
            join_long_table(directory.pieces(piece, shards), table, columns, provenance)
    if outputs.effects is not None:
        pieces = directory.pieces(outline.pieces[0], shards)
        about = (outline.columns, provenance, header, name)
        join_effects(pieces, outputs.effects, written_as, *about)


def _warn_of_small_batches(finished: FinishedRun) -> None:
    small = [str(number) for number, notes in finished.notes.items() if "batch_size" in notes]
    if small:
        more = f" and {len(small) - 5} more" if len(small) > 5 else ""
        warnings.warn(
            f"memory ran out over {len(small)} of {finished.shards} shards, which were scored in "
            f"smaller batches: {', '.join(small[:5])}{more} (batch sizes in the folder's done/)",
            UserWarning,
            stacklevel=5,
        )


def _named_file(variants: object) -> str:
    """Refuse variants that could not be read again."""
    found = os.fspath(variants) if isinstance(variants, str | os.PathLike) else None
    if found == "-" or found is None:
        held = "standard input" if found else f"a {type(variants).__name__}"
        raise InputError(f"{held} cannot be read again when a run goes on; name a file of variants")
    if Path(found).exists() and not is_file(found):
        raise InputError(f"{found}: no regular file; expected one, which can be read again")
    return str(found)


def _by_name(option: str, source: Any) -> Any:
    """Give a source of models or motifs by its absolute path, or by its name.

    Raises
    ------
    InputError
        If it is an object that is held.
    """
    if option not in _SOURCES or source is None:
        return source
    if isinstance(source, Mapping):
        return {name: _by_name(option, inner) for name, inner in source.items()}
    if isinstance(source, ModelView):
        return replace(source, directory=source.directory.absolute())
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        is_name = isinstance(source, str) and (source in BUNDLED_MODELS or not path.exists())
        return source if is_name else str(path.absolute())
    if isinstance(source, Sequence):
        return [_by_name(option, inner) for inner in source]
    raise InputError(
        f"{option} is a {type(source).__name__}; every worker of a run loads its models and "
        "motifs for itself: give their names or paths"
    )


def _named(option: str, source: object) -> str | os.PathLike[str]:
    if isinstance(source, str | os.PathLike):
        return source
    raise InputError(
        f"{option} is a {type(source).__name__}, which every worker of a run opens for itself: "
        "give its path"
    )


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except CheckpointError as error:
        raise InputError(str(error)) from error
