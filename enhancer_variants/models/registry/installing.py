"""A model directory made from the files that were fetched: checked, and put into place at once."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.convert import convert_checkpoint
from enhancer_variants.models.encoder import read_encoder
from enhancer_variants.models.files import sha256_of
from enhancer_variants.models.registry.cache import (
    CONVERTED,
    ModelCache,
)
from enhancer_variants.models.registry.entries import ModelEntry
from enhancer_variants.models.registry.unpacking import MODEL_FILES

__all__ = ["install_model"]

_NOTICE = "LICENCE.txt"


def install_model(entry: ModelEntry, files: Path, models: ModelCache) -> Path:
    """Check the files of a model and make the directory that its name stands for.

    A model with a classifier is read and written again as safetensors with a card that holds what
    the registry knows of it. A base model has no card; its files are kept as they are.

    Parameters
    ----------
    entry
        The model.
    files
        Folder of its files, on the disk of `models`; what is no file of a model goes.
    models
        Where the directory shall be.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    CheckpointError
        If a file is not the published one, not the one that was first seen, or damaged.
    UnsafeCheckpointError
        If loading the model would run code or exhaust the memory.
    """
    _keep_model_files(entry, files)
    digests = {file.name: sha256_of(file) for file in sorted(files.iterdir())}
    _require_published(entry, digests)
    models.require_first_seen(entry.name, digests)
    if entry.base:
        _require_base_model(entry, files)
        made = files
    else:
        made = files.with_name("made")
        shutil.rmtree(made, ignore_errors=True)
        digests[CONVERTED] = _converted(entry, files, made)
    (made / _NOTICE).write_text(_notice(entry), encoding="utf-8")
    _say_what_is_trusted(entry, digests, models)
    models.note_first_seen(entry.name, digests)
    target = models.directory(entry.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)  # incomplete, or there would have been no download
    made.replace(target)
    return target


def _keep_model_files(entry: ModelEntry, files: Path) -> None:
    """Delete what no model directory needs, and weights beside those with a published checksum."""
    published = [name for name in entry.sha256 if (files / name).is_file()]
    for file in list(files.iterdir()):
        superseded = published and file.name in {"model.safetensors", "pytorch_model.bin"}
        if file.name not in MODEL_FILES or (superseded and file.name not in published):
            file.unlink()


def _require_published(entry: ModelEntry, digests: Mapping[str, str]) -> None:
    for name, expected in entry.sha256.items():
        if name in digests and digests[name] != expected:
            raise CheckpointError(
                f"{entry.name}: {name} has sha256 {digests[name]}; expected {expected}, as "
                f"published: it was damaged or replaced; see {entry.homepage}"
            )


def _say_what_is_trusted(entry: ModelEntry, digests: Mapping[str, str], models: ModelCache) -> None:
    """Warn where nothing but the first download itself says that the weights are the right ones."""
    known = {**entry.sha256, **models.checksums(entry.name)}
    weights = next(name for name in ("model.safetensors", "pytorch_model.bin") if name in digests)
    if weights not in known:
        warnings.warn(
            f"{entry.name}: no SHA-256 of its {weights} was known in advance; {digests[weights]} "
            "is noted now, and every later download has to match it",
            UserWarning,
            stacklevel=2,
        )


def _converted(entry: ModelEntry, files: Path, made: Path) -> str:
    """Write the model with its card; return the SHA-256 of its weights."""
    card = convert_checkpoint(
        files,
        made,
        name=entry.label,
        window=entry.window_length,
        max_seq_length=entry.max_seq_length,
        padding=entry.padding,
        licence=entry.licence,
        citation=entry.citation,
        notes=" ".join([f"Published at {entry.homepage}.", *_doubts(entry)]),
    )
    return str(card.weights_sha256)


def _require_base_model(entry: ModelEntry, files: Path) -> None:
    """Read a base model as fine-tuning will, so that a wrong or hostile one is found now."""
    kmer = read_encoder(files).vocabulary.k
    if kmer != entry.kmer:
        raise CheckpointError(
            f"{files}: a model of {kmer}-mers; expected {entry.kmer}-mers, as {entry.name} reads"
        )


def _doubts(entry: ModelEntry) -> list[str]:
    return [f"Not verified: {doubt}." for doubt in entry.unverified]


def _notice(entry: ModelEntry) -> str:
    """Text of the file that says whose model this is, for base models have no card."""
    lines = [
        f"{entry.name}: {entry.description}",
        f"Licence: {entry.licence}",
        f"Cite: {entry.citation}",
        f"From: {entry.homepage}",
        *_doubts(entry),
    ]
    return "\n".join(lines) + "\n"
