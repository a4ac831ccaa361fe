"""Columns of a genome-wide scan: windows, calls, and what an allele does to a call."""

from __future__ import annotations

from enhancer_variants.schema.columns import LOG2, Column, with_keys

__all__ = ["CALL_COLUMNS", "ENHANCER_CHANGES", "SCAN_WINDOW_COLUMNS", "VARIANT_CALL_COLUMNS"]

ENHANCER_CHANGES = ("loss", "gain", "gain_outside", "none")
"""What an allele can do to the predicted enhancer that it lies in, or to its absence."""

SCAN_WINDOW_COLUMNS = (
    Column("chrom", "string", "", "Contig as the FASTA names it."),
    Column("start", "integer", "0-based", "First base of the window."),
    Column("end", "integer", "0-based", "The base after its last one."),
    Column("probability", "float", "probability", "Probability that it is an enhancer."),
    Column("log_odds", "float", LOG2, "Log2 odds of it: above 0, an enhancer is the likelier."),
)
"""The table of windows: one row for each that was scored."""

CALL_COLUMNS = (
    Column("chrom", "string", "", "Contig as the FASTA names it."),
    Column("start", "integer", "0-based", "First base of the first window of the call."),
    Column("end", "integer", "0-based", "The base after the last one of its last window."),
    Column("name", "string", "", "call_1, call_2 ... in the order of the file."),
    Column("score", "integer", "0 to 1000", "1000 times max_probability, rounded."),
    Column("strand", "string", "", "Always a dot: an enhancer has none."),
    Column(
        "summit_offset",
        "integer",
        "bases",
        "Centre of the window with the largest log odds, counted from start (0-based).",
    ),
    Column("mean_probability", "float", "probability", "Mean over the windows that make the call."),
    Column("max_probability", "float", "probability", "The largest of them."),
    Column("max_log_odds", "float", LOG2, "Log2 odds of the same window."),
    Column("windows", "integer", "", "How many windows make the call."),
)
"""The table of calls, and a BED file's columns (BED6+5)."""

VARIANT_CALL_COLUMNS = with_keys(
    (
        Column(
            "in_enhancer_ref",
            "string",
            "",
            "yes where the allele lies in a call of the reference sequence, else no.",
        ),
        Column(
            "in_enhancer_alt",
            "string",
            "",
            "yes where it lies in a call of the sequence with ALT in place of REF, else no.",
        ),
        Column("call_start_ref", "integer", "0-based", "First base of the call with REF."),
        Column("call_end_ref", "integer", "0-based", "The base after its last one."),
        Column(
            "call_max_log_odds_ref", "float", LOG2, "Largest log2 odds of a window of that call."
        ),
        Column(
            "enhancer_change",
            "string",
            "",
            "loss, gain, gain_outside or none: what ALT does to the predicted enhancer.",
        ),
    )
)
"""What a scan around a variant adds to its effects; empty where the allele is not scored."""
