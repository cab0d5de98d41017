"""Calls of models that need not wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from queue import PriorityQueue
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

NOW, SOON, LATER = 0, 1, 2
"""When an answer is wanted: it is waited for, the next picture needs it, or nobody is in a hurry."""

_NEVER = 3


@dataclass(frozen=True, slots=True, order=True)
class _Call:
    """A call that waits for a thread; `number` keeps those that are equally urgent in order."""

    wanted: int
    number: int
    call: Callable[[], Any] = field(compare=False)
    answer: Future[Any] = field(compare=False, default_factory=Future)


class Beside:
    """Makes calls in threads, at most so many at once; with one, each call is made by who wants its answer, when it is wanted.

    What a call returns may not depend on when it is made, so that the answers are the same with any number. Use it as a context
    manager: at its end no call runs any more, and what has not begun is not made.
    """

    def __init__(self, at_once: int) -> None:
        self._waiting: PriorityQueue[_Call] = PriorityQueue()
        self._numbers = count()
        self._threads = [threading.Thread(target=self._work, name="look") for _ in range(at_once)] if at_once > 1 else []
        self._is_over = False

    def __enter__(self) -> Beside:
        # where one cannot be started, those that were have to end
        with ExitStack() as started:
            started.callback(self._end)
            for thread in self._threads:
                thread.start()
            started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._is_over = True
        for _ in self._threads:
            self._waiting.put(_Call(_NEVER, next(self._numbers), _nothing))
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def ask(self, call: Callable[[], T], *, wanted: int = NOW) -> Callable[[], T]:
        """Return what waits for the answer of a call and returns it; it raises what the call raised."""
        if not self._threads:
            return cache(call)
        waiting = _Call(wanted, next(self._numbers), call)
        self._waiting.put(waiting)
        return waiting.answer.result

    def _work(self) -> None:
        """Make calls, the most urgent first, until it is over."""
        while True:
            waiting = self._waiting.get()
            if self._is_over:
                return
            try:
                answer = waiting.call()
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is wanted
                waiting.answer.set_exception(error)
            else:
                waiting.answer.set_result(answer)


def _nothing() -> None:
    return None
