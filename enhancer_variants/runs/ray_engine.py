"""Shards done by the workers of a Ray cluster, on this machine or on many."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from enhancer_variants.errors import InputError
from enhancer_variants.models.files import JSON
from enhancer_variants.runs.local_engine import ReadAhead
from enhancer_variants.runs.ray_cluster import connected, resources_in_words, share_of_cpus
from enhancer_variants.runs.ray_crew import Crew, WorkerNeeds
from enhancer_variants.runs.shard import MakeWork, Piece, Shard

__all__ = ["RayEngine"]

_THREADS: Final = "OMP_NUM_THREADS"


class RayEngine:
    """Does shards in the workers of a Ray cluster: processes that load the models once.

    The result has the bytes that the local engine gives under the same conditions: shards are
    whole, whoever does them, and what comes of them is put in order by whoever asked.

    Parameters
    ----------
    workers
        How many processes.
    gpus_per_worker
        GPUs of each, 1 as a rule; 0.5 puts two on one. With 0 a worker sees no GPU.
    cpus_per_worker
        Threads of each. None: what the variable ``OMP_NUM_THREADS`` says; without it an equal
        share of what PyTorch would use here, or of the cores of the cluster at `address`. Sums
        depend on the number of threads in their last digits, so it is among the conditions of a
        run: the local engine gives equal bytes with this number of threads.
    address
        Of a Ray cluster that runs, as ``host:6379``, or ``auto`` on one of its machines. None: Ray
        is begun on this machine and ended with the run. Where this process is connected to Ray
        already, that connection is used, and kept.
    retries
        How often a shard is done again because its worker was lost.
    patience
        Seconds to wait for room for the workers, as while a cluster grows.

    Raises
    ------
    InputError
        If a number is out of its range.

    Examples
    --------
    >>> RayEngine(workers=0)
    Traceback (most recent call last):
    enhancer_variants.errors.InputError: workers is 0; expected a whole number of 1 or more
    """

    def __init__(
        self,
        workers: int = 1,
        gpus_per_worker: float = 0,
        cpus_per_worker: int | None = None,
        address: str | None = None,
        *,
        retries: int = 3,
        patience: float = 300,
    ) -> None:
        _require_whole("workers", workers, 1)
        _require_whole("retries", retries, 0)
        if cpus_per_worker is not None:
            _require_whole("cpus_per_worker", cpus_per_worker, 1)
        is_part = 0 <= gpus_per_worker <= 1  # not true of NaN
        if not (is_part or (gpus_per_worker > 1 and gpus_per_worker % 1 == 0)):
            raise InputError(
                f"gpus_per_worker is {gpus_per_worker:g}; expected 0, a part of one, or a whole "
                "number"
            )
        if not 0 < patience < math.inf:
            raise InputError(f"patience is {patience:g}; expected seconds above 0")
        self._workers = workers
        self._gpus = gpus_per_worker
        self._cpus = cpus_per_worker
        self._address = address
        self._retries = retries
        self._patience = patience
        self._leaving = contextlib.ExitStack()
        self._crew: Crew | None = None

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        self._crew = None
        self._leaving.close()

    def start(self, make_work: MakeWork) -> tuple[Mapping[str, JSON], Any]:
        """Begin or join Ray, and load the models in every worker.

        Parameters
        ----------
        make_work
            Called once in each worker.

        Returns
        -------
        tuple
            The conditions of all workers, and the outline of the first that answered.

        Raises
        ------
        InputError
            If there is no such cluster, it has no room for the workers, or they differ in their
            conditions; the message says in what.
        MissingDependencyError
            If Ray is not installed.
        EnhancerVariantsError
            If workers are lost again and again while they load their models.
        """
        ray = self._leaving.enter_context(connected(self._address, self._workers))
        needs = self._needs(ray)
        crew = Crew(ray, make_work, needs, retries=self._retries, patience=self._patience)
        self._leaving.callback(crew.dismiss)
        self._crew = crew
        return crew.hire(self._workers)

    def pieces(
        self, shards: Iterator[Shard], advance: Callable[[float], None] | None = None
    ) -> Iterator[tuple[Shard, Piece]]:
        """Do all shards; give each with its piece as soon as it is done, in any order.

        At most twice as many shards as workers are with them; `shards` is read in another thread,
        of which one more waits.

        Parameters
        ----------
        shards
            What is to be done.
        advance
            Is told of each shard's size when it is done.

        Yields
        ------
        tuple
            A shard and its piece.

        Raises
        ------
        EnhancerVariantsError
            If a shard was given to workers more than `retries` times again, and each was lost.
        InputError
            If all workers were lost, and there is no room for others.
        """
        if self._crew is None:
            raise RuntimeError("start() makes the workers, and comes before pieces()")
        with ReadAhead(shards, waiting=1) as ahead:
            for shard, piece in self._crew.pieces(ahead):
                if advance is not None:
                    advance(shard.size)
                yield shard, piece

    def _needs(self, ray: ModuleType) -> WorkerNeeds:
        """Decide what each worker is given; refuse what a Ray that cannot grow has not."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        share = share_of_cpus(nodes, self._workers, self._gpus)
        if self._address is not None:
            threads = self._threads(lambda _: max(1, share))
            return WorkerNeeds(threads, threads, self._gpus)
        if not share:
            raise InputError(
                f"{self._workers} workers with {self._gpus:g} GPUs each were asked for; Ray has "
                f"{resources_in_words(nodes)}. Ask for fewer workers, or for fewer GPUs per worker"
            )
        threads = self._threads(lambda alone: max(1, alone // self._workers))
        return WorkerNeeds(threads, 1, self._gpus)

    def _threads(self, shared: Callable[[int], int]) -> int:
        """Take what is said, by argument or variable, or share what PyTorch would use alone."""
        if self._cpus is not None:
            return self._cpus
        import torch  # noqa: PLC0415 - importing runs/ does not load it

        alone = torch.get_num_threads()
        return alone if _THREADS in os.environ else shared(alone)


def _require_whole(name: str, number: float, least: int) -> None:
    if number < least or number != int(number):
        raise InputError(f"{name} is {number}; expected a whole number of {least} or more")
