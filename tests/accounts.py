"""Portal accounts for tests: put into MongoDB as they would be, without asking an ERP."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from pymongo import MongoClient

from warehouse.access.content import unpack
from warehouse.accounts.secrets import digest_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymongo.database import Database

CREATION = "2026-01-01 00:00:00"
# As fast as argon2 gets: what these passwords guard is gone with the test.
_hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def put_account(  # noqa: PLR0913 - one option each
    mongodb_uri: str,
    database: str,
    name: str,
    *,
    links: Mapping[str, str] | None = None,
    is_operator: bool = False,
    password: str | None = None,
) -> str:
    """Put an account there and return a token that opens all its links; again, it is the same.

    `links`: instance → ERPNext user, who is the one of the access snapshot in force, and taken
    from whoever had them.
    """
    token = make_token(name)
    with MongoClient(mongodb_uri, tz_aware=True) as client:
        store: Database[dict[str, Any]] = client[database]
        store["portal_accounts"].replace_one(
            {"_id": name},
            {
                "name": name,
                "name_lc": name.lower(),
                "password_hash": _hasher.hash(password) if password else None,
                "is_operator": is_operator,
                "is_disabled": False,
                "created_at": datetime.now(UTC),
            },
            upsert=True,
        )
        _put_token(store, name, token)
        store["portal_links"].delete_many({"account": name})
        for instance, user in (links or {}).items():
            _put_link(store, name, instance, user)
    return token


def make_token(name: str) -> str:
    """Return the token of a test's account."""
    return "csa_" + hashlib.sha256(name.encode()).hexdigest()[:43]


def _put_token(store: Database[dict[str, Any]], name: str, token: str) -> None:
    now = datetime.now(UTC)
    kept = {
        "digest": digest_token(token),
        "account": name,
        "title": "tests",
        "proofs": None,
        "created_at": now,
        "expires_at": now + timedelta(days=1),
    }
    store["portal_tokens"].update_one({"_id": f"token-{name}"}, {"$set": kept}, upsert=True)


def _put_link(store: Database[dict[str, Any]], name: str, instance: str, user: str) -> None:
    of_others = {"instance": instance, "erp_user": user, "account": {"$ne": name}}
    store["portal_links"].delete_many(of_others)
    link = {
        "erp_user": user,
        "erp_creation": _read_creation(store, instance, user),
        "proof": "administrator",
        "proven_at": datetime.now(UTC),
    }
    store["portal_links"].update_one(
        {"account": name, "instance": instance}, {"$set": link}, upsert=True
    )


def _read_creation(store: Database[dict[str, Any]], instance: str, user: str) -> str:
    pointer = store["access_snapshots"].find_one({"_id": instance})
    if not pointer or not pointer["version"]:
        return CREATION
    part = {"instance": instance, "version": pointer["version"]}
    parts = store["access_parts"].find(part).sort("number")
    snapshot = unpack(pointer["version"], b"".join(one["data"] for one in parts))
    found = snapshot.user(user)
    return found.creation if found else CREATION
