"""Long runs: an input in shards, a folder that knows which are done, and who does the work."""

from enhancer_variants.runs.shard import Engine, MakeWork, Piece, Shard, Work

__all__ = ["Engine", "MakeWork", "Piece", "Shard", "Work"]
