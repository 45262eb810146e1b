"""The API in the test's own process, on the datastore that the Beanie documents are bound to."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

from api.app import create_app
from tests.accounts import put_account
from tests.api.published import check_answer
from tests.api.serving import SECRET_KEY, variables_of
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from types import TracebackType

    from litestar import Litestar

KEYS = {"CSA_SECRET_KEY": SECRET_KEY}


@dataclass
class Inside:
    """Opens clients, whose answers are all held against the published description."""

    mongodb_uri: str
    database: str
    instances: tuple[str, ...] = ("site",)
    variables: dict[str, str] = field(default_factory=dict)
    app: Litestar = field(init=False)
    _exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        where = {"MONGODB_URI": self.mongodb_uri, "MONGODB_DATABASE_NAME": self.database}
        for instance in self.instances:
            where |= variables_of(instance)
        # Without its lifespan: the datastore is open already.
        self.app = create_app(load_settings(where | KEYS | self.variables, env_file=None))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exits.aclose()

    async def sign_in(self, name: str, **links: str) -> httpx.AsyncClient:
        """Return a client of an account, new or changed, that is linked to ERPNext users."""
        token = put_account(self.mongodb_uri, self.database, name, links=links)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://api",
            headers={"Authorization": f"Bearer {token}"},
            event_hooks={"response": [_check]},
        )
        return await self._exits.enter_async_context(client)


async def _check(answer: httpx.Response) -> None:
    await answer.aread()
    check_answer(answer)


async def list_names(
    client: httpx.AsyncClient, path: str, **query: Any
) -> tuple[list[str], int | None]:
    """Walk a list; return all names and the exact count that its first page tells."""
    names: list[str] = []
    count, asked = None, {"fields": "name", "count": "exact", "size": 500, **query}
    while True:
        answer = await client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        names += [item["name"] for item in page["items"]]
        count = page["count"] if count is None else count
        if page["next_cursor"] is None:
            return names, count
        asked |= {"cursor": page["next_cursor"], "count": "none"}
