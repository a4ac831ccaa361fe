from __future__ import annotations

import hashlib
import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import pyfaidx
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import FastaError, InputError
from enhancer_variants.genome import reference as reference_module
from enhancer_variants.genome.alphabet import reverse_complement
from enhancer_variants.genome.contigs import ASSEMBLIES
from enhancer_variants.genome.fasta_blocks import BLOCK
from enhancer_variants.genome.reference import (
    Contig,
    ContigSequence,
    InMemoryContig,
    Reference,
    ReverseComplementContig,
)

LENGTH = 3 * BLOCK + 77


def write_fasta(path: Path, contigs: dict[str, str]) -> Path:
    with path.open("w") as stream:
        for name, sequence in contigs.items():
            stream.write(f">{name}\n")
            stream.writelines(f"{sequence[n : n + 60]}\n" for n in range(0, len(sequence), 60))
    return path


@pytest.fixture(scope="module")
def sequence() -> str:
    return "".join(random.Random(3).choices("ACGTNacgtnR", k=LENGTH))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, sequence: str) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    return Reference(write_fasta(folder / "toy.fa", {"chr1": sequence, "2": "ACGT", "Foo": "GG"}))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Reference]:
    def make(**lengths: int) -> Reference:
        contigs = {name: "A" * length for name, length in lengths.items()}
        return Reference(write_fasta(tmp_path / "made.fa", contigs))

    return make


def test_describes_the_file(reference: Reference) -> None:
    assert reference.name == "toy.fa"
    assert reference.path.is_absolute()
    assert list(reference.lengths.items()) == [("chr1", LENGTH), ("2", 4), ("Foo", 2)]
    assert reference.assembly is None
    assert repr(reference) == f"Reference('{reference.path}')"
    with pytest.raises(TypeError):
        reference.lengths["chr1"] = 5  # type: ignore[index]


def test_sha256_is_that_of_the_file_when_first_asked(tmp_path: Path) -> None:
    path = write_fasta(tmp_path / "a.fa", {"1": "ACGT"})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with Reference(path) as reference:
        assert reference.sha256() == digest
        path.unlink()
        assert reference.sha256() == digest


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("chr1", "chr1"),
        ("1", "chr1"),
        ("Chr1", "chr1"),
        ("NC_000001.10", "chr1"),
        ("NC_000001.11", "chr1"),
        ("chr2", "2"),
        ("chrFoo", "Foo"),
        ("foo", None),
        ("3", None),
        ("", None),
    ],
)
def test_find_knows_synonyms(reference: Reference, name: str, found: str | None) -> None:
    contig = reference.find(name)
    assert (contig and contig.name) == found
    assert reference.find(name) is contig
    assert reference.find(name, 12345) is contig


def test_two_synonyms_are_only_told_apart_by_their_own_names(
    make: Callable[..., Reference],
) -> None:
    reference = make(chr1=5, Chr1=6)
    assert reference.find("chr1").length == 5
    assert reference.find("Chr1").length == 6
    assert reference.find("1") is None
    assert [contig.length for contig in reference.synonyms("1")] == [5, 6]
    assert reference.synonyms("2") == ()


@pytest.mark.parametrize(
    ("fasta", "name", "declared", "found"),
    [
        # the FASTA's own name
        ({"chrM": 16571}, "chrM", None, "chrM"),
        ({"chrM": 16571}, "chrM", 16571, "chrM"),
        ({"chrM": 16571}, "chrM", 16569, None),
        ({"NC_012920.1": 16569}, "NC_012920.1", None, "NC_012920.1"),
        # a synonym needs a length that agrees
        ({"chrM": 16571}, "MT", None, None),
        ({"chrM": 16571}, "MT", 16569, None),
        ({"chrM": 16571}, "MT", 16571, "chrM"),
        ({"chrM": 16569}, "MT", 16569, "chrM"),
        ({"chrM": 16569}, "chrMT", None, None),
        ({"MT": 16569}, "M", 16569, "MT"),
        # which an accession implies
        ({"chrM": 16571}, "NC_001807.4", None, "chrM"),
        ({"chrM": 16571}, "NC_012920.1", None, None),
        ({"chrM": 16569}, "NC_012920.1", None, "chrM"),
        ({"chrM": 16569}, "NC_012920.1", 16571, None),
        # hg19 as UCSC ships it today has both
        ({"chrM": 16571, "chrMT": 16569}, "MT", 16569, "chrMT"),
        ({"chrM": 16571, "chrMT": 16569}, "chrM", 16569, "chrMT"),
        ({"chrM": 16571, "chrMT": 16569}, "chrM", None, "chrM"),
        ({"chrM": 16569, "MT": 16569}, "M", 16569, None),
    ],
)
def test_the_mitochondrion_is_matched_by_length(
    make: Callable[..., Reference],
    fasta: dict[str, int],
    name: str,
    declared: int | None,
    found: str | None,
) -> None:
    contig = make(**fasta).find(name, declared)
    assert (contig and contig.name) == found


def test_names_are_remembered_within_bounds(
    make: Callable[..., Reference],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reference_module, "_NAMES_KEPT", 10)
    reference = make(chr1=5)
    for n in range(100):
        assert reference.find(f"unknown{n}") is None
        assert reference.find("1").length == 5
    assert len(reference._found) <= 10


def test_the_assembly_is_judged_by_lengths(reference: Reference) -> None:
    lengths = {"chr21": ASSEMBLIES[1].lengths["21"]}
    fresh = Reference(reference.path)
    fresh._blocks.lengths = lengths
    assert fresh.assembly == "GRCh38"


ranges = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).map(sorted) | st.tuples(
    st.integers(0, LENGTH - 400), st.integers(0, 400)
).map(lambda pair: [pair[0], sum(pair)])


@given(ranges)
def test_bases_are_those_of_the_file(reference: Reference, sequence: str, ends: list[int]) -> None:
    contig = reference.find("chr1")
    assert contig is not None
    start, end = ends
    assert contig.bases(start, end) == sequence[start:end].upper()
    other = reference.find("2")
    assert other is not None
    assert other.bases(1, 3) == "CG"


@given(ranges)
def test_the_other_strand_is_the_reverse_complement(
    reference: Reference, sequence: str, ends: list[int]
) -> None:
    contig = reference.find("chr1")
    assert contig is not None
    turned = ReverseComplementContig(contig)
    start, end = ends
    assert turned.bases(start, end) == reverse_complement(sequence.upper())[start:end]
    assert (turned.name, turned.length) == ("chr1", LENGTH)
    assert ReverseComplementContig(turned).bases(start, end) == contig.bases(start, end)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 5), (3, 2), (5, 5), (-2, -1)])
def test_bases_outside_a_contig_are_refused(reference: Reference, start: int, end: int) -> None:
    two = reference.find("2")
    assert two is not None
    two.bases(0, 4)
    memory = InMemoryContig("2", "acgt")
    for contig in (two, memory, ReverseComplementContig(memory)):
        assert isinstance(contig, ContigSequence)
        with pytest.raises(InputError, match="on contig 2, which has 4"):
            contig.bases(start, end)
        with pytest.raises(ValueError, match="no bases"):
            contig.bases(start, end)


def test_a_contig_in_memory_is_upper_case() -> None:
    contig = InMemoryContig("toy", "acgTn")
    assert (contig.bases(0, 5), contig.bases(2, 2), contig.length) == ("ACGTN", "", 5)


def test_a_closed_reference_says_so(tmp_path: Path) -> None:
    with Reference(write_fasta(tmp_path / "a.fa", {"1": "ACGT"})) as reference:
        contig = reference.find("1")
    assert contig is not None
    with pytest.raises(InputError, match="closed"):
        contig.bases(0, 2)


def test_pickles_by_path(reference: Reference, sequence: str) -> None:
    contig = reference.find("1")
    assert contig is not None
    copy, contig_copy = pickle.loads(pickle.dumps((reference, contig)))  # noqa: S301 - our own
    assert copy is not reference
    assert copy.path == reference.path
    assert isinstance(contig_copy, Contig)
    assert contig_copy is copy.find("chr1")
    assert contig_copy.bases(100, 200) == sequence[100:200].upper()
    assert repr(contig_copy) == f"Contig('chr1', {LENGTH})"


def test_opens_paths_and_held_objects(
    reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reference.path.parent)
    held = pysam.FastaFile(str(reference.path)), pyfaidx.Fasta("toy.fa")
    for source in (str(reference.path), Path("toy.fa"), os.fsencode(reference.path), *held):
        with Reference(source) as opened:  # type: ignore[arg-type]
            assert opened.path == reference.path
            assert opened.lengths == reference.lengths
    for handle in held:
        handle.close()


@pytest.mark.parametrize("source", [None, 5, object()])
def test_refuses_what_it_cannot_open(source: object) -> None:
    with pytest.raises(InputError, match="cannot be opened; expected a path"):
        Reference(source)  # type: ignore[arg-type]


def test_a_missing_file_is_a_fasta_error(tmp_path: Path) -> None:
    with pytest.raises(FastaError, match=r"absent\.fa: there is no such file"):
        Reference(tmp_path / "absent.fa")


@pytest.mark.realdata
def test_real_genomes_are_recognised() -> None:
    folder = os.environ.get("ENHANCER_VARIANTS_DATA")
    if folder is None:
        pytest.skip("ENHANCER_VARIANTS_DATA is not set")
    with Reference(Path(folder, "mpra", "hg38_elements.fa.gz")) as reference:
        assert reference.assembly == "GRCh38"
        contig = reference.find("NC_000001.11")
        assert contig is not None
        assert contig.bases(109274967, 109274968) == "G"  # rs12740374, SORT1 enhancer
    with Reference(Path(folder, "genome", "hg19_sparse.fa.gz")) as reference:
        assert reference.assembly == "GRCh37"


def test_a_file_that_is_changed_behind_the_reference_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">chr1\nACGT\n")
    with Reference(path) as reference:
        reference.require_unchanged()
        path.write_text(">chr1\nCCGT\n")
        os.utime(path, ns=(0, 0))
        with pytest.raises(FastaError, match=r"genome\.fa: was changed while it was read"):
            reference.require_unchanged()
        path.unlink()
        reference.require_unchanged()  # it is read to its end
    with Reference(write(tmp_path / "other.fa")) as reference:
        write(tmp_path / "new.fa").replace(tmp_path / "other.fa")
        with pytest.raises(FastaError, match="was changed"):
            reference.require_unchanged()


def write(path: Path) -> Path:
    path.write_text(">chr1\nACGT\n")
    return path
