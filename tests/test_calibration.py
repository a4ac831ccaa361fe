"""Calibration from end to end on the example data, against scoring the same changes by hand."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import random
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pysam
import pytest
import safetensors.torch
import scipy.stats

from enhancer_variants import VariantScorer, calibration
from enhancer_variants.calibration import calibrate_model
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.effects.calibrated import calibration_gap, valid_null
from enhancer_variants.errors import CheckpointError, InputError, ModelError
from enhancer_variants.genome import Reference
from enhancer_variants.io.added_q import add_q
from enhancer_variants.models import load_model, read_card, write_card
from enhancer_variants.models.card import CARD_FILE


@pytest.fixture
def files(tmp_path: Path) -> DemoFiles:
    return demo_files().copied_to(tmp_path / "demo")


def calibrate(files: DemoFiles, **options: Any) -> Any:
    return calibrate_model(files.model, files.reference, progress=False, **options)


def vcf_of(files: DemoFiles, path: Path, snvs: int, deletions: int) -> Path:
    """Write a VCF of changes of the example genome, some of which cannot be scored."""
    generator = random.Random(4)
    reference = Reference(files.reference)
    contig = reference.find(next(iter(reference.lengths)))
    assert contig is not None
    lines = [f"##fileformat=VCFv4.2\n##contig=<ID={contig.name},length={contig.length}>\n"]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    lines.append(f"{contig.name}\t1\t.\t{contig.bases(0, 1)}\t*\t.\t.\t.\n")
    starts = (generator.randrange(300, contig.length - 300) for _ in itertools.count())
    known = (start for start in starts if "N" not in contig.bases(start - 150, start + 150))
    for number, start in enumerate(itertools.islice(known, snvs + deletions)):
        ref = contig.bases(start, start + (1 if number < snvs else 3))
        alt = "ACGT".replace(ref, "")[0] if number < snvs else ref[0]
        lines.append(f"{contig.name}\t{start + 1}\t.\t{ref}\t{alt}\t.\t.\t.\n")
    path.write_text("".join(lines))
    return path


def test_variants_of_a_file_become_the_null(files: DemoFiles, tmp_path: Path) -> None:
    variants = vcf_of(files, tmp_path / "common.vcf", 130, 110)
    card = calibrate(files, variants=variants)
    assert read_card(files.model / CARD_FILE) == card
    effects = VariantScorer(files.reference, enhancer=files.model).score_vcf(variants)
    scored = effects[effects["status"] == "ok"]
    (null,) = card.nulls[0].outputs
    for distribution, rows in (
        (null.snv, scored[scored["kind"] == "snv"]),
        (null.other, scored[scored["kind"] != "snv"]),
    ):
        sizes = rows["enhancer_log_odds_shift"].abs().sort_values(ascending=False)
        assert distribution.n == len(rows) > 100
        assert distribution.largest == pytest.approx(sizes.tolist(), abs=1e-4)
    source = card.nulls[0].source
    assert source.changes == "variants"
    assert source.variants == "common.vcf"
    assert source.variants_sha256 == hashlib.sha256(variants.read_bytes()).hexdigest()
    assert source.reference_sha256 == hashlib.sha256(files.reference.read_bytes()).hexdigest()
    assert source.seed is None


def test_the_calibrated_model_says_how_unusual_its_shifts_are(files: DemoFiles) -> None:
    calibrate(files, random_changes=200, seed=5)
    model = load_model(files.model)
    assert calibration_gap(model, "forward", "left", 0) is None
    null = valid_null(model, model.name, "forward", "left", 0)
    assert null is not None
    assert null.other is not None
    assert null.snv.p_value(0.0) == 1
    assert null.snv.p_value(1e6) == 1 / (null.snv.n + 1)
    # Indels change more tokens, which is why they are kept apart.
    assert null.other.quantiles[500] > null.snv.quantiles[500]
    assert calibration_gap(model, "both", "left", 0) is not None


def test_from_calibration_to_q_values(files: DemoFiles, tmp_path: Path) -> None:
    variants = vcf_of(files, tmp_path / "common.vcf", 120, 110)
    null = calibrate(files, variants=variants).nulls[0].outputs[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # there is a null distribution for this use
        scorer = VariantScorer(files.reference, enhancer=files.model, calibrated=True)
    output = tmp_path / "effects.parquet"
    scorer.annotate(files.variants, output)
    add_q(output)
    effects = pd.read_parquet(output)
    scored = effects[effects["status"] == "ok"]
    assert len(scored) == 14
    shift, is_snv = scored["enhancer_log_odds_shift"], scored["kind"] == "snv"
    expected = np.where(is_snv, null.snv.p_value(shift), null.other.p_value(shift))
    assert scored["enhancer_p"].tolist() == expected.tolist()
    q = scipy.stats.false_discovery_control(expected)
    assert scored["enhancer_q"].to_numpy() == pytest.approx(q)
    unscored = effects[effects["status"] != "ok"]
    assert unscored[["enhancer_percentile", "enhancer_p", "enhancer_q"]].isna().all(axis=None)


def test_random_changes_are_the_same_for_a_seed_and_the_card_the_same_bytes(
    files: DemoFiles, tmp_path: Path
) -> None:
    card_file = files.model / CARD_FILE
    calibrate(files, random_changes=120, seed=1)
    first = card_file.read_bytes()
    calibrate(files, random_changes=120, seed=1)
    assert card_file.read_bytes() == first
    card = calibrate(files, random_changes=120, seed=2)
    assert card_file.read_bytes() != first
    assert len(card.nulls) == 1
    assert card.nulls[0].source.seed == 2
    assert str(tmp_path) not in card_file.read_text()


def test_several_uses_of_a_model_are_kept_side_by_side(files: DemoFiles) -> None:
    before = read_card(files.model / CARD_FILE)
    calibrate(files, random_changes=110, regions="chr1:1000-4000")
    card = calibrate(files, random_changes=110, strand="both", shifts=1, regions=["chr1"])
    assert [(n.conditions.strand, n.conditions.shifts) for n in card.nulls] == [
        ("forward", 0),
        ("both", 1),
    ]
    assert [n.source.regions for n in card.nulls] == [("chr1:1000-4000",), ("chr1",)]
    unchanged = dataclasses.replace(card, nulls=(), weights_sha256=before.weights_sha256)
    assert unchanged == before


def test_each_label_of_a_multi_label_model_has_its_own_null(files: DemoFiles) -> None:
    path = files.model / CARD_FILE
    card = read_card(path)
    changes = {"task": "multi_label", "labels": ("CTCF", "REST"), "positive_label": None}
    write_card(dataclasses.replace(card, **changes), path)  # type: ignore[arg-type]
    calibrated = calibrate(files, random_changes=120)
    ctcf, rest = calibrated.nulls[0].outputs
    assert ctcf.snv.n == rest.snv.n
    assert ctcf.snv != rest.snv
    model = load_model(files.model)
    assert valid_null(model, "REST", "forward", "left", 0) == rest


def test_a_directory_without_a_card_gets_a_complete_one(files: DemoFiles) -> None:
    (files.model / CARD_FILE).unlink()
    settings = json.loads((files.model / "config.json").read_text())
    del settings["transformers_version"]
    (files.model / "config.json").write_text(json.dumps(settings))
    with pytest.warns(UserWarning, match="200 are assumed"):
        card = calibrate(files, random_changes=120)
    assert (card.name, card.window_length, card.padding) == ("random", 200, "dnabert")
    assert card.max_seq_length == 200
    assert card.notes is not None
    assert card.notes.startswith("Assumed when the model was calibrated: ")
    for assumed in ("how many bases", "padding: dnabert is assumed", "how many tokens"):
        assert card.notes.count(assumed) == 1
    again = calibrate(files, random_changes=120, strand="both")
    assert again.notes == card.notes
    model = load_model(files.model)
    assert model.assumptions == ()
    assert valid_null(model, model.name, "forward", "left", 0) is not None


def test_what_the_card_leaves_open_may_be_given(files: DemoFiles) -> None:
    (files.model / CARD_FILE).unlink()
    card = calibrate(files, random_changes=120, window=100, padding="none", max_seq_length=150)
    assert (card.window_length, card.max_seq_length, card.padding) == (100, 150, "none")
    assert card.nulls[0].conditions.window_length == 100
    assert card.notes is None


def during_scoring(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen between the start of the scoring and the writing of the card."""
    scored = calibration._scored

    def with_event(*arguments: Any) -> Iterator[pd.DataFrame]:
        monkeypatch.setattr(calibration, "_scored", scored)
        yield from scored(*arguments)
        act()

    monkeypatch.setattr(calibration, "_scored", with_event)


def test_two_calibrations_at_once_are_both_kept(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    during_scoring(monkeypatch, lambda: calibrate(files, random_changes=110, strand="both"))
    card = calibrate(files, random_changes=110)
    assert [null.conditions.strand for null in card.nulls] == ["both", "forward"]
    assert read_card(files.model / CARD_FILE) == card


def test_other_weights_at_the_end_are_refused(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (files.model / CARD_FILE).read_bytes()
    weights = files.model / "model.safetensors"
    tensors = safetensors.torch.load_file(weights)

    def train() -> None:
        changed = {name: tensor + 1 for name, tensor in tensors.items()}
        safetensors.torch.save_file(changed, weights, metadata={"format": "pt"})

    during_scoring(monkeypatch, train)
    with pytest.raises(ModelError, match="another file than when calibration began"):
        calibrate(files, random_changes=110)
    assert (files.model / CARD_FILE).read_bytes() == before


def test_a_card_without_room_is_refused_before_scoring(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enhancer_variants.models.card._LARGEST_FILE", 60_000)
    calibrate(files, random_changes=110)
    monkeypatch.setattr(calibration, "_scored", None)
    with pytest.raises(CheckpointError, match=rf"{CARD_FILE}: the card has .* 1 other ways"):
        calibrate(files, random_changes=110, strand="both")


def test_fewer_known_bases_than_changes_are_warned_of(files: DemoFiles) -> None:
    with pytest.warns(UserWarning, match="1000 known bases for 1100 random SNVs"):
        calibrate(files, random_changes=1100, regions="chr1:1001-2000")


def test_a_bed_file_and_bgzipped_variants(files: DemoFiles, tmp_path: Path) -> None:
    bed = tmp_path / "open.bed"
    bed.write_text("chr1\t1000\t3000\n")
    card = calibrate(files, random_changes=110, regions_file=bed)
    assert card.nulls[0].source.regions_file == "open.bed"
    assert card.nulls[0].source.regions_file_sha256 == hashlib.sha256(bed.read_bytes()).hexdigest()
    plain = vcf_of(files, tmp_path / "common.vcf", 120, 110)
    packed = tmp_path / "common.vcf.gz"
    subprocess.run(["bgzip", "-k", plain], check=True)
    one, two = (calibrate(files, variants=path).nulls[0].outputs for path in (plain, packed))
    assert one == two


def test_too_few_snvs_are_refused_and_the_card_stays(files: DemoFiles, tmp_path: Path) -> None:
    before = (files.model / CARD_FILE).read_bytes()
    variants = vcf_of(files, tmp_path / "few.vcf", 99, 0)
    with pytest.raises(InputError, match=r"few.vcf: 99 SNVs .* expected 100 .*star_allele 1"):
        calibrate(files, variants=variants)
    with pytest.raises(InputError, match="20 random changes of genome"):
        calibrate(files, random_changes=20)
    assert (files.model / CARD_FILE).read_bytes() == before


def test_too_few_other_kinds_leave_their_part_out(files: DemoFiles, tmp_path: Path) -> None:
    variants = vcf_of(files, tmp_path / "snvs.vcf", 120, 5)
    with pytest.warns(UserWarning, match="5 changes that are no SNVs"):
        card = calibrate(files, variants=variants)
    assert card.nulls[0].outputs[0].other is None
    assert card.nulls[0].outputs[0].snv.n == 120


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random_changes": 0}, "random_changes is 0; expected a whole number, 1 or more"),
        ({"random_changes": True}, "random_changes is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "1"}, "seed is '1'"),
        ({"variants": "-"}, "-: no such file"),
        ({"variants": "absent.vcf"}, "absent.vcf: no such file"),
        ({"strand": "reverse"}, "strand is 'reverse'"),
    ],
)
def test_options_out_of_range_are_refused(
    files: DemoFiles, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        calibrate(files, **options)


def test_models_and_folders_that_are_none_are_refused(
    files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckpointError, match="no such directory"):
        calibrate_model("absent", files.reference)
    with pytest.raises(InputError, match="no reference is given"):
        calibrate_model(files.model, None)  # type: ignore[arg-type]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(calibration, "write_card", full)
    with pytest.raises(ModelError, match="No space left on device; expected a folder"):
        calibrate(files, random_changes=110)
    monkeypatch.setattr(calibration.os, "access", lambda *_: False)
    with pytest.raises(ModelError, match="cannot be written to"):
        calibrate(files)


def test_only_shifts_of_scored_alleles_count() -> None:
    table = pd.DataFrame(
        {
            "status": ["ok", "edge", "ok", "ok"],
            "kind": ["snv", "snv", None, "deletion"],
            "record": [0, 1, 2, 2],
            "x_log_odds_shift": [1.0, np.nan, -3.0, 2.0],
        }
    ).astype({"status": "string", "kind": "string"})
    shifts = calibration._Shifts.of([table, table.iloc[:0]], ["x"])
    assert np.concatenate(shifts.by_output["x", True]).tolist() == [1.0]
    assert np.concatenate(shifts.by_output["x", False]).tolist() == [-3.0, 2.0]
    assert shifts.statuses == {"ok": 3, "edge": 1}
    assert shifts.records == 3


def test_names_of_files_are_made_fit_for_a_card() -> None:
    assert calibration._base_name("/data/hg38.fa") == "hg38.fa"
    assert calibration._base_name(" a\tb\n") == "ab"
    assert calibration._base_name("\n") == "file"


def test_a_held_reference_is_left_open(files: DemoFiles) -> None:
    with Reference(files.reference) as reference, warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrate_model(files.model, reference, random_changes=150, progress=False)
        found = reference.find("chr1")
        assert found is not None
        assert len(found.bases(0, 10)) == 10


def test_fasta_and_pysam_objects_are_references_too(files: DemoFiles) -> None:
    with pysam.FastaFile(str(files.reference)) as fasta:
        card = calibrate_model(files.model, fasta, random_changes=110, progress=False)
    assert card.nulls[0].source.reference == "genome.fa"
