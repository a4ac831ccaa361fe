from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import MotifFileError
from enhancer_variants.motifs import Motif, read_motifs

ARNT = [[4, 16, 0, 0], [19, 0, 1, 0], [0, 20, 0, 0]]
SPI1 = [[1, 2, 3, 14], [5, 5, 5, 5], [20, 0, 0, 0], [0, 0, 20, 0], [7, 7, 3, 3]]

JASPAR = (
    ">MA0004.1\tArnt\tPAS domain factors\n"
    "A  [     4     19      0 ]\nC  [    16      0     20 ]\n"
    "G  [     0      1      0 ]\nT  [     0      0      0 ]\n"
    "\n# a comment\n>MA0080.1 SPI1\n"
    "A [1 5 20 0 7]\nC [2 5 0 0 7]\nG [3 5 0 20 3]\nT [14 5 0 0 3]"
)
PFM = (
    ">MA0004.1 Arnt\n4 19 0\n16 0 20\n0 1 0\n0 0 0\n"
    ">MA0080.1 SPI1\n1 5 20 0 7\n2 5 0 0 7\n3 5 0 20 3\n14 5 0 0 3"
)
POSITIONS = (
    "# HOCOMOCO\n>MA0004.1 Arnt\n4\t16\t0\t0\n19\t0\t1\t0\n0\t20\t0\t0\n"
    ">MA0080.1 SPI1\n1 2 3 14\n5 5 5 5\n20 0 0 0\n0 0 20 0\n7 7 3 3"
)
MEME_HEAD = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
MEME = (
    MEME_HEAD
    + "MOTIF MA0004.1 Arnt\n\nletter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0\n"
    " 0.2 0.8 0.0 0.0\n 0.95 0.0 0.05 0.0\n 0.0 1.0 0.0 0.0\n\nURL http://motif.example\n\n"
    "MOTIF MA0080.1 SPI1\nletter-probability matrix: alength= 4 w= 5 nsites= 20\n"
    "0.05 0.1 0.15 0.7\n.25 .25 .25 .25\n1 0 0 0\n0 0 1 0\n0.35 0.35 0.15 0.15"
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "motifs.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [JASPAR, PFM, POSITIONS, MEME, JASPAR.replace("\n", "\r\n"), PFM + "\n\n", "\ufeff" + JASPAR],
    ids=["jaspar", "pfm", "positions", "meme", "crlf", "blank", "bom"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_format_gives_the_same_motifs(tmp_path: Path, text: str, zipped: bool) -> None:
    data = text.encode()
    motifs = read_motifs(written(tmp_path, gzip.compress(data) if zipped else data))
    assert [(motif.id, motif.name) for motif in motifs] == [
        ("MA0004.1", "Arnt"),
        ("MA0080.1", "SPI1"),
    ]
    np.testing.assert_allclose(motifs[0].counts, ARNT, atol=1e-12)
    np.testing.assert_allclose(motifs[1].counts, SPI1, atol=1e-12)


def test_family_comes_from_a_third_field(tmp_path: Path) -> None:
    assert [motif.family for motif in read_motifs(written(tmp_path, JASPAR))] == [
        "PAS domain factors",
        "",
    ]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (">AHR_HUMAN.H11MO.0.B", "AHR"),
        (">ANDR.H12CORE.0.P.B", "ANDR"),
        (">MA0006.1_MA0006.1.Ahr::Arnt", "Ahr::Arnt"),
        (">MA0002.2\tRUNX1 long name", "RUNX1 long name"),
        (">M1", "M1"),
    ],
)
def test_names_of_factors(tmp_path: Path, header: str, name: str) -> None:
    [motif] = read_motifs(written(tmp_path, f"{header}\n1 2 3 4\n5 6 7 8\n"))
    assert motif.name == name


def test_sites_of_a_meme_file(tmp_path: Path) -> None:
    one = MEME_HEAD + "MOTIF M1 (TFAP2E)_(Mus_musculus)_(DBD_0.99)\nletter-probability matrix:"
    for attributes, sites in ((" nsites= 500", 500.0), (" nsites= 1 E= 0", None), ("", None)):
        [motif] = read_motifs(written(tmp_path, f"{one}{attributes}\n0.2 0.3 0.4 0.1\n"))
        assert (motif.name, motif.sites) == ("TFAP2E", sites)
        assert motif.counts.sum() == pytest.approx(sites or 20)


def test_four_by_four_numbers_are_told_by_their_sums(tmp_path: Path) -> None:
    by_position = "5 5 5 5\n20 0 0 0\n0 20 0 0\n19 0 0 1"
    expected = np.array([[5, 5, 5, 5], [20, 0, 0, 0], [0, 20, 0, 0], [19, 0, 0, 1]])
    [motif] = read_motifs(written(tmp_path, f">M1\n{by_position}\n"))
    np.testing.assert_array_equal(motif.matrix, expected)
    by_base = "\n".join(" ".join(map(str, row)) for row in expected.T)
    [motif] = read_motifs(written(tmp_path, f">M1\n{by_base}\n"))
    np.testing.assert_array_equal(motif.matrix, expected)
    with pytest.raises(MotifFileError, match=r"motifs\.txt:1: .*bases or positions"):
        read_motifs(written(tmp_path, ">M1\n" + "5 5 5 5\n" * 4))
    # One motif of another shape settles it for the whole file.
    both = read_motifs(written(tmp_path, ">M1\n" + "5 5 5 5\n" * 4 + ">M2\n5 5 5 5\n"))
    assert [motif.length for motif in both] == [4, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no motif"),
        ("# only a comment\n", "holds no motif"),
        ("MEME version 4\n", "holds no motif"),
        ("##fileformat=VCFv4.2\nchr1\t5\n", ":2: found 'chr1"),
        (">\n1 2 3 4\n", ":1: a header without an identifier"),
        (">M1\n", ":1: motif M1 has no rows"),
        (">M1\n1 2 3 4\n>M2\n", ":3: motif M2 has no rows"),
        (">M1\n1 2 3 4\n>M1\n1 2 3 4\n", ":3: a second motif M1, the first is in line 1"),
        (">M1\n1 2 3 4\n1 2 3\n", ":3: 3 numbers in a row of motif M1; expected 4"),
        (">M1\n1 2 3 4 5\n" * 1 + "1 2 3 4 5\n", ":1: motif M1 has 2 rows of 5 numbers"),
        (">M1\n1 2 3 4 5\n1 2 3 4\n", ":3: 4 numbers in a row of motif M1; expected 5"),
        (">M1\n1 2 -3 4\n", ":2: found -3, .*log-odds"),
        (">M1\n1 2 nan 4\n", ":2: found 'nan'"),
        (">M1\n1 2 inf 4\n", ":2: found 'inf'"),
        (">M1\n1 2 x 4\n", ":2: found 'x'"),
        (">M1\n1 2 1_0 4\n", ":2: found '1_0'"),
        (">M1\n1 2 3 4\n0 0 0 0\n", ":3: position 2 of motif M1 sums to 0"),
        (">M1\nA [1 0]\nC [1 0]\nG [1 0]\nT [1 0]\n", ":1: position 2 of motif M1 sums to 0"),
        (">M1\nA [1 0]\nC [1 0]\nG [1 0]\n", ":1: motif M1 has rows of A, C, G;"),
        (">M1\nA [1 0]\nA [1 0]\nG [1 0]\nT [1 0]\n", ":1: motif M1 has rows of A, A, G, T"),
        (
            ">M1\nA [1 0]\nC [1 0]\nG [1]\nT [1 0]\n",
            ":4: 1 numbers in a row .* expected 2",
        ),
        (">M1\nA [1 0]\nC [1 0]\nG []\nT [1 0]\n", ":4: a row without numbers"),
        (">M1\n[1 0]\n[1 0]\n[1]\n[1 0]\n", ":4: 1 numbers in a row .* expected 2"),
        (">M1\n1 2 3 4\n>M2\n1 2 3\n1 2 3\n", ":4: 3 numbers in a row of motif M2; expected 4"),
        (MEME_HEAD + "MOTIF\n", ":7: a MOTIF line without"),
        (MEME_HEAD + "MOTIF M1\nMOTIF M2\n", ":7: motif M1 has no letter-probability matrix"),
        (MEME + "\nMOTIF MA0004.1\n", "a second motif MA0004.1, the first is in line 7"),
        (
            MEME.replace("w= 3", "w= 4"),
            ":9: .* has 3 rows, expected w= 4",
        ),
        (MEME.replace("w= 3", "w= 2"), ":12: motif MA0004.1 says w= 2"),
        (MEME.replace("w= 3", "w= 0"), ":9: w= 0"),
        (MEME.replace("alength= 4 w= 3", "alength= 20 w= 3"), ":9: alength= 20"),
        (MEME.replace(" 0.2 0.8", " 0.2 0.9"), ":10: the row sums to 1.1"),
        (MEME.replace(" 0.2 0.8 0.0", " 0.2 0.8"), ":10: 3 numbers in a row"),
        (MEME.replace("= ACGT", "= ACDEFGHIKLMNPQRSTVWY"), ":3: the alphabet is 'ACDEF"),
        (MEME_HEAD + "MOTIF M1\nletter-probability matrix: w= 1\n-1 1 1 0\n", ":9: found -1"),
        (MEME_HEAD + "MOTIF M1\nletter-probability matrix:\n", ":8: .* expected at least one row"),
        (
            MEME_HEAD + "MOTIF M1\n" + "letter-probability matrix: w= 1\n0 0 0 1\n" * 2,
            ":10: a second matrix",
        ),
    ],
)
def test_what_is_no_motif_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MotifFileError, match=message):
        read_motifs(written(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MotifFileError, match="No such file"):
        read_motifs(tmp_path / "none.meme")
    whole = gzip.compress(JASPAR.encode())
    for damaged in (whole[:-9], whole[:20] + b"xxxx" + whole[24:]):
        with pytest.raises(MotifFileError, match="damaged or cut short"):
            read_motifs(written(tmp_path, damaged))
    with pytest.raises(MotifFileError, match="byte 3 is not UTF-8"):
        read_motifs(written(tmp_path, b">M1\xff\n1 2 3 4\n"))


counts = st.lists(
    st.lists(st.integers(0, 999), min_size=4, max_size=4).filter(any), min_size=1, max_size=9
).filter(lambda rows: len(rows) != 4)


@given(st.lists(counts, min_size=1, max_size=4))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, matrices: list[list[list[int]]]
) -> None:
    texts = {"jaspar": "", "pfm": "", "positions": ""}
    for number, matrix in enumerate(matrices):
        columns = [" ".join(map(str, column)) for column in zip(*matrix, strict=True)]
        header = f">M{number} F{number}\n"
        labelled = [f"{base} [ {row} ]" for base, row in zip("ACGT", columns, strict=True)]
        texts["jaspar"] += header + "\n".join(labelled) + "\n"
        texts["pfm"] += header + "\n".join(columns) + "\n"
        texts["positions"] += header + "\n".join(" ".join(map(str, row)) for row in matrix) + "\n"
    folder = tmp_path_factory.mktemp("motifs")
    for text in texts.values():
        motifs = read_motifs(written(folder, text))
        expected = [
            Motif(f"M{number}", f"F{number}", np.array(matrix, dtype=float))
            for number, matrix in enumerate(matrices)
        ]
        assert list(motifs) == expected


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "number", "first", "name"),
    [
        ("HOCOMOCOv11_HUMAN.pfm.gz", 401, "AHR_HUMAN.H11MO.0.B", "AHR"),
        ("JASPAR2022_vertebrates.pfm.gz", 838, "MA0004.1_MA0004.1.Arnt", "Arnt"),
        ("Jaspar_deepRAM.meme.gz", 734, "M0085_1.02", "TFAP2E"),
    ],
)
def test_published_files_lose_no_motif(
    data: Path, file: str, number: int, first: str, name: str
) -> None:
    motifs = read_motifs(data / "motifs" / file)
    assert len(motifs) == number
    assert (motifs[0].id, motifs[0].name) == (first, name)
    assert min(motif.length for motif in motifs) >= 4
