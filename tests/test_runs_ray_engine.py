"""Shards done by Ray: the local engine's bytes, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
import torch
from ray import cloudpickle

from enhancer_variants.errors import (
    CheckpointError,
    EnhancerVariantsError,
    InputError,
    MissingDependencyError,
)
from enhancer_variants.runs import LocalEngine, Piece, Shard
from enhancer_variants.runs.ray_cluster import connected, resources_in_words, share_of_cpus
from enhancer_variants.runs.ray_crew import RemoteWorker
from enhancer_variants.runs.ray_engine import RayEngine

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not see the tests


"""Where the folder of a Ray that a test begins lies."""


class TwoPartError(Exception):
    """Cannot be unpickled: its arguments are not what it keeps."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


@dataclass(frozen=True)
class Complements:
    """Complements its shards, and does to the process what the content of a shard says."""

    conditions: Mapping[str, Any]
    mark: Path
    outline: str = "complements"

    def __call__(self, shard: Shard, advance: Callable[[float], None] | None = None) -> Piece:
        match shard.content:
            case "die once" if not self.mark.exists():
                self.mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "damaged":
                raise CheckpointError("enhancer/: no weights")
            case "two parts":
                raise TwoPartError("one", "two")
        if advance is not None:
            advance(shard.size)
        text = shard.content.translate(str.maketrans("ACGT", "TGCA"))
        return Piece({"complement.txt": text.encode()}, {"bases": len(text)})


@dataclass(frozen=True)
class Load:
    """Loads the work in a worker; may do there what a test is about."""

    mark: Path
    event: str = ""

    def __call__(self) -> Complements:
        if self.event == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        conditions: dict[str, Any] = {"threads": os.environ["OMP_NUM_THREADS"], "device": "cpu"}
        if self.event == "differ":
            conditions["versions"] = {f"package{n}": os.getpid() for n in range(7)}
        return Complements(conditions, self.mark)


@pytest.fixture(scope="module")
def two_cpus() -> Iterator[Any]:
    """A Ray of two CPUs that the engines of these tests use."""
    with connected(None, 2) as connection:
        yield connection


def _shards(*contents: str) -> list[Shard]:
    return [Shard(number, content, len(content)) for number, content in enumerate(contents)]


@pytest.mark.usefixtures("two_cpus")
def test_a_killed_worker_changes_nothing_of_the_result(tmp_path: Path) -> None:
    shards = _shards("ACGT", "AAC", "die once", "GGT", *("ACGTTGCA"[n:] for n in range(8)))
    seen: list[float] = []
    taken = 0

    def taking() -> Iterator[Shard]:
        nonlocal taken
        for shard in shards:
            taken += 1
            yield shard

    pieces = {}
    with RayEngine(2, cpus_per_worker=3) as engine:
        conditions, outline = engine.start(Load(tmp_path / "dead"))
        for shard, piece in engine.pieces(taking(), seen.append):
            assert shard.number not in pieces
            pieces[shard.number] = piece
            # Two with each worker, one that waits, and one that is held out to it.
            assert taken - len(pieces) <= 2 * 2 + 2
    assert (tmp_path / "dead").exists()
    assert (conditions["threads"], outline) == ("3", "complements")
    assert sum(seen) == sum(shard.size for shard in shards)

    with LocalEngine() as local:
        assert local.start(lambda: Complements(conditions, tmp_path / "dead"))[0] == conditions
        assert {s.number: piece for s, piece in local.pieces(iter(shards))} == pieces


@pytest.mark.usefixtures("two_cpus")
def test_errors_of_work_and_input_come_out_as_they_are(tmp_path: Path) -> None:
    def cut_off() -> Iterator[Shard]:
        raise InputError("variants.vcf:7: cut off")
        yield

    with RayEngine(1) as engine:
        engine.start(Load(tmp_path / "dead"))
        with pytest.raises(InputError, match=r"^variants\.vcf:7: cut off$"):
            list(engine.pieces(cut_off()))
        with pytest.raises(CheckpointError, match=r"^enhancer/: no weights$"):
            list(engine.pieces(iter(_shards("ACGT", "damaged"))))


@pytest.mark.usefixtures("two_cpus")
def test_a_shard_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    with RayEngine(1, retries=1) as engine:
        engine.start(Load(tmp_path / "dead"))
        with pytest.raises(EnhancerVariantsError, match="shard 1: 2 workers were lost") as error:
            list(engine.pieces(iter(_shards("A", "die", "C"))))
    assert "memory" in str(error.value)


@pytest.mark.usefixtures("two_cpus")
def test_workers_that_die_while_they_load(tmp_path: Path) -> None:
    with (
        RayEngine(1, retries=0) as engine,
        pytest.raises(EnhancerVariantsError, match="1 workers in a row were lost"),
    ):
        engine.start(Load(tmp_path / "dead", "die"))


@pytest.mark.usefixtures("two_cpus")
def test_workers_under_other_conditions_are_refused(tmp_path: Path) -> None:
    with (
        RayEngine(2) as engine,
        pytest.raises(InputError, match=r"versions\.package0 \(\d+ and \d+\);.*and 2 more"),
    ):
        engine.start(Load(tmp_path / "dead", "differ"))


@pytest.mark.usefixtures("two_cpus")
def test_what_the_workers_cannot_import_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("only_here")
    exec("def load(): ...", module.__dict__)  # noqa: S102 - a module that no file holds
    monkeypatch.setitem(sys.modules, "only_here", module)
    with RayEngine(1) as engine, pytest.raises(InputError, match="cannot import 'only_here'"):
        engine.start(module.load)


@pytest.mark.usefixtures("two_cpus")
def test_what_ray_does_not_have_is_refused(tmp_path: Path) -> None:
    with (
        RayEngine(2, gpus_per_worker=1) as engine,
        pytest.raises(InputError, match=r"2 workers with 1 GPUs each.*1 machine with 2 CPUs and 0"),
    ):
        engine.start(Load(tmp_path / "dead"))
    with (
        # As on a cluster, which may grow: the address is not looked at, we are connected.
        RayEngine(3, cpus_per_worker=1, address="head:6379", patience=0.5) as engine,
        pytest.raises(InputError, match=r"3 workers with 1 CPUs and 0 GPUs.*has room for [012]"),
    ):
        engine.start(Load(tmp_path / "dead"))


def test_threads_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        """Ten cores on each of two machines."""

        def nodes(self) -> list[dict[str, Any]]:
            return [{"Alive": True, "Resources": {"CPU": 10.0}}] * 2 + [{"Alive": False}]

    def threads(**numbers: Any) -> tuple[int, float]:
        needs = RayEngine(**numbers)._needs(Connection())
        return needs.threads, needs.cpus

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    assert threads(workers=2) == (3, 1)
    assert threads(workers=9) == (1, 1)
    assert threads(workers=2, cpus_per_worker=4) == (4, 1)
    assert threads(workers=3, address="head:6379") == (5, 5)
    assert threads(workers=3, address="head:6379", cpus_per_worker=2) == (2, 2)
    assert threads(workers=99, address="head:6379") == (1, 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert threads(workers=2) == (6, 1)
    assert threads(workers=2, address="head:6379") == (6, 6)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Give a folder for temporary files that is short enough for the names of Ray's sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ev") as folder:
        yield Path(folder)


def _heed_interrupts() -> None:
    """Undo what a shell does to its background jobs, among which these tests may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("whole", ["stopped", "joined"])
def test_nothing_is_left_behind(
    two_cpus: Any, tmp_path: Path, short_folder: Path, whole: str
) -> None:
    """One process with a Ray of its own is interrupted, another joins the Ray that runs here."""
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(_SCRIPT))
    home = tmp_path / "home"
    home.mkdir()
    address = two_cpus.get_runtime_context().gcs_address if whole == "joined" else ""
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("RAY_")}
    environment |= {"HOME": str(home), "TMPDIR": str(short_folder), "OF_THIS_TEST": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, script, tmp_path, address],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - nothing of this process is used there
    ) as process:
        try:
            if whole == "stopped":
                while not (tmp_path / "under way").exists():
                    assert process.poll() is None, process.stderr.read()
                    time.sleep(0.05)
                assert len(_processes_with(tmp_path)) > 3
                os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert (process.returncode, out, err.decode()) == (0, b"ended\n", "")
    deadline = time.monotonic() + 5
    while _processes_with(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes_with(tmp_path) == []
    assert list(short_folder.glob("ev-ray-*")) == []
    assert list(home.rglob("*")) == []


_SCRIPT = """
    import os, pathlib, signal, sys, time
    from enhancer_variants.runs import Piece, Shard
    from enhancer_variants.runs.ray_engine import RayEngine

    folder, address = pathlib.Path(sys.argv[1]), sys.argv[2]

    class Slow:
        conditions, outline = {}, None

        def __call__(self, shard, advance=None):
            if shard.number == 0 and not (folder / "dead").exists():
                (folder / "dead").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if not address and shard.number == 2:
                (folder / "under way").touch()
                time.sleep(60)
            return Piece({})

    on_term = lambda *_: sys.exit(143)
    if address:
        signal.signal(signal.SIGTERM, on_term)
    try:
        with RayEngine(1, 0, 1, address or None) as engine:
            engine.start(Slow)
            assert not address or signal.getsignal(signal.SIGTERM) is on_term
            done = list(engine.pieces(Shard(n, "", 1) for n in range(3)))
        assert len(done) == 3 and address
    except KeyboardInterrupt:
        assert not address
    assert signal.getsignal(signal.SIGTERM) is (on_term if address else signal.SIG_DFL)
    assert "RAY_AUTH_MODE" not in os.environ
    print("ended")
"""


def _processes_with(folder: Path) -> list[str]:
    """Give the names of running processes that the one with this environment began."""
    names = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("OF_THIS_TEST") == str(folder):
                names.append(process.name())
        except psutil.Error:
            continue
    return names


def test_addresses_where_no_cluster_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with pytest.raises(InputError, match=r"'ray://head:10001'; expected host:port"):
        connected("ray://head:10001", 1).__enter__()
    for address in ("127.0.0.1:1", "127.0.0.1", "[::1]:1"):
        with pytest.raises(InputError, match="no Ray cluster that can be used at"):
            connected(address, 1).__enter__()


def test_a_cluster_is_joined_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def init(*, address: str, **_: Any) -> None:
        called.append(address)
        signal.signal(signal.SIGTERM, lambda *_: None)  # as Ray does

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: called.append("left"))
    before = signal.getsignal(signal.SIGTERM)
    with connected("auto", 1) as connection:
        assert (connection, called) == (ray, ["auto"])
        assert (signal.getsignal(signal.SIGTERM) is before) == callable(before)
    assert called == ["auto", "left"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with RayEngine() as engine, pytest.raises(MissingDependencyError, match=r"variants\[ray\]"):
        engine.start(LocalEngine)


@pytest.mark.parametrize(
    "numbers",
    [
        {"workers": 0},
        {"workers": 1.5},
        {"retries": -1},
        {"cpus_per_worker": 0},
        {"gpus_per_worker": -1},
        {"gpus_per_worker": 1.5},
        {"gpus_per_worker": float("nan")},
        {"gpus_per_worker": float("inf")},
        {"patience": 0},
        {"patience": float("inf")},
    ],
)
def test_numbers_out_of_range_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(numbers))):
        RayEngine(**numbers)


def test_pieces_come_after_the_start() -> None:
    with RayEngine() as engine, pytest.raises(RuntimeError, match="before pieces"):
        list(engine.pieces(iter([])))


def test_a_worker_does_shards_with_what_it_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    before = torch.get_num_threads()
    worker = RemoteWorker(3, 0)
    try:
        conditions, outline = worker.prepare(cloudpickle.dumps(Load(tmp_path / "dead")))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert (conditions["threads"], outline) == ("3", "complements")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""  # none was asked for
    assert worker.here() == os.getpid()
    assert worker.do(Shard(0, "ACGT", 4)).files == {"complement.txt": b"TGCA"}
    with pytest.raises(CheckpointError, match=r"^enhancer/: no weights$"):
        worker.do(Shard(0, "damaged", 1))
    with pytest.raises(EnhancerVariantsError, match=r"^TwoPartError: one and two$"):
        worker.do(Shard(0, "two parts", 1))


def test_a_worker_sees_the_gpus_that_ray_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    worker = RemoteWorker(torch.get_num_threads(), 0.5)
    worker.prepare(cloudpickle.dumps(Load(tmp_path / "dead")))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"


def test_cores_are_shared_so_that_all_workers_find_room() -> None:
    small, large = {"CPU": 5.0}, {"CPU": 1.0}
    assert share_of_cpus([small, large, large], 3, 0) == 1
    assert share_of_cpus([small, large], 1, 0) == 5
    assert share_of_cpus([{"CPU": 16.0, "GPU": 2.0}], 4, 0.5) == 4
    assert share_of_cpus([{"CPU": 16.0, "GPU": 2.0}], 3, 1) == 0
    assert share_of_cpus([], 1, 0) == 0


def test_large_clusters_are_described_shortly() -> None:
    words = resources_in_words([{"CPU": 1.0}] * 9)
    assert words.startswith("9 machines with 1 CPU and 0 GPUs; ")
    assert words.endswith("and 5 more")
    assert resources_in_words([]) == "0 machines with nothing"
