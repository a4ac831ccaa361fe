"""Score a file of any size in shards that survive whatever ends the process."""

from enhancer_variants.scoring_run.run import score_run
from enhancer_variants.scoring_run.work import MakeScoringWork, ScoringOutline, ScoringShard

__all__ = ["MakeScoringWork", "ScoringOutline", "ScoringShard", "score_run"]
