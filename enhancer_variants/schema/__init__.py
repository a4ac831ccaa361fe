"""Every output column and every status, declared once.

Writers, VCF headers and the documentation derive from the values here; nothing else spells a
column name. Shifts are always ALT against REF: above 0, the ALT gains.
"""

from enhancer_variants.schema.columns import (
    AGREEMENT_COLUMNS,
    ALLELE_COLUMNS,
    CALIBRATED_QUANTITIES,
    EFFECTS,
    IDENTITY_COLUMNS,
    KINDS,
    MODEL_QUANTITIES,
    MOTIF_COLUMNS,
    MOTIF_EFFECTS,
    MOTIF_HIT_COLUMNS,
    MOTIF_HITS,
    MOTIF_SHIFT_SUM,
    Q_VALUE,
    SPREAD,
    TFBS_TOP_COLUMNS,
    Column,
    check_distinct,
    long_table_columns,
    model_columns,
    vcf_key,
)
from enhancer_variants.schema.comparison_columns import COMBINATION_COLUMNS, COMPARISON_COLUMNS
from enhancer_variants.schema.list_columns import (
    LIST_COLUMNS,
    PROXY_COLUMNS,
    RISK_COLUMNS,
    risk_shift_column,
)
from enhancer_variants.schema.scan_columns import (
    CALL_COLUMNS,
    ENHANCER_CHANGES,
    SCAN_WINDOW_COLUMNS,
    VARIANT_CALL_COLUMNS,
)
from enhancer_variants.schema.status import LIST_STATUSES, Status

__all__ = [
    "AGREEMENT_COLUMNS",
    "ALLELE_COLUMNS",
    "CALIBRATED_QUANTITIES",
    "CALL_COLUMNS",
    "COMBINATION_COLUMNS",
    "COMPARISON_COLUMNS",
    "EFFECTS",
    "ENHANCER_CHANGES",
    "IDENTITY_COLUMNS",
    "KINDS",
    "LIST_COLUMNS",
    "LIST_STATUSES",
    "MODEL_QUANTITIES",
    "MOTIF_COLUMNS",
    "MOTIF_EFFECTS",
    "MOTIF_HITS",
    "MOTIF_HIT_COLUMNS",
    "MOTIF_SHIFT_SUM",
    "PROXY_COLUMNS",
    "Q_VALUE",
    "RISK_COLUMNS",
    "SCAN_WINDOW_COLUMNS",
    "SPREAD",
    "TFBS_TOP_COLUMNS",
    "VARIANT_CALL_COLUMNS",
    "Column",
    "Status",
    "check_distinct",
    "long_table_columns",
    "model_columns",
    "risk_shift_column",
    "vcf_key",
]
