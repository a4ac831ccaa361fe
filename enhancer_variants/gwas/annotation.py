"""Which intervals of annotation files the alleles of a list lie in."""

from __future__ import annotations

import importlib
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.io.regions import named_intervals
from enhancer_variants.schema import Column, vcf_key

__all__ = ["Annotation", "annotation_column", "read_annotations"]

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_NO_NAME = {"", "."}


def annotation_column(name: str) -> Column:
    """Give the column of an annotation.

    Examples
    --------
    >>> annotation_column("ccre").name, annotation_column("ccre").vcf_key
    ('overlaps_ccre', 'EV_OVERLAPS_CCRE')
    """
    column = f"overlaps_{name}"
    return Column(
        column,
        "string",
        "",
        f"Intervals of {name} that share a base with REF: their names, or yes where they have "
        "none; empty where there is none.",
        vcf_key(column),
    )


class Annotation:
    """The intervals of one BED file, under a name.

    Parameters
    ----------
    name
        Names the column: letters, digits, ``_``, ``.`` and ``-``.
    path
        BED file, plain or gzipped: 0-based, half-open; its fourth column names the intervals.

    Raises
    ------
    InputError
        If the name could not be a column's.
    VariantFileError
        If the file is no BED.
    MissingDependencyError
        If bioframe is not installed.
    """

    def __init__(self, name: str, path: str | os.PathLike[str]) -> None:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"annotation {name!r}: expected a name of letters, digits, _ . and -, as in "
                "ccre=ENCODE_cCREs.bed"
            )
        self.column = annotation_column(name)
        self.file = Path(path).name
        self._bioframe = _bioframe()
        rows = [
            (canonical_contig(interval.contig), interval.start, interval.end, label)
            for interval, label in named_intervals(path)
        ]
        self._labels = ["yes" if row[3] in _NO_NAME else row[3] for row in rows]
        self._intervals = _frame([row[:3] for row in rows])

    def overlaps(self, alleles: Sequence[ResolvedAllele]) -> list[str | None]:
        """Names of the intervals that share a base with each allele's REF, or None.

        Several are in the file's order, each once, separated by commas.
        """
        placed = [n for n, a in enumerate(alleles) if a.position and a.ref]
        spans = _frame([_span(alleles[number]) for number in placed])
        with warnings.catch_warnings():
            # bioframe 0.8 calls pandas in a way that pandas 3 announces to drop.
            warnings.simplefilter("ignore", DeprecationWarning)
            pairs = self._bioframe.overlap(
                spans, self._intervals, how="inner", return_input=False, return_index=True
            )
        names: dict[int, dict[str, None]] = {}
        for span, interval in sorted(zip(pairs["index"], pairs["index_"], strict=True)):
            names.setdefault(placed[span], {})[self._labels[interval]] = None
        return [",".join(names[n]) if n in names else None for n in range(len(alleles))]


def read_annotations(
    files: Mapping[str, str | os.PathLike[str]] | None,
) -> tuple[Annotation, ...]:
    """Annotations of a run, by the name that each is given.

    Raises
    ------
    InputError, VariantFileError, MissingDependencyError
        As :class:`Annotation`.
    """
    return tuple(Annotation(name, path) for name, path in (files or {}).items())


def _span(allele: ResolvedAllele) -> tuple[str, int, int]:
    start = (allele.position or 1) - 1
    return canonical_contig(allele.contig), start, start + len(allele.ref)


def _frame(rows: Sequence[tuple[str, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    return frame.astype({"chrom": object, "start": "int64", "end": "int64"})


def _bioframe() -> Any:
    try:
        return importlib.import_module("bioframe")
    except ImportError as error:
        raise MissingDependencyError(
            "overlaps with BED files need bioframe: pip install 'enhancer-variants[gwas]'"
        ) from error
