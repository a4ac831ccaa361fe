"""Checking a model from end to end on the example data, against scoring the same variants."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import scipy.stats
import torch

from enhancer_variants import ModelCheck, VariantScorer, check_model, convert_checkpoint
from enhancer_variants.admission import bench
from enhancer_variants.admission import check as check_module
from enhancer_variants.admission.found import PrecisionCheck, ShiftErrors
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.errors import InputError, MissingDependencyError, ModelError
from enhancer_variants.genome import Reference
from enhancer_variants.genome.random_changes import random_snvs
from enhancer_variants.models import bundled_directory, load_model, read_card, write_card
from enhancer_variants.models.admission import grade
from enhancer_variants.models.admission_choice import holds_for
from enhancer_variants.models.card import CARD_FILE
from enhancer_variants.models.files import sha256_of

N = 130


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoFiles:
    monkeypatch.setattr(bench, "_SECONDS_PER_ROUND", 0.0)  # rates are of no interest here:
    monkeypatch.setattr(bench, "_ROUNDS", 1)  # one round of one batch
    return demo_files().copied_to(tmp_path / "demo")


def check(files: DemoFiles, **options: Any) -> ModelCheck:
    options = {"n": N, "device": "cpu", "backends": ["torch"], "progress": False} | options
    return check_model(files.model, files.reference, **options)


def row(found: ModelCheck, precision: str, backend: str = "torch") -> PrecisionCheck:
    (wanted,) = (r for r in found.rows if (r.precision, r.backend) == (precision, backend))
    return wanted


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is measured: fp16 is exact and 1.5 times as quick, bf16 approximate and 3 times."""

    def rows(_: object, combinations: Any, __: object) -> tuple[PrecisionCheck, ...]:
        found = [PrecisionCheck(precision="fp32", backend="torch", verdict="reference")]
        figures = {"fp16": (ShiftErrors(5e-5, 1e-5, 1.0), 1.5)}
        for precision, backend in combinations:
            errors, speedup = figures.get(precision, (ShiftErrors(0.1, 0.01, 0.999), 3.0))
            verdict = grade(errors.largest, errors.rank_correlation)
            found.append(
                PrecisionCheck(
                    precision=precision,
                    backend=backend,
                    verdict=verdict,
                    errors=errors,
                    sequences_per_second=speedup,
                    speedup=speedup,
                )
            )
        return tuple(found)

    monkeypatch.setattr(check_module.Bench, "rows", rows)


def test_errors_are_those_of_scores_of_the_same_variants(files: DemoFiles) -> None:
    found = check(files, precisions=["bf16"], seed=3)
    shifts = {}
    for precision in ("fp32", "bf16"):
        scorer = VariantScorer(
            files.reference, enhancer=files.model, precision=precision, device="cpu", progress=False
        )
        effects = scorer.score([*random_snvs(Reference(files.reference), N, 3)])
        column = effects.loc[effects["status"] == "ok", "enhancer_log_odds_shift"]
        shifts[precision] = column.to_numpy(dtype=float)
    wrong = abs(shifts["bf16"] - shifts["fp32"])
    errors = row(found, "bf16").errors
    assert errors is not None
    assert found.n == len(wrong) > 100
    assert errors.largest == pytest.approx(wrong.max(), abs=2e-4)
    assert errors.p99 == pytest.approx(np.percentile(wrong, 99), abs=2e-4)
    correlation = scipy.stats.spearmanr(shifts["bf16"], shifts["fp32"])[0]
    assert errors.rank_correlation == pytest.approx(correlation, abs=1e-3)
    assert row(found, "fp32").verdict == "reference"
    assert found.windows == f"{N} random SNVs of genome.fa, seed 3"


@pytest.mark.usefixtures("verdicts")
def test_without_write_nothing_is_changed(files: DemoFiles) -> None:
    before = (files.model / CARD_FILE).read_bytes()
    found = check(files)
    assert (files.model / CARD_FILE).read_bytes() == before
    assert found.chosen == ("fp16", "torch")
    assert not found.written


@pytest.mark.usefixtures("verdicts")
def test_what_is_exact_is_admitted_and_what_is_approximate_if_accepted(files: DemoFiles) -> None:
    strict, lenient = check(files), check(files, accept="approximate")
    assert [r.precision for r in strict.rows if r.admitted] == ["fp16"]
    assert [r.precision for r in lenient.rows if r.admitted] == ["fp16", "bf16"]
    assert lenient.chosen == ("bf16", "torch")
    assert "admits bf16 on torch." in str(strict)
    assert "admits" not in str(lenient)


@pytest.mark.usefixtures("verdicts")
def test_what_is_admitted_is_written_into_the_card_and_taken_back(files: DemoFiles) -> None:
    found = check(files, accept="approximate", write=True)
    card = read_card(files.model / CARD_FILE)
    assert found.written
    assert card == found.card
    assert [(a.precision, a.grade) for a in card.admissions] == [
        ("bf16", "approximate"),
        ("fp16", "exact"),
    ]
    first = card.admissions[0]
    assert (first.n, first.speedup, first.device_type) == (found.n, 3.0, "cpu")
    assert first.weights_sha256 == sha256_of(files.model / "model.safetensors")
    assert first.versions["torch"] == torch.__version__
    loaded = load_model(files.model, device="cpu")  # with precision="auto"
    assert (loaded.precision, loaded.backend) == found.chosen == ("bf16", "torch")
    once = (files.model / CARD_FILE).read_bytes()
    check(files, accept="approximate", write=True)
    assert (files.model / CARD_FILE).read_bytes() == once
    assert [a.precision for a in check(files, write=True).card.admissions] == ["fp16"]
    assert check(files, precisions=["fp32"], write=True).card.admissions == ()


@pytest.mark.usefixtures("verdicts")
def test_the_version_of_another_backend_is_noted(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_module.importlib.metadata, "version", {"openvino": "2026.4"}.get)
    found = check(files, precisions=["fp16"], backends=["openvino"])
    (admission,) = found.card.admissions
    assert admission.versions["openvino"] == "2026.4"
    assert found.chosen == ("fp16", "openvino")


@pytest.mark.usefixtures("verdicts")
def test_a_converted_model_keeps_its_admissions(files: DemoFiles, tmp_path: Path) -> None:
    check(files, write=True)
    before = read_card(files.model / CARD_FILE).admissions
    card = convert_checkpoint(files.model, tmp_path / "again")
    assert [a.precision for a in card.admissions] == ["fp16"]
    assert holds_for(card.admissions[0], card)
    assert before[0].windows == card.admissions[0].windows


@pytest.mark.usefixtures("verdicts")
def test_what_is_assumed_is_a_warning_and_noted(files: DemoFiles) -> None:
    card = json.loads((files.model / CARD_FILE).read_text())
    card["window_length"] = None
    (files.model / CARD_FILE).write_text(json.dumps(card))
    with pytest.warns(UserWarning, match="Nothing says how many bases the model reads"):
        found = check(files, write=True)
    assert "Assumed when the model was checked: Nothing says" in (found.card.notes or "")
    assert found.card.admissions[0].window_length == 200


def test_other_weights_in_the_end_are_an_error(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(*_: object) -> tuple[PrecisionCheck, ...]:
        weights = files.model / "model.safetensors"
        tensors = safetensors.torch.load_file(weights)
        tensors["classifier.bias"] = tensors["classifier.bias"] + 1
        safetensors.torch.save_file(tensors, weights, metadata={"format": "pt"})
        path = files.model / CARD_FILE
        write_card(
            dataclasses.replace(read_card(path), weights_sha256=sha256_of(weights)),
            path,
        )
        return ()

    monkeypatch.setattr(check_module.Bench, "rows", rows)
    before = (files.model / CARD_FILE).read_bytes()
    with pytest.raises(ModelError, match=r"is another file than when the check began"):
        check(files, write=True)
    assert b"admissions" not in before + (files.model / CARD_FILE).read_bytes()


def test_a_missing_backend_is_a_row(files: DemoFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    load = check_module.load_model

    def only_torch(*given: Any, backend: str, **options: Any) -> Any:
        if backend != "torch":
            raise MissingDependencyError("pip install 'enhancer-variants[openvino]'")
        return load(*given, backend="torch", **options)

    monkeypatch.setattr(check_module, "load_model", only_torch)
    found = check(files, precisions=["fp32"], backends=["torch", "openvino"])
    missing = row(found, "fp32", "openvino")
    assert missing.verdict == "not available"
    assert missing.detail == "pip install 'enhancer-variants[openvino]'"
    assert found.chosen == ("fp32", "torch")


def test_fp32_on_openvino_is_exact(files: DemoFiles) -> None:
    pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    found = check(files, precisions=["fp32", "fp16"], backends=["openvino"])
    assert row(found, "fp32", "openvino").verdict == "exact"
    assert row(found, "fp32", "openvino").admitted
    missing = row(found, "fp16", "openvino")
    assert (missing.verdict, missing.errors) == ("not available", None)
    assert "fp16" in missing.detail


def test_bundled_models_are_checked_and_not_written(tmp_path: Path) -> None:
    for named in ("tfbs-mini", bundled_directory()):
        with pytest.raises(ModelError, match=r"a bundled model.*copy it \(cp -r '.*mini' my_model"):
            check_model(named, demo_files().reference, write=True)
    copy = shutil.copytree(bundled_directory(), tmp_path / "mini")
    assert not check_module._is_bundled(copy)
    assert not check_module._is_bundled(tmp_path / "no such directory")


@pytest.mark.usefixtures("verdicts")
def test_a_card_that_cannot_be_written_is_known_before_the_work(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(check_module.os, "access", lambda *_: False)
        with pytest.raises(ModelError, match="cannot be written to; expected a folder"):
            check_model(files.model, "no genome", write=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(check_module, "write_card", full)
    with pytest.raises(ModelError, match="No space left on device; expected a folder"):
        check(files, write=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 99}, "n is 99; expected a whole number, 100 or more"),
        ({"n": True}, "n is True"),
        ({"seed": -1}, "seed is -1; expected a whole number, 0 or more"),
        ({"accept": "all"}, "accept is 'all'; expected exact or approximate"),
        ({"precisions": ["int8"]}, r"precisions \['int8'\]; expected some of fp32, fp16, bf16"),
        ({"backends": "torch"}, "backends 'torch'; expected some of torch, openvino"),
    ],
)
def test_options_out_of_range_are_refused(
    files: DemoFiles, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        check(files, **options)
