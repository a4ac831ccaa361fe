"""How much of a sequence its motif says that a factor binds: what its output is taught of changes.

A placement of a motif that scores s bits counts 2^(s - t), where t is the score that one placement
in ten thousand reaches in DNA of even composition; all placements of a factor's motifs on both
strands together are n of these, and the log2 odds that it is bound log2(1 + n). A strong site that
is broken loses nearly its whole score; a change where there is no site does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from data import BASES, Codes
from torch import Tensor

from enhancer_variants.motifs import Pwm, bundled_motifs, score_distribution
from enhancer_variants.motifs.pwm import BASES as COLUMNS

__all__ = ["MOTIFS_OF_FACTOR", "FactorMotifs"]

MOTIFS_OF_FACTOR: Final[Mapping[str, tuple[str, ...]]] = {
    "CTCF": ("MA0139.2",),
    "NANOG": ("MA2339.1", "MA0142.1"),
    "SRF": ("MA0083.3",),
    "TBP": ("MA0108.3",),
    "TCF12": ("MA1648.2",),
    "TEAD4": ("MA0809.3",),
    "USF1": ("MA0093.4",),
    "USF2": ("MA0526.5",),
    "YY1": ("MA0095.4",),
    "ZNF143": ("MA0088.2",),
}
"""Those with a motif of their own; NANOG is most often found where OCT4 and SOX2 bind together."""

_RARE: Final = 1e-4
_LARGEST_POWER: Final = 40.0
_CHUNK: Final = 1_000


class FactorMotifs:
    """Motifs of the factors, as filters for both strands.

    Parameters
    ----------
    motifs
        Name of the bundled set of motifs.
    """

    def __init__(self, motifs: str) -> None:
        by_id = {motif.id: motif for motif in bundled_motifs(motifs)}
        self._filters = {
            factor: [_filter(Pwm.from_motif(by_id[name])) for name in names]
            for factor, names in MOTIFS_OF_FACTOR.items()
        }

    @torch.inference_mode()
    def log_odds(self, windows: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.float64]]:
        """Log2 odds of each factor (n,) for windows of one length (n, L)."""
        parts = [
            {name: self._of_factor(name, _one_hot(chunk)) for name in self._filters}
            for chunk in np.array_split(windows, range(_CHUNK, len(windows), _CHUNK))
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._filters}

    def best_places(self, factor: str, sequences: Sequence[Codes]) -> list[tuple[int, int]]:
        """Where the best placement of the factor's first motif begins, and where it has ended."""
        weights, _ = self._filters[factor][0]
        length = weights.shape[2]
        places = []
        for codes in sequences:
            scores = F.conv1d(_one_hot(codes[None]), weights)[0].amax(0)
            start = int(scores.argmax())
            places.append((start, start + length))
        return places

    def _of_factor(self, factor: str, bases: Tensor) -> npt.NDArray[np.float64]:
        count = torch.zeros(len(bases))
        for weights, threshold in self._filters[factor]:
            above = F.conv1d(bases, weights) - threshold
            count += torch.exp2(above.clamp(max=_LARGEST_POWER)).sum((1, 2))
        return torch.log2(1 + count).double().numpy()


def _filter(pwm: Pwm) -> tuple[Tensor, float]:
    """Scores of a motif on both strands (2, 4, length), and that of one placement in 10,000."""
    order = [COLUMNS.index(base) for base in BASES]
    strands = [strand.scores[:, order].T for strand in (pwm, pwm.reverse_complement())]
    threshold = score_distribution(pwm).threshold(_RARE)
    return torch.tensor(np.stack(strands), dtype=torch.float32), threshold


def _one_hot(windows: npt.NDArray[np.uint8]) -> Tensor:
    return F.one_hot(torch.from_numpy(windows).long(), 4).transpose(1, 2).float()
