"""Names of genome builds as lists, their side files and their columns write them."""

from __future__ import annotations

import re
from typing import Final

from enhancer_variants.gwas.formats.cell_values import is_missing

__all__ = ["assembly_of", "build_named", "split_build"]

_OF_NUMBER: Final = {
    "36": "NCBI36",
    "18": "NCBI36",
    "37": "GRCh37",
    "19": "GRCh37",
    "38": "GRCh38",
}
_NAME: Final = re.compile(
    r"(?:GRCh|NCBI|hg|build|b|GCA_)?[ _-]?(36|37|38|18|19)(?![0-9])(?:[._-]?p[0-9]+)?",
    re.IGNORECASE,
)
_COMPLETE: Final = re.compile(r"hs1|(?:T2T[-_]?)?CHM13(?:v?2(?:\.0)?)?", re.IGNORECASE)
_BUILD_SUFFIX: Final = re.compile(
    r"_?\(?((?:grch|hg|build|b|ncbi)_?(?:36|37|38|18|19))(?:_?p[0-9]+)?\)?$"
)


def build_named(text: str) -> str:
    """Give the consortium's name of a human genome build, or an empty text for anything else.

    Examples
    --------
    >>> [build_named(text) for text in ("hg19", "GRCh38.p13", "38", "CHM13v2.0", "Smith et al.")]
    ['GRCh37', 'GRCh38', 'GRCh38', 'T2T-CHM13v2.0', '']
    """
    text = text.strip()
    if _COMPLETE.fullmatch(text):
        return "T2T-CHM13v2.0"
    found = _NAME.fullmatch(text)
    return _OF_NUMBER[found[1]] if found else ""


def assembly_of(text: str) -> str:
    """Give the name of a build, the text itself where it is none that is known, or nothing.

    >>> [assembly_of(text) for text in ("hg19", "GRCm39", "NR")]
    ['GRCh37', 'GRCm39', '']
    """
    return build_named(text) or ("" if text.lower() == "unknown" or is_missing(text) else text)


def split_build(key: str) -> tuple[str, str]:
    """Take the build off the folded name of a column.

    >>> split_build("pos_hg19"), split_build("bp_(grch38)"), split_build("bp")
    (('pos', 'GRCh37'), ('bp', 'GRCh38'), ('bp', ''))
    """
    found = _BUILD_SUFFIX.search(key)
    if found is None or found.start() == 0:
        return key, ""
    return key[: found.start()], build_named(found[1].replace("_", ""))
