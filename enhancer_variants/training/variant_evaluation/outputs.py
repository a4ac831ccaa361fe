"""The folder of an evaluation: JSON for programs, tables for both."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from enhancer_variants.io import pending_output
from enhancer_variants.training.evaluation import made_folder
from enhancer_variants.training.metrics import BootstrapInterval
from enhancer_variants.training.variant_evaluation.evaluation import VariantEvaluation
from enhancer_variants.training.variant_evaluation.resampling import VariantStatistic

__all__ = [
    "MEAN_OF_GROUPS",
    "variant_evaluation_as_dict",
    "variant_evaluation_text",
    "write_variant_evaluation",
]

MEAN_OF_GROUPS: Final = "(mean of groups)"
"""What tables call the mean over groups."""


def write_variant_evaluation(
    evaluation: VariantEvaluation, folder: str | os.PathLike[str]
) -> tuple[Path, ...]:
    """Write an evaluation into a folder, which is made where it is absent.

    Parameters
    ----------
    evaluation
        What :func:`~enhancer_variants.training.variant_evaluation.evaluate_variants` found.
    folder
        Files of the same names are replaced:

        - ``variant_evaluation.json``: everything but the variants;
        - ``metrics.tsv``: a row for each score, group and statistic, with its interval;
        - ``differences.tsv``: the same for every two scores;
        - ``variants.tsv``: a row for each variant, with its effect, group and all scores.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        If `folder` is a file or cannot be made.
    """
    target = made_folder(folder)
    text = json.dumps(variant_evaluation_as_dict(evaluation), indent=1, allow_nan=False) + "\n"
    found = {
        "variant_evaluation.json": text,
        "metrics.tsv": _tsv(pd.DataFrame(_figures(evaluation))),
        "differences.tsv": _tsv(pd.DataFrame(_differences(evaluation), columns=_OF_DIFFERENCES)),
        "variants.tsv": _tsv(evaluation.variants),
    }
    for name, content in found.items():
        with pending_output(target / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return tuple(target / name for name in found)


def variant_evaluation_as_dict(evaluation: VariantEvaluation) -> dict[str, Any]:
    """Give an evaluation as a JSON object; what is undefined is null.

    Equal results are equal bytes: there is no time, user, host or path in it.
    """
    content = {
        "made_with": dict(evaluation.made_with),
        "selection": asdict(evaluation.selection),
        "bootstrap": asdict(evaluation.resampling),
        "alleles": {
            "read": evaluation.read,
            **_counted(evaluation, np.ones(len(evaluation.variants), dtype=bool)),
            "left_out": dict(evaluation.left_out),
            "measured_but_not_scored": evaluation.unscored,
            "groups": {
                group: _counted(evaluation, (evaluation.variants["group"] == group).to_numpy())
                for group in evaluation.groups
            },
        },
        "scores": {
            score.name: {"origin": score.origin, "missing": dict(score.missing)}
            for score in evaluation.scores
        },
        "metrics": _figures(evaluation),
        "differences": _differences(evaluation),
    }
    return {name: _without_nan(value) for name, value in content.items()}


def _counted(evaluation: VariantEvaluation, rows: npt.NDArray[np.bool_]) -> dict[str, int]:
    p_values = evaluation.variants["p_value"].to_numpy()[rows]
    found = {"evaluated": int(rows.sum()), "compared": int(evaluation.compared[rows].sum())}
    if evaluation.selection.p_value is None:
        return found
    significant = p_values < evaluation.selection.significant
    return found | {
        "without_p_value": int(np.isnan(p_values).sum()),
        "significant": int(significant.sum()),
    }


def _figures(evaluation: VariantEvaluation) -> list[dict[str, Any]]:
    return [
        {
            "score": one.score,
            "group": MEAN_OF_GROUPS if one.group is None else one.group,
            "metric": one.metric,
            "variants": one.variants,
            **_numbers(one.interval),
            "n": one.interval.rows,
            "groups": one.groups,
            "undefined_resamples": one.interval.undefined,
            "p_value": one.p_value,
        }
        for one in evaluation.figures
    ]


_OF_DIFFERENCES: Final = (
    *("score", "than", "group", "metric", "value", "low", "high", "n"),
    *("undefined_resamples", "better"),
)


def _differences(evaluation: VariantEvaluation) -> list[dict[str, Any]]:
    return [
        {
            "score": one.score,
            "than": one.than,
            "group": MEAN_OF_GROUPS if one.group is None else one.group,
            "metric": one.metric,
            **_numbers(one.interval),
            "n": one.interval.rows,
            "undefined_resamples": one.interval.undefined,
            "better": one.better,
        }
        for one in evaluation.differences
    ]


def variant_evaluation_text(evaluation: VariantEvaluation) -> str:
    """Give the figures that are looked at first, as a table for a terminal.

    Parameters
    ----------
    evaluation
        Whose.

    Returns
    -------
    str
        How many variants count, why others do not, and for each score the means over groups with
        their intervals, and which scores it is shown to be better than.
    """
    groups = len(evaluation.groups)
    lines = [
        f"{len(evaluation.variants):,} of {evaluation.read:,} alleles evaluated, "
        f"{int(evaluation.compared.sum()):,} of them with all scores"
        + f"; means of {groups} groups"
        * (groups > 1)
    ]
    lines += [f"  left out: {n:,} {reason}" for reason, n in evaluation.left_out.items()]
    if evaluation.unscored:
        lines.append(f"  measured but not scored: {evaluation.unscored:,}")
    unknown = int(evaluation.variants["p_value"].isna().sum())
    if unknown and evaluation.selection.p_value is not None:
        lines.append(f"  without {evaluation.selection.p_value}: {unknown:,}")
    for score in evaluation.scores:
        lines += [f"  without {score.name}: {n:,} {why}" for why, n in score.missing.items()]
    cells = [["", *evaluation.metrics]]
    cells += [
        [score.name, *(_shown(evaluation, score.name, metric) for metric in evaluation.metrics)]
        for score in evaluation.scores
        if score.has_values
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join([*lines, *_verdicts(evaluation)])


def _shown(evaluation: VariantEvaluation, score: str, metric: VariantStatistic) -> str:
    interval = evaluation.figure(score, metric).interval
    if math.isnan(interval.value):
        return "not defined"
    return f"{interval.value:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"


def _verdicts(evaluation: VariantEvaluation) -> list[str]:
    """Say which scores are better than which, by the means over groups."""
    overall = None if len(evaluation.groups) > 1 else evaluation.groups[0]
    better: dict[tuple[str, VariantStatistic], list[str]] = {}
    for one in evaluation.differences:
        if one.group == overall and one.better is not None:
            worse = one.than if one.better == one.score else one.score
            better.setdefault((one.better, one.metric), []).append(worse)
    return [
        f"better by {metric}: {score} than {', '.join(others)}"
        for (score, metric), others in better.items()
    ] or ["no score is better than another"]


def _numbers(interval: BootstrapInterval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.lower, "high": interval.upper}


def _tsv(table: pd.DataFrame) -> str:
    return table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
