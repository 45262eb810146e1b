"""Which certificates are trusted; read once per process, since a client of its own takes 40 ms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import ssl


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Return the context of all clients: what SSL_CERT_FILE or SSL_CERT_DIR names, or certifi."""
    return httpx.create_ssl_context()
