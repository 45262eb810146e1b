"""A snapshot as bytes, and back: its version is the digest of its content."""

from __future__ import annotations

import zlib
from dataclasses import replace
from hashlib import blake2b

import msgspec

from warehouse.access.snapshot import Snapshot

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Snapshot)


def pack(snapshot: Snapshot) -> tuple[str, bytes]:
    """Return the version of a snapshot's content, and the content, compressed."""
    content = _encoder.encode(replace(snapshot, version="", is_doubted=False))
    return _digest(content), zlib.compress(content)


def unpack(version: str, data: bytes) -> Snapshot:
    """Return the snapshot that was packed.

    Raises:
        ValueError: if `data` is not what `version` names.
    """
    try:
        content = zlib.decompress(data)
        if _digest(content) != version:
            raise ValueError("An access snapshot's content does not fit its version.")
        snapshot = _decoder.decode(content)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError("An access snapshot can't be decoded.") from error
    return replace(snapshot, version=version)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
