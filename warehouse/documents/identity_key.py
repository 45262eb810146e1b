"""The key of the ids that parties and items have across instances: made once, and never shown.

Without it an id could be guessed from a document's name. It stays in the datastore: the business
database, which others read, holds what is made with it and never the key.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import ClassVar

from beanie import Document
from pydantic import Field
from pymongo.errors import DuplicateKeyError

KEY_ID = "identities"
_BYTES = 32


class IdentityKey(Document):
    """The one key; ids stay what they are as long as it does."""

    id: str  # type: ignore[assignment]
    key: str = Field(repr=False)

    class Settings:
        name: ClassVar[str] = "identity_keys"


async def read_identity_key() -> bytes:
    """Return the key, and make it if there is none; whoever is first decides for all."""
    collection = IdentityKey.get_pymongo_collection()
    made = {"$setOnInsert": {"key": secrets.token_hex(_BYTES)}}
    with suppress(DuplicateKeyError):  # another process was first
        await collection.update_one({"_id": KEY_ID}, made, upsert=True)
    [found] = await collection.find({"_id": KEY_ID}).to_list()
    return bytes.fromhex(found["key"])
