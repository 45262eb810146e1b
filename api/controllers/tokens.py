"""`/api/v1/tokens`: personal access tokens, for scripts that read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from litestar import Controller, Request, delete, get, post
from litestar.params import JSONBody, PathParameter

from api.callers import caller_of, client_of
from api.controllers.session import LARGEST_BODY
from api.errors import ALWAYS, OF_CHANGES, document_errors
from api.schemas.session import NewToken, Token, TokenList, TokenOrder
from api.services import AppServices, Services
from warehouse.accounts.audit import Event
from warehouse.accounts.links import list_opened
from warehouse.accounts.tokens import add_token, list_tokens, revoke_token
from warehouse.errors import NotReadable

if TYPE_CHECKING:
    from warehouse.accounts.identity import Caller

TokenId = Annotated[str, PathParameter(description="A token, as its id in the list.")]


class TokenController(Controller):
    """My tokens: each opens what the session opens that makes it, until it expires."""

    path = "/api/v1/tokens"
    tags = ("session",)
    request_max_body_size = LARGEST_BODY

    @post(
        operation_id="makeToken",
        summary="Make a personal access token",
        responses=document_errors(*ALWAYS, *OF_CHANGES, "unknown_parameter", "too_many_tokens"),
    )
    async def make_token(
        self, request: Request[Any, Any, Any], services: AppServices, data: JSONBody[TokenOrder]
    ) -> NewToken:
        """The token is in this answer and nowhere else.

        One of a session that was signed in at an ERP expires after 30 days at most.
        """
        caller = caller_of(request)
        now = datetime.now(UTC)
        kept, token = await add_token(caller.account.id, data.title, caller.proven, data.days, now)
        await services.audit.write(
            Event.TOKEN_MADE, caller.account, client_of(request), name=kept.id
        )
        return NewToken(kept.id, kept.title, kept.expires_at, token)

    @get(
        operation_id="listTokens",
        summary="List my tokens",
        responses=document_errors(*ALWAYS, "unknown_parameter"),
    )
    async def list_tokens(
        self, request: Request[Any, Any, Any], services: AppServices
    ) -> TokenList:
        """Those that have not expired and open no more than I do here, without the tokens."""
        caller = caller_of(request)
        opened = _list_opened(caller, services)
        found = await list_tokens(caller.account.id, opened, datetime.now(UTC))
        return TokenList([Token.of(token) for token in found])

    @delete(
        "/{token_id:str}",
        operation_id="revokeToken",
        summary="Revoke a token",
        responses=document_errors(*ALWAYS, *OF_CHANGES, "unknown_parameter", "not_found"),
    )
    async def revoke_token(
        self, request: Request[Any, Any, Any], services: AppServices, token_id: TokenId
    ) -> None:
        """It opens nothing from now on. Not found: it is not in the list."""
        caller = caller_of(request)
        account = caller.account
        if not await revoke_token(account.id, _list_opened(caller, services), token_id):
            raise NotReadable
        services.identities.forget(account.id)
        await services.audit.write(Event.TOKEN_REVOKED, account, client_of(request), name=token_id)


def _list_opened(caller: Caller, services: Services) -> frozenset[str] | None:
    return None if caller.proven is None else list_opened(services.erps, caller.proven)
