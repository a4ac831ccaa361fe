"""The workers of a Ray cluster, and which shards each of them has.

Ray could restart a lost worker itself, in its place. Then shards would wait for it also where
its machine never comes back. So what a lost worker had goes to the others, and a new worker
is asked for beside them.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, NoReturn

from enhancer_variants.errors import EnhancerVariantsError, InputError
from enhancer_variants.models.files import JSON
from enhancer_variants.runs.differences import differences
from enhancer_variants.runs.ray_cluster import resources_in_words
from enhancer_variants.runs.shard import MakeWork, Piece, Shard, Work

__all__ = ["Crew", "RemoteWorker", "WorkerNeeds"]

_SHARDS_OF_A_WORKER: Final = 2
"""One that it does, and one that it goes on with while the first one's piece is written."""

_DIFFERENCES_SHOWN: Final = 5

_LONGEST_REASON: Final = 200

_LOOK_UP: Final = 1.0
"""Seconds after which waiting for an answer looks whether there is still somebody to answer."""


@dataclass(frozen=True, slots=True)
class WorkerNeeds:
    """What each worker is given.

    Attributes
    ----------
    threads
        Threads of its computations.
    cpus, gpus
        What it books with Ray; a part of a GPU as a fraction.
    """

    threads: int
    cpus: float
    gpus: float

    def __str__(self) -> str:
        return f"{self.cpus:g} CPUs and {self.gpus:g} GPUs"


class RemoteWorker:
    """What runs in the process of a worker.

    Parameters
    ----------
    threads
        Of its computations.
    gpus
        What Ray gives it; 0 means that it is to see none.
    """

    def __init__(self, threads: int, gpus: float) -> None:
        self._threads = threads
        self._gpus = gpus
        self._work: Work | None = None

    def here(self) -> int:
        """Say that the process is there: its id."""
        return os.getpid()

    def prepare(self, make_work: bytes) -> tuple[Mapping[str, JSON], Any]:
        """Load the models with the pickled function; give conditions and outline."""
        os.environ["OMP_NUM_THREADS"] = str(self._threads)  # what reads it is not loaded yet
        if not self._gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # Ray hides those of others, but not all
        with _errors_that_travel():
            self._work = pickle.loads(make_work)()  # noqa: S301 - of the process that hired it
            torch = sys.modules.get("torch")
            if torch is not None:
                torch.set_num_threads(self._threads)
            return self._work.conditions, self._work.outline

    def do(self, shard: Shard) -> Piece:
        """Do a shard with the models that are loaded."""
        assert self._work is not None, "prepare() comes first"  # noqa: S101 - an order of calls
        with _errors_that_travel():
            return self._work(shard)


@contextlib.contextmanager
def _errors_that_travel() -> Iterator[None]:
    """Put an error that cannot be unpickled elsewhere into words."""
    try:
        yield
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - just made
        except Exception:  # noqa: BLE001 - pickling runs anybody's code
            raise EnhancerVariantsError(f"{type(error).__name__}: {error}") from None
        raise


@dataclass(slots=True, eq=False)
class _Member:
    """A worker as seen from the process that hands out shards."""

    actor: Any
    shards: deque[Shard] = field(default_factory=deque)
    placed: bool = False
    ready: bool = False


class Crew:
    """Workers that do one run.

    Parameters
    ----------
    ray
        Ray, connected.
    make_work
        Loads the models, in each worker.
    needs
        What each is given.
    retries
        How often a shard is given out again because its worker was lost with it, and how often in
        a row a worker may be lost before it was of any use.
    patience
        Seconds to wait until Ray has room for a worker.
    """

    def __init__(
        self,
        ray: ModuleType,
        make_work: MakeWork,
        needs: WorkerNeeds,
        *,
        retries: int,
        patience: float,
    ) -> None:
        self._ray = ray
        self._needs = needs
        self._retries = retries
        self._patience = patience
        # No restart and no retry by Ray: see the top of this module.
        self._actor = ray.remote(
            num_cpus=needs.cpus, num_gpus=needs.gpus, max_restarts=0, max_task_retries=0
        )(RemoteWorker)
        self._make_work = ray.put(ray.cloudpickle.dumps(make_work))
        self._members: list[_Member] = []
        self._awaited: dict[Any, tuple[_Member, Shard | None]] = {}
        self._again: deque[Shard] = deque()
        self._losses: Counter[int] = Counter()
        self._vain_losses = 0
        self._usable = time.monotonic()
        self._first: tuple[Mapping[str, JSON], Any] | None = None

    def hire(self, workers: int) -> tuple[Mapping[str, JSON], Any]:
        """Get workers; return their conditions and outline when all have loaded their models.

        Raises
        ------
        InputError
            If Ray has no room for them, or their conditions differ.
        """
        for _ in range(workers):
            self._hire()
        while not all(member.ready for member in self._members):
            self._answer()
            self._require_room(all(member.placed for member in self._members))
        assert self._first is not None  # noqa: S101 - they are ready
        return self._first

    def pieces(self, shards: Iterator[Shard]) -> Iterator[tuple[Shard, Piece]]:
        """Do all shards; see `Engine.pieces`."""
        while True:
            self._hand_out(shards)
            if not self._again and not any(member.shards for member in self._members):
                return
            done = self._answer()
            self._require_room(any(member.placed for member in self._members))
            if done is not None:
                yield done

    def dismiss(self) -> None:
        """Let all workers go at once, whatever they are at."""
        for member in self._members:
            self._ray.kill(member.actor)
        self._members.clear()
        self._awaited.clear()

    def _hire(self) -> None:
        member = _Member(self._actor.remote(self._needs.threads, self._needs.gpus))
        self._members.append(member)
        self._awaited[member.actor.here.remote()] = member, None

    def _hand_out(self, shards: Iterator[Shard]) -> None:
        """Give every worker something to do before anyone gets a second shard."""
        for load in range(1, _SHARDS_OF_A_WORKER + 1):
            for member in self._members:
                if member.ready and len(member.shards) < load:
                    shard = self._again.popleft() if self._again else next(shards, None)
                    if shard is None:
                        return
                    member.shards.append(shard)
                    self._awaited[member.actor.do.remote(shard)] = member, shard

    def _answer(self) -> tuple[Shard, Piece] | None:
        """Take one answer of a worker, if one comes soon; give it if it is a piece."""
        answered, _ = self._ray.wait(list(self._awaited), timeout=_LOOK_UP)
        if not answered:
            return None
        member, shard = self._awaited.pop(answered[0])
        if member not in self._members:
            return None  # lost meanwhile: what it had is with others
        try:
            value = self._ray.get(answered[0])
        except self._ray.exceptions.RayTaskError as error:
            _raise_as_it_was(error)
        except self._ray.exceptions.RayError as error:
            self._lost(member, error)
            return None
        if shard is not None:
            member.shards.remove(shard)
            self._vain_losses = 0
            return shard, value
        if not member.placed:
            member.placed = True
            self._awaited[member.actor.prepare.remote(self._make_work)] = member, None
        else:
            self._loaded(member, *value)
        return None

    def _loaded(self, member: _Member, conditions: Mapping[str, JSON], outline: Any) -> None:
        if self._first is None:
            self._first = conditions, outline
        elif found := list(differences(dict(self._first[0]), dict(conditions))):
            named = [f"{name} ({one} and {other})" for name, one, other in found]
            raise InputError(
                f"the workers of the Ray cluster differ in {_shortened(named)}: the result would "
                "depend on who did which part. Expected one installation of this package, the "
                "same files and one kind of device on all machines that are given work"
            )
        member.ready = True

    def _lost(self, member: _Member, error: Exception) -> None:
        """Give the shards of a lost worker to others; ask for a worker in its place."""
        self._members.remove(member)
        self._ray.kill(member.actor)  # it may live, where the network to it is what was lost
        reason = _reason(error)
        if member.shards:
            number = member.shards[0].number
            self._losses[number] += 1
            if self._losses[number] > self._retries:
                raise EnhancerVariantsError(
                    f"shard {number}: {self._losses[number]} workers were lost while they did it, "
                    f"the last with: {reason} Expected memory for the models and a batch of them; "
                    "the other shards that were done are kept"
                )
        else:
            self._vain_losses += 1
            if self._vain_losses > self._retries:
                raise EnhancerVariantsError(
                    f"{self._vain_losses} workers in a row were lost while they loaded their "
                    f"models, the last with: {reason} Expected memory for the models of each, and "
                    "this package on every machine"
                )
        self._again.extendleft(reversed(member.shards))
        self._hire()

    def _require_room(self, room: bool) -> None:
        """Refuse to wait longer for workers that Ray finds no room for."""
        now = time.monotonic()
        if room:
            self._usable = now
        elif now - self._usable > self._patience:
            nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
            placed = sum(member.placed for member in self._members)
            raise InputError(
                f"{len(self._members)} workers with {self._needs} each were asked for, and after "
                f"{self._patience:g} s Ray has room for {placed}: it knows "
                f"{resources_in_words(nodes)}, in part used by others. Ask for fewer workers, or "
                "for less of each"
            )


def _reason(error: Exception) -> str:
    """Take what Ray says of a loss and, of what it quotes below, the last line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [re.split(r"[:,] *\x1b|, \x1b", lines[0])[0], *lines[-1:]] if lines else [repr(error)]
    text = " ... ".join(dict.fromkeys(part[:_LONGEST_REASON] for part in said))
    return text if text.endswith(".") else f"{text}."


def _shortened(names: list[str]) -> str:
    """Join what may be many names, of which the first few say enough."""
    more = len(names) - _DIFFERENCES_SHOWN
    return "; ".join([*names[:_DIFFERENCES_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _raise_as_it_was(error: Any) -> NoReturn:
    """Raise what a worker raised, without what Ray wraps around it."""
    cause = error.cause
    if isinstance(cause, ModuleNotFoundError):
        raise InputError(
            f"a worker of the Ray cluster cannot import {cause.name!r}; expected the same "
            "installation of this package on every machine of the cluster"
        ) from error
    if isinstance(cause, EnhancerVariantsError):
        raise cause from None  # a person can act on its message alone
    raise cause if isinstance(cause, Exception) else error
