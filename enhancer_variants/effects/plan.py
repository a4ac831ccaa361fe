"""What alleles are scored with, and how."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.genome import WindowRule
from enhancer_variants.models import Model
from enhancer_variants.schema import IDENTITY_COLUMNS, Column, check_distinct, model_columns

__all__ = ["ModelSource", "ScoringPlan", "named_models"]

ModelSource: TypeAlias = str | os.PathLike[str]
"""The directory of a model."""

_RESERVED_NAMES = {"enhancer", "motif", "tfbs"}


@dataclass(frozen=True)
class ScoringPlan:
    """What alleles are scored with, and how.

    Attributes
    ----------
    models
        The enhancer models, then the TFBS models, in the order of their columns.
    strand, anchors, shifts
        Which windows of an allele are averaged.
    allow_n
        Score windows with N, and over a contig's end (N there).
    batch_size
        Sequences in one pass through the network.
    """

    models: tuple[Model, ...]
    strand: Literal["forward", "both"] = "forward"
    anchors: Literal["left", "both"] = "left"
    shifts: int = 0
    allow_n: bool = False
    batch_size: int | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        """Check the options, and that no two models would fill the same columns."""
        _check_choice("strand", self.strand, ("forward", "both"))
        _check_choice("anchors", self.anchors, ("left", "both"))
        if isinstance(self.shifts, bool) or not isinstance(self.shifts, int) or self.shifts < 0:
            raise InputError(f"shifts is {self.shifts!r}; expected a number of bases, 0 or more")
        _check_batch_size(self.batch_size)
        for model in self.models:
            self.rule(model)  # refuses shifts that the window is too short for
        names = [name for model in self.models for name in model.output_names]
        _check_outputs(self.models)
        for name, count in Counter(names).items():
            if count > 1:
                raise InputError(f"two models would both fill the columns of {name!r}: rename one")
        check_distinct(self.columns)

    def rule(self, model: Model) -> WindowRule:
        """Windows that `model` reads around an allele."""
        return WindowRule(model.window_length, self.anchors, self.shifts, self.allow_n)

    @property
    def averaged(self) -> bool:
        """Whether more than one window pair of an allele is averaged."""
        return self.strand == "both" or self.anchors == "both" or self.shifts > 0

    @property
    def columns(self) -> tuple[Column, ...]:
        """Output columns, in order."""
        outputs = (output for model in self.models for output in model.output_names)
        return IDENTITY_COLUMNS + tuple(
            column for output in outputs for column in model_columns(output, averaged=self.averaged)
        )


def _check_outputs(models: tuple[Model, ...]) -> None:
    """Refuse labels that would name columns of something else; `enhancer` may call itself so."""
    for model in models:
        taken = {name for name in model.output_names if name.casefold() in _RESERVED_NAMES}
        if taken - ({"enhancer"} if model.name == "enhancer" else set()):
            raise InputError(
                f"model {model.name} would fill columns called {', '.join(sorted(taken))}, which "
                "name other things: give the model, or its label in the card, another name"
            )


def _check_choice(option: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise InputError(f"{option} is {given!r}; expected {' or '.join(allowed)}")


def _check_batch_size(batch_size: int | Literal["auto"]) -> None:
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size != "auto" and not (whole and int(batch_size) > 0):
        raise InputError(f"batch_size is {batch_size!r}; expected 'auto' or a number above 0")


def named_models(
    enhancer: ModelSource | Mapping[str, ModelSource] | None,
    tfbs: Mapping[str, ModelSource] | None,
) -> dict[str, ModelSource]:
    """Models by name, enhancer models first; a single enhancer model is called `enhancer`.

    Raises
    ------
    InputError
        If nothing is named, a name is empty, or a TFBS model has a name that is taken.

    Examples
    --------
    >>> named_models("models/enhancer", {"CTCF": "models/ctcf"})
    {'enhancer': 'models/enhancer', 'CTCF': 'models/ctcf'}
    """
    if enhancer is not None and not isinstance(enhancer, Mapping):
        enhancer = {"enhancer": enhancer}
    if tfbs is not None and not isinstance(tfbs, Mapping):
        raise InputError(f"tfbs is {tfbs!r:.80}; expected {{name: directory}}, as {{'CTCF': DIR}}")
    enhancers, factors = dict(enhancer or {}), dict(tfbs or {})
    if not enhancers and not factors:
        raise InputError(
            "no model is named and none is bundled yet: name a model directory "
            "(enhancer=DIR, or tfbs={'CTCF': DIR}; --enhancer DIR, --tfbs CTCF=DIR)"
        )
    for name in factors:
        if name.casefold() in _RESERVED_NAMES or name in enhancers:
            raise InputError(
                f"a TFBS model cannot be called {name!r}, which names other columns: "
                "call it by its transcription factor"
            )
    for name, source in (*enhancers.items(), *factors.items()):
        if not isinstance(source, str | os.PathLike):
            raise InputError(f"model {name!r} is {source!r:.80}; expected its directory")
    if any(not name.strip() for name in (*enhancers, *factors)):
        raise InputError("a model's name is empty: it is the prefix of the model's columns")
    return {**enhancers, **factors}
