"""Score a risk list: every row of it comes out, in order, with its own columns."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from enhancer_variants.effects import Outputs
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, ReferenceSource
from enhancer_variants.gwas.formats import EffectAllele, ListFormat
from enhancer_variants.gwas.list_options import FileName, ListOptions
from enhancer_variants.gwas.list_run import ListRun
from enhancer_variants.gwas.list_summary import ListSummary
from enhancer_variants.gwas.output import UNPLACED_ENDING, is_vcf, list_effect_writer
from enhancer_variants.gwas.side_files import loci_writer, side_tables
from enhancer_variants.gwas.site import SiteSource
from enhancer_variants.io import is_stream, to_frame
from enhancer_variants.io import output_format as format_of
from enhancer_variants.schema import MOTIF_HITS
from enhancer_variants.scorer import VariantScorer

__all__ = ["annotate_gwas", "score_gwas"]


def score_gwas(
    path: FileName,
    reference: ReferenceSource | Reference | None = None,
    *,
    scorer: VariantScorer | None = None,
    sites: FileName | SiteSource | None = None,
    merged_ids: FileName | None = None,
    population: str | None = None,
    chain: FileName | None = None,
    effect_allele: EffectAllele | None = None,
    format: ListFormat | None = None,  # noqa: A002 (the word users know)
    proxies: FileName | None = None,
    ld_panel: FileName | None = None,
    r2: float = 0.8,
    ld_window: int = 1_000_000,
    annotate: Mapping[str, FileName] | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Score every variant of a risk list, and tell the risk allele's sign.

    Nothing is looked up in the network.

    Parameters
    ----------
    path
        The list: a GWAS Catalog download, GWAS-SSF, GWAS-VCF, summary statistics of PLINK and
        others, fine-mapped sets, or bare rsIDs; plain or gzipped.
    reference
        FASTA that REF alleles are taken from.
    scorer
        Scores the alleles, in place of `reference` and `options`.
    sites
        VCF or BCF of known variants (dbSNP, 1000 Genomes) in the reference's build: where the
        list's rsIDs lie, and which alleles they have.
    merged_ids
        Table of rsIDs that were merged into others.
    population
        Which of the source's allele frequencies tell palindromic alleles apart.
    chain
        Chain file from the list's build to the reference's.
    effect_allele
        Which of A1 and A2 is the effect allele, where the list's header leaves it open.
    format
        One of :data:`~enhancer_variants.gwas.LIST_FORMATS`, where the content does not tell.
    proxies
        Score the list's proxies too, by a table of linkage disequilibrium: PLINK's (``.ld``,
        ``.vcor``) or LDlink's LDproxy. Its positions are of the list's build.
    ld_panel
        Likewise, computed from the genotypes of a bgzipped, indexed VCF in the reference's build.
    r2
        The least r2 of a proxy.
    ld_window
        How far a proxy in `ld_panel` may be from its lead, in bases to each side.
    annotate
        BED files by name; the column ``overlaps_NAME`` holds the intervals that an allele lies in.
    **options
        As for :class:`~enhancer_variants.VariantScorer`; without any, the bundled models and
        motifs score.

    Returns
    -------
    pandas.DataFrame
        One row for each row of the list, variant and ALT, in the order of the list; one with its
        status for a variant that resolves to nothing; behind them, the rows of its proxies.
        ``list_row`` and ``list_variant``, the list's own columns (``list_`` stands in front of a
        name that is one of ours), the allele, what the list says of it on the forward strand, and
        what each model says. Beside ``{model}_log_odds_shift``, ALT against REF, stands
        ``{model}_risk_log_odds_shift``: above 0, the risk allele gains. The provenance is in
        ``attrs["enhancer_variants"]``.

    Raises
    ------
    GwasFileError, VariantFileError
        If the list, or a file named beside it, is damaged or none.
    AssemblyMismatchError
        If the list is of another build than the reference, and there is no `chain`.
    InputError
        If options contradict each other.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.demo import demo_files
    >>> files = demo_files()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "risk.tsv"
    ...     text = "SNP\tCHR\tBP\teffect_allele\tother_allele\nrs1\tchr1\t2009\tA\tT\n"
    ...     _ = path.write_text(text)
    ...     effects = score_gwas(path, files.reference, enhancer=files.model)
    >>> effects[["SNP", "ref", "alt", "risk_allele", "orientation"]].values.tolist()
    [['rs1', 'A', 'T', 'A', 'assumed']]
    >>> shifts = effects[["enhancer_log_odds_shift", "enhancer_risk_log_odds_shift"]].iloc[0]
    >>> bool(shifts.iloc[0] == -shifts.iloc[1])
    True
    """
    list_options = ListOptions(
        sites=sites,
        merged_ids=merged_ids,
        population=population,
        chain=chain,
        effect_allele=effect_allele,
        format=format,
        proxies=proxies,
        ld_panel=ld_panel,
        r2=r2,
        ld_window=ld_window,
        annotate=annotate,
    )
    scorer = _scorer(reference, scorer, options)
    with ListRun(path, scorer, list_options) as run:
        if scorer.plan.only_top_factors:
            warnings.warn(scorer.plan.left_out, UserWarning, stacklevel=2)
        frame = to_frame(run.tables(), run.layout.columns)
        frame.attrs["enhancer_variants"] = run.provenance
    return frame


def annotate_gwas(
    path: FileName,
    reference: ReferenceSource | Reference | None,
    output: FileName | None,
    output_format: str | None = None,
    *,
    scorer: VariantScorer | None = None,
    tfbs_table: FileName | None = None,
    motif_hits: FileName | None = None,
    loci: FileName | None = None,
    **options: Any,
) -> ListSummary:
    """Score a risk list of any size into a file, holding some rows at a time.

    Parameters
    ----------
    path, reference, scorer
        As for :func:`score_gwas`.
    output
        File to write, None or ``-`` for standard output. It appears under its name only when it is
        complete.
    output_format
        ``tsv``, ``tsv.gz``, ``parquet``, ``vcf``, ``vcf.gz`` or ``bcf``; by default the ending of
        `output` says it, and standard output is a TSV. A VCF has one record for each row that has
        a position and alleles, in the order of the list and without the list's own columns; the
        other rows go to ``<output>.unresolved.tsv``.
    tfbs_table, motif_hits
        Parquet files as for :meth:`~enhancer_variants.VariantScorer.annotate`; equal alleles are
        there once, under ``record`` and ``allele`` of their first row.
    loci
        File for :func:`~enhancer_variants.gwas.locus_summary`, tab-separated.
    **options
        As for :func:`score_gwas`.

    Returns
    -------
    ListSummary
        Counts of what was read and scored.

    Raises
    ------
    GwasFileError, VariantFileError, AssemblyMismatchError, InputError
        As for :func:`score_gwas`; also if an output is an input, or its format is not told.
    """
    own = {field.name for field in fields(ListOptions)}
    list_options = ListOptions(**{n: value for n, value in options.items() if n in own})
    written_as = format_of(output, output_format, default="tsv")
    for_scorer = {name: value for name, value in options.items() if name not in own}
    scorer = _scorer(reference, scorer, for_scorer)
    outputs = Outputs.of(scorer.plan, output, tfbs_table, motif_hits)
    _refuse_inputs(outputs, loci, written_as, [path, *list_options.files(), *_files(scorer)])
    with ListRun(path, scorer, list_options) as run, contextlib.ExitStack() as stack:
        provenance = run.provenance
        hit_lists = is_vcf(written_as) and scorer.plan.motifs is not None
        columns = (*run.layout.columns, *((MOTIF_HITS,) if hit_lists else ()))
        reference_of_run = scorer.reference
        lengths = {} if reference_of_run is None else reference_of_run.lengths
        # What is opened first gets its name last: effects are there only where all else is.
        write = stack.enter_context(
            list_effect_writer(
                output, written_as, columns, provenance, name=run.name, contig_lengths=lengths
            )
        )
        write_loci = stack.enter_context(loci_writer(loci))
        side = stack.enter_context(
            side_tables(outputs, scorer.plan, provenance, hit_lists=hit_lists)
        )
        for table in run.tables(side):
            write(table)
            write_loci(table)
    return run.counts.summary(unplaced=is_vcf(written_as))


def _scorer(
    reference: ReferenceSource | Reference | None,
    scorer: VariantScorer | None,
    options: Mapping[str, Any],
) -> VariantScorer:
    if scorer is None:
        if reference is None:
            raise InputError("no reference: name the FASTA that REF alleles are taken from")
        return VariantScorer(reference, **options)
    given = [*(["reference"] if reference is not None else []), *options]
    if given:
        raise InputError(f"a scorer is given, which has its own {', '.join(given)}: leave them out")
    return scorer


def _files(scorer: VariantScorer) -> list[FileName]:
    return [] if scorer.reference is None else [*scorer.reference.files]


def _refuse_inputs(
    outputs: Outputs, loci: FileName | None, written_as: str, read: list[FileName]
) -> None:
    """Refuse to write over what is read, and two tables into one file."""
    outputs.refuse_inputs(read)
    others = [outputs.effects, outputs.tfbs_table, outputs.motif_hits]
    if is_vcf(written_as) and outputs.effects is not None and not is_stream(outputs.effects):
        others.append(f"{outputs.effects}{UNPLACED_ENDING}")
    if loci is not None:
        Outputs(loci).refuse_inputs(read)
        places = {Path(other).resolve() for other in others if other is not None}
        if Path(loci).resolve() in places:
            raise InputError(f"{loci}: two tables would be written there; name another file")
