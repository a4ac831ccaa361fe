"""From the log-odds of windows to calls: stretches that are predicted to be enhancers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from enhancer_variants.errors import InputError
from enhancer_variants.models import probability
from enhancer_variants.scan.scanned import ScannedWindows

__all__ = ["Call", "CallMaker", "CallRule", "make_calls"]


@dataclass(frozen=True, slots=True)
class CallRule:
    """What makes windows a call.

    Attributes
    ----------
    threshold
        A call has at least one window whose probability is this or more.
    low_threshold
        From there it goes on for as long as the probability of the next window is this or more
        and the windows share or touch a base; None for `threshold`.
    min_length
        Shorter calls are dropped, bases.
    merge_distance
        Calls with at most so many bases between them become one; overlapping and adjoining ones
        always do.

    Raises
    ------
    InputError
        If a probability is not between 0 and 1, the lower threshold is above the other, or a
        number of bases is negative.

    Examples
    --------
    >>> CallRule(0.9, low_threshold=0.5).lower
    0.5
    """

    threshold: float = 0.5
    low_threshold: float | None = None
    min_length: int = 0
    merge_distance: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.lower <= self.threshold <= 1:
            raise InputError(
                f"threshold is {self.threshold}, low_threshold {self.lower}; expected "
                "0 <= low_threshold <= threshold <= 1 (probabilities)"
            )
        if self.min_length < 0 or self.merge_distance < 0:
            raise InputError(
                f"min_length is {self.min_length}, merge_distance {self.merge_distance}; expected "
                "numbers of bases, 0 or more"
            )

    @property
    def lower(self) -> float:
        """Probability down to which a call goes on."""
        return self.threshold if self.low_threshold is None else self.low_threshold


@dataclass(frozen=True, slots=True)
class Call:
    """A predicted enhancer.

    Attributes
    ----------
    contig
        Name in the FASTA.
    start, end
        0-based, half-open: from the first base of its first window to the last of its last.
    summit
        Centre (start + W // 2) of the window with the largest log-odds, the first of several;
        0-based on the contig.
    sum_probability
        Sum of the probabilities of its windows.
    max_log_odds
        Largest log2 odds of a window.
    windows
        Number of windows that reach the (lower) threshold; those between two merged stretches
        that do not are not counted.

    Examples
    --------
    >>> call = Call("chr1", 100, 350, 250, 1.5, 2.0, 2)
    >>> call.mean_probability, call.max_probability, call.summit_offset
    (0.75, 0.8, 150)
    """

    contig: str
    start: int
    end: int
    summit: int
    sum_probability: float
    max_log_odds: float
    windows: int

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start

    @property
    def mean_probability(self) -> float:
        """Mean probability of its windows."""
        return self.sum_probability / self.windows

    @property
    def max_probability(self) -> float:
        """Probability of its best window."""
        return float(probability(np.array([self.max_log_odds]))[0])

    @property
    def summit_offset(self) -> int:
        """Bases from `start` to the summit."""
        return self.summit - self.start

    def joined(self, other: Call) -> Call:
        """Give the call that covers this one and a later one.

        Parameters
        ----------
        other
            On the same contig, beginning at or after this one's start.
        """
        best = other if other.max_log_odds > self.max_log_odds else self
        return Call(
            self.contig,
            self.start,
            max(self.end, other.end),
            best.summit,
            self.sum_probability + other.sum_probability,
            best.max_log_odds,
            self.windows + other.windows,
        )


class CallMaker:
    """Makes calls of windows that come some at a time, in order; shards leave no trace.

    Parameters
    ----------
    rule
        What makes a call.
    window
        Bases of a window.

    Examples
    --------
    >>> maker = CallMaker(CallRule(), window=200)
    >>> windows = ScannedWindows("chr1", np.array([0, 50, 100]), np.array([-1.0, 1.0, 3.0]))
    >>> maker.add(windows), [(call.start, call.end) for call in maker.finish()]
    ([], [(50, 300)])
    """

    def __init__(self, rule: CallRule, window: int) -> None:
        self._rule, self._window = rule, window
        # Of the stretch of windows that is being followed: what it would be as a call, and
        # whether a window of it has reached the threshold.
        self._stretch: Call | None = None
        self._is_seeded = False
        self._call: Call | None = None
        self._contig = ""

    def add(self, windows: ScannedWindows) -> list[Call]:
        """Take the next windows; give the calls that can no longer change."""
        done = []
        if windows.contig != self._contig:
            done += self.finish()
            self._contig = windows.contig
        probabilities = windows.probabilities
        kept = np.flatnonzero(probabilities >= self._rule.lower)
        last = -1
        for place, start, log_odds, p in zip(
            kept.tolist(),
            windows.starts[kept].tolist(),
            windows.log_odds[kept].tolist(),
            probabilities[kept].tolist(),
            strict=True,
        ):
            if place != last + 1:
                done += self._end_stretch()
            last = place
            one = Call(
                self._contig, start, start + self._window, start + self._window // 2, p, log_odds, 1
            )
            if self._stretch is not None and start <= self._stretch.end:
                self._stretch = self._stretch.joined(one)
            else:
                done += self._end_stretch()
                self._stretch = one
            self._is_seeded |= p >= self._rule.threshold
        if last != len(windows) - 1:
            done += self._end_stretch()
        return done

    def finish(self) -> list[Call]:
        """Give the calls that are left, at the end of a contig or of all windows."""
        done = self._end_stretch()
        if self._call is not None:
            done.append(self._call)
        self._call = None
        return self._long_enough(done)

    def _end_stretch(self) -> list[Call]:
        """End the stretch that is being followed; give the call before it if it is complete."""
        stretch, is_seeded = self._stretch, self._is_seeded
        self._stretch, self._is_seeded = None, False
        if stretch is None or not is_seeded:
            return []
        before = self._call
        if before is not None and stretch.start - before.end <= self._rule.merge_distance:
            self._call = before.joined(stretch)
            return []
        self._call = stretch
        return self._long_enough([before] if before is not None else [])

    def _long_enough(self, calls: list[Call]) -> list[Call]:
        return [call for call in calls if call.length >= self._rule.min_length]


def make_calls(windows: Iterable[ScannedWindows], rule: CallRule, window: int) -> list[Call]:
    """Make all calls of windows that are at hand.

    Parameters
    ----------
    windows
        In order, contig after contig.
    rule
        What makes a call.
    window
        Bases of a window.

    Examples
    --------
    >>> windows = ScannedWindows("chr1", np.array([0, 400]), np.array([1.0, 1.0]))
    >>> len(make_calls([windows], CallRule(), 200))
    2
    >>> len(make_calls([windows], CallRule(merge_distance=200), 200))
    1
    """
    maker = CallMaker(rule, window)
    calls = [call for part in windows for call in maker.add(part)]
    return calls + maker.finish()
