"""Settings of a scan that have a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from enhancer_variants.errors import InputError, ModelError

__all__ = ["DEFAULT_STEP", "PRESETS", "ScanPreset", "find_preset"]

DEFAULT_STEP: Final = 50
"""Bases from a window to the next where nobody says another number."""


@dataclass(frozen=True, slots=True)
class ScanPreset:
    """Settings that belong together.

    Attributes
    ----------
    name
        What it is called.
    window
        Bases of a window, which the model has to read.
    step
        Bases from a window to the next.
    threshold
        Probability from which on a window is called.
    """

    name: str
    window: int
    step: int
    threshold: float

    def require_window(self, model: str, window: int) -> None:
        """Refuse a model that reads other windows.

        Parameters
        ----------
        model
            The model's name.
        window
            Bases that it reads.

        Raises
        ------
        ModelError
            If it does not read `window` bases.
        """
        if window != self.window:
            raise ModelError(
                f"{model} reads windows of {window} bases; the preset {self.name!r} is for models "
                f"of {self.window}: name such a model, or set step {self.step} and threshold "
                f"{self.threshold:g} without the preset"
            )


PRESETS: Final = {"published": ScanPreset("published", window=350, step=150, threshold=0.5)}
"""By name: the setting with which DNABERT-Enhancer-350 annotated the genome (Sathian et al.)."""


def find_preset(name: str) -> ScanPreset:
    """Give a preset by its name.

    Parameters
    ----------
    name
        One of :data:`PRESETS`.

    Raises
    ------
    InputError
        If there is none of this name.

    Examples
    --------
    >>> find_preset("published").step
    150
    """
    if name not in PRESETS:
        raise InputError(f"preset {name!r}; expected one of: {', '.join(PRESETS)}")
    return PRESETS[name]
