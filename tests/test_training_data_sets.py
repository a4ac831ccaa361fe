"""Data sets from files to files, and their cards."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.training.canonical_kmers import sharing_a_kmer
from enhancer_variants.training.card import data_card, gc_auroc, source_of
from enhancer_variants.training.data_sets import (
    DataSet,
    DataSetRecipe,
    make_data_set,
    write_data_set,
)

LABELLED_GC = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0, 1])).map(
        lambda x: LabelledSequence("G" * x[0] + "A" * (4 - x[0]), x[1])
    ),
    max_size=12,
)


@given(LABELLED_GC)
def test_auroc_is_the_share_of_pairs_in_order(records):
    gc = {label: [r.sequence.count("G") for r in records if r.label == label] for label in (0, 1)}
    pairs = [(p > n) + 0.5 * (p == n) for p in gc[1] for n in gc[0]]
    expected = pytest.approx(sum(pairs) / len(pairs)) if pairs else None
    assert gc_auroc(records) == expected


def test_card_by_hand():
    train = [LabelledSequence("G" * 40, 1), LabelledSequence("A" * 38, 0), LabelledSequence("AG")]
    test = [LabelledSequence("C" * 33, 1), LabelledSequence("ACGT" * 9, 1)]
    card = data_card(
        {"train": train, "test": test},
        sources=[{"name": "a", "sha256": "b"}],
        options={"seed": 1},
        left_out={"near": 2},
    )
    assert card["sources"] == [{"name": "a", "sha256": "b"}]
    assert (card["options"], card["left_out"]) == ({"seed": 1}, {"near": 2})
    assert card["splits"]["train"] == {
        "counts": {"0": 1, "1": 1, "unlabelled": 1},
        "shortest": 2,
        "longest": 40,
        "gc": {
            "0": {"mean": 0.0, "sd": 0.0},
            "1": {"mean": 1.0, "sd": 0.0},
            "unlabelled": {"mean": 0.5, "sd": 0.0},
        },
        "gc_auroc": 1.0,
    }
    assert card["splits"]["test"]["gc_auroc"] is None
    assert card["splits"]["test"]["gc"]["1"] == {"mean": 0.75, "sd": 0.25}
    assert card["overlaps"] == [{"k": 32, "train": 1, "test": 1}]
    assert data_card({"train": []})["splits"]["train"]["longest"] is None


def test_sources_are_named_without_their_folder(tmp_path):
    path = tmp_path / "x.bed"
    path.write_bytes(b"chr1\t0\t1\n")
    expected = {"name": "x.bed", "sha256": hashlib.sha256(b"chr1\t0\t1\n").hexdigest()}
    assert source_of(path) == expected
    with pytest.raises(InputError, match="cannot be read"):
        source_of(tmp_path / "none")


@pytest.fixture
def genome(make_reference):
    chance = random.Random(1)
    contigs = {name: "".join(chance.choices("ACGT", k=12_000)) for name in ("chr1", "chr7", "chr8")}
    contigs["chr1"] = contigs["chr1"][:3120] + "N" * 100 + contigs["chr1"][3120:]
    return make_reference(**contigs)


@pytest.fixture
def bed(tmp_path):
    path = tmp_path / "peaks.bed"
    starts = range(100, 6000, 300)
    lines = [f"{c}\t{s}\t{s + 90}\n" for c in ("1", "7", "8") for s in starts]
    # A copy, a shifted one, one over the end, one on no contig.
    lines += ["1\t100\t190\n", "1\t110\t200\n", "1\t0\t9\n", "chr5\t0\t9\n"]
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize("negatives", ["matched", "shuffle", "dinucleotide"])
def test_from_bed_by_contig(genome, bed, negatives):
    recipe = DataSetRecipe(window=60, negatives=negatives, dev_contigs=("chr7",), gc_tolerance=0.05)
    excluded = [] if negatives == "dinucleotide" else [bed]
    data = make_data_set(bed, genome, recipe, excluded=excluded)
    assert [*data.splits] == ["train", "dev", "test"]
    assert {record.contig for record in data.splits["test"]} == {"chr8"}
    assert {record.contig for record in data.splits["dev"]} == {"chr7"}
    for split in data.splits.values():
        labels = [record.label for record in split]
        assert labels.count(1) == pytest.approx(20, abs=1)
        assert labels.count(0) == pytest.approx(20, abs=4)
        assert {len(record.sequence) for record in split} == {60}
    left_out = data.card["left_out"]
    assert (left_out["positives_exact"], left_out["positives_near"]) == (1, 1)
    assert (left_out["positives_edge"], left_out["positives_no_contig"]) == (1, 1)
    assert left_out["positives_has_n"] == 1
    sources = ["peaks.bed", *(path.name for path in excluded), "genome0.fa"]
    assert [source["name"] for source in data.card["sources"]] == sources
    assert data.card["options"]["dev_contigs"] == ["chr7"]
    again = make_data_set(bed, genome.path, recipe, excluded=excluded)
    assert (again.card, again.splits) == (data.card, data.splits)


def test_given_sequences_at_random(tmp_path):
    chance = random.Random(3)
    path, more = tmp_path / "x.csv", tmp_path / "negatives.fa"
    texts = ["".join(chance.choices("ACGT", k=70)) for _ in range(60)]
    texts[1] = texts[0][:40] + texts[1][40:]  # shares a 32-mer, and is no near copy
    path.write_text("sequence,label\n" + "".join(f"{t},{i % 2}\n" for i, t in enumerate(texts)))
    more.write_text("".join(f">{i}\n{''.join(chance.choices('ACGT', k=70))}\n" for i in range(10)))
    overlapping = 0
    for seed in range(8):
        recipe = DataSetRecipe(window=70, negatives="given", split="80:10:10", seed=seed)
        data = make_data_set(path, recipe=recipe, negatives_file=more)
        assert (
            sum(map(len, data.splits.values())) + data.card["left_out"]["shared_with_later_split"]
            == 70
        )
        overlapping += data.card["left_out"]["shared_with_later_split"]
        for later in ("dev", "test"):
            shares = sharing_a_kmer(
                [record.sequence for record in data.splits["train"]],
                [record.sequence for record in data.splits[later]],
            )
            assert not shares.any()
    assert overlapping > 0
    assert data.card["left_out"]["negatives_short"] == 0
    assert data.card["options"]["test_contigs"] == []


def test_the_few_without_coordinates_are_left_out(tmp_path):
    path, more = tmp_path / "x.fa", tmp_path / "y.fa"
    path.write_text(">chr1:0-8\nACGTACGG\n>odd\nTTCGATCC\n>chr8:0-8\nGATTACAG\n")
    more.write_text(">chr1:20-28\nCCGTACCA\n>odd\nTTCGAGCC\n")
    recipe = DataSetRecipe(window=8, negatives="given")
    with pytest.warns(UserWarning, match="split test has 1 positives and 0 negatives"):
        data = make_data_set(path, recipe=recipe, negatives_file=more)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 2, "test": 1}
    assert data.card["left_out"]["without_coordinates"] == 2
    at_random = DataSetRecipe(window=8, negatives="given", split="80:20")
    with pytest.warns(UserWarning, match="split dev has 1 positives and 0 negatives"):
        data = make_data_set(path, recipe=at_random, negatives_file=more)
    assert sum(map(len, data.splits.values())) == 5
    path.write_text(">odd\nTTCGATCC\n")
    with pytest.raises(InputError, match="no coordinates, so it is on no side"):
        make_data_set(path, recipe=recipe, negatives_file=more)


@pytest.mark.parametrize(
    ("recipe", "options", "message"),
    [
        (DataSetRecipe(negatives="matched", window=4), {}, "read from a reference"),
        (DataSetRecipe(negatives="given", window=4), {}, "1 positives and 0 negatives"),
        (
            DataSetRecipe(negatives="given", window=9),
            {},
            "0 positives and 0 negatives.*'positives_short': 1",
        ),
        (DataSetRecipe(negatives="shuffle"), {"negatives_file": "x.fa"}, "also in x.fa"),
        (DataSetRecipe(negatives="given"), {"excluded": ["x.bed"]}, "x.bed .* has no effect"),
        (DataSetRecipe(negatives="dinucleotide"), {"excluded": ["x.bed"]}, "has no effect"),
        (DataSetRecipe(negatives="given"), {"negatives_file": "-"}, "^-: is no file"),
        (DataSetRecipe(), {"excluded": ["/dev/null"]}, "^/dev/null: is no file"),
    ],
)
def test_what_is_missing(tmp_path, recipe, options, message):
    path = tmp_path / "x.fa"
    path.write_text(">a\nACGTA\n")
    with pytest.raises(InputError, match=message):
        make_data_set(path, recipe=recipe, **options)


@pytest.mark.parametrize("option", [{"negatives": "none"}, {"split": "50:50"}])
def test_a_recipe_checks_itself(option):
    (name,) = option
    with pytest.raises(InputError, match=f"^{name} is .* expected one of "):
        DataSetRecipe(**option)


@pytest.mark.parametrize(
    "option",
    [
        {"window": 0},
        {"seed": -1},
        {"gc_tolerance": -0.1},
        {"repeat_tolerance": float("nan")},
        {"near_share": 0},
        {"near_share": 1.1},
        {"test_contigs": "chr8"},
    ],
)
def test_a_recipe_checks_its_numbers(option):
    (name,) = option
    with pytest.raises(InputError, match=f"^{name} is .*; expected"):
        DataSetRecipe(**option)


def test_spaces_in_names_of_contigs_do_not_train_on_what_is_held_out(genome, bed):
    recipe = DataSetRecipe(
        window=60, negatives="dinucleotide", test_contigs=("chr8", " chr1", ""), dev_contigs=(" ",)
    )
    assert (recipe.test_contigs, recipe.dev_contigs) == (("chr8", "chr1"), ())
    data = make_data_set(bed, genome, recipe)
    assert {record.contig for record in data.splits["train"]} == {"chr7"}
    assert {record.contig for record in data.splits["test"]} == {"chr1", "chr8"}
    assert data.card["options"]["test_contigs"] == ["chr8", "chr1"]


@pytest.mark.parametrize(
    ("contigs", "message"),
    [
        ({"test_contigs": ("chr8", "chr_1")}, "no sequence lies on chr_1"),
        ({"dev_contigs": ("chr99",)}, "no sequence lies on chr99"),
        ({"test_contigs": ("1", "7", "8")}, "split train has 0 positives and 0 negatives"),
    ],
)
def test_what_cannot_be_held_out(genome, bed, contigs, message):
    recipe = DataSetRecipe(window=60, negatives="dinucleotide", **contigs)
    with pytest.raises(InputError, match=message):
        make_data_set(bed, genome, recipe)


def test_standard_input_is_refused_at_once():
    with pytest.raises(InputError, match=r"^-: is no file.* read twice"):
        make_data_set("-", recipe=DataSetRecipe(negatives="given"))


def test_matched_negatives_stay_clear_of_windows_that_were_left_out(make_reference, tmp_path):
    bases = random.Random(2).choices("ACGT", k=4000)
    bases[2150] = "N"  # in the window of the second peak, not in the peak
    genome = make_reference(chr1="".join(bases))
    path = tmp_path / "peaks.bed"
    around_peaks = [Interval("chr1", 0, 206), Interval("chr1", 1805, 2205)]
    recipe = DataSetRecipe(
        window=400, gc_tolerance=1, repeat_tolerance=1, split="80:20", test_contigs=()
    )
    path.write_text("".join(f"chr1\t{start}\t{start + 10}\n" for start in (1, 2000, 3700, 3000)))
    for seed in range(10):
        with pytest.warns(UserWarning, match="split dev"):
            data = make_data_set(path, genome, replace(recipe, seed=seed))
        assert data.card["left_out"]["positives_has_n"] == 1
        assert data.card["left_out"]["positives_edge"] == 1
        negatives = [r.interval for split in data.splits.values() for r in split if r.label == 0]
        assert negatives
        assert not any(one.overlaps(other) for one, other in product(negatives, around_peaks))


def test_an_excluded_file_is_of_the_reference(genome, bed, tmp_path):
    gaps = tmp_path / "gaps.bed"
    gaps.write_text("scaffold_1\t0\t10\n")
    with pytest.raises(InputError, match=r"gaps\.bed: genome0\.fa has none of the contigs"):
        make_data_set(bed, genome, DataSetRecipe(window=60), excluded=[bed, gaps])


def test_labels_that_contradict_their_file(tmp_path):
    chance = random.Random(4)
    texts = ["".join(chance.choices("ACGT", k=50)) for _ in range(40)]
    path = tmp_path / "x.csv"
    path.write_text(
        "sequence,label\n" + "".join(f"{t},{int(i > 4)}\n" for i, t in enumerate(texts))
    )
    recipe = DataSetRecipe(window=50, negatives="dinucleotide", split="80:20")
    data = make_data_set(path, recipe=recipe)
    assert data.card["left_out"]["positives_labelled_0"] == 5
    assert sum(map(len, data.splits.values())) == 70
    with pytest.raises(InputError, match=r"x\.csv: 35 of 40 negatives have another label than 0"):
        make_data_set(path, recipe=replace(recipe, negatives="given"), negatives_file=path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("kmers", "train.tsv"), ("fasta", "train.fa"), ("csv", "train.csv"), ("tsv", "train.tsv")],
)
def test_written_data_sets_read_back(tmp_path, genome, bed, kind, name):
    data = make_data_set(bed, genome, DataSetRecipe(window=60, negatives="dinucleotide"))
    paths = write_data_set(data, tmp_path / "new" / "set", kind, k=5)
    assert [path.name for path in paths] == [name, name.replace("train", "test"), "data_card.json"]
    assert json.loads(paths[-1].read_text()) == data.card
    assert str(tmp_path) not in paths[-1].read_text()
    records = read_labelled_sequences(paths[0])
    assert [(r.sequence, r.label) for r in records] == [
        (r.sequence, r.label) for r in data.splits["train"]
    ]


def test_where_nothing_can_be_written(tmp_path, genome, bed):
    data = make_data_set(bed, genome, DataSetRecipe(window=60, negatives="dinucleotide"))
    with pytest.raises(InputError, match="'json' is not one of"):
        write_data_set(data, tmp_path, "json")
    with pytest.raises(InputError, match="is a file"):
        write_data_set(data, bed)
    with pytest.raises(InputError, match=r"cannot be made as a folder \(Not a directory"):
        write_data_set(data, bed / "folder")


def test_splits_of_another_data_set_do_not_stay(tmp_path):
    record = LabelledSequence("GATTACA", 1)
    three = DataSet({"train": [record], "dev": [record], "test": [record]}, {})
    write_data_set(three, tmp_path, "fasta")
    write_data_set(three, tmp_path, "fasta")  # all are replaced
    before = (tmp_path / "train.fa").read_bytes()
    for other, kind, stale in (
        (DataSet({"train": [record], "dev": []}, {}), "fasta", "dev.fa, test.fa"),
        (three, "csv", "train.fa, dev.fa, test.fa"),
    ):
        with pytest.raises(InputError, match=f"holds {stale} of another data set"):
            write_data_set(other, tmp_path, kind)
    assert (tmp_path / "train.fa").read_bytes() == before
    assert not (tmp_path / "train.csv").exists()


def test_an_empty_split_has_no_file_but_is_in_the_card(tmp_path, genome, bed):
    recipe = DataSetRecipe(window=60, negatives="dinucleotide", test_contigs=())
    with pytest.warns(UserWarning, match="split test has 0 positives and 0 negatives"):
        data = make_data_set(bed, genome, recipe)
    paths = write_data_set(data, tmp_path / "set")
    assert [path.name for path in paths] == ["train.tsv", "data_card.json"]
    assert json.loads(paths[-1].read_text())["splits"]["test"]["counts"] == {}


@pytest.mark.realdata
def test_the_published_sample(data, tmp_path):
    found = make_data_set(
        data / "enhancer/dnabert_enhancer_train_202bp.tsv.gz",
        recipe=DataSetRecipe(window=202, negatives="given", split="80:20"),
    )
    assert found.card["overlaps"] == [{"k": 32, "train": 0, "dev": 0}]
    assert sum(map(len, found.splits.values())) > 850
    paths = write_data_set(found, tmp_path)
    assert len(read_labelled_sequences(paths[0])) == len(found.splits["train"])
