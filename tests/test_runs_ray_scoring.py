"""Scoring with Ray gives the local engine's bytes, and either goes on with what the other began."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

import enhancer_variants as ev
from enhancer_variants.demo import demo_files


def test_ray_and_the_local_engine_give_the_same_bytes(tmp_path: Path) -> None:
    files = demo_files()
    by_ray, here = tmp_path / "by_ray.vcf", tmp_path / "here.vcf"
    command = [
        *(sys.executable, "-m", "enhancer_variants", "score", files.variants),
        *("--reference", files.reference, "--enhancer", files.model, "--output", by_ray),
        *("--run-dir", tmp_path / "ray", "--shard-records", "6", "--device", "cpu", "--quiet"),
        *("--engine", "ray", "--workers", "2"),
    ]
    threads = torch.get_num_threads()
    done = subprocess.run(
        command,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b""
    assert b"ray" not in done.stderr.lower()

    def score_here(folder: Path, output: Path) -> None:
        ev.score_run(
            files.variants,
            files.reference,
            output,
            run_dir=folder,
            enhancer=str(files.model),
            shard_records=6,
            device="cpu",
            progress=False,
        )

    score_here(tmp_path / "local", here)
    assert by_ray.read_bytes() == here.read_bytes()
    assert _content(tmp_path / "ray") == _content(tmp_path / "local")

    (tmp_path / "ray" / "done" / "00001.json").unlink()
    score_here(tmp_path / "ray", tmp_path / "gone_on.vcf")
    assert (tmp_path / "gone_on.vcf").read_bytes() == here.read_bytes()
    assert _content(tmp_path / "ray") == _content(tmp_path / "local")


def _content(folder: Path) -> dict[str, bytes]:
    """Give all files of a run by their paths, the lock aside."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    assert len(paths) > 4
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
