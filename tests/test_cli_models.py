from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from enhancer_variants.cli import main
from enhancer_variants.demo import demo_files
from enhancer_variants.models import list_models

NAME = "DNABERT-Enhancer-201"


def run(*arguments: object) -> int:
    """Run a command in this process; return its exit status."""
    with pytest.raises(SystemExit) as exit_info:
        main([str(argument) for argument in arguments])
    return int(exit_info.value.code or 0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENHANCER_VARIANTS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of a small model without a card."""
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("config.json", "model.safetensors", "vocab.txt"):
            packed.write(demo_files().model / name, f"DNABERT-Enhancer-201/{name}")
    return path


def rows(text: str) -> dict[str, list[str]]:
    """Cells of the table by name."""
    lines = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {line[0]: line[1:] for line in cells}


def test_the_list_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "list") == 0
    table = rows(capsys.readouterr().out)
    assert table["name"] == ["what", "window", "licence", "size", "state"]
    assert table["DNABERT-6"][1:] == ["-", "Apache-2.0", "359 MB", "for download"]
    assert table[NAME][1:] == ["201 bp", "Apache-2.0", "not said", "for download"]
    together = table["DeepVRegulome-*"]
    assert together[0] == "462 models, as DeepVRegulome-AEBP2; --all lists them"
    assert together[1:] == ["301 bp", "CC-BY-NC-4.0", "357 MB each", "for download"]
    assert "DeepVRegulome-CTCFL" not in table


def test_the_whole_list_has_a_row_for_each_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "list", "--all") == 0
    table = rows(capsys.readouterr().out)
    assert set(table) == {"name", *(model.name for model in list_models())}


def test_the_list_as_json_holds_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "list", "--json") == 0
    known = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert known["DNABERT-3"]["unverified"] == ["the checksum of the weights"]
    assert known["DeepVRegulome-CTCFL"]["licence"] == "CC-BY-NC-4.0"
    assert known["DNABERT-6"]["base"] is True


def test_a_downloaded_model_is_listed_shown_and_used_by_its_name(
    archive: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("models", "show", NAME) == 1
    assert f"run 'enhancer-variants models download {NAME}'" in capsys.readouterr().err
    assert run("models", "download", NAME, "--from", archive) == 0
    warning, summary = capsys.readouterr().err.splitlines()
    assert warning.startswith(f"warning: {NAME}: no SHA-256 of its model.safetensors was known")
    assert summary == f"{NAME}: {cache / 'models' / NAME}"
    assert run("models", "list") == 0
    table = rows(capsys.readouterr().out)
    assert table[NAME][-1] == "downloaded"
    assert table[NAME][-2].endswith(" MB")
    assert run("models", "show", NAME) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["assumptions"] == []
    assert shown["card"]["licence"] == "Apache-2.0"
    files = demo_files()
    output = tmp_path / "effects.vcf"
    scoring = ["score", files.variants, "-r", files.reference, "--enhancer", NAME, "-o", output]
    assert run(*scoring) == 0
    assert '"licence": "Apache-2.0"' in output.read_text()


def test_a_member_of_a_collection_that_is_here_has_a_row_of_its_own(
    archive: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "DeepVRegulome-MYC"
    # The toy reads at most 256 tokens, and this entry 300; the licence comes before everything.
    assert run("models", "download", name, "--from", archive) == 1
    assert "--accept-licence" in capsys.readouterr().err
    (cache / "models" / name).mkdir(parents=True)
    (cache / "models" / name / "config.json").write_text("{}")
    assert run("models", "list") == 0
    table = rows(capsys.readouterr().out)
    assert table[name][-1] == "downloaded"
    assert "DeepVRegulome-*" in table


def test_another_folder_may_be_named(
    archive: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    assert run("models", "download", NAME, "--from", archive, "--cache", other, "-q") == 0
    assert capsys.readouterr() == ("", "")
    assert (other / "models" / NAME / "enhancer_variants.json").exists()
    assert not cache.exists()
    assert run("models", "list", "--cache", other) == 0
    assert "downloaded" in capsys.readouterr().out


def test_a_model_that_does_not_fit_its_entry_is_refused(
    archive: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("models", "download", "DNABERT-Enhancer-350", "--from", archive) == 1
    assert "max_seq_length is 350, but the network has 256" in capsys.readouterr().err
    assert not (cache / "models").exists()
    assert not (cache / "checksums").exists()


def test_without_a_network_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("pooch", reason="the extra `hub` is not installed")
    assert run("models", "download", "DNABERT-6") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "HF_HUB_OFFLINE forbids asking the Hugging Face hub" in line
    assert "models download DNABERT-6 --from FOLDER" in line
    assert run("models", "download", "DNABERT-7") == 1
    assert "did you mean DNABERT-" in capsys.readouterr().err


def test_check_prints_the_table_and_writes_only_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enhancer_variants.admission.bench._SECONDS_PER_ROUND", 0.0)
    files = demo_files().copied_to(tmp_path / "demo")
    card = files.model / "enhancer_variants.json"
    before = card.read_bytes()
    given = ["models", "check", files.model, "-r", files.reference, "-n", "110", "--device", "cpu"]
    given += ["--backend", "torch", "--precision", "fp32", "-q"]
    assert run(*given) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["precision", "backend"]
    assert lines[1].split()[:2] == ["fp32", "torch"]
    assert lines[-2:] == ["Picked: fp32 on torch.", "The card is as it was."]
    assert card.read_bytes() == before
    assert run(*given, "--json", "--write", "--accept", "approximate", "--seed", "4") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["written"] is True
    assert found["windows"] == "110 random SNVs of genome.fa, seed 4"
    assert found["accept"] == "approximate"
    assert run("models", "check", "enhancer-mini", "-r", files.reference, "--write") == 1
    assert "a bundled model" in capsys.readouterr().err
