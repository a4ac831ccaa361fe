"""A comparison of calls with known enhancers as one picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.io import pending_output
from enhancer_variants.reports.plot.call_comparison import comparison, upset
from enhancer_variants.reports.plot.panel import WIDTH, new_figure, optional
from enhancer_variants.scan.comparison_results import CallComparison

__all__ = ["draw_comparison", "require_picture"]

_DOTS_PER_INCH: Final = 200
_FORMATS: Final = ("png", "svg", "pdf")
_ROW_HEIGHT: Final = 0.32
_HEIGHTS: Final = (1.2, 3.4)
"""Inches of the two parts without their rows."""


def draw_comparison(
    found: CallComparison, output: str | os.PathLike[str], *, reciprocal: float | None = None
) -> None:
    """Draw the share of calls that each database has, and an UpSet plot below it.

    Parameters
    ----------
    found
        What :func:`~enhancer_variants.compare_calls` found.
    output
        A name that ends in ``.png``, ``.svg`` or ``.pdf``.
    reciprocal
        The reciprocal overlap, one of those that were counted; the smallest by default.

    Raises
    ------
    InputError
        If the ending is another one, or this reciprocal overlap was not counted.
    MissingDependencyError
        If the extra ``plot`` is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from enhancer_variants.scan import compare_calls
    >>> calls = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [200]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_comparison(compare_calls(calls, {"atlas": calls}), Path(folder, "found.png"))
    ...     Path(folder, "found.png").read_bytes()[1:4]
    b'PNG'
    """
    form = require_picture(output)
    rows = len(found.databases)
    heights = [height + _ROW_HEIGHT * rows for height in _HEIGHTS]
    figure = new_figure(sum(heights), WIDTH)
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
    comparison(found, reciprocal=reciprocal, ax=above.subplots())
    upset(found, reciprocal=reciprocal, figure=below)
    # A file would otherwise hold the time, and an SVG random names: another one at each run.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    same = optional("matplotlib").rc_context({"svg.hashsalt": "enhancer-variants"})
    with same, pending_output(output) as temporary:
        figure.savefig(temporary, format=form, dpi=_DOTS_PER_INCH, metadata=metadata)
    optional("matplotlib.pyplot").close(figure)


def require_picture(output: str | os.PathLike[str]) -> str:
    """Make sure that a picture can be drawn, before the work that it shows.

    Parameters
    ----------
    output
        Its name.

    Returns
    -------
    str
        Its format: ``png``, ``svg`` or ``pdf``.

    Raises
    ------
    InputError, MissingDependencyError
        As :func:`draw_comparison`.

    Examples
    --------
    >>> require_picture("found.png")
    'png'
    """
    form = Path(output).suffix.lower().lstrip(".")
    if form not in _FORMATS:
        raise InputError(f"{output}: expected a name that ends in .png, .svg or .pdf")
    optional("matplotlib.pyplot")
    return form
