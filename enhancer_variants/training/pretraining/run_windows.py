"""What a pre-training run reads: windows to train on, and batches to judge by."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from torch import Tensor

from enhancer_variants.genome import Reference
from enhancer_variants.models import Vocabulary
from enhancer_variants.training.card import source_of
from enhancer_variants.training.pretraining.config import PretrainConfig
from enhancer_variants.training.pretraining.stretches import (
    Borders,
    GenomePart,
    KnownBases,
    held_out_borders,
    read_known_bases,
)
from enhancer_variants.training.pretraining.windows import (
    DrawnWindows,
    SpanMasking,
    WindowLengths,
)

__all__ = ["RunWindows", "run_windows"]

_DEV_BLOCKS, _DEV_WINDOWS, _TRAINING_WINDOWS = range(3)
"""Keep the random numbers of one purpose apart from those of another."""

_DEV_BATCH: Final = 32
"""Windows of a batch to judge by: masks follow from it, so it is none of the run's options."""

_COUNTED: Final = 2000
"""Windows in which bases and k-mers are counted, for guesses by frequency."""


@dataclass(frozen=True, slots=True, eq=False)
class RunWindows:
    """What a run reads.

    Attributes
    ----------
    known
        The bases.
    kept, held_out
        Stretches of them to train on, and to judge by.
    lengths
        How long windows are.
    masking
        Windows to batches.
    seed
        Of everything that is drawn.
    reverse_complement
        Probability of the other strand.
    dev_batches
        Batches to judge by, the same each time.
    sources
        Name and checksum of each FASTA and BED file.
    """

    known: KnownBases
    kept: Borders
    held_out: Borders
    lengths: WindowLengths
    masking: SpanMasking
    seed: int
    reverse_complement: float
    dev_batches: tuple[Mapping[str, Tensor], ...]
    sources: tuple[dict[str, str], ...]

    @property
    def windows_per_epoch(self) -> float:
        """Windows in which every base to train on is seen once on average."""
        sizes = self.kept[:, 1] - self.kept[:, 0]
        drawn_from = sizes / sizes.sum()  # a stretch's share of the windows is that of its bases
        return float(sizes.sum() / (drawn_from * self.lengths.mean_in(sizes)).sum())

    def training_windows(self, count: int) -> DrawnWindows:
        """Give the first windows of the run's endless sequence of them."""
        seed = (self.seed, _TRAINING_WINDOWS)
        return DrawnWindows(
            self.known, self.kept, self.lengths, count, seed, self.reverse_complement
        )

    def counted(self) -> list[str]:
        """Sequences in which bases and k-mers are counted: the first that are trained on."""
        windows = self.training_windows(_COUNTED)
        return [windows[number].sequence for number in range(_COUNTED)]

    def description(self) -> dict[str, Any]:
        """Files and numbers of bases, as JSON has them."""
        return {
            "sources": [*self.sources],
            "training_bases": int((self.kept[:, 1] - self.kept[:, 0]).sum()),
            "dev_bases": int((self.held_out[:, 1] - self.held_out[:, 0]).sum()),
        }


def run_windows(config: PretrainConfig, vocabulary: Vocabulary, positions: int) -> RunWindows:
    """Read the genomes of a run and keep a part of them back.

    Parameters
    ----------
    config
        The run.
    vocabulary
        Token ids.
    positions
        Tokens that the network reads.

    Returns
    -------
    RunWindows
        The same for the same files and seed.

    Raises
    ------
    InputError, FastaError
        If a file cannot be read, or nothing is left of it.
    """
    lengths = WindowLengths.of(vocabulary.k, positions, config.window)
    part = GenomePart(
        contigs=None if config.contigs is None else tuple(config.contigs),
        excluded_contigs=tuple(config.excluded_contigs),
        regions=config.region_files,
        excluded=config.excluded_files,
    )
    with contextlib.ExitStack() as stack:
        references = [stack.enter_context(Reference(path)) for path in config.fasta_files]
        known = read_known_bases(references, part, lengths.shortest)
        sources = [{"name": each.name, "sha256": each.sha256()} for each in references]
    sources += [source_of(path) for path in (*part.regions, *part.excluded)]
    chance = np.random.default_rng((config.seed, _DEV_BLOCKS))
    kept, held_out = held_out_borders(known.borders, config.dev_share, lengths.longest, chance)
    masking = SpanMasking(vocabulary, config.mask_probability, (config.seed,), positions)
    dev = DrawnWindows(
        known,
        held_out,
        lengths,
        config.dev_windows,
        (config.seed, _DEV_WINDOWS),
        config.reverse_complement,
    )
    batches = tuple(
        masking([dev[n] for n in range(first, min(first + _DEV_BATCH, len(dev)))])
        for first in range(0, len(dev), _DEV_BATCH)
    )
    return RunWindows(
        known=known,
        kept=kept,
        held_out=held_out,
        lengths=lengths,
        masking=masking,
        seed=config.seed,
        reverse_complement=config.reverse_complement,
        dev_batches=batches,
        sources=tuple(sources),
    )
