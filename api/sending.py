"""An answer's head and body in one piece: uvicorn writes them one after the other.

Each write is a system call that wakes the reader; for a single document the second costs as much as
its encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Transport


# Measured: from here on uvloop takes longer for two pieces at once than for one after the other.
LARGE_BYTES = 100_000


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol over a transport that sends two writes of one turn of the loop as one."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a new connection."""
        super().connection_made(_Pairing(transport, self.loop))  # type: ignore[arg-type]


class _Pairing:
    """A transport that holds a write back until the next one, or the end of this turn."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        if len(data) > LARGE_BYTES:
            self._flush()
            self._transport.write(data)
        elif self._held:
            held, self._held = self._held, b""
            self._transport.writelines((held, data))
        else:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
