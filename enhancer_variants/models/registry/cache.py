"""The folder in which downloaded models lie, and what was noted when they were downloaded.

::

    CACHE/models/NAME/          a model directory, there only when it is complete
    CACHE/checksums/NAME.json   SHA-256 of each file as it was first seen
    CACHE/partial/NAME/         what a download has so far
    CACHE/locks/NAME.lock       held by the process that downloads
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models.card import CARD_FILE, read_card
from enhancer_variants.models.card_checks import is_sha256
from enhancer_variants.models.files import read_json_object, sha256_of, write_atomically
from enhancer_variants.models.registry.entries import ModelEntry

__all__ = ["CACHE_VARIABLE", "CONVERTED", "ModelCache", "weights_file_in"]

CACHE_VARIABLE = "ENHANCER_VARIANTS_CACHE"
"""Variable that names the folder of downloaded models, in place of the platform's cache."""

CONVERTED = "converted weights"
"""Under which name the checksum of the weights is noted that were made from the published ones."""

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_LARGEST_NOTE = 100_000


@dataclass(frozen=True, slots=True)
class ModelCache:
    """The folder of downloaded models.

    Attributes
    ----------
    folder
        The folder; it need not exist.

    Examples
    --------
    >>> ModelCache(Path("/data/models")).directory("DNABERT-6").as_posix()
    '/data/models/models/DNABERT-6'
    """

    folder: Path

    @classmethod
    def at(cls, folder: str | os.PathLike[str] | None = None) -> ModelCache:
        """Give the cache in a folder; without one, that of the variable or of the platform."""
        if folder is not None:
            return cls(Path(folder).expanduser().absolute())
        named = os.environ.get(CACHE_VARIABLE)
        return cls(Path(named).expanduser().absolute() if named else _platform_folder())

    def directory(self, name: str) -> Path:
        """Directory of a model of that name, downloaded or not."""
        return self.folder / "models" / name

    def partial(self, name: str) -> Path:
        """Folder of what a download of that name has so far."""
        return self.folder / "partial" / name

    def lock(self, name: str) -> Path:
        """File that the process holds which downloads that name."""
        return self.folder / "locks" / f"{name}.lock"

    def checksums_file(self, name: str) -> Path:
        """File of the checksums that were first seen for that name."""
        return self.folder / "checksums" / f"{name}.json"

    def holds(self, name: str) -> bool:
        """Whether a model of that name has been downloaded completely."""
        return (self.directory(name) / "config.json").is_file()

    def checksums(self, name: str) -> dict[str, str]:
        """SHA-256 by file name, as first seen; empty where nothing was downloaded yet.

        Raises
        ------
        CheckpointError
            If the note is damaged.
        """
        path = self.checksums_file(name)
        if not os.path.lexists(path):
            return {}
        noted = read_json_object(path, _LARGEST_NOTE).get("sha256")
        if not isinstance(noted, dict) or not all(map(is_sha256, noted.values())):
            raise CheckpointError(
                f"{path}: no SHA-256 by file name; expected what a download notes there: delete "
                "the file to trust the next download"
            )
        return {file: str(digest) for file, digest in noted.items()}

    def require_first_seen(self, name: str, digests: Mapping[str, str]) -> None:
        """Refuse files that are not those which were first seen under their names.

        Weights that are this package's own conversion of the first ones are accepted too.

        Raises
        ------
        CheckpointError
            If a file is another.
        """
        noted = self.checksums(name)
        if CONVERTED in noted and digests.get(_WEIGHTS[0]) == noted[CONVERTED]:
            return
        for file, first in noted.items():
            if (
                file != CONVERTED
                and digests.get(file, first if file not in _WEIGHTS else "") != first
            ):
                raise CheckpointError(
                    f"{name}: {file} has sha256 {digests.get(file)}, but {first} was noted when it "
                    "was first downloaded; expected the same file: it was damaged or replaced. To "
                    f"trust the new one, delete {self.checksums_file(name)}"
                )

    def note_first_seen(self, name: str, digests: Mapping[str, str]) -> None:
        """Note the SHA-256 of files; those that were noted before stay."""
        path = self.checksums_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {**digests, **self.checksums(name)}
        if CONVERTED in digests:
            kept[CONVERTED] = digests[CONVERTED]
        text = json.dumps({"sha256": kept}, indent=2, sort_keys=True)
        write_atomically(path, f"{text}\n".encode())

    def checked_directory(self, entry: ModelEntry) -> Path:
        """Directory of a downloaded model whose weights are those that were downloaded.

        The weights of a model with a card are compared by what the card says of them, which is
        compared with the file whenever it is read; those of a base model are read here. A model
        that somebody copied into the folder, without a note, is what it is.

        Raises
        ------
        CheckpointError
            If the model has been changed since, or is no longer complete.
        """
        directory = self.directory(entry.name)
        noted = self.checksums(entry.name)
        if not noted:
            return directory
        if entry.base:
            weights = weights_file_in(directory)
            found, expected = sha256_of(weights), noted.get(weights.name)
        else:
            found = str(read_card(directory / CARD_FILE).weights_sha256)
            expected = noted.get(CONVERTED)
        if found != expected:
            raise CheckpointError(
                f"{directory}: its weights have sha256 {found}, but {expected} was noted when "
                "they were downloaded; expected the downloaded model: delete the directory and "
                f"run 'enhancer-variants models download {entry.name}' again"
            )
        return directory


def weights_file_in(directory: Path) -> Path:
    """Path of a model directory's weights; safetensors before a pickle.

    Raises
    ------
    CheckpointError
        If there are none.
    """
    for name in _WEIGHTS:
        if (directory / name).is_file():
            return directory / name
    raise CheckpointError(f"{directory}: no weights; expected {' or '.join(_WEIGHTS)}")


def _platform_folder() -> Path:
    """Folder of this package in the user's cache, as pooch's ``os_cache`` names it."""
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "enhancer-variants"
        cache = os.environ.get("XDG_CACHE_HOME", "").strip()
        return (Path(cache) if cache else Path.home() / ".cache") / "enhancer-variants"
    except RuntimeError as error:
        raise InputError(
            f"no home directory to keep models in ({error}); expected {CACHE_VARIABLE} to name a "
            "folder"
        ) from error
