from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import enhancer_variants as ev
from enhancer_variants.cli import main
from enhancer_variants.demo import demo_files
from enhancer_variants.motifs import Motif, MotifPanel, motif_panel

FILES = demo_files()
DELETION = "chr1:4005:TCTG:T"
"""Takes the core out of a planted GATA1 site."""


@pytest.fixture(scope="module")
def gata() -> MotifPanel:
    """The left half of the planted site."""
    site = [[100 * (base == letter) for letter in "ACGT"] for base in "CTAATCTG"]
    return motif_panel([Motif("M1", "GATA1", site)])


def scorer(**options: Any) -> ev.VariantScorer:
    return ev.VariantScorer(FILES.reference, **{"enhancer": FILES.planted_model, **options})


def test_an_explanation_has_both_windows_and_the_score_s_numbers(gata: MotifPanel) -> None:
    one = scorer(motifs=gata)
    found = ev.explain(one, [DELETION, "chr1:10:A:T", "nonsense"], method="gradient")
    assert found.effects["status"].tolist() == ["ok", "edge", "invalid_record"]
    (explained,) = found.explained
    assert (explained.record, explained.allele) == (0, 1)
    assert explained.shift == pytest.approx(found.effects["enhancer_log_odds_shift"][0], abs=1e-4)
    assert len(explained.ref.sequence) == len(explained.alt.sequence) == 200
    assert explained.ref.sequence[100:104] == "TCTG"
    assert explained.alt.contig is None  # its bases behind the deletion lie elsewhere
    assert explained.attention_ref.sequence == explained.ref.sequence
    assert explained.attention_alt.contig is None


def test_the_planted_site_is_what_the_model_reads(gata: MotifPanel) -> None:
    (explained,) = ev.explain(scorer(motifs=gata), [DELETION]).explained
    most = int(np.argmax(explained.ref.importance))
    assert 94 <= most <= 104
    assert explained.motif_hits["motif_tf"].tolist() == ["GATA1"]
    assert explained.motif_hits["motif_effect"].isin(["disrupted", "weakened"]).all()


def test_only_the_models_asked_for_are_explained() -> None:
    one = scorer(tfbs={"GATA1": FILES.planted_model, "other": FILES.model})
    found = ev.explain(one, [DELETION], models=["other"], method="gradient")
    assert [e.ref.output for e in found.explained] == ["other"]
    every = ev.explain(one, [DELETION], method="gradient").explained
    assert [e.ref.output for e in every] == ["enhancer", "GATA1", "other"]
    with pytest.raises(ev.InputError, match="no model is called 'CTCF'; expected enhancer, GATA1"):
        ev.explain(one, [DELETION], models=["CTCF"])


def test_an_explanation_is_of_one_window() -> None:
    for option in ({"shifts": 3}, {"anchors": "both"}):
        with pytest.raises(ev.InputError, match="one window"):
            ev.explain(scorer(**option), [DELETION])


def test_a_flank_leaves_out_what_is_farther_from_the_allele() -> None:
    (found,) = ev.explain(scorer(), [DELETION], flank=2).explained
    assert np.flatnonzero(~np.isnan(found.ref.importance)).tolist() == [*range(98, 106)]
    assert np.flatnonzero(~np.isnan(found.alt.importance)).tolist() == [*range(98, 103)]
    with pytest.raises(ev.InputError, match="flank is -1"):
        ev.explain(scorer(), [DELETION], flank=-1)


def test_an_earlier_explanation_does_not_stay(gata: MotifPanel, tmp_path: Path) -> None:
    one = scorer(motifs=gata)
    ev.explain_into_folder(one, [DELETION], tmp_path, method="gradient")
    (tmp_path / "notes.txt").touch()
    ev.explain_into_folder(scorer(), ["chr1:10:A:T"], tmp_path, pictures=False)
    left = {path.name for path in tmp_path.iterdir()}
    tables = {f"{name}.tsv" for name in ("effects", "explained", "saturation", "attention")}
    assert left == tables | {"notes.txt", "provenance.json"}
    with pytest.raises(ev.InputError, match="is a file"):
        ev.explain_into_folder(one, [DELETION], tmp_path / "notes.txt")


@pytest.mark.parametrize("given", ["nosuch.vcf", "-"])
def test_what_is_neither_file_nor_variant_is_a_usage_error(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["explain", "-r", FILES.reference, "--enhancer", FILES.model, "-o", tmp_path]
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), "--", given])
    assert ended.value.code == 2
    assert "neither a file nor a variant" in capsys.readouterr().err


def test_there_must_be_a_model(gata: MotifPanel) -> None:
    with pytest.raises(ev.InputError, match="no model to explain"):
        ev.explain(ev.VariantScorer(FILES.reference, motifs=gata), [DELETION])


def test_a_file_is_explained_record_by_record() -> None:
    found = ev.explain(scorer(), FILES.variants, method="gradient")
    explained = list(found.explained)
    scored = found.effects[found.effects["status"] == "ok"]
    assert [(e.record, e.allele) for e in explained] == list(
        zip(scored["record"], scored["allele"], strict=True)
    )
    shifts = [e.shift for e in explained]
    np.testing.assert_allclose(shifts, scored["enhancer_log_odds_shift"], atol=1e-4)


def test_the_folder_holds_tables_and_pictures(gata: MotifPanel, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "explained"
    summary = ev.explain_into_folder(
        scorer(motifs=gata), [DELETION, "chr1:10:A:T"], folder, method="gradient"
    )
    assert str(summary) == "2 alleles in 2 records: 1 scored, 1 not (edge 1)"
    tables = {path.stem: pd.read_csv(path, sep="\t") for path in folder.glob("*.tsv")}
    assert set(tables) == {"effects", "explained", "saturation", "attention", "motif_hits"}
    assert len(tables["effects"]) == 2
    assert len(tables["saturation"]) == 2 * 3 * 200
    assert len(tables["attention"]) == 2 * 200
    assert tables["attention"].loc[tables["attention"]["window"] == "ref", "pos"].iloc[0] == 3905
    assert len(tables["motif_hits"]) == 1
    picture = folder / tables["explained"]["picture"][0]
    assert picture.name == "001_chr1_4005_TCTG_T_enhancer.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (folder / "provenance.json").read_text().startswith("{")


def test_tables_alone_need_no_plotting_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.modules['logomaker'] = None\n"
        "from enhancer_variants.cli import main\n"
        "try: main([*sys.argv[1:], '--no-pictures'])\n"
        "except SystemExit as ended: print(ended.code)\n"
        "main(sys.argv[1:])"
    )
    explain = ["explain", DELETION, "-r", FILES.reference, "--enhancer", FILES.planted_model]
    command = [sys.executable, "-c", code, *explain, "-o", tmp_path / "out"]
    command += ["--method", "gradient"]
    run = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert run.stdout.splitlines()[-1] == "0", run.stderr
    assert not list((tmp_path / "out").glob("*.png"))
    assert run.returncode == 1
    assert "enhancer-variants[plot]" in run.stderr


def test_nothing_that_can_be_explained_gives_empty_tables(tmp_path: Path) -> None:
    arguments = ["explain", "chr1:10:A:T", "-r", FILES.reference, "--enhancer", FILES.model]
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), "-o", str(tmp_path), "--model", "enhancer", "-q"])
    assert ended.value.code == 0
    assert pd.read_csv(tmp_path / "explained.tsv", sep="\t").empty
    assert pd.read_csv(tmp_path / "effects.tsv", sep="\t")["status"].tolist() == ["edge"]
    columns = list(pd.read_csv(tmp_path / "saturation.tsv", sep="\t").columns)
    assert columns[:5] == ["record", "allele", "model", "output", "method"]
