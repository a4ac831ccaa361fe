"""Networks run in a thread of their own, while the caller reads variants and writes effects."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import torch

from enhancer_variants.effects.network_passes import Logits, NetworkPasses

__all__ = ["NetworkThread"]

_LOGITS_WAITING = 16
"""Results of so many models may wait for the caller before the network waits for it too."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a network raised."""

    error: BaseException


class _StoppedError(Exception):
    """Nobody waits for the networks any more."""


class NetworkThread:
    """Runs networks over the windows of chunk after chunk, while its user does something else.

    Only networks run in the thread. Variants, files, the genome and the progress bar stay with
    the thread of the user, so that none of them has to be safe with threads, and an exception of
    theirs rises where it always did. Python runs one thread at a time, but networks leave it while
    they compute.

    Used as a context: leaving it ends the thread, behind the batch that it is at.
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[NetworkPasses | None] = SimpleQueue()
        self._answers: SimpleQueue[int | list[Logits] | _Failure] = SimpleQueue()
        self._room = threading.Semaphore(_LOGITS_WAITING)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> NetworkThread:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def submit(self, passes: NetworkPasses) -> None:
        """Have the networks run over one more chunk, behind those before it."""
        passes.make_tokens()
        if self._thread is None:
            self._start()
        self._asked.put(passes)

    def in_turn(self, progress: Callable[[int], None] | None = None) -> Iterator[list[Logits]]:
        """Wait for logits: those of the chunks and of each chunk's readers, in order.

        Parameters
        ----------
        progress
            Told how many sequences were read, in the caller's thread.

        Raises
        ------
        Exception
            Whatever the network raised.
        """
        while True:
            answer = self._answers.get()
            if isinstance(answer, _Failure):
                raise answer.error
            if isinstance(answer, list):
                self._room.release()
                yield answer
            elif progress is not None:
                progress(answer)

    def stop(self) -> None:
        """End the thread behind the batch that it is at; what is left is not computed."""
        if self._thread is None:
            return
        self._stopped.set()
        self._room.release()
        self._asked.put(None)
        self._thread.join()
        atexit.unregister(self.stop)

    def _start(self) -> None:
        # A daemon, or Python would wait for it at its exit for ever where somebody still holds
        # the generator of an unfinished run; stopped by then, or torch would end in disorder.
        self._thread = threading.Thread(
            target=self._run, args=(_torch_settings(),), name="networks", daemon=True
        )
        atexit.register(self.stop)
        self._thread.start()

    def _run(self, adopt_settings: Callable[[], None]) -> None:
        try:
            adopt_settings()
            while (passes := self._asked.get()) is not None:
                for logits in passes.in_turn(self._tell):
                    self._room.acquire()
                    self._answers.put(logits)
                    self._heed_stop()
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the logits are awaited
            self._answers.put(_Failure(error))

    def _tell(self, sequences: int) -> None:
        self._answers.put(sequences)
        self._heed_stop()

    def _heed_stop(self) -> None:
        if self._stopped.is_set():
            raise _StoppedError


def _torch_settings() -> Callable[[], Any]:
    """Give what lets torch work in another thread with this one's threads and device."""
    threads = torch.get_num_threads()
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    device = torch.cuda.current_device() if in_use else None

    def adopt() -> None:
        torch.set_num_threads(threads)
        if device is not None:
            torch.cuda.set_device(device)

    return adopt
