"""What a field of a fine-tuning run may hold, and how one is refused that is none of it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from enhancer_variants.errors import InputError

__all__ = [
    "as_names",
    "as_path",
    "check_choice",
    "check_known",
    "check_number",
    "check_numbers",
    "check_seed",
    "check_whole",
]

_WHOLE: Final = {
    "batch_size": 1,
    "gradient_accumulation": 1,
    "shift": 0,
    "logging_steps": 1,
    "save_total_limit": 1,
    "workers": 0,
}
_WHOLE_OR_NONE: Final = {
    "kmer": 1,
    "window_length": 1,
    "max_seq_length": 3,
    "max_steps": 1,
    "early_stopping": 1,
    "threads": 1,
}
_UP_FROM_0: Final = ("learning_rate", "weight_decay")
_ABOVE_0: Final = ("epochs", "gradient_clip")
_LARGEST_SEED: Final = 2**32 - 1  # that numpy's generator takes, which Trainer seeds
_SHARES: Final = ("warmup_share", "dropout", "reverse_complement")


def check_numbers(values: Mapping[str, Any]) -> None:
    """Refuse numbers out of their ranges.

    Parameters
    ----------
    values
        Every field of a run by its name.

    Raises
    ------
    InputError
        For the first field that holds none of what it may.
    """
    for name, least in _WHOLE.items():
        check_whole(name, values[name], least)
    for name, least in _WHOLE_OR_NONE.items():
        if values[name] is not None:
            check_whole(name, values[name], least)
    check_seed(values["seed"])
    if values["evaluate_every"] != "epoch":
        check_whole("evaluate_every", values["evaluate_every"], 1)
    for name in (*_UP_FROM_0, *_ABOVE_0):
        check_number(name, values[name], 0)
    for name in _ABOVE_0:
        if values[name] == 0:
            raise InputError(f"{name} is 0; expected a number above 0")
    for name in _SHARES:
        check_number(name, values[name], 0, 1)
    if values["dropout"] == 1:
        raise InputError("dropout is 1, which leaves nothing; expected a share below 1")


def check_whole(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number from `least` on.

    Examples
    --------
    >>> check_whole("shift", 0, 0)
    >>> check_whole("shift", 0.5, 0)
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: shift is 0.5; expected a whole number from 0 on
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} is {value!r}; expected a whole number from {least} on")


def check_seed(seed: int) -> None:
    """Refuse a seed that Trainer or a generator of numbers would refuse later.

    Examples
    --------
    >>> check_seed(42)
    >>> check_seed(2**32)
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: seed is 4294967296; expected at most 4294967295
    """
    check_whole("seed", seed, 0)
    if seed > _LARGEST_SEED:
        raise InputError(f"seed is {seed}; expected at most {_LARGEST_SEED}")


def check_number(name: str, value: Any, least: float, most: float = math.inf) -> None:
    """Refuse what is no finite number from `least` to `most`.

    Examples
    --------
    >>> check_number("dropout", 0.1, 0, 1)
    >>> check_number("dropout", 1.5, 0, 1)
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: dropout is 1.5; expected a number from 0 to 1
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        upper = f" to {most:g}" if math.isfinite(most) else " up"
        raise InputError(f"{name} is {value!r}; expected a number from {least:g}{upper}")


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Refuse what is none of the choices.

    Examples
    --------
    >>> check_choice("device", "tpu", ("cpu", "cuda"))
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: device is 'tpu'; expected cpu or cuda
    """
    expected = tuple(choices)
    if value not in expected:
        raise InputError(f"{name} is {value!r}; expected {' or '.join(expected)}")


def check_known(given: Iterable[str], known: Sequence[str], prefix: str = "") -> None:
    """Refuse a name that no field has.

    Examples
    --------
    >>> check_known(["seeds"], ["seed", "epochs"])
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: 'seeds' is no field; expected one of seed, epochs
    """
    for name in given:
        if name not in known:
            raise InputError(f"'{prefix}{name}' is no field; expected one of {', '.join(known)}")


def as_path(name: str, value: object) -> str | None:
    """Give a path as text, so that equal configurations are equal; None stays.

    Raises
    ------
    InputError
        If it is no path.

    Examples
    --------
    >>> from pathlib import Path
    >>> as_path("output", Path("models", "CTCF"))
    'models/CTCF'
    """
    if value is None:
        return None
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        raise InputError(f"{name} is {value!r}; expected a path")
    return path


def as_names(name: str, value: Any) -> tuple[str, ...]:
    """Give a list of names as a tuple.

    Raises
    ------
    InputError
        If it is no list of text.

    Examples
    --------
    >>> as_names("tags", ["a", "b"])
    ('a', 'b')
    """
    listed = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if not listed or not all(isinstance(each, str) and each for each in value):
        raise InputError(f"{name} is {value!r}; expected a list of names")
    return tuple(value)
