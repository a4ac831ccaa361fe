"""What alleles are scored with, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from enhancer_variants.effects.model_names import RESERVED_NAMES
from enhancer_variants.errors import InputError
from enhancer_variants.genome import WindowRule
from enhancer_variants.models import Model
from enhancer_variants.motifs import MotifPanel
from enhancer_variants.schema import (
    AGREEMENT_COLUMNS,
    IDENTITY_COLUMNS,
    MOTIF_COLUMNS,
    MOTIF_SHIFT_SUM,
    TFBS_TOP_COLUMNS,
    Column,
    check_distinct,
    long_table_columns,
    model_columns,
)

__all__ = ["MOST_FACTOR_COLUMNS", "ScoringPlan", "check_choice", "motif_window"]

MOST_FACTOR_COLUMNS = 16
"""With more TFBS models (or labels) than this, a table holds only the top gain and loss."""

_MOTIF_WINDOW = 200


def _as_it_is(model: Model) -> Model:
    return model


@dataclass(frozen=True)
class ScoringPlan:
    """What alleles are scored with, and how.

    Attributes
    ----------
    enhancers, tfbs
        The enhancer models and the TFBS models, in the order of their columns.
    strand, anchors, shifts
        Which windows of an allele are averaged.
    allow_n
        Score windows with N, and over a contig's end (N there).
    batch_size
        Sequences in one pass through the network.
    motifs
        The motifs to look for, if any.
    motif_window
        Alleles are read with motifs where a model of this window length could score them.
    agreement_shift
        Log2 odds from which on a TFBS model's shift counts in an agreement.
    calibrated
        Compare shifts with each model's null distribution.
    wide
        Give every TFBS model its columns, however many there are.
    ready
        Gives a model with its weights in memory.
    """

    enhancers: tuple[Model, ...] = ()
    strand: Literal["forward", "both"] = "forward"
    anchors: Literal["left", "both"] = "left"
    shifts: int = 0
    allow_n: bool = False
    batch_size: int | Literal["auto"] = "auto"
    tfbs: tuple[Model, ...] = ()
    motifs: MotifPanel | None = None
    motif_window: int = _MOTIF_WINDOW
    agreement_shift: float = 1.0
    calibrated: bool = False
    wide: bool = False
    ready: Callable[[Model], Model] = _as_it_is

    def __post_init__(self) -> None:
        """Check the options, and that no two models would fill the same columns."""
        check_choice("strand", self.strand, ("forward", "both"))
        check_choice("anchors", self.anchors, ("left", "both"))
        if isinstance(self.shifts, bool) or not isinstance(self.shifts, int) or self.shifts < 0:
            raise InputError(f"shifts is {self.shifts!r}; expected a number of bases, 0 or more")
        _check_batch_size(self.batch_size)
        if not self.agreement_shift >= 0:
            raise InputError(
                f"agreement_shift is {self.agreement_shift!r}; expected log2 odds, 0 or more"
            )
        for model in self.models:
            self.rule(model)  # refuses shifts that the window is too short for
        names = [name for model in self.models for name in model.output_names]
        _check_outputs(self.enhancers, also_allowed={"enhancer"})
        _check_outputs(self.tfbs, also_allowed=set())
        for name, count in Counter(names).items():
            if count > 1:
                raise InputError(f"two models would both fill the columns of {name!r}: rename one")
        check_distinct(column for name in names for column in model_columns(name))
        check_distinct(self.columns)

    @property
    def models(self) -> tuple[Model, ...]:
        """All models, in the order in which they score."""
        return self.enhancers + self.tfbs

    @property
    def factors(self) -> tuple[str, ...]:
        """What the TFBS models give log-odds of: their names, or the labels of one."""
        return tuple(name for model in self.tfbs for name in model.output_names)

    def rule(self, model: Model) -> WindowRule:
        """Windows that `model` reads around an allele."""
        return WindowRule(model.window_length, self.anchors, self.shifts, self.allow_n)

    @property
    def motif_rule(self) -> WindowRule:
        """Windows that say whether an allele is read with motifs."""
        return WindowRule(self.motif_window, "left", 0, self.allow_n)

    @property
    def averaged(self) -> bool:
        """Whether more than one window pair of an allele is averaged."""
        return self.strand == "both" or self.anchors == "both" or self.shifts > 0

    @property
    def only_top_factors(self) -> bool:
        """Whether a table holds the top gain and loss in place of every factor's columns."""
        return len(self.factors) > MOST_FACTOR_COLUMNS and not self.wide

    @property
    def left_out(self) -> str:
        """Say what a table lacks that holds only the top factors, and how to get it."""
        return (
            f"of {len(self.factors)} TFBS models the table holds only the largest gain and loss: "
            "ask for all columns (wide=True), or for a table of all of them "
            "(annotate(..., tfbs_table='FILE.parquet'))"
        )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Output columns, in order."""
        shown = [name for model in self.enhancers for name in model.output_names]
        top: tuple[Column, ...] = ()
        if self.only_top_factors:
            top = TFBS_TOP_COLUMNS
        else:
            shown += self.factors
        return (
            *IDENTITY_COLUMNS,
            *(c for name in shown for c in model_columns(name, **self._asked_for)),
            *top,
            *((*MOTIF_COLUMNS, *MOTIF_SHIFT_SUM) if self.motifs else ()),
            *self._agreement_columns,
        )

    @property
    def long_columns(self) -> tuple[Column, ...]:
        """Columns of the table with a row for each allele and TFBS model."""
        return long_table_columns(**self._asked_for)

    @property
    def _asked_for(self) -> dict[str, bool]:
        return {"averaged": self.averaged, "calibrated": self.calibrated}

    @property
    def _agreement_columns(self) -> tuple[Column, ...]:
        if not (self.motifs and self.tfbs):
            return ()
        return AGREEMENT_COLUMNS if self.enhancers else AGREEMENT_COLUMNS[:2]


def motif_window(window: int | None, models: Sequence[Model]) -> int:
    """Window length that says which alleles are read with motifs.

    The one asked for, else the largest that a model reads, else 200.

    Raises
    ------
    InputError
        If it is no number of bases.
    """
    if window is None:
        return max((model.window_length for model in models), default=_MOTIF_WINDOW)
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise InputError(f"window is {window!r}; expected a number of bases above 0")
    return window


def _check_outputs(models: tuple[Model, ...], also_allowed: set[str]) -> None:
    """Refuse outputs that would name columns of something else."""
    for model in models:
        reserved = {name for name in model.output_names if name.casefold() in RESERVED_NAMES}
        taken = reserved - also_allowed
        if taken:
            raise InputError(
                f"model {model.name} would fill columns called {', '.join(sorted(taken))}, which "
                "name other things: give the model, or its label in the card, another name"
            )


def check_choice(option: str, given: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that an option does not have, with an InputError that names those it has."""
    if given not in allowed:
        raise InputError(f"{option} is {given!r}; expected {' or '.join(allowed)}")


def _check_batch_size(batch_size: int | Literal["auto"]) -> None:
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size != "auto" and not (whole and int(batch_size) > 0):
        raise InputError(f"batch_size is {batch_size!r}; expected 'auto' or a number above 0")
