"""Open MongoDB: the one that MONGODB_URI names, or the embedded one.

No error of here shows the URI, nor what the driver says about it: it holds the password.
"""

import asyncio
import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from warehouse.errors import MongoUnavailable
from warehouse.mongodb.embedded import EmbeddedMongo
from warehouse.settings import Settings

_LIMIT_MS = 10_000
_SETTLE_S = 0.05
_LIMITS = ("serverSelectionTimeoutMS", "connectTimeoutMS")
_REASONS = r"\[Errno -?\d+\] [\w ]*\w|\[SSL[^\]]*\][\w ]*|timed out|No \w+ members found"
_WRONG_CREDENTIALS = (18, 8000)  # MongoDB's code, and Atlas's


@asynccontextmanager
async def open_mongodb(settings: Settings) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """Yield a client that has reached MongoDB; raise MongoUnavailable with the cure if it can't."""
    if settings.mongodb_uri is not None:
        async with _connected(settings.mongodb_uri.get_secret_value()) as client:
            yield client
        return
    server = EmbeddedMongo(settings.csa_data_dir, settings.csa_mongod)
    uri = await _start(server)
    try:
        async with _connected(uri) as client:
            yield client
    finally:
        await asyncio.to_thread(server.stop)


async def _start(server: EmbeddedMongo) -> str:
    starting = asyncio.ensure_future(asyncio.to_thread(server.start))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The thread goes on regardless: see it through, so that no mongod stays behind.
        await asyncio.wait([starting])
        if not starting.exception():
            await asyncio.to_thread(server.stop)
        raise


@asynccontextmanager
async def _connected(uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    client = _make_client(uri)
    try:
        failure = await _find_failure(client, uri)
        if failure:
            raise failure
        yield client
    finally:
        await client.close()


def _make_client(uri: str) -> AsyncMongoClient[dict[str, Any]]:
    # What the URI sets itself is the operator's decision; the driver would prefer ours.
    limits: dict[str, Any] = {
        name: _LIMIT_MS for name in _LIMITS if f"{name}=".lower() not in uri.lower()
    }
    try:
        with warnings.catch_warnings():
            # A misspelt option is only a warning to the driver, and then ignored: say, tls=treu.
            warnings.simplefilter("error", UserWarning)
            # Python's own UTC: of the driver's, each use of a time calls Python code.
            return AsyncMongoClient(uri, tz_aware=True, tzinfo=UTC, appname="csa", **limits)
    except (PyMongoError, ValueError, UserWarning) as error:
        failure = _explain(error, _name_hosts(uri))
    raise failure


async def _find_failure(
    client: AsyncMongoClient[dict[str, Any]], uri: str
) -> MongoUnavailable | None:
    try:
        await client.admin.command("ping")
    except (PyMongoError, ValueError) as error:
        # The driver leaks the socket of a client that is closed while it connects (PYTHON-5867),
        # and it has just begun its next attempt.
        await asyncio.sleep(_SETTLE_S)
        return _explain(error, _name_hosts(uri))
    return None


def _explain(error: Exception, hosts: str) -> MongoUnavailable:
    if isinstance(error, OperationFailure) and error.code in _WRONG_CREDENTIALS:
        return MongoUnavailable(
            f"MongoDB at {hosts} refuses the user and password of MONGODB_URI.",
            cure="Correct them; the user may need authSource=admin (or its database) in the URI.",
        )
    if isinstance(error, ServerSelectionTimeoutError):
        reason = re.search(_REASONS, str(error))
        return MongoUnavailable(
            f"MongoDB at {hosts} can't be reached: {reason[0] if reason else 'no answer'}.",
            cure="Check that it runs, the firewall, TLS, and for Atlas the IP access list.",
        )
    if isinstance(error, PyMongoError) and "dns" in type(error.__cause__).__module__:
        return MongoUnavailable(
            f"The DNS has no MongoDB under {hosts}.",
            cure="Check the host of the mongodb+srv URI and this machine's DNS.",
        )
    return MongoUnavailable(
        f"MONGODB_URI ({hosts}) can't be used ({type(error).__name__}).",
        cure="Check its form: mongodb://user:password@host:port/?options, percent-encoded.",
    )


def _name_hosts(uri: str) -> str:
    """Return the hosts of a URI, or a paraphrase unless they are hosts beyond doubt."""
    hosts = re.sub(r"^mongodb(\+srv)?://", "", uri).rpartition("@")[2]
    hosts = re.split(r"[/?]", hosts)[0]
    host = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
    return hosts if re.fullmatch(f"{host}(,{host})*", hosts) else "a host that can't be read"
