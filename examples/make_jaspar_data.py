"""Write the motifs that ship in enhancer_variants/motifs: always the same bytes.

    pip install pyjaspar==4.0.0
    python examples/make_jaspar_data.py

JASPAR 2024 CORE, vertebrates, in JASPAR's own format: identifier, name and family after ">",
separated by tabs (the families of a dimer by "::"), then one row for each base. CC BY 4.0, see
NOTICE.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pyjaspar
from Bio.motifs import jaspar

RELEASE = "JASPAR2024"
PATH = Path(__file__).parents[1] / "enhancer_variants" / "motifs" / "jaspar2024.txt.gz"


def count(value: float) -> str:
    """Write whole counts without a decimal point, others so that they read back the same."""
    return str(int(value)) if value == int(value) else repr(float(value))


def written(motif: jaspar.Motif) -> str:
    family = "::".join(motif.tf_family or [])
    lines = [f">{motif.matrix_id}\t{motif.name}\t{family}".rstrip("\t")]
    lines += [f"{base} [ {' '.join(map(count, motif.counts[base]))} ]" for base in "ACGT"]
    return "\n".join(lines)


def main() -> None:
    database = pyjaspar.jaspardb(release=RELEASE)
    motifs = database.fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    text = "\n".join(written(motif) for motif in sorted(motifs, key=lambda motif: motif.matrix_id))
    PATH.write_bytes(gzip.compress((text + "\n").encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
