"""Write the null distributions of single-base changes that ship in enhancer_variants/motifs.

    python examples/make_change_tables.py

For each of the 879 motifs of JASPAR 2024, with the default pseudocount and background: what random
single-base changes do to log10(p_ref / p_alt), by enhancer_variants.motifs.change_distribution. To
be run again when that function, its seed, the p-values or the motifs change. Takes half a minute.
"""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import numpy as np

from enhancer_variants.motifs import Pwm, bundled_motifs, change_distribution
from enhancer_variants.motifs.change_tables import CHANGE_TABLES, TABLE_UNIT

PATH = Path(__file__).parents[1] / "enhancer_variants" / "motifs" / CHANGE_TABLES


def main() -> None:
    pwms = [Pwm.from_motif(motif) for motif in bundled_motifs("JASPAR2024")]
    changes = np.array([change_distribution(pwm).changes for pwm in pwms]) / TABLE_UNIT
    steps = np.diff(np.rint(changes), axis=1, prepend=0).T
    digests = np.frombuffer(b"".join(pwm.digest() for pwm in pwms), dtype=np.uint8)
    stream = BytesIO()
    np.save(stream, digests.reshape(len(pwms), -1))
    np.save(stream, np.stack(np.divmod(steps, 256)[::-1]).astype(np.uint8))
    PATH.write_bytes(gzip.compress(stream.getvalue(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
