"""Files in and out: variants, regions, and effects as VCF, BCF, Parquet and TSV."""

from enhancer_variants.io.added_q import add_q
from enhancer_variants.io.effect_table import EffectTable, to_frame
from enhancer_variants.io.effects_out import effect_writer, writable
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import (
    read_labelled_sequences,
    write_labelled_sequences,
)
from enhancer_variants.io.long_table import long_frame, long_table_writer
from enhancer_variants.io.notebook_view import EffectsFrame, styled
from enhancer_variants.io.output import OUTPUT_FORMATS, is_stream, output_format, pending_output
from enhancer_variants.io.records import VariantRecord, parse_vcf_line
from enhancer_variants.io.regions import Regions, read_bed, requested_intervals, several
from enhancer_variants.io.variants import VariantInput, VariantSource, open_items, open_variants

__all__ = [
    "OUTPUT_FORMATS",
    "EffectTable",
    "EffectsFrame",
    "LabelledSequence",
    "Regions",
    "VariantInput",
    "VariantRecord",
    "VariantSource",
    "add_q",
    "effect_writer",
    "is_stream",
    "long_frame",
    "long_table_writer",
    "open_items",
    "open_variants",
    "output_format",
    "parse_vcf_line",
    "pending_output",
    "read_bed",
    "read_labelled_sequences",
    "requested_intervals",
    "several",
    "styled",
    "to_frame",
    "writable",
    "write_labelled_sequences",
]
