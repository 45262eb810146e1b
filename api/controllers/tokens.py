"""`/api/v1/tokens`: personal access tokens, for scripts that read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.params import JSONBody, PathParameter

from api.controllers.session import LARGEST_BODY
from api.errors import ALWAYS, OF_CHANGES, document_errors
from api.requests import ApiRequest
from api.schemas.session import NewToken, Token, TokenList, TokenOrder
from warehouse.accounts.audit import Event
from warehouse.accounts.links import list_opened
from warehouse.accounts.tokens import add_token, list_tokens, revoke_token
from warehouse.errors import NotReadable

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
    async def make_token(self, request: ApiRequest, data: JSONBody[TokenOrder]) -> NewToken:
        """The token is in this answer and nowhere else.

        One of a session that was signed in at an ERP expires after 30 days at most.
        """
        caller = request.auth
        now = datetime.now(UTC)
        kept, token = await add_token(caller.account, data.title, caller.proofs, data.days, now)
        await request.services.audit.write(
            Event.TOKEN_MADE, caller.account, request.sender, name=kept.id
        )
        return NewToken(kept.id, kept.title, kept.expires_at, token)

    @get(
        operation_id="listTokens",
        summary="List my tokens",
        responses=document_errors(*ALWAYS, "unknown_parameter"),
    )
    async def list_tokens(self, request: ApiRequest) -> TokenList:
        """Those that have not expired and open no more than I do here, without the tokens."""
        opened = _list_opened(request)
        found = await list_tokens(request.auth.account.id, opened, datetime.now(UTC))
        return TokenList([Token.of(token) for token in found])

    @delete(
        "/{token_id:str}",
        operation_id="revokeToken",
        summary="Revoke a token",
        responses=document_errors(*ALWAYS, *OF_CHANGES, "unknown_parameter", "not_found"),
    )
    async def revoke_token(self, request: ApiRequest, token_id: TokenId) -> None:
        """It opens nothing from now on. Not found: it is not in the list."""
        account, services = request.auth.account, request.services
        if not await revoke_token(account.id, _list_opened(request), token_id):
            raise NotReadable
        services.identities.forget(account.id)
        await services.audit.write(Event.TOKEN_REVOKED, account, request.sender, name=token_id)


def _list_opened(request: ApiRequest) -> frozenset[str] | None:
    proofs = request.auth.proofs
    if proofs is None:
        return None
    return list_opened(request.services.erps, (proof.instance for proof in proofs))
