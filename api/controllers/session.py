"""`/api/v1/session`: sign in, see who one is, link another ERP, sign out."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Response, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.params import JSONBody, PathParameter
from litestar.status_codes import HTTP_204_NO_CONTENT

from api.credentials import name_cookie
from api.errors import ALWAYS, OF_CHANGES, OF_PROOFS, document_errors
from api.requests import ApiRequest
from api.schemas.session import LinkProof, PasswordChange, Session, SignIn
from warehouse.accounts.audit import Event
from warehouse.accounts.links import unlink
from warehouse.accounts.proof import ByKey, ByPassword
from warehouse.accounts.sessions import LONGEST
from warehouse.accounts.sign_in import SignIn as Attempt
from warehouse.errors import AccountRefused, NotReadable

LinkedInstance = Annotated[str, PathParameter(description="An ERP, as its id in the settings.")]
LARGEST_BODY = 16_384


class SessionController(Controller):
    """Who I am. A session is a cookie that no script can read; changes come from own pages only."""

    path = "/api/v1/session"
    tags = ("session",)
    request_max_body_size = LARGEST_BODY

    @post(
        operation_id="signIn",
        summary="Sign in",
        security=[{}],
        responses=document_errors(
            *("internal_error", "datastore_unavailable", "unknown_parameter"),
            *("cross_site_request", "invalid_value", "bad_request"),
            *OF_PROOFS,
        ),
    )
    async def sign_in(self, request: ApiRequest, data: JSONBody[SignIn]) -> Response[Session]:
        """Without `instance`, by the portal's password, which opens every link of the account.

        With it, by the password of that ERP, which is asked once and alone; it opens that ERP and
        those that its trust group names. The first such sign-in makes the account.
        """
        attempt = Attempt(data.username, data.password, data.instance)
        services = request.services
        opened = await services.entrance.sign_in(attempt, request.sender)
        if request.auth is not None:
            await services.identities.close(request.auth)
        cookie, caller = await services.identities.open(opened.account, opened.proofs)
        return _with_cookie(request, Session.of(caller, services.erps), cookie)

    @get(
        operation_id="getSession",
        summary="Show who I am",
        responses=document_errors(*ALWAYS, "unknown_parameter"),
    )
    async def get_session(self, request: ApiRequest) -> Session:
        """The account, its links with their state, and which of them are open here."""
        return Session.of(request.auth, request.services.erps)

    @delete(
        operation_id="signOut",
        summary="Sign out",
        responses=document_errors(*ALWAYS, *OF_CHANGES, "unknown_parameter"),
    )
    async def sign_out(self, request: ApiRequest) -> Response[None]:
        """End the session, on the server too: its cookie opens nothing from now on."""
        caller, services = request.auth, request.services
        await services.identities.close(caller)
        await services.audit.write(Event.SIGNED_OUT, caller.account, request.sender)
        return _with_cookie(request, None, "")

    @put(
        "/password",
        operation_id="changePassword",
        summary="Change the portal password",
        status_code=HTTP_204_NO_CONTENT,
        responses=document_errors(
            *ALWAYS,
            *OF_CHANGES,
            *("unknown_parameter", "sign_in_throttled"),
            *("password_unfit", "password_unset", "password_wrong"),
        ),
    )
    async def change_password(
        self, request: ApiRequest, data: JSONBody[PasswordChange]
    ) -> Response[None]:
        """All other sessions and all tokens of the account end; this session goes on as a new one.

        The first password of an account is set by an administrator.
        """
        services = request.services
        account = await services.entrance.change_password(
            request.auth.account, data.current_password, data.new_password, request.sender
        )
        services.identities.forget(account.id)
        cookie, _ = await services.identities.open(account, None)
        return _with_cookie(request, None, cookie)

    @post(
        "/links",
        operation_id="addLink",
        summary="Link another ERP",
        responses=document_errors(
            *ALWAYS,
            *OF_CHANGES,
            *OF_PROOFS,
            *("unknown_parameter", "proof_unfit", "link_exists", "link_taken"),
        ),
    )
    async def add_link(self, request: ApiRequest, data: JSONBody[LinkProof]) -> Session:
        """Prove who one is there, by password or by one's own API key and secret; once.

        The proof is forgotten. The session opens that ERP, and those of its trust group, from now
        on. Proving a link that there is already opens it, too.
        """
        caller, services = request.auth, request.services
        user = await services.entrance.link(
            caller.account, data.instance, _read_proof(data), request.sender
        )
        widened = await services.identities.widen(caller, user)
        return Session.of(widened, services.erps)

    @delete(
        "/links/{instance:str}",
        operation_id="removeLink",
        summary="Remove a link",
        responses=document_errors(*ALWAYS, *OF_CHANGES, "unknown_parameter", "not_found"),
    )
    async def remove_link(self, request: ApiRequest, instance: LinkedInstance) -> None:
        """The ERP is closed to all sessions and tokens of the account.

        Not found: the account has no such link, or this session does not open it.
        """
        caller, services = request.auth, request.services
        if not caller.covers(instance) or not await unlink(caller.account.id, instance):
            raise NotReadable
        services.identities.forget(caller.account.id)
        await services.audit.write(
            Event.UNLINKED, caller.account, request.sender, instance=instance
        )


def _read_proof(data: LinkProof) -> ByPassword | ByKey:
    match data:
        case LinkProof(
            username=str(username), password=str(password), api_key=None, api_secret=None
        ):
            return ByPassword(username, password)
        case LinkProof(
            username=None, password=None, api_key=str(api_key), api_secret=str(api_secret)
        ):
            return ByKey(api_key, api_secret)
    raise AccountRefused(
        "A link is proven by username and password, or by api_key and api_secret.",
        code="proof_unfit",
    )


def _with_cookie(request: ApiRequest, content: Any, cookie: str) -> Response[Any]:
    """Return an answer that sets the session's cookie; an empty one takes it away."""
    is_https = request.services.proxies.is_https(request.scope)
    set_cookie = Cookie(
        key=name_cookie(is_https=is_https),
        value=cookie,
        max_age=int(LONGEST.total_seconds()) if cookie else 0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_https,
    )
    return Response(content, cookies=[set_cookie])
