"""The files that a run writes: one row per allele, and beside it what is more than that."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from enhancer_variants.effects.checked_input import is_file
from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.side_tables import SideTables
from enhancer_variants.errors import InputError
from enhancer_variants.io import (
    EffectTable,
    VariantInput,
    effect_writer,
    is_stream,
    long_table_writer,
)
from enhancer_variants.schema import MOTIF_HIT_COLUMNS, MOTIF_HITS

__all__ = ["Destination", "Outputs"]

Destination: TypeAlias = str | os.PathLike[str] | None
"""A file; None for standard output, or for nowhere."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that a run writes.

    Attributes
    ----------
    effects
        For a row per allele; None or ``-`` is standard output.
    tfbs_table
        For a row for each allele and TFBS model, if anywhere.
    motif_hits
        For a row for each allele and motif with a hit, if anywhere.
    """

    effects: Destination
    tfbs_table: Destination = None
    motif_hits: Destination = None

    @classmethod
    def of(
        cls, plan: ScoringPlan, effects: Destination, tfbs_table: Destination, hits: Destination
    ) -> Outputs:
        """Make sure that the plan fills what is asked for, and that nothing it finds is lost.

        Raises
        ------
        InputError
            If there is nothing to write into a table, or the rows of many TFBS models would go
            nowhere.
        """
        for table in (tfbs_table, hits):
            if table is not None and not os.fspath(table).endswith(".parquet"):
                raise InputError(f"{os.fspath(table)}: expected a name that ends in .parquet")
        if hits is not None and plan.motifs is None:
            raise InputError(f"{hits}: motif hits are asked for, but no motifs are named")
        if tfbs_table is not None and not plan.tfbs:
            raise InputError(f"{tfbs_table}: a TFBS table is asked for, but no TFBS model is named")
        if tfbs_table is None and plan.only_top_factors:
            if effects is None or is_stream(effects):
                raise InputError(
                    f"{len(plan.factors)} TFBS models are more than one table holds, and standard "
                    "output is one: name a file for the rest (tfbs_table, --tfbs-table "
                    "FILE.parquet), or ask for all columns (wide=True, --wide)"
                )
            tfbs_table = f"{os.fspath(effects)}.tfbs.parquet"
        return cls(effects, tfbs_table, hits)

    def refuse_inputs(self, read: Iterable[object]) -> None:
        """Refuse to write over what is read, and two tables into one file.

        Parameters
        ----------
        read
            What the run reads; what is no path of a file does not matter.

        Raises
        ------
        InputError
            Naming the file.
        """
        written = [out for out in (self.effects, self.tfbs_table, self.motif_hits) if out]
        files = [Path(path) for path in read if isinstance(path, str | os.PathLike)]
        for output in written:
            if is_file(output) and any(is_file(f) and f.samefile(output) for f in files):
                raise InputError(f"{output}: is an input; write to another file")
        # Unlike resolve, realpath gives links in a circle as they are.
        places = [os.path.realpath(output) for output in written if not is_stream(output)]
        if self.effects and not is_stream(self.effects):
            places.append(os.path.realpath(f"{os.fspath(self.effects)}.json"))
        for place in places:
            if places.count(place) > 1:
                raise InputError(f"{place}: two tables would be written there; name another file")

    @contextlib.contextmanager
    def opened(
        self,
        written_as: str,
        source: VariantInput,
        plan: ScoringPlan,
        provenance: Mapping[str, Any],
        *,
        contig_lengths: Mapping[str, int],
        overwrite_info: bool,
    ) -> Iterator[tuple[Callable[[EffectTable], None], SideTables]]:
        """Open all files; they appear under their names when the block ends well.

        Parameters
        ----------
        written_as
            Format of the effects.

        Yields
        ------
        tuple
            What takes one table of effects at a time, and what takes the rows beside it.
        """
        as_vcf = written_as.startswith("vcf") or written_as == "bcf"
        lists = (MOTIF_HITS,) if as_vcf and plan.motifs else ()
        # What is opened first gets its name last: effects are there only where all else is.
        with contextlib.ExitStack() as stack:
            write = stack.enter_context(
                effect_writer(
                    self.effects,
                    written_as,
                    source,
                    (*plan.columns, *lists),
                    provenance,
                    contig_lengths=contig_lengths,
                    overwrite_info=overwrite_info,
                )
            )
            factors = hits = None
            if self.tfbs_table is not None:
                writer = long_table_writer(self.tfbs_table, plan.long_columns, provenance)
                factors = stack.enter_context(writer)
            if self.motif_hits is not None:
                writer = long_table_writer(self.motif_hits, MOTIF_HIT_COLUMNS, provenance)
                hits = stack.enter_context(writer)
            yield write, SideTables(factors, hits, bool(lists))
