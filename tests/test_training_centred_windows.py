"""Windows centred on intervals, and those of files."""

from __future__ import annotations

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.training.window_files import is_bed, read_windows
from enhancer_variants.training.windows import centred_windows


def test_windows_lie_around_the_centre(make_reference):
    genome = make_reference(chr1="ACGTacgtACGTNACGT")
    found = centred_windows(
        [
            Interval("1", 4, 8),  # centre 6, so 4 to 8
            Interval("chr1", 5, 6),  # centre 5, so 3 to 7
            Interval("chr1", 0, 2),  # would begin at -1
            Interval("chr1", 15, 17),  # would end at 18
            Interval("chr1", 11, 14),
            Interval("chr2", 4, 8),
        ],
        genome,
        4,
    )
    assert found.sequences == (
        LabelledSequence("ACGT", 1, "chr1", 4, 8),
        LabelledSequence("TACG", 1, "chr1", 3, 7),
    )
    assert (found.has_n, found.edge, found.no_contig) == (1, 2, 1)
    with pytest.raises(InputError, match="window is 0"):
        centred_windows([], genome, 0)


def test_files_of_intervals_and_of_sequences(tmp_path, make_reference):
    genome = make_reference(chr1="ACGTacgtACGTNACGT")
    bed = tmp_path / "x.bed"
    bed.write_text("# peaks\ntrack a\n\nchr1\t3\t9\tpeak\nchr1\t0\t2\n")
    found = read_windows(bed, genome, 4, label=1)
    assert found.sequences == (LabelledSequence("ACGT", 1, "chr1", 4, 8),)
    assert found.intervals == (Interval("chr1", 3, 9), Interval("chr1", 0, 2))
    assert found.left_out == {"has_n": 0, "edge": 1, "no_contig": 0}
    with pytest.raises(InputError, match=r"x\.bed: holds intervals.*name one"):
        read_windows(bed, None, 4, label=1)
    fasta = tmp_path / "x.fa"
    fasta.write_text(">chr1:10-16\nacgtAC\n>b;label=0\nANGTAC\n>c\nACG\n")
    found = read_windows(fasta, None, 4, label=1)
    assert found.sequences == (LabelledSequence("CGTA", 1, "chr1", 11, 15),)
    assert found.intervals == (Interval("chr1", 10, 16),)
    assert found.left_out == {"has_n": 1, "short": 1}


@pytest.mark.parametrize(
    ("text", "answer"),
    [("chr1 1 2\n", True), ("#c\n\n", False), (">chr1 1 2\nA\n", False), ("a,b\n", False),
     ("sequence\tlabel\tx\n", False)],
)  # fmt: skip
def test_what_bed_looks_like(tmp_path, text, answer):
    path = tmp_path / "x"
    path.write_text(text)
    assert is_bed(path) is answer
