"""Identifiers as numbers, so that a billion of them can be sorted."""

from __future__ import annotations

import hashlib
import re
from typing import Final

__all__ = ["RS_NUMBER_DIGITS", "identifier_key", "rs_number"]

RS_NUMBER_DIGITS: Final = 18
"""Digits of a number that surely fits into 64 bits; dbSNP has used ten so far."""

_RS: Final = re.compile(rf"rs([0-9]{{1,{RS_NUMBER_DIGITS}}})", re.IGNORECASE | re.ASCII)


def rs_number(identifier: str) -> int | None:
    """Give the number of an rsID, whatever the case of its letters; None for any other text.

    Examples
    --------
    >>> rs_number("rs7903146"), rs_number("RS7903146"), rs_number("7:126253551:G:T")
    (7903146, 7903146, None)
    """
    found = _RS.fullmatch(identifier)
    return int(found[1]) if found else None


def identifier_key(identifier: str) -> int:
    """Give the number under which an identifier is indexed.

    An rsID is its own number. Any other text becomes a negative number by its checksum; two
    texts could share one, so what is found by a key still has to be compared with the text.

    Examples
    --------
    >>> identifier_key("rs7903146")
    7903146
    >>> identifier_key("ss1388") < 0
    True
    """
    number = rs_number(identifier)
    if number is not None:
        return number
    checksum = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
    return -1 - (int.from_bytes(checksum, "little") >> 1)
