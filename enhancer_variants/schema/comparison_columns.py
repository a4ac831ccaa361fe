"""Columns of a comparison of calls with known enhancers."""

from __future__ import annotations

from enhancer_variants.schema.columns import Column

__all__ = ["COMBINATION_COLUMNS", "COMPARISON_COLUMNS"]

_EXPECTED = "among permuted calls"

COMPARISON_COLUMNS = (
    Column("database", "string", "", "Name of the database; any_database is all of them together."),
    Column(
        "reciprocal_overlap",
        "float",
        "share",
        "What counts as overlap: both intervals are covered to at least this share by each other; "
        "0 is one shared base.",
    ),
    Column("calls", "integer", "intervals", "All calls."),
    Column("known", "integer", "intervals", "All intervals of the database."),
    Column("calls_overlapping", "integer", "intervals", "Calls that overlap a known interval."),
    Column("calls_fraction", "float", "share", "Their share of all calls."),
    Column("known_overlapping", "integer", "intervals", "Known intervals that overlap a call."),
    Column("known_fraction", "float", "share", "Their share of all known intervals."),
    Column("calls_bases", "integer", "bases", "Bases that calls cover."),
    Column("known_bases", "integer", "bases", "Bases that known intervals cover."),
    Column("shared_bases", "integer", "bases", "Bases that both cover."),
    Column("jaccard", "float", "share", "Shared bases / bases that calls or known ones cover."),
    Column(
        "distance_quartile_1",
        "float",
        "bases",
        "First quartile of the bases between a call and the nearest known interval, 0 where they "
        "overlap or touch; of calls on contigs that have known ones.",
    ),
    Column("distance_median", "float", "bases", "Likewise the median."),
    Column("distance_quartile_3", "float", "bases", "Likewise the third quartile."),
    Column(
        "permutations",
        "integer",
        "",
        "How often the calls were put elsewhere at random; 0: what follows is not known.",
    ),
    Column("calls_permuted", "integer", "intervals", "Calls for which there is another place."),
    Column("observed", "integer", "intervals", "Those of them that overlap a known interval."),
    Column("expected", "float", "intervals", f"Mean of the same {_EXPECTED}."),
    Column("expected_low", "float", "intervals", f"2.5th percentile {_EXPECTED}."),
    Column("expected_high", "float", "intervals", f"97.5th percentile {_EXPECTED}."),
    Column("fold", "float", "", "Observed / expected: above 1, calls overlap more than by chance."),
    Column("fold_low", "float", "", "Observed / expected_high."),
    Column("fold_high", "float", "", "Observed / expected_low; empty where that is 0."),
    Column(
        "z",
        "float",
        "standard deviations",
        "(observed - expected) / standard deviation of the permuted counts: above 0, more than by "
        "chance.",
    ),
    Column(
        "p_enriched",
        "float",
        "probability",
        "(1 + permutations with at least as many) / (1 + permutations).",
    ),
    Column(
        "p_depleted",
        "float",
        "probability",
        "(1 + permutations with at most as many) / (1 + permutations).",
    ),
)
"""A row for each database and reciprocal overlap."""

COMBINATION_COLUMNS = (
    Column("reciprocal_overlap", "float", "share", "What counts as overlap, as in the comparison."),
    Column(
        "databases",
        "string",
        "",
        "The databases that have the calls, and no other has, with commas between; empty for "
        "calls that none has.",
    ),
    Column("number_of_databases", "integer", "", "How many those are."),
    Column("calls", "integer", "intervals", "Calls that exactly these databases have."),
    Column("fraction", "float", "share", "Their share of all calls."),
)
"""A row for each combination of databases that has a call."""
