"""What the network sees: which sequence, with which labels, cropped, shuffled, turned, mutated."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from data import Codes, Example, codes_of, reverse_complement, text_of

from enhancer_variants.training.dinucleotides import shuffle_dinucleotides

__all__ = [
    "DEVELOPMENT_CONTIGS",
    "FACTORS",
    "FACTOR_TASKS",
    "LABELS",
    "TASKS",
    "WINDOW",
    "Item",
    "Sampler",
    "Sampling",
    "Targets",
    "between_shuffles",
    "central_window",
    "divided_by_task",
    "drawn_window",
    "gc_content",
    "mutated",
    "nothing_bound",
    "shuffled",
]

WINDOW: Final = 200
"""Bases the network reads."""

FACTORS: Final = (
    "CTCF",
    "NANOG",
    "SERBP1",
    "SRF",
    "SUZ12",
    "TAF1",
    "TAF7",
    "TBP",
    "TCF12",
    "TEAD4",
    "USF1",
    "USF2",
    "YY1",
    "ZNF143",
)
LABELS: Final = ("enhancer", *FACTORS)
"""The outputs of the model, in order."""

TASKS: Final = ("ctcf", "nanog", "enhancer", "h1esc")
"""What sequences are of."""

FACTOR_TASKS: Final = ("ctcf", "nanog", "h1esc")
"""A batch of labelled sequences is of one of these; `teacher` says how enhancers are learnt."""

DEVELOPMENT_CONTIGS: Final = frozenset({"chr7", "chr16", "chr18"})
"""Set aside by ``--development``, as is every twelfth sequence without a contig."""

Targets = npt.NDArray[np.int8]
"""For each output 1, 0 or, where nobody knows, -1."""

_TASK_OF_COLLECTION: Final = {
    "ctcf": "ctcf",
    "nanog": "nanog",
    "h1esc": "h1esc",
    "ienhancer": "enhancer",
    "sample200": "enhancer",
    "sample202": "enhancer",
    "nhlf": "enhancer",
}

_FAR_APART: Final[Mapping[str, tuple[str, ...]]] = {
    "SRF": ("USF1", "USF2"),
    "USF1": ("SRF",),
    "USF2": ("SRF",),
}
"""Factors that share few sites: a peak of one is taken for no site of these others."""

_JITTER: Final = 40
"""A crop is off centre by up to so many bases ..."""

_BROAD: Final = 600
"""... and anywhere in a sequence that is longer than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A sequence with all its targets, the class it was published with, and its collection."""

    codes: Codes
    targets: Targets
    label: str
    value: int
    collection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How sequences are drawn.

    Attributes
    ----------
    mixture
        Share of the batches by task, in any unit.
    mutated
        Share of the bases that are drawn anew.
    shuffles
        Share of the sequences that are shuffled, dinucleotide counts kept, and are negatives then.
    """

    mixture: Mapping[str, float]
    mutated: float
    shuffles: float = 0.1


def divided_by_task(
    examples: Iterable[Example],
) -> tuple[dict[str, list[Item]], dict[str, list[Item]]]:
    """Give the items of each task to train on, and those to watch the training with."""
    training: dict[str, list[Item]] = {task: [] for task in TASKS}
    watched: dict[str, list[Item]] = {task: [] for task in TASKS}
    for example in examples:
        item = Item(
            example.codes, _targets(example), example.label, example.value, example.collection
        )
        chosen = watched if _is_watched(example) else training
        chosen[_TASK_OF_COLLECTION[example.collection]].append(item)
    return training, watched


def nothing_bound() -> Targets:
    """Targets of a sequence that no factor binds; whether it is an enhancer is not known."""
    targets = np.zeros(len(LABELS), np.int8)
    targets[0] = -1
    return targets


def gc_content(codes: Codes) -> float:
    """Share of G and C."""
    return float((codes > 1).mean())


def central_window(codes: Codes) -> Codes:
    """Crop to the window; a shorter sequence stays as it is."""
    start = max(0, (len(codes) - WINDOW) // 2)
    return codes[start : start + WINDOW]


def shuffled(codes: Codes, generator: np.random.Generator) -> Codes:
    """Shuffle a sequence, its dinucleotide counts kept."""
    return codes_of(shuffle_dinucleotides(text_of(codes), generator))


def between_shuffles(codes: Codes, generator: np.random.Generator) -> Codes:
    """Put a peak anywhere in a window, as at scoring time, between shuffles of itself."""
    left, right = shuffled(codes, generator), shuffled(codes, generator)
    longest = len(left)
    start = int(generator.integers(max(0, longest - (WINDOW - len(codes))), longest + 1))
    return np.concatenate([left, codes, right])[start : start + WINDOW]


def mutated(codes: Codes, share: float, generator: np.random.Generator) -> Codes:
    """Draw a share of the bases anew."""
    changed = generator.random(len(codes)) < share
    others = generator.integers(0, 4, len(codes), dtype=np.uint8)
    return np.where(changed, others, codes)


def drawn_window(codes: Codes, generator: np.random.Generator) -> Codes:
    """Crop to a window near the centre, or anywhere in a broad sequence."""
    spare = len(codes) - WINDOW
    if spare <= 0:
        return codes
    centre = spare // 2
    first, last = max(0, centre - _JITTER), min(spare, centre + _JITTER)
    if len(codes) > _BROAD:
        first, last = 0, spare
    start = int(generator.integers(first, last + 1))
    return codes[start : start + WINDOW]


class Sampler:
    """Draws labelled sequences of the factors; all chance is from one generator.

    Parameters
    ----------
    items
        Training items of each task.
    settings
        How they are drawn.
    generator
        Source of chance.
    """

    def __init__(
        self,
        items: Mapping[str, list[Item]],
        settings: Sampling,
        generator: np.random.Generator,
    ) -> None:
        self.settings = settings
        self.generator = generator
        self._classes = {
            task: [[item for item in items[task] if item.value == value] for value in (0, 1)]
            for task in FACTOR_TASKS
        }
        self._of_factor = {
            factor: [item for item in items["h1esc"] if item.label == factor]
            for factor in FACTORS
            if factor not in ("CTCF", "NANOG")
        }
        weights = np.array([settings.mixture[task] for task in FACTOR_TASKS], float)
        self._task_shares = weights / weights.sum()

    def batch(self, size: int) -> tuple[str, list[Codes], npt.NDArray[np.int8]]:
        """Draw a task, and so many sequences of it with their targets (size, labels)."""
        task = FACTOR_TASKS[self.generator.choice(len(FACTOR_TASKS), p=self._task_shares)]
        drawn = [self._draw(task) for _ in range(size)]
        return task, [codes for codes, _ in drawn], np.stack([targets for _, targets in drawn])

    def _draw(self, task: str) -> tuple[Codes, Targets]:
        codes, targets = self._factor_item() if task == "h1esc" else self._class_item(task)
        if self.generator.random() < 0.5:
            codes = reverse_complement(codes)
        return mutated(codes, self.settings.mutated, self.generator), targets

    def _factor_item(self) -> tuple[Codes, Targets]:
        """Draw a peak of any factor, or a shuffled one; half of them with shuffled flanks."""
        factors = list(self._of_factor)
        item = self._any(self._of_factor[factors[self.generator.integers(len(factors))]])
        codes, targets = item.codes, item.targets
        if self.generator.random() < 0.5:
            codes, targets = shuffled(codes, self.generator), nothing_bound()
        if self.generator.random() < 0.5:
            codes = between_shuffles(codes, self.generator)
        return codes, targets

    def _class_item(self, task: str) -> tuple[Codes, Targets]:
        item = self._any(self._classes[task][self.generator.integers(2)])
        codes, targets = drawn_window(item.codes, self.generator), item.targets
        if self.generator.random() < self.settings.shuffles:
            codes, targets = shuffled(codes, self.generator), nothing_bound()
        return codes, targets

    def _any(self, items: list[Item]) -> Item:
        return items[self.generator.integers(len(items))]


def _is_watched(example: Example) -> bool:
    if example.contig is not None:
        return example.contig in DEVELOPMENT_CONTIGS
    return zlib.crc32(text_of(example.codes).encode("ascii")) % 12 == 0


def _targets(example: Example) -> Targets:
    targets = np.full(len(LABELS), -1, np.int8)
    if example.value == 0:
        # Sequences chosen to be no site or no enhancer are hardly ever a site of another factor.
        targets[1:] = 0
    targets[[LABELS.index(other) for other in _FAR_APART.get(example.label, ())]] = 0
    targets[LABELS.index(example.label)] = example.value
    return targets
