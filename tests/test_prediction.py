"""Predictions of sequences: by hand, file against list, and against the original program."""

from __future__ import annotations

import csv
import gzip
import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.demo import demo_files
from enhancer_variants.effects import attention_scores
from enhancer_variants.errors import InputError, ModelError
from enhancer_variants.genome import Reference, reverse_complement
from enhancer_variants.io.labelled_sequence import LabelledSequence, kmers_of
from enhancer_variants.models import Model, load_model
from enhancer_variants.prediction import (
    PredictionStatus,
    PredictionSummary,
    predict_file,
    predict_sequences,
    prediction_columns,
)
from enhancer_variants.schema import Status

MakeModel = Callable[..., Model]


@pytest.fixture(scope="module")
def demo_model() -> Model:
    return load_model(demo_files().model, "enhancer", device="cpu")


def short_model(model: Model, longest: int) -> Model:
    """Give the model so few tokens that it reads only `longest` bases."""
    tokens = longest + 3 - model.vocabulary.k
    return replace(model, max_seq_length=tokens)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# Rows and numbers


def test_log_odds_and_probability_are_those_of_each_sequence(counting_model: MakeModel) -> None:
    found = predict_sequences(counting_model("G"), ["GATTACA", "gggg", "ACCT"])
    assert found["enhancer_log_odds"].tolist() == pytest.approx([1, 4, 0], abs=1e-6)
    assert found["enhancer_prob"].tolist() == pytest.approx([2 / 3, 16 / 17, 1 / 2], abs=1e-6)
    assert found["length"].tolist() == [7, 4, 4]
    assert found["status"].tolist() == ["ok"] * 3
    assert found["chrom"].isna().all()


def test_columns_are_the_declared_ones(counting_model: MakeModel) -> None:
    model = counting_model()
    for strand in ("forward", "both"):
        names = [c.name for c in prediction_columns(model, averaged=strand == "both")]
        assert list(predict_sequences(model, ["ACGT"], strand=strand).columns) == names
    assert names[-1] == "enhancer_log_odds_spread"
    assert len(predict_sequences(model, [])) == 0


def test_both_strands_are_averaged_and_their_difference_reported(
    counting_model: MakeModel,
) -> None:
    found = predict_sequences(counting_model("G"), ["GGGC", "ACGT"], strand="both")
    assert found["enhancer_log_odds"].tolist() == pytest.approx([2, 1], abs=1e-6)
    assert found["enhancer_log_odds_spread"].tolist() == pytest.approx([2, 0], abs=1e-6)
    assert found["enhancer_prob"].tolist() == pytest.approx([4 / 5, 2 / 3], abs=1e-6)


def test_what_cannot_be_read_is_a_row_with_a_status(position_model: MakeModel) -> None:
    model = short_model(position_model(k=3), longest=10)
    items = ["ACGTACGTAC", "", "AC", "A" * 11, "ACGNA", "ACGU", "acgt", None, 7, "ACG T", "ACG\n"]
    found = predict_sequences(model, items)  # type: ignore[arg-type]
    assert found["status"].tolist() == [
        *("ok", "too_short", "too_short", "too_long", "has_n", "has_n", "ok"),
        *("invalid_record", "invalid_record", "has_n", "ok"),
    ]
    details = found["status_detail"]
    assert details[1] == "0 bases, fewer than a k-mer's 3"
    assert details[3] == "11 bases, the model reads 10"
    assert details[4] == "'N' at base 4"
    assert details[7] == "found nothing, expected a string"
    assert details[8] == "found int, expected a string"
    predicted = found["enhancer_log_odds"].notna()
    assert (predicted == (found["status"] == "ok")).all()
    assert (found["enhancer_prob"].notna() == predicted).all()


def test_a_refused_sequence_changes_nothing_for_the_others(position_model: MakeModel) -> None:
    model = position_model(k=2)
    mixed = predict_sequences(model, ["ACGT", "N", "", "TTGCA", "ANN"])
    alone = predict_sequences(model, ["ACGT", "TTGCA"])
    assert mixed["enhancer_log_odds"][[0, 3]].tolist() == alone["enhancer_log_odds"].tolist()


def test_n_is_read_as_unknown_where_it_is_allowed(counting_model: MakeModel) -> None:
    found = predict_sequences(counting_model("G"), ["GNGR"], allow_n=True)
    assert found["status"].tolist() == ["ok"]
    assert found["enhancer_log_odds"].tolist() == pytest.approx([2], abs=1e-6)


def test_truncate_reads_the_first_bases_and_says_so(position_model: MakeModel) -> None:
    model = short_model(position_model(k=3), longest=10)
    long = "ACGGTCATTAGNCC"
    for strand in ("forward", "both"):
        cut = predict_sequences(model, [long], truncate=True, strand=strand)
        kept = predict_sequences(model, [long[:10]], strand=strand)
        assert cut["enhancer_log_odds"][0] == kept["enhancer_log_odds"][0]
        assert cut["status"][0] == "ok"
        assert cut["length"][0] == 14
        assert cut["status_detail"][0] == "the first 10 of 14 bases"
        assert kept["status_detail"].isna().all()


@settings(max_examples=20)
@given(st.lists(st.text("ACGTNacgt", max_size=30), max_size=12), st.integers(1, 5))
def test_order_and_batches_do_not_matter(sequences: list[str], batch_size: int) -> None:
    model = load_model(demo_files().model, "enhancer", device="cpu")
    found = predict_sequences(model, sequences, batch_size=batch_size)
    back = predict_sequences(model, sequences[::-1])
    np.testing.assert_allclose(
        found["enhancer_log_odds"], back["enhancer_log_odds"][::-1], rtol=0, atol=1e-4
    )
    assert found["status"].tolist() == back["status"].tolist()[::-1]
    reversed_ = predict_sequences(model, [reverse_complement(s) for s in sequences], strand="both")
    both = predict_sequences(model, sequences, strand="both")
    np.testing.assert_allclose(
        reversed_["enhancer_log_odds"], both["enhancer_log_odds"], rtol=0, atol=1e-4
    )


def test_a_labelled_sequence_keeps_its_place(counting_model: MakeModel) -> None:
    items = [LabelledSequence("ACGT", 1, "chr1", 99, 103, "peak"), LabelledSequence("GG")]
    found = predict_sequences(counting_model("G"), items)
    first = found.iloc[0][["name", "chrom", "start", "end", "label"]].tolist()
    assert first == ["peak", "chr1", 99, 103, "1"]
    assert found.iloc[1][["name", "chrom", "start", "end", "label"]].isna().all()


def test_many_chunks_are_one_table(
    counting_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enhancer_variants.prediction.plan._CHUNK_SEQUENCES", 3)
    found = predict_sequences(counting_model("G"), ["A" + "G" * n for n in range(10)])
    assert found["enhancer_log_odds"].tolist() == pytest.approx(list(range(10)), abs=1e-5)


# Models


def test_a_directory_is_loaded(demo_model: Model) -> None:
    sequence = ["ACGT" * 50]
    found = predict_sequences(demo_files().model, sequence)
    expected = predict_sequences(demo_model, sequence)["enhancer_log_odds"]
    prefix = load_model(demo_files().model).name
    assert found[f"{prefix}_log_odds"].tolist() == expected.tolist()


def test_what_is_assumed_of_a_model_is_said(counting_model: MakeModel) -> None:
    model = replace(counting_model(), assumptions=("Nothing says W: 200 is assumed.",))
    with pytest.warns(UserWarning, match="enhancer: Nothing says W: 200 is assumed") as said:
        found = predict_sequences(model, ["ACGT"])
    assert said[0].filename == __file__
    assert found.attrs["enhancer_variants"]["models"][0]["assumptions"] == [*model.assumptions]


def test_every_label_of_a_model_has_its_columns(tmp_path: Path, counting_model: MakeModel) -> None:
    model = counting_model("G")
    card = replace(model.card, task="multi_label", labels=("CTCF", "NANOG"), positive_label=None)
    model = replace(model, card=card, output_names=("CTCF", "NANOG"))
    source = written(tmp_path / "two.fa", ">a\nGGA\n>b\nN\n")
    predict_file(model, source, tmp_path / "two.parquet", npy=tmp_path / "two.npy")
    found = pd.read_parquet(tmp_path / "two.parquet")
    assert found.filter(like="log_odds").iloc[0].tolist() == pytest.approx([0, 2], abs=1e-6)
    probabilities = np.load(tmp_path / "two.npy")
    np.testing.assert_allclose(probabilities, [[0.5, 0.8], [np.nan, np.nan]], atol=1e-6)


def test_npy_is_of_class_one_whichever_is_positive(
    tmp_path: Path, counting_model: MakeModel
) -> None:
    model = counting_model("G")
    model = replace(model, card=replace(model.card, positive_label="no"))
    source = written(tmp_path / "one.fa", ">a\nGGA\n")
    predict_file(model, source, tmp_path / "one.csv", npy=tmp_path / "one.npy")
    assert np.load(tmp_path / "one.npy").tolist() == pytest.approx([0.8], abs=1e-6)
    assert pd.read_csv(tmp_path / "one.csv")["enhancer_prob"].tolist() == pytest.approx([0.2])


def test_logits_that_are_not_finite_are_an_error(counting_model: MakeModel) -> None:
    model = counting_model()
    forward = model.network.forward
    model.network.forward = lambda *a, **b: forward(*a, **b) * math.nan  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=r"enhancer gives .*expected finite"):
        predict_sequences(model, ["ACGT"])
    with pytest.raises(ModelError, match="use precision='fp32'"):
        predict_sequences(replace(model, precision="fp16"), ["ACGT"])


@pytest.mark.parametrize("option", [{"strand": "reverse"}, {"batch_size": 0}, {"bed_window": "W"}])
def test_options_that_are_none_are_refused(
    counting_model: MakeModel, option: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="expected"):
        predict_sequences(counting_model(), ["ACGT"], **option)


# Files


FASTA = """>chr1:100-104;label=1 first
ACGT
>chr1:100-103;label=0
ac
gt
>chr1:5-9 other length
ACG

>plain name;label=enhancer
ACGTT
>none
>chr1:9-9
A
>chr1:20-10
AC
>
ACGT"""


@pytest.mark.parametrize("compressed", [False, True])
def test_fasta(tmp_path: Path, counting_model: MakeModel, compressed: bool) -> None:
    path = tmp_path / "peaks.txt"
    path.write_bytes(gzip.compress(FASTA.encode()) if compressed else FASTA.encode())
    found = predict_sequences(counting_model("T"), path)
    assert found["name"].fillna("").tolist() == [
        *("first", "", "chr1:5-9 other length", "plain name", "none", "", "chr1:20-10", "")
    ]
    assert found["label"].fillna("").tolist() == ["1", "0", "", "enhancer", *[""] * 4]
    assert found["start"].tolist()[:2] == [100, 99]
    assert found["end"].tolist()[:2] == [104, 103]
    assert found["start"].tolist()[5] == 8
    assert found["start"][[2, 3, 4, 6, 7]].isna().all()
    assert found["status"].tolist() == ["ok"] * 4 + ["too_short"] + ["ok"] * 3
    assert found["enhancer_log_odds"][:4].tolist() == pytest.approx([1, 1, 0, 2], abs=1e-6)


def test_bases_of_the_reverse_strand_have_no_coordinates(
    tmp_path: Path, counting_model: MakeModel
) -> None:
    text = ">chr1:100-104(-);label=1 b\nACGT\n>chr1:100-104(+)\nACGT\n"
    found = predict_sequences(counting_model("A"), written(tmp_path / "a.fa", text))
    assert found["name"].fillna("").tolist() == ["chr1:100-104(-) b", ""]
    assert found["chrom"].fillna("").tolist() == ["", "chr1"]
    assert found["start"].fillna(-1).tolist() == [-1, 100]
    assert found["end"].fillna(-1).tolist() == [-1, 104]
    assert found["status"].tolist() == ["ok", "ok"]
    table = "sequence,coordinate\nACGT,chr1:101-104(-)\nACGT,chr1:101-104(+)\n"
    found = predict_sequences(counting_model("A"), written(tmp_path / "a.csv", table))
    assert found["start"].fillna(-1).tolist() == [-1, 100]


def test_coordinates_of_the_ienhancer_files(tmp_path: Path, counting_model: MakeModel) -> None:
    source = written(tmp_path / "a.txt", ">CHR13_100_104\nACGT\n>chrX_7_9 b\nAC\n>Chr1_1_9\nA\n")
    found = predict_sequences(counting_model(), source)
    assert found["chrom"].fillna("").tolist() == ["chr13", "chrX", ""]
    assert found["start"].fillna(-1).tolist() == [100, 7, -1]
    assert found["name"].fillna("").tolist() == ["", "b", "Chr1_1_9"]


def test_a_contig_in_a_fasta_is_too_long_and_can_be_cut(
    tmp_path: Path, position_model: MakeModel
) -> None:
    model = short_model(position_model(k=3), longest=10)
    bases = "ACGGTCATTAGGCC"
    source = written(tmp_path / "long.fa", ">long\n" + "\n".join([bases] * 50) + "\n")
    found = predict_sequences(model, source)
    assert found[["length", "status"]].to_numpy().tolist() == [[700, "too_long"]]
    cut = predict_sequences(model, source, truncate=True)["enhancer_log_odds"]
    assert cut.tolist() == predict_sequences(model, [bases[:10]])["enhancer_log_odds"].tolist()


def test_tables_of_bases_and_of_kmers(tmp_path: Path, counting_model: MakeModel) -> None:
    header = "eventID,coordinate,Sequence,class"
    table = f'{header}\n1,chr1:100-103,ACGT,enhancer\n"b,c",,GG,\n\n3,chr1:100-105,GGG,x\n4,,A\n'
    found = predict_sequences(counting_model("G"), written(tmp_path / "a.csv", table))
    assert found["name"].tolist()[:3] == ["1", "b,c", "3"]
    assert found["label"].fillna("").tolist() == ["enhancer", "", "x", ""]
    assert found["start"].fillna(-1).tolist() == [99, -1, -1, -1]
    assert found["status"].tolist() == ["ok", "ok", "ok", "invalid_record"]
    assert found["status_detail"][3] == "3 of the 4 columns"
    kmers = f"Sequence\tLabel\n{kmers_of('GATTAGG', 3)}\t1\nGAT CCC\t0\nGAT ATN TNC\t1\n\t1\n"
    found = predict_sequences(counting_model("G"), written(tmp_path / "dev.tsv", kmers))
    assert found["status"].tolist() == ["ok", "invalid_record", "has_n", "too_short"]
    assert "does not follow" in found["status_detail"][1]
    assert found["enhancer_log_odds"][0] == pytest.approx(3, abs=1e-6)


def test_a_cell_of_any_length_is_read(tmp_path: Path, counting_model: MakeModel) -> None:
    text = f'sequence,name\n{"A" * 200_000},"a"\n'
    found = predict_sequences(counting_model(), written(tmp_path / "a.csv", text))
    assert found[["length", "status"]].to_numpy().tolist() == [[200_000, "too_long"]]


def test_a_data_frame(counting_model: MakeModel) -> None:
    frame = pd.DataFrame(
        {
            "seq": ["GG", None, "ACGT", float("nan")],
            "label": [1.0, 0.0, float("nan"), 1.0],
            "chr": ["1", "1", "chr2", None],
            "start": [10, 0, 5, 7],
            "end": [12, 4, 4, 9],
        }
    )
    found = predict_sequences(counting_model("G"), frame)
    assert found["label"].fillna("").tolist() == ["1", "0", "", "1"]
    assert found["chrom"].fillna("").tolist() == ["1", "", "", ""]
    assert found["status"].tolist() == ["ok", "too_short", "ok", "too_short"]
    with pytest.raises(InputError, match="the DataFrame: no column 'sequence' among x"):
        predict_sequences(counting_model("G"), pd.DataFrame({"x": [1]}))


def test_arrays_among_sequences_are_rows_with_a_status(counting_model: MakeModel) -> None:
    items = [np.array(["AC", "GT"]), "ACGT", pd.NA, [], pd.Series(["A"])]
    found = predict_sequences(counting_model("G"), items)  # type: ignore[arg-type]
    invalid = "invalid_record"
    assert found["status"].tolist() == [invalid, "ok", invalid, invalid, invalid]
    assert found["status_detail"][0] == "found ndarray, expected a string"
    assert found["status_detail"][2] == "found nothing, expected a string"


def test_cells_of_a_data_frame_that_hold_no_text(counting_model: MakeModel) -> None:
    frame = pd.DataFrame(
        {
            "sequence": ["AC", np.array(["A", "C"]), "AC", pd.NA, "AC"],
            "name": ["a", "b", np.array([1, 2]), "d", "e"],
            "label": [1, 0, 1, 0, 10**5000],
        },
        dtype=object,
    )
    found = predict_sequences(counting_model("G"), frame)
    invalid = "invalid_record"
    assert found["status"].tolist() == ["ok", invalid, invalid, "too_short", invalid]
    assert found["name"].fillna("").tolist() == ["a", "b", "", "d", "e"]
    assert found["status_detail"][1] == "found ndarray in a cell, expected a string or a number"
    assert found["status_detail"][4] == "found int of too many digits in a cell"


@pytest.mark.parametrize("place", ["{digits},2", "0,{digits}"])
def test_a_position_of_thousands_of_digits(
    tmp_path: Path, counting_model: MakeModel, place: str
) -> None:
    text = f"sequence,chrom,start,end\nAC,1,{place.format(digits='9' * 5000)}\nAC,1,0,2\n"
    found = predict_sequences(counting_model("G"), written(tmp_path / "a.csv", text))
    assert found["status"].tolist() == ["invalid_record", "ok"]
    assert found["end"].fillna(-1).tolist() == [-1, 2]
    assert "has 5000 digits, expected 10 at most" in found["status_detail"][0]


@pytest.mark.parametrize(("nothing", "found"), [(None, "None"), (7, "int"), (np.array(1), "nd")])
def test_what_holds_no_sequences(counting_model: MakeModel, nothing: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"^sequences is {found}.*; expected a file"):
        predict_sequences(counting_model("G"), nothing)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; expected FASTA"),
        ("\n\n", "is empty; expected FASTA"),
        ("chr1\t1\t2\n", "peaks.txt:1: no column 'sequence'.*BED"),
    ],
)
def test_files_of_another_kind(
    tmp_path: Path, counting_model: MakeModel, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        predict_sequences(counting_model(), written(tmp_path / "peaks.txt", text))


def test_files_that_are_none(tmp_path: Path, counting_model: MakeModel) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        predict_sequences(counting_model(), tmp_path / "absent.fa")
    with pytest.raises(InputError, match=r"is no file's name.*as a list"):
        predict_sequences(counting_model(), "ACGT" * 50)


# BED


BED = """track name=peaks
# a comment
chr1\t10\t14\tpeak1
1\t5\t6
chr1\t0\t4\tat the start
chr1\t36\t40\tat the end
chr9\t0\t4
chr1\t4

chr1\t9\t9
"""


@pytest.fixture
def genome(make_reference: Callable[..., Reference]) -> Reference:
    return make_reference(chr1="ACGTTGCAAC" * 4)


def test_windows_around_the_middle_of_bed_lines(
    tmp_path: Path, position_model: MakeModel, genome: Reference
) -> None:
    model = position_model(window=8)
    source = written(tmp_path / "peaks.bed", BED)
    found = predict_sequences(model, source, reference=genome)
    assert found["status"].tolist() == [
        *("ok", "ok", "edge", "edge", "no_contig", "invalid_record", "invalid_record")
    ]
    assert found["name"].fillna("").tolist() == [
        *("peak1", "1:6-6", "at the start", "at the end", "chr9:1-4", "", "")
    ]
    assert found[["start", "end"]].iloc[:4].to_numpy().tolist() == [
        [8, 16],
        [1, 9],
        [0, 4],
        [36, 40],
    ]
    assert found["status_detail"][2] == "bases -2 to 6 (0-based) of a contig of 40"
    sequence = "ACGTTGCAAC" * 4
    expected = predict_sequences(model, [sequence[8:16], sequence[1:9]])["enhancer_log_odds"]
    assert found["enhancer_log_odds"][:2].tolist() == expected.tolist()
    assert found.attrs["enhancer_variants"]["options"]["bed_window"] == "centred"
    assert found.attrs["enhancer_variants"]["reference"]["name"] == genome.name


@pytest.mark.parametrize("window", [7, 8])
def test_an_interval_of_the_windows_length_is_read_as_it_is(
    tmp_path: Path, position_model: MakeModel, genome: Reference, window: int
) -> None:
    source = written(
        tmp_path / "w.bed", "".join(f"chr1\t{s}\t{s + window}\n" for s in range(40 - window + 1))
    )
    model = position_model(window=window)
    centred = predict_sequences(model, source, reference=genome)
    own = predict_sequences(model, source, reference=genome.path, bed_window="interval")
    assert (centred["status"] == "ok").all()
    pd.testing.assert_frame_equal(centred, own)


def test_bed_intervals_themselves(
    tmp_path: Path, position_model: MakeModel, genome: Reference
) -> None:
    model = short_model(position_model(k=2), longest=12)
    source = written(tmp_path / "p.bed", "chr1 0 5\nchr1 3 30\nchr1 9 10\nchr1 30 41\n")
    found = predict_sequences(model, source, reference=genome, bed_window="interval")
    assert found["status"].tolist() == ["ok", "too_long", "too_short", "edge"]
    assert found["length"].tolist() == [5, 27, 1, 11]
    expected = predict_sequences(model, ["ACGTT"])["enhancer_log_odds"]
    assert found["enhancer_log_odds"][0] == expected[0]


def test_a_reference_goes_with_a_bed_file(
    tmp_path: Path, counting_model: MakeModel, genome: Reference
) -> None:
    with pytest.raises(InputError, match="goes with a BED file"):
        predict_sequences(counting_model(), ["ACGT"], reference=genome)
    source = written(tmp_path / "a.fa", ">a\nACGT\n")
    with pytest.raises(InputError, match=r"a\.fa:1: '>a' is no BED line"):
        predict_sequences(counting_model(), source, reference=genome)


# Output


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "tsv": lambda p: pd.read_csv(p, sep="\t", dtype={"label": str}),
    "tsv.gz": lambda p: pd.read_csv(p, sep="\t", dtype={"label": str}),
    "csv": lambda p: pd.read_csv(p, dtype={"label": str}),
    "parquet": pd.read_parquet,
}


@pytest.mark.parametrize("ending", READERS)
def test_a_file_holds_what_the_table_holds(
    tmp_path: Path, position_model: MakeModel, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("enhancer_variants.prediction.plan._CHUNK_SEQUENCES", 2)
    model, source = position_model(k=2), written(tmp_path / "peaks.fa", FASTA)
    output = tmp_path / f"out.{ending}"
    summary = predict_file(model, source, output)
    expected = predict_sequences(model, source)
    found = READERS[ending](output)
    assert list(found.columns) == list(expected.columns)
    pd.testing.assert_frame_equal(
        found.astype(object).where(found.notna(), None),
        expected.astype(object).where(expected.notna(), None),
        check_exact=False,
        rtol=1e-5,
    )
    assert summary == PredictionSummary.of(expected["status"])
    assert str(summary) == "8 sequences: 6 predicted, 2 not (too_short 2)"
    if ending != "parquet":
        made_with = json.loads(Path(f"{output}.json").read_text())
        assert made_with == expected.attrs["enhancer_variants"]
        assert made_with["input"] == "peaks.fa"
        assert made_with["options"]["truncate"] is False


def test_names_with_commas_and_quotes_survive(tmp_path: Path, counting_model: MakeModel) -> None:
    source = written(tmp_path / "a.fa", '>a, "b"\nACGT\n')
    predict_file(counting_model(), source, tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv")["name"].tolist() == ['a, "b"']


def test_standard_output(
    tmp_path: Path, counting_model: MakeModel, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    source = written(tmp_path / "a.fa", ">a\nACGT\n")
    for output, chosen in ((None, None), ("-", "csv")):
        predict_file(counting_model("G"), source, output, chosen)
    sys.stdout.flush()
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0].startswith("name\tchrom")
    assert lines[1].startswith("a\t\t\t\t\t4\tok\t\t0.666667\t1")
    assert lines[2].startswith("name,chrom")
    assert [p.name for p in tmp_path.iterdir()] == ["a.fa"]


def test_nothing_is_written_over(
    tmp_path: Path, counting_model: MakeModel, genome: Reference
) -> None:
    source = written(tmp_path / "a.tsv", "sequence\nACGT\n")
    model = counting_model()
    with pytest.raises(InputError, match="is an input"):
        predict_file(model, source, source)
    with pytest.raises(InputError, match="is an input"):
        predict_file(model, source, tmp_path / "b.tsv", reference=genome, npy=genome.path)
    for second in ({"npy": tmp_path / "b.tsv"}, {"attention": tmp_path / "b.tsv.json"}):
        with pytest.raises(InputError, match="two outputs"):
            predict_file(model, source, tmp_path / "b.tsv", **second)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="two outputs"):
        predict_file(model, source, None, npy="-")
    with pytest.raises(InputError, match=r"b\.txt: its ending names no format"):
        predict_file(model, source, tmp_path / "b.txt")
    with pytest.raises(InputError, match="output format 'vcf'"):
        predict_file(model, source, tmp_path / "b.txt", "vcf")
    assert source.read_text() == "sequence\nACGT\n"


def test_a_run_that_fails_leaves_nothing(tmp_path: Path, counting_model: MakeModel) -> None:
    source = tmp_path / "a.fa.gz"
    source.write_bytes(gzip.compress(FASTA.encode())[:-20])
    with pytest.raises(InputError, match="truncated or damaged"):
        predict_file(counting_model(), source, tmp_path / "a.csv", npy=tmp_path / "a.npy")
    assert [p.name for p in tmp_path.iterdir()] == ["a.fa.gz"]


def test_arrays_have_a_row_for_every_sequence(
    tmp_path: Path, demo_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enhancer_variants.prediction.plan._CHUNK_SEQUENCES", 2)
    sequences = ["ACGT" * 50, "N", "TTGACA" * 20, "AC", "G" * 500]
    source = written(tmp_path / "a.tsv", "sequence\n" + "\n".join(sequences) + "\n")
    npy, attention = tmp_path / "pred_results.npy", tmp_path / "atten.npy"
    predict_file(demo_model, source, tmp_path / "a.parquet", npy=npy, attention=attention)
    found = pd.read_parquet(tmp_path / "a.parquet")
    probabilities, scores = np.load(npy), np.load(attention)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, found["enhancer_prob"], rtol=1e-6)
    assert scores.shape == (5, 200)
    assert np.isnan(scores).all(axis=1).tolist() == [False, True, False, True, True]
    expected = attention_scores(demo_model, [sequences[0], sequences[2]], layout="dnabert")
    np.testing.assert_allclose(scores[[0, 2]], expected, rtol=0, atol=1e-7)


def test_arrays_of_nothing(tmp_path: Path, demo_model: Model) -> None:
    source = written(tmp_path / "a.tsv", "sequence\n")
    npy, attention = tmp_path / "p.npy", tmp_path / "a.npy"
    summary = predict_file(demo_model, source, tmp_path / "o.tsv", npy=npy, attention=attention)
    assert str(summary) == "0 sequences: 0 predicted"
    assert np.load(npy).shape == (0,)
    assert np.load(attention).shape == (0, 200)


def test_statuses_are_those_of_alleles_where_they_mean_the_same() -> None:
    shared = {status.value for status in PredictionStatus} & {status.value for status in Status}
    assert {status.value for status in PredictionStatus} - shared == {"too_short"}


# Real files


@pytest.mark.realdata
def test_every_row_of_the_published_sample(data: Path, counting_model: MakeModel) -> None:
    source = data / "enhancer" / "dnabert_enhancer_sample_200bp.csv"
    rows = pd.read_csv(source)
    found = predict_sequences(counting_model("G"), source)
    counts = rows["sequence"].str.upper().str.count("G")
    np.testing.assert_allclose(found["enhancer_log_odds"], counts, rtol=0, atol=1e-4)
    assert (found["status"] == "ok").all()
    assert found["label"].tolist() == rows["class"].tolist()
    text = found["chrom"] + ":" + (found["start"] + 1).astype(str) + "-" + found["end"].astype(str)
    assert text.tolist() == rows["coordinate"].tolist()


@pytest.mark.realdata
def test_every_record_of_a_published_fasta(data: Path, counting_model: MakeModel) -> None:
    source = data / "enhancer" / "original_enhancer_ind.txt"
    found = predict_sequences(counting_model("G"), source)
    headers = [line for line in source.read_text().splitlines() if line.startswith(">")]
    assert len(found) == len(headers)
    assert ((found["end"] - found["start"]) == found["length"]).all()


@pytest.mark.realdata
def test_windows_of_a_genome_are_those_of_its_bases(
    data: Path, tmp_path: Path, position_model: MakeModel
) -> None:
    genome = Reference(data / "genome" / "chr20_1Mb.fa.gz")
    (name, length), *_ = genome.lengths.items()
    contig = genome.find(name)
    assert contig is not None
    middles = range(200, length - 200, length // 7)
    source = written(tmp_path / "m.bed", "".join(f"{name}\t{m}\t{m + 1}\n" for m in middles))
    model = position_model(window=200)
    found = predict_sequences(model, source, reference=genome, allow_n=True)
    bases = [contig.bases(m - 100, m + 100) for m in middles]
    expected = predict_sequences(model, bases, allow_n=True)
    assert found["enhancer_log_odds"].tolist() == expected["enhancer_log_odds"].tolist()


# The original program


def oracle_sequences(oracle: Path, name: str) -> list[str]:
    with (oracle / "inputs" / "sequences.tsv").open() as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [row["sequence"] for row in rows if row["set"] == name]


def as_kmers(path: Path, sequences: list[str], k: int) -> Path:
    return written(path, "sequence\tlabel\n" + "".join(f"{kmers_of(s, k)}\t1\n" for s in sequences))


@pytest.mark.parametrize("checkpoint", ["enhancer6", "enhancer3", "tf6"])
def test_pred_results_of_the_original(oracle: Path, tmp_path: Path, checkpoint: str) -> None:
    model = load_model(oracle / "checkpoints" / checkpoint, "enhancer", device="cpu")
    sequences = oracle_sequences(oracle, "sample200")
    source = as_kmers(tmp_path / "dev.tsv", sequences, model.vocabulary.k)
    npy = tmp_path / "pred_results.npy"
    predict_file(model, source, tmp_path / "out.parquet", npy=npy)
    expected = np.load(oracle / "pred_results" / f"{checkpoint}_sample200.npy")
    found = np.load(npy)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)
    logits = np.load(oracle / "logits" / f"{checkpoint}_sample200.npz")["logits64"]
    np.testing.assert_allclose(
        pd.read_parquet(tmp_path / "out.parquet")["enhancer_log_odds"] * math.log(2),
        logits[:, 1] - logits[:, 0],
        rtol=0,
        atol=4e-5,
    )


def test_sequences_of_202_bases_at_200_tokens(oracle: Path) -> None:
    model = load_model(oracle / "checkpoints" / "enhancer6", "enhancer", device="cpu")
    found = predict_sequences(model, oracle_sequences(oracle, "seed202"))
    expected = np.load(oracle / "logits" / "enhancer6_seed202_200.npz")["probs64"]
    np.testing.assert_allclose(found["enhancer_prob"], expected[:, 1], rtol=0, atol=5e-6)


@pytest.mark.parametrize(
    ("file", "checkpoint", "max_seq_length"),
    [
        ("enhancer6_vis20_200", "enhancer6", 200),
        ("enhancer3_vis20_200", "enhancer3", 200),
        ("enhancer6_vis20_150", "enhancer6", 150),
    ],
)
def test_attention_and_cut_predictions_of_the_original(
    oracle: Path, tmp_path: Path, file: str, checkpoint: str, max_seq_length: int
) -> None:
    model = load_model(
        oracle / "checkpoints" / checkpoint,
        max_seq_length=max_seq_length,
        window=max_seq_length,
        device="cpu",
    )
    sequences = oracle_sequences(oracle, "vis20")
    source = as_kmers(tmp_path / "dev.tsv", sequences, model.vocabulary.k)
    npy, attention = tmp_path / "pred_results.npy", tmp_path / "atten.npy"
    summary = predict_file(
        model, source, tmp_path / "out.tsv", npy=npy, attention=attention, truncate=True
    )
    assert summary.predicted == 20
    expected = np.load(oracle / "attention" / f"{file}.npz")
    np.testing.assert_allclose(np.load(npy), expected["probs"], rtol=0, atol=5e-6)
    np.testing.assert_allclose(np.load(attention), expected["atten"], rtol=0, atol=1e-6)
    assert np.load(attention).dtype == expected["atten"].dtype


@pytest.mark.parametrize(
    ("results", "table"),
    [
        ("snp_orig", "orig_dev.tsv"),
        ("snp_mut", "mutate_mut_file_dev.tsv"),
        ("snp_two", "saturation_orig_dev.tsv"),
        ("snp_sat2", "saturation_mutated_dev.tsv"),
    ],
)
def test_the_originals_own_tables_are_read(
    oracle: Path, tmp_path: Path, results: str, table: str
) -> None:
    model = load_model(oracle / "checkpoints" / "tf6", max_seq_length=110, window=101, device="cpu")
    npy = tmp_path / "pred_results.npy"
    predict_file(model, oracle / "snp" / table, tmp_path / "out.csv", npy=npy)
    expected = np.load(oracle / "pred_results" / f"{results}.npy")
    np.testing.assert_allclose(np.load(npy), expected, rtol=0, atol=5e-6)
