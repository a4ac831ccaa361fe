from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from enhancer_variants.errors import CheckpointError, InputError, ModelError
from enhancer_variants.models.registry import ModelCache
from enhancer_variants.models.registry.cache import CONVERTED
from enhancer_variants.models.registry.failures import full_disk_as_error

ONE, TWO, THREE = (hashlib.sha256(text).hexdigest() for text in (b"1", b"2", b"3"))


def test_the_folder_is_the_argument_then_the_variable_then_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooch = pytest.importorskip("pooch")
    assert ModelCache.at().folder == Path(pooch.os_cache("enhancer-variants"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert ModelCache.at().folder == Path(pooch.os_cache("enhancer-variants"))
    monkeypatch.setenv("ENHANCER_VARIANTS_CACHE", "~/models")
    assert ModelCache.at().folder == Path.home() / "models"
    assert ModelCache.at(tmp_path).folder == tmp_path


def test_the_folder_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert ModelCache.at().folder == Path.home() / "Library" / "Caches" / "enhancer-variants"


def test_no_home_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(InputError, match="expected ENHANCER_VARIANTS_CACHE to name a folder"):
        ModelCache.at()


def test_first_checksums_stay(tmp_path: Path) -> None:
    cache = ModelCache(tmp_path)
    cache.require_first_seen("toy", {"vocab.txt": ONE})  # nothing seen yet
    cache.note_first_seen("toy", {"pytorch_model.bin": ONE, CONVERTED: TWO})
    cache.note_first_seen("toy", {"pytorch_model.bin": THREE, "vocab.txt": ONE, CONVERTED: THREE})
    assert cache.checksums("toy") == {
        "pytorch_model.bin": ONE,
        "vocab.txt": ONE,
        CONVERTED: THREE,
    }


@pytest.mark.parametrize(
    "digests",
    [
        {"pytorch_model.bin": TWO},
        {"pytorch_model.bin": ONE, "vocab.txt": TWO},
        {"model.safetensors": ONE},
        {},
    ],
)
def test_other_files_than_the_first_are_refused(digests: dict[str, str], tmp_path: Path) -> None:
    cache = ModelCache(tmp_path)
    cache.note_first_seen("toy", {"pytorch_model.bin": ONE, "vocab.txt": ONE, CONVERTED: THREE})
    with pytest.raises(CheckpointError, match=r"toy: .* was noted when it was first downloaded"):
        cache.require_first_seen("toy", digests)


@pytest.mark.parametrize(
    "digests",
    [
        {"pytorch_model.bin": ONE},
        {"pytorch_model.bin": ONE, "vocab.txt": ONE, "config.json": TWO},
        {"model.safetensors": THREE, "vocab.txt": TWO},
    ],
)
def test_the_first_files_and_their_conversion_are_accepted(
    digests: dict[str, str], tmp_path: Path
) -> None:
    cache = ModelCache(tmp_path)
    cache.note_first_seen("toy", {"pytorch_model.bin": ONE, "vocab.txt": ONE, CONVERTED: THREE})
    cache.require_first_seen("toy", digests)


def test_other_errors_of_the_disk_are_left_alone(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), full_disk_as_error(tmp_path):
        tmp_path.open("wb")
    denied = pytest.raises(ModelError, match="Permission denied; expected a folder to write to")
    with denied, full_disk_as_error(tmp_path):
        raise PermissionError(13, "Permission denied")
