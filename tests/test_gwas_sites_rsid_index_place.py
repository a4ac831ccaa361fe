from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.gwas.sites import rsid_index_place
from enhancer_variants.gwas.sites.rsid_index import build_rsid_index
from enhancer_variants.gwas.sites.rsid_index_place import rsid_index_for

HEADER = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def vcf(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "sites.vcf"
    path.parent.mkdir()
    path.write_text(HEADER + "1\t5\trs1\tA\tT\t.\t.\t.\n")
    return path


@pytest.fixture
def _read_only(vcf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folder one that cannot be written to, for a superuser too."""
    may = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) != vcf.parent and may(path, mode)
    )


def _known(vcf: Path, index: Path | None = None) -> set[int]:
    opened = rsid_index_for(vcf, index)
    found = set(opened.addresses(np.arange(10)))
    opened.close()
    return found


def test_it_is_made_once_beside_the_file(vcf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _known(vcf) == {1}
    assert (vcf.parent / "sites.vcf.rsid.parquet").exists()
    monkeypatch.setattr(rsid_index_place, "build_rsid_index", None)
    assert _known(vcf) == {1}


def test_it_is_made_again_when_the_file_has_changed_or_it_is_damaged(vcf: Path) -> None:
    _known(vcf)
    vcf.write_text(HEADER + "1\t5\trs2\tA\tT\t.\t.\t.\n")
    assert _known(vcf) == {2}
    (vcf.parent / "sites.vcf.rsid.parquet").write_bytes(b"PAR1")
    assert _known(vcf) == {2}


def test_a_renamed_copy_keeps_its_index(vcf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _known(vcf)
    copy = vcf.with_name("copy.vcf")
    copy.write_bytes(vcf.read_bytes())
    vcf.with_name("sites.vcf.rsid.parquet").rename(vcf.with_name("copy.vcf.rsid.parquet"))
    monkeypatch.setattr(rsid_index_place, "build_rsid_index", None)
    assert _known(copy) == {1}


@pytest.mark.usefixtures("_read_only")
@pytest.mark.parametrize("cache", ["", "relative", "absolute"])
def test_it_goes_to_the_cache_where_the_folder_cannot_be_written_to(
    vcf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    home = Path.home() / ".cache"
    if cache:
        named = tmp_path / "cache" if cache == "absolute" else Path("relative")
        monkeypatch.setenv("XDG_CACHE_HOME", str(named))
        home = named if cache == "absolute" else home
    assert _known(vcf) == {1}
    (index,) = (home / "enhancer_variants" / "indexes").iterdir()
    assert index.name.startswith("sites.vcf.")
    assert index.name.endswith(".rsid.parquet")
    assert list(vcf.parent.iterdir()) == [vcf]
    monkeypatch.setattr(rsid_index_place, "build_rsid_index", None)
    assert _known(vcf) == {1}


@pytest.mark.usefixtures("_read_only")
def test_without_any_place_to_write_to_it_says_so(
    vcf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(InputError, match=r"can be written neither to .*data or .*; name a place"):
        rsid_index_for(vcf)
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(InputError, match="can be written neither"):
        rsid_index_for(vcf)


def test_a_named_index_is_made_where_there_is_none(vcf: Path, tmp_path: Path) -> None:
    index = tmp_path / "mine.parquet"
    assert _known(vcf, index) == _known(vcf, index) == {1}
    assert list(vcf.parent.iterdir()) == [vcf]


def test_a_named_index_of_another_file_is_kept_and_refused(vcf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.vcf"
    other.write_text(HEADER)
    index = build_rsid_index(other, progress=False)
    before = index.read_bytes()
    with pytest.raises(InputError, match=r"index of another file \(other\.vcf, 39 bytes\)"):
        rsid_index_for(vcf, index)
    assert index.read_bytes() == before
