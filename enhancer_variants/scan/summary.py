"""What a scan read and found, counted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScanSummary"]


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What a scan read and found.

    Attributes
    ----------
    windows
        Windows that were scored.
    has_n
        Windows that were left out because they hold another letter than A, C, G and T.
    short_contigs
        Contigs that were asked for and are shorter than a window: they have none.
    calls
        Predicted enhancers.
    bases_called
        Bases in them.

    Examples
    --------
    >>> print(ScanSummary(1200, 34, 1, 2, 900))
    1,200 windows scored, 34 left out (has_n); 1 contig shorter than a window; 2 calls, 900 bases
    """

    windows: int
    has_n: int
    short_contigs: int
    calls: int
    bases_called: int

    def __str__(self) -> str:
        """One line for a person."""
        parts = [_counted(self.windows, "window") + " scored"]
        if self.has_n:
            parts[0] += f", {self.has_n:,} left out (has_n)"
        if self.short_contigs:
            parts.append(f"{_counted(self.short_contigs, 'contig')} shorter than a window")
        parts.append(f"{_counted(self.calls, 'call')}, {_counted(self.bases_called, 'base')}")
        return "; ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
