"""What a value in a model card may be, and how one is refused that is none of it."""

from __future__ import annotations

import re

from enhancer_variants.errors import CheckpointError

__all__ = ["LONGEST_NAME", "is_name", "is_sha256", "is_whole", "wrong_value"]

LONGEST_NAME = 200
"""Characters of the longest name."""


def wrong_value(key: str, found: object, expected: str) -> CheckpointError:
    """Make the error for a value that a key cannot have.

    Examples
    --------
    >>> str(wrong_value("kmer", 9, "a whole number from 1 to 8"))
    "key 'kmer' is 9; expected a whole number from 1 to 8"
    """
    shown = repr(found)
    return CheckpointError(f"key {key!r} is {shown[:80]}; expected {expected}")


def is_whole(value: object, least: int) -> bool:
    """Whether a value is a whole number from `least` on.

    Examples
    --------
    >>> is_whole(3, 1), is_whole(True, 1), is_whole(3.0, 1)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_name(value: object) -> bool:
    r"""Whether a value is printable text of a name's length, without white space around it.

    Examples
    --------
    >>> is_name("CTCF"), is_name(" CTCF"), is_name("a\tb"), is_name("")
    (True, False, False, False)
    """
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_NAME
        and value.isprintable()
        and value == value.strip()
    )


def is_sha256(value: object) -> bool:
    """Whether a value is a SHA-256: 64 lower-case hexadecimal digits.

    Examples
    --------
    >>> is_sha256("0" * 64), is_sha256("A" * 64)
    (True, False)
    """
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
