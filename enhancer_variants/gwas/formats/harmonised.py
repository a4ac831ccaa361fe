"""GWAS-SSF: the side file FILE-meta.yaml, and what harmonisation says of strands."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from enhancer_variants.errors import GwasFileError
from enhancer_variants.gwas.formats.assembly_names import assembly_of
from enhancer_variants.gwas.formats.cell_values import is_missing, number_of
from enhancer_variants.gwas.formats.dialects import Role
from enhancer_variants.gwas.formats.layout import Layout
from enhancer_variants.gwas.formats.summary_statistics import VariantReader
from enhancer_variants.gwas.formats.table_lines import column_key
from enhancer_variants.gwas.risk_list import ListVariant

__all__ = ["HARMONISED_ASSEMBLY", "SideFile", "harmonised_reader", "read_side_file"]

HARMONISED_ASSEMBLY: Final = "GRCh38"
"""Build to which the GWAS Catalog harmonises."""

_ON_FORWARD_STRAND: Final = frozenset((*range(1, 9), *range(10, 14)))
"""hm_code of rows whose alleles were put on the forward strand; the rest was left as it was."""

_KEY_AND_VALUE = re.compile(r"""\s*(?:- )?\s*["']?(\w+)["']?\s*:\s*(\S.*?)?\s*""")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_IN_FILE_NAME = re.compile(r"_build(GRCh3[78])(?![0-9])")

_HARMONISED_COLUMNS: Final[Mapping[Role, str]] = {
    "contig": "hm_chrom",
    "position": "hm_pos",
    "effect": "hm_effect_allele",
    "other": "hm_other_allele",
    "frequency": "hm_effect_allele_frequency",
    "beta": "hm_beta",
    "odds_ratio": "hm_odds_ratio",
}
_HARMONISED_NAMES = ("hm_rsid", "hm_variant_id")


@dataclass(frozen=True, slots=True)
class SideFile:
    """What a list's side file says.

    Attributes
    ----------
    assembly
        Genome build, or empty.
    first_base
        What the list calls the first base of a contig: 0 or 1.
    harmonised
        Whether all of the list was harmonised.
    """

    assembly: str = ""
    first_base: int = 1
    harmonised: bool = False


def read_side_file(source: str | os.PathLike[str]) -> SideFile:
    """Read FILE-meta.yaml where it lies next to the list, and what the list's name says.

    Only three of its keys are read, in either spelling (``genome_assembly``,
    ``genomeAssembly``), so no YAML library is needed.

    Parameters
    ----------
    source
        The list's path; ``-`` has no side file.

    Raises
    ------
    GwasFileError
        If the side file cannot be read, or states a coordinate system that is neither 0-based
        nor 1-based.
    """
    if source == "-":
        return SideFile()
    path = Path(source)
    named = _IN_FILE_NAME.search(path.name)
    of_name = SideFile(assembly_of(named[1]) if named else "")
    uncompressed = re.sub(r"\.b?gz$", "", path.name)
    candidates = (path.with_name(f"{name}-meta.yaml") for name in (path.name, uncompressed))
    side = next((candidate for candidate in candidates if candidate.is_file()), None)
    if side is None:
        return of_name
    try:
        text = side.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GwasFileError(
            f"{side.name}: cannot be read ({error}); it states the build and coordinates of "
            f"{path.name}. Mend it, or move it away to read the list without it"
        ) from error
    return _side_file(text, side.name, of_name)


def _side_file(text: str, name: str, default: SideFile) -> SideFile:
    assembly, first_base, harmonised = default.assembly, 1, False
    for number, line in enumerate(text.splitlines(), 1):
        found = _KEY_AND_VALUE.fullmatch(_COMMENT.sub("", line))
        if found is None:
            continue
        key, value = found[1].replace("_", "").lower(), (found[2] or "").strip("\"'")
        if key == "genomeassembly":
            assembly = assembly_of(value) or assembly
        elif key == "coordinatesystem" and value and not is_missing(value):
            first_base = _first_base(value, f"{name}:{number}")
        elif key in ("isharmonised", "harmonised"):
            harmonised = value.lower() in ("true", "yes")
    return SideFile(assembly, first_base, harmonised)


def _first_base(value: str, where: str) -> int:
    if value[:1] in ("0", "1") and value.lower().lstrip("01").strip("- _") in ("based", "base", ""):
        return int(value[0])
    raise GwasFileError(
        f"{where}: coordinate_system is {value!r}; expected 0-based or 1-based. Mend the side file"
    )


def harmonised_reader(
    header: Sequence[str], layout: Layout
) -> Callable[[Sequence[str]], ListVariant]:
    """Give a reader of rows that minds ``hm_code``.

    A harmonised row is on the forward strand. A row that was not is read as its author wrote
    it, on a strand that nobody knows; where the file keeps the harmonised values in columns of
    their own (``hm_pos``), its own position is left out, because it is of another build.

    Parameters
    ----------
    header
        Names of the columns, ``hm_code`` among them.
    layout
        Columns as in any GWAS-SSF.
    """
    keys = [column_key(name) for name in header]
    code = keys.index("hm_code")
    names = tuple(keys.index(name) for name in _HARMONISED_NAMES if name in keys)
    if "hm_effect_allele" in keys:
        own = {role: i for role, i in layout.columns.items() if role in ("p", "minus_log10_p")}
        moved = {role: keys.index(key) for role, key in _HARMONISED_COLUMNS.items() if key in keys}
        as_harmonised = replace(layout, columns=own | moved, names=(*names, *layout.names))
        placeless = {
            role: i for role, i in layout.columns.items() if role not in ("contig", "position")
        }
        as_written = replace(
            layout, columns=placeless, names=(*names[:1], *layout.names), names_hold_places=False
        )
    else:
        as_harmonised = as_written = layout
    harmonised = VariantReader(replace(as_harmonised, forward=True))
    written = VariantReader(as_written)

    def variant_of(cells: Sequence[str]) -> ListVariant:
        was_harmonised = number_of(cells[code]) in _ON_FORWARD_STRAND
        return (harmonised if was_harmonised else written)(cells)

    return variant_of
