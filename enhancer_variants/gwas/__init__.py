"""Risk lists: what a list says, where its variants lie, and what their alleles do."""

from enhancer_variants.gwas.formats import (
    LIST_FORMATS,
    EffectAllele,
    ListFormat,
    open_risk_list,
    posterior_column,
)
from enhancer_variants.gwas.liftover import Lifted, Liftover
from enhancer_variants.gwas.list_summary import ListSummary
from enhancer_variants.gwas.loci import LOCUS_COLUMNS, locus_summary
from enhancer_variants.gwas.orientation import OrientedSite, orient
from enhancer_variants.gwas.resolved import ORIENTATIONS, Orientation, ResolvedAllele
from enhancer_variants.gwas.resolving import resolve
from enhancer_variants.gwas.risk_list import EffectSizeKind, ListRow, ListVariant, RiskList
from enhancer_variants.gwas.scoring import annotate_gwas, score_gwas
from enhancer_variants.gwas.site import Site, SiteSource
from enhancer_variants.gwas.sites import build_rsid_index, open_sites

__all__ = [
    "LIST_FORMATS",
    "LOCUS_COLUMNS",
    "ORIENTATIONS",
    "EffectAllele",
    "EffectSizeKind",
    "Lifted",
    "Liftover",
    "ListFormat",
    "ListRow",
    "ListSummary",
    "ListVariant",
    "Orientation",
    "OrientedSite",
    "ResolvedAllele",
    "RiskList",
    "Site",
    "SiteSource",
    "annotate_gwas",
    "build_rsid_index",
    "locus_summary",
    "open_risk_list",
    "open_sites",
    "orient",
    "posterior_column",
    "resolve",
    "score_gwas",
]
