"""Where the time of a run goes, by looking at the stacks of its threads again and again.

A look waits for the interpreter lock, which decoding and encoding hold for tens of milliseconds,
so each look counts for the time since the one before.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType

EVERY_S = 0.002
# The innermost frame that is in one of these files, or functions of them, tells what is done.
WORK = {
    "selectors.py": "waiting",
    "erpnext/answers.py": "decode",
    "assembly.py:hash_content": "hash",
    "storing.py:_hash_all": "hash",
    "ingestion/assembly.py": "assemble",
    "ingestion/children.py": "assemble",
    "/pymongo/": "mongodb",
    "/bson/": "mongodb",
    "/httpx/": "http",
    "/httpcore/": "http",
    "/h11/": "http",
    "/anyio/": "http",
}


class Sampler:
    """Looks at every thread of this process but its own."""

    def __init__(self) -> None:
        self._weights: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def shares(self) -> dict[str, float]:
        """Return kind of work → share of the time, the largest first."""
        total = self._weights.total() or 1.0
        return {kind: round(weight / total, 3) for kind, weight in self._weights.most_common()}

    def _look_on(self) -> None:
        before = time.perf_counter()
        while not self._over.wait(EVERY_S):
            now = time.perf_counter()
            kinds = [
                kind
                for thread, frame in sys._current_frames().items()
                if thread != threading.get_ident() and (kind := _kind_of(frame))
            ]
            busy = [kind for kind in kinds if kind != "waiting"] or ["waiting"]
            for kind in busy:
                self._weights[kind] += (now - before) / len(busy)
            before = now


def _kind_of(frame: FrameType | None) -> str | None:
    """Return the kind of work of a stack; None for a thread of a pool that has nothing to do."""
    innermost = True
    while frame:
        code = frame.f_code
        place = f"{code.co_filename}:{code.co_name}"
        if innermost and place.endswith(("concurrent/futures/thread.py:_worker", ":wait")):
            return None
        for part, kind in WORK.items():
            if part in place:
                return kind
        innermost = False
        frame = frame.f_back
    return "other"
