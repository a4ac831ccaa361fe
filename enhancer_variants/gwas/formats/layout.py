"""Which column of a table of summary statistics says what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas.formats.assembly_names import split_build
from enhancer_variants.gwas.formats.dialects import (
    ALLELE_PAIRS,
    NAMES_IN_ANY_TABLE,
    UNDECLARED_PAIRS,
    Dialect,
    Role,
)
from enhancer_variants.gwas.formats.table_lines import column_key

__all__ = ["EffectAllele", "Layout", "layout_of"]

EffectAllele: TypeAlias = Literal["A1", "A2"]
"""Which of two allele columns that do not say it holds the effect allele."""

_FREQUENCIES_OF_A1 = ("a1freq", "a1_freq", "freq1", "freq_a1", "af1", "freq", "frq")
_RISK_SIZES: tuple[Role, ...] = ("beta", "log_odds_ratio", "odds_ratio", "hazard_ratio")


@dataclass(frozen=True)
class Layout:
    """Which column holds what, by 0-based number of the column.

    Attributes
    ----------
    columns
        Column of each thing that is said.
    names
        Columns that may name the variant, the most telling first.
    numbers
        Chromosomes that go by a number.
    assembly
        Genome build that the columns' names state, or empty.
    forward
        Whether the alleles are on the forward strand.
    named_alt_has_effect
        Whether the ALT of a name such as ``1:1000:A:T`` is the effect allele.
    ref_is_reference
        Whether a column REF holds the allele of the reference genome.
    names_hold_places
        Whether a place in a variant's name is of the list's own build.
    first_base
        Number that the list gives to the first base of a contig: 0 or 1.
    """

    columns: Mapping[Role, int]
    names: tuple[int, ...]
    numbers: Mapping[str, str] = field(default_factory=dict)
    assembly: str = ""
    forward: bool = False
    named_alt_has_effect: bool = False
    ref_is_reference: bool = True
    names_hold_places: bool = True
    first_base: int = 1


def layout_of(
    header: Sequence[str], dialect: Dialect, where: str, effect_allele: EffectAllele | None = None
) -> Layout:
    """Find the columns of a table.

    Parameters
    ----------
    header
        Names of the columns.
    dialect
        Which program wrote it.
    where
        File and line of the header, for messages.
    effect_allele
        Which column of a pair A1 and A2 holds the effect allele.

    Raises
    ------
    GwasFileError
        If no column names variants, a column that is needed is there twice, or there are two
        allele columns that do not say which of them holds the effect allele.
    """
    keys = [column_key(name) for name in header]
    columns = _columns_of_roles(keys, dialect, where)
    names = tuple(
        keys.index(key)
        for role in ("rsid", "name")
        for key in _spellings(role, dialect)
        if key in keys
    )
    assembly = ""
    if "position" not in columns:
        place, assembly = _position_with_build(keys, where)
        columns |= place
    if not names and not {"contig", "position"} <= columns.keys():
        raise GwasFileError(
            f"{where}: no column names the variants among {_shown(header)}; expected one such as "
            "rsid, SNP, MarkerName or variant_id, or two such as CHR and BP. If the columns have "
            "other names, rename them"
        )
    columns = _with_alleles(columns, keys, where, effect_allele)
    return Layout(
        columns,
        names,
        dialect.numbers,
        assembly,
        forward=dialect.forward,
        named_alt_has_effect=dialect.name == "neale",
        # PLINK's REF is provisional unless the genotypes came from a VCF.
        ref_is_reference=dialect.name != "plink2",
    )


def _spellings(role: Role, dialect: Dialect) -> tuple[str, ...]:
    return (*dialect.columns.get(role, ()), *NAMES_IN_ANY_TABLE[role])


def _columns_of_roles(keys: list[str], dialect: Dialect, where: str) -> dict[Role, int]:
    times = Counter(keys)
    columns: dict[Role, int] = {}
    for role in NAMES_IN_ANY_TABLE:
        key = next((key for key in _spellings(role, dialect) if key in times), None)
        if key is None:
            continue
        if times[key] > 1:
            places = " and ".join(str(i + 1) for i, other in enumerate(keys) if other == key)
            raise GwasFileError(
                f"{where}: columns {places} are both called {key!r}, and it is needed; rename or "
                "drop one of them"
            )
        columns[role] = keys.index(key)
    return columns


def _position_with_build(keys: list[str], where: str) -> tuple[dict[Role, int], str]:
    """Find a position column whose name says of which build it is."""
    bases = set(NAMES_IN_ANY_TABLE["position"])
    found = [
        (i, build)
        for i, key in enumerate(keys)
        for base, build in (split_build(key),)
        if build and base in bases
    ]
    if len(found) > 1:
        raise GwasFileError(
            f"{where}: {len(found)} columns of positions, of {' and '.join(b for _, b in found)}; "
            "rename the one to be read to BP"
        )
    return ({"position": found[0][0]}, found[0][1]) if found else ({}, "")


def _with_alleles(
    columns: dict[Role, int],
    keys: list[str],
    where: str,
    effect_allele: EffectAllele | None,
) -> dict[Role, int]:
    """Settle which column holds the effect allele."""
    undeclared = next((pair for pair in UNDECLARED_PAIRS if pair[0] in keys), None)
    if effect_allele is not None:
        return _as_told(columns, keys, undeclared, where, effect_allele)
    if "effect" in columns:
        return _other_than_effect(columns, keys)
    declared = next((pair for pair in ALLELE_PAIRS if {*pair} <= {*keys}), None)
    if declared is not None:
        columns |= _pair(keys, *declared)
        return columns | _frequency_of_a1(columns, keys)
    if undeclared is not None and undeclared[1] in keys:
        raise GwasFileError(_undeclared(undeclared, where))
    if undeclared is not None and "ref" not in columns:
        raise GwasFileError(_undeclared(undeclared, where))
    if "reference_allele" in keys and "alt" not in columns:
        raise GwasFileError(
            f"{where}: column reference_allele does not say whether the effect is of it or of the "
            "other one; rename the columns to effect_allele and other_allele"
        )
    if {"ref", "alt"} <= columns.keys() and any(role in columns for role in _RISK_SIZES):
        return columns | {"effect": columns["alt"], "other": columns["ref"]}
    return columns


def _other_than_effect(columns: dict[Role, int], keys: list[str]) -> dict[Role, int]:
    """Take reference_allele beside effect_allele for the other allele, not for the genome's."""
    if "alt" in columns or keys[columns.get("ref", columns["effect"])] != "reference_allele":
        return columns
    columns.setdefault("other", columns.pop("ref"))
    return columns


def _pair(keys: list[str], effect: str, other: str) -> dict[Role, int]:
    pair: dict[Role, int] = {"effect": keys.index(effect)}
    if other in keys:
        pair["other"] = keys.index(other)
    return pair


def _frequency_of_a1(columns: Mapping[Role, int], keys: list[str]) -> dict[Role, int]:
    key = next((key for key in _FREQUENCIES_OF_A1 if key in keys), None)
    return {} if key is None or "frequency" in columns else {"frequency": keys.index(key)}


def _as_told(
    columns: dict[Role, int],
    keys: list[str],
    pair: tuple[str, str] | None,
    where: str,
    effect_allele: EffectAllele,
) -> dict[Role, int]:
    if pair is None:
        raise GwasFileError(
            f"{where}: effect_allele={effect_allele!r} is given, and there are no columns A1 and "
            f"A2 (or Allele1 and Allele2) among {', '.join(keys)[:200]}; leave it out"
        )
    first, second = pair
    effect, other = (first, second) if effect_allele == "A1" else (second, first)
    if effect not in keys:
        raise GwasFileError(
            f"{where}: effect_allele={effect_allele!r} is given, and there is no column "
            f"{effect.upper()} among {', '.join(keys)[:200]}"
        )
    told = {role: i for role, i in columns.items() if role not in ("effect", "other")}
    told |= _pair(keys, effect, other)
    return told | _frequency_of_a1(told, keys) if effect_allele == "A1" else told


def _undeclared(pair: tuple[str, str], where: str) -> str:
    first, second = (key.upper() for key in pair)
    return (
        f"{where}: columns {first} and {second} do not say which of them is the effect allele: in "
        f"PLINK, GCTA and LDSC it is {first}, in SAIGE and many a consortium's table {second}; "
        "with the wrong one every effect has the wrong sign. Look it up in the table's description "
        "and say it: --effect-allele A1 or --effect-allele A2 (effect_allele='A1' in Python), "
        "where A1 stands for the first of the two columns"
    )


def _shown(header: Sequence[str]) -> str:
    return ", ".join(header)[:200] or "none"
