"""The API before three ERPs that people sign in to: `a` and `c` trust each other, `b` nobody.

Two sample sites with the same people and other passwords; `b` and `c` are the same site. The proxy
is this machine, so that a test can call from an address of its own.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient, MongoClient

from demo.site.process import SiteProcess
from tests.api.serving import ApiProcess
from tests.ingesting import no_sleep
from warehouse.access.refresh import refresh_access
from warehouse.documents.database import init_documents
from warehouse.ingestion.run import Limits, Surroundings, ingest_instance
from warehouse.ingestion.task import Selection
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

DATABASE = "test-doors"
PORTAL_PASSWORD = "the password of the portal"
A_PASSWORD, B_PASSWORD = "password-at-a", "password-at-b"
ASHA, RAVI = "accounts@ragijonna.example", "stock@ragijonna.example"
SESSION = "/api/v1/session"
DOCUMENTS = "/api/v1/instances/a/doctypes/Customer/documents"
_addresses = (f"203.0.113.{number}" for number in itertools.count(1))


@dataclass
class Doors:
    """What a test of signing in works with."""

    api: ApiProcess
    a: SiteProcess
    b: SiteProcess
    clients: list[httpx.Client] = field(default_factory=list)

    def browser(self, address: str | None = None) -> httpx.Client:
        """Return a client without credentials, from an address that no other test has."""
        client = self.script(None)
        client.headers["X-Forwarded-For"] = address or next(_addresses)
        return client

    def script(self, token: str | None) -> httpx.Client:
        """Return a client with a token."""
        client = self.api.client(token)
        self.clients.append(client)
        return client

    def clean(self) -> None:
        """End the connections of one test, and forget how often it failed to sign in."""
        while self.clients:
            self.clients.pop().close()
        with MongoClient(self.api.mongodb_uri) as client:
            client[DATABASE]["portal_sign_in_counts"].delete_many({})

    def sign_in(
        self, username: str, password: str = PORTAL_PASSWORD, instance: str | None = None
    ) -> httpx.Client:
        """Return a browser that is signed in."""
        browser = self.browser()
        answer = ask(browser, username, password, instance)
        assert answer.status_code == 201, answer.text
        return browser

    def store(self, collection: str) -> list[dict[str, Any]]:
        """Return what a collection holds."""
        with MongoClient(self.api.mongodb_uri, tz_aware=True) as client:
            return list(client[DATABASE][collection].find())


def ask(
    browser: httpx.Client, username: str, password: str, instance: str | None = None
) -> httpx.Response:
    """Try to sign in."""
    body = {"username": username, "password": password, "instance": instance}
    return browser.post(SESSION, json=body)


def open_links(browser: httpx.Client) -> set[str]:
    """Return the instances that a session or token opens."""
    links = browser.get(SESSION).json()["links"]
    return {link["instance"] for link in links if link["is_open"]}


@contextmanager
def open_doors(mongodb_uri: str, folder: Path) -> Iterator[Doors]:
    """Start it all."""
    with (
        SiteProcess(documents=300, password=A_PASSWORD) as a,
        SiteProcess(documents=300, password=B_PASSWORD) as b,
    ):
        variables = _variables({"a": a, "b": b, "c": b})
        asyncio.run(_fill(mongodb_uri, variables))
        own = {**variables, "CSA_TRUSTED_PROXIES": "127.0.0.1"}
        with ApiProcess(folder, mongodb_uri, DATABASE, own) as api:
            yield Doors(api, a, b)


def _variables(sites: dict[str, SiteProcess]) -> dict[str, str]:
    variables = {"ERP__A__TRUST_GROUP": "east", "ERP__C__TRUST_GROUP": "east"}
    for instance, site in sites.items():
        prefix = f"ERP__{instance.upper()}__"
        variables |= {f"{prefix}URL": site.url, f"{prefix}API_KEY": site.key}
        variables[f"{prefix}API_SECRET"] = site.secret
    return variables


async def _fill(mongodb_uri: str, variables: dict[str, str]) -> None:
    settings = load_settings(variables, env_file=None)
    async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
        await init_documents(client[DATABASE], settings.instances)
        surroundings = Surroundings(sleep=no_sleep)
        wanted = Selection(frozenset({"Customer"}))
        for erp in settings.instances.values():
            await refresh_access(erp)
        await ingest_instance(settings.instance("a"), Limits(), wanted, surroundings)
