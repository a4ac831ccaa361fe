"""Example data that ships with the package: a made-up genome, variants, and toy models."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, fields
from pathlib import Path

from enhancer_variants.scorer import RunSummary, VariantScorer

__all__ = ["DemoFiles", "demo_files", "demo_report"]

_SHOWN = ["chrom", "pos", "id", "ref", "alt", "status"]
_SHOWN_EVIDENCE = {
    "enhancer_prob_ref": "prob_ref",
    "enhancer_prob_alt": "prob_alt",
    "enhancer_log_odds_shift": "shift",
    "enhancer_effect": "effect",
    "CTCF_log_odds_shift": "CTCF_shift",
    "motif_tf": "motif",
    "motif_effect": "motif_effect",
}
"""Columns of a score by what the printed table calls them."""


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Paths of the example data (``examples/make_demo_data.py`` made them).

    Attributes
    ----------
    reference
        A made-up genome of two contigs with planted binding sites.
    variants
        A VCF with every kind of record.
    risk_list
        A table of "risk" variants.
    gwas_list
        Summary statistics of a locus, made up as well, whose smallest p-value is not that of the
        variant in the binding site. Its alleles need a source of sites.
    sites
        Known variants of this locus, with allele frequencies.
    elements
        BED file of its elements.
    model
        A small DNABERT checkpoint with random weights, whose numbers mean nothing.
    planted_model
        A small one that answers to GATA1 and AP-1 sites, trained on made-up sequences
        (``examples/make_planted_model.py``): for pictures, not for variants.
    """

    reference: Path
    variants: Path
    risk_list: Path
    gwas_list: Path
    sites: Path
    elements: Path
    model: Path
    planted_model: Path

    def copied_to(self, folder: Path) -> DemoFiles:
        """Copy the files into `folder`, which is made if it is absent."""
        folder.mkdir(parents=True, exist_ok=True)
        copies = {}
        for field in fields(self):
            source: Path = getattr(self, field.name)
            copies[field.name] = target = folder / source.name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        return DemoFiles(**copies)


def demo_files() -> DemoFiles:
    """Paths of the installed example data.

    Examples
    --------
    >>> demo_files().reference.name
    'genome.fa'
    """
    here = Path(__file__).parent
    return DemoFiles(
        here / "genome.fa",
        here / "variants.vcf",
        here / "risk_variants.tsv",
        here / "gwas_list.tsv",
        here / "sites.vcf",
        here / "elements.bed",
        here / "random",
        here / "planted",
    )


def demo_report(files: DemoFiles, output: Path | None = None) -> tuple[str, RunSummary]:
    """Score the example VCF with the bundled models; return a text table of effects and the counts.

    The genome is made up, and so are the variants: the numbers only illustrate what comes out.

    Parameters
    ----------
    output
        Folder to write ``effects.vcf.gz`` and ``effects.tsv`` into, if any.

    Raises
    ------
    InputError
        If this installation has no bundled models.
    """
    scorer = VariantScorer(files.reference)
    effects = scorer.score_vcf(files.variants)
    if output is not None:
        for name in ("effects.tsv", "effects.vcf.gz"):
            scorer.annotate(files.variants, output / name)
    shown = effects[_SHOWN + list(_SHOWN_EVIDENCE)].rename(columns=_SHOWN_EVIDENCE)
    table = (
        shown.astype(object)
        .fillna("")
        .to_string(index=False, float_format="{:.3f}".format, max_colwidth=20)
    )
    return table, RunSummary.of(effects["record"].nunique(), effects["status"])
