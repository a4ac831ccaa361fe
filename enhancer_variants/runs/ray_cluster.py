"""A connection to Ray: of this machine alone, begun and ended here, or of a cluster that runs."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from filelock import FileLock, Timeout

from enhancer_variants.errors import InputError, MissingDependencyError

__all__ = ["NodeResources", "connected", "resources_in_words", "share_of_cpus"]

NodeResources = Mapping[str, float]
"""What a machine of a cluster has, as Ray counts it: ``{"CPU": 64.0, "GPU": 8.0}``."""

_LONGEST_FOLDER: Final = 30
"""Characters: Ray's sockets lie below, and the name of a socket has at most 107."""

_PREFIX: Final = "ev-ray-"
_OWNED: Final = "owner.lock"
"""Of the folder of a Ray of this machine; held as long as the process lives that began it."""

_KNOCK: Final = 10.0
"""Seconds until whoever does not answer is taken to be absent."""

_PRINTS: Final = "_worker_logs_enabled"
"""Ray has no public switch for what its listening thread prints, and this one does no harm where a
version lacks it."""

_OWN: Final = {
    "RAY_AUTH_MODE": "disabled",  # leaves no token in the home folder
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # workers as urgent as the process that began them
}
"""Environment of a Ray of this machine alone."""


@contextlib.contextmanager
def connected(address: str | None, workers: int) -> Iterator[ModuleType]:
    """Give Ray while it is connected; where it was begun here, nothing of it is left afterwards.

    Parameters
    ----------
    address
        Of a cluster that runs, as ``host:6379``, or ``auto`` on one of its machines. None: Ray is
        begun on this machine. A process that is connected already stays so, whatever this says.
    workers
        How many workers a Ray that is begun here has room for.

    Raises
    ------
    MissingDependencyError
        If Ray is not installed.
    InputError
        If there is no cluster at the address, or it has other versions of Python or Ray.
    """
    try:
        import ray  # noqa: PLC0415 - of the extra `ray`
    except ImportError as error:
        raise MissingDependencyError(
            "the engine 'ray' needs Ray, which is not installed; run: "
            "pip install 'enhancer-variants[ray]'"
        ) from error
    if ray.is_initialized():
        yield ray
        return
    with _silent(), _own_ray(ray, workers) if address is None else _joined(ray, address):
        yield ray


@contextlib.contextmanager
def _own_ray(ray: ModuleType, workers: int) -> Iterator[None]:
    place = _short_folder()
    _remove_abandoned(Path(place))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    with contextlib.ExitStack() as leaving:
        leaving.callback(shutil.rmtree, folder, ignore_errors=True)
        leaving.enter_context(FileLock(folder / _OWNED))
        leaving.enter_context(_environment(_OWN))
        restore_sigterm = leaving.enter_context(_ray_on_sigterm())
        leaving.callback(ray.shutdown)
        ray.init(
            address="local",
            num_cpus=workers,  # threads are shared out among workers, not booked with Ray
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            configure_logging=False,
            _temp_dir=str(folder),
        )
        restore_sigterm()
        yield


@contextlib.contextmanager
def _joined(ray: ModuleType, address: str) -> Iterator[None]:
    if "://" in address:
        raise InputError(
            f"the address of the Ray cluster is {address!r}; expected host:port of its head, or "
            "auto: this command has to run on a machine of the cluster, not as a Ray client"
        )
    with contextlib.ExitStack() as leaving:
        restore_sigterm = leaving.enter_context(_ray_on_sigterm())
        leaving.callback(ray.shutdown)
        try:
            _knock(address)
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise InputError(
                f"no Ray cluster that can be used at {address!r} ({reason}); expected host:port "
                "of the head of one that runs, with the versions of Python and Ray that run here; "
                "leave the address away for this machine alone"
            ) from error
        restore_sigterm()
        yield


def _knock(address: str) -> None:
    """Raise OSError or ValueError where nobody answers: Ray itself would try for many minutes."""
    if address == "auto":
        return  # Ray knows the address, or says at once that it knows none
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


def share_of_cpus(nodes: Sequence[NodeResources], workers: int, gpus_per_worker: float) -> int:
    """Divide the processor cores of a cluster among workers that all have the same number.

    Parameters
    ----------
    nodes
        What each machine has.
    workers
        How many workers.
    gpus_per_worker
        What each of them holds beside its cores.

    Returns
    -------
    int
        The largest number of cores with which all find room; 0 if they do not with one each.

    Examples
    --------
    >>> share_of_cpus([{"CPU": 64, "GPU": 8}, {"CPU": 64, "GPU": 8}], 16, 1)
    8
    >>> share_of_cpus([{"CPU": 4}, {"CPU": 1}], 2, 0)
    2
    >>> share_of_cpus([{"CPU": 64}], 1, 1)
    0
    """
    most = int(max((node.get("CPU", 0) for node in nodes), default=0))
    for cpus in range(most, 0, -1):
        if sum(_room(node, cpus, gpus_per_worker) for node in nodes) >= workers:
            return cpus
    return 0


def _room(node: NodeResources, cpus: int, gpus: float) -> int:
    """Count the workers that a machine has room for."""
    by_cpus = int(node.get("CPU", 0) // cpus)
    return min(by_cpus, int(node.get("GPU", 0) / gpus + 1e-9)) if gpus else by_cpus


def resources_in_words(nodes: Sequence[NodeResources]) -> str:
    """Say what a cluster has.

    Examples
    --------
    >>> resources_in_words([{"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0}])
    '2 machines with 8 CPUs and 1 GPU; 4 CPUs and 0 GPUs'
    """
    each = [
        f"{_counted(node.get('CPU', 0), 'CPU')} and {_counted(node.get('GPU', 0), 'GPU')}"
        for node in nodes
    ]
    shown = [*each[:4], f"and {len(each) - 4} more"] if len(each) > 4 else each
    return f"{_counted(len(nodes), 'machine')} with {'; '.join(shown) or 'nothing'}"


def _counted(number: float, thing: str) -> str:
    return f"{number:g} {thing}{'' if number == 1 else 's'}"


def _remove_abandoned(place: Path) -> None:
    """Remove the folders of own processes that were killed before they could."""
    for lock in place.glob(f"{_PREFIX}*/{_OWNED}"):
        with contextlib.suppress(OSError, Timeout):  # it is held, or another process removes it
            # Nobody else's: the name could be a link of theirs to a file of ours.
            if lock.parent.lstat().st_uid == os.getuid():
                with FileLock(lock, timeout=0):
                    shutil.rmtree(lock.parent, ignore_errors=True)


def _short_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _LONGEST_FOLDER else "/tmp"  # noqa: S108 - a new one is made in it


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep Ray from printing that a worker died: it prints to standard output, amid a result."""
    printing: Any = importlib.import_module("ray._private.worker")
    before = getattr(printing, _PRINTS, None)
    setattr(printing, _PRINTS, False)
    try:
        yield
    finally:
        setattr(printing, _PRINTS, before)


@contextlib.contextmanager
def _ray_on_sigterm() -> Iterator[Callable[[], None]]:
    """Undo that Ray answers to SIGTERM, at the end, or at once where this process does itself.

    Ray ends the process as ``sys.exit`` does, which is better than to end without leaving.
    """
    mine: Any = signal.getsignal(signal.SIGTERM)

    def restore() -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, mine)

    try:
        yield restore if callable(mine) else lambda: None
    finally:
        restore()
