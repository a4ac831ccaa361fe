"""Write what ships in enhancer_variants/motifs: null distributions of changes, copies of motifs.

    python examples/make_change_tables.py

For each of the 879 motifs of JASPAR 2024, with the default pseudocount and background: what random
single-base changes do to log10(p_ref / p_alt), by enhancer_variants.motifs.change_distribution;
and how many of the motifs are copies of it, by enhancer_variants.motifs.motif_weights. To be run
again when one of these functions, the seed, the p-values or the motifs change. Takes half a minute.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enhancer_variants.motifs import Pwm, bundled_motifs, change_distribution, motif_weights
from enhancer_variants.motifs.change_tables import CHANGE_TABLES, TABLE_UNIT
from enhancer_variants.motifs.shipped_weights import COPIES, digest_of_all

FOLDER = Path(__file__).parents[1] / "enhancer_variants" / "motifs"


def main() -> None:
    pwms = [Pwm.from_motif(motif) for motif in bundled_motifs("JASPAR2024")]
    write_copies(pwms)
    write_changes(pwms)


def write_copies(pwms: Sequence[Pwm]) -> None:
    copies = np.rint(1 / motif_weights(pwms)).astype(np.uint8)
    write(COPIES, np.frombuffer(digest_of_all(pwms), dtype=np.uint8), copies)


def write_changes(pwms: Sequence[Pwm]) -> None:
    changes = np.array([change_distribution(pwm).changes for pwm in pwms]) / TABLE_UNIT
    steps = np.diff(np.rint(changes), axis=1, prepend=0).T
    digests = np.frombuffer(b"".join(pwm.digest() for pwm in pwms), dtype=np.uint8)
    bytes_of_steps = np.stack(np.divmod(steps, 256)[::-1]).astype(np.uint8)
    write(CHANGE_TABLES, digests.reshape(len(pwms), -1), bytes_of_steps)


def write(name: str, *arrays: npt.NDArray[np.uint8]) -> None:
    stream = BytesIO()
    for array in arrays:
        np.save(stream, array)
    (FOLDER / name).write_bytes(gzip.compress(stream.getvalue(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
