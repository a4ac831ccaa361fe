"""Judge the models that ship with the package, and write their figures into card and table.

    python examples/bundled_models/evaluate.py --data DIR --model DIR --table FILE --readme README

The model directory is one that `train.py` wrote. Every figure stands beside those of GC content
and of a 6-mer regression that was fitted to the model's own training sequences of that
collection. Nothing here is read by `train.py`.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from data import HELD_OUT_CONTIGS, Example, read_examples, text_of, training_examples
from sampling import FACTORS
from sources import require_sources

import enhancer_variants as ev
from enhancer_variants.models import read_card, write_card
from enhancer_variants.models.card import CARD_FILE

MEASURED: Final = Path("mpra/satmut_hg38.vcf.gz")
ELEMENTS: Final = Path("mpra/hg38_elements.fa.gz")
LEAST_TAGS: Final = 10


@dataclass(frozen=True, slots=True)
class Test:
    """Sequences on which one output is judged.

    Attributes
    ----------
    title, output
        What the table calls it, and the output of the model.
    collections
        Whose sequences; the 6-mer regression is fitted to their training sequences.
    belongs
        Which of their sequences are tested.
    required
        What was asked for before training, by set and metric.
    without_copies
        Leave out what shares a 32-mer with a training sequence as published.
    """

    title: str
    output: str
    collections: tuple[str, ...]
    belongs: Callable[[Example], bool]
    required: Mapping[tuple[str, str], float]
    without_copies: bool = False


def is_test(example: Example) -> bool:
    return example.part == "test"


def is_on_held_out_contig(example: Example) -> bool:
    return example.contig in HELD_OUT_CONTIGS


TESTS: Final = (
    Test(
        "enhancer, iEnhancer test without copies",
        "enhancer",
        ("ienhancer",),
        is_test,
        {("all", "auroc"): 0.77, ("all", "mcc"): 0.40},
        without_copies=True,
    ),
    Test(
        "enhancer, held-out chromosomes",
        "enhancer",
        ("ienhancer", "sample200"),
        lambda example: is_on_held_out_contig(example) and not is_test(example),
        {("all", "auroc"): 0.85, ("gc_matched", "auroc"): 0.65},
    ),
    Test(
        "enhancer, NHLF test",
        "enhancer",
        ("nhlf",),
        is_test,
        {("all", "auroc"): 0.69, ("gc_matched", "auroc"): 0.67},
    ),
    Test(
        "enhancer, the 202 bp dev set",
        "enhancer",
        ("sample202",),
        is_test,
        {("all", "auroc"): 0.80, ("gc_matched", "auroc"): 0.70},
    ),
    Test(
        "CTCF, chr20 to chr22",
        "CTCF",
        ("ctcf",),
        is_on_held_out_contig,
        {("all", "auroc"): 0.970, ("all", "mcc"): 0.82, ("gc_matched", "auroc"): 0.945},
    ),
    Test(
        "NANOG, held-out chromosomes",
        "NANOG",
        ("nanog",),
        is_on_held_out_contig,
        {("all", "auroc"): 0.84, ("all", "mcc"): 0.54, ("gc_matched", "auroc"): 0.78},
    ),
    *(
        Test(
            f"{factor}, H1-hESC test",
            factor,
            ("h1esc",),
            lambda example, factor=factor: is_test(example) and example.label == factor,
            {},
        )
        for factor in FACTORS
        if factor not in ("CTCF", "NANOG")
    ),
)

SHOWN: Final = (("all", "auroc"), ("all", "mcc"), ("gc_matched", "auroc"))
README_MARKS: Final = ("<!-- bundled models: begin -->", "<!-- bundled models: end -->")
"""evaluate.py writes the short table between these lines."""

TITLES: Final = {"auroc": "AUROC", "mcc": "MCC", "all": "", "gc_matched": ", GC-matched"}


def written(path: Path, examples: Iterable[Example]) -> Path:
    """Write sequences and classes as a table."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sequence", "label"])
        rows.writerows((text_of(example.codes), example.value) for example in examples)
    return path


def judged(
    test: Test,
    model: Path,
    everything: Sequence[Example],
    trained_on: Sequence[Example],
    folder: Path,
) -> ev.Evaluation:
    """Evaluate one output on one test."""
    mine = [example for example in everything if example.collection in test.collections]
    tested = [example for example in mine if test.belongs(example) and (example.codes < 4).all()]
    training = [example for example in trained_on if example.collection in test.collections]
    if test.without_copies:
        training = [example for example in mine if example.part == "train"]
    baselines = written(folder / "train.csv", training) if _both_classes(training) else None
    return ev.evaluate(
        str(model),
        written(folder / "test.csv", tested),
        train=baselines,
        label=test.output,
        without_copies=test.without_copies,
        crop=True,
        progress=False,
    )


def _both_classes(examples: Iterable[Example]) -> bool:
    return len({example.value for example in examples}) == 2


def figures(evaluation: ev.Evaluation) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Give set, metric, each method's figure with its interval, and how the model compares."""
    for found in evaluation.outputs[0].sets:
        for metric in ("auroc", "mcc"):
            if (found.name, metric) not in SHOWN:
                continue
            by_method = {
                method.method: _with_interval(method.figures[metric]) for method in found.methods
            }
            better = [
                one.baseline
                for one in found.comparisons
                if one.metric == metric and one.verdict == "better"
            ]
            worse = [
                one.baseline
                for one in found.comparisons
                if one.metric == metric and one.verdict == "worse"
            ]
            verdict = "; ".join(
                f"{word} than {' and '.join(_method(name) for name in names)}"
                for word, names in (("better", better), ("worse", worse))
                if names
            )
            yield found.name, metric, by_method, verdict


def _with_interval(interval: Any) -> str:
    return f"{interval.value:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"


def _method(name: str) -> str:
    return {"gc": "GC", "kmer": "6-mers"}.get(name, name)


def measured_effects(model: Path, data: Path, training: Path, folder: Path) -> ev.VariantEvaluation:
    """Score the measured variants and compare."""
    scored = folder / "scored.vcf.gz"
    scorer = ev.VariantScorer(
        data / ELEMENTS, enhancer=str(model), tfbs=str(model), motifs="JASPAR2024"
    )
    scorer.annotate(data / MEASURED, scored)
    return ev.evaluate_variants(
        scored,
        effect="MPRA_LOG2FC",
        group="ELEMENT",
        p_value="MPRA_P",
        minimum={"TAGS": LEAST_TAGS},
        scores=["enhancer_log_odds_shift", "motif_shift_sum"],
        reference=data / ELEMENTS,
        kmer_training=training,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judge the models that ship with the package.")
    parser.add_argument("--data", type=Path, required=True, help="folder of sources.py's files")
    parser.add_argument("--model", type=Path, required=True, help="directory that train.py wrote")
    parser.add_argument("--table", type=Path, required=True, help="Markdown file to write")
    parser.add_argument("--readme", type=Path, required=True, help="file with the short table")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    require_sources(given.data)
    everything = read_examples(given.data)
    trained_on = training_examples(everything, given.data)
    lines = [
        "| test | sequences | metric | model | GC | 6-mers | required | the model is |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for test in TESTS:
            evaluation = judged(test, given.model, everything, trained_on, folder)
            kept[test.title] = evaluation.outputs[0].to_dict()["sets"]
            for found, metric, by_method, verdict in figures(evaluation):
                row_set = next(one for one in evaluation.outputs[0].sets if one.name == found)
                counts = f"{row_set.positives} / {row_set.rows - row_set.positives}"
                required = test.required.get((found, metric))
                cells = [
                    test.title,
                    counts,
                    TITLES[metric] + TITLES[found],
                    *(by_method.get(method, "") for method in ("model", "gc", "kmer")),
                    "" if required is None else f"{required:.3g}",
                    verdict,
                ]
                lines.append(f"| {' | '.join(cells)} |")
                print(lines[-1], flush=True)
        enhancers = [one for one in trained_on if one.label == "enhancer"]
        training = written(folder / "train.csv", enhancers)
        measured = measured_effects(given.model, given.data, training, folder)
    lines += ["", *measured_table(measured)]
    write_between_marks(given.readme, short_table(kept, measured))
    given.table.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    card = read_card(given.model / CARD_FILE)
    metrics = {"sequences": _without_curves(kept), "measured_variants": measured_json(measured)}
    write_card(
        replace(card, training={**card.training, "evaluation": metrics}), given.model / CARD_FILE
    )


def short_table(kept: Mapping[str, Any], measured: ev.VariantEvaluation) -> list[str]:
    """Give AUROC on all and on GC-matched sequences, and the correlation with measured effects."""
    lines = ["| AUROC (all / GC-matched) | model | GC | 6-mers |", "| --- | --- | --- | --- |"]
    for test in TESTS:
        if test.required:
            cells = [
                " / ".join(
                    f"{kept[test.title][found]['methods'][method]['metrics']['auroc']['value']:.3f}"
                    for found in ("all", "gc_matched")
                )
                for method in ("model", "gc", "kmer")
            ]
            lines.append(f"| {test.title} | {' | '.join(cells)} |")
    lines += ["", "| measured effects of SNVs, mean of five elements | Pearson | Spearman |"]
    lines.append("| --- | --- | --- |")
    for score in measured.scores:
        cells = [
            f"{measured.figure(score.name, metric).interval.value:.3f}"
            for metric in ("pearson", "spearman")
        ]
        lines.append(f"| {score.name} | {' | '.join(cells)} |")
    return lines


def write_between_marks(path: Path, lines: Iterable[str]) -> None:
    before, _, rest = path.read_text().partition(README_MARKS[0])
    _, _, after = rest.partition(README_MARKS[1])
    middle = "\n".join([README_MARKS[0], "", *lines, "", README_MARKS[1]])
    path.write_text(before + middle + after)


def measured_table(measured: ev.VariantEvaluation) -> Iterator[str]:
    """Correlation with measured effects: the mean of the elements, and each."""
    groups: list[str | None] = [None]
    groups += sorted({one.group for one in measured.figures if one.group is not None})
    yield "| measured effects (SNVs) | score | Pearson | Spearman |"
    yield "| --- | --- | --- | --- |"
    for group in groups:
        for score in measured.scores:
            cells = [
                _with_interval(measured.figure(score.name, metric, group).interval)
                for metric in ("pearson", "spearman")
            ]
            yield f"| {group or 'mean of the elements'} | {score.name} | {' | '.join(cells)} |"


def measured_json(measured: ev.VariantEvaluation) -> list[dict[str, Any]]:
    return [
        {
            "score": one.score,
            "group": one.group,
            "metric": one.metric,
            "value": round(one.interval.value, 4),
            "low": round(one.interval.lower, 4),
            "high": round(one.interval.upper, 4),
        }
        for one in measured.figures
        if one.variants == "common" and one.metric in ("pearson", "spearman")
    ]


def _without_curves(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a card has room for: AUROC, AUPRC and MCC of each method."""
    return {
        title: {
            name: {
                "rows": found["rows"],
                "positives": found["positives"],
                "methods": {
                    method: {
                        metric: _rounded(values["metrics"][metric])
                        for metric in ("auroc", "auprc", "mcc")
                    }
                    for method, values in found["methods"].items()
                },
            }
            for name, found in sets.items()
        }
        for title, sets in kept.items()
    }


def _rounded(bounds: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in bounds.items()}


if __name__ == "__main__":
    main()
