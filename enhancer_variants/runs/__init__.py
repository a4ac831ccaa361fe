"""Long runs: an input in shards, a folder that knows which are done, and who does the work."""

from enhancer_variants.runs.directory import DoneShard, RunDirectory
from enhancer_variants.runs.local_engine import LocalEngine
from enhancer_variants.runs.ray_engine import RayEngine
from enhancer_variants.runs.running import FinishedRun, run_shards
from enhancer_variants.runs.shard import Engine, MakeWork, Piece, Shard, Work

__all__ = [
    "DoneShard",
    "Engine",
    "FinishedRun",
    "LocalEngine",
    "MakeWork",
    "Piece",
    "RayEngine",
    "RunDirectory",
    "Shard",
    "Work",
    "run_shards",
]
