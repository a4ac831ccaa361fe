from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from enhancer_variants.demo import demo_files
from enhancer_variants.effects import (
    enhancer_models,
    factor_models,
    named_models,
    named_or_bundled,
)
from enhancer_variants.errors import CheckpointError, InputError
from enhancer_variants.models import ModelView


def folder_of_models(folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copytree(demo_files().model, folder / name)
    return folder


def test_a_single_enhancer_model_is_called_enhancer() -> None:
    enhancer, factor = ModelView(Path("m/a"), "enhancer"), ModelView(Path("m/b"), "factors")
    assert named_models("m/a", {"CTCF": "m/b"}) == ({"enhancer": enhancer}, {"CTCF": factor})
    assert list(enhancer_models({"e201": "m/a", "e350": Path("b")})) == ["e201", "e350"]
    assert named_models(None, {"CTCF": "m/b"}) == ({}, {"CTCF": factor})


def test_nothing_named_is_what_is_bundled() -> None:
    assert named_or_bundled(None, None, None) == ("enhancer-mini", "tfbs-mini", "JASPAR2024")
    for named in (("a", None, None), (None, ["b"], None), (None, None, "c")):
        assert named_or_bundled(*named) == named


def test_empty_lists_say_what_to_name() -> None:
    with pytest.raises(InputError, match=r"enhancer=DIR.*none of the three for the bundled"):
        named_models({}, [])
    assert named_models(None, None, or_else="JASPAR2024") == ({}, {})


@pytest.mark.parametrize("name", ["enhancer", "Motif", "TFBS", "agreement"])
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="transcription factor"):
        factor_models({name: "b"})


def test_empty_and_repeated_names_are_refused() -> None:
    with pytest.raises(InputError, match="name is ' '; expected text"):
        named_models(None, {" ": "m/b"})
    with pytest.raises(InputError, match="name is 5; expected text"):
        named_models(None, {5: "m/b"})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="names other columns"):
        named_models({"CTCF": "m/a"}, {"CTCF": "m/b"})
    with pytest.raises(InputError, match="expected its directory"):
        enhancer_models({"e": 5})


def test_a_folder_of_models_gives_each_its_directory_s_name(tmp_path: Path) -> None:
    folder = folder_of_models(tmp_path, "SPI1", "CTCF")
    assert factor_models(folder) == {
        "CTCF": ModelView(folder / "CTCF", "factors"),
        "SPI1": ModelView(folder / "SPI1", "factors"),
    }
    assert factor_models(str(folder)) == factor_models(folder)


def test_what_is_no_model_in_a_folder_is_told(tmp_path: Path) -> None:
    folder = folder_of_models(tmp_path, "CTCF")
    (folder / "logs").mkdir()
    (folder / "README.md").touch()
    with pytest.warns(UserWarning, match=r"1 directories without config.json .*\(logs\)"):
        assert list(factor_models(folder)) == ["CTCF"]


def test_one_directory_is_called_by_its_card_or_itself(tmp_path: Path) -> None:
    model = folder_of_models(tmp_path, "CTCF") / "CTCF"
    view = ModelView(model, "factors")
    assert factor_models(model) == {"random": view}
    assert factor_models(ModelView(model)) == {"random": ModelView(model)}
    (model / "enhancer_variants.json").unlink()
    assert factor_models(model) == {"CTCF": view}
    assert factor_models([model, folder_of_models(tmp_path / "more", "A")]) == {
        "CTCF": view,
        "A": ModelView(tmp_path / "more" / "A", "factors"),
    }


def test_a_published_model_that_is_not_here_says_how_to_get_it() -> None:
    for call in (enhancer_models, factor_models):
        with pytest.raises(InputError, match="enhancer-variants models download DNABERT-6"):
            call("DNABERT-6")
    with pytest.raises(CheckpointError, match="no-such-model: no such directory"):
        enhancer_models("no-such-model")


def test_two_directories_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = [folder_of_models(tmp_path / place, "CTCF") for place in ("a", "b")]
    with pytest.raises(InputError, match="are both called 'CTCF'"):
        factor_models(paths)


@pytest.mark.parametrize(
    ("tfbs", "message"),
    [(5, "tfbs is 5"), ([5], "tfbs holds 5"), ("no/such/folder", "no directory")],
)
def test_what_is_no_model_is_refused(tfbs: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        factor_models(tfbs)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder without any"):
        factor_models(tmp_path)
