"""Several endless loops, each whole and in a thread of its own, played by turns.

Loops that are timed one after another meet different machines: another job comes, the clock falls. A gate between the
rounds of each loop lets one of them go on for a stint of a few rounds while the others wait, so that all meet the same.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch


class Over(Exception):
    """Raised in a loop that is not to go on."""


class Gate:
    """Where a loop waits before each round; open for `stint` rounds at a time."""

    def __init__(self, stint: int, device: torch.device) -> None:
        self.stint = stint
        self._device = device
        self._left = 0
        self._over = False
        self._failure: BaseException | None = None
        self._open, self._waiting = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread()

    def start(self, loop: Callable[[Gate], Any]) -> None:
        """Start the loop and wait until it stands before its first round."""

        def body() -> None:
            assert torch.get_num_threads() == 1, "one thread is what is compared"
            try:
                loop(self)
            except Over:
                pass
            except BaseException as failure:
                self._failure = failure
            self._waiting.release()

        self._thread = threading.Thread(target=body, daemon=True)
        self._thread.start()
        self._wait()

    def pass_through(self) -> None:
        """The loop is about to begin a round."""
        if not self._left:
            self._waiting.release()
            self._open.acquire()
            if self._over:
                raise Over
            self._left = self.stint
        self._left -= 1

    def play(self) -> float:
        """Let the loop go on for a stint: seconds it took; of the processor, or of the clock where a GPU works."""
        gc.collect()
        clock = time.process_time if self._device.type == "cpu" else time.perf_counter
        self._settle()
        began = clock()
        self._open.release()
        self._wait()
        self._settle()
        return clock() - began

    def stop(self) -> None:
        """End the loop."""
        self._over = True
        self._open.release()
        self._thread.join()

    def _wait(self) -> None:
        self._waiting.acquire()
        if self._failure is not None:
            raise self._failure

    def _settle(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


class Batches:
    """Ready batches without end, handed out at the gate: no loader could cost less."""

    def __init__(self, batches: list[Any], gate: Gate, batch_size: int) -> None:
        self.batch_size = batch_size
        self._batches = batches
        self._gate = gate

    def __len__(self) -> int:
        return 1 << 30

    def __iter__(self) -> Iterator[Any]:
        while True:
            for batch in self._batches:
                self._gate.pass_through()
                yield batch
