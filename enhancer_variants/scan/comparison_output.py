"""A comparison of calls with known enhancers as files, and as a short text."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io.output import is_stream, output_place, text_stream
from enhancer_variants.scan.comparison_results import CallComparison

__all__ = ["comparison_text", "refuse_inputs", "write_comparison", "write_novel"]

_TABLES: Final = (".tsv", ".json")
_FILES: Final = (
    *("comparison.tsv", "comparison.json"),
    *("combinations.tsv", "per_call.tsv", "novel.bed"),
)


def write_comparison(
    comparison: CallComparison, output: str | os.PathLike[str] | None
) -> list[Path]:
    """Write a comparison as a table, as JSON, or as a folder of all there is.

    Parameters
    ----------
    comparison
        What :func:`~enhancer_variants.compare_calls` found.
    output
        A name that ends in ``.tsv``: the rows of ``to_frame()``; in ``.json``: ``to_dict()``. A
        folder, or a name without an ending, which becomes one: ``comparison.tsv``,
        ``comparison.json``, ``combinations.tsv``, ``per_call.tsv`` and ``novel.bed``. None or
        ``-``: the table on standard output.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If the name has another ending, the folder is a file or cannot be made, or a file's folder
        is absent.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.scan import compare_calls
    >>> calls = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [200]})
    >>> found = compare_calls(calls, {"atlas": calls})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_comparison(found, folder)]
    ['comparison.tsv', 'comparison.json', 'combinations.tsv', 'per_call.tsv', 'novel.bed']
    """
    if output is None or is_stream(output):
        _write(output, _tsv(comparison.to_frame()))
        return []
    if not _is_folder(output):
        as_json = Path(output).suffix.lower() == ".json"
        _write(output, _json(comparison) if as_json else _tsv(comparison.to_frame()))
        return [Path(output)]
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made as a folder ({error.strerror}); expected one, or a name "
            "that ends in .tsv or .json"
        ) from error
    texts = {
        "comparison.tsv": _tsv(comparison.to_frame()),
        "comparison.json": _json(comparison),
        "combinations.tsv": _tsv(comparison.combinations),
        "per_call.tsv": _tsv(comparison.per_call),
    }
    for name, text in texts.items():
        _write(folder / name, text)
    write_novel(comparison, folder / "novel.bed")
    return [folder / name for name in _FILES]


def write_novel(comparison: CallComparison, output: str | os.PathLike[str]) -> None:
    """Write the calls that no database has as a BED file.

    Parameters
    ----------
    comparison
        Whose.
    output
        The file: a ``#`` line with the names of the columns, then the calls with all their
        columns in their order. A cell without a value is ``.``.
    """
    table = comparison.novel.astype(object)
    cells = table.where(table.notna() & (table != ""), ".")
    # Not as pandas writes it: that puts quotes around cells that hold one.
    rows: list[Iterable[object]] = [table.columns, *cells.itertuples(index=False, name=None)]
    _write(output, "#" + "".join("\t".join(map(str, row)) + "\n" for row in rows))


def refuse_inputs(
    output: str | os.PathLike[str] | None,
    beside: Iterable[str | os.PathLike[str] | None],
    read: Iterable[object],
) -> None:
    """Refuse before the work what could not be written after it, or over what is read.

    Parameters
    ----------
    output
        As :func:`write_comparison` takes it.
    beside
        Files that are written too; None for none.
    read
        Inputs; what is no path of a file does not matter.

    Raises
    ------
    InputError
        Naming the file: one that is an input or would be written twice, whose folder is absent,
        or whose ending is none of those that can be written.
    """
    places = [Path(path) for path in beside if path is not None and not is_stream(path)]
    made = None
    if output is not None and not is_stream(output):
        if _is_folder(output):
            made = Path(output).resolve()
            places += [Path(output) / name for name in _FILES]
        else:
            places.append(Path(output))
    if made is not None and made.exists() and not made.is_dir():
        raise InputError(f"{output}: is a file; expected a folder, or a name in .tsv or .json")
    for place in places:
        if place.resolve().parent != made:
            output_place(place)
    files = [Path(path) for path in read if isinstance(path, str | os.PathLike)]
    files = [path for path in files if path.is_file()]
    for place in places:
        if place.is_file() and any(path.samefile(place) for path in files):
            raise InputError(f"{place}: is an input; write to another file")
    resolved = [place.resolve() for place in places]
    for place in resolved:
        if resolved.count(place) > 1:
            raise InputError(f"{place}: two outputs would be written there; name another file")


def _is_folder(output: str | os.PathLike[str]) -> bool:
    """Whether an output is a folder; an error if it is none, and no table either."""
    path = Path(output)
    if path.is_dir() or not path.suffix:
        return True
    if path.suffix.lower() not in _TABLES:
        raise InputError(
            f"{output}: expected a name that ends in .tsv or .json, or a folder (one that is "
            "there, or a name without an ending)"
        )
    return False


def _write(output: str | os.PathLike[str] | None, text: str) -> None:
    with text_stream(output) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def _tsv(frame: pd.DataFrame) -> str:
    text: str = frame.to_csv(sep="\t", index=False, float_format="%.10g", lineterminator="\n")
    return text


def _json(comparison: CallComparison) -> str:
    return json.dumps(comparison.to_dict(), indent=1, allow_nan=False) + "\n"


def comparison_text(comparison: CallComparison) -> str:
    """Give the figures that are looked at first, as a table for a terminal.

    Parameters
    ----------
    comparison
        Whose.

    Returns
    -------
    str
        A line for each database and reciprocal overlap: calls that overlap, known intervals that
        do, Jaccard, and fold enrichment with its interval and p; then the novel calls.

    Examples
    --------
    >>> from enhancer_variants.scan import compare_calls
    >>> calls = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [200]})
    >>> print(comparison_text(compare_calls(calls, {"atlas": calls}, reciprocal=[0.5])))
    1 call
      database      overlap  calls       known       Jaccard
      atlas         50%      1 (100.0%)  1 (100.0%)  1.000
      any_database  50%      1 (100.0%)  1 (100.0%)  1.000
    0 novel calls that no database has (overlap: 50%)
    """
    permuted = any(
        counts.enrichment for database in comparison.databases for counts in database.overlaps
    )
    cells = [["database", "overlap", "calls", "known", "Jaccard"]]
    cells[0] += ["fold (95 %)", "p"] if permuted else []
    for database in comparison.databases:
        for counts in database.overlaps:
            row = [
                database.name,
                _overlap_text(counts.reciprocal),
                _counted(counts.calls, comparison.calls),
                _counted(counts.known, database.known),
                _number(database.jaccard, ".3f"),
            ]
            if counts.enrichment is not None:
                found = counts.enrichment
                low, high = _number(found.fold_low, ".3g"), _number(found.fold_high, ".3g")
                row += [
                    f"{_number(found.fold, '.3g')} ({low} to {high})",
                    f"{found.p_enriched:.3g}",
                ]
            cells.append(row)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_number_of(comparison.calls, "call")]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  " + "  ".join(padded).rstrip())
    least = _overlap_text(comparison.novel_reciprocal)
    novel = _number_of(len(comparison.novel), "novel call")
    lines.append(f"{novel} that no database has (overlap: {least})")
    return "\n".join(lines)


def _overlap_text(share: float) -> str:
    return f"{100 * share:.4g}%" if share else "1 base"


def _number_of(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _counted(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})" if whole else "0"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else f"{value:{form}}"
