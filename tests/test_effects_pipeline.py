"""The pipeline gives what a plain loop gives, in its order, and ends as a plain loop ends."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import enhancer_variants as ev
from enhancer_variants import scorer as scorer_module
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import (
    ScoringPlan,
    SideTables,
    collector_paused,
    score_chunks,
    score_records,
)
from enhancer_variants.effects import network_thread as thread_module
from enhancer_variants.effects import pipeline as module
from enhancer_variants.effects import rows as rows_module
from enhancer_variants.effects.network_passes import NetworkPasses
from enhancer_variants.effects.network_thread import NetworkThread
from enhancer_variants.effects.window_pairs import pair_windows
from enhancer_variants.errors import FastaError, VariantFileError
from enhancer_variants.genome import Reference
from enhancer_variants.io import EffectTable, VariantRecord, parse_vcf_line
from enhancer_variants.models import Model
from enhancer_variants.motifs import Motif, motif_panel

Make = Callable[..., Any]
Chunks = Sequence[Sequence[VariantRecord]]

GENOME = "".join(random.Random(5).choices("ACGT", k=300)) + "N" * 30 + "ACGTTGCA" * 10
FILES = demo_files()
LONG = 20
"""Seconds after which a test gives up waiting for another thread."""

once_made = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plain(
    chunks: Iterable[Sequence[VariantRecord]],
    plan: ScoringPlan,
    reference: Reference,
    lengths: Mapping[str, int] | None = None,
    advance: Callable[[float], None] | None = None,
    side: SideTables | None = None,
) -> Iterator[EffectTable]:
    for chunk in chunks:
        yield score_records(chunk, plan, reference, lengths, advance, side)


def snvs(count: int, size: int = 1) -> list[list[VariantRecord]]:
    """Make chunks of `size` SNVs, each at a place of its own."""
    places = range(40, 40 + count * size)
    lines = [f"chr1\t{p}\t.\t{GENOME[p - 1]}\t{_other(p)}\t.\t.\t.\n".encode() for p in places]
    read = [parse_vcf_line(line, number) for number, line in enumerate(lines)]
    return [read[i : i + size] for i in range(0, len(read), size)]


def _other(position: int) -> str:
    return "A" if GENOME[position - 1] != "A" else "C"


def network_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "networks"]


class _Wrapped(nn.Module):
    """A network that lets a test look at every batch before it is read."""

    def __init__(self, network: nn.Module, before: Callable[[Tensor], None]) -> None:
        super().__init__()
        self.network, self.config, self.before = network, network.config, before

    def forward(self, ids: Tensor, *rest: Any, **options: Any) -> Tensor:
        self.before(ids)
        logits: Tensor = self.network(ids, *rest, **options)
        return logits


def watched(model: Model, before: Callable[[Tensor], None]) -> Model:
    return replace(model, network=_Wrapped(model.network, before))


@pytest.fixture
def reference(make_reference: Make) -> Reference:
    made: Reference = make_reference(chr1=GENOME, chrM="ACGT" * 20)
    return made


@pytest.fixture
def plan(position_model: Make) -> ScoringPlan:
    return ScoringPlan((position_model(),))


# --- the same tables --------------------------------------------------------------------------


@st.composite
def _hostile_chunks(draw: st.DrawFn) -> list[list[VariantRecord]]:
    """Records as they come: good ones, repeated ones, and all that files hold beside them."""
    bases = st.text("ACGTNacgt", min_size=0, max_size=6)
    alt = st.one_of(bases, st.sampled_from([".", "*", "<DEL>", "]chr1:5]A", "R"]))
    cells = st.tuples(
        st.sampled_from(["chr1", "1", "chrM", "MT", "chr9", ""]),
        st.one_of(st.integers(-1, 450), st.just("x")),
        st.one_of(st.none(), bases),
        st.lists(alt, min_size=1, max_size=3),
    )
    lines = []
    for contig, position, ref, alts in draw(st.lists(cells, max_size=14)):
        right = isinstance(position, int) and 0 < position <= len(GENOME)
        base = GENOME[position - 1] if right else ""
        text = (
            f"{contig}\t{position}\t.\t{base if ref is None else ref}\t{','.join(alts)}\t.\t.\t.\n"
        )
        lines += [text.encode()] * draw(st.integers(1, 2))
    lines += draw(
        st.lists(st.sampled_from([b"chr1\n", b"\xff\t1\t.\tA\tC\t.\t.\t.\n"]), max_size=2)
    )
    read = [parse_vcf_line(line, number) for number, line in enumerate(lines)]
    size = draw(st.integers(1, 5))
    return [read[i : i + size] for i in range(0, len(read), size)]


class _Heard:
    """What a run told beside its tables."""

    def __init__(self) -> None:
        self.factors: list[Mapping[str, Any]] = []
        self.hits: list[Mapping[str, Any]] = []
        self.done = 0.0

    def side(self) -> SideTables:
        return SideTables(self.factors.append, self.hits.append, hit_lists=True)

    def advance(self, alleles: float) -> None:
        self.done += alleles


def same(found: Any, expected: Any) -> bool:
    """Whether all values are equal, NaN to NaN."""
    if isinstance(expected, Mapping):
        return found.keys() == expected.keys() and all(same(found[n], expected[n]) for n in found)
    if isinstance(expected, np.ndarray) and expected.dtype.kind == "f":
        return np.array_equal(found, expected, equal_nan=True)
    if isinstance(expected, np.ndarray):
        return np.array_equal(found, expected)
    return bool(found == expected)


@once_made
@given(chunks=_hostile_chunks())
def test_tables_are_those_of_a_plain_loop(
    position_model: Make, reference: Reference, chunks: Chunks
) -> None:
    plan = ScoringPlan(
        (position_model("enhancer", 20, 2),),
        strand="both",
        tfbs=(position_model("GATA", 20, 2), position_model("SPI1", 8, 1)),
        motifs=motif_panel([Motif("M1", "GATA", [[0, 9, 0, 0], [9, 0, 0, 0], [0, 0, 0, 9]])]),
        motif_window=20,
    )
    heard, expected = _Heard(), _Heard()
    found = list(score_chunks(chunks, plan, reference, {}, heard.advance, heard.side()))
    wanted = list(plain(chunks, plan, reference, {}, expected.advance, expected.side()))
    assert [table.records for table in found] == [table.records for table in wanted]
    assert all(same(one.data, other.data) for one, other in zip(found, wanted, strict=True))
    for table, other in ((heard.factors, expected.factors), (heard.hits, expected.hits)):
        assert all(same(rows, others) for rows, others in zip(table, other, strict=True))
    assert heard.done == pytest.approx(expected.done) == sum(map(len, wanted))
    assert network_threads() == []


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_the_demo_is_scored_alike_in_chunks_of_any_size(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = ev.VariantScorer(FILES.reference, enhancer=FILES.model, progress=False)
    monkeypatch.setattr("enhancer_variants.effects.checked_input.RECORDS_PER_CHUNK", size)
    summary = scorer.annotate(FILES.variants, tmp_path / "pipelined.vcf")
    monkeypatch.setattr(scorer_module, "score_chunks", plain)
    assert scorer.annotate(FILES.variants, tmp_path / "plain.vcf") == summary
    assert (tmp_path / "pipelined.vcf").read_bytes() == (tmp_path / "plain.vcf").read_bytes()


# --- the same exceptions ----------------------------------------------------------------------


def _ends(tables: Iterator[EffectTable]) -> tuple[list[int], str]:
    """Numbers of the records of all tables, and the exception that came behind them."""
    numbers: list[int] = []
    try:
        for table in tables:
            numbers += [record.number for record in table.records]
    except Exception as error:  # noqa: BLE001 - any, to compare two ways
        return numbers, f"{type(error).__name__}: {error}"
    return numbers, ""


def _breaking(chunks: Chunks, at: int) -> Iterator[Sequence[VariantRecord]]:
    for number, chunk in enumerate(chunks):
        if number == at:
            raise VariantFileError(f"chunk {number} is damaged")
        yield chunk


class _Writer:
    """Takes rows until the disk is full."""

    def __init__(self, chunks: int) -> None:
        self.left = chunks

    def __call__(self, rows: Mapping[str, Any]) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")


class _Failing(nn.Module):
    """Zeros; at one batch it raises, at another its logits are not finite."""

    def __init__(self, like: nn.Module, raises_at: int, infinite_at: int) -> None:
        super().__init__()
        self.config, self.batches = like.config, 0
        self.raises_at, self.infinite_at = raises_at, infinite_at

    def forward(self, ids: Tensor, *_: Any, **__: Any) -> Tensor:
        self.batches += 1
        if self.batches == self.raises_at:
            raise RuntimeError("out of memory")
        return torch.full((len(ids), 2), np.inf if self.batches == self.infinite_at else 0.0)


CAUSES = ("read", "place", "network", "infinite", "write")


@once_made
@given(at=st.fixed_dictionaries({cause: st.integers(1, 10) for cause in CAUSES}))
def test_an_exception_rises_behind_the_same_tables(
    position_model: Make, reference: Reference, at: dict[str, int]
) -> None:
    """Several causes in several of eight chunks: what is told is what a plain loop tells."""
    chunks, model = snvs(8, 2), position_model("CTCF")
    damaged = {record.position for chunk in chunks[at["place"] - 1 :][:1] for record in chunk}
    place = rows_module.place

    def damaged_place(contig: str, position: int, *rest: Any) -> Any:
        if position in damaged:
            raise FastaError(f"{contig}:{position} cannot be read")
        return place(contig, position, *rest)

    def outcome(score: Callable[..., Iterator[EffectTable]]) -> tuple[list[int], str]:
        failing = replace(model, network=_Failing(model.network, at["network"], at["infinite"]))
        plan = ScoringPlan(tfbs=(failing,), batch_size=64)
        side = SideTables(_Writer(at["write"] - 1))
        return _ends(score(_breaking(chunks, at["read"] - 1), plan, reference, None, None, side))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rows_module, "place", damaged_place)
        expected = outcome(plain)
        assert outcome(score_chunks) == expected
    first = min(at.values())
    assert expected[0] == list(range(2 * min(first - 1, 8)))
    assert bool(expected[1]) == (first <= 8)
    assert network_threads() == []


def test_an_interruption_while_reading_is_not_held_back(
    plan: ScoringPlan, reference: Reference
) -> None:
    def interrupted() -> Iterator[Sequence[VariantRecord]]:
        yield from snvs(2)
        raise KeyboardInterrupt

    tables = score_chunks(interrupted(), plan, reference)
    with pytest.raises(KeyboardInterrupt):
        next(tables)
    assert network_threads() == []


def test_a_signal_ends_the_wait_for_a_network(plan: ScoringPlan, reference: Reference) -> None:
    reading, go = threading.Event(), threading.Event()

    def before(_: Tensor) -> None:
        reading.set()
        assert go.wait(LONG)

    def interrupt() -> None:
        assert reading.wait(LONG)
        time.sleep(0.05)  # by now the main thread waits, as it most often does
        os.kill(os.getpid(), signal.SIGINT)
        go.set()

    plan = replace(plan, enhancers=(watched(plan.enhancers[0], before),))
    # A background job of a shell, among which these tests may be, ignores the signal.
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(score_chunks(snvs(5), plan, reference))
    finally:
        interrupter.join()
        signal.signal(signal.SIGINT, earlier)
    assert network_threads() == []


# --- who does what, and how far ahead ---------------------------------------------------------


def test_only_networks_leave_the_callers_thread(position_model: Make, reference: Reference) -> None:
    here, elsewhere = set[int](), set[int]()

    def heard(*_: Any) -> None:
        here.add(threading.get_ident())

    def read(chunks: Chunks) -> Iterator[Sequence[VariantRecord]]:
        for chunk in chunks:
            heard()
            yield chunk

    model = watched(position_model("CTCF"), lambda _: elsewhere.add(threading.get_ident()))
    plan = ScoringPlan(tfbs=(model,))
    list(score_chunks(read(snvs(4)), plan, reference, {}, heard, SideTables(heard, heard)))
    assert here == {threading.get_ident()}
    assert len(elsewhere) == 1
    assert not here & elsewhere
    elsewhere.clear()
    list(score_chunks(snvs(1), plan, reference))
    assert elsewhere == here  # a single chunk needs no thread


def test_the_network_runs_while_chunks_are_read(plan: ScoringPlan, reference: Reference) -> None:
    """The network of the first chunk waits until the third one is read, which a loop never does."""
    third_is_read = threading.Event()

    def read() -> Iterator[Sequence[VariantRecord]]:
        for number, chunk in enumerate(snvs(4)):
            if number == 2:
                third_is_read.set()
            yield chunk

    def before(_: Tensor) -> None:
        assert third_is_read.wait(LONG)

    plan = replace(plan, enhancers=(watched(plan.enhancers[0], before),))
    assert len(list(score_chunks(read(), plan, reference))) == 4


@pytest.mark.parametrize(("most_records", "ahead"), [(1_000, module.CHUNKS_AHEAD), (3, 1), (1, 0)])
def test_a_stated_number_of_chunks_is_read_ahead(
    plan: ScoringPlan,
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
    most_records: int,
    ahead: int,
) -> None:
    """Of large chunks fewer, so that they do not all lie in memory."""
    monkeypatch.setattr(module, "_MOST_RECORDS", most_records)
    chunks = snvs(7, 2)
    taken = 0

    def read() -> Iterator[Sequence[VariantRecord]]:
        nonlocal taken
        for chunk in chunks:
            taken += 1
            yield chunk

    beyond = []
    for number, table in enumerate(score_chunks(read(), plan, reference), 1):
        assert table.records == chunks[number - 1]
        beyond.append(taken - number)
    assert beyond == [ahead] * (7 - ahead) + list(range(ahead))[::-1]


def test_networks_wait_where_nobody_takes_their_results(
    position_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_module, "_LOGITS_WAITING", 2)
    read: list[int] = []
    models = tuple(watched(position_model(f"m{i}"), lambda _: read.append(1)) for i in range(6))
    plan = ScoringPlan(tfbs=models)
    _, windows = pair_windows(["ACGT" * 5], ["ACGA" * 5], plan)
    with NetworkThread() as networks:
        networks.submit(NetworkPasses(plan, [(model, windows) for model in models]))
        in_turn = networks.in_turn()
        next(in_turn)
        give_up = time.monotonic() + LONG
        while len(read) < 4 and time.monotonic() < give_up:
            time.sleep(0.001)
    assert len(read) == 4  # one taken, two waiting, one more computed


# --- ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "forget", "throw"])
def test_leaving_early_ends_the_thread(plan: ScoringPlan, reference: Reference, how: str) -> None:
    batches: list[int] = []
    plan = replace(plan, enhancers=(watched(plan.enhancers[0], lambda _: batches.append(1)),))
    tables = score_chunks(snvs(50), plan, reference)
    next(tables)
    assert network_threads() == ["networks"]
    if how == "close":
        tables.close()  # type: ignore[attr-defined]
    elif how == "throw":
        with pytest.raises(ZeroDivisionError):
            tables.throw(ZeroDivisionError)  # type: ignore[attr-defined]
    del tables
    assert network_threads() == []
    assert len(batches) <= 1 + module.CHUNKS_AHEAD


def test_a_run_that_nobody_ends_does_not_keep_python_from_its_end(tmp_path: Path) -> None:
    script = tmp_path / "unfinished.py"
    script.write_text(
        "import enhancer_variants as ev\n"
        "from enhancer_variants.demo import demo_files\n"
        "files = demo_files()\n"
        "scorer = ev.VariantScorer(files.reference, enhancer=files.model, progress=False)\n"
        "frames = scorer.iter_vcf(files.variants, chunk_size=2)\n"
        "print(len(next(frames)))\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("2", "")


def test_a_full_disk_ends_the_thread_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = ev.VariantScorer(FILES.reference, enhancer=FILES.model, progress=False)
    monkeypatch.setattr("enhancer_variants.effects.checked_input.RECORDS_PER_CHUNK", 2)
    monkeypatch.setattr(scorer_module, "collector_paused", _full_disk)
    with pytest.raises(OSError, match="No space left"):
        scorer.annotate(FILES.variants, tmp_path / "effects.vcf")
    gc.collect()
    assert network_threads() == []
    assert list(tmp_path.iterdir()) == []


def _full_disk() -> Any:
    raise OSError(28, "No space left on device")


def test_the_thread_computes_as_the_callers_does(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: told.append(f"cuda:{device}"))
    thread_module._torch_settings()()
    assert told == [3, "cuda:1"]


def test_two_users_at_once_each_have_their_own_thread(
    plan: ScoringPlan, reference: Reference
) -> None:
    chunks = snvs(12, 3)
    expected = [table.data for table in plain(chunks, plan, reference)]
    found: dict[int, list[Any]] = {}

    def score(user: int) -> None:
        found[user] = [table.data for table in score_chunks(chunks, plan, reference)]

    users = [threading.Thread(target=score, args=(number,)) for number in range(3)]
    for user in users:
        user.start()
    for user in users:
        user.join(LONG)
    assert all(
        same(one, other)
        for tables in found.values()
        for one, other in zip(tables, expected, strict=True)
    )
    assert len(found) == 3


def test_the_collector_is_on_again_whoever_paused_it_last() -> None:
    """Pauses of two threads that overlap leave it as it was before the first."""
    entered, leave = threading.Event(), threading.Event()

    def pause() -> None:
        with collector_paused():
            entered.set()
            leave.wait(LONG)

    assert gc.isenabled()
    other = threading.Thread(target=pause)
    other.start()
    entered.wait(LONG)
    with collector_paused():
        leave.set()
        other.join()
    assert gc.isenabled()
