"""Motifs where a model looks, stage by stage as the published code finds them."""

from __future__ import annotations

from enhancer_variants.effects.motif_finding.attention_motifs import (
    AttentionMotif,
    AttentionMotifOptions,
    attention_motifs,
    model_attention_motifs,
)
from enhancer_variants.effects.motif_finding.enrichment import Enrichment, enrichment
from enhancer_variants.effects.motif_finding.merging import merge_candidates
from enhancer_variants.effects.motif_finding.regions import (
    AttentionRegion,
    Candidate,
    candidate_motifs,
    high_attention_regions,
    windows_around,
)

__all__ = [
    "AttentionMotif",
    "AttentionMotifOptions",
    "AttentionRegion",
    "Candidate",
    "Enrichment",
    "attention_motifs",
    "candidate_motifs",
    "enrichment",
    "high_attention_regions",
    "merge_candidates",
    "model_attention_motifs",
    "windows_around",
]
