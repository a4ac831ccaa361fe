"""Effect sizes and frequencies of the GWAS Catalog, which are numbers with words around them."""

from __future__ import annotations

import math
import re
from typing import Final

from enhancer_variants.gwas.formats.cell_values import frequency_of, is_missing, number_of
from enhancer_variants.gwas.risk_list import EffectSizeKind

__all__ = ["catalog_effect", "catalog_frequency"]

_NUMBER: Final = re.compile(r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?")
_WORDS: Final = re.compile(r"[A-Za-z%]+")
# Misspelt ones are there: incease, increse, decrase, decrea, dcrease.
_MORE: Final = re.compile(r"incr?e\w*|taller|higher|older|more|longer|larger|greater|heavier")
_LESS: Final = re.compile(r"de?cr\w*|shorter|lower|younger|fewer|less|smaller|lighter")


def catalog_effect(value: str, text: str) -> tuple[float | None, EffectSizeKind]:
    """Read ``OR or BETA`` and ``95% CI (TEXT)``, signed for the risk allele.

    Parameters
    ----------
    value
        ``OR or BETA``: the catalogue writes it without a sign.
    text
        ``95% CI (TEXT)``: an interval, then for a beta its unit and ``increase`` or ``decrease``.

    Returns
    -------
    size
        The natural logarithm of an odds ratio; a beta, negative for a decrease. None where there
        is no number, for an odds ratio of 0 or below, and for a unit without a direction.
    kind
        What that is; empty where size is None.

    Examples
    --------
    >>> catalog_effect("0.3", "[0.1-0.5] (mg/dl decrease)")
    (-0.3, 'beta')
    >>> catalog_effect("1.0", "[NR]"), catalog_effect("2.1", "(% variance explained)")
    ((0.0, 'log_odds_ratio'), (None, ''))
    """
    size = number_of(value)
    if size is None:
        return None, ""
    words = [
        word.lower() for word in _WORDS.findall(_NUMBER.sub(" ", text)) if not is_missing(word)
    ]
    if not words:
        return (math.log(size), "log_odds_ratio") if size > 0 else (None, "")
    sign = next((sign for word in words if (sign := _direction(word))), 0)
    if sign == 0 or (size < 0 < sign):
        return None, ""
    in_log_odds = "log odds" in " ".join(words)
    return sign * abs(size) or 0.0, "log_odds_ratio" if in_log_odds else "beta"


def _direction(word: str) -> int:
    if _MORE.fullmatch(word):
        return 1
    return -1 if _LESS.fullmatch(word) else 0


def catalog_frequency(text: str) -> float | None:
    """Read ``RISK ALLELE FREQUENCY``.

    Returns
    -------
    float or None
        None for a range, for several (one for each population), and for what is no share.

    Examples
    --------
    >>> [catalog_frequency(text) for text in ("0.31", "0.12 (EA)", "NR", "0.4-0.5", "1.24")]
    [0.31, 0.12, None, None, None]
    """
    numbers = _NUMBER.findall(text)
    return frequency_of(numbers[0]) if len(numbers) == 1 and "%" not in text else None
