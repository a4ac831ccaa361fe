"""What a variant does: shifts of log-odds between its two alleles, and the evidence beside them."""

from enhancer_variants.effects.assembly import assembly_checked, require_fitting_contigs
from enhancer_variants.effects.attention import (
    AttentionLayout,
    AttentionTrack,
    attention_scores,
    attention_track,
)
from enhancer_variants.effects.calibrated import (
    calibrated_columns,
    calibration_gap,
    null_conditions,
    valid_null,
    valid_null_set,
)
from enhancer_variants.effects.checked_input import (
    Requested,
    is_file,
    is_variant_source,
    record_chunks,
    records_per_chunk,
)
from enhancer_variants.effects.collector import collector_paused
from enhancer_variants.effects.model_names import (
    FactorSource,
    ModelSource,
    enhancer_models,
    factor_models,
    named_models,
    named_or_bundled,
)
from enhancer_variants.effects.motif_evidence import MotifEvidence, motif_evidence
from enhancer_variants.effects.motif_finding import (
    AttentionMotif,
    AttentionMotifOptions,
    attention_motifs,
    model_attention_motifs,
)
from enhancer_variants.effects.outputs import Outputs
from enhancer_variants.effects.pipeline import score_chunks
from enhancer_variants.effects.plan import (
    MOST_FACTOR_COLUMNS,
    ScoringPlan,
    motif_window,
)
from enhancer_variants.effects.planning import make_plan
from enhancer_variants.effects.saturation import (
    saturation_by_output,
    saturation_mutagenesis,
    variant_saturation,
)
from enhancer_variants.effects.saturation_map import SaturationMutagenesis, gradient_correlation
from enhancer_variants.effects.scoring import score_records, score_windows
from enhancer_variants.effects.shifts import allele_effects, score_change
from enhancer_variants.effects.side_tables import SideTables
from enhancer_variants.effects.tidy import tidy
from enhancer_variants.effects.window_pairs import WindowPairs, pair_windows

__all__ = [
    "MOST_FACTOR_COLUMNS",
    "AttentionLayout",
    "AttentionMotif",
    "AttentionMotifOptions",
    "AttentionTrack",
    "FactorSource",
    "ModelSource",
    "MotifEvidence",
    "Outputs",
    "Requested",
    "SaturationMutagenesis",
    "ScoringPlan",
    "SideTables",
    "WindowPairs",
    "allele_effects",
    "assembly_checked",
    "attention_motifs",
    "attention_scores",
    "attention_track",
    "calibrated_columns",
    "calibration_gap",
    "collector_paused",
    "enhancer_models",
    "factor_models",
    "gradient_correlation",
    "is_file",
    "is_variant_source",
    "make_plan",
    "model_attention_motifs",
    "motif_evidence",
    "motif_window",
    "named_models",
    "named_or_bundled",
    "null_conditions",
    "pair_windows",
    "record_chunks",
    "records_per_chunk",
    "require_fitting_contigs",
    "saturation_by_output",
    "saturation_mutagenesis",
    "score_change",
    "score_chunks",
    "score_records",
    "score_windows",
    "tidy",
    "valid_null",
    "valid_null_set",
    "variant_saturation",
]
