"""Tables of sequences with several labels."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning import read_multi_label_sequences


def table(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_cells_are_0_1_or_not_known(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        "name,sequence,coordinate,CTCF,NANOG\npeak,GATTACA,chr1:1-7,1,\n\nother,ACGTACG,,0.0,1.0\n",
    )
    read = read_multi_label_sequences(path)
    assert read.labels == ("CTCF", "NANOG")
    assert read.sequences == ("GATTACA", "ACGTACG")
    assert np.array_equal(read.targets, [[1, np.nan], [0, 1]], equal_nan=True)
    assert read.targets.dtype == np.float32


def test_labels_choose_columns_and_their_order(tmp_path: Path) -> None:
    path = table(tmp_path / "a.tsv", "Sequence\tA\tB\tcomment\nGAT ATT\t1\t0\tsome words\n")
    read = read_multi_label_sequences(path, ["B", "A"])
    assert (read.labels, read.sequences) == (("B", "A"), ("GATT",))
    assert read.targets.tolist() == [[0, 1]]


def test_compressed_tables_and_tables_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfseq,A\n"))
    read = read_multi_label_sequences(path)
    assert read.targets.shape == (0, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; expected a table"),
        (">peak\nGATTACA\n", "a.csv:1: begins with '>peak'"),
        ("sequence\nGATTACA\n", "a.csv:1: no column beside the sequence"),
        ("sequence,A,A\nGATTACA,1,1\n", "a.csv:1: 2 columns 'A'"),
        ("sequence,A\nGATTACA\n", "a.csv:2: has 1 columns, expected 2"),
        ("sequence,A\nGATTACA,2\n", "a.csv:2: A is '2'; expected 0, 1, or nothing"),
        ("sequence,A\nGATXACA,1\n", "a.csv:2: 'GATXACA' is no DNA"),
        ("sequence,A\nGAT TTT,1\n", "a.csv:2: k-mer 'TTT' does not follow"),
        ('sequence,A\n"GAT' + "A" * 200_000 + '",1\n', "a.csv:2: is no line of a table"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_multi_label_sequences(table(tmp_path / "a.csv", text))


def test_a_label_must_have_a_column(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "sequence,A\nGATTACA,1\n")
    with pytest.raises(InputError, match="no column 'B' among sequence, A"):
        read_multi_label_sequences(path, ["B"])


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"sequence,A\n\xff\xfe,1\n")
    with pytest.raises(InputError, match=r"a\.csv:2: is no line of a table"):
        read_multi_label_sequences(path)
