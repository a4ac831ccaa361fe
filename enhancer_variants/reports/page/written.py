"""Numbers as a page writes them: signed where there is a direction, with digits that help."""

from __future__ import annotations

from typing import Final

__all__ = ["MINUS", "p_text", "share_text", "signed_text"]

MINUS: Final = "\N{MINUS SIGN}"
"""As wide as a plus sign, and never broken off at the end of a line."""


def signed_text(value: float | None, digits: int = 2) -> str:
    r"""Write a shift with its sign, zero without one; empty for None.

    Examples
    --------
    >>> signed_text(1.234), signed_text(0.001), signed_text(None)
    ('+1.23', '0.00', '')
    >>> signed_text(-1) == "\N{MINUS SIGN}1.00"
    True
    """
    if value is None:
        return ""
    text = f"{value:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text[1:]


def share_text(value: float | None) -> str:
    """Write a probability with three decimals; empty for None.

    Examples
    --------
    >>> share_text(0.5), share_text(None)
    ('0.500', '')
    """
    return "" if value is None else f"{value:.3f}"


def p_text(value: float | None) -> str:
    r"""Write a p-value with two digits; empty for None.

    Examples
    --------
    >>> p_text(0.0123), p_text(1.234e-6).replace("\N{MINUS SIGN}", "-"), p_text(None)
    ('0.012', '1.2e-6', '')
    """
    if value is None:
        return ""
    mantissa, _, power = f"{value:.2g}".partition("e")
    return f"{mantissa}e{int(power)}".replace("-", MINUS) if power else mantissa
