from __future__ import annotations

import json
from pathlib import Path

import pytest

from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models import locate_model


def test_a_directory_comes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("DNABERT-6").mkdir()
    assert locate_model("DNABERT-6") == Path("DNABERT-6")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("DNABERT-7", "no such directory; expected .* did you mean DNABERT-"),
        ("DeepVRegulome", "is a collection of 462 models; expected .* DeepVRegulome-AEBP2"),
        ("file", "no directory but a file"),
    ],
)
def test_what_is_neither_directory_nor_name(
    name: str, match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(CheckpointError, match=match):
        locate_model(name)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("DNABERT-6", "enhancer-variants models download DNABERT-6'"),
        ("DeepVRegulome-CTCFL", "models download DeepVRegulome-CTCFL --accept-licence'"),
    ],
)
def test_a_model_that_is_not_here_names_the_command(
    name: str, command: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=command) as error:
        locate_model(name, cache=tmp_path)
    assert f"has not been downloaded to {tmp_path}" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_here_is_found_without_writing_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "models" / "DNABERT-6"
    directory.mkdir(parents=True)
    (directory / "config.json").write_text(json.dumps({}))
    before = sorted(tmp_path.rglob("*"))
    assert locate_model("DNABERT-6", cache=tmp_path) == directory
    monkeypatch.setenv("ENHANCER_VARIANTS_CACHE", str(tmp_path))
    assert locate_model("DNABERT-6") == directory
    assert sorted(tmp_path.rglob("*")) == before
