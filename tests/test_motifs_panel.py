from __future__ import annotations

import hashlib
import json
import pickle
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from enhancer_variants.errors import InputError, MissingDependencyError, MotifFileError
from enhancer_variants.motifs import (
    Motif,
    MotifOptions,
    Pwm,
    bundled_motifs,
    motif_panel,
    sequence_context,
)

TOY = Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]])  # type: ignore[arg-type]
TEXT = ">toy TOY\nA [ 0 10 ]\nC [ 0 0 ]\nG [ 9 0 ]\nT [ 1 0 ]\n"


def test_bundled_set_with_its_licence() -> None:
    panel = motif_panel("JASPAR2024")
    found = json.loads(json.dumps(panel.provenance()))
    data = (files("enhancer_variants.motifs") / "jaspar2024.txt.gz").read_bytes()
    assert found == {
        "name": "JASPAR2024",
        "sha256": hashlib.sha256(data).hexdigest(),
        "motifs": 879,
        "licence": "CC BY 4.0",
        "citation": "Rauluseviciute I et al. 2024, Nucleic Acids Res 52:D174-D182",
        "pseudocount": 0.8,
        "background": [0.25, 0.25, 0.25, 0.25],
        "hit": 1e-4,
        "no_hit": 1e-3,
        "p_change": {"of": "log10_p_ratio", "seed": 20240117, "samples": 32768},
    }
    assert panel.margin == max(motif.length for motif in bundled_motifs("JASPAR2024")) - 1


@pytest.mark.parametrize("as_text", [True, False])
def test_file(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "mine.jaspar"
    path.write_text(TEXT)
    options = MotifOptions(pseudocount=0.4, background=(0.3, 0.2, 0.2, 0.3), hit=1e-5)
    panel = motif_panel(str(path) if as_text else path, options)
    assert panel.pwms == (Pwm.from_motif(TOY, 0.4, (0.3, 0.2, 0.2, 0.3)),)
    found = panel.provenance()
    assert found["name"] == "mine.jaspar"
    assert found["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (found["pseudocount"], found["hit"]) == (0.4, 1e-5)
    assert "licence" not in found


def test_a_file_that_is_called_like_the_bundled_set_is_not_it(tmp_path: Path) -> None:
    path = tmp_path / "JASPAR2024"
    path.write_text(TEXT)
    panel = motif_panel(path)
    assert panel.name == "JASPAR2024"
    assert "licence" not in panel.provenance()


def test_motifs_and_log_odds() -> None:
    counts = motif_panel(iter([TOY]))
    assert (counts.name, counts.provenance()["pseudocount"]) == ("motifs", 0.8)
    pwms = motif_panel([Pwm.from_motif(TOY, 3.0)])
    assert (pwms.name, pwms.provenance()["pseudocount"]) == ("motifs", None)
    assert counts.sha256 != pwms.sha256
    assert counts.sha256 == motif_panel([TOY]).sha256
    other = Motif("toy", "TOY", TOY.matrix + 1)
    assert counts.sha256 != motif_panel([other]).sha256
    mixed = motif_panel([TOY, Pwm("M", "M", [[1, 0, 0, 0]], background=(0.3, 0.2, 0.2, 0.3))])  # type: ignore[arg-type]
    assert mixed.provenance()["pseudocount"] == 0.8
    assert mixed.provenance()["background"] is None


def test_a_panel_is_taken_as_it_is() -> None:
    panel = motif_panel([TOY], MotifOptions(hit=1e-5))
    assert motif_panel(panel) is panel
    assert motif_panel(panel, MotifOptions(hit=1e-5)) is panel
    with pytest.raises(InputError, match="cannot be used with"):
        motif_panel(panel, MotifOptions())


def test_distributions_are_kept_from_chunk_to_chunk() -> None:
    panel = motif_panel([TOY])
    context = sequence_context("CCCGACC", "CCCTACC", panel.margin)
    first = panel.changes([context])
    distribution = panel.distributions.of(panel.pwms[0])
    assert panel.changes([context]).p_change.tolist() == first.p_change.tolist()
    assert panel.distributions.of(panel.pwms[0]) is distribution


def test_a_panel_can_be_sent_to_another_process() -> None:
    panel = motif_panel([TOY], MotifOptions(no_hit=0.5))
    again = pickle.loads(pickle.dumps(panel))  # noqa: S301 - our own
    assert again.provenance() == panel.provenance()
    context = sequence_context("CCCGACC", "CCCTACC", panel.margin)
    assert again.changes([context]).p_change.tolist() == panel.changes([context]).p_change.tolist()


def test_what_is_neither_set_nor_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither a set of motifs nor a file.*JASPAR2024"):
        motif_panel("jaspar")
    with pytest.raises(InputError, match="neither a set of motifs nor a file"):
        motif_panel(tmp_path / "none.meme")
    with pytest.raises(MotifFileError):
        motif_panel(tmp_path)
    with pytest.raises(InputError, match="at least one"):
        motif_panel([])
    with pytest.raises(InputError, match="two motifs have the identifier toy"):
        motif_panel([TOY, TOY])


def test_other_releases_come_from_pyjaspar() -> None:
    pyjaspar = pytest.importorskip("pyjaspar")
    panel = motif_panel("JASPAR2022")
    theirs = pyjaspar.jaspardb(release="JASPAR2022").fetch_motifs(
        collection="CORE", tax_group=["vertebrates"]
    )
    assert [pwm.id for pwm in panel.pwms] == sorted(motif.matrix_id for motif in theirs)
    assert (panel.name, panel.provenance()["motifs"]) == ("JASPAR2022", len(theirs))
    with pytest.raises(InputError, match=r"no release JASPAR1999; pyjaspar has .*JASPAR2020"):
        motif_panel("JASPAR1999")


def test_without_pyjaspar_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyjaspar", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[jaspar\]"):
        motif_panel("JASPAR2022")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pseudocount": -1}, "pseudocount is -1"),
        ({"pseudocount": float("nan")}, "pseudocount is nan"),
        ({"background": (1, 0, 0, 0)}, "background is"),
        ({"hit": 0}, "expected 0 < hit"),
        ({"p_change_of": "scores"}, "p_change_of is 'scores', expected 'log10_p_ratio' or"),
    ],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MotifOptions(**options)  # type: ignore[arg-type]


def test_options_are_averaged_over_both_strands() -> None:
    options = MotifOptions(background=(0.25, 0.25, 0.125, 0.375))
    assert options == MotifOptions(background=(0.3125, 0.1875, 0.1875, 0.3125))
    assert options.thresholds.hit == options.hit
