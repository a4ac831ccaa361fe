"""Positions of one build in another, by a chain file."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.gwas import Lifted, Liftover

# Two blocks forward with a gap in both builds, and one turned round.
TOY = """\
# made by hand
chain 900 chr1 100 + 10 34 chr5 200 + 50 71 1
8\t6\t3
10

chain 40 chr1 100 + 40 50 chr7 60 - 5 15 2
10
"""


def written(folder: Path, text: str | bytes, name: str = "toy.chain") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def places(liftover: Liftover, contig: str, position: int) -> list[str]:
    return [str(place) for place in liftover.places(contig, position)]


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (10, []),
        (11, ["chr5:51 (+)"]),
        (18, ["chr5:58 (+)"]),
        (19, []),
        (24, []),
        (25, ["chr5:62 (+)"]),
        (34, ["chr5:71 (+)"]),
        (35, []),
        # Base 40 is base 5 of the other strand: 54 of 60 from the front.
        (41, ["chr7:55 (-)"]),
        (50, ["chr7:46 (-)"]),
        (51, []),
        (0, []),
        (-5, []),
        (101, []),
    ],
)
def test_edges_of_blocks(tmp_path: Path, position: int, expected: list[str]) -> None:
    liftover = Liftover.read(written(tmp_path, TOY))
    assert places(liftover, "chr1", position) == expected
    lifted = liftover.lift("chr1", position)
    assert [str(lifted)] * (lifted is not None) == expected


def test_contigs_by_any_name(tmp_path: Path) -> None:
    liftover = Liftover.read(written(tmp_path, TOY))
    for name in ("chr1", "1", "CHR1", "NC_000001.10"):
        assert liftover.lift(name, 11) == Lifted("chr5", 51, "+")
    assert liftover.lift("chr2", 11) is None


def test_the_mitochondrion_of_hg19_is_another_than_that_of_grch37(tmp_path: Path) -> None:
    text = "chain 9 chrM 16571 + 0 10 chrM 16569 + 0 10 1\n10\n"
    liftover = Liftover.read(written(tmp_path, text))
    for name in ("chrM", "NC_001807.4"):
        assert liftover.lift(name, 5) == Lifted("chrM", 5, "+")
    for name in ("MT", "M", "NC_012920.1"):
        assert liftover.lift(name, 5) is None


def test_reasons(tmp_path: Path) -> None:
    twice = TOY + "chain 5 chr1 100 + 0 20 chr9 99 + 0 20 3\n20\n"
    liftover = Liftover.read(written(tmp_path, twice))
    assert liftover.name == "toy.chain"
    assert liftover.lift("1", 11) is None
    assert liftover.why_none("1", 11) == "toy.chain leads from 1:11 to chr5:51 (+), chr9:11 (+)"
    assert liftover.why_none("1", 60) == "toy.chain has no counterpart of 1:60"
    assert liftover.why_none("2", 60) == "toy.chain has no contig 2"
    for position in (0, 101):
        reason = f"1:{position} is not on 1, which toy.chain has with 100 bases"
        assert liftover.why_none("1", position) == reason
    # A block that begins before another one and ends after it is not overlooked.
    assert liftover.lift("1", 19) == Lifted("chr9", 19, "+")


def test_one_place_by_two_chains_is_one_place(tmp_path: Path) -> None:
    one = "chain 9 chr1 100 + 10 20 chr5 200 + 50 60 1\n10\n"
    liftover = Liftover.read(written(tmp_path, one + one))
    assert liftover.lift("chr1", 12) == Lifted("chr5", 52, "+")


def test_gzip_and_line_ends(tmp_path: Path) -> None:
    plain = Liftover.read(written(tmp_path, TOY))
    windows = TOY.replace("\n", "\r\n").encode()
    zipped = Liftover.read(written(tmp_path, gzip.compress(windows), "toy.chain.gz"))
    for position in range(1, 60):
        assert zipped.places("chr1", position) == plain.places("chr1", position)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no chain in it"),
        ("#CHROM\n", "there is no chain in it"),
        ("chr1\t5\t6\n", "begins in line 1 cannot be read (found 'chr1 5 6'"),
        (TOY.replace("chr7 60 -", "chr7 60 ?"), "begins in line 6 cannot be read"),
        (TOY.replace("100 + 10", "100 - 10"), "the first has to be +"),
        (TOY.replace("8\t6\t3", "8\t6"), "begins in line 2"),
        (TOY.replace("8\t6\t3", "8\tx\t3"), "begins in line 2"),
        (TOY.replace("\n10\n\n", "\n11\n\n"), "its blocks end at 35 and 72"),
        (TOY.rsplit("\n10\n", 1)[0], "begins in line 6"),
        (TOY.replace("chr5 200", "chr5 x"), "begins in line 2"),
    ],
)
def test_files_that_are_no_chain_files(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match="expected a UCSC chain file") as caught:
        Liftover.read(written(tmp_path, text))
    assert words in str(caught.value)
    assert str(caught.value).startswith("toy.chain: ")


def test_a_truncated_or_missing_file(tmp_path: Path) -> None:
    zipped = gzip.compress(TOY.encode())[:-12]
    with pytest.raises(InputError, match="truncated or damaged"):
        Liftover.read(written(tmp_path, zipped, "cut.chain.gz"))
    with pytest.raises(InputError, match="cannot be read"):
        Liftover.read(tmp_path / "absent.chain")


steps = st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(0, 5))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.lists(steps, min_size=1, max_size=6), st.booleans()), min_size=1, max_size=4
    )
)
def test_base_by_base(
    tmp_path: Path, chains: list[tuple[list[tuple[int, int, int]], bool]]
) -> None:
    """Walk along every chain and note each base, as a reader without any searching would."""
    text, expected = "", {}
    start = 0
    for number, (blocks, is_turned) in enumerate(chains):
        old, new, length = start, 7, 1000
        lines = []
        for k, (size, old_gap, new_gap) in enumerate(blocks):
            for step in range(size):
                base = length - 1 - (new + step) if is_turned else new + step
                expected[old + step + 1] = Lifted(
                    f"new{number}", base + 1, "-" if is_turned else "+"
                )
            is_last = k == len(blocks) - 1
            lines.append(f"{size}" if is_last else f"{size} {old_gap} {new_gap}")
            old += size + (0 if is_last else old_gap)
            new += size + (0 if is_last else new_gap)
        strand = "-" if is_turned else "+"
        text += f"chain 1 old 9999 + {start} {old} new{number} {length} {strand} 7 {new} {number}\n"
        text += "\n".join(lines) + "\n\n"
        start = old + 3
    liftover = Liftover.read(written(tmp_path, text))
    found = {position: liftover.lift("old", position) for position in range(-2, start + 5)}
    assert {position: place for position, place in found.items() if place} == expected


@pytest.mark.realdata
def test_the_catalogue_in_two_builds(data: Path) -> None:
    """The catalogue of 2015 as its own makers have it in hg19 and hg38, all but two rows alike."""
    liftover = Liftover.read(data / "gwas" / "hg19ToHg38.over.chain.gz")
    chromosomes = {"23": "X", "24": "Y"}

    def places_in(build: str) -> dict[tuple[str, ...], str]:
        path = data / "gwas" / f"gwas_catalog_2015_{build}.tsv.gz"
        with gzip.open(path, "rt", encoding="latin-1", newline="\n") as lines:
            next(lines)
            rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            # Only the last column is of the build.
            return {tuple(row[:-1]): row[-1].strip() for row in rows}

    hg19, hg38 = places_in("hg19"), places_in("hg38")
    different = {}
    for row, position in hg19.items():
        contig = chromosomes.get(row[11], row[11])
        lifted = liftover.lift(contig, int(position))
        if lifted is None or (lifted.contig, lifted.position) != (f"chr{contig}", int(hg38[row])):
            different[row[21]] = str(lifted)
    assert len(hg19) > 22_000
    # These two are nearer to an alternate contig of GRCh38 than to its chr7.
    assert different == {
        "rs11982969": "chr7_KI270803v1_alt:473797 (-)",
        "rs2854536": "chr7_KI270803v1_alt:340691 (-)",
    }
