from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError
from enhancer_variants.models import ListedModel, list_models, published_models

BUNDLED = "enhancer_variants.models.registry.listing.bundled_directory"


def by_name(folder: Path) -> dict[str, ListedModel]:
    return {model.name: model for model in list_models(cache=folder)}


def test_bundled_models_come_first_with_the_licence_of_their_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BUNDLED, lambda: demo_files().model)
    first, second, *others = list_models(cache=tmp_path)
    assert (first.name, second.name) == ("enhancer-mini", "tfbs-mini")
    assert first.state == second.state == "bundled"
    assert first.size == sum(path.stat().st_size for path in demo_files().model.iterdir())
    assert [model.name for model in others] == [entry.name for entry in published_models()]


def test_an_installation_without_them_lists_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> Path:
        raise InputError("not part of this installation")

    monkeypatch.setattr(BUNDLED, none)
    assert {model.state for model in list_models(cache=tmp_path)} == {"for download"}


def test_a_complete_model_is_downloaded_and_a_partial_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "partial" / "DNABERT-6").mkdir(parents=True)
    (tmp_path / "models" / "DNABERT-5").mkdir(parents=True)
    (tmp_path / "models" / "DNABERT-5" / "config.json").write_text("{}")
    known = by_name(tmp_path)
    assert (known["DNABERT-5"].state, known["DNABERT-5"].size) == ("downloaded", 2)
    assert (known["DNABERT-6"].state, known["DNABERT-6"].size) == ("for download", 359_000_000)


def test_listing_needs_neither_torch_nor_the_extra() -> None:
    code = (
        "import sys; from enhancer_variants.models import list_models, locate_model; list_models();"
        "heavy = {'torch', 'transformers', 'pooch', 'huggingface_hub'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
