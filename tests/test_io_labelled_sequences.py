"""Labelled sequences: every format reads back what was written, and bad files say where."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference
from enhancer_variants.io.labelled_sequence import (
    LabelledSequence,
    is_dna,
    kmers_of,
    sequence_of_kmers,
)
from enhancer_variants.io.labelled_sequences import (
    read_labelled_sequences,
    write_labelled_sequences,
)

DNA = st.text("ACGTNacgtn", min_size=6, max_size=40)
NAMES = st.sampled_from(["", "peak_7", "two words", 'a "quoted", name', "tab\tbed", "Positive_1"])


@st.composite
def labelled_sequences(draw):
    sequence, name = draw(DNA), draw(NAMES)
    label = draw(st.none() | st.integers(0, 12))
    if not draw(st.booleans()):
        return LabelledSequence(sequence, label, name=name)
    start = draw(st.integers(0, 10**9))
    contig = draw(st.sampled_from(["chr1", "X", "NC_000001.11"]))
    return LabelledSequence(sequence, label, contig, start, start + len(sequence), name)


@pytest.mark.parametrize("name", ["x.fa", "x.csv", "x.tsv", "x.csv.gz"])
@given(records=st.lists(labelled_sequences(), min_size=1, max_size=5), capitalised=st.booleans())
def test_what_is_written_reads_back(tmp_path_factory, name, records, capitalised):
    path = tmp_path_factory.mktemp("round") / name
    kind = {"fa": "fasta", "csv": "csv", "tsv": "tsv"}[name.split(".")[1]]
    write_labelled_sequences(records, path, kind, capitalised=capitalised)
    assert read_labelled_sequences(path) == records


@given(
    records=st.lists(st.builds(LabelledSequence, DNA, st.integers(0, 3)), min_size=1, max_size=5),
    k=st.integers(3, 6),
    capitalised=st.booleans(),
)
def test_kmers_read_back_whatever_k_is(tmp_path_factory, records, k, capitalised):
    path = tmp_path_factory.mktemp("round") / "train.tsv"
    write_labelled_sequences(records, path, "kmers", k=k, capitalised=capitalised)
    header = path.read_text().partition("\n")[0]
    assert header == ("Sequence\tLabel" if capitalised else "sequence\tlabel")
    assert read_labelled_sequences(path) == [record.upper() for record in records]


def test_fasta_is_written_as_published(tmp_path):
    path = tmp_path / "x.fa"
    write_labelled_sequences(
        [
            LabelledSequence("ACGT", 1, "chr1", 10, 14),
            LabelledSequence("ACGT", 0, "chr1", 0, 4, "peak"),
            LabelledSequence("AC"),
        ],
        path,
    )
    text = ">chr1:10-14;label=1\nACGT\n>chr1:0-4;label=0 peak\nACGT\n>\nAC\n"
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("header", "place", "name"),
    [
        ("chr1:10-14", Interval("chr1", 10, 14), ""),  # bedtools: 0-based
        ("chr1:11-14", Interval("chr1", 10, 14), ""),  # samtools: 1-based
        ("chr1:10-14(+)", Interval("chr1", 10, 14), ""),
        ("chr1:10-14(.)", Interval("chr1", 10, 14), ""),
        ("chr1:10-14(-)", None, "chr1:10-14(-)"),  # bases of the reverse strand
        ("chr1:11-14(-) more", None, "chr1:11-14(-) more"),
        ("CHR1_10_14", Interval("chr1", 10, 14), ""),
        ("ChrX_10_14 more", Interval("chrX", 10, 14), "more"),
        ("chr1:10-99", None, "chr1:10-99"),  # not as long as the sequence
        ("chr1:14-10", None, "chr1:14-10"),
        ("chr1:0-3000000000", None, "chr1:0-3000000000"),
        ("hg19_ct_3545_7 range=chr9:1-4", None, "hg19_ct_3545_7 range=chr9:1-4"),
        ("CHR1_x_14", None, "CHR1_x_14"),
    ],
)
def test_headers(tmp_path, header, place, name):
    path = tmp_path / "x.fa"
    path.write_text(f"\n>{header};label=1\nAC\n\nGT\n")
    (record,) = read_labelled_sequences(path)
    assert (record.interval, record.name, record.sequence, record.label) == (place, name, "ACGT", 1)


def test_a_sequence_of_the_reverse_strand_never_gets_coordinates(tmp_path):
    path, copy = tmp_path / "x.fa", tmp_path / "y.fa"
    path.write_text(">chr1:1000-1006(-);label=1\nACGTAC\n")
    records = read_labelled_sequences(path)
    assert records == [LabelledSequence("ACGTAC", 1, name="chr1:1000-1006(-)")]
    assert records[0].cropped(3).interval is None
    write_labelled_sequences(records, copy)
    assert copy.read_text() == path.read_text()


def test_label_for_those_without_one(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text(">a;label=0\nAC\n>b\nGT\n")
    assert [record.label for record in read_labelled_sequences(path, label=1)] == [0, 1]
    assert [record.label for record in read_labelled_sequences(path)] == [0, None]


def test_published_tables(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        ",coordinate,sequence,class\n0,chr3:11-14,ACGT,enhancer\n1,,GGGG,non-enhancer\n\n"
    )
    first, second = read_labelled_sequences(path)
    assert first == LabelledSequence("ACGT", 1, "chr3", 10, 14)
    assert second == LabelledSequence("GGGG", 0)
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfSequence,Label\r\nACGT,1.0\r\n"))
    assert read_labelled_sequences(path) == [LabelledSequence("ACGT", 1)]
    path.write_text("FoldID\tEventID\tseq\tBound\nA\tseq_1_peak\tACGT\t1\n")
    assert read_labelled_sequences(path) == [LabelledSequence("ACGT", 1, name="seq_1_peak")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "x: is empty"),
        (b"\n\n", "x: is empty"),
        (b"chr1\t1\t5\n", "x:1: begins with 'chr1"),
        (b">a\nACGT\n>b\n>c\nA\n", "x:3: '>b' has no sequence"),
        (b">a\nACGT\nAC-GT\n", "x:3: 'AC-GT' is neither"),
        (b">a\n", "x:1: '>a' has no sequence"),
        (b">a;label=x\nACGT\n", "x:1: label is 'x'"),
        (b">a;label=inf\nACGT\n", "x:1: label is 'inf'"),
        (b"sequence,label\nACGT,1\nACGT\n", "x:3: has 1 columns, expected 2"),
        (b"sequence,label\nACGT,-1\n", "x:2: label is '-1'"),
        (b"sequence,label\nACGT,0.5\n", "x:2: label is '0.5'"),
        (b"sequence,label\nAC?T,1\n", r"x:2: 'AC\?T' is no DNA"),
        (b"sequence,label\n,1\n", "x:2: '' is no DNA"),
        (b"sequence\tlabel\nACG CGT GTAA\t1\n", "x:2: k-mer 'GTAA' does not follow 'CGT'"),
        (b"sequence\tlabel\nACG TTT\t1\n", "x:2: k-mer 'TTT' does not follow"),
        (b"sequence,coordinate\nACGT,chr1:1-9\n", "x:2: chr1:1-9 is 9 bases long, its sequence 4"),
        (b"sequence,coordinate\nACGT,chr1:0-3\n", "x:2: 'chr1:0-3' is no interval"),
        (b">a\nAC\n\xff\xfe\n", "x:3: is no text"),
        (b"sequence,label\nA,1\n" + b"A" * 131_073 + b",1\n", "x:3: is no line .*131,072"),
        (b"sequence\t" + b"A" * 131_073 + b"\n", "x:1: is no line of a table"),
    ],
)
def test_bad_files_say_where(tmp_path, text, message):
    path = tmp_path / "x"
    path.write_bytes(text)
    with pytest.raises(InputError, match=f"^{message}"):
        read_labelled_sequences(path)


def test_what_cannot_be_written_leaves_no_file(tmp_path):
    path = tmp_path / "x"
    for records, options, message in [
        ([LabelledSequence("ACGT")], {"format": "kmers", "k": 3}, "has no label"),
        ([LabelledSequence("ACGT", 1)], {"format": "kmers", "k": 5}, "no k-mers of length 5"),
        ([LabelledSequence("ACGT", name="a\nb")], {}, "line break"),
        ([LabelledSequence("ACGT", name="a\nb")], {"format": "csv"}, "line break"),
        ([], {"format": "json"}, "'json' is not one of fasta, csv, tsv, kmers"),
    ]:
        with pytest.raises(InputError, match=message):
            write_labelled_sequences(records, path, **options)
        assert not [*tmp_path.iterdir()]


def test_values_check_themselves():
    for arguments, message in [
        (("",), "is no DNA sequence"),
        (("AC GT",), "is no DNA sequence"),
        (("ACGT", -1), "label -1 is negative"),
        (("ACGT", 1, "chr1"), "coordinates are incomplete"),
        (("ACGT", 1, None, 3, 7), "coordinates are incomplete"),
        (("ACGT", 1, "chr1", 3, 8), "5 bases long, its sequence 4"),
        (("ACGT", 1, "chr1", -1, 3), "no interval"),
    ]:
        with pytest.raises(InputError, match=message):
            LabelledSequence(*arguments)
    assert not is_dna("ACGT\n")


def test_the_middle_is_kept():
    record = LabelledSequence("ACGTTGCA", 1, "chr1", 100, 108)
    assert record.cropped(4) == LabelledSequence("GTTG", 1, "chr1", 102, 106)
    assert record.cropped(8) == record
    assert LabelledSequence("ACGTT").cropped(2).sequence == "CG"  # as W//2 left of base 2
    for window in (0, 9):
        with pytest.raises(InputError, match="cannot be cropped"):
            record.cropped(window)


def test_kmers():
    assert sequence_of_kmers(kmers_of("GATTACA", 1)) == "GATTACA"
    assert sequence_of_kmers(kmers_of("GATTACA", 7)) == "GATTACA"
    for k in (0, 8):
        with pytest.raises(InputError, match="no k-mers"):
            kmers_of("GATTACA", k)
    with pytest.raises(InputError, match="no k-mers"):
        sequence_of_kmers(" ")


REAL = [
    # file, sequences, those with coordinates, of label 1
    ("enhancer/dnabert_enhancer_train_202bp.tsv.gz", 919, 0, 460),
    ("enhancer/dnabert_enhancer_dev_202bp.tsv.gz", 301, 0, 101),
    ("enhancer/dnabert_enhancer_sample_200bp.csv", 1000, 1000, 500),
    ("enhancer/original_enhancer_train.txt", 1484, 1484, 0),
    ("enhancer/original_non_enhancer_train.txt", 1484, 1484, 0),
    ("enhancer/original_enhancer_ind.txt", 200, 100, 0),
    ("enhancer/original_non_enhancer_ind.txt", 200, 0, 0),
    ("enhancer/nhlf/data_test_NHLF.fasta.gz", 2364, 0, 0),
    ("tf/ctcf/negtest.fa.gz", 11909, 11909, 0),
    ("tf/nanog/positives_train.fa.gz", 4687, 4687, 0),
    ("tf/nanog/negatives_train.fa.gz", 5017, 5017, 0),
    ("tf/h1esc/SERBP1_H1-hESC_HudsonAlpha_AC.seq.gz", 1263, 0, 1263),
    ("tf/h1esc/SERBP1_H1-hESC_HudsonAlpha_B.seq.gz", 2644, 0, 1322),
    ("tf/gue/0/dev.csv.gz", 1000, 0, 517),
]


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "count", "placed", "positive"), REAL)
def test_published_files(data, name, count, placed, positive):
    records = read_labelled_sequences(data / name)
    assert len(records) == count
    assert sum(record.contig is not None for record in records) == placed
    assert Counter(record.label for record in records)[1] == positive


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["enhancer/original_enhancer_train.txt", "tf/ctcf/negtest.fa.gz",
     "tf/nanog/positives_train.fa.gz"],
)  # fmt: skip
def test_coordinates_of_published_files_are_those_of_their_bases(data, name):
    records = read_labelled_sequences(data / name)[:100]
    with Reference(data / "genome/hg19_sparse.fa.gz") as genome:
        for record in records:
            contig = genome.find(record.contig)
            assert contig.bases(record.start, record.end) == record.sequence.upper()
