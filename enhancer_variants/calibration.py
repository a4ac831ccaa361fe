"""Null distributions: score many changes with a model, and note the shifts in its card."""

from __future__ import annotations

import hashlib
import itertools
import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants._version import __version__
from enhancer_variants.effects.calibrated import null_conditions
from enhancer_variants.errors import CheckpointError, InputError, ModelError
from enhancer_variants.genome import Interval, Reference, ReferenceSource, Variant
from enhancer_variants.genome.random_changes import known_bases, random_indels, random_snvs
from enhancer_variants.io import Regions, requested_intervals, several
from enhancer_variants.io.regions import merge_intervals
from enhancer_variants.models import (
    Backend,
    Model,
    ModelCard,
    ModelView,
    Padding,
    Precision,
    write_card,
)
from enhancer_variants.models.card import (
    CARD_FILE,
    require_room_for_nulls,
    with_assumptions_noted,
)
from enhancer_variants.models.checkpoint import read_checkpoint
from enhancer_variants.models.completion import complete_card
from enhancer_variants.models.null import NullDistribution, OutputNull
from enhancer_variants.models.null_set import NullConditions, NullSet, NullSource, with_null_set
from enhancer_variants.progress import ProgressBar
from enhancer_variants.schema import Status
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.summary import RunSummary

__all__ = ["FEWEST_CHANGES", "calibrate_model"]

FEWEST_CHANGES = 100
"""With fewer scored changes of a kind, there is no null distribution of it."""

_CHANGES_PER_CHUNK = 4_096


def calibrate_model(
    directory: str | os.PathLike[str],
    reference: ReferenceSource | Reference,
    *,
    variants: str | os.PathLike[str] | None = None,
    random_changes: int = 100_000,
    seed: int = 0,
    regions: Regions | None = None,
    regions_file: str | os.PathLike[str] | None = None,
    strand: Literal["forward", "both"] = "forward",
    anchors: Literal["left", "both"] = "left",
    shifts: int = 0,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    ignore_assembly: bool = False,
    device: str = "auto",
    precision: Precision | Literal["auto"] = "auto",
    backend: Backend | Literal["auto"] = "auto",
    batch_size: int | Literal["auto"] = "auto",
    progress: bool | None = None,
) -> ModelCard:
    """Score many changes with a model and write how large its shifts are into its card.

    SNVs and all other kinds are kept apart. The null distributions hold for the weights, window,
    padding and averaging of this run only; those that the card has for others stay, and those
    for the same are replaced.

    Parameters
    ----------
    directory
        The model directory. Its card is replaced by one that is complete, as
        :func:`~enhancer_variants.models.convert_checkpoint` completes it: what it leaves open
        is taken from `window`, `max_seq_length` and `padding`, and then assumed with a warning,
        which is kept in the card's `notes`.
    reference
        FASTA of the genome.
    variants
        VCF, BCF or table of variants that are most likely without effect, such as common ones;
        every allele that can be scored counts. None means random changes of the genome.
    random_changes
        How many SNVs, and how many insertions and deletions, to make at random.
    seed
        Seed of the random changes.
    regions, regions_file
        Only changes there: ``chr1:1-1000`` (1-based, inclusive) or several such, a BED file.
    strand, anchors, shifts
        What is averaged, as for :class:`~enhancer_variants.VariantScorer`.
    window, max_seq_length, padding
        What the model's card does not say.
    ignore_assembly, device, precision, backend, batch_size, progress
        As for :class:`~enhancer_variants.VariantScorer`.

    Returns
    -------
    ModelCard
        The card that was written.

    Raises
    ------
    InputError
        If fewer than 100 SNVs could be scored, or an option is out of range.
    VariantFileError, FastaError, AssemblyMismatchError
        If variants or genome cannot be read, or do not belong together.
    CheckpointError, UnsafeCheckpointError, WindowLengthError, ModelError
        If the model cannot be loaded as asked, its card has no room for more, its directory
        cannot be written to, or its weights are other ones at the end.

    Warns
    -----
    UserWarning
        If fewer than 100 changes of other kinds could be scored: these have no null distribution.
        If there are fewer known bases than random SNVs, some of which then come twice.

    Notes
    -----
    Every shift is held until the end, in 8 bytes for each change and output of the model: 0.74 GB
    for 200,000 changes and 464 outputs. (In 4 bytes, the seven digits that a card keeps would
    not always be those that a shift is rounded to when it is compared.) The card is read again
    before it is written, so what others put there in the meantime stays.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = demo_files().copied_to(Path(folder))
    ...     card = calibrate_model(files.model, files.reference, random_changes=150)
    >>> card.nulls[0].outputs[0].snv.n > 100
    True
    """
    if not os.access(directory, os.W_OK) and Path(directory).is_dir():
        raise ModelError(f"{directory}: cannot be written to; expected a folder for the card")
    _check_numbers(random_changes, seed)
    regions = None if regions is None else several(regions)
    scorer = VariantScorer(
        reference,
        enhancer=ModelView(Path(directory)),  # all of its outputs, whatever they are
        window=window,
        max_seq_length=max_seq_length,
        padding=padding,
        strand=strand,
        anchors=anchors,
        shifts=shifts,
        ignore_assembly=ignore_assembly,
        device=device,
        precision=precision,
        backend=backend,
        batch_size=batch_size,
        progress=False if variants is None else progress,
    )
    genome, model = _genome_of(scorer), scorer.models[0]
    conditions = null_conditions(model, strand, anchors, shifts)
    _require_room(directory, model, conditions)
    if variants is None:
        intervals = _intervals(regions, regions_file, genome)
        _warn_of_few_bases(genome, random_changes, intervals)
        changes = _random_changes(genome, random_changes, seed, intervals)
        tables = _scored(changes, 2 * random_changes, scorer, progress)
        name = f"{random_changes} random changes of {genome.name}"
    else:
        _require_file(variants)
        tables = scorer.iter_vcf(variants, regions, regions_file)
        name = Path(variants).name
    source = _source(genome, variants, seed, regions, regions_file)
    null_set = NullSet(
        conditions,
        source,
        _Shifts.of(tables, model.output_names).nulls(name, model),
    )
    given = {"window": window, "max_seq_length": max_seq_length, "padding": padding}
    return _write(directory, null_set, given)


def _require_room(
    directory: str | os.PathLike[str], model: Model, conditions: NullConditions
) -> None:
    try:
        require_room_for_nulls(model.card, conditions)
    except CheckpointError as error:
        raise CheckpointError(f"{Path(directory) / CARD_FILE}: {error}") from error


def _warn_of_few_bases(genome: Reference, count: int, intervals: list[Interval] | None) -> None:
    known = known_bases(genome, count, intervals)
    if known < count:
        warnings.warn(
            f"{genome.name}: {known} known bases for {count} random SNVs, so that positions come "
            "more than once; expected fewer random changes, or more of the genome",
            UserWarning,
            stacklevel=3,
        )


def _write(
    directory: str | os.PathLike[str], null_set: NullSet, given: Mapping[str, Any]
) -> ModelCard:
    """Put null distributions into the card that is there now: scoring may have taken hours."""
    checkpoint = read_checkpoint(Path(directory))
    if checkpoint.weights_sha256 != null_set.conditions.weights_sha256:
        raise ModelError(
            f"{directory}: {checkpoint.weights_file} is another file than when calibration began; "
            "expected the same weights: calibrate again"
        )
    card, assumptions = complete_card(checkpoint, **given)
    card = with_assumptions_noted(card, "calibrated", assumptions)
    card = replace(card, nulls=with_null_set(card.nulls, null_set))
    try:
        write_card(card, Path(directory) / CARD_FILE)
    except OSError as error:
        message = f"{directory}: {error.strerror}; expected a folder for the card"
        raise ModelError(message) from error
    return card


@dataclass(slots=True)
class _Shifts:
    """Shifts of the changes that were scored, and what became of all."""

    by_output: dict[tuple[str, bool], list[npt.NDArray[np.float64]]]
    statuses: Counter[str] = field(default_factory=Counter)
    records: int = 0

    @classmethod
    def of(cls, tables: Iterable[pd.DataFrame], outputs: Sequence[str]) -> _Shifts:
        """Collect them; the tables are let go one by one."""
        collected = cls(defaultdict(list))
        for table in tables:
            collected.statuses.update(table["status"])
            collected.records += table["record"].nunique()
            scored = table[table["status"] == Status.OK]
            is_snv = (scored["kind"] == "snv").to_numpy(dtype=bool, na_value=False)
            for output in outputs:
                shift = scored[f"{output}_log_odds_shift"].to_numpy(dtype=np.float64)
                for kind in (True, False):
                    collected.by_output[output, kind].append(shift[is_snv == kind])
        return collected

    def nulls(self, name: str, model: Model) -> tuple[OutputNull, ...]:
        """Null distributions of every output of the model.

        Raises
        ------
        InputError
            If there are too few SNVs.
        """
        snvs, others = (
            sum(map(len, self.by_output[model.output_names[0], kind])) for kind in (True, False)
        )
        if snvs < FEWEST_CHANGES:
            raise InputError(
                f"{name}: {snvs} SNVs could be scored; expected {FEWEST_CHANGES} or more for a "
                f"null distribution ({RunSummary.of(self.records, self.statuses)})"
            )
        if others < FEWEST_CHANGES:
            warnings.warn(
                f"{name}: {others} changes that are no SNVs could be scored; there is no null "
                f"distribution for these with fewer than {FEWEST_CHANGES}",
                UserWarning,
                stacklevel=3,
            )
        return tuple(
            OutputNull(
                self._null(output, is_snv=True),
                None if others < FEWEST_CHANGES else self._null(output, is_snv=False),
            )
            for output in model.output_names
        )

    def _null(self, output: str, *, is_snv: bool) -> NullDistribution:
        return NullDistribution.of(np.concatenate(self.by_output.pop((output, is_snv))))


def _check_numbers(random_changes: int, seed: int) -> None:
    for name, value, least in (("random_changes", random_changes, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
            raise InputError(f"{name} is {value!r}; expected a whole number, {least} or more")


def _genome_of(scorer: VariantScorer) -> Reference:
    if scorer.reference is None:
        raise InputError("no reference is given; expected the FASTA of a genome")
    return scorer.reference


def _require_file(variants: str | os.PathLike[str]) -> None:
    """Refuse what has no checksum, such as standard input."""
    if not Path(variants).is_file():
        raise InputError(f"{variants}: no such file; expected a VCF, BCF or table of variants")


def _intervals(
    regions: Regions | None, regions_file: str | os.PathLike[str] | None, genome: Reference
) -> list[Interval] | None:
    asked = requested_intervals(regions, regions_file, genome.lengths)
    if asked is None:
        return None

    def own_name(contig: str) -> str | None:
        found = genome.find(contig)
        return None if found is None else found.name

    return merge_intervals(asked, own_name)


def _random_changes(
    genome: Reference, count: int, seed: int, intervals: list[Interval] | None
) -> Iterator[Variant]:
    return itertools.chain(
        random_snvs(genome, count, seed, intervals), random_indels(genome, count, seed, intervals)
    )


def _scored(
    changes: Iterator[Variant], expected: int, scorer: VariantScorer, progress: bool | None
) -> Iterator[pd.DataFrame]:
    done = 0
    with ProgressBar(progress) as bar:
        while chunk := list(itertools.islice(changes, _CHANGES_PER_CHUNK)):
            done += len(chunk)
            bar.expect(len(chunk), done / expected)
            yield scorer.score(chunk)
            bar.advance(len(chunk))


def _source(
    genome: Reference,
    variants: str | os.PathLike[str] | None,
    seed: int,
    regions: Regions | None,
    regions_file: str | os.PathLike[str] | None,
) -> NullSource:
    return NullSource(
        changes="random" if variants is None else "variants",
        reference=_base_name(genome.path),
        reference_sha256=genome.sha256(),
        enhancer_variants=__version__,
        variants=None if variants is None else _base_name(variants),
        variants_sha256=None if variants is None else _sha256(variants),
        seed=seed if variants is None else None,
        regions=None if regions is None else tuple(str(region) for region in several(regions)),
        regions_file=None if regions_file is None else _base_name(regions_file),
        regions_file_sha256=None if regions_file is None else _sha256(regions_file),
    )


def _base_name(path: str | os.PathLike[str]) -> str:
    """Name of a file, without what a card would not accept as a name."""
    return "".join(c for c in Path(path).name if c.isprintable()).strip()[:200].strip() or "file"


def _sha256(path: str | os.PathLike[str]) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
