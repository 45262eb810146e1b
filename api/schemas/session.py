"""Signing in, links and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta, Struct

from warehouse.accounts.tokens import DEFAULT_DAYS, MOST_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warehouse.accounts.identity import Caller
    from warehouse.accounts.links import JudgedLink
    from warehouse.documents.accounts import AccessToken
    from warehouse.settings import ErpInstance

UserName = Annotated[str, Meta(min_length=1, max_length=320)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
InstanceId = Annotated[str, Meta(min_length=1, max_length=60, description="An ERP, by its id.")]
# What a header can carry; a colon would end the key.
Key = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[\x21-\x39\x3b-\x7e]+$")]


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to let in: by the portal's own password, or by that of the ERP that is named."""

    username: UserName
    password: Password
    instance: InstanceId | None = None


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A new portal password; the current one must be right."""

    current_password: Password
    new_password: Password


class LinkProof(Struct, frozen=True, forbid_unknown_fields=True):
    """What proves who one is at an ERP: user name and password, or one's own API key and secret."""

    instance: InstanceId
    username: UserName | None = None
    password: Password | None = None
    api_key: Key | None = None
    api_secret: Key | None = None


class Link(Struct, frozen=True):
    """A user of an ERP that the account is linked to."""

    instance: str
    title: str
    erp_user: Annotated[
        str | None, Meta(description="Null, as `proof` is, where the caller opens no such link.")
    ]
    state: Annotated[
        str,
        Meta(
            description="`alive`; or why the link opens nothing: `user_unknown`, `user_replaced`, "
            "`user_disabled`, `user_unfit`, `instance_unknown`; or `unchecked`: the ERP's "
            "permissions were read too long ago to show anything."
        ),
    ]
    is_open: Annotated[bool, Meta(description="Whether it opens the ERP here and now.")]
    proof: Annotated[str | None, Meta(description="`password`, `api_key` or `administrator`.")]
    proven_at: datetime

    @classmethod
    def of(cls, judged: JudgedLink, caller: Caller, erps: Mapping[str, ErpInstance]) -> Self:
        """Return the wire form of a link, as far as what the caller proved may show it."""
        link = judged.link
        is_covered = caller.covers(link.instance)
        known = erps.get(link.instance)
        return cls(
            instance=link.instance,
            title=known.title if known else link.instance,
            erp_user=link.erp_user if is_covered else None,
            state=judged.state.value,
            is_open=judged.is_open,
            proof=link.proof.value if is_covered else None,
            proven_at=link.proven_at,
        )


class Session(Struct, frozen=True):
    """Who is signed in, by what, and which ERPs that opens."""

    username: str
    is_operator: bool
    has_password: Annotated[bool, Meta(description="Whether there is a portal password.")]
    means: Annotated[str, Meta(description="`session` or `token`.")]
    expires_at: datetime
    links: list[Link]

    @classmethod
    def of(cls, caller: Caller, erps: Mapping[str, ErpInstance]) -> Self:
        """Return the wire form of a caller."""
        return cls(
            username=caller.account.name,
            is_operator=caller.subject.is_operator,
            has_password=caller.account.password_hash is not None,
            means=caller.means.value,
            expires_at=caller.expires_at,
            links=[Link.of(judged, caller, erps) for judged in caller.links],
        )


class TokenOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What a new token is for, and for how long."""

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS


class Token(Struct, frozen=True):
    """A personal access token, without the token itself; it opens what made it could open."""

    id: str
    title: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    instances: Annotated[
        list[str] | None,
        Meta(description="The ERPs that were signed in to; null: all links of the account."),
    ]

    @classmethod
    def of(cls, token: AccessToken) -> Self:
        """Return the wire form of a token."""
        proofs = token.proofs
        return cls(
            id=token.id,
            title=token.title,
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
            instances=None if proofs is None else sorted({one.instance for one in proofs}),
        )


class TokenList(Struct, frozen=True):
    """The account's tokens, the latest first."""

    items: list[Token]


class NewToken(Struct, frozen=True):
    """A new token: shown now and never again."""

    id: str
    title: str
    expires_at: datetime
    token: Annotated[str, Meta(description="Send it as `Authorization: Bearer <token>`.")]
