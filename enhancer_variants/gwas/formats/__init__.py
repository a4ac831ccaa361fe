"""Reading risk lists of every common format into the same rows."""

from enhancer_variants.gwas.formats.dialects import LIST_FORMATS, ListFormat
from enhancer_variants.gwas.formats.layout import EffectAllele
from enhancer_variants.gwas.formats.opening import open_risk_list, posterior_column

__all__ = [
    "LIST_FORMATS",
    "EffectAllele",
    "ListFormat",
    "open_risk_list",
    "posterior_column",
]
