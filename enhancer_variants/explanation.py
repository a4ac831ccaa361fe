"""Why a model gives an allele its shift: what each base of both windows is worth to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from enhancer_variants.effects import (
    AttentionTrack,
    SaturationMutagenesis,
    attention_track,
    saturation_by_output,
)
from enhancer_variants.errors import InputError
from enhancer_variants.genome import (
    AlleleWindow,
    Reference,
    Variant,
    WindowRule,
    allele_windows,
    place,
)
from enhancer_variants.models import Model, joined
from enhancer_variants.progress import ProgressBar
from enhancer_variants.schema import MOTIF_EFFECTS
from enhancer_variants.scorer import VariantScorer

__all__ = ["Explanation", "Explanations", "explain"]

Method = Literal["exact", "gradient"]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One allele and one output of a model, with REF and ALT side by side.

    Attributes
    ----------
    record, allele
        Which allele it is: number of the record (0-based) and of the ALT (1-based).
    variant
        The allele in normal form.
    ref, alt
        Saturation mutagenesis of both windows, which begin at the same base.
    attention_ref, attention_alt
        Attention along both windows.
    motif_hits
        Rows of :meth:`~enhancer_variants.VariantScorer.motif_hits` that the allele changes; empty
        without motifs.
    """

    record: int
    allele: int
    variant: Variant
    ref: SaturationMutagenesis
    alt: SaturationMutagenesis
    attention_ref: AttentionTrack
    attention_alt: AttentionTrack
    motif_hits: pd.DataFrame

    @property
    def shift(self) -> float:
        """log_odds(ALT) - log_odds(REF), log2 units: above 0, the ALT gains."""
        return self.alt.log_odds - self.ref.log_odds


@dataclass(frozen=True, slots=True, eq=False)
class Explanations:
    """Explanations of some alleles, and what became of each of them.

    Attributes
    ----------
    effects
        As :meth:`~enhancer_variants.VariantScorer.score` gives it: one row per allele, those that
        cannot be explained with the reason.
    explained
        One for each allele and model output that could be scored, made as they are asked for.
    """

    effects: pd.DataFrame
    explained: Iterator[Explanation]


def explain(
    scorer: VariantScorer,
    items: Iterable[object] | pd.DataFrame | os.PathLike[str],
    *,
    models: Collection[str] | None = None,
    method: Method = "exact",
    flank: int | None = None,
) -> Explanations:
    """Change every base of both windows of some alleles to every other one.

    Each window stands still. The scorer's strand option holds for the maps; attention is that of
    the forward strand. With the exact method, a model reads 3 * W + 1 sequences for each of the two
    windows: for a 12 x 768 model on a CPU that is minutes for an allele.

    Parameters
    ----------
    scorer
        With a reference, at least one model, and motifs if hits are wanted too.
    items
        As for :meth:`~enhancer_variants.VariantScorer.score`.
    models
        Names of the outputs to explain; all by default.
    method
        ``exact`` or ``gradient`` (:mod:`enhancer_variants.effects.saturation`).
    flank
        Change only the allele's bases and so many on either side of them, which takes less time;
        shifts of the others are NaN. None for all.

    Returns
    -------
    Explanations
        In the order of the alleles, then of the models.

    Raises
    ------
    InputError
        If the scorer has no model, or none of the name asked for, or averages over anchors or
        shifts: an explanation is of one window; if `flank` is below 0.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> scorer = VariantScorer(files.reference, enhancer=files.model)
    >>> found = explain(scorer, ["chr1:2009:A:T", "chr1:10:A:T"], method="gradient")
    >>> found.effects["status"].tolist(), [one.variant.position for one in found.explained]
    (['ok', 'edge'], [2009])
    """
    outputs = [name for model in scorer.models for name in model.output_names]
    if not outputs:
        raise InputError("this scorer has no model to explain; name one (enhancer=DIR)")
    if scorer.plan.anchors != "left" or scorer.plan.shifts:
        raise InputError(
            "an explanation is of one window: make the scorer without anchors='both' and shifts"
        )
    if flank is not None and flank < 0:
        raise InputError(f"flank is {flank}; expected 0 or more bases")
    unknown = sorted(set(models or ()) - set(outputs))
    if unknown:
        raise InputError(f"no model is called {unknown[0]!r}; expected {', '.join(outputs)}")
    wanted = [name for name in outputs if models is None or name in models]
    if not isinstance(items, os.PathLike | pd.DataFrame | str):
        items = list(items)
    effects = scorer.score(items)
    hits = scorer.motif_hits(items) if scorer.plan.motifs else None
    return Explanations(effects, _explained(scorer, effects, hits, wanted, method, flank))


def _explained(
    scorer: VariantScorer,
    effects: pd.DataFrame,
    hits: pd.DataFrame | None,
    wanted: Collection[str],
    method: Method,
    flank: int | None,
) -> Iterator[Explanation]:
    reference = scorer.reference
    if reference is None:
        return
    used = _by_network(m for m in scorer.models if set(wanted) & set(m.output_names))
    passes = 2 if scorer.plan.strand == "both" else 1
    each = [2 * passes * (3 * _changed_bases(m[0], method, flank) + 1) for m in used]
    with ProgressBar(scorer.progress, unit=" sequences") as bar:
        bar.expect(len(effects) * sum(each), 1.0)
        for row in effects.to_dict("records"):
            for models, sequences in zip(used, each, strict=True):
                found = _window(row, models[0], reference, allow_n=scorer.plan.allow_n)
                if found is None:
                    bar.advance(sequences)
                    continue
                outputs = {o: m.name for m in models for o in m.output_names if o in wanted}
                ready = replace(joined(models), network=scorer.plan.ready(models[0]).network)
                yield from _of_model(
                    ready,
                    *found,
                    row,
                    outputs,
                    _changed(hits, row),
                    method,
                    flank,
                    scorer,
                    bar.advance,
                )


def _changed_bases(model: Model, method: Method, flank: int | None) -> int:
    """How many bases of a window are changed and read, where the allele has one base."""
    if method == "gradient":
        return 0
    return model.window_length if flank is None else min(model.window_length, 2 * flank + 1)


def _by_network(models: Iterable[Model]) -> list[list[Model]]:
    """Models by the network that they share, which reads a sequence for all of them at once."""
    groups: dict[tuple[int, int | None], list[Model]] = {}
    for model in models:
        alone = None if model.columns is not None else len(groups)
        groups.setdefault((id(model.network), alone), []).append(model)
    return list(groups.values())


def _window(
    row: Mapping[Any, Any], model: Model, reference: Reference, *, allow_n: bool
) -> tuple[Variant, AlleleWindow] | None:
    """Give an allele in normal form and its windows; None where the model cannot score it."""
    if pd.isna(row["pos"]) or pd.isna(row["ref"]) or pd.isna(row["alt"]):
        return None
    placed = place(row["chrom"], int(row["pos"]), row["ref"], row["alt"], reference)
    if placed.variant is None or placed.contig is None:
        return None
    rule = WindowRule(model.window_length, allow_n=allow_n)
    windows = allele_windows(placed.variant, placed.contig, rule).windows
    return (placed.variant, windows[0]) if windows else None


def _changed(hits: pd.DataFrame | None, row: Mapping[Any, Any]) -> pd.DataFrame:
    """Hits that this allele changes."""
    if hits is None:
        return pd.DataFrame()
    same = (hits["record"] == row["record"]) & (hits["allele"] == row["allele"])
    changed: pd.DataFrame = hits[same & (hits["motif_effect"] != MOTIF_EFFECTS[0])]
    return changed.reset_index(drop=True)


def _of_model(
    model: Model,
    variant: Variant,
    window: AlleleWindow,
    row: Mapping[Any, Any],
    outputs: Mapping[str, str],
    hits: pd.DataFrame,
    method: Method,
    flank: int | None,
    scorer: VariantScorer,
    advance: Callable[[float], None],
) -> Iterator[Explanation]:
    """Explain outputs, by the name of the model that each belongs to."""
    stays = len(variant.ref) == len(variant.alt)
    maps, tracks = [], []
    index = variant.start - window.start
    for sequence, allele, placed in (
        (window.ref, variant.ref, True),
        (window.alt, variant.alt, stays),
    ):
        bases = None if flank is None else (index - flank, index + len(allele) + flank)
        contig, start = (variant.contig, window.start) if placed else (None, None)
        maps.append(
            saturation_by_output(
                model,
                sequence,
                outputs=[*outputs],
                bases=bases,
                method=method,
                strand=scorer.plan.strand,
                batch_size=scorer.plan.batch_size,
                contig=contig,
                start=start,
                progress=advance,
            )
        )
        tracks.append(attention_track(model, sequence, contig=contig, start=start or 0))
    for output, name in outputs.items():
        yield Explanation(
            int(row["record"]),
            int(row["allele"]),
            variant,
            replace(maps[0][output], model=name),
            replace(maps[1][output], model=name),
            tracks[0],
            tracks[1],
            hits,
        )
