"""Risk lists: what a list says, where its variants lie, and what their alleles do."""

from enhancer_variants.gwas.resolved import ORIENTATIONS, Orientation, ResolvedAllele
from enhancer_variants.gwas.risk_list import EffectSizeKind, ListRow, ListVariant, RiskList
from enhancer_variants.gwas.site import Site, SiteSource

__all__ = [
    "ORIENTATIONS",
    "EffectSizeKind",
    "ListRow",
    "ListVariant",
    "Orientation",
    "ResolvedAllele",
    "RiskList",
    "Site",
    "SiteSource",
]
