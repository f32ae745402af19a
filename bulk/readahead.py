"""Reading while others compute: a thread fetches an iterator's items before they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_PAUSE_SECONDS = 0.1


class Readahead(Generic[T]):
    """The items of an iterator, at most `most` of them before they are taken."""

    def __init__(self, items: Iterator[T], most: int) -> None:
        self._queue: Queue[T | BaseException | None] = Queue(most)
        self._closed = Event()
        self._ended = False
        self._error: BaseException | None = None
        # It may wait for a terminal or a pipe for ever, which must not keep the program alive.
        self._thread = Thread(target=self._fetch, args=(items,), daemon=True)
        self._thread.start()

    def take(self, most: int) -> list[T]:
        """Return what is there, at least one item and at most `most`; none after the last.

        Raises what the iterator raised, once all items before that were taken.
        """
        taken: list[T] = []
        while len(taken) < most and not self._ended:
            try:
                item = self._queue.get(block=not taken)
            except Empty:
                break
            if item is None or isinstance(item, BaseException):
                self._ended, self._error = True, item
            else:
                taken.append(item)
        if not taken and self._error:
            raise self._error
        return taken

    def close(self) -> None:
        """Stop reading as soon as the item under way is read."""
        self._closed.set()

    def _fetch(self, items: Iterator[T]) -> None:
        try:
            for item in items:
                if not self._put(item):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: T | BaseException | None) -> bool:
        """Wait for room; return whether there was some before the end."""
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=_PAUSE_SECONDS)
            except Full:
                continue
            return True
        return False
