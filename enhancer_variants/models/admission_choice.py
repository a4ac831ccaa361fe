"""Which precision and backend a model is computed with, by the admissions of its card."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, get_args

from enhancer_variants.models.admission import Admission, Backend, Precision
from enhancer_variants.models.card import ModelCard

__all__ = ["LEAST_SPEEDUP", "admitted", "holds_for", "with_admissions"]

LEAST_SPEEDUP: Final = 1.05
"""From which gain in speed on another precision or backend is worth it; less is noise."""


def admitted(
    card: ModelCard,
    device_type: str,
    *,
    precisions: Sequence[Precision] = get_args(Precision),
    backends: Sequence[Backend] = get_args(Backend),
) -> tuple[Precision, Backend]:
    """Give the quickest way to compute a model that its card admits on a kind of device.

    Parameters
    ----------
    card
        The model's card, completed: an admission of other weights, or of another window or
        padding, does not count.
    device_type
        ``cpu``, ``cuda`` or ``mps``.
    precisions, backends
        Which ones there is a choice of, such as the backends that are installed.

    Returns
    -------
    precision, backend
        Where nothing is admitted that is quicker: the first of each, fp32 on torch by default.

    Examples
    --------
    >>> from enhancer_variants.models import ModelCard
    >>> admitted(ModelCard(name="CTCF", task="multi_label", labels=("CTCF",)), "cuda")
    ('fp32', 'torch')
    """
    quickest: tuple[Precision, Backend] = (precisions[0], backends[0])
    speedup = LEAST_SPEEDUP
    for admission in card.admissions:
        eligible = (
            admission.device_type == device_type
            and admission.precision in precisions
            and admission.backend in backends
            and holds_for(admission, card)
        )
        if eligible and admission.speedup >= speedup:
            quickest = (admission.precision, admission.backend)
            speedup = math.nextafter(admission.speedup, math.inf)  # of equals, the first
    return quickest


def with_admissions(
    card: ModelCard, device_type: str, found: Iterable[Admission]
) -> tuple[Admission, ...]:
    """Add what was found on a kind of device to the admissions of a card.

    Parameters
    ----------
    card
        The card, completed. Its admissions for this kind of device give way, and so do those
        that hold for it no more.
    device_type
        ``cpu``, ``cuda`` or ``mps``.
    found
        The new ones, perhaps none.

    Returns
    -------
    tuple of Admission
        In the order of device, precision and backend.
    """
    kept = [a for a in card.admissions if a.device_type != device_type and holds_for(a, card)]
    return tuple(sorted([*kept, *found], key=lambda admission: admission.key))


def holds_for(admission: Admission, card: ModelCard) -> bool:
    """Whether a model is what was checked: its weights, and how it is fed.

    Parameters
    ----------
    admission
        What was found.
    card
        The model's card, completed.
    """
    names = ("weights_sha256", "window_length", "max_seq_length", "padding")
    return all(getattr(admission, name) == getattr(card, name) for name in names)
