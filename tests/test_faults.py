"""Long runs survive what ends processes. Every run here is a process of its own.

A starter process has torch imported and forks a child for each run, so that a run begins at once.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from enhancer_variants.demo import DemoFiles, demo_files

STARTER = r"""
import ctypes, json, os, resource, signal, sys
import torch
import enhancer_variants.scoring_run
from enhancer_variants.cli import main
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import checked_input
from enhancer_variants.models import load_model

NEW_MOUNTS, NEW_USERS = 0x00020000, 0x10000000
torch.set_num_threads(1)
load_model(demo_files().model)  # imports what torch puts off until it is first asked for a model

def small_disk(folder):
    c = ctypes.CDLL(None, use_errno=True)
    own = c.unshare(NEW_MOUNTS) == 0 or c.unshare(NEW_MOUNTS | NEW_USERS) == 0
    if not own or c.mount(b"none", folder.encode(), b"tmpfs", 0, b"size=1m"):
        os._exit(77)

def run(asked):
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if asked.get("nohup") else signal.SIG_DFL)
    for stream, name in ((0, os.devnull), (1, os.devnull), (2, asked["errors"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), stream)
    checked_input.RECORDS_PER_CHUNK = asked["chunk"]
    if asked.get("disk"):
        small_disk(asked["disk"])
        open(asked["old"], "w").write("old")
        open(asked["disk"] + "/filler", "wb").write(bytes(960 << 10))
    if asked.get("largest"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest"],) * 2)
    try:
        main(asked["command"])
    except SystemExit as ended:
        status = ended.code
    if asked.get("disk"):
        kept = open(asked["old"]).read() == "old"
        there = sorted(os.listdir(asked["disk"]))
        status = status if kept and there == ["effects.vcf", "filler"] else 99
    os._exit(status)

for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        run(asked)
    print(pid, flush=True)
"""

KILLS = 20
NOT_PERMITTED = 77
RECORDS = 24 * 20  # twelve shards
CHUNK = 10
SLOWLY = ("--shifts", "5")
"""Eleven windows for each allele, so that a run does not end before it can be disturbed."""


class Starter:
    """Starts command lines, each as a process that can be killed."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.errors = process, folder / "errors.txt"

    def _answer(self, asked: dict[str, Any]) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self, command: Sequence[object], chunk: int = CHUNK, **more: Any) -> int:
        asked = {"command": [*map(str, command)], "errors": str(self.errors), "chunk": chunk}
        return self._answer({**asked, **more})

    def wait(self, pid: int) -> int:
        """Exit status of a process, the negative number of the signal that killed it."""
        return self._answer({"wait": pid})

    def run(self, command: Sequence[object], **more: Any) -> int:
        return self.wait(self.start(command, **more))


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    folder = tmp_path_factory.mktemp("starter")
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Starter(process, folder)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def files() -> DemoFiles:
    return demo_files()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, files: DemoFiles) -> Path:
    lines = files.variants.read_text().splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#")]
    path = tmp_path_factory.mktemp("many") / "many.vcf"
    path.write_text("".join(header + records * (RECORDS // len(records))))
    return path


@pytest.fixture
def command(files: DemoFiles, many: Path, tmp_path: Path) -> list[object]:
    """Score into ``effects.vcf`` in shards."""
    base = ["score", many, "-r", files.reference, "--enhancer", files.model, "--quiet"]
    run_dir = ["--run-dir", tmp_path / "run", "--shard-records", 4 * CHUNK]
    return [*base, "-o", tmp_path / "effects.vcf", *run_dir]


@pytest.fixture(scope="module")
def expected(
    starter: Starter, files: DemoFiles, many: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """What a plain run writes."""
    output = tmp_path_factory.mktemp("plain") / "effects.vcf"
    plain = ["score", many, "-r", files.reference, "--enhancer", files.model, "-q", "-o", output]
    assert starter.run(plain) == 0, starter.errors.read_text()
    return output.read_bytes()


def shards_done(folder: Path) -> int:
    return len(list((folder / "run" / "done").glob("[0-9]*.json")))


def wait_for_shards(folder: Path, number: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while shards_done(folder) < number:
        assert time.monotonic() < deadline, "no shard was done"
        time.sleep(0.002)


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob(".*"))


def one_line(starter: Starter) -> str:
    text = starter.errors.read_text()
    assert text.startswith("enhancer-variants: error: ")
    assert text.count("\n") == 1
    return text


def test_twenty_kills_at_random_moments_leave_no_trace(
    starter: Starter, command: list[object], expected: bytes, tmp_path: Path
) -> None:
    moments, output = random.Random(6), tmp_path / "effects.vcf"
    progress = []
    for _ in range(KILLS):
        before = shards_done(tmp_path)
        pid = starter.start(command)
        if before < 12 and moments.random() < 0.7:
            wait_for_shards(tmp_path, before + 1)
            time.sleep(moments.uniform(0, 0.03))
        else:
            time.sleep(moments.uniform(0, 0.3))
        os.kill(pid, signal.SIGKILL)
        assert starter.wait(pid) in {-signal.SIGKILL, 0}
        progress.append(shards_done(tmp_path))
        assert not output.exists() or output.read_bytes() == expected
    assert len(set(progress)) > 2, "the kills were not spread over the run"
    assert starter.run(command) == 0, starter.errors.read_text()
    assert output.read_bytes() == expected
    assert unfinished(tmp_path) == []
    assert shards_done(tmp_path) == 12


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_signals_end_a_run_cleanly(
    sent: signal.Signals,
    status: int,
    starter: Starter,
    command: list[object],
    tmp_path: Path,
) -> None:
    pid = starter.start([*command, *SLOWLY])
    wait_for_shards(tmp_path, 2)
    os.kill(pid, sent)
    assert starter.wait(pid) == status
    assert starter.errors.read_text() == ""
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)  # nobody of its session is left
    assert unfinished(tmp_path) == []
    assert 2 <= shards_done(tmp_path) < 12
    assert not (tmp_path / "effects.vcf").exists()


def test_nohup_outlives_the_terminal(
    starter: Starter, command: list[object], expected: bytes, tmp_path: Path
) -> None:
    pid = starter.start(command, nohup=True)
    wait_for_shards(tmp_path, 1)
    os.kill(pid, signal.SIGHUP)
    assert starter.wait(pid) == 0
    assert (tmp_path / "effects.vcf").read_bytes() == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_device_without_room_is_an_error_and_the_shards_stay(
    starter: Starter, command: list[object], expected: bytes, tmp_path: Path
) -> None:
    full = [*command, "--output-format", "vcf"]
    full[full.index("-o") + 1] = "/dev/full"
    assert starter.run(full) == 1
    assert os.strerror(errno.ENOSPC) in one_line(starter)
    assert shards_done(tmp_path) == 12
    assert starter.run(command) == 0
    assert (tmp_path / "effects.vcf").read_bytes() == expected


def test_a_disk_of_one_mebibyte_keeps_the_old_file(
    starter: Starter, command: list[object], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command[command.index("-o") + 1] = old = disk / "effects.vcf"
    status = starter.run(command, disk=str(disk), old=str(old))
    if status == NOT_PERMITTED:
        pytest.skip("no disk may be mounted here")
    assert status == 1
    assert os.strerror(errno.ENOSPC) in one_line(starter)


def test_files_that_may_not_grow_keep_the_old_file_and_what_is_done(
    starter: Starter, command: list[object], expected: bytes, tmp_path: Path
) -> None:
    output = tmp_path / "effects.vcf"
    output.write_text("old")
    largest = len(expected) // 2  # of any file: enough for pieces, too little for the output
    assert starter.run(command, largest=largest) == 1
    assert os.strerror(errno.EFBIG) in one_line(starter)
    assert output.read_text() == "old"
    assert unfinished(tmp_path) == []
    assert shards_done(tmp_path) == 12
    second = [*command]
    second[second.index("--run-dir") + 1] = tmp_path / "second"
    assert starter.run(second, largest=1_000) == 1  # not even run.json
    assert "run.json" in one_line(starter)
    assert unfinished(tmp_path) == []
    assert starter.run(command) == 0
    assert output.read_bytes() == expected


def test_an_input_that_is_gone_is_an_error_until_it_is_back(
    starter: Starter, command: list[object], expected: bytes, many: Path, tmp_path: Path
) -> None:
    variants = tmp_path / many.name
    variants.write_bytes(many.read_bytes())
    command[1] = variants
    pid = starter.start(command)
    wait_for_shards(tmp_path, 2)
    os.kill(pid, signal.SIGKILL)
    starter.wait(pid)
    variants.unlink()
    assert starter.run(command) == 1
    assert "many.vcf: cannot be read" in one_line(starter)
    variants.write_bytes(many.read_bytes())
    pid = starter.start(command)
    wait_for_shards(tmp_path, 4)
    variants.unlink()  # what is open is read to its end
    assert starter.wait(pid) == 0
    assert (tmp_path / "effects.vcf").read_bytes() == expected


def test_a_second_run_in_the_same_folder_is_refused_at_once(
    starter: Starter, command: list[object], tmp_path: Path
) -> None:
    first = starter.start([*command, *SLOWLY])
    wait_for_shards(tmp_path, 1)
    os.kill(first, signal.SIGSTOP)
    assert starter.run(command) == 1
    assert "another process works on this run" in one_line(starter)
    os.kill(first, signal.SIGCONT)
    os.kill(first, signal.SIGTERM)
    assert starter.wait(first) == 143
