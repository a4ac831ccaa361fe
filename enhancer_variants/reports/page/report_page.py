"""Effects as one page of HTML that opens offline."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from enhancer_variants.errors import InputError
from enhancer_variants.io import is_stream, pending_output
from enhancer_variants.provenance import RESEARCH_ONLY
from enhancer_variants.reports.effect_rows import models_of, shift_column
from enhancer_variants.reports.page.cards import cards_of
from enhancer_variants.reports.page.counts import status_counts
from enhancer_variants.reports.page.effects_file import read_effects
from enhancer_variants.reports.page.histograms import shift_histograms
from enhancer_variants.reports.page.page_columns import (
    page_columns,
    require_identity,
    require_numbers,
)
from enhancer_variants.reports.page.pictures import Picture, pictures_of, require_same_models
from enhancer_variants.reports.page.provenance_facts import model_facts, run_facts
from enhancer_variants.reports.page.ranking import Ranking, main_model, ranking_of
from enhancer_variants.reports.page.rendering import page_of, require_jinja
from enhancer_variants.reports.page.table_data import table_data
from enhancer_variants.scorer import VariantScorer

__all__ = ["report"]

_MOST_ROWS: Final = 50_000


def report(
    effects: pd.DataFrame | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    scorer: VariantScorer | None = None,
    top: int = 20,
    rank_by: str | None = None,
    columns: Sequence[str] = (),
    rows: int = _MOST_ROWS,
    title: str = "Variant effects",
) -> None:
    """Write effects as one page of HTML to send to somebody: it opens offline, in any browser.

    It has what was run, alleles counted by status, a table to search, sort, filter and export,
    the distribution of each model's shifts, and a card for each of the top variants. Nothing is
    loaded from anywhere, and equal effects are equal bytes.

    Parameters
    ----------
    effects
        As :meth:`~enhancer_variants.VariantScorer.score_vcf` gives them, or a file of effects:
        Parquet, TSV, VCF or BCF. The rows of a risk list bring the list's own columns along.
    output
        File to write, ``-`` for standard output.
    scorer
        The scorer that made the effects. With it the cards have pictures: logos of saturation
        mutagenesis around the allele, with the motif hits that it changes. That takes about 500
        sequences a card: seconds with a small model, minutes with a 12 x 768 one on a CPU.
    top
        Cards.
    rank_by
        Column that says which variants are the top ones: of p- and q-values the smallest, of
        others the largest whatever their sign. By default the p-value of the main model where it
        is calibrated, else its shift. The main model is ``enhancer``, or else the first.
    columns
        Further columns of `effects` to show. Columns that are not of this package, such as those
        of samples, are in the page only if they are named here; those of a risk list are in it
        anyway, but for genotypes.
    rows
        Rows in the page's table: of more alleles those that are ranked highest, in their order.
        Counts and distributions are always of all.
    title
        Heading of the page.

    Raises
    ------
    InputError
        If `effects` lacks what names an allele, or a column asked for, or a shift is no number, or
        they were made by other models than the scorer has, or `top` or `rows` is below 0.
    MissingDependencyError
        Without jinja2, which the extra ``report`` brings.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants import VariantScorer
    >>> files = demo_files()
    >>> effects = VariantScorer(files.reference, enhancer=files.model).score_vcf(files.variants)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(effects, f"{folder}/report.html", title="Example")
    ...     page = Path(folder, "report.html").read_text(encoding="utf-8")
    >>> "<title>Example</title>" in page
    True
    """
    require_jinja()
    if top < 0 or rows < 0:
        raise InputError(f"top is {top}, rows is {rows}; expected 0 or more of each")
    if not isinstance(effects, pd.DataFrame):
        _refuse_input(effects, output)
        effects = read_effects(effects)
    effects = effects.rename(columns=str)
    require_identity(list(effects.columns), "the effects")
    require_numbers(effects)
    provenance = effects.attrs.get("enhancer_variants")
    provenance = provenance if isinstance(provenance, Mapping) else None
    if scorer is not None:
        require_same_models(provenance, scorer)
    ranking = ranking_of(effects, rank_by)
    best = ranking.top(effects, top)
    pictures: Mapping[int, Picture] = {}
    main = ranking.model or main_model(effects)
    if scorer is not None:
        pictures = pictures_of(scorer, effects, [places[0] for places in best], main)
    kept = _kept(effects, ranking, best, rows)
    taken = page_columns(effects, main, columns)
    enhancers = _enhancers(effects, scorer)
    cards = cards_of(effects, best, main, taken, enhancers=enhancers, pictures=pictures)
    data = table_data(effects.iloc[kept], taken)
    data["main"] = main and shift_column(main)
    place_of = {int(row): place for place, row in enumerate(kept)}
    data["cards"] = [[place_of[row] for row in places if row in place_of] for places in best]
    context = {
        **_overview(effects, provenance),
        "title": title,
        "histograms": shift_histograms(effects, main),
        "ranking": str(ranking),
        "cards": cards,
        "shown_rows": len(kept),
        "left_out": len(effects.columns) - len(taken),
    }
    page = page_of(context, data)
    with pending_output(output) as temporary:
        temporary.write_bytes(page)


def _refuse_input(effects: str | os.PathLike[str], output: str | os.PathLike[str]) -> None:
    """Refuse to write over the effects."""
    if is_stream(output) or not Path(output).exists():
        return
    if Path(output).samefile(effects):
        raise InputError(f"{output}: is the file of effects; expected another name for the report")


def _kept(
    effects: pd.DataFrame, ranking: Ranking, best: Sequence[Sequence[int]], rows: int
) -> list[int]:
    """Rows of the page's table, in their order: all, or those with a card and the best others."""
    if len(effects) <= rows:
        return list(range(len(effects)))
    first = dict.fromkeys(place for places in best for place in places)
    first |= dict.fromkeys(ranking.order(effects).tolist())
    first |= dict.fromkeys(range(len(effects)))
    return sorted([*first][:rows])


def _enhancers(effects: pd.DataFrame, scorer: VariantScorer | None) -> list[str]:
    """Names of the enhancer models: the scorer knows them, a table only names them."""
    models = models_of(effects.columns)
    if scorer is not None:
        known = {name for model in scorer.plan.enhancers for name in model.output_names}
        return [name for name in models if name in known]
    return [name for name in models if "enhancer" in name.lower()]


def _overview(effects: pd.DataFrame, provenance: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give what a page says of all alleles, and of how they were scored."""
    said = provenance or {}
    return {
        "notice": RESEARCH_ONLY,
        "alleles": len(effects),
        "records": int(effects["record"].nunique()),
        "counts": status_counts(effects),
        "facts": run_facts(said),
        "models": model_facts(said),
        "provenance": json.dumps(said, indent=2, ensure_ascii=False) if said else "",
    }
