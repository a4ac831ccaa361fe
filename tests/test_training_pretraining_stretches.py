"""Which bases are pre-trained on: contigs, regions, N, and what is kept back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.training.pretraining.stretches import (
    GenomePart,
    held_out_borders,
    read_known_bases,
)


def read(*references: Reference, shortest: int = 1, **part: tuple[str, ...]) -> list[str]:
    """Stretches that are read, as text."""
    known = read_known_bases(references, GenomePart(**part), shortest)
    text = known.bases.tobytes().decode()
    return [text[start:end] for start, end in known.borders.tolist()]


def bed(folder: Path, *lines: str) -> str:
    path = folder / f"{len([*folder.glob('*.bed')])}.bed"
    path.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines))
    return str(path)


def test_stretches_without_n_in_upper_case(make_reference: Callable[..., Reference]) -> None:
    one = make_reference(chr1="NNacgtRACGNTT", chr2="nnn", chr3="GGG")
    other = make_reference(chrX="TTTT")
    assert read(one, other) == ["ACGT", "ACG", "TT", "GGG", "TTTT"]
    assert read(one, other, shortest=4) == ["ACGT", "TTTT"]


def test_contigs_under_any_synonym(make_reference: Callable[..., Reference]) -> None:
    genome = make_reference(chr1="AAAA", chr2="CCCC", chr8="GGGG", chr21="TTTT")
    assert read(genome) == ["AAAA", "CCCC"]
    assert read(genome, excluded_contigs=()) == ["AAAA", "CCCC", "GGGG", "TTTT"]
    assert read(genome, excluded_contigs=("1", "NC_000021.9")) == ["CCCC", "GGGG"]
    assert read(genome, contigs=("2", "chr8"), excluded_contigs=()) == ["CCCC", "GGGG"]


def test_regions_to_stay_in_and_to_keep_clear_of(
    make_reference: Callable[..., Reference], tmp_path: Path
) -> None:
    genome = make_reference(chr1="AACCNGGTTAACC", chr2="ACGT")
    inside = bed(tmp_path, "1 1 6", "chr1 5 8", "chr9 0 5")
    assert read(genome, regions=(inside,)) == ["ACC", "GGT"]
    outside = bed(tmp_path, "chr1 2 7", "chr2 0 100")
    assert read(genome, excluded=(outside,)) == ["AA", "TTAACC"]
    assert read(genome, regions=(inside,), excluded=(outside,)) == ["A", "T"]
    further = bed(tmp_path, "chr2 1 2", "chr2 1 2")
    assert read(genome, regions=(inside, further)) == ["ACC", "GGT", "C"]


@given(
    letters=st.text("AACCN", min_size=1, max_size=40),
    regions=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=4),
    excluded=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=4),
)
def test_the_bases_are_those_of_a_count_base_by_base(
    tmp_path_factory: pytest.TempPathFactory,
    letters: str,
    regions: list[tuple[int, int]],
    excluded: list[tuple[int, int]],
) -> None:
    folder = tmp_path_factory.mktemp("genome")
    fasta = folder / "genome.fa"
    fasta.write_text(f">c\n{letters}G\n>d\nTTTT\n")
    inside = bed(folder, "d 0 4", *(f"c {start} {start + size}" for start, size in regions))
    outside = bed(folder, "d 2 3", *(f"c {start} {start + size}" for start, size in excluded))
    kept = [
        any(s <= at < s + n for s, n in regions) and not any(s <= at < s + n for s, n in excluded)
        for at in range(len(letters) + 1)
    ]
    masked = "".join(x if keep else "N" for x, keep in zip(letters + "G", kept, strict=True))
    expected = [*filter(None, masked.split("N")), "TT", "T"]
    with Reference(fasta) as genome:
        assert read(genome, regions=(inside,), excluded=(outside,)) == expected


def test_what_is_not_there_is_refused(
    make_reference: Callable[..., Reference], tmp_path: Path
) -> None:
    genome = make_reference(chr1="AACC", chr2="NNNN")
    with pytest.raises(InputError, match="no FASTA has a contig chr7; expected some of chr1, chr2"):
        read(genome, contigs=("chr1", "chr7"))
    with pytest.raises(InputError, match="no FASTA has a contig chrY"):
        read(genome, excluded_contigs=("chrY",))
    with pytest.raises(InputError, match=r"0.bed: .* has none of the contigs \(chr5\)"):
        read(genome, excluded=(bed(tmp_path, "chr5 0 4"),))
    with pytest.raises(InputError, match="no stretch of 5 known bases is left"):
        read(genome, shortest=5)
    with pytest.raises(InputError, match="no stretch of 1 known bases is left"):
        read(genome, contigs=("chr2",))


def test_the_default_holds_out_what_data_sets_hold_out(
    make_reference: Callable[..., Reference],
) -> None:
    with pytest.raises(InputError, match="are all of them excluded"):
        read(make_reference(chr8="ACGT"))


@given(
    sizes=st.lists(st.integers(20, 4000), min_size=1, max_size=8),
    share=st.sampled_from([0.02, 0.1, 0.5]),
    longest=st.sampled_from([20, 100, 515]),
    seed=st.integers(0, 100),
)
def test_blocks_are_kept_back_whole(
    sizes: list[int], share: float, longest: int, seed: int
) -> None:
    ends = np.cumsum(sizes)
    borders = np.stack([ends - sizes, ends], axis=1)
    chance = np.random.default_rng(seed)
    if len(sizes) == 1 and sizes[0] < 2 * longest:
        with pytest.raises(InputError, match="nothing would be left"):
            held_out_borders(borders, share, longest, chance)
        return
    kept, held_out = held_out_borders(borders, share, longest, chance)
    sides = np.zeros(ends[-1], dtype=int)
    for side, part in ((1, kept), (2, held_out)):
        for start, end in part.tolist():
            assert (sides[start:end] == 0).all()
            sides[start:end] = side
            inside = [first <= start and end <= last for first, last in borders.tolist()]
            assert any(inside)
            assert end - start >= min(
                longest, *(s for s, yes in zip(sizes, inside, strict=True) if yes)
            )
    assert (sides > 0).all()
    found = (sides == 2).mean()
    largest = max(min(size, 2 * longest) for size in sizes) / ends[-1]
    assert found < 1
    assert found <= share + max(largest, share) or len(held_out) == 1
    again = held_out_borders(borders, share, longest, np.random.default_rng(seed))
    assert np.array_equal(again[1], held_out)


@pytest.mark.realdata
def test_the_known_bases_of_a_sparse_genome(data: Path) -> None:
    with Reference(data / "genome" / "hg19_sparse.fa.gz") as genome:
        known = read_known_bases([genome], GenomePart(contigs=("chr22", "chr5")), 10)
        assert len(known.bases) == int((known.borders[:, 1] - known.borders[:, 0]).sum()) > 10_000
        assert set(np.unique(known.bases)) == set(b"ACGT")
