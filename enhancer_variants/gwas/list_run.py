"""A risk list on its way to effects, some rows at a time."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Any

from enhancer_variants.effects import SideTables, collector_paused
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.gwas.annotation import read_annotations
from enhancer_variants.gwas.builds import (
    require_fitting_alleles,
    require_fitting_panel,
    require_stated_build,
)
from enhancer_variants.gwas.effect_rows import EffectRow, layout_of
from enhancer_variants.gwas.formats import open_risk_list
from enhancer_variants.gwas.liftover import Liftover
from enhancer_variants.gwas.list_options import FileName, ListOptions
from enhancer_variants.gwas.list_summary import ListCounts
from enhancer_variants.gwas.output import has_place
from enhancer_variants.gwas.proxies import LdPanel, LdTable, Lead, ProxySource
from enhancer_variants.gwas.resolving import resolve
from enhancer_variants.gwas.risk_list import ListRow
from enhancer_variants.gwas.scored_alleles import ScoredAlleles
from enhancer_variants.gwas.site import SiteSource
from enhancer_variants.gwas.sites import open_sites
from enhancer_variants.io import EffectTable
from enhancer_variants.progress import ProgressBar
from enhancer_variants.provenance import provenance_of
from enhancer_variants.scorer import VariantScorer

__all__ = ["ListRun"]

_LEADS_PER_CHUNK = 256
"""Fewer rows at a time where each may bring hundreds of proxies."""


class ListRun:
    """A risk list, open, on its way to effects; read once.

    Parameters
    ----------
    path
        The list.
    scorer
        What alleles are scored with.
    options
        How the list is read, resolved and extended.

    Attributes
    ----------
    name
        Base name of the list.
    layout
        The output's columns.
    counts
        What became of the rows so far.

    Raises
    ------
    GwasFileError, VariantFileError, InputError
        If a file cannot be read as what it is given as.
    AssemblyMismatchError
        If the list states another build than the reference's; while reading, if its first variants
        are elsewhere or have another REF.
    """

    def __init__(self, path: FileName, scorer: VariantScorer, options: ListOptions) -> None:
        if scorer.reference is None:
            raise InputError(
                "this scorer has no reference genome, so it scores sequences only: give it a FASTA "
                "(VariantScorer('hg38.fa', ...)) to score a risk list"
            )
        self._scorer, self._options = scorer, options
        self._reference: Reference = scorer.reference
        with contextlib.ExitStack() as opened:
            self._list = opened.enter_context(
                open_risk_list(path, options.format, effect_allele=options.effect_allele)
            )
            self.name = self._list.name
            if not scorer.ignore_assembly:
                about = (self._list.assembly, self.name, self._reference)
                require_stated_build(*about, lifted=options.chain is not None)
            self._liftover = None if options.chain is None else Liftover.read(options.chain)
            annotations = read_annotations(options.annotate)
            self._proxies = self._opened_proxies(opened)
            self._sites = _opened_sites(options, opened)
            self.layout = layout_of(
                self._list.columns,
                scorer.plan,
                with_proxies=options.with_proxies,
                annotations=annotations,
            )
            self._opened = opened.pop_all()
        self._resolve = partial(
            resolve, reference=self._reference, sites=self._sites, liftover=self._liftover
        )
        self.counts = ListCounts()

    def __enter__(self) -> ListRun:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def provenance(self) -> dict[str, Any]:
        """What the result is made with."""
        options = {
            "ignore_assembly": self._scorer.ignore_assembly,
            "list_format": self._list.format,
            "list_assembly": self._list.assembly or None,
            **self._options.recorded(),
        }
        options.pop("format", None)  # list_format says it
        return provenance_of(self._scorer.plan, self._reference, self.name, options)

    def tables(
        self, side_tables: SideTables | None = None, chunk_size: int | None = None
    ) -> Iterator[EffectTable]:
        """Rows of the output, some rows of the list at a time.

        Parameters
        ----------
        side_tables
            Who takes what is more than a row per allele.
        chunk_size
            Rows of the list that are resolved and scored together.
        """
        scored = ScoredAlleles(self._scorer.plan, self._reference, side_tables)
        rows_at_once = self._scorer.records_per_chunk
        size = chunk_size or (rows_at_once if self._proxies is None else _LEADS_PER_CHUNK)
        source = iter(self._list.rows)
        first = True
        with ProgressBar(self._scorer.progress) as bar:
            while True:
                with collector_paused():
                    chunk = list(islice(source, size))
                    if not chunk:
                        break
                    rows = self._rows(chunk, judged=first and not self._scorer.ignore_assembly)
                    alleles = self.layout.alleles(rows)
                first = False
                bar.expect(len(rows), self._list.fraction_read())
                values = scored.score(alleles, bar.advance)
                bar.advance(len(rows) - len(alleles))
                with collector_paused():
                    table = self.layout.table(rows, values, scored.columns)
                    self.counts.add(rows, table)
                    self.counts.unplaced += sum(not has_place(r) for r in table.records)
                yield table
        self._say_unknown_leads()

    def _rows(self, chunk: Sequence[ListRow], *, judged: bool) -> list[EffectRow]:
        """Rows of the output: those of each variant of the list, then those of its proxies."""
        resolved = list(self._resolve(chunk))
        if judged:
            require_fitting_alleles(resolved, self._reference, self.name)
        of_variant = {
            key: tuple(alleles)
            for key, alleles in groupby(resolved, lambda a: (a.list_row, a.list_variant))
        }
        leads: list[tuple[ListRow, Lead]] = [
            (row, Lead(variant, of_variant[row.number, number]))
            for row in chunk
            for number, variant in enumerate(row.variants)
        ]
        if self._proxies is None:
            return [one for row, lead in leads for one in _lead_rows(row, lead)]
        proxies = self._proxies.proxies([lead for _, lead in leads], self._resolve)
        rows: list[EffectRow] = []
        for (row, lead), of_lead in zip(leads, proxies, strict=True):
            rows += _lead_rows(row, lead)
            rows += [
                EffectRow(row.cells, lead.variant, proxy.allele, proxy.proxy_of, proxy.r2)
                for proxy in of_lead
            ]
        return rows

    def _opened_proxies(self, opened: contextlib.ExitStack) -> ProxySource | None:
        options = self._options
        source: LdTable | LdPanel
        if options.proxies is not None:
            source = LdTable(options.proxies, options.r2)
        elif options.ld_panel is not None:
            source = LdPanel(options.ld_panel, options.r2, options.ld_window)
            opened.callback(source.close)
            if not self._scorer.ignore_assembly:
                require_fitting_panel(source.contig_lengths, self._reference, source.name)
        else:
            return None
        return source

    def _say_unknown_leads(self) -> None:
        if self._proxies is not None and self._proxies.unknown_leads:
            warnings.warn(
                f"{self._proxies.name}: has no proxies of {self._proxies.unknown_leads:,} of the "
                f"list's {self.counts.variants:,} variants",
                UserWarning,
                stacklevel=3,
            )


def _opened_sites(options: ListOptions, opened: contextlib.ExitStack) -> SiteSource | None:
    """Open the source of sites, if it is a file; one that a caller holds stays open."""
    if options.sites is None or not isinstance(options.sites, str | os.PathLike):
        return options.sites
    source = open_sites(options.sites, population=options.population, merged_ids=options.merged_ids)
    opened.callback(source.close)
    return source


def _lead_rows(row: ListRow, lead: Lead) -> Iterable[EffectRow]:
    return [EffectRow(row.cells, lead.variant, allele) for allele in lead.alleles]
