"""Portal accounts and what hangs on them: links, sessions, tokens, counted sign-ins, the audit.

No password, key, session id or token is in here: passwords as argon2 hashes, the others as digests
that open nothing. Names of people and addresses are, so the audit expires.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

AUDIT_DAYS = 400


class Proof(StrEnum):
    """How it was made sure that the ERPNext user is the account's own."""

    PASSWORD = "password"  # noqa: S105 - a word
    API_KEY = "api_key"
    ADMINISTRATOR = "administrator"


class Account(Document):
    """Someone who signs in to the portal; `_id` is random, so that a name used again is another.

    `name_lc`: the name in lower case, by which it is found. `is_operator`: may see how the
    warehouse does. `generation`: grows when all who are in are shut out; sessions and tokens carry
    that of the account that they were made for.
    """

    id: str  # type: ignore[assignment]
    name: str
    name_lc: str
    password_hash: str | None = None
    is_operator: bool = False
    is_disabled: bool = False
    generation: int = 0
    created_at: datetime

    class Settings:
        name = "portal_accounts"
        indexes: ClassVar = [IndexModel([("name_lc", ASCENDING)], unique=True)]


class Link(Document):
    """An account's ERPNext user on one instance; `erp_creation` tells users of one name apart.

    An account has one link per instance, and an ERPNext user belongs to one account.
    """

    account: str
    instance: str
    erp_user: str
    erp_creation: str
    proof: Proof
    proven_at: datetime

    class Settings:
        name = "portal_links"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING), ("instance", ASCENDING)], unique=True),
            IndexModel([("instance", ASCENDING), ("erp_user", ASCENDING)], unique=True),
        ]


class ProvenUser(BaseModel, frozen=True):
    """An ERPNext user who was proven to be there; `erp_creation` as above."""

    instance: str
    erp_user: str
    erp_creation: str


class Session(Document):
    """A browser that is signed in; `_id` is the digest of what its cookie holds.

    `proofs`: the users whose password was proven, or None: the portal's own password, which opens
    every link.
    """

    id: str  # type: ignore[assignment]
    account: str
    generation: int = 0
    proofs: list[ProvenUser] | None = Field(default_factory=list)
    started_at: datetime
    seen_at: datetime
    expires_at: datetime

    class Settings:
        name = "portal_sessions"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING)]),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
        ]


class AccessToken(Document):
    """A personal access token, for reading; `digest` is what is kept of it, `proofs` as above."""

    id: str  # type: ignore[assignment]
    digest: str
    account: str
    title: str
    generation: int = 0
    proofs: list[ProvenUser] | None = Field(default_factory=list)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    class Settings:
        name = "portal_tokens"
        indexes: ClassVar = [
            IndexModel([("digest", ASCENDING)], unique=True),
            IndexModel([("account", ASCENDING), ("created_at", DESCENDING)]),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
        ]


class SignInCount(Document):
    """Sign-ins tried in one window by one account, address or instance; `_id` is a digest."""

    id: str  # type: ignore[assignment]
    tried: int
    ends_at: datetime

    class Settings:
        name = "portal_sign_in_counts"
        indexes: ClassVar = [IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0)]


class AuditEntry(Document):
    """What somebody did; `account` is None where nobody known did it.

    `reason`: the code of what failed. `asked`: a list's or export's query parameters as they were
    sent: pairs, since names may repeat and hold what MongoDB takes in no key. `truncated`: they
    were too long to be kept whole. `rows`: how many documents, rows or groups were given.
    `status`: of the HTTP answer.
    """

    at: datetime
    event: str
    account: str | None = None
    account_name: str | None = None
    address: str | None = None
    request_id: str | None = None
    instance: str | None = None
    erp_user: str | None = None
    doctype: str | None = None
    name: str | None = None
    reason: str | None = None
    asked: list[tuple[str, str]] = Field(default_factory=list)
    truncated: bool = False
    rows: int | None = None
    status: int | None = None

    class Settings:
        name = "audit"
        indexes: ClassVar = [
            IndexModel([("at", DESCENDING)], expireAfterSeconds=AUDIT_DAYS * 86_400),
            IndexModel([("account", ASCENDING), ("at", DESCENDING)]),
        ]


ACCOUNT_MODELS: tuple[type[Document], ...] = (
    Account,
    Link,
    Session,
    AccessToken,
    SignInCount,
    AuditEntry,
)
