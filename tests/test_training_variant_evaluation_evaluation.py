"""Evaluation on measured variants, from file to figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.io import LabelledSequence, write_labelled_sequences
from enhancer_variants.motifs import Pwm
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.training.variant_evaluation import (
    VariantEvaluation,
    evaluate_variants,
    judgement,
)
from enhancer_variants.training.variant_evaluation.scores import OF_VARIANTS

HEADER = """##fileformat=VCFv4.2
##INFO=<ID=LFC,Number=1,Type=Float,Description="Effect">
##INFO=<ID=P,Number=1,Type=Float,Description="P">
##INFO=<ID=TAGS,Number=1,Type=Integer,Description="Tags">
##INFO=<ID=ELEMENT,Number=1,Type=String,Description="Element">
##INFO=<ID=EV_STATUS,Number=.,Type=String,Description="Status">
##INFO=<ID=EV_ENHANCER_LOG_ODDS_SHIFT,Number=A,Type=Float,Description="enhancer: shift">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""

ASKED = {"effect": "LFC", "group": "ELEMENT", "p_value": "P", "minimum": {"TAGS": 10}}

# Element, effect, p, tags, shift, REF and ALT: one rises with the effect, two falls with it.
MADE_UP = [
    ("one", -2, 1e-9, 10, -4.0, "G", "A"),
    ("one", -1, 1e-9, 10, -2.0, "A", "T"),
    ("one", 0, 0.5, 10, 0.0, "A", "T"),
    ("one", 3, 1e-9, 99, 6.0, "A", "G"),
    ("one", 3, 1e-9, 9, -6.0, "A", "G"),
    ("two", -1, 1e-9, 10, 3.0, "A", "C"),
    ("two", 1, 1e-9, 10, 1.0, "A", "C"),
    ("two", 2, 0.5, 10, 0.5, "A", "C"),
]


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    path = tmp_path / "scored.vcf"
    lines = [
        f"1\t{10 + n}\t.\t{ref}\t{alt}\t.\t.\tLFC={lfc};P={p};TAGS={tags};ELEMENT={element};"
        f"EV_STATUS=ok;EV_ENHANCER_LOG_ODDS_SHIFT={shift}\n"
        for n, (element, lfc, p, tags, shift, ref, alt) in enumerate(MADE_UP)
    ]
    edge = "1\t90\t.\tA\tC\t.\t.\tLFC=1;P=1;TAGS=10;ELEMENT=one;EV_STATUS=edge\n"
    path.write_text(HEADER + "".join(lines) + edge)
    return path


def value(
    found: VariantEvaluation, metric: str, group: str | None, score: str = "enhancer"
) -> float:
    name = score if score == "gc_change" else f"{score}_log_odds_shift"
    return found.figure(name, metric, group).interval.value


def test_by_hand(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "FEWEST_ROWS", 1)
    found = evaluate_variants(scored, **ASKED, resamples=50)
    assert (found.read, len(found.variants)) == (9, 7)
    assert found.left_out == {"TAGS below 10": 1, "edge": 1}
    assert found.groups == ("one", "two")
    assert value(found, "pearson", "one") == pytest.approx(1)
    assert value(found, "spearman", "two") == pytest.approx(-1)
    falling = -4 / (49 / 3) ** 0.5
    assert value(found, "pearson", "two") == pytest.approx(falling)
    assert value(found, "pearson", None) == pytest.approx((1 + falling) / 2)
    assert value(found, "auroc", "one") == value(found, "auroc", "two") == 1
    assert value(found, "direction", "one") == 1
    assert value(found, "direction", "two") == 0.5
    assert value(found, "direction", None) == 0.75
    assert found.figure("enhancer_log_odds_shift", "direction", "one").interval.rows == 3
    assert found.variants["gc_change"].tolist() == [-1, 0, 0, 1, 1, 1, 1]
    assert found.variants["TAGS"].tolist() == [10, 10, 10, 99, 10, 10, 10]
    assert np.isnan(value(found, "pearson", "two", "gc_change"))
    assert value(found, "direction", "one", "gc_change") == pytest.approx(2.5 / 3)
    assert found.metrics == ("pearson", "spearman", "auroc", "direction")


def test_without_p_values_there_are_correlations_only(scored: Path) -> None:
    found = evaluate_variants(scored, effect="LFC", resamples=20)
    assert {one.metric for one in found.figures} == {"pearson", "spearman"} == {*found.metrics}
    assert found.groups == ("all",)
    assert found.figure("gc_change", "pearson").group == "all"
    with pytest.raises(InputError, match="no auroc of gc_change in group all"):
        found.figure("gc_change", "auroc")


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.sampled_from("ab")),
        min_size=4,
        max_size=20,
    )
)
def test_correlations_are_scipys_and_turn_with_the_sign(
    rows: list[tuple[int, int, str]],
) -> None:
    frame = pd.DataFrame(rows, columns=["lfc", "shift", "element"])
    frame = frame.assign(chrom="1", pos=range(1, len(rows) + 1), ref="A", alt="G")
    frame["turned"] = -frame["shift"]
    found = evaluate_variants(
        frame, effect="lfc", group="element", scores=["shift", "turned"], resamples=5
    )
    for group in found.groups:
        own = frame[frame["element"] == group]
        for metric, scipys in (("pearson", pearsonr), ("spearman", spearmanr)):
            there = found.figure("shift", metric, group).interval
            back = found.figure("turned", metric, group).interval
            varied = min(len(set(own["lfc"])), len(set(own["shift"]))) > 1
            expected = scipys(own["shift"], own["lfc"])[0] if varied else np.nan
            assert there.value == pytest.approx(expected, nan_ok=True, abs=1e-9)
            assert back.value == pytest.approx(-expected, nan_ok=True, abs=1e-9)
            assert back.lower == pytest.approx(-there.upper, nan_ok=True, abs=1e-9)


def table(rows: int = 12, **columns: object) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    frame = pd.DataFrame({"chrom": "chr1", "pos": range(11, 11 + rows), "ref": "A", "alt": "G"})
    frame["lfc"] = generator.normal(size=rows)
    frame["full_log_odds_shift"] = frame["lfc"] + generator.normal(size=rows)
    return frame.assign(**columns)


def test_scores_are_compared_on_the_same_variants_and_each_on_its_own() -> None:
    partial = [1.0, None, "x", "."] + [float(n % 5) for n in range(8)]
    frame = table(part_log_odds_shift=partial, none_log_odds_shift=None)
    found = evaluate_variants(frame, effect="lfc", resamples=30)
    assert [score.name for score in found.scores] == [
        "full_log_odds_shift",
        "part_log_odds_shift",
        "none_log_odds_shift",
        "gc_change",
    ]
    full, part, none, gc = found.scores
    assert (full.missing, gc.missing) == ({}, {})
    assert part.missing == {
        "no part_log_odds_shift": 2,
        "part_log_odds_shift is no number": 1,
    }
    assert none.missing == {"no none_log_odds_shift": 12}
    assert (gc.origin, part.origin) == ("computed", "file")
    assert found.compared.tolist() == [True] + [False] * 3 + [True] * 8
    assert found.figure("full_log_odds_shift", "pearson").interval.rows == 9
    own = found.figure("full_log_odds_shift", "pearson", variants="own").interval
    assert own.rows == 12
    assert own.value == pytest.approx(pearsonr(frame["full_log_odds_shift"], frame["lfc"])[0])
    shared = found.figure("part_log_odds_shift", "pearson").interval
    assert found.figure("part_log_odds_shift", "pearson", variants="own").interval == shared
    with pytest.raises(InputError, match="none_log_odds_shift"):
        found.figure("none_log_odds_shift", "pearson")


def test_scores_that_no_variant_has_together_are_refused() -> None:
    frame = table(4, a=[1.0, 2.0, None, None], b=[None, None, 1.0, 2.0])
    with pytest.raises(InputError, match="no variant has all of the scores a, b, gc_change"):
        evaluate_variants(frame, effect="lfc", scores=["a", "b"])


def test_a_file_without_scores_is_refused_and_simple_ones_can_be_asked_for() -> None:
    frame = table().drop(columns="full_log_odds_shift")
    with pytest.raises(InputError, match=r"has no score.*score it first"):
        evaluate_variants(frame, effect="lfc")
    found = evaluate_variants(frame, effect="lfc", scores=[], resamples=5)
    assert [score.name for score in found.scores] == ["gc_change"]
    with pytest.raises(InputError, match="has no other, named as a score"):
        evaluate_variants(frame, effect="lfc", scores=["other"])


@pytest.fixture
def planted(make_reference: Callable[..., Reference]) -> Reference:
    bases = np.random.default_rng(2).choice(list("ACGT"), 120)
    bases[:5] = bases[10:23] = "A"
    return make_reference(chr1="".join(bases))


PWM = Pwm("one", "ONE", [[2, -3, -3, -3], [-3, -3, 2, -3]] * 2)


def training() -> list[LabelledSequence]:
    generator = np.random.default_rng(3)
    texts = ["".join(generator.choice(list("ACGT"), 12)) for _ in range(30)]
    return [LabelledSequence(t + "GA" * (n % 2) + "C", n % 2) for n, t in enumerate(texts)]


def test_simple_scores_on_a_reference(planted: Reference, tmp_path: Path) -> None:
    asked = {"effect": "lfc", "window": 10, "motifs": [PWM], "k": 2, "resamples": 20}
    found = evaluate_variants(table(), reference=planted, kmer_training=training(), **asked)
    assert [score.name for score in found.scores] == [
        "full_log_odds_shift",
        "gc_change",
        "motif_shift_sum",
        "kmer_log_odds_shift",
    ]
    assert found.compared.all()
    assert found.made_with["kmer_training"] == {
        "name": "sequences",
        "sequences": 30,
        "positives": 15,
        "k": 2,
    }
    assert found.made_with["motifs"]["motifs"] == 1
    file = tmp_path / "train.tsv"
    write_labelled_sequences(training(), file, "tsv")
    again = evaluate_variants(table(), reference=planted, kmer_training=file, **asked)
    assert again.made_with["kmer_training"]["name"] == "train.tsv"
    assert again.variants.equals(found.variants)
    without = evaluate_variants(
        table(motif_shift_sum=1.0), reference=planted, **{**asked, "motifs": None}
    )
    assert [(s.name, s.origin) for s in without.scores] == [
        ("full_log_odds_shift", "file"),
        ("motif_shift_sum", "file"),
        ("gc_change", "computed"),
    ]
    assert without.made_with["motifs"] is None


def test_where_a_window_is_missing_only_the_scores_that_read_it_are(planted: Reference) -> None:
    frame = table(status="ok")
    frame.loc[0, "pos"] = 2
    found = evaluate_variants(
        frame, effect="lfc", reference=planted, window=10, motifs=[PWM], resamples=5
    )
    assert dict(found.scores[2].missing) == {"edge": 1}
    assert len(found.variants) == 12
    assert found.compared.sum() == 11


def test_a_kmer_model_needs_a_reference_and_labels(planted: Reference) -> None:
    with pytest.raises(InputError, match="name the reference as well"):
        evaluate_variants(table(), effect="lfc", kmer_training=training())
    unlabelled = [*training(), LabelledSequence("ACGT")]
    with pytest.raises(InputError, match="sequences: 1 of 31 sequences have no label"):
        evaluate_variants(
            table(), effect="lfc", reference=planted, window=10, kmer_training=unlabelled
        )


def measured_vcf(path: Path, bases: str, positions: range) -> Path:
    """Two records for every position, and one of two ALTs with a single effect."""
    header = "".join(line for line in HEADER.splitlines(keepends=True) if "EV_" not in line)
    lines = [
        f"chr1\t{p}\t.\t{bases[p - 1]}\t{alt}\t.\t.\t"
        f"LFC={p % 7 - 3};P=0.5;TAGS=10;ELEMENT=e{p % 2}\n"
        for p in positions
        for alt in "AG"
        if alt != bases[p - 1]
    ]
    first = positions[0]
    others = ",".join([alt for alt in "ACGT" if alt != bases[first - 1]][:2])
    lines.append(f"chr1\t{first}\t.\t{bases[first - 1]}\t{others}\t.\t.\tLFC=1;TAGS=10\n")
    path.write_text(header + "".join(lines))
    return path


def test_names_that_are_taken(planted: Reference) -> None:
    with pytest.raises(InputError, match="a score is called group, which is something else"):
        evaluate_variants(table(group=1.0), effect="lfc", scores=["group"])
    assert {*evaluate_variants(table(), effect="lfc", resamples=1).variants} == {
        *OF_VARIANTS,
        "full_log_odds_shift",
        "gc_change",
    }
    with pytest.raises(InputError, match="has a score kmer_log_odds_shift, and so has"):
        evaluate_variants(
            table(kmer_log_odds_shift=1.0),
            effect="lfc",
            reference=planted,
            window=10,
            motifs=None,
            kmer_training=training(),
        )


def test_what_scoring_wrote_is_read_back_in_every_format(tmp_path: Path) -> None:
    files = demo_files()
    scorer = VariantScorer(files.reference, enhancer={"my-tf": files.model}, motifs=[PWM])
    with Reference(files.reference) as reference:
        contig = reference.find("chr1")
        bases = contig.bases(0, 400)
    window = scorer.models[0].window_length
    measured = measured_vcf(tmp_path / "measured.vcf", bases, range(window, window + 20))
    with measured.open("a") as file:
        alt = "C" if bases[0] == "A" else "A"
        file.write(f"chr1\t1\t.\t{bases[0]}\t{alt}\t.\t.\tLFC=1;P=1;TAGS=10;ELEMENT=e0\n")
    found = {}
    for ending in ("vcf.gz", "bcf", "tsv", "parquet"):
        output = tmp_path / f"scored.{ending}"
        scorer.annotate(measured, output)
        beside = {} if ending in ("vcf.gz", "bcf") else {"measured": measured}
        found[ending] = evaluate_variants(output, **ASKED, **beside, resamples=20)
    effects = scorer.score_vcf(measured)
    found["frame"] = evaluate_variants(effects, measured=str(measured), **ASKED, resamples=20)
    first = found["vcf.gz"]
    assert [score.name for score in first.scores] == [
        "my-tf_log_odds_shift",
        "motif_shift_sum",
        "gc_change",
    ]
    assert first.left_out == {"LFC is one value for several alleles": 2, "edge": 1}
    for other in found.values():
        assert other.left_out == first.left_out
        assert other.unscored == 0
        columns = [c for c in first.variants if c not in ("record", "allele")]
        pd.testing.assert_frame_equal(
            other.variants[columns], first.variants[columns], rtol=1e-5, check_dtype=False
        )
    assert found["tsv"].made_with["measured"] == "measured.vcf"
    assert found["frame"].made_with["scored"] == "the DataFrame"


def test_measured_alleles_that_were_not_scored_are_counted() -> None:
    scores = table().drop(columns="lfc")[:10]
    found = evaluate_variants(
        scores, effect="lfc", measured=table().drop(columns="full_log_odds_shift"), resamples=5
    )
    assert (found.read, found.unscored) == (10, 2)
    assert found.made_with["measured"] == "variants"


@pytest.mark.realdata
def test_motif_sum_on_five_measured_enhancers(data: Path) -> None:
    found = evaluate_variants(
        data / "mpra" / "satmut_hg38.vcf.gz",
        effect="MPRA_LOG2FC",
        group="ELEMENT",
        p_value="MPRA_P",
        minimum={"TAGS": 10},
        reference=data / "mpra" / "hg38_elements.fa.gz",
        resamples=50,
    )
    assert len(found.groups) == 5
    assert found.left_out == {"has_n": 2868, "kind deletion": 907, "TAGS below 10": 206}
    pearson, spearman = (
        found.figure("motif_shift_sum", metric).interval for metric in ("pearson", "spearman")
    )
    assert pearson.value == pytest.approx(0.209, abs=0.001)
    assert spearman.value == pytest.approx(0.213, abs=0.001)
    assert pearson.rows == 5336
    better = {
        d.metric: d.better
        for d in found.differences
        if d.group is None and {d.score, d.than} == {"gc_change", "motif_shift_sum"}
    }
    assert better["spearman"] == "motif_shift_sum"
