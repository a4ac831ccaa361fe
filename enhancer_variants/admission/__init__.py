"""Which precisions and backends a model may be computed with: measured on real windows.

A precision is admitted by its error on the shift of log-odds between the two alleles of real
windows, against fp32 on torch on the same device. The shift is a small difference of two larger
numbers, so it shows errors that probabilities hide.
"""

from enhancer_variants.admission.check import check_model
from enhancer_variants.admission.found import ModelCheck, PrecisionCheck, ShiftErrors
from enhancer_variants.admission.windows import FEWEST_PAIRS

__all__ = ["FEWEST_PAIRS", "ModelCheck", "PrecisionCheck", "ShiftErrors", "check_model"]
