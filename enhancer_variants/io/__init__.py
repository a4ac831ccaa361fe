"""Files in and out: variants, regions, and effects as VCF, BCF, Parquet and TSV."""

from enhancer_variants.io.effect_table import EffectTable, to_frame
from enhancer_variants.io.effects_out import effect_writer
from enhancer_variants.io.output import OUTPUT_FORMATS, output_format
from enhancer_variants.io.records import VariantRecord, parse_vcf_line
from enhancer_variants.io.regions import read_bed, requested_intervals
from enhancer_variants.io.variants import VariantInput, VariantSource, open_items, open_variants

__all__ = [
    "OUTPUT_FORMATS",
    "EffectTable",
    "VariantInput",
    "VariantRecord",
    "VariantSource",
    "effect_writer",
    "open_items",
    "open_variants",
    "output_format",
    "parse_vcf_line",
    "read_bed",
    "requested_intervals",
    "to_frame",
]
