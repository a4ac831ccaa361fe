"""Draw docs/_static/explanation.png, the picture in the README and the quickstart.

    python docs/make_picture.py

The toy model of the example data, and an SNV in a GATA1 site of its made-up genome.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import enhancer_variants as ev
from enhancer_variants.demo import demo_files

PICTURE = Path(__file__).parent / "_static" / "explanation.png"
VARIANT = "chr1:4005:T:A"
DOTS_PER_INCH = 110


def main() -> None:
    """Explain the variant with the toy model, and save the figure."""
    files = demo_files()
    models: dict[str, Any] = {"toy": files.planted_model}
    scorer = ev.VariantScorer(files.reference, enhancer=models, motifs="JASPAR2024")
    (one,) = ev.explain(scorer, [VARIANT]).explained
    axes = ev.plot.explanation_figure(
        one.ref,
        one.alt,
        one.variant,
        motif_hits=ev.plot.MotifHit.from_table(one.motif_hits, one.variant),
        attention_ref=one.attention_ref,
        attention_alt=one.attention_alt,
    )
    figure: Any = axes["ref"].get_figure(root=True)
    figure.savefig(PICTURE, dpi=DOTS_PER_INCH, metadata={"Software": None})


if __name__ == "__main__":
    main()
