"""The null distributions in a model card, with what they hold for and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.card_checks import (
    is_name,
    is_sha256,
    is_whole,
    wrong_value,
)
from enhancer_variants.models.files import JSON
from enhancer_variants.models.null import NullDistribution, OutputNull

__all__ = [
    "MOST_NULL_SETS",
    "NullConditions",
    "NullSet",
    "NullSource",
    "null_sets_beside",
    "null_sets_from_json",
    "nulls_for_weights",
    "with_null_set",
]

MOST_NULL_SETS = 100
"""Ways to use a model that a card has null distributions for, at most."""

_MOST_REGIONS = 10_000
_LARGEST_NUMBER = 2**63 - 1
_CHOICES = {
    "padding": ("dnabert", "none"),
    "strand": ("forward", "both"),
    "anchors": ("left", "both"),
    "changes": ("variants", "random"),
}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class NullConditions:
    """How shifts were computed: a null distribution holds for these and no others.

    Attributes
    ----------
    weights_sha256
        SHA-256 of the weights file.
    window_length
        Bases the model reads.
    max_seq_length
        Tokens that input is padded to; None where padding has no influence.
    padding
        ``dnabert`` or ``none``.
    positive_label
        Label whose log-odds are reported; None for a multi-label model.
    strand, anchors, shifts
        What is averaged.

    Raises
    ------
    CheckpointError
        If a value is of another type or outside its range; the message names the key.
    """

    weights_sha256: str
    window_length: int
    max_seq_length: int | None
    padding: Literal["dnabert", "none"]
    positive_label: str | None
    strand: Literal["forward", "both"]
    anchors: Literal["left", "both"]
    shifts: int

    def __post_init__(self) -> None:
        if not is_sha256(self.weights_sha256):
            expected = "64 lower-case hexadecimal digits"
            raise wrong_value("weights_sha256", self.weights_sha256, expected)
        for key, least in (("window_length", 1), ("max_seq_length", 1), ("shifts", 0)):
            value = getattr(self, key)
            if not _is_number(value, least) and not (value is None and key == "max_seq_length"):
                raise wrong_value(key, value, f"a whole number from {least} on")
        if not (self.positive_label is None or is_name(self.positive_label)):
            raise wrong_value("positive_label", self.positive_label, "a label or null")
        for key in ("padding", "strand", "anchors"):
            _check_choice(key, getattr(self, key))

    def differences(self, other: NullConditions) -> tuple[str, ...]:
        """Say what another use of the model does otherwise, in one phrase each."""
        return tuple(
            f"{item.name} {_shown(getattr(other, item.name))} instead of "
            f"{_shown(getattr(self, item.name))}"
            for item in fields(self)
            if getattr(self, item.name) != getattr(other, item.name)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NullSource:
    """Which changes a null distribution was made of; no times and no paths.

    Attributes
    ----------
    changes
        ``variants`` of a file, or ``random`` changes of a genome.
    variants, variants_sha256
        Base name and SHA-256 of the file of variants.
    seed
        Seed of the random changes.
    reference, reference_sha256
        Base name and SHA-256 of the genome's FASTA.
    regions
        What the changes were restricted to, as ``chr1:1-1000``.
    regions_file, regions_file_sha256
        Likewise, base name and SHA-256 of a BED file.
    enhancer_variants
        Version of this package that scored them.

    Raises
    ------
    CheckpointError
        If a value is of another type; the message names the key.
    """

    changes: Literal["variants", "random"]
    reference: str
    reference_sha256: str
    enhancer_variants: str
    variants: str | None = None
    variants_sha256: str | None = None
    seed: int | None = None
    regions: tuple[str, ...] | None = None
    regions_file: str | None = None
    regions_file_sha256: str | None = None

    def __post_init__(self) -> None:
        _check_choice("changes", self.changes)
        for key in ("reference", "enhancer_variants", "variants", "regions_file"):
            value = getattr(self, key)
            if not (is_name(value) or (value is None and key in {"variants", "regions_file"})):
                raise wrong_value(key, value, "a printable name")
        for key in ("reference_sha256", "variants_sha256", "regions_file_sha256"):
            value = getattr(self, key)
            if not (is_sha256(value) or (value is None and key != "reference_sha256")):
                raise wrong_value(key, value, "64 lower-case hexadecimal digits")
        if not (self.seed is None or _is_number(self.seed, 0)):
            raise wrong_value("seed", self.seed, "a whole number from 0 on, or null")
        _check_regions(self.regions)


@dataclass(frozen=True, slots=True)
class NullSet:
    """Null distributions of all outputs of a model, used in one way.

    Attributes
    ----------
    conditions
        How the model was used.
    source
        Which changes were scored.
    outputs
        One for the log-odds of a single-label model, one for each label of a multi-label one.
    """

    conditions: NullConditions
    source: NullSource
    outputs: tuple[OutputNull, ...]

    def summary(self) -> dict[str, JSON]:
        """Give conditions, source and numbers of changes as JSON values, without the shifts."""
        counts: list[JSON] = [
            {"snv": null.snv.n, "other": null.other.n if null.other else 0} for null in self.outputs
        ]
        source = _plain(self.source)
        if self.source.regions is not None:
            source["regions"] = list(self.source.regions)
        return {"conditions": _plain(self.conditions), "source": source, "n": counts}


def with_null_set(sets: tuple[NullSet, ...], added: NullSet) -> tuple[NullSet, ...]:
    """Add null distributions to those of a card; made again, they take the place of the old.

    Parameters
    ----------
    sets
        Those of the card. Null distributions of other weights hold no more, and go.
    added
        The new ones.
    """
    return (*null_sets_beside(sets, added.conditions), added)


def null_sets_beside(sets: tuple[NullSet, ...], conditions: NullConditions) -> tuple[NullSet, ...]:
    """Give those of a card's null distributions that stay when new ones are added.

    Parameters
    ----------
    sets
        Those of the card.
    conditions
        How the model was used for the new ones.
    """
    return tuple(
        other
        for other in sets
        if other.conditions != conditions
        and other.conditions.weights_sha256 == conditions.weights_sha256
    )


def nulls_for_weights(sets: tuple[NullSet, ...], old: str, new: str) -> tuple[NullSet, ...]:
    """Carry null distributions over to another file of the same weights.

    Parameters
    ----------
    sets
        Those of the old card. Those of other weights than `old` are left out.
    old, new
        SHA-256 of the weights file that they were made with, and of the new one.
    """
    return tuple(
        replace(null, conditions=replace(null.conditions, weights_sha256=new))
        for null in sets
        if null.conditions.weights_sha256 == old
    )


def null_sets_from_json(value: object, outputs: int) -> tuple[NullSet, ...]:
    """Read what a card says under ``nulls``.

    Parameters
    ----------
    value
        JSON values.
    outputs
        Log-odds that the model gives.

    Raises
    ------
    CheckpointError
        If it is none; the message says where, as in ``nulls[0].outputs[1].snv``.
    """
    if not isinstance(value, list) or len(value) > MOST_NULL_SETS:
        raise wrong_value("nulls", value, f"a list of at most {MOST_NULL_SETS} objects")
    return tuple(_null_set(item, f"nulls[{i}]", outputs) for i, item in enumerate(value))


def _null_set(value: object, where: str, outputs: int) -> NullSet:
    parts = _object(value, NullSet, where)
    listed = parts["outputs"]
    if not isinstance(listed, list) or len(listed) != outputs:
        raise wrong_value(f"{where}.outputs", listed, f"a list of {outputs}, one for each output")
    conditions = _object(parts["conditions"], NullConditions, f"{where}.conditions")
    source = _object(parts["source"], NullSource, f"{where}.source")
    if isinstance(source["regions"], list):
        source["regions"] = tuple(source["regions"])
    return NullSet(
        _value(NullConditions, conditions, f"{where}.conditions"),
        _value(NullSource, source, f"{where}.source"),
        tuple(_output(item, f"{where}.outputs[{i}]") for i, item in enumerate(listed)),
    )


def _output(value: object, where: str) -> OutputNull:
    parts = _object(value, OutputNull, where)
    snv = _distribution(parts["snv"], f"{where}.snv")
    other = parts["other"]
    return OutputNull(snv, None if other is None else _distribution(other, f"{where}.other"))


def _distribution(value: object, where: str) -> NullDistribution:
    return _value(NullDistribution, _object(value, NullDistribution, where), where)


def _object(value: object, kind: type, where: str) -> dict[str, Any]:
    """Check that a value is an object with the keys of a dataclass, all of them."""
    names = sorted(item.name for item in fields(kind))
    if not isinstance(value, dict) or sorted(value) != names:
        raise wrong_value(where, value, f"an object of {', '.join(names)}")
    return dict(value)


def _value(make: Callable[..., Value], parts: Mapping[str, Any], where: str) -> Value:
    try:
        return make(**parts)
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from error


def _plain(value: NullConditions | NullSource) -> dict[str, JSON]:
    return {item.name: getattr(value, item.name) for item in fields(value)}


def _is_number(value: object, least: int) -> bool:
    return is_whole(value, least) and isinstance(value, int) and value <= _LARGEST_NUMBER


def _check_choice(key: str, value: object) -> None:
    if value not in _CHOICES[key]:
        raise wrong_value(key, value, " or ".join(f'"{choice}"' for choice in _CHOICES[key]))


def _check_regions(regions: object) -> None:
    expected = f"a list of at most {_MOST_REGIONS} printable regions, or null"
    if regions is None:
        return
    if not isinstance(regions, tuple) or len(regions) > _MOST_REGIONS:
        raise wrong_value("regions", regions, expected)
    for region in regions:
        if not is_name(region):
            raise wrong_value("regions", region, expected)


def _shown(value: object) -> str:
    """Give a value as a phrase has room for it."""
    text = str(value)
    return f"{text[:12]}..." if is_sha256(text) else text
