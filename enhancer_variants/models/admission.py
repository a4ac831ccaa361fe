"""A precision or backend that a model may be computed with, as noted in its card.

A precision or a backend is admitted by its error on the shift of log-odds, which is what a user
reads, and never by its error on probabilities, which hardly move where a model is sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.card_checks import is_name, is_sha256, is_whole, wrong_value

__all__ = [
    "EXACT_ERROR",
    "LEAST_RANK_CORRELATION",
    "Admission",
    "Backend",
    "Precision",
    "admissions_for_weights",
    "admissions_from_json",
    "grade",
]

Precision: TypeAlias = Literal["fp32", "fp16", "bf16"]
"""Numbers that a network computes with."""

Backend: TypeAlias = Literal["torch", "openvino"]
"""Library that computes a network."""

Grade: TypeAlias = Literal["exact", "approximate", "refused"]
"""How near the shifts are to those of fp32 on torch."""

EXACT_ERROR: Final = 1e-4
"""Largest error of a shift, in log2 units, of what is exact.

As much as another batch size may change a shift in fp32 by rounding: nobody can tell an exact
precision from the reference.
"""

LEAST_RANK_CORRELATION: Final = 0.995
"""Rank correlation of the shifts from which on a precision is approximate, and not refused.

The order of variants stays: of a thousand, the ranks move by 29 (root mean square) at the most.
"""

_SMALLEST_SPEEDUP = 1e-6
_LARGEST_SPEEDUP = 1e6
_LARGEST_ERROR = 1e6
_MOST_PAIRS = 10**9
_MOST_VERSIONS = 10
_DEVICE_TYPES = ("cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A precision on a backend that was found good enough for a model, on one kind of device.

    Errors are those of the shift against fp32 on torch on the same device and windows; of a model
    with several outputs, those of the worst one.

    Attributes
    ----------
    precision, backend
        What is admitted: ``fp32``, ``fp16`` or ``bf16`` on ``torch`` or ``openvino``.
    device_type
        ``cpu``, ``cuda`` or ``mps``.
    n
        Number of window pairs that were compared.
    largest_error, p99_error
        Largest absolute error of the shift and its 99th percentile, log2 units.
    rank_correlation
        Spearman's correlation of the shifts with those of the reference.
    speedup
        Sequences per second, divided by those of fp32 on torch, as measured.
    windows
        Where the windows come from, in words.
    weights_sha256
        SHA-256 of the weights file that was checked: the admission holds for no other.
    window_length, max_seq_length, padding
        How the model was fed, as in its card: likewise.
    versions
        Version of each library by its name.

    Raises
    ------
    CheckpointError
        If a value is of another type or outside its range, or the errors are larger than any
        that may be admitted; the message names the key.

    Examples
    --------
    >>> admission = Admission(
    ...     precision="fp32", backend="openvino", device_type="cpu", n=1000, largest_error=3e-6,
    ...     p99_error=1e-6, rank_correlation=1.0, speedup=1.3, windows="common.vcf.gz",
    ...     weights_sha256="0" * 64, window_length=200, max_seq_length=None, padding="none",
    ...     versions={"torch": "2.9.0", "openvino": "2026.4.1"})
    >>> admission.grade
    'exact'
    """

    precision: Precision
    backend: Backend
    device_type: str
    n: int
    largest_error: float
    p99_error: float
    rank_correlation: float
    speedup: float
    windows: str
    weights_sha256: str
    window_length: int
    max_seq_length: int | None
    padding: Literal["dnabert", "none"]
    versions: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_figures(self)
        _check_conditions(self)
        _check_versions(self.versions)
        if self.grade == "refused":
            raise wrong_value(
                "largest_error",
                self.largest_error,
                f"at most {EXACT_ERROR}, or a rank_correlation of {LEAST_RANK_CORRELATION} or more",
            )

    @property
    def grade(self) -> Grade:
        """``exact`` or ``approximate``."""
        return grade(self.largest_error, self.rank_correlation)

    @property
    def key(self) -> tuple[str, str, str]:
        """What is admitted, and where: of these a card has one admission."""
        return self.device_type, self.precision, self.backend


def grade(largest_error: float, rank_correlation: float) -> Grade:
    """Say how near shifts are to those of the reference.

    Parameters
    ----------
    largest_error
        Largest absolute error of a shift, log2 units.
    rank_correlation
        Spearman's correlation with the shifts of the reference.

    Returns
    -------
    str
        ``exact``: as good as the reference. ``approximate``: the order of variants stays.
        ``refused``: neither; also where a figure is not a number.

    Examples
    --------
    >>> grade(2e-5, 1.0), grade(0.02, 0.999), grade(0.5, 0.9), grade(float("nan"), 1.0)
    ('exact', 'approximate', 'refused', 'refused')
    """
    if largest_error <= EXACT_ERROR:
        return "exact"
    if math.isfinite(largest_error) and rank_correlation >= LEAST_RANK_CORRELATION:
        return "approximate"
    return "refused"


def admissions_for_weights(
    admissions: tuple[Admission, ...], old: str, new: str
) -> tuple[Admission, ...]:
    """Carry admissions over to another file of the same weights.

    Parameters
    ----------
    admissions
        Those of the old card. Those of other weights than `old` are left out.
    old, new
        SHA-256 of the weights file that was checked, and of the new one.
    """
    return tuple(replace(a, weights_sha256=new) for a in admissions if a.weights_sha256 == old)


def admissions_from_json(value: object) -> tuple[Admission, ...]:
    """Read what a card says under ``admissions``.

    Parameters
    ----------
    value
        JSON values.

    Raises
    ------
    CheckpointError
        If it is none; the message says where, as in ``admissions[0].n``.
    """
    if not isinstance(value, list):
        raise wrong_value("admissions", value, "a list of objects")
    return tuple(_admission(item, f"admissions[{i}]") for i, item in enumerate(value))


def _admission(value: object, where: str) -> Admission:
    names = sorted(item.name for item in fields(Admission))
    if not isinstance(value, dict) or sorted(value) != names:
        raise wrong_value(where, value, f"an object of {', '.join(names)}")
    content: dict[str, Any] = dict(value)
    try:
        return Admission(**content)
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from error


def _check_choices(admission: Admission) -> None:
    for key, choices in (
        ("precision", get_args(Precision)),
        ("backend", get_args(Backend)),
        ("device_type", _DEVICE_TYPES),
        ("padding", ("dnabert", "none")),
    ):
        value = getattr(admission, key)
        if value not in choices:
            raise wrong_value(key, value, " or ".join(f'"{choice}"' for choice in choices))
    if (admission.precision, admission.backend) == ("fp32", "torch"):
        raise wrong_value("backend", "torch", "another one for fp32, which needs no admission")


def _check_figures(admission: Admission) -> None:
    for key, least, most in (
        ("largest_error", 0.0, _LARGEST_ERROR),
        ("p99_error", 0.0, _LARGEST_ERROR),
        ("rank_correlation", -1.0, 1.0),
        ("speedup", _SMALLEST_SPEEDUP, _LARGEST_SPEEDUP),
    ):
        value = getattr(admission, key)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (is_number and least <= value <= most):  # not true of NaN either
            raise wrong_value(key, value, f"a number from {least:g} to {most:g}")
    if admission.p99_error > admission.largest_error:
        raise wrong_value("p99_error", admission.p99_error, "at most the largest_error")


def _check_conditions(admission: Admission) -> None:
    for key, most in (("n", _MOST_PAIRS), ("window_length", _MOST_PAIRS)):
        value = getattr(admission, key)
        if not (is_whole(value, 1) and value <= most):
            raise wrong_value(key, value, f"a whole number from 1 to {most}")
    tokens = admission.max_seq_length
    if not (tokens is None or is_whole(tokens, 1)):
        raise wrong_value("max_seq_length", tokens, "a whole number from 1 on, or null")
    if not is_name(admission.windows):
        raise wrong_value("windows", admission.windows, "printable text, at most 200 characters")
    if not is_sha256(admission.weights_sha256):
        expected = "64 lower-case hexadecimal digits"
        raise wrong_value("weights_sha256", admission.weights_sha256, expected)


def _check_versions(versions: object) -> None:
    expected = f"an object of at most {_MOST_VERSIONS} versions by name"
    if not isinstance(versions, Mapping) or len(versions) > _MOST_VERSIONS:
        raise wrong_value("versions", versions, expected)
    for name, version in versions.items():
        if not (is_name(name) and is_name(version)):
            raise wrong_value("versions", {name: version}, expected)
