"""Explanations as a folder: tables for programs, pictures for people."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from enhancer_variants.effects import AttentionTrack
from enhancer_variants.errors import InputError
from enhancer_variants.explanation import Explanation, Explanations, Method, explain
from enhancer_variants.io import pending_output
from enhancer_variants.reports.plot import explanation_figure
from enhancer_variants.reports.plot.motif_hit import strongest_hits
from enhancer_variants.reports.plot.panel import optional
from enhancer_variants.schema import MOTIF_HIT_COLUMNS
from enhancer_variants.scorer import VariantScorer
from enhancer_variants.summary import RunSummary

__all__ = ["explain_into_folder"]

_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ALLELE = 12
_DOTS_PER_INCH = 150

_OF_WHOM = ("record", "allele", "model", "output", "method", "strand")
_COLUMNS = {
    "explained": (
        *("record", "allele", "chrom", "pos", "ref", "alt", "model", "output", "method", "strand"),
        *("log_odds_ref", "log_odds_alt", "log_odds_shift", "picture"),
    ),
    "saturation": (
        *(*_OF_WHOM, "window", "position", "chrom", "pos", "ref", "alt"),
        "log_odds_shift",
    ),
    "attention": (
        *("record", "allele", "model", "window", "position", "chrom", "pos", "base"),
        "attention",
    ),
    "motif_hits": tuple(column.name for column in MOTIF_HIT_COLUMNS),
}


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
        Made where it is absent; what an earlier explanation left there is replaced:

        - ``effects.tsv``: a row per allele, also for those that cannot be explained;
        - ``explained.tsv``: a row for each allele and model output, with its picture's name;
        - ``saturation.tsv``: the shift of every change of both windows;
        - ``attention.tsv``: the attention of every base of both windows, once for each model;
        - ``motif_hits.tsv``: the motif hits that the alleles change, where there are motifs;
        - ``provenance.json``;
        - ``*.png``: a picture for each row of ``explained.tsv``.

        Pictures appear as they are drawn, tables when all alleles are explained.
    pictures
        Whether to draw, which takes about half a second each; needs the extra ``plot``.

    Returns
    -------
    RunSummary
        Counts of the alleles.

    Raises
    ------
    MissingDependencyError
        If pictures are wanted and the extra ``plot`` is not installed.
    InputError, ModelError
        As :func:`~enhancer_variants.explanation.explain`, and if `folder` is no folder.
    """
    if pictures:
        for library in ("matplotlib", "logomaker"):
            optional(library)  # before hours of work, not after
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target}: is a file; expected a folder to write into")
    found = explain(scorer, items, models=models, method=method)
    target.mkdir(parents=True, exist_ok=True)
    _remove_earlier(target)
    with contextlib.ExitStack() as stack:
        tables = {
            name: _Table(stack, target / f"{name}.tsv", columns)
            for name, columns in _COLUMNS.items()
            if name != "motif_hits" or scorer.plan.motifs is not None
        }
        _write_all(found, tables, target, pictures=pictures)
        _Table(stack, target / "effects.tsv", found.effects.columns).add(found.effects)
        path = stack.enter_context(pending_output(target / "provenance.json"))
        text = json.dumps(found.effects.attrs["enhancer_variants"], indent=1)
        path.write_text(text + "\n", encoding="utf-8")
    return RunSummary.of(found.effects["record"].nunique(), found.effects["status"])


class _Table:
    """A TSV that grows row by row and appears under its name at the end."""

    def __init__(self, stack: contextlib.ExitStack, path: Path, columns: Iterable[str]) -> None:
        temporary = stack.enter_context(pending_output(path))
        self._file: TextIO = stack.enter_context(temporary.open("w", encoding="utf-8", newline=""))
        self._columns = list(columns)
        csv.writer(self._file, delimiter="\t", lineterminator="\n").writerow(self._columns)

    def add(self, rows: pd.DataFrame) -> None:
        rows[self._columns].to_csv(
            self._file, sep="\t", index=False, header=False, float_format="%.6g"
        )


def _write_all(
    found: Explanations, tables: dict[str, _Table], folder: Path, *, pictures: bool
) -> None:
    written: set[tuple[int, int]] = set()
    tracks: set[tuple[int, int, str]] = set()
    for number, one in enumerate(found.explained, 1):
        name = _file_name(number, one)
        tables["explained"].add(_summary(one, name if pictures else None))
        allele = (one.record, one.allele)
        of_model = (*allele, one.ref.model)
        for window in ("ref", "alt"):
            tables["saturation"].add(_map(one, window))
            if of_model not in tracks:
                tables["attention"].add(_track(one, window))
        if "motif_hits" in tables and allele not in written and len(one.motif_hits):
            tables["motif_hits"].add(one.motif_hits)
        written.add(allele)
        tracks.add(of_model)
        if pictures:
            _draw(one, folder / name)


def _remove_earlier(folder: Path) -> None:
    """Remove the tables of an earlier explanation and the pictures that they name."""
    listed = folder / "explained.tsv"
    if not listed.is_file():
        return
    with listed.open(encoding="utf-8", newline="") as file:
        pictures = [row.get("picture") for row in csv.DictReader(file, delimiter="\t")]
    for picture in filter(None, pictures):
        (folder / Path(picture).name).unlink(missing_ok=True)
    for name in (*(f"{table}.tsv" for table in (*_COLUMNS, "effects")), "provenance.json"):
        (folder / name).unlink(missing_ok=True)


def _summary(one: Explanation, picture: str | None) -> pd.DataFrame:
    variant = one.variant
    row = (
        *(one.record, one.allele, variant.contig, variant.position, variant.ref, variant.alt),
        *(one.ref.model, one.ref.output, one.ref.method, one.ref.strand),
        *(one.ref.log_odds, one.alt.log_odds, one.shift, picture),
    )
    return pd.DataFrame([row], columns=list(_COLUMNS["explained"]))


def _map(one: Explanation, window: str) -> pd.DataFrame:
    saturation = one.ref if window == "ref" else one.alt
    return saturation.to_frame().assign(
        record=one.record,
        allele=one.allele,
        model=saturation.model,
        output=saturation.output,
        method=saturation.method,
        strand=saturation.strand,
        window=window,
    )


def _track(one: Explanation, window: str) -> pd.DataFrame:
    track: AttentionTrack = one.attention_ref if window == "ref" else one.attention_alt
    positions = track.positions + 1 if track.contig else [pd.NA] * len(track.sequence)
    return pd.DataFrame(
        {
            "record": one.record,
            "allele": one.allele,
            "model": one.ref.model,
            "window": window,
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
        motif_hits=strongest_hits(one.motif_hits, one.variant),
        attention_ref=one.attention_ref,
        attention_alt=one.attention_alt,
    )
    from matplotlib import pyplot  # noqa: PLC0415 - an extra

    figure: Any = next(iter(axes.values())).get_figure(root=True)
    with pending_output(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH)
    pyplot.close(figure)


def _file_name(number: int, one: Explanation) -> str:
    variant = one.variant
    alleles = (variant.ref[:_LONGEST_ALLELE], variant.alt[:_LONGEST_ALLELE])
    parts = (f"{number:03d}", variant.contig, str(variant.position), *alleles, one.ref.output)
    return _NOT_IN_A_FILE_NAME.sub("-", "_".join(parts))[:200] + ".png"
