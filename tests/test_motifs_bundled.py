from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

import enhancer_variants.motifs
from enhancer_variants.errors import InputError
from enhancer_variants.motifs import BUNDLED_MOTIFS, Pwm, bundled_motifs

FOLDER = Path(enhancer_variants.motifs.__file__).parent


def test_jaspar_2024_is_whole() -> None:
    motifs = {motif.id: motif for motif in bundled_motifs("JASPAR2024")}
    assert len(motifs) == 879
    assert sum(motif.family != "" for motif in motifs.values()) == 877
    assert not any(motif.is_probabilities for motif in motifs.values())
    ctcf = motifs["MA0139.2"]
    assert (ctcf.name, ctcf.family) == ("CTCF", "More than 3 adjacent zinc fingers")
    assert "CCA" in Pwm.from_motif(ctcf).consensus


def test_jaspar_2024_is_that_of_pyjaspar() -> None:
    pyjaspar = pytest.importorskip("pyjaspar")
    database = pyjaspar.jaspardb(release="JASPAR2024")
    theirs = database.fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    expected = {
        motif.matrix_id: (motif.name, [list(motif.counts[base]) for base in "ACGT"])
        for motif in theirs
    }
    ours = {
        motif.id: (motif.name, motif.matrix.T.tolist()) for motif in bundled_motifs("JASPAR2024")
    }
    assert ours == expected


def test_file_is_small_and_says_no_time() -> None:
    for bundled in BUNDLED_MOTIFS.values():
        data = (FOLDER / bundled.file).read_bytes()
        assert len(data) < 300_000
        assert data[4:8] == bytes(4)
        assert gzip.decompress(data).endswith(b"]\n")
        assert bundled.sha256() == hashlib.sha256(data).hexdigest()


def test_other_names_are_refused() -> None:
    with pytest.raises(InputError, match="'JASPAR2020'; there are JASPAR2024"):
        bundled_motifs("JASPAR2020")
