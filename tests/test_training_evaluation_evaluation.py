"""An evaluation counts every sequence, judges the rest, and writes the same bytes again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

import enhancer_variants as ev
from enhancer_variants import InputError, LabelledSequence
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import Model, ModelCard
from enhancer_variants.training import classification_metrics
from enhancer_variants.training.evaluation import Evaluation, evaluation_text, made_folder

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.usefixtures("one_penalty"),
]


def sequences_of(number: int, seed: int, length: int = 20) -> list[LabelledSequence]:
    """Positives have more G, and with it GC; negatives more C in place of A, and with it GC."""
    chance = random.Random(seed)
    found = []
    for index in range(number):
        label = index % 2
        weights = [2, 1, 3, 2] if label else [2, 2, 1, 2]
        bases = "".join(chance.choices("ACGT", weights, k=length))
        found.append(LabelledSequence(bases, label, name=f"row{index}"))
    return found


@pytest.fixture
def model(counting_model: Callable[..., Model]) -> Model:
    """Give a model whose log2 odds are the number of G, called positive above 5.5."""
    return replace(counting_model(), decision_threshold=5.5)


def of_set(found: Evaluation, name: str = "all", output: int = 0):
    return next(one for one in found.outputs[output].sets if one.name == name)


def test_figures_are_those_of_the_predictions(model: Model) -> None:
    test = sequences_of(120, 1)
    found = ev.evaluate(model, test, train=sequences_of(200, 2), resamples=50)
    counts = np.array([record.sequence.count("G") for record in test], dtype=float)
    labels = np.array([record.label for record in test], dtype=float)
    (output,) = found.outputs
    assert (found.model, output.output, output.baselines_from) == (
        "enhancer",
        "enhancer",
        "training data",
    )
    assert output.left_out == {}
    np.testing.assert_allclose(output.log_odds["model"], counts)
    whole = of_set(found)
    assert (whole.rows, whole.positives) == (120, 60)
    expected = classification_metrics(labels, 1 / (1 + 2.0**-counts), counts > 5.5)
    model_figures, gc, kmer = whole.methods
    assert [one.method for one in whole.methods] == ["model", "gc", "kmer"]
    assert [one.threshold for one in whole.methods] == [5.5, 0.0, 0.0]
    for metric in ("accuracy", "f1", "mcc", "auroc", "brier"):
        assert model_figures.figures[metric].value == pytest.approx(getattr(expected, metric))
    shares = [(s.sequence.count("G") + s.sequence.count("C")) / 20 for s in test]
    assert gc.figures["auroc"].value == pytest.approx(roc_auc_score(labels, shares))
    assert kmer.figures["auroc"].rows == 120


def test_gc_matched_rows_leave_gc_nothing_to_tell(model: Model) -> None:
    found = ev.evaluate(model, sequences_of(600, 3), train=sequences_of(300, 4), resamples=20)
    matched = of_set(found, "gc_matched")
    assert matched.positives * 2 == matched.rows == found.outputs[0].gc_matched.sum()
    of_gc = matched.methods[1].figures["auroc"]
    assert of_gc.value == pytest.approx(0.5, abs=0.02)
    assert matched.methods[0].figures["auroc"].value > 0.6


def test_every_sequence_is_a_row_and_has_its_reason(model: Model) -> None:
    good = sequences_of(40, 5)
    long = len(good[0].sequence)
    others = [
        LabelledSequence("ACGN" * 5, 1),
        LabelledSequence("A" * 5000, 0),
        LabelledSequence("G" * long),
    ]
    found = ev.evaluate(model, [*others, *good], resamples=10)
    assert found.outputs[0].left_out == {"has_n": 1, "no_label": 1, "too_long": 1}
    assert found.outputs[0].rows.tolist() == list(range(3, 43))
    assert len(found.predictions) == 43
    assert found.predictions["status"].tolist()[:3] == ["has_n", "too_long", "ok"]
    assert found.predictions["enhancer_sets"].tolist()[:3] == ["", "", ""]
    assert found.predictions["enhancer_label"].isna().tolist()[:3] == [False, False, True]
    assert any("2 not (too_long 1, has_n 1)" in note for note in found.notes)
    allowed = ev.evaluate(model, [*others, *good], allow_n=True, truncate=True, resamples=10)
    assert allowed.outputs[0].left_out == {"no_label": 1}


def test_long_sequences_are_cropped_to_their_middle(model: Model) -> None:
    inner = sequences_of(60, 6)
    wide = [replace(record, sequence="C" * 10 + record.sequence + "C" * 10) for record in inner]
    short = LabelledSequence("ACGTACGT", 1)
    found = ev.evaluate(model, [*wide, short], train=wide, crop=True, resamples=10)
    plain = ev.evaluate(model, [*inner, short], train=inner, resamples=10)
    assert found.predictions["length"].tolist() == [20] * 60 + [8]
    for method, scores in plain.outputs[0].log_odds.items():
        np.testing.assert_allclose(found.outputs[0].log_odds[method], scores)


def test_copies_of_the_training_data_are_counted_or_left_out(
    counting_model: Callable[..., Model],
) -> None:
    model = counting_model(window=60)
    train, test = sequences_of(80, 7, 60), sequences_of(60, 8, 60)
    test[3] = replace(train[10], sequence=train[10].sequence.lower())
    test[4] = replace(test[4], sequence=train[11].sequence[5:40] + test[4].sequence[:25])
    with pytest.warns(UserWarning, match="2 of 60 sequences share 32 bases with the training data"):
        found = ev.evaluate(model, test, train=train, resamples=10)
    assert found.copies == 2
    assert np.flatnonzero(found.predictions["copy"]).tolist() == [3, 4]
    assert of_set(found).rows == 60
    without = ev.evaluate(model, test, train=train, without_copies=True, resamples=10)
    assert without.outputs[0].left_out == {"copy_of_training": 2}
    assert of_set(without).rows == 58
    assert any("they are left out" in note for note in without.notes)


def test_what_a_crop_leaves_off_the_training_data_counts_as_known(
    counting_model: Callable[..., Model],
) -> None:
    train, test = sequences_of(40, 31, 140), sequences_of(40, 32, 60)
    test[5] = replace(test[5], sequence=train[0].sequence[:40] + test[5].sequence[40:])
    found = ev.evaluate(counting_model(window=60), test, train=train, crop=True, resamples=5)
    assert np.flatnonzero(found.predictions["copy"]).tolist() == [5]


def test_without_training_data_baselines_are_cross_validated(model: Model) -> None:
    with pytest.warns(UserWarning, match="no training data are given"):
        found = ev.evaluate(model, sequences_of(100, 9), resamples=10)
    assert found.outputs[0].baselines_from == "cross-validation"
    assert found.copies is None
    assert "copy" not in found.predictions
    assert found.provenance["train"] is None
    assert of_set(found).methods[1].figures["auroc"].value > 0.5


def test_too_few_rows_have_no_baselines(model: Model) -> None:
    found = ev.evaluate(model, sequences_of(3, 10), resamples=5)
    assert found.outputs[0].baselines_from == "nothing"
    assert [one.method for one in of_set(found).methods] == ["model"]
    assert of_set(found).comparisons == ()
    assert any("no baselines" in note for note in found.notes)


def test_one_class_has_no_matched_rows(model: Model) -> None:
    positives = [record for record in sequences_of(20, 11) if record.label]
    found = ev.evaluate(model, positives, train=sequences_of(40, 12), resamples=5)
    assert of_set(found, "gc_matched").rows == 0
    assert any("no positive and negative have the same GC" in note for note in found.notes)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["outputs"]["enhancer"]
    assert "not defined" in evaluation_text(found)


class Panel(torch.nn.Module):
    """Logits are the numbers of G and of C."""

    def __init__(self, like: Model) -> None:
        super().__init__()
        self.config = like.network.config

    def forward(self, ids, lengths=None, *, padding="none"):
        return torch.stack([(ids == 5 + "ATCG".index(base)).sum(1).float() for base in "GC"], 1)


@pytest.fixture
def panel(model: Model) -> Model:
    card = ModelCard(name="panel", task="multi_label", labels=("MORE_G", "MORE_C"))
    return replace(model, name="panel", card=card, output_names=card.labels, network=Panel(model))


def table(path: Path, rows: list[LabelledSequence], columns: dict[str, list[str]]) -> Path:
    cells = [["sequence", *columns]]
    cells += [
        [record.sequence, *row]
        for record, row in zip(rows, zip(*columns.values(), strict=True), strict=True)
    ]
    path.write_text("".join("\t".join(row) + "\n" for row in cells))
    return path


def test_each_output_has_its_own_rows(panel: Model, tmp_path: Path) -> None:
    rows = sequences_of(80, 13)
    of_g = [str(record.label) if n < 60 else "" for n, record in enumerate(rows)]
    of_c = [str(1 - record.label) if n >= 20 else "" for n, record in enumerate(rows)]
    test = table(tmp_path / "test.tsv", rows, {"MORE_C": of_c, "MORE_G": of_g})
    train = table(tmp_path / "train.tsv", rows[:60], {"MORE_G": of_g[:60]})
    found = ev.evaluate(panel, test, train=train, resamples=10)
    assert [one.output for one in found.outputs] == ["MORE_G", "MORE_C"]
    assert [one.left_out for one in found.outputs] == [{"no_label": 20}, {"no_label": 20}]
    assert [one.baselines_from for one in found.outputs] == ["training data", "cross-validation"]
    assert any("MORE_C: the training data have no positives" in note for note in found.notes)
    assert of_set(found, output=1).methods[0].figures["auroc"].value > 0.6
    assert {"MORE_G_kmer_log_odds", "MORE_C_gc_log_odds"} <= set(found.predictions)
    one = ev.evaluate(panel, rows, label="MORE_C", resamples=10)
    assert [each.output for each in one.outputs] == ["MORE_C"]
    assert set(found.metrics["output"]) == {"MORE_G", "MORE_C"}


def data_set(folder: Path) -> Path:
    splits = {
        "train": sequences_of(100, 14),
        "dev": sequences_of(30, 15),
        "test": sequences_of(50, 16),
    }
    ev.write_data_set(ev.DataSet(splits, {}), folder)
    return folder


def test_an_output_without_rows_or_classes_does_not_stop_the_others(
    panel: Model, tmp_path: Path
) -> None:
    rows = sequences_of(40, 13)
    labels = [str(record.label) for record in rows]
    test = table(tmp_path / "test.tsv", rows, {"MORE_G": labels, "MORE_C": [""] * 40})
    found = ev.evaluate(panel, test, resamples=10)
    assert [one.output for one in found.outputs] == ["MORE_G"]
    assert "no sequence can be evaluated for MORE_C; left out are no_label 40" in found.notes
    both = table(tmp_path / "both.tsv", rows, {"MORE_G": labels, "MORE_C": labels})
    train = table(tmp_path / "train.tsv", rows, {"MORE_G": labels, "MORE_C": ["1"] * 40})
    found = ev.evaluate(panel, both, train=train, resamples=10)
    assert [one.baselines_from for one in found.outputs] == ["training data", "cross-validation"]


def test_repeated_rows_and_few_of_them_are_said(model: Model) -> None:
    rows = sequences_of(18, 3)
    turned = replace(rows[0], sequence=reverse_complement(rows[0].sequence).lower())
    found = ev.evaluate(model, [*rows, rows[1], turned], resamples=10)
    assert any(note.startswith("2 of 20 sequences are copies of others") for note in found.notes)
    assert not any("fewer than 10" in note for note in found.notes)
    few = ev.evaluate(model, rows, resamples=10)
    assert any(note.startswith("enhancer: fewer than 10 positives") for note in few.notes)
    assert not any("copies of others" in note for note in few.notes)


def test_a_folder_is_its_test_split_and_its_training_data(model: Model, tmp_path: Path) -> None:
    folder = data_set(tmp_path / "data")
    found = ev.evaluate(model, folder, resamples=5)
    assert (of_set(found).rows, found.outputs[0].baselines_from) == (50, "training data")
    assert found.provenance["input"]["name"] == "test.tsv"
    assert found.provenance["train"]["name"] == "train.tsv"
    assert found.provenance["options"]["split"] == "test"
    assert of_set(ev.evaluate(model, folder, split="dev", resamples=5)).rows == 30
    seen = ev.evaluate(model, folder, split="train", resamples=5)
    assert seen.outputs[0].baselines_from == "cross-validation"
    other = ev.evaluate(model, sequences_of(20, 17), train=folder, resamples=5)
    assert other.provenance["train"]["name"] == "train.tsv"


def test_the_metrics_are_a_table(model: Model) -> None:
    found = ev.evaluate(model, sequences_of(60, 18), resamples=20)
    assert found.metrics.columns.tolist() == [
        *("output", "set", "method", "metric", "value", "low", "high", "n", "positives"),
    ]
    assert len(found.metrics) == 2 * (3 * 13 + 2 * 3)
    row = found.metrics.set_index(["set", "method", "metric"]).loc[("all", "model", "auroc")]
    assert row["value"] == of_set(found).methods[0].figures["auroc"].value
    assert row["low"] <= row["value"] <= row["high"]
    assert (found.metrics["n"] > 0).all()


def test_the_folder_is_the_same_again(model: Model, tmp_path: Path) -> None:
    data = data_set(tmp_path / "data")
    written = []
    for name in ("one", "other"):
        found = ev.evaluate(model, data, resamples=10, seed=3)
        paths = ev.write_evaluation(found, tmp_path / name)
        assert [path.name for path in paths] == [
            "evaluation.json",
            "metrics.tsv",
            "predictions.tsv",
        ]
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    text = written[0][0].decode()
    assert str(tmp_path) not in text
    read = json.loads(text)
    assert read["outputs"]["enhancer"]["sets"]["all"]["rows"] == 50
    assert read["provenance"]["options"]["seed"] == 3
    assert read["outputs"]["enhancer"]["sets"]["all"]["comparisons"][0]["verdict"] in (
        *("better", "worse", "not shown"),
    )
    again = pd.read_csv(tmp_path / "one" / "metrics.tsv", sep="\t")
    np.testing.assert_allclose(again["value"], found.metrics["value"], rtol=1e-5)
    assert len(pd.read_csv(tmp_path / "one" / "predictions.tsv", sep="\t")) == 50


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        made_folder(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be made"):
        made_folder(tmp_path / "file" / "below")


def test_the_text_says_what_is_shown(model: Model) -> None:
    found = ev.evaluate(model, sequences_of(300, 19), train=sequences_of(300, 20), resamples=100)
    text = evaluation_text(found)
    first = text.splitlines()[0]
    assert first == "enhancer, all rows: 150 positives, 150 negatives"
    assert "GC content" in text
    assert "6-mer regression" in text
    assert "against GC content" in text
    assert " better" in text
    assert not any(line != line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"crop": True, "truncate": True}, "crop and truncate"),
        ({"without_copies": True}, "without training data"),
        ({"k": 11}, "k is 11"),
        ({"resamples": 0}, "resamples is 0"),
        ({"level": 1.0}, "level is 1.0"),
        ({"seed": -1}, "seed is -1"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"train": [LabelledSequence("ACGTACGT", 1)]}, "one class only of enhancer"),
    ],
)
def test_what_is_wrong_is_said(model: Model, options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ev.evaluate(model, sequences_of(10, 21), **options)


def test_nothing_to_evaluate_is_an_error(model: Model) -> None:
    with pytest.raises(InputError, match=r"no sequence can be evaluated for enhancer.*has_n 1"):
        ev.evaluate(model, [LabelledSequence("ACGN", 1)])


def test_a_threshold_replaces_the_cards(model: Model) -> None:
    found = ev.evaluate(model, sequences_of(30, 22), threshold=1000.0, resamples=5)
    assert of_set(found).methods[0].confusion.true_positive == 0
    assert found.provenance["options"]["threshold"] == 1000.0


def test_both_strands_are_averaged(model: Model) -> None:
    test = sequences_of(30, 23)
    found = ev.evaluate(model, test, strand="both", resamples=5)
    expected = [(s.sequence.count("G") + s.sequence.count("C")) / 2 for s in test]
    np.testing.assert_allclose(found.outputs[0].log_odds["model"], expected)
