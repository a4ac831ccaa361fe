"""Null distributions: how large shifts are among changes that are not selected for an effect.

A model's shifts have no unit of their own that says what is much: log2 odds of one model are not
those of another. So a shift is compared with the absolute shifts that the same model, used in the
same way, gives to a large number of other changes, and a card keeps these in little room: 1,001
quantiles, and the 1,000 largest one by one, because p-values are decided there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.models.card_checks import is_whole, wrong_value

__all__ = ["NULL_PART_SIZE", "NullDistribution", "OutputNull", "seven_digits"]

FloatArray = npt.NDArray[np.float64]

NULL_PART_SIZE = 1000
"""How many of the largest shifts are kept, and into how many parts the quantiles divide."""

_MOST_CHANGES = 10**12
_POWERS_OF_TEN = tuple(float(10**digits) for digits in range(23))
"""Those that float64 holds exactly."""


def seven_digits(values: npt.ArrayLike) -> FloatArray:
    """Round to the seven significant digits that a card keeps.

    Shifts are rounded in the same way before they are compared with a card's, so that a change
    which is itself part of the null distribution counts there.

    Parameters
    ----------
    values
        Numbers not below 0, any shape. Digits after the 22nd decimal are dropped, and those before
        the point are kept.

    Examples
    --------
    >>> seven_digits([0.123456789, 12345678.9, 0.0]).tolist()
    [0.1234568, 12345679.0, 0.0]
    """
    exact = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore"):
        decimals = np.clip(6 - np.floor(np.log10(exact)), 0, len(_POWERS_OF_TEN) - 1)
    scale = np.array(_POWERS_OF_TEN)[np.nan_to_num(decimals).astype(np.intp)]
    # Both sides of the division are exact, so its result is the double nearest to the decimal
    # number: it is written with seven digits, and reading these gives it back.
    return np.asarray(np.rint(exact * scale) / scale)


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Absolute shifts of many changes, in 2,001 numbers.

    Attributes
    ----------
    n
        Number of changes.
    quantiles
        1,001 quantiles of the absolute shift in log2 units, ascending: number i is the value at
        position ``i / 1000 * (n - 1)`` of the sorted ones, interpolated.
    largest
        The 1,000 largest absolute shifts, descending; all of them where there are fewer.

    Raises
    ------
    CheckpointError
        If the numbers contradict each other; the message names the key.

    Notes
    -----
    Numbers are kept to seven significant digits.

    Examples
    --------
    >>> null = NullDistribution.of([-4.0, 1.0, 2.0, 3.0])
    >>> null.percentile([2.5, -2.0, 9.0]).tolist()
    [0.5, 0.5, 1.0]
    >>> null.p_value([2.5, -2.0, 9.0]).tolist()
    [0.6, 0.8, 0.2]
    """

    n: int
    quantiles: tuple[float, ...] = field(repr=False)
    largest: tuple[float, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not (is_whole(self.n, 1) and self.n <= _MOST_CHANGES):
            raise wrong_value("n", self.n, f"a whole number from 1 to {_MOST_CHANGES}")
        kept = min(self.n, NULL_PART_SIZE)
        quantiles = _numbers("quantiles", self.quantiles, NULL_PART_SIZE + 1)
        largest = _numbers("largest", self.largest, kept)
        if (np.diff(quantiles) < 0).any():
            raise wrong_value("quantiles", self.quantiles, "ascending numbers")
        if (np.diff(largest) > 0).any():
            raise wrong_value("largest", self.largest, "descending numbers")
        if not _agree(self.n, quantiles, largest):
            expected = "the quantiles' own largest numbers"
            raise wrong_value("largest", self.largest, expected)
        object.__setattr__(self, "quantiles", tuple(quantiles.tolist()))
        object.__setattr__(self, "largest", tuple(largest.tolist()))

    @classmethod
    def of(cls, shifts: npt.ArrayLike) -> NullDistribution:
        """Describe shifts of changes that are not selected for an effect.

        Parameters
        ----------
        shifts
            Log-odds shifts, log2 units, of either sign, shape ``(n,)``; NaN is left out.

        Raises
        ------
        InputError
            If there are none, or some are infinite.
        """
        size = np.abs(np.asarray(shifts, dtype=np.float64).ravel())
        size = seven_digits(size[~np.isnan(size)])
        size.sort()
        if not len(size) or not np.isfinite(size[-1]):
            found = "an infinite shift" if len(size) else "no shift"
            raise InputError(f"{found} to make a null distribution of; expected finite numbers")
        n = len(size)
        # In whole numbers, so that positions are exact however many changes there are.
        whole, part = np.divmod(np.arange(NULL_PART_SIZE + 1) * (n - 1), NULL_PART_SIZE)
        below, above = size[whole], size[np.minimum(whole + 1, n - 1)]
        quantiles = np.minimum(below + (above - below) * (part / NULL_PART_SIZE), above)
        return cls(n, tuple(quantiles.tolist()), tuple(size[: -NULL_PART_SIZE - 1 : -1].tolist()))

    def percentile(self, shift: npt.ArrayLike) -> FloatArray:
        """Share of the null's absolute shifts at or below ours, from 0 to 1.

        Parameters
        ----------
        shift
            Log-odds shifts, log2 units, of either sign, any shape.

        Returns
        -------
        numpy.ndarray
            Same shape; NaN where the shift is. Exact from the 1,000th largest on, interpolated
            between the quantiles below it.
        """
        size = seven_digits(np.abs(np.asarray(shift, dtype=np.float64)))
        descending = -np.array(self.largest)
        count = (self.n - np.searchsorted(descending, -size, side="left")).astype(np.float64)
        if self.n > NULL_PART_SIZE:
            between = np.where(size < self.quantiles[0], 0.0, self._position(size, "right") + 1)
            count = np.where(size >= self.largest[-1], count, between)
        return np.where(np.isnan(size), np.nan, count / self.n)

    def p_value(self, shift: npt.ArrayLike) -> FloatArray:
        """Two-sided p-value: ``(rank + 1) / (n + 1)``.

        Parameters
        ----------
        shift
            Log-odds shifts, log2 units, of either sign, any shape.

        Returns
        -------
        numpy.ndarray
            Same shape, above 0 and at most 1; NaN where the shift is. The rank, which is the
            number of the null's absolute shifts at or above ours, is exact among the 1,000
            largest and interpolated between the quantiles below them.
        """
        size = seven_digits(np.abs(np.asarray(shift, dtype=np.float64)))
        descending = -np.array(self.largest)
        rank = np.searchsorted(descending, -size, side="right").astype(np.float64)
        if self.n > NULL_PART_SIZE:
            # At the last of them itself there may be more that are equal.
            between = self.n - self._position(size, "left")
            rank = np.where(size > self.largest[-1], rank, between)
        return np.where(np.isnan(size), np.nan, (rank + 1) / (self.n + 1))

    def phred(self, shift: npt.ArrayLike) -> FloatArray:
        """Phred-scaled p-value: ``-10 log10 p``, at most ``10 log10(n + 1)``.

        Parameters
        ----------
        shift
            As for :meth:`p_value`.

        Examples
        --------
        >>> NullDistribution.of(range(99)).phred([1000.0, 0.0]).tolist()
        [20.0, 0.0]
        """
        return np.asarray(-10 * np.log10(self.p_value(shift)) + 0.0)  # no -0.0

    def _position(self, size: FloatArray, side: Literal["left", "right"]) -> FloatArray:
        """Place of a value in the sorted null, from 0, up to that of the 1,000th largest.

        Of several equal values, the place of the first (`left`) or of the last (`right`).
        """
        kept = self.n - NULL_PART_SIZE
        positions = np.arange(NULL_PART_SIZE + 1) * (self.n - 1) / NULL_PART_SIZE
        below = positions <= kept
        # The 1,000th largest is a place too, so that both ways to count agree where they meet.
        places = np.append(positions[below], kept)
        values = np.append(np.array(self.quantiles)[below], self.largest[-1])
        after = np.clip(np.searchsorted(values, size, side=side), 1, len(values) - 1)
        width = values[after] - values[after - 1]
        share = np.zeros_like(size)
        np.divide(size - values[after - 1], width, out=share, where=width > 0)
        step = places[after] - places[after - 1]
        position = places[after - 1] + np.clip(share, 0, 1) * step
        return np.asarray(np.minimum(position, places[after]))


@dataclass(frozen=True, slots=True)
class OutputNull:
    """Null distributions of one output of a model.

    Attributes
    ----------
    snv
        Of single-base changes.
    other
        Of every other kind, which change more tokens; None where too few were scored.
    """

    snv: NullDistribution
    other: NullDistribution | None = None


def _numbers(key: str, values: object, count: int) -> FloatArray:
    """Check that a value is so many finite numbers, none below 0."""
    expected = f"a list of {count} finite numbers, none below 0"
    if not isinstance(values, (list, tuple)) or len(values) != count:
        raise wrong_value(key, values, expected)
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        raise wrong_value(key, values, expected)
    try:
        numbers = np.array([float(value) for value in values])
    except OverflowError as error:
        raise wrong_value(key, values, expected) from error
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise wrong_value(key, values, expected)
    return seven_digits(numbers)


def _agree(n: int, quantiles: FloatArray, largest: FloatArray) -> bool:
    """Whether the quantiles end in the largest numbers."""
    positions = np.arange(NULL_PART_SIZE + 1) * (n - 1) / NULL_PART_SIZE
    first = n - len(largest)
    return bool(
        quantiles[-1] == largest[0]
        and (quantiles[positions <= first] <= largest[-1]).all()
        and (quantiles[positions >= first] >= largest[-1]).all()
    )
