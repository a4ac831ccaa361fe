"""Say in what two requests differ, as a person can act on it."""

from __future__ import annotations

from collections.abc import Iterator

from enhancer_variants.models.files import JSON

__all__ = ["differences"]

_LONGEST = 90


def differences(found: JSON, expected: JSON, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Find the places where two JSON values differ.

    Parameters
    ----------
    found, expected
        What is there, and what should be.
    name
        What both are called; parts of it are separated by full stops.

    Yields
    ------
    tuple of str
        Name of the place, and the two values there as text; ``absent`` where there is none.

    Examples
    --------
    >>> one = {"input": {"name": "a.vcf", "bytes": 3}, "strand": "both"}
    >>> list(differences(one, {"input": {"name": "a.vcf", "bytes": 4}}))
    [('input.bytes', '3', '4'), ('strand', "'both'", 'absent')]
    """
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in [*found, *(key for key in expected if key not in found)]:
            place = f"{name}.{key}" if name else key
            if key not in found:
                yield place, "absent", _short(expected[key])
            elif key not in expected:
                yield place, _short(found[key]), "absent"
            else:
                yield from differences(found[key], expected[key], place)
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for number, pair in enumerate(zip(found, expected, strict=True)):
            yield from differences(*pair, f"{name}[{number}]")
    elif found != expected or type(found) is not type(expected):
        yield name, _short(found), _short(expected)


def _short(value: JSON) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
