"""What a Ray of this machine leaves behind; the rest is tested with the engine."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from enhancer_variants.runs import ray_cluster


def test_folders_of_processes_that_were_killed_are_removed(tmp_path: Path) -> None:
    dead, alive, new, other = (
        tmp_path / name for name in ("ev-ray-dead", "ev-ray-alive", "ev-ray-new", "other")
    )
    for folder in (dead, alive, new, other):
        (folder / "session").mkdir(parents=True)
    for folder in (dead, other):
        (folder / "owner.lock").touch()
    with FileLock(alive / "owner.lock"):
        ray_cluster._remove_abandoned(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"ev-ray-alive", "ev-ray-new", "other"}
    ray_cluster._remove_abandoned(tmp_path)
    assert not alive.exists()
