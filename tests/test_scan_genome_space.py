"""Lengths of a genome's contigs, and where nothing may be placed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.scan.genome_space import file_facts, genome_space


def _free(space, contig: str) -> list[tuple[int, int]]:
    starts, ends = space.free(contig)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


@pytest.mark.parametrize("name", ["hg19", "GRCh37"])
def test_builds_are_known_by_either_name(name: str) -> None:
    space = genome_space(name)
    assert space.lengths["1"] == 249_250_621
    assert space.facts["genome"] == {"name": "GRCh37"}


def test_a_file_of_sizes_and_an_index_are_read(tmp_path: Path) -> None:
    sizes, index = tmp_path / "toy.sizes", tmp_path / "toy.fa.fai"
    sizes.write_text("# made up\nchr1\t100\n\nchr2 50\n")
    index.write_text("chr1\t100\t6\t60\t61\nchr2\t50\t110\t60\t61\n")
    assert genome_space(sizes).lengths == genome_space(index).lengths == {"1": 100, "2": 50}
    digest = hashlib.sha256(sizes.read_bytes()).hexdigest()
    assert genome_space(sizes).facts["genome"] == {"name": "toy.sizes", "sha256": digest}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("chr1\n", r"toy\.sizes:1: 'chr1' is no contig with its length"),
        ("chr1\tmany\n", r"toy\.sizes:1"),
        ("chr1\t5\n1\t6\n", "contig 1 has 6 bases, and also 5"),
        ("chr1\t0\n", "contig chr1 has 0 bases; expected"),
    ],
)
def test_a_file_that_holds_no_sizes_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "toy.sizes"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        genome_space(path)


@pytest.mark.parametrize("opened", [True, False])
def test_other_letters_of_a_fasta_are_gaps(make_reference, opened: bool) -> None:
    reference: Reference = make_reference(chr1="NNACGTNNacgtR", chr2="ACGT")
    space = genome_space(reference if opened else reference.path)
    assert _free(space, "1") == [(2, 6), (8, 12)]
    assert _free(space, "2") == [(0, 4)]
    assert space.facts["genome"]["name"] == reference.name


def test_gaps_blacklist_and_n_are_joined(make_reference) -> None:
    reference = make_reference(chr1="NN" + "ACGT" * 10)
    gaps = pd.DataFrame({"chrom": ["1", "1"], "start": [1, 30], "end": [5, 99]})
    blacklist = pd.DataFrame({"chrom": ["chr1", "chr7"], "start": [4, 0], "end": [8, 9]})
    space = genome_space(reference, gaps=gaps, blacklist=blacklist)
    assert _free(space, "1") == [(8, 30)]
    assert space.facts["gaps"] == {"name": "gaps", "sha256": None}


def test_a_contig_may_be_excluded_as_a_whole() -> None:
    gaps = pd.DataFrame({"chrom": ["1", "1"], "start": [0, 50], "end": [50, 100]})
    assert _free(genome_space({"1": 100}, gaps=gaps), "1") == []
    assert genome_space({"1": 100}).facts["gaps"] is None


def test_gaps_of_other_contigs_are_told() -> None:
    with pytest.warns(UserWarning, match="gaps has no contig in common.*: scaffold and 1"):
        genome_space({"1": 9}, gaps=pd.DataFrame({"chrom": ["scaffold"], "start": 1, "end": 2}))


def test_what_is_no_file_has_no_checksum(tmp_path: Path) -> None:
    assert file_facts(pd.DataFrame(), "calls") == {"name": "calls", "sha256": None}
    assert file_facts(tmp_path / "absent.bed", "calls")["sha256"] is None
