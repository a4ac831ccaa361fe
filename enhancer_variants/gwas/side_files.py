"""Files beside the effects of a list: of every TFBS model, of every motif hit, of every locus."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from enhancer_variants.effects import Outputs, ScoringPlan, SideTables
from enhancer_variants.gwas.loci import locus_summary
from enhancer_variants.io import EffectTable, long_table_writer, pending_output, to_frame
from enhancer_variants.schema import MOTIF_HIT_COLUMNS

__all__ = ["loci_writer", "side_tables"]


@contextlib.contextmanager
def side_tables(
    outputs: Outputs, plan: ScoringPlan, provenance: Mapping[str, Any], *, hit_lists: bool
) -> Iterator[SideTables]:
    """Open the Parquet files of a run; they appear under their names when the block ends well.

    Parameters
    ----------
    outputs
        The files of the run.
    plan
        What alleles are scored with.
    provenance
        Goes into each file.
    hit_lists
        Whether an allele's hits are wanted as one string too, as a VCF has them.
    """
    with contextlib.ExitStack() as stack:
        factors = hits = None
        if outputs.tfbs_table is not None:
            writer = long_table_writer(outputs.tfbs_table, plan.long_columns, provenance)
            factors = stack.enter_context(writer)
        if outputs.motif_hits is not None:
            writer = long_table_writer(outputs.motif_hits, MOTIF_HIT_COLUMNS, provenance)
            hits = stack.enter_context(writer)
        yield SideTables(factors, hits, hit_lists)


@contextlib.contextmanager
def loci_writer(
    output: str | os.PathLike[str] | None,
) -> Iterator[Callable[[EffectTable], None]]:
    """Open a tab-separated table of one row per lead; it appears when the block ends well.

    Yields
    ------
    Callable
        Takes one table of effects at a time, with all rows of each lead; it does nothing where
        `output` is None.
    """
    if output is None:
        yield lambda _: None
        return
    with (
        pending_output(output) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        first = True

        def write(table: EffectTable) -> None:
            nonlocal first
            loci = locus_summary(to_frame([table], table.columns))
            loci.to_csv(
                file, sep="\t", index=False, header=first, float_format="%.6g", lineterminator="\n"
            )
            first = False

        yield write
