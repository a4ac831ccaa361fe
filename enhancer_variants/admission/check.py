"""Check a model's precisions and backends against fp32 on torch, and note what is good enough."""

from __future__ import annotations

import importlib.metadata
import itertools
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import torch

from enhancer_variants._version import __version__
from enhancer_variants.admission.bench import Bench, Way
from enhancer_variants.admission.found import Accept, ModelCheck, PrecisionCheck, ShiftErrors
from enhancer_variants.admission.windows import FEWEST_PAIRS, changes_to_read, pairs_of
from enhancer_variants.errors import InputError, ModelError
from enhancer_variants.genome import Reference, ReferenceSource
from enhancer_variants.models import (
    Admission,
    Backend,
    Model,
    ModelCard,
    ModelView,
    Padding,
    Precision,
    bundled_directory,
    find_model,
    load_model,
    write_card,
)
from enhancer_variants.models.admission_choice import with_admissions
from enhancer_variants.models.card import CARD_FILE, with_assumptions_noted
from enhancer_variants.models.checkpoint import read_checkpoint
from enhancer_variants.models.completion import complete_card
from enhancer_variants.progress import ProgressBar

__all__ = ["check_model"]


def check_model(
    model_directory: str | os.PathLike[str],
    reference: ReferenceSource | Reference,
    *,
    variants: str | os.PathLike[str] | None = None,
    n: int = 1000,
    seed: int = 0,
    device: str = "auto",
    precisions: Sequence[Precision] | None = None,
    backends: Sequence[Backend] | None = None,
    accept: Accept = "exact",
    write: bool = False,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    ignore_assembly: bool = False,
    progress: bool | None = None,
) -> ModelCheck:
    """Find out which precisions and backends a model may be computed with on a device.

    Each precision on each backend reads the same windows as fp32 on torch does, and is judged by
    the errors of its shifts: ``exact`` up to 1e-4 (log2 units), ``approximate`` from a rank
    correlation of 0.995 on, else ``refused``. Of a model with several outputs the worst one
    counts. All outputs of a directory are checked, also where its name stands for a part.

    Parameters
    ----------
    model_directory
        A model directory or a name, as for :func:`~enhancer_variants.load_model`.
    reference
        FASTA of the genome.
    variants
        VCF, BCF or table of variants, of which `n` are taken at random. None means random SNVs of
        the genome.
    n
        Number of variants, 100 or more. Those that cannot be scored are left out.
    seed
        Seed of what is random.
    device
        ``auto`` (an accelerator if there is one), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    precisions, backends
        Which ones to check; all by default. What this machine does not have is a row that says so.
    accept
        ``exact`` admits what is exact. ``approximate`` admits what is approximate too.
    write
        Whether to note in the model's card what is admitted: ``precision="auto"`` then uses the
        quickest. What the card had for this kind of device gives way.
    window, max_seq_length, padding
        What the model's card does not say.
    ignore_assembly
        Take variants that look like those of another build than the reference.
    progress
        Whether to show a progress bar; None where somebody is watching.

    Returns
    -------
    ModelCheck
        The table, and what is picked.

    Raises
    ------
    InputError
        If fewer than 100 variants could be read as windows, or an option is out of range.
    VariantFileError, FastaError, AssemblyMismatchError
        If variants or genome cannot be read, or do not belong together.
    CheckpointError, UnsafeCheckpointError, WindowLengthError, ModelError
        If the model cannot be loaded as asked or gives no finite logits in fp32; with `write`, if
        its directory cannot be written to or has other weights in the end.

    Notes
    -----
    Rates are medians of rounds that take turns, after a first pass. They are those of this
    machine; what is noted of them decides only which of several admitted ones is picked.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> check = check_model(
    ...     files.model, files.reference, n=120, device="cpu",
    ...     precisions=["bf16"], backends=["torch"])
    >>> [(row.what, row.verdict == "reference") for row in check.rows]
    [('fp32 on torch', True), ('bf16 on torch', False)]
    """
    view = ModelView(find_model(model_directory).directory)  # all of its outputs
    if write:
        _require_writable(view.directory, os.fspath(model_directory))
    combinations = _combinations(precisions, backends)
    _check_options(n, seed, accept)
    given: dict[str, Any] = {"window": window, "max_seq_length": max_seq_length, "padding": padding}
    judge = _loaded(view, "fp32", "torch", device, given)
    for assumption in judge.assumptions:
        warnings.warn(f"{judge.name}: {assumption}", UserWarning, stacklevel=2)
    genome = Reference.of(reference)
    changes, windows = changes_to_read(genome, variants, n, seed, ignore_assembly=ignore_assembly)
    pairs = pairs_of(changes, windows, genome, judge.window_length, n, seed)
    with ProgressBar(progress, unit=" windows") as bar:
        bench = Bench.of(judge, pairs, bar, len(combinations) + 1)
        rows = bench.rows(combinations, lambda p, b: _loaded(view, p, b, str(judge.device), given))
    rows = tuple(replace(row, admitted=_is_admitted(row, accept)) for row in rows)
    found = [_admission(row, judge, len(pairs.rows), windows) for row in rows if row.admitted]
    card = replace(judge.card, admissions=with_admissions(judge.card, judge.device.type, found))
    if write:
        card = _write(view.directory, judge, found, given)
    return ModelCheck(
        device_type=judge.device.type,
        windows=windows,
        n=len(pairs.rows),
        accept=accept,
        rows=rows,
        card=card,
        written=write,
    )


def _loaded(
    view: ModelView,
    precision: Precision,
    backend: Backend,
    device: str,
    given: Mapping[str, Any],
) -> Model:
    return load_model(view, device=device, precision=precision, backend=backend, **given)


def _combinations(
    precisions: Sequence[Precision] | None, backends: Sequence[Backend] | None
) -> list[Way]:
    """Every precision on every backend, but for the reference."""
    for name, given, known in (
        ("precisions", precisions, get_args(Precision)),
        ("backends", backends, get_args(Backend)),
    ):
        strange = [value for value in given or () if value not in known]
        if isinstance(given, str) or strange:
            raise InputError(f"{name} {given!r}; expected some of {', '.join(known)}")
    wanted = itertools.product(
        dict.fromkeys(backends or get_args(Backend)),
        dict.fromkeys(precisions or get_args(Precision)),
    )
    return [(p, b) for b, p in wanted if (p, b) != ("fp32", "torch")]


def _check_options(n: int, seed: int, accept: str) -> None:
    for name, value, least in (("n", n, FEWEST_PAIRS), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
            raise InputError(f"{name} is {value!r}; expected a whole number, {least} or more")
    if accept not in get_args(Accept):
        raise InputError(f"accept is {accept!r}; expected {' or '.join(get_args(Accept))}")


def _is_admitted(row: PrecisionCheck, accept: Accept) -> bool:
    return row.verdict == "exact" or (row.verdict == "approximate" and accept == "approximate")


def _admission(row: PrecisionCheck, judge: Model, n: int, windows: str) -> Admission:
    errors = cast("ShiftErrors", row.errors)  # nothing is admitted that was not looked at
    libraries = {"torch": torch.__version__, "enhancer_variants": __version__}
    if row.backend != "torch":
        libraries[row.backend] = importlib.metadata.version(row.backend)
    return Admission(
        precision=row.precision,
        backend=row.backend,
        device_type=judge.device.type,
        n=n,
        largest_error=_short(errors.largest),
        p99_error=_short(errors.p99),
        rank_correlation=_short(errors.rank_correlation),
        speedup=_short(cast("float", row.speedup)),
        windows=windows,
        weights_sha256=judge.weights_sha256,
        window_length=judge.window_length,
        max_seq_length=judge.max_seq_length,
        padding=judge.padding,
        versions=libraries,
    )


def _short(value: float) -> float:
    """Six digits, which is more than such a figure is good for."""
    return float(f"{value:.6g}")


def _require_writable(directory: Path, named: str) -> None:
    if _is_bundled(directory):
        raise ModelError(
            f"{named}: a bundled model, which is part of the installed package, and its card stays "
            "as it is; expected a directory of your own: copy it "
            f"(cp -r '{directory}' my_model), check my_model and name that as the model"
        )
    if directory.is_dir() and not os.access(directory, os.W_OK):
        raise ModelError(f"{directory}: cannot be written to; expected a folder for the card")


def _is_bundled(directory: Path) -> bool:
    try:
        return directory.samefile(bundled_directory())
    except (InputError, OSError):  # no such model in this installation, or no such directory
        return False


def _write(
    directory: Path, judge: Model, found: Sequence[Admission], given: Mapping[str, Any]
) -> ModelCard:
    """Put admissions into the card that is there now: the check may have taken long."""
    checkpoint = read_checkpoint(directory)
    if checkpoint.weights_sha256 != judge.weights_sha256:
        raise ModelError(
            f"{directory}: {checkpoint.weights_file} is another file than when the check began; "
            "expected the same weights: check again"
        )
    card, assumptions = complete_card(checkpoint, **given)
    card = with_assumptions_noted(card, "checked", assumptions)
    card = replace(card, admissions=with_admissions(card, judge.device.type, found))
    try:
        write_card(card, directory / CARD_FILE)
    except OSError as error:
        message = f"{directory}: {error.strerror}; expected a folder for the card"
        raise ModelError(message) from error
    return card
