"""A progress bar that knows its end from the share of the file that was read."""

from __future__ import annotations

from typing import Any

from tqdm.auto import tqdm

__all__ = ["ProgressBar"]


class ProgressBar:
    """Alleles scored, with rate and time left, on standard error or in a notebook.

    Parameters
    ----------
    shown
        True, False, or None for "where someone is watching".
    unit
        What is counted.

    Examples
    --------
    >>> with ProgressBar(False) as bar:
    ...     bar.expect(10, 0.5)
    ...     bar.advance(10)
    """

    def __init__(self, shown: bool | None = None, unit: str = " alleles") -> None:
        disable = None if shown is None else not shown
        self._bar: Any = tqdm(unit=unit, unit_scale=True, disable=disable, leave=False)
        self._expected = 0.0
        self._done = 0.0

    def expect(self, alleles: int, fraction_read: float | None) -> None:
        """Say that so many more alleles were read, which brought the file to `fraction_read`."""
        self._expected += alleles
        if fraction_read:
            self._bar.total = round(self._expected / fraction_read)

    def advance(self, alleles: float) -> None:
        """Say that so many more alleles are done; fractions add up."""
        self._done += alleles
        self._bar.update(round(self._done) - self._bar.n)

    def resume(self, alleles: int) -> None:
        """Say that so many alleles were done by an earlier process; the rate leaves them out."""
        self._done += alleles
        self._bar.initial = alleles
        self._bar.update(alleles)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
