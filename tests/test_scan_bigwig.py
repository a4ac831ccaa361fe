"""bigWig files, read back with another library."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pytest

from enhancer_variants.errors import MissingDependencyError
from enhancer_variants.scan.bigwig import bigwig_writer, empty_bigwig
from enhancer_variants.scan.outputs import ScanOutputs
from enhancer_variants.scan.scanned import ScannedWindows
from enhancer_variants.scan.tiling import Tiling

TILING = Tiling(20, 10)


@pytest.mark.parametrize("contigs", [1, 3, 3000, 70_000])
def test_a_file_without_values_is_read_by_two_libraries(contigs: int, tmp_path: Path) -> None:
    lengths = {f"contig{number}": 100 + number for number in range(contigs)}
    path = tmp_path / "empty.bw"
    path.write_bytes(empty_bigwig(lengths))
    listed = dict(sorted(lengths.items())[: 2**16 - 1])
    with pyBigWig.open(str(path)) as file:
        assert file.chroms() == listed
        assert file.intervals("contig0") is None
        assert file.stats("contig0", 0, 50) == [None]
    with pybigtools.open(str(path)) as reader:
        assert dict(reader.chroms()) == listed
        assert list(reader.records("contig0")) == []


def test_the_same_windows_give_the_same_bytes_and_old_files_stay_until_then(tmp_path: Path) -> None:
    lengths, contents = {"c": 60}, []
    windows = ScannedWindows("c", np.array([0, 10, 40]), np.array([0.0, 1.0, -1.0]))
    output = tmp_path / "track.bw"
    output.write_text("what was there")
    for _ in range(2):
        with bigwig_writer(output, lengths, TILING) as write:
            write(windows)
            assert contents or output.read_text() == "what was there"
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]
    with pyBigWig.open(str(output)) as file:
        spans = [(start, end) for start, end, _ in file.intervals("c")]
    assert spans == [(0, 15), (15, 25), (45, 60)]
    assert list(tmp_path.iterdir()) == [output]


def test_a_file_that_could_not_be_written_is_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lengths = {"c": 60}
    windows = ScannedWindows("c", np.array([40]), np.array([0.0]))
    output = tmp_path / "track.bw"

    def write_beyond_the_end() -> None:
        with bigwig_writer(output, lengths, TILING) as write:
            write(windows)
            lengths["c"] = 30

    with pytest.raises(OSError, match=r"track.bw: the bigWig file could not be written"):
        write_beyond_the_end()
    assert not list(tmp_path.iterdir())
    capfd.readouterr()  # the library says it on standard error too


def test_without_the_library_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pybigtools", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[scan\]"):
        ScanOutputs.named([tmp_path / "track.bw"])
    assert len(ScanOutputs.named([tmp_path / "calls.bed"]).files) == 1
