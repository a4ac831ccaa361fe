"""Sources of known sites: what an rsID or a place is, answered offline."""

from enhancer_variants.gwas.sites.rsid_index import build_rsid_index
from enhancer_variants.gwas.sites.sources import LARGEST_IN_MEMORY, VcfSites, open_sites

__all__ = ["LARGEST_IN_MEMORY", "VcfSites", "build_rsid_index", "open_sites"]
