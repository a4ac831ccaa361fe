"""Explanations as a folder: tables for programs, pictures for people."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from enhancer_variants.effects import AttentionTrack
from enhancer_variants.explanation import Explanation, Method, explain
from enhancer_variants.io import pending_output
from enhancer_variants.reports.plot import MotifHit, explanation_figure
from enhancer_variants.schema import MOTIF_HIT_COLUMNS
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.summary import RunSummary

__all__ = ["explain_into_folder"]

_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ALLELE = 12
_DOTS_PER_INCH = 150
_DRAWN_HITS = 8


def explain_into_folder(
    scorer: VariantScorer,
    items: Iterable[object] | pd.DataFrame | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    models: Collection[str] | None = None,
    method: Method = "exact",
    pictures: bool = True,
) -> RunSummary:
    """Explain some alleles and write what was found into a folder.

    Parameters
    ----------
    scorer, items, models, method
        As for :func:`~enhancer_variants.explanation.explain`.
    folder
        Made where it is absent; files of the same names are replaced:

        - ``effects.tsv``: a row per allele, also for those that cannot be explained;
        - ``explained.tsv``: a row for each allele and model output, with its picture's name;
        - ``saturation.tsv``: the shift of every change of both windows;
        - ``attention.tsv``: the attention of every base of both windows;
        - ``motif_hits.tsv``: the motif hits that the alleles change, where there are motifs;
        - ``provenance.json``;
        - ``*.png``: a picture for each row of ``explained.tsv``.
    pictures
        Whether to draw; needs the extra ``plot``.

    Returns
    -------
    RunSummary
        Counts of the alleles.

    Raises
    ------
    MissingDependencyError
        If pictures are wanted and the extra ``plot`` is not installed.
    InputError, ModelError
        As :func:`~enhancer_variants.explanation.explain`.
    """
    found = explain(scorer, items, models=models, method=method)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    explained, maps, tracks, hits = [], list[pd.DataFrame](), list[pd.DataFrame](), []
    for number, one in enumerate(found.explained, 1):
        name = _file_name(number, one)
        explained.append(_row(one, name if pictures else None))
        maps += [_map(one, "ref"), _map(one, "alt")]
        tracks += [_track(one, "ref"), _track(one, "alt")]
        hits.append(one.motif_hits)
        if pictures:
            _draw(one, target / name)
    _write(found.effects, target / "effects.tsv")
    _write(pd.DataFrame(explained, columns=_EXPLAINED), target / "explained.tsv")
    _write(_joined(maps, _SATURATION), target / "saturation.tsv")
    _write(_joined(tracks, _ATTENTION), target / "attention.tsv")
    if scorer.plan.motifs is not None:
        columns = [column.name for column in MOTIF_HIT_COLUMNS]
        _write(_joined(hits, columns).drop_duplicates(), target / "motif_hits.tsv")
    with pending_output(target / "provenance.json") as path:
        text = json.dumps(found.effects.attrs["enhancer_variants"], indent=1)
        path.write_text(text + "\n", encoding="utf-8")
    return RunSummary.of(found.effects["record"].nunique(), found.effects["status"])


_EXPLAINED = [
    "record",
    "allele",
    "chrom",
    "pos",
    "ref",
    "alt",
    "model",
    "output",
    "method",
    "log_odds_ref",
    "log_odds_alt",
    "log_odds_shift",
    "picture",
]

_SATURATION = [
    *("record", "allele", "output", "window"),
    *("position", "chrom", "pos", "ref", "alt", "log_odds_shift"),
]
_ATTENTION = [
    *("record", "allele", "model", "window"),
    *("position", "chrom", "pos", "base", "attention"),
]


def _row(one: Explanation, picture: str | None) -> tuple[Any, ...]:
    variant = one.variant
    return (
        *(one.record, one.allele, variant.contig, variant.position, variant.ref, variant.alt),
        *(one.ref.model, one.ref.output, one.ref.method),
        *(one.ref.log_odds, one.alt.log_odds, one.shift, picture),
    )


def _map(one: Explanation, sequence: str) -> pd.DataFrame:
    saturation = one.ref if sequence == "ref" else one.alt
    frame = saturation.to_frame()
    of_whom = pd.DataFrame(
        {
            "record": one.record,
            "allele": one.allele,
            "output": saturation.output,
            "window": sequence,
        },
        index=frame.index,
    )
    return pd.concat([of_whom, frame], axis=1)


def _track(one: Explanation, sequence: str) -> pd.DataFrame:
    track: AttentionTrack = one.attention_ref if sequence == "ref" else one.attention_alt
    positions = track.positions + 1 if track.contig else [pd.NA] * len(track.sequence)
    return pd.DataFrame(
        {
            "record": one.record,
            "allele": one.allele,
            "model": one.ref.model,
            "window": sequence,
            "position": range(len(track.sequence)),
            "chrom": track.contig,
            "pos": pd.array(positions, "Int64"),
            "base": list(track.sequence),
            "attention": track.scores,
        }
    )


def _draw(one: Explanation, path: Path) -> None:
    axes = explanation_figure(
        one.ref,
        one.alt,
        one.variant,
        motif_hits=_drawn_hits(one),
        attention_ref=one.attention_ref,
        attention_alt=one.attention_alt,
    )
    from matplotlib import pyplot  # noqa: PLC0415 - the figure would have said if it is missing

    figure: Any = next(iter(axes.values())).get_figure(root=True)
    with pending_output(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH)
    pyplot.close(figure)


def _drawn_hits(one: Explanation) -> tuple[MotifHit, ...]:
    """Choose the hits that change most; motifs of one family repeat each other."""
    if one.motif_hits.empty:
        return ()
    ratio = one.motif_hits["motif_log10_p_ratio"].abs()
    strongest = ratio.sort_values(ascending=False, kind="stable").index[:_DRAWN_HITS]
    return MotifHit.from_table(one.motif_hits.loc[strongest.sort_values()], one.variant)


def _file_name(number: int, one: Explanation) -> str:
    variant = one.variant
    alleles = (variant.ref[:_LONGEST_ALLELE], variant.alt[:_LONGEST_ALLELE])
    parts = (f"{number:03d}", variant.contig, str(variant.position), *alleles, one.ref.output)
    return _NOT_IN_A_FILE_NAME.sub("-", "_".join(parts)) + ".png"


def _joined(frames: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """One table of all, with its columns also where there is nothing."""
    rows = [frame for frame in frames if len(frame)]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(columns))


def _write(frame: pd.DataFrame, path: Path) -> None:
    with pending_output(path) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, float_format="%.6g")
